//! How much one unit may change each table: in how many cells it counts, and by how much in each.

use super::super::{Measure, Table};

/// Something counted in the cells of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// Units with a visitor in the cell, each once; they are published as visitors.
    Units,
    /// An additive measure.
    Sum(Measure),
    /// Units by the bin of one of their dwells on the page: a count for each of [`DWELL_BINS`].
    Dwell,
}

impl Column {
    /// How much of the measure makes one step of its count; noise is of whole steps.
    #[must_use]
    pub const fn step(self) -> u64 {
        match self {
            Self::Sum(Measure::Bytes) => 1024,
            _ => 1,
        }
    }
}

/// Lower edges of the bins of dwells, in seconds; the last bin is open.
pub const DWELL_BINS: [u64; 7] = [0, 10, 30, 60, 180, 600, 1800];

/// The most columns of any table.
pub(super) const MOST_COLUMNS: usize = 7;

/// What one unit, an address on a day, may count in a table.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most cells that it counts in; others are left out, chosen by [`Selection`](crate::privacy::Selection).
    pub cells: usize,
    /// The columns with the most steps that it adds to one cell of each; what is more is cut off.
    pub columns: &'static [(Column, u64)],
}

impl Bounds {
    /// The bounds of a table. They are small enough for the noise, which grows with them, and about what
    /// a visitor of an ordinary site does on a day.
    #[must_use]
    pub const fn of(table: Table) -> Self {
        use Column::{Dwell, Sum, Units};
        use Measure as M;
        let (cells, columns): (usize, &[(Column, u64)]) = match table {
            Table::Summary => (
                1,
                &[
                    (Sum(M::Requests), 32),
                    (Sum(M::Bytes), 2048),
                    (Sum(M::Pageviews), 8),
                    (Sum(M::Visits), 2),
                    (Units, 1),
                    (Sum(M::Bounces), 1),
                    (Sum(M::VisitSeconds), 600),
                ],
            ),
            Table::Traffic => (
                3,
                &[
                    (Sum(M::Requests), 16),
                    (Sum(M::Bytes), 1024),
                    (Sum(M::Pageviews), 4),
                    (Sum(M::Visits), 1),
                ],
            ),
            Table::Pages => (
                4,
                &[
                    (Sum(M::Pageviews), 2),
                    (Units, 1),
                    (Sum(M::Entries), 1),
                    (Sum(M::Exits), 1),
                    (Sum(M::Bounces), 1),
                    (Sum(M::DwellSeconds), 120),
                    (Dwell, 1),
                ],
            ),
            Table::Transitions => (3, &[(Sum(M::Transitions), 2), (Units, 1)]),
            Table::Referrers => (2, &OF_VISITS),
            Table::Regions | Table::Browsers | Table::Systems | Table::Devices => (1, &OF_VISITS),
            Table::Campaigns => (
                1,
                &[
                    (Sum(M::Visits), 2),
                    (Units, 1),
                    (Sum(M::Bounces), 1),
                    (Sum(M::Pageviews), 5),
                    (Sum(M::VisitSeconds), 300),
                    (Sum(M::Completions), 1),
                ],
            ),
            Table::Durations | Table::Depths => (2, &[(Sum(M::Visits), 1)]),
            Table::Statuses => (3, &[(Sum(M::Requests), 8)]),
            Table::Errors => (2, &[(Sum(M::Requests), 2), (Units, 1)]),
            Table::Goals => (2, &[(Sum(M::Completions), 1), (Units, 1)]),
            Table::GoalRegions => (2, &[(Sum(M::Completions), 1)]),
            Table::Crawlers => (1, &[(Sum(M::Requests), 50), (Sum(M::Bytes), 1024)]),
            Table::Hosts => (
                2,
                &[
                    (Sum(M::Requests), 16),
                    (Sum(M::Pageviews), 5),
                    (Sum(M::Visits), 2),
                    (Units, 1),
                ],
            ),
            // Not in force with noise.
            Table::Probes | Table::ProbeHours | Table::ProbeRegions => (1, &[]),
        };
        Self { cells, columns }
    }

    /// The place of a column among the table's, if it is one.
    #[must_use]
    pub fn position(&self, column: Column) -> Option<usize> {
        self.columns.iter().position(|(it, _)| *it == column)
    }
}

/// What tables of visits count.
const OF_VISITS: [(Column, u64); 5] = [
    (Column::Sum(Measure::Visits), 2),
    (Column::Units, 1),
    (Column::Sum(Measure::Bounces), 1),
    (Column::Sum(Measure::Pageviews), 5),
    (Column::Sum(Measure::VisitSeconds), 300),
];

/// The bin of a dwell.
pub(super) fn dwell_bin(seconds: u64) -> usize {
    DWELL_BINS.partition_point(|&edge| edge <= seconds) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::Microdata;

    /// Every additive measure of a table is bounded, but those that others tell.
    #[test]
    fn all_that_is_published_is_bounded() {
        let is_left_out = |table: &Table| Microdata::PROBE_TABLES.contains(table);
        for table in Table::ALL.into_iter().filter(|table| !is_left_out(table)) {
            let bounds = Bounds::of(table);
            assert!(bounds.columns.len() <= MOST_COLUMNS && bounds.cells > 0);
            assert!(bounds.columns.iter().all(|(_, bound)| *bound > 0));
            for &measure in table.measures() {
                let column = match measure {
                    Measure::Visitors => Column::Units,
                    Measure::DwellMedian | Measure::DwellP90 => Column::Dwell,
                    // Post-processing, or not given.
                    Measure::DwellCount
                    | Measure::PeakConcurrentVisits
                    | Measure::VisitSecondsMedian
                    | Measure::VisitSecondsP90 => continue,
                    measure => Column::Sum(measure),
                };
                assert!(bounds.position(column).is_some(), "{table:?} {measure:?}");
            }
        }
    }

    #[test]
    fn dwells_fall_into_the_bin_whose_edge_they_reach() {
        for (seconds, bin) in [(0, 0), (9, 0), (10, 1), (599, 4), (1800, 6), (90_000, 6)] {
            assert_eq!(dwell_bin(seconds), bin, "{seconds}");
        }
    }
}
