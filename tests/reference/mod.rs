//! An oracle for `hushlog report` in threshold mode: the same numbers worked out a second time from
//! the written definitions alone, with sets, maps and sorts, sharing no code with the library.
//!
//! Regions are left out: every client is in `(unknown)`, as without a region database.
//!
//! Clarity is all that counts here: when the program and the oracle disagree, a reader has to be able
//! to see from the oracle which of the two is right.

mod audit;
mod calendar;
mod csv;
mod log;
mod network;
mod publish;
mod quantile;
mod rollup;
mod suppress;
mod tables;
mod together;
mod visits;
mod vocabulary;

use std::collections::BTreeMap;

pub(crate) use calendar::{PeriodLength, Zone, days_since_epoch};
pub(crate) use log::{Format, log_time};
pub(crate) use vocabulary::{AGENTS, Agent, REFERRERS};

/// What happens to listed crawlers (`--crawlers`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crawlers {
    Separate,
    Include,
    Ignore,
}

/// The settings of a run that change numbers.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) format: Format,
    pub(crate) zone: Zone,
    pub(crate) period: PeriodLength,
    pub(crate) k: usize,
    pub(crate) crawlers: Crawlers,
    pub(crate) visit_timeout: i64,
    /// Name and pattern of each goal.
    pub(crate) goals: &'static [(&'static str, &'static str)],
    pub(crate) site_hosts: &'static [&'static str],
    pub(crate) excluded_statuses: &'static [u16],
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            format: Format::Combined,
            zone: Zone::Utc,
            period: PeriodLength::Day,
            k: 10,
            crawlers: Crawlers::Separate,
            visit_timeout: 1800,
            goals: &[],
            site_hosts: &[],
            excluded_statuses: &[],
        }
    }
}

/// The CSV text of each table, by the table's name.
pub(crate) type Files = BTreeMap<&'static str, String>;

/// What a run has to publish: the files of each period, by the date of its first day.
pub(crate) fn expected(log: &str, settings: &Settings) -> BTreeMap<String, Files> {
    let requests = log::parse(log, settings);
    let mut releases = BTreeMap::new();
    for (start, visitors) in visits::by_period(requests, settings) {
        let exact = tables::count(&visitors, settings);
        let files = publish::publish(&exact, start, settings);
        if !files.is_empty() {
            releases.insert(calendar::date_text(start), files);
        }
    }
    releases
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Settings = Settings {
        format: Format::Combined,
        zone: Zone::Utc,
        period: PeriodLength::Day,
        k: 2,
        crawlers: Crawlers::Separate,
        visit_timeout: 1800,
        goals: &[],
        site_hosts: &[],
        excluded_statuses: &[],
    };

    /// A request of the client in network `network`, on 2 June 2025, without a referrer.
    fn line(network: u32, time: &str, page: &str, status: u16, bytes: u64) -> String {
        let agent = AGENTS[0].text;
        format!(
            "81.0.{network}.1 - - [02/Jun/2025:{time} +0000] \"GET {page} HTTP/1.1\" {status} {bytes} \
             \"-\" \"{agent}\"\n"
        )
    }

    fn check(log: &str, settings: &Settings, expected_files: &[(&str, &str)]) {
        let found = expected(log, settings);
        let dates: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(dates, ["2025-06-02"]);
        for (table, rows) in expected_files {
            let text = found["2025-06-02"].get(table).map_or("", String::as_str);
            let lines: Vec<&str> = text.lines().skip(1).collect();
            let prefixed = |row: &str| format!("2025-06-02,{}", row.trim());
            let rows: Vec<String> = rows.lines().map(prefixed).collect();
            assert_eq!(lines, rows, "{table}");
        }
    }

    #[test]
    fn six_readers_and_a_stray() {
        let mut log = String::new();
        for network in 1..=6 {
            log += &line(network, "10:00:00", "/a", 200, 1000);
            log += &line(network, "10:00:20", "/b", 200, 1000);
        }
        log += &line(7, "11:59:00", "/c", 200, 500);
        log += &line(7, "11:59:30", "/x", 404, 0);
        check(
            &log,
            &SMALL,
            &[
                // Seven durations (six of 20 s, one of 30 s): the fourth is the median.
                ("summary", "14,12500,13,7,7,1,150,20,"),
                // The stray page takes /b along (of two equal ones the greatest key). Nobody dwelt on
                // those, which would show in the one other cell of dwell_seconds.
                ("pages", "/a,6,6,6,0,0,6,,20,\n(other),7,7,1,7,1,0,,,"),
                ("referrers", "direct,direct,7,7,1,13,150"),
                ("regions", "(unknown),(unknown),7,7,1,13,150"),
                ("browsers", "Chrome,7,7,1,13,150"),
                ("systems", "Windows,7,7,1,13,150"),
                ("devices", "desktop,7,7,1,13,150"),
                // One row of two would fall under the threshold, so nothing but (other) is left.
                ("traffic", ""),
                ("durations", ""),
                ("depths", ""),
                ("statuses", ""),
                ("errors", ""),
                // All that is left of /a is a step to a page without a name.
                ("transitions", ""),
            ],
        );
    }

    #[test]
    fn steps_hours_and_goals_of_a_week() {
        let mut log = String::new();
        for network in 1..=6 {
            log += &line(network, &format!("10:0{network}:00"), "/a", 200, 100);
            if network > 3 {
                log += &line(network, &format!("10:0{network}:30"), "/a", 200, 100);
            }
            log += &line(network, "10:20:00", "/b", 200, 100);
            // A visit of its own, half an hour and a second later.
            log += &line(network, "10:50:01", "/b", 304, 0);
        }
        let settings = Settings {
            period: PeriodLength::Week,
            goals: &[("read", "/b")],
            ..SMALL
        };
        check(
            &log,
            &settings,
            &[
                // First visits last 19, 18, …, 14 minutes: 5,940 s; the others none.
                ("summary", "21,1500,21,12,6,6,5940,0,"),
                ("traffic", "1,10,21,1500,21,12,6"),
                ("transitions", "/a,(same),3,3\n/a,/b,6,6"),
                ("depths", "1,1,6\n2,2,3\n3,3,3"),
                ("durations", "0,10,6\n600,1800,6"),
                ("goals", "read,12,6"),
                ("goal_regions", "read,(unknown),12"),
                ("statuses", "200,15\n304,6"),
            ],
        );
    }

    #[test]
    fn crawlers_have_a_table_to_themselves() {
        let mut log = String::new();
        for network in 1..=3 {
            log += &line(network, "10:00:00", "/a", 200, 100);
        }
        let by = |agent: &Agent, network: u32| {
            line(network, "11:00:00", "/a", 200, 10).replace(AGENTS[0].text, agent.text)
        };
        let named = |name: &str| {
            let is = |agent: &&Agent| agent.crawler.is_some_and(|(_, found)| found == name);
            AGENTS.iter().find(is).unwrap()
        };
        // Ten requests of a search engine are enough, nine of an AI are not, whatever their networks.
        log += &by(named("Googlebot"), 100).repeat(10);
        log += &by(named("GPTBot"), 101).repeat(9);
        // A library needs k networks, and its volumes five visitors.
        (200..205).for_each(|network| log += &by(named("curl"), network));
        (300..302).for_each(|network| log += &by(named("Feedly"), network));
        check(
            &log,
            &SMALL,
            &[
                // Three visitors are too few for volumes and for a median.
                ("summary", ",,,3,3,3,,,"),
                // Of the rows beside Feedly's two requests, curl's five are the smallest that hide them.
                (
                    "crawlers",
                    "feed-reader,Feedly,,\nhttp-library,curl,,\nsearch-engine,Googlebot,10,100",
                ),
            ],
        );
    }

    #[test]
    fn an_automated_visitor_leaves_with_the_whole_day() {
        let people: String = (1..=5)
            .map(|network| line(network, "10:00:00", "/a", 200, 100))
            .collect();
        let heavy = |pageviews: usize| line(9, "12:00:00", "/a", 200, 100).repeat(pageviews);
        let automated = people.clone() + &heavy(301);
        check(&automated, &SMALL, &[("summary", "5,500,5,5,5,5,,0,")]);
        // At 300 pageviews it is a visitor that dominates every volume.
        check(
            &(people + &heavy(300)),
            &SMALL,
            &[("summary", ",,,6,6,5,,0,")],
        );
    }

    #[test]
    fn too_few_networks_publish_nothing() {
        let log = line(1, "10:00:00", "/a", 200, 1) + &line(1, "10:00:00", "/b", 200, 1);
        assert!(expected(&log, &SMALL).is_empty());
    }
}
