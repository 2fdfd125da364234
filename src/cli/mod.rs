//! The command line: arguments to settings of the stages, results to messages and exit statuses.

// The command line is where the program speaks to people.
#![allow(clippy::print_stdout)]

mod audit;
mod cluster;
mod completions;
mod configuration;
mod database;
mod exit;
mod export;
mod formats;
mod geo;
mod key;
mod log_format;
mod manual;
mod messages;
mod notice;
mod opt_out;
mod process;
mod profile;
mod progress;
mod release;
mod removal;
mod report;
mod scrub;
mod sealing;
mod shown;
mod sources;
mod unseal;
mod watch;

use std::{
    env,
    fmt::Arguments,
    io::{ErrorKind, Write, stderr, stdout},
    num::NonZeroUsize,
    sync::LazyLock,
    thread,
};

use clap::{Parser, Subcommand};
use hushlog::{
    error::{Error, Result},
    output::{ATTRIBUTION, is_hazardous},
    pipeline::{self, ThreadPool},
    time::TimeZone,
};
use jiff::SignedDuration;

pub(crate) use exit::Exit;

use configuration::{Meant, Unusable};

/// Web server logs to publishable statistics with no personal data left in them
#[derive(Parser)]
#[command(name = "hushlog", version, long_version = long_version(), max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Report(Box<report::ReportArguments>),
    Watch(Box<watch::WatchArguments>),
    Scrub(Box<scrub::ScrubArguments>),
    Show(shown::ShowArguments),
    Audit(Box<audit::AuditArguments>),
    Formats(formats::FormatsArguments),
    Notice(Box<notice::NoticeArguments>),
    Load(database::LoadArguments),
    Export(export::ExportArguments),
    Withdraw(removal::WithdrawArguments),
    Expire(removal::ExpireArguments),
    Unseal(unseal::UnsealArguments),
    #[command(subcommand)]
    Geo(geo::GeoCommand),
    #[command(subcommand)]
    Key(key::KeyCommand),
    Map(Box<cluster::MapArguments>),
    Reduce(Box<cluster::ReduceArguments>),
    Release(Box<cluster::MergeArguments>),
    #[command(subcommand)]
    Config(configuration::ConfigCommand),
    Completions(completions::CompletionsArguments),
    Man(manual::ManArguments),
}

/// Runs the program as the command line says.
pub(crate) fn run() -> Exit {
    process::harden();
    match configuration::meant(env::args_os().collect()) {
        Ok(meant) => {
            let exits = meant.iter().map(run_meant);
            exits.reduce(Exit::worse).unwrap_or(Exit::Done)
        }
        Err(Unusable::Arguments(error)) => {
            // If not even this can be written there is nobody to tell.
            let _ = error.print();
            if error.use_stderr() {
                Exit::CouldNotRun
            } else {
                Exit::Done
            }
        }
        Err(Unusable::Configuration(error)) => {
            say(format_args!("{error}"));
            Exit::of(&error)
        }
    }
}

fn run_meant(meant: &Meant) -> Exit {
    meant.command_line.run().unwrap_or_else(|error| {
        match &meant.site {
            Some(site) => say(format_args!("site {site}: {error}")),
            None => say(format_args!("{error}")),
        }
        Exit::of(&error)
    })
}

impl CommandLine {
    fn run(&self) -> Result<Exit> {
        match &self.command {
            Command::Report(arguments) => report::run(arguments),
            Command::Watch(arguments) => watch::run(arguments),
            Command::Scrub(arguments) => scrub::run(arguments),
            Command::Show(arguments) => shown::run(arguments),
            Command::Audit(arguments) => audit::run(arguments),
            Command::Formats(arguments) => formats::run(arguments),
            Command::Notice(arguments) => notice::run(arguments),
            Command::Load(arguments) => database::run(arguments),
            Command::Export(arguments) => export::run(arguments),
            Command::Withdraw(arguments) => removal::withdraw(arguments),
            Command::Expire(arguments) => removal::expire(arguments),
            Command::Unseal(arguments) => unseal::run(arguments),
            Command::Geo(command) => geo::run(command),
            Command::Key(command) => key::run(command),
            Command::Map(arguments) => cluster::map(arguments),
            Command::Reduce(arguments) => cluster::reduce(arguments),
            Command::Release(arguments) => cluster::release(arguments),
            Command::Config(command) => configuration::run(command),
            Command::Completions(arguments) => completions::run(arguments),
            Command::Man(arguments) => manual::run(arguments),
        }
    }

    /// Whether its settings can be used, as far as that shows without doing anything.
    fn check(&self) -> Result<()> {
        match &self.command {
            Command::Report(arguments) => arguments.check(),
            Command::Watch(arguments) => arguments.check(),
            Command::Scrub(arguments) => arguments.check(),
            Command::Notice(arguments) => arguments.check(),
            _ => Ok(()),
        }
    }
}

/// Tells something on standard error, safe for a terminal whatever names are in it. A reader that went
/// away is not told.
fn say(message: Arguments<'_>) {
    let _ = writeln!(stderr(), "hushlog: {}", harmless(&message.to_string()));
}

/// The text without characters that would act on a terminal.
fn harmless(text: &str) -> String {
    text.replace(is_hazardous, "\u{fffd}")
}

/// The time zone of that name.
fn zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|_| Error::Setting(format!("time zone {name:?} is not known")))
}

/// So many threads; as many as there are processors where no number is given.
fn pool(threads: Option<NonZeroUsize>) -> Result<ThreadPool> {
    let processors = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
    pipeline::pool(threads.map_or_else(processors, NonZeroUsize::get))
}

/// Prints to standard output; a reader who has left early has seen enough.
fn show(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => Err(Error::Write {
            path: "standard output".into(),
            source,
        }),
        _ => Ok(()),
    }
}

/// The version and the notices of third-party data that ships.
fn long_version() -> &'static str {
    static TEXT: LazyLock<String> =
        LazyLock::new(|| format!("{}\n\n{ATTRIBUTION}", env!("CARGO_PKG_VERSION")));
    &TEXT
}

/// An amount of memory such as `512M` or `2G`, in bytes; a number alone is of mebibytes.
fn size(text: &str) -> std::result::Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "K" | "KB" | "KIB" => 10,
        "" | "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        _ => u32::MAX,
    };
    let number: Option<u64> = digits.trim_end().parse().ok();
    let bytes = number.and_then(|number| number.checked_mul(1_u64.checked_shl(shift)?));
    bytes
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "not an amount of memory such as 512M or 2G".to_owned())
}

/// A time span such as `30m`, `1h 30m` or `1800` (seconds).
fn duration(text: &str) -> std::result::Result<SignedDuration, String> {
    let parsed = text
        .parse::<i64>()
        .map(SignedDuration::from_secs)
        .or_else(|_| text.parse());
    match parsed {
        Ok(duration) if !duration.is_negative() => Ok(duration),
        _ => Err("not a time span such as 30m, 1h or 90 (seconds)".to_owned()),
    }
}
