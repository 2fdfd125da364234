//! Sealed originals from outside: every line in one segment, as it was logged, for whoever has the key and
//! nobody else; through restarts, rotations, kills and full disks.
//!
//! Where the `age` program is installed it opens what hushlog seals; else that is said and left out.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::Duration,
};

use age::{secrecy::ExposeSecret, x25519::Identity};
use hushlog::sealed::{SealedFolder, SegmentName};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::{
    program::{complaint, gzip, program, run, run_for, run_on, tree, with_room_for},
    traces::Traces,
};

/// Between two looks at whether something has happened; it is waited for as long as it takes.
const PAUSE: Duration = Duration::from_millis(5);

/// A folder to seal into, and two private keys in files.
struct Scene {
    folder: TempDir,
    keys: [PathBuf; 2],
    recipients: [String; 2],
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let identities = [(); 2].map(|()| Identity::generate());
        let recipients = identities.each_ref().map(|key| key.to_public().to_string());
        let keys = ["officer", "deputy"].map(|name| folder.path().join(name));
        for (file, key) in keys.iter().zip(identities) {
            fs::write(
                file,
                format!(
                    "# {}\n{}\n",
                    key.to_public(),
                    key.to_string().expose_secret()
                ),
            )
            .expect("a written key");
        }
        Self {
            folder,
            keys,
            recipients,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sealed(&self) -> PathBuf {
        self.path("sealed")
    }

    /// `hushlog scrub` that seals to both.
    fn scrub(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.args(["scrub", "-q", "-f=combined", "--address=drop"]);
        for recipient in &self.recipients {
            command.args(["--seal-to", recipient]);
        }
        command.arg("--seal-dir").arg(self.sealed());
        command.args(arguments).stdin(Stdio::null());
        command
    }

    fn unseal(&self, key: usize, arguments: &[&str]) -> Command {
        let mut command = program();
        command.arg("unseal").arg(self.sealed());
        command
            .arg("--identity")
            .arg(&self.keys[key])
            .args(arguments);
        command
    }

    /// What both, and the `age` program, have of a day.
    #[track_caller]
    fn opened(&self, day: &str) -> Vec<u8> {
        let [officers, deputys] = [0, 1].map(|key| {
            let output = run_for(&mut self.unseal(key, &["--period", day]), 0);
            output.stdout
        });
        assert!(officers == deputys);
        let segments = self.segments();
        let segments = segments.iter().filter(|name| name.day.to_string() == day);
        let by_age =
            segments.map(|name| by_age(&self.keys[0], &self.sealed().join(name.to_string())));
        if let Some(by_age) = by_age.collect::<Option<Vec<_>>>() {
            let whole = by_age.iter().all(|output| output.status.success());
            assert!(whole, "age opens all segments of {day}");
            assert!(
                by_age
                    .into_iter()
                    .flat_map(|it| it.stdout)
                    .eq(officers.iter().copied())
            );
        }
        officers
    }

    fn segments(&self) -> Vec<SegmentName> {
        let folder = SealedFolder::at(&self.sealed());
        folder.segments().expect("a folder of segments")
    }
}

/// A segment opened by the `age` program; none where it is not installed.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn by_age(key: &Path, segment: &Path) -> Option<Output> {
    let mut command = Command::new("age");
    command
        .args(["--decrypt", "--identity"])
        .arg(key)
        .arg(segment);
    match command.output() {
        Ok(output) => Some(output),
        Err(_) => {
            println!("age is not installed: segments are opened by hushlog alone");
            None
        }
    }
}

/// A line of a minute of 20 November 2026 and after; the path tells lines apart.
fn line(minute: u32, path: &str) -> String {
    let (day, hour) = (20 + minute / 1440, minute / 60 % 24);
    format!(
        "203.0.113.{} - bob [{day:02}/Nov/2026:{hour:02}:{:02}:33 +0000] \"GET /{path} HTTP/1.1\" 200 5 \"-\" \"curl/8\"\n",
        minute % 250,
        minute % 60,
    )
}

/// Lines of two days, some out of order at midnight, some of no format or of clients that opted out.
fn log(lines: u32) -> (String, BTreeMap<&'static str, String>) {
    let (mut log, mut days) = (String::new(), BTreeMap::new());
    let mut day = "2026-11-20";
    for number in 0..lines {
        let minute = number * 2880 / lines;
        let late = number % 7 == 3 && (1440..1500).contains(&minute);
        let minute = if late { 1439 } else { minute };
        let mut text = line(minute, &number.to_string());
        match number % 50 {
            20 => text = format!("not a line {number} \u{0}\u{ff}\n"),
            30 => text = "\n".to_owned(),
            _ => {
                day = if minute < 1440 {
                    "2026-11-20"
                } else {
                    "2026-11-21"
                }
            }
        }
        log += &text;
        days.entry(day).or_insert_with(String::new).push_str(&text);
    }
    (log, days)
}

#[test]
fn every_line_opens_as_it_was_logged_whatever_way_it_came() {
    let (log, days) = log(6000);
    let whole = |scene: &Scene| {
        for (day, lines) in &days {
            assert!(scene.opened(day) == lines.as_bytes(), "{day}");
        }
    };
    let without = {
        let scene = Scene::new();
        fs::write(scene.path("log"), &log).expect("a written log");
        let plain = ["scrub", "-q", "-f=combined", "--address=drop"];
        run_for(program().args(plain).arg(scene.path("log")), 0).stdout
    };
    for arguments in [&["-j1"][..], &["-j3"], &["-j2", "--seal-every=1s"]] {
        let scene = Scene::new();
        fs::write(scene.path("log"), &log).expect("a written log");
        let output = run_for(scene.scrub(arguments).arg(scene.path("log")), 0);
        assert!(output.stdout == without, "sealing changes nothing else");
        assert!(scene.segments().iter().all(|name| name.is_finished));
        whole(&scene);
    }
    let scene = Scene::new();
    let output = run_on(&mut scene.scrub(&["-j2"]), log.as_bytes());
    assert!(output.stdout == without, "a pipe");
    whole(&scene);
    let scene = Scene::new();
    run_on(&mut scene.scrub(&[]), &gzip(log.as_bytes()));
    whole(&scene);
    // In several runs, and in several files.
    let scene = Scene::new();
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    for (number, lines) in lines.chunks(2000).enumerate() {
        let file = scene.path(&format!("log.{number}"));
        fs::write(&file, lines.concat()).expect("a written log");
    }
    run_for(scene.scrub(&[]).arg(scene.path("log.0")), 0);
    run_for(
        scene
            .scrub(&[])
            .arg(scene.path("log.1"))
            .arg(scene.path("log.2")),
        0,
    );
    whole(&scene);
}

#[test]
fn lines_of_opted_out_clients_long_lines_and_the_last_one_are_sealed_too() {
    let scene = Scene::new();
    let long = line(1, &"x".repeat(300_000));
    let last = line(2, "last");
    let log = [line(0, "a"), long, line(1, "b"), last.trim_end().to_owned()].concat();
    let options = ["--opt-out-ip=203.0.113.0/24"];
    let output = run_on(&mut scene.scrub(&options), log.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    assert!(output.stdout.is_empty());
    assert!(scene.opened("2026-11-20") == format!("{log}\n").as_bytes());
    // Of a file they come in other pieces.
    let scene = Scene::new();
    fs::write(scene.path("log"), &log).expect("a written log");
    run_for(scene.scrub(&options).arg(scene.path("log")), 0);
    assert!(scene.opened("2026-11-20") == format!("{log}\n").as_bytes());
}

#[test]
fn days_are_those_of_the_time_zone() {
    let scene = Scene::new();
    let log = [line(22 * 60 + 59, "a"), line(23 * 60, "b")];
    run_on(
        &mut scene.scrub(&["--tz=Europe/Berlin"]),
        log.concat().as_bytes(),
    );
    assert_eq!(scene.opened("2026-11-20"), log[0].as_bytes());
    assert_eq!(scene.opened("2026-11-21"), log[1].as_bytes());
    let output = run_on(&mut scene.scrub(&[]), log.concat().as_bytes());
    assert_eq!(output.status.code(), Some(3), "{}", complaint(&output));
}

#[test]
fn nothing_readable_is_left_in_the_folder() {
    let scene = Scene::new();
    let marks = ["zqcanary", "198.51.100.77", "bobcanary"];
    let mut traces = Traces::default();
    for mark in marks {
        traces.add_text(mark);
    }
    let mut log = String::new();
    for number in 0..2000 {
        let marked = line(number, &format!("zqcanary/{number}"));
        log += &marked
            .replace("- bob", "- bobcanary")
            .replace("203.0.113.1 ", "198.51.100.77 ");
    }
    log += "zqcanary is no line\n";
    run_on(&mut scene.scrub(&[]), log.as_bytes());
    let reason = "--reason=case 12\u{1b}[2J";
    run_for(&mut scene.unseal(0, &[reason]), 0);
    for (name, content) in tree(&scene.sealed()) {
        traces.assert_none_in(&content, &name);
        let is_told = ["lock", "register.jsonl"].contains(&name.as_str());
        assert!(
            is_told || SegmentName::of(Path::new(&name)).is_some(),
            "{name}"
        );
        let mode = scene
            .sealed()
            .join(&name)
            .metadata()
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

/// A run that is typed into.
struct Running(Child);

impl Running {
    fn start(scene: &Scene, arguments: &[&str]) -> Self {
        let mut command = scene.scrub(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(
            command
                .stderr(Stdio::piped())
                .spawn()
                .expect("the program starts"),
        )
    }

    /// Types lines, and waits until they have come out.
    fn pass(&mut self, lines: &str) {
        let mut input = self.0.stdin.take().expect("a pipe");
        let output = self.0.stdout.as_mut().expect("a pipe");
        thread::scope(|scope| {
            scope.spawn(|| {
                input
                    .write_all(lines.as_bytes())
                    .expect("the program reads");
            });
            let mut output = BufReader::with_capacity(1, output);
            for _ in lines.lines() {
                output.read_line(&mut String::new()).expect("a line");
            }
        });
        self.0.stdin = Some(input);
    }

    fn send(&self, signal: Signal) {
        let id = Pid::from_raw(self.0.id().cast_signed()).expect("a process");
        kill_process(id, signal).expect("the program runs");
    }
}

#[test]
fn a_killed_run_leaves_all_but_the_last_piece_and_the_next_run_goes_on() {
    const PIECE: usize = 64 << 10;
    let scene = Scene::new();
    let lines: Vec<String> = (0..3000)
        .map(|number| line(7, &number.to_string()))
        .collect();
    let (first, second) = lines.split_at(2000);
    let mut running = Running::start(&scene, &[]);
    running.pass(&first.concat());
    running.send(Signal::KILL);
    running.0.wait().expect("the program ends");
    let parts: Vec<_> = scene.segments();
    assert_eq!(
        parts.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["2026-11-20.000001.age.part"]
    );

    let logged = first.concat();
    let left = (logged.len() - 1) / PIECE * PIECE;
    let output = run_for(&mut scene.unseal(0, &[]), 2);
    assert!(complaint(&output).contains("it is not finished"));
    assert!(output.stdout == [&logged.as_bytes()[..left], b"\n"].concat());
    let part = scene.sealed().join(parts[0].to_string());
    if let Some(output) = by_age(&scene.keys[1], &part) {
        assert!(!output.status.success() && output.stdout == logged.as_bytes()[..left]);
    }

    let mut running = Running::start(&scene, &[]);
    running.pass(&second.concat());
    running.send(Signal::TERM);
    assert!(
        running.0.wait().expect("the program ends").success(),
        "the signal to end"
    );
    let names: Vec<_> = scene.segments().iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        ["2026-11-20.000001.age.part", "2026-11-20.000002.age"]
    );
    let output = run_for(&mut scene.unseal(1, &[]), 2);
    assert!(output.stdout.ends_with(second.concat().as_bytes()));
}

#[test]
fn a_segment_is_finished_in_time_though_no_line_comes() {
    let scene = Scene::new();
    let mut running = Running::start(&scene, &["--seal-every=1s"]);
    running.pass(&line(7, "a"));
    while !scene.segments().iter().any(|name| name.is_finished) {
        thread::sleep(PAUSE);
    }
    assert_eq!(scene.opened("2026-11-20"), line(7, "a").as_bytes());
    drop(running.0.stdin.take());
    assert!(running.0.wait().expect("the program ends").success());
}

#[test]
fn a_full_disk_ends_the_run_before_a_line_passes_unsealed() {
    let scene = Scene::new();
    let (log, _) = log(20_000);
    fs::write(scene.path("log"), &log).expect("a written log");
    // Room for 500 blocks of 512 bytes in any one file.
    let output = run(&mut with_room_for(
        500,
        scene.scrub(&["-j2"]).arg(scene.path("log")),
    ));
    assert_eq!(output.status.code(), Some(1));
    let said = complaint(&output);
    assert!(
        said.contains("lines cannot be sealed, and so are not passed on"),
        "{said}"
    );
    let opened = run_for(&mut scene.unseal(0, &[]), 2).stdout;
    assert!(!opened.is_empty() && log.as_bytes().starts_with(&opened[..opened.len() - 1]));
    // But for what was held when the disk was full.
    let passed = output.stdout.iter().filter(|byte| **byte == b'\n').count();
    let sealed = opened.iter().filter(|byte| **byte == b'\n').count();
    assert!(passed > 0 && passed * 95 < log.len());
    assert!(sealed + 2 * (64 << 10) / 90 > passed, "{sealed} {passed}");
}

#[test]
fn openings_and_expiries_are_listed_and_tampering_shows() {
    let scene = Scene::new();
    let log = [line(0, "a"), line(1440, "b")].concat();
    run_on(&mut scene.scrub(&[]), log.as_bytes());
    let reason = "--reason=a fraud report\u{202e}, case 7";
    run_for(&mut scene.unseal(0, &["--period=2026-11-20", reason]), 0);
    let expire = |retain: &str, more: &[&str]| {
        let mut command = program();
        command
            .arg("expire")
            .arg(scene.sealed())
            .args(["--retain", retain])
            .args(more);
        String::from_utf8(run_for(&mut command, 0).stdout).expect("text")
    };
    assert_eq!(expire("9999d", &[]), "");
    let today = jiff::Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .date();
    let retain = (today - jiff::civil::date(2026, 11, 20)).get_days() - 1;
    // Tests run after the days of their log, or the clock is wrong.
    if retain > 0 {
        let retain = format!("{retain}d");
        assert_eq!(expire(&retain, &["--dry-run"]), "2026-11-20 would expire\n");
        assert_eq!(scene.segments().len(), 2);
        assert_eq!(expire(&retain, &[]), "2026-11-20 expired\n");
        assert_eq!(scene.segments().len(), 1);
    }
    let check = || run(program().args(["unseal", "--check"]).arg(scene.sealed()));
    let told = String::from_utf8(check().stdout).expect("text");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "sealing began, with days of UTC");
    assert!(lines[1].ends_with(
        " opened 1 segment, from 2026-11-20.000001.age to 2026-11-20.000001.age: a fraud report\u{fffd}, case 7"
    ), "{told}");
    assert!(
        retain <= 0 || lines[2].ends_with(" 1 segment of 2026-11-20 expired"),
        "{told}"
    );

    let register = scene.sealed().join("register.jsonl");
    let altered = fs::read_to_string(&register)
        .expect("a register")
        .replacen("fraud", "trade", 1);
    fs::write(&register, altered + "{}\n").expect("a written register");
    let output = check();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        complaint(&output).contains("register.jsonl: line "),
        "{}",
        complaint(&output)
    );
    run_for(&mut scene.unseal(0, &[]), 1);
    assert_eq!(
        run_on(&mut scene.scrub(&[]), log.as_bytes()).status.code(),
        Some(1)
    );
}

#[test]
fn what_opens_goes_where_it_is_to_and_only_with_the_key() {
    let scene = Scene::new();
    run_on(&mut scene.scrub(&[]), line(0, "a").as_bytes());
    let out = scene.path("out");
    let to_out = ["-o", out.to_str().expect("a path")];
    run_for(&mut scene.unseal(0, &to_out), 0);
    assert_eq!(fs::read_to_string(&out).expect("lines"), line(0, "a"));
    assert_eq!(
        out.metadata().expect("a file").permissions().mode() & 0o777,
        0o600
    );
    run_for(&mut scene.unseal(0, &to_out), 1);
    let stranger = Scene::new();
    let mut command = scene.unseal(0, &[]);
    fs::copy(&stranger.keys[0], &scene.keys[0]).expect("another key");
    let output = run_for(&mut command, 1);
    assert!(complaint(&output).contains("it is sealed to others") && output.stdout.is_empty());
    fs::write(&scene.keys[0], "nothing").expect("a file");
    let output = run_for(&mut scene.unseal(0, &[]), 1);
    assert!(complaint(&output).contains("not private keys of age"));
    run_for(&mut scene.unseal(1, &["--period=2026-11-19"]), 1);
}

#[test]
fn settings_come_from_a_file_and_wrong_ones_are_named() {
    let scene = Scene::new();
    let file = scene.path("hushlog.toml");
    let settings = |recipient: &str| {
        let sealed = scene.sealed().display().to_string();
        let text = format!(
            "[scrub]\nlog-format = \"combined\"\nseal-dir = {sealed:?}\nseal-to = [{recipient:?}]\nretain = \"3650d\"\n"
        );
        fs::write(&file, text).expect("a written file");
    };
    settings(&scene.recipients[0]);
    let mut command = program();
    command.arg("scrub").arg("--config").arg(&file);
    assert_eq!(
        run_on(&mut command, line(0, "a").as_bytes()).status.code(),
        Some(0)
    );
    let output = run_for(&mut scene.unseal(0, &[]), 0);
    assert_eq!(output.stdout, line(0, "a").as_bytes());
    run_for(program().args(["config", "check"]).arg(&file), 0);
    settings("age1bob");
    let output = run_for(program().args(["config", "check"]).arg(&file), 1);
    let said = complaint(&output);
    assert!(
        said.contains("hushlog.toml:") && said.contains("not a public key of age"),
        "{said}"
    );

    let private = fs::read_to_string(&scene.keys[0]).expect("a key");
    let private = private.lines().next_back().expect("a line");
    for (arguments, expected) in [
        (
            &["--seal-to", private][..],
            "no folder to seal into (--seal-dir)",
        ),
        (&["--seal-dir=x"], "there is no recipient (--seal-to)"),
        (
            &["--seal-dir=x", "--seal-to", private],
            "this is a private key",
        ),
        (&["--seal-dir=x", "--seal-to-file=missing"], "missing: "),
    ] {
        let output = run_for(
            program().arg("scrub").args(arguments).stdin(Stdio::null()),
            1,
        );
        let said = complaint(&output);
        assert!(said.contains(expected) && !said.contains(private), "{said}");
    }
}
