//! `hushlog geo info`: what a region database holds.

use std::path::{Path, PathBuf};

use clap::Args;
use hushlog::{
    error::Result,
    privacy::{
        Regions,
        geo::{Coverage, Layout, coverage},
    },
};

use super::{super::Exit, warn};

/// Tell what a region database holds, and how much of the addresses it knows
#[derive(Args)]
pub(in crate::cli) struct InfoArguments {
    /// Database in MaxMind DB format
    file: PathBuf,
}

pub(super) fn run(arguments: &InfoArguments) -> Result<Exit> {
    let regions = print(&arguments.file)?;
    warn(&regions);
    Ok(Exit::Done)
}

/// Describes a database; what it is.
pub(super) fn print(file: &Path) -> Result<Regions> {
    let regions = Regions::open(&[file])?;
    for database in regions.databases() {
        println!(
            "{}: {}, built {}",
            database.name(),
            database.database_type().escape_default(),
            date(database.build_epoch())
        );
        println!("  records  {}", describe(database.layout()));
    }
    let [ipv4, ipv6] = coverage(&regions)?;
    println!("  IPv4     {}", known(ipv4));
    println!("  IPv6     {}", known(ipv6));
    Ok(regions)
}

const fn describe(layout: Layout) -> &'static str {
    match layout {
        Layout::Nested => "country.iso_code, subdivisions[0]",
        Layout::Flat => "country_code, region_code or state1",
    }
}

fn date(epoch: u64) -> String {
    i64::try_from(epoch)
        .ok()
        .and_then(|epoch| jiff::Timestamp::from_second(epoch).ok())
        .map_or_else(
            || "at no date".to_owned(),
            |time| time.strftime("%Y-%m-%d").to_string(),
        )
}

fn known(coverage: Coverage) -> String {
    if coverage.countries == 0 {
        return "nothing".to_owned();
    }
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    let share = 100.0 * coverage.subdivisions as f64 / coverage.countries as f64;
    format!(
        "{} networks; a region for {share:.2} % of the addresses whose country is known",
        coverage.networks
    )
}
