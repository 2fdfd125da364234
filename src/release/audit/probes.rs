//! The tables of requests that look for weaknesses: each such request is in one row of all of them.

use super::crossing::Crossing;
use crate::{
    aggregate::{Microdata, Table},
    release::plan::Plan,
};

/// Every pair of the tables, the earlier one first.
pub(super) fn pairs() -> impl Iterator<Item = [usize; 2]> {
    let later = 1..Microdata::PROBE_TABLES.len();
    later.flat_map(|later| (0..later).map(move |earlier| [earlier, later]))
}

/// What requests are counted in rows of both tables, given by their places; `None` if one of them has no
/// rows.
pub(super) fn crossing(
    plan: &Plan<'_>,
    microdata: &Microdata,
    places: [usize; 2],
) -> Option<Crossing> {
    let tables = places.map(|place| Microdata::PROBE_TABLES[place]);
    let [left, right] = tables.map(|table| plan.rows().count(table));
    if left == 0 || right == 0 {
        return None;
    }
    let row = |table: Table, key| {
        let count = plan.rows().count(table);
        plan.rows().row(table, key).unwrap_or(count) as u32
    };
    let mut crossing = Crossing::new(left + 1, right + 1, plan.settings.k);
    for probe in microdata.probes() {
        let [left, right] = [0, 1].map(|side| row(tables[side], probe.cells[places[side]]));
        crossing.add(left, right, probe.network);
    }
    Some(crossing)
}
