//! The first look at all cells: how large each one is, and how many networks are behind it. From this
//! the release decides which cells become rows.

use std::hash::Hash;

use hashbrown::HashMap;

use super::{
    Collector, Ordinals, RowTotals, Table,
    contribution::Contribution,
    key::{self, Key},
    networks::NetworkSet,
};

/// What decides about a cell.
#[derive(Clone, Default)]
pub struct Surveyed {
    /// The table's first measure.
    pub first: u64,
    /// The networks that contributed in the table's family.
    pub networks: NetworkSet,
}

/// Every cell of every table of a period.
pub struct Survey {
    tables: [HashMap<Key, Surveyed>; Table::ALL.len()],
    /// What cells without a name are surveyed together: the only one, or `None` if there are several.
    nameless: HashMap<(Table, Key), Option<Key>>,
    limit: usize,
}

impl Survey {
    /// An empty survey whose network sets grow to `limit`.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            tables: Default::default(),
            nameless: HashMap::new(),
            limit,
        }
    }

    /// The cells of a table, in no particular order.
    #[must_use]
    pub fn cells(&self, table: Table) -> &HashMap<Key, Surveyed> {
        &self.tables[table as usize]
    }

    /// Whether a table has cells without a name.
    #[must_use]
    pub fn has_nameless(&self, table: Table) -> bool {
        self.nameless.keys().any(|(of, _)| *of == table)
    }

    /// How many cells a cell stands for, which are hardly ever told apart beyond two.
    #[must_use]
    pub fn members(&self, table: Table, key: Key) -> usize {
        let nameless = self.nameless.get(&(table, key));
        nameless.map_or(1, |only| if only.is_some() { 1 } else { 2 })
    }

    /// The cell that a cell is surveyed in.
    fn cell(&mut self, table: Table, key: Key) -> &mut Surveyed {
        let mut surveyed = key;
        if key::is_nameless(table, key) {
            surveyed = key::together(table, key);
            note(&mut self.nameless, (table, surveyed), Some(key));
        }
        self.tables[table as usize].entry(surveyed).or_default()
    }
}

/// Notes that one more cell, or several where it is `None`, are surveyed together with others.
fn note<T: Hash + Eq>(nameless: &mut HashMap<T, Option<Key>>, cell: T, member: Option<Key>) {
    let only = nameless.entry(cell).or_insert(member);
    *only = only.filter(|_| *only == member);
}

impl Collector for Survey {
    fn collect(&mut self, contribution: &Contribution) {
        for table in Table::ALL {
            let first = table.measures()[0];
            for (key, amounts) in contribution.cells(table) {
                let limit = self.limit;
                let cell = self.cell(table, *key);
                cell.first += amounts.of(first);
                if amounts.has(table.family()) {
                    cell.networks.insert(contribution.network, limit);
                }
            }
        }
    }

    fn collect_cell(&mut self, table: Table, key: Key, totals: &RowTotals, _: &mut Ordinals) {
        let limit = self.limit;
        let cell = self.cell(table, key);
        cell.first += totals.amounts.of(table.measures()[0]);
        let networks = totals.networks(table.family());
        cell.networks.absorb(networks, limit);
    }

    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.tables.iter_mut().zip(other.tables) {
            for (key, cell) in theirs {
                let own = mine.entry(key).or_default();
                own.first += cell.first;
                own.networks.absorb(&cell.networks, self.limit);
            }
        }
        for (cell, member) in other.nameless {
            note(&mut self.nameless, cell, member);
        }
    }
}
