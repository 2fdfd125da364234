//! Turns what was read into releases, one period after another, and publishes each as it is ready.

use std::collections::BTreeSet;

use rayon::ThreadPool;

use super::{
    cluster::Partials,
    noise, reduce,
    runs::{RunVisitors, Runs},
    threshold::{self, HitVisitors, Judged},
};
use crate::{
    aggregate::{Reading, VisitSettings, bounded::Bounding},
    error::Result,
    output::Folder,
    privacy::{
        Collected, CollectedPeriod, Coverage, Hits, KeyFile, Lexicon, PeriodLines, SiteName,
    },
    release::{Ledger, Noise, Release, Statement, Unsettled, Verdict},
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
    /// Already released with noise, which is drawn once.
    pub again: Vec<Period>,
    /// Not released since an address could lose more than the budget of 30 days.
    pub over_budget: Vec<Period>,
    /// Already released, from lines that are no longer known, so that changes cannot be told.
    pub unknown: Vec<Period>,
    /// Not released since another site was, from lines that this run does not have as they were: it
    /// cannot be told that no line would count for both.
    pub entangled: Vec<Period>,
    /// Not released since the key file has been advanced beyond them.
    pub shredded: Vec<Period>,
    /// Held back because their beginning seems to be missing.
    pub held: Vec<Held>,
    /// Not released since a period before them is held back, whose key their release would give up.
    pub waiting: Vec<Period>,
    /// Not published because fewer than k networks sent their requests.
    pub below: Vec<Period>,
    /// Not published because sums of its tables isolate fewer than k networks.
    pub refused: Vec<(Period, Unsettled)>,
}

/// What is to be released: all that gate 1 let through, and where it came from.
pub struct Material {
    /// By site, in the order of sites.
    pub sites: Vec<Collected>,
    /// Every source was read to its end.
    pub whole: bool,
    /// The names of the sources by number.
    pub sources: Vec<String>,
    /// Where the visitors are, if not in memory.
    pub elsewhere: Option<Elsewhere>,
}

/// Where visitors are that are not in memory.
pub enum Elsewhere {
    /// They are counted in parts.
    Partials(Partials),
    /// Their hits are on disk.
    Runs(Runs),
}

/// Where releases go, and what they cost.
pub struct Outlet {
    /// The folder of each site, in the order of sites.
    pub folders: Vec<Folder>,
    /// What gives up the keys of what is released, where they outlive the run.
    pub key_file: Option<KeyFile>,
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

/// Releases every period of the material that may be released, with noise if there is any, else under
/// the threshold, and publishes it in the folder of its site. A key file is then advanced past all that is
/// released. The outlet is as good for further releases as before.
///
/// # Errors
///
/// Errors of [`Folder::publish`], such as that of a ledger of another length of period, time zone or site,
/// and those of [`KeyFile::announce`] and [`KeyFile::advance`]; what was released before the error stays
/// released.
pub fn report(
    pool: &ThreadPool,
    material: Material,
    settings: &ReportSettings,
    outlet: Outlet,
    noise: Option<Noise>,
) -> Result<(Vec<Report>, Outlet)> {
    let sites = material.sites.into_iter().zip(outlet.folders);
    let sites: Vec<(Collected, Folder)> = sites.collect();
    let mut run = Run {
        pool,
        sources: &material.sources,
        elsewhere: material.elsewhere.as_ref(),
        settings,
        noise,
        whole: material.whole,
        altered: sites.iter().flat_map(altered_periods).collect(),
        until: None,
    };
    let (reports, key_file) = match outlet.key_file {
        Some(key_file) => {
            let (reports, key_file) = run.report_keyed(sites, key_file)?;
            (reports, Some(key_file))
        }
        None => (run.report_all(sites)?, None),
    };
    let (reports, folders) = reports.into_iter().unzip();
    Ok((reports, Outlet { folders, key_file }))
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
    Some(Verdict::of(&lines.recorded()?, released))
}

/// What the reports of all sites have in common.
struct Run<'r> {
    pool: &'r ThreadPool,
    sources: &'r [String],
    elsewhere: Option<&'r Elsewhere>,
    settings: &'r ReportSettings,
    noise: Option<Noise>,
    /// Every source was read to its end.
    whole: bool,
    /// Periods that some site has released from lines that are not known to be the same now. Another
    /// site's lines may have been among them, if files or fields were taken for other hosts' then.
    altered: BTreeSet<Period>,
    /// The first period that some site holds back, where no later one can be released before it.
    until: Option<Period>,
}

impl Run<'_> {
    fn report_all(&mut self, sites: Vec<(Collected, Folder)>) -> Result<Vec<(Report, Folder)>> {
        let sites = (0..).zip(sites);
        sites
            .map(|(site, (collected, folder))| self.report(site, collected, folder))
            .collect()
    }

    /// The same in the order of periods, and leaves the key file without the keys of what is released.
    fn report_keyed(
        mut self,
        sites: Vec<(Collected, Folder)>,
        mut key_file: KeyFile,
    ) -> Result<(Vec<(Report, Folder)>, KeyFile)> {
        self.until = self.first_held(&sites);
        let ledgers = sites.iter().map(|(_, folder)| folder.ledger());
        let before = ledgers.filter_map(Ledger::latest).max();
        if let Some(last) = self.last_candidate(&sites) {
            key_file.announce(last.end())?;
        }
        let reports = self.report_all(sites)?;
        let releases = reports.iter().flat_map(|(report, _)| &report.releases);
        let released = releases.map(Release::period).max().max(before);
        match released.map(Period::end) {
            Some(day) if day > key_file.first_day() => key_file.advance(day)?,
            _ => key_file.withdraw_announcement()?,
        }
        Ok((reports, key_file))
    }

    /// Releases and publishes what may be released of a site.
    fn report(
        &mut self,
        site: usize,
        collected: Collected,
        mut folder: Folder,
    ) -> Result<(Report, Folder)> {
        let mut report = Report {
            site: folder.site().cloned(),
            ..Report::default()
        };
        let (settings, lexicon) = (self.settings, collected.lexicon);
        let first_released = folder.ledger().earliest();
        for (period, CollectedPeriod { lines, hits }) in collected.periods {
            if folder.ledger().contains(period) {
                match self.noise {
                    // Of what was taken out of circulation it is not known any more what it was made from.
                    _ if folder.ledger().is_removed(period) => {}
                    None => report.judge(period, &lines, &folder),
                    Some(_) => report.again.push(period),
                }
                continue;
            }
            if lines.is_refused() {
                report.shredded.push(period);
                continue;
            }
            let Some(coverage) = self.readable(&lines) else {
                continue;
            };
            if self.until.is_some_and(|held| held < period) {
                report.waiting.push(period);
                continue;
            }
            if self.altered.contains(&period) || folder.is_released_elsewhere(period) {
                report.entangled.push(period);
                continue;
            }
            let gap = self.missing_beginning(period, coverage, first_released);
            let complete = self.whole && gap.is_none() && !settings.include_open;
            if let Some(gap) = gap.filter(|_| !settings.allow_partial) {
                report.held.push(gap);
                continue;
            }
            if !self.affords(period, folder.ledger()) {
                report.over_budget.push(period);
                continue;
            }
            let statement = settings.statement(period, report.site.clone(), &lines, complete);
            match self.release(site, statement, hits, &lexicon)? {
                Ok(Some(release)) => {
                    folder = folder.publish(&release, lines.recorded())?;
                    report.releases.push(release);
                }
                Ok(None) => report.below.push(period),
                Err(unsettled) => report.refused.push((period, unsettled)),
            }
        }
        folder.draw()?;
        Ok((report, folder))
    }

    /// The release of a period of a site: with noise if there is any, else under the threshold.
    fn release(
        &mut self,
        site: usize,
        statement: Statement,
        hits: Hits,
        lexicon: &Lexicon,
    ) -> Result<Judged> {
        let (pool, settings, period) = (self.pool, self.settings, statement.period);
        let hours = &Hours::new(&settings.calendar, period);
        match self.elsewhere {
            None => self.release_hits(statement, hits, lexicon, hours),
            Some(Elsewhere::Partials(partials)) => {
                let mut visitors = partials.visitors(pool, period, lexicon, hours);
                threshold::release(pool, statement, &mut visitors, lexicon, hours, settings)
            }
            Some(Elsewhere::Runs(runs)) => {
                let lexicon = &runs.lexicon(pool, site, period, lexicon)?;
                let visitors = RunVisitors {
                    pool,
                    runs,
                    site,
                    period,
                    start: settings.calendar.midnight(period.start),
                    lexicon,
                    hours,
                    settings: &settings.visits,
                };
                self.release_runs(statement, visitors)
            }
        }
    }

    /// The same of hits in memory.
    fn release_hits(
        &mut self,
        statement: Statement,
        mut hits: Hits,
        lexicon: &Lexicon,
        hours: &Hours,
    ) -> Result<Judged> {
        let (pool, settings) = (self.pool, self.settings);
        let reading = Reading {
            lexicon,
            hours,
            settings: &settings.visits,
        };
        let release = if let Some(noise) = &mut self.noise {
            let shards = reduce::sorted(pool, &mut hits, lexicon);
            let count =
                |bounding: Bounding<'_>| Ok(reduce::bounded(pool, &shards, reading, bounding));
            let release = noise::release(statement, lexicon, hours, noise, count)?;
            Ok(Some(release))
        } else {
            let mut visitors = HitVisitors::new(pool, &mut hits, reading);
            threshold::release(pool, statement, &mut visitors, lexicon, hours, settings)?
        };
        // Giving their memory back takes a while.
        pool.spawn(move || drop(hits));
        Ok(release)
    }

    /// The same of hits on disk.
    fn release_runs(
        &mut self,
        statement: Statement,
        mut visitors: RunVisitors<'_>,
    ) -> Result<Judged> {
        let (lexicon, hours) = (visitors.lexicon, visitors.hours);
        let Some(noise) = &mut self.noise else {
            let (pool, settings) = (self.pool, self.settings);
            return threshold::release(pool, statement, &mut visitors, lexicon, hours, settings);
        };
        let count = |bounding: Bounding<'_>| visitors.bounded(bounding);
        let release = noise::release(statement, lexicon, hours, noise, count)?;
        Ok(Ok(Some(release)))
    }

    /// Whether the budget of the ledger has room for the noise of a period.
    fn affords(&self, period: Period, ledger: &Ledger) -> bool {
        let spending = self.noise.as_ref().map(Noise::spending);
        spending.is_none_or(|spending| ledger.affords(period, spending))
    }

    /// What is known of a period's lines if it may be released from them.
    fn readable<'l>(&self, lines: &'l PeriodLines) -> Option<&'l Coverage> {
        // Nothing is to be said of a period that filters leave nothing of.
        let readable = (self.whole || self.settings.allow_partial) && lines.parsed() > 0;
        lines.coverage().filter(|_| readable)
    }

    /// The first period that some site holds back.
    fn first_held(&self, sites: &[(Collected, Folder)]) -> Option<Period> {
        let candidates = self
            .candidates(sites)
            .filter(|_| !self.settings.allow_partial);
        let held = candidates.filter_map(|(period, coverage, folder)| {
            self.missing_beginning(period, coverage, folder.ledger().earliest())
        });
        held.map(|held| held.period).min()
    }

    /// Tells of a period whose first line comes late, where an earlier run has released an earlier
    /// period, so that lines should follow without a gap.
    fn missing_beginning(
        &self,
        period: Period,
        coverage: &Coverage,
        first_released: Option<Period>,
    ) -> Option<Held> {
        let settings = self.settings;
        first_released.filter(|first| *first < period)?;
        let (earliest, source) = coverage.earliest;
        let late = earliest.0 - settings.calendar.midnight(period.start).0;
        let allowed = settings
            .gap
            .unwrap_or_else(|| GAP.max(2 * coverage.longest_gap()));
        let (date, hour) = settings.calendar.civil_hour(earliest);
        (late > allowed).then(|| Held {
            period,
            first: CivilHour { date, hour },
            source: self.source(source).to_owned(),
        })
    }

    /// The name of a source by number.
    fn source(&self, number: u32) -> &str {
        let name = self.sources.get(number as usize);
        name.map_or("a source of an earlier run", String::as_str)
    }

    /// The last period that may be released.
    fn last_candidate(&self, sites: &[(Collected, Folder)]) -> Option<Period> {
        let periods = self.candidates(sites).map(|(period, ..)| period);
        periods
            .filter(|period| self.until.is_none_or(|held| *period < held))
            .max()
    }

    /// The periods of all sites that are not released but may be, as far as their keys are concerned.
    fn candidates<'s>(
        &self,
        sites: &'s [(Collected, Folder)],
    ) -> impl Iterator<Item = (Period, &'s Coverage, &'s Folder)> {
        sites.iter().flat_map(move |(collected, folder)| {
            let periods = collected.periods.iter();
            periods.filter_map(move |(&period, CollectedPeriod { lines, .. })| {
                let open = !folder.ledger().contains(period) && !lines.is_refused();
                let coverage = self.readable(lines).filter(|_| open)?;
                Some((period, coverage, folder))
            })
        })
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
