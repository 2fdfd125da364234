//! Every visit of a period with the cells that it is counted in: what the audit of a release needs to
//! know of how tables hang together.

use super::{Collector, Ordinals, RowTotals, Table, contribution::Contribution, key::Key};

/// One visit: whose, and its cell in each of [`Microdata::TABLES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VisitRecord {
    /// The visitor's network.
    pub network: u64,
    pub(super) cells: VisitCells,
}

/// A visit's cell in each of [`Microdata::TABLES`]; [`NO_CELL`] where the table leaves it out.
pub(super) type VisitCells = [Key; Microdata::TABLES.len()];

/// Stands for none: no key has all bits set.
pub(super) const NO_CELL: Key = Key::MAX;

/// The visits of a period, in no particular order.
///
/// Of visits that are counted in the same cells, only so many are kept as have as many networks as are ever
/// asked for, where memory is to be saved.
pub struct Microdata {
    visits: Vec<VisitRecord>,
    limit: usize,
    /// Visits above which those that are not needed are looked for.
    most: usize,
}

/// Every visit is kept.
impl Default for Microdata {
    fn default() -> Self {
        Self {
            visits: Vec::new(),
            limit: usize::MAX,
            most: usize::MAX,
        }
    }
}

impl Microdata {
    /// The tables in which a visit as a whole falls into one cell, or none, in the order of
    /// [`Table::ALL`].
    pub const TABLES: [Table; 10] = [
        Table::Traffic,
        Table::Referrers,
        Table::Campaigns,
        Table::Regions,
        Table::Browsers,
        Table::Systems,
        Table::Devices,
        Table::Durations,
        Table::Depths,
        Table::Hosts,
    ];

    /// No visits yet; networks are counted up to `limit`, and memory is saved above so many visits.
    #[must_use]
    pub const fn sparing(limit: usize, most: usize) -> Self {
        Self {
            visits: Vec::new(),
            limit,
            most,
        }
    }

    /// The visits.
    #[must_use]
    pub fn visits(&self) -> &[VisitRecord] {
        &self.visits
    }
}

impl VisitRecord {
    /// A visit of a network, in a cell of each of [`Microdata::TABLES`] or none.
    #[must_use]
    pub fn new(network: u64, cells: [Option<Key>; Microdata::TABLES.len()]) -> Self {
        Self {
            network,
            cells: cells.map(|cell| cell.unwrap_or(NO_CELL)),
        }
    }

    /// The visit's cell in the table at a position of [`Microdata::TABLES`]; `None` where the table
    /// leaves it out.
    #[must_use]
    pub fn cell(&self, position: usize) -> Option<Key> {
        Some(self.cells[position]).filter(|key| *key != NO_CELL)
    }
}

impl Microdata {
    /// Leaves out what is not needed, if there are many. What is kept may be as many again before the next
    /// time.
    fn spare(&mut self) {
        if self.visits.len() <= self.most {
            return;
        }
        self.visits
            .sort_unstable_by_key(|visit| (visit.cells, visit.network));
        self.visits.dedup();
        let (mut same, limit) = (0, self.limit);
        let mut cells = None;
        self.visits.retain(|visit| {
            same = if cells == Some(visit.cells) { same + 1 } else { 1 };
            cells = Some(visit.cells);
            same <= limit
        });
        self.most = self.most.max(2 * self.visits.len());
    }
}

impl Collector for Microdata {
    fn collect(&mut self, contribution: &Contribution) {
        let network = contribution.network;
        let records = contribution.visits.iter();
        self.visits
            .extend(records.map(|&cells| VisitRecord { network, cells }));
        self.spare();
    }

    /// Visits are collected one by one.
    fn collect_cell(&mut self, _: Table, _: Key, _: &RowTotals, _: &mut Ordinals) {}

    fn merge(&mut self, mut other: Self) {
        self.visits.append(&mut other.visits);
        self.spare();
    }
}
