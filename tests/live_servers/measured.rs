//! What a watch takes over a long time, and how late it counts a line.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::Path,
    process::Stdio,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use super::{
    place::{Place, is_thorough, show},
    watching::{Counting, grace, make_key, watch},
};
use crate::{
    program::program,
    reference::log_time,
    site::{DAY, midnight},
};

/// A line of one of some thousand clients at a time.
fn line(number: u64, instant: i64) -> String {
    let (network, client) = (20 + number % 40, 1 + number / 40 % 250);
    let (time, page) = (log_time(instant, 0), number % 23);
    format!(
        "81.{network}.7.{client} - - [{time}] \"GET /p/{page} HTTP/1.1\" 200 512 \"-\" \
         \"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\"\n"
    )
}

/// What a process takes.
#[derive(Clone, Copy, Debug)]
struct Taken {
    kibibytes: u64,
    files: usize,
}

impl Taken {
    fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        let files = fs::read_dir(format!("/proc/{process}/fd")).expect("it runs");
        Self {
            kibibytes: number.expect("a number"),
            files: files.count(),
        }
    }

    fn most(taken: &[Self]) -> Self {
        Self {
            kibibytes: taken.iter().map(|it| it.kibibytes).max().expect("some"),
            files: taken.iter().map(|it| it.files).max().expect("some"),
        }
    }
}

/// Days after days of a log: memory and open files stay what they were.
#[test]
fn days_without_end_take_no_more_than_the_first() {
    let days = if is_thorough() { 150 } else { 9 };
    let mut place = Place::new();
    make_key(&place);
    let log = place.path("access.log");
    File::create(&log).expect("a log");
    let mut command = watch(&place, usize::from(u16::MAX));
    let counting = Counting::start(&mut place, command.arg(&log));
    let mut taken = Vec::new();
    for day in 0..days {
        append(&log, &day_of_lines(day));
        counting.await_lines(|| (day + 1) * LINES);
        taken.push(Taken::of(counting.running.id()));
        if day % 10 == 0 {
            rotate(&place, &log, day);
        }
    }
    counting.running.stop();
    let (early, late) = taken.split_at(taken.len() * 2 / 3);
    let warm = Taken::most(&early[early.len() / 2..]);
    let last = Taken::most(late);
    show(&format!(
        "{days} days: first {:?}, warm {warm:?}, last {last:?}",
        taken[0]
    ));
    assert!(last.files <= warm.files + 1, "{taken:?}");
    assert!(last.kibibytes <= warm.kibibytes * 21 / 20, "{taken:?}");
}

/// Lines of a day of a log that goes on.
const LINES: u64 = 3000;

fn day_of_lines(day: u64) -> String {
    let start = midnight(2025, 6, 3) + day.cast_signed() * DAY;
    let second = |number: u64| number.cast_signed() * (DAY - 1) / LINES.cast_signed();
    let line = |number| line(number * 7 + day, start + second(number));
    (0..LINES).map(line).collect()
}

fn append(log: &Path, text: &str) {
    let file = OpenOptions::new().append(true).open(log);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.expect("more lines");
}

/// Keeps the latest three files.
fn rotate(place: &Place, log: &Path, day: u64) {
    fs::rename(log, place.path(&format!("access.log.{day}"))).expect("a rotated log");
    File::create(log).expect("a new log");
    let _ = fs::remove_file(place.path(&format!("access.log.{}", day.saturating_sub(30))));
}

/// Lines that are written each second, and how many times they are.
const PER_SECOND: u64 = 50_000;
const CHUNKS_PER_SECOND: u64 = 500;

/// Seconds for which they are.
const SECONDS: u64 = 12;

/// The time from when a line is written to when it is counted, checkpoints among it.
#[test]
fn lines_are_counted_at_once() {
    if !is_thorough() {
        return;
    }
    let mut place = Place::new();
    make_key(&place);
    let log = place.path("access.log");
    File::create(&log).expect("a log");
    let mut command = program();
    command
        .args(["watch", "--gap", "24h", "-o"])
        .arg(place.path("out"));
    command.arg("--key-file").arg(place.path("keys/key"));
    command.arg("--grace").arg(grace(0));
    command.stderr(Stdio::null());
    let counting = Counting::start(&mut place, command.arg(&log));
    let written = Mutex::new(Vec::new());
    let mut ages = thread::scope(|scope| {
        let writer = scope.spawn(|| write_steadily(&log, &written));
        let mut ages = Vec::new();
        while !writer.is_finished() {
            let counted = counting.numbers();
            ages.push(oldest(&written, counted.parsed + counted.others));
        }
        ages
    });
    counting.running.stop();
    ages.sort_unstable();
    let at = |share: usize| ages[(ages.len() - 1) * share / 1000];
    let (median, most) = (at(500), at(1000));
    show(&format!(
        "{PER_SECOND} lines a second for {SECONDS} s: the oldest line that is not counted has waited for \
         {median:?} in the median, {:?} in 99 % and {most:?} at most",
        at(990)
    ));
    if !cfg!(debug_assertions) {
        assert!(at(990) < Duration::from_millis(100));
    }
}

/// Lines that were written until when.
type Written = Mutex<Vec<(u64, Instant)>>;

fn write_steadily(log: &Path, written: &Written) {
    let mut file = OpenOptions::new().append(true).open(log).expect("a log");
    let start = Instant::now();
    let of_chunk = PER_SECOND / CHUNKS_PER_SECOND;
    for chunk in 0..SECONDS * CHUNKS_PER_SECOND {
        let numbers = chunk * of_chunk..(chunk + 1) * of_chunk;
        let instant = midnight(2025, 6, 3) + (chunk / CHUNKS_PER_SECOND).cast_signed();
        let last = numbers.end;
        let text: String = numbers.map(|number| line(number, instant)).collect();
        let due = Duration::from_secs_f64(chunk as f64 / CHUNKS_PER_SECOND as f64);
        thread::sleep(due.saturating_sub(start.elapsed()));
        file.write_all(text.as_bytes()).expect("more lines");
        written
            .lock()
            .expect("nobody panicked")
            .push((last, Instant::now()));
    }
}

/// For how long the first line has waited that is not counted.
fn oldest(written: &Written, counted: u64) -> Duration {
    let written = written.lock().expect("nobody panicked");
    let first = written.partition_point(|(last, _)| *last <= counted);
    let first = written.get(first);
    first.map_or(Duration::ZERO, |(_, time)| time.elapsed())
}
