//! `hushlog watch`: follows logs and releases each period once it is over.

mod arguments;

use std::{
    cell::Cell, future::pending, io::stderr, num::NonZeroUsize, path::PathBuf, time::Duration,
};

use hushlog::{
    error::{Error, Result},
    input::{
        NamedHosts,
        live::{LiveSettings, LiveSource, LiveSources},
    },
    pipeline::{
        self,
        watch::{self, LineReading, Watch, WatchSettings},
    },
    privacy::KeyChain,
    serve,
    time::{Date, Timestamp},
};
use jiff::civil;
use sd_notify::NotifyState;

pub(super) use self::arguments::WatchArguments;
use super::{
    Exit, log_format, processors, random_key,
    release::{Places, microseconds},
    say,
};

/// The first day of a chain in memory: logs may begin with any day.
const FIRST_DAY: Date = civil::date(1970, 1, 1);

/// Least time in microseconds between checkpoints.
const SHORTEST: i64 = Timestamp::MICROSECONDS / 100;

/// Time between two looks at followed files that have not grown.
const POLL: Duration = Duration::from_millis(50);

/// A rotated file that was silent for so long is left.
const SILENCE: Duration = Duration::from_secs(60);

/// The folder of checkpoints in the private state.
const CHECKPOINTS: &str = "watch";
const STATE: &str = ".state";

/// Watches until it is told to stop.
pub(super) fn run(arguments: &WatchArguments) -> Result<Exit> {
    tracing_subscriber::fmt()
        .with_writer(stderr)
        .with_ansi(false)
        .with_target(false)
        .init();
    arguments.check_listen()?;
    let now = Timestamp(jiff::Timestamp::now().as_microsecond());
    let watch = arguments.open(now)?;
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
    let watched = watch::serve(watch, open, regions, shown, alive);
    notify(NotifyState::Stopping);
    watched.map(|()| Exit::Done)
}

/// Tells the service manager, if there is one.
fn notify(state: NotifyState<'_>) {
    // A manager that does not hear it acts as it does without.
    let _ = sd_notify::notify(&[state]);
}

impl WatchArguments {
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

    const fn live_settings(&self, fingerprint_key: [u8; 32]) -> LiveSettings {
        LiveSettings {
            line_limit: self.line_length,
            most_files: self.open_files,
            most_connections: self.connections,
            poll: POLL,
            grace: SILENCE,
            fingerprint_key,
        }
    }

    fn open(&self, now: Timestamp) -> Result<Watch> {
        let release = &self.release;
        let sites = release.sites()?;
        let spending = release.spending()?;
        let settings = release.settings(false)?;
        let policy = release.policy()?;
        for shortcoming in policy.regions.shortcomings() {
            say(format_args!("{shortcoming}"));
        }
        let places = Places::of(release, &sites, false)?;
        places.permit(&settings.calendar, &sites, spending)?;
        let today = settings.calendar.day(now).date;
        let checkpoints = self.checkpoints();
        let chain = match release.key_file(today, &places)? {
            Some(file) => KeyChain::File(file),
            None => {
                self.check_forgetful()?;
                KeyChain::in_memory(random_key()?, FIRST_DAY)?
            }
        };
        let pool = pipeline::pool(release.threads.map_or_else(processors, NonZeroUsize::get))?;
        let interval = microseconds(self.checkpoint)?.max(SHORTEST);
        let settings = WatchSettings {
            noise: spending
                .map(|spending| release.noise_settings(spending))
                .transpose()?,
            identity: self.identity(&settings.policy),
            report: settings,
            sites,
            reading: LineReading {
                format: log_format::chosen(&release.log_format, &release.dates)?,
                opt_out_cookies: release.opt_out.cookies().to_vec(),
                log_tz: release.log_zone.zone()?,
                hosts: NamedHosts::new(&release.host_from_file)?,
            },
            grace: microseconds(self.grace)?,
            interval,
            memory: self.memory.saturating_mul(1 << 20),
            checkpoints: release.key_file.is_some().then_some(checkpoints),
        };
        let names = self.sources.iter().map(LiveSource::name).collect();
        let folders = places.folders.unwrap_or_default();
        Watch::open(settings, policy, pool, folders, chain, names, now)
    }

    fn checkpoints(&self) -> PathBuf {
        let state = self.release.state.clone();
        let state = state.unwrap_or_else(|| self.release.output.join(STATE));
        state.join(CHECKPOINTS)
    }

    /// Says what it means to have no key file, unless what is open was begun with one.
    fn check_forgetful(&self) -> Result<()> {
        let folder = self.checkpoints();
        if folder.exists() {
            return Err(Error::Setting(format!(
                "{}: the open period was begun with a key file; name it with --key-file, or delete this \
                 folder, and with it what is open",
                folder.display()
            )));
        }
        say(format_args!(
            "without --key-file nothing outlives this process: a restart drops the period that is open, \
             which is then not released (--allow-partial releases it as incomplete)"
        ));
        Ok(())
    }

    /// All settings that what is open depends on.
    fn identity(&self, policy: &serde_json::Value) -> String {
        let release = &self.release;
        format!(
            "{policy} {:?} {:?} {:?} {:?} {:?} {:?}",
            release.log_format,
            release.site_host,
            release.exclude_ip,
            release.exclude_path,
            release.exclude_host,
            release.include_host,
        )
    }
}
