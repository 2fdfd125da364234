//! What gate 1 lets through: hits by period and shard, and the dictionaries behind their numbers.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    hit::Hit,
    lexicon::{Dictionary, Lexicon, Renumbering},
    lines::PeriodLines,
    repetition::ChunkTrace,
};
use crate::time::{Period, Timestamp};

/// Shards of a period; a visitor's hits are all in the one its pseudonym names.
const SHARDS: usize = 256;

/// Most hits of a block; blocks are filled one after another, so that a growing shard is never moved.
const BLOCK: usize = 128;

/// Hits of a shard's first block: small, since a run may have many small sites.
const FIRST_BLOCK: usize = 4;

/// What one worker let through of a period.
pub(super) struct PeriodIntake {
    pub(super) lines: PeriodLines,
    shards: Vec<Blocks>,
}

/// A growing list of hits.
type Blocks = Vec<Vec<Hit>>;

impl PeriodIntake {
    /// An empty intake of the period that begins at `start`.
    pub(super) fn new(start: Timestamp, key: u64) -> Self {
        Self {
            lines: PeriodLines::new(start, key),
            shards: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, hit: Hit) {
        if self.shards.is_empty() {
            self.shards.resize_with(SHARDS, Vec::new);
        }
        let blocks = &mut self.shards[(hit.visitor() >> 56) as usize];
        match blocks.last_mut().filter(|it| it.len() < it.capacity()) {
            Some(block) => block.push(hit),
            None => {
                let mut block = Vec::with_capacity(next_size(blocks));
                block.push(hit);
                blocks.push(block);
            }
        }
        self.lines.parse();
    }
}

/// How many hits the next block of a shard holds.
fn next_size(blocks: &Blocks) -> usize {
    let last = blocks.last().map(Vec::capacity);
    last.map_or(FIRST_BLOCK, |last| BLOCK.min(4 * last))
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
    /// Its hits: all of a visitor are in one shard.
    pub shards: Vec<Shard>,
}

/// A part of a period's hits, as the workers left it.
#[derive(Clone, Default)]
pub struct Shard {
    parts: Vec<(Arc<Renumbering>, Blocks)>,
}

impl Shard {
    /// The hits in one piece, numbered as the lexicon is, in no particular order.
    #[must_use]
    pub fn join(self) -> Vec<Hit> {
        let blocks = self.parts.iter().flat_map(|(_, blocks)| blocks);
        let mut joined = Vec::with_capacity(blocks.map(Vec::len).sum());
        for (renumbering, blocks) in self.parts {
            for mut block in blocks {
                block.iter_mut().for_each(|hit| hit.renumber(&renumbering));
                joined.append(&mut block);
            }
        }
        joined
    }
}

impl Collected {
    /// Joins what the workers let through. The order of workers changes no published number.
    #[must_use]
    pub fn join(intakes: Vec<Intake>, hosts: Vec<String>, goals: Vec<String>) -> Self {
        let (mut dictionaries, mut workers) = (Vec::new(), Vec::new());
        for intake in intakes {
            dictionaries.push(intake.dictionary);
            workers.push(intake.periods);
        }
        let (lexicon, renumberings) = Lexicon::join(dictionaries, hosts, goals);
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
    let PeriodIntake { lines, shards } = intake;
    let collected = match periods.remove(&period) {
        Some(mut earlier) => {
            earlier.lines.absorb(lines);
            earlier
        }
        None => CollectedPeriod {
            lines,
            shards: vec![Shard::default(); SHARDS],
        },
    };
    let collected = periods.entry(period).or_insert(collected);
    for (shard, hits) in collected.shards.iter_mut().zip(shards) {
        shard.parts.push((Arc::clone(renumbering), hits));
    }
}
