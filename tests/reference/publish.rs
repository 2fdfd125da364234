//! From a period's exact tables to the files of its release.

use super::Settings;
use super::calendar::{PeriodLength, date_text};
use super::csv;
use super::rollup::{Leaf, Row, Rules, table_of_leaves, within_parent};
use super::suppress::{Table, hidden, numbers};
use super::tables::{Cell, Exact, Family, Key};
use super::{Files, rollup};

/// The files of a period; none if the period as a whole has too few networks.
pub(crate) fn publish(exact: &Exact, start: i64, settings: &Settings) -> Files {
    let k = settings.k;
    let whole = exact.table("summary").values().next().cloned();
    let whole = whole.unwrap_or_default();
    if whole.networks(Family::Requests).len() < k {
        return Files::new();
    }
    let pages = flat(exact, "pages", k);
    let mut rows = vec![
        (
            "summary",
            vec![Row {
                key: Vec::new(),
                cell: whole,
            }],
        ),
        ("transitions", transitions(exact, &pages, k)),
        ("errors", errors(exact, &pages, k)),
        ("crawlers", crawlers(exact, k)),
        ("campaigns", hierarchy(exact, "campaigns", k)),
        ("regions", hierarchy(exact, "regions", k)),
        ("pages", pages),
    ];
    for name in FLAT {
        rows.push((name, flat(exact, name, k)));
    }
    let written = rows.into_iter().filter(|(_, rows)| !rows.is_empty());
    let date = date_text(start);
    written
        .map(|(name, rows)| (name, file(&date, name, rows, settings)))
        .collect()
}

/// Tables rolled up in one step, besides `pages`.
const FLAT: [&str; 11] = [
    "traffic",
    "referrers",
    "browsers",
    "systems",
    "devices",
    "durations",
    "depths",
    "statuses",
    "goals",
    "goal_regions",
    "hosts",
];

fn file(date: &str, name: &'static str, rows: Vec<Row>, settings: &Settings) -> String {
    let mut table = table(name);
    if name == "traffic" && settings.period != PeriodLength::Day {
        table.keys = &["weekday", "hour"];
    }
    let numbers = numbers(table, &rows, settings.k);
    csv::render(
        date,
        table,
        rows.into_iter().map(|row| row.key).zip(numbers).collect(),
    )
}

fn rules(name: &str, levels: usize, k: usize) -> Rules {
    let Table {
        measures, family, ..
    } = table(name);
    Rules {
        k,
        family,
        first_measure: measures[0],
        levels,
    }
}

fn flat(exact: &Exact, name: &str, k: usize) -> Vec<Row> {
    rollup::table(exact.table(name), rules(name, 1, k))
}

fn hierarchy(exact: &Exact, name: &str, k: usize) -> Vec<Row> {
    rollup::table(exact.table(name), rules(name, table(name).keys.len(), k))
}

fn is_published(page: &str, pages: &[Row]) -> bool {
    page != "(other)" && pages.iter().any(|row| row.key[0] == page)
}

/// From each published page whose pageviews are given, to published pages.
fn transitions(exact: &Exact, pages: &[Row], k: usize) -> Vec<Row> {
    let without_pageviews = hidden(table("pages"), "pageviews", pages, k);
    let leaves = leaves_to_pages(exact, "transitions", pages);
    let mut rows = Vec::new();
    for (position, from) in pages.iter().enumerate() {
        if from.key[0] == "(other)" || without_pageviews.contains(&position) {
            continue;
        }
        let from_here = leaves.iter().filter(|leaf| leaf.key[0] == from.key[0]);
        let rules = rules("transitions", 2, k);
        rows.extend(within_parent(
            &from.key,
            from_here.cloned().collect(),
            rules,
        ));
    }
    rows
}

/// Errors of each status by page.
fn errors(exact: &Exact, pages: &[Row], k: usize) -> Vec<Row> {
    table_of_leaves(
        leaves_to_pages(exact, "errors", pages),
        rules("errors", 2, k),
    )
}

/// Only pages that `pages` publishes are named in the second column; the others are in `(other)`.
fn leaves_to_pages(exact: &Exact, name: &str, pages: &[Row]) -> Vec<Leaf> {
    let is_named = |page: &str| page == "(same)" || is_published(page, pages);
    let leaf = |(key, cell): (&Key, &Cell)| Leaf {
        key: key.clone(),
        cell: cell.clone(),
        forced: !is_named(&key[1]),
    };
    exact.table(name).iter().map(leaf).collect()
}

/// Closed categories from ten requests on, the rest from k networks on; no `(other)`.
fn crawlers(exact: &Exact, k: usize) -> Vec<Row> {
    let is_shown = |category: &str, cell: &Cell| match category {
        "http-library" | "feed-reader" | "scanner" | "automated" => {
            cell.networks(Family::Requests).len() >= k
        }
        _ => cell.value("requests") >= 10,
    };
    let row = |(key, cell): (&Key, &Cell)| Row {
        key: key.clone(),
        cell: cell.clone(),
    };
    let cells = exact.table("crawlers").iter();
    cells
        .filter(|(key, cell)| is_shown(&key[0], cell))
        .map(row)
        .collect()
}

/// The columns of a table, as METRICS lists them.
fn table(name: &str) -> Table {
    *TABLES
        .iter()
        .find(|table| table.name == name)
        .expect("a table of METRICS")
}

const VISIT_MEASURES: &[&str] = &[
    "visits",
    "visitors",
    "bounces",
    "pageviews",
    "visit_seconds",
];

#[rustfmt::skip]
const TABLES: [Table; 18] = {
    use Family::{Pageviews as P, Requests as R, Visits as V};
    const fn of(
        name: &'static str,
        keys: &'static [&'static str],
        measures: &'static [&'static str],
        family: Family,
    ) -> Table {
        Table { name, keys, measures, family }
    }
    [
        of("summary", &[], &["requests", "bytes", "pageviews", "visits", "visitors", "bounces", "visit_seconds", "visit_seconds_median", "visit_seconds_p90"], R),
        of("traffic", &["hour"], &["requests", "bytes", "pageviews", "visits", "peak_concurrent_visits"], R),
        of("pages", &["page"], &["pageviews", "visitors", "entries", "exits", "bounces", "dwell_count", "dwell_seconds", "dwell_median", "dwell_p90"], P),
        of("transitions", &["from_page", "to_page"], &["transitions", "visitors"], P),
        of("referrers", &["channel", "referrer"], VISIT_MEASURES, V),
        of("campaigns", &["source", "medium", "campaign"], &["visits", "visitors", "bounces", "pageviews", "visit_seconds", "completions"], V),
        of("regions", &["country", "region"], VISIT_MEASURES, V),
        of("browsers", &["browser"], VISIT_MEASURES, V),
        of("systems", &["system"], VISIT_MEASURES, V),
        of("devices", &["device"], VISIT_MEASURES, V),
        of("durations", &["duration_from", "duration_to"], &["visits"], V),
        of("depths", &["pageviews_from", "pageviews_to"], &["visits"], V),
        of("statuses", &["status"], &["requests"], R),
        of("errors", &["status", "page"], &["requests"], R),
        of("goals", &["goal"], &["completions", "visitors"], V),
        of("goal_regions", &["goal", "country"], &["completions"], V),
        of("crawlers", &["category", "crawler"], &["requests", "bytes"], R),
        of("hosts", &["host"], &["requests", "pageviews", "visits", "visitors"], R),
    ]
};
