//! A part of a period, by cells and not by visitors, from which every [`Collector`] can count exactly.
//!
//! In each table, the visitors who are in one cell only are added up: what they come to in a row made of
//! several cells follows from what they come to in each, since no two of these cells have one of them in
//! common. Sums are added, of the largest amounts two are kept, and sets of networks no longer grow, and
//! lose their members, once they hold as many as are ever asked for. Only of a visitor in several cells
//! the amounts are kept cell by cell, for each table on its own, and with no more than the network.

use hashbrown::{HashMap, HashSet};

use super::{
    Amounts, Collector, Key, Limits, Table,
    attendance::Attendance,
    contribution::Contribution,
    key::ONLY,
    microdata::{ProbeRecord, VisitRecord},
    totals::{Judged, RowTotals},
};
use crate::time::Hours;

/// What some visitors of a period contribute, as far as anything may ever be asked about it.
pub struct Parts {
    cells: [HashMap<Key, RowTotals>; Table::ALL.len()],
    several: [Vec<Several>; Table::ALL.len()],
    visits: HashMap<VisitRecord, u64>,
    probes: HashSet<ProbeRecord>,
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
            probes: HashSet::new(),
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

    /// Which networks looked for which weakness, when and from where, in order.
    #[must_use]
    pub fn probes(&self) -> Vec<&ProbeRecord> {
        let mut probes: Vec<_> = self.probes.iter().collect();
        probes.sort_unstable();
        probes
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

    /// Adds that a network looked for a weakness.
    pub fn add_probe(&mut self, probe: ProbeRecord) {
        self.probes.insert(probe);
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
        for probe in &self.probes {
            contribution.be_of_probes(probe);
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
        for &cells in &contribution.probes {
            self.add_probe(ProbeRecord { network, cells });
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
        self.probes.extend(other.probes);
        self.attendance.absorb(&other.attendance);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        aggregate::{Family, Measure, RowMap, Shares, Spread, Survey, Totals},
        time::{Calendar, Period, PeriodLength, TimeZone},
    };

    const TABLE: Table = Table::Pages;
    const CELLS: usize = 6;
    const LIMITS: Limits = Limits {
        threshold: 3,
        quantile: 6,
    };

    /// A visitor: network, and pageviews by cell.
    type Visitor = (u64, BTreeMap<Key, u64>);

    fn visitors() -> impl Strategy<Value = Vec<Visitor>> {
        let cells = proptest::collection::btree_map(0..CELLS as Key, 0..40_u64, 1..4);
        proptest::collection::vec((0..8_u64, cells), 0..40)
    }

    fn hours() -> Hours {
        let period = Period {
            start: "2026-11-21".parse().unwrap(),
            length: PeriodLength::Day,
        };
        Hours::new(&Calendar::new(TimeZone::UTC, PeriodLength::Day), period)
    }

    /// What collectors make of visitors one by one, and of the same in two parts.
    fn both<C: Collector>(visitors: &[Visitor], empty: impl Fn() -> C) -> [C; 2] {
        let hours = hours();
        let mut parts = [Parts::new(LIMITS, &hours), Parts::new(LIMITS, &hours)];
        let (mut direct, mut replayed) = (empty(), empty());
        let mut contribution = Contribution::to(&[]);
        for (visitor, (network, pages)) in visitors.iter().enumerate() {
            let amounts = |pageviews| Amounts::default().with(Measure::Pageviews, pageviews);
            let cells = pages.iter().map(|(key, it)| (*key, amounts(*it).unwrap()));
            let cells: Vec<_> = cells.collect();
            contribution.be_of_cells(visitor as u64, *network, TABLE, &cells);
            direct.collect(&contribution);
            parts[visitor % 2].collect(&contribution);
        }
        for (number, part) in parts.iter().enumerate() {
            part.replay(&mut replayed, &mut Ordinals::of_part(number as u32));
        }
        [direct, replayed]
    }

    /// The rows that cells are in.
    fn rows(row_of: [usize; CELLS]) -> RowMap {
        let mut rows = RowMap::default();
        for row in 0..3 {
            let cells = row_of.iter().zip(0..).filter(|(of, _)| **of == row);
            rows.push(TABLE, cells.map(|(_, cell)| cell).collect::<Vec<_>>());
        }
        rows
    }

    /// How the shares of some rows are spread when they are added up by visitor, and their sum.
    fn spread(shares: &Shares<'_>, of: [bool; 3]) -> (Spread, u64) {
        let mut amounts = BTreeMap::<u64, u64>::new();
        let shares = shares.of(TABLE, Measure::Pageviews).iter();
        for share in shares.filter(|share| of[share.row]) {
            *amounts.entry(share.visitor).or_default() += share.amount;
        }
        let mut spread = Spread::default();
        amounts.values().for_each(|amount| spread.add(*amount));
        (spread, amounts.values().sum())
    }

    proptest! {
        #[test]
        fn parts_tell_what_visitors_tell(visitors in visitors(), row_of: [usize; CELLS]) {
            let rows = rows(row_of.map(|row| row % 3));
            let [direct, replayed] = both(&visitors, || Survey::new(LIMITS.threshold));
            let surveyed = |survey: &Survey| -> BTreeMap<Key, (u64, bool)> {
                let cells = survey.cells(TABLE).iter();
                cells.map(|(key, it)| (*key, (it.first, it.networks.has(LIMITS.threshold)))).collect()
            };
            prop_assert_eq!(surveyed(&direct), surveyed(&replayed));

            let hours = hours();
            let [direct, replayed] = both(&visitors, || Totals::new(&rows, LIMITS, &hours));
            for (direct, replayed) in direct.rows(TABLE).iter().zip(replayed.rows(TABLE)) {
                prop_assert_eq!(direct.amounts, replayed.amounts);
                prop_assert_eq!(direct.visitors, replayed.visitors);
                prop_assert_eq!(direct.spread(Measure::Pageviews), replayed.spread(Measure::Pageviews));
                // Visits are asked about by no measure of the table.
                prop_assert!(!direct.networks(Family::Visits).has(1));
            }

            let [direct, replayed] = both(&visitors, || Shares::new(&rows, &[(TABLE, Measure::Pageviews)]));
            for of in 0..8 {
                let of = [of & 1 > 0, of & 2 > 0, of & 4 > 0];
                prop_assert_eq!(spread(&direct, of), spread(&replayed, of));
            }
        }
    }

    #[test]
    fn visits_and_attendance_are_counted_again() {
        let visit = VisitRecord::new(7, [None; super::super::Microdata::TABLES.len()]);
        let hours = hours();
        let mut parts = Parts::new(LIMITS, &hours);
        parts.add_visits(visit, 2);
        parts.add_visits(visit, 1);
        assert_eq!(parts.attendance_mut().change(3, 2), Some(()));
        assert_eq!(parts.attendance_mut().change(9999, 1), None);
        let rows = RowMap::default();
        let empty = || {
            (
                super::super::Microdata::default(),
                Totals::new(&rows, LIMITS, &hours),
            )
        };
        let mut collected = empty();
        parts.replay(&mut collected, &mut Ordinals::of_part(0));
        assert_eq!(collected.0.visits(), [visit; 3]);
    }
}
