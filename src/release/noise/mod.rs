//! Differential privacy: bounded tables to noisy ones.
//!
//! The promise is about one unit, an address on a day: whether its requests are in the log or not, any
//! set of outputs is at most e^ε times as likely, but for δ. It holds for all tables of a period together,
//! whatever anybody knows beside them. How it comes about:
//!
//! 1. [`aggregate::bounded`](crate::aggregate::bounded) lets a unit change each table in a few cells by a
//!    few steps only, whatever it does.
//! 2. Every published number is such a count with discrete Gaussian noise, drawn exactly (`sampler`), of
//!    a variance that `shares` works out from the table's part of ρ.
//! 3. Keys that are known in advance have noise each, whether a request has them or not. Of large sets
//!    only rows that stand out of the noise are given, which is decided by the noisy number alone. A name
//!    that only the log knows is published where its noisy number of units exceeds what `cut` works out, so
//!    that names behind which too few units are appear with a probability that is part of δ.
//! 4. Whatever else is published is made of those numbers: medians of noisy bins, dwells counted as
//!    pageviews that are no exits. Nothing exact comes along: no accounts, no busy hours.
//!
//! What it does not hide: that a period was released at all, and that lines of it were missing.

mod accounting;
mod cut;
mod rows;
mod sampler;
mod shares;
#[cfg(test)]
mod tests;

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use hashbrown::HashSet;
use zeroize::Zeroizing;

pub use accounting::{BUDGET_DAYS, DELTA, Rho, Spending, THRESHOLD_DELTA, epsilon};

use self::{
    rows::{NoisyRow, Publisher, Source, keep_largest, names_only},
    shares::Scales,
};
use super::{PublishedTable, Release, Statement, Withheld};
use crate::{
    aggregate::{
        Measure, Table,
        bounded::{BoundedTables, Bounds, Domain, is_in_force},
    },
    privacy::{Lexicon, Selection},
    time::{Hours, Period},
};

/// What noise is drawn by.
#[derive(Clone, Copy, Debug)]
pub struct NoiseSettings {
    /// What a day may cost.
    pub spending: Spending,
    /// Fewer units than this never suffice for a name of the log.
    pub k: u64,
    /// Most rows of an open table.
    pub top: Option<usize>,
}

/// The source of a run's noise. Each period is to be released once: whoever sees two draws of the same
/// numbers knows them better than any promise says.
pub struct Noise {
    settings: NoiseSettings,
    selection: Selection,
    random: ChaCha20Rng,
}

impl Noise {
    /// Noise out of 32 random bytes of the operating system, which must never be used again. They, and
    /// what is made of them, leave memory with this value.
    #[must_use]
    pub fn new(settings: NoiseSettings, seed: &Zeroizing<[u8; 32]>) -> Self {
        let mut random = ChaCha20Rng::from_seed(**seed);
        let mut key = Zeroizing::new([0; 32]);
        random.fill_bytes(&mut *key);
        Self {
            settings,
            selection: Selection::new(&key),
            random,
        }
    }

    /// What a day may cost.
    #[must_use]
    pub const fn spending(&self) -> Spending {
        self.settings.spending
    }

    /// Which of too many cells a unit counts in.
    #[must_use]
    pub const fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The release of a period's bounded tables.
    pub fn release(
        &mut self,
        statement: Statement,
        tables: &BoundedTables,
        lexicon: &Lexicon,
        hours: &Hours,
    ) -> Release {
        let in_force = Table::ALL.into_iter();
        let in_force: Vec<Table> = in_force.filter(|it| is_in_force(*it, lexicon)).collect();
        let days = accounting::days(statement.period);
        let NoiseSettings { spending, k, .. } = self.settings;
        let scales = Scales::new(spending.a_day, days, &in_force);
        let drawn = self.draw(
            &in_force,
            Source {
                tables,
                scales: &scales,
                lexicon,
                hours,
                // An address that is there every day is behind a name no more often than that.
                hidden_units: k.saturating_sub(1).max(u64::from(days)),
                delta: delta_of_a_name(),
            },
        );
        let publisher = Publisher {
            scales: &scales,
            lexicon,
            length: statement.period.length,
            durations: counts(&drawn, Table::Durations),
        };
        let published = |(table, rows): &(Table, Vec<NoisyRow>)| publisher.table(*table, rows);
        let tables: Vec<PublishedTable> = drawn.iter().filter_map(published).collect();
        let guarantee = Guarantee::new(statement.period, spending, &scales, &tables);
        Release::noisy(statement, guarantee, tables, withheld(&drawn))
    }

    /// The rows of all tables in force, in the tables' order. Pages are drawn first, as other tables name
    /// them.
    fn draw(&mut self, in_force: &[Table], source: Source<'_>) -> Vec<(Table, Vec<NoisyRow>)> {
        let most = self.settings.top.unwrap_or(usize::MAX);
        let mut tables = in_force.to_vec();
        tables.sort_by_key(|table| *table != Table::Pages);
        let (mut named, mut drawn) = (HashSet::new(), Vec::new());
        for table in tables {
            let nameable = |key| names_only(&named, table, key);
            let mut rows = source.rows(table, nameable, &mut self.random);
            if Domain::of(table) == Domain::Open {
                rows = keep_largest(rows, most);
            }
            if table == Table::Pages {
                named = rows.iter().map(|row| row.key).collect();
            }
            drawn.push((table, rows));
        }
        drawn.sort_by_key(|(table, _)| *table);
        drawn
    }
}

/// What a release with noise promises.
#[derive(Clone, Debug)]
pub struct Guarantee {
    /// What the ledger counts.
    pub spending: Spending,
    /// zCDP's ρ of one unit.
    pub rho: f64,
    /// The ε of one unit at [`DELTA`].
    pub epsilon: f64,
    /// The ε of an address over any 7 days of releases, at most.
    pub epsilon_7d: f64,
    /// The same over any 30 days.
    pub epsilon_30d: f64,
    /// The standard deviation of each measure's noise, by table.
    pub deviations: Vec<(Table, Vec<(Measure, u64)>)>,
}

impl Guarantee {
    fn new(period: Period, spending: Spending, scales: &Scales, tables: &[PublishedTable]) -> Self {
        let a_day = spending.a_day.real();
        // The noise of all days protects the unit, which is there on one of them.
        let rho = a_day / f64::from(accounting::days(period));
        let deviations = tables
            .iter()
            .map(|it| (it.table, scales.deviations(it.table)));
        Self {
            spending,
            rho,
            epsilon: epsilon(rho, 1),
            epsilon_7d: epsilon(a_day * 7.0, 7),
            epsilon_30d: epsilon(a_day * 30.0, 30),
            deviations: deviations.collect(),
        }
    }
}

/// The probability with which one name may appear: all that one unit can bring in share
/// [`THRESHOLD_DELTA`].
fn delta_of_a_name() -> f64 {
    THRESHOLD_DELTA / most_names_of_a_unit()
}

/// In how many cells of all open tables one unit counts, at most.
fn most_names_of_a_unit() -> f64 {
    let open = Table::ALL.into_iter();
    let open = open.filter(|table| Domain::of(*table) == Domain::Open);
    open.map(|table| Bounds::of(table).cells as f64).sum()
}

/// The first numbers of a table's rows, in the order of keys.
fn counts(drawn: &[(Table, Vec<NoisyRow>)], table: Table) -> Vec<i64> {
    let rows = drawn.iter().filter(|(it, _)| *it == table);
    rows.flat_map(|(_, rows)| rows.iter().map(NoisyRow::first))
        .collect()
}

fn withheld(drawn: &[(Table, Vec<NoisyRow>)]) -> Vec<Withheld> {
    let empty = drawn.iter().filter(|(_, rows)| rows.is_empty());
    let withheld = empty.map(|(table, _)| Withheld {
        table: *table,
        reason: "withheld: no row stands out of the noise".to_owned(),
        count: 0,
    });
    withheld.collect()
}
