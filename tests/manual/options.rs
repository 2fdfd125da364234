//! Every command and option of the program is in the manual, and no other.

use std::collections::BTreeSet;

use super::page::{Page, pages};
use crate::program::{program, run_for};

/// The page that names them all.
const REFERENCE: &str = "docs/manual/commands.md";

/// Commands as they are typed, such as `key new`, and options such as `--tz`.
struct Known {
    commands: BTreeSet<String>,
    options: BTreeSet<String>,
}

impl Known {
    fn new() -> Self {
        let mut known = Self {
            commands: BTreeSet::new(),
            options: BTreeSet::new(),
        };
        known.ask(&[]);
        known
    }

    /// Adds what a command says of itself, and what the commands below it say.
    fn ask(&mut self, words: &[&str]) {
        let help = run_for(program().args(words).arg("--help"), 0).stdout;
        let help = String::from_utf8(help).expect("text");
        let mut is_commands = false;
        for line in help.lines() {
            if !line.starts_with(' ') {
                is_commands = line == "Commands:";
            } else if let Some(name) = name(line).filter(|_| is_commands) {
                let words = [words, &[name]].concat();
                self.commands.insert(words.join(" "));
                self.ask(&words);
            }
            let option = line.trim_start();
            let option = match option.split_once(", ") {
                Some((short, long)) if short.len() == 2 => long,
                _ => option,
            };
            if option.starts_with("--") && line.starts_with(' ') {
                let end = option.find([' ', '[', '.']).unwrap_or(option.len());
                self.options.insert(option[..end].to_owned());
            }
        }
    }
}

/// The command that a line of help is about; `help` is about none.
fn name(line: &str) -> Option<&str> {
    let line = line.strip_prefix("  ")?;
    let name = line.split(' ').next()?;
    (!name.is_empty() && name != "help").then_some(name)
}

#[test]
fn every_command_and_option_is_in_the_manual() {
    let known = Known::new();
    assert!(known.commands.len() > 25 && known.options.len() > 70);
    let reference = Page::read(REFERENCE).text;
    for command in &known.commands {
        assert!(
            reference.contains(&format!("`hushlog {command}")),
            "{REFERENCE} does not tell of hushlog {command}"
        );
    }
    let told: BTreeSet<String> = named(&reference).collect();
    for option in &known.options {
        assert!(
            told.contains(option),
            "{REFERENCE} does not tell of {option}"
        );
    }
}

/// But for the page on other programs.
#[test]
fn the_manual_tells_of_no_option_that_there_is_not() {
    let known = Known::new().options;
    for page in pages() {
        if page.name.ends_with("comparison.md") {
            continue;
        }
        for option in named(&page.prose()) {
            let is_known = known.contains(&option) || OTHERS.contains(&option.as_str());
            assert!(is_known, "{}: {option}", page.name);
        }
    }
}

/// Options of other programs.
const OTHERS: [&str; 6] = [
    "--anonymize-ip",
    "--authuser",
    "--locked",
    "--no-deps",
    "--open",
    "--test",
];

/// Options that are named in a text.
fn named(text: &str) -> impl Iterator<Item = String> {
    let starts = text.match_indices("--").map(|(place, _)| place);
    starts.filter_map(|place| {
        let before = text[..place].chars().next_back();
        let is_start = before.is_none_or(|it| !(it.is_alphanumeric() || "-|".contains(it)));
        let name: String = text[place + 2..]
            .chars()
            .take_while(|it| it.is_ascii_lowercase() || *it == '-')
            .collect();
        let name = name.trim_end_matches('-');
        (is_start && !name.is_empty()).then(|| format!("--{name}"))
    })
}
