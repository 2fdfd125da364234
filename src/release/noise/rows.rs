//! Draws the noise of each cell, and makes of noisy counts the rows that are published. Everything that
//! is made of noisy counts costs no more privacy.

use std::cmp::Reverse;

use chacha20::rand_core::Rng;
use hashbrown::HashSet;

use super::{cut, sampler::gaussian, shares::Scales};
use crate::{
    aggregate::{
        DURATIONS, Key, Measure, Table,
        bounded::{BoundedTables, Bounds, Column, DWELL_BINS, Domain, known_keys},
        columns, error_page, from_page, to_page,
    },
    privacy::Lexicon,
    release::{OTHER, PublishedTable, Row},
    time::{Hours, PeriodLength},
};

/// Standard deviations of the noise of one bin above which the values are enough for quantiles.
const QUANTILE_DEVIATIONS: u64 = 10;

/// What rows are drawn from.
#[derive(Clone, Copy)]
pub(super) struct Source<'s> {
    pub(super) tables: &'s BoundedTables,
    pub(super) scales: &'s Scales,
    pub(super) lexicon: &'s Lexicon,
    pub(super) hours: &'s Hours,
    /// Units that alone must not bring a name to appear.
    pub(super) hidden_units: u64,
    /// The probability with which one name of so few units may appear.
    pub(super) delta: f64,
}

/// A row with noise.
pub(super) struct NoisyRow {
    pub(super) key: Key,
    /// In steps, in the order of the table's bounds.
    columns: Vec<i64>,
    dwells: [i64; DWELL_BINS.len()],
}

impl Source<'_> {
    /// The rows of a table that are published, each count with fresh noise. Of an open table only keys
    /// that are `nameable` can be.
    pub(super) fn rows(
        &self,
        table: Table,
        nameable: impl Fn(Key) -> bool,
        random: &mut impl Rng,
    ) -> Vec<NoisyRow> {
        let keys = match Domain::of(table) {
            Domain::Open => {
                let keys = self.tables.keys(table).into_iter();
                keys.filter(|key| nameable(*key)).collect()
            }
            Domain::Small | Domain::Large => known_keys(table, self.hours, self.lexicon),
        };
        let cut = self.cut(table);
        let rows = keys
            .into_iter()
            .filter_map(|key| self.row(table, key, cut, random));
        rows.collect()
    }

    /// The column that decides about rows, and what it has to exceed.
    fn cut(&self, table: Table) -> Option<(usize, i64)> {
        let position = Bounds::of(table).position(Column::Units);
        match Domain::of(table) {
            Domain::Small => None,
            Domain::Large => {
                let position = position.unwrap_or(0);
                let variance = self.scales.variance(table, position);
                Some((position, cut::above_noise(variance)))
            }
            Domain::Open => {
                let position = position?;
                let variance = self.scales.variance(table, position);
                let cut = cut::of_units(variance, self.hidden_units, self.delta);
                Some((position, cut))
            }
        }
    }

    /// A row with noise. Where it is not published only one number is drawn.
    fn row(
        &self,
        table: Table,
        key: Key,
        cut: Option<(usize, i64)>,
        random: &mut impl Rng,
    ) -> Option<NoisyRow> {
        let cell = self.tables.cell(table, key);
        let mut column = |position: usize| {
            let variance = self.scales.variance(table, position);
            noisy(cell.column(position), variance, random)
        };
        let decisive = cut.map(|(position, cut)| (position, column(position), cut));
        if decisive.is_some_and(|(_, count, cut)| count <= cut) {
            return None;
        }
        let positions = 0..Bounds::of(table).columns.len();
        let columns = positions.map(|position| match decisive {
            Some((drawn, count, _)) if drawn == position => count,
            _ => column(position),
        });
        let columns = columns.collect();
        let variance = self.scales.of(table, Column::Dwell);
        let dwell = |count| variance.map_or(0, |variance| noisy(count, variance, random));
        Some(NoisyRow {
            key,
            columns,
            dwells: cell.dwells().map(dwell),
        })
    }
}

fn noisy(count: u64, variance: u64, random: &mut impl Rng) -> i64 {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    count.saturating_add(gaussian(variance, random))
}

/// Puts rows into the form in which they are published.
pub(super) struct Publisher<'p> {
    pub(super) scales: &'p Scales,
    pub(super) lexicon: &'p Lexicon,
    pub(super) length: PeriodLength,
    /// The noisy numbers of visits by duration.
    pub(super) durations: Vec<i64>,
}

impl Publisher<'_> {
    /// The table of rows, in the order of publication; `None` without rows.
    pub(super) fn table(&self, table: Table, rows: &[NoisyRow]) -> Option<PublishedTable> {
        let mut rows: Vec<(Key, Row)> = rows
            .iter()
            .map(|row| (row.key, self.published(table, row)))
            .collect();
        match table {
            // Bins, in the order of their numbers.
            Table::Durations | Table::Depths => rows.sort_unstable_by_key(|(key, _)| *key),
            _ => rows.sort_unstable_by(|(_, one), (_, other)| one.keys.cmp(&other.keys)),
        }
        let rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
        (!rows.is_empty()).then_some(PublishedTable { table, rows })
    }

    fn published(&self, table: Table, row: &NoisyRow) -> Row {
        let keys = columns(table, row.key, self.lexicon, self.length);
        let mut keys: Vec<String> = keys.into_iter().map(|key| key.into_owned()).collect();
        if table == Table::Regions {
            OTHER.clone_into(&mut keys[1]);
        }
        let measures = table.measures().iter();
        Row {
            keys,
            measures: measures.map(|it| self.value(table, row, *it)).collect(),
        }
    }

    fn value(&self, table: Table, row: &NoisyRow, measure: Measure) -> Option<u64> {
        let counted = |column| row.counted(table, column);
        match measure {
            Measure::PeakConcurrentVisits => None,
            Measure::Visitors => counted(Column::Units),
            // Every pageview ends its visit or is followed by another one.
            Measure::DwellCount => {
                let pageviews = counted(Column::Sum(Measure::Pageviews))?;
                let exits = counted(Column::Sum(Measure::Exits))?;
                Some(pageviews.saturating_sub(exits))
            }
            Measure::DwellMedian => self.of_dwells(&row.dwells, 50),
            Measure::DwellP90 => self.of_dwells(&row.dwells, 90),
            Measure::VisitSecondsMedian => self.of_durations(50),
            Measure::VisitSecondsP90 => self.of_durations(90),
            measure => counted(Column::Sum(measure)),
        }
    }

    fn of_dwells(&self, counts: &[i64], percent: u64) -> Option<u64> {
        let variance = self.scales.of(Table::Pages, Column::Dwell)?;
        quantile(counts, &DWELL_BINS, percent, variance)
    }

    fn of_durations(&self, percent: u64) -> Option<u64> {
        let visits = Column::Sum(Measure::Visits);
        let variance = self.scales.of(Table::Durations, visits)?;
        quantile(&self.durations, &DURATIONS, percent, variance)
    }
}

impl NoisyRow {
    /// A column without its sign: less than nothing is nothing.
    fn counted(&self, table: Table, column: Column) -> Option<u64> {
        let position = Bounds::of(table).position(column)?;
        Some(positive(self.columns[position]).saturating_mul(column.step()))
    }

    /// The first column.
    pub(super) fn first(&self) -> i64 {
        self.columns[0]
    }
}

#[cfg(test)]
impl NoisyRow {
    /// All columns but the bins of dwells, in steps.
    pub(super) fn numbers(&self) -> &[i64] {
        &self.columns
    }
}

fn positive(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

/// The lower edge of the bin that holds the ⌈percent/100·n⌉-th of n values, by noisy counts of bins;
/// `None` where the values hardly stand out of the noise.
fn quantile(counts: &[i64], edges: &[u64], percent: u64, variance: u64) -> Option<u64> {
    let total: u64 = counts.iter().copied().map(positive).sum();
    if total <= QUANTILE_DEVIATIONS * variance.isqrt() {
        return None;
    }
    let rank = (total * percent).div_ceil(100);
    let mut seen = 0;
    counts.iter().zip(edges).find_map(|(&count, &edge)| {
        seen += positive(count);
        (seen >= rank).then_some(edge)
    })
}

/// The rows with the largest first numbers.
pub(super) fn keep_largest(mut rows: Vec<NoisyRow>, most: usize) -> Vec<NoisyRow> {
    rows.sort_by_key(|row| (Reverse(row.columns[0]), row.key));
    rows.truncate(most);
    rows
}

/// Whether a key may be published beside the given pages: steps and errors name pages, and only those
/// that are published by themselves.
pub(super) fn names_only(pages: &HashSet<Key>, table: Table, key: Key) -> bool {
    let is_named = |page: Key| pages.contains(&page);
    match table {
        Table::Transitions => is_named(from_page(key)) && to_page(key).is_none_or(is_named),
        Table::Errors => is_named(error_page(key)),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_lower_edges_of_noisy_bins() {
        let edges = [0, 10, 30];
        for (counts, percent, expected) in [
            ([50, 40, 30], 50, Some(10)),
            ([61, 40, 19], 50, Some(0)),
            ([50, 40, 30], 90, Some(30)),
            ([-20, 120, 0], 50, Some(10)),
            ([40, 40, 20], 50, None),
            ([-5, -5, -5], 50, None),
        ] {
            let found = quantile(&counts, &edges, percent, 100);
            assert_eq!(found, expected, "{counts:?} {percent}");
        }
    }
}
