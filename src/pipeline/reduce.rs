//! Reads the sorted shards of a period into a collector, shards side by side.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::{ThreadPool, prelude::*};

use crate::{
    aggregate::{Collector, Contribution, Reading},
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

/// Collects the contributions of all visitors of sorted shards. Collectors merge by addition, so it
/// does not matter which thread takes which shard.
pub(super) fn collect<C: Collector>(
    pool: &ThreadPool,
    shards: &[Shard<'_>],
    reading: Reading<'_>,
    empty: impl Fn() -> C + Sync,
) -> C {
    let next = AtomicUsize::new(0);
    let parts = pool.broadcast(|_| {
        let mut collector = empty();
        let mut contribution = Contribution::to(&collector.tables());
        let mut hits = Vec::new();
        while let Some(shard) = shards.get(next.fetch_add(1, Ordering::Relaxed)) {
            shard.join(&mut hits);
            // All at once, so that the processor waits for many identities together.
            let visitors: Vec<_> = session::visitors(&hits)
                .map(|hits| (hits, *reading.lexicon.identity(hits[0].identity())))
                .collect();
            for (hits, identity) in visitors {
                contribution.read(hits, &identity, &reading);
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
