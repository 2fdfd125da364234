//! Each message that the page on troubles quotes is one of the program's.

use std::{fs, path::Path};

use super::page::{Page, repository};

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
