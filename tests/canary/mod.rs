//! No marked token that a log holds in any personal field comes out anywhere, on any path through the
//! program: not in what it prints, nor in a file, nor in a file's name.
//!
//! Every token is sent by enough networks that thresholds alone would let it through.

mod log;

use std::{
    ffi::OsStr,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

use self::log::{
    FORMATS, Format, MAIL, MALFORMED, NETWORKS, PARTS, SECRETS, client, log, spellings,
};
use crate::{
    program::{gzip, program, published, report, run_for, run_on, tree, with_room_for},
    terminal::errors_on_a_terminal,
    traces::{Traces, base64},
};

/// What must not come out.
fn traces() -> Traces {
    let mut traces = Traces::default();
    for text in SECRETS.iter().map(|secret| secret.text).chain(PARTS) {
        traces.add_text(text);
    }
    for network in 0..NETWORKS {
        for number in 0..97 {
            traces.add_address(&client(network, number));
        }
    }
    traces.add_digests("81.120.207.113", MD5, SHA1);
    traces
}

/// Of `81.120.207.113`, by md5sum and sha1sum.
const MD5: &str = "da4adf587e24066c48cf6430e0398415";
const SHA1: &str = "d81f22d4541f5ebd46e3ea7e2950f5de40473691";

/// A log in a folder of its own.
struct Scene {
    folder: TempDir,
    log: PathBuf,
    out: PathBuf,
}

impl Scene {
    fn new(name: &str, content: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (log, out) = (folder.path().join(name), folder.path().join("out"));
        fs::write(&log, content).expect("a written log");
        Self { folder, log, out }
    }

    fn report(&self, arguments: &[&str]) -> Command {
        let mut command = report(&self.out);
        command.args(["--k=5", "--site-host=www.example.com"]);
        command.args(arguments).env("RUST_BACKTRACE", "full");
        command
    }
}

#[track_caller]
fn assert_clean(traces: &Traces, output: &Output, folder: &Path, case: &str) {
    traces.assert_none_in(&output.stdout, &format!("standard output, {case}"));
    traces.assert_none_in(&output.stderr, &format!("standard error, {case}"));
    for (name, bytes) in tree(folder) {
        traces.assert_none_in(name.as_bytes(), &format!("the name of a file, {case}"));
        traces.assert_none_in(&bytes, &format!("{name}, {case}"));
    }
}

#[test]
fn nothing_personal_comes_out_of_any_format() {
    let traces = traces();
    for format in FORMATS {
        let log = log(format);
        let files = [
            ("access.log", log.clone().into_bytes()),
            ("access.log.gz", gzip(log.as_bytes())),
        ];
        for (name, content) in files {
            let scene = Scene::new(name, &content);
            let arguments = ["-f", format.argument(), "--goal=edit=/docs/**"];
            let mut command = scene.report(&arguments);
            if name.ends_with(".gz") {
                command.arg("-q");
            }
            let output = run_for(command.arg(&scene.log), 0);
            let case = format!("{format:?} from {name}");
            assert_clean(&traces, &output, &scene.out, &case);
            assert_published(&scene.out, format);
        }
    }
}

#[test]
fn nothing_personal_comes_out_with_noise() {
    let traces = traces();
    for format in FORMATS {
        let scene = Scene::new("access.log", log(format).as_bytes());
        let arguments = [
            "--privacy=dp",
            "--rho=1",
            "--budget=30",
            "-f",
            format.argument(),
        ];
        let output = run_for(scene.report(&arguments).arg(&scene.log), 0);
        assert_clean(
            &traces,
            &output,
            &scene.out,
            &format!("{format:?} with noise"),
        );
        let pages = &published(&scene.out)["date=2025-06-03/pages.csv"];
        assert!(pages.iter().filter(|byte| **byte == b'\n').count() > 1);
    }
}

#[test]
fn nothing_personal_comes_out_of_a_scrubbed_log() {
    let traces = traces();
    for format in FORMATS {
        let log = log(format);
        for address in ["visitor", "region", "drop"] {
            let mut command = program();
            command.args(["scrub", "--address", address, "-f", format.argument()]);
            let output = run_on(&mut command, log.as_bytes());
            let case = format!("{format:?}, {address}");
            traces.assert_none_in(&output.stdout, &case);
            traces.assert_none_in(&output.stderr, &case);
            let lines = output.stdout.split(|byte| *byte == b'\n').count();
            assert!(output.status.success() && lines > 1000, "{case}");
        }
    }
}

/// The secrets' rows are above the threshold: it is not the threshold that hides them.
fn assert_published(out: &Path, format: Format) {
    let files = published(out);
    let table = |name: &str| {
        let file = files.get(&format!("date=2025-06-03/{name}.csv"));
        String::from_utf8_lossy(file.map_or(&[][..], Vec::as_slice)).into_owned()
    };
    let expect = |name: &str, cells: &[&str]| {
        let table = table(name);
        for cell in cells {
            assert!(
                table.contains(cell),
                "{format:?}: no {cell} in {name}\n{table}"
            );
        }
    };
    expect(
        "pages",
        &[
            "/docs/{email}/edit",
            "/{token}",
            "/{ip}",
            "/{num}",
            "/user/{val}",
            "/{user}/home",
            "(opaque)",
        ],
    );
    if format != Format::Common {
        expect(
            "referrers",
            &["example.org", "github.io", "(app)", "amazonaws.com"],
        );
        expect("crawlers", &["Googlebot"]);
    }
    if [Format::VirtualHost, Format::Own].contains(&format) {
        expect("hosts", &["(other host)"]);
    }
}

#[test]
fn the_log_holds_what_is_searched_for_and_the_search_finds_it() {
    let traces = traces();
    let raw = log(Format::Own);
    for text in SECRETS.iter().flat_map(|secret| spellings(secret.text)) {
        assert!(raw.contains(&text), "{text} is not in the log");
        let hidden = format!("date,page\r\n2025-06-03,/x/{text}.html,7\r\n");
        assert!(
            traces.found_in(hidden.as_bytes()).is_some(),
            "{text} is not found"
        );
    }
    let reversed = |text: &str| text.chars().rev().collect::<String>();
    for text in [
        client(0, 13),
        client(5, 13),
        client(6, 13),
        reversed(&client(1, 13)),
        reversed(MAIL),
        MD5.to_owned(),
        SHA1.to_uppercase(),
        base64(format!("ab{MAIL}c").as_bytes()),
        "113.207.120.81.in-addr.arpa".to_owned(),
        u32::from_be_bytes([81, 120, 207, 113]).to_string(),
        "5178cf71".to_owned(),
    ] {
        assert!(
            traces.found_in(text.as_bytes()).is_some(),
            "{text} is not found"
        );
    }
    assert_eq!(
        traces.found_in(b"date,page,pageviews\r\n2025-06-03,/about,17\r\n"),
        None
    );
}

#[test]
fn nothing_personal_comes_out_by_host() {
    let traces = traces();
    // Hosts that hold secrets, and the same lines of a site.
    let hosts = log(Format::VirtualHost);
    let lines = hosts.lines().map(|line| {
        let request = line.split_once(".example.com:443 ").map(|(_, rest)| rest);
        request.map_or_else(
            || format!("{line}\n"),
            |rest| format!("{line}\nwww.example.com:443 {rest}\n"),
        )
    });
    let scene = Scene::new("access.log", lines.collect::<String>().as_bytes());
    let by_host = ["-f", "vhost_combined", "--by-host"];
    for more in [&[][..], &["--site-host=shop.example.com"]] {
        let mut command = scene.report(&[&by_host[..], more].concat());
        let output = run_for(command.arg(&scene.log), 0);
        assert_clean(&traces, &output, &scene.out, "by host");
    }
    let files = published(&scene.out);
    let pages = &files["site=www.example.com/date=2025-06-03/pages.csv"];
    assert!(String::from_utf8_lossy(pages).contains("/docs/{email}/edit"));
    let sites = files
        .keys()
        .all(|name| name.starts_with("site=www.example.com/"));
    assert!(sites, "{:?}", files.keys());

    let log = log(Format::Combined);
    let scene = Scene::new("access-www.example.com.log", log.as_bytes());
    let mut command = scene.report(&["--by-host", "--host-from-file=access-{host}.log"]);
    let output = run_for(command.arg(&scene.log), 0);
    assert_clean(&traces, &output, &scene.out, "by the names of files");
    assert!(published(&scene.out).contains_key("site=www.example.com/date=2025-06-03/pages.csv"));
}

#[test]
fn nothing_personal_comes_out_of_a_failing_run() {
    let traces = traces();
    let log = log(Format::Combined);
    let check = |case: &str, status: i32, scene: &Scene, command: &mut Command| {
        let output = run_for(command, status);
        assert_clean(&traces, &output, &scene.out, case);
    };
    let cut = |bytes: &[u8]| bytes[..bytes.len() * 2 / 3].to_vec();
    let scene = |content: &[u8]| Scene::new("access.log", content);

    let plain = scene(log.as_bytes());
    for (case, status, arguments) in [
        ("an unknown time zone", 1, &["--tz=Nowhere/Else"][..]),
        (
            "a format string that is none",
            1,
            &["-f", "%h %t \"%r\" %y"],
        ),
        ("a missing region database", 1, &["--geo-db=missing.mmdb"]),
        ("an unknown period", 1, &["--period=fortnight"]),
        ("a threshold under the floor", 3, &["--k=4"]),
        ("a missing file beside it", 2, &["missing.log"]),
        (
            "the wrong format, in which every line is malformed",
            0,
            &["-f", "vhost_combined"],
        ),
        ("another wrong format", 0, &["-f", "%t %h \"%r\" %>s"]),
        ("fewer networks than k", 0, &["--k=1000"]),
        ("quietly fewer networks than k", 0, &["--k=1000", "-q"]),
        ("an open day", 0, &["--grace=30000h"]),
    ] {
        let mut command = plain.report(&[]);
        if case.contains("threshold") || case.contains("networks") {
            command = report(&plain.out);
        }
        check(
            case,
            status,
            &plain,
            command.arg(&plain.log).args(arguments),
        );
    }

    let gzipped = scene(&cut(&gzip(log.as_bytes())));
    check(
        "a cut gzip file",
        2,
        &gzipped,
        gzipped.report(&[]).arg(&gzipped.log),
    );
    let partial = scene(&cut(&gzip(log.as_bytes())));
    let mut command = partial.report(&["--allow-partial"]);
    check(
        "what there is of a cut gzip file",
        2,
        &partial,
        command.arg(&partial.log),
    );

    let no_format: String = MALFORMED
        .map(|line| line.replace("{}", MAIL) + "\n")
        .concat();
    let unknown = scene(no_format.repeat(20).as_bytes());
    check(
        "no known format",
        2,
        &unknown,
        unknown.report(&[]).arg(&unknown.log),
    );

    let below_a_file = scene(log.as_bytes());
    fs::write(&below_a_file.out, MAIL.len().to_string()).expect("a written file");
    check(
        "a file in place of the folder",
        1,
        &below_a_file,
        below_a_file.report(&[]).arg(&below_a_file.log),
    );
}

#[test]
fn nothing_personal_comes_out_of_a_run_on_an_earlier_release() {
    let traces = traces();
    let log = log(Format::Combined);
    let scene = Scene::new("access.log", log.as_bytes());
    run_for(scene.report(&["-q"]).arg(&scene.log), 0);
    let another = |name: &str, content: String| {
        let path = scene.folder.path().join(name);
        fs::write(&path, content).expect("a written log");
        path
    };
    let more = another("more.log", log.lines().take(1).collect());
    // Without its first hours.
    let next = another("next.log", log.replace("[03/Jun", "[04/Jun"));
    for (case, status, arguments) in [
        ("the same log again", 0, &[][..]),
        ("a changed log", 3, &[more.as_os_str()]),
        ("a day without its beginning", 2, &[next.as_os_str()]),
        ("another time zone", 3, &[OsStr::new("--tz=Asia/Tokyo")]),
        (
            "another length of period",
            3,
            &[OsStr::new("--period=week")],
        ),
    ] {
        let output = run_for(scene.report(&[]).arg(&scene.log).args(arguments), status);
        assert_clean(&traces, &output, &scene.out, case);
    }
    let output = run_for(
        &mut with_room_for(
            1,
            scene.report(&[]).args([&next, &scene.log]).arg("--gap=9h"),
        ),
        1,
    );
    assert_clean(&traces, &output, &scene.out, "no room for files");
    fs::write(scene.out.join("ledger.jsonl"), "{}\n").expect("a written ledger");
    let output = run_for(scene.report(&[]).arg(&scene.log), 1);
    assert_clean(&traces, &output, &scene.out, "a damaged ledger");
    fs::set_permissions(&scene.out, Permissions::from_mode(0o777)).expect("a folder of ours");
    let output = run_for(scene.report(&[]).arg(&scene.log), 3);
    assert_clean(
        &traces,
        &output,
        &scene.out,
        "a folder that everyone can write to",
    );
}

#[test]
fn nothing_personal_comes_out_beside_the_progress_bar() {
    let log = log(Format::Combined).repeat(4);
    let scene = Scene::new("access.log", log.as_bytes());
    let mut command = program();
    command
        .args(["report", "--k=5", "--allow-overlap", "-o"])
        .args([&scene.out, &scene.log]);
    let shown = errors_on_a_terminal(&mut command);
    let traces = traces();
    traces.assert_none_in(&shown, "the terminal");
    let shown = String::from_utf8_lossy(&shown);
    assert!(shown.contains(" lines, "), "no progress was shown: {shown}");
}

#[test]
fn nothing_personal_comes_out_in_progress_for_programs() {
    let scene = Scene::new("access.log", log(Format::Combined).as_bytes());
    let command = &mut scene.report(&["--json-progress"]);
    let output = run_for(command.arg(&scene.log), 0);
    assert_clean(&traces(), &output, &scene.out, "progress");
}

#[test]
fn nothing_personal_comes_out_in_other_encodings() {
    let traces = traces();
    for encoding in ["jsonl", "parquet"] {
        let scene = Scene::new("access.log", log(Format::Combined).as_bytes());
        let arguments = ["--goal=edit=/docs/**", "--output-format", encoding];
        let output = run_for(scene.report(&arguments).arg(&scene.log), 0);
        assert_clean(&traces, &output, &scene.out, encoding);
        let files = published(&scene.out);
        let ending = format!("pages.{encoding}");
        let pages = files.iter().find(|(name, _)| name.ends_with(&ending));
        assert!(pages.is_some(), "{:?}", files.keys());
        // What is compressed cannot be searched; the audit holds it to what is not.
        run_for(program().arg("audit").arg(&scene.out), 0);
    }
}
