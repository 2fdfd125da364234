//! `hushlog report`: aggregate statistics of logs into a folder.

mod arguments;
mod continued;
mod in_force;

use std::path::{Path, PathBuf};

use hushlog::{
    error::Result,
    input::NamedHosts,
    output,
    pipeline::{self, Inputs, MemoryBound, Outlet, Reading, Report, ThreadPool},
    privacy::{Admission, Due, GateSettings, GatesSettings, KeyFile},
    stats::{Accounts, MalformedLine},
    time::Timestamp,
};

pub(super) use self::{arguments::ReportArguments, in_force::InForce};
use super::{
    Exit, messages, pool, progress,
    release::{Places, keys, microseconds},
    say, show, sources,
};

/// Reads, releases, publishes and tells what was done.
pub(super) fn run(arguments: &ReportArguments) -> Result<Exit> {
    if arguments.is_continued() {
        return continued::run(arguments);
    }
    arguments.check_keys()?;
    let settings = arguments.release.settings(arguments.include_open)?;
    let spending = arguments.release.spending()?;
    let sites = arguments.release.sites()?;
    if let Some(profile) = arguments.release.profile.filter(|_| !arguments.quiet) {
        messages::profile(profile, settings.k, spending);
    }
    let mut inputs = arguments.inputs()?;
    let policy = arguments.release.policy()?;
    if !arguments.quiet {
        for shortcoming in policy.regions.shortcomings() {
            say(format_args!("{shortcoming}"));
        }
    }
    let now = Timestamp(jiff::Timestamp::now().as_microsecond());
    let places = Places::of(&arguments.release, &sites, arguments.dry_run)?;
    places.permit(&settings.calendar, &sites, spending)?;
    let key_file = arguments
        .release
        .key_file(settings.calendar.day(now).date, &places)?;
    let keys = keys(&sites, key_file.as_ref(), spending.is_some())?;
    if arguments.release.by_host && !arguments.quiet {
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
    let pool = pool(arguments.release.threads)?;
    let bound = arguments.bound(spending.is_none().then_some(settings.k));
    let reading = arguments.read(&pool, &mut inputs, gates, bound.as_ref())?;
    if arguments.verbose {
        messages::formats(&reading.sources);
    }
    if !arguments.release.opt_out.cookies().is_empty() && !arguments.quiet {
        messages::no_cookies(&reading.sources);
    }
    let unread = messages::failures(&reading.failures, arguments.release.allow_partial);
    let repetitions = &reading.collected.repetitions;
    let repeated = (!arguments.allow_overlap)
        .then(|| messages::repetitions(repetitions, &inputs))
        .flatten();
    if arguments.release.by_host {
        messages::no_site(&reading.collected, &reading.accounts);
    }
    let (accounts, malformed) = (reading.accounts, reading.malformed.clone());
    arguments.progress.accounts(&accounts);
    let reports = match places.folders {
        Some(folders) if repeated.is_none() => {
            let noise = spending.map(|it| arguments.release.noise(it)).transpose()?;
            let outlet = Outlet { folders, key_file };
            let material = reading.material(&inputs);
            let (reports, outlet) = pipeline::report(&pool, material, &settings, outlet, noise)?;
            arguments
                .release
                .expire(outlet.folders, now, arguments.quiet)?;
            arguments.release.load(arguments.quiet)?;
            reports
        }
        _ => Vec::new(),
    };
    let outcome = messages::outcome(&reports, settings.k);
    let problem = outcome.or(repeated).or(unread);
    let kept = problem.is_none() && !arguments.dry_run;
    if let Some(path) = arguments.release.key_file.as_deref().filter(|_| kept) {
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
    /// Whether the settings can be used, as far as that shows without reading anything.
    pub(in crate::cli) fn check(&self) -> Result<()> {
        self.release.check()
    }

    fn inputs(&self) -> Result<Inputs> {
        let sources = sources::named(&self.inputs, false)?;
        let hosts = NamedHosts::new(&self.release.host_from_file)?;
        hosts.check(&sources)?;
        Ok(Inputs {
            hosts,
            sources,
            format: self.release.log.chosen()?,
            opt_out_cookies: self.release.opt_out.cookies().to_vec(),
            log_tz: self.release.log.zone()?,
        })
    }

    /// What may be let in of each site.
    fn admissions(&self, places: &Places, now: Timestamp) -> Result<Vec<Admission>> {
        let due = if self.include_open {
            Due::Any
        } else {
            Due::OverBy(self.over_by(now)?)
        };
        let records = places.records.iter();
        let admissions = records.map(|(ledger, state)| pipeline::admission(due, ledger, state));
        Ok(admissions.collect())
    }

    /// How much memory the report may take, if not any amount. What leaves it goes where the private state is,
    /// or would be.
    fn bound(&self, least_networks: Option<usize>) -> Option<MemoryBound> {
        let state = self.release.private_state();
        let folder = state.ancestors().find(|folder| folder.is_dir());
        let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
        self.memory.map(|bytes| MemoryBound {
            bytes,
            folder,
            least_networks,
        })
    }

    /// Reads every line once, unless repeated ones are to count.
    fn read(
        &self,
        pool: &ThreadPool,
        inputs: &mut Inputs,
        gates: GatesSettings<'_>,
        bound: Option<&MemoryBound>,
    ) -> Result<Reading> {
        let total = progress::size(&inputs.sources);
        let read = self.progress.shown(self.quiet, total, |progress| {
            if self.allow_overlap {
                let reading = pipeline::read(pool, inputs, gates, progress, bound);
                reading.map(|reading| (reading, Vec::new()))
            } else {
                pipeline::read_distinct(pool, inputs, gates, progress, bound)
            }
        });
        let (reading, left_out) = read?;
        messages::left_out(&left_out);
        Ok(reading)
    }

    /// The instant by which a period must have ended.
    fn over_by(&self, now: Timestamp) -> Result<Timestamp> {
        let grace = microseconds(self.grace)?;
        Ok(Timestamp(now.0.saturating_sub(grace)))
    }
}
