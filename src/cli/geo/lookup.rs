//! `hushlog geo lookup`: the regions of addresses.

use std::{net::IpAddr, path::PathBuf};

use clap::Args;
use hushlog::{error::Result, privacy::Regions};

use super::{super::Exit, warn};

/// Look up the country and region of addresses
#[derive(Args)]
pub(in crate::cli) struct LookupArguments {
    /// Database in MaxMind DB format
    file: PathBuf,

    /// Addresses
    #[arg(required = true, value_name = "ADDRESS")]
    addresses: Vec<IpAddr>,
}

/// Prints a line with address, country and region for each.
pub(super) fn run(arguments: &LookupArguments) -> Result<Exit> {
    let regions = Regions::open(&[&arguments.file])?;
    warn(&regions);
    for &address in &arguments.addresses {
        let region = regions.region(address.to_canonical());
        println!(
            "{address}\t{}\t{}",
            region.country().unwrap_or("(unknown)"),
            region.region().as_deref().unwrap_or("(unknown)")
        );
    }
    Ok(Exit::Done)
}
