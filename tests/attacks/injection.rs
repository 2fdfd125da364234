//! Injection: text that a spreadsheet computes, a browser runs or a terminal obeys, on its way through
//! every field of a log, and through names of files, into what others open.

use std::{
    fs,
    process::{Command, Output},
};

use super::{K, Released, Request, Site, readers};
use crate::program::{Tree, program, run, run_for, tree};

/// What would act, by who would obey it.
const PAYLOADS: [(&str, &str); 25] = [
    ("a formula", "=HYPERLINK(\"http://evil.example\")"),
    ("a formula that runs", "=cmd|'/c calc'!A1"),
    ("a sum", "+1+1"),
    ("a difference", "-2+3"),
    ("a function of old", "@SUM(1,1)"),
    ("a formula in full width", "\u{ff1d}1+1"),
    ("a plus in full width", "\u{ff0b}1"),
    ("a minus in full width", "\u{ff0d}1"),
    ("an at in full width", "\u{ff20}SUM(1)"),
    ("a formula after a tab", "\t=1+1"),
    ("a formula after a return", "\r=1+1"),
    ("a formula after a space", " =1+1"),
    ("a further row", "x\r\n2025-06-02,forged,999"),
    ("a further cell", "x\",\"forged\",\"999"),
    ("a script", "<script>alert(1)</script>"),
    ("an image", "\"><img src=x onerror=alert(1)>"),
    ("a link", "javascript:alert(1)"),
    ("a cleared screen", "\u{1b}[2J\u{1b}[H"),
    ("a title", "\u{1b}]0;forged\u{7}"),
    ("a clipboard", "\u{1b}]52;c;Zm9yZ2Vk\u{7}"),
    ("a control sequence of C1", "\u{9b}2J"),
    ("a string of C1", "\u{9d}0;forged\u{9c}"),
    ("a direction", "\u{202e}gnp.exe\u{2066}"),
    ("a line separator", "a\u{2028}b\u{2029}c\u{85}d"),
    ("a backspace", "a\u{8}\u{8}\u{7f}b"),
];

/// How a client can send it.
fn spellings(payload: &str) -> [String; 3] {
    let hex = |prefix: &str| {
        payload
            .bytes()
            .map(|byte| format!("{prefix}{byte:02x}"))
            .collect()
    };
    [
        payload.replace(['\r', '\n', '"', ' '], "_"),
        hex("%"),
        hex("\\x"),
    ]
}

/// Each in every field, from enough networks.
fn log() -> String {
    let spelled = PAYLOADS.iter().flat_map(|(_, payload)| spellings(payload));
    let lines = spelled.enumerate().map(|(number, text)| {
        let request = Request {
            second: 60 * number,
            ..Request::default()
        };
        let path = format!("/{text}");
        let source =
            format!("/?utm_source={text}&utm_medium={text}&utm_campaign={text}&keep={text}");
        [
            Request {
                target: &path,
                ..request
            },
            Request {
                target: &source,
                second: request.second + 10,
                ..request
            },
            Request {
                target: &text,
                second: request.second + 20,
                ..request
            },
            Request {
                referrer: &format!("https://{text}.example.com/"),
                second: request.second + 30,
                ..request
            },
            Request {
                referrer: &format!("https://{text}/"),
                second: request.second + 35,
                ..request
            },
            Request {
                agent: &text,
                second: request.second + 40,
                ..request
            },
        ]
        .map(|request| readers(0..K + 5, &request))
        .concat()
    });
    lines.collect()
}

/// Whether text acts instead of showing; line ends and tabs aside.
fn acts(character: char) -> bool {
    (character.is_control() && !matches!(character, '\n' | '\r'))
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[track_caller]
fn check_text(bytes: &[u8], place: &str) {
    let text = str::from_utf8(bytes).unwrap_or_else(|_| panic!("{place} is no text"));
    let found = text.chars().find(|character| acts(*character));
    assert_eq!(found, None, "{place}");
    for markup in ["<script", "<img", "javascript:"] {
        assert!(!text.contains(markup), "{markup} in {place}");
    }
}

#[track_caller]
fn check_cells(bytes: &[u8], place: &str) {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(bytes);
    let rows: Vec<_> = reader
        .records()
        .map(|row| row.expect("as many cells"))
        .collect();
    for cell in rows.iter().flatten() {
        let first = cell.trim_start().chars().next();
        let formula =
            first.is_some_and(|first| "=+-@\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(first));
        assert!(!formula, "{cell:?} in {place}");
        assert_ne!(cell, "999", "{place}");
    }
}

#[track_caller]
fn check_json_lines(bytes: &[u8], place: &str) {
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let row: serde_json::Value = serde_json::from_slice(line).expect("an object a line");
        let cells = row.as_object().expect("an object").values();
        for cell in cells.filter_map(|cell| cell.as_str()) {
            assert!(
                !cell.starts_with(['=', '+', '-', '@']),
                "{cell:?} in {place}"
            );
            assert!(!cell.contains(acts), "{cell:?} in {place}");
        }
    }
}

#[track_caller]
fn check(files: &Tree, said: &Output) {
    check_text(&said.stdout, "standard output");
    check_text(&said.stderr, "standard error");
    for (name, bytes) in files {
        check_text(name.as_bytes(), "the name of a file");
        check_text(bytes, name);
        if name.ends_with(".csv") {
            check_cells(bytes, name);
        }
        if name.ends_with(".jsonl") {
            check_json_lines(bytes, name);
        }
    }
}

#[test]
fn spreadsheets_browsers_and_terminals_find_nothing_to_obey() {
    let site = Site::new(log());
    let settings = [
        "--keep-query=keep",
        "--goal=g=/*",
        "--automated-pageviews=100000",
        "--automated-requests=100000",
        "--output-format=jsonl",
    ];
    let output = run_for(site.report().args(settings).arg("-v"), 0);
    let files = tree(&site.out());
    assert!(files.keys().any(|name| name.ends_with("referrers.csv")));
    // Not because nothing of it is named.
    let pages = Released::in_folder(&site.out()).cells("pages", 1);
    assert!(pages.contains(&"/{val}".to_owned()), "{pages:?}");
    check(&files, &output);
    let audit = run(program().arg("audit").arg(site.out()));
    check_text(&audit.stdout, "the audit's report");
}

/// The attacker names files: a virtual host, an upload, an archive that was unpacked.
#[test]
fn names_of_files_do_not_act_in_messages() {
    let site = Site::new("");
    let folder = site.path("logs");
    fs::create_dir(&folder).expect("a folder");
    for (_, payload) in PAYLOADS {
        let name = payload.replace('/', "_");
        let bytes = readers(0..10, &Request::default()) + "malformed\n";
        fs::write(folder.join(format!("{name}.log")), bytes).expect("a log");
        fs::write(folder.join(format!("{name}.gz")), [0x1f, 0x8b, 8, 0, 0]).expect("a broken log");
    }
    let over = |arguments: &[&str]| {
        let mut command: Command = crate::program::report(&site.out());
        command
            .arg(&folder)
            .args(["--k=5", "--geo-db=none"])
            .args(arguments);
        run(&mut command)
    };
    for arguments in [
        &["-v"][..],
        &["-v", "--allow-overlap", "--allow-partial"],
        &[
            "--by-host",
            "--site-host=a.example",
            "--host-from-file={host}.log",
        ],
    ] {
        let output = over(arguments);
        assert!(!output.stderr.is_empty());
        let said = String::from_utf8_lossy(&output.stderr);
        let found = said.chars().find(|character| acts(*character));
        assert_eq!(found, None, "{said:?}");
    }
}
