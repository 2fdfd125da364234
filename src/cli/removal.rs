//! `hushlog withdraw` and `hushlog expire`: releases taken out of circulation, and what is kept for a time.

use std::path::{Path, PathBuf};

use clap::Args;
use hushlog::{
    error::{Error, Result},
    output::Folder,
    release::Removal,
    sealed::SealedFolder,
    time::{Calendar, Date, Period, PeriodLength, Retention, Timestamp},
};

use super::{Exit, release::ReleaseArguments, say, show, zone};

/// Take back releases that are wrong: their tables are removed, and the ledger says so
///
/// A period that was withdrawn is never released again under its ledger, since what was published once may
/// have been kept: a second version could be subtracted from the first.
#[derive(Args)]
pub(super) struct WithdrawArguments {
    #[command(flatten)]
    place: PlaceArguments,

    /// First days of the periods, YYYY-MM-DD
    #[arg(required = true)]
    dates: Vec<Date>,
}

/// Remove releases, or sealed originals, that have been kept for long enough
///
/// Tables and manifest of each such period are removed, and so is what the private state knows of the lines
/// that they were made from. The ledger keeps one line of each release, and one of its removal, without any
/// number. In a folder of `scrub --seal-dir` the segments of each such day are removed; its register keeps how
/// many there were.
#[derive(Args)]
pub(super) struct ExpireArguments {
    #[command(flatten)]
    place: PlaceArguments,

    /// How long releases or originals are kept after their period has ended, in days, weeks, months or years:
    /// 400d, 13mo
    #[arg(long, env = "HUSHLOG_RETAIN", value_name = "TIME")]
    retain: Retention,

    /// Say what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
}

/// Where releases are.
#[derive(Args)]
pub(super) struct PlaceArguments {
    /// Output folder of `report` or `watch`; in one by host, the releases of all sites are meant
    folder: PathBuf,

    /// Private state, if not in the output folder
    #[arg(long, env = "HUSHLOG_STATE", value_name = "DIR")]
    state: Option<PathBuf>,

    /// Ledger of all releases, if not in the output folder
    #[arg(long, env = "HUSHLOG_LEDGER", value_name = "FILE")]
    ledger: Option<PathBuf>,
}

/// Withdraws releases.
pub(super) fn withdraw(arguments: &WithdrawArguments) -> Result<Exit> {
    let mut withdrawn = Vec::new();
    for folder in arguments.place.open()? {
        let (ledger, dates) = (folder.ledger(), &arguments.dates);
        let meant = ledger
            .periods()
            .filter(|period| dates.contains(&period.start));
        let here: Vec<_> = meant.filter(|period| folder.has(*period)).collect();
        withdrawn.extend(here.iter().map(|period| period.start));
        tell(
            &folder.remove(&here, Removal::Withdrawn)?,
            &here,
            "withdrawn",
        )?;
    }
    let missing = arguments
        .dates
        .iter()
        .find(|date| !withdrawn.contains(date));
    match missing {
        None => Ok(Exit::Done),
        Some(date) => {
            say(format_args!(
                "{}: no release begins on {date}",
                arguments.place.folder.display()
            ));
            Ok(Exit::CouldNotRun)
        }
    }
}

/// Removes what has been kept for long enough.
pub(super) fn expire(arguments: &ExpireArguments) -> Result<Exit> {
    let now = Timestamp(jiff::Timestamp::now().as_microsecond());
    if SealedFolder::is_one(&arguments.place.folder) {
        return expire_sealed(&arguments.place.folder, arguments, now);
    }
    for folder in arguments.place.open()? {
        if arguments.dry_run {
            let day = cutoff(folder.ledger().tz(), arguments.retain, now)?;
            tell(&folder, &folder.ended_by(day), "would expire")?;
        } else {
            let (folder, ended) = expired(folder, arguments.retain, now)?;
            tell(&folder, &ended, "expired")?;
        }
    }
    Ok(Exit::Done)
}

/// Removes sealed originals that have been kept for long enough.
fn expire_sealed(folder: &Path, arguments: &ExpireArguments, now: Timestamp) -> Result<Exit> {
    let folder = SealedFolder::at(folder);
    let day = cutoff(folder.register()?.tz(), arguments.retain, now)?;
    let ended = folder.ended_by(day)?;
    let what = if arguments.dry_run {
        "would expire"
    } else {
        folder.expire(&ended, now)?;
        "expired"
    };
    let lines = ended.iter().map(|day| format!("{day} {what}\n"));
    show(&lines.collect::<String>())?;
    Ok(Exit::Done)
}

impl ReleaseArguments {
    /// Removes releases that have been kept for long enough, if any are to be, and tells which.
    pub(super) fn expire(&self, folders: Vec<Folder>, now: Timestamp, quiet: bool) -> Result<()> {
        let Some(retention) = self.retain else {
            return Ok(());
        };
        for folder in folders {
            let (folder, ended) = expired(folder, retention, now)?;
            if !quiet {
                tell(&folder, &ended, "expired")?;
            }
        }
        Ok(())
    }
}

/// The folder without what has been kept for long enough by now, and the periods of that.
fn expired(folder: Folder, retention: Retention, now: Timestamp) -> Result<(Folder, Vec<Period>)> {
    let day = cutoff(folder.ledger().tz(), retention, now)?;
    let ended = folder.ended_by(day);
    let folder = folder.remove(&ended, Removal::Expired)?;
    Ok((folder, ended))
}

/// The day by which a period must have ended, in the time zone of its folder's periods.
fn cutoff(tz: Option<&str>, retention: Retention, now: Timestamp) -> Result<Date> {
    let tz = zone(tz.unwrap_or("UTC"))?;
    let today = Calendar::new(tz, PeriodLength::Day).day(now).date;
    Ok(retention.cutoff(today))
}

/// Prints what became of releases.
fn tell(folder: &Folder, periods: &[Period], what: &str) -> Result<()> {
    let site = folder
        .site()
        .map_or_else(String::new, |site| format!("{site}: "));
    let lines = periods
        .iter()
        .map(|period| format!("{site}{period} {what}\n"));
    show(&lines.collect::<String>())
}

impl PlaceArguments {
    /// The output folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The ledger, if it is not in the output folder.
    pub(super) fn ledger(&self) -> Option<&Path> {
        self.ledger.as_deref()
    }

    /// The folder, or those of its sites, for this run alone.
    pub(super) fn open(&self) -> Result<Vec<Folder>> {
        let (folder, state, ledger) = (&self.folder, self.state.as_deref(), self.ledger.as_deref());
        let sites = Folder::released_sites(folder)?;
        if !sites.is_empty() {
            return Folder::open_sites(folder, state, &sites);
        }
        // A folder that holds no releases is not to be made one of releases.
        let (released, _) = Folder::records(folder, state, ledger)?;
        if released.earliest().is_none() {
            return Err(Error::Setting(format!(
                "{}: nothing is released here",
                folder.display()
            )));
        }
        Folder::open(folder, state, ledger).map(|folder| vec![folder])
    }
}
