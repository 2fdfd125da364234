//! The exact tables of one period: every cell with the networks and visitors behind it.

use std::collections::{BTreeMap, BTreeSet};

use super::calendar::{PeriodLength, weekday};
use super::log::Format;
use super::visits::{Hit, Kind, Visit, VisitorDay};
use super::{Crawlers, Settings};

/// Who is counted: networks with a request, with a pageview, or with a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    Requests,
    Pageviews,
    Visits,
}

/// The key columns of a row.
pub(crate) type Key = Vec<String>;

/// One cell of a table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    networks: BTreeMap<Family, BTreeSet<String>>,
    /// Each measure, visitor by visitor.
    amounts: BTreeMap<&'static str, BTreeMap<usize, u64>>,
    visitors: BTreeSet<usize>,
    peak: u64,
    /// The values that quantiles are taken of.
    values: BTreeMap<&'static str, Vec<Value>>,
}

/// One value of a quantile, and whose it is.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) seconds: u64,
    pub(crate) visitor: usize,
    pub(crate) network: String,
}

impl Cell {
    /// The networks that contributed in a family.
    pub(crate) fn networks(&self, family: Family) -> &BTreeSet<String> {
        const NONE: &BTreeSet<String> = &BTreeSet::new();
        self.networks.get(&family).unwrap_or(NONE)
    }

    /// The exact number.
    pub(crate) fn value(&self, measure: &str) -> u64 {
        match measure {
            "visitors" => self.visitors.len() as u64,
            "peak_concurrent_visits" => self.peak,
            _ => self.amounts(measure).values().sum(),
        }
    }

    /// What each visitor added to a measure.
    pub(crate) fn amounts(&self, measure: &str) -> &BTreeMap<usize, u64> {
        const NONE: &BTreeMap<usize, u64> = &BTreeMap::new();
        self.amounts.get(measure).unwrap_or(NONE)
    }

    /// The values of `visit_seconds` or `dwell`.
    pub(crate) fn values(&self, name: &str) -> &[Value] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// The cell of both groups taken together.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (family, networks) in &other.networks {
            self.networks
                .entry(*family)
                .or_default()
                .extend(networks.iter().cloned());
        }
        for (measure, amounts) in &other.amounts {
            for (visitor, amount) in amounts {
                self.add(measure, *visitor, *amount);
            }
        }
        self.visitors.extend(&other.visitors);
        self.peak = self.peak.max(other.peak);
        for (name, values) in &other.values {
            self.values
                .entry(name)
                .or_default()
                .extend(values.iter().cloned());
        }
    }

    pub(crate) fn add(&mut self, measure: &'static str, visitor: usize, amount: u64) {
        *self
            .amounts
            .entry(measure)
            .or_default()
            .entry(visitor)
            .or_default() += amount;
    }

    pub(crate) fn seen(&mut self, family: Family, network: &str) {
        self.networks
            .entry(family)
            .or_default()
            .insert(network.to_owned());
    }

    fn add_value(&mut self, name: &'static str, who: &VisitorDay, seconds: u64) {
        let value = Value {
            seconds,
            visitor: who.id,
            network: who.network.clone(),
        };
        self.values.entry(name).or_default().push(value);
    }

    fn add_request(&mut self, who: &VisitorDay, hit: &Hit) {
        self.seen(Family::Requests, &who.network);
        self.add("requests", who.id, 1);
        self.add("bytes", who.id, hit.bytes);
    }

    fn add_pageview(&mut self, who: &VisitorDay) {
        self.seen(Family::Pageviews, &who.network);
        self.add("pageviews", who.id, 1);
    }

    fn add_visit(&mut self, who: &VisitorDay) {
        self.seen(Family::Visits, &who.network);
        self.add("visits", who.id, 1);
        self.visitors.insert(who.id);
    }
}

/// One visit: its network, and its cell in each table that counts it as a whole.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) network: String,
    pub(crate) cells: BTreeMap<&'static str, Key>,
}

/// Every table of one period by name, and every visit.
#[derive(Debug, Default)]
pub(crate) struct Exact {
    tables: BTreeMap<&'static str, BTreeMap<Key, Cell>>,
    visits: Vec<Counted>,
    probes: Vec<Counted>,
}

impl Exact {
    /// A table's cells by key.
    pub(crate) fn table(&self, name: &str) -> &BTreeMap<Key, Cell> {
        const NONE: &BTreeMap<Key, Cell> = &BTreeMap::new();
        self.tables.get(name).unwrap_or(NONE)
    }

    /// Every visit, in no particular order.
    pub(crate) fn visits(&self) -> &[Counted] {
        &self.visits
    }

    /// Every request that looks for a weakness, with its cell in each table of these.
    pub(crate) fn probes(&self) -> &[Counted] {
        &self.probes
    }

    fn cell(&mut self, table: &'static str, key: &[&str]) -> &mut Cell {
        let key = key.iter().map(|&part| part.to_owned()).collect();
        self.tables
            .entry(table)
            .or_default()
            .entry(key)
            .or_default()
    }
}

/// Counts a period.
pub(crate) fn count(visitors: &[VisitorDay], settings: &Settings) -> Exact {
    let mut exact = Exact::default();
    for who in visitors {
        let is_crawler = matches!(who.kind, Kind::Crawler(..));
        if !is_crawler || settings.crawlers != Crawlers::Ignore {
            count_probes(&mut exact, who, settings);
        }
        match &who.kind {
            Kind::Crawler(category, name) => {
                if settings.crawlers != Crawlers::Ignore {
                    let cell = exact.cell("crawlers", &[category, name]);
                    who.hits.iter().for_each(|hit| cell.add_request(who, hit));
                }
            }
            Kind::Person(visits) => {
                who.hits
                    .iter()
                    .for_each(|hit| count_hit(&mut exact, who, hit, settings));
                visits
                    .iter()
                    .for_each(|visit| count_visit(&mut exact, who, visit, settings));
            }
        }
    }
    count_concurrent_visits(&mut exact, visitors, settings);
    exact
}

/// The weakness that a request of a generated log looks for, by its page.
fn probe(page: &str) -> Option<&'static str> {
    match page {
        "/wp-login.php" => Some("wp-login"),
        "/.env" => Some("secret-files"),
        "/phpmyadmin/" => Some("admin-tools"),
        _ => None,
    }
}

/// Requests that look for a weakness, whoever sends them.
fn count_probes(exact: &mut Exact, who: &VisitorDay, settings: &Settings) {
    for hit in &who.hits {
        let Some(probe) = probe(&hit.page) else {
            continue;
        };
        let cells = BTreeMap::from([
            ("probes", vec![probe.to_owned()]),
            ("probe_hours", hour_key(hit.instant, settings)),
            ("probe_regions", vec!["(unknown)".to_owned(); 2]),
        ]);
        for (table, key) in &cells {
            let key: Vec<&str> = key.iter().map(String::as_str).collect();
            let cell = exact.cell(table, &key);
            cell.add_request(who, hit);
            cell.visitors.insert(who.id);
        }
        exact.probes.push(Counted {
            network: who.network.clone(),
            cells,
        });
    }
}

fn count_hit(exact: &mut Exact, who: &VisitorDay, hit: &Hit, settings: &Settings) {
    let hour = hour_key(hit.instant, settings);
    let status = hit.status.to_string();
    let mut rows: Vec<(&'static str, Vec<&str>)> = vec![
        ("summary", vec![]),
        ("traffic", hour.iter().map(String::as_str).collect()),
        ("statuses", vec![&status]),
    ];
    if hit.status >= 400 {
        rows.push(("errors", vec![&status, &hit.page]));
    }
    if settings.format == Format::VhostCombined {
        rows.push(("hosts", vec![host_key(hit, settings)]));
    }
    for (table, key) in rows {
        let cell = exact.cell(table, &key);
        cell.add_request(who, hit);
        if hit.is_pageview() {
            cell.add_pageview(who);
        }
    }
}

fn count_visit(exact: &mut Exact, who: &VisitorDay, visit: &Visit, settings: &Settings) {
    let pageviews = visit.pageviews();
    count_visit_rows(exact, who, visit, settings);
    count_pages(exact, who, &pageviews);
    count_transitions(exact, who, &pageviews);
    for (goal, pattern) in settings.goals {
        if visit.completes(pattern) {
            for (table, key) in [
                ("goals", vec![*goal]),
                ("goal_regions", vec![goal, "(unknown)"]),
            ] {
                let cell = exact.cell(table, &key);
                cell.add_visit(who);
                cell.add("completions", who.id, 1);
            }
        }
    }
}

/// The tables in which the visit as a whole falls into one row.
fn count_visit_rows(exact: &mut Exact, who: &VisitorDay, visit: &Visit, settings: &Settings) {
    let pageviews = visit.pageviews();
    let landing = pageviews[0];
    let hour = hour_key(visit.first().instant, settings);
    let duration = bin(visit.duration(), &DURATIONS);
    let depth = bin(pageviews.len() as u64, &DEPTHS);
    let mut rows: Vec<(&'static str, Vec<&str>)> = vec![
        ("summary", vec![]),
        ("traffic", hour.iter().map(String::as_str).collect()),
        ("referrers", vec![landing.channel, &landing.referrer]),
        ("regions", vec!["(unknown)", "(unknown)"]),
        ("browsers", vec![who.agent.browser]),
        ("systems", vec![who.agent.system]),
        ("devices", vec![who.agent.device]),
        ("durations", duration.to_vec()),
        ("depths", depth.to_vec()),
    ];
    if let Some(campaign) = &landing.campaign {
        rows.push(("campaigns", campaign.iter().map(String::as_str).collect()));
    }
    if settings.format == Format::VhostCombined {
        rows.push(("hosts", vec![host_key(landing, settings)]));
    }
    let completed = settings
        .goals
        .iter()
        .filter(|(_, pattern)| visit.completes(pattern))
        .count();
    let owned = |key: &Vec<&str>| key.iter().map(|&part| part.to_owned()).collect();
    exact.visits.push(Counted {
        network: who.network.clone(),
        cells: rows
            .iter()
            .map(|(table, key)| (*table, owned(key)))
            .collect(),
    });
    for (table, key) in rows {
        let cell = exact.cell(table, &key);
        cell.add_visit(who);
        cell.add("bounces", who.id, u64::from(visit.is_bounce()));
        cell.add("visit_seconds", who.id, visit.duration());
        cell.add_value("visit_seconds", who, visit.duration());
        cell.add("completions", who.id, completed as u64);
        // Elsewhere a pageview was counted by itself, in the row of its own request.
        if !["summary", "traffic", "hosts"].contains(&table) {
            pageviews.iter().for_each(|_| cell.add_pageview(who));
        }
    }
}

fn count_pages(exact: &mut Exact, who: &VisitorDay, pageviews: &[&Hit]) {
    for (position, pageview) in pageviews.iter().enumerate() {
        let cell = exact.cell("pages", &[&pageview.page]);
        cell.add_pageview(who);
        cell.add_visit(who);
        let next = pageviews.get(position + 1);
        cell.add("entries", who.id, u64::from(position == 0));
        cell.add("exits", who.id, u64::from(next.is_none()));
        cell.add("bounces", who.id, u64::from(pageviews.len() == 1));
        if let Some(next) = next {
            let dwell = (next.instant - pageview.instant).unsigned_abs();
            cell.add("dwell_count", who.id, 1);
            cell.add("dwell_seconds", who.id, dwell);
            cell.add_value("dwell", who, dwell);
        }
    }
}

fn count_transitions(exact: &mut Exact, who: &VisitorDay, pageviews: &[&Hit]) {
    for pair in pageviews.windows(2) {
        let (from, to) = (&pair[0].page, &pair[1].page);
        let to = if from == to { "(same)" } else { to };
        let cell = exact.cell("transitions", &[from, to]);
        cell.seen(Family::Pageviews, &who.network);
        cell.add("transitions", who.id, 1);
        cell.add_visit(who);
    }
}

/// Fills in each hour's fullest minute, for hours that had requests.
fn count_concurrent_visits(exact: &mut Exact, visitors: &[VisitorDay], settings: &Settings) {
    let mut minutes: BTreeMap<i64, u64> = BTreeMap::new();
    for who in visitors {
        let Kind::Person(visits) = &who.kind else {
            continue;
        };
        for visit in visits {
            for minute in visit.first().instant / 60..=visit.last().instant / 60 {
                *minutes.entry(minute).or_default() += 1;
            }
        }
    }
    let Some(traffic) = exact.tables.get_mut("traffic") else {
        return;
    };
    for (minute, visits) in minutes {
        if let Some(cell) = traffic.get_mut(&hour_key(minute * 60, settings)) {
            cell.peak = cell.peak.max(visits);
        }
    }
}

fn hour_key(instant: i64, settings: &Settings) -> Key {
    let (day, hour) = settings.zone.day_and_hour(instant);
    let hour = format!("{hour:02}");
    match settings.period {
        PeriodLength::Day => vec![hour],
        PeriodLength::Week | PeriodLength::Month => vec![weekday(day).to_string(), hour],
    }
}

fn host_key<'a>(hit: &'a Hit, settings: &Settings) -> &'a str {
    match &hit.host {
        Some(host) if settings.site_hosts.contains(&host.as_str()) => host,
        _ => "(other host)",
    }
}

/// Least value, and the two columns that name the bin.
type Bin = (u64, [&'static str; 2]);

const DURATIONS: [Bin; 7] = [
    (0, ["0", "10"]),
    (10, ["10", "30"]),
    (30, ["30", "60"]),
    (60, ["60", "180"]),
    (180, ["180", "600"]),
    (600, ["600", "1800"]),
    (1800, ["1800", ""]),
];

const DEPTHS: [Bin; 7] = [
    (1, ["1", "1"]),
    (2, ["2", "2"]),
    (3, ["3", "3"]),
    (4, ["4", "5"]),
    (6, ["6", "10"]),
    (11, ["11", "20"]),
    (21, ["21", ""]),
];

fn bin(value: u64, bins: &[Bin]) -> [&'static str; 2] {
    bins.iter()
        .rfind(|(least, _)| *least <= value)
        .expect("a value of a bin")
        .1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_half_open() {
        for (seconds, from) in [
            (0, "0"),
            (9, "0"),
            (10, "10"),
            (1799, "600"),
            (1800, "1800"),
        ] {
            assert_eq!(bin(seconds, &DURATIONS)[0], from);
        }
        for (pageviews, bin_name) in [(1, ["1", "1"]), (5, ["4", "5"]), (21, ["21", ""])] {
            assert_eq!(bin(pageviews, &DEPTHS), bin_name);
        }
    }
}
