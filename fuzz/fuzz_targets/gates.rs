//! A log through both gates: nothing of it comes out that must not, and what comes out does not depend
//! on the order of its lines, the number of workers or the keys.
//!
//! The first byte of the input chooses the format, the second the calendar; the rest are up to four
//! lines, in which some bytes stand for something that must not come out: see [`Secrets`].

#![no_main]

use std::{collections::BTreeMap, sync::LazyLock};

use hushlog::{
    aggregate::{Collector, Contribution, Reading, Shares, Survey, Totals, VisitSettings},
    format::{Format, Parsed},
    output,
    privacy::{
        Admission, AgentRules, Collected, FilterSettings, Filters, Gate, GateSettings, Goals, Hit,
        Hosts, Keys, OptOuts, PeriodLines, Policy, ReferrerRules, Regions, Senders, Shard, UrlRules, UrlSettings,
    },
    release::{Numbers, Plan, PlanSettings, Release, Statement},
    session,
    stats::{Account, Accounts},
    time::{Calendar, Hours, Period, PeriodLength, TimeZone, Timestamp},
};
use libfuzzer_sys::{Corpus, fuzz_target};
use zeroize::Zeroizing;

/// What the first byte chooses, counted from `0`. Seeds depend on the order: new ones come last.
const SETTINGS: [&str; 7] = [
    "combined",
    "vhost_combined",
    "w3c:date time c-ip cs-method cs-uri-stem cs-uri-query sc-status sc-bytes cs(User-Agent) cs(Referer) cs-host",
    "json:client=ip,time=ts,method=m,url=u,status=s,bytes=b,referrer=r,agent=a,host=h",
    "haproxy:host|agent|referrer",
    "docker:combined",
    "mixed",
];

/// What the second byte chooses, counted from `0`.
const CALENDARS: [(&str, PeriodLength); 4] = [
    ("UTC", PeriodLength::Day),
    ("America/New_York", PeriodLength::Day),
    ("Pacific/Apia", PeriodLength::Week),
    ("Europe/London", PeriodLength::Month),
];

/// The threshold in networks.
const K: usize = 5;

/// Networks by which every line is sent.
const NETWORKS: u8 = 8;

/// Fewer than the threshold: so no more networks than that send the same lone word, even if the lines
/// take something else for the client.
const MOST_LINES: usize = K - 1;

/// What the marks in a log's lines stand for. It is drawn from the log itself: so no log can hold it
/// otherwise, whatever the fuzzer has learned of earlier ones.
struct Secrets {
    /// A mail address, the same in every line: it is above the threshold.
    mail: String,
    /// A part of both the address's local part and its domain.
    of_mail: String,
    /// The address of each network's client.
    addresses: Vec<String>,
    /// A part of words that no more than [`MOST_LINES`] networks send: they are below the threshold.
    word: String,
}

/// The byte that stands for the mail address.
const MAIL: u8 = 1;
/// The byte that stands for the client's address.
const ADDRESS: u8 = 2;
/// The byte that stands for a word that is the network's own.
const WORD: u8 = 3;

impl Secrets {
    fn of(log: &[u8]) -> Self {
        let of_mail = letters(hash(log, 1));
        let [a, b, c, d, ..] = hash(log, 2).to_le_bytes().map(|byte| 20 + byte % 180);
        let ipv4 = |network: u8| format!("{a}.{b}.{}.{c}", 200 + network);
        let ipv6 = format!("2a02:1f{a:02x}:7{b:02x}:6d::{c:x}{d:x}");
        Self {
            mail: format!("{of_mail}.x@{of_mail}.person.example"),
            of_mail,
            addresses: (1..NETWORKS).map(ipv4).chain([ipv6]).collect(),
            word: letters(hash(log, 3)),
        }
    }

    /// The line as a network sends it.
    fn fill(&self, line: &[u8], network: usize) -> Vec<u8> {
        let mut filled = Vec::with_capacity(line.len() + 64);
        for &byte in line {
            match byte {
                MAIL => filled.extend(self.mail.as_bytes()),
                ADDRESS => filled.extend(self.addresses[network].as_bytes()),
                WORD => {
                    let own = b'g' + network as u8;
                    filled.push(own);
                    filled.extend(self.word.as_bytes());
                    filled.push(own);
                }
                byte => filled.push(byte),
            }
        }
        filled
    }

    /// Every line as every network sends it.
    fn fill_all(&self, lines: &[u8]) -> Vec<Vec<u8>> {
        let lines: Vec<&[u8]> = lines
            .split(|&byte| byte == b'\n')
            .take(MOST_LINES)
            .collect();
        let sent_by = |network| lines.iter().map(move |line| self.fill(line, network));
        (0..self.addresses.len()).flat_map(sent_by).collect()
    }

    /// That nothing of them is in what came out, in any case of letters.
    fn check_absent(&self, files: &BTreeMap<String, Vec<u8>>) {
        let words = [&self.of_mail, &self.word];
        for (name, bytes) in files {
            let text = [name.as_bytes(), b" ", bytes].concat().to_ascii_lowercase();
            for secret in self.addresses.iter().chain(words) {
                let is_there = text
                    .windows(secret.len())
                    .any(|part| part == secret.as_bytes());
                assert!(!is_there, "something personal came out");
            }
        }
    }
}

/// FNV-1a of 64 bits, with a last step by which each number gives bits of its own.
fn hash(bytes: &[u8], number: u64) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325 ^ number, step);
    (hash ^ hash >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ hash >> 32
}

/// Sixteen letters, none of which is a hexadecimal digit.
fn letters(bits: u64) -> String {
    (0..16)
        .map(|place| char::from(b'g' + (bits >> (4 * place) & 15) as u8))
        .collect()
}

static FORMATS: LazyLock<Vec<Format>> = LazyLock::new(|| {
    let format = |setting: &&str| setting.parse().expect("a setting that is one");
    SETTINGS.iter().map(format).collect()
});

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let list =
        |texts: &[&str]| -> Vec<String> { texts.iter().copied().map(str::to_owned).collect() };
    let urls = UrlSettings {
        routes: list(&["/blog/:slug"]),
        keep_query: list(&["page"]),
        ..UrlSettings::default()
    };
    let site_hosts = list(&["www.example.com"]);
    Policy {
        senders: Senders::default(),
        urls: UrlRules::new(&urls).expect("settings that can be used"),
        referrers: ReferrerRules::new(&site_hosts),
        agents: AgentRules::new(),
        regions: Regions::embedded().expect("the region database of the program"),
        opt_outs: OptOuts::default(),
        filters: Filters::new(&FilterSettings::default()).expect("no filters"),
        goals: Goals::new(&list(&["edit=/docs/**"])).expect("a goal"),
        hosts: Hosts::new(&site_hosts).expect("a host"),
    }
});

fuzz_target!(|input: &[u8]| -> Corpus {
    let [format, calendar, lines @ ..] = input else {
        return Corpus::Reject;
    };
    let chosen = |byte: u8, count: usize| usize::from(byte.wrapping_sub(b'0')) % count;
    let (zone, length) = CALENDARS[chosen(*calendar, CALENDARS.len())];
    let zone = TimeZone::get(zone).expect("a zone of the database");
    let run = Run {
        format: &FORMATS[chosen(*format, FORMATS.len())],
        calendar: Calendar::new(zone, length),
    };
    let secrets = Secrets::of(lines);
    let log = secrets.fill_all(lines);
    let forward = run.published(&[&log], 1);
    secrets.check_absent(&forward);
    for file in forward.values() {
        check_cells(file);
    }
    let (first, second) = log.split_at(log.len() / 3);
    let reversed = |lines: &[Vec<u8>]| lines.iter().rev().cloned().collect::<Vec<_>>();
    let backward = run.published(&[&reversed(second), &reversed(first)], 2);
    assert!(
        forward == backward,
        "order, workers or keys change what is published"
    );
    Corpus::Keep
});

/// That no cell of a table begins as a formula does, nor has control characters in it.
fn check_cells(file: &[u8]) {
    if !file.starts_with(b"date,") {
        return;
    }
    for row in file.split(|&byte| byte == b'\n') {
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        assert!(!row.iter().any(u8::is_ascii_control), "a control character");
        for cell in row.split(|&byte| byte == b',') {
            let cell = cell.strip_prefix(b"\"").unwrap_or(cell);
            let is_formula = cell.first().is_some_and(|first| b"=+-@".contains(first));
            assert!(!is_formula, "a cell that begins as a formula does");
        }
    }
}

/// What a log is read by.
struct Run<'f> {
    format: &'f Format,
    calendar: Calendar,
}

impl Run<'_> {
    /// All that is published of what the workers read, by name.
    fn published(&self, workers: &[&[Vec<u8>]], key: u8) -> BTreeMap<String, Vec<u8>> {
        let keys = Keys::new(Zeroizing::new([key; 32]));
        let admission = Admission {
            over_by: Timestamp(0),
            include_open: true,
            released: BTreeMap::new(),
        };
        let settings = GateSettings {
            policy: &POLICY,
            calendar: &self.calendar,
            admission: &admission,
            keys: &keys,
        };
        let mut accounts = Accounts::default();
        let read = |(source, lines): (usize, &&[Vec<u8>])| {
            let mut gate = Gate::new(settings);
            gate.begin(source, 0);
            self.read(lines, source, &mut gate, &mut accounts);
            gate.finish()
        };
        let intakes = workers.iter().enumerate().map(read).collect();
        let total: usize = workers.iter().map(|lines| lines.len()).sum();
        assert_eq!(
            accounts.read(),
            total as u64,
            "a line in no account or in two"
        );
        let releases = self.releases(Collected::join(intakes, &POLICY));
        let mut published = BTreeMap::new();
        for release in &releases {
            for file in output::files(release) {
                published.insert(format!("{}/{}", release.period(), file.name), file.bytes);
            }
        }
        let summary = output::summary(&releases, &accounts, &[]);
        published.insert("summary".to_owned(), summary.into_bytes());
        published
    }

    fn read(&self, lines: &[Vec<u8>], source: usize, gate: &mut Gate<'_>, accounts: &mut Accounts) {
        let mut parser = self.format.parser(TimeZone::UTC);
        let mut buffer = Vec::new();
        for line in lines {
            let account = match parser.parse(self.format.unwrapped(line, &mut buffer)) {
                Parsed::Record(record) => gate.admit(&record, line, source as u32),
                Parsed::Ignored => Account::Ignored,
                Parsed::Malformed(rule) => Account::Malformed(rule),
            };
            accounts.enter(account);
        }
    }

    fn releases(&self, collected: Collected) -> Vec<Release> {
        let lexicon = collected.lexicon;
        let visits = VisitSettings::default();
        let mut releases = Vec::new();
        for (period, collected) in collected.periods {
            let hours = Hours::new(&self.calendar, period);
            let reading = Reading {
                lexicon: &lexicon,
                hours: &hours,
                settings: &visits,
            };
            let sorted = |shard: Shard| {
                let mut hits = shard.join();
                session::sort(&mut hits, &lexicon);
                hits
            };
            let shards: Vec<_> = collected.shards.into_iter().map(sorted).collect();
            let survey = collect(&shards, reading, Survey::new(K));
            let settings = PlanSettings {
                k: K,
                top: None,
                length: period.length,
            };
            let Some(plan) = Plan::new(&survey, &lexicon, settings) else {
                continue;
            };
            let totals = Totals::new(plan.rows(), plan.limits(), &hours);
            let numbers = Numbers::new(&plan, collect(&shards, reading, totals), &hours);
            let shares = Shares::new(plan.rows(), &numbers.doubtful_columns());
            let shares = collect(&shards, reading, shares);
            let statement = self.statement(period, &collected.lines);
            releases.push(Release::new(statement, &plan, &numbers, &shares, &hours));
        }
        releases
    }

    fn statement(&self, period: Period, lines: &PeriodLines) -> Statement {
        Statement {
            period,
            tz: self.calendar.tz_name().to_owned(),
            complete: true,
            policy: "any".into(),
            parsed: lines.parsed(),
            excluded: lines.excluded(),
        }
    }
}

fn collect<C: Collector>(shards: &[Vec<Hit>], reading: Reading<'_>, mut collector: C) -> C {
    let mut contribution = Contribution::default();
    for visitor in shards.iter().flat_map(|shard| session::visitors(shard)) {
        contribution.read(visitor, &reading);
        collector.collect(&contribution);
    }
    collector
}
