//! `hushlog geo build`: a small region database from any database of cities.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use hushlog::{
    error::{Error, Result},
    privacy::{
        Regions,
        geo::{Imprint, reduce},
    },
};

use super::{super::Exit, info, warn};

/// Reduce databases of cities to one of countries and regions of networks (/24 of IPv4, /48 of IPv6)
#[derive(Args)]
pub(in crate::cli) struct BuildArguments {
    /// Databases in MaxMind DB format; the first that knows an address decides
    #[arg(required = true)]
    inputs: Vec<PathBuf>,

    /// File to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Time of building that the file states, in seconds since 1970; that of the latest input if not
    /// given
    #[arg(long, value_name = "SECONDS")]
    build_epoch: Option<u64>,

    /// What the file says it is: the place for the notice that the inputs' licence asks for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

pub(super) fn run(arguments: &BuildArguments) -> Result<Exit> {
    let sources = Regions::open(&arguments.inputs)?;
    warn(&sources);
    let imprint = Imprint {
        build_epoch: arguments.build_epoch,
        description: arguments.description.clone(),
    };
    let bytes = reduce(&sources, &imprint)?;
    replace(&arguments.output, &bytes)?;
    info::print(&arguments.output)?;
    Ok(Exit::Done)
}

/// Writes a file as a whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let part = path.with_added_extension("part");
    fs::write(&part, bytes)
        .and_then(|()| fs::rename(&part, path))
        .map_err(|source| Error::Write {
            path: path.to_owned(),
            source,
        })
}
