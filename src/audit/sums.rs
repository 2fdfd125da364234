//! Holds published numbers against each other: sums of tables against totals, children against
//! parents, and what must not exceed what within a row.

use hashbrown::HashMap;

use super::{
    finding::{Check, Findings, Place},
    table::{OTHER, Row, Rows},
};
use crate::aggregate::{Measure as M, Table as T};

/// How the sum of a column relates to a total.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    Equal,
    AtMost,
}

use Relation::{AtMost, Equal};

/// Columns that add up to a number of `summary` of the same name, or stay below it.
const TOTALS: [(T, &[M], Relation); 13] = [
    (
        T::Traffic,
        &[M::Requests, M::Bytes, M::Pageviews, M::Visits],
        Equal,
    ),
    (T::Pages, &[M::Pageviews, M::Bounces], Equal),
    (
        T::Referrers,
        &[M::Visits, M::Bounces, M::Pageviews, M::VisitSeconds],
        Equal,
    ),
    (T::Regions, &OF_VISITORS, Equal),
    (T::Browsers, &OF_VISITORS, Equal),
    (T::Systems, &OF_VISITORS, Equal),
    (T::Devices, &OF_VISITORS, Equal),
    (T::Durations, &[M::Visits], Equal),
    (T::Depths, &[M::Visits], Equal),
    (T::Statuses, &[M::Requests], Equal),
    (
        T::Campaigns,
        &[M::Visits, M::Bounces, M::Pageviews, M::VisitSeconds],
        AtMost,
    ),
    (T::Errors, &[M::Requests], AtMost),
    (T::Hosts, &[M::Requests, M::Pageviews, M::Visits], AtMost),
];

/// What a table has where each visitor falls into one row.
const OF_VISITORS: [M; 5] = [
    M::Visits,
    M::Visitors,
    M::Bounces,
    M::Pageviews,
    M::VisitSeconds,
];

/// A measure that is at most another one of its row, times a factor.
const WITHIN_ROWS: [(M, u64, M); 14] = [
    (M::Bounces, 1, M::Visits),
    (M::Visitors, 1, M::Visits),
    (M::Visitors, 1, M::Requests),
    (M::Bounces, 1, M::Entries),
    (M::Bounces, 1, M::Exits),
    (M::Entries, 1, M::Pageviews),
    (M::Exits, 1, M::Pageviews),
    (M::Visitors, 1, M::Pageviews),
    (M::Visitors, 1, M::Transitions),
    (M::Visitors, 1, M::Completions),
    (M::DwellMedian, 1, M::DwellP90),
    (M::VisitSecondsMedian, 1, M::VisitSecondsP90),
    (M::DwellSeconds, LONGEST_DAY, M::DwellCount),
    (M::VisitSeconds, LONGEST_VISIT, M::Visits),
];

/// Most seconds of a visit.
const LONGEST_VISIT: u64 = 43_200;

/// Seconds of a day on which clocks repeat an hour.
const LONGEST_DAY: u64 = 90_000;

/// Checks the tables of one period.
pub(super) fn check(tables: &[Rows], findings: &mut Findings) {
    let tables = Tables(tables);
    for rows in tables.0 {
        for row in &rows.rows {
            check_row(rows, row, findings);
        }
    }
    if let Some((summary, total)) = tables.summary() {
        check_totals(tables, summary, total, findings);
        check_bins(tables, summary, total, findings);
        check_paths(tables, summary, total, findings);
    }
    check_transitions(tables, findings);
    check_errors(tables, findings);
    check_goals(tables, findings);
    check_campaigns(tables, findings);
}

/// The tables of a period.
#[derive(Clone, Copy)]
pub(super) struct Tables<'t>(pub(super) &'t [Rows]);

impl<'t> Tables<'t> {
    /// A table, if it is published.
    pub(super) fn get(self, table: T) -> Option<&'t Rows> {
        self.0.iter().find(|rows| rows.table == table)
    }

    /// The rows of pages by their names.
    fn pages(self) -> HashMap<&'t str, &'t Row> {
        let pages = self.get(T::Pages).into_iter().flat_map(|it| &it.rows);
        pages.map(|row| (row.keys[0].as_str(), row)).collect()
    }

    /// The total of a period.
    pub(super) fn summary(self) -> Option<(&'t Rows, &'t Row)> {
        let summary = self.get(T::Summary)?;
        Some((summary, summary.rows.first()?))
    }
}

/// The numbers given of a column, and whether all are.
struct Sum {
    given: u64,
    is_whole: bool,
}

impl Sum {
    fn of(cells: impl Iterator<Item = Option<u64>>) -> Self {
        let mut sum = Self {
            given: 0,
            is_whole: true,
        };
        for cell in cells {
            sum.given = sum.given.saturating_add(cell.unwrap_or(0));
            sum.is_whole &= cell.is_some();
        }
        sum
    }

    fn column(rows: &Rows, measure: M) -> Self {
        Self::of(rows.rows.iter().map(|row| rows.cell(row, measure)))
    }

    fn relates(&self, relation: Relation, total: u64) -> bool {
        match relation {
            Equal if self.is_whole => self.given == total,
            _ => self.given <= total,
        }
    }
}

fn check_row(rows: &Rows, row: &Row, findings: &mut Findings) {
    for (small, factor, large) in WITHIN_ROWS {
        // The completions of a campaign are of its visits, which need not have any.
        let is_free = rows.table == T::Campaigns && large == M::Completions;
        let cells = (rows.cell(row, small), rows.cell(row, large));
        if let (Some(less), Some(more), false) = (cells.0, cells.1, is_free) {
            findings.require(
                Check::Sums,
                less <= more.saturating_mul(factor),
                || rows.place(row).column(small.name()),
                || format!("more than {} allows", large.name()),
            );
        }
    }
    if rows.table == T::Pages {
        let cells = [M::Pageviews, M::Exits, M::DwellCount].map(|it| rows.cell(row, it));
        if let [Some(pageviews), Some(exits), Some(dwells)] = cells {
            findings.require(
                Check::Sums,
                exits.checked_add(dwells) == Some(pageviews),
                || rows.place(row),
                || "pageviews are not exits and dwell_count together".to_owned(),
            );
        }
    }
}

fn check_totals(tables: Tables<'_>, summary: &Rows, total: &Row, findings: &mut Findings) {
    for (table, measures, relation) in TOTALS {
        let Some(rows) = tables.get(table) else {
            continue;
        };
        for &measure in measures {
            let Some(total) = summary.cell(total, measure) else {
                continue;
            };
            let sum = Sum::column(rows, measure);
            findings.require(
                Check::Sums,
                sum.relates(relation, total),
                || Place::file(&rows.file).column(measure.name()),
                || "the column does not agree with the total in summary".to_owned(),
            );
        }
    }
}

/// What bins of visits say of seconds, pageviews and bounces.
fn check_bins(tables: Tables<'_>, summary: &Rows, total: &Row, findings: &mut Findings) {
    for (table, measure, highest) in [
        (T::Durations, M::VisitSeconds, LONGEST_VISIT),
        (T::Depths, M::Pageviews, u64::MAX),
    ] {
        let (Some(rows), Some(total)) = (tables.get(table), summary.cell(total, measure)) else {
            continue;
        };
        let bound = |row: &Row, key: usize, otherwise: u64| {
            row.keys[key].parse::<u64>().unwrap_or(otherwise)
        };
        let visits = |row: &Row| row.measures[0].unwrap_or(0);
        let least = rows.rows.iter().fold(0_u64, |sum, row| {
            sum.saturating_add(visits(row).saturating_mul(bound(row, 0, 0)))
        });
        let most = rows.rows.iter().fold(0_u64, |sum, row| {
            sum.saturating_add(visits(row).saturating_mul(bound(row, 1, highest)))
        });
        findings.require(
            Check::Sums,
            least <= total && (total <= most || !Sum::column(rows, M::Visits).is_whole),
            || Place::file(&rows.file),
            || format!("the bins cannot hold the {} of summary", measure.name()),
        );
    }
    let single = tables.get(T::Depths).and_then(|rows| {
        let row = rows.rows.iter().find(|row| row.keys == ["1", "1"])?;
        Some((rows, row, row.measures[0]?))
    });
    if let (Some((rows, row, visits)), Some(bounces)) = (single, summary.cell(total, M::Bounces)) {
        findings.require(
            Check::Sums,
            visits == bounces,
            || rows.place(row),
            || "visits of one pageview are not the bounces of summary".to_owned(),
        );
    }
}

/// Each visit has one entry, one exit, and a known dwell on every pageview but the last.
fn check_paths(tables: Tables<'_>, summary: &Rows, total: &Row, findings: &mut Findings) {
    let cells = [M::Pageviews, M::Visits].map(|measure| summary.cell(total, measure));
    let (Some(pages), [Some(pageviews), Some(visits)]) = (tables.get(T::Pages), cells) else {
        return;
    };
    for (measure, total) in [
        (M::Entries, Some(visits)),
        (M::Exits, Some(visits)),
        (M::DwellCount, pageviews.checked_sub(visits)),
    ] {
        let sum = Sum::column(pages, measure);
        findings.require(
            Check::Sums,
            total.is_some_and(|total| sum.relates(Equal, total)),
            || Place::file(&pages.file).column(measure.name()),
            || "the column does not agree with the visits in summary".to_owned(),
        );
    }
}

/// The rows of a page add up to its known dwells; both its ends are published pages.
fn check_transitions(tables: Tables<'_>, findings: &mut Findings) {
    let Some(rows) = tables.get(T::Transitions) else {
        return;
    };
    let pages = tables.pages();
    for group in rows
        .rows
        .chunk_by(|one, other| one.keys[0] == other.keys[0])
    {
        let sum = Sum::of(group.iter().map(|row| row.measures[0]));
        let page = pages.get(group[0].keys[0].as_str());
        let dwells = page
            .zip(tables.get(T::Pages))
            .filter(|(page, _)| page.measures[0].is_some())
            .and_then(|(page, pages)| pages.cell(page, M::DwellCount));
        findings.require(
            Check::Sums,
            dwells.is_some_and(|dwells| sum.relates(Equal, dwells)),
            || rows.place(&group[0]),
            || "the page's transitions are not the dwell_count of a published page".to_owned(),
        );
    }
    for row in &rows.rows {
        let to = row.keys[1].as_str();
        findings.require(
            Check::Sums,
            matches!(to, OTHER | "(same)") || (pages.contains_key(to) && to != row.keys[0]),
            || rows.place(row),
            || "to_page is not a published page, (same) or (other)".to_owned(),
        );
    }
}

/// Errors of a status are its requests; their pages are published ones.
fn check_errors(tables: Tables<'_>, findings: &mut Findings) {
    let Some(rows) = tables.get(T::Errors) else {
        return;
    };
    let pages = tables.pages();
    for group in rows
        .rows
        .chunk_by(|one, other| one.keys[0] == other.keys[0])
    {
        let status = tables.get(T::Statuses).and_then(|statuses| {
            let row = statuses
                .rows
                .iter()
                .find(|row| row.keys[0] == group[0].keys[0])?;
            row.measures[0]
        });
        if let Some(requests) = status.filter(|_| group[0].keys[0] != OTHER) {
            let sum = Sum::of(group.iter().map(|row| row.measures[0]));
            findings.require(
                Check::Sums,
                sum.relates(Equal, requests),
                || rows.place(&group[0]),
                || "the errors of the status are not its requests in statuses".to_owned(),
            );
        }
    }
    for row in &rows.rows {
        let page = row.keys[1].as_str();
        findings.require(
            Check::Sums,
            page == OTHER || pages.contains_key(page),
            || rows.place(row),
            || "the page of an error is not published in pages".to_owned(),
        );
    }
}

/// Countries of goals add up to the goals, which campaigns stay below.
fn check_goals(tables: Tables<'_>, findings: &mut Findings) {
    let Some(goals) = tables.get(T::Goals) else {
        return;
    };
    let sum = Sum::column(goals, M::Completions);
    for (table, relation) in [(T::GoalRegions, Equal), (T::Campaigns, AtMost)] {
        if let Some(rows) = tables.get(table).filter(|_| sum.is_whole) {
            findings.require(
                Check::Sums,
                Sum::column(rows, M::Completions).relates(relation, sum.given),
                || Place::file(&rows.file).column(M::Completions.name()),
                || "the column does not agree with the completions of goals".to_owned(),
            );
        }
    }
}

/// What the channel `campaign` has is part of what campaigns have.
fn check_campaigns(tables: Tables<'_>, findings: &mut Findings) {
    let (Some(campaigns), Some(referrers)) = (tables.get(T::Campaigns), tables.get(T::Referrers))
    else {
        return;
    };
    let sum = Sum::column(campaigns, M::Visits);
    let channel = referrers
        .rows
        .iter()
        .filter(|row| row.keys[0] == "campaign");
    let visits = Sum::of(channel.map(|row| row.measures[0]));
    findings.require(
        Check::Sums,
        visits.given <= sum.given || !sum.is_whole,
        || Place::file(&referrers.file).column(M::Visits.name()),
        || "the channel campaign has more visits than all campaigns".to_owned(),
    );
}
