//! The tables that visits are counted in, as columns of row numbers.

use super::{cells::CellNumbers, crossing::Crossing};
use crate::{
    aggregate::{Family, Microdata, NetworkSet, Survey, Table, together},
    release::{
        dominance::{Cell, Column as Emptied},
        plan::Plan,
    },
};

/// Visits read between two looks at whether a pair of tables is settled, at first.
const FIRST_BLOCK: usize = 4096;

/// In which row of a table each visit is counted; the last number is that of visits in none.
pub(super) struct Column {
    pub(super) table: Table,
    position: usize,
    rows: Vec<u32>,
    count: usize,
    /// How many of the numbers occur.
    occurring: usize,
}

impl Column {
    /// The column of the table at a position of [`Microdata::TABLES`]; `None` if it has no rows.
    pub(super) fn new(
        position: usize,
        plan: &Plan<'_>,
        survey: &Survey,
        microdata: &Microdata,
    ) -> Option<Self> {
        let table = Microdata::TABLES[position];
        let count = plan.rows().count(table);
        let row = |key| plan.rows().row(table, key).map_or(count, |row| row) as u32;
        let row_of = CellNumbers::new(survey.cells(table).keys().map(|&key| (key, row(key))));
        let visits = microdata.visits().iter();
        let rows = visits.map(|visit| {
            let cell = visit.cell(position);
            cell.map_or(count as u32, |key| row_of.of(together(table, key)))
        });
        let mut column = Self {
            table,
            position,
            rows: rows.collect(),
            count,
            occurring: 0,
        };
        if table.family() != Family::Visits {
            column.join_emptied(plan, survey, microdata);
        }
        let mut occurs = vec![false; count + 1];
        column
            .rows
            .iter()
            .for_each(|&row| occurs[row as usize] = true);
        column.occurring = occurs.iter().filter(|occurs| **occurs).count();
        (count > 0).then_some(column)
    }

    /// The same after its table has other rows; `None` if it has none left.
    pub(super) fn renewed(
        &self,
        plan: &Plan<'_>,
        survey: &Survey,
        microdata: &Microdata,
    ) -> Option<Self> {
        Self::new(self.position, plan, survey, microdata)
    }

    /// How many numbers there are.
    pub(super) const fn width(&self) -> usize {
        self.count + 1
    }

    /// The number of a visit's row, the visit by its number.
    pub(super) fn row(&self, visit: u32) -> usize {
        self.rows[visit as usize] as usize
    }

    /// The networks of visits in none of the rows: what the total less all rows is about.
    pub(super) fn networks_of_none(&self, microdata: &Microdata, k: usize) -> NetworkSet {
        self.networks(microdata, k).swap_remove(self.count)
    }

    /// The networks of each row, and of visits in none.
    fn networks(&self, microdata: &Microdata, k: usize) -> Vec<NetworkSet> {
        let mut networks = vec![NetworkSet::default(); self.count + 1];
        for (visit, &row) in microdata.visits().iter().zip(&self.rows) {
            networks[row as usize].insert(visit.network, k);
        }
        networks
    }

    /// In tables of requests a number of visits may be left empty; of those that are, only the sum is
    /// known.
    fn join_emptied(&mut self, plan: &Plan<'_>, survey: &Survey, microdata: &Microdata) {
        let k = plan.settings.k;
        let networks = self.networks(microdata, k);
        let mut firsts = vec![0; self.count];
        for (&key, cell) in survey.cells(self.table) {
            if let Some(row) = plan.rows().row(self.table, key) {
                firsts[row] += cell.first;
            }
        }
        let cells = firsts.iter().zip(&networks).map(|(&first, networks)| Cell {
            first,
            networks: Some(networks),
            short: !networks.has(k),
            dominated: false,
        });
        let column = Emptied {
            cells: cells.collect(),
            shares: None,
            k,
        };
        let emptied = column.emptied(|row| plan.columns(self.table, row));
        let Some(joint) = emptied.iter().position(|emptied| *emptied) else {
            return;
        };
        for row in &mut self.rows {
            if emptied.get(*row as usize) == Some(&true) {
                *row = joint as u32;
            }
        }
    }

    /// What visits are counted in rows of both tables; it is not whole if it is settled before all visits
    /// are read.
    pub(super) fn crossing(&self, other: &Self, microdata: &Microdata, k: usize) -> Crossing {
        let mut crossing = Crossing::new(self.count + 1, other.count + 1, k);
        let visits = microdata.visits();
        let (mut start, mut block) = (0, FIRST_BLOCK);
        while start < visits.len() && !crossing.has_one_class_of(self.occurring + other.occurring) {
            let end = visits.len().min(start + block);
            let rows = self.rows[start..end].iter().zip(&other.rows[start..end]);
            for ((&left, &right), visit) in rows.zip(&visits[start..end]) {
                crossing.add(left, right, visit.network);
            }
            crossing.contract();
            (start, block) = (end, 2 * block);
        }
        crossing
    }
}

#[cfg(test)]
impl Column {
    /// The column of a table with so many rows, given that of each visit.
    pub(super) fn example(rows: Vec<u32>, count: usize) -> Self {
        Self {
            table: Table::Referrers,
            position: 0,
            rows,
            count,
            occurring: count,
        }
    }
}
