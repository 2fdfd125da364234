//! Tables of one period, or of several added up: only what is additive, and nothing of what is withheld.

use std::{cmp::Reverse, collections::BTreeMap};

use super::Released;
use crate::{
    aggregate::{Measure, Table},
    release::{OTHER, PublishedTable, Row},
    time::{Period, PeriodLength},
};

/// Tables added up over periods.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    periods: usize,
    tables: BTreeMap<Table, TableSum>,
}

#[derive(Clone, Debug, Default)]
struct TableSum {
    periods: usize,
    rows: BTreeMap<Vec<Rank>, SumRow>,
}

/// Orders keys as published tables are ordered: bins by number, `(other)` last within its parent.
type Rank = (bool, u64, String);

/// A table to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Which table.
    pub table: Table,
    /// Its key columns.
    pub keys: &'static [&'static str],
    /// Its measures.
    pub measures: Vec<Measure>,
    /// In the order of publication.
    pub rows: Vec<SumRow>,
    /// Periods that have the table.
    pub periods: usize,
}

/// A row of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SumRow {
    /// Key columns.
    pub keys: Vec<String>,
    /// In the order of the measures; `None` where any of the cells that make it up is withheld.
    pub cells: Vec<Option<u64>>,
    /// Periods that have the row: in the others it is among `(other)`, or absent.
    pub periods: usize,
}

impl SumRow {
    /// Whether it is made of what was rolled up at any level.
    #[must_use]
    pub fn is_other(&self) -> bool {
        self.keys.iter().any(|key| key == OTHER)
    }
}

impl Figures {
    /// A table of a single period, with all that it has.
    #[must_use]
    pub fn of(table: &PublishedTable, length: PeriodLength) -> Self {
        let row = |row: &Row| SumRow {
            keys: row.keys.clone(),
            cells: row.measures.clone(),
            periods: 1,
        };
        Self {
            table: table.table,
            keys: table.table.keys(length != PeriodLength::Day),
            measures: table.table.measures().to_vec(),
            rows: table.rows.iter().map(row).collect(),
            periods: 1,
        }
    }

    /// A row's cell of a measure: nothing if it is withheld, or the table does not have the measure.
    #[must_use]
    pub fn cell(&self, row: &SumRow, measure: Measure) -> Option<u64> {
        let column = self.measures.iter().position(|it| *it == measure)?;
        row.cells[column]
    }

    /// Whether the table has the measure, withheld or not.
    #[must_use]
    pub fn has(&self, measure: Measure) -> bool {
        self.measures.contains(&measure)
    }

    /// The rows with the largest of a measure first, withheld ones after them, then `(other)` within a
    /// parent, and that of all parents last; ties in the table's order.
    #[must_use]
    pub fn ranked(&self, measure: Measure) -> Vec<&SumRow> {
        let mut rows: Vec<&SumRow> = self.rows.iter().collect();
        let others = |row: &SumRow| row.keys.iter().filter(|key| *key == OTHER).count();
        rows.sort_by_key(|row| (others(row), Reverse(self.cell(row, measure))));
        rows
    }
}

impl Sum {
    /// Adds a period. Hours of a single day become those of its weekday.
    pub fn add(&mut self, released: &Released) {
        self.periods += 1;
        for published in &released.tables {
            let table = self.tables.entry(published.table).or_default();
            table.periods += 1;
            let additive = additive(published.table);
            for row in &published.rows {
                let keys = keys(published.table, row, released.period);
                let cells = additive.iter().map(|(column, _)| row.measures[*column]);
                table.add(published.table, keys, cells.collect(), 1);
            }
        }
    }

    /// Adds what another sum has.
    pub fn merge(&mut self, other: &Self) {
        self.periods += other.periods;
        for (table, rows) in &other.tables {
            let sum = self.tables.entry(*table).or_default();
            sum.periods += rows.periods;
            for row in rows.rows.values() {
                sum.add(*table, row.keys.clone(), row.cells.clone(), row.periods);
            }
        }
    }

    /// The periods added.
    #[must_use]
    pub const fn periods(&self) -> usize {
        self.periods
    }

    /// A table, if any period has it.
    #[must_use]
    pub fn table(&self, table: Table) -> Option<Figures> {
        let sum = self.tables.get(&table)?;
        Some(Figures {
            table,
            keys: table.keys(true),
            measures: additive(table).iter().map(|(_, it)| *it).collect(),
            rows: sum.rows.values().cloned().collect(),
            periods: sum.periods,
        })
    }
}

impl TableSum {
    fn add(&mut self, table: Table, keys: Vec<String>, cells: Vec<Option<u64>>, periods: usize) {
        let ranks = keys.iter().map(|key| rank(table, key)).collect();
        let row = self.rows.entry(ranks).or_insert_with(|| SumRow {
            keys,
            cells: vec![Some(0); cells.len()],
            periods: 0,
        });
        row.periods += periods;
        for (sum, cell) in row.cells.iter_mut().zip(cells) {
            *sum = sum.zip(cell).and_then(|(sum, cell)| sum.checked_add(cell));
        }
    }
}

/// The measures of a table that add up over periods, with their columns.
fn additive(table: Table) -> Vec<(usize, Measure)> {
    let is_additive = |(_, measure): &(usize, &Measure)| {
        !matches!(
            measure,
            Measure::DwellMedian
                | Measure::DwellP90
                | Measure::PeakConcurrentVisits
                | Measure::VisitSecondsMedian
                | Measure::VisitSecondsP90
        )
    };
    let measures = table.measures().iter().enumerate().filter(is_additive);
    measures.map(|(column, it)| (column, *it)).collect()
}

fn keys(table: Table, row: &Row, period: Period) -> Vec<String> {
    let mut keys = row.keys.clone();
    if table == Table::Traffic && period.length == PeriodLength::Day {
        let weekday = period.start.weekday().to_monday_one_offset();
        keys.insert(0, weekday.to_string());
    }
    keys
}

fn rank(table: Table, key: &str) -> Rank {
    let number = match table {
        // The open end of the last bin is empty, and comes last.
        Table::Durations | Table::Depths => key.parse().unwrap_or(u64::MAX),
        _ => 0,
    };
    (key == OTHER, number, key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Promise, Terms};

    type Rows<'r> = &'r [(&'r [&'r str], &'r [Option<u64>])];

    fn released(date: &str, table: Table, rows: Rows<'_>) -> Released {
        let row = |(keys, measures): &(&[&str], &[Option<u64>])| Row {
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            measures: measures.to_vec(),
        };
        Released {
            period: Period {
                start: date.parse().unwrap(),
                length: PeriodLength::Day,
            },
            terms: Terms {
                version: "0".to_owned(),
                tz: "UTC".to_owned(),
                complete: true,
                profile: None,
                visits: true,
                promise: Promise::Threshold(10),
                policy: serde_json::Value::Null,
            },
            manifest: String::new(),
            tables: vec![PublishedTable {
                table,
                rows: rows.iter().map(row).collect(),
            }],
        }
    }

    fn check(table: Table, days: &[Rows<'_>], expected: &[&str]) {
        let mut sum = Sum::default();
        for (day, rows) in days.iter().enumerate() {
            sum.add(&released(&format!("2026-11-{}", 16 + day), table, rows));
        }
        let figures = sum.table(table).unwrap();
        let cell = |cell: &Option<u64>| cell.map_or_else(|| "?".to_owned(), |it| it.to_string());
        let shown = figures.rows.iter().map(|row| {
            let cells: Vec<String> = row.cells.iter().map(cell).collect();
            format!(
                "{} {} x{}",
                row.keys.join("|"),
                cells.join(","),
                row.periods
            )
        });
        assert_eq!(shown.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn rows_are_added_by_their_keys_and_keep_their_order() {
        check(
            Table::Goals,
            &[
                &[
                    (&["order"], &[Some(12), Some(11)]),
                    (&["(other)"], &[Some(20), Some(20)]),
                ],
                &[
                    (&["(all)"], &[Some(10), Some(10)]),
                    (&["order"], &[Some(30), Some(29)]),
                ],
            ],
            &["(all) 10,10 x1", "order 42,40 x2", "(other) 20,20 x1"],
        );
    }

    #[test]
    fn a_sum_with_a_withheld_cell_is_withheld() {
        check(
            Table::Statuses,
            &[
                &[(&["200"], &[Some(12)])],
                &[(&["200"], &[None])],
                &[(&["200"], &[Some(3)])],
            ],
            &["200 ? x3"],
        );
    }

    #[test]
    fn quantiles_and_peaks_do_not_add_up_and_hours_become_those_of_weekdays() {
        let hour: &[Option<u64>] = &[Some(1), Some(2), Some(3), Some(4), Some(5)];
        check(
            Table::Traffic,
            &[&[(&["07"], hour)], &[(&["07"], hour)]],
            &["1|07 1,2,3,4 x1", "2|07 1,2,3,4 x1"],
        );
        let page: &[Option<u64>] = &[Some(1); 9];
        check(Table::Pages, &[&[(&["/"], page)]], &["/ 1,1,1,1,1,1,1 x1"]);
    }

    #[test]
    fn bins_are_in_the_order_of_numbers() {
        let rows: Rows<'_> = &[
            (&["0", "10"], &[Some(5)]),
            (&["10", "30"], &[Some(4)]),
            (&["180", "600"], &[Some(3)]),
            (&["1800", ""], &[Some(2)]),
            (&["30", "60"], &[Some(1)]),
        ];
        let expected = [
            "0|10 5 x1",
            "10|30 4 x1",
            "30|60 1 x1",
            "180|600 3 x1",
            "1800| 2 x1",
        ];
        check(Table::Durations, &[rows], &expected);
    }

    #[test]
    fn ranked_rows_have_withheld_ones_after_all_others() {
        let rows: Rows<'_> = &[
            (&["200"], &[None]),
            (&["404"], &[Some(1)]),
            (&["500"], &[Some(2)]),
            (&["(other)"], &[Some(3)]),
        ];
        let released = released("2026-11-16", Table::Statuses, rows);
        let figures = Figures::of(&released.tables[0], PeriodLength::Day);
        let ranked = figures.ranked(Measure::Requests);
        let keys: Vec<&str> = ranked.iter().map(|row| row.keys[0].as_str()).collect();
        assert_eq!(keys, ["500", "404", "200", "(other)"]);
    }
}
