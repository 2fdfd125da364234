//! Key files: they outlive a run, are advanced by releases alone, and never come out; nobody else may
//! have had one, and no interruption spoils one.

use std::{
    fs::{self, Permissions},
    io::Write,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use rustix::process::geteuid;
use sha2::Sha256;
use tempfile::TempDir;

use crate::{
    program::{
        assert_same, complaint, program, published, report, run, run_for, tree, without_settings,
    },
    site::{DAY, Line, lines, midnight, text},
    traces::{Traces, hex},
};

/// A place with a log, a folder for a key file, and an output folder.
pub(crate) struct Scene(TempDir);

impl Scene {
    /// With a key file from that day on, and a log of some days from 2025-06-03 on.
    pub(crate) fn new(from: &str, days: i64) -> Self {
        let scene = Self(tempfile::tempdir().expect("a folder"));
        scene.log(&site(days));
        fs::create_dir(scene.folder()).expect("a new folder");
        fs::set_permissions(scene.folder(), Permissions::from_mode(0o755)).expect("our folder");
        let made = run_for(scene.key("new").args(["--from", from]), 0);
        assert_eq!(
            made.stdout,
            format!("keys of {from} and later\n").into_bytes()
        );
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.path("out")
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.path("keys")
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.path("keys/key")
    }

    pub(crate) fn log(&self, lines: &[Line]) {
        fs::write(self.path("access.log"), text(lines)).expect("a written log");
    }

    /// `hushlog key` on the file.
    pub(crate) fn key(&self, what: &str) -> Command {
        let mut command = program();
        command.args(["key", what]).arg(self.file());
        command
    }

    pub(crate) fn report_to(&self, out: &str) -> Command {
        let mut command = report(&self.path(out));
        command.arg(self.path("access.log"));
        command.arg("--key-file").arg(self.file());
        command
    }

    pub(crate) fn report(&self) -> Command {
        self.report_to("out")
    }

    /// The first day that the file has keys of.
    fn first_day(&self) -> String {
        let told = String::from_utf8(run_for(&mut self.key("info"), 0).stdout).expect("text");
        let told = told.strip_prefix("keys of ").expect("what it has keys of");
        told.strip_suffix(" and later\n")
            .expect("nothing more")
            .to_owned()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        fs::read(self.file()).expect("a key file")
    }

    /// The file has been advanced to that day, and nothing lies beside it.
    #[track_caller]
    pub(crate) fn check_advanced(&self, day: &str) {
        assert_eq!(self.first_day(), day);
        let names: Vec<String> = tree(&self.folder()).into_keys().collect();
        assert_eq!(names, ["key"]);
    }
}

/// Lines of some days from 2025-06-03 on.
pub(crate) fn site(days: i64) -> Vec<Line> {
    lines(midnight(2025, 6, 3), days, 150)
}

#[track_caller]
pub(crate) fn check_said(output: &Output, expected: &str) {
    let said = complaint(output);
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_release_advances_the_key_and_is_the_same_as_without_one() {
    let scene = Scene::new("2025-06-01", 3);
    run_for(&mut scene.report(), 0);
    scene.check_advanced("2025-06-06");
    let without = scene.path("without");
    run_for(report(&without).arg(scene.path("access.log")), 0);
    assert_same(
        &published(&scene.out()),
        &published(&without),
        "with and without",
    );
    // A rerun has nothing to release, and changes nothing.
    let before = scene.bytes();
    let rerun = run_for(&mut scene.report(), 0);
    check_said(&rerun, "the keys of 2025-06-06 and later are kept");
    assert_eq!(complaint(&rerun).lines().count(), 1);
    assert_eq!(scene.bytes(), before);
    scene.check_advanced("2025-06-06");
}

#[test]
fn earlier_periods_are_refused_and_later_ones_released() {
    let scene = Scene::new("2025-06-05", 2);
    let refused = "2025-06-03 to 2025-06-04 cannot be released: its key is already \
                   shredded";
    check_said(&run_for(&mut scene.report(), 3), refused);
    assert!(published(&scene.out()).is_empty());
    scene.check_advanced("2025-06-05");
    // Days that nobody asks for are nothing to complain of.
    let output = run_for(scene.report().arg("--since=2025-06-05"), 0);
    assert!(!complaint(&output).contains("shredded"));

    scene.log(&site(3));
    let output = run_for(&mut scene.report(), 0);
    check_said(&output, refused);
    assert!(String::from_utf8_lossy(&output.stdout).contains("2025-06-05"));
    assert!(!scene.out().join("date=2025-06-04").exists());
    scene.check_advanced("2025-06-06");
}

#[test]
fn a_longer_period_is_released_from_its_first_day_or_not_at_all() {
    // A Monday and the day after it.
    for (from, status, then) in [
        ("2025-06-02", 0, "2025-06-09"),
        ("2025-06-03", 3, "2025-06-03"),
    ] {
        let scene = Scene::new(from, 4);
        run_for(scene.report().arg("--period=week"), status);
        scene.check_advanced(then);
        assert_eq!(scene.out().join("date=2025-06-02").exists(), status == 0);
    }
}

#[test]
fn what_releases_nothing_leaves_the_key_as_it_is() {
    let scene = Scene::new("2025-06-03", 2);
    let before = scene.bytes();
    for (arguments, status) in [
        (&["--dry-run"][..], 0),
        (&["--k=1000"], 0),
        (&["missing.log"], 2),
        (&["--k=4"], 3),
        (&["--tz=Nowhere"], 1),
    ] {
        let output = run_for(scene.report().args(arguments), status);
        assert_eq!(scene.bytes(), before, "{arguments:?}");
        let told = complaint(&output).contains("the keys of 2025-06-03 and later are kept");
        assert_eq!(told, arguments == ["--k=1000"], "{}", complaint(&output));
        scene.check_advanced("2025-06-03");
    }
}

/// Else the release of a later day would give up the key of the day that waits for a missing file.
#[test]
fn days_after_one_that_is_held_back_wait_for_it() {
    let scene = Scene::new("2025-06-03", 1);
    run_for(&mut scene.report(), 0);
    let all = site(4);
    let noon = midnight(2025, 6, 5) + DAY / 2;
    let missing = |line: &&Line| line.instant < midnight(2025, 6, 5) || line.instant > noon;
    let rest: Vec<Line> = all.iter().filter(missing).cloned().collect();
    scene.log(&rest);
    let output = run_for(&mut scene.report(), 2);
    check_said(&output, "2025-06-05 is held back");
    check_said(
        &output,
        "2025-06-06 is not released: its release would give up the key",
    );
    scene.check_advanced("2025-06-05");
    scene.log(&all);
    run_for(&mut scene.report(), 0);
    assert!(scene.out().join("date=2025-06-06").exists());
    scene.check_advanced("2025-06-07");
}

#[test]
fn several_sites_are_released_before_the_key_is_advanced() {
    let scene = Scene::new("2025-06-03", 0);
    let of = |host: &str, line: &Line| format!("{host}:443 {}", line.text);
    let log: String = site(2)
        .iter()
        .flat_map(|line| [of("blog.example", line), of("shop.example", line)])
        .collect();
    fs::write(scene.path("access.log"), log).expect("a written log");
    let sites = [
        "--by-host",
        "--site-host=blog.example",
        "--site-host=shop.example",
    ];
    run_for(scene.report().args(sites), 0);
    scene.check_advanced("2025-06-05");
    for site in ["site=blog.example", "site=shop.example"] {
        assert!(scene.out().join(site).join("date=2025-06-04").exists());
    }
}

#[test]
fn key_files_are_made_told_of_advanced_and_shredded() {
    let scene = Scene::new("2025-06-03", 1);
    let bits = |path: &Path| fs::metadata(path).expect("a file").permissions().mode() & 0o7777;
    assert_eq!(bits(&scene.file()), 0o600);
    assert_eq!(scene.bytes().len(), 53);
    let again = run_for(&mut scene.key("new"), 3);
    check_said(&again, "a key file is never overwritten");
    let future = |what: &str, option: &str| {
        check_said(&run_for(scene.key(what).arg(option), 3), "today");
    };
    run_for(scene.key("advance").arg("--to=2025-06-04"), 0);
    scene.check_advanced("2025-06-04");
    let back = run_for(scene.key("advance").arg("--to=2025-06-03"), 3);
    check_said(&back, "days before 2025-06-04 are already shredded");
    check_said(
        &run_for(scene.key("advance").arg("--to=9999-12-31"), 3),
        "not over",
    );
    run_for(&mut scene.key("advance"), 0);
    run_for(scene.key("advance").arg("--period=month"), 0);
    assert!(scene.first_day().as_str() > "2026-01-01");
    run_for(&mut scene.key("shred"), 0);
    assert!(tree(&scene.folder()).is_empty());
    future("new", "--from=9999-12-31");
    for what in ["info", "advance", "shred"] {
        check_said(&run_for(&mut scene.key(what), 1), "No such file");
    }
    let log = scene.path("access.log");
    check_said(
        &run_for(program().args(["key", "shred"]).arg(&log), 3),
        "this is not a key file",
    );
    assert!(log.exists());
}

/// Everything by which a visitor of some days could be told.
fn secrets(file: &[u8]) -> Traces {
    let mut traces = Traces::default();
    traces.add_bytes("the check tag", &file[37..]);
    let first = u32::from_be_bytes(file[1..5].try_into().expect("four bytes"));
    let mut key = file[5..37].to_vec();
    for epoch in first..first + 4 {
        traces.add_bytes("a chain key", &key);
        for purpose in ["visitor|", "network/day|", "visitor|blog.example"] {
            traces.add_bytes(purpose, &expand(&key, purpose, epoch));
        }
        key = expand(&key, "chain", epoch);
    }
    traces
}

/// HKDF-Expand of one block.
pub(crate) fn expand(key: &[u8], purpose: &str, epoch: u32) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("any length");
    for part in [purpose.as_bytes(), b"|", &epoch.to_be_bytes(), &[1]] {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[test]
fn nothing_of_a_key_comes_out() {
    let scene = Scene::new("2025-06-03", 3);
    let traces = secrets(&scene.bytes());
    let check = |output: &Output| {
        traces.assert_none_in(&output.stdout, "standard output");
        traces.assert_none_in(&output.stderr, "standard error");
        for (name, bytes) in tree(&scene.out()) {
            traces.assert_none_in(name.as_bytes(), "a file's name");
            traces.assert_none_in(&bytes, &name);
        }
    };
    let later = scene.bytes();
    check(&run_for(&mut scene.key("info"), 0));
    check(&run_for(scene.report().arg("--dry-run"), 0));
    check(&run_for(scene.report().arg("-v"), 0));
    check(&run_for(&mut scene.key("info"), 0));
    fs::write(scene.file(), &later).expect("our file");
    check(&run_for(&mut scene.report(), 3));
    check(&run_for(scene.key("advance").arg("--to=2025-06-04"), 0));
    // What is left has the search find it.
    assert!(traces.found_in(&scene.bytes()).is_some());
    fs::write(scene.file(), hex(&later)).expect("our file");
    assert!(traces.found_in(&scene.bytes()).is_some());
    check(&run_for(&mut scene.report(), 3));
    fs::set_permissions(scene.file(), Permissions::from_mode(0o644)).expect("our file");
    check(&run_for(&mut scene.key("info"), 3));
}

/// A user and group without rights.
const NOBODY: u32 = 65_534;

/// A run that waits for more of its log.
struct Waiting(Child);

impl Waiting {
    fn start(scene: &Scene) -> Self {
        Self::start_by(Self::command(scene)).expect("the program starts")
    }

    /// By a user who is not the administrator, if that is possible.
    fn start_as_user(scene: &Scene) -> Option<Self> {
        let mut command = Self::command(scene);
        if geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        Self::start_by(command)
    }

    fn command(scene: &Scene) -> Command {
        let mut command = report(&scene.out());
        command.arg("-").arg("--key-file").arg(scene.file());
        command.env("HUSHLOG_KEY_FILE", "a setting that there is not");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn start_by(mut command: Command) -> Option<Self> {
        let mut child = command.spawn().ok()?;
        let log = text(&site(1)).repeat(10);
        // More than a pipe holds: it has been read from when this is done.
        let pipe = child.stdin.as_mut().expect("a pipe");
        pipe.write_all(log.as_bytes()).expect("a reader");
        Some(Self(child))
    }

    fn proc(&self, name: &str) -> Vec<u8> {
        fs::read(format!("/proc/{}/{name}", self.0.id())).expect("a running process")
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about that here.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_running_process_shows_nothing_of_its_key() {
    let scene = Scene::new("2025-06-03", 1);
    let traces = secrets(&scene.bytes());
    let running = Waiting::start(&scene);
    for name in ["cmdline", "environ", "comm", "status", "maps"] {
        traces.assert_none_in(&running.proc(name), name);
    }
    let limits = String::from_utf8_lossy(&running.proc("limits")).into_owned();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let values: Vec<&str> = core
        .expect("a limit")
        .split_whitespace()
        .skip(4)
        .take(2)
        .collect();
    assert_eq!(values, ["0", "0"]);
}

/// A process that may be dumped, and looked into by the user's other processes, has its files in `/proc` to
/// itself; those of others belong to the administrator. Who runs this as the administrator has another user
/// run the program.
#[test]
#[cfg(target_os = "linux")]
fn no_other_process_looks_into_a_running_one() {
    let scene = Scene::new("2025-06-03", 1);
    if geteuid().is_root() {
        for path in [scene.0.path(), &scene.folder(), &scene.file()] {
            chown(path, Some(NOBODY), Some(NOBODY)).expect("the administrator");
        }
    }
    let Some(running) = Waiting::start_as_user(&scene) else {
        println!("not run: other users cannot run the program here");
        return;
    };
    let owner = fs::metadata(format!("/proc/{}/environ", running.0.id())).expect("a process");
    assert_eq!(owner.uid(), 0);
}

#[test]
fn another_run_with_the_same_key_file_is_refused_meanwhile() {
    let scene = Scene::new("2025-06-03", 1);
    let running = Waiting::start(&scene);
    for mut command in [
        scene.report_to("other"),
        scene.key("advance"),
        scene.key("shred"),
    ] {
        check_said(
            &run_for(&mut command, 1),
            "another run is using this key file",
        );
    }
    scene.check_advanced("2025-06-03");
    drop(running);
    run_for(&mut scene.report_to("other"), 0);
}

/// A command that is killed before a system call of that name, counted from one on; `None` where there is
/// no tracer.
fn killed_at(call: &str, number: u32, command: &Command) -> Option<Command> {
    let mut traced = without_settings(Command::new("strace"));
    let inject = format!("--inject={call}:signal=KILL:when={number}");
    traced
        .args(["-f", "-qq", "-o", "/dev/null", "-e"])
        .arg(format!("trace={call}"))
        .arg(inject);
    traced.arg(command.get_program()).args(command.get_args());
    let works = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .output();
    works
        .is_ok_and(|output| output.status.success())
        .then_some(traced)
}

/// The calls by which something is changed, or promised to last.
const CALLS: [&str; 8] = [
    "pwrite64",
    "renameat",
    "rename",
    "ftruncate",
    "flock",
    "fsync",
    "unlinkat",
    "unlink",
];

/// Kills a command before each call that changes something, and looks at what each kill left; how many
/// there were.
fn kill_at_every_call(
    calls: &[&str],
    prepare: impl Fn() -> Scene,
    command: impl Fn(&Scene) -> Command,
    check: impl Fn(&Scene, &str),
) -> Option<u32> {
    let mut kills = 0;
    for call in calls {
        for number in 1.. {
            let scene = prepare();
            let output = run(&mut killed_at(call, number, &command(&scene))?);
            if output.status.success() {
                break;
            }
            assert_eq!(output.status.code(), None, "{}", complaint(&output));
            kills += 1;
            check(&scene, &format!("{call} {number}"));
        }
    }
    Some(kills)
}

#[expect(clippy::print_stdout, reason = "seen with --nocapture")]
fn tell(kills: Option<u32>) {
    match kills {
        Some(kills) => {
            println!("{kills} kills");
            assert!(kills >= 10, "{kills}");
        }
        None => println!("not run: programs cannot be traced here"),
    }
}

#[test]
fn a_kill_at_any_system_call_leaves_a_key_file_that_can_be_advanced() {
    let advance = |scene: &Scene| {
        let mut command = scene.key("advance");
        command.arg("--to=2025-06-05");
        command
    };
    tell(kill_at_every_call(
        &CALLS,
        || Scene::new("2025-06-03", 0),
        advance,
        |scene, case| {
            let told = run_for(&mut scene.key("info"), 0).stdout;
            let told = String::from_utf8_lossy(&told).into_owned();
            let whole = ["keys of 2025-06-03 and", "keys of 2025-06-05 and"];
            assert!(
                whole.iter().any(|whole| told.starts_with(whole)),
                "{case}: {told}"
            );
            run_for(&mut advance(scene), 0);
            scene.check_advanced("2025-06-05");
        },
    ));
}

/// `HUSHLOG_SLOW_TESTS=1` also kills before calls that only make what was done last.
#[test]
fn a_kill_at_any_system_call_of_a_release_is_made_up_for_by_the_next_run() {
    let slow = std::env::var_os("HUSHLOG_SLOW_TESTS").is_some_and(|value| value == "1");
    let whole = Scene::new("2025-06-03", 2);
    run_for(&mut whole.report(), 0);
    let expected = published(&whole.out());
    tell(kill_at_every_call(
        if slow { &CALLS } else { &CALLS[..3] },
        || Scene::new("2025-06-03", 2),
        Scene::report,
        |scene, case| {
            let day = run_for(&mut scene.key("info"), 0).stdout;
            let released = scene.out().join("date=2025-06-04").exists();
            let advanced = day.starts_with(b"keys of 2025-06-05");
            assert!(
                released || !advanced,
                "{case}: its key was given up before a release"
            );
            run_for(&mut scene.report(), 0);
            assert_same(&published(&scene.out()), &expected, case);
            scene.check_advanced("2025-06-05");
        },
    ));
}

/// Every moment of a whole run, not only those before system calls.
#[test]
fn a_kill_at_any_moment_of_a_release_is_made_up_for_by_the_next_run() {
    let whole = Scene::new("2025-06-03", 2);
    run_for(&mut whole.report(), 0);
    let expected = published(&whole.out());
    for round in 0..12 {
        let scene = Scene::new("2025-06-03", 2);
        let mut command = scene.report();
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a run");
        let mark = scene.folder().join("key.next");
        while !mark.exists() && child.try_wait().expect("a child").is_none() {
            std::hint::spin_loop();
        }
        thread::sleep(Duration::from_micros(round * 1500));
        child.kill().expect("our own child");
        child.wait().expect("an end");
        run_for(&mut scene.report(), 0);
        assert_same(&published(&scene.out()), &expected, "after a kill");
        scene.check_advanced("2025-06-05");
    }
}
