//! `hushlog geo`: region databases.

mod build;
mod info;
mod lookup;

use clap::Subcommand;
use hushlog::{error::Result, privacy::Regions};

use super::{Exit, say};

/// Region databases: build, describe, look up
#[derive(Subcommand)]
pub(super) enum GeoCommand {
    Build(build::BuildArguments),
    Info(info::InfoArguments),
    Lookup(lookup::LookupArguments),
}

/// Does what the subcommand says.
pub(super) fn run(command: &GeoCommand) -> Result<Exit> {
    match command {
        GeoCommand::Build(arguments) => build::run(arguments),
        GeoCommand::Info(arguments) => info::run(arguments),
        GeoCommand::Lookup(arguments) => lookup::run(arguments),
    }
}

/// Says what a database lacks.
fn warn(regions: &Regions) {
    for shortcoming in regions.shortcomings() {
        say(format_args!("{shortcoming}"));
    }
}
