//! Decides from a survey which cells become rows, and in which order rows are published.

use std::{borrow::Cow, cmp::Ordering};

use hashbrown::HashSet;

use super::threshold::{Candidate, OTHER, PlannedRow, Shape, Threshold};
use crate::{
    aggregate::{
        Key, Limits, RowMap, Survey, Surveyed, Table, category, columns, error_page, from_page,
        to_page,
    },
    privacy::Lexicon,
    time::PeriodLength,
};

/// How many times as many networks the 90th percentile needs as a row and its median.
pub(super) const NETWORKS_OF_P90: usize = 10;

/// Fewest requests of a crawler in a category that is a closed list of machines.
pub const FEWEST_CRAWLER_REQUESTS: u64 = 10;

/// What decides which cells become rows.
#[derive(Clone, Copy, Debug)]
pub struct PlanSettings {
    /// Fewest networks of a row.
    pub k: usize,
    /// Most rows of a flat table that keep their name.
    pub top: Option<usize>,
    /// The length of the period, which decides the key columns of the table of traffic.
    pub length: PeriodLength,
}

/// The rows of every table of a release, still without numbers.
#[derive(Debug)]
pub struct Plan {
    pub(super) rows: RowMap,
    /// The key columns of each row, by table and row number.
    pub(super) columns: [Vec<Vec<String>>; Table::ALL.len()],
    /// How many cells each table had before any was rolled up.
    pub(super) surveyed: [usize; Table::ALL.len()],
    pub(super) settings: PlanSettings,
}

impl Plan {
    /// The plan for a survey; `None` if the period as a whole has fewer than k networks, so that
    /// nothing of it is published.
    #[must_use]
    pub fn new(survey: &Survey, lexicon: &Lexicon, settings: PlanSettings) -> Option<Self> {
        let has_k = |cell: &Surveyed| cell.networks.has(settings.k);
        survey
            .cells(Table::Summary)
            .values()
            .find(|cell| has_k(cell))?;
        let surveyed = Table::ALL.map(|table| survey.cells(table).len());
        let mut plan = Self {
            rows: RowMap::default(),
            columns: Default::default(),
            surveyed,
            settings,
        };
        let planner = Planner {
            survey,
            lexicon,
            settings,
        };
        let pages = planner.rows(Table::Pages, |_| true);
        let named: HashSet<Key> = pages
            .iter()
            .filter(|row| row.columns[0] != OTHER)
            .flat_map(|row| &row.cells)
            .copied()
            .collect();
        plan.push(Table::Pages, pages);
        for table in Table::ALL
            .into_iter()
            .filter(|table| *table != Table::Pages)
        {
            let rows = match table {
                Table::Crawlers => planner.crawlers(),
                Table::Errors => planner.rows(table, |key| named.contains(&error_page(key))),
                Table::Transitions => planner.transitions(&named),
                _ => planner.rows(table, |_| true),
            };
            plan.push(table, rows);
        }
        Some(plan)
    }

    /// The sizes to which sets of networks have to grow to be judged.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        let k = self.settings.k;
        Limits {
            threshold: k,
            quantile: k * NETWORKS_OF_P90,
        }
    }

    /// The row of every published cell.
    #[must_use]
    pub const fn rows(&self) -> &RowMap {
        &self.rows
    }

    fn push(&mut self, table: Table, mut rows: Vec<PlannedRow<'_>>) {
        rows.sort_unstable_by(|left, right| published_order(table, &left.columns, &right.columns));
        for row in rows {
            self.columns[table as usize]
                .push(row.columns.into_iter().map(Cow::into_owned).collect());
            self.rows.push(table, row.cells);
        }
    }
}

/// What planning the rows of one table needs.
#[derive(Clone, Copy)]
struct Planner<'s> {
    survey: &'s Survey,
    lexicon: &'s Lexicon,
    settings: PlanSettings,
}

impl<'s> Planner<'s> {
    /// The rows of a table under the threshold; cells that are not `nameable` can only be in `(other)`.
    fn rows(self, table: Table, nameable: impl Fn(Key) -> bool) -> Vec<PlannedRow<'s>> {
        let cells = self
            .survey
            .cells(table)
            .iter()
            .map(|(key, cell)| self.candidate(table, *key, cell, &nameable));
        self.roll_up(table, cells.collect())
    }

    /// Transitions from pages that keep their name; to other pages only within `(other)`. A page left
    /// with only `(other)` is not written, so pages without a transition that keeps its name are left
    /// out at once: they are most of them.
    fn transitions(self, named: &HashSet<Key>) -> Vec<PlannedRow<'s>> {
        let cells = self.survey.cells(Table::Transitions);
        let nameable = |key| to_page(key).is_none_or(|page| named.contains(&page));
        let leading: HashSet<Key> = cells
            .iter()
            .filter(|(key, cell)| cell.networks.has(self.settings.k) && nameable(**key))
            .map(|(key, _)| from_page(*key))
            .filter(|page| named.contains(page))
            .collect();
        let candidates = cells
            .iter()
            .filter(|(key, _)| leading.contains(&from_page(**key)))
            .map(|(key, cell)| self.candidate(Table::Transitions, *key, cell, nameable));
        self.roll_up(Table::Transitions, candidates.collect())
    }

    /// Crawlers of closed categories from a few requests on, all others from k networks on.
    fn crawlers(self) -> Vec<PlannedRow<'s>> {
        self.survey
            .cells(Table::Crawlers)
            .iter()
            .filter(|(key, cell)| {
                if category(**key).is_closed() {
                    cell.first >= FEWEST_CRAWLER_REQUESTS
                } else {
                    cell.networks.has(self.settings.k)
                }
            })
            .map(|(key, _)| PlannedRow {
                columns: self.columns(Table::Crawlers, *key),
                cells: vec![*key],
            })
            .collect()
    }

    fn candidate(
        self,
        table: Table,
        key: Key,
        cell: &Surveyed,
        nameable: impl Fn(Key) -> bool,
    ) -> Candidate<'s> {
        let columns = self.columns(table, key);
        let rows = vec![PlannedRow {
            columns: columns.clone(),
            cells: vec![key],
        }];
        let networks = cell.networks.clone();
        Candidate {
            columns,
            first: cell.first,
            networks,
            rows,
            nameless: !nameable(key),
        }
    }

    fn columns(self, table: Table, key: Key) -> Vec<Cow<'s, str>> {
        columns(table, key, self.lexicon, self.settings.length)
    }

    fn roll_up(self, table: Table, cells: Vec<Candidate<'s>>) -> Vec<PlannedRow<'s>> {
        let shape = match table {
            Table::Campaigns | Table::Errors | Table::Regions => Shape::Nested,
            Table::Transitions => Shape::Within,
            _ => Shape::Flat,
        };
        let depth = table.keys(self.settings.length != PeriodLength::Day).len();
        let threshold = Threshold {
            k: self.settings.k,
            top: self.settings.top,
        };
        if table == Table::Summary {
            return cells.into_iter().flat_map(|cell| cell.rows).collect();
        }
        threshold.roll_up(cells, shape, depth)
    }
}

/// Rows ascend column by column, bins numerically, `(other)` last within its parent.
fn published_order(table: Table, left: &[Cow<'_, str>], right: &[Cow<'_, str>]) -> Ordering {
    let number = |column: &str| match table {
        Table::Durations | Table::Depths => column.parse::<u64>().unwrap_or(u64::MAX),
        _ => 0,
    };
    let rank = |column: &str| (column == OTHER, number(column));
    left.iter()
        .zip(right)
        .map(|(left, right)| rank(left).cmp(&rank(right)).then_with(|| left.cmp(right)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}
