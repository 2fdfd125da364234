//! `hushlog watch` beside the programs of a place, and what it has counted.

use std::{
    fs::{self, OpenOptions},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

use super::{place::Place, traffic};
use crate::{
    program::{program, published, run_for, tree},
    site::DAY,
    watch::{Running, ask, eventually},
};

/// Days that logs are dated by: as options have them, as logs do, and in days since 1970.
pub(super) const DAYS: [(&str, &str, i64); 4] = [
    ("2025-06-03", "03/Jun/2025", 20242),
    ("2025-06-04", "04/Jun/2025", 20243),
    ("2025-06-05", "05/Jun/2025", 20244),
    ("2025-06-06", "06/Jun/2025", 20245),
];

/// Makes the key file.
pub(super) fn make_key(place: &Place) {
    fs::create_dir_all(place.path("keys")).expect("a new folder");
    let mut new = program();
    new.args(["key", "new", "--from", DAYS[0].0]);
    run_for(new.arg(place.path("keys/key")), 0);
}

/// A watch that releases the first so many of the days.
pub(super) fn watch(place: &Place, due: usize) -> Command {
    let mut command = program();
    command.args(["watch", "--checkpoint", "50ms", "--gap", "24h", "-o"]);
    command.arg(place.path("out"));
    command.arg("--key-file").arg(place.path("keys/key"));
    command.arg("--grace").arg(grace(due));
    let mut said = OpenOptions::new();
    let said = said.append(true).create(true).open(place.path(SAID));
    command.stdin(Stdio::null()).stderr(said.expect("a file"));
    command
}

/// What watches said.
const SAID: &str = "watch.err";

/// The grace by which so many days are over by now, and the next is not.
pub(super) fn grace(due: usize) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = i64::try_from(now.expect("after 1970").as_secs()).expect("not too late");
    let noon_after_end = (DAYS[0].2 + due as i64) * DAY + DAY / 2;
    format!("{}s", (now - noon_after_end).max(0))
}

/// Requires that nothing personal stands in the private state.
#[track_caller]
pub(super) fn assert_sealed(place: &Place) {
    let traces = traffic::traces();
    let folders = ["out/.state", "state"].map(|name| tree(&place.path(name)));
    for (name, bytes) in folders.iter().flatten() {
        traces.assert_none_in(bytes, name);
        traces.assert_none_in(name.as_bytes(), "a name");
    }
}

/// Requests that all releases count.
pub(super) fn released(place: &Place) -> u64 {
    let tree = published(&place.path("out"));
    let counted = tree
        .iter()
        .map(|(name, bytes)| match name.rsplit_once('/') {
            Some((_, "summary.csv" | "crawlers.csv")) => sum(bytes, "requests"),
            _ => 0,
        });
    counted.sum()
}

/// The sum of a column.
fn sum(table: &[u8], column: &str) -> u64 {
    let mut rows = csv::Reader::from_reader(table);
    let header = rows.headers().expect("a header").clone();
    let place = header.iter().position(|name| name == column);
    let place = place.expect("the column");
    let numbers = rows.records().map(|row| {
        let row = row.expect("a row");
        row[place].parse::<u64>().expect("a number that is shown")
    });
    numbers.sum()
}

/// Waits until these days are in the ledger.
#[track_caller]
pub(super) fn await_release(place: &Place, days: usize) {
    let read = |name| fs::read_to_string(place.path(name)).unwrap_or_default();
    let start = Instant::now();
    loop {
        let ledger = read("out/ledger.jsonl");
        if DAYS[..days].iter().all(|day| ledger.contains(day.0)) {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "not released: {}", read(SAID));
        thread::sleep(Duration::from_millis(20));
    }
}

/// Longest time that anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A watch that is asked for its numbers.
pub(super) struct Counting {
    pub(super) running: Running,
    port: u16,
}

/// Numbers of a watch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) parsed: u64,
    /// Lines of all other accounts.
    pub(super) others: u64,
    /// Lines that are told as lost.
    pub(super) lost: u64,
}

impl Counting {
    /// Starts a watch and waits until it is ready.
    pub(super) fn start(place: &mut Place, command: &mut Command) -> Self {
        let port = place.port("metrics");
        command.arg("--listen").arg(format!("127.0.0.1:{port}"));
        let running = Running::start(command);
        super::place::await_listening(port);
        eventually(|| ask(port, "/readyz").0.contains(" 200 "));
        Self { running, port }
    }

    pub(super) fn numbers(&self) -> Numbers {
        numbers(self.port)
    }

    /// Waits until all lines are counted or told as lost, however many are being written, and requires that
    /// there are no more.
    #[track_caller]
    pub(super) fn await_lines(&self, written: impl Fn() -> u64) -> Numbers {
        let start = Instant::now();
        let mut last = None;
        loop {
            let (numbers, sent) = (self.numbers(), written());
            let counted = numbers.parsed + numbers.others + numbers.lost;
            if counted == sent && last == Some(numbers) {
                return numbers;
            }
            assert!(start.elapsed() < PATIENCE, "{numbers:?} of {sent}");
            last = Some(numbers);
            thread::sleep(Duration::from_millis(400));
        }
    }
}

/// What a watch that answers at a port has counted.
pub(super) fn numbers(port: u16) -> Numbers {
    let (_, metrics) = ask(port, "/metrics");
    let mut numbers = Numbers::default();
    for line in metrics.lines() {
        let Some((name, value)) = line.rsplit_once(' ') else {
            continue;
        };
        let value = || value.parse::<u64>().expect("a number");
        match name {
            "hushlog_lines_total{account=\"parsed\"}" => numbers.parsed = value(),
            "hushlog_lost_lines_total" => numbers.lost = value(),
            _ if name.starts_with("hushlog_lines_total") => numbers.others += value(),
            _ => {}
        }
    }
    numbers
}
