//! When visitors were there: visits in progress by minute, networks by hour.

use super::{contribution::Contribution, networks::NetworkSet};
use crate::time::Hours;

/// The visits in progress in each minute of a period, and the networks of each hour.
pub struct Attendance {
    /// By minute of the period: visits that begin in it, less those that ended in the minute before.
    presence: Vec<i32>,
    /// By hour of the period: networks that sent a request.
    hours: Vec<NetworkSet>,
    limit: usize,
}

impl Attendance {
    /// Nobody yet; sets of networks grow to `limit`.
    #[must_use]
    pub fn new(limit: usize, hours: &Hours) -> Self {
        Self {
            presence: vec![0; hours.minutes() + 1],
            hours: vec![NetworkSet::default(); hours.count()],
            limit,
        }
    }

    /// By minute of the period, visits that begin in it, less those that ended in the minute before.
    #[must_use]
    pub fn changes(&self) -> &[i32] {
        &self.presence
    }

    /// By hour of the period, the networks that sent a request.
    #[must_use]
    pub fn hours(&self) -> &[NetworkSet] {
        &self.hours
    }

    /// Adds a change of a minute; `None` if the period has no such minute.
    #[must_use]
    pub fn change(&mut self, minute: usize, change: i32) -> Option<()> {
        let known = self.presence.get_mut(minute)?;
        *known = known.checked_add(change)?;
        Some(())
    }

    /// Adds networks of an hour; `None` if the period has no such hour.
    #[must_use]
    pub fn attend(&mut self, hour: usize, networks: &NetworkSet) -> Option<()> {
        self.hours.get_mut(hour)?.absorb(networks, self.limit);
        Some(())
    }

    pub(super) fn collect(&mut self, contribution: &Contribution) {
        for &(first, last) in &contribution.presences {
            self.presence[first] += 1;
            self.presence[last + 1] -= 1;
        }
        for &hour in &contribution.hours {
            self.hours[hour].insert(contribution.network, self.limit);
        }
    }

    pub(super) fn absorb(&mut self, other: &Self) {
        for (mine, theirs) in self.presence.iter_mut().zip(&other.presence) {
            *mine += theirs;
        }
        for (mine, theirs) in self.hours.iter_mut().zip(&other.hours) {
            mine.absorb(theirs, self.limit);
        }
    }
}
