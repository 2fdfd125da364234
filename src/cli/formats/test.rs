//! `hushlog formats test`: what the lines of a log come to in a format.

use std::path::PathBuf;

use clap::Args;
use hushlog::{
    error::{Error, Result},
    format::{Broken, Detected, Format, Trial},
    input::{self, Chunk, Reader, Source},
};

use super::aligned;
use crate::cli::{
    Exit,
    log_format::{self, DateArguments, LogZoneArguments},
    say,
};

/// How many lines of a log are of a format, and where the others are
#[derive(Args)]
pub(super) struct TestArguments {
    /// `auto`, a name, a format string, or @FILE[:NAME]
    #[arg(value_name = "SPEC", allow_hyphen_values = true)]
    spec: String,

    /// Log file, plain or compressed; `-` is standard input
    input: PathBuf,

    #[command(flatten)]
    dates: DateArguments,

    #[command(flatten)]
    log_zone: LogZoneArguments,

    /// Most line numbers to give for each kind of malformed lines
    #[arg(short = 'n', long, default_value_t = 5, value_name = "N")]
    examples: usize,
}

/// Prints what the lines come to.
pub(super) fn run(arguments: &TestArguments) -> Result<Exit> {
    let format = log_format::chosen(&arguments.spec, &arguments.dates)?;
    let log_tz = arguments.log_zone.zone()?;
    let tried = tried(arguments.source(), format, |format| {
        Trial::new(format, log_tz, arguments.examples)
    });
    match tried {
        Ok(trial) => {
            print!("{}", aligned(&rows(&trial)));
            Ok(Exit::Done)
        }
        Err(error @ (Error::Read { .. } | Error::Format { .. })) => {
            say(format_args!("{error}"));
            Ok(Exit::NotAllRead)
        }
        Err(error) => Err(error),
    }
}

impl TestArguments {
    fn source(&self) -> Source {
        match self.input.as_os_str().as_encoded_bytes() {
            b"-" => Source::Stdin,
            _ => Source::File(self.input.clone()),
        }
    }
}

/// Tries all lines of the source; the format is found out, and told, where not given.
fn tried(
    source: Source,
    format: Option<Format>,
    trial: impl FnOnce(&Format) -> Trial,
) -> Result<Trial> {
    let name = source.name();
    let mut reader = Reader::open(0, &source)?;
    let mut chunk = Chunk::default();
    let mut is_more = reader.next_chunk(&mut chunk)?;
    let format = match format {
        Some(format) => format,
        None => {
            let detected = Format::detect(&name, &chunk.bytes)?;
            println!("{}\n", choice(&detected));
            detected.format
        }
    };
    let mut trial = trial(&format);
    while is_more {
        for line in input::lines(&chunk.bytes) {
            trial.take(line);
        }
        is_more = reader.next_chunk(&mut chunk)?;
    }
    Ok(trial)
}

/// What was found out, and how sure that is.
fn choice(detected: &Detected) -> String {
    let name = log_format::described(&detected.format).unwrap_or_default();
    if detected.lines == 0 {
        return format!("{name}, since there are no lines that would tell");
    }
    format!(
        "{name}: it fits {} of the first {} lines ({:.1} %)",
        detected.parsed,
        detected.lines,
        (detected.share() * 1000.0).floor() / 10.0
    )
}

/// A row for each outcome, its lines first.
fn rows(trial: &Trial) -> Vec<[String; 2]> {
    let row = |lines: u64, outcome: String| [format!("{lines:>12}"), outcome];
    let mut rows = vec![
        row(trial.lines(), "lines".into()),
        row(trial.requests, "requests".into()),
        row(trial.ignored, "blank lines and directives".into()),
    ];
    for (rule, broken) in &trial.malformed {
        let outcome = format!("malformed: {rule} ({})", places(broken));
        rows.push(row(broken.lines, outcome));
    }
    rows
}

/// Where the first of the lines are.
fn places(broken: &Broken) -> String {
    let numbers: Vec<_> = broken.examples.iter().map(u64::to_string).collect();
    let is_all = u64::try_from(numbers.len()).is_ok_and(|named| named == broken.lines);
    let more = match (numbers.is_empty(), is_all) {
        (true, _) => return "not numbered".to_owned(),
        (false, true) => "",
        (false, false) => ", …",
    };
    let noun = if broken.lines == 1 { "line" } else { "lines" };
    format!("{noun} {}{more}", numbers.join(", "))
}
