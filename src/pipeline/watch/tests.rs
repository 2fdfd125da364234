//! Watches whose clock is told.

use tempfile::TempDir;

use super::*;
use crate::{
    aggregate::VisitSettings,
    format::Format,
    input::{NamedHosts, live::Batch},
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

impl Scene {
    fn new(retain: Option<Retention>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, retain }
    }

    fn watch(&self, now: i64) -> Watch {
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
            checkpoints: None,
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
        let watch = self.watch(script[0].0);
        let status = watch.status();
        let end = script[script.len() - 1].0;
        let mut script = script.into_iter();
        let next = move || match script.next() {
            Some((second, message)) => (message, at(second)),
            None => (Message::Stop, at(end)),
        };
        watch.run(next, |_| {}).unwrap();
        let folder = Folder::open(self.folder.path(), None, None).unwrap();
        let periods = folder.ledger().periods().map(|period| period.to_string());
        (periods.collect(), status.numbers())
    }
}

const fn at(second: i64) -> Timestamp {
    Timestamp((MIDNIGHT + second) * Timestamp::MICROSECONDS)
}

/// Requests of twenty networks that are logged at a time.
fn lines(second: i64) -> Message {
    let instant = jiff::Timestamp::from_second(MIDNIGHT + second).unwrap();
    let time = instant.strftime("%d/%b/%Y:%H:%M:%S +0000");
    let line = |network| format!("192.0.{network}.1 - - [{time}] \"GET / HTTP/1.1\" 200 5\n");
    let bytes = (0..20).map(line).collect::<String>().into_bytes();
    Message::Event(Event::Batch(Batch {
        source: 0,
        bytes,
        mark: None,
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
    let mut script = vec![(60, lines(60)), (80, lines(80)), (100, lines(100))].into_iter();
    let next = move || match script.next() {
        Some((second, message)) => (message, at(second)),
        None => (Message::Stop, at(200)),
    };
    watch.run(next, |_| {}).unwrap();
    assert_eq!(status.numbers().accounts.parsed, 60);
    assert!(status.numbers().open_hits < 60);
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
