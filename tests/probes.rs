//! Probes: requests that look for weaknesses, by class, hour and region, and nobody who sent them.

use std::{fs, path::Path};

use crate::{
    program::{Tree, program, published, report, run_for},
    reference::{AGENTS, log_time},
    site::{lines, midnight, text},
};

const CRAWLER: &str = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)";

/// Requests from so many networks, numbered from the first, in an hour.
fn requests(first: u32, networks: u32, hour: i64, target: &str, agent: &str) -> String {
    let line = |network: u32| {
        let instant = midnight(2025, 6, 3) + hour * 3600 + i64::from(network);
        let time = log_time(instant, 0);
        format!(
            "85.{}.7.9 - - [{time}] \"GET {target} HTTP/1.1\" 404 9 \"-\" \"{agent}\"\n",
            10 + network
        )
    };
    (first..first + networks).map(line).collect()
}

/// What is released of an ordinary day and some requests more; the audit finds nothing wrong with it.
fn released(folder: &Path, more: &str, arguments: &[&str]) -> Tree {
    let log = folder.join("access.log");
    fs::write(&log, text(&lines(midnight(2025, 6, 3), 1, 240)) + more).expect("a written log");
    let out = folder.join("out");
    run_for(report(&out).arg(&log).arg("-q").args(arguments), 0);
    let mut audit = program();
    run_for(audit.arg("audit").arg(&out).arg("--against").arg(&log), 0);
    published(&out)
}

/// A table's rows after the date.
fn table(tree: &Tree, name: &str) -> Vec<String> {
    let bytes = tree.get(&format!("date=2025-06-03/{name}.csv"));
    let text = bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let text = text.unwrap_or_default();
    let rows = text
        .lines()
        .skip(1)
        .map(|line| line["2025-06-03,".len()..].to_owned());
    rows.collect()
}

#[test]
fn probes_are_counted_by_class_and_only_above_the_threshold() {
    let folder = tempfile::tempdir().expect("a folder");
    let agent = AGENTS[0].text;
    let more = requests(0, 12, 3, "/wp-login.php", agent)
        + &requests(20, 15, 3, "/item?id=1%27%20OR%20%271%27=%271", agent)
        + &requests(0, 14, 5, "/.env", CRAWLER)
        + &requests(40, 3, 5, "/%2e%2e/%2e%2e/etc/passwd", agent)
        + &requests(50, 9, 5, "/phpmyadmin/", agent);
    let tree = released(folder.path(), &more, &[]);
    assert_eq!(
        table(&tree, "probes"),
        [
            "secret-files,14,14",
            "sql-injection,15,15",
            "wp-login,12,12",
            "(other),12,12"
        ]
    );
    assert_eq!(table(&tree, "probe_hours"), ["03,27,27", "05,26,26"]);
    let all: Vec<u8> = tree.into_values().flatten().collect();
    let all = String::from_utf8_lossy(&all);
    for trace in ["passwd", "%27", "85.10.7", "1=1"] {
        assert!(!all.contains(trace), "{trace}");
    }
}

/// All of one class come in one hour, in which three networks more send another: neither table alone tells
/// of them, but their difference would.
#[test]
fn no_table_of_probes_tells_of_few_less_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let agent = AGENTS[0].text;
    let more = requests(0, 12, 3, "/wp-login.php", agent)
        + &requests(20, 12, 5, "/.env", agent)
        + &requests(40, 3, 3, "/.env", agent);
    let tree = released(folder.path(), &more, &[]);
    assert_eq!(
        table(&tree, "probes"),
        ["secret-files,15,15", "wp-login,12,12"]
    );
    assert_eq!(table(&tree, "probe_hours"), [""; 0]);
}

#[test]
fn who_is_not_told_apart_has_no_region_and_noise_has_no_probes() {
    let more = requests(0, 12, 3, "/wp-login.php", AGENTS[0].text)
        + &requests(20, 12, 4, "/.git/config", AGENTS[0].text);
    for (profile, expected) in [
        ("default", &["probe_hours", "probe_regions", "probes"][..]),
        ("counts-only", &["probe_hours", "probes"]),
        ("dp", &[]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let tree = released(folder.path(), &more, &["--profile", profile]);
        let names = tree.keys().filter_map(|path| path.strip_suffix(".csv"));
        let names = names.filter_map(|path| path.strip_prefix("date=2025-06-03/"));
        let probes: Vec<&str> = names.filter(|name| name.starts_with("probe")).collect();
        assert_eq!(probes, expected, "{profile}");
    }
}
