//! What can be said on the command line of `hushlog watch`.

use std::net::SocketAddr;

use clap::{Args, builder::BoolishValueParser};
use hushlog::{input::live::LiveSource, record::LINE_CAP};
use jiff::SignedDuration;

use crate::cli::{duration, release::ReleaseArguments, size};

/// Follows logs day after day, and releases each period by itself once it is over
#[derive(Args)]
pub(in crate::cli) struct WatchArguments {
    /// Where lines come from: files, folders and patterns, which are followed through rotation; named pipes;
    /// `-`, standard input; `journal:-`, that in the journal's export format; `syslog+udp://ADDRESS:PORT`,
    /// `syslog+tcp://ADDRESS:PORT` and `syslog+unix:PATH`, where syslog is listened to
    #[arg(id = "inputs", value_name = "SOURCES", default_value = "-")]
    pub(super) sources: Vec<LiveSource>,

    #[command(flatten)]
    pub(super) release: ReleaseArguments,

    /// Time after a period's end before it is released
    #[arg(long, default_value = "10m", env = "HUSHLOG_GRACE", value_name = "TIME", value_parser = duration)]
    pub(super) grace: SignedDuration,

    /// With --key-file or --key-credential: time between checkpoints, from which a process that was killed goes on
    #[arg(long, default_value = "10s", env = "HUSHLOG_CHECKPOINT", value_name = "TIME", value_parser = duration)]
    pub(super) checkpoint: SignedDuration,

    /// Show metrics, health and the released files over HTTP at this address, such as 127.0.0.1:9180
    #[arg(long, env = "HUSHLOG_LISTEN", value_name = "ADDRESS")]
    pub(super) listen: Option<SocketAddr>,

    /// Let --listen be an address that other machines may reach: nothing asks them who they are
    #[arg(long, env = "HUSHLOG_LISTEN_PUBLICLY", value_parser = BoolishValueParser::new())]
    pub(super) listen_publicly: bool,

    /// Most files that are open at once; others are read later
    #[arg(
        long,
        default_value_t = 256,
        env = "HUSHLOG_OPEN_FILES",
        value_name = "N"
    )]
    pub(super) open_files: usize,

    /// Most connections at once of a source that listens; further ones are refused
    #[arg(
        long,
        default_value_t = 256,
        env = "HUSHLOG_CONNECTIONS",
        value_name = "N"
    )]
    pub(super) connections: usize,

    /// Most distinct paths, referrers and campaigns that are held in memory; with more a checkpoint is made
    /// before its time
    #[arg(
        long,
        default_value_t = 500_000,
        env = "HUSHLOG_DISTINCT_VALUES",
        value_name = "N"
    )]
    pub(super) distinct_values: usize,

    /// Most bytes of a line; longer ones are malformed
    #[arg(long, default_value_t = LINE_CAP, env = "HUSHLOG_LINE_LENGTH", value_name = "BYTES")]
    pub(super) line_length: usize,

    /// About how much memory a release may take, such as 512M, together with what is open where that is in
    /// memory alone
    #[arg(long, default_value = "4G", env = "HUSHLOG_MEMORY", value_name = "SIZE", value_parser = size)]
    pub(super) memory: u64,
}
