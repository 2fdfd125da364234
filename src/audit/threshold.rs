//! What can be seen of the threshold without the log: rows too small to come from k networks, tables
//! that should have been withheld, and empty cells that a total restores.

use super::{
    chain::Manifest,
    finding::{Check, Findings, Place},
    sums::Tables,
    table::{OTHER, Row, Rows, is_additive},
};
use crate::{
    aggregate::{Measure as M, Table as T},
    privacy::Category,
    release::FEWEST_CRAWLER_REQUESTS,
};

/// Networks that a 90th percentile needs, in thresholds.
const OF_P90: u64 = 10;

/// Checks the tables of one period.
pub(super) fn check(tables: Tables<'_>, manifest: &Manifest, findings: &mut Findings) {
    let top = manifest.value["policy"]["top"].as_u64();
    for rows in tables.0 {
        for row in &rows.rows {
            check_size(rows, row, manifest, findings);
            check_quantiles(rows, row, manifest.k, findings);
            check_dependents(rows, row, findings);
        }
        check_other(rows, findings);
        check_top(rows, top, findings);
        check_complements(rows, manifest.is_export(), findings);
    }
}

/// Each of k networks has sent a request, seen a page or made a visit of its own.
fn check_size(rows: &Rows, row: &Row, manifest: &Manifest, findings: &mut Findings) {
    let networks = if is_of_machines(rows, row) {
        FEWEST_CRAWLER_REQUESTS
    } else {
        manifest.k
    };
    let fewest = networks.max(manifest.fewest_exported());
    for (measure, cell) in rows.table.measures().iter().zip(&row.measures) {
        let counts_networks = match measure {
            M::Requests | M::Pageviews | M::Transitions | M::Visits | M::Visitors => true,
            M::Completions => rows.table != T::Campaigns,
            _ => false,
        };
        if let Some(number) = cell.filter(|_| counts_networks) {
            findings.require(
                Check::Threshold,
                number >= fewest,
                || rows.place(row).column(measure.name()),
                || format!("fewer than {fewest}, so that not as many networks can be behind it"),
            );
        }
    }
}

/// Whether the row's key is of a closed list of machines.
fn is_of_machines(rows: &Rows, row: &Row) -> bool {
    let closed = |category: Category| category.is_closed() && category.name() == row.keys[0];
    rows.table == T::Crawlers && Category::ALL.into_iter().any(closed)
}

/// A median needs values from k networks, a 90th percentile from ten times as many.
fn check_quantiles(rows: &Rows, row: &Row, k: u64, findings: &mut Findings) {
    for (quantile, values, fewest) in [
        (M::DwellMedian, M::DwellCount, k),
        (M::DwellP90, M::DwellCount, k * OF_P90),
        (M::VisitSecondsMedian, M::Visits, k),
        (M::VisitSecondsP90, M::Visits, k * OF_P90),
    ] {
        let values = rows.cell(row, values);
        if let (Some(_), Some(values)) = (rows.cell(row, quantile), values) {
            findings.require(
                Check::Threshold,
                values >= fewest,
                || rows.place(row).column(quantile.name()),
                || format!("given of fewer than {fewest} values"),
            );
        }
    }
}

/// What would restore an empty cell is empty too.
fn check_dependents(rows: &Rows, row: &Row, findings: &mut Findings) {
    let (source, dependent) = match rows.table {
        T::Pages => (M::Pageviews, M::DwellCount),
        T::Traffic => (M::Visits, M::PeakConcurrentVisits),
        _ => return,
    };
    let restored = rows.cell(row, source).is_none() && rows.cell(row, dependent).is_some();
    findings.require(
        Check::Complement,
        !restored,
        || rows.place(row).column(dependent.name()),
        || {
            format!(
                "given although {} is withheld, which it would tell",
                source.name()
            )
        },
    );
}

/// `(other)` never stands alone, stands in all columns after its first, and not among crawlers.
fn check_other(rows: &Rows, findings: &mut Findings) {
    let is_nested = matches!(
        rows.table,
        T::Campaigns | T::Errors | T::Regions | T::ProbeRegions
    );
    let is_within = rows.table == T::Transitions;
    for row in rows.rows.iter().filter(|row| row.is_other()) {
        let first = row.keys.iter().position(|key| key == OTHER).unwrap_or(0);
        let is_rest = row.keys[first..].iter().all(|key| key == OTHER);
        let is_allowed = match rows.table {
            T::Summary | T::Crawlers => false,
            T::Transitions => first == 1,
            _ => is_nested || first == 0,
        };
        findings.require(
            Check::Threshold,
            is_rest && is_allowed,
            || rows.place(row),
            || "(other) stands where this table cannot have it".to_owned(),
        );
    }
    // Transitions are rolled up within each page, other tables as a whole.
    let level = usize::from(is_within);
    let groups = rows
        .rows
        .chunk_by(|one, other| one.keys[..level] == other.keys[..level]);
    for group in groups {
        let is_lone_other =
            group.len() == 1 && group[0].keys.get(level).is_some_and(|key| key == OTHER);
        findings.require(
            Check::Threshold,
            !is_lone_other,
            || rows.place(&group[0]),
            || "left with nothing but (other), and not withheld".to_owned(),
        );
    }
}

fn check_top(rows: &Rows, top: Option<u64>, findings: &mut Findings) {
    let is_flat = !matches!(
        rows.table,
        T::Campaigns | T::Errors | T::Regions | T::ProbeRegions | T::Transitions | T::Crawlers
    );
    let Some(top) = top.filter(|_| is_flat) else {
        return;
    };
    let named = rows.rows.iter().filter(|row| !row.is_other()).count();
    findings.require(
        Check::Threshold,
        named as u64 <= top,
        || Place::file(&rows.file),
        || format!("more than the {top} named rows of the settings"),
    );
}

/// A cell must not be the only empty one of its column: the others and their total would restore it. Of an
/// export it may be `(other)`, which would be a sum of the release, and crawlers have no total.
fn check_complements(rows: &Rows, is_export: bool, findings: &mut Findings) {
    if rows.rows.len() < 2 || (is_export && rows.table == T::Crawlers) {
        return;
    }
    for (position, measure) in rows.table.measures().iter().enumerate() {
        let empty = |row: &&Row| row.measures[position].is_none();
        if is_additive(*measure) {
            let mut emptied = rows.rows.iter().filter(empty);
            let is_single = emptied
                .next()
                .is_some_and(|row| !(is_export && row.is_other()))
                && emptied.next().is_none();
            findings.require(
                Check::Complement,
                !is_single,
                || {
                    let row = rows.rows.iter().find(empty);
                    row.map_or_else(|| Place::file(&rows.file), |row| rows.place(row))
                        .column(measure.name())
                },
                || "the only empty cell of its column: the total restores it".to_owned(),
            );
        }
    }
}
