//! Compares what the built program releases with the oracle, file by file and byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::reference::{Crawlers, Files, PeriodLength, Settings};
use crate::scenarios::{Run, runs};

/// CSV text by date and table.
type Release = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn the_program_releases_what_the_definitions_say() {
    let complaints: Vec<String> = runs().iter().filter_map(complaint).collect();
    let shown = complaints
        .iter()
        .take(5)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        complaints.is_empty(),
        "{} of {} runs differ\n{shown}",
        complaints.len(),
        runs().len()
    );
}

/// What is wrong with the program's answer, if anything is.
fn complaint(run: &Run) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let found = released_by_program(&run.log, &run.settings, folder.path());
    let differences = match found {
        Ok(found) => differences(&owned(&run.expected), &found),
        Err(message) => vec![message],
    };
    let text = || format!("== {}\n{}", run.name, differences.join("\n"));
    (!differences.is_empty()).then(text)
}

fn released_by_program(log: &str, settings: &Settings, folder: &Path) -> Result<Release, String> {
    let input = folder.join("access.log");
    let output = folder.join("release");
    fs::write(&input, log).expect("a written log");
    let mut command = Command::new(env!("CARGO_BIN_EXE_hushlog"));
    command
        .arg("report")
        .arg(&input)
        .arg("-o")
        .arg(&output)
        .args(arguments(settings));
    let run = command.output().expect("a program that starts");
    if !run.status.success() {
        return Err(format!(
            "{}: {}",
            run.status,
            String::from_utf8_lossy(&run.stderr)
        ));
    }
    Ok(read_release(&output))
}

/// The settings as the program takes them.
pub(crate) fn arguments(settings: &Settings) -> Vec<String> {
    let period = match settings.period {
        PeriodLength::Day => "day",
        PeriodLength::Week => "week",
        PeriodLength::Month => "month",
    };
    let crawlers = match settings.crawlers {
        Crawlers::Separate => "separate",
        Crawlers::Include => "include",
        Crawlers::Ignore => "ignore",
    };
    let mut arguments = vec![
        "--geo-db=none".to_owned(),
        "--no-progress".to_owned(),
        format!("--log-format={}", settings.format.name()),
        format!("--tz={}", settings.zone.name()),
        format!("--period={period}"),
        format!("--k={}", settings.k),
        format!("--crawlers={crawlers}"),
        format!("--visit-timeout={}s", settings.visit_timeout),
    ];
    arguments.extend(
        settings
            .goals
            .iter()
            .map(|(name, glob)| format!("--goal={name}={glob}")),
    );
    arguments.extend(
        settings
            .site_hosts
            .iter()
            .map(|host| format!("--site-host={host}")),
    );
    let statuses = settings.excluded_statuses.iter();
    arguments.extend(statuses.map(|status| format!("--exclude-status={status}")));
    arguments
}

/// Every CSV file of every `date=…` folder; nothing if there is no release.
fn read_release(output: &Path) -> Release {
    let mut release = Release::new();
    for (folder, path) in entries(output) {
        if let Some(date) = folder.strip_prefix("date=") {
            let files = release.entry(date.to_owned()).or_default();
            for (file, path) in entries(&path) {
                if let Some(table) = file.strip_suffix(".csv") {
                    let text = fs::read_to_string(path).expect("a readable table");
                    files.insert(table.to_owned(), text);
                }
            }
        }
    }
    release
}

fn entries(folder: &Path) -> Vec<(String, std::path::PathBuf)> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let named = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.expect("a folder entry");
        (
            entry.file_name().to_string_lossy().into_owned(),
            entry.path(),
        )
    };
    entries.map(named).collect()
}

fn owned(release: &BTreeMap<String, Files>) -> Release {
    let named = |files: &Files| {
        let owned = |(table, text): (&&str, &String)| ((*table).to_owned(), text.clone());
        files.iter().map(owned).collect()
    };
    release
        .iter()
        .map(|(date, files)| (date.clone(), named(files)))
        .collect()
}

/// One text per table that differs, with the first rows that do.
fn differences(expected: &Release, found: &Release) -> Vec<String> {
    let mut differences = Vec::new();
    let dates: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    for date in dates {
        let none = BTreeMap::new();
        let wanted = expected.get(date).unwrap_or(&none);
        let given = found.get(date).unwrap_or(&none);
        let tables: BTreeSet<&String> = wanted.keys().chain(given.keys()).collect();
        for table in tables {
            let text =
                |files: &BTreeMap<String, String>| files.get(table).cloned().unwrap_or_default();
            if text(wanted) != text(given) {
                let rows = differing_rows(&text(wanted), &text(given));
                differences.push(format!("{date} {table}.csv\n{rows}"));
            }
        }
    }
    differences
}

fn differing_rows(expected: &str, found: &str) -> String {
    const SHOWN: usize = 4;
    let rows = |text: &str| {
        text.split_inclusive('\n')
            .map(str::to_owned)
            .collect::<Vec<String>>()
    };
    let (expected, found) = (rows(expected), rows(found));
    let header = expected
        .first()
        .or(found.first())
        .cloned()
        .unwrap_or_default();
    let only_in = |these: &[String], those: &[String], mark: &str| {
        let missing = these.iter().filter(|row| !those.contains(row)).take(SHOWN);
        missing
            .map(|row| format!("  {mark} {row:?}\n"))
            .collect::<String>()
    };
    let (missing, extra) = (
        only_in(&expected, &found, "expected"),
        only_in(&found, &expected, "found   "),
    );
    if missing.is_empty() && extra.is_empty() {
        return format!("  the same rows in another order, or some of them twice: {found:#?}");
    }
    format!("    {header:?}\n{missing}{extra}")
}
