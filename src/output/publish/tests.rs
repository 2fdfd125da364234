use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use serde_json::Value;
use tempfile::TempDir;

use super::{disk::write_error, *};
use crate::{
    aggregate::Table,
    privacy::{LineDigest, SiteName},
    release::{PublishedTable, Removal, Row, digest},
    time::PeriodLength,
};

const LINES: LineDigest = LineDigest {
    key: 7,
    lines: 100,
    sum: 9,
};

/// A place with an output folder that is not there yet.
struct Site {
    root: TempDir,
    elsewhere: bool,
}

impl Site {
    fn new(elsewhere: bool) -> Self {
        let root = TempDir::new().unwrap();
        fs::create_dir(root.path().join("common")).unwrap();
        Self { root, elsewhere }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().canonicalize().unwrap().join(name)
    }

    fn open_on(&self, disk: impl Disk + 'static) -> Result<Folder> {
        let state = self.elsewhere.then(|| self.path("private"));
        let ledger = self.elsewhere.then(|| self.path("common/ledger.jsonl"));
        Folder::open_on(
            Box::new(disk),
            &self.path("out"),
            state.as_deref(),
            ledger.as_deref(),
        )
    }

    fn open(&self) -> Result<Folder> {
        self.open_on(Quick)
    }

    fn publish(&self, date: &str) -> Result<()> {
        self.open()?.publish(&release(date), LINES).map(drop)
    }

    /// Every file but the empty ones, by its path.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.path("")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path
                        .strip_prefix(self.path(""))
                        .unwrap()
                        .display()
                        .to_string();
                    files.insert(name, fs::read(path).unwrap());
                }
            }
        }
        files.retain(|_, bytes| !bytes.is_empty());
        files
    }

    /// Checks that everything agrees, and returns the released dates.
    fn verified_dates(&self) -> Vec<String> {
        let folder = self.open().unwrap();
        let periods: Vec<Period> = folder.ledger().periods().collect();
        for period in &periods {
            assert_eq!(folder.state().lines(*period), Some(&LINES), "{period}");
            self.verify_release(&folder, *period);
        }
        let dates: Vec<String> = periods.iter().map(Period::to_string).collect();
        let files = self.files();
        for name in files.keys().filter(|name| name.contains("date=")) {
            assert!(dates.iter().any(|date| name.contains(date)), "{name}");
        }
        for word in ["staging", "staged", "journal", "lock"] {
            assert!(
                !files.keys().any(|name| name.contains(word)),
                "{word} is left"
            );
        }
        let datapackage = files.get("out/datapackage.json");
        let expected = datapackage::encode(&folder.contents.published);
        assert!(dates.is_empty() || datapackage == Some(&expected));
        dates
    }

    fn verify_release(&self, folder: &Folder, period: Period) {
        let path = folder.layout.release(&period.to_string());
        let bytes = fs::read(path.join("manifest.json")).unwrap();
        assert_eq!(
            folder.ledger().manifest(period),
            Some(digest(&bytes).as_str())
        );
        let manifest: Value = serde_json::from_slice(&bytes).unwrap();
        let tables = manifest["tables"].as_object().unwrap();
        assert_eq!(fs::read_dir(&path).unwrap().count(), tables.len() + 1);
        for (name, table) in tables {
            let bytes = fs::read(path.join(format!("{name}.csv"))).unwrap();
            assert_eq!(table["sha256"], digest(&bytes));
        }
    }
}

fn release(date: &str) -> Release {
    let period = Period {
        start: date.parse().unwrap(),
        length: PeriodLength::Day,
    };
    let table = |table: Table, key: &str| {
        let measures = table.measures().iter().map(|_| Some(20)).collect();
        PublishedTable {
            table,
            rows: vec![Row {
                keys: vec![key.to_owned()],
                measures,
            }],
        }
    };
    Release::example(
        period,
        vec![
            table(Table::Browsers, "Firefox"),
            table(Table::Statuses, "200"),
        ],
    )
}

/// A file system without the waiting for its device, which would make thousands of steps slow.
struct Quick;

impl Disk for Quick {
    fn create_folder(&self, path: &Path) -> Result<()> {
        FileSystem.create_folder(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        fs::write(path, bytes).map_err(|source| write_error(path, source))
    }

    fn sync_folder(&self, _: &Path) -> Result<()> {
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        FileSystem.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        FileSystem.remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> Result<()> {
        FileSystem.remove_folder(path)
    }
}

/// A file system on which steps after the first few fail.
struct Faulty {
    steps: Arc<AtomicUsize>,
    intact: usize,
    failing: usize,
}

impl Faulty {
    /// Nothing works after so many steps: the machine is off.
    fn crash_after(intact: usize) -> Self {
        Self {
            steps: Arc::default(),
            intact,
            failing: usize::MAX,
        }
    }

    /// One step fails, as on a full disk.
    fn fail_once_after(intact: usize) -> Self {
        Self {
            steps: Arc::default(),
            intact,
            failing: 1,
        }
    }

    /// The same file system, opened once more.
    fn again(&self) -> Self {
        let steps = Arc::clone(&self.steps);
        Self { steps, ..*self }
    }

    /// Whether the next step works.
    fn works(&self) -> bool {
        let step = self.steps.fetch_add(1, Relaxed);
        step < self.intact || step - self.intact >= self.failing
    }

    /// Does the step, or a part of it and fails.
    fn step(
        &self,
        path: &Path,
        whole: impl FnOnce() -> Result<()>,
        part: impl FnOnce(),
    ) -> Result<()> {
        if self.works() {
            return whole();
        }
        part();
        Err(write_error(path, io::ErrorKind::StorageFull.into()))
    }
}

impl Disk for Faulty {
    fn create_folder(&self, path: &Path) -> Result<()> {
        self.step(path, || Quick.create_folder(path), || ())
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let torn = || drop(fs::write(path, &bytes[..bytes.len() / 2]));
        self.step(path, || Quick.write(path, bytes), torn)
    }

    fn sync_folder(&self, path: &Path) -> Result<()> {
        self.step(path, || Quick.sync_folder(path), || ())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.step(to, || Quick.rename(from, to), || ())
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        self.step(path, || Quick.remove_file(path), || ())
    }

    fn remove_folder(&self, path: &Path) -> Result<()> {
        let part = || {
            if let Some(first) = fs::read_dir(path).unwrap().next() {
                let first = first.unwrap().path();
                drop(fs::remove_file(&first).or_else(|_| fs::remove_dir_all(&first)));
            }
        };
        self.step(path, || Quick.remove_folder(path), part)
    }
}

/// A file system that notes what is done to it.
struct Noting {
    root: PathBuf,
    notes: Arc<Mutex<Vec<String>>>,
}

impl Noting {
    fn note(&self, step: &str, path: &Path) {
        let path = path.strip_prefix(&self.root).unwrap_or(path);
        self.notes
            .lock()
            .unwrap()
            .push(format!("{step} {}", path.display()));
    }
}

impl Disk for Noting {
    fn create_folder(&self, path: &Path) -> Result<()> {
        self.note("create", path);
        FileSystem.create_folder(path)
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        self.note("write", path);
        FileSystem.write(path, bytes)
    }

    fn sync_folder(&self, path: &Path) -> Result<()> {
        self.note("sync", path);
        FileSystem.sync_folder(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.note("move", to);
        FileSystem.rename(from, to)
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        self.note("remove", path);
        FileSystem.remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> Result<()> {
        self.note("remove", path);
        FileSystem.remove_folder(path)
    }
}

#[test]
fn what_is_published_is_on_the_device_before_it_is_decided() {
    let site = Site::new(true);
    site.publish("2026-11-20").unwrap();
    let notes = Arc::<Mutex<Vec<String>>>::default();
    let noting = Noting {
        root: site.path(""),
        notes: Arc::clone(&notes),
    };
    let folder = site.open_on(noting).unwrap();
    folder.publish(&release("2026-11-21"), LINES).unwrap();
    let expected = "\
write private/state.json.lock
write common/ledger.jsonl.lock
create out/.state/staging/date=2026-11-21
write out/.state/staging/date=2026-11-21/browsers.csv
write out/.state/staging/date=2026-11-21/statuses.csv
write out/.state/staging/date=2026-11-21/manifest.json
sync out/.state/staging/date=2026-11-21
write private/state.json.staged
write out/.state/staging/datapackage.json
write common/ledger.jsonl.staged
sync common
sync out
sync private
write out/.state/staging/journal.json
sync out/.state/staging
move out/.state/journal.json
sync out/.state
move out/date=2026-11-21
move private/state.json
move out/datapackage.json
move common/ledger.jsonl
sync common
sync out
sync private
remove out/.state/journal.json
sync out/.state
remove out/.state/staging
write private/state.json.lock
write common/ledger.jsonl.lock";
    assert_eq!(notes.lock().unwrap().join("\n"), expected);
}

#[test]
fn a_folder_holds_what_was_published_and_only_its_owner_can_read_it() {
    let site = Site::new(false);
    for date in ["2026-11-20", "2026-11-21"] {
        let folder = site.open_on(FileSystem).unwrap();
        folder.publish(&release(date), LINES).unwrap();
    }
    assert_eq!(site.verified_dates(), ["2026-11-20", "2026-11-21"]);
    let files = site.files();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    let expected = [
        "out/.state/state.json",
        "out/datapackage.json",
        "out/date=2026-11-20/browsers.csv",
        "out/date=2026-11-20/manifest.json",
        "out/date=2026-11-20/statuses.csv",
        "out/date=2026-11-21/browsers.csv",
        "out/date=2026-11-21/manifest.json",
        "out/date=2026-11-21/statuses.csv",
        "out/ledger.jsonl",
    ];
    assert_eq!(names, expected);
    let mode = |name: &str| fs::metadata(site.path(name)).unwrap().permissions().mode() & 0o777;
    assert!(names.iter().all(|name| mode(name) == 0o600));
    for folder in ["out", "out/.state", "out/date=2026-11-21"] {
        assert_eq!(mode(folder), 0o700, "{folder}");
    }
}

#[test]
fn several_periods_are_published_through_one_folder() {
    let site = Site::new(false);
    let mut folder = site.open().unwrap();
    for date in ["2026-11-19", "2026-11-20", "2026-11-21"] {
        folder = folder.publish(&release(date), LINES).unwrap();
    }
    assert_eq!(folder.ledger().periods().count(), 3);
    drop(folder);
    assert_eq!(site.verified_dates().len(), 3);
}

/// The files after two publications without a fault.
fn whole(elsewhere: bool) -> BTreeMap<String, Vec<u8>> {
    let site = Site::new(elsewhere);
    site.publish("2026-11-20").unwrap();
    site.publish("2026-11-21").unwrap();
    site.files()
}

/// Publishes a second period on a file system with a fault.
fn publish_on(site: &Site, disk: Faulty) -> Result<()> {
    let folder = site.open_on(disk)?;
    folder.publish(&release("2026-11-21"), LINES).map(drop)
}

/// After a crash anywhere, the folder is as before or whole, and a retry makes it whole.
fn check_every_crash(elsewhere: bool) {
    let whole = whole(elsewhere);
    let mut outcomes = [0, 0];
    for intact in 0.. {
        let site = Site::new(elsewhere);
        site.publish("2026-11-20").unwrap();
        if publish_on(&site, Faulty::crash_after(intact)).is_ok() {
            break;
        }
        let released = site.verified_dates().len() == 2;
        outcomes[usize::from(released)] += 1;
        if !released {
            site.publish("2026-11-21").unwrap();
        }
        assert_eq!(
            site.verified_dates(),
            ["2026-11-20", "2026-11-21"],
            "after {intact} steps"
        );
        assert_eq!(site.files(), whole, "after {intact} steps");
    }
    assert!(outcomes.iter().all(|count| *count >= 10), "{outcomes:?}");
}

#[test]
fn a_crash_anywhere_leaves_the_folder_as_before_or_whole() {
    check_every_crash(false);
}

#[test]
fn a_crash_anywhere_is_recovered_with_state_and_ledger_elsewhere() {
    check_every_crash(true);
}

/// A folder with two releases.
fn with_two(elsewhere: bool) -> Site {
    let site = Site::new(elsewhere);
    site.publish("2026-11-20").unwrap();
    site.publish("2026-11-21").unwrap();
    site
}

/// Removes the releases of some days.
fn remove_on(site: &Site, disk: Faulty, dates: &[&str]) -> Result<()> {
    let periods: Vec<Period> = dates.iter().map(|date| release(date).period()).collect();
    let folder = site.open_on(disk)?;
    folder.remove(&periods, Removal::Withdrawn).map(drop)
}

#[test]
fn a_crash_while_releases_are_removed_leaves_none_or_all_of_each() {
    let cases = [
        (false, &["2026-11-20"][..]),
        (true, &["2026-11-21"]),
        (false, &["2026-11-20", "2026-11-21"]),
    ];
    for (elsewhere, dates) in cases {
        let expected = with_two(elsewhere);
        remove_on(&expected, Faulty::crash_after(usize::MAX), dates).unwrap();
        let (expected, mut crashes) = (expected.files(), 0);
        for intact in 0.. {
            let site = with_two(elsewhere);
            if remove_on(&site, Faulty::crash_after(intact), dates).is_ok() {
                break;
            }
            crashes += 1;
            let folder = site.open().unwrap();
            let left = folder.ledger().removed().count();
            drop(folder);
            if left == 0 {
                assert_eq!(site.verified_dates().len(), 2, "after {intact} steps");
                site.open().unwrap();
                remove_on(&site, Faulty::crash_after(usize::MAX), dates).unwrap();
            }
            site.open().unwrap().draw().unwrap();
            assert!(site.files() == expected, "after {intact} steps");
        }
        assert!(crashes > 5, "{crashes} crashes");
    }
}

#[test]
fn a_removed_release_is_gone_and_never_comes_back() {
    let site = with_two(false);
    remove_on(&site, Faulty::crash_after(usize::MAX), &["2026-11-20"]).unwrap();
    let files = site.files();
    let has = |date: &str| files.keys().any(|name| name.contains(date));
    assert!(!has("2026-11-20") && has("2026-11-21"));
    let text = |name: &str| String::from_utf8_lossy(&files[name]).into_owned();
    assert!(!text("out/datapackage.json").contains("2026-11-20"));
    assert!(!text("out/.state/state.json").contains("2026-11-20"));
    assert!(text("out/ledger.jsonl").contains("withdrawn"));
    for again in [
        site.publish("2026-11-20"),
        remove_on(&site, Faulty::crash_after(usize::MAX), &["2026-11-20"]),
        remove_on(&site, Faulty::crash_after(usize::MAX), &["2026-11-22"]),
    ] {
        assert!(matches!(again, Err(Error::Refused(_))));
    }
}

#[test]
fn a_crash_on_a_new_folder_is_recovered() {
    for intact in 0.. {
        let site = Site::new(false);
        if publish_on(&site, Faulty::crash_after(intact)).is_ok() {
            break;
        }
        if site.verified_dates().is_empty() {
            site.publish("2026-11-21").unwrap();
        }
        assert_eq!(
            site.verified_dates(),
            ["2026-11-21"],
            "after {intact} steps"
        );
    }
}

#[test]
fn crashes_during_recovery_are_recovered() {
    let whole = whole(true);
    for intact in 0.. {
        let site = Site::new(true);
        site.publish("2026-11-20").unwrap();
        if publish_on(&site, Faulty::crash_after(intact)).is_ok() {
            break;
        }
        // Each attempt to open gets one step further than the one before it.
        for recovered in 0.. {
            if site.open_on(Faulty::crash_after(recovered)).is_ok() {
                break;
            }
        }
        if site.verified_dates().len() == 1 {
            site.publish("2026-11-21").unwrap();
        }
        assert_eq!(site.files(), whole, "after {intact} steps");
    }
}

#[test]
fn a_failed_write_leaves_the_folder_as_it_was() {
    for elsewhere in [false, true] {
        for intact in 0.. {
            let site = Site::new(elsewhere);
            site.publish("2026-11-20").unwrap();
            let before = site.files();
            let Err(error) = publish_on(&site, Faulty::fail_once_after(intact)) else {
                break;
            };
            assert!(matches!(error, Error::Write { .. }));
            // What was decided is finished on the spot, all else is undone.
            if site.path("out/date=2026-11-21").exists() {
                assert_eq!(site.verified_dates(), ["2026-11-20", "2026-11-21"]);
            } else {
                assert_eq!(site.files(), before, "after {intact} steps");
            }
        }
    }
}

fn refusal(result: Result<impl Sized>) -> String {
    result.map(drop).unwrap_err().to_string()
}

#[test]
fn a_second_run_is_turned_away_while_the_first_has_the_folder_open() {
    let site = Site::new(true);
    let other = Folder::open(
        &site.path("other"),
        None,
        Some(&site.path("common/ledger.jsonl")),
    );
    assert!(refusal(site.open()).ends_with(
        "common/ledger.jsonl.lock: another run is publishing here; try again when it is done"
    ));
    drop(other);
    let folder = site.open().unwrap();
    assert!(matches!(site.open(), Err(Error::Setting(_))));
    drop(folder);
    assert!(site.open().is_ok());
}

#[test]
fn a_shared_ledger_waits_for_an_interrupted_publication_of_another_folder() {
    let site = Site::new(true);
    site.publish("2026-11-20").unwrap();
    // All is decided, and nothing moved.
    publish_on(&site, Faulty::crash_after(17)).unwrap_err();
    assert!(site.path("out/.state/journal.json").exists());
    assert!(!site.path("out/date=2026-11-21").exists());
    let open_other = || {
        Folder::open(
            &site.path("other"),
            None,
            Some(&site.path("common/ledger.jsonl")),
        )
    };
    let message = refusal(open_other());
    assert!(
        message.contains("was interrupted while publishing"),
        "{message}"
    );
    assert_eq!(site.verified_dates(), ["2026-11-20", "2026-11-21"]);
    let other = open_other().unwrap();
    let message = refusal(other.publish(&release("2026-11-21"), LINES));
    assert!(
        message.ends_with("2026-11-21 is already released"),
        "{message}"
    );
    open_other()
        .unwrap()
        .publish(&release("2026-11-22"), LINES)
        .unwrap();
    assert_eq!(site.open().unwrap().ledger().periods().count(), 3);
}

#[test]
fn an_interrupted_publication_is_finished_under_its_own_ledger() {
    let site = Site::new(true);
    publish_on(&site, Faulty::crash_after(24)).unwrap_err();
    assert!(site.path("out/.state/journal.json").exists());
    let message = refusal(Folder::open(&site.path("out"), None, None));
    assert!(
        message.contains("run it again with those first"),
        "{message}"
    );
    assert_eq!(site.verified_dates(), ["2026-11-21"]);
}

#[test]
fn an_unknown_folder_of_the_date_is_never_overwritten() {
    let site = Site::new(false);
    site.open().unwrap();
    let folder = site.path("out/date=2026-11-21");
    fs::create_dir(&folder).unwrap();
    let error = site.publish("2026-11-21").unwrap_err();
    assert!(matches!(error, Error::Refused(_)));
    assert!(
        error
            .to_string()
            .contains("this folder exists, but the ledger"),
        "{error}"
    );
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    site.publish("2026-11-22").unwrap();
}

#[test]
fn a_period_is_published_once() {
    let site = Site::new(false);
    site.publish("2026-11-21").unwrap();
    let before = site.files();
    assert!(matches!(site.publish("2026-11-21"), Err(Error::Refused(_))));
    assert_eq!(site.files(), before);
}

#[test]
fn a_folder_that_everyone_can_write_is_refused() {
    let site = Site::new(false);
    let out = site.path("out");
    fs::create_dir(&out).unwrap();
    fs::set_permissions(&out, Permissions::from_mode(0o777)).unwrap();
    let error = site.open().map(drop).unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
    assert!(!out.join(".state").exists());
    fs::set_permissions(&out, Permissions::from_mode(0o700)).unwrap();
    let shared = site.path("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, Permissions::from_mode(0o1777)).unwrap();
    for (state, ledger) in [
        (Some(shared.clone()), None),
        (None, Some(shared.join("ledger"))),
    ] {
        let error = Folder::open(&out, state.as_deref(), ledger.as_deref());
        let error = error.map(drop).unwrap_err();
        assert!(matches!(error, Error::Refused(_)), "{error}");
    }
    assert_eq!(fs::read_dir(&shared).unwrap().count(), 0);
}

#[test]
fn private_state_among_published_files_is_refused() {
    let site = Site::new(false);
    for (state, allowed) in [("out", false), ("out/private", false), ("out/.state", true)] {
        let opened = Folder::open(&site.path("out"), Some(&site.path(state)), None);
        assert_eq!(opened.is_ok(), allowed, "{state}");
    }
}

#[test]
fn damage_is_noticed_when_the_folder_is_opened() {
    for (name, expected) in [
        ("out/ledger.jsonl", "line 1: it is torn: its end is missing"),
        (
            "out/.state/state.json",
            "this is not a state file of version 1",
        ),
        (
            "out/date=2026-11-21/manifest.json",
            "this is not the manifest that the ledger has recorded",
        ),
    ] {
        let site = Site::new(false);
        site.publish("2026-11-21").unwrap();
        let path = site.path(name);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 2]).unwrap();
        let message = refusal(site.open());
        assert_eq!(message, format!("{}: {expected}", path.display()));
    }
}

/// The folders of two sites in the output folder, in their order.
fn open_sites(site: &Site, faults: Option<&Faulty>) -> Result<Vec<Folder>> {
    let names = ["blog.example", "shop.example"].map(|name| SiteName::new(name).unwrap());
    let state = site.elsewhere.then(|| site.path("private"));
    let (out, state) = (site.path("out"), state.as_deref());
    match faults {
        Some(faults) => Folder::open_sites_on(|| Box::new(faults.again()), &out, state, &names),
        None => Folder::open_sites_on(|| Box::new(Quick), &out, state, &names),
    }
}

/// Publishes a day of each site that has not released it.
fn publish_sites(folders: Vec<Folder>) -> Result<()> {
    for folder in folders {
        let release = release("2026-11-21").of_site(folder.site().unwrap().as_str());
        if !folder.ledger().contains(release.period()) {
            folder.publish(&release, LINES)?;
        }
    }
    Ok(())
}

#[test]
fn a_crash_anywhere_leaves_each_site_as_before_or_whole() {
    for elsewhere in [false, true] {
        let whole = Site::new(elsewhere);
        publish_sites(open_sites(&whole, None).unwrap()).unwrap();
        let mut outcomes = [0; 3];
        for intact in 0.. {
            let site = Site::new(elsewhere);
            let faults = Faulty::crash_after(intact);
            if open_sites(&site, Some(&faults))
                .and_then(publish_sites)
                .is_ok()
            {
                break;
            }
            let folders = open_sites(&site, None).unwrap();
            let periods = |folder: &Folder| folder.ledger().periods().collect::<Vec<_>>();
            for folder in &folders {
                let released = periods(folder);
                released
                    .iter()
                    .for_each(|it| site.verify_release(folder, *it));
            }
            outcomes[folders.iter().flat_map(periods).count()] += 1;
            publish_sites(folders).unwrap();
            assert_eq!(site.files(), whole.files(), "after {intact} steps");
        }
        assert!(
            outcomes[..2].iter().all(|count| *count >= 10),
            "{outcomes:?}"
        );
    }
}

#[test]
fn what_is_private_of_sites_is_not_among_what_is_published() {
    let site = Site::new(false);
    publish_sites(open_sites(&site, None).unwrap()).unwrap();
    let files = site.files();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    let expected = [
        "out/.state/site=blog.example/state.json",
        "out/.state/site=shop.example/state.json",
        "out/site=blog.example/datapackage.json",
        "out/site=blog.example/date=2026-11-21/browsers.csv",
        "out/site=blog.example/date=2026-11-21/manifest.json",
        "out/site=blog.example/date=2026-11-21/statuses.csv",
        "out/site=blog.example/ledger.jsonl",
        "out/site=shop.example/datapackage.json",
        "out/site=shop.example/date=2026-11-21/browsers.csv",
        "out/site=shop.example/date=2026-11-21/manifest.json",
        "out/site=shop.example/date=2026-11-21/statuses.csv",
        "out/site=shop.example/ledger.jsonl",
    ];
    assert_eq!(names, expected);
    for (one, other) in names[2..5].iter().zip(&names[7..10]) {
        assert_eq!(files[*one], files[*other], "{one}");
    }
}

#[test]
fn one_scope_even_where_a_publication_was_only_decided() {
    let decided = |of_sites: bool| {
        for intact in 0.. {
            let site = Site::new(false);
            let faults = Faulty::crash_after(intact);
            let (result, journal) = if of_sites {
                let result = open_sites(&site, Some(&faults)).and_then(publish_sites);
                (result, "out/.state/site=blog.example/journal.json")
            } else {
                (publish_on(&site, faults), "out/.state/journal.json")
            };
            result.unwrap_err();
            if site.path(journal).exists() {
                return site;
            }
        }
        unreachable!()
    };
    let of_sites = decided(true);
    assert!(
        !of_sites
            .path("out/site=blog.example/date=2026-11-21")
            .exists()
    );
    assert!(refusal(of_sites.open()).contains("go on with --by-host"));
    publish_sites(open_sites(&of_sites, None).unwrap()).unwrap();
    let together = decided(false);
    assert!(refusal(open_sites(&together, None)).contains("go on without --by-host"));
    assert_eq!(together.verified_dates(), ["2026-11-21"]);
}

#[test]
fn a_run_by_host_has_the_output_folder_to_itself() {
    let site = Site::new(false);
    let mut folders = open_sites(&site, None).unwrap();
    assert!(matches!(site.open(), Err(Error::Setting(_))));
    // As long as any of its sites is open.
    drop(folders.pop());
    assert!(matches!(site.open(), Err(Error::Setting(_))));
    drop(folders);
    site.open().unwrap();
}

impl Site {
    fn draw_on(&self, disk: impl Disk + 'static) -> Result<()> {
        self.open_on(disk)?.draw()
    }

    fn page(&self) -> Option<Vec<u8>> {
        fs::read(self.path("out/report.html")).ok()
    }
}

#[test]
fn the_page_is_drawn_of_what_is_released_whenever_that_has_changed() {
    let site = Site::new(true);
    site.draw_on(Quick).unwrap();
    assert_eq!(site.page(), None, "nothing is released");
    let mut pages = Vec::new();
    for date in ["2026-11-20", "2026-11-21"] {
        site.publish(date).unwrap();
        assert_eq!(site.page().as_ref(), pages.last());
        site.draw_on(Quick).unwrap();
        pages.push(site.page().unwrap());
    }
    assert_ne!(pages[0], pages[1]);
    // It is not drawn again for nothing.
    fs::remove_file(site.path("out/date=2026-11-20/browsers.csv")).unwrap();
    site.draw_on(Quick).unwrap();
    // But if it is gone, and cannot be drawn of what is there, that is said.
    fs::remove_file(site.path("out/report.html")).unwrap();
    assert!(matches!(site.draw_on(Quick), Err(Error::Read { .. })));
}

#[test]
fn a_crash_while_the_page_is_drawn_leaves_the_old_or_the_new_one() {
    let site = Site::new(false);
    site.publish("2026-11-20").unwrap();
    site.draw_on(Quick).unwrap();
    let old = site.page().unwrap();
    site.publish("2026-11-21").unwrap();
    site.draw_on(Quick).unwrap();
    let new = site.page().unwrap();
    for intact in 0.. {
        fs::write(site.path("out/report.html"), &old).unwrap();
        let drawn = site.draw_on(Faulty::crash_after(intact));
        let page = site.page().unwrap();
        assert!(page == old || page == new, "after {intact} steps");
        site.draw_on(Quick).unwrap();
        assert_eq!(site.page().as_ref(), Some(&new), "after {intact} steps");
        assert_eq!(site.verified_dates().len(), 2);
        if drawn.is_ok() {
            assert!(intact >= 4);
            break;
        }
    }
}
