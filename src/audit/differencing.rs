//! Subtracts releases from each other: a week from its month, a day from its week, a release from
//! another of the same days. What is left of a row must be nothing, or no small group.

use super::{
    Release,
    chain::Manifest,
    finding::{Check, Findings},
    table::{Row, Rows},
};
use crate::{
    aggregate::{Measure as M, Table as T},
    time::Period,
};

/// Rows of a release that other releases have too, for part of its time or all of it.
pub(super) struct Overlap<'r> {
    /// The place of the table in the release, and of the row in it.
    pub(super) table: usize,
    pub(super) row: usize,
    /// The other releases' rows.
    pub(super) parts: Vec<(Period, &'r Rows, &'r Row)>,
}

/// The rows of a release that others, which lie within its time, have too.
pub(super) fn overlaps<'r>(whole: &Release, others: &[&'r Release]) -> Vec<Overlap<'r>> {
    let within: Vec<&Release> = others
        .iter()
        .filter(|other| is_within(&other.manifest, &whole.manifest))
        .copied()
        .collect();
    let mut overlaps = Vec::new();
    for (table, rows) in whole.tables.iter().enumerate() {
        for (number, row) in rows.rows.iter().enumerate() {
            let parts = within.iter().filter_map(|other| {
                let (rows, row) = same_row(other, rows, row)?;
                Some((other.manifest.period, rows, row))
            });
            let parts: Vec<_> = parts.collect();
            if !parts.is_empty() {
                overlaps.push(Overlap {
                    table,
                    row: number,
                    parts,
                });
            }
        }
    }
    overlaps
}

fn is_within(part: &Manifest, whole: &Manifest) -> bool {
    whole.period.start <= part.period.start
        && part.period.end() <= whole.period.end()
        && part.tz == whole.tz
}

/// The row of the same name. Rows of `(other)` have other members in other releases; hours of a day
/// and of weekdays are other rows.
fn same_row<'r>(other: &'r Release, rows: &Rows, row: &Row) -> Option<(&'r Rows, &'r Row)> {
    let table = other.tables.iter().find(|it| it.table == rows.table)?;
    let is_comparable = !row.is_other() && table.keys == rows.keys;
    let same = table.rows.iter().find(|it| it.keys == row.keys);
    Some((table, same.filter(|_| is_comparable)?))
}

/// Looks at what is left of a release's rows by their numbers alone.
pub(super) fn check(whole: &Release, overlaps: &[Overlap<'_>], findings: &mut Findings) {
    for overlap in overlaps {
        let rows = &whole.tables[overlap.table];
        let row = &rows.rows[overlap.row];
        if rows.table == T::Crawlers {
            continue;
        }
        for measure in [
            M::Requests,
            M::Pageviews,
            M::Transitions,
            M::Visits,
            M::Visitors,
        ] {
            let parts = overlap.parts.iter();
            let parts: Option<Vec<u64>> = parts
                .map(|(_, rows, row)| rows.cell(row, measure))
                .collect();
            let (Some(total), Some(parts)) = (rows.cell(row, measure), parts) else {
                continue;
            };
            let sum = parts.iter().sum::<u64>();
            let rest = total.checked_sub(sum);
            findings.require(
                Check::Differencing,
                rest.is_some_and(|rest| rest == 0 || rest >= whole.manifest.k),
                || rows.place(row).column(measure.name()),
                || {
                    format!(
                        "less other releases of the same time it leaves fewer than {}, or less than \
                         nothing",
                        whole.manifest.k
                    )
                },
            );
        }
    }
}
