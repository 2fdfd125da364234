//! What the program writes to terminals, and only there: colours and progress bars.

use std::{
    fs::{self, DirBuilder},
    io::Read,
    os::{fd::OwnedFd, unix::fs::DirBuilderExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::{
    fs::{Mode, OFlags},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};
use serde_json::Value;

use crate::{
    cluster::sorted,
    program::{program, published, report, run_for, run_on},
    site::{lines, midnight, text},
};

/// What a command writes to a terminal as its standard error.
pub(crate) fn errors_on_a_terminal(command: &mut Command) -> Vec<u8> {
    let (terminal, other_end) = terminal();
    command.stdin(Stdio::null()).stdout(Stdio::null());
    shown_by(command.stderr(other_end), terminal)
}

/// What a command writes to a terminal as its standard output.
fn output_on_a_terminal(command: &mut Command) -> String {
    let (terminal, other_end) = terminal();
    command.stdin(Stdio::null()).stderr(Stdio::null());
    let shown = shown_by(command.stdout(other_end), terminal);
    String::from_utf8(shown).expect("text")
}

/// Both ends of a terminal.
fn terminal() -> (OwnedFd, OwnedFd) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("a terminal of ours");
    unlockpt(&terminal).expect("an unlocked terminal");
    let name = ptsname(&terminal, Vec::new()).expect("a terminal with a name");
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let other_end = rustix::fs::open(name.as_c_str(), flags, Mode::empty());
    (terminal, other_end.expect("the other end of the terminal"))
}

fn shown_by(command: &mut Command, terminal: OwnedFd) -> Vec<u8> {
    let mut child = command.spawn().expect("the program starts");
    // Gives up the command's own copies of the other end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut shown = Vec::new();
    // Linux ends a terminal that nobody writes to any more by an error.
    let _ = fs::File::from(terminal).read_to_end(&mut shown);
    let status = child.wait().expect("the program ends");
    assert!(status.success(), "{status}");
    shown
}

/// A site with two days released.
fn site() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let log = text(&lines(midnight(2025, 6, 3), 2, 60));
    fs::write(folder.path().join("access.log"), log).expect("a written log");
    let mut command = report(&folder.path().join("out"));
    run_for(command.arg("-q").arg(folder.path().join("access.log")), 0);
    folder
}

#[test]
fn colours_are_for_terminals_of_those_who_want_them() {
    let site = site();
    let show = |variables: &[(&str, &str)]| {
        let mut command = program();
        command.arg("show").arg(site.path().join("out"));
        command.env_remove("NO_COLOR").env("TERM", "xterm-256color");
        command.envs(variables.iter().copied());
        command
    };
    let coloured = output_on_a_terminal(&mut show(&[]));
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    for variables in [[("NO_COLOR", "1")], [("TERM", "dumb")]] {
        let plain = output_on_a_terminal(&mut show(&variables));
        assert!(!plain.contains('\u{1b}'), "{plain}");
        assert!(plain.contains("Summary"), "{plain}");
    }
    // An empty NO_COLOR asks for nothing.
    assert!(output_on_a_terminal(&mut show(&[("NO_COLOR", "")])).contains("\u{1b}["));
    let piped = run_for(&mut show(&[]), 0).stdout;
    assert!(!piped.contains(&0x1b));
}

/// A folder that only its owner can enter.
fn private(place: &Path) -> PathBuf {
    let folder = place.join("private");
    DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .expect("a folder");
    folder
}

/// The objects that a command has told on standard error.
#[track_caller]
fn told(command: &mut Command, input: &[u8]) -> (Vec<Value>, Vec<u8>) {
    let output = run_on(command.arg("--json-progress"), input);
    let said = String::from_utf8(output.stderr).expect("text");
    assert!(output.status.success(), "{command:?}\n{said}");
    let objects = said.lines().filter(|line| line.starts_with('{'));
    let objects = objects.map(|line| serde_json::from_str(line).expect("an object"));
    (objects.collect(), output.stdout)
}

/// Holds what was told to its schema; the end is told last, and is what is expected.
#[track_caller]
fn check_progress(objects: &[Value], total: Option<u64>, lines: impl Fn(u64) -> bool) {
    let progress: Vec<&Value> = objects
        .iter()
        .filter(|it| it.get("bytes").is_some())
        .collect();
    let (last, earlier) = progress.split_last().expect("progress");
    for object in &progress {
        let members: Vec<&str> = object
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        let expected = [
            "bytes",
            "total_bytes",
            "lines",
            "seconds",
            "eta_seconds",
            "done",
        ];
        assert_eq!(members, expected);
        assert!(
            object["bytes"].is_u64() && object["lines"].is_u64(),
            "{object}"
        );
        assert_eq!(object["total_bytes"].as_u64(), total, "{object}");
        assert!(
            object["seconds"].as_f64().is_some_and(|it| it >= 0.0),
            "{object}"
        );
        let eta = &object["eta_seconds"];
        assert!(
            eta.is_null() || eta.as_f64().is_some_and(|it| it >= 0.0),
            "{object}"
        );
    }
    assert!(earlier.iter().all(|it| it["done"] == false));
    assert_eq!(last["done"], true);
    assert_eq!(last["eta_seconds"], 0.0);
    assert!(last["bytes"].as_u64().is_some_and(|it| it > 0), "{last}");
    if let Some(total) = total {
        assert_eq!(last["bytes"], total);
    }
    assert!(lines(last["lines"].as_u64().expect("a number")), "{last}");
}

#[test]
fn programs_are_told_progress_of_every_long_operation() {
    let site = site();
    let (log, out) = (site.path().join("access.log"), site.path().join("out"));
    let bytes = fs::read(&log).expect("a log");
    let (size, count) = (
        bytes.len() as u64,
        bytes.split(|it| *it == b'\n').count() as u64 - 1,
    );
    let all = |lines| lines == count;
    let some = |lines| lines > 0;

    let mut command = program();
    command
        .arg("report")
        .arg(&log)
        .arg("-o")
        .arg(site.path().join("again"));
    let (objects, _) = told(command.arg("-q"), b"");
    check_progress(&objects, Some(size), all);
    let accounts = serde_json::json!({
        "read": count, "parsed": count, "ignored": 0, "excluded": 0, "opted_out": 0,
        "already_released": 0, "not_yet_over": 0, "malformed": 0,
    });
    assert_eq!(objects.last().expect("accounts")["accounts"], accounts);

    let (objects, _) = told(program().arg("scrub").arg(&log), b"");
    check_progress(&objects, Some(size), all);
    assert_eq!(objects.last().expect("accounts")["accounts"], accounts);
    let (objects, _) = told(program().arg("scrub"), &bytes);
    check_progress(&objects, None, all);

    let (objects, _) = told(
        program().arg("audit").arg(&out).arg("--against").arg(&log),
        b"",
    );
    check_progress(&objects, Some(size), all);

    let tables = published(&out);
    let tables = tables.iter().filter(|(name, _)| name.ends_with(".csv"));
    let size = tables.map(|(_, bytes)| bytes.len() as u64).sum();
    let database = format!("sqlite:{}", site.path().join("tables.sqlite").display());
    let (objects, _) = told(
        program().arg("load").arg(&out).args(["--to", &database]),
        b"",
    );
    check_progress(&objects, Some(size), some);

    let key = private(site.path()).join("key");
    let mut new = program();
    run_for(
        new.args(["key", "new"])
            .arg(&key)
            .args(["--from", "2025-06-01"]),
        0,
    );
    let stage = |name: &str| {
        let mut command = program();
        command.arg(name).arg("--key-file").arg(&key);
        command
    };
    let (objects, hits) = told(stage("map").args(["-f", "combined"]), &bytes);
    check_progress(&objects, None, all);
    let (objects, partials) = told(program().args(["reduce", "-f", "combined"]), &sorted(&hits));
    check_progress(&objects, None, some);
    let path = site.path().join("partials.arrow");
    fs::write(&path, &partials).expect("written partials");
    let mut command = stage("release");
    command
        .args(["-f", "combined", "--output-format", "parquet"])
        .arg(&path)
        .arg("-o")
        .arg(site.path().join("merged"));
    let (objects, _) = told(&mut command, b"");
    check_progress(&objects, Some(partials.len() as u64), some);
    // Whichever command releases writes what it is told to.
    let merged = published(&site.path().join("merged"));
    assert!(merged.contains_key("date=2025-06-03/pages.parquet"));
}

#[test]
fn nothing_is_told_of_progress_unless_somebody_looks() {
    let site = site();
    let log = site.path().join("access.log");
    let mut command = program();
    command.arg("scrub").arg(&log).arg("-q");
    assert!(run_for(&mut command, 0).stderr.is_empty());
    let mut command = program();
    command.arg("scrub").arg(&log);
    let shown = errors_on_a_terminal(&mut command);
    assert!(String::from_utf8_lossy(&shown).contains(" lines, "));
    let mut command = program();
    command.arg("scrub").arg(&log).arg("--no-progress");
    let shown = errors_on_a_terminal(&mut command);
    assert!(!String::from_utf8_lossy(&shown).contains(" lines, "));
}
