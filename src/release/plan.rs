//! Decides from a survey which cells become rows, and in which order rows are published.

use std::{borrow::Cow, cmp::Reverse, collections::BTreeMap};

use hashbrown::HashSet;

use super::{
    Execution, Withheld,
    audit::{Audit, Unsettled},
    path::{OTHER_NUMBER, Path, Paths},
    threshold::{Cells, OTHER, PlannedRow, Shape, Threshold},
};
use crate::{
    aggregate::{
        Key, Limits, Measure, Microdata, RowMap, Survey, Surveyed, Table, category, columns,
        error_page, from_page, is_nameless, to_page,
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

impl PlanSettings {
    /// The sizes to which sets of networks have to grow to be judged.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        Limits {
            threshold: self.k,
            quantile: self.k * NETWORKS_OF_P90,
        }
    }
}

/// The rows of every table of a release, still without numbers.
pub struct Plan<'l> {
    pub(super) rows: RowMap,
    /// What names each row, by table and row number.
    names: [Vec<Name>; Table::ALL.len()],
    /// How many cells each table had before any was rolled up.
    pub(super) surveyed: [usize; Table::ALL.len()],
    /// What is rolled up of each table's top level beyond what the threshold asks for.
    further: [Vec<Path>; Table::ALL.len()],
    /// What the audit rolled up.
    pub(super) rolled_up: Vec<Withheld>,
    pub(super) settings: PlanSettings,
    lexicon: &'l Lexicon,
}

/// Names a row: the key columns of one of its cells, as many as all of its cells share.
#[derive(Clone, Copy)]
struct Name {
    path: Path,
    cell: Key,
    shared: u8,
}

impl<'l> Plan<'l> {
    /// The plan for a survey; `None` if the period as a whole has fewer than k networks, so that
    /// nothing of it is published.
    #[must_use]
    pub fn new(survey: &Survey, lexicon: &'l Lexicon, settings: PlanSettings) -> Option<Self> {
        let has_k = |cell: &Surveyed| cell.networks.has(settings.k);
        survey
            .cells(Table::Summary)
            .values()
            .find(|cell| has_k(cell))?;
        let mut plan = Self {
            rows: RowMap::default(),
            names: Default::default(),
            surveyed: Table::ALL.map(|table| survey.cells(table).len()),
            further: Default::default(),
            rolled_up: Vec::new(),
            settings,
            lexicon,
        };
        plan.decide(survey, Table::Pages);
        Table::ALL
            .into_iter()
            .filter(|table| *table != Table::Pages)
            .for_each(|table| plan.decide(survey, table));
        Some(plan)
    }

    /// The same with as many further roll-ups as it takes that no sum or difference of published
    /// numbers tells of fewer than k networks, as far as the audit sees (its module says how far that is).
    /// The audit's parts are computed as `execution` does it.
    ///
    /// # Errors
    ///
    /// [`Unsettled`] if the audit still objects after very many roll-ups.
    pub fn audited(
        mut self,
        survey: &Survey,
        microdata: &Microdata,
        execution: &impl Execution,
    ) -> Result<Self, Unsettled> {
        self.rolled_up = Audit::new(&mut self, survey, microdata, execution).settle()?;
        Ok(self)
    }

    /// The sizes to which sets of networks have to grow to be judged.
    #[must_use]
    pub const fn limits(&self) -> Limits {
        self.settings.limits()
    }

    /// The row of every published cell.
    #[must_use]
    pub const fn rows(&self) -> &RowMap {
        &self.rows
    }

    /// Whether a measure is told by the hits that this is planned for.
    pub(super) fn is_told(&self, measure: Measure) -> bool {
        self.lexicon.senders().are_visitors() || !measure.is_of_visits()
    }

    /// The key columns of a row as published.
    pub(super) fn columns(&self, table: Table, row: usize) -> Vec<Cow<'l, str>> {
        let Name { cell, shared, .. } = self.names[table as usize][row];
        let mut columns = columns(table, cell, self.lexicon, self.settings.length);
        columns[usize::from(shared)..].fill(Cow::Borrowed(OTHER));
        columns
    }

    /// One of the cells that a row is made of.
    pub(super) fn cell(&self, table: Table, row: usize) -> Key {
        self.names[table as usize][row].cell
    }

    /// Rolls up one more of a table's top level.
    pub(super) fn roll_up_further(&mut self, survey: &Survey, table: Table, path: Path) {
        self.further[table as usize].push(path);
        self.decide(survey, table);
    }

    /// The rows that a table would have if one more of its top level were rolled up, each as the rows
    /// that it is made of; none if the table would be withheld.
    pub(super) fn merged_further(
        &self,
        survey: &Survey,
        table: Table,
        path: Path,
    ) -> Vec<Vec<usize>> {
        let mut further = self.further[table as usize].clone();
        further.push(path);
        let rows = self.decided(survey, table, &further).into_iter();
        let merged = rows.map(|row| {
            let old = row.cells.into_iter();
            let mut old: Vec<usize> = old.filter_map(|cell| self.rows.row(table, cell)).collect();
            old.sort_unstable();
            old.dedup();
            old
        });
        merged.collect()
    }

    /// What keeps its name of a table's top level, the smallest first.
    pub(super) fn top_level(&self, survey: &Survey, table: Table) -> Vec<Path> {
        let mut firsts: BTreeMap<Path, u64> = BTreeMap::new();
        for (&key, cell) in survey.cells(table) {
            let row = self.rows.row(table, key);
            let name = row.map(|row| self.names[table as usize][row]);
            if let Some(Name { mut path, .. }) = name.filter(|name| name.shared > 0) {
                if shape(table) == Shape::Nested {
                    path[1..].fill(0);
                }
                *firsts.entry(path).or_default() += cell.first;
            }
        }
        let mut paths: Vec<Path> = firsts.keys().copied().collect();
        paths.sort_unstable_by_key(|path| (firsts[path], Reverse(*path)));
        paths
    }

    /// Gives up a table.
    pub(super) fn withhold(&mut self, table: Table) {
        self.replace(table, Vec::new());
    }

    /// Rolls up all transitions that are not in the given set, by their cells.
    pub(super) fn keep_transitions(&mut self, survey: &Survey, keep: &HashSet<Key>) {
        let rows = self
            .planner(survey)
            .rows(Table::Transitions, &[], |key| keep.contains(&key));
        self.replace(Table::Transitions, rows);
    }

    /// Whether a cell is a row by itself, with its name.
    pub(super) fn is_named(&self, table: Table, cell: Key) -> bool {
        let row = self.rows.row(table, cell);
        row.is_some_and(|row| self.has_name(table, row))
    }

    fn has_name(&self, table: Table, row: usize) -> bool {
        usize::from(self.names[table as usize][row].shared) == self.settings.depth(table)
    }

    /// Decides the rows of a table; those of pages come before others.
    fn decide(&mut self, survey: &Survey, table: Table) {
        let rows = self.decided(survey, table, &self.further[table as usize]);
        self.replace(table, rows);
    }

    fn decided(&self, survey: &Survey, table: Table, further: &[Path]) -> Vec<PlannedRow> {
        let planner = self.planner(survey);
        let named = self.named_pages();
        let is_named = |page: Key| named.get(page as usize).is_some_and(|it| *it);
        match table {
            Table::Summary => planner.summary(),
            Table::Crawlers => planner.crawlers(),
            Table::Errors => planner.rows(table, further, |key| is_named(error_page(key))),
            Table::Transitions => planner.rows(table, further, |key| {
                is_named(from_page(key)) && to_page(key).is_none_or(is_named)
            }),
            _ => planner.rows(table, further, |key| !is_nameless(table, key)),
        }
    }

    /// Whether each page keeps its name, by number.
    fn named_pages(&self) -> Vec<bool> {
        let names = self.names[Table::Pages as usize].iter();
        let named = names.filter(|name| name.shared > 0);
        let pages: Vec<usize> = named.map(|name| name.cell as usize).collect();
        let mut is_named = vec![false; pages.iter().max().map_or(0, |last| last + 1)];
        pages.into_iter().for_each(|page| is_named[page] = true);
        is_named
    }

    /// The paths of a table's cells.
    pub(super) fn paths<'s>(&self, survey: &'s Survey, table: Table) -> Paths<'s>
    where
        'l: 's,
    {
        self.planner(survey).paths(table)
    }

    fn planner<'s>(&self, survey: &'s Survey) -> Planner<'s>
    where
        'l: 's,
    {
        Planner {
            survey,
            lexicon: self.lexicon,
            settings: self.settings,
        }
    }

    fn replace(&mut self, table: Table, rows: Vec<PlannedRow>) {
        self.rows.clear(table);
        self.names[table as usize].clear();
        self.push(table, rows);
    }

    fn push(&mut self, table: Table, mut rows: Vec<PlannedRow>) {
        rows.sort_unstable_by_key(|row| published_place(table, row));
        let depth = self.settings.depth(table);
        for row in rows {
            let is_shared = |number: &&u32| **number != OTHER_NUMBER;
            self.names[table as usize].push(Name {
                path: row.path,
                cell: row.cells[0],
                shared: row.path.iter().take(depth).take_while(is_shared).count() as u8,
            });
            if shape(table) != Shape::Nested && row.path[..depth].last() == Some(&OTHER_NUMBER) {
                self.rows.push_rest(table, row.cells[0]);
            } else {
                self.rows.push(table, row.cells);
            }
        }
    }
}

impl PlanSettings {
    /// How many key columns a table has.
    pub(super) fn depth(self, table: Table) -> usize {
        table.keys(self.length != PeriodLength::Day).len()
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
    fn rows(
        self,
        table: Table,
        further: &[Path],
        nameable: impl Fn(Key) -> bool,
    ) -> Vec<PlannedRow> {
        let paths = self.paths(table);
        let cells = Cells {
            surveyed: self.survey.cells(table),
            members: |key| self.survey.members(table, key),
            path: |key| paths.of(key),
            nameable,
        };
        let threshold = Threshold {
            k: self.settings.k,
            top: self.settings.top,
        };
        threshold.roll_up(&cells, shape(table), self.settings.depth(table), further)
    }

    /// The only cell, whatever its networks: who asks for a plan has seen to them.
    fn summary(self) -> Vec<PlannedRow> {
        let keys = self.survey.cells(Table::Summary).keys();
        keys.map(|key| PlannedRow::of(Path::default(), *key))
            .collect()
    }

    /// Crawlers of closed categories from a few requests on, all others from k networks on.
    fn crawlers(self) -> Vec<PlannedRow> {
        let paths = self.paths(Table::Crawlers);
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
            .map(|(key, _)| PlannedRow::of(paths.of(*key), *key))
            .collect()
    }

    fn paths(self, table: Table) -> Paths<'s> {
        Paths::new(table, self.survey, self.lexicon, self.settings.length)
    }
}

/// How a table's key columns relate.
const fn shape(table: Table) -> Shape {
    match table {
        Table::Campaigns | Table::Errors | Table::Regions | Table::ProbeRegions => Shape::Nested,
        Table::Transitions => Shape::Within,
        _ => Shape::Flat,
    }
}

/// Rows ascend column by column, bins numerically, `(other)` last within its parent.
fn published_place(table: Table, row: &PlannedRow) -> (Path, Key) {
    match table {
        Table::Durations | Table::Depths if row.path[0] != OTHER_NUMBER => {
            (Path::default(), row.cells[0])
        }
        _ => (row.path, 0),
    }
}
