//! The visitors of a period whose hits have left memory: one part after another is taken back, sorted and
//! counted, as often as a release asks.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::ThreadPool;

use super::{Runs, damaged};
use crate::{
    aggregate::{
        Collector, Contribution, Reading, Table, VisitSettings,
        bounded::{BoundedTables, Bounding, Units},
    },
    error::Result,
    pipeline::{reduce, threshold::Visitors},
    privacy::{Hit, Lexicon, PARTS, Part, Shard},
    session,
    time::{Hours, Period, Timestamp},
};

/// The visitors of a period.
pub(in crate::pipeline) struct RunVisitors<'r> {
    pub(in crate::pipeline) pool: &'r ThreadPool,
    pub(in crate::pipeline) runs: &'r Runs,
    pub(in crate::pipeline) site: usize,
    pub(in crate::pipeline) period: Period,
    pub(in crate::pipeline) start: Timestamp,
    /// The names of the whole period.
    pub(in crate::pipeline) lexicon: &'r Lexicon,
    pub(in crate::pipeline) hours: &'r Hours,
    pub(in crate::pipeline) settings: &'r VisitSettings,
}

/// Visits of a thread after which those that are not needed are left out.
const MOST_VISITS: usize = 1 << 16;

impl Visitors for RunVisitors<'_> {
    fn collect<C: Collector>(&mut self, empty: impl Fn() -> C + Sync) -> Result<C> {
        let collectors = self.part_by_part(&empty, |collector, hits, reading| {
            reduce::collected(collector, hits, reading)
        })?;
        Ok(reduce::merged(collectors).unwrap_or_else(empty))
    }

    fn most_visits(&self) -> usize {
        MOST_VISITS
    }
}

impl RunVisitors<'_> {
    /// Counts the units of all visitors, each bounded.
    pub(in crate::pipeline) fn bounded(&self, bounding: Bounding<'_>) -> Result<BoundedTables> {
        let begin = || (Units::new(bounding), Contribution::to(&Table::ALL));
        let parts = self.part_by_part(begin, |(mut units, mut contribution), hits, reading| {
            reduce::count_units(&mut units, &mut contribution, hits, reading);
            (units, contribution)
        })?;
        let mut tables = BoundedTables::default();
        for (units, _) in parts {
            tables.merge(units.finish());
        }
        Ok(tables)
    }

    /// Takes the sorted hits of each part, some visitors at a time, to one of the threads; what each thread has
    /// made of them.
    fn part_by_part<W: Send>(
        &self,
        begin: impl Fn() -> W + Sync,
        take: impl Fn(W, &[Hit], Reading<'_>) -> W + Sync,
    ) -> Result<Vec<W>> {
        let next = AtomicUsize::new(0);
        let workers = self.pool.broadcast(|_| {
            let (mut work, mut buffer) = (begin(), Vec::new());
            loop {
                let part = next.fetch_add(1, Ordering::Relaxed);
                if part >= PARTS {
                    return Ok(work);
                }
                work = self.take_part(part, work, &mut buffer, &take)?;
            }
        });
        workers.into_iter().collect()
    }

    fn take_part<W>(
        &self,
        part: usize,
        mut work: W,
        buffer: &mut Vec<Hit>,
        take: impl Fn(W, &[Hit], Reading<'_>) -> W,
    ) -> Result<W> {
        let carrying = &self.runs.carrying;
        let excerpts = self.runs.hits(self.site, self.period, part);
        let taken = carrying.part_of(excerpts, self.start, self.lexicon)?;
        let taken = taken.ok_or_else(damaged);
        let Part { lexicon, mut hits } = taken?;
        // Under the numbers of the part, which are ranks of all its names.
        let shards = hits.shards().into_iter();
        let shards = shards.map(|shard| shard.sort(buffer, |hits| session::sort(hits, &lexicon)));
        let shards: Vec<Shard<'_>> = shards.collect();
        let reading = Reading {
            lexicon: &carrying.translated(lexicon, self.lexicon),
            hours: self.hours,
            settings: self.settings,
        };
        for shard in shards {
            shard.join(buffer);
            work = take(work, buffer, reading);
        }
        Ok(work)
    }
}
