//! Reads the sources and holds them to the architecture: which way imports run, where each crate is
//! confined to, and what happens nowhere.

use std::{collections::BTreeMap, fs, path::Path};

/// Modules in the order in which data flows; those of one rank do not know each other.
const RANKS: [&[&str]; 11] = [
    &["error", "time", "record", "stats"],
    &["input", "format"],
    &["privacy"],
    &["session", "aggregate"],
    &["release"],
    &["view"],
    &["output", "sealed"],
    &["pipeline", "audit"],
    &["serve", "database"],
    &["cli"],
    &["main", "lib"],
];

/// Neighbours of one rank that may know each other all the same, since the second holds only data.
const NEIGHBOURS: [(&str, &str); 2] = [("record", "time"), ("aggregate", "session")];

/// Words, and the only places that may have them; a place is a folder or a file below `src/`.
const CONFINED: [(&str, &[&str]); 43] = [
    ("arrow_array", &["output/parquet.rs", "pipeline/cluster"]),
    ("arrow_ipc", &["pipeline/cluster"]),
    ("arrow_schema", &["output/parquet.rs", "pipeline/cluster"]),
    ("clap", &["cli"]),
    ("rusqlite", &["database/sqlite.rs"]),
    ("postgres::", &["database"]),
    ("percent_encoding", &["database/encryption.rs"]),
    ("parquet::", &["output"]),
    ("rustls", &["database/encryption.rs"]),
    ("rustls_native_certs", &["database/encryption.rs"]),
    ("tokio_postgres_rustls", &["database/encryption.rs"]),
    ("clap_complete", &["cli/completions.rs"]),
    ("clap_mangen", &["cli/manual.rs"]),
    ("toml", &["cli/configuration"]),
    ("strsim", &["cli/configuration"]),
    ("indicatif", &["cli"]),
    ("rayon", &["pipeline"]),
    ("nom", &["format"]),
    ("flate2", &["input"]),
    ("hmac", &["input/live/identity.rs", "privacy/pseudonym.rs"]),
    (
        "sha2",
        &[
            "input/live/identity.rs",
            "privacy/pseudonym.rs",
            "release/ledger.rs",
        ],
    ),
    ("maxminddb", &["privacy/geo"]),
    ("psl", &["privacy/domain.rs"]),
    ("chacha20", &["release/noise"]),
    ("chacha20poly1305", &["privacy/seal.rs"]),
    (
        "postcard",
        &["pipeline/runs", "pipeline/watch/checkpoint.rs"],
    ),
    (
        "tempfile",
        &["pipeline/runs/store.rs", "privacy/key_file/sealed_tests.rs"],
    ),
    ("axum", &["serve"]),
    ("prometheus_client", &["serve/metrics.rs"]),
    ("sd_notify", &["cli/watch"]),
    (
        "tokio",
        &["input/live", "pipeline/watch/service.rs", "serve"],
    ),
    ("tracing", &["cli", "pipeline/watch", "serve"]),
    ("signal_hook", &["cli"]),
    ("getrandom", &["pipeline/random.rs"]),
    ("println!", &["cli"]),
    ("eprintln!", &["cli"]),
    ("print!", &["cli"]),
    ("eprint!", &["cli"]),
    ("dbg!", &[]),
    ("SystemTime", &["cli", "pipeline"]),
    ("Instant", &["cli", "pipeline"]),
    ("Timestamp::now", &["cli", "pipeline", "serve"]),
    ("Zoned::now", &["cli", "pipeline"]),
];

/// The same for what takes more than one word.
const CONFINED_PHRASES: [(&str, &[&str]); 8] = [
    ("use age::", &["sealed"]),
    ("std::env", &["cli"]),
    ("env::var", &["cli"]),
    ("thread_rng", &[]),
    ("static mut ", &[]),
    ("RandomState::new()", &[]),
    ("unsafe ", &[]),
    ("Instant::now", &["cli", "pipeline"]),
];

/// The text of source files by their paths below `src/`.
type Sources = BTreeMap<String, String>;

fn sources() -> Sources {
    let mut sources = Sources::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        "",
        &mut sources,
    );
    sources
}

fn collect(folder: &Path, prefix: &str, sources: &mut Sources) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let entry = entry.expect("an entry");
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), sources);
        } else if name.ends_with(".rs") && !name.ends_with("/tests.rs") && !name.contains("/tests/")
        {
            let text = fs::read_to_string(entry.path()).expect("a source file");
            sources.insert(name, text);
        }
    }
}

/// The code of a file, without its comments and unit tests.
fn code(text: &str) -> String {
    let mut code = String::new();
    for line in before_tests(text).lines() {
        code += before_comment(line);
        code.push('\n');
    }
    code
}

/// The unit tests are the last of a file.
fn before_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or_default()
}

fn before_comment(line: &str) -> &str {
    let mut in_text = false;
    let mut previous = b' ';
    for (position, byte) in line.bytes().enumerate() {
        match byte {
            b'"' if previous != b'\\' && previous != b'\'' => in_text = !in_text,
            b'/' if previous == b'/' && !in_text => return &line[..position - 1],
            _ => {}
        }
        previous = byte;
    }
    line
}

/// What is wrong with the sources.
fn complaints(sources: &Sources) -> Vec<String> {
    let rules = [
        wrong_imports,
        wrong_places,
        records_after_privacy,
        absolute_paths,
    ];
    let mut complaints = Vec::new();
    for (file, text) in sources {
        for rule in rules {
            complaints.extend(
                rule(file, text)
                    .into_iter()
                    .map(|what| format!("{file}: {what}")),
            );
        }
    }
    complaints
}

fn module(file: &str) -> &str {
    let first = file.split('/').next().unwrap_or_default();
    first.strip_suffix(".rs").unwrap_or(first)
}

fn rank(module: &str) -> usize {
    let rank = RANKS.iter().position(|rank| rank.contains(&module));
    rank.unwrap_or_else(|| panic!("src/{module} has no place in the order of modules"))
}

fn wrong_imports(file: &str, text: &str) -> Vec<String> {
    let own = module(file);
    let imported = imported(&code(text), own);
    let is_wrong = |other: &String| {
        let (other, neighbours) = (other.as_str(), (own, other.as_str()));
        let earlier = rank(other) < rank(own);
        // The library's root declares all modules, and uses none.
        own != "lib" && other != own && !earlier && !NEIGHBOURS.contains(&neighbours)
    };
    let wrong = imported.into_iter().filter(is_wrong);
    wrong
        .map(|other| format!("{own} must not know {other}"))
        .collect()
}

/// The crate's modules that some code names, by `crate::` or, from the program, by `hushlog::`.
fn imported(code: &str, own: &str) -> Vec<String> {
    let modules: Vec<&str> = RANKS.iter().copied().flatten().copied().collect();
    let mut imported = Vec::new();
    for root in ["crate::", "hushlog::"] {
        for (position, _) in code.match_indices(root) {
            let rest = &code[position + root.len()..];
            let names = match rest.strip_prefix('{') {
                Some(list) => heads(list),
                None => vec![word(rest)],
            };
            imported.extend(names.into_iter().map(str::to_owned));
        }
    }
    imported.retain(|name| modules.contains(&name.as_str()) && name != own);
    imported
}

/// The first names of a list of imports in braces, of which the opening one is left out.
fn heads(list: &str) -> Vec<&str> {
    let mut heads = Vec::new();
    let (mut depth, mut start) = (0, 0);
    for (position, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                heads.push(word(list[start..position].trim_start()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(word(list[start..position].trim_start()));
                start = position + 1;
            }
            _ => {}
        }
    }
    heads
}

fn word(text: &str) -> &str {
    let end = text.find(|character: char| !is_of_word(character));
    &text[..end.unwrap_or(text.len())]
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Whether the text has the word, not as a part of another.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(position, _)| {
        let before = text[..position].chars().next_back();
        let after = text[position + word.len()..].chars().next();
        !before.is_some_and(is_of_word) && !after.is_some_and(is_of_word)
    })
}

fn wrong_places(file: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let allowed = |places: &[&str]| {
        let within = |place: &&str| file == *place || file.starts_with(&format!("{place}/"));
        places.iter().any(within)
    };
    let words = CONFINED.iter().filter(|(word, _)| has_word(&code, word));
    let phrases = CONFINED_PHRASES
        .iter()
        .filter(|(phrase, _)| code.contains(phrase));
    let wrong = words.chain(phrases).filter(|(_, places)| !allowed(places));
    wrong
        .map(|(what, places)| format!("{what} belongs in {places:?}"))
        .collect()
}

/// Nothing after gate 1 names the personal record, but the audit, which reads the log as an intruder.
fn records_after_privacy(file: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let reads = ["record/", "format/", "privacy/", "audit/against/", "lib.rs"];
    let may = reads.iter().any(|place| file.starts_with(place));
    // The variant of the parser's answer is handed on by the pipeline without being looked into.
    let code = code.replace("Parsed::Record(", "(");
    let named = has_word(&code, "Record") || code.contains("::record::");
    if named && !may {
        vec!["Record is named after gate 1".to_owned()]
    } else {
        Vec::new()
    }
}

/// No path of one machine.
fn absolute_paths(_: &str, text: &str) -> Vec<String> {
    let roots = [
        "home", "root", "tmp", "var", "usr", "etc", "work", "opt", "Users",
    ];
    let text = before_tests(text);
    let starts = |root: &str| ['"', ' ', '`', '('].map(|before| format!("{before}/{root}/"));
    let is_there = |root: &&str| starts(root).iter().any(|start| text.contains(start));
    let found = roots.into_iter().filter(is_there);
    found.map(|root| format!("a path below /{root}")).collect()
}

#[test]
fn the_sources_keep_to_the_architecture() {
    let sources = sources();
    assert!(sources.len() > 50 && sources.contains_key("privacy/pseudonym.rs"));
    let complaints = complaints(&sources);
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn every_place_that_a_crate_is_confined_to_exists_and_uses_it() {
    let sources = sources();
    for (word, places) in CONFINED.into_iter().take(20) {
        for place in places {
            let uses = |(file, text): (&String, &String)| {
                file.starts_with(place) && has_word(&code(text), word)
            };
            assert!(sources.iter().any(uses), "{word} in {place}");
        }
    }
}

/// Every rule finds what breaks it.
#[test]
#[rustfmt::skip]
fn breaches_are_found() {
    for (file, text, expected) in [
        ("privacy/url.rs", "use crate::release::Plan;", "privacy must not know release"),
        ("output/csv.rs", "use crate::{\n    error::{Error, Result},\n    pipeline::{Report, report},\n};", "output must not know pipeline"),
        ("aggregate/table.rs", "fn f() { crate::output::csv::encode(); }", "aggregate must not know output"),
        ("session.rs", "use crate::aggregate::Table;", "session must not know aggregate"),
        ("error.rs", "use crate::time::Period;", "error must not know time"),
        ("input/mod.rs", "use crate::format::Format;", "input must not know format"),
        ("record/mod.rs", "pub use crate::{privacy};", "record must not know privacy"),
        ("pipeline/mod.rs", "use clap::Parser;", "clap belongs in"),
        ("aggregate/table.rs", "use rayon::prelude::*;", "rayon belongs in"),
        ("release/plan.rs", "let digest = sha2::Sha256::digest(b\"\");", "sha2 belongs in"),
        ("privacy/address.rs", "use hmac::Mac;", "hmac belongs in"),
        ("privacy/gate.rs", "use maxminddb::Reader;", "maxminddb belongs in"),
        ("privacy/referrer.rs", "psl::domain(host)", "psl belongs in"),
        ("release/plan.rs", "use chacha20::ChaCha20Rng;", "chacha20 belongs in"),
        ("time/syntax.rs", "use nom::IResult;", "nom belongs in"),
        ("output/terminal.rs", "    println!(\"{row}\");", "println! belongs in"),
        ("release/mod.rs", "dbg!(row);", "dbg! belongs in"),
        ("cli/mod.rs", "dbg!(row);", "dbg! belongs in"),
        ("input/source.rs", "eprint!(\"{line}\");", "eprint! belongs in"),
        ("session.rs", "let now = std::time::SystemTime::now();", "SystemTime belongs in"),
        ("privacy/pseudonym.rs", "getrandom::fill(&mut key)", "getrandom belongs in"),
        ("release/numbers.rs", "std::env::var(\"K\")", "std::env belongs in"),
        ("release/numbers.rs", "use std::{env, fs}; fn f() { env::var(\"K\") }", "env::var belongs in"),
        ("time/clock.rs", "jiff::Timestamp::now()", "Timestamp::now belongs in"),
        ("cli/mod.rs", "static mut COUNT: u32 = 0;", "static mut  belongs in"),
        ("output/csv.rs", "fn f(record: &Record<'_>) {}", "Record is named after gate 1"),
        ("aggregate/table.rs", "use crate::record::Text;", "Record is named after gate 1"),
        ("privacy/geo/mod.rs", "File::open(\"/usr/share/GeoIP/city.mmdb\")", "a path below /usr"),
        ("cli/mod.rs", "// see /home/me/notes", "a path below /home"),
    ] {
        let complaints = complaints(&Sources::from([(file.to_owned(), text.to_owned())]));
        let found = complaints.iter().any(|complaint| complaint.contains(expected));
        assert!(found, "{text} in {file}: {complaints:?}");
    }
}

#[test]
#[rustfmt::skip]
fn what_is_allowed_is_no_breach() {
    for (file, text) in [
        ("output/csv.rs", "//! Never a `Record`; see crate::pipeline.\nuse crate::{error::Result, release::{Release, Row}};"),
        ("output/csv.rs", "let text = \"a // b\"; // dbg!(text)"),
        ("output/publish/lock.rs", "let recorded = Recorded; let psl_like = 1; let nominal = 2;"),
        ("cli/report.rs", "use clap::Args;\nprintln!(\"{}\", jiff::Timestamp::now());"),
        ("privacy/gate.rs", "use crate::{record::Record, time::Timestamp};"),
        ("session.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n    fn g() { println!(); }\n}"),
        ("pipeline/read.rs", "Parsed::Record(record) => self.gate.admit(&record),"),
    ] {
        let complaints = complaints(&Sources::from([(file.to_owned(), text.to_owned())]));
        assert_eq!(complaints, Vec::<String>::new(), "{text} in {file}");
    }
}
