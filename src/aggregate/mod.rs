//! Exact tables of visits and requests, in parts that merge by addition.

mod table;

pub use table::{Family, Measure, Table};
