//! Which row of its table each cell is counted in, as the release decided.

use hashbrown::HashMap;

use super::{Table, key::Key};

/// The row of every cell that is published, by itself or within `(other)`.
#[derive(Debug, Default)]
pub struct RowMap {
    tables: [HashMap<Key, usize>; Table::ALL.len()],
    counts: [usize; Table::ALL.len()],
}

impl RowMap {
    /// Adds a row made of the given cells to a table; the answer is its number.
    pub fn push(&mut self, table: Table, cells: impl IntoIterator<Item = Key>) -> usize {
        let row = self.counts[table as usize];
        self.counts[table as usize] += 1;
        self.tables[table as usize].extend(cells.into_iter().map(|cell| (cell, row)));
        row
    }

    /// The row of a cell; `None` if the cell is not published.
    #[must_use]
    pub fn row(&self, table: Table, cell: Key) -> Option<usize> {
        self.tables[table as usize].get(&cell).copied()
    }

    /// How many rows a table has.
    #[must_use]
    pub const fn count(&self, table: Table) -> usize {
        self.counts[table as usize]
    }
}
