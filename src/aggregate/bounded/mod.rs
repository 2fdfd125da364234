//! Tables to which each unit contributes only so much: what differential privacy adds its noise to.
//!
//! A unit is what one address (of IPv6, one /64) sends on one day, whatever its user agents. All its
//! visitors are added up first; then, in each table, the unit keeps the few cells that a [`Selection`]
//! ranks first, and in each of them adds no more than the [`Bounds`] allow. Which ones it keeps depends on
//! that unit alone, so taking one unit away changes the tables by what that unit added, and nothing else.

mod bounds;
mod domain;

use hashbrown::HashMap;

pub use bounds::{Bounds, Column, DWELL_BINS};
pub use domain::{Domain, is_in_force, known_keys};

use self::{
    bounds::{MOST_COLUMNS, dwell_bin},
    domain::bounded_key,
};
use super::{Table, amounts::Amounts, contribution::Contribution, key::Key};
use crate::privacy::Selection;

/// How units are bounded.
#[derive(Clone, Copy)]
pub struct Bounding<'r> {
    /// Which cells of too many a unit keeps.
    pub selection: &'r Selection,
    /// The key columns of a cell, by which cells are told apart in any run.
    pub name: &'r (dyn Fn(Table, Key) -> Vec<String> + Sync),
}

/// What all units count in a cell, in steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoundedCell {
    columns: [u64; MOST_COLUMNS],
    dwells: [u64; DWELL_BINS.len()],
}

impl BoundedCell {
    /// The count of a column at its place among the [`Bounds`].
    #[must_use]
    pub const fn column(&self, position: usize) -> u64 {
        self.columns[position]
    }

    /// The counts of the bins of dwells.
    #[must_use]
    pub const fn dwells(&self) -> &[u64; DWELL_BINS.len()] {
        &self.dwells
    }

    fn absorb(&mut self, other: &Self) {
        let columns = self.columns.iter_mut().zip(other.columns);
        let dwells = self.dwells.iter_mut().zip(other.dwells);
        columns
            .chain(dwells)
            .for_each(|(mine, theirs)| *mine += theirs);
    }
}

/// The bounded tables of a period. Parts by whole units merge by addition, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoundedTables {
    tables: [HashMap<Key, BoundedCell>; Table::ALL.len()],
}

impl BoundedTables {
    /// What is counted in a cell.
    #[must_use]
    pub fn cell(&self, table: Table, key: Key) -> BoundedCell {
        let cell = self.tables[table as usize].get(&key);
        cell.copied().unwrap_or_default()
    }

    /// The keys of a table's cells, in order.
    #[must_use]
    pub fn keys(&self, table: Table) -> Vec<Key> {
        let mut keys: Vec<Key> = self.tables[table as usize].keys().copied().collect();
        keys.sort_unstable();
        keys
    }

    /// Adds what has been counted of other units.
    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.tables.iter_mut().zip(other.tables) {
            for (key, cell) in theirs {
                mine.entry(key).or_default().absorb(&cell);
            }
        }
    }

    fn cell_mut(&mut self, table: Table, key: Key) -> &mut BoundedCell {
        self.tables[table as usize].entry(key).or_default()
    }
}

/// Counts units, one after another.
pub struct Units<'r> {
    bounding: Bounding<'r>,
    tables: BoundedTables,
    /// The unit under way.
    unit: Unit,
}

/// All that the visitors of one unit contribute; the buffers serve the next unit again.
#[derive(Default)]
struct Unit {
    cells: [Vec<(Key, Amounts)>; Table::ALL.len()],
    /// Pages and bins of dwells.
    dwells: Vec<(Key, usize)>,
}

impl<'r> Units<'r> {
    /// No units yet.
    #[must_use]
    pub fn new(bounding: Bounding<'r>) -> Self {
        Self {
            bounding,
            tables: BoundedTables::default(),
            unit: Unit::default(),
        }
    }

    /// Adds one visitor to the unit under way.
    pub fn add(&mut self, contribution: &Contribution) {
        for table in Table::ALL {
            for (key, amounts) in contribution.cells(table) {
                self.unit.add(table, *key, *amounts);
            }
        }
        for &(page, seconds) in &contribution.dwells {
            self.unit.add_dwell(page, seconds);
        }
    }

    /// Ends the unit under way, which has the given pseudonym: it is bounded and counted.
    pub fn end_unit(&mut self, pseudonym: u64) {
        let Self {
            bounding,
            tables,
            unit,
        } = self;
        unit.settle();
        for table in Table::ALL {
            let cells = &mut unit.cells[table as usize];
            keep_first(cells, Bounds::of(table).cells, |(key, _)| {
                bounding.rank(pseudonym, table, *key)
            });
            for (key, amounts) in cells {
                tables
                    .cell_mut(table, *key)
                    .absorb(&bounded(table, amounts));
            }
        }
        for (page, _) in &unit.cells[Table::Pages as usize] {
            let mut bins = unit.dwell_bins(*page);
            keep_first(&mut bins, 1, |bin| {
                bounding.rank_dwell(pseudonym, *page, *bin)
            });
            let cell = tables.cell_mut(Table::Pages, *page);
            bins.into_iter().for_each(|bin| cell.dwells[bin] += 1);
        }
        unit.clear();
    }

    /// What has been counted.
    #[must_use]
    pub fn finish(self) -> BoundedTables {
        self.tables
    }
}

impl Bounding<'_> {
    fn rank(&self, unit: u64, table: Table, key: Key) -> (u64, Key) {
        let name = (self.name)(table, key);
        let name: Vec<&str> = name.iter().map(String::as_str).collect();
        (self.selection.rank(unit, table.name(), &name), key)
    }

    fn rank_dwell(&self, unit: u64, page: Key, bin: usize) -> (u64, usize) {
        let mut name = (self.name)(Table::Pages, page);
        name.push(bin.to_string());
        let name: Vec<&str> = name.iter().map(String::as_str).collect();
        (self.selection.rank(unit, "dwell", &name), bin)
    }
}

impl Unit {
    fn add(&mut self, table: Table, key: Key, amounts: Amounts) {
        self.cells[table as usize].push((bounded_key(table, key), amounts));
    }

    fn add_dwell(&mut self, page: Key, seconds: u64) {
        self.dwells.push((page, dwell_bin(seconds)));
    }

    /// Adds up what its visitors have in common, so that each cell stands once. A unit may have any
    /// number of visitors: all clients that no address is logged of are one.
    fn settle(&mut self) {
        for cells in &mut self.cells {
            cells.sort_unstable_by_key(|(key, _)| *key);
            cells.dedup_by(|(key, amounts), (earlier, sum)| {
                let is_same = key == earlier;
                if is_same {
                    *sum += *amounts;
                }
                is_same
            });
        }
        self.dwells.sort_unstable();
        self.dwells.dedup();
    }

    /// The bins of its dwells on a page, each once.
    fn dwell_bins(&self, page: Key) -> Vec<usize> {
        let dwells = self.dwells.iter().filter(|(other, _)| *other == page);
        dwells.map(|(_, bin)| *bin).collect()
    }

    fn clear(&mut self) {
        self.cells.iter_mut().for_each(Vec::clear);
        self.dwells.clear();
    }
}

/// Keeps the items of the least ranks. Ranks are asked for only where there are too many items.
fn keep_first<T, R: Ord>(items: &mut Vec<T>, most: usize, rank: impl Fn(&T) -> R) {
    if items.len() > most {
        items.sort_by_cached_key(rank);
        items.truncate(most);
    }
}

/// What a unit may add to a cell of its amounts there.
fn bounded(table: Table, amounts: &Amounts) -> BoundedCell {
    let mut cell = BoundedCell::default();
    let columns = Bounds::of(table).columns;
    for (count, (column, bound)) in cell.columns.iter_mut().zip(columns) {
        let amount = match column {
            Column::Units => u64::from(amounts.has(table.visitor_family())),
            Column::Sum(measure) => amounts.of(*measure),
            Column::Dwell => 0,
        };
        let step = column.step();
        *count = (amount.saturating_add(step / 2) / step).min(*bound);
    }
    cell
}

#[cfg(test)]
impl Units<'_> {
    /// Adds to the unit under way, for tests of what comes after.
    pub(crate) fn add_amounts(&mut self, table: Table, key: Key, amounts: Amounts) {
        self.unit.add(table, key, amounts);
    }

    /// Adds a dwell to the unit under way.
    pub(crate) fn add_dwell(&mut self, page: Key, seconds: u64) {
        self.unit.add_dwell(page, seconds);
    }
}

#[cfg(test)]
mod tests;
