//! `hushlog report`: aggregate statistics of logs into a folder.

mod arguments;

use std::{
    collections::BTreeMap,
    io::{ErrorKind, IsTerminal, Write, stdin, stdout},
    num::NonZeroUsize,
    thread,
};

use hushlog::{
    aggregate::VisitSettings,
    error::{Error, Result},
    input::{Selection, Source},
    output::{self, Folder},
    pipeline::{self, Inputs, Reading, Report, ReportSettings, ThreadPool},
    privacy::{
        Admission, AgentRules, FilterSettings, Filters, GateSettings, Goals, Hosts, Keys, Policy,
        ReferrerRules, Regions, UrlRules, UrlSettings,
    },
    release::{Ledger, State},
    time::{Calendar, TimeZone, Timestamp},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub(super) use self::arguments::ReportArguments;
use super::{Exit, log_format, messages, progress, say};

/// Fewest networks that any setting may ask for.
const FLOOR: usize = 5;
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
