//! A report that goes on where the one before it stopped: it reads what has come since, and keeps what is of
//! open periods for the next.

use std::{future::pending, io::stderr, path::Path, sync::mpsc, time::Duration};

use hushlog::{
    error::{Error, Result},
    input::{
        Source,
        live::{LiveSettings, LiveSource, LiveSources},
    },
    pipeline::watch::{self, Closing},
    record::LINE_CAP,
    time::Timestamp,
};

use tracing_subscriber::filter::LevelFilter;

use super::{ReportArguments, summary};
use crate::cli::{
    Exit, messages,
    release::{Pace, microseconds},
    say, show, sources,
};

/// Most files that are open at once.
const OPEN_FILES: usize = 256;

/// Time in microseconds between checkpoints.
const INTERVAL: i64 = 60 * Timestamp::MICROSECONDS;

/// Reads what is new, releases the periods that are over, and tells what was done.
pub(super) fn run(arguments: &ReportArguments) -> Result<Exit> {
    arguments.check_continuable()?;
    tracing_subscriber::fmt()
        .with_writer(stderr)
        .with_max_level(LevelFilter::WARN)
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .init();
    let now = Timestamp(jiff::Timestamp::now().as_microsecond());
    let files = arguments.files()?;
    let watch = arguments.release.watch(&files, arguments.pace()?, now)?;
    let settings = live_settings(watch.fingerprint_key());
    let (marks, status) = (watch.marks(), watch.status());
    let open = || LiveSources::open(&files, settings, marks);
    let regions = || arguments.release.regions();
    let (sender, closed) = mpsc::channel();
    let tell = move |closing| {
        // It is heard until the end.
        let _ = sender.send(closing);
    };
    watch::serve(watch, open, regions, pending(), || {}, tell)?;
    let numbers = status.numbers();
    arguments.progress.accounts(&numbers.accounts);
    let (mut reports, mut given_up) = (Vec::new(), Vec::new());
    for closing in closed {
        match closing {
            Closing::Reported(of_period) => reports.extend(of_period),
            Closing::Partial(period) | Closing::TooLarge(period, _) => given_up.push(period),
        }
    }
    for period in &given_up {
        say(format_args!(
            "{period} is not released and its lines are given up: some of it were lost, as a file was gone \
             before it was known to be read to its end (--allow-partial releases such periods)"
        ));
    }
    arguments.release.load(arguments.quiet)?;
    let outcome = messages::outcome(&reports, arguments.release.threshold()?);
    if !arguments.quiet {
        show(&summary(&reports, &numbers.accounts, &[]))?;
        let hits = numbers.open_hits;
        say(format_args!(
            "{hits} requests of open periods are kept for the next run"
        ));
    }
    let lost = (!given_up.is_empty()).then_some(Exit::NotAllRead);
    Ok(outcome.or(lost).unwrap_or(Exit::Done))
}

impl ReportArguments {
    /// Whether it is to go on where an earlier run stopped: it has a place to keep what is open, and keys that
    /// outlive it.
    pub(super) const fn is_continued(&self) -> bool {
        self.release.state.is_some() && self.release.has_lasting_keys()
    }

    /// What is sealed under a credential has its place in the state.
    pub(super) fn check_keys(&self) -> Result<()> {
        if self.release.key_credential.is_none() {
            return Ok(());
        }
        Err(Error::Setting(
            "--key-credential: the key is kept in the private state; name its folder with --state"
                .to_owned(),
        ))
    }

    fn check_continuable(&self) -> Result<()> {
        for (is_given, option) in [
            (self.dry_run, "--dry-run"),
            (self.allow_overlap, "--allow-overlap"),
            (self.verbose, "--verbose"),
            (self.memory.is_some(), "--memory"),
        ] {
            if is_given {
                return Err(Error::Setting(format!(
                    "{option} is of a report that reads all lines; with --state and --key-file only new ones \
                     are read"
                )));
            }
        }
        Ok(())
    }

    /// The files that are read on.
    fn files(&self) -> Result<Vec<LiveSource>> {
        let sources = sources::named(&self.inputs, false)?;
        let files = sources.into_iter().map(|source| match source {
            Source::File(path) if is_compressed(&path) => Err(Error::Setting(format!(
                "{}: with --state and --key-file files are read on as they grow, and a compressed one does \
                 not; what had not been read of it before it was compressed is found without naming it",
                path.display()
            ))),
            Source::File(path) => Ok(LiveSource::File(path)),
            Source::Stdin => Err(Error::Setting(
                "with --state and --key-file files are read on as they grow: name them".to_owned(),
            )),
        });
        files.collect()
    }

    fn pace(&self) -> Result<Pace> {
        Ok(Pace {
            grace: microseconds(self.grace)?,
            // That a file has nothing to tell is only known when all is read.
            silence: i64::MAX,
            interval: INTERVAL,
            memory: u64::MAX,
            strings: usize::MAX,
        })
    }
}

const fn live_settings(fingerprint_key: [u8; 32]) -> LiveSettings {
    LiveSettings {
        line_limit: LINE_CAP,
        most_files: OPEN_FILES,
        most_connections: 0,
        poll: Duration::ZERO,
        ends: true,
        grace: Duration::ZERO,
        fingerprint_key,
    }
}

/// Whether a name is one that rotation gives compressed files.
fn is_compressed(path: &Path) -> bool {
    let extension = path.extension().and_then(|it| it.to_str());
    matches!(extension, Some("gz" | "zst" | "bz2" | "xz"))
}
