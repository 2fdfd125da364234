//! The same requests release the same statistics, whatever layout they were logged in and however the
//! log was cut among threads.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Enough for several chunks in every layout.
const REQUESTS: u32 = 9000;

const AGENT: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// One request, made up from its number.
struct Asked {
    time: Timestamp,
    client: String,
    path: String,
    status: u16,
    bytes: u32,
    referrer: &'static str,
}

fn asked(number: u32) -> Asked {
    let (visit, step) = (number / 5, number % 5);
    let midnight: Timestamp = "2026-11-10T00:00:00Z".parse().expect("a time");
    let second = i64::from(visit * 40 + step * 20);
    Asked {
        time: Timestamp::from_second(midnight.as_second() + second).expect("a time"),
        client: format!("198.51.{}.{}", visit % 97, visit % 7 + 1),
        path: format!("/page-{}", (visit + step * step) % 11),
        status: if number.is_multiple_of(19) { 404 } else { 200 },
        bytes: number * 31 % 9973,
        referrer: ["https://www.google.com/", "-", "https://news.example.org/"][visit as usize % 3],
    }
}

fn combined(asked: &Asked) -> String {
    let time = asked
        .time
        .to_zoned(TimeZone::UTC)
        .strftime("%d/%b/%Y:%T %z");
    let Asked {
        client,
        path,
        status,
        bytes,
        referrer,
        ..
    } = asked;
    format!(
        r#"{client} - - [{time}] "GET {path} HTTP/1.1" {status} {bytes} "{referrer}" "{AGENT}""#
    )
}

fn caddy(asked: &Asked) -> String {
    let mut headers = serde_json::json!({ "User-Agent": [AGENT] });
    if asked.referrer != "-" {
        headers["Referer"] = serde_json::json!([asked.referrer]);
    }
    serde_json::json!({
        "logger": "http.log.access",
        "ts": asked.time.as_second(),
        "request": { "remote_ip": asked.client, "method": "GET", "uri": asked.path, "headers": headers },
        "status": asked.status,
        "size": asked.bytes,
        "resp_headers": { "Server": ["Caddy"] },
    })
    .to_string()
}

fn docker(asked: &Asked) -> String {
    serde_json::json!({ "log": combined(asked) + "\n", "stream": "stdout" }).to_string()
}

/// A log whose columns and their order change twice in each thousand lines, the day standing in the
/// lines or in the directive before them.
fn w3c() -> String {
    let mut log = String::from("#Software: Microsoft Internet Information Services 10.0\n");
    let agent = AGENT.replace(' ', "+");
    for number in 0..REQUESTS {
        let asked = asked(number);
        let (date, time) = (asked.time.strftime("%F"), asked.time.strftime("%T"));
        let Asked {
            client,
            path,
            status,
            bytes,
            referrer,
            ..
        } = &asked;
        let has_date = number / 500 % 2 == 0;
        if number % 500 == 0 {
            let fields = if has_date {
                "date time c-ip cs-method cs-uri-stem sc-status sc-bytes cs(Referer) cs(User-Agent) cs(Cookie)"
            } else {
                "cs(Cookie) cs(User-Agent) time cs-uri-stem cs-method c-ip sc-bytes sc-status cs(Referer)"
            };
            let _ = writeln!(log, "#Date: {date} {time}\n#Fields: {fields}");
        }
        let cookie = "session=".to_owned() + &"0".repeat(300);
        let line = if has_date {
            format!(
                "{date} {time} {client} GET {path} {status} {bytes} {referrer} {agent} {cookie}"
            )
        } else {
            format!("{cookie} {agent} {time} {path} GET {client} {bytes} {status} {referrer}")
        };
        log = log + &line + "\n";
    }
    log
}

fn lines(line: fn(&Asked) -> String) -> String {
    (0..REQUESTS)
        .map(|number| line(&asked(number)) + "\n")
        .collect()
}

/// The tables released from a log whose format the program finds out itself.
fn released(log: &str, threads: u8) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, output) = (
        folder.path().join("access.log"),
        folder.path().join("release"),
    );
    fs::write(&input, log).expect("a written log");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hushlog"));
    command.arg("report").arg(&input).arg("-o").arg(&output);
    command.args([
        "--no-progress",
        "--include-open",
        "--k=5",
        &format!("--threads={threads}"),
    ]);
    let run = command.output().expect("a program that starts");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    tables(&output.join("date=2026-11-10"))
}

fn tables(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).expect("a release").flatten();
    let tables = files.filter(|file| {
        file.path()
            .extension()
            .is_some_and(|extension| extension == "csv")
    });
    tables
        .map(|table| {
            let text = fs::read_to_string(table.path()).expect("a readable table");
            (table.file_name().to_string_lossy().into_owned(), text)
        })
        .collect()
}

#[test]
fn every_layout_releases_the_same() {
    let expected = released(&lines(combined), 1);
    assert!(
        expected["pages.csv"].contains("/page-3"),
        "there is something to compare"
    );
    for (name, log, threads) in [
        ("caddy", lines(caddy), 3),
        ("docker", lines(docker), 3),
        ("w3c", w3c(), 1),
        ("w3c", w3c(), 3),
    ] {
        assert!(
            log.len() > 3 << 19,
            "{name}: {} bytes are hardly more than one chunk",
            log.len()
        );
        assert_eq!(
            released(&log, threads),
            expected,
            "{name} on {threads} threads"
        );
    }
}
