//! Watches whose clock is told.

use std::{collections::BTreeMap, fs, path::Path};

use tempfile::TempDir;

use super::*;
use crate::{
    aggregate::VisitSettings,
    format::Format,
    input::{
        NamedHosts,
        live::{Batch, FileIdentity, FileNumber},
    },
    pipeline::pool,
    time::{Calendar, PeriodLength, TimeZone},
};

/// 2026-11-21T00:00:00Z.
const MIDNIGHT: i64 = 1_795_219_200;

const DAY: i64 = 86_400;

struct Scene {
    folder: TempDir,
    retain: Option<Retention>,
}

/// What is heard, at seconds after midnight.
type Heard = (i64, Message);

/// The same by the wall clock and by a clock that nobody sets.
type HeardBy = ((i64, i64), Message);

impl Scene {
    fn new(retain: Option<Retention>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, retain }
    }

    fn watch(&self, now: i64) -> Watch {
        self.keeping(now, None)
    }

    /// A watch that keeps checkpoints in a folder.
    fn keeping(&self, now: i64, checkpoints: Option<PathBuf>) -> Watch {
        let calendar = Calendar::new(TimeZone::UTC, PeriodLength::Day);
        let settings = WatchSettings {
            report: ReportSettings {
                calendar,
                visits: VisitSettings::default(),
                k: 10,
                top: None,
                gap: None,
                allow_partial: false,
                include_open: false,
                policy: serde_json::json!({}),
            },
            noise: None,
            sites: Sites::default(),
            reading: LineReading {
                format: Format::named("common"),
                opt_out_cookies: Vec::new(),
                log_tz: TimeZone::UTC,
                hosts: NamedHosts::default(),
            },
            retain: self.retain,
            grace: 600 * Timestamp::MICROSECONDS,
            silence: 2 * Timestamp::MICROSECONDS,
            interval: 10 * Timestamp::MICROSECONDS,
            memory: u64::MAX,
            strings: usize::MAX,
            checkpoints,
            identity: String::new(),
        };
        let folder = Folder::open(self.folder.path(), None, None).unwrap();
        let chain = KeyChain::in_memory([7; 32].into(), "2026-11-01".parse().unwrap());
        let (pool, policy) = (pool(1).unwrap(), Policy::example(&[], &[]));
        let folders = vec![folder];
        let chain = chain.unwrap();
        Watch::open(
            settings,
            policy,
            pool,
            folders,
            chain,
            &[LiveSource::Stdin],
            at(now),
        )
        .unwrap()
    }

    /// What a watch that hears this has released, and its numbers in the end.
    fn hear(&self, script: Vec<Heard>) -> (Vec<String>, Numbers) {
        let by_both = |(second, message)| ((second, second), message);
        self.hear_by(script.into_iter().map(by_both).collect())
    }

    fn hear_by(&self, script: Vec<HeardBy>) -> (Vec<String>, Numbers) {
        let watch = self.watch(script[0].0.0);
        let status = watch.status();
        run(watch, script);
        let folder = Folder::open(self.folder.path(), None, None).unwrap();
        let periods = folder.ledger().periods().map(|period| period.to_string());
        (periods.collect(), status.numbers())
    }
}

/// Has a watch hear this, and stop.
fn run(watch: Watch, script: Vec<HeardBy>) {
    let end = script[script.len() - 1].0;
    let mut script = script.into_iter();
    let next = move || match script.next() {
        Some((seconds, message)) => (message, clocks(seconds)),
        None => (Message::Stop, clocks(end)),
    };
    watch.run(next, |_| {}).unwrap();
}

const fn clocks((wall, steady): (i64, i64)) -> Clocks {
    Clocks {
        wall: at(wall),
        steady: steady * Timestamp::MICROSECONDS,
    }
}

const fn at(second: i64) -> Timestamp {
    Timestamp((MIDNIGHT + second) * Timestamp::MICROSECONDS)
}

/// Requests of twenty networks that are logged at a time.
fn lines(second: i64) -> Message {
    batch(second, None)
}

/// The same in a file.
fn batch(second: i64, mark: Option<Mark>) -> Message {
    let instant = jiff::Timestamp::from_second(MIDNIGHT + second).unwrap();
    let time = instant.strftime("%d/%b/%Y:%H:%M:%S +0000");
    let line = |network| format!("192.0.{network}.1 - - [{time}] \"GET / HTTP/1.1\" 200 5\n");
    let bytes = (0..20).map(line).collect::<String>().into_bytes();
    Message::Event(Event::Batch(Batch {
        source: 0,
        bytes,
        mark,
    }))
}

fn ticks(seconds: &[i64]) -> impl Iterator<Item = Heard> {
    seconds.iter().map(|second| (*second, Message::Tick))
}

#[test]
fn a_day_is_released_after_the_grace_time_and_once_its_lines_have_come() {
    for (seconds, expected) in [
        // Within the grace time, whatever lines say.
        (&[DAY + 30, DAY + 595, DAY + 599][..], &[][..]),
        (&[DAY + 30, DAY + 600, DAY + 603], &["2026-11-21"]),
    ] {
        let scene = Scene::new(None);
        let mut script = vec![(60, lines(60)), (DAY - 1, lines(DAY - 2))];
        script.extend(ticks(&[DAY + 10, DAY + 20]));
        script.push((DAY + 25, lines(DAY + 25)));
        script.extend(ticks(seconds));
        let (released, numbers) = scene.hear(script);
        assert_eq!(released, expected);
        assert_eq!(numbers.accounts.parsed, 60);
        assert_eq!(numbers.releases, expected.len() as u64);
    }
}

#[test]
fn late_lines_are_counted_as_released_and_early_ones_as_not_over() {
    let scene = Scene::new(None);
    let mut script = vec![(60, lines(60))];
    script.extend(ticks(&[80, DAY + 610, DAY + 620]));
    script.push((DAY + 630, lines(70)));
    script.push((DAY + 631, lines(5 * DAY)));
    script.extend(ticks(&[DAY + 650]));
    let (released, numbers) = scene.hear(script);
    assert_eq!(released, ["2026-11-21"]);
    let accounts = numbers.accounts;
    assert_eq!(accounts.parsed, 20);
    assert_eq!(accounts.already_released, 20);
    assert_eq!(accounts.not_yet_over, 20);
}

/// It hears nothing for most of a day: keys and what may be let in are not those of the day before.
#[test]
fn lines_after_a_long_silence_are_of_their_own_day() {
    let scene = Scene::new(None);
    let mut script = vec![(60, lines(60)), (DAY + 9_000, lines(DAY + 9_000))];
    script.extend(ticks(&[DAY + 9_020, 2 * DAY + 700, 2 * DAY + 710]));
    let (released, numbers) = scene.hear(script);
    assert_eq!(numbers.accounts.parsed, 40);
    assert_eq!(released, ["2026-11-21"], "the second day begins too late");
    assert_eq!(numbers.withheld, 1);
}

#[test]
fn a_day_of_which_lines_were_lost_is_not_released_nor_are_its_late_lines() {
    let lost = Event::Lost {
        source: 0,
        count: 3,
    };
    let scene = Scene::new(None);
    let mut script = vec![(60, lines(60)), (70, Message::Event(lost))];
    script.extend(ticks(&[90, DAY + 610, DAY + 620]));
    script.push((DAY + 630, lines(70)));
    script.extend(ticks(&[DAY + 650, DAY + 670, DAY + 690]));
    let (released, numbers) = scene.hear(script);
    assert!(released.is_empty());
    assert_eq!(numbers.withheld, 1);
    assert_eq!(numbers.accounts.excluded, 20);
}

/// Whoever sends a long line must not be able to keep a day from being released.
#[test]
fn lines_that_are_too_long_keep_no_day_back() {
    let scene = Scene::new(None);
    let cut = Event::Cut {
        source: 0,
        bytes: 9,
    };
    let mut script = vec![(60, lines(60)), (70, Message::Event(cut))];
    script.extend(ticks(&[90, DAY + 610, DAY + 620]));
    assert_eq!(scene.hear(script).0, ["2026-11-21"]);
}

#[test]
fn what_is_open_is_bounded_where_it_is_in_memory_only() {
    let scene = Scene::new(None);
    let mut watch = scene.watch(0);
    watch.settings.memory = 1;
    let status = watch.status();
    let heard = [60, 80, 100, 200].map(|second| ((second, second), lines(second)));
    run(watch, heard.into());
    assert_eq!(status.numbers().accounts.parsed, 80);
    assert!(status.numbers().open_hits < 80);
}

/// Ticks at seconds by both clocks.
fn ticks_by(seconds: &[(i64, i64)]) -> impl Iterator<Item = HeardBy> {
    seconds.iter().map(|seconds| (*seconds, Message::Tick))
}

#[test]
fn a_clock_that_is_set_ahead_for_a_while_closes_no_day() {
    let scene = Scene::new(None);
    let mut script = vec![((60, 60), lines(60))];
    script.extend(ticks_by(&[(80, 80), (DAY + 700, 100)]));
    script.push(((DAY + 705, 105), lines(DAY + 705)));
    script.extend(ticks_by(&[
        (DAY + 730, 130),
        (DAY + 4_000, 3_400),
        (3_500, 3_500),
    ]));
    script.push(((3_510, 3_510), lines(3_509)));
    script.extend(ticks_by(&[(3_530, 3_530), (DAY + 590, DAY + 590)]));
    let (released, numbers) = scene.hear_by(script);
    assert!(released.is_empty(), "{released:?}");
    assert_eq!(numbers.accounts.parsed, 60, "none came too late");
}

#[test]
fn a_clock_that_keeps_to_what_it_was_set_to_is_believed_after_an_hour() {
    let script = |last: i64| {
        let mut script = vec![((60, 60), lines(60))];
        // It was wrong before: the machine began with a clock that stood still.
        let seconds = [(80, 80), (DAY + 700, 100), (DAY + 710, 110)];
        script.extend(ticks_by(&seconds));
        script.extend(ticks_by(&[
            (DAY + 600 + last, last),
            (DAY + 610 + last, last + 10),
        ]));
        script
    };
    for (last, expected) in [(3_680, &[][..]), (3_700, &["2026-11-21"])] {
        let scene = Scene::new(None);
        assert_eq!(scene.hear_by(script(last)).0, expected, "{last}");
    }
}

#[test]
fn a_clock_that_is_set_back_or_corrected_by_little_is_believed_at_once() {
    for (wall, steady) in [(DAY + 650, DAY + 600), (DAY + 650, 2 * DAY)] {
        let scene = Scene::new(None);
        let mut script = vec![((60, 60), lines(60))];
        let ticks = [(80, 80), (wall, steady), (wall + 10, steady + 10)];
        script.extend(ticks_by(&ticks));
        assert_eq!(scene.hear_by(script).0, ["2026-11-21"], "{wall} {steady}");
    }
}

/// A checkpoint that was made by the first version of checkpoints, of what `heard_before` brings.
const FIRST_VERSION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/checkpoints/1");

fn heard_before() -> Vec<HeardBy> {
    let heard = |second| ((second, second), batch(second, Some(mark())));
    [60, 3_600, 40_000].map(heard).into()
}

fn mark() -> Mark {
    let number = FileNumber {
        device: 1,
        inode: 2,
        born: Some(3),
    };
    let file = FileIdentity {
        number,
        covered: 4,
        fingerprint: [5; 16],
    };
    Mark {
        file,
        offset: 6,
        ended: false,
    }
}

#[test]
fn a_checkpoint_of_an_earlier_program_is_gone_on_with() {
    let after: &[(i64, i64)] = &[(DAY + 610, DAY + 610), (DAY + 620, DAY + 620)];
    let scene = Scene::new(None);
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files(Path::new(FIRST_VERSION)) {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let watch = scene.keeping(after[0].0, Some(folder.path().to_owned()));
    assert_eq!(watch.marks(), [mark()]);
    run(watch, ticks_by(after).collect());
    let at_once = Scene::new(None);
    let heard = heard_before().into_iter().chain(ticks_by(after)).collect();
    assert_eq!(at_once.hear_by(heard).0, ["2026-11-21"]);
    let [found, expected] =
        [scene, at_once].map(|it| files(&it.folder.path().join("date=2026-11-21")));
    assert!(expected.len() > 10);
    for (name, bytes) in expected {
        // The manifest counts the lines of one process.
        assert!(name == "manifest.json" || found[&name] == bytes, "{name}");
    }
}

/// The files of a folder by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read(entry.path()).unwrap())
    };
    entries.map(file).collect()
}

/// To be run once for a new version, with its folder in the place of `FIRST_VERSION`.
#[test]
#[ignore = "it writes what other tests read"]
fn write_a_checkpoint() {
    let scene = Scene::new(None);
    fs::remove_dir_all(FIRST_VERSION).unwrap();
    let watch = scene.keeping(60, Some(FIRST_VERSION.into()));
    run(watch, heard_before());
}

#[test]
fn releases_are_removed_once_they_have_been_kept_for_long_enough() {
    let scene = Scene::new(Some("2d".parse().unwrap()));
    let mut script = Vec::new();
    for day in 0..4 {
        script.push((day * DAY + 60, lines(day * DAY + 60)));
        script.extend(ticks(&[
            day * DAY + 80,
            (day + 1) * DAY + 610,
            (day + 1) * DAY + 620,
        ]));
    }
    let (released, _) = scene.hear(script);
    assert_eq!(released.len(), 4);
    let ledger = Folder::open(scene.folder.path(), None, None).unwrap();
    let removed = ledger.ledger().removed().map(|period| period.to_string());
    assert_eq!(removed.collect::<Vec<_>>(), ["2026-11-21", "2026-11-22"]);
}
