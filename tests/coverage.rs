//! Keeps the generated logs worth their while: together they reach every table and every rule, and the
//! oracle's own numbers agree with each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::reference::Files;
use crate::scenarios::runs;

/// A table's rows, each a cell by column.
type Rows = Vec<BTreeMap<String, String>>;

/// The releases of all runs: table by name.
fn releases() -> Vec<BTreeMap<&'static str, Rows>> {
    let files = runs().iter().flat_map(|run| run.expected.values());
    let tables = |files: &Files| {
        files
            .iter()
            .map(|(table, text)| (*table, rows(text)))
            .collect()
    };
    files.map(tables).collect()
}

/// Nothing in generated logs needs quoting.
fn rows(text: &str) -> Rows {
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
    let header: Vec<String> = lines.next().expect("a header").collect();
    lines
        .map(|line| header.iter().cloned().zip(line).collect())
        .collect()
}

/// Columns that some release gives and some leaves empty.
#[rustfmt::skip]
const EMPTIED_AT_TIMES: [(&str, &[&str]); 8] = [
    ("summary", &["requests", "bytes", "pageviews", "visit_seconds", "visit_seconds_p90"]),
    ("traffic", &["requests", "bytes", "pageviews", "visits", "peak_concurrent_visits"]),
    ("pages", &["pageviews", "dwell_count", "dwell_seconds", "dwell_median", "dwell_p90"]),
    ("referrers", &["pageviews", "visit_seconds"]),
    ("campaigns", &["pageviews", "visit_seconds"]),
    ("statuses", &["requests"]),
    ("hosts", &["pageviews"]),
    ("crawlers", &["bytes"]),
];

/// Tables in which some release has a row `(other)`.
const OTHER_AT_TIMES: [&str; 17] = [
    "traffic",
    "pages",
    "transitions",
    "referrers",
    "campaigns",
    "browsers",
    "systems",
    "devices",
    "durations",
    "depths",
    "statuses",
    "errors",
    "goals",
    "goal_regions",
    "hosts",
    "probes",
    "probe_hours",
];

/// Tables that are never rolled up in generated logs, but are there.
const NEVER_OTHER: [&str; 4] = ["summary", "regions", "crawlers", "probe_regions"];

#[test]
fn generated_logs_reach_every_rule() {
    let mut all: BTreeMap<&str, Rows> = BTreeMap::new();
    for (table, rows) in releases().into_iter().flatten() {
        all.entry(table).or_default().extend(rows);
    }
    let tables: BTreeSet<&str> = all.keys().copied().collect();
    assert_eq!(
        tables,
        OTHER_AT_TIMES.into_iter().chain(NEVER_OTHER).collect()
    );
    let mut missed = Vec::new();
    for (table, columns) in EMPTIED_AT_TIMES {
        for column in columns {
            let empty = all[table]
                .iter()
                .filter(|row| row[*column].is_empty())
                .count();
            if empty == 0 || empty == all[table].len() {
                missed.push(format!(
                    "{table}.{column}: {empty} of {} empty",
                    all[table].len()
                ));
            }
        }
    }
    let is_other = |row: &BTreeMap<String, String>| row.values().any(|cell| cell == "(other)");
    let without_other = OTHER_AT_TIMES
        .iter()
        .filter(|table| !all[**table].iter().any(is_other));
    missed.extend(without_other.map(|table| format!("{table}: no (other)")));
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn the_sums_that_must_hold_do() {
    for release in releases() {
        let visits = number(&release["summary"][0], "visits");
        for table in [
            "durations",
            "depths",
            "regions",
            "referrers",
            "browsers",
            "systems",
            "devices",
        ] {
            if let (Some(rows), Some(visits)) = (release.get(table), visits) {
                let sum: u64 = rows.iter().filter_map(|row| number(row, "visits")).sum();
                assert_eq!(sum, visits, "{table}");
            }
        }
        let pages = release.get("pages").map_or(&[][..], Vec::as_slice);
        for page in pages {
            check_flow(page, release.get("transitions").map_or(&[], Vec::as_slice));
        }
    }
}

/// A page's pageviews end the visit or lead on, and its transitions are complete where they are given.
fn check_flow(page: &BTreeMap<String, String>, transitions: &[BTreeMap<String, String>]) {
    let (Some(pageviews), Some(dwells)) = (number(page, "pageviews"), number(page, "dwell_count"))
    else {
        assert_eq!(
            (number(page, "pageviews"), number(page, "dwell_count")),
            (None, None)
        );
        return;
    };
    assert_eq!(Some(pageviews - dwells), number(page, "exits"));
    let from_here = transitions
        .iter()
        .filter(|row| row["from_page"] == page["page"]);
    let steps: Vec<u64> = from_here
        .filter_map(|row| number(row, "transitions"))
        .collect();
    assert!(steps.is_empty() || steps.iter().sum::<u64>() == dwells);
}

fn number(row: &BTreeMap<String, String>, column: &str) -> Option<u64> {
    row[column].parse().ok()
}
