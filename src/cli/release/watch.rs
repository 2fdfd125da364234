//! A watch that makes the releases which the arguments ask for.

use hushlog::{
    error::{Error, Result},
    input::{NamedHosts, live::LiveSource},
    pipeline::{
        random,
        watch::{LineReading, Watch, WatchSettings},
    },
    privacy::KeyChain,
    time::Timestamp,
};
use serde_json::Value;

use super::{FIRST_DAY, Places, ReleaseArguments};
use crate::cli::{pool, say};

/// What a watch has beside the arguments of releases, its times in microseconds.
pub(in crate::cli) struct Pace {
    /// Time after a period's end before it is released.
    pub(in crate::cli) grace: i64,
    /// Time after which a source that tells nothing has nothing to tell.
    pub(in crate::cli) silence: i64,
    /// Time between checkpoints.
    pub(in crate::cli) interval: i64,
    /// About how many bytes a release may take.
    pub(in crate::cli) memory: u64,
    /// Most different strings between checkpoints.
    pub(in crate::cli) strings: usize,
}

impl ReleaseArguments {
    /// A watch over sources that goes on where its last checkpoint was.
    pub(in crate::cli) fn watch(
        &self,
        sources: &[LiveSource],
        pace: Pace,
        now: Timestamp,
    ) -> Result<Watch> {
        let sites = self.sites()?;
        let spending = self.spending()?;
        let settings = self.settings(false)?;
        let policy = self.policy()?;
        for shortcoming in policy.regions.shortcomings() {
            say(format_args!("{shortcoming}"));
        }
        let places = Places::of(self, &sites, false)?;
        places.permit(&settings.calendar, &sites, spending)?;
        let today = settings.calendar.day(now).date;
        let chain = match self.key_file(today, &places)? {
            Some(file) => KeyChain::File(file),
            None => {
                self.check_forgetful()?;
                KeyChain::in_memory(random()?, FIRST_DAY)?
            }
        };
        let pool = pool(self.threads)?;
        let settings = WatchSettings {
            noise: spending.map(|it| self.noise_settings(it)).transpose()?,
            identity: self.identity(&settings.policy),
            report: settings,
            sites,
            reading: self.line_reading()?,
            retain: self.retain,
            grace: pace.grace,
            silence: pace.silence,
            interval: pace.interval,
            memory: pace.memory,
            strings: pace.strings,
            checkpoints: self.has_lasting_keys().then(|| self.checkpoints()),
        };
        let folders = places.folders.unwrap_or_default();
        Watch::open(settings, policy, pool, folders, chain, sources, now)
    }

    fn line_reading(&self) -> Result<LineReading> {
        Ok(LineReading {
            format: self.log.chosen()?,
            opt_out_cookies: self.opt_out.cookies().to_vec(),
            log_tz: self.log.zone()?,
            hosts: NamedHosts::new(&self.host_from_file)?,
        })
    }

    /// Says what it means to have no key file, unless what is open was begun with one.
    fn check_forgetful(&self) -> Result<()> {
        let folder = self.checkpoints();
        if folder.exists() {
            return Err(Error::Setting(format!(
                "{}: the open period was begun with a key file; name it with --key-file, or the credential with \
                 --key-credential, or delete this folder, and with it what is open",
                folder.display()
            )));
        }
        say(format_args!(
            "without --key-file or --key-credential nothing outlives this process: a restart drops the period that is open, \
             which is then not released (--allow-partial releases it as incomplete)"
        ));
        Ok(())
    }

    /// All settings that what is open depends on.
    pub(in crate::cli) fn identity(&self, policy: &Value) -> String {
        format!(
            "{policy} {:?} {:?} {:?} {:?} {:?} {:?}",
            self.log.text(),
            self.site_host,
            self.exclude_ip,
            self.exclude_path,
            self.exclude_host,
            self.include_host,
        )
    }
}
