use std::{
    cell::Cell,
    fs::{self, Permissions},
    io::{self, Read, Seek},
    os::unix::fs::{FileExt, PermissionsExt, chown, symlink},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use jiff::civil::date;
use tempfile::TempDir;

use super::{super::ratchet::ENCODED, *};
use crate::error::Error;

const FIRST: Date = date(2026, 11, 20);
const NEXT: Date = date(2026, 11, 21);
const TODAY: Date = date(2026, 11, 22);

/// A folder with a key file.
struct Site {
    folder: TempDir,
}

impl Site {
    fn empty() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
        }
    }

    fn new() -> Self {
        let site = Self::empty();
        KeyFile::create(&site.path(), [7; 32].into(), FIRST, TODAY).unwrap();
        site
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("key")
    }

    fn next(&self) -> PathBuf {
        self.folder.path().join("key.next")
    }

    fn open(&self) -> Result<KeyFile> {
        KeyFile::open(&self.path(), TODAY)
    }

    fn open_on(&self, disk: impl Disk + 'static) -> KeyFile {
        KeyFile::open_on(Box::new(disk), &self.path(), TODAY).unwrap()
    }

    /// What the file holds is the chain that the site began with, on some day.
    fn verified_day(&self) -> Date {
        let file = self.open().unwrap();
        let begun = ChainKey::new(FIRST, [7; 32].into()).unwrap();
        assert!(begun.advanced_to(file.first_day()).unwrap() == file.chain);
        file.first_day()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = entries
            .map(|entry| name(entry).into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

#[track_caller]
fn refusal<T>(result: Result<T>) -> String {
    match result {
        Err(Error::Refused(message)) => message,
        Err(error) => panic!("not refused: {error}"),
        Ok(_) => panic!("not refused"),
    }
}

/// How far a step has come when the power fails.
#[derive(Clone, Copy, Debug)]
enum Failing {
    Before,
    Begun,
    Half,
    After,
}

/// A file system on which nothing works any more after the first steps.
#[derive(Clone)]
struct Faulty {
    left: Arc<AtomicUsize>,
    failing: Failing,
}

impl Faulty {
    fn crash_after(steps: usize, failing: Failing) -> Self {
        let left = Arc::new(AtomicUsize::new(steps));
        Self { left, failing }
    }

    /// The machine is off.
    fn is_off(&self) -> bool {
        self.left.load(Relaxed) == 0
    }

    /// Does the step, or what there is time for.
    fn step(
        &self,
        place: &Place,
        whole: impl FnOnce() -> Result<()>,
        part: impl FnOnce(Failing),
    ) -> Result<()> {
        if self.left.load(Relaxed) > 1 {
            self.left.fetch_sub(1, Relaxed);
            return whole();
        }
        if self.left.swap(0, Relaxed) == 1 {
            match self.failing {
                Failing::Before => {}
                Failing::After => whole()?,
                failing => part(failing),
            }
        }
        Err(place.write_error(io::ErrorKind::StorageFull))
    }
}

impl Disk for Faulty {
    fn write(&self, place: &Place, file: &File, bytes: &[u8]) -> Result<()> {
        let torn = |failing| {
            file.set_len(0).unwrap();
            if matches!(failing, Failing::Half) {
                file.write_all_at(&bytes[..ENCODED / 2], 0).unwrap();
            }
        };
        self.step(place, || FileSystem.write(place, file, bytes), torn)
    }

    fn rename(&self, place: &Place, from: Name, to: Name) -> Result<()> {
        self.step(place, || FileSystem.rename(place, from, to), |_| ())
    }

    fn sync_folder(&self, place: &Place) -> Result<()> {
        self.step(place, || FileSystem.sync_folder(place), |_| ())
    }

    fn erase(&self, place: &Place, file: &File) -> Result<()> {
        let torn = |_| file.write_all_at(&[0; 9], 0).unwrap();
        self.step(place, || FileSystem.erase(place, file), torn)
    }

    fn remove(&self, place: &Place, name: Name) -> Result<()> {
        self.step(place, || FileSystem.remove(place, name), |_| ())
    }
}

/// Lets a procedure crash in each of its steps, in every manner, and looks at what each left.
fn at_every_step(procedure: impl Fn(Faulty) -> Result<()>, check: impl Fn(usize, Failing)) {
    let mut crashes = 0;
    for failing in [
        Failing::Before,
        Failing::Begun,
        Failing::Half,
        Failing::After,
    ] {
        for steps in 1.. {
            let disk = Faulty::crash_after(steps, failing);
            let done = procedure(disk.clone()).is_ok();
            assert_eq!(done, !disk.is_off(), "step {steps}, {failing:?}");
            check(steps, failing);
            if done {
                break;
            }
            crashes += 1;
        }
    }
    assert!(crashes >= 12, "{crashes}");
}

#[test]
fn an_interrupted_advance_is_done_or_not_and_can_be_repeated() {
    let site = Cell::new(None);
    at_every_step(
        |disk| {
            let new = Site::new();
            let done = new.open_on(disk).advance(NEXT);
            site.set(Some(new));
            done
        },
        |steps, failing| {
            let site = site.take().unwrap();
            let day = site.verified_day();
            assert!([FIRST, NEXT].contains(&day), "step {steps}, {failing:?}");
            site.open().unwrap().advance(NEXT).unwrap();
            assert_eq!(site.verified_day(), NEXT);
            assert_eq!(site.names(), ["key"]);
        },
    );
}

/// As a run does: announce, release, advance.
#[test]
fn an_interrupted_release_is_no_restored_copy_and_gives_up_no_key_too_early() {
    let state = Cell::new(None);
    at_every_step(
        |disk| {
            let site = Site::new();
            let mut released = FIRST;
            let mut file = site.open_on(disk);
            let mut run = || {
                file.announce(NEXT)?;
                released = NEXT;
                file.advance(NEXT)
            };
            let done = run();
            drop(file);
            state.set(Some((site, released)));
            done
        },
        |steps, failing| {
            let (site, released) = state.take().unwrap();
            let case = format!("step {steps}, {failing:?}");
            if released == FIRST {
                assert_eq!(site.verified_day(), FIRST, "{case}");
            }
            let mut file = site.open().unwrap();
            file.check_not_restored(released).expect(&case);
            // The next run goes on.
            if file.first_day() < NEXT {
                file.announce(NEXT).unwrap();
                file.advance(NEXT).unwrap();
            }
            file.withdraw_announcement().unwrap();
            drop(file);
            assert_eq!(site.verified_day(), NEXT, "{case}");
            assert_eq!(site.names(), ["key"], "{case}");
        },
    );
}

#[test]
fn an_interrupted_creation_leaves_a_whole_file_or_none() {
    let site = Cell::new(None);
    at_every_step(
        |disk| {
            let new = Site::empty();
            let done = KeyFile::create_on(&disk, &new.path(), [7; 32].into(), FIRST, TODAY);
            site.set(Some(new));
            done
        },
        |steps, failing| {
            let site = site.take().unwrap();
            if !site.path().exists() {
                KeyFile::create(&site.path(), [7; 32].into(), FIRST, TODAY).unwrap();
            }
            assert_eq!(site.verified_day(), FIRST, "step {steps}, {failing:?}");
            assert_eq!(site.names(), ["key"]);
        },
    );
}

#[test]
fn an_interrupted_shredding_can_be_repeated_until_nothing_is_left() {
    let site = Cell::new(None);
    at_every_step(
        |disk| {
            let new = Site::new();
            new.open()?.announce(NEXT)?;
            let done = KeyFile::shred_on(&disk, &new.path());
            site.set(Some(new));
            done
        },
        |steps, failing| {
            let site = site.take().unwrap();
            if site.path().exists() {
                KeyFile::shred(&site.path()).unwrap();
            }
            assert!(site.names().is_empty(), "step {steps}, {failing:?}");
        },
    );
}

#[test]
fn keys_of_earlier_days_are_overwritten() {
    let site = Site::new();
    let mut earlier = File::open(site.path()).unwrap();
    site.open().unwrap().advance(NEXT).unwrap();
    let mut bytes = Vec::new();
    earlier.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, [0; ENCODED]);

    let mut last = File::open(site.path()).unwrap();
    KeyFile::shred(&site.path()).unwrap();
    bytes.clear();
    last.rewind().unwrap();
    last.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, [0; ENCODED]);
}

#[test]
fn only_days_between_the_first_and_today_can_be_advanced_to() {
    let site = Site::new();
    let mut file = site.open().unwrap();
    let tomorrow = date(2026, 11, 23);
    for day in [tomorrow, date(9999, 12, 31)] {
        assert!(refusal(file.advance(day)).contains("not over"));
        assert!(refusal(file.announce(day)).contains("not over"));
    }
    file.advance(NEXT).unwrap();
    assert!(refusal(file.advance(FIRST)).ends_with("days before 2026-11-21 are already shredded"));
    drop(file);
    assert_eq!(site.verified_day(), NEXT);
    assert_eq!(site.names(), ["key"]);

    let site = Site::empty();
    for first in [tomorrow, date(1969, 12, 31)] {
        let made = KeyFile::create(&site.path(), [7; 32].into(), first, TODAY);
        assert!(refusal(made).contains("begins between"));
    }
    assert!(site.names().is_empty());
}

#[test]
fn an_older_copy_that_is_put_back_is_noticed() {
    let site = Site::new();
    let copy = fs::read(site.path()).unwrap();
    site.open().unwrap().advance(NEXT).unwrap();
    site.open().unwrap().check_not_restored(NEXT).unwrap();
    fs::write(site.path(), copy).unwrap();
    let file = site.open().unwrap();
    file.check_not_restored(FIRST).unwrap();
    assert!(
        refusal(file.check_not_restored(NEXT)).contains("an older copy of the file was put back")
    );
}

/// What lies beside the file excuses an older one only if it is its own successor.
#[test]
fn a_foreign_or_torn_announcement_is_none() {
    let site = Site::new();
    let check = |content: &[u8], expected| {
        fs::write(site.next(), content).unwrap();
        fs::set_permissions(site.next(), Permissions::from_mode(0o600)).unwrap();
        let file = site.open().unwrap();
        assert_eq!(file.announced, expected);
        assert_eq!(file.check_not_restored(TODAY).is_ok(), expected.is_some());
    };
    let chain = |byte, first| ChainKey::new(first, [byte; 32].into()).unwrap();
    let own = chain(7, FIRST).advanced_to(NEXT).unwrap().encode();
    check(&own[..], Some(NEXT));
    check(&own[..ENCODED - 1], None);
    check(b"", None);
    check(&chain(8, NEXT).encode()[..], None);
    let beyond = chain(7, FIRST).advanced_to(date(2026, 11, 23)).unwrap();
    check(&beyond.encode()[..], None);
}

#[test]
fn a_file_that_others_may_have_had_is_refused() {
    let check = |alter: fn(&Site), expected: &str| {
        let site = Site::new();
        alter(&site);
        let said = refusal(site.open());
        assert!(said.contains(expected), "{said}");
        let told = refusal(KeyFile::info(&site.path(), TODAY));
        assert_eq!(told, said);
    };
    let mode =
        |path: PathBuf, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    for bits in [
        0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o700, 0o4600, 0o1600,
    ] {
        let site = Site::new();
        mode(site.path(), bits);
        assert!(refusal(site.open()).contains("others may use"), "{bits:o}");
    }
    for bits in [0o720, 0o702, 0o777, 0o1777] {
        let site = Site::new();
        mode(site.folder.path().to_owned(), bits);
        assert!(
            refusal(site.open()).contains("others can write to the folder"),
            "{bits:o}"
        );
        let made = KeyFile::create(&site.folder.path().join("b"), [7; 32].into(), FIRST, TODAY);
        assert!(
            refusal(made).contains("others can write to the folder"),
            "{bits:o}"
        );
    }
    check(
        |site| {
            fs::rename(site.path(), site.folder.path().join("other")).unwrap();
            symlink("other", site.path()).unwrap();
        },
        "symbolic link",
    );
    check(
        |site| fs::hard_link(site.path(), site.folder.path().join("other")).unwrap(),
        "hard link",
    );
    check(
        |site| fs::write(site.path(), b"").unwrap(),
        "its length is another",
    );
    check(
        |site| fs::write(site.path(), [1; ENCODED - 1]).unwrap(),
        "its length is another",
    );
    check(
        |site| fs::write(site.path(), [1; ENCODED + 1]).unwrap(),
        "its length is another",
    );
    check(
        |site| fs::write(site.path(), [1; ENCODED]).unwrap(),
        "damaged",
    );
    if rustix::process::geteuid().is_root() {
        check(
            |site| chown(site.path(), Some(1), None).unwrap(),
            "belongs to someone else",
        );
        check(
            |site| chown(site.folder.path(), Some(1), None).unwrap(),
            "the folder of this key file belongs to someone else",
        );
    }
}

#[test]
fn a_read_only_file_can_be_told_of() {
    let site = Site::new();
    fs::set_permissions(site.path(), Permissions::from_mode(0o400)).unwrap();
    let expected = KeyFileInfo {
        first_day: FIRST,
        announced: None,
    };
    assert_eq!(KeyFile::info(&site.path(), TODAY).unwrap(), expected);
}

#[test]
fn a_key_file_is_never_overwritten_and_other_files_never_shredded() {
    let site = Site::new();
    let again = KeyFile::create(&site.path(), [8; 32].into(), FIRST, TODAY);
    assert!(refusal(again).contains("never overwritten"));
    assert_eq!(site.verified_day(), FIRST);

    let log = site.folder.path().join("access.log");
    fs::write(&log, "a log").unwrap();
    assert!(refusal(KeyFile::shred(&log)).contains("not a key file"));
    assert_eq!(fs::read(&log).unwrap(), b"a log");
    fs::set_permissions(site.path(), Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(site.folder.path(), Permissions::from_mode(0o777)).unwrap();
    KeyFile::shred(&site.path()).unwrap();
    assert_eq!(site.names(), ["access.log"]);
}

#[test]
fn one_run_at_a_time() {
    let site = Site::new();
    let mut file = site.open().unwrap();
    let in_use = |result: Result<()>| {
        let said = result.unwrap_err().to_string();
        assert!(said.contains("another run is using"), "{said}");
    };
    in_use(site.open().map(drop));
    in_use(KeyFile::shred(&site.path()));
    KeyFile::info(&site.path(), TODAY).unwrap();
    // The file in its place is locked as well.
    file.advance(NEXT).unwrap();
    in_use(site.open().map(drop));
    drop(file);
    site.open().unwrap();
}

#[test]
fn a_file_that_was_replaced_after_it_was_opened_is_not_gone_on_with() {
    let site = Site::new();
    let place = Place::of(&site.path(), Cover::Bare).unwrap();
    let earlier = place.open().unwrap();
    site.open().unwrap().advance(NEXT).unwrap();
    assert!(place.lock_current(earlier).unwrap().is_none());
    let later = place.open().unwrap();
    assert!(place.lock_current(later).unwrap().is_some());
}
