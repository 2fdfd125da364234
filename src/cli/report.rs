//! `hushlog report`: aggregate statistics of logs into a folder.

use std::{
    collections::BTreeMap,
    io::{ErrorKind, IsTerminal, Write, stdin, stdout},
    num::NonZeroUsize,
    path::PathBuf,
    thread,
};

use clap::{Args, ValueEnum, builder::BoolishValueParser};
use hushlog::{
    aggregate::{Crawlers, VisitSettings},
    error::{Error, Result},
    input::{Selection, Source},
    output::{self, Folder},
    pipeline::{self, Inputs, Reading, Report, ReportSettings, ThreadPool},
    privacy::{
        Admission, AgentRules, FilterSettings, Filters, GateSettings, Goals, Hosts, Keys, Policy,
        ReferrerRules, Regions, UrlRules, UrlSettings,
    },
    release::{Ledger, State},
    time::{Calendar, Date, PeriodLength, TimeZone, Timestamp},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    Exit,
    log_format::{self, DateArguments},
    messages, progress, say,
};

/// Fewest networks that any setting may ask for.
const FLOOR: usize = 5;

/// Aggregate statistics of logs: CSV per table and period, and a summary on the terminal
#[derive(Args)]
pub(super) struct ReportArguments {
    /// Log files, plain or compressed (gzip, zstd, bzip2, xz); folders, whose files are read except hidden
    /// ones; patterns such as 'access.log*'; `-` is standard input
    inputs: Vec<PathBuf>,

    /// Folder that receives the statistics
    #[arg(short, long, env = "HUSHLOG_OUTPUT")]
    output: PathBuf,

    /// `auto`, `mixed`, a name such as combined, a format string of Apache, nginx or GoAccess, @FILE[:NAME] for
    /// one that a server's configuration declares, `w3c:FIELDS`, `json:MAP` or `haproxy:HEADERS`; all but
    /// `auto` and @FILE also in a wrapper, after `cri:`, `docker:`, `syslog:` or `compose:`
    #[arg(
        short = 'f',
        long,
        default_value = "auto",
        env = "HUSHLOG_LOG_FORMAT",
        value_name = "FORMAT"
    )]
    log_format: String,

    #[command(flatten)]
    dates: DateArguments,

    /// Time zone whose days are released, an IANA name
    #[arg(long, default_value = "UTC", env = "HUSHLOG_TZ", value_name = "ZONE")]
    tz: String,

    /// Time zone of logs whose times have none
    #[arg(
        long,
        default_value = "UTC",
        env = "HUSHLOG_LOG_TZ",
        value_name = "ZONE"
    )]
    log_tz: String,

    /// What is released at once
    #[arg(long, value_enum, default_value_t, env = "HUSHLOG_PERIOD")]
    period: PeriodArgument,

    /// Longest pause within a visit
    #[arg(long, default_value = "30m", env = "HUSHLOG_VISIT_TIMEOUT", value_name = "TIME", value_parser = duration)]
    visit_timeout: SignedDuration,

    /// Fewest networks behind a published row, at least 5
    #[arg(long, default_value_t = 10, env = "HUSHLOG_K", value_name = "N")]
    k: usize,

    /// Most rows of a table that keep their name
    #[arg(long, env = "HUSHLOG_TOP", value_name = "N")]
    top: Option<usize>,

    /// Crawlers that say so: in a table of their own, among visitors, or nowhere
    #[arg(long, value_enum, default_value_t, env = "HUSHLOG_CRAWLERS")]
    crawlers: CrawlersArgument,

    /// More pageviews than this in a day make a visitor automated
    #[arg(
        long,
        default_value_t = 300,
        env = "HUSHLOG_AUTOMATED_PAGEVIEWS",
        value_name = "N"
    )]
    automated_pageviews: usize,

    /// More requests than this in a day make a visitor automated
    #[arg(
        long,
        default_value_t = 2000,
        env = "HUSHLOG_AUTOMATED_REQUESTS",
        value_name = "N"
    )]
    automated_requests: usize,

    /// Host name of the site: its own referrers are internal, and it may be named
    #[arg(long, env = "HUSHLOG_SITE_HOST", value_name = "HOST")]
    site_host: Vec<String>,

    /// Route that names a page, such as /blog/:slug
    #[arg(long, env = "HUSHLOG_PAGE", value_name = "PATTERN")]
    page: Vec<String>,

    /// Further word after which a path segment is never published
    #[arg(long, env = "HUSHLOG_PATH_WORD", value_name = "WORD")]
    path_word: Vec<String>,

    /// Query parameter that is kept in page names
    #[arg(long, env = "HUSHLOG_KEEP_QUERY", value_name = "KEY")]
    keep_query: Vec<String>,

    /// Goal, reached by a request whose path matches
    #[arg(long, env = "HUSHLOG_GOAL", value_name = "NAME=GLOB")]
    goal: Vec<String>,

    /// Leave out days before this one, YYYY-MM-DD in --tz
    #[arg(long, env = "HUSHLOG_SINCE", value_name = "DATE")]
    since: Option<Date>,

    /// Leave out days after this one, YYYY-MM-DD in --tz
    #[arg(long, env = "HUSHLOG_UNTIL", value_name = "DATE")]
    until: Option<Date>,

    /// Leave out clients of an address or network
    #[arg(long, env = "HUSHLOG_EXCLUDE_IP", value_name = "CIDR")]
    exclude_ip: Vec<String>,

    /// Leave out requests whose path matches
    #[arg(long, env = "HUSHLOG_EXCLUDE_PATH", value_name = "GLOB")]
    exclude_path: Vec<String>,

    /// Leave out requests whose path matches none of these
    #[arg(long, env = "HUSHLOG_INCLUDE_PATH", value_name = "GLOB")]
    include_path: Vec<String>,

    /// Leave out requests of a status, such as 404 or 4xx
    #[arg(long, env = "HUSHLOG_EXCLUDE_STATUS", value_name = "STATUS")]
    exclude_status: Vec<String>,

    /// Leave out requests to virtual hosts that match
    #[arg(long, env = "HUSHLOG_EXCLUDE_HOST", value_name = "GLOB")]
    exclude_host: Vec<String>,

    /// Leave out requests to virtual hosts that match none of these
    #[arg(long, env = "HUSHLOG_INCLUDE_HOST", value_name = "GLOB")]
    include_host: Vec<String>,

    /// Leave out requests of a method, such as HEAD
    #[arg(long, env = "HUSHLOG_EXCLUDE_METHOD", value_name = "METHOD")]
    exclude_method: Vec<String>,

    /// Region database (MaxMind DB format), or one for IPv4 and one for IPv6, or `none`; one is built in
    #[arg(long, env = "HUSHLOG_GEO_DB", value_name = "FILE")]
    geo_db: Vec<PathBuf>,

    /// Private state, if not in the output folder
    #[arg(long, env = "HUSHLOG_STATE", value_name = "DIR")]
    state: Option<PathBuf>,

    /// Ledger of all releases, if not in the output folder
    #[arg(long, env = "HUSHLOG_LEDGER", value_name = "FILE")]
    ledger: Option<PathBuf>,

    /// Release periods that are not over yet, for good
    #[arg(long, env = "HUSHLOG_INCLUDE_OPEN", value_parser = BoolishValueParser::new())]
    include_open: bool,

    /// Release although lines may be missing
    #[arg(long, env = "HUSHLOG_ALLOW_PARTIAL", value_parser = BoolishValueParser::new())]
    allow_partial: bool,

    /// Count lines that sources have in common for each of them
    #[arg(long, env = "HUSHLOG_ALLOW_OVERLAP", value_parser = BoolishValueParser::new())]
    allow_overlap: bool,

    /// Read and account for every line, but write nothing
    #[arg(long, env = "HUSHLOG_DRY_RUN", value_parser = BoolishValueParser::new())]
    dry_run: bool,

    /// Time after a period's end before it is released
    #[arg(long, default_value = "0s", env = "HUSHLOG_GRACE", value_name = "TIME", value_parser = duration)]
    grace: SignedDuration,

    /// Latest first line of a period, after its start, that raises no doubt
    #[arg(long, env = "HUSHLOG_GAP", value_name = "TIME", value_parser = duration)]
    gap: Option<SignedDuration>,

    /// Threads; as many as there are processors if not given
    #[arg(short = 'j', long, env = "HUSHLOG_THREADS", value_name = "N")]
    threads: Option<NonZeroUsize>,

    /// No progress bar
    #[arg(long, env = "HUSHLOG_NO_PROGRESS", value_parser = BoolishValueParser::new())]
    no_progress: bool,

    /// Print nothing but errors
    #[arg(short, long, env = "HUSHLOG_QUIET", value_parser = BoolishValueParser::new())]
    quiet: bool,

    /// Say of each source which format it is in, and how many of its lines are
    #[arg(short, long, env = "HUSHLOG_VERBOSE", conflicts_with = "quiet")]
    verbose: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum PeriodArgument {
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
enum CrawlersArgument {
    #[default]
    Separate,
    Include,
    Ignore,
}

impl CrawlersArgument {
    const fn name(self) -> &'static str {
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

/// Reads, releases, publishes and tells what was done.
pub(super) fn run(arguments: &ReportArguments) -> Result<Exit> {
    let settings = arguments.settings()?;
    let mut inputs = arguments.inputs()?;
    let policy = arguments.policy()?;
    if !arguments.quiet {
        for shortcoming in policy.regions.shortcomings() {
            say(format_args!("{shortcoming}"));
        }
    }
    let keys = random_keys()?;
    let folder = arguments.folder()?;
    let (ledger, state) = match &folder {
        Some(folder) => (folder.ledger().clone(), folder.state().clone()),
        None => arguments.records()?,
    };
    ledger.permits(&settings.calendar)?;
    let admission = arguments.admission(&ledger, &state)?;
    let gate = GateSettings {
        policy: &policy,
        calendar: &settings.calendar,
        admission: &admission,
        keys: &keys,
    };
    let pool = pipeline::pool(arguments.threads.map_or_else(processors, NonZeroUsize::get))?;
    let reading = arguments.read(&pool, &mut inputs, gate);
    if arguments.verbose {
        messages::formats(&reading.sources);
    }
    let unread = messages::failures(&reading.failures, arguments.allow_partial);
    let repetitions = &reading.collected.repetitions;
    let repeated = (!arguments.allow_overlap)
        .then(|| messages::repetitions(repetitions, &inputs))
        .flatten();
    let (accounts, malformed) = (reading.accounts, reading.malformed.clone());
    let report = match folder {
        Some(folder) if repeated.is_none() => {
            pipeline::report(&pool, &inputs, reading, &settings, folder)?
        }
        _ => Report::default(),
    };
    let outcome = messages::outcome(&report, settings.k);
    if !arguments.quiet {
        show(&output::summary(&report.releases, &accounts, &malformed))?;
    }
    Ok(outcome.or(repeated).or(unread).unwrap_or(Exit::Done))
}

/// Prints to standard output; a reader who has left early has seen enough.
fn show(text: &str) -> Result<()> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != ErrorKind::BrokenPipe => Err(Error::Write {
            path: "standard output".into(),
            source,
        }),
        _ => Ok(()),
    }
}

impl ReportArguments {
    fn settings(&self) -> Result<ReportSettings> {
        if self.k < FLOOR {
            return Err(Error::Refused(format!(
                "--k {}: fewer than {FLOOR} networks protect nobody; choose {FLOOR} or more",
                self.k
            )));
        }
        Ok(ReportSettings {
            calendar: Calendar::new(zone(&self.tz)?, self.period.into()),
            visits: VisitSettings {
                timeout: microseconds(self.visit_timeout)?,
                crawlers: self.crawlers.into(),
                most_pageviews: self.automated_pageviews,
                most_requests: self.automated_requests,
            },
            k: self.k,
            top: self.top,
            gap: self.gap.map(microseconds).transpose()?,
            allow_partial: self.allow_partial,
            include_open: self.include_open,
            policy: self.statement(),
        })
    }

    fn inputs(&self) -> Result<Inputs> {
        let Selection {
            mut sources,
            repeated,
            ..
        } = Selection::new(&self.inputs)?;
        messages::named_twice(&repeated);
        if sources.is_empty() {
            if stdin().is_terminal() {
                return Err(Error::Setting(
                    "no input: name log files, or pipe a log in".to_owned(),
                ));
            }
            sources.push(Source::Stdin);
        }
        Ok(Inputs {
            sources,
            format: log_format::chosen(&self.log_format, &self.dates)?,
            log_tz: zone(&self.log_tz)?,
        })
    }

    fn filters(&self) -> FilterSettings {
        FilterSettings {
            since: self.since,
            until: self.until,
            exclude_ip: self.exclude_ip.clone(),
            exclude_path: self.exclude_path.clone(),
            include_path: self.include_path.clone(),
            exclude_status: self.exclude_status.clone(),
            exclude_host: self.exclude_host.clone(),
            include_host: self.include_host.clone(),
            exclude_method: self.exclude_method.clone(),
        }
    }

    fn policy(&self) -> Result<Policy> {
        let urls = UrlSettings {
            path_words: self.path_word.clone(),
            routes: self.page.clone(),
            keep_query: self.keep_query.clone(),
            ..UrlSettings::default()
        };
        Ok(Policy {
            urls: UrlRules::new(&urls)?,
            referrers: ReferrerRules::new(&self.site_host),
            agents: AgentRules::new(),
            regions: self.regions()?,
            filters: Filters::new(&self.filters())?,
            goals: Goals::new(&self.goal)?,
            hosts: Hosts::new(&self.site_host)?,
        })
    }

    fn regions(&self) -> Result<Regions> {
        match self.geo_db.as_slice() {
            [] => Regions::embedded(),
            [none] if none.as_os_str() == "none" => Ok(Regions::none()),
            files => Regions::open(files),
        }
    }

    /// The settings in force as manifests state them. Addresses, hosts and paths that are left out are
    /// given by number only: they are nobody's business.
    fn statement(&self) -> Value {
        json!({
            "visit_timeout_seconds": self.visit_timeout.as_secs(),
            "crawlers": self.crawlers.name(),
            "automated_pageviews": self.automated_pageviews,
            "automated_requests": self.automated_requests,
            "top": self.top,
            "regions": match self.geo_db.as_slice() {
                [] => "built in",
                [none] if none.as_os_str() == "none" => "none",
                _ => "own",
            },
            "site_hosts": self.site_host.len(),
            "pages": self.page,
            "path_words": self.path_word,
            "keep_query": self.keep_query,
            "goals": self.goal,
            "include_path": self.include_path,
            "exclude_path": self.exclude_path.len(),
            "exclude_ip": self.exclude_ip.len(),
            "exclude_status": self.exclude_status,
            "exclude_host": self.exclude_host.len(),
            "include_host": self.include_host.len(),
            "exclude_method": self.exclude_method,
            "since": self.since.map(|date| date.to_string()),
            "until": self.until.map(|date| date.to_string()),
        })
    }

    /// The output folder, locked for this run; `None` if nothing is to be written.
    fn folder(&self) -> Result<Option<Folder>> {
        let (state, ledger) = (self.state.as_deref(), self.ledger.as_deref());
        (!self.dry_run)
            .then(|| Folder::open(&self.output, state, ledger))
            .transpose()
    }

    fn records(&self) -> Result<(Ledger, State)> {
        let (state, ledger) = (self.state.as_deref(), self.ledger.as_deref());
        Folder::records(&self.output, state, ledger)
    }

    fn admission(&self, ledger: &Ledger, state: &State) -> Result<Admission> {
        let key = |period| state.lines(period).map_or(0, |lines| lines.key);
        let released: BTreeMap<_, _> = ledger
            .periods()
            .map(|period| (period, key(period)))
            .collect();
        let now = jiff::Timestamp::now()
            .checked_sub(self.grace)
            .map_err(|_| Error::Setting("--grace: the time span is too long".to_owned()))?;
        Ok(Admission {
            over_by: Timestamp(now.as_microsecond()),
            include_open: self.include_open,
            released,
        })
    }

    /// Reads every line once, unless repeated ones are to count.
    fn read(&self, pool: &ThreadPool, inputs: &mut Inputs, gate: GateSettings<'_>) -> Reading {
        let wanted = !self.no_progress && !self.quiet;
        let sources = inputs.sources.clone();
        let (reading, left_out) = progress::shown(wanted, &sources, |progress| {
            if self.allow_overlap {
                (pipeline::read(pool, inputs, gate, progress), Vec::new())
            } else {
                pipeline::read_distinct(pool, inputs, gate, progress)
            }
        });
        messages::left_out(&left_out);
        reading
    }
}

/// The time zone of that name.
pub(super) fn zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|_| Error::Setting(format!("time zone {name:?} is not known")))
}

/// A time span such as `30m`, `1h 30m` or `1800` (seconds).
fn duration(text: &str) -> std::result::Result<SignedDuration, String> {
    let parsed = text
        .parse::<i64>()
        .map(SignedDuration::from_secs)
        .or_else(|_| text.parse());
    match parsed {
        Ok(duration) if !duration.is_negative() => Ok(duration),
        _ => Err("not a time span such as 30m, 1h or 90 (seconds)".to_owned()),
    }
}

fn microseconds(duration: SignedDuration) -> Result<i64> {
    i64::try_from(duration.as_micros())
        .map_err(|_| Error::Setting("the time span is too long".to_owned()))
}

fn random_keys() -> Result<Keys> {
    let mut root = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *root)
        .map_err(|error| Error::Setting(format!("no random numbers from the system: {error}")))?;
    Ok(Keys::new(root))
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
