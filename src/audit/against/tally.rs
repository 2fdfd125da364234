//! What is counted of a row: sums, networks, visitors, and how far one visitor stands out.

use hashbrown::HashSet;

use crate::aggregate::{Family, Histogram, Measure};

/// How many measures there are; each has its number as its place.
pub(super) const MEASURES: usize = 18;

/// Sums by measure.
pub(super) type Amounts = [u64; MEASURES];

/// Distinct networks, as many as anything asks for.
#[derive(Default)]
pub(super) struct Networks(HashSet<u32>);

impl Networks {
    pub(super) fn insert(&mut self, network: u32, most: usize) {
        if self.0.len() < most {
            self.0.insert(network);
        }
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

/// One measure by visitors.
#[derive(Clone, Copy, Default)]
pub(super) struct Spread {
    total: u64,
    largest: u64,
    second: u64,
    visitors: u64,
}

impl Spread {
    /// Adds all of one visitor.
    pub(super) fn add(&mut self, amount: u64) {
        self.total += amount;
        self.visitors += u64::from(amount > 0);
        if amount > self.largest {
            (self.largest, self.second) = (amount, self.largest);
        } else if amount > self.second {
            self.second = amount;
        }
    }

    /// At least five visitors, none with more than half, and without the two largest at least a fifth
    /// of the largest is left.
    pub(super) const fn is_safe(&self) -> bool {
        let rest = self.total - self.largest - self.second;
        self.visitors >= 5 && 2 * self.largest <= self.total && 5 * rest >= self.largest
    }
}

/// Everything counted of a row or of a union of cells.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) amounts: Amounts,
    pub(super) visitors: u64,
    pub(super) networks: [Networks; 3],
    spreads: [Spread; Measure::VOLUMES.len()],
    /// Seconds of which quantiles are taken.
    pub(super) values: Histogram,
    pub(super) most_values: u64,
    pub(super) value_networks: Networks,
    /// Distinct cells rolled into an `(other)`, the first two.
    pub(super) members: Vec<[u32; 3]>,
    pub(super) peak: u64,
}

impl Tally {
    /// Adds all that one visitor's day has of the row.
    pub(super) fn add(&mut self, part: &Part, network: u32, most: usize) {
        for (sum, amount) in self.amounts.iter_mut().zip(part.amounts) {
            *sum += amount;
        }
        for family in Family::ALL {
            if part.has(family) {
                self.networks[family as usize].insert(network, most);
            }
        }
        for (spread, measure) in self.spreads.iter_mut().zip(Measure::VOLUMES) {
            spread.add(part.amounts[measure as usize]);
        }
        self.visitors += u64::from(part.is_visitor);
        if !part.seconds.is_empty() {
            part.seconds.iter().for_each(|it| self.values.add(*it));
            self.most_values = self.most_values.max(part.seconds.len() as u64);
            self.value_networks.insert(network, most);
        }
    }

    /// How a volume is spread over visitors.
    pub(super) fn spread(&self, measure: Measure) -> Option<&Spread> {
        let position = Measure::VOLUMES.iter().position(|it| *it == measure);
        position.map(|position| &self.spreads[position])
    }
}

/// What one visitor's day has of a row.
#[derive(Default)]
pub(super) struct Part {
    pub(super) row: usize,
    pub(super) amounts: Amounts,
    pub(super) is_visitor: bool,
    pub(super) seconds: Vec<u64>,
}

impl Part {
    fn has(&self, family: Family) -> bool {
        let any = |measures: &[Measure]| measures.iter().any(|it| self.amounts[*it as usize] > 0);
        match family {
            Family::Requests => any(&[Measure::Requests]),
            Family::Pageviews => any(&[Measure::Pageviews, Measure::Transitions]),
            Family::Visits => any(&[Measure::Visits, Measure::Completions]),
        }
    }
}
