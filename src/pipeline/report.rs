//! Turns what was read into releases, one period after another, and publishes each as it is ready.

use std::collections::BTreeSet;

use rayon::ThreadPool;

use super::{Inputs, Reading, reduce};
use crate::{
    aggregate::{self, Microdata, Shares, Survey, Totals, VisitSettings},
    error::Result,
    output::Folder,
    privacy::{Collected, CollectedPeriod, Coverage, Hits, Lexicon, PeriodLines, SiteName},
    release::{Numbers, Plan, PlanSettings, Release, Statement, Unsettled, Verdict},
    time::{Calendar, CivilHour, Hours, Period, Timestamp},
};

/// Longest time from a period's start to its first line that raises no doubt, unless lines are rarer.
const GAP: i64 = 60 * Timestamp::MINUTE;

/// What a report is made by.
#[derive(Clone, Debug)]
pub struct ReportSettings {
    /// The site's days and periods.
    pub calendar: Calendar,
    /// What a visit is.
    pub visits: VisitSettings,
    /// Fewest networks of a row.
    pub k: usize,
    /// Most rows of a flat table that keep their name.
    pub top: Option<usize>,
    /// Longest time in microseconds from a period's start to its first line, if not the default.
    pub gap: Option<i64>,
    /// Release although lines may be missing.
    pub allow_partial: bool,
    /// Whether periods are released before they are over.
    pub include_open: bool,
    /// The settings in force, as manifests state them.
    pub policy: serde_json::Value,
}

/// What became of the periods that were read of a site.
#[derive(Debug, Default)]
pub struct Report {
    /// The site; `None` where all of a log is one.
    pub site: Option<SiteName>,
    /// Released by this run.
    pub releases: Vec<Release>,
    /// Already released, from lines that have changed since.
    pub changed: Vec<Period>,
    /// Already released, from lines that are no longer known, so that changes cannot be told.
    pub unknown: Vec<Period>,
    /// Not released since another site was, from lines that this run does not have as they were: it
    /// cannot be told that no line would count for both.
    pub entangled: Vec<Period>,
    /// Held back because their beginning seems to be missing.
    pub held: Vec<Held>,
    /// Not published because fewer than k networks sent their requests.
    pub below: Vec<Period>,
    /// Not published because sums of its tables isolate fewer than k networks.
    pub refused: Vec<(Period, Unsettled)>,
}

/// A period whose first line comes late.
#[derive(Clone, Debug)]
pub struct Held {
    /// The period.
    pub period: Period,
    /// When its first line was logged.
    pub first: CivilHour,
    /// The source that holds the line, as the user named it.
    pub source: String,
}

/// Releases every period of a reading that may be released, and publishes it in the folder of its site:
/// there is one for each, in the order of sites.
///
/// # Errors
///
/// Errors of [`Folder::publish`], such as that of a ledger of another length of period, time zone or site;
/// what was released before the error stays released.
pub fn report(
    pool: &ThreadPool,
    inputs: &Inputs,
    reading: Reading,
    settings: &ReportSettings,
    folders: Vec<Folder>,
) -> Result<Vec<Report>> {
    let sites = reading.collected.sites.into_iter().zip(folders);
    let sites: Vec<(Collected, Folder)> = sites.collect();
    let run = Run {
        pool,
        inputs,
        settings,
        whole: reading.failures.is_empty(),
        altered: sites.iter().flat_map(altered_periods).collect(),
    };
    sites
        .into_iter()
        .map(|(collected, folder)| run.report(collected, folder))
        .collect()
}

/// The released periods of a site whose lines are not known to be the same now.
fn altered_periods((collected, folder): &(Collected, Folder)) -> Vec<Period> {
    let is_same = |period: &Period| {
        let lines = collected.periods.get(period).map(|it| &it.lines);
        lines.and_then(|lines| verdict(*period, lines, folder)) == Some(Verdict::Unchanged)
    };
    let periods = folder.ledger().periods();
    periods.filter(|period| !is_same(period)).collect()
}

/// How a released period's lines compare with those it was made from; `None` if these are not known.
fn verdict(period: Period, lines: &PeriodLines, folder: &Folder) -> Option<Verdict> {
    let released = folder.state().lines(period)?;
    Some(Verdict::of(&lines.digest(), released))
}

/// What the reports of all sites have in common.
struct Run<'r> {
    pool: &'r ThreadPool,
    inputs: &'r Inputs,
    settings: &'r ReportSettings,
    /// Every source was read to its end.
    whole: bool,
    /// Periods that some site has released from lines that are not known to be the same now. Another
    /// site's lines may have been among them, if files or fields were taken for other hosts' then.
    altered: BTreeSet<Period>,
}

impl Run<'_> {
    /// Releases and publishes what may be released of a site.
    fn report(&self, collected: Collected, mut folder: Folder) -> Result<Report> {
        let mut report = Report {
            site: folder.site().cloned(),
            ..Report::default()
        };
        let (settings, lexicon) = (self.settings, collected.lexicon);
        let first_released = folder.ledger().earliest();
        for (period, CollectedPeriod { lines, hits }) in collected.periods {
            if folder.ledger().contains(period) {
                report.judge(period, &lines, &folder);
                continue;
            }
            // Nothing is to be said of a period that filters leave nothing of.
            let readable = (self.whole || settings.allow_partial) && lines.parsed() > 0;
            let Some(coverage) = lines.coverage().filter(|_| readable) else {
                continue;
            };
            if self.altered.contains(&period) || folder.is_released_elsewhere(period) {
                report.entangled.push(period);
                continue;
            }
            let follows = first_released.is_some_and(|first| first < period);
            let gap =
                missing_beginning(period, coverage, settings, self.inputs).filter(|_| follows);
            let complete = self.whole && gap.is_none() && !settings.include_open;
            if let Some(gap) = gap.filter(|_| !settings.allow_partial) {
                report.held.push(gap);
                continue;
            }
            let statement = settings.statement(period, report.site.clone(), &lines, complete);
            match release(self.pool, statement, hits, &lexicon, settings) {
                Ok(Some(release)) => {
                    folder = folder.publish(&release, lines.digest())?;
                    report.releases.push(release);
                }
                Ok(None) => report.below.push(period),
                Err(unsettled) => report.refused.push((period, unsettled)),
            }
        }
        Ok(report)
    }
}

impl ReportSettings {
    /// What the release of a period says of itself.
    fn statement(
        &self,
        period: Period,
        site: Option<SiteName>,
        lines: &PeriodLines,
        complete: bool,
    ) -> Statement {
        Statement {
            period,
            site,
            tz: self.calendar.tz_name().to_owned(),
            complete,
            policy: self.policy.clone(),
            parsed: lines.parsed(),
            excluded: lines.excluded(),
        }
    }
}

impl Report {
    /// Compares the lines of a released period with those it was made from.
    fn judge(&mut self, period: Period, lines: &PeriodLines, folder: &Folder) {
        match verdict(period, lines, folder) {
            None => self.unknown.push(period),
            Some(Verdict::Changed) => self.changed.push(period),
            Some(Verdict::Older | Verdict::Unchanged) => {}
        }
    }
}

/// Tells of a period whose first line comes late. Asked where an earlier run has released an earlier
/// period, so that lines should follow without a gap.
fn missing_beginning(
    period: Period,
    coverage: &Coverage,
    settings: &ReportSettings,
    inputs: &Inputs,
) -> Option<Held> {
    let (earliest, source) = coverage.earliest;
    let late = earliest.0 - settings.calendar.midnight(period.start).0;
    let allowed = settings
        .gap
        .unwrap_or_else(|| GAP.max(2 * coverage.longest_gap()));
    let (date, hour) = settings.calendar.civil_hour(earliest);
    (late > allowed).then(|| Held {
        period,
        first: CivilHour { date, hour },
        source: inputs.sources[source as usize].name(),
    })
}

/// The release of a period from its hits; `None` if it has fewer than k networks, an error if the audit
/// refuses it.
fn release(
    pool: &ThreadPool,
    statement: Statement,
    mut hits: Hits,
    lexicon: &Lexicon,
    settings: &ReportSettings,
) -> std::result::Result<Option<Release>, Unsettled> {
    let period = statement.period;
    let hours = Hours::new(&settings.calendar, period);
    let reading = aggregate::Reading {
        lexicon,
        hours: &hours,
        settings: &settings.visits,
    };
    let shards = reduce::sorted(pool, &mut hits, lexicon);

    let (survey, microdata) = reduce::collect(pool, &shards, reading, || {
        (Survey::new(settings.k), Microdata::default())
    });
    let plan_settings = PlanSettings {
        k: settings.k,
        top: settings.top,
        length: period.length,
    };
    let Some(plan) = Plan::new(&survey, lexicon, plan_settings) else {
        return Ok(None);
    };
    let plan = plan.audited(&survey, &microdata)?;
    drop((survey, microdata));

    let totals = reduce::collect(pool, &shards, reading, || {
        Totals::new(plan.rows(), plan.limits(), &hours)
    });
    let numbers = Numbers::new(&plan, totals, &hours);
    let doubtful = numbers.doubtful_columns();
    let shares = reduce::collect(pool, &shards, reading, || {
        Shares::new(plan.rows(), &doubtful)
    });
    Ok(Some(Release::new(
        statement, &plan, &numbers, &shares, &hours,
    )))
}
