//! The real logrotate against followed files: whatever it does, and whenever the reader stops and starts
//! again, each line is read once.
//!
//! A writer appends thousands of lines a second meanwhile. Where logrotate is not installed these tests say so
//! and do nothing; `HUSHLOG_SLOW_TESTS=1` rotates thirty times instead of four.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use hushlog::input::live::{Event, FileNumber, LiveSettings, LiveSource, LiveSources, Mark};

const LOGROTATE: &str = "/usr/sbin/logrotate";

/// Longest time for all lines to come after the last has been written.
const PATIENCE: Duration = Duration::from_secs(60);

/// The writer reopens its log before logrotate goes on, as a server does on a signal.
const REOPEN: &str = "postrotate\n touch {folder}/reopen\n \
    while [ -e {folder}/reopen ]; do sleep 0.01; done\n endscript";

/// The writer writes nothing while its log is copied: what is written between copying and truncating is
/// lost by logrotate itself.
const PAUSE: &str = "prerotate\n touch {folder}/pause\n \
    while [ ! -e {folder}/paused ]; do sleep 0.01; done\n endscript\n \
    postrotate\n rm {folder}/pause\n endscript";

#[test]
fn created_anew() {
    check("access.log", &["create"], REOPEN);
}

#[test]
fn not_created_anew() {
    check("access.log", &["nocreate"], REOPEN);
}

#[test]
fn compressed() {
    check("access.log", &["create", "compress"], REOPEN);
}

#[test]
fn compressed_later() {
    check("*.log", &["create", "compress", "delaycompress"], REOPEN);
}

#[test]
fn dated() {
    let dated = ["dateext", "dateformat -%Y%m%d%H%M%S", "create", "compress"];
    check("access.log", &dated, REOPEN);
}

#[test]
fn dated_before_the_extension() {
    let dated = [
        "dateext",
        "dateformat -%Y%m%d-%s",
        "extension .log",
        "nocreate",
    ];
    check("*.log", &dated, REOPEN);
}

#[test]
fn copied_and_truncated() {
    check("access.log", &["copytruncate"], PAUSE);
}

#[test]
fn copied_truncated_and_compressed() {
    check("access.log*", &["copytruncate", "compress"], PAUSE);
}

#[expect(clippy::print_stderr, reason = "what is not tested is said")]
fn check(name: &str, directives: &[&str], script: &str) {
    if !Path::new(LOGROTATE).exists() {
        eprintln!("skipped: {LOGROTATE} is not installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let scene = Scene::new(folder.path(), directives, script);
    let mut reader = Reader::new(folder.path().join("logs").join(name));
    let is_over = AtomicBool::new(false);
    // The first look is at an empty folder, so that all that is rotated later is known to be new.
    reader.read(&AtomicBool::new(true), 0);
    let written = thread::scope(|scope| {
        let writer = scope.spawn(|| scene.write(&is_over));
        let rotation = scope.spawn(|| {
            scene.rotate();
            is_over.store(true, Ordering::Release);
        });
        while !rotation.is_finished() {
            reader.read(&is_over, u64::MAX);
        }
        rotation.join().expect("rotations");
        writer.join().expect("a writer")
    });
    reader.read(&AtomicBool::new(true), written);
    reader.check(written, &scene.logs());
}

/// A log, who writes it, and what logrotate is to do with it.
struct Scene {
    folder: PathBuf,
    log: PathBuf,
}

impl Scene {
    fn new(folder: &Path, directives: &[&str], script: &str) -> Self {
        let logs = folder.join("logs");
        fs::create_dir(&logs).expect("a folder of logs");
        let log = logs.join("access.log");
        let configuration = format!(
            "{} {{\n rotate 99\n missingok\n {}\n {}\n}}\n",
            log.display(),
            directives.join("\n "),
            script.replace("{folder}", &folder.display().to_string())
        );
        fs::write(folder.join("logrotate.conf"), configuration).expect("a configuration");
        Self {
            folder: folder.to_owned(),
            log,
        }
    }

    fn open(&self) -> File {
        let options = OpenOptions::new().create(true).append(true).clone();
        options.open(&self.log).expect("a log to write")
    }

    /// Writes numbered lines, some of them in two parts, until it is over; how many.
    fn write(&self, is_over: &AtomicBool) -> u64 {
        let mut log = self.open();
        let mut count = 0;
        while !is_over.load(Ordering::Acquire) {
            for _ in 0..20 {
                let line = format!("{count} {}\n", "x".repeat(count as usize % 200));
                let (first, rest) = line.split_at(if count % 7 == 0 { line.len() / 2 } else { 0 });
                log.write_all(first.as_bytes()).expect("half a line");
                log.write_all(rest.as_bytes()).expect("a line");
                count += 1;
            }
            if fs::remove_file(self.folder.join("reopen")).is_ok() {
                log = self.open();
            }
            self.pause();
            thread::sleep(Duration::from_millis(3));
        }
        count
    }

    fn pause(&self) {
        let (pause, paused) = (self.folder.join("pause"), self.folder.join("paused"));
        if pause.exists() {
            File::create(&paused).expect("a sign");
            while pause.exists() {
                thread::sleep(Duration::from_millis(1));
            }
            fs::remove_file(&paused).expect("no sign");
        }
    }

    fn rotate(&self) {
        let is_slow = std::env::var_os("HUSHLOG_SLOW_TESTS").is_some_and(|value| value == "1");
        for _ in 0..if is_slow { 30 } else { 4 } {
            // Names have a second's resolution at best.
            thread::sleep(Duration::from_millis(1_050));
            let output = Command::new(LOGROTATE)
                .args(["--force", "--state"])
                .arg(self.folder.join("state"))
                .arg(self.folder.join("logrotate.conf"))
                .output()
                .expect("logrotate");
            let messages = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{messages}");
        }
        thread::sleep(Duration::from_millis(300));
    }

    fn logs(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.join("logs")).expect("logs");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        entries.map(|entry| name(entry.expect("a log"))).collect()
    }
}

/// A service that stores what it has read with its marks, and is started anew again and again.
struct Reader {
    source: LiveSource,
    marks: BTreeMap<FileNumber, Mark>,
    /// How often each line has been read.
    lines: HashMap<u64, u32>,
    others: Vec<String>,
    starts: u64,
}

impl Reader {
    fn new(name: PathBuf) -> Self {
        Self {
            source: name.to_str().expect("a name").parse().expect("a source"),
            marks: BTreeMap::new(),
            lines: HashMap::new(),
            others: Vec::new(),
            starts: 0,
        }
    }

    /// Runs for a time that differs from start to start; when it is over, until as many lines have been read.
    fn read(&mut self, is_over: &AtomicBool, lines: u64) {
        self.starts += 1;
        let is_last = is_over.load(Ordering::Acquire);
        let time = match is_last {
            true if lines == 0 => Duration::from_millis(200),
            true => PATIENCE,
            false => Duration::from_millis(self.starts * 37 % 250),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let end = Instant::now() + time;
        runtime.block_on(async {
            let marks = self.marks.values().cloned().collect();
            let mut sources =
                LiveSources::open(std::slice::from_ref(&self.source), settings(), marks)
                    .expect("a followed file");
            while !(is_last && lines > 0 && self.lines.len() as u64 == lines) {
                let left = end.saturating_duration_since(Instant::now());
                match tokio::time::timeout(left, sources.next()).await {
                    Ok(Some(event)) => self.take(event),
                    _ => break,
                }
            }
            if is_last && lines > 0 {
                let rest = async {
                    while let Some(event) = sources.next().await {
                        self.take(event);
                    }
                };
                // What is read twice comes soon.
                let _ = tokio::time::timeout(Duration::from_millis(300), rest).await;
            }
        });
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Batch(batch) => {
                for line in String::from_utf8(batch.bytes).expect("text").lines() {
                    let (number, rest) = line.split_once(' ').expect("a whole line");
                    let number: u64 = number.parse().expect("a number");
                    assert_eq!(rest.len() as u64, number % 200, "line {number} is cut");
                    *self.lines.entry(number).or_default() += 1;
                }
                self.marks
                    .extend(batch.mark.map(|mark| (mark.file.number, mark)));
            }
            Event::Forget { file } => {
                self.marks.remove(&file);
            }
            Event::Opened { .. } | Event::CaughtUp => {}
            other => self.others.push(format!("{other:?}")),
        }
    }

    fn check(&self, written: u64, logs: &[String]) {
        let missing: Vec<_> = (0..written)
            .filter(|number| !self.lines.contains_key(number))
            .collect();
        let doubled: Vec<_> = self.lines.iter().filter(|&(_, &count)| count > 1).collect();
        assert!(
            missing.is_empty() && doubled.is_empty() && self.others.is_empty(),
            "of {written} lines {} are missing and {} doubled; {:?}; {logs:?}",
            missing.len(),
            doubled.len(),
            self.others
        );
    }
}

fn settings() -> LiveSettings {
    LiveSettings {
        line_limit: 1_000,
        most_files: 20,
        most_connections: 1,
        ends: false,
        poll: Duration::from_millis(10),
        grace: Duration::from_millis(500),
        fingerprint_key: [3; 32],
    }
}
