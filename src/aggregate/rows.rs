//! Which row of its table each cell is counted in, as the release decided.

use hashbrown::HashMap;

use super::{
    Table,
    key::{Key, parent},
};

/// The row of every cell that is published, by itself or within `(other)`.
#[derive(Debug, Default)]
pub struct RowMap {
    tables: [HashMap<Key, usize>; Table::ALL.len()],
    /// The row of all other cells of a parent.
    rests: [HashMap<Key, usize>; Table::ALL.len()],
    counts: [usize; Table::ALL.len()],
}

impl RowMap {
    /// Adds a row made of the given cells to a table; the answer is its number.
    pub fn push(&mut self, table: Table, cells: impl IntoIterator<Item = Key>) -> usize {
        let row = self.number(table);
        self.tables[table as usize].extend(cells.into_iter().map(|cell| (cell, row)));
        row
    }

    /// Adds a row made of all cells that share a parent with the given one and are in no row of their
    /// own; the answer is its number.
    pub fn push_rest(&mut self, table: Table, cell: Key) -> usize {
        let row = self.number(table);
        self.rests[table as usize].insert(parent(table, cell), row);
        row
    }

    /// Removes all rows of a table, to be decided anew.
    pub fn clear(&mut self, table: Table) {
        self.tables[table as usize].clear();
        self.rests[table as usize].clear();
        self.counts[table as usize] = 0;
    }

    fn number(&mut self, table: Table) -> usize {
        let row = self.counts[table as usize];
        self.counts[table as usize] += 1;
        row
    }

    /// The row of a cell; `None` if the cell is not published.
    #[must_use]
    pub fn row(&self, table: Table, cell: Key) -> Option<usize> {
        let own = self.tables[table as usize].get(&cell);
        own.or_else(|| self.rests[table as usize].get(&parent(table, cell)))
            .copied()
    }

    /// How many rows a table has.
    #[must_use]
    pub const fn count(&self, table: Table) -> usize {
        self.counts[table as usize]
    }
}
