//! What can be said on the command line of `hushlog watch`.

use std::path::PathBuf;

use clap::Args;
use jiff::SignedDuration;

use crate::cli::{duration, release::ReleaseArguments};

/// Follows logs day after day, and releases each period by itself once it is over
#[derive(Args)]
pub(in crate::cli) struct WatchArguments {
    /// Log files, plain, which are read on as they grow; `-` is standard input
    pub(super) inputs: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) release: ReleaseArguments,

    /// Time after a period's end before it is released
    #[arg(long, default_value = "10m", env = "HUSHLOG_GRACE", value_name = "TIME", value_parser = duration)]
    pub(super) grace: SignedDuration,

    /// With --key-file: time between checkpoints, from which a process that was killed goes on
    #[arg(long, default_value = "10s", env = "HUSHLOG_CHECKPOINT", value_name = "TIME", value_parser = duration)]
    pub(super) checkpoint: SignedDuration,

    /// About how many mebibytes a release may take; without --key-file, also what is open
    #[arg(
        long,
        default_value_t = 4096,
        env = "HUSHLOG_MEMORY",
        value_name = "MIB"
    )]
    pub(super) memory: u64,
}
