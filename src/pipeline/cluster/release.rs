//! `release`: merges PARTIALS, wherever they were made, and leaves everything else to
//! [`report()`](crate::pipeline::report()).
//!
//! The streams are read again and again and never held: once for their strings and facts, and three times
//! for each period, as a report reads its shards. Memory grows with cells and visits, not with visitors.

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use rayon::ThreadPool;

use super::{
    Contract,
    contract::Stage,
    facts::Facts,
    frame::{RowReader, Rows},
    partials::{self, COLUMNS, KnownCells},
    reduce::{limits, period},
};
use crate::{
    aggregate::{Collector, Key, Limits, Ordinals, Parts, SAME, Table, campaign_of, key_of},
    error::{Error, Result},
    pipeline::{Elsewhere, Material, ReportSettings, threshold::Visitors},
    privacy::{Collected, Lexicon, PeriodLines, Policy, Reentry},
    stats::{Accounts, Progress},
    time::{Calendar, Hours, Period, PeriodLength},
};

/// Streams of partials that may be counted together.
pub struct Partials {
    paths: Vec<PathBuf>,
    limits: Limits,
    length: PeriodLength,
}

/// What partials are released by.
pub struct MergeSettings<'m> {
    /// The settings that all streams have in common, and the key, if it is known.
    pub contract: Contract,
    /// What a report is made by.
    pub report: &'m ReportSettings,
    /// What became of each field.
    pub policy: &'m Policy,
    /// The key of the digests of a period's lines, where it is known.
    pub digest_key: &'m dyn Fn(Period) -> Option<u64>,
    /// Seeds for hash tables.
    pub seeds: [u64; 4],
}

/// Everything that partials hold: what a report is made from, and the lines of all periods by account.
/// Progress is in rows, of the first reading.
///
/// # Errors
///
/// [`Error::Refused`] for streams that are not of one contract; [`Error::Read`] and [`Error::Setting`] for
/// what cannot be read.
pub fn merge(
    paths: Vec<PathBuf>,
    settings: &MergeSettings<'_>,
    progress: &Progress,
) -> Result<(Material, Accounts)> {
    let calendar = &settings.report.calendar;
    let mut merging = Merging {
        taken: Reentry::new(settings.policy, calendar, settings.seeds),
        facts: Facts::default(),
        contract: settings.contract.clone(),
    };
    for path in &paths {
        let rows = merging.take(path)?;
        let bytes = path.metadata().map_or(0, |file| file.len());
        progress.add(bytes, rows);
    }
    let Merging {
        mut taken, facts, ..
    } = merging;
    for start in facts.periods() {
        let period = period(start, calendar);
        let period =
            period.ok_or_else(|| Error::Setting(format!("no period begins on {start}")))?;
        let (begin, key) = (
            calendar.midnight(period.start),
            (settings.digest_key)(period),
        );
        taken.lines(period, PeriodLines::counted(begin, key, facts.lines(start)));
    }
    let material = Material {
        sites: vec![Collected::join(vec![taken.finish()], settings.policy)],
        whole: true,
        sources: vec!["what the partials were made from".to_owned()],
        elsewhere: Some(Elsewhere::Partials(Partials {
            paths,
            limits: limits(settings.report),
            length: calendar.length(),
        })),
    };
    Ok((material, facts.accounts()))
}

/// What is needed of all streams before any can be counted.
struct Merging<'m> {
    taken: Reentry<'m>,
    facts: Facts,
    contract: Contract,
}

impl Merging<'_> {
    /// Takes all rows of a stream; how many there are.
    fn take(&mut self, path: &Path) -> Result<u64> {
        let (mut reader, mut count) = (open(path)?, 0);
        let name = path.display().to_string();
        let contract = self
            .contract
            .check(&name, Stage::Partials, &reader.metadata())?;
        // The first one that is under a key says under which.
        self.contract = contract.completed(&self.contract);
        while let Some(rows) = reader.next()? {
            for row in 0..rows.count() {
                let taken = self.take_row(&rows, row);
                taken.ok_or_else(|| reader.problem(DAMAGED))?;
            }
            count += rows.count() as u64;
        }
        Ok(count)
    }

    fn take_row(&mut self, rows: &Rows, row: usize) -> Option<()> {
        if let Some(fact) = partials::fact(rows, row) {
            return self.facts.add(&fact);
        }
        if let Some((table, columns)) = partials::cell(rows, row) {
            self.enter(table, &columns)?;
        }
        Some(())
    }

    /// Enters the strings of a cell's key columns that a lexicon holds.
    fn enter(&mut self, table: Table, columns: &[&str]) -> Option<()> {
        match (table, columns) {
            (Table::Pages, [page]) | (Table::Errors, [_, page]) => self.taken.page(page),
            (Table::Transitions, pages) => {
                let pages = pages.iter().filter(|page| **page != SAME);
                pages.for_each(|page| self.taken.page(page));
            }
            (Table::Referrers, [channel, name]) => {
                self.taken.source(name, channel)?;
            }
            (Table::Campaigns, [source, medium, campaign]) => {
                self.taken.campaign(campaign_of(source, medium, campaign));
            }
            _ => {}
        }
        Some(())
    }
}

const DAMAGED: &str = "it is damaged: a row is not one of partials";

fn open(path: &Path) -> Result<RowReader<BufReader<File>>> {
    let file = File::open(path).map_err(|source| Error::unreadable(path, source))?;
    RowReader::new(BufReader::new(file), &path.display().to_string(), &COLUMNS)
}

impl Partials {
    /// The visitors of a period.
    pub(in crate::pipeline) const fn visitors<'p>(
        &'p self,
        pool: &'p ThreadPool,
        period: Period,
        lexicon: &'p Lexicon,
        hours: &'p Hours,
    ) -> PartialVisitors<'p> {
        PartialVisitors {
            partials: self,
            pool,
            period,
            lexicon,
            hours,
        }
    }
}

/// The visitors of a period in streams of partials.
pub(in crate::pipeline) struct PartialVisitors<'p> {
    partials: &'p Partials,
    pool: &'p ThreadPool,
    period: Period,
    lexicon: &'p Lexicon,
    hours: &'p Hours,
}

impl Visitors for PartialVisitors<'_> {
    /// The threads take the streams in turn.
    fn collect<C: Collector>(&mut self, empty: impl Fn() -> C + Sync) -> Result<C> {
        let next = AtomicUsize::new(0);
        let workers = self.pool.broadcast(|_| {
            let mut collector = empty();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(path) = self.partials.paths.get(number) else {
                    return Ok(collector);
                };
                self.replay(number, path, &mut collector)?;
            }
        });
        let mut whole: Option<C> = None;
        for collector in workers {
            let collector = collector?;
            match &mut whole {
                Some(whole) => whole.merge(collector),
                None => whole = Some(collector),
            }
        }
        Ok(whole.unwrap_or_else(empty))
    }
}

impl PartialVisitors<'_> {
    fn replay(&self, number: usize, path: &Path, collector: &mut impl Collector) -> Result<()> {
        let mut reader = open(path)?;
        let mut known = KnownCells::new();
        let mut ordinals = Ordinals::of_part(u32::try_from(number).unwrap_or(u32::MAX));
        let period = self.period.to_string();
        while let Some(rows) = reader.next()? {
            let mut parts = Parts::new(self.partials.limits, self.hours);
            for row in 0..rows.count() {
                if rows.text(partials::PERIOD, row) != Some(&period) {
                    continue;
                }
                let key_of = |table: Table, columns: &[&str]| self.key_of(table, columns);
                let added = partials::add(&rows, row, &mut parts, &mut known, key_of);
                added.ok_or_else(|| reader.problem(DAMAGED))?;
            }
            parts.replay(collector, &mut ordinals);
        }
        Ok(())
    }

    fn key_of(&self, table: Table, columns: &[&str]) -> Option<Key> {
        key_of(table, columns, self.lexicon, self.partials.length)
    }
}

/// The periods of some material that are not over at an instant, by a calendar.
#[must_use]
pub fn not_over(
    material: &Material,
    calendar: &Calendar,
    now: crate::time::Timestamp,
) -> Vec<Period> {
    let periods = material.sites.iter().flat_map(|site| site.periods.keys());
    let open = periods.filter(|period| calendar.midnight(period.end()) > now);
    open.copied().collect()
}
