//! Analysers of others count the same in a scrubbed log as in the log itself, where they know what is in both.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use super::{scrub, text};
use crate::program::{run, run_for, without_settings};

/// Where Debian has the program of `AWStats`.
const AWSTATS: &str = "/usr/lib/cgi-bin/awstats.pl";

/// Agents of all kinds: browsers, applications, crawlers, libraries, none, and what is none.
const AGENTS: [&str; 20] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Android 15; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 OPR/126.0.0.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
    "curl/8.14.1",
    "-",
    r#"\"><script>\x16\\"#,
];

/// Requests of all kinds, with status and bytes. None is of an asset whose name would not be kept.
const REQUESTS: [&str; 12] = [
    r#""GET / HTTP/1.1" 200 5120"#,
    r#""GET /about/team HTTP/2.0" 200 812"#,
    r#""GET /user/jane.doe@example.org?session=4711&utm_source=news HTTP/1.1" 200 99"#,
    r#""POST /contact HTTP/1.1" 303 -"#,
    r#""GET /static/site.css HTTP/1.1" 304 -"#,
    r#""GET /static/logo.png HTTP/3.0" 200 4096"#,
    r#""HEAD /caf\xc3\xa9/ HTTP/1.1" 301 162"#,
    r#""GET /missing\"quote\" HTTP/1.1" 404 196"#,
    r#""GET /..%2f..%2fetc/passwd HTTP/1.1" 403 199"#,
    r#""PROPFIND /dav/203.0.113.9/ HTTP/1.1" 405 224"#,
    r#""GET /search?q=%3Cscript%3E HTTP/1.0" 500 612"#,
    r#""GET http://proxy.example/ HTTP/1.1" 200 5120"#,
];

const REFERRERS: [&str; 5] = [
    "-",
    "https://www.example.com/a?q=jane",
    "android-app://com.example/",
    r#"\"https://x"#,
    "http://203.0.113.9/",
];

/// A day of clients, each in a /64 or /24 of its own and with one agent, as unfriendly as they come.
fn unfriendly_log(agents: &[&str]) -> String {
    // Scattered (an odd multiplier keeps numbers apart), since GoAccess takes some that are alike for one.
    let client = |number: u32| match number.wrapping_mul(2_654_435_761).to_be_bytes() {
        [a, b, c, d] if number.is_multiple_of(3) => {
            format!("2001:db8:{a:02x}{b:02x}:{c:02x}{d:02x}::{number:x}")
        }
        bytes => Ipv4Addr::from(bytes).to_string(),
    };
    (0..6000_usize)
        .map(|line| {
            let number = line * 31 % 1200;
            let (hour, minute) = (line / 250, line * 60 / 250 % 60);
            format!(
                "{} - {} [20/Nov/2026:{hour:02}:{minute:02}:07 +0000] {} \"{}\" \"{}\"\n",
                client(number as u32),
                if line % 11 == 0 { "jane doe" } else { "-" },
                REQUESTS[line * 5 % 12],
                REFERRERS[line % 5],
                agents[number % agents.len()],
            )
        })
        .collect()
}

/// A log, and what comes out of it.
fn logs(folder: &Path, address: &str, log: &str) -> [PathBuf; 2] {
    let (raw, scrubbed) = (folder.join("raw.log"), folder.join("scrubbed.log"));
    fs::write(&raw, log).expect("a written log");
    let mut command = scrub(&["-f=combined", "--address", address]);
    fs::write(&scrubbed, text(&run_for(command.arg(&raw), 0))).expect("a written log");
    [raw, scrubbed]
}

/// Says that a test was skipped.
#[expect(clippy::print_stderr, reason = "who runs the tests has to know")]
fn skipped(what: &str) {
    eprintln!("skipped: {what} is not installed");
}

/// What something comes to of a log and of the scrubbed one, or none where `program` is not installed.
fn of_both<T>(program: &str, address: &str, log: &str, count: fn(&Path) -> T) -> Option<[T; 2]> {
    let is_installed = without_settings(Command::new(program))
        .arg("--version")
        .output()
        .is_ok();
    if !is_installed {
        skipped(program);
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    Some(logs(folder.path(), address, log).map(|log| count(&log)))
}

/// What `GoAccess` counts: totals, and hits and visitors of each row of panels, of browsers the hits alone.
fn goaccess(log: &Path) -> BTreeMap<String, Value> {
    let mut command = without_settings(Command::new("goaccess"));
    command
        .arg(log)
        .args(["--log-format=COMBINED", "--no-global-config", "-o", "json"]);
    let report: Value = serde_json::from_slice(&run_for(&mut command, 0).stdout).expect("a report");
    let mut counted = BTreeMap::new();
    for total in ["valid_requests", "failed_requests", "unique_visitors"] {
        counted.insert(total.to_owned(), report["general"][total].clone());
    }
    for panel in ["visitors", "visit_time", "status_codes", "browsers", "os"] {
        for row in report[panel]["data"].as_array().into_iter().flatten() {
            let name = format!("{panel} {}", row["data"]);
            let mut numbers = vec![row["hits"]["count"].clone()];
            // GoAccess 1.7 misses one of 120 visitors with Safari 18.6, and none with Safari 17.0.
            if panel != "browsers" {
                numbers.push(row["visitors"]["count"].clone());
            }
            counted.insert(name, numbers.into());
        }
    }
    counted
}

#[test]
fn goaccess_counts_the_same() {
    let log = unfriendly_log(&AGENTS);
    let Some([raw, scrubbed]) = of_both("goaccess", "visitor", &log, goaccess) else {
        return;
    };
    assert_eq!(raw["failed_requests"], 0);
    assert_eq!(raw["valid_requests"], log.lines().count());
    assert_eq!(scrubbed, raw);
}

/// Of which agents `GoAccess` takes what is written for something else: programs that hushlog counts as
/// crawlers, which are written as such, televisions, and browsers within applications.
const TAKEN_FOR_OTHERS: [&str; 9] = [
    "Bytespider",
    "FBAN/",
    "Go-http-client",
    "Pingdom",
    "SMART-TV",
    "Web0S",
    "claudebot@",
    "python-requests",
    "zgrab",
];

#[test]
fn goaccess_counts_the_same_in_a_sample_log() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/shop.log.1.gz");
    let (mut log, packed) = (String::new(), fs::read(sample).expect("a sample log"));
    MultiGzDecoder::new(&packed[..])
        .read_to_string(&mut log)
        .expect("a log of characters");
    // No two clients share a /64.
    let is_ipv4 = |line: &&str| {
        line.split(' ')
            .next()
            .is_some_and(|client| client.contains('.'))
    };
    let is_known = |line: &&str| !TAKEN_FOR_OTHERS.iter().any(|agent| line.contains(agent));
    let lines = log.lines().filter(is_ipv4).filter(is_known).take(20_000);
    let log: String = lines.map(|line| format!("{line}\n")).collect();
    if let Some([raw, scrubbed]) = of_both("goaccess", "visitor", &log, goaccess) {
        assert_eq!(raw["valid_requests"], 20_000);
        assert_eq!(scrubbed, raw);
    }
}

/// What `AWStats` counts: lines by what became of them, visitors, and hits by status, browser and system
/// without their versions.
fn awstats(log: &Path) -> BTreeMap<String, u64> {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().display();
    let settings = format!(
        "LogFile=\"{}\"\nLogFormat=1\nSiteDomain=\"example.com\"\nDNSLookup=0\nDirData=\"{place}\"\n",
        log.display()
    );
    fs::write(folder.path().join("awstats.site.conf"), settings).expect("a written file");
    let mut command = without_settings(Command::new("perl"));
    command
        .arg(AWSTATS)
        .args(["-config=site", "-update"])
        .arg(format!("-configdir={place}"));
    let said = text(&run(&mut command));
    let mut counted = BTreeMap::new();
    for line in said.lines().filter(|line| line.starts_with(" Found")) {
        let (number, what) = line[" Found ".len()..].split_once(' ').expect("two words");
        counted.insert(what.to_owned(), number.parse().expect("a number"));
    }
    let data = fs::read_to_string(folder.path().join("awstats112026.site.txt"));
    let data = data.expect("the file of the month");
    add_section(&data, "GENERAL", &mut counted);
    for section in ["BROWSER", "OS", "ERRORS"] {
        add_section(&data, section, &mut counted);
    }
    counted
}

/// Adds the first number of each row of a section, by the letters that its name begins with.
fn add_section(data: &str, section: &str, counted: &mut BTreeMap<String, u64>) {
    let rows = data
        .lines()
        .skip_while(|line| !line.starts_with(&format!("BEGIN_{section} ")));
    let rows = rows.skip(1).take_while(|line| !line.starts_with("END_"));
    for row in rows.filter(|row| section != "GENERAL" || row.starts_with("TotalUnique")) {
        let mut words = row.split_whitespace();
        let (Some(name), Some(number)) = (words.next(), words.next()) else {
            continue;
        };
        let family = match section {
            "ERRORS" => name,
            // One is named by its system's version.
            "OS" if name.starts_with("mac") || name.starts_with("win") => &name[..3],
            _ => name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.'),
        };
        *counted.entry(format!("{section} {family}")).or_default() +=
            number.parse::<u64>().expect("a number");
    }
}

#[test]
fn awstats_counts_the_same() {
    if !Path::new(AWSTATS).exists() {
        skipped(AWSTATS);
        return;
    }
    // What is no agent is written as none, which it takes for a robot.
    let log = unfriendly_log(&AGENTS[..19]);
    let counted = of_both("perl", "stable", &log, awstats);
    let [raw, scrubbed] = counted.expect("perl, without which AWStats is of no use");
    assert_eq!(scrubbed, raw);
}
