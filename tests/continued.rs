//! `hushlog report --state DIR --key-file FILE`, run again and again as cron does: each run reads what is new,
//! whatever rotation did in between, and together they publish what one report of all lines does.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output},
    time::{SystemTime, UNIX_EPOCH},
};

use tempfile::TempDir;

use crate::{
    program::{assert_same, complaint, gzip, program, published, report, run_for, tree},
    site::{DAY, Line, lines, midnight, text},
};

/// A log of some days, and what reads it at night.
struct Scene {
    folder: TempDir,
    lines: Vec<Line>,
    start: i64,
}

/// What becomes of the log before a night's run.
#[derive(Clone, Copy, Debug)]
enum Rotation {
    None,
    Renamed,
    Compressed,
    CopiedAndTruncated,
}

const DAYS: i64 = 4;

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let start = midnight(2025, 6, 3);
        let lines = lines(start, DAYS, 150);
        let scene = Self {
            folder,
            lines,
            start,
        };
        fs::create_dir(scene.path("keys")).expect("a new folder");
        let mut new = program();
        new.args(["key", "new", "--from", "2025-06-03"]);
        run_for(new.arg(scene.path("keys/key")), 0);
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The server goes on to write until a time.
    fn write(&self, from: i64, until: i64) {
        let mut options = OpenOptions::new();
        let log = options.append(true).create(true);
        let mut log = log.open(self.path("access.log")).expect("a log");
        let new = |line: &&Line| (from..until).contains(&line.instant);
        let new = self.lines.iter().filter(new);
        log.write_all(text(new).as_bytes()).expect("more lines");
    }

    fn rotate(&self, rotation: Rotation) {
        let (log, old) = (self.path("access.log"), self.path("access.log.1"));
        match rotation {
            Rotation::None => {}
            Rotation::Renamed => fs::rename(log, old).expect("a rotated log"),
            Rotation::Compressed => {
                let bytes = fs::read(&log).expect("a log");
                fs::rename(log, &old).expect("a rotated log");
                fs::write(self.path("access.log.1.gz"), gzip(&bytes)).expect("a compressed log");
                fs::remove_file(old).expect("the plain one goes");
            }
            Rotation::CopiedAndTruncated => {
                fs::copy(&log, old).expect("a copied log");
                fs::write(log, "").expect("an emptied log");
            }
        }
    }

    /// A run that takes it to be a certain time.
    fn run_at(&self, time: i64) -> Output {
        let mut command = self.command();
        command.arg("--key-file").arg(self.path("keys/key"));
        Self::run_by(command, time)
    }

    /// The same with a credential in the place of a key file.
    fn run_by_credential_at(&self, time: i64) -> Output {
        let mut command = self.command();
        command.args(["--key-credential", "secret"]);
        command.env("CREDENTIALS_DIRECTORY", self.path("keys"));
        Self::run_by(command, time)
    }

    fn run_by(mut command: Command, time: i64) -> Output {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = i64::try_from(now.expect("after 1970").as_secs()).expect("not too late");
        command.args(["--grace", &format!("{}s", now - time)]);
        run_for(&mut command, 0)
    }

    fn command(&self) -> Command {
        let mut command = report(&self.path("out"));
        command.arg(self.path("access.log"));
        command.arg("--state").arg(self.path("state"));
        command
    }
}

#[test]
fn nightly_runs_publish_what_one_run_over_all_lines_does() {
    for rotation in [
        Rotation::None,
        Rotation::Renamed,
        Rotation::Compressed,
        Rotation::CopiedAndTruncated,
    ] {
        let scene = Scene::new();
        let night = |day: i64| scene.start + day * DAY + 25 * 60 + 6 * 3600;
        let mut from = scene.start;
        for day in 0..=DAYS {
            // Lines come before and after the log is rotated, and more before the run.
            scene.write(from, night(day) - 3600);
            if day % 2 == 1 {
                scene.rotate(rotation);
            }
            scene.write(night(day) - 3600, night(day));
            from = night(day);
            scene.run_at(night(day));
        }
        let all = scene.path("all.log");
        fs::write(&all, text(&scene.lines)).expect("a written log");
        let expected = scene.path("expected");
        run_for(report(&expected).arg(all), 0);
        let (found, expected) = (published(&scene.path("out")), published(&expected));
        assert_same(&found, &expected, &format!("{rotation:?}"));
    }
}

#[test]
fn a_credential_takes_the_place_of_a_key_file() {
    let scene = Scene::new();
    let secret = scene.path("keys/secret");
    fs::write(&secret, "random bytes, at least sixteen").expect("a credential");
    fs::set_permissions(secret, Permissions::from_mode(0o400)).expect("permissions");
    let mut from = scene.start;
    for day in 0..=DAYS {
        let noon = scene.start + day * DAY + DAY / 2;
        scene.write(from, noon);
        scene.run_by_credential_at(noon);
        from = noon;
    }
    let expected = scene.path("expected");
    run_for(report(&expected).arg(scene.path("access.log")), 0);
    let (found, expected) = (published(&scene.path("out")), published(&expected));
    assert_same(&found, &expected, "by a credential");
    let mut stateless = report(&scene.path("out"));
    stateless.arg(scene.path("access.log"));
    let output = run_for(stateless.args(["--key-credential", "secret"]), 1);
    assert!(complaint(&output).contains("name its folder with --state"));
}

#[test]
fn a_run_reads_only_what_is_new_and_a_second_one_changes_nothing() {
    let scene = Scene::new();
    let noon = scene.start + DAY + DAY / 2;
    scene.write(scene.start, noon);
    let first = scene.run_at(noon);
    let before = (tree(&scene.path("out")), tree(&scene.path("state")));
    assert!(before.1.contains_key("watch/2025-06-04.hits"));
    let second = scene.run_at(noon);
    let after = (tree(&scene.path("out")), tree(&scene.path("state")));
    assert!(before == after, "{}", complaint(&second));
    let read = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(read(&first).contains("2025-06-03"), "{}", read(&first));
    assert!(!read(&second).contains("2025-06-03"), "{}", read(&second));
    assert!(
        complaint(&first).contains("of open periods"),
        "{}",
        complaint(&first)
    );
}

#[test]
fn what_is_kept_of_open_days_tells_nothing_without_the_key() {
    let scene = Scene::new();
    scene.write(scene.start, scene.start + DAY / 2);
    scene.run_at(scene.start + DAY / 2);
    for (name, bytes) in tree(&scene.path("state")) {
        for secret in ["81.20.7.", "Mozilla", "/contact"] {
            let found = memchr::memmem::find(&bytes, secret.as_bytes());
            assert_eq!(found, None, "{secret} in {name}");
        }
    }
}

#[test]
fn what_cannot_be_read_on_is_refused() {
    let scene = Scene::new();
    fs::write(scene.path("old.log.gz"), gzip(b"")).expect("a compressed log");
    for (arguments, said) in [
        (&["old.log.gz"][..], "a compressed one does not"),
        (&["-"], "name them"),
        (&["access.log", "--dry-run"], "--dry-run"),
        (&["access.log", "--allow-overlap"], "--allow-overlap"),
    ] {
        scene.write(scene.start, scene.start + 100);
        let mut command = report(&scene.path("out"));
        command.current_dir(scene.folder.path()).args(arguments);
        command.args(["--state", "state", "--key-file", "keys/key"]);
        let output = run_for(&mut command, 1);
        assert!(complaint(&output).contains(said), "{}", complaint(&output));
        assert!(!scene.path("state/watch/checkpoint").exists());
    }
}
