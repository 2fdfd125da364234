//! What gate 1 lets through: hits by period and shard, with each period's accounts, coverage and the
//! order-free digest of its lines.

use std::{collections::BTreeMap, fmt, mem};

use xxhash_rust::{const_xxh3::const_custom_default_secret, xxh3::xxh3_128_with_secret};

use super::{
    hit::Hit,
    lexicon::{Dictionary, Lexicon, Renumbering},
    repetition::{ChunkTrace, Repetitions},
};
use crate::time::{Period, Timestamp};

/// Shards of a period; a visitor's hits are all in the one its pseudonym names.
pub const SHARDS: usize = 256;

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

/// The lines of one period, as far as one worker or the run has seen them.
pub struct PeriodIntake {
    digest: LineDigest,
    secret: Box<[u8; 192]>,
    start: Timestamp,
    coverage: Option<Coverage>,
    parsed: u64,
    excluded: u64,
    shards: Vec<Vec<Hit>>,
}

impl PeriodIntake {
    /// An empty intake of the period that begins at `start`.
    pub(super) fn new(start: Timestamp, key: u64) -> Self {
        Self {
            digest: LineDigest {
                key,
                lines: 0,
                sum: 0,
            },
            secret: Box::new(const_custom_default_secret(key)),
            start,
            coverage: None,
            parsed: 0,
            excluded: 0,
            shards: Vec::new(),
        }
    }

    /// Enters a line's bytes into the digest; half of their keyed hash.
    pub(super) fn digest_line(&mut self, line: &[u8]) -> u64 {
        let hash = xxh3_128_with_secret(line, &*self.secret);
        self.digest.sum = self.digest.sum.wrapping_add(hash);
        self.digest.lines += 1;
        hash as u64
    }

    /// Notes when and where a line was seen.
    pub(super) fn cover(&mut self, time: Timestamp, source: u32) {
        let coverage = self.coverage.get_or_insert_with(|| Coverage {
            earliest: (time, source),
            minutes: Vec::new(),
        });
        coverage.earliest = coverage.earliest.min((time, source));
        coverage.mark(minute(self.start, time));
    }

    pub(super) const fn exclude(&mut self) {
        self.excluded += 1;
    }

    pub(super) fn push(&mut self, hit: Hit) {
        if self.shards.is_empty() {
            self.shards.resize_with(SHARDS, Vec::new);
        }
        self.shards[(hit.visitor() >> 56) as usize].push(hit);
        self.parsed += 1;
    }

    /// The digest of the period's lines.
    #[must_use]
    pub const fn digest(&self) -> LineDigest {
        self.digest
    }

    /// How much of the period its lines span; `None` for a period already released.
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

    /// Takes the hits out, by shard, in no particular order.
    #[must_use]
    pub fn take_shards(&mut self) -> Vec<Vec<Hit>> {
        mem::take(&mut self.shards)
    }

    fn absorb(&mut self, other: Self, renumbering: &Renumbering) {
        self.digest.lines += other.digest.lines;
        self.digest.sum = self.digest.sum.wrapping_add(other.digest.sum);
        self.parsed += other.parsed;
        self.excluded += other.excluded;
        match (&mut self.coverage, other.coverage) {
            (Some(mine), Some(theirs)) => mine.absorb(theirs),
            (mine @ None, theirs) => *mine = theirs,
            (Some(_), None) => {}
        }
        if self.shards.is_empty() {
            self.shards.resize_with(SHARDS, Vec::new);
        }
        for (mine, mut theirs) in self.shards.iter_mut().zip(other.shards) {
            theirs.iter_mut().for_each(|hit| hit.renumber(renumbering));
            // The longer list stays where it is.
            if mine.len() < theirs.len() {
                mem::swap(mine, &mut theirs);
            }
            mine.append(&mut theirs);
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

    fn absorb(&mut self, other: Self) {
        self.earliest = self.earliest.min(other.earliest);
        if self.minutes.len() < other.minutes.len() {
            self.minutes.resize(other.minutes.len(), 0);
        }
        for (mine, theirs) in self.minutes.iter_mut().zip(other.minutes) {
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
        i64::try_from(longest).unwrap_or(i64::MAX / MINUTE) * MINUTE
    }
}

const MINUTE: i64 = 60 * Timestamp::MICROSECONDS;

fn minute(start: Timestamp, time: Timestamp) -> usize {
    usize::try_from((time.0 - start.0) / MINUTE).unwrap_or(0)
}

/// Everything one worker let through.
pub struct Intake {
    pub(super) dictionary: Dictionary,
    pub(super) traces: Vec<ChunkTrace>,
    pub(super) periods: BTreeMap<Period, PeriodIntake>,
}

/// Everything the run let through, under one lexicon.
pub struct Collected {
    /// The strings behind the numbers in the hits.
    pub lexicon: Lexicon,
    /// The periods, in order.
    pub periods: BTreeMap<Period, PeriodIntake>,
    /// Lines that were let through more than once.
    pub repetitions: Repetitions,
}

impl Collected {
    /// Joins what the workers let through. The order of workers changes no published number.
    #[must_use]
    pub fn join(intakes: Vec<Intake>, hosts: Vec<String>, goals: Vec<String>) -> Self {
        let (mut dictionaries, mut workers, mut traces) = (Vec::new(), Vec::new(), Vec::new());
        for intake in intakes {
            dictionaries.push(intake.dictionary);
            workers.push(intake.periods);
            traces.extend(intake.traces);
        }
        let (lexicon, renumberings) = Lexicon::join(dictionaries, hosts, goals);
        let mut periods = BTreeMap::new();
        for (worker, renumbering) in workers.into_iter().zip(&renumberings) {
            for (period, intake) in worker {
                periods
                    .entry(period)
                    .or_insert_with(|| PeriodIntake::new(intake.start, intake.digest.key))
                    .absorb(intake, renumbering);
            }
        }
        Self {
            lexicon,
            periods,
            repetitions: Repetitions::find(traces),
        }
    }
}
