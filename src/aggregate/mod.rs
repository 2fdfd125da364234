//! Exact tables of visits and requests, in parts that merge by addition.
//!
//! Everything is counted from [`Contribution`]s: what one visitor's day adds to each cell of each
//! table. A period is read several times, each time with another [`Collector`]: a [`Survey`] of all
//! cells tells the release which ones may become rows; [`Totals`] are the exact numbers of those rows,
//! unions such as distinct visitors of `(other)` included; [`Shares`] are each visitor's part of the few
//! columns in which a cell has to be emptied. For differential privacy, one reading is enough: units of
//! which each contributes only so much are [`bounded`].

mod amounts;
mod attendance;
pub mod bounded;
mod contribution;
mod key;
mod key_of;
mod microdata;
mod networks;
mod parts;
mod quantile;
mod rows;
mod shares;
mod survey;
mod table;
mod totals;

pub use amounts::Amounts;
pub use attendance::Attendance;
pub use contribution::{Contribution, Crawlers, Reading, VisitSettings};
pub use key::Key;
pub(crate) use key::{
    DURATIONS, SAME, category, columns, error_page, error_status, from_page, goal, is_nameless,
    to_page, together, unpacked,
};
pub(crate) use key_of::{campaign_of, key_of};
pub use microdata::{Microdata, ProbeCells, ProbeRecord, Settled, VisitRecord};
pub use networks::NetworkSet;
pub use parts::{Ordinals, Parts, Several};
pub use quantile::Histogram;
pub use rows::RowMap;
pub use shares::{Share, Shares};
pub use survey::{Survey, Surveyed};
pub use table::{Family, Measure, Table};
pub use totals::{Limits, RowTotals, RowValues, Spread, Totals};

/// Adds contributions up; parts of a period, by whole visitors, merge by addition in any order.
pub trait Collector: Send {
    /// The tables whose contributions it adds up.
    fn tables(&self) -> Vec<Table> {
        Table::ALL.to_vec()
    }

    /// Adds one visitor's day.
    fn collect(&mut self, contribution: &Contribution);

    /// Adds what visitors come to who are in one cell only of a table, of whom no more is known; numbers for
    /// them are taken from `ordinals`.
    fn collect_cell(&mut self, table: Table, key: Key, totals: &RowTotals, ordinals: &mut Ordinals);

    /// Adds when such visitors were there.
    fn collect_attendance(&mut self, _: &Attendance) {}

    /// Adds what another collector of the same settings has counted of other visitors.
    fn merge(&mut self, other: Self);
}

/// Two collectors in one reading.
impl<A: Collector, B: Collector> Collector for (A, B) {
    fn tables(&self) -> Vec<Table> {
        [self.0.tables(), self.1.tables()].concat()
    }

    fn collect(&mut self, contribution: &Contribution) {
        self.0.collect(contribution);
        self.1.collect(contribution);
    }

    fn collect_cell(
        &mut self,
        table: Table,
        key: Key,
        totals: &RowTotals,
        ordinals: &mut Ordinals,
    ) {
        self.0.collect_cell(table, key, totals, ordinals);
        self.1.collect_cell(table, key, totals, ordinals);
    }

    fn collect_attendance(&mut self, attendance: &Attendance) {
        self.0.collect_attendance(attendance);
        self.1.collect_attendance(attendance);
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
        self.1.merge(other.1);
    }
}
