//! Exact tables of visits and requests, in parts that merge by addition.
//!
//! Everything is counted from [`Contribution`]s: what one visitor's day adds to each cell of each
//! table. A period is read several times, each time with another [`Collector`]: a [`Survey`] of all
//! cells tells the release which ones may become rows; [`Totals`] are the exact numbers of those rows,
//! unions such as distinct visitors of `(other)` included; [`Shares`] are each visitor's part of the few
//! columns in which a cell has to be emptied. For differential privacy, one reading is enough: units of
//! which each contributes only so much are [`bounded`].

mod amounts;
pub mod bounded;
mod contribution;
mod key;
mod microdata;
mod networks;
mod quantile;
mod rows;
mod shares;
mod survey;
mod table;
mod totals;

pub use amounts::Amounts;
pub use contribution::{Contribution, Crawlers, Reading, VisitSettings};
pub use key::Key;
pub(crate) use key::{
    DURATIONS, SAME, category, columns, error_page, error_status, from_page, goal, to_page,
    unpacked,
};
pub use microdata::{Microdata, VisitRecord};
pub use networks::NetworkSet;
pub use quantile::Histogram;
pub use rows::RowMap;
pub use shares::{Share, Shares};
pub use survey::{Survey, Surveyed};
pub use table::{Family, Measure, Table};
pub use totals::{Limits, RowTotals, Spread, Totals};

/// Adds contributions up; parts of a period, by whole visitors, merge by addition in any order.
pub trait Collector: Send {
    /// The tables whose contributions it adds up.
    fn tables(&self) -> Vec<Table> {
        Table::ALL.to_vec()
    }

    /// Adds one visitor's day.
    fn collect(&mut self, contribution: &Contribution);

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

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
        self.1.merge(other.1);
    }
}
