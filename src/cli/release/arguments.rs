//! What can be said of releases on the command line, whichever command makes them.

use std::{num::NonZeroUsize, path::PathBuf};

use clap::{Args, ValueEnum, builder::BoolishValueParser};
use hushlog::{
    aggregate::Crawlers,
    output::Encoding,
    release::Rho,
    time::{Date, PeriodLength, Retention},
};
use jiff::SignedDuration;

use crate::cli::{
    duration,
    log_format::LogFormatArguments,
    opt_out::OptOutArguments,
    profile::{Privacy, Profile},
};

/// What is released, where, and from which lines.
#[derive(Args)]
pub(in crate::cli) struct ReleaseArguments {
    /// Folder that receives the statistics
    #[arg(short, long, env = "HUSHLOG_OUTPUT")]
    pub(in crate::cli) output: PathBuf,

    /// What tables are also written in, beside the CSV that is always there
    #[arg(long, value_enum, default_value_t, env = "HUSHLOG_OUTPUT_FORMAT")]
    pub(in crate::cli) output_format: OutputFormatArgument,

    #[command(flatten)]
    pub(in crate::cli) log: LogFormatArguments,

    /// Time zone whose days are released, an IANA name
    #[arg(long, default_value = "UTC", env = "HUSHLOG_TZ", value_name = "ZONE")]
    pub(in crate::cli) tz: String,

    /// What is released at once
    #[arg(long, value_enum, default_value_t, env = "HUSHLOG_PERIOD")]
    pub(in crate::cli) period: PeriodArgument,

    /// Longest pause within a visit
    #[arg(long, default_value = "30m", env = "HUSHLOG_VISIT_TIMEOUT", value_name = "TIME", value_parser = duration)]
    pub(in crate::cli) visit_timeout: SignedDuration,

    /// What is counted and promised, by one name: `strict` asks for 20 networks and shows pages of two
    /// levels, `counts-only` never tells one visitor from another, `dp` hides each address behind noise; other
    /// options may promise more, not less
    #[arg(long, value_enum, env = "HUSHLOG_PROFILE", hide_possible_values = true)]
    pub(in crate::cli) profile: Option<Profile>,

    /// Fewest networks behind a published row, at least 5 [default: 10; strict: 20, and at least that]
    #[arg(long, env = "HUSHLOG_K", value_name = "N")]
    pub(in crate::cli) k: Option<usize>,

    /// What protects visitors: `k`, the threshold in networks, or `dp`, differential privacy by noise
    /// [default: k; profile dp: dp]
    #[arg(long, value_enum, env = "HUSHLOG_PRIVACY")]
    pub(in crate::cli) privacy: Option<Privacy>,

    /// With --privacy dp: what an address may lose by one day, in zCDP's ρ, from 0.01 to 1
    #[arg(long, default_value_t = Rho::DEFAULT, env = "HUSHLOG_RHO", value_name = "RHO")]
    pub(in crate::cli) rho: Rho,

    /// With --privacy dp: what an address may lose over any 30 days, in ρ; fixed for a ledger
    #[arg(long, default_value_t = Rho::DEFAULT_BUDGET, env = "HUSHLOG_BUDGET", value_name = "RHO")]
    pub(in crate::cli) budget: Rho,

    /// Most rows of a table that keep their name
    #[arg(long, env = "HUSHLOG_TOP", value_name = "N")]
    pub(in crate::cli) top: Option<usize>,

    /// Crawlers that say so: in a table of their own, among visitors, or nowhere
    #[arg(long, value_enum, default_value_t, env = "HUSHLOG_CRAWLERS")]
    pub(in crate::cli) crawlers: CrawlersArgument,

    /// More pageviews than this in a day make a visitor automated
    #[arg(
        long,
        default_value_t = 300,
        env = "HUSHLOG_AUTOMATED_PAGEVIEWS",
        value_name = "N"
    )]
    pub(in crate::cli) automated_pageviews: usize,

    /// More requests than this in a day make a visitor automated
    #[arg(
        long,
        default_value_t = 2000,
        env = "HUSHLOG_AUTOMATED_REQUESTS",
        value_name = "N"
    )]
    pub(in crate::cli) automated_requests: usize,

    /// Host name of the site: its own referrers are internal, and it may be named
    #[arg(long, env = "HUSHLOG_SITE_HOST", value_name = "HOST")]
    pub(in crate::cli) site_host: Vec<String>,

    /// A report for each --site-host, in a folder of its own in the output folder; requests of other
    /// hosts are left out
    #[arg(long, env = "HUSHLOG_BY_HOST", conflicts_with = "ledger", value_parser = BoolishValueParser::new())]
    pub(in crate::cli) by_host: bool,

    /// Where names of log files have the host of lines that do not tell it, such as
    /// 'access-{host}.log*' or '{host}/access.log*'
    #[arg(long, env = "HUSHLOG_HOST_FROM_FILE", value_name = "PATTERN")]
    pub(in crate::cli) host_from_file: Vec<String>,

    /// Route that names a page, such as /blog/:slug
    #[arg(long, env = "HUSHLOG_PAGE", value_name = "PATTERN")]
    pub(in crate::cli) page: Vec<String>,

    /// Further word after which a path segment is never published
    #[arg(long, env = "HUSHLOG_PATH_WORD", value_name = "WORD")]
    pub(in crate::cli) path_word: Vec<String>,

    /// Query parameter that is kept in page names
    #[arg(long, env = "HUSHLOG_KEEP_QUERY", value_name = "KEY")]
    pub(in crate::cli) keep_query: Vec<String>,

    /// Goal, reached by a request whose path matches
    #[arg(long, env = "HUSHLOG_GOAL", value_name = "NAME=GLOB")]
    pub(in crate::cli) goal: Vec<String>,

    /// Leave out days before this one, YYYY-MM-DD in --tz
    #[arg(long, env = "HUSHLOG_SINCE", value_name = "DATE")]
    pub(in crate::cli) since: Option<Date>,

    /// Leave out days after this one, YYYY-MM-DD in --tz
    #[arg(long, env = "HUSHLOG_UNTIL", value_name = "DATE")]
    pub(in crate::cli) until: Option<Date>,

    /// Leave out clients of an address or network
    #[arg(long, env = "HUSHLOG_EXCLUDE_IP", value_name = "CIDR")]
    pub(in crate::cli) exclude_ip: Vec<String>,

    /// Leave out requests whose path matches
    #[arg(long, env = "HUSHLOG_EXCLUDE_PATH", value_name = "GLOB")]
    pub(in crate::cli) exclude_path: Vec<String>,

    /// Leave out requests whose path matches none of these
    #[arg(long, env = "HUSHLOG_INCLUDE_PATH", value_name = "GLOB")]
    pub(in crate::cli) include_path: Vec<String>,

    /// Leave out requests of a status, such as 404 or 4xx
    #[arg(long, env = "HUSHLOG_EXCLUDE_STATUS", value_name = "STATUS")]
    pub(in crate::cli) exclude_status: Vec<String>,

    /// Leave out requests to virtual hosts that match
    #[arg(long, env = "HUSHLOG_EXCLUDE_HOST", value_name = "GLOB")]
    pub(in crate::cli) exclude_host: Vec<String>,

    /// Leave out requests to virtual hosts that match none of these
    #[arg(long, env = "HUSHLOG_INCLUDE_HOST", value_name = "GLOB")]
    pub(in crate::cli) include_host: Vec<String>,

    /// Leave out requests of a method, such as HEAD
    #[arg(long, env = "HUSHLOG_EXCLUDE_METHOD", value_name = "METHOD")]
    pub(in crate::cli) exclude_method: Vec<String>,

    #[command(flatten)]
    pub(in crate::cli) opt_out: OptOutArguments,

    /// Region database (MaxMind DB format), or one for IPv4 and one for IPv6, or `none`; one is built in
    #[arg(long, env = "HUSHLOG_GEO_DB", value_name = "FILE")]
    pub(in crate::cli) geo_db: Vec<PathBuf>,

    /// Private state, if not in the output folder
    #[arg(long, env = "HUSHLOG_STATE", value_name = "DIR")]
    pub(in crate::cli) state: Option<PathBuf>,

    /// Ledger of all releases, if not in the output folder; two ledgers for one log void the
    /// threshold, as their releases can be subtracted from each other
    #[arg(long, env = "HUSHLOG_LEDGER", value_name = "FILE")]
    pub(in crate::cli) ledger: Option<PathBuf>,

    /// Key file, made by `hushlog key new`: runs and hosts that have it know the same visitors; it is
    /// advanced past what is released. Without it the keys are random and end with the run
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) key_file: Option<PathBuf>,

    /// Keys that outlive the process, without a key file: they are kept in the private state, sealed under the
    /// credential of that name which systemd hands over (`LoadCredential=`)
    #[arg(
        long,
        env = "HUSHLOG_KEY_CREDENTIAL",
        value_name = "NAME",
        conflicts_with = "key_file"
    )]
    pub(in crate::cli) key_credential: Option<String>,

    /// Load what is released into a database too: `postgres://USER@HOST/NAME`, whose tables are in the schema
    /// hushlog, or sqlite:FILE; as `hushlog load`
    #[arg(long, env = "HUSHLOG_TO", hide_env_values = true, value_name = "URL")]
    pub(in crate::cli) to: Option<String>,

    /// Remove releases so long after their period has ended, in days, weeks, months or years: 400d, 13mo
    #[arg(long, env = "HUSHLOG_RETAIN", value_name = "TIME")]
    pub(in crate::cli) retain: Option<Retention>,

    /// Release although lines may be missing
    #[arg(long, env = "HUSHLOG_ALLOW_PARTIAL", value_parser = BoolishValueParser::new())]
    pub(in crate::cli) allow_partial: bool,

    /// Latest first line of a period, after its start, that raises no doubt
    #[arg(long, env = "HUSHLOG_GAP", value_name = "TIME", value_parser = duration)]
    pub(in crate::cli) gap: Option<SignedDuration>,

    /// Threads; as many as there are processors if not given
    #[arg(short = 'j', long, env = "HUSHLOG_THREADS", value_name = "N")]
    pub(in crate::cli) threads: Option<NonZeroUsize>,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(in crate::cli) enum OutputFormatArgument {
    /// Nothing else
    #[default]
    Csv,
    /// Apache Parquet, compressed by zstd
    Parquet,
    /// JSON lines, an object a row
    Jsonl,
}

impl From<OutputFormatArgument> for Encoding {
    fn from(argument: OutputFormatArgument) -> Self {
        match argument {
            OutputFormatArgument::Csv => Self::Csv,
            OutputFormatArgument::Parquet => Self::Parquet,
            OutputFormatArgument::Jsonl => Self::JsonLines,
        }
    }
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(in crate::cli) enum PeriodArgument {
    #[default]
    Day,
    Week,
    Month,
}

impl From<PeriodArgument> for PeriodLength {
    fn from(argument: PeriodArgument) -> Self {
        match argument {
            PeriodArgument::Day => Self::Day,
            PeriodArgument::Week => Self::Week,
            PeriodArgument::Month => Self::Month,
        }
    }
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub(in crate::cli) enum CrawlersArgument {
    #[default]
    Separate,
    Include,
    Ignore,
}

impl CrawlersArgument {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Separate => "separate",
            Self::Include => "include",
            Self::Ignore => "ignore",
        }
    }
}

impl From<CrawlersArgument> for Crawlers {
    fn from(argument: CrawlersArgument) -> Self {
        match argument {
            CrawlersArgument::Separate => Self::Separate,
            CrawlersArgument::Include => Self::Include,
            CrawlersArgument::Ignore => Self::Ignore,
        }
    }
}
