//! The columns and cells that a published table has in any encoding.

use super::hygiene::safe;
use crate::{
    release::{PublishedTable, Row},
    time::{Period, PeriodLength},
};

/// The name of the first column.
pub(super) const DATE: &str = "date";

/// The names of the table's key columns.
pub(super) fn keys(period: Period, table: &PublishedTable) -> &'static [&'static str] {
    table.table.keys(period.length != PeriodLength::Day)
}

/// The names of the table's measures.
pub(super) fn measures(table: &PublishedTable) -> impl Iterator<Item = &'static str> {
    table.table.measures().iter().map(|measure| measure.name())
}

/// The texts of a row's key columns; that of an open end is empty.
pub(super) fn texts(row: &Row) -> impl Iterator<Item = &str> {
    row.keys.iter().map(|key| safe(key))
}
