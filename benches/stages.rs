//! What each stage costs, from gate 1 to the encoded files, on one generated day of a site.
//!
//! ```text
//! cargo bench --bench stages
//! ```
//!
//! Everything runs on one thread, so that figures of stages can be compared and added up. Lines and
//! keys are fixed: each run does the same work.

use std::{hint::black_box, sync::LazyLock};

use divan::{
    AllocProfiler, Bencher,
    counter::{BytesCount, ItemsCount},
};
use hushlog::{
    aggregate::{
        Collector, Contribution, Limits, Microdata, Reading, Shares, Survey, Table, Totals,
        VisitSettings,
    },
    format::{Format, Parsed},
    output::{self, Encoding},
    privacy::{
        Admission, AgentRules, Collected, CollectedPeriod, Due, Filters, Gate, GateSettings, Goals,
        Hit, Hits, Hosts, Keys, Lexicon, Logged, OptOuts, Policy, ReferrerRules, Regions, Senders,
        UrlRules, UrlSettings,
    },
    record::Record,
    release::{InTurn, Numbers, Plan, PlanSettings, Release, Statement},
    session,
    stats::Accounts,
    time::{Calendar, Hours, Period, PeriodLength, TimeZone, Timestamp},
};

const LINES: u64 = 50_000;
const K: usize = 10;
const LIMITS: Limits = Limits {
    threshold: K,
    quantile: 10 * K,
};

/// Counts what each stage allocates beside what it takes: gate 1 nothing on values that it knows, but for the
/// pages that it fills with hits.
#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// Gate 1 on values that it sees for the first time, as at a run's beginning: rules run in full.
#[divan::bench(sample_count = 10)]
fn admit_new_values(bencher: Bencher<'_, '_>) {
    let records = records(&SITE.log);
    counted(bencher)
        .with_inputs(|| Gate::new(SITE.gate()))
        .bench_local_values(|mut gate| {
            admit(&mut gate, &records);
            gate
        });
}

/// Gate 1 on values that it remembers, as for most lines of a long log.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn admit_known_values(bencher: Bencher<'_, '_>) {
    let records = records(&SITE.log);
    let mut gate = Gate::new(SITE.gate());
    admit(&mut gate, &records);
    counted(bencher).bench_local(|| admit(&mut gate, &records));
}

/// Hits into the order in which visits are defined.
#[divan::bench(sample_count = 20)]
fn sort(bencher: Bencher<'_, '_>) {
    hits_counted(bencher)
        .with_inputs(|| Day::collected(SITE.read()))
        .bench_local_values(|(lexicon, _, mut period)| {
            sort_all(&mut period.hits, &lexicon);
            period
        });
}

/// Contributions of every visitor, and the look at all cells.
#[divan::bench(sample_count = 20)]
fn survey(bencher: Bencher<'_, '_>) {
    hits_counted(bencher).bench_local(|| DAY.collect(Survey::new(K)));
}

/// From cells to rows, small cells rolled up.
#[divan::bench]
fn plan(bencher: Bencher<'_, '_>) {
    let survey = DAY.collect(Survey::new(K));
    let cells: usize = Table::ALL
        .iter()
        .map(|table| survey.cells(*table).len())
        .sum();
    bencher
        .counter(ItemsCount::new(cells))
        .bench_local(|| DAY.plan(&survey));
}

/// The same where readers went 600,000 different ways from page to page.
#[divan::bench(sample_count = 20)]
fn plan_many_transitions(bencher: Bencher<'_, '_>) {
    let survey = WANDERINGS.collect(Survey::new(K));
    bencher
        .counter(ItemsCount::new(survey.cells(Table::Transitions).len()))
        .bench_local(|| WANDERINGS.plan(&survey));
}

/// From planned rows to audited ones: sums of tables compared with each other.
#[divan::bench(sample_count = 20)]
fn audit(bencher: Bencher<'_, '_>) {
    audited(bencher, &DAY);
}

/// The same where readers went 600,000 different ways from page to page.
#[divan::bench(sample_count = 5)]
fn audit_many_transitions(bencher: Bencher<'_, '_>) {
    audited(bencher, &WANDERINGS);
}

fn audited(bencher: Bencher<'_, '_>, day: &Day) {
    let (survey, microdata) = day.collect((Survey::new(K), Microdata::default()));
    let cells: usize = Table::ALL
        .iter()
        .map(|table| survey.cells(*table).len())
        .sum();
    bencher
        .counter(ItemsCount::new(cells))
        .with_inputs(|| day.plan(&survey))
        .bench_local_values(|plan| plan.audited(&survey, &microdata, &InTurn));
}

/// Contributions of every visitor, and the exact numbers of the rows.
#[divan::bench(sample_count = 20)]
fn totals(bencher: Bencher<'_, '_>) {
    let plan = DAY.plan(&DAY.collect(Survey::new(K)));
    hits_counted(bencher).bench_local(|| DAY.collect(Totals::new(plan.rows(), LIMITS, &DAY.hours)));
}

/// From exact numbers to a release: cells judged, and emptied where they have to be.
#[divan::bench]
fn release(bencher: Bencher<'_, '_>) {
    let plan = DAY.plan(&DAY.collect(Survey::new(K)));
    let numbers = DAY.numbers(&plan);
    let shares = DAY.collect(Shares::new(plan.rows(), &numbers.doubtful_columns()));
    let rows: usize = Table::ALL
        .iter()
        .map(|table| plan.rows().count(*table))
        .sum();
    bencher
        .counter(ItemsCount::new(rows))
        .with_inputs(|| DAY.statement())
        .bench_local_values(|statement| {
            Release::new(statement, &plan, &numbers, &shares, &DAY.hours)
        });
}

/// CSV, the manifest and the digests of all files.
#[divan::bench]
fn encode(bencher: Bencher<'_, '_>) {
    let release = DAY.release();
    let rows: usize = release.tables().iter().map(|table| table.rows.len()).sum();
    let files = output::files(&release, Encoding::Csv);
    let bytes: usize = files.iter().map(|file| file.bytes.len()).sum();
    bencher
        .counter(ItemsCount::new(rows))
        .counter(BytesCount::new(bytes))
        .bench_local(|| output::files(black_box(&release), Encoding::Csv));
}

fn counted<'a, 'b>(bencher: Bencher<'a, 'b>) -> Bencher<'a, 'b> {
    bencher
        .counter(ItemsCount::new(LINES))
        .counter(BytesCount::new(SITE.log.len()))
}

fn hits_counted<'a, 'b>(bencher: Bencher<'a, 'b>) -> Bencher<'a, 'b> {
    let hits: usize = DAY.shards.iter().map(Vec::len).sum();
    bencher
        .counter(ItemsCount::new(hits))
        .counter(BytesCount::new(hits * size_of::<Hit>()))
}

fn admit(gate: &mut Gate<'_>, records: &[(Record<'_>, &[u8])]) {
    let mut accounts = Accounts::default();
    let logged = records
        .iter()
        .map(|&(ref record, line)| Logged { record, line });
    let logged: Vec<_> = logged.collect();
    for batch in logged.chunks(64) {
        gate.admit(batch, 0, &mut accounts);
    }
    black_box(accounts);
}

/// The shards in one piece each, in the order in which visits are defined.
fn sort_all(hits: &mut Hits, lexicon: &Lexicon) -> Vec<Vec<Hit>> {
    let mut buffer = Vec::new();
    let shards = hits.shards().into_iter().map(|shard| {
        let mut sorted = Vec::new();
        shard
            .sort(&mut buffer, |hits| session::sort(hits, lexicon))
            .join(&mut sorted);
        sorted
    });
    shards.collect()
}

/// A log's lines, parsed.
fn records(log: &str) -> Vec<(Record<'_>, &[u8])> {
    let format = Format::named("combined").expect("combined is a known format");
    let mut parser = format.parser(TimeZone::UTC);
    log.lines()
        .map(str::as_bytes)
        .map(|line| match parser.parse(line) {
            Parsed::Record(record) => (record, line),
            _ => unreachable!("every generated line is a request"),
        })
        .collect()
}

static SITE: LazyLock<Site> = LazyLock::new(Site::new);
static DAY: LazyLock<Day> = LazyLock::new(|| Day::sorted(SITE.read()));
static WANDERINGS: LazyLock<Day> = LazyLock::new(|| {
    let mut gate = Gate::new(SITE.gate());
    let mut random = Random(1);
    for visitor in 0..3000 {
        admit(&mut gate, &records(&wandering(visitor, &mut random)));
    }
    Day::sorted(gate)
});

/// A site, its settings and its log.
struct Site {
    log: String,
    policy: Policy,
    calendar: Calendar,
    admission: Admission,
    keys: Keys,
}

impl Site {
    fn new() -> Self {
        Self {
            log: log(),
            policy: policy(),
            calendar: Calendar::new(TimeZone::UTC, PeriodLength::Day),
            admission: Admission {
                due: Due::OverBy(Timestamp(i64::MAX)),
                released: [].into(),
            },
            keys: Keys::new([7; 32].into()),
        }
    }

    /// A gate that has seen the log.
    fn read(&self) -> Gate<'_> {
        let mut gate = Gate::new(self.gate());
        admit(&mut gate, &records(&self.log));
        gate
    }

    fn gate(&self) -> GateSettings<'_> {
        GateSettings {
            policy: &self.policy,
            calendar: &self.calendar,
            admission: &self.admission,
            keys: &self.keys,
        }
    }
}

fn policy() -> Policy {
    let unusable = "the settings are usable";
    Policy {
        senders: Senders::default(),
        urls: UrlRules::new(&UrlSettings::default()).expect(unusable),
        referrers: ReferrerRules::new(&["example.com".to_owned()]),
        agents: AgentRules::new(),
        regions: Regions::embedded().expect("the shipped database is whole"),
        opt_outs: OptOuts::default(),
        filters: Filters::default(),
        goals: Goals::new(&[]).expect(unusable),
        hosts: Hosts::new(&[]).expect(unusable),
    }
}

/// The site's day after gate 1.
struct Day {
    period: Period,
    lexicon: Lexicon,
    shards: Vec<Vec<Hit>>,
    hours: Hours,
    visits: VisitSettings,
}

impl Day {
    /// The lexicon and the only period that a gate has let in.
    fn collected(gate: Gate<'_>) -> (Lexicon, Period, CollectedPeriod) {
        let mut collected = Collected::join(vec![gate.finish()], &SITE.policy);
        let period = collected.periods.pop_first();
        let (period, lines_and_hits) = period.expect("all lines are of one day");
        (collected.lexicon, period, lines_and_hits)
    }

    fn sorted(gate: Gate<'_>) -> Self {
        let (lexicon, period, mut collected) = Self::collected(gate);
        Self {
            period,
            shards: sort_all(&mut collected.hits, &lexicon),
            lexicon,
            hours: Hours::new(&SITE.calendar, period),
            visits: VisitSettings::default(),
        }
    }

    fn collect<C: Collector>(&self, mut collector: C) -> C {
        let reading = Reading {
            lexicon: &self.lexicon,
            hours: &self.hours,
            settings: &self.visits,
        };
        let mut contribution = Contribution::to(&collector.tables());
        for visitor in self
            .shards
            .iter()
            .flat_map(|shard| session::visitors(shard))
        {
            let identity = self.lexicon.identity(visitor[0].identity());
            contribution.read(visitor, identity, &reading);
            collector.collect(&contribution);
        }
        collector
    }

    fn plan(&self, survey: &Survey) -> Plan<'_> {
        let settings = PlanSettings {
            k: K,
            top: None,
            length: PeriodLength::Day,
        };
        Plan::new(survey, &self.lexicon, settings).expect("the day has enough networks")
    }

    fn numbers<'p>(&self, plan: &'p Plan<'p>) -> Numbers<'p> {
        let totals = self.collect(Totals::new(plan.rows(), LIMITS, &self.hours));
        Numbers::new(plan, totals, &self.hours)
    }

    fn statement(&self) -> Statement {
        Statement {
            site: None,
            period: self.period,
            tz: SITE.calendar.tz_name().to_owned(),
            complete: true,
            policy: Default::default(),
            parsed: LINES,
            excluded: 0,
        }
    }

    fn release(&self) -> Release {
        let plan = self.plan(&self.collect(Survey::new(K)));
        let numbers = self.numbers(&plan);
        let shares = self.collect(Shares::new(plan.rows(), &numbers.doubtful_columns()));
        Release::new(self.statement(), &plan, &numbers, &shares, &self.hours)
    }
}

const AGENTS: [&str; 6] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
];

const REFERRERS: [&str; 4] = [
    "-",
    "https://www.google.com/",
    "https://news.ycombinator.com/item",
    "https://example.com/",
];

/// A day's log in the combined format: lines in time order of 4,000 visitors in 800 networks, who read
/// some of 600 pages, a few of them often.
fn log() -> String {
    let mut random = Random(1);
    (0..LINES)
        .map(|number| line(number * 86_400 / LINES, &mut random) + "\n")
        .collect()
}

fn line(second: u64, random: &mut Random) -> String {
    let visitor = random.below(4000);
    let (network, host) = (visitor % 800, visitor / 800);
    let agent = AGENTS[(visitor % 6) as usize];
    let referrer = REFERRERS[random.below(4) as usize];
    let popular = random.below(600) * random.below(600) / 600;
    let path = match random.below(3) {
        0 => format!("/docs/{}/topic-{popular}", popular % 7),
        1 => format!("/static/app-{}.css", popular % 40),
        _ => format!("/images/figure-{popular}.png"),
    };
    let status = if random.below(20) == 0 { 404 } else { 200 };
    format!(
        "81.{}.{}.{host} - - [21/Nov/2026:{:02}:{:02}:{:02} +0000] \"GET {path} HTTP/1.1\" {status} {} \
         \"{referrer}\" \"{agent}\"",
        network / 200,
        network % 200,
        second / 3600,
        second / 60 % 60,
        second % 60,
        200 + random.below(20_000),
    )
}

/// The log of a visitor of 800 networks who reads one of 3,000 pages every five minutes: a quarter of
/// the time one of three that most go on to, else any.
fn wandering(visitor: u64, random: &mut Random) -> String {
    const PAGES: u64 = 3000;
    let (network, host) = (visitor % 800, visitor / 800);
    let mut page = random.below(PAGES);
    let mut log = String::new();
    for second in (0..275).map(|step| step * 300) {
        page = match random.below(4) {
            0 => (page * 7 + random.below(3)) % PAGES,
            _ => random.below(PAGES),
        };
        log += &format!(
            "81.{}.{}.{host} - - [21/Nov/2026:{:02}:{:02}:00 +0000] \"GET /topic-{page} HTTP/1.1\" 200 9 \
             \"-\" \"{}\"\n",
            network / 200,
            network % 200,
            second / 3600,
            second / 60 % 60,
            AGENTS[(visitor % 5) as usize],
        );
    }
    log
}

/// A linear congruential generator (Knuth's MMIX constants): the same numbers everywhere.
struct Random(u64);

impl Random {
    /// A number from 0 to less than `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
