//! `report --memory`: whatever the bound, the same files and messages come out, nothing of a visitor can be read
//! from what leaves memory, and a disk without room for it publishes nothing.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    generate::{Scenario, log},
    oracle::arguments,
    program::{assert_same, complaint, program, published, report, run, run_for, with_room_for},
    reference::{Format, PeriodLength, Settings},
    traces::Traces,
};

/// A place with logs and output folders.
struct Scene(TempDir);

impl Scene {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a written file");
        path
    }

    /// A report with a bound, and one without, over the same logs in two orders; the same has to come out.
    #[track_caller]
    fn check(&self, logs: &[PathBuf], settings: &[String], bounds: &[(&str, &str)]) {
        let out = self.path("whole");
        let mut whole = report_to(&out);
        let whole = run_for(whole.args(settings).args(["-j", "2"]).args(logs), 0);
        let expected = published(&out);
        assert!(expected.len() > 5, "{settings:?}");
        for (number, (bound, threads)) in bounds.iter().enumerate() {
            let case = format!("{settings:?} --memory {bound} -j {threads}");
            let out = self.path(&format!("bounded-{number}"));
            let mut bounded = report_to(&out);
            bounded
                .args(settings)
                .args(["--memory", bound, "-j", threads]);
            let bounded = run_for(bounded.args(logs.iter().rev()), 0);
            assert_same(&published(&out), &expected, &case);
            assert_eq!(bounded.stdout, whole.stdout, "{case}");
            assert_eq!(bounded.stderr, whole.stderr, "{case}");
            fs::remove_dir_all(&out).expect("a folder");
        }
        fs::remove_dir_all(&out).expect("a folder");
    }
}

/// `hushlog report` into a folder, and nothing said of progress.
fn report_to(out: &Path) -> Command {
    let mut command = program();
    command.args(["report", "-o"]).arg(out);
    command
}

const BOUNDS: [(&str, &str); 3] = [("1M", "1"), ("1M", "3"), ("64M", "2")];

/// A text in so many files of whole lines.
fn parts(scene: &Scene, text: &str, count: usize) -> Vec<PathBuf> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let parts = lines.chunks(lines.len().div_ceil(count));
    let files = parts.enumerate();
    files
        .map(|(number, lines)| scene.file(&format!("{number}.log"), &lines.concat()))
        .collect()
}

#[test]
fn a_bound_changes_no_byte() {
    let days = Settings {
        goals: &[("order", "/shop/*/done"), ("docs", "/docs/*")],
        k: 5,
        ..Settings::default()
    };
    let weeks = Settings {
        format: Format::VhostCombined,
        period: PeriodLength::Week,
        site_hosts: &["www.example.com", "shop.example.com"],
        ..Settings::default()
    };
    for (settings, more) in [
        (days.clone(), &[][..]),
        (days, &["--top", "3"]),
        (weeks.clone(), &["--profile", "counts-only"]),
        (weeks, &["--by-host", "--include-open"]),
    ] {
        let scenario = Scenario {
            seed: 801,
            days: 3,
            visits_per_day: 400,
            settings: settings.clone(),
            automated: true,
            ..Scenario::default()
        };
        let scene = Scene::new();
        let logs = parts(&scene, &log(&scenario), 3);
        let mut arguments = arguments(&settings);
        arguments.extend(more.iter().map(|it| (*it).to_owned()));
        scene.check(&logs, &arguments, &BOUNDS);
    }
}

/// What a line of a hostile log has of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hostile {
    Paths,
    Referrers,
    Addresses,
    Agents,
    Everything,
}

/// A log of lines each of which has something that no other has, and of a few ordinary pages.
fn hostile(what: Hostile, lines: usize) -> String {
    let mut log = String::new();
    for line in 0..lines {
        let own = |one: Hostile| {
            if what == one || what == Hostile::Everything {
                line
            } else {
                0
            }
        };
        let spread = line * 7919 % 65_536;
        let client = match own(Hostile::Addresses) {
            0 => spread % 400,
            _ => spread,
        };
        let seconds = line * 80_000 / lines;
        let page = match (own(Hostile::Paths), line % 3) {
            (0, _) | (_, 0) => format!("page-{}", spread % 20),
            (own, status) => format!("{}/made-up-{}", ["a", "b"][status - 1], words(own)),
        };
        let status = [200, 200, 404][line / 5 % 3];
        writeln!(
            log,
            "81.{}.{}.9 - - [03/Jun/2025:{:02}:{:02}:{:02} +0000] \"GET /{page} HTTP/1.1\" {status} {} \
             \"https://made-up-{}.example.com/\" \"Mozilla/5.0 (X11; Linux x86_64) Firefox/{}\"",
            client / 256,
            client % 256,
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60,
            line % 1000,
            words(own(Hostile::Referrers)),
            own(Hostile::Agents),
        )
        .expect("a line");
    }
    log
}

/// A number in letters, so that no rule takes it for one.
fn words(number: usize) -> String {
    let digits = number.to_string().into_bytes().into_iter();
    digits
        .map(|digit| char::from(digit - b'0' + b'a'))
        .collect()
}

#[test]
fn hostile_logs_come_out_as_without_a_bound() {
    for what in [
        Hostile::Paths,
        Hostile::Referrers,
        Hostile::Addresses,
        Hostile::Agents,
        Hostile::Everything,
    ] {
        let scene = Scene::new();
        let logs = parts(&scene, &hostile(what, 6000), 2);
        let settings = ["-f", "combined", "--k", "5"].map(str::to_owned);
        scene.check(&logs, &settings, &BOUNDS[1..2]);
    }
}

/// Pages that too few networks asked for have no name on the way, and still are as many as they are: one or two
/// of them, also together with one status or after one page.
#[test]
fn few_pages_without_a_name_are_counted_as_they_are() {
    let mut log = String::new();
    let mut line = |client: usize, second: usize, page: &str, status: usize| {
        let _ = writeln!(
            log,
            "81.2.{client}.9 - - [03/Jun/2025:10:{:02}:{:02} +0000] \"GET {page} HTTP/1.1\" {status} 9 \"-\" \"x\"",
            second / 60,
            second % 60,
        );
    };
    for client in 0..24 {
        for (second, page) in ["/a", "/b", "/c", "/a"].into_iter().enumerate() {
            line(client, 7 * second, page, 200);
        }
        line(client, 40, "/gone", 404);
        line(client, 41, "/gone", 410);
    }
    for (pages, after) in [(1, "/one"), (2, "/two")] {
        for page in 0..pages {
            line(page, 60, &format!("{after}-{page}"), 200);
            line(page, 60, "/b", 200);
            line(
                page,
                65,
                &format!("{after}-gone-{page}"),
                [404, 410][pages - 1],
            );
        }
    }
    let scene = Scene::new();
    let logs = [scene.file("access.log", &log)];
    let settings = ["-f", "combined", "--k", "5"].map(str::to_owned);
    scene.check(&logs, &settings, &BOUNDS[..2]);
}

#[test]
fn a_disk_without_room_publishes_nothing() {
    let scene = Scene::new();
    let log = scene.file("access.log", &hostile(Hostile::Everything, 6000));
    let out = scene.path("out");
    let mut bounded = report(&out);
    bounded.args(["-f", "combined", "--memory", "1M"]).arg(&log);
    let output = run(&mut with_room_for(100, &bounded));
    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("--memory") && said.contains("File too large"),
        "{said}"
    );
    let left: Vec<String> = published(&out).into_keys().collect();
    assert!(left.is_empty(), "{left:?}");
    // It is what leaves memory that has no room.
    let mut whole = report(&out);
    whole.args(["-f", "combined"]).arg(&log);
    run_for(&mut with_room_for(1000, &whole), 0);
}

/// A report that reads from a pipe, which is still open.
struct Waiting(Child);

impl Drop for Waiting {
    fn drop(&mut self) {
        let ended = self.0.kill().and_then(|()| self.0.wait());
        assert!(ended.is_ok());
    }
}

/// The content of the files without a name that a process has open; `None` if they cannot be looked into.
fn nameless_files(process: u32) -> Option<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(format!("/proc/{process}/fd")).ok()? {
        let path = entry.ok()?.path();
        let Ok(target) = fs::read_link(&path) else {
            continue;
        };
        if target.to_string_lossy().ends_with("(deleted)") {
            let mut bytes = Vec::new();
            File::open(&path).ok()?.read_to_end(&mut bytes).ok()?;
            files.push(bytes);
        }
    }
    Some(files)
}

#[test]
fn what_leaves_memory_has_no_name_and_tells_nothing() {
    let scene = Scene::new();
    let out = scene.path("out");
    let mut command: Command = report(&out);
    command.args(["-f", "combined", "--memory", "1M", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut waiting = Waiting(command.spawn().expect("the program starts"));
    let mut pipe = waiting.0.stdin.take().expect("a pipe");
    let log = hostile(Hostile::Everything, 12_000);
    pipe.write_all(log.as_bytes()).expect("lines");
    let mut traces = Traces::default();
    for text in ["made-up-", "x86_64) ", "firefox/", ".example.com"] {
        traces.add_text(text);
    }
    let until = Instant::now() + Duration::from_secs(60);
    let files = loop {
        let Some(files) = nameless_files(waiting.0.id()) else {
            return; // Only the administrator may look into a process like this.
        };
        if files.iter().map(Vec::len).sum::<usize>() > 500_000 {
            break files;
        }
        assert!(Instant::now() < until, "nothing left memory");
        thread::sleep(Duration::from_millis(50));
    };
    for bytes in &files {
        traces.assert_none_in(bytes, "what has left memory");
    }
    let named = fs::read_dir(out.join(".state")).expect("a folder");
    let named: Vec<_> = named.map(|it| it.expect("a file").file_name()).collect();
    assert!(named.iter().all(|name| name == "lock"), "{named:?}");
}

/// The most memory that a command has taken, in bytes, if it can be told.
fn peak(command: &mut Command) -> u64 {
    let mut child = command
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    while child.try_wait().expect("a child").is_none() {
        peak = peak.max(resident(&status).unwrap_or(0));
        thread::sleep(Duration::from_millis(5));
    }
    assert!(child.wait().expect("a status").success());
    peak
}

fn resident(status: &Path) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes << 10)
}

/// A log of forty times the bound, with addresses, pages, referrers and agents that are each in one line.
#[test]
fn memory_stays_within_the_bound() {
    let scene = Scene::new();
    let lines = if std::env::var_os("HUSHLOG_SLOW_TESTS").is_some() {
        1_000_000
    } else {
        100_000
    };
    let log = scene.file("access.log", &hostile(Hostile::Paths, lines));
    let little = scene.file("little.log", &hostile(Hostile::Paths, 20));
    let take = |name: &str, log: &Path, bound: &[&str]| {
        let mut command = report(&scene.path(name));
        peak(
            command
                .args(["-f", "combined", "-q", "-j", "2"])
                .args(bound)
                .arg(log),
        )
    };
    let floor = take("little", &little, &[]);
    let data = fs::metadata(&log).expect("a log").len();
    let bounded = take("bounded", &log, &["--memory", "1M"]).saturating_sub(floor);
    let whole = take("whole", &log, &[]).saturating_sub(floor);
    let [bounded, whole, data] = [bounded, whole, data].map(|bytes| bytes >> 20);
    assert!(
        bounded * 2 < whole && bounded * 10 / 3 < data,
        "{bounded} {whole} {data} MiB"
    );
}
