//! Reads the sorted shards of a period into a collector, shards side by side.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::{ThreadPool, prelude::*};

use crate::{
    aggregate::{Collector, Contribution, Reading},
    privacy::{Hit, Lexicon, Shard},
    session,
};

/// The shards in one piece each, sorted into the order in which visits are defined.
pub(super) fn sorted(pool: &ThreadPool, shards: Vec<Shard>, lexicon: &Lexicon) -> Vec<Vec<Hit>> {
    let sorted = |shard: Shard| {
        let mut hits = shard.join();
        session::sort(&mut hits, lexicon);
        hits
    };
    pool.install(|| shards.into_par_iter().map(sorted).collect())
}

/// Collects the contributions of all visitors of sorted shards. Collectors merge by addition, so it
/// does not matter which thread takes which shard.
pub(super) fn collect<C: Collector>(
    pool: &ThreadPool,
    shards: &[Vec<Hit>],
    reading: Reading<'_>,
    empty: impl Fn() -> C + Sync,
) -> C {
    let next = AtomicUsize::new(0);
    let parts = pool.broadcast(|_| {
        let mut collector = empty();
        let mut contribution = Contribution::default();
        while let Some(shard) = shards.get(next.fetch_add(1, Ordering::Relaxed)) {
            for visitor in session::visitors(shard) {
                contribution.read(visitor, &reading);
                collector.collect(&contribution);
            }
        }
        collector
    });
    let merged = parts.into_iter().reduce(|mut left, right| {
        left.merge(right);
        left
    });
    merged.unwrap_or_else(empty)
}
