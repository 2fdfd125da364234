//! The manual: every command of its pages is run as written, and what is shown of an answer is what is
//! answered; it names every command, option and message as the program has them, and its links lead somewhere.
//!
//! How blocks are marked is told in `docs/manual/developing.md`. `cargo test --test main manual:: -- --nocapture`
//! lists the blocks that were not run, and why.

mod links;
mod options;
pub(crate) mod page;
pub(crate) mod sandbox;
mod troubles;

use std::thread::{self, ScopedJoinHandle};

use self::{
    page::{Block, Page, pages},
    sandbox::Sandbox,
};
use crate::live_servers::RECIPES;

/// Languages of blocks that are commands.
const COMMANDS: [&str; 2] = ["sh", "console"];

/// Languages of blocks that are not.
const TEXTS: [&str; 13] = [
    "apache",
    "caddyfile",
    "cron",
    "haproxy",
    "ini",
    "json",
    "logrotate",
    "nginx",
    "python",
    "rsyslog",
    "sql",
    "text",
    "toml",
];

/// What else may stand before a block.
const ATTRIBUTES: [&str; 5] = ["file", "needs", "recipe", "status", "until"];

/// What a block may need that a test cannot give.
const NEVER: [&str; 3] = ["build", "root", "server"];

#[test]
fn commands_answer_as_the_manual_shows() {
    let (pages, log) = (pages(), sandbox::last_day());
    let failures: Vec<String> = thread::scope(|scope| {
        let log = log.as_str();
        let start = |page| scope.spawn(move || run(page, log));
        let runs: Vec<_> = pages.iter().map(start).collect();
        let join = |run: ScopedJoinHandle<'_, Vec<String>>| run.join().expect("no panic");
        runs.into_iter().flat_map(join).collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Runs all commands of a page in their order; what went otherwise than it says.
fn run(page: &Page, log: &str) -> Vec<String> {
    let blocks = page.blocks();
    if blocks.iter().all(|block| !is_command(block)) {
        return Vec::new();
    }
    let sandbox = Sandbox::new(log);
    let mut failures = Vec::new();
    for block in blocks {
        let place = format!("{}, line {}", page.name, block.line);
        if let Some(name) = block.attribute("file") {
            sandbox.write(name, &block.text);
        }
        if !is_command(&block) || block.attribute("recipe").is_some() {
            continue;
        }
        if let Some(missing) = missing(&block) {
            show(&format!("{place}: not run, as it needs {missing}"));
            continue;
        }
        if let Err(failure) = sandbox.run(&block) {
            failures.push(format!("{place}: {failure}"));
        }
    }
    failures
}

fn is_command(block: &Block) -> bool {
    COMMANDS.contains(&block.language.as_str())
}

/// The first thing that a block needs and that is not there.
fn missing(block: &Block) -> Option<&str> {
    let mut needs = block.attribute("needs")?.split(',');
    needs.find(|need| NEVER.contains(need) || !sandbox::has(need))
}

/// So that no command escapes the tests.
#[test]
fn each_block_is_run_or_says_why_not() {
    let mut recipes = Vec::new();
    for page in pages() {
        for block in page.blocks() {
            let place = format!("{}, line {}", page.name, block.line);
            let language = block.language.as_str();
            for (name, _) in &block.attributes {
                assert!(ATTRIBUTES.contains(&name.as_str()), "{place}: {name}");
            }
            recipes.extend(block.attribute("recipe").map(str::to_owned));
            if is_command(&block) {
                continue;
            }
            assert!(TEXTS.contains(&language), "{place}: language {language:?}");
            let is_command = |line: &str| line.starts_with("hushlog ") || line.starts_with("$ ");
            assert!(
                !block.text.lines().any(is_command),
                "{place}: commands that are not marked as such"
            );
        }
    }
    recipes.sort();
    recipes.dedup();
    assert_eq!(recipes, RECIPES, "each recipe has its test");
}

#[expect(clippy::print_stdout, reason = "what is not tested is told")]
fn show(text: &str) {
    println!("{text}");
}
