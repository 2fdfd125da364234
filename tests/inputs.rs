//! What a run reads: compressed, split, repeated and filtered input, and runs that write nothing.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with logs to read and a place for what is released.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("logs")).expect("a folder of logs");
        Self { folder }
    }

    fn logs(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.logs().join(name);
        fs::write(&path, content).expect("a written log");
        path
    }

    /// `hushlog report` into the folder `out`, from the given inputs and with further arguments.
    fn command(&self, out: &str, inputs: &[&Path], arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hushlog"));
        command
            .arg("report")
            .args(inputs)
            .arg("-o")
            .arg(self.folder.path().join(out))
            .args([
                "--geo-db=none",
                "--no-progress",
                "--k=5",
                "--log-format=vcombined",
            ])
            .args(arguments);
        command
    }

    fn report(&self, out: &str, inputs: &[&Path], arguments: &[&str]) -> Output {
        let mut command = self.command(out, inputs, arguments);
        command.output().expect("a program that starts")
    }

    /// Everything published in a folder, by path.
    fn published(&self, out: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let (top, mut files) = (self.folder.path().join(out), BTreeMap::new());
        let mut folders = vec![top.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.expect("an entry").path();
                if path.is_file() {
                    let name = path.strip_prefix(&top).expect("a path within").to_owned();
                    files.insert(name, fs::read(path).expect("a readable file"));
                } else if !path.ends_with(".state") {
                    folders.push(path);
                }
            }
        }
        files
    }
}

/// Lines of two days, by number from 0 to 8,000.
fn lines(numbers: Range<usize>) -> String {
    numbers
        .map(|number| {
            let (day, second) = (number / 4000, number % 4000 * 20);
            let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
            format!(
                "{host}.example.com:80 192.0.{net}.{client} - - [{date:02}/Jun/2025:{hour:02}:{minute:02}:\
                 {second:02} +0000] \"{method} /page/{page} HTTP/1.1\" 200 {number} \"-\" \"Mozilla/5.0\"\n",
                host = ["www", "shop"][number % 2],
                net = number % 40,
                client = number % 7,
                date = 10 + day,
                method = ["GET", "GET", "GET", "HEAD"][number / 2 % 4],
                page = ["about", "home", "team", "jobs", "news"][number % 5],
            )
        })
        .collect()
}

fn gzip(content: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder
        .write_all(content.as_bytes())
        .expect("room in memory");
    encoder.finish().expect("room in memory")
}

fn compress(mut encoder: impl Read) -> Vec<u8> {
    let mut compressed = Vec::new();
    encoder
        .read_to_end(&mut compressed)
        .expect("room in memory");
    compressed
}

fn status(output: &Output) -> Option<i32> {
    output.status.code()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The number behind a name in the accounts of the summary.
fn account(output: &Output, name: &str) -> Option<u64> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines();
    let mut counts = lines.filter_map(|line| line.trim().strip_prefix(name)?.trim().parse().ok());
    counts.next()
}

#[test]
fn a_log_says_the_same_whole_or_in_compressed_parts_in_any_order() {
    let site = Site::new();
    let whole = site.write("whole", lines(0..8000).as_bytes());
    let output = site.report("whole", &[&whole], &[]);
    assert_eq!(status(&output), Some(0), "{}", stderr(&output));
    fs::remove_file(whole).expect("a file to remove");

    let [second, third, fourth] = [1500..3000, 3000..6000, 6000..7000].map(lines);
    site.write("a.log", lines(0..1500).as_bytes());
    site.write("b.gz", &gzip(&second));
    let bzip2 = bzip2::read::BzEncoder::new(third.as_bytes(), bzip2::Compression::fast());
    site.write("c", &compress(bzip2));
    site.write(
        "d.log",
        &compress(liblzma::read::XzEncoder::new(fourth.as_bytes(), 1)),
    );
    let fifth = zstd::encode_all(lines(7000..8000).as_bytes(), 1).expect("room in memory");
    site.write("e", &fifth);
    site.write(".hidden", b"not a log");
    let expected = site.published("whole");
    assert!(expected.len() > 10);
    let (all, some, one) = (
        site.logs(),
        site.logs().join("[b-e]*"),
        site.logs().join("a.log"),
    );
    let cases: [(&str, &[&Path]); 2] = [("1", &[&all]), ("3", &[&some, &one, &one])];
    for (threads, inputs) in cases {
        let output = site.report(threads, inputs, &["-j", threads]);
        assert_eq!(status(&output), Some(0), "{}", stderr(&output));
        assert_eq!(stderr(&output).contains("named twice"), threads == "3");
        assert!(site.published(threads) == expected, "{threads} threads");
    }
}

#[test]
fn what_names_nothing_is_a_source_not_read() {
    let site = Site::new();
    let there = site.write("access.log", lines(0..4000).as_bytes());
    let empty = site.folder.path().join("empty");
    fs::create_dir(&empty).expect("a folder");
    for missing in [site.logs().join("missing"), site.logs().join("*.gz"), empty] {
        let output = site.report("out", &[&there, &missing], &[]);
        assert_eq!(status(&output), Some(2));
        assert!(stderr(&output).contains(&missing.display().to_string()));
        assert!(site.published("out").is_empty());
    }
}

#[test]
fn copies_are_counted_once() {
    let site = Site::new();
    let log = lines(0..8000);
    let plain = site.write("access.log", log.as_bytes());
    let compressed = site.write("access.log.gz", &gzip(&log));
    let other = site.write(
        "other.log",
        lines(0..4000).replace("192.0.", "198.51.").as_bytes(),
    );
    let expected = site.report("expected", &[&plain, &other], &[]);
    assert_eq!(
        (status(&expected), stderr(&expected)),
        (Some(0), String::new())
    );

    for (out, inputs) in [
        ("1", [&plain, &other, &compressed]),
        ("2", [&compressed, &plain, &other]),
    ] {
        let output = site.report(out, &inputs.map(PathBuf::as_path), &[]);
        assert_eq!(status(&output), Some(0), "{}", stderr(&output));
        assert!(stderr(&output).contains("counted once"));
        assert_eq!(account(&output, "read"), Some(12_000));
        assert!(site.published(out) == site.published("expected"));
    }

    let mut piped = site.command("3", &[Path::new("-"), &plain, &other], &[]);
    piped.stdin(File::open(&compressed).expect("a file"));
    let output = piped.output().expect("a program that starts");
    assert!(stderr(&output).contains("standard input holds the same lines"));
    assert!(site.published("3") == site.published("expected"));

    let output = site.report("4", &[&plain, &other, &compressed], &["--allow-overlap"]);
    assert_eq!((status(&output), stderr(&output)), (Some(0), String::new()));
    assert_eq!(account(&output, "parsed"), Some(20_000));
}

#[test]
fn copies_that_cannot_be_told_apart_by_reading_again_release_nothing() {
    let site = Site::new();
    let log = lines(0..1000);
    let copies = [
        site.write("a", log.as_bytes()),
        site.write("b", log.as_bytes()),
    ];
    let mut piped = site.command("out", &[&copies[0], &copies[1], Path::new("-")], &[]);
    let mut child = piped
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a program that starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(lines(4000..4100).as_bytes())
        .expect("a reader");
    drop(stdin);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(status(&output), Some(2));
    for name in copies {
        assert!(stderr(&output).contains(&name.display().to_string()));
    }
    assert!(site.published("out").is_empty());
}

#[test]
fn sources_with_lines_in_common_release_nothing_unless_allowed() {
    let site = Site::new();
    let rotated = site.write("access.log.1", lines(0..5000).as_bytes());
    let current = site.write("access.log", lines(4000..8000).as_bytes());
    let output = site.report("out", &[&current, &rotated], &[]);
    assert_eq!(status(&output), Some(2));
    for name in [&rotated, &current] {
        assert!(stderr(&output).contains(&name.display().to_string()));
    }
    assert!(site.published("out").is_empty());

    let output = site.report("out", &[&current, &rotated], &["--allow-overlap"]);
    assert_eq!((status(&output), stderr(&output)), (Some(0), String::new()));
    assert_eq!(account(&output, "parsed"), Some(9000));
}

#[test]
fn a_dry_run_accounts_for_lines_and_writes_nothing() {
    let site = Site::new();
    let log = site.write(
        "access.log",
        [lines(0..8000).as_bytes(), b"not a line\n"]
            .concat()
            .as_slice(),
    );
    let output = site.report("out", &[&log], &["--dry-run"]);
    assert_eq!((status(&output), stderr(&output)), (Some(0), String::new()));
    assert_eq!(account(&output, "parsed"), Some(8000));
    assert_eq!(account(&output, "malformed"), Some(1));
    assert!(!site.folder.path().join("out").exists());

    let released = site.report("out", &[&log], &["--until=2025-06-10"]);
    assert_eq!(status(&released), Some(0));
    let before = site.published("out");
    let output = site.report("out", &[&log], &["--dry-run"]);
    assert_eq!(account(&output, "already released"), Some(4000));
    assert_eq!(account(&output, "parsed"), Some(4000));
    assert!(site.published("out") == before);
}

#[test]
fn filters_set_lines_aside_and_the_manifest_says_so() {
    let site = Site::new();
    let log = site.write("access.log", lines(0..8000).as_bytes());
    let cases: [(&[&str], u64); 8] = [
        (&["--since=2025-06-11"], 4000),
        (&["--until=2025-06-10"], 4000),
        (&["--since=2025-06-10", "--until=2025-06-11"], 0),
        (&["--since=2025-06-11", "--tz=Asia/Tokyo"], 2700),
        (&["--exclude-host=SHOP.*"], 4000),
        (&["--include-host=*.example.com", "--include-host=other"], 0),
        (&["--include-host=www.example.com"], 4000),
        (&["--exclude-method=head"], 2000),
    ];
    for (number, (arguments, expected)) in cases.into_iter().enumerate() {
        let output = site.report(&number.to_string(), &[&log], arguments);
        assert_eq!(
            (status(&output), stderr(&output)),
            (Some(0), String::new()),
            "{arguments:?}"
        );
        assert_eq!(
            account(&output, "excluded"),
            Some(expected),
            "{arguments:?}"
        );
        assert_eq!(
            account(&output, "parsed"),
            Some(8000 - expected),
            "{arguments:?}"
        );
    }
    let manifest = |out: &str, date: &str| {
        let published = site.published(out);
        let name = PathBuf::from(format!("date={date}/manifest.json"));
        let text = published.get(&name)?;
        serde_json::from_slice::<serde_json::Value>(text).ok()
    };
    let policy = |out: &str, date: &str| Some(manifest(out, date)?.get("policy")?.clone());
    let since = policy("0", "2025-06-11").expect("a manifest");
    assert_eq!(
        (&since["since"], since["until"].is_null()),
        (&"2025-06-11".into(), true)
    );
    assert_eq!(manifest("0", "2025-06-10"), None);
    let hosts = policy("5", "2025-06-10").expect("a manifest");
    assert_eq!(
        (&hosts["include_host"], &hosts["exclude_host"]),
        (&2.into(), &0.into())
    );
    let methods = policy("7", "2025-06-10").expect("a manifest");
    assert_eq!(methods["exclude_method"], serde_json::json!(["head"]));
}
