//! The stages of a report as streams, for an engine that drives them on many machines.
//!
//! ```text
//! lines --map--> HITS --the engine: by visitor, sorted by all columns--> HITS --reduce--> PARTIALS --release--> as a report
//! ```
//!
//! `report` does the same in one process, and by the same functions: [`map()`] is what its workers do,
//! [`reduce()`] what it does with sorted shards, and [`merge()`] yields the [`Material`](super::Material) of
//! a report, which is released as any other. Every file that comes out is the same to the byte, for any
//! number of tasks, however lines are divided among them and in whatever order they come. All numbers
//! are whole; nothing reads a clock (the instant by which periods must be over is an argument), and random
//! bytes change no row. So a task that is run again writes the rows that it wrote before.
//!
//! # What partials must tell
//!
//! A release reads a period three times (see the crate's documentation): which cells there are, the numbers
//! of the rows that they become, and each visitor's share of the columns in which cells are emptied. Sums and
//! sets of networks are known of any union of cells if they are known of each cell. What is not: how many
//! visitors a union has, which two have most of a volume, and what one of them has in several rows. All
//! three differ from what cells tell by those visitors alone who are in several cells *of one table*. So
//! a partial has the sums of all others by cell, with the two largest contributions and the number of
//! contributors ([`Parts`](crate::aggregate::Parts)), and a row for each visitor who is in several cells of
//! a table: for that table, with amounts and network and nothing that would connect it to another table. The
//! audit of how tables hang together needs visits by network and cells; equal ones are counted.
//!
//! This is exact in one round: sites whose logs must not leave them hand over partials once, and nobody has
//! to be asked again. Its price is that partials grow with the visitors who see several pages. A second round
//! would cost each task a second reading of its shuffled hits, with the plan of the release handed out in
//! between, and partials would be as large as what is published; nothing in the contract stands against it.
//!
//! # What is not the same
//!
//! Who divides lines among tasks without telling files apart can find out neither the format of each file
//! nor which files are copies of others: the format has to be given, and each line must be in the input
//! once. Directives that tell columns at the head of a file (`#Fields`) reach the first task only, so such
//! a format has to name its columns. Noise is not drawn, and a log is not divided by host.

mod contract;
mod facts;
mod frame;
mod hits;
mod lines;
mod map;
mod partials;
mod reduce;
mod release;

pub use contract::Contract;
pub use map::{MapSettings, map};
pub use reduce::{ReduceSettings, reduce};
pub use release::{MergeSettings, Partials, merge, not_over};
