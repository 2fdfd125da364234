//! What gate 1 let through of one period in a while, with what is known of its lines, in a form that
//! outlives the gate.

use std::collections::BTreeMap;

use ahash::RandomState;
use serde::{Deserialize, Serialize};

use super::{
    excerpt::Excerpt,
    intake::{Intake, PeriodIntake},
    lexicon::Dictionary,
    lines::StoredLines,
    policy::Policy,
    pseudonym::Keys,
};
use crate::time::Period;

/// A part of a period's intake.
///
/// It is pseudonymous, like the hits in it: where it is written down it has to be sealed.
#[derive(Serialize, Deserialize)]
pub struct Segment {
    lines: StoredLines,
    excerpt: Excerpt,
}

impl Intake {
    /// The parts of all periods that lines were let in of.
    #[must_use]
    pub fn segments(self) -> BTreeMap<Period, Segment> {
        let Self {
            dictionary,
            periods,
            ..
        } = self;
        let segment = |(period, intake): (Period, PeriodIntake)| {
            let lines = intake.lines.stored()?;
            let excerpt = Excerpt::of(&dictionary, lines.start(), intake.hits.iter());
            Some((period, Segment { lines, excerpt }))
        };
        periods.into_iter().filter_map(segment).collect()
    }
}

impl Segment {
    /// How many hits it has.
    #[must_use]
    pub const fn hits(&self) -> usize {
        self.excerpt.hits()
    }

    /// The intake that it is a part of, for a run with the same policy; `None` if it is not of one.
    #[must_use]
    pub fn restored(self, period: Period, policy: &Policy, keys: &Keys) -> Option<Intake> {
        let [a, b, c, d] = keys.table_seeds();
        let mut dictionary = Dictionary::new(&RandomState::with_seeds(a, b, c, d));
        let (start, hosts) = (self.lines.start(), policy.hosts.names().len());
        let mut intake = PeriodIntake::restored(self.lines);
        let take = |hit| intake.restore(hit);
        self.excerpt.restore(&mut dictionary, start, hosts, take)?;
        Some(Intake {
            dictionary,
            traces: Vec::new(),
            periods: BTreeMap::from([(period, intake)]),
        })
    }
}
