//! Which row of its table each cell is counted in, as the release decided.

use hashbrown::HashMap;

use super::{
    Table,
    key::{Key, is_nameless, parent, together},
};

/// The row of every cell that is published, by itself or within `(other)`.
#[derive(Debug, Default)]
pub struct RowMap {
    tables: [Rows; Table::ALL.len()],
    /// The row of all other cells of a parent.
    rests: [Rows; Table::ALL.len()],
    counts: [usize; Table::ALL.len()],
}

impl RowMap {
    /// Adds a row made of the given cells to a table; the answer is its number.
    pub fn push(&mut self, table: Table, cells: impl IntoIterator<Item = Key>) -> usize {
        let row = self.number(table);
        let rows = &mut self.tables[table as usize];
        cells.into_iter().for_each(|cell| rows.insert(cell, row));
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
        self.tables[table as usize] = Rows::default();
        self.rests[table as usize] = Rows::default();
        self.counts[table as usize] = 0;
    }

    fn number(&mut self, table: Table) -> usize {
        let row = self.counts[table as usize];
        self.counts[table as usize] += 1;
        row
    }

    /// The row of a cell; `None` if the cell is not published.
    #[must_use]
    #[inline]
    pub fn row(&self, table: Table, cell: Key) -> Option<usize> {
        let own = self.tables[table as usize].get(cell);
        own.or_else(|| self.rest(table, cell))
    }

    /// The row of a cell that is in none by itself.
    fn rest(&self, table: Table, cell: Key) -> Option<usize> {
        let rest = self.rests[table as usize].get(parent(table, cell));
        let surveyed = is_nameless(table, cell).then(|| together(table, cell));
        rest.or_else(|| self.tables[table as usize].get(surveyed?))
    }

    /// How many rows a table has.
    #[must_use]
    pub const fn count(&self, table: Table) -> usize {
        self.counts[table as usize]
    }
}

/// The rows of some keys. Most keys are small numbers, whose rows lie side by side.
#[derive(Debug, Default)]
struct Rows {
    near: Vec<u32>,
    far: HashMap<Key, u32>,
}

/// The first key that is far.
const FAR: Key = 1 << 20;

/// The row of a key that has none.
const NONE: u32 = u32::MAX;

impl Rows {
    fn insert(&mut self, key: Key, row: usize) {
        let row = u32::try_from(row).expect("a table has far fewer rows than 2^32");
        if key >= FAR {
            self.far.insert(key, row);
            return;
        }
        let place = key as usize;
        if place >= self.near.len() {
            self.near.resize(place + 1, NONE);
        }
        self.near[place] = row;
    }

    #[inline]
    fn get(&self, key: Key) -> Option<usize> {
        let row = if key < FAR {
            self.near.get(key as usize)
        } else {
            self.far.get(&key)
        };
        row.filter(|&&row| row != NONE).map(|&row| row as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_in_its_own_row_or_in_that_of_the_rest() {
        let mut rows = RowMap::default();
        let (near, far) = (FAR - 1, FAR);
        assert_eq!(rows.row(Table::Pages, near), None);
        assert_eq!(rows.push(Table::Pages, [3, far]), 0);
        assert_eq!(rows.push(Table::Pages, [near]), 1);
        assert_eq!(rows.row(Table::Pages, 4), None);
        assert_eq!(rows.push_rest(Table::Pages, 0), 2);
        let row_of = |cell| rows.row(Table::Pages, cell);
        assert_eq!([3, far, near].map(row_of), [Some(0), Some(0), Some(1)]);
        assert_eq!([4, far + 1, 0].map(row_of), [Some(2); 3]);
        assert_eq!(rows.count(Table::Pages), 3);
        assert_eq!(rows.row(Table::Hosts, 3), None);
        rows.clear(Table::Pages);
        assert_eq!(rows.row(Table::Pages, 3), None);
    }

    #[test]
    fn transitions_without_a_row_are_counted_with_those_from_the_same_page() {
        let mut rows = RowMap::default();
        let transition = |from: Key, to: Key| from << 32 | to;
        let own = rows.push(Table::Transitions, [transition(1, 2)]);
        let rest = rows.push_rest(Table::Transitions, transition(1, 9));
        let row_of = |from, to| rows.row(Table::Transitions, transition(from, to));
        assert_eq!(row_of(1, 2), Some(own));
        assert_eq!(row_of(1, 3), Some(rest));
        assert_eq!(row_of(2, 2), None);
    }
}
