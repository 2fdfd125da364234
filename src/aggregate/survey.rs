//! The first look at all cells: how large each one is, and how many networks are behind it. From this
//! the release decides which cells become rows.

use hashbrown::HashMap;

use super::{
    Collector, Ordinals, RowTotals, Table, contribution::Contribution, key::Key,
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
    limit: usize,
}

impl Survey {
    /// An empty survey whose network sets grow to `limit`.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            tables: Default::default(),
            limit,
        }
    }

    /// The cells of a table, in no particular order.
    #[must_use]
    pub fn cells(&self, table: Table) -> &HashMap<Key, Surveyed> {
        &self.tables[table as usize]
    }
}

impl Collector for Survey {
    fn collect(&mut self, contribution: &Contribution) {
        for table in Table::ALL {
            let first = table.measures()[0];
            for (key, amounts) in contribution.cells(table) {
                let cell = self.tables[table as usize].entry(*key).or_default();
                cell.first += amounts.of(first);
                if amounts.has(table.family()) {
                    cell.networks.insert(contribution.network, self.limit);
                }
            }
        }
    }

    fn collect_cell(&mut self, table: Table, key: Key, totals: &RowTotals, _: &mut Ordinals) {
        let cell = self.tables[table as usize].entry(key).or_default();
        cell.first += totals.amounts.of(table.measures()[0]);
        let networks = totals.networks(table.family());
        cell.networks.absorb(networks, self.limit);
    }

    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.tables.iter_mut().zip(other.tables) {
            for (key, cell) in theirs {
                let own = mine.entry(key).or_default();
                own.first += cell.first;
                own.networks.absorb(&cell.networks, self.limit);
            }
        }
    }
}
