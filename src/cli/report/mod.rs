//! `hushlog report`: aggregate statistics of logs into a folder.

mod arguments;
mod in_force;
mod places;

use std::num::NonZeroUsize;

use hushlog::{
    aggregate::VisitSettings,
    error::{Error, Result},
    input::NamedHosts,
    output,
    pipeline::{self, Inputs, Reading, Report, ReportSettings, ThreadPool},
    privacy::{
        Admission, AgentRules, FilterSettings, Filters, GateSettings, GatesSettings, Goals, Hosts,
        KeyFile, Keys, Policy, ReferrerRules, Regions, Sites, UrlRules, UrlSettings,
    },
    release::{Ledger, Noise, NoiseSettings, Rho, Spending, State},
    stats::{Accounts, MalformedLine},
    time::{Calendar, Date, Timestamp},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use self::places::Places;
pub(super) use self::{
    arguments::{PeriodArgument, ReportArguments},
    in_force::InForce,
};
use super::{
    Exit, log_format, messages, processors,
    profile::{Privacy, Profile, ProfileSettings},
    progress, random_key, say, show, sources, zone,
};

/// Reads, releases, publishes and tells what was done.
pub(super) fn run(arguments: &ReportArguments) -> Result<Exit> {
    let settings = arguments.settings()?;
    let spending = arguments.spending()?;
    let sites = arguments.sites()?;
    if let Some(profile) = arguments.profile.filter(|_| !arguments.quiet) {
        messages::profile(profile, settings.k, spending);
    }
    let mut inputs = arguments.inputs()?;
    let policy = arguments.policy()?;
    if !arguments.quiet {
        for shortcoming in policy.regions.shortcomings() {
            say(format_args!("{shortcoming}"));
        }
    }
    let now = Timestamp(jiff::Timestamp::now().as_microsecond());
    let places = Places::of(arguments, &sites)?;
    places.permit(&settings.calendar, &sites, spending)?;
    let key_file = arguments.key_file(settings.calendar.day(now).date, &places)?;
    let keys = keys(&sites, key_file.as_ref(), spending.is_some())?;
    if arguments.by_host && !arguments.quiet {
        messages::left_alone(&places.released, &sites);
    }
    let admissions = arguments.admissions(&places, now)?;
    let gate = |(admission, keys)| GateSettings {
        policy: &policy,
        calendar: &settings.calendar,
        admission,
        keys,
    };
    let gates: Vec<GateSettings<'_>> = admissions.iter().zip(&keys).map(gate).collect();
    let gates = GatesSettings {
        sites: &sites,
        gates: &gates,
    };
    let pool = pipeline::pool(arguments.threads.map_or_else(processors, NonZeroUsize::get))?;
    let reading = arguments.read(&pool, &mut inputs, gates);
    if arguments.verbose {
        messages::formats(&reading.sources);
    }
    if !arguments.opt_out.cookies().is_empty() && !arguments.quiet {
        messages::no_cookies(&reading.sources);
    }
    let unread = messages::failures(&reading.failures, arguments.allow_partial);
    let repetitions = &reading.collected.repetitions;
    let repeated = (!arguments.allow_overlap)
        .then(|| messages::repetitions(repetitions, &inputs))
        .flatten();
    if arguments.by_host {
        messages::no_site(&reading.collected, &reading.accounts);
    }
    let (accounts, malformed) = (reading.accounts, reading.malformed.clone());
    let reports = match places.folders {
        Some(folders) if repeated.is_none() => {
            let noise = spending.map(|it| arguments.noise(it)).transpose()?;
            pipeline::report(&pool, &inputs, reading, &settings, folders, key_file, noise)?
        }
        _ => Vec::new(),
    };
    let outcome = messages::outcome(&reports, settings.k);
    let problem = outcome.or(repeated).or(unread);
    let kept = problem.is_none() && !arguments.dry_run;
    if let Some(path) = arguments.key_file.as_deref().filter(|_| kept) {
        let over = settings.calendar.day(arguments.over_by(now)?).date;
        messages::key_kept(
            path,
            KeyFile::info(path, over)?,
            settings.calendar.period(over),
        );
    }
    if !arguments.quiet {
        show(&summary(&reports, &accounts, &malformed))?;
    }
    Ok(problem.unwrap_or(Exit::Done))
}

/// What to tell of the reports; without any, that nothing was released.
fn summary(reports: &[Report], accounts: &Accounts, malformed: &[MalformedLine]) -> String {
    let mut sites: Vec<_> = reports
        .iter()
        .map(|report| (report.site.as_ref(), report.releases.as_slice()))
        .collect();
    if sites.is_empty() {
        sites.push((None, &[]));
    }
    output::summary(&sites, accounts, malformed)
}

impl ReportArguments {
    fn settings(&self) -> Result<ReportSettings> {
        let profile = self.profile();
        profile.permits(&self.goal)?;
        Ok(ReportSettings {
            calendar: Calendar::new(zone(&self.tz)?, self.period.into()),
            visits: VisitSettings {
                timeout: microseconds(self.visit_timeout)?,
                crawlers: self.crawlers.into(),
                most_pageviews: self.automated_pageviews,
                most_requests: self.automated_requests,
            },
            k: profile.k(self.k)?,
            top: self.top,
            gap: self.gap.map(microseconds).transpose()?,
            allow_partial: self.allow_partial,
            include_open: self.include_open,
            policy: self.statement()?,
        })
    }

    fn profile(&self) -> Profile {
        self.profile.unwrap_or_default()
    }

    fn threshold(&self) -> Result<usize> {
        self.profile().k(self.k)
    }

    fn privacy(&self) -> Result<Privacy> {
        self.profile().privacy(self.privacy)
    }

    fn inputs(&self) -> Result<Inputs> {
        let sources = sources::named(&self.inputs, false)?;
        Ok(Inputs {
            hosts: NamedHosts::new(&self.host_from_file, &sources)?,
            sources,
            format: log_format::chosen(&self.log_format, &self.dates)?,
            opt_out_cookies: self.opt_out.cookies().to_vec(),
            log_tz: self.log_zone.zone()?,
        })
    }

    fn sites(&self) -> Result<Sites> {
        if self.by_host {
            Sites::by_host(&self.site_host)
        } else {
            Ok(Sites::default())
        }
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
            path_levels: self.profile().settings().path_levels,
            routes: self.page.clone(),
            keep_query: self.keep_query.clone(),
            ..UrlSettings::default()
        };
        // By host, each request knows the one host that is its own site.
        let (own_hosts, hosts) = if self.by_host {
            (&[][..], Hosts::default())
        } else {
            (&self.site_host[..], Hosts::new(&self.site_host)?)
        };
        Ok(Policy {
            senders: self.profile().settings().senders,
            urls: UrlRules::new(&urls)?,
            referrers: ReferrerRules::new(own_hosts),
            agents: AgentRules::new(),
            regions: self.regions()?,
            opt_outs: self.opt_out.addresses()?,
            filters: Filters::new(&self.filters())?,
            goals: Goals::new(&self.goal)?,
            hosts,
        })
    }

    fn regions(&self) -> Result<Regions> {
        if !self.profile().settings().senders.are_visitors() {
            return Ok(Regions::none());
        }
        match self.geo_db.as_slice() {
            [] => Regions::embedded(),
            [none] if none.as_os_str() == "none" => Ok(Regions::none()),
            files => Regions::open(files),
        }
    }

    /// What a day may cost where noise protects; `None` where the threshold does.
    fn spending(&self) -> Result<Option<Spending>> {
        if self.privacy()? == Privacy::K {
            return Ok(None);
        }
        let [least, most] = Rho::LIMITS;
        if self.rho < least {
            return Err(Error::Setting(format!(
                "--rho {}: with less than {least} every number drowns in noise",
                self.rho
            )));
        }
        if self.rho > most {
            return Err(Error::Refused(format!(
                "--rho {}: more than {most} a day protects hardly; choose {most} or less",
                self.rho
            )));
        }
        Ok(Some(Spending {
            a_day: self.rho,
            budget: self.budget,
        }))
    }

    /// The source of this run's noise.
    fn noise(&self, spending: Spending) -> Result<Noise> {
        let settings = NoiseSettings {
            spending,
            k: self.threshold()? as u64,
            top: self.top,
        };
        Ok(Noise::new(settings, &random_key()?))
    }

    /// The settings in force as manifests state them. Addresses, hosts and paths that are left out are
    /// given by number only: they are nobody's business.
    fn statement(&self) -> Result<Value> {
        let mut statement = self.common_statement();
        let k = self.threshold()?;
        statement["privacy"] = match self.privacy()? {
            Privacy::K => json!({"mode": "k", "k": k}),
            Privacy::Dp => json!({
                "mode": "dp",
                "k": k,
                "rho": self.rho.to_string(),
                "budget": self.budget.to_string(),
            }),
        };
        Ok(statement)
    }

    /// The settings that any kind of protection has.
    fn common_statement(&self) -> Value {
        let ProfileSettings {
            path_levels,
            senders,
            ..
        } = self.profile().settings();
        let visits = senders.are_visitors();
        json!({
            "profile": self.profile().name(),
            "visits": visits,
            "visit_timeout_seconds": visits.then(|| self.visit_timeout.as_secs()),
            "crawlers": self.crawlers.name(),
            "automated_pageviews": visits.then_some(self.automated_pageviews),
            "automated_requests": visits.then_some(self.automated_requests),
            "top": self.top,
            "path_levels": path_levels,
            "regions": match self.geo_db.as_slice() {
                _ if !visits => "none",
                [] => "built in",
                [none] if none.as_os_str() == "none" => "none",
                _ => "own",
            },
            "site_hosts": if self.by_host { 1 } else { self.site_host.len() },
            "pages": self.page,
            "path_words": self.path_word,
            "keep_query": self.keep_query,
            "goals": self.goal,
            "opt_out_cookies": self.opt_out.cookies().len(),
            "opt_out_addresses": self.opt_out.have_addresses(),
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

    /// The key file, if one is to be used, which must be as new as the releases there are.
    fn key_file(&self, today: Date, places: &Places) -> Result<Option<KeyFile>> {
        let Some(path) = &self.key_file else {
            return Ok(None);
        };
        let file = KeyFile::open(path, today)?;
        let released = places
            .records
            .iter()
            .filter_map(|(ledger, _)| ledger.latest());
        if let Some(last) = released.max() {
            file.check_not_restored(last.end())?;
        }
        Ok(Some(file))
    }

    /// The instant by which a period must have ended.
    fn over_by(&self, now: Timestamp) -> Result<Timestamp> {
        let grace = microseconds(self.grace)?;
        Ok(Timestamp(now.0.saturating_sub(grace)))
    }

    /// What may be let in of each site.
    fn admissions(&self, places: &Places, now: Timestamp) -> Result<Vec<Admission>> {
        let over_by = self.over_by(now)?;
        let admission = |(ledger, state): &(Ledger, State)| {
            let key = |period| state.lines(period).map_or(0, |lines| lines.key);
            Admission {
                over_by,
                include_open: self.include_open,
                released: ledger
                    .periods()
                    .map(|period| (period, key(period)))
                    .collect(),
            }
        };
        Ok(places.records.iter().map(admission).collect())
    }

    /// Reads every line once, unless repeated ones are to count.
    fn read(&self, pool: &ThreadPool, inputs: &mut Inputs, gates: GatesSettings<'_>) -> Reading {
        let wanted = !self.no_progress && !self.quiet;
        let sources = inputs.sources.clone();
        let (reading, left_out) = progress::shown(wanted, &sources, |progress| {
            if self.allow_overlap {
                (pipeline::read(pool, inputs, gates, progress), Vec::new())
            } else {
                pipeline::read_distinct(pool, inputs, gates, progress)
            }
        });
        messages::left_out(&left_out);
        reading
    }
}

fn microseconds(duration: SignedDuration) -> Result<i64> {
    i64::try_from(duration.as_micros())
        .map_err(|_| Error::Setting("the time span is too long".to_owned()))
}

/// Keys for each site: random ones, and those of the key file; units have pseudonyms too where noise is
/// to hide them.
fn keys(sites: &Sites, key_file: Option<&KeyFile>, units: bool) -> Result<Vec<Keys>> {
    let root = random_key()?;
    let root = match key_file {
        Some(file) => Keys::with_day_keys(root, file.day_keys()),
        None => Keys::new(root),
    };
    let root = if units { root.telling_units() } else { root };
    if sites.names().is_empty() {
        return Ok(vec![root]);
    }
    Ok(sites
        .names()
        .iter()
        .map(|site| root.of_site(site))
        .collect())
}
