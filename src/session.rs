//! Groups one visitor's hits into visits, in event time.

use crate::{
    privacy::{Hit, Lexicon},
    time::Timestamp,
};

/// Longest duration of a visit that is counted, in seconds.
const LONGEST_VISIT: u64 = 43_200;

/// Sorts hits into the order in which visits are defined.
pub fn sort(hits: &mut [Hit], lexicon: &Lexicon) {
    hits.sort_unstable_by(|left, right| left.order(right, lexicon));
}

/// The hits of each visitor of a day, out of a sorted shard. A visitor of another day has another
/// pseudonym.
pub fn visitors(sorted: &[Hit]) -> impl Iterator<Item = &[Hit]> {
    sorted.chunk_by(|left, right| left.visitor() == right.visitor())
}

/// A maximal run of one visitor's requests without a gap longer than the timeout, with at least one
/// pageview.
#[derive(Clone, Copy)]
pub struct Visit<'h> {
    hits: &'h [Hit],
    pageviews: u32,
}

/// The visits of one visitor's sorted hits. A gap of exactly `timeout` (microseconds) continues a visit.
pub fn visits(visitor: &[Hit], timeout: i64) -> impl Iterator<Item = Visit<'_>> {
    visitor
        .chunk_by(move |left, right| right.time().0 - left.time().0 <= timeout)
        .map(|hits| Visit {
            hits,
            pageviews: count(hits.iter().filter(|hit| hit.is_pageview())),
        })
        .filter(|visit| visit.pageviews > 0)
}

impl<'h> Visit<'h> {
    /// All its requests, in order.
    #[must_use]
    pub const fn hits(&self) -> &'h [Hit] {
        self.hits
    }

    /// Its pageviews, in order; at least one.
    pub fn pageviews(&self) -> impl Iterator<Item = &'h Hit> + use<'h> {
        self.hits.iter().filter(|hit| hit.is_pageview())
    }

    /// How many pageviews it has.
    #[must_use]
    pub const fn depth(&self) -> u32 {
        self.pageviews
    }

    /// When its first request was received.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.hits[0].time()
    }

    /// When its last request was received.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.hits[self.hits.len() - 1].time()
    }

    /// Whole seconds from first to last request, at most half a day.
    #[must_use]
    pub fn duration(&self) -> u64 {
        seconds_between(self.start(), self.end()).min(LONGEST_VISIT)
    }
}

/// Whole seconds from one instant to a later one.
#[must_use]
pub fn seconds_between(earlier: Timestamp, later: Timestamp) -> u64 {
    u64::try_from((later.0 - earlier.0) / Timestamp::MICROSECONDS).unwrap_or(0)
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
