//! What must hold for any log: the same bytes come out however the same lines come in, and nothing
//! comes out that fewer than k networks sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::{IpAddr, Ipv6Addr},
    path::{Path, PathBuf},
};

use crate::{
    generate::{Random, Scenario, log},
    oracle::arguments,
    program::{Tree, assert_same, gzip, published, report, run_for, run_on},
    reference::{AGENTS, Crawlers, Format, PeriodLength, REFERRERS, Settings, Zone},
};

fn scenarios() -> [Scenario; 4] {
    let scenario = |seed, days, visits_per_day, networks, k| Scenario {
        seed,
        days,
        visits_per_day,
        networks,
        settings: Settings {
            k,
            ..Settings::default()
        },
        ..Scenario::default()
    };
    [
        scenario(501, 2, 150, 30, 10),
        scenario(502, 4, 40, 12, 5),
        // A few megabytes, so that threads have several chunks to share.
        scenario(503, 2, 3000, 90, 10),
        scenario(504, 1, 300, 60, 20),
    ]
}

/// Longer periods, a zone with summer time, virtual hosts, goals and crawlers among visitors.
fn other_settings() -> [Scenario; 2] {
    let weeks = Settings {
        zone: Zone::Berlin,
        period: PeriodLength::Week,
        goals: &[("order", "/shop/*/done"), ("docs", "/docs/*")],
        ..Settings::default()
    };
    let hosts = Settings {
        format: Format::VhostCombined,
        site_hosts: &["www.example.com", "shop.example.com"],
        crawlers: Crawlers::Include,
        visit_timeout: 600,
        k: 5,
        ..Settings::default()
    };
    let scenario = |seed, first_day, days, settings| Scenario {
        seed,
        settings,
        first_day,
        days,
        ..Scenario::default()
    };
    [
        scenario(505, (2025, 3, 28), 4, weeks),
        scenario(506, (2025, 6, 3), 1, hosts),
    ]
}

/// A way of handing over a log.
struct Way {
    name: String,
    files: Vec<Vec<u8>>,
    from_stdin: bool,
    threads: &'static str,
}

fn way(name: impl Into<String>, files: Vec<Vec<u8>>) -> Way {
    Way {
        name: name.into(),
        files,
        from_stdin: false,
        threads: "-j2",
    }
}

impl Way {
    fn by_stdin(self) -> Self {
        let from_stdin = true;
        Self { from_stdin, ..self }
    }

    fn with_threads(self, threads: &'static str) -> Self {
        Self { threads, ..self }
    }

    /// What a run publishes.
    fn published(&self, settings: &Settings) -> Tree {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        let mut command = report(&out);
        let set_here = ["--no-progress", "--geo-db=none"];
        let mut arguments = arguments(settings);
        arguments.retain(|argument| !set_here.contains(&argument.as_str()));
        command.args(arguments).arg(self.threads);
        if self.from_stdin {
            let output = run_on(&mut command, &self.files[0]);
            assert!(output.status.success(), "{}", self.name);
        } else {
            run_for(command.args(write(folder.path(), &self.files)), 0);
        }
        published(&out)
    }
}

fn write(folder: &Path, files: &[Vec<u8>]) -> Vec<PathBuf> {
    let write = |(number, bytes): (usize, &Vec<u8>)| {
        let path = folder.join(format!("part-{number}"));
        fs::write(&path, bytes).expect("a written log");
        path
    };
    files.iter().enumerate().map(write).collect()
}

fn ways(log: &str, random: &mut Random) -> Vec<Way> {
    let whole = || vec![log.as_bytes().to_vec()];
    let mut ways = vec![
        way("once more, under another key", whole()),
        way("one thread", whole()).with_threads("-j1"),
        way("four threads", whole()).with_threads("-j4"),
        way("gzip", vec![gzip(log.as_bytes())]),
        way("standard input", whole()).by_stdin(),
        way("gzip from standard input", vec![gzip(log.as_bytes())]).by_stdin(),
        way("shuffled lines", vec![shuffled(log, random).into_bytes()]),
        way(
            "lines ended by CRLF",
            vec![log.replace('\n', "\r\n").into_bytes()],
        ),
        way(
            "no newline at the end",
            vec![log.trim_end().as_bytes().to_vec()],
        ),
        way("members of gzip cut anywhere", vec![members(log, random)]),
    ];
    for parts in 2..=5 {
        let mut files = split(log, parts, random);
        shuffle(&mut files, random);
        for file in files.iter_mut().filter(|_| random.below(2) == 0) {
            *file = gzip(file);
        }
        ways.push(way(format!("{parts} files, some of them gzip"), files).with_threads("-j4"));
    }
    ways
}

fn shuffled(log: &str, random: &mut Random) -> String {
    let mut lines: Vec<&str> = log.split_inclusive('\n').collect();
    shuffle(&mut lines, random);
    lines.concat()
}

/// Fisher and Yates.
fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for position in (1..items.len()).rev() {
        items.swap(position, random.below(position as u64 + 1) as usize);
    }
}

/// The log in parts, cut at line borders; a part may be empty.
fn split(log: &str, parts: usize, random: &mut Random) -> Vec<Vec<u8>> {
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    let mut files = vec![Vec::new(); parts];
    let mut borders: Vec<usize> = (1..parts)
        .map(|_| random.below(lines.len() as u64) as usize)
        .collect();
    borders.sort_unstable();
    for (number, line) in lines.iter().enumerate() {
        let part = borders.iter().filter(|border| **border <= number).count();
        files[part].extend(line.as_bytes());
    }
    files
}

fn members(log: &str, random: &mut Random) -> Vec<u8> {
    let mut rest = log.as_bytes();
    let mut members = Vec::new();
    for _ in 0..3 {
        let (member, others) = rest.split_at(random.below(rest.len() as u64) as usize);
        members.extend(gzip(member));
        rest = others;
    }
    members.extend(gzip(rest));
    members
}

#[test]
fn the_same_lines_give_the_same_bytes() {
    for scenario in scenarios().into_iter().chain(other_settings()) {
        let (log, settings) = (log(&scenario), &scenario.settings);
        let expected = way("plainly", vec![log.clone().into_bytes()]).published(settings);
        assert!(expected.keys().any(|name| name.ends_with("pages.csv")));
        for way in ways(&log, &mut Random(scenario.seed)) {
            let case = format!("seed {}, {}", scenario.seed, way.name);
            assert_same(&way.published(settings), &expected, &case);
        }
    }
}

#[test]
fn a_thread_may_meet_no_pageview() {
    let log = log(&scenarios()[0]);
    let (pages, others): (Vec<&str>, Vec<&str>) = log
        .split_inclusive('\n')
        .partition(|line| line.contains("\"GET "));
    let files = |files: &[&[&str]]| {
        files
            .iter()
            .map(|lines| lines.concat().into_bytes())
            .collect()
    };
    let expected = way("", files(&[&[&log]])).published(&Settings::default());
    for threads in ["-j1", "-j4"] {
        let apart = way("", files(&[&others, &pages])).with_threads(threads);
        assert_same(&apart.published(&Settings::default()), &expected, threads);
    }
    let none = way("", vec![others.concat().into_bytes()]).published(&Settings::default());
    assert!(none.keys().any(|name| name.ends_with("summary.csv")));
    assert!(!none.keys().any(|name| name.ends_with("pages.csv")));
}

#[test]
fn one_line_more_gives_other_bytes() {
    let log = log(&scenarios()[0]);
    let line = log.split_inclusive('\n').next().expect("a line");
    let published = |log: String| way("", vec![log.into_bytes()]).published(&Settings::default());
    assert!(published(log.clone()) != published(log.clone() + line));
}

/// Networks by table and key.
type Senders = BTreeMap<(&'static str, String), BTreeSet<String>>;

#[test]
fn every_published_row_has_k_networks() {
    for scenario in scenarios() {
        let (log, settings) = (log(&scenario), &scenario.settings);
        let k = settings.k;
        let senders = senders(&log);
        let too_few = |networks: &BTreeSet<String>| networks.len() < k;
        assert!(senders.values().any(too_few), "nothing to be held back");
        for (name, bytes) in way("", vec![log.into_bytes()]).published(settings) {
            check_rows(&name, &String::from_utf8_lossy(&bytes), &senders, k);
        }
    }
}

fn check_rows(name: &str, text: &str, senders: &Senders, k: usize) {
    let Some((date, file)) = name
        .strip_prefix("date=")
        .and_then(|name| name.split_once('/'))
    else {
        return;
    };
    for (table, columns) in [
        ("pages", 1),
        ("statuses", 1),
        ("traffic", 1),
        ("referrers", 2),
    ] {
        if file != format!("{table}.csv") {
            continue;
        }
        for row in text.lines().skip(1).filter(|row| !row.contains("(other)")) {
            let cells: Vec<&str> = row.split(',').collect();
            let key = format!("{date} {}", cells[columns]);
            let networks = senders.get(&(table, key)).map_or(0, BTreeSet::len);
            assert!(networks >= k, "{name}: {row}: {networks} networks");
        }
    }
}

/// Who sent what, counted with a wide hand: whoever may count towards a row does.
fn senders(log: &str) -> Senders {
    let mut senders = Senders::new();
    for line in log.lines() {
        let quoted: Vec<&str> = line.split('"').collect();
        let [before, request, numbers, referrer, _, agent, _] = quoted[..] else {
            panic!("not a line of this generator: {line}");
        };
        let agent = AGENTS.iter().find(|it| it.text == agent).expect("an agent");
        if agent.crawler.is_some() {
            continue;
        }
        let client = before.split(' ').next().expect("a client");
        let (date, hour) = utc(before);
        let status = &numbers[1..4];
        let target = request.split(' ').nth(1).expect("a target");
        let page = target.split('?').next().expect("a path");
        let domain = REFERRERS
            .iter()
            .find(|it| it.text == referrer)
            .expect("a referrer")
            .domain;
        let mut count = |table, key: &str| {
            let networks: &mut BTreeSet<String> =
                senders.entry((table, format!("{date} {key}"))).or_default();
            networks.insert(network(client));
        };
        count("statuses", status);
        count("traffic", &hour);
        count("referrers", domain);
        if request.starts_with("GET") && (status.starts_with('2') || status == "304") {
            count("pages", page);
        }
    }
    senders
}

/// The date and hour of a line, on clocks of UTC.
fn utc(before: &str) -> (String, String) {
    let bracket = before.find('[').expect("a time") + 1;
    let time = jiff::Zoned::strptime("%d/%b/%Y:%H:%M:%S %z", &before[bracket..bracket + 26]);
    let time = time
        .expect("a time")
        .with_time_zone(jiff::tz::TimeZone::UTC);
    (
        time.strftime("%Y-%m-%d").to_string(),
        time.strftime("%H").to_string(),
    )
}

/// The network of a client of generated logs.
fn network(client: &str) -> String {
    let groups = |address: Ipv6Addr, count: usize| format!("{:x?}", &address.segments()[..count]);
    match client
        .parse::<IpAddr>()
        .map(|address| address.to_canonical())
    {
        Ok(IpAddr::V4(address)) => format!("{:?}", &address.octets()[..3]),
        Ok(IpAddr::V6(address)) => match address.segments() {
            [0x2002, high, low, ..] => {
                format!(
                    "{:?}",
                    [
                        high.to_be_bytes()[0],
                        high.to_be_bytes()[1],
                        low.to_be_bytes()[0]
                    ]
                )
            }
            _ => groups(address, 3),
        },
        Err(_) => client.rsplitn(3, '.').take(2).collect(),
    }
}
