//! What `scrub` does with the lines as they were logged.

use std::path::PathBuf;

use clap::Args;
use hushlog::{
    error::{Error, Result},
    sealed::{Recipients, SealedFolder, Sealer, SealerSettings},
    time::{Calendar, Retention},
};
use jiff::SignedDuration;

use super::duration;

/// Originals that others can open.
#[derive(Args)]
pub(super) struct SealArguments {
    /// Public key (age1…) to which all lines are encrypted as they were logged, those that are left out and
    /// those of clients that opted out among them; who has the private key opens them with `hushlog unseal`
    /// or `age`. Each of several keys opens everything
    #[arg(long, env = "HUSHLOG_SEAL_TO", value_name = "RECIPIENT")]
    seal_to: Vec<String>,

    /// File of such keys, one a line, with # before comments
    #[arg(long, env = "HUSHLOG_SEAL_TO_FILE", value_name = "FILE")]
    seal_to_file: Vec<PathBuf>,

    /// Folder that receives the encrypted files, each with lines of one day; one's own that nobody else can
    /// enter. Lines that cannot be sealed are not passed on: the run ends
    #[arg(long, env = "HUSHLOG_SEAL_DIR", value_name = "DIR")]
    seal_dir: Option<PathBuf>,

    /// Time after which such a file is finished and another begun: what a power failure can cost at most
    #[arg(long, value_parser = duration, default_value = "1m", env = "HUSHLOG_SEAL_EVERY", value_name = "TIME")]
    seal_every: SignedDuration,

    /// How long sealed originals are kept after their day, in days, weeks, months or years; they are removed
    /// by a run at its beginning, at midnight and at its end. For ever if not given
    #[arg(long, env = "HUSHLOG_RETAIN", value_name = "TIME")]
    retain: Option<Retention>,
}

/// What becomes of lines as they were logged.
pub(super) enum Originals {
    /// They are left to whatever logged them.
    Left,
    /// They are encrypted to others, and kept for so long, or for ever.
    Sealed(Option<Retention>),
}

impl SealArguments {
    /// What is in force with these arguments, whoever is to open what they seal.
    pub(super) fn in_force(&self) -> Originals {
        match self.seal_dir {
            Some(_) => Originals::Sealed(self.retain),
            None => Originals::Left,
        }
    }

    /// Whether the settings can be used; nothing is made.
    pub(super) fn check(&self) -> Result<()> {
        self.recipients().map(drop)
    }

    /// What seals lines, if they are to be.
    pub(super) fn sealer(&self, calendar: &Calendar) -> Result<Option<Sealer>> {
        let Some((folder, recipients)) = self.recipients()? else {
            return Ok(None);
        };
        let folder = SealedFolder::create(folder, calendar.tz_name())?;
        let settings = SealerSettings {
            calendar: calendar.clone(),
            longest_open: self.seal_every.unsigned_abs(),
            retention: self.retain,
        };
        Ok(Some(Sealer::new(folder, recipients, settings)))
    }

    /// The folder, and who can open what is in it.
    fn recipients(&self) -> Result<Option<(&PathBuf, Recipients)>> {
        match &self.seal_dir {
            Some(folder) => {
                let recipients = Recipients::read(&self.seal_to, &self.seal_to_file)?;
                Ok(Some((folder, recipients)))
            }
            None if self.seal_to.is_empty() && self.seal_to_file.is_empty() => Ok(None),
            None => Err(Error::Setting(
                "--seal-to: there is no folder to seal into (--seal-dir)".to_owned(),
            )),
        }
    }
}
