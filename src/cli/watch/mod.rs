//! `hushlog watch`: follows logs and releases each period once it is over.

mod arguments;
mod told;

use std::{cell::Cell, future::pending, io::stderr, time::Duration};

use hushlog::{
    error::{Error, Result},
    input::live::{LiveSettings, LiveSources},
    pipeline::watch,
    serve,
    stats::Progress,
    time::Timestamp,
};
use sd_notify::NotifyState;

pub(super) use self::arguments::WatchArguments;
use super::{
    Exit,
    release::{Pace, microseconds},
};

/// Least time in microseconds between checkpoints.
const SHORTEST: i64 = Timestamp::MICROSECONDS / 100;

/// A source that tells nothing for so many microseconds has nothing to tell for now.
const SILENCE: i64 = 2 * Timestamp::MICROSECONDS;

/// Time between two looks at followed files that have not grown.
const POLL: Duration = Duration::from_millis(50);

/// A rotated file that was silent for so long is left.
const ROTATED_SILENCE: Duration = Duration::from_secs(60);

/// Watches until it is told to stop.
pub(super) fn run(arguments: &WatchArguments) -> Result<Exit> {
    tracing_subscriber::fmt()
        .with_writer(stderr)
        .with_ansi(false)
        .with_target(false)
        .init();
    arguments.check_listen()?;
    let now = Timestamp(jiff::Timestamp::now().as_microsecond());
    let watch = arguments
        .release
        .watch(&arguments.sources, arguments.pace()?, now)?;
    let regions = || arguments.release.regions();
    let status = watch.status();
    let shown = async {
        match arguments.listen {
            Some(address) => serve::listen(address, status, &arguments.release.output).await,
            None => pending().await,
        }
    };
    let is_ready = Cell::new(false);
    let alive = || {
        if !is_ready.replace(true) {
            notify(NotifyState::Ready);
        }
        notify(NotifyState::Watchdog);
    };
    let settings = arguments.live_settings(watch.fingerprint_key());
    let marks = watch.marks();
    let open = || LiveSources::open(&arguments.sources, settings, marks);
    let k = arguments.release.threshold()?;
    let destination = arguments.release.destination();
    let tell = move |closing| {
        told::closing(closing, k);
        // What cannot be loaded now is loaded with the next period.
        if let Some(destination) = &destination {
            told::loading(destination.load(&Progress::default()));
        }
    };
    let watched = watch::serve(watch, open, regions, shown, alive, tell);
    notify(NotifyState::Stopping);
    watched.map(|()| Exit::Done)
}

/// Tells the service manager, if there is one.
fn notify(state: NotifyState<'_>) {
    // A manager that does not hear it acts as it does without.
    let _ = sd_notify::notify(&[state]);
}

impl WatchArguments {
    /// Whether the settings can be used, as far as that shows without watching.
    pub(in crate::cli) fn check(&self) -> Result<()> {
        self.check_listen()?;
        self.pace()?;
        self.release.check()
    }

    /// Only this machine may ask, unless more is wanted.
    fn check_listen(&self) -> Result<()> {
        match self.listen {
            Some(address) if !address.ip().is_loopback() && !self.listen_publicly => {
                Err(Error::Refused(format!(
                    "--listen {address}: other machines could ask there, and nothing asks them who \
                     they are; listen at 127.0.0.1 behind a server that does, or say --listen-publicly"
                )))
            }
            _ => Ok(()),
        }
    }

    fn pace(&self) -> Result<Pace> {
        Ok(Pace {
            grace: microseconds(self.grace)?,
            silence: SILENCE,
            interval: microseconds(self.checkpoint)?.max(SHORTEST),
            memory: self.memory,
            strings: self.distinct_values,
        })
    }

    const fn live_settings(&self, fingerprint_key: [u8; 32]) -> LiveSettings {
        LiveSettings {
            line_limit: self.line_length,
            most_files: self.open_files,
            most_connections: self.connections,
            ends: false,
            poll: POLL,
            grace: ROTATED_SILENCE,
            fingerprint_key,
        }
    }
}
