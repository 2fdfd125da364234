//! Every visit of a period with the cells that it is counted in, and every kind of request that looks for a
//! weakness: what the audit of a release needs to know of how tables hang together.

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

/// A network's requests that look for the same weakness in the same hour from the same region, as their
/// cell in each of [`Microdata::PROBE_TABLES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeRecord {
    /// The network.
    pub network: u64,
    /// The cells.
    pub cells: ProbeCells,
}

/// A cell in each of [`Microdata::PROBE_TABLES`].
pub type ProbeCells = [Key; Microdata::PROBE_TABLES.len()];

/// Stands for none: no key has all bits set.
pub(super) const NO_CELL: Key = Key::MAX;

/// The visits and probes of a period, in no particular order.
#[derive(Default)]
pub struct Microdata {
    visits: Vec<VisitRecord>,
    probes: Vec<ProbeRecord>,
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

    /// The tables of requests that look for weaknesses, each of which falls into one cell of all of them.
    pub const PROBE_TABLES: [Table; 3] = [Table::Probes, Table::ProbeHours, Table::ProbeRegions];

    /// The requests that look for weaknesses; those that do not differ in anything may be one.
    #[must_use]
    pub fn probes(&self) -> &[ProbeRecord] {
        &self.probes
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

impl Collector for Microdata {
    fn collect(&mut self, contribution: &Contribution) {
        let network = contribution.network;
        let records = contribution.visits.iter();
        self.visits
            .extend(records.map(|&cells| VisitRecord { network, cells }));
        let probes = contribution.probes.iter();
        self.probes
            .extend(probes.map(|&cells| ProbeRecord { network, cells }));
    }

    /// Visits and probes are collected one by one.
    fn collect_cell(&mut self, _: Table, _: Key, _: &RowTotals, _: &mut Ordinals) {}

    fn merge(&mut self, mut other: Self) {
        self.visits.append(&mut other.visits);
        self.probes.append(&mut other.probes);
    }
}
