//! `hushlog report`: aggregate statistics of logs into a folder.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, stdin},
    num::NonZeroUsize,
    path::PathBuf,
    thread,
};

use clap::{Args, ValueEnum};
use hushlog::{
    aggregate::{Crawlers, VisitSettings},
    error::{Error, Result},
    format::Format,
    input::Source,
    output::{self, Folder},
    pipeline::{self, Inputs, Reading, Report, ReportSettings},
    privacy::{
        Admission, AgentRules, Filters, GateSettings, Goals, Hosts, Keys, Policy, ReferrerRules,
        Regions, UrlRules, UrlSettings,
    },
    time::{Calendar, PeriodLength, TimeZone, Timestamp},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Exit, progress};

/// Fewest networks that any setting may ask for.
const FLOOR: usize = 5;

/// Aggregate statistics of logs: CSV per table and period, and a summary on the terminal
#[derive(Args)]
pub(super) struct ReportArguments {
    /// Log files, plain or gzip; `-` is standard input
    inputs: Vec<PathBuf>,

    /// Folder that receives the statistics
    #[arg(short, long, env = "HUSHLOG_OUTPUT")]
    output: PathBuf,

    /// `auto`, a name such as combined, or an Apache LogFormat string
    #[arg(
        short = 'f',
        long,
        default_value = "auto",
        env = "HUSHLOG_LOG_FORMAT",
        value_name = "FORMAT"
    )]
    log_format: String,

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
    #[arg(long, env = "HUSHLOG_INCLUDE_OPEN")]
    include_open: bool,

    /// Release although lines may be missing
    #[arg(long, env = "HUSHLOG_ALLOW_PARTIAL")]
    allow_partial: bool,

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
    #[arg(long, env = "HUSHLOG_NO_PROGRESS")]
    no_progress: bool,

    /// Print nothing but errors
    #[arg(short, long, env = "HUSHLOG_QUIET")]
    quiet: bool,
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
    let inputs = arguments.inputs()?;
    let policy = arguments.policy()?;
    if !arguments.quiet {
        for shortcoming in policy.regions.shortcomings() {
            eprintln!("hushlog: {shortcoming}");
        }
    }
    let keys = random_keys()?;
    let folder = Folder::open(
        &arguments.output,
        arguments.state.as_deref(),
        arguments.ledger.as_deref(),
    )?;
    folder.ledger().permits(&settings.calendar)?;
    let admission = arguments.admission(&folder);
    let gate = GateSettings {
        policy: &policy,
        calendar: &settings.calendar,
        admission: &admission,
        keys: &keys,
    };
    let pool = pipeline::pool(arguments.threads.map_or_else(processors, NonZeroUsize::get))?;
    let wanted = !arguments.no_progress && !arguments.quiet;
    let reading = progress::shown(wanted, &inputs.sources, |progress| {
        pipeline::read(&pool, &inputs, gate, progress)
    });
    let failures = reading.failures.len();
    let told = tell_failures(&reading, arguments);
    let (accounts, malformed) = (reading.accounts, reading.malformed.clone());
    let report = pipeline::report(&pool, &inputs, reading, &settings, folder)?;
    if !arguments.quiet {
        print!(
            "{}",
            output::summary(&report.releases, &accounts, &malformed)
        );
    }
    Ok(tell(&report, settings.k)
        .or(told)
        .unwrap_or(if failures > 0 {
            Exit::NotAllRead
        } else {
            Exit::Done
        }))
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
        let named = self
            .inputs
            .iter()
            .map(|path| match path.as_os_str().as_encoded_bytes() {
                b"-" => Source::Stdin,
                _ => Source::File(path.clone()),
            });
        let mut sources: Vec<Source> = named.collect();
        if sources.is_empty() {
            if stdin().is_terminal() {
                return Err(Error::Setting(
                    "no input: name log files, or pipe a log in".to_owned(),
                ));
            }
            sources.push(Source::Stdin);
        }
        let format = match self.log_format.as_str() {
            "auto" => None,
            name => Some(Format::named(name).map_or_else(|| Format::from_spec(name), Ok)?),
        };
        Ok(Inputs {
            sources,
            format,
            log_tz: zone(&self.log_tz)?,
        })
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
            filters: Filters::new(
                &self.exclude_ip,
                &self.exclude_path,
                &self.include_path,
                &self.exclude_status,
            )?,
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
        })
    }

    fn admission(&self, folder: &Folder) -> Admission {
        let released: BTreeMap<_, _> = folder
            .ledger()
            .periods()
            .map(|period| {
                (
                    period,
                    folder.state().lines(period).map_or(0, |lines| lines.key),
                )
            })
            .collect();
        let now = jiff::Timestamp::now() - self.grace;
        Admission {
            over_by: Timestamp(now.as_microsecond()),
            include_open: self.include_open,
            released,
        }
    }
}

/// Says which sources were not read, and what that means for the release.
fn tell_failures(reading: &Reading, arguments: &ReportArguments) -> Option<Exit> {
    for failure in &reading.failures {
        eprintln!("hushlog: {failure}");
    }
    let failed = !reading.failures.is_empty();
    if failed && !arguments.allow_partial {
        eprintln!(
            "hushlog: nothing was released, since its lines may be missing; make every source readable, or \
             release what there is with --allow-partial"
        );
    }
    failed.then_some(Exit::NotAllRead)
}

/// Says what became of periods that were not released; the exit status they ask for.
fn tell(report: &Report, k: usize) -> Option<Exit> {
    for period in &report.below {
        eprintln!(
            "hushlog: {period} is not published: its requests come from fewer than {k} networks"
        );
    }
    for period in &report.unknown {
        eprintln!(
            "hushlog: {period} was released before, but the private state of that release is gone: whether \
             its lines have changed cannot be told"
        );
    }
    for held in &report.held {
        eprintln!("hushlog: {held}");
    }
    for period in &report.changed {
        eprintln!(
            "hushlog: {period} was released before, and its lines have changed since: what is published stays \
             as it is, since a second release of the same period would tell what was added. To publish it \
             anew, use another output folder and take the old release out of circulation."
        );
    }
    if !report.held.is_empty() {
        Some(Exit::NotAllRead)
    } else if !report.changed.is_empty() && report.releases.is_empty() {
        Some(Exit::Refused)
    } else {
        None
    }
}

fn zone(name: &str) -> Result<TimeZone> {
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
    let mut root = [0; 32];
    getrandom::fill(&mut root)
        .map_err(|error| Error::Setting(format!("no random numbers from the system: {error}")))?;
    Ok(Keys::new(root))
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
