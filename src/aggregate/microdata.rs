//! Every visit of a period with the cells that it is counted in, and every kind of request that looks for a
//! weakness: what the audit of a release needs to know of how tables hang together.

use hashbrown::HashSet;

use super::{
    Collector, Ordinals, RowTotals, Table,
    contribution::Contribution,
    key::{Key, is_nameless, together},
};

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
///
/// Where memory is to be saved, not all are kept. Of visits that are counted in the same cells, and of such
/// probes, as many networks matter as are ever asked for. Referrers without a name are in one row whatever
/// happens, and so, if two of them have visits that are in the same cells of all other tables, no sum of rows can
/// tell the one from the other: neither is a group that an audit could find. Such visits are of all these
/// referrers together from then on.
pub struct Microdata {
    visits: Vec<VisitRecord>,
    probes: Vec<ProbeRecord>,
    limit: usize,
    /// Visits above which those that are not needed are looked for.
    most: usize,
    /// The same of probes.
    most_probes: usize,
    /// Whether visits of several referrers are together.
    joined: bool,
}

/// The position of the table of referrers.
const REFERRERS: usize = 1;

/// Every visit is kept.
impl Default for Microdata {
    fn default() -> Self {
        Self {
            visits: Vec::new(),
            probes: Vec::new(),
            limit: usize::MAX,
            most: usize::MAX,
            most_probes: usize::MAX,
            joined: false,
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

    /// The tables of requests that look for weaknesses, each of which falls into one cell of all of them.
    pub const PROBE_TABLES: [Table; 3] = [Table::Probes, Table::ProbeHours, Table::ProbeRegions];

    /// The requests that look for weaknesses; those that do not differ in anything may be one.
    #[must_use]
    pub fn probes(&self) -> &[ProbeRecord] {
        &self.probes
    }

    /// No visits yet; networks are counted up to `limit`, and memory is saved above so many visits or probes.
    #[must_use]
    pub const fn sparing(limit: usize, most: usize) -> Self {
        Self {
            visits: Vec::new(),
            probes: Vec::new(),
            limit,
            most,
            most_probes: most,
            joined: false,
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

    fn is_of_nameless(&self) -> bool {
        is_nameless(Table::Referrers, self.cells[REFERRERS])
    }

    /// Whether it is told by a referrer that has no name.
    fn is_told_by_nameless(&self) -> bool {
        self.is_of_nameless() && *self != self.together()
    }

    /// The same of all referrers without a name.
    fn together(&self) -> Self {
        let mut visit = *self;
        visit.cells[REFERRERS] = together(Table::Referrers, self.cells[REFERRERS]);
        visit
    }
}

impl Microdata {
    /// Leaves out what is not needed, if there are many. What is kept may be as many again before the next
    /// time.
    fn spare(&mut self) {
        if self.visits.len() > self.most {
            self.join_nameless();
            self.sort();
            keep_enough(&mut self.visits, |visit| visit.cells, self.limit);
            self.most = self.most.max(2 * self.visits.len());
        }
        if self.probes.len() > self.most_probes {
            self.probes
                .sort_unstable_by_key(|probe| (probe.cells, probe.network));
            keep_enough(&mut self.probes, |probe| probe.cells, self.limit);
            self.most_probes = self.most_probes.max(2 * self.probes.len());
        }
    }

    fn sort(&mut self) {
        let place = |visit: &VisitRecord| (visit.cells, visit.network);
        self.visits.sort_unstable_by_key(place);
    }

    /// Puts visits of referrers without a name together that are in the same cells else.
    fn join_nameless(&mut self) {
        if !self.visits.iter().any(VisitRecord::is_of_nameless) {
            return;
        }
        self.visits
            .sort_unstable_by_key(|visit| (visit.together().cells, visit.cells[REFERRERS]));
        let is_same =
            |one: &VisitRecord, other: &VisitRecord| one.together().cells == other.together().cells;
        for visits in self.visits.chunk_by_mut(is_same) {
            if let [first, .., last] = visits
                && first.cells[REFERRERS] != last.cells[REFERRERS]
            {
                visits
                    .iter_mut()
                    .for_each(|visit| *visit = visit.together());
                self.joined = true;
            }
        }
    }

    /// Whether it has to be found out which referrers that some visits are told by have others that are not.
    pub fn is_unsettled(&mut self) -> bool {
        self.joined && {
            self.sort();
            self.visits.iter().any(VisitRecord::is_told_by_nameless)
        }
    }

    /// Puts all visits of these referrers together with those of others.
    pub fn settle(&mut self, settled: &HashSet<Key>) {
        let visits = self.visits.iter_mut();
        for visit in visits.filter(|visit| settled.contains(&visit.cells[REFERRERS])) {
            *visit = visit.together();
        }
    }

    fn has(&self, visit: &VisitRecord) -> bool {
        let place = |visit: &VisitRecord| (visit.cells, visit.network);
        self.visits
            .binary_search_by_key(&place(visit), place)
            .is_ok()
    }
}

/// Keeps so many different records of the same cells, next to each other.
fn keep_enough<T: PartialEq, C: PartialEq>(
    records: &mut Vec<T>,
    cells: impl Fn(&T) -> C,
    limit: usize,
) {
    records.dedup();
    let (mut same, mut latest) = (0, None);
    records.retain(|record| {
        let cells = Some(cells(record));
        same = if cells == latest { same + 1 } else { 1 };
        latest = cells;
        same <= limit
    });
}

/// The referrers without a name that some visits are told by, but not all of theirs.
pub struct Settled<'m> {
    microdata: &'m Microdata,
    told: HashSet<Key>,
    settled: HashSet<Key>,
}

impl<'m> Settled<'m> {
    /// None yet, of what turned out to be unsettled.
    #[must_use]
    pub fn new(microdata: &'m Microdata) -> Self {
        let visits = microdata.visits.iter();
        let told = visits.filter(|visit| visit.is_told_by_nameless());
        Self {
            microdata,
            told: told.map(|visit| visit.cells[REFERRERS]).collect(),
            settled: HashSet::new(),
        }
    }

    /// These referrers.
    #[must_use]
    pub fn referrers(self) -> HashSet<Key> {
        self.settled
    }
}

impl Collector for Settled<'_> {
    fn tables(&self) -> Vec<Table> {
        vec![Table::Referrers]
    }

    fn collect(&mut self, contribution: &Contribution) {
        let network = contribution.network;
        for &cells in &contribution.visits {
            let referrer = cells[REFERRERS];
            let visit = VisitRecord { network, cells };
            if self.told.contains(&referrer) && !self.microdata.has(&visit) {
                self.settled.insert(referrer);
            }
        }
    }

    fn collect_cell(&mut self, _: Table, _: Key, _: &RowTotals, _: &mut Ordinals) {}

    fn merge(&mut self, other: Self) {
        self.settled.extend(other.settled);
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
        self.spare();
    }

    /// Visits and probes are collected one by one.
    fn collect_cell(&mut self, _: Table, _: Key, _: &RowTotals, _: &mut Ordinals) {}

    fn merge(&mut self, mut other: Self) {
        self.joined |= other.joined;
        self.visits.append(&mut other.visits);
        self.probes.append(&mut other.probes);
        self.spare();
    }
}
