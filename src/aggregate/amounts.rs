//! What one visitor, or everybody, contributed to a cell: the additive measures.

use std::ops::AddAssign;

use super::{Family, Measure};

/// Additive measures of a cell or row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    pub(super) bounces: u64,
    pub(super) bytes: u64,
    pub(super) completions: u64,
    pub(super) dwell_count: u64,
    pub(super) dwell_seconds: u64,
    pub(super) entries: u64,
    pub(super) exits: u64,
    pub(super) pageviews: u64,
    pub(super) requests: u64,
    pub(super) transitions: u64,
    pub(super) visit_seconds: u64,
    pub(super) visits: u64,
}

impl Amounts {
    /// The amount of an additive measure; 0 for measures that are not sums.
    #[must_use]
    pub const fn of(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Bounces => self.bounces,
            Measure::Bytes => self.bytes,
            Measure::Completions => self.completions,
            Measure::DwellCount => self.dwell_count,
            Measure::DwellSeconds => self.dwell_seconds,
            Measure::Entries => self.entries,
            Measure::Exits => self.exits,
            Measure::Pageviews => self.pageviews,
            Measure::Requests => self.requests,
            Measure::Transitions => self.transitions,
            Measure::VisitSeconds => self.visit_seconds,
            Measure::Visits => self.visits,
            Measure::DwellMedian
            | Measure::DwellP90
            | Measure::PeakConcurrentVisits
            | Measure::VisitSecondsMedian
            | Measure::VisitSecondsP90
            | Measure::Visitors => 0,
        }
    }

    /// The same with another amount of an additive measure; `None` for measures that are not sums.
    #[must_use]
    pub const fn with(mut self, measure: Measure, amount: u64) -> Option<Self> {
        *match measure {
            Measure::Bounces => &mut self.bounces,
            Measure::Bytes => &mut self.bytes,
            Measure::Completions => &mut self.completions,
            Measure::DwellCount => &mut self.dwell_count,
            Measure::DwellSeconds => &mut self.dwell_seconds,
            Measure::Entries => &mut self.entries,
            Measure::Exits => &mut self.exits,
            Measure::Pageviews => &mut self.pageviews,
            Measure::Requests => &mut self.requests,
            Measure::Transitions => &mut self.transitions,
            Measure::VisitSeconds => &mut self.visit_seconds,
            Measure::Visits => &mut self.visits,
            Measure::DwellMedian
            | Measure::DwellP90
            | Measure::PeakConcurrentVisits
            | Measure::VisitSecondsMedian
            | Measure::VisitSecondsP90
            | Measure::Visitors => return None,
        } = amount;
        Some(self)
    }

    /// Whether anything of a family is in it: a pageview step counts as its pageview, a completion as
    /// its visit.
    #[must_use]
    pub const fn has(&self, family: Family) -> bool {
        match family {
            Family::Requests => self.requests > 0,
            Family::Pageviews => self.pageviews + self.transitions > 0,
            Family::Visits => self.visits + self.completions > 0,
        }
    }
}

impl AddAssign for Amounts {
    fn add_assign(&mut self, other: Self) {
        self.bounces += other.bounces;
        // Only a column that is no byte count comes near the end of the numbers.
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.completions += other.completions;
        self.dwell_count += other.dwell_count;
        self.dwell_seconds += other.dwell_seconds;
        self.entries += other.entries;
        self.exits += other.exits;
        self.pageviews += other.pageviews;
        self.requests += other.requests;
        self.transitions += other.transitions;
        self.visit_seconds += other.visit_seconds;
        self.visits += other.visits;
    }
}

#[cfg(test)]
impl Amounts {
    /// So many pageviews, for tests of what comes after.
    pub(crate) fn of_pageviews(pageviews: u64) -> Self {
        Self {
            pageviews,
            entries: 1,
            exits: 1,
            bounces: 1,
            dwell_seconds: 40 * pageviews,
            ..Self::default()
        }
    }
}
