//! Runs on a folder that has releases already: nothing is released twice, changed or told apart.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

use tempfile::TempDir;

use crate::{
    program::{Tree, assert_same, complaint, gzip, published, report, run_for, tree},
    site::{DAY, Line, lines, midnight, text},
};

/// Every file below a folder with the time of its last change.
type Snapshot = BTreeMap<String, (SystemTime, Vec<u8>)>;

/// Two released days.
struct Scene {
    folder: TempDir,
    lines: Vec<Line>,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let lines = lines(midnight(2025, 6, 3), 2, 150);
        let scene = Self { folder, lines };
        run_for(scene.report_of(&scene.lines).arg("-q"), 0);
        assert_eq!(scene.released(), ["2025-06-03", "2025-06-04"]);
        scene
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// A run over a log of the given lines.
    fn report_of(&self, lines: &[Line]) -> Command {
        let log = self.file("access.log", text(lines).as_bytes());
        let mut command = report(&self.out());
        command.arg(log);
        command
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).expect("a written file");
        path
    }

    fn snapshot(&self) -> Snapshot {
        let changed = |name: &str| {
            let metadata = fs::metadata(self.out().join(name)).expect("a file");
            metadata.modified().expect("a time")
        };
        let files = tree(&self.out()).into_iter();
        files
            .map(|(name, bytes)| (name.clone(), (changed(&name), bytes)))
            .collect()
    }

    fn released(&self) -> Vec<String> {
        released(&self.out())
    }

    /// Runs a command that must end so, say so, and change nothing.
    #[track_caller]
    fn changes_nothing(&self, command: &mut Command, status: i32, said: &[&str]) {
        let before = self.snapshot();
        let output = run_for(command, status);
        let complaint = complaint(&output);
        assert!(
            said.iter().all(|said| complaint.contains(said)),
            "{complaint}"
        );
        assert!(!said.is_empty() || complaint.is_empty(), "{complaint}");
        let after = self.snapshot();
        let differing = before
            .iter()
            .find(|(name, file)| after.get(*name) != Some(file));
        assert_eq!(differing.map(|(name, _)| name), None);
        assert_eq!(before.len(), after.len());
    }
}

/// The dates that the ledger names, in its order.
fn released(out: &Path) -> Vec<String> {
    let ledger = fs::read_to_string(out.join("ledger.jsonl")).unwrap_or_default();
    let date = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        line["date"].as_str().expect("a date").to_owned()
    };
    ledger.lines().map(date).collect()
}

#[test]
fn the_same_input_again_changes_nothing() {
    let scene = Scene::new();
    scene.changes_nothing(&mut scene.report_of(&scene.lines), 0, &[]);
    let mut backwards = scene.lines.clone();
    backwards.reverse();
    scene.changes_nothing(&mut scene.report_of(&backwards), 0, &[]);
}

#[test]
fn one_line_more_is_refused_with_advice() {
    let scene = Scene::new();
    let mut more = scene.lines.clone();
    more.push(scene.lines[0].clone());
    let said = [
        "2025-06-03 was released before",
        "use another output folder",
    ];
    scene.changes_nothing(&mut scene.report_of(&more), 3, &said);
}

#[test]
fn one_line_changed_is_refused() {
    let scene = Scene::new();
    let mut changed = scene.lines.clone();
    let last = changed.last_mut().expect("a line");
    last.text = last.text.replace(" 200 ", " 206 ");
    let said = ["2025-06-04 was released before, and its lines have changed"];
    scene.changes_nothing(&mut scene.report_of(&changed), 3, &said);
}

#[test]
fn fewer_lines_are_an_old_part_and_skipped() {
    let scene = Scene::new();
    for part in [
        &scene.lines[1..],
        &scene.lines[100..],
        &scene.lines[..1],
        &[],
    ] {
        scene.changes_nothing(&mut scene.report_of(part), 0, &[]);
    }
}

#[test]
fn a_changed_day_does_not_hold_up_a_new_one() {
    let scene = Scene::new();
    let mut more = lines(midnight(2025, 6, 3), 3, 150);
    more.push(scene.lines[0].clone());
    let output = run_for(&mut scene.report_of(&more), 0);
    assert!(complaint(&output).contains("2025-06-03 was released before"));
    assert_eq!(scene.released(), ["2025-06-03", "2025-06-04", "2025-06-05"]);
}

#[test]
fn another_length_of_period_or_time_zone_is_refused() {
    let scene = Scene::new();
    for (setting, said) in [
        ("--period=week", "one length of period, here day, not week"),
        (
            "--tz=Europe/Berlin",
            "one time zone, here UTC, not Europe/Berlin",
        ),
    ] {
        let mut command = scene.report_of(&scene.lines);
        scene.changes_nothing(command.arg(setting), 3, &[said]);
    }
}

#[test]
fn of_two_runs_at_once_one_gives_way() {
    let scene = Scene::new();
    let mut first = report(&scene.out());
    first.stdin(Stdio::piped()).stdout(Stdio::null());
    // It holds the folder while it waits for its input.
    let mut first = first.arg("-").spawn().expect("the program starts");
    let lock = scene.out().join(".state/lock");
    wait_until(|| fs::File::open(&lock).is_ok_and(|lock| lock.try_lock().is_err()));
    let said = ["another run is publishing here"];
    scene.changes_nothing(&mut scene.report_of(&scene.lines), 1, &said);
    drop(first.stdin.take());
    assert!(first.wait().expect("the program ends").success());
    scene.changes_nothing(&mut scene.report_of(&scene.lines), 0, &[]);
}

fn wait_until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_day_without_its_beginning_is_held_back() {
    let scene = Scene::new();
    let next = lines(midnight(2025, 6, 5), 1, 150);
    let late = |hours: i64| {
        let from = midnight(2025, 6, 5) + hours * 3600;
        let lines = next.iter().filter(move |line| line.instant >= from);
        lines.cloned().collect::<Vec<_>>()
    };
    let said = [
        "2025-06-05 is held back",
        "access.log",
        "06 h",
        "--allow-partial",
    ];
    scene.changes_nothing(&mut scene.report_of(&late(6)), 2, &said);
    let said = ["2025-06-05 is held back"];
    let mut command = scene.report_of(&late(6));
    scene.changes_nothing(command.arg("--gap=5h"), 2, &said);

    run_for(scene.report_of(&late(6)).arg("--allow-partial"), 0);
    assert_eq!(scene.released(), ["2025-06-03", "2025-06-04", "2025-06-05"]);
    assert!(!is_complete(&scene.out(), "2025-06-05"));
}

#[test]
fn a_late_beginning_within_the_gap_is_none() {
    let scene = Scene::new();
    let mut next = lines(midnight(2025, 6, 5), 1, 150);
    next.retain(|line| line.instant >= midnight(2025, 6, 5) + 6 * 3600);
    run_for(scene.report_of(&next).arg("--gap=7h"), 0);
    assert!(is_complete(&scene.out(), "2025-06-05"));
}

#[test]
fn the_first_day_of_a_ledger_may_begin_late() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let log = folder.path().join("access.log");
    let all = lines(midnight(2025, 6, 3), 2, 150);
    fs::write(&log, text(&all[200..])).expect("a written log");
    run_for(report(&out).arg(&log), 0);
    assert_eq!(released(&out), ["2025-06-03", "2025-06-04"]);
}

fn is_complete(out: &Path, date: &str) -> bool {
    let manifest = fs::read(out.join(format!("date={date}/manifest.json"))).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    manifest["complete"].as_bool().expect("a truth value")
}

#[test]
fn an_unread_source_holds_everything_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, log) = (folder.path().join("out"), folder.path().join("access.log"));
    let compressed = gzip(text(&lines(midnight(2025, 6, 3), 2, 150)).as_bytes());
    fs::write(&log, &compressed[..compressed.len() - 9]).expect("a written log");
    let output = run_for(report(&out).arg(&log), 2);
    assert!(complaint(&output).contains("access.log"));
    assert_eq!(published(&out), Tree::new());
    let output = run_for(report(&out).arg(&log).arg("--allow-partial"), 2);
    assert!(complaint(&output).contains("access.log"));
    assert!(!is_complete(&out, "2025-06-03"));
}

/// The log files of a server that logrotate turns over every morning at 06:25, as they are at an
/// instant: the current one, the last, and older ones compressed.
fn rotated(lines: &[Line], first: i64, now: i64) -> Vec<(String, Vec<u8>)> {
    const KEPT: i64 = 3;
    let turn = |instant: i64| (instant - first + DAY - 23_100).div_euclid(DAY);
    let mut files = Vec::new();
    for age in 0..=KEPT.min(turn(now)) {
        let part = lines
            .iter()
            .filter(|line| line.instant < now && turn(line.instant) == turn(now) - age);
        let text = text(part).into_bytes();
        files.push(match age {
            0 => ("access.log".to_owned(), text),
            1 => ("access.log.1".to_owned(), text),
            age => (format!("access.log.{age}.gz"), gzip(&text)),
        });
    }
    files
}

#[test]
fn seven_nights_release_what_one_run_over_everything_does() {
    let first = midnight(2025, 6, 2);
    let all = lines(first, 8, 120);
    let folder = tempfile::tempdir().expect("a folder");
    let (out, once) = (folder.path().join("nightly"), folder.path().join("once"));
    for night in 1..=7 {
        // Half an hour past midnight, and once again after the turn of the files.
        for now in [first + night * DAY + 1800, first + night * DAY + 25_000] {
            let inputs = rotated(&all, first, now).into_iter().map(|(name, bytes)| {
                let path = folder.path().join(name);
                fs::write(&path, bytes).expect("a written log");
                path
            });
            run_for(
                report(&out)
                    .args(inputs.collect::<Vec<_>>())
                    .arg(grace(now)),
                0,
            );
            let dates = released(&out);
            assert_eq!(dates.len(), night as usize, "{dates:?}");
        }
    }
    let log = folder.path().join("all.log");
    fs::write(&log, text(&all)).expect("a written log");
    let end = first + 7 * DAY + 1800;
    run_for(report(&once).arg(&log).arg(grace(end)), 0);
    assert_same(
        &published(&out),
        &published(&once),
        "night by night and at once",
    );
}

/// Sets the program's clock back to an instant: what was not over then is not over for it.
fn grace(now: i64) -> String {
    let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let clock = i64::try_from(clock.expect("a clock past 1970").as_secs()).expect("a clock");
    format!("--grace={}", clock - now)
}
