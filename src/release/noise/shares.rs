//! How a day's ρ is shared out over tables and their columns, and how much noise each share buys.

use super::accounting::Rho;
use crate::aggregate::{
    Measure, Table,
    bounded::{Bounds, Column, Domain},
};

/// The variance of the noise of each column of the tables in force.
#[derive(Clone, Debug)]
pub(super) struct Scales {
    variances: [Vec<u64>; Table::ALL.len()],
}

/// A table's part of all, in proportion to those of the other tables in force.
const fn table_weight(table: Table) -> u128 {
    match table {
        Table::Pages => 24,
        Table::Summary | Table::Traffic | Table::Transitions | Table::Referrers => 10,
        Table::Regions => 6,
        Table::Durations => 5,
        Table::Campaigns
        | Table::Browsers
        | Table::Systems
        | Table::Devices
        | Table::Depths
        | Table::Statuses
        | Table::Goals
        | Table::Hosts => 4,
        Table::Crawlers => 3,
        Table::Errors | Table::GoalRegions => 2,
        // Not in force with noise.
        Table::Probes | Table::ProbeHours | Table::ProbeRegions => 0,
    }
}

/// A column's part of its table, in proportion to those of the table's other columns. The number of
/// units decides which rows of an open table are published.
const fn column_weight(table: Table, column: Column) -> u128 {
    use Measure as M;
    match (column, Domain::of(table)) {
        (Column::Units, Domain::Open) => 6,
        (Column::Units, _) => 4,
        (Column::Dwell, _) => 2,
        (
            Column::Sum(M::Requests | M::Pageviews | M::Visits | M::Transitions | M::Completions),
            _,
        ) => 2,
        (Column::Sum(_), _) => 1,
    }
}

impl Scales {
    /// The noise of periods of so many days that cost ρ a day, shared by the tables in force.
    ///
    /// Per address and day a column changes by at most Δ = √cells · bound in Euclidean length. Noise of
    /// variance σ² = days · Δ² / 2ρ' then costs an address that is there on all days days · ρ' (its
    /// vectors add up to days · Δ at most), and one that is there on one of them ρ' / days. Variances
    /// are whole numbers, rounded up.
    pub(super) fn new(a_day: Rho, days: u32, in_force: &[Table]) -> Self {
        let all: u128 = in_force.iter().map(|table| table_weight(*table)).sum();
        let variances = Table::ALL.map(|table| {
            let bounds = Bounds::of(table);
            let weight = |column| column_weight(table, column);
            let columns: u128 = bounds.columns.iter().map(|(it, _)| weight(*it)).sum();
            let variance = |(column, bound): &(Column, u64)| {
                let square = bounds.cells as u128 * u128::from(*bound).pow(2);
                let cost = u128::from(days) * square * 1_000_000 * all * columns;
                let share =
                    2 * u128::from(a_day.millionths()) * table_weight(table) * weight(*column);
                u64::try_from(cost.div_ceil(share)).unwrap_or(u64::MAX)
            };
            let in_force = in_force.contains(&table);
            let columns = bounds.columns.iter().filter(|_| in_force);
            columns.map(variance).collect()
        });
        Self { variances }
    }

    /// The variance of a column in steps, by its place among the table's [`Bounds`].
    pub(super) fn variance(&self, table: Table, position: usize) -> u64 {
        self.variances[table as usize][position]
    }

    /// The standard deviation of the noise of each measure of a table, for readers: two digits of it,
    /// rounded up.
    pub(super) fn deviations(&self, table: Table) -> Vec<(Measure, u64)> {
        let of = |measure: &Measure| {
            let column = match measure {
                Measure::Visitors => Column::Units,
                measure => Column::Sum(*measure),
            };
            let variance = self.of(table, column)?;
            let deviation = (variance.saturating_sub(1).isqrt() + 1).saturating_mul(column.step());
            Some((*measure, two_digits(deviation)))
        };
        table.measures().iter().filter_map(of).collect()
    }

    /// The variance of a column, if the table has it.
    pub(super) fn of(&self, table: Table, column: Column) -> Option<u64> {
        let position = Bounds::of(table).position(column)?;
        self.variances[table as usize].get(position).copied()
    }
}

/// The least number of no more than two digits and zeros that is not less.
fn two_digits(number: u64) -> u64 {
    let unit = 10_u64.pow(number.checked_ilog10().unwrap_or(0).saturating_sub(1));
    number.div_ceil(unit) * unit
}

#[cfg(test)]
mod tests {
    use super::{
        super::{accounting, sampler::LARGEST_VARIANCE},
        *,
    };

    /// What an address loses that is there on each of so many days of a period, over all columns.
    fn cost(scales: &Scales, days: u32, in_force: &[Table]) -> f64 {
        let columns = in_force.iter().flat_map(|&table| {
            let bounds = Bounds::of(table);
            bounds.columns.iter().map(move |(column, bound)| {
                let sensitivity = (bounds.cells as f64).sqrt() * *bound as f64 * f64::from(days);
                let variance = scales.of(table, *column).unwrap() as f64;
                sensitivity.powi(2) / (2.0 * variance)
            })
        });
        columns.sum()
    }

    #[test]
    fn all_columns_together_cost_what_is_promised() {
        let without_goals: Vec<Table> = Table::ALL
            .into_iter()
            .filter(|table| !matches!(table, Table::Goals | Table::GoalRegions))
            .collect();
        for in_force in [&Table::ALL[..], &without_goals] {
            for (days, a_day) in [(1, "0.1"), (7, "0.1"), (31, "0.02"), (1, "1")] {
                let a_day: Rho = a_day.parse().unwrap();
                let cost = cost(&Scales::new(a_day, days, in_force), days, in_force);
                let promised = a_day.real() * f64::from(days);
                assert!(cost <= promised * 1.000_000_001, "{cost} of {promised}");
                // Rounding variances up wastes little.
                assert!(cost > promised * 0.95, "{cost} of {promised}");
            }
        }
    }

    #[test]
    fn all_variances_can_be_drawn() {
        let [least, most] = Rho::LIMITS;
        for (a_day, days) in [(least, 31), (most, 1)] {
            let scales = Scales::new(a_day, days, &Table::ALL);
            let mut variances = scales.variances.iter().flatten();
            assert!(variances.all(|it| (1..=LARGEST_VARIANCE).contains(it)));
        }
        assert!(accounting::epsilon(most.real(), 1) < 8.5);
    }

    #[test]
    fn deviations_are_told_in_two_digits() {
        for (number, told) in [
            (0, 0),
            (9, 9),
            (10, 10),
            (101, 110),
            (51_234_567, 52_000_000),
        ] {
            assert_eq!(two_digits(number), told);
        }
    }

    #[test]
    fn deviations_are_told_of_each_measure_and_are_not_too_small() {
        for (variance, told) in [(1, 1), (25, 5), (26, 6)] {
            let scales = Scales {
                variances: Table::ALL.map(|table| vec![variance; Bounds::of(table).columns.len()]),
            };
            let deviations = scales.deviations(Table::Devices);
            let of = |measure| deviations.iter().find(|(it, _)| *it == measure);
            assert_eq!(of(Measure::Visits), Some(&(Measure::Visits, told)));
            assert_eq!(of(Measure::Visitors), Some(&(Measure::Visitors, told)));
            assert_eq!(deviations.len(), Table::Devices.measures().len());
        }
    }

    #[test]
    fn tables_that_are_not_in_force_cost_nothing() {
        let scales = Scales::new(Rho::DEFAULT, 1, &[Table::Summary]);
        assert_eq!(scales.of(Table::Pages, Column::Units), None);
        assert!(cost(&scales, 1, &[Table::Summary]) > 0.095);
    }
}
