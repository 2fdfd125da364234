//! What can be said on the command line of `hushlog report`.

use std::path::PathBuf;

use clap::{Args, builder::BoolishValueParser};
use jiff::SignedDuration;

use crate::cli::{duration, progress::ProgressArguments, release::ReleaseArguments, size};

/// Aggregate statistics of logs: CSV per table and period, and a summary on the terminal
#[derive(Args)]
pub(in crate::cli) struct ReportArguments {
    /// Log files, plain or compressed (gzip, zstd, bzip2, xz); folders, whose files are read except hidden
    /// ones; patterns such as 'access.log*'; `-` is standard input
    pub(super) inputs: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) release: ReleaseArguments,

    /// Release periods that are not over yet, for good
    #[arg(long, env = "HUSHLOG_INCLUDE_OPEN", conflicts_with_all = ["key_file", "key_credential"], value_parser = BoolishValueParser::new())]
    pub(super) include_open: bool,

    /// Count lines that sources have in common for each of them
    #[arg(long, env = "HUSHLOG_ALLOW_OVERLAP", value_parser = BoolishValueParser::new())]
    pub(super) allow_overlap: bool,

    /// Most memory to take, such as 512M or 2G: what has no room leaves it for an encrypted file without a name
    /// beside the private state. Without it everything is held in memory
    #[arg(long, env = "HUSHLOG_MEMORY", value_name = "SIZE", value_parser = size)]
    pub(super) memory: Option<u64>,

    /// Read and account for every line, but write nothing
    #[arg(long, env = "HUSHLOG_DRY_RUN", value_parser = BoolishValueParser::new())]
    pub(super) dry_run: bool,

    /// Time after a period's end before it is released
    #[arg(long, default_value = "0s", env = "HUSHLOG_GRACE", value_name = "TIME", value_parser = duration)]
    pub(super) grace: SignedDuration,

    #[command(flatten)]
    pub(super) progress: ProgressArguments,

    /// Print nothing but errors
    #[arg(short, long, env = "HUSHLOG_QUIET", value_parser = BoolishValueParser::new())]
    pub(super) quiet: bool,

    /// Say of each source which format it is in, and how many of its lines are
    #[arg(short, long, env = "HUSHLOG_VERBOSE", conflicts_with = "quiet")]
    pub(super) verbose: bool,
}
