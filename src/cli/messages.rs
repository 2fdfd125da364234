//! What a run tells on standard error beside its summary, and the exit status that it asks for.

use std::path::Path;

use hushlog::{
    aggregate::Table,
    error::Error,
    format::Meaning,
    pipeline::{Inputs, LeftOut, Report, SourceReading},
    privacy::{CollectedSites, KeyFileInfo, Repetitions, SiteName, Sites},
    release::{Spending, Unsettled, noise::BUDGET_DAYS},
    stats::Accounts,
    time::Period,
};

use super::{Exit, formats, log_format::described, profile::Profile, say};

/// Says what a profile means.
pub(super) fn profile(profile: Profile, k: usize, spending: Option<Spending>) {
    let (name, meaning) = (profile.name(), profile.meaning(k, spending).join("; "));
    say(format_args!("profile {name}: {meaning}"));
}

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

/// Says whose lines tell of no cookies, where cookies are to be heeded.
pub(super) fn no_cookies(sources: &[SourceReading]) {
    for SourceReading { name, format, .. } in sources {
        let is_known = format.parts().next().is_some();
        if !is_known || formats::has(format, Meaning::OptOutCookies) {
            continue;
        }
        say(format_args!(
            "{name}: its format tells of no cookie of --opt-out-cookie, so that nobody can opt out by one"
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

/// Says which sites have releases in the output folder but are none of this run's.
pub(super) fn left_alone(released: &[SiteName], sites: &Sites) {
    for site in released.iter().filter(|it| !sites.names().contains(it)) {
        say(format_args!(
            "{site} has releases in the output folder, but is not among the --site-host of this run: \
             its requests are excluded"
        ));
    }
}

/// Says that no line is of any site, if that is so.
pub(super) fn no_site(collected: &CollectedSites, accounts: &Accounts) {
    let none = collected.sites.iter().all(|site| site.periods.is_empty());
    if none && accounts.excluded > 0 {
        say(format_args!(
            "no line is of a host that --site-host names; where lines do not tell their host, \
             --host-from-file takes it out of the names of files"
        ));
    }
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
pub(super) fn outcome(reports: &[Report], k: usize) -> Option<Exit> {
    for report in reports {
        not_released(report, k);
    }
    let any = |is: fn(&Report) -> bool| reports.iter().any(is);
    let barred = |report: &Report| {
        let Report {
            changed,
            again,
            shredded,
            ..
        } = report;
        !(changed.is_empty() && again.is_empty() && shredded.is_empty())
    };
    if any(|report| !report.held.is_empty() || !report.waiting.is_empty()) {
        Some(Exit::NotAllRead)
    } else if any(|report| !report.refused.is_empty() || !report.over_budget.is_empty())
        || any(barred) && !any(|report| !report.releases.is_empty())
    {
        Some(Exit::Refused)
    } else {
        None
    }
}

/// Says so if a key file still has keys of periods before the one under way.
pub(super) fn key_kept(path: &Path, info: KeyFileInfo, current: Period) {
    if info.first_day < current.start {
        say(format_args!(
            "{}: the keys of {} and later are kept until a period after that is released, or until \
             `hushlog key advance`; with them and the log its visitors can be told apart",
            path.display(),
            info.first_day
        ));
    }
}

fn not_released(report: &Report, k: usize) {
    let named = |period: &Period| match &report.site {
        Some(site) => format!("{period} of {site}"),
        None => period.to_string(),
    };
    for period in report.below.iter().map(named) {
        say(format_args!(
            "{period} is not published: its requests come from fewer than {k} networks"
        ));
    }
    for (period, Unsettled { table, with }) in &report.refused {
        say(format_args!(
            "{} is not published: sums of {} and {} would tell of fewer than {k} networks, and rolling \
             up further rows did not change that",
            named(period),
            table.name(),
            with.map_or("the other tables", Table::name)
        ));
    }
    // Old lines beside new ones are what rotated logs have.
    let again = report.again.iter().filter(|_| report.releases.is_empty());
    for period in again.map(named) {
        say(format_args!(
            "{period} was released before, and noise is drawn once: a second draw would tell more than is \
             promised. What is published stays as it is"
        ));
    }
    for period in report.over_budget.iter().map(named) {
        say(format_args!(
            "{period} is not released: with it an address could lose more than the budget allows over \
             {BUDGET_DAYS} days; a smaller --rho may be within it"
        ));
    }
    for period in report.unknown.iter().map(named) {
        say(format_args!(
            "{period} was released before, but the private state of that release is gone: whether \
             its lines have changed cannot be told"
        ));
    }
    for period in report.entangled.iter().map(named) {
        say(format_args!(
            "{period} is not released: another site was, from lines that this run does not have as they \
             were, so that it cannot be told whether some would count for both"
        ));
    }
    for held in &report.held {
        say(format_args!(
            "{} is held back: its first line, in {}, is of {} {:02} h; the rotated file before that \
             one is probably missing (--allow-partial releases the period as it is)",
            named(&held.period),
            held.source,
            held.first.date,
            held.first.hour
        ));
    }
    for period in report.waiting.iter().map(named) {
        say(format_args!(
            "{period} is not released: its release would give up the key of the period that is held back"
        ));
    }
    if let [first, rest @ ..] = report.shredded.as_slice() {
        let last = rest.last().map(|last| format!(" to {}", named(last)));
        say(format_args!(
            "{}{} cannot be released: its key is already shredded, so that its lines are \
             excluded",
            named(first),
            last.unwrap_or_default()
        ));
    }
    for period in report.changed.iter().map(named) {
        say(format_args!(
            "{period} was released before, and its lines have changed since: what is published stays \
             as it is, since a second release of the same period would tell what was added. To publish it \
             anew, use another output folder and take the old release out of circulation."
        ));
    }
}
