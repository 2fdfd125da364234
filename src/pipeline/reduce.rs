//! Reads the sorted shards of a period into a collector, shards side by side.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use rayon::{ThreadPool, prelude::*};

use crate::{
    aggregate::{
        Collector, Contribution, Reading, Table,
        bounded::{BoundedTables, Bounding, Units},
    },
    privacy::{Hit, Hits, Lexicon, Shard, UnsortedShard},
    session,
};

/// The shards of a period's hits, sorted into the order in which visits are defined.
pub(super) fn sorted<'h>(
    pool: &ThreadPool,
    hits: &'h mut Hits,
    lexicon: &Lexicon,
) -> Vec<Shard<'h>> {
    let sorted = |buffer: &mut Vec<Hit>, shard: UnsortedShard<'h>| {
        shard.sort(buffer, |hits| session::sort(hits, lexicon))
    };
    let shards = hits.shards().into_par_iter();
    pool.install(|| shards.map_init(Vec::new, sorted).collect())
}

/// The same, and what is collected of them: each shard is read while it is in a near cache.
pub(super) fn sorted_and_collected<'h, C: Collector>(
    pool: &ThreadPool,
    hits: &'h mut Hits,
    reading: Reading<'_>,
    empty: impl Fn() -> C + Sync,
) -> (Vec<Shard<'h>>, C) {
    let unsorted = Mutex::new(hits.shards());
    let next = || {
        unsorted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    };
    let parts = pool.broadcast(|_| {
        let mut visitors = Visitors::new(empty(), reading);
        let (mut shards, mut buffer) = (Vec::new(), Vec::new());
        while let Some(shard) = next() {
            shards.push(shard.sort(&mut buffer, |hits| session::sort(hits, reading.lexicon)));
            visitors.collect(&buffer);
        }
        (shards, visitors.collector)
    });
    let (shards, collectors): (Vec<_>, Vec<C>) = parts.into_iter().unzip();
    let collected = merged(collectors).unwrap_or_else(empty);
    (shards.into_iter().flatten().collect(), collected)
}

/// Collects the contributions of all visitors of sorted shards. Collectors merge by addition, so it
/// does not matter which thread takes which shard.
pub(super) fn collect<C: Collector>(
    pool: &ThreadPool,
    shards: &[Shard<'_>],
    reading: Reading<'_>,
    empty: impl Fn() -> C + Sync,
) -> C {
    let begin = || Visitors::new(empty(), reading);
    let parts = shard_by_shard(pool, shards, begin, Visitors::collect);
    let collectors = parts.into_iter().map(|visitors| visitors.collector);
    merged(collectors).unwrap_or_else(empty)
}

/// A collector with what it takes to read visitors into it.
struct Visitors<'r, C> {
    collector: C,
    contribution: Contribution,
    reading: Reading<'r>,
}

impl<'r, C: Collector> Visitors<'r, C> {
    fn new(collector: C, reading: Reading<'r>) -> Self {
        Self {
            contribution: Contribution::to(&collector.tables()),
            collector,
            reading,
        }
    }

    /// Collects the visitors of a sorted shard.
    fn collect(&mut self, hits: &[Hit]) {
        // All at once, so that the processor waits for many identities together.
        let lexicon = self.reading.lexicon;
        let visitors: Vec<_> = session::visitors(hits)
            .map(|hits| (hits, *lexicon.identity(hits[0].identity())))
            .collect();
        for (hits, identity) in visitors {
            self.contribution.read(hits, &identity, &self.reading);
            self.collector.collect(&self.contribution);
        }
    }
}

/// A collector with the visitors of sorted hits collected too.
pub(super) fn collected<C: Collector>(collector: C, hits: &[Hit], reading: Reading<'_>) -> C {
    let mut visitors = Visitors::new(collector, reading);
    visitors.collect(hits);
    visitors.collector
}

/// What several collectors have collected together.
pub(super) fn merged<C: Collector>(collectors: impl IntoIterator<Item = C>) -> Option<C> {
    collectors.into_iter().reduce(|mut left, right| {
        left.merge(right);
        left
    })
}

/// Counts the units of sorted shards, each bounded. All visitors of a unit are in one shard.
pub(super) fn bounded(
    pool: &ThreadPool,
    shards: &[Shard<'_>],
    reading: Reading<'_>,
    bounding: Bounding<'_>,
) -> BoundedTables {
    let begin = || (Units::new(bounding), Contribution::to(&Table::ALL));
    let parts = shard_by_shard(pool, shards, begin, |(units, contribution), hits| {
        count_units(units, contribution, hits, reading);
    });
    let mut tables = BoundedTables::default();
    for (units, _) in parts {
        tables.merge(units.finish());
    }
    tables
}

/// Counts the units of a sorted shard.
pub(super) fn count_units(
    units: &mut Units<'_>,
    contribution: &mut Contribution,
    hits: &[Hit],
    reading: Reading<'_>,
) {
    let unit = |hits: &&[Hit]| reading.lexicon.unit(hits[0].identity()).unwrap_or(0);
    let mut visitors: Vec<&[Hit]> = session::visitors(hits).collect();
    visitors.sort_by_cached_key(unit);
    for visitors in visitors.chunk_by(|left, right| unit(left) == unit(right)) {
        for hits in visitors {
            let identity = reading.lexicon.identity(hits[0].identity());
            contribution.read(hits, identity, &reading);
            units.add(contribution);
        }
        units.end_unit(unit(&visitors[0]));
    }
}

/// Takes each shard's hits to one of the threads; what each thread has made of its shards.
fn shard_by_shard<W: Send>(
    pool: &ThreadPool,
    shards: &[Shard<'_>],
    begin: impl Fn() -> W + Sync,
    take: impl Fn(&mut W, &[Hit]) + Sync,
) -> Vec<W> {
    let next = AtomicUsize::new(0);
    pool.broadcast(|_| {
        let mut work = begin();
        let mut hits = Vec::new();
        while let Some(shard) = shards.get(next.fetch_add(1, Ordering::Relaxed)) {
            shard.join(&mut hits);
            take(&mut work, &hits);
        }
        work
    })
}
