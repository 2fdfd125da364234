//! Holds exports to what they were exported from: each row is a row of the release, or the sum of exactly those
//! that are not there by themselves.

use super::{
    Audited, Release,
    finding::{Check, Findings},
    table::{OTHER, Row, Rows, is_additive},
};
use crate::aggregate::{Measure as M, Table as T};

/// Checks each export among audited folders.
pub(super) fn check(audited: &[Audited], findings: &mut Findings) {
    let mut alone = 0;
    for own in audited {
        for export in own.releases.iter().filter(|it| it.manifest.is_export()) {
            let others = audited
                .iter()
                .filter(|it| it.site.host == own.site.host && !it.is_export());
            let mut others = others.peekable();
            if others.peek().is_none() {
                alone += 1;
                continue;
            }
            let origin = others.find_map(|other| origin(export, other));
            findings.require(
                Check::Ledger,
                origin.is_some(),
                || export.manifest.place(),
                || {
                    "no ledger here records this export of a release that is still in circulation"
                        .to_owned()
                },
            );
            if let Some(origin) = origin {
                check_tables(export, origin, findings);
            }
        }
    }
    if alone > 0 {
        findings.leave(format!(
            "whether {alone} exports have nothing that the releases do not have, which are not in the \
             folders named"
        ));
    }
}

/// The release that was exported, if the ledger beside it says so.
fn origin<'r>(export: &Release, other: &'r Audited) -> Option<&'r Release> {
    let is_same = |release: &&Release| release.manifest.period == export.manifest.period;
    let entry = other
        .entries
        .iter()
        .find(|it| it.period == export.manifest.period)?;
    let is_recorded = !entry.is_removed && entry.has_export(&export.manifest);
    let origin = other.releases.iter().find(is_same);
    origin.filter(|_| is_recorded)
}

fn check_tables(export: &Release, origin: &Release, findings: &mut Findings) {
    for rows in &export.tables {
        let released = origin.tables.iter().find(|it| it.table == rows.table);
        let released = released.map_or(&[][..], |it| &it.rows);
        // By row of the export, the rows of the release in it.
        let mut parts: Vec<Vec<&Row>> = rows.rows.iter().map(|_| Vec::new()).collect();
        for row in released {
            if let Some(home) = home(row, rows) {
                parts[home].push(row);
            }
        }
        for (row, parts) in rows.rows.iter().zip(parts) {
            findings.require(
                Check::Differencing,
                is_of(rows, row, &parts),
                || rows.place(row),
                || {
                    "neither a row of the release nor the sum of those that are not exported"
                        .to_owned()
                },
            );
        }
    }
}

/// Where a released row went: the row of the same keys, or the nearest `(other)` above it.
fn home(row: &Row, export: &Rows) -> Option<usize> {
    let place = |keys: &[String]| export.rows.iter().position(|it| it.keys == keys);
    let mut keys = row.keys.clone();
    let mut found = place(&keys);
    for level in (0..keys.len()).rev() {
        OTHER.clone_into(&mut keys[level]);
        found = found.or_else(|| place(&keys));
    }
    found
}

/// Whether a row tells nothing but what its parts do: one of the same name, or several added up. A cell may
/// always be empty.
fn is_of(rows: &Rows, row: &Row, parts: &[&Row]) -> bool {
    if let [part] = parts
        && part.keys == row.keys
    {
        let mut cells = row.measures.iter().zip(&part.measures);
        return cells.all(|(own, released)| own.is_none() || own == released);
    }
    let mut measures = rows.table.measures().iter().enumerate();
    parts.len() >= 2
        && row.is_other()
        && measures.all(|(at, measure)| {
            let sum: Option<u64> = parts.iter().map(|part| part.measures[at]).sum();
            row.measures[at].is_none() || (adds_up(rows.table, *measure) && row.measures[at] == sum)
        })
}

fn adds_up(table: T, measure: M) -> bool {
    match measure {
        M::Visitors => [T::Regions, T::Browsers, T::Systems, T::Devices].contains(&table),
        _ => is_additive(measure),
    }
}
