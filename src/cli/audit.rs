//! `hushlog audit`: tries to find anything personal in what was released.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hushlog::{audit::Audit, error::Result};

use super::{Exit, show};

/// The motivated intruder: tries to find anything personal in what was released
///
/// Exits with 0 if nothing was found, with 3 if something was.
#[derive(Args)]
pub(super) struct AuditArguments {
    /// Output folder of `report`; the folders of sites in it are audited one by one
    folder: PathBuf,

    /// Ledger of all releases, if not in the output folder
    #[arg(long, env = "HUSHLOG_LEDGER", value_name = "FILE")]
    ledger: Option<PathBuf>,

    /// How the result is told
    #[arg(long, value_enum, default_value_t)]
    format: FormatArgument,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum FormatArgument {
    /// In words: what was tried, what was found, what cannot be tested
    #[default]
    Text,
    /// For programs
    Json,
}

/// Audits and tells.
pub(super) fn run(arguments: &AuditArguments) -> Result<Exit> {
    let audit = Audit::of(&arguments.folder, arguments.ledger.as_deref())?;
    let told = match arguments.format {
        FormatArgument::Text => audit.text(),
        FormatArgument::Json => format!("{:#}\n", audit.json()),
    };
    show(&told)?;
    Ok(if audit.is_clean() {
        Exit::Done
    } else {
        Exit::Refused
    })
}
