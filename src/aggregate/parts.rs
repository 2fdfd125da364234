//! A part of a period, by cells and not by visitors, from which every [`Collector`] can count exactly.
//!
//! In each table, the visitors who are in one cell only are added up: what they come to in a row made of
//! several cells follows from what they come to in each, since no two of these cells have one of them in
//! common. Sums are added, of the largest amounts two are kept, and sets of networks no longer grow, and
//! lose their members, once they hold as many as are ever asked for. Only of a visitor in several cells
//! the amounts are kept cell by cell, for each table on its own, and with no more than the network.

use hashbrown::HashMap;

use super::{
    Amounts, Collector, Key, Limits, Table,
    attendance::Attendance,
    contribution::Contribution,
    key::ONLY,
    microdata::VisitRecord,
    totals::{Judged, RowTotals},
};
use crate::time::Hours;

/// What some visitors of a period contribute, as far as anything may ever be asked about it.
pub struct Parts {
    cells: [HashMap<Key, RowTotals>; Table::ALL.len()],
    several: [Vec<Several>; Table::ALL.len()],
    visits: HashMap<VisitRecord, u64>,
    attendance: Attendance,
    limits: Limits,
    judged: [Judged; Table::ALL.len()],
}

/// One visitor who is in several cells of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Several {
    /// The visitor's network.
    pub network: u64,
    /// The cells, and the visitor's amounts in each.
    pub cells: Vec<(Key, Amounts)>,
}

/// Numbers for visitors of whom nothing else is known, no two of them the same.
pub struct Ordinals(u64);

impl Ordinals {
    /// Numbers that no other part has.
    #[must_use]
    pub const fn of_part(part: u32) -> Self {
        Self((part as u64) << u32::BITS)
    }

    /// The next one.
    pub const fn next(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

impl Parts {
    /// Nothing yet.
    #[must_use]
    pub fn new(limits: Limits, hours: &Hours) -> Self {
        Self {
            cells: Default::default(),
            several: Default::default(),
            visits: HashMap::new(),
            attendance: Attendance::new(limits.threshold, hours),
            limits,
            judged: Table::ALL.map(Judged::with_own_family),
        }
    }

    /// What those come to who are in one cell only of a table, by cell, in the order of keys; a cell may
    /// have nobody but visitors who are in several.
    #[must_use]
    pub fn cells(&self, table: Table) -> Vec<(Key, &RowTotals)> {
        let cells = self.cells[table as usize].iter();
        let mut cells: Vec<_> = cells.map(|(key, totals)| (*key, totals)).collect();
        cells.sort_unstable_by_key(|(key, _)| *key);
        cells
    }

    /// The visitors in several cells of a table.
    #[must_use]
    pub fn several(&self, table: Table) -> &[Several] {
        &self.several[table as usize]
    }

    /// The visits that are counted in the same cells and of the same network, and how many, in order.
    #[must_use]
    pub fn visits(&self) -> Vec<(&VisitRecord, u64)> {
        let visits = self.visits.iter();
        let mut visits: Vec<_> = visits.map(|(visit, count)| (visit, *count)).collect();
        visits.sort_unstable();
        visits
    }

    /// When they were there.
    #[must_use]
    pub const fn attendance(&self) -> &Attendance {
        &self.attendance
    }

    /// The same, to be added to.
    pub const fn attendance_mut(&mut self) -> &mut Attendance {
        &mut self.attendance
    }

    /// Adds what those come to who are in this cell only of a table.
    pub fn add_cell(&mut self, table: Table, key: Key, totals: &RowTotals) {
        let cell = self.cells[table as usize].entry(key).or_default();
        cell.absorb(totals, self.limits);
    }

    /// Adds a visitor who is in several cells of a table.
    pub fn add_several(&mut self, table: Table, visitor: Several) {
        self.several[table as usize].push(visitor);
    }

    /// Adds so many visits of the same cells and network.
    pub fn add_visits(&mut self, visit: VisitRecord, count: u64) {
        *self.visits.entry(visit).or_default() += count;
    }

    /// Counts all of it, as if visitor by visitor.
    pub fn replay(&self, collector: &mut impl Collector, ordinals: &mut Ordinals) {
        let mut contribution = Contribution::to(&[]);
        for table in Table::ALL {
            for (key, totals) in &self.cells[table as usize] {
                collector.collect_cell(table, *key, totals, ordinals);
            }
            for Several { network, cells } in &self.several[table as usize] {
                contribution.be_of_cells(ordinals.next(), *network, table, cells);
                collector.collect(&contribution);
            }
        }
        for (visit, count) in &self.visits {
            contribution.be_of_visits(visit, *count);
            collector.collect(&contribution);
        }
        collector.collect_attendance(&self.attendance);
    }

    fn cell(&mut self, table: Table, key: Key) -> &mut RowTotals {
        self.cells[table as usize].entry(key).or_default()
    }
}

impl Collector for Parts {
    fn collect(&mut self, contribution: &Contribution) {
        let network = contribution.network;
        for table in Table::ALL {
            match contribution.cells(table) {
                [] => {}
                [(key, amounts)] => {
                    let cell = self.cells[table as usize].entry(*key).or_default();
                    let judged = &self.judged[table as usize];
                    cell.add(judged, amounts, network, self.limits);
                }
                cells => self.several[table as usize].push(Several {
                    network,
                    cells: cells.to_vec(),
                }),
            }
        }
        for &(page, seconds) in &contribution.dwells {
            self.cell(Table::Pages, page).values.add(seconds);
        }
        for &seconds in &contribution.durations {
            self.cell(Table::Summary, ONLY).values.add(seconds);
        }
        for &cells in &contribution.visits {
            self.add_visits(VisitRecord { network, cells }, 1);
        }
        self.attendance.collect(contribution);
    }

    fn collect_cell(&mut self, table: Table, key: Key, totals: &RowTotals, _: &mut Ordinals) {
        self.add_cell(table, key, totals);
    }

    fn collect_attendance(&mut self, attendance: &Attendance) {
        self.attendance.absorb(attendance);
    }

    fn merge(&mut self, other: Self) {
        for table in Table::ALL {
            for (key, totals) in &other.cells[table as usize] {
                self.add_cell(table, *key, totals);
            }
        }
        for (mine, mut theirs) in self.several.iter_mut().zip(other.several) {
            mine.append(&mut theirs);
        }
        for (visit, count) in other.visits {
            self.add_visits(visit, count);
        }
        self.attendance.absorb(&other.attendance);
    }
}
