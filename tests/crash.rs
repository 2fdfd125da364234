//! However a run ends, what is published is whole, and the next run makes it complete.
//!
//! `HUSHLOG_SLOW_TESTS=1` kills a few hundred runs of a larger log instead of some forty.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    generate::Random,
    program::{
        Tree, assert_same, complaint, digest, has_current_page, published, report, run, run_for,
        tree, with_room_for,
    },
    site::{lines, midnight, text},
};

/// A log of three days, and what a run that nothing interrupts publishes.
struct Scene {
    folder: TempDir,
    log: PathBuf,
    expected: Tree,
    random: Random,
    /// Runs killed so far; those of them that had begun to publish a day and were not done; and those
    /// of these that had decided to.
    killed: u32,
    publishing: u32,
    decided: u32,
}

impl Scene {
    fn new(visits_a_day: i64, seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("access.log");
        let lines = lines(midnight(2025, 6, 3), 3, visits_a_day);
        fs::write(&log, text(&lines)).expect("a written log");
        let whole = folder.path().join("whole");
        run_for(report(&whole).arg(&log), 0);
        let expected = published(&whole);
        Self {
            folder,
            log,
            expected,
            random: Random(seed),
            killed: 0,
            publishing: 0,
            decided: 0,
        }
    }

    /// A folder that no run has seen.
    fn fresh(&self) -> PathBuf {
        self.folder.path().join(format!("out-{}", self.killed))
    }

    fn start(&self, out: &Path) -> Child {
        let mut command = report(out);
        command
            .arg(&self.log)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().expect("the program starts")
    }

    /// Kills a run on the folder once `moment` has come, by either signal in turn, and checks what it left.
    fn kill(&mut self, out: &Path, moment: impl FnOnce(&mut Random)) {
        let mut child = self.start(out);
        moment(&mut self.random);
        let signal = if self.killed.is_multiple_of(2) {
            Signal::KILL
        } else {
            Signal::INT
        };
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        // It may be done already; the child is not waited for yet, so that the number is its own.
        kill_process(pid.expect("a process number"), signal).expect("a signal to our own child");
        child.wait().expect("the program ends");
        self.killed += 1;
        let private = out.join(".state");
        let decided = private.join("journal.json").exists();
        self.publishing += u32::from(decided || private.join("staging").exists());
        self.decided += u32::from(decided);
        check_whole(out);
    }

    /// The next run ends where an undisturbed one does, and leaves nothing of the interrupted one.
    fn check_recovery(&self, out: &Path) {
        run_for(report(out).arg(&self.log), 0);
        let case = format!("after {} kills", self.killed);
        check_whole(out);
        assert_same(&published(out), &self.expected, &case);
        let private: Vec<String> = tree(&out.join(".state")).into_keys().collect();
        assert_eq!(private, ["lock", "state.json"], "{case}");
    }

    #[expect(clippy::print_stdout, reason = "seen with --nocapture")]
    fn tell(&self) {
        let Self {
            killed,
            publishing,
            decided,
            ..
        } = self;
        println!(
            "{killed} kills: {publishing} while publishing, {decided} of them after the decision"
        );
    }

    /// How long an undisturbed run takes.
    fn duration(&self) -> Duration {
        let start = Instant::now();
        run_for(report(&self.folder.path().join("timed")).arg(&self.log), 0);
        let duration = start.elapsed();
        fs::remove_dir_all(self.folder.path().join("timed")).expect("a removed folder");
        duration
    }
}

/// Every folder of a period is all of it, and the ledger is a chain that names only what is there.
fn check_whole(out: &Path) {
    let mut manifests = Vec::new();
    for entry in fs::read_dir(out).into_iter().flatten() {
        let entry = entry.expect("an entry");
        if let Some(date) = entry.file_name().to_string_lossy().strip_prefix("date=") {
            check_release(&entry.path());
            let manifest = fs::read(entry.path().join("manifest.json")).expect("a manifest");
            manifests.push((date.to_owned(), digest(&manifest)));
        }
    }
    let ledger = fs::read_to_string(out.join("ledger.jsonl")).unwrap_or_default();
    let mut previous = "0".repeat(64);
    for line in ledger.split_terminator('\n') {
        let entry: Value = serde_json::from_str(line).expect("a line of JSON");
        assert_eq!(entry["prev"], previous, "a broken chain");
        let [date, manifest] =
            ["date", "manifest"].map(|key| entry[key].as_str().expect("a text").to_owned());
        assert!(manifests.contains(&(date, manifest)), "{line}");
        previous = digest(line.as_bytes());
    }
    assert!(ledger.is_empty() || ledger.ends_with('\n'), "a torn ledger");
}

/// The manifest names every file of a period with its digest, and nothing else is there.
fn check_release(folder: &Path) {
    let files = tree(folder);
    let manifest: Value = serde_json::from_slice(&files["manifest.json"]).expect("JSON");
    let tables = manifest["tables"].as_object().expect("tables");
    assert_eq!(files.len(), tables.len() + 1, "{}", folder.display());
    for (table, entry) in tables {
        assert_eq!(
            entry["sha256"],
            digest(&files[&format!("{table}.csv")]),
            "{table}"
        );
    }
}

fn is_slow_run() -> bool {
    env::var_os("HUSHLOG_SLOW_TESTS").is_some_and(|value| value == "1")
}

/// Visits a day (three lines each), kills at any moment, kills while publishing.
fn extent() -> (i64, u32, u32) {
    if is_slow_run() {
        (5600, 120, 150)
    } else {
        (1200, 20, 24)
    }
}

#[test]
fn a_kill_at_any_moment_does_no_harm() {
    let (visits, kills, _) = extent();
    let mut scene = Scene::new(visits, 11);
    let duration = scene.duration();
    for _ in 0..kills {
        let out = scene.fresh();
        scene.kill(&out, |random| {
            let thousandth = u32::try_from(random.below(1050)).expect("a small number");
            thread::sleep(duration * thousandth / 1000);
        });
        scene.check_recovery(&out);
    }
    scene.tell();
}

/// Some of these come before the decision to publish, some after it, and some are on a folder that
/// holds what earlier kills have left.
#[test]
fn a_kill_while_publishing_does_no_harm() {
    let (visits, _, kills) = extent();
    let mut scene = Scene::new(visits.min(1200), 12);
    let mut out = scene.fresh();
    for round in 0..kills {
        let last = out.clone();
        scene.kill(&out, |random| {
            let marks = [
                ".state/staging",
                ".state/journal.json",
                ".state/staging/datapackage.json",
            ];
            let days = ["date=2025-06-03", "date=2025-06-04", "date=2025-06-05"];
            let mark = [marks, days].concat()[random.below(6) as usize];
            let start = Instant::now();
            while !last.join(mark).exists() && start.elapsed() < Duration::from_secs(2) {
                std::hint::spin_loop();
            }
            thread::sleep(Duration::from_micros(random.below(3) * random.below(1500)));
        });
        // Every third time a second kill meets what the first has left.
        if round % 3 != 0 {
            scene.check_recovery(&out);
            out = scene.fresh();
        }
    }
    scene.check_recovery(&out);
    scene.tell();
    assert!(scene.publishing * 4 >= scene.killed);
}

/// A folder with one released day, and a log with one more.
fn one_day_and_another(out: &Path, folder: &Path) -> PathBuf {
    let (first, both) = (folder.join("first.log"), folder.join("both.log"));
    let midnight = midnight(2025, 6, 3);
    fs::write(&first, text(&lines(midnight, 1, 300))).expect("a written log");
    fs::write(&both, text(&lines(midnight, 2, 300))).expect("a written log");
    run_for(report(out).arg(&first), 0);
    both
}

/// Everything that a failed run must leave as it was.
fn kept(out: &Path) -> Tree {
    let mut tree = tree(out);
    tree.remove(".state/lock");
    tree
}

/// A failed run said where it failed and changed nothing; or it has released the day, and only the page of
/// all that is released is as it was.
fn check_failure(output: &Output, out: &Path, before: &Tree, reason: &str) {
    let complaint = complaint(output);
    assert_eq!(output.status.code(), Some(1), "{complaint}");
    let names_path = complaint.contains(&*out.join(".state").to_string_lossy());
    assert!(names_path && complaint.contains(reason), "{complaint}");
    let after = kept(out);
    if is_released(out) {
        check_whole(out);
        assert!(after["report.html"] == before["report.html"], "{complaint}");
        assert!(!out.join(".state/staging").exists(), "{complaint}");
    } else {
        assert_same(&after, before, &complaint);
    }
}

/// Whether the other day is released.
fn is_released(out: &Path) -> bool {
    out.join("date=2025-06-04").exists()
}

/// A limit on the size of files stands in for a full disk where no small one can be had.
#[test]
fn a_file_that_cannot_be_written_publishes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let log = one_day_and_another(&out, folder.path());
    let before = kept(&out);
    let limited = |blocks| run(&mut with_room_for(blocks, report(&out).arg(&log)));
    let (mut blocks, mut failures) = (0, [0, 0]);
    while let output = limited(blocks)
        && !output.status.success()
    {
        check_failure(&output, &out, &before, "File too large");
        // The page is far larger than any other file.
        let released = is_released(&out);
        failures[usize::from(released)] += 1;
        blocks += if released { 20 } else { 1 };
    }
    assert!(failures[0] > 3 && failures[1] > 0, "{failures:?}");
    check_whole(&out);
    assert!(has_current_page(&out));
}

/// A file system of the given size, in memory; only the administrator can have one.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new(kibibytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let size = format!("size={kibibytes}k,mode=700");
        let mut command = Command::new("mount");
        command
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path());
        let mounted = command
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        mounted.then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let mut command = Command::new("umount");
        let unmounted = command.arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

#[test]
fn a_full_disk_publishes_nothing_until_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(disk) = SmallDisk::new(600) else {
        println!("not run: a file system cannot be mounted here");
        return;
    };
    let out = disk.0.path().join("out");
    let log = one_day_and_another(&out, folder.path());
    let before = kept(&out);
    let ballast = disk.0.path().join("ballast");
    let mut failures = 0;
    let mut room = 0;
    loop {
        fill(&ballast, room);
        let output = run(report(&out).arg(&log));
        if output.status.success() {
            break;
        }
        check_failure(&output, &out, &before, "No space left on device");
        failures += 1;
        room += 4096;
    }
    assert!(failures > 3, "{failures}");
    check_whole(&out);
    assert!(has_current_page(&out));
}

/// Fills a disk, but for some bytes.
fn fill(ballast: &Path, room: u64) {
    let mut file = fs::File::create(ballast).expect("a file");
    while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}
    let size = file.metadata().expect("a size").len();
    file.set_len(size.saturating_sub(room))
        .expect("a shorter file");
}
