//! What gate 1 lets through: hits by period, and the dictionaries behind their numbers.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    hit::Hit,
    lexicon::{Dictionary, Lexicon, Renumbering},
    lines::{PeriodLines, StoredLines},
    policy::Policy,
    repetition::ChunkTrace,
    shard::{Hits, Pages},
};
use crate::time::{Period, Timestamp};

/// What one worker let through of a period.
pub(super) struct PeriodIntake {
    pub(super) lines: PeriodLines,
    pub(super) hits: Pages,
}

impl PeriodIntake {
    /// An empty intake of the period that begins at `start`.
    pub(super) fn new(start: Timestamp, key: u64) -> Self {
        Self {
            lines: PeriodLines::new(start, key),
            hits: Pages::default(),
        }
    }

    /// An intake that has the lines of an earlier one, but none of its hits yet.
    pub(super) fn restored(lines: StoredLines) -> Self {
        Self {
            lines: lines.restored(),
            hits: Pages::default(),
        }
    }

    /// Takes a hit back whose line is entered already.
    pub(super) fn restore(&mut self, hit: Hit) {
        self.hits.push(hit);
    }

    pub(super) fn push(&mut self, hit: Hit) {
        self.hits.push(hit);
        self.lines.parse();
    }
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
    pub periods: BTreeMap<Period, CollectedPeriod>,
}

/// Everything the run let through of a period.
pub struct CollectedPeriod {
    /// What is known of its lines.
    pub lines: PeriodLines,
    /// Its hits.
    pub hits: Hits,
}

impl Collected {
    /// Joins what the workers let through under a policy. The order of workers changes no published number.
    #[must_use]
    pub fn join(intakes: Vec<Intake>, policy: &Policy) -> Self {
        let (mut dictionaries, mut workers) = (Vec::new(), Vec::new());
        for intake in intakes {
            dictionaries.push(intake.dictionary);
            workers.push(intake.periods);
        }
        let (lexicon, renumberings) = Lexicon::join(dictionaries, policy);
        let mut periods = BTreeMap::new();
        for (worker, renumbering) in workers.into_iter().zip(renumberings) {
            let renumbering = Arc::new(renumbering);
            for (period, intake) in worker {
                join_period(&mut periods, period, intake, &renumbering);
            }
        }
        Self { lexicon, periods }
    }
}

fn join_period(
    periods: &mut BTreeMap<Period, CollectedPeriod>,
    period: Period,
    intake: PeriodIntake,
    renumbering: &Arc<Renumbering>,
) {
    let PeriodIntake { lines, hits } = intake;
    let collected = match periods.remove(&period) {
        Some(mut earlier) => {
            earlier.lines.absorb(lines);
            earlier
        }
        None => CollectedPeriod {
            lines,
            hits: Hits::default(),
        },
    };
    let collected = periods.entry(period).or_insert(collected);
    collected.hits.add(hits, renumbering);
}
