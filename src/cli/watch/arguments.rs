//! What can be said on the command line of `hushlog watch`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, builder::BoolishValueParser};
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

    /// Show metrics, health and the released files over HTTP at this address, such as 127.0.0.1:9180
    #[arg(long, env = "HUSHLOG_LISTEN", value_name = "ADDRESS")]
    pub(super) listen: Option<SocketAddr>,

    /// Let --listen be an address that other machines may reach: nothing asks them who they are
    #[arg(long, env = "HUSHLOG_LISTEN_PUBLICLY", value_parser = BoolishValueParser::new())]
    pub(super) listen_publicly: bool,

    /// About how many mebibytes a release may take; without --key-file, also what is open
    #[arg(
        long,
        default_value_t = 4096,
        env = "HUSHLOG_MEMORY",
        value_name = "MIB"
    )]
    pub(super) memory: u64,
}
