//! Empties cells of published rows: measures of too few networks, volumes that one visitor dominates,
//! and what else has to go so that neither can be worked out.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::quantile::quantile;
use super::rollup::Row;
use super::tables::Family;

/// A table's columns and the family that its threshold counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [&'static str],
    pub(crate) measures: &'static [&'static str],
    pub(crate) family: Family,
}

/// The numbers of every row, in the order of the table's measures; `None` is an empty cell.
pub(crate) fn numbers(table: Table, rows: &[Row], k: usize) -> Vec<Vec<Option<u64>>> {
    let columns: Vec<Vec<Option<u64>>> = table
        .measures
        .iter()
        .map(|measure| column(table, measure, rows, k))
        .collect();
    (0..rows.len())
        .map(|row| columns.iter().map(|column| column[row]).collect())
        .collect()
}

fn column(table: Table, measure: &'static str, rows: &[Row], k: usize) -> Vec<Option<u64>> {
    let of_quantile = |name, tenths, networks| {
        rows.iter()
            .map(|row| quantile(row.cell.values(name), tenths, networks))
            .collect()
    };
    match measure {
        "visit_seconds_median" => of_quantile("visit_seconds", 5, k),
        "visit_seconds_p90" => of_quantile("visit_seconds", 9, 10 * k),
        "dwell_median" => of_quantile("dwell", 5, k),
        "dwell_p90" => of_quantile("dwell", 9, 10 * k),
        _ => {
            let hidden = hidden(table, measure, rows, k);
            let number = |(position, row): (usize, &Row)| {
                (!hidden.contains(&position)).then(|| row.cell.value(measure))
            };
            rows.iter().enumerate().map(number).collect()
        }
    }
}

/// The rows in which a measure is left empty.
pub(crate) fn hidden(table: Table, measure: &str, rows: &[Row], k: usize) -> BTreeSet<usize> {
    let (measure, family) = match measure {
        "requests" | "bytes" => (measure, Family::Requests),
        "pageviews" | "transitions" | "dwell_seconds" => (measure, Family::Pageviews),
        // Those of a probe sent it themselves.
        "visitors" if table.name.starts_with("probe") => return BTreeSet::new(),
        "visits" | "visitors" | "visit_seconds" => (measure, Family::Visits),
        "peak_concurrent_visits" => ("visits", Family::Visits),
        "dwell_count" => ("pageviews", Family::Pageviews),
        "entries" | "exits" | "bounces" | "completions" => return BTreeSet::new(),
        _ => unreachable!("a measure of METRICS"),
    };
    Column {
        table,
        measure,
        family,
        rows,
        k,
    }
    .hidden()
}

/// A column of published rows under judgement.
struct Column<'a> {
    table: Table,
    measure: &'a str,
    family: Family,
    rows: &'a [Row],
    k: usize,
}

impl Column<'_> {
    fn hidden(&self) -> BTreeSet<usize> {
        let mut hidden: BTreeSet<usize> = (0..self.rows.len())
            .filter(|row| self.must_be_hidden(*row))
            .collect();
        if hidden.is_empty() || self.suffices(&hidden) {
            return hidden;
        }
        let with = |row| {
            hidden
                .iter()
                .copied()
                .chain([row])
                .collect::<BTreeSet<usize>>()
        };
        let smallest_first = self.others(&hidden);
        if let Some(row) = smallest_first
            .iter()
            .find(|row| self.suffices(&with(**row)))
        {
            return with(*row);
        }
        for row in self.largest_first(&hidden) {
            hidden.insert(row);
            if self.suffices(&hidden) {
                break;
            }
        }
        hidden
    }

    fn must_be_hidden(&self, row: usize) -> bool {
        let networks = self.rows[row].cell.networks(self.family);
        let too_few = self.family != self.table.family && networks.len() < self.k;
        let dominated =
            self.is_volume() && self.is_judged(row) && !self.is_safe(&BTreeSet::from([row]));
        too_few || dominated
    }

    fn is_volume(&self) -> bool {
        let volumes = [
            "requests",
            "bytes",
            "pageviews",
            "visit_seconds",
            "dwell_seconds",
        ];
        volumes.contains(&self.measure)
    }

    /// Crawlers of the closed categories are machines: dominance says nothing about a person.
    fn is_judged(&self, row: usize) -> bool {
        let open = ["http-library", "feed-reader", "scanner", "automated"];
        self.table.name != "crawlers" || open.contains(&self.rows[row].key[0].as_str())
    }

    /// Whether nothing about too few can be learnt of emptied cells from their sum.
    fn suffices(&self, hidden: &BTreeSet<usize>) -> bool {
        let mut networks = BTreeSet::new();
        for row in hidden {
            networks.extend(self.rows[*row].cell.networks(self.family));
        }
        let volume_is_safe = !self.is_volume() || self.is_safe(hidden);
        hidden.len() >= 2 && networks.len() >= self.k && volume_is_safe
    }

    fn is_safe(&self, rows: &BTreeSet<usize>) -> bool {
        let mut amounts: BTreeMap<usize, u64> = BTreeMap::new();
        for row in rows {
            for (visitor, amount) in self.rows[*row].cell.amounts(self.measure) {
                *amounts.entry(*visitor).or_default() += amount;
            }
        }
        is_safe(amounts.into_values().collect())
    }

    /// Rows not yet hidden, in roll-up order.
    fn others(&self, hidden: &BTreeSet<usize>) -> Vec<usize> {
        let mut others: Vec<usize> = (0..self.rows.len())
            .filter(|row| !hidden.contains(row))
            .collect();
        others.sort_by_key(|row| (self.size(*row), Reverse(self.rows[*row].key.clone())));
        others
    }

    /// Rows not yet hidden, the largest first and among equals in roll-up order.
    fn largest_first(&self, hidden: &BTreeSet<usize>) -> Vec<usize> {
        let mut others = self.others(hidden);
        others.sort_by_key(|row| Reverse(self.size(*row)));
        others
    }

    /// The row's own first measure ranks it in every column.
    fn size(&self, row: usize) -> u64 {
        self.rows[row].cell.value(self.table.measures[0])
    }
}

/// Whether no visitor, and no visitor who knows another's part, learns too much from the sum.
fn is_safe(amounts: Vec<u64>) -> bool {
    let mut amounts: Vec<u64> = amounts.into_iter().filter(|amount| *amount > 0).collect();
    amounts.sort_unstable_by_key(|amount| Reverse(*amount));
    let total: u64 = amounts.iter().sum();
    amounts.len() >= 5
        && amounts[0] * 2 <= total
        && (total - amounts[0] - amounts[1]) * 5 >= amounts[0]
}

#[cfg(test)]
mod tests {
    use super::super::tables::Cell;
    use super::*;

    #[test]
    fn volumes_need_five_visitors_and_no_giant() {
        for (amounts, safe) in [
            (vec![1, 1, 1, 1], false),
            (vec![1, 1, 1, 1, 0], false),
            (vec![1, 1, 1, 1, 1], true),
            (vec![4, 1, 1, 1, 1], true),
            (vec![5, 1, 1, 1, 1], false),
            // 100 + 97 + 20: the rest is a fifth of the largest; a little less is unsafe.
            (vec![100, 97, 8, 6, 6], true),
            (vec![100, 97, 7, 6, 6], false),
            (vec![], false),
        ] {
            assert_eq!(is_safe(amounts.clone()), safe, "{amounts:?}");
        }
    }

    const TABLE: Table = Table {
        name: "traffic",
        keys: &["hour"],
        measures: &["requests", "bytes", "visits"],
        family: Family::Requests,
    };

    /// A row whose visitors sent the given bytes in one request each; visitor numbers start at `first`.
    fn row(key: &str, first: usize, bytes: &[u64]) -> Row {
        let mut cell = Cell::default();
        for (position, amount) in bytes.iter().enumerate() {
            let visitor = first + position;
            cell.seen(Family::Requests, &visitor.to_string());
            cell.add("requests", visitor, 1);
            cell.add("bytes", visitor, *amount);
        }
        Row {
            key: vec![key.to_owned()],
            cell,
        }
    }

    fn hidden_in(rows: &[Row], measure: &str) -> Vec<usize> {
        hidden(TABLE, measure, rows, 5).into_iter().collect()
    }

    #[test]
    fn the_smallest_row_that_suffices_is_emptied_with_an_unsafe_one() {
        let rows = [
            row("00", 0, &[100, 1, 1, 1, 1]),
            // Smallest, but too little to hide the 100.
            row("01", 10, &[2; 5]),
            row("02", 20, &[30; 6]),
            row("03", 30, &[90; 7]),
        ];
        assert_eq!(hidden_in(&rows, "bytes"), [0, 2]);
        assert_eq!(hidden_in(&rows, "requests"), [0; 0]);
    }

    #[test]
    fn where_no_single_row_suffices_the_largest_go_in_turn() {
        let rows = [
            row("00", 0, &[100, 1, 1, 1, 1]),
            row("01", 10, &[2; 5]),
            row("02", 20, &[9; 6]),
            row("03", 30, &[9; 7]),
        ];
        // 100 of 104 + 63 is too much, and so on down; with 02 and 03 it is 100 of 221.
        assert_eq!(hidden_in(&rows, "bytes"), [0, 2, 3]);
        assert_eq!(hidden_in(&rows[..3], "bytes"), [0, 1, 2]);
    }

    #[test]
    fn a_measure_of_another_family_needs_its_own_networks() {
        let visits = |mut row: Row, networks: std::ops::Range<usize>| {
            for network in networks {
                row.cell.seen(Family::Visits, &network.to_string());
                row.cell.add("visits", network, 1);
            }
            row
        };
        let rows = [
            visits(row("00", 0, &[1; 9]), 0..4),
            visits(row("01", 10, &[1; 6]), 10..16),
            visits(row("02", 20, &[1; 6]), 20..26),
        ];
        // Of the two equal ones the greatest key joins.
        assert_eq!(hidden_in(&rows, "visits"), [0, 2]);
        assert_eq!(hidden_in(&rows[1..], "visits"), [0; 0]);
        // Two empty cells with k networks between them hide each other.
        let pair = [
            visits(row("00", 0, &[1; 9]), 0..3),
            visits(row("01", 0, &[1; 9]), 3..6),
        ];
        assert_eq!(
            hidden_in(
                &[pair[0].clone(), pair[1].clone(), rows[1].clone()],
                "visits"
            ),
            [0, 1]
        );
    }
}
