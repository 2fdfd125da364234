//! What a run tells on standard error beside its summary, and the exit status that it asks for.

use hushlog::{
    error::Error,
    pipeline::{Inputs, LeftOut, Report, SourceReading},
    privacy::Repetitions,
};

use super::{Exit, log_format::described, say};

/// Says which files are among the sources already.
pub(super) fn named_twice(names: &[String]) {
    for name in names {
        say(format_args!("{name} is named twice; it is read once"));
    }
}

/// Says which sources were not counted, as others hold the same lines.
pub(super) fn left_out(left_out: &[LeftOut]) {
    for LeftOut { copy, original } in left_out {
        let (copy, original) = (copy.name(), original.name());
        say(format_args!(
            "{copy} holds the same lines as {original}; they are counted once (--allow-overlap \
             counts both)"
        ));
    }
}

/// Says which format each source was taken to be in, and how well it fits.
pub(super) fn formats(sources: &[SourceReading]) {
    for source in sources {
        let format = described(&source.format);
        let format = format.as_deref().unwrap_or("the format given");
        let fitting = source.lines - source.malformed;
        let permille = (fitting * 1000).checked_div(source.lines).unwrap_or(1000);
        let (percent, tenths) = (permille / 10, permille % 10);
        let (name, lines) = (&source.name, source.lines);
        say(format_args!(
            "{name}: {format}, {percent}.{tenths} % of {lines} lines"
        ));
    }
}

/// Says which sources were not read, and what that means for the release.
pub(super) fn failures(failures: &[Error], allow_partial: bool) -> Option<Exit> {
    for failure in failures {
        say(format_args!("{failure}"));
    }
    let failed = !failures.is_empty();
    if failed && !allow_partial {
        say(format_args!(
            "nothing was released, since its lines may be missing; make every source readable, or \
             release what there is with --allow-partial"
        ));
    }
    failed.then_some(Exit::NotAllRead)
}

/// Says which sources hold the same lines, and what that means for the release.
pub(super) fn repetitions(repetitions: &Repetitions, inputs: &Inputs) -> Option<Exit> {
    if *repetitions == Repetitions::default() {
        return None;
    }
    let name = |&number: &usize| inputs.sources[number].name();
    for copies in &repetitions.copies {
        let names: Vec<String> = copies.iter().map(name).collect();
        say(format_args!("{} hold the same lines", names.join(" and ")));
    }
    for (one, other) in &repetitions.overlaps {
        if one == other {
            say(format_args!("{} holds some of its lines twice", name(one)));
        } else {
            let (one, other) = (name(one), name(other));
            say(format_args!("{one} and {other} have some lines in common"));
        }
    }
    say(format_args!(
        "nothing was released, since these lines would count twice; leave out what is repeated, or \
         count it as it stands with --allow-overlap"
    ));
    Some(Exit::NotAllRead)
}

/// Says what became of periods that were not released; the exit status they ask for.
pub(super) fn outcome(report: &Report, k: usize) -> Option<Exit> {
    for period in &report.below {
        say(format_args!(
            "{period} is not published: its requests come from fewer than {k} networks"
        ));
    }
    for period in &report.unknown {
        say(format_args!(
            "{period} was released before, but the private state of that release is gone: whether \
             its lines have changed cannot be told"
        ));
    }
    for held in &report.held {
        say(format_args!(
            "{} is held back: its first line, in {}, is of {} {:02} h; the rotated file before that \
             one is probably missing (--allow-partial releases the period as it is)",
            held.period, held.source, held.first.date, held.first.hour
        ));
    }
    for period in &report.changed {
        say(format_args!(
            "{period} was released before, and its lines have changed since: what is published stays \
             as it is, since a second release of the same period would tell what was added. To publish it \
             anew, use another output folder and take the old release out of circulation."
        ));
    }
    if !report.held.is_empty() {
        Some(Exit::NotAllRead)
    } else if !report.changed.is_empty() && report.releases.is_empty() {
        Some(Exit::Refused)
    } else {
        None
    }
}
