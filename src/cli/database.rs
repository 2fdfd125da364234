//! `hushlog load`: released tables into an SQL database.

use std::path::{Path, PathBuf};

use clap::Args;
use hushlog::{
    database::{Database, Loaded},
    error::Result,
};

use super::{Exit, show};

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

    /// Database: postgres://USER@HOST/NAME, whose tables are in the schema hushlog, or sqlite:FILE
    #[arg(long, env = "HUSHLOG_TO", hide_env_values = true, value_name = "URL")]
    to: String,
}

/// Loads, and tells how much.
pub(super) fn run(arguments: &LoadArguments) -> Result<Exit> {
    let loaded = load(&arguments.folder, arguments.ledger.as_deref(), &arguments.to)?;
    show(&told(loaded))?;
    Ok(Exit::Done)
}

/// Makes a database have what an output folder has.
pub(super) fn load(folder: &Path, ledger: Option<&Path>, url: &str) -> Result<Loaded> {
    Database::open(url)?.load(folder, ledger)
}

/// What a load has changed, in words.
pub(super) fn told(loaded: Loaded) -> String {
    let Loaded {
        added,
        removed,
        unchanged,
    } = loaded;
    format!("Loaded: {added} periods, {removed} removed, {unchanged} there already\n")
}
