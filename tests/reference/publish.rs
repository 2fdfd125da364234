//! From a period's exact tables to the files of its release.

use std::collections::BTreeMap;

use super::Settings;
use super::calendar::{PeriodLength, date_text};
use super::csv;
use super::rollup::{Leaf, Row, Rules, table_of_leaves, within_parent};
use super::suppress::{Table, hidden, numbers};
use super::tables::{Cell, Exact, Family, Key};
use super::{Files, audit};

/// The files of a period; none if the period as a whole has too few networks.
pub(crate) fn publish(exact: &Exact, start: i64, settings: &Settings) -> Files {
    let k = settings.k;
    let whole = exact.table("summary").values().next().cloned();
    let whole = whole.unwrap_or_default();
    if whole.networks(Family::Requests).len() < k {
        return Files::new();
    }
    let pages = rows(exact, "pages", &[], &[], k);
    let mut tables: BTreeMap<&'static str, Vec<Row>> = ROLLED_UP
        .into_iter()
        .map(|name| (name, rows(exact, name, &pages, &[], k)))
        .collect();
    let roll_up = |name: &str, further: &[Key]| rows(exact, name, &pages, further, k);
    audit::settle(exact, &mut tables, k, roll_up);
    tables.insert(
        "summary",
        vec![Row {
            key: Vec::new(),
            cell: whole,
        }],
    );
    tables.insert("transitions", transitions(exact, &pages, k));
    tables.insert("crawlers", crawlers(exact, k));
    tables.insert("pages", pages);
    let written = tables.into_iter().filter(|(_, rows)| !rows.is_empty());
    let date = date_text(start);
    written
        .map(|(name, rows)| (name, file(&date, name, rows, settings)))
        .collect()
}

/// Tables rolled up in one step, besides `pages`.
const ROLLED_UP: [&str; 17] = [
    "traffic",
    "referrers",
    "campaigns",
    "regions",
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
    "probe_regions",
];

fn file(date: &str, name: &'static str, rows: Vec<Row>, settings: &Settings) -> String {
    let mut table = table(name);
    if ["traffic", "probe_hours"].contains(&name) && settings.period != PeriodLength::Day {
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

/// The rows of a table, of which `further` ones of the top level are rolled up.
fn rows(exact: &Exact, name: &str, pages: &[Row], further: &[Key], k: usize) -> Vec<Row> {
    let levels = match name {
        "campaigns" | "regions" | "errors" | "probe_regions" => table(name).keys.len(),
        _ => 1,
    };
    let leaves = match name {
        "errors" => leaves_to_pages(exact, name, pages),
        _ => leaves(exact, name, |_| false),
    };
    table_of_leaves(leaves, rules(name, levels, k), further)
}

fn is_published(page: &str, pages: &[Row]) -> bool {
    page != "(other)" && pages.iter().any(|row| row.key[0] == page)
}

/// From each published page whose pageviews are given, to published pages.
fn transitions(exact: &Exact, pages: &[Row], k: usize) -> Vec<Row> {
    let mut leaves = leaves_to_pages(exact, "transitions", pages);
    let mut rows = transitions_of(&leaves, pages, k);
    let given_up = audit::arrivals_to_roll_up(&leaves, &rows, pages, k);
    if !given_up.is_empty() {
        let is_shown = |key: &Key| rows.iter().any(|row| row.key == *key);
        leaves.iter_mut().for_each(|leaf| {
            leaf.forced = !is_shown(&leaf.key) || given_up.contains(&leaf.key);
        });
        rows = transitions_of(&leaves, pages, k);
    }
    let without_pageviews = hidden(table("pages"), "pageviews", pages, k);
    rows.retain(|row| {
        let from = pages.iter().position(|page| page.key[0] == row.key[0]);
        from.is_some_and(|from| !without_pageviews.contains(&from))
    });
    rows
}

fn transitions_of(leaves: &[Leaf], pages: &[Row], k: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    for from in pages.iter().filter(|page| page.key[0] != "(other)") {
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

/// Only pages that `pages` publishes are named in the second column; the others are in `(other)`.
fn leaves_to_pages(exact: &Exact, name: &str, pages: &[Row]) -> Vec<Leaf> {
    let is_named = |page: &str| page == "(same)" || is_published(page, pages);
    leaves(exact, name, |key| !is_named(&key[1]))
}

fn leaves(exact: &Exact, name: &str, is_forced: impl Fn(&Key) -> bool) -> Vec<Leaf> {
    let leaf = |(key, cell): (&Key, &Cell)| Leaf {
        key: key.clone(),
        cell: cell.clone(),
        forced: is_forced(key),
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
pub(crate) fn table(name: &str) -> Table {
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
const TABLES: [Table; 21] = {
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
        of("probes", &["probe"], &["requests", "visitors"], R),
        of("probe_hours", &["hour"], &["requests", "visitors"], R),
        of("probe_regions", &["country", "region"], &["requests", "visitors"], R),
    ]
};
