use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use age::{secrecy::ExposeSecret, x25519::Identity};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::{
    error::Result,
    input::Chunk,
    time::{Calendar, Date, PeriodLength, TimeZone, Timestamp},
};

/// 2026-11-22T12:00:00Z.
const NOON: Timestamp = Timestamp(1_795_348_800_000_000);

/// A folder to seal into, and the keys of two who may open.
struct Scene {
    folder: TempDir,
    keys: [Identity; 2],
}

impl Scene {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            keys: [(); 2].map(|()| Identity::generate()),
        }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("sealed")
    }

    fn sealer(&self, longest_open: Duration, retention: Option<&str>) -> Sealer {
        let keys = self.keys.each_ref().map(|key| key.to_public().to_string());
        let settings = SealerSettings {
            calendar: Calendar::new(TimeZone::UTC, PeriodLength::Day),
            longest_open,
            retention: retention.map(|text| text.parse().unwrap()),
        };
        let folder = SealedFolder::create(&self.path(), "UTC").unwrap();
        let recipients = Recipients::read(&keys, &[""; 0]).unwrap();
        Sealer::new(folder, recipients, settings)
    }

    fn names(&self) -> Vec<String> {
        let segments = SealedFolder::at(&self.path()).segments().unwrap();
        segments.iter().map(ToString::to_string).collect()
    }

    fn identities(&self, key: usize) -> Identities {
        identities(self.folder.path(), &self.keys[key])
    }

    /// What opens, and what is said of what does not.
    fn opened(&self, key: usize, days: &[Date]) -> Result<(Vec<u8>, Vec<String>)> {
        let selected = Selected::new(&[self.path()], days)?;
        open(&self.identities(key), &selected)
    }
}

fn identities(folder: &Path, key: &Identity) -> Identities {
    let file = folder.join("identity");
    fs::write(&file, key.to_string().expose_secret()).unwrap();
    Identities::read(&file).unwrap()
}

fn open(identities: &Identities, selected: &Selected) -> Result<(Vec<u8>, Vec<String>)> {
    let opening = Opening {
        identities,
        user: 1000,
        now: NOON,
        reason: "a test",
    };
    let mut opened = Vec::new();
    let failures = opening.open(selected, |bytes| {
        opened.extend_from_slice(bytes);
        Ok(true)
    })?;
    Ok((opened, failures.iter().map(ToString::to_string).collect()))
}

/// A line of a log: when it was logged, if that can be read.
type Line = (Option<Date>, Vec<u8>);

/// A chunk of lines, and of which days these are.
fn chunk(source: usize, lines: &[Line]) -> (Chunk, Vec<DatedLines>) {
    let mut chunk = Chunk {
        source,
        ..Chunk::default()
    };
    let mut told: Vec<DatedLines> = Vec::new();
    for (day, line) in lines {
        chunk.bytes.extend_from_slice(line);
        let (day, end) = (*day, chunk.bytes.len());
        match told.last_mut() {
            Some(last) if day.is_none() || day == last.day => last.end = end,
            _ => told.push(DatedLines { day, end }),
        }
    }
    (chunk, told)
}

fn day(number: i8) -> Date {
    Date::constant(2026, 11, number)
}

fn seal(sealer: &mut Sealer, source: usize, lines: &[Line], now: Timestamp) {
    let (chunk, told) = chunk(source, lines);
    sealer.seal(&chunk, &told, now).unwrap();
}

fn later(seconds: i64) -> Timestamp {
    Timestamp(NOON.0 + seconds * Timestamp::MICROSECONDS)
}

fn line() -> impl Strategy<Value = Line> {
    let day = prop_oneof![1 => Just(None), 4 => (1..=22_i8).prop_map(|number| Some(day(number)))];
    let text = prop_oneof![
        4 => prop::collection::vec(any::<u8>(), 0..60),
        1 => prop::collection::vec(any::<u8>(), 65_000..70_000),
    ];
    (day, text).prop_map(|(day, mut text)| {
        text.retain(|byte| *byte != b'\n');
        text.push(b'\n');
        (day, text)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_line_is_in_one_segment_and_those_of_a_day_in_their_order(
        runs in prop::collection::vec(
            prop::collection::vec((0..2_usize, prop::collection::vec(line(), 1..8)), 0..12),
            1..4,
        )
    ) {
        let scene = Scene::new();
        let mut expected: BTreeMap<Date, Vec<u8>> = BTreeMap::new();
        for run in &runs {
            let mut sealer = scene.sealer(Duration::from_secs(60), None);
            let mut before: Option<(usize, Date)> = None;
            for (number, (source, lines)) in run.iter().enumerate() {
                let now = later(25 * number as i64);
                seal(&mut sealer, *source, lines, now);
                sealer.keep_up(now).unwrap();
                let after = lines.iter().find_map(|(day, _)| *day).unwrap_or(day(22));
                for (day, line) in lines {
                    let known = before.filter(|(other, _)| other == source).map(|(_, day)| day);
                    let day = day.or(known).unwrap_or(after);
                    expected.entry(day).or_default().extend_from_slice(line);
                    before = Some((*source, day));
                }
            }
            sealer.finish(later(3600)).unwrap();
        }
        prop_assert!(scene.names().iter().all(|name| name.ends_with(".age")));
        for (day, lines) in &expected {
            for key in [0, 1] {
                let (opened, failures) = scene.opened(key, &[*day]).unwrap();
                prop_assert!(failures.is_empty());
                prop_assert!(opened == *lines, "{day}");
            }
        }
        if !expected.is_empty() {
            let (opened, _) = scene.opened(0, &[]).unwrap();
            prop_assert!(opened == expected.into_values().collect::<Vec<_>>().concat());
        }
    }

    #[test]
    fn a_segment_that_was_cut_off_opens_but_for_its_last_piece(
        length in 1..300_000_usize,
        left in any::<prop::sample::Index>(),
    ) {
        const PIECE: usize = 64 << 10;
        let scene = Scene::new();
        let mut sealer = scene.sealer(Duration::MAX, None);
        let mut text: Vec<u8> = (0..length).map(|index| (index / 7 % 96 + 32) as u8).collect();
        text.push(b'\n');
        seal(&mut sealer, 0, &[(Some(day(22)), text.clone())], NOON);
        // The process is killed here: what it holds is gone.
        drop(sealer);
        let part = scene.path().join("2026-11-22.000001.age.part");
        let written = fs::read(&part).unwrap();
        let pieces = text.len().div_ceil(PIECE) - 1;
        let head = written.len() - pieces * (PIECE + 16);
        // And here the power fails, and takes with it what had not come to the device.
        let left = left.index(written.len() + 1).max(head);
        fs::write(&part, &written[..left]).unwrap();
        let (opened, failures) = scene.opened(0, &[]).unwrap();
        let whole = (left - head) / (PIECE + 16) * PIECE;
        let ended = if whole > 0 { [&text[..whole], b"\n"].concat() } else { Vec::new() };
        prop_assert!(opened == ended);
        prop_assert!(failures[0].contains("it is not finished"), "{failures:?}");
    }
}

#[test]
fn segments_are_finished_in_time_and_when_they_are_large() {
    let scene = Scene::new();
    let mut sealer = scene.sealer(Duration::from_secs(60), None);
    let one = [(Some(day(22)), b"one\n".to_vec())];
    seal(&mut sealer, 0, &one, NOON);
    sealer.keep_up(later(59)).unwrap();
    assert_eq!(scene.names(), ["2026-11-22.000001.age.part"]);
    sealer.keep_up(later(60)).unwrap();
    assert_eq!(scene.names(), ["2026-11-22.000001.age"]);
    seal(&mut sealer, 0, &one, later(61));
    // A clock that was set back is no reason to wait.
    sealer.keep_up(later(10)).unwrap();
    let large = [(
        Some(day(22)),
        [vec![b'a'; 64 << 20], b"\n".to_vec()].concat(),
    )];
    seal(&mut sealer, 0, &large, later(62));
    seal(&mut sealer, 0, &one, later(62));
    assert_eq!(
        scene.names(),
        [
            "2026-11-22.000001.age",
            "2026-11-22.000002.age",
            "2026-11-22.000003.age",
            "2026-11-22.000004.age.part"
        ]
    );
}

#[test]
fn what_has_been_kept_for_long_enough_goes_and_the_register_says_so() {
    let scene = Scene::new();
    let lines = [7, 8, 21, 22].map(|number| (Some(day(number)), b"line\n".to_vec()));
    let mut sealer = scene.sealer(Duration::from_secs(60), Some("14d"));
    seal(&mut sealer, 0, &lines, NOON);
    sealer.keep_up(NOON).unwrap();
    let left = [
        "2026-11-08.000001.age.part",
        "2026-11-21.000001.age.part",
        "2026-11-22.000001.age.part",
    ];
    assert_eq!(scene.names(), left);
    // At midnight the next one goes, open or not.
    sealer.keep_up(later(12 * 3600 + 1)).unwrap();
    let left = ["2026-11-21.000001.age", "2026-11-22.000001.age"];
    assert_eq!(scene.names(), left);
    let register = Register::read(&scene.path()).unwrap();
    let expired = register.entries().iter().filter_map(|entry| match entry {
        Entry::Expired {
            expired, segments, ..
        } => Some((expired.as_str(), *segments)),
        _ => None,
    });
    assert_eq!(
        expired.collect::<Vec<_>>(),
        [("2026-11-07", 1), ("2026-11-08", 1)]
    );
}

#[test]
fn a_segment_that_expired_elsewhere_while_it_was_open_is_no_failure() {
    let scene = Scene::new();
    let mut sealer = scene.sealer(Duration::from_secs(60), None);
    seal(&mut sealer, 0, &[(Some(day(1)), b"line\n".to_vec())], NOON);
    SealedFolder::at(&scene.path())
        .expire(&[day(1)], NOON)
        .unwrap();
    sealer.finish(NOON).unwrap();
    assert!(scene.names().is_empty());
}

#[test]
fn an_opening_is_registered_before_it_or_does_not_happen() {
    let scene = Scene::new();
    let mut sealer = scene.sealer(Duration::from_secs(60), None);
    seal(&mut sealer, 0, &[(Some(day(22)), b"line\n".to_vec())], NOON);
    sealer.finish(NOON).unwrap();
    assert_eq!(scene.opened(1, &[]).unwrap().0, b"line\n");
    let register = Register::read(&scene.path()).unwrap();
    let Some(Entry::Opened {
        opened,
        user,
        reason,
        at,
        ..
    }) = register.entries().last()
    else {
        panic!("no opening: {register:?}");
    };
    let segment = fs::read(scene.path().join("2026-11-22.000001.age")).unwrap();
    let expected = (
        "2026-11-22.000001.age".to_owned(),
        crate::release::digest(&segment),
    );
    assert_eq!(opened.clone().into_iter().collect::<Vec<_>>(), [expected]);
    assert_eq!(
        (*user, reason.as_str(), at.as_str()),
        (1000, "a test", "2026-11-22T12:00:00Z")
    );

    fs::write(scene.path().join("register.jsonl"), "{}\n").unwrap();
    let message = scene.opened(0, &[]).unwrap_err().to_string();
    assert!(
        message.ends_with("register.jsonl: line 1: it is not an entry"),
        "{message}"
    );
}

#[test]
fn a_segment_may_be_finished_between_being_found_and_being_opened() {
    let scene = Scene::new();
    let mut sealer = scene.sealer(Duration::from_secs(60), None);
    seal(&mut sealer, 0, &[(Some(day(22)), b"line\n".to_vec())], NOON);
    let selected = Selected::new(&[scene.path()], &[]).unwrap();
    sealer.finish(NOON).unwrap();
    let (opened, failures) = open(&scene.identities(0), &selected).unwrap();
    assert_eq!((opened.as_slice(), failures.len()), (&b"line\n"[..], 0));
}

#[test]
fn others_keys_and_other_files_open_nothing() {
    let scene = Scene::new();
    let mut sealer = scene.sealer(Duration::from_secs(60), None);
    seal(&mut sealer, 0, &[(Some(day(22)), b"line\n".to_vec())], NOON);
    sealer.finish(NOON).unwrap();
    let before = fs::read(scene.path().join("register.jsonl")).unwrap();
    let stranger = identities(scene.folder.path(), &Identity::generate());
    let selected = Selected::new(&[scene.path()], &[]).unwrap();
    let message = open(&stranger, &selected).unwrap_err().to_string();
    assert!(
        message.ends_with("000001.age: it is sealed to others"),
        "{message}"
    );
    assert!(Selected::new(&[scene.path()], &[day(21)]).is_err());
    let other = scene.folder.path().join("other.age");
    fs::write(&other, "no segment").unwrap();
    let selected = Selected::new(&[other], &[]).unwrap();
    let message = open(&scene.identities(0), &selected)
        .unwrap_err()
        .to_string();
    assert!(
        message.ends_with("it is damaged, or no segment"),
        "{message}"
    );
    assert_eq!(
        fs::read(scene.path().join("register.jsonl")).unwrap(),
        before
    );

    // An altered byte shows where it is.
    let segment = scene.path().join("2026-11-22.000001.age");
    let mut bytes = fs::read(&segment).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&segment, bytes).unwrap();
    let (opened, failures) = scene.opened(0, &[]).unwrap();
    assert!(
        opened.is_empty() && failures[0].ends_with("it is damaged: opened as far as it is whole")
    );
}

#[test]
fn a_folder_is_ones_own_and_of_one_time_zone() {
    let scene = Scene::new();
    drop(scene.sealer(Duration::from_secs(60), None));
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&scene.path()), 0o700);
    for entry in fs::read_dir(scene.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    let refused = |tz| {
        SealedFolder::create(&scene.path(), tz)
            .unwrap_err()
            .to_string()
    };
    let message = refused("Asia/Tokyo");
    assert!(
        message.ends_with("its segments are of days of UTC, not of Asia/Tokyo"),
        "{message}"
    );
    fs::set_permissions(scene.path(), fs::Permissions::from_mode(0o750)).unwrap();
    assert!(refused("UTC").contains("(chmod 700)"));
}
