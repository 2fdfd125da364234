//! `hushlog load`: released tables into an SQL database.

use std::path::PathBuf;

use clap::Args;
use hushlog::{
    database::{Database, Loaded},
    error::Result,
    stats::Progress,
    view::Folders,
};

use super::{Exit, progress::ProgressArguments, release::ReleaseArguments, show};

/// Load released tables into an SQL database: periods that it has not, once
///
/// Periods that were withdrawn or have expired are removed from it. A period is loaded in one transaction.
#[derive(Args)]
pub(super) struct LoadArguments {
    /// Output folder of `report` or `watch`
    folder: PathBuf,

    /// Ledger of all releases, if not in the output folder
    #[arg(long, env = "HUSHLOG_LEDGER", value_name = "FILE")]
    ledger: Option<PathBuf>,

    /// Database: `postgres://USER@HOST/NAME`, whose tables are in the schema hushlog, or sqlite:FILE. Other
    /// machines are spoken to by TLS with a certificate that is verified, unless `?sslmode=disable` ends the URL
    #[arg(long, env = "HUSHLOG_TO", hide_env_values = true, value_name = "URL")]
    to: String,

    #[command(flatten)]
    progress: ProgressArguments,
}

/// Loads, and tells how much.
pub(super) fn run(arguments: &LoadArguments) -> Result<Exit> {
    let destination = Destination {
        url: arguments.to.clone(),
        folder: arguments.folder.clone(),
        ledger: arguments.ledger.clone(),
    };
    let total = Folders::find_any(&arguments.folder)?.map(|it| it.size());
    let loaded = arguments
        .progress
        .shown(false, total, |progress| destination.load(progress))?;
    show(&told(loaded))?;
    Ok(Exit::Done)
}

/// A database, and the output folder that is loaded into it.
pub(super) struct Destination {
    url: String,
    folder: PathBuf,
    ledger: Option<PathBuf>,
}

impl Destination {
    /// Makes the database have what the folder has.
    pub(super) fn load(&self, progress: &Progress) -> Result<Loaded> {
        Database::open(&self.url)?.load(&self.folder, self.ledger.as_deref(), progress)
    }
}

/// What a load has changed, in words.
fn told(loaded: Loaded) -> String {
    let Loaded {
        added,
        removed,
        unchanged,
    } = loaded;
    format!("Loaded: {added} periods, {removed} removed, {unchanged} there already\n")
}

impl ReleaseArguments {
    /// The database that releases are loaded into, if there is one.
    pub(super) fn destination(&self) -> Option<Destination> {
        Some(Destination {
            url: self.to.clone()?,
            folder: self.output.clone(),
            ledger: self.ledger.clone(),
        })
    }

    /// Makes that database have what the output folder has, and tells how much unless that is too much.
    pub(super) fn load(&self, quiet: bool) -> Result<()> {
        let Some(destination) = self.destination() else {
            return Ok(());
        };
        let loaded = destination.load(&Progress::default())?;
        if quiet { Ok(()) } else { show(&told(loaded)) }
    }
}
