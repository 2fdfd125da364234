//! Each message that the page on troubles quotes is one of the program's, and so is each metric.

use std::{fs, path::Path};

use super::page::{Page, pages, repository};

#[test]
fn quoted_messages_are_those_of_the_program() {
    let program = source();
    let page = Page::read("docs/manual/troubleshooting.md").prose();
    let quoted: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### `")?.strip_suffix('`'))
        .collect();
    assert!(quoted.len() > 25);
    for message in quoted {
        for part in message.split('…') {
            assert!(
                program.contains(part.trim()),
                "{message:?}: no message of the program has {part:?}"
            );
        }
    }
}

/// The dashboard is held to the metrics that there are, and the manual to the dashboard.
#[test]
fn metrics_are_those_of_the_dashboard() {
    let dashboard = repository().join("contrib/grafana/watch.json");
    let dashboard = fs::read_to_string(dashboard).expect("a dashboard");
    let mut count = 0;
    for page in pages() {
        for word in page.prose().split(['`', '{']) {
            if word.starts_with("hushlog_") {
                assert!(dashboard.contains(word), "{}: {word}", page.name);
                count += 1;
            }
        }
    }
    assert!(count > 4);
}

/// The source of the program, whose texts are in one line each.
fn source() -> String {
    let mut source = String::new();
    collect(&repository().join("src"), &mut source);
    let mut joined = String::with_capacity(source.len());
    let mut parts = source.split("\\\n");
    joined += parts.next().unwrap_or_default();
    for part in parts {
        joined += part.trim_start();
    }
    joined.replace("\\\"", "\"")
}

fn collect(folder: &Path, source: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, source);
        } else {
            *source += &fs::read_to_string(path).expect("Rust");
        }
    }
}
