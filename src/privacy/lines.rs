//! What is known of a period's lines beside their hits: how many there are, when they came, and the
//! order-free digest that tells whether they have changed.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::{const_xxh3::const_custom_default_secret, xxh3::xxh3_128_with_secret};

use crate::time::Timestamp;

/// The lines of one period, as far as one worker or the run has seen them.
pub struct PeriodLines {
    digest: LineDigest,
    secret: Box<[u8; 192]>,
    start: Timestamp,
    coverage: Option<Coverage>,
    parsed: u64,
    excluded: u64,
    refused: bool,
    /// The digest's key is not known here.
    keyless: bool,
}

/// An order-free keyed digest of a period's lines, to tell a harmless rerun from a changed input.
///
/// The sum of the lines' keyed 128-bit XXH3 hashes. It is private: it stands in no published file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LineDigest {
    /// The random key.
    pub key: u64,
    /// Lines entered.
    pub lines: u64,
    /// The sum of their hashes modulo 2^128.
    pub sum: u128,
}

/// Leaves out the key and the sum: with both, a guessed line could be confirmed.
impl fmt::Debug for LineDigest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LineDigest")
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

/// How much of a period its lines span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// The earliest line and the number of the source that holds it.
    pub earliest: (Timestamp, u32),
    /// A bit for each minute since the period's start in which a line was seen.
    minutes: Vec<u64>,
}

/// What is known of a period's lines, in numbers that add up over parts of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineCounts {
    /// Lines entered.
    pub lines: u64,
    /// The sum of their keyed hashes modulo 2^128.
    pub sum: u128,
    /// Lines counted as requests.
    pub parsed: u64,
    /// Lines set aside by filters.
    pub excluded: u64,
    /// Whether lines were set aside because the key of their day is shredded.
    pub refused: bool,
    /// When the earliest line was logged.
    pub earliest: Option<Timestamp>,
    /// A bit for each minute since the period's start in which a line was seen.
    pub minutes: Vec<u64>,
}

/// The lines of a period that outlive the gate.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredLines {
    key: u64,
    lines: u64,
    sum: u128,
    start: i64,
    earliest: (i64, u32),
    minutes: Vec<u64>,
    parsed: u64,
    excluded: u64,
}

impl PeriodLines {
    /// No lines yet of the period that begins at `start`.
    pub(super) fn new(start: Timestamp, key: u64) -> Self {
        let digest = LineDigest {
            key,
            lines: 0,
            sum: 0,
        };
        Self {
            digest,
            secret: Box::new(const_custom_default_secret(key)),
            start,
            coverage: None,
            parsed: 0,
            excluded: 0,
            refused: false,
            keyless: false,
        }
    }

    /// Lines that were counted elsewhere, of the period that begins at `start`; `key` is that of their digest,
    /// where it is known.
    #[must_use]
    pub fn counted(start: Timestamp, key: Option<u64>, counts: LineCounts) -> Self {
        let minutes = counts.minutes;
        // Lines of a day whose key is given up were hashed under keys of one process each.
        let keyless = key.is_none() || counts.refused;
        let key = key.unwrap_or(0);
        Self {
            digest: LineDigest {
                key,
                lines: counts.lines,
                sum: counts.sum,
            },
            coverage: counts.earliest.map(|time| Coverage {
                earliest: (time, 0),
                minutes,
            }),
            parsed: counts.parsed,
            excluded: counts.excluded,
            refused: counts.refused,
            keyless,
            ..Self::new(start, key)
        }
    }

    /// The same as numbers that add up over parts of the period; the digest's key is left out.
    #[must_use]
    pub fn counts(&self) -> LineCounts {
        let coverage = self.coverage.as_ref();
        LineCounts {
            lines: self.digest.lines,
            sum: self.digest.sum,
            parsed: self.parsed,
            excluded: self.excluded,
            refused: self.refused,
            earliest: coverage.map(|coverage| coverage.earliest.0),
            minutes: coverage.map_or_else(Vec::new, |coverage| coverage.minutes.clone()),
        }
    }

    /// The start of their period.
    pub(super) const fn start(&self) -> Timestamp {
        self.start
    }

    /// Enters a line's bytes into the digest; half of their keyed hash. A mark of byte order is left out:
    /// there are readers of files that take it away.
    pub(super) fn digest_line(&mut self, line: &[u8]) -> u64 {
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        let hash = xxh3_128_with_secret(line, &*self.secret);
        self.digest.sum = self.digest.sum.wrapping_add(hash);
        self.digest.lines += 1;
        hash as u64
    }

    /// Notes when and in which source a line was seen.
    pub(super) fn cover(&mut self, time: Timestamp, source: u32) {
        let coverage = self.coverage.get_or_insert_with(|| Coverage {
            earliest: (time, source),
            minutes: Vec::new(),
        });
        coverage.earliest = coverage.earliest.min((time, source));
        coverage.mark(minute(self.start, time));
    }

    /// Counts a line set aside by a filter.
    pub(super) const fn exclude(&mut self) {
        self.excluded += 1;
    }

    /// Notes that lines are set aside because the key of their day is shredded.
    pub(super) const fn refuse(&mut self) {
        self.refused = true;
    }

    /// Counts a line that became a hit.
    pub(super) const fn parse(&mut self) {
        self.parsed += 1;
    }

    /// Adds what another worker saw of the same period.
    pub(super) fn absorb(&mut self, other: Self) {
        self.digest.lines += other.digest.lines;
        self.digest.sum = self.digest.sum.wrapping_add(other.digest.sum);
        self.parsed += other.parsed;
        self.excluded += other.excluded;
        self.refused |= other.refused;
        match (&mut self.coverage, other.coverage) {
            (Some(mine), Some(theirs)) => mine.absorb(&theirs),
            (mine @ None, theirs) => *mine = theirs,
            (Some(_), None) => {}
        }
    }

    /// Adds what other lines of the same files show of the period, if any line of it was covered.
    pub(super) fn extend_coverage(&mut self, others: &Coverage) {
        if let Some(coverage) = &mut self.coverage {
            coverage.absorb(others);
        }
    }

    /// What is to be kept of them; `None` if none were covered, or they are refused.
    pub(super) fn stored(&self) -> Option<StoredLines> {
        let coverage = self.coverage.as_ref().filter(|_| !self.refused)?;
        let (earliest, source) = coverage.earliest;
        Some(StoredLines {
            key: self.digest.key,
            lines: self.digest.lines,
            sum: self.digest.sum,
            start: self.start.0,
            earliest: (earliest.0, source),
            minutes: coverage.minutes.clone(),
            parsed: self.parsed,
            excluded: self.excluded,
        })
    }

    /// Whether lines were set aside because the key of their day is shredded.
    #[must_use]
    pub const fn is_refused(&self) -> bool {
        self.refused
    }

    /// The digest of the lines as it may be kept: with its key, or not at all.
    #[must_use]
    pub fn recorded(&self) -> Option<LineDigest> {
        (!self.keyless).then_some(self.digest)
    }

    /// The digest of the lines.
    #[must_use]
    pub const fn digest(&self) -> LineDigest {
        self.digest
    }

    /// How much of the period the lines span; `None` for a period already released, or not over.
    #[must_use]
    pub const fn coverage(&self) -> Option<&Coverage> {
        self.coverage.as_ref()
    }

    /// Lines counted as requests.
    #[must_use]
    pub const fn parsed(&self) -> u64 {
        self.parsed
    }

    /// Lines set aside by filters.
    #[must_use]
    pub const fn excluded(&self) -> u64 {
        self.excluded
    }
}

impl StoredLines {
    /// The start of their period.
    pub(super) const fn start(&self) -> Timestamp {
        Timestamp(self.start)
    }

    pub(super) fn restored(self) -> PeriodLines {
        let (earliest, source) = self.earliest;
        PeriodLines {
            digest: LineDigest {
                key: self.key,
                lines: self.lines,
                sum: self.sum,
            },
            coverage: Some(Coverage {
                earliest: (Timestamp(earliest), source),
                minutes: self.minutes,
            }),
            parsed: self.parsed,
            excluded: self.excluded,
            ..PeriodLines::new(Timestamp(self.start), self.key)
        }
    }
}

impl Coverage {
    fn mark(&mut self, minute: usize) {
        let word = minute / 64;
        if word >= self.minutes.len() {
            self.minutes.resize(word + 1, 0);
        }
        self.minutes[word] |= 1 << (minute % 64);
    }

    pub(super) fn absorb(&mut self, other: &Self) {
        self.earliest = self.earliest.min(other.earliest);
        if self.minutes.len() < other.minutes.len() {
            self.minutes.resize(other.minutes.len(), 0);
        }
        for (mine, theirs) in self.minutes.iter_mut().zip(&other.minutes) {
            *mine |= theirs;
        }
    }

    /// The longest time between neighbouring lines in microseconds, to the minute.
    #[must_use]
    pub fn longest_gap(&self) -> i64 {
        let minutes = (0..self.minutes.len() * 64)
            .filter(|minute| self.minutes[minute / 64] >> (minute % 64) & 1 == 1);
        let mut previous = None;
        let mut longest = 0;
        for minute in minutes {
            longest = longest.max(minute - previous.unwrap_or(minute));
            previous = Some(minute);
        }
        i64::try_from(longest).map_or(i64::MAX, |minutes| minutes * Timestamp::MINUTE)
    }
}

fn minute(start: Timestamp, time: Timestamp) -> usize {
    usize::try_from((time.0 - start.0) / Timestamp::MINUTE).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[(&[u8], i64)]) -> PeriodLines {
        let mut period = PeriodLines::new(Timestamp(0), 7);
        for (bytes, minute) in lines {
            period.digest_line(bytes);
            period.cover(Timestamp(minute * Timestamp::MINUTE), 0);
        }
        period
    }

    #[test]
    fn the_digest_does_not_depend_on_order_or_on_who_saw_what() {
        let whole = lines(&[(b"a", 0), (b"b", 1), (b"b", 1)]);
        let mut parts = lines(&[(b"b", 1)]);
        parts.absorb(lines(&[(b"b", 1), (b"a", 0)]));
        assert!(whole.digest() == parts.digest());
        assert_eq!(whole.digest().lines, 3);
        assert_eq!(whole.coverage(), parts.coverage());
        assert!(whole.digest() != lines(&[(b"a", 0), (b"a", 1), (b"b", 1)]).digest());
        let marked = lines(&[(b"\xEF\xBB\xBFa", 0), (b"b", 1), (b"b", 1)]);
        assert!(whole.digest() == marked.digest());
    }

    #[test]
    fn what_two_workers_saw_adds_up() {
        let counted = |parsed: u64, excluded: u64, refused: bool, minutes: &[i64]| {
            let seen: Vec<_> = minutes.iter().map(|&minute| (&b"a"[..], minute)).collect();
            let mut period = lines(&seen);
            (0..parsed).for_each(|_| period.parse());
            (0..excluded).for_each(|_| period.exclude());
            if refused {
                period.refuse();
            }
            period
        };
        // In either order: one of them has seen more of the day.
        let (one, other) = ((5, 2, false, [3]), (4, 3, true, [900]));
        for ((parsed, excluded, refused, minutes), other) in [(one, other), (other, one)] {
            let mut sum = counted(parsed, excluded, refused, &minutes);
            sum.absorb(counted(other.0, other.1, other.2, &other.3));
            assert_eq!((sum.parsed(), sum.excluded()), (9, 5));
            assert!(sum.is_refused());
            let gap = sum.coverage().unwrap().longest_gap();
            assert_eq!(gap, 897 * Timestamp::MINUTE);
        }
        assert!(!counted(1, 1, false, &[0]).is_refused());
    }

    #[test]
    fn minutes_are_those_of_the_period() {
        let start = Timestamp(1_000_000 * Timestamp::MINUTE);
        assert_eq!(minute(start, Timestamp(start.0 + 90 * 1_000_000)), 1);
        assert_eq!(minute(start, Timestamp(start.0 - 1)), 0);
    }

    #[test]
    fn the_longest_gap_is_between_neighbours() {
        let period = lines(&[(b"a", 500), (b"b", 10), (b"c", 70)]);
        let coverage = period.coverage().unwrap();
        assert_eq!(coverage.earliest.0, Timestamp(10 * Timestamp::MINUTE));
        assert_eq!(coverage.longest_gap(), 430 * Timestamp::MINUTE);
        assert_eq!(lines(&[(b"a", 5)]).coverage().unwrap().longest_gap(), 0);
    }
}
