//! The days of scrubbed lines, with their keys.

use crate::{
    privacy::pseudonym::{Keys, Pseudonyms},
    time::{Calendar, Day, Timestamp},
};

/// Days remembered: many for a log, few for memory.
const MOST_DAYS: usize = 512;

/// The days seen.
pub(super) struct Days<'r> {
    calendar: &'r Calendar,
    keys: &'r Keys,
    known: Vec<(Day, Option<Keyed>)>,
    latest: usize,
    next: u32,
}

/// A day's number, never that of another day, and its keys.
pub(super) struct Keyed {
    pub(super) number: u32,
    pub(super) visitors: Pseudonyms,
    pub(super) addresses: Pseudonyms,
}

impl<'r> Days<'r> {
    pub(super) const fn new(calendar: &'r Calendar, keys: &'r Keys) -> Self {
        Self {
            calendar,
            keys,
            known: Vec::new(),
            latest: 0,
            next: 0,
        }
    }

    /// The keys of an instant's day; none where they are given up.
    pub(super) fn of(&mut self, time: Timestamp) -> Option<&Keyed> {
        let contains = |(day, _): &(Day, _)| day.contains(time);
        if !self.known.get(self.latest).is_some_and(contains) {
            let found = self.known.iter().position(contains);
            self.latest = found.unwrap_or_else(|| self.add(time));
        }
        self.known[self.latest].1.as_ref()
    }

    #[cold]
    fn add(&mut self, time: Timestamp) -> usize {
        if self.known.len() == MOST_DAYS {
            self.known.clear();
        }
        let day = self.calendar.day(time);
        let is_shredded = self.keys.is_shredded(self.calendar.period(day.date));
        let keyed = (!is_shredded).then(|| Keyed {
            number: self.next,
            visitors: self.keys.scrubbed_visitors(day.date),
            addresses: self.keys.scrubbed_addresses(day.date),
        });
        self.next = self.next.wrapping_add(1);
        self.known.push((day, keyed));
        self.known.len() - 1
    }
}
