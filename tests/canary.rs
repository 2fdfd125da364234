//! No marked token that a log holds in any personal field comes out anywhere, on any path through the
//! program: not in what it prints, nor in a file, nor in a file's name.
//!
//! Every token is sent by enough networks that thresholds alone would let it through.

use std::{
    ffi::OsStr,
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use rustix::{
    fs::OFlags,
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};
use tempfile::TempDir;

use crate::{
    program::{gzip, program, published, report, run_for, tree},
    traces::{Traces, base64, base64_url, hex, percent},
};

/// A piece of personal data, and whether it is so by itself or only where something says so (a name
/// is a word like others until it stands behind `/user/` or in a field for names).
struct Secret {
    text: &'static str,
    by_itself: bool,
}

const fn secret(text: &'static str) -> Secret {
    let by_itself = true;
    Secret { text, by_itself }
}

const MAIL: &str = "quill.zqmail7@mailer-zq.example";
const TOKEN: &str =
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ6cWNhbmFyeSJ9.Zk3xQ9vT7bN2mW5rL8cJ1dF4gH6sA0pE";

const SECRETS: [Secret; 10] = [
    secret(MAIL),
    secret(TOKEN),
    // A token to reset a password, a session, a card (it has a valid check digit), a phone, a key.
    secret("rst9f8e7d6c5b4a3f2e1d0c7"),
    secret("c3a1f09b7d5e4826a0b1c2d3e4f50617"),
    secret("4539578763621486"),
    secret("447700900461"),
    secret("sk_live_51Hzq8Lm2Xv9QwErTy7Up"),
    secret("198.51.100.237"),
    secret("2001:db8:5afe:77::d1"),
    Secret {
        text: "zqcanaryuser",
        by_itself: false,
    },
];

/// Parts of a secret that must not come out either.
const PARTS: [&str; 4] = ["quill.zqmail7", "mailer-zq", "198-51-100-237", "zqcanary"];

/// Ways in which clients write a text.
fn spellings(text: &str) -> [String; 8] {
    let bytes = text.as_bytes();
    [
        text.to_owned(),
        percent(bytes),
        percent(percent(bytes).as_bytes()),
        percent(percent(percent(bytes).as_bytes()).as_bytes()),
        base64_url(bytes),
        percent(base64(bytes).as_bytes()),
        text.to_uppercase(),
        hex(bytes),
    ]
}

/// Targets in which a secret is one wherever it stands.
const OPEN_TARGETS: [&str; 6] = [
    "/{}",
    "/docs/{}/edit",
    "/files/report-{}.pdf",
    "/x/{}%0a",
    "http://{}@www.example.com/absolute/{}",
    "/a/b/c/d/e/f/g/h/{}",
];

/// Targets in which any text is personal.
const NAMED_TARGETS: [&str; 5] = [
    "/user/{}",
    "/reset/{}/",
    "/~{}/home",
    "/page;id={}?q={}#{}",
    "/landing?email={}&{}=1&{}",
];

/// Targets of which a mail address or a long token can be no name of a campaign either.
const CAMPAIGN_TARGETS: [&str; 1] =
    ["/sale?utm_source={}&utm_medium=email{}&utm_campaign={}&utm_term={}&utm_id={}"];

const REFERRERS: [&str; 8] = [
    "https://{}:{}@www.example.org/{}?x={}#{}",
    "https://search.example.net/{}?{}={}",
    "android-app://{}/",
    "{}",
    "https://{}.github.io/",
    "http://{}/",
    "//{}/{}",
    "https://ec2-198-51-100-237.compute-1.amazonaws.com/{}",
];

const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64; {}) Gecko/20100101 Firefox/127.0",
    "{}",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://{}/)",
];

/// Requests that are none.
const REQUESTS: [&str; 4] = ["{} / HTTP/1.1", "GET / {}", "{}", "GET  {} HTTP/1.1"];

/// Lines of no format.
const MALFORMED: [&str; 5] = [
    "{}",
    "{} - {} [03/Jun/2025:10:00:00 +0000] \"GET /{}",
    "{} - - [{}] \"GET /{} HTTP/1.1\" 200 5 \"{}\" \"{}\"",
    "81.120.207.113 - - [03/Jun/2025:10:00:00 +0000] \"GET / HTTP/1.1\" {} {} \"-\" \"-\"",
    "\u{16}\u{3}\u{1}{}\u{0}\u{7f}\u{1b}[2J",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Common,
    Combined,
    VirtualHost,
    Own,
}

const FORMATS: [Format; 4] = [
    Format::Common,
    Format::Combined,
    Format::VirtualHost,
    Format::Own,
];

impl Format {
    fn argument(self) -> &'static str {
        match self {
            Self::Common => "common",
            Self::Combined => "auto",
            Self::VirtualHost => "vhost_combined",
            Self::Own => {
                r#"%v %l %u %h %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i" "%{Cookie}i" "%{X-Forwarded-For}i" "%{X-User}o" %f %D"#
            }
        }
    }
}

/// One request in which every field may hold a secret.
struct Request<'a> {
    client: &'a str,
    request: &'a str,
    status: u16,
    referrer: &'a str,
    agent: &'a str,
    /// What all other fields say.
    secret: &'a str,
    second: usize,
}

impl Request<'_> {
    fn line(&self, format: Format) -> String {
        let Self {
            client,
            request,
            status,
            referrer,
            agent,
            secret,
            second,
        } = self;
        let (hour, minute) = (8 + second / 3600 % 12, second / 60 % 60);
        let time = format!(
            "[03/Jun/2025:{hour:02}:{minute:02}:{:02} +0000]",
            second % 60
        );
        let common = format!("{client} {secret} {secret} {time} \"{request}\" {status} 512");
        match format {
            Format::Common => common,
            Format::Combined => format!("{common} \"{referrer}\" \"{agent}\""),
            Format::VirtualHost => {
                format!("{secret}.example.com:443 {common} \"{referrer}\" \"{agent}\"")
            }
            Format::Own => format!(
                "{secret} {secret} {secret} {client} {time} \"{request}\" {status} 512 \"{referrer}\" \
                 \"{agent}\" \"sid={secret}; {secret}=1\" \"{secret}, {client}\" \"{secret}\" \
                 /home/{secret} 77"
            ),
        }
    }
}

const NETWORKS: usize = 8;

/// An address of a network. A client has few requests, lest it be taken for a machine.
fn client(network: usize, number: usize) -> String {
    let host = 100 + number % 97;
    match network {
        5 => format!("2a02:1f{network}a:77c:{host:x}::{host:x}e"),
        6 => format!("::ffff:93.184.156.{host}"),
        7 => format!("host-{host}-zqcanary.provider.example"),
        _ => format!("81.{}.207.{host}", 120 + network),
    }
}

/// A log full of secrets, each of its requests sent from every network.
fn log(format: Format) -> String {
    let mut log = String::new();
    let mut number = 0;
    for secret in &SECRETS {
        for spelling in spellings(secret.text) {
            let fill = |template: &str| template.replace("{}", &spelling);
            for target in targets(secret) {
                let (request, status) = match number % 10 {
                    8 => (format!("POST {} HTTP/2.0", fill(target)), 200),
                    9 => (format!("GET {} HTTP/1.1", fill(target)), 404),
                    _ => (format!("GET {} HTTP/1.1", fill(target)), 200),
                };
                push(&mut log, format, &request, status, &spelling, number);
                number += 1;
            }
            for request in REQUESTS {
                push(&mut log, format, &fill(request), 400, &spelling, number);
                number += 1;
            }
            for line in MALFORMED {
                log += &format!("{}\n", fill(line));
            }
        }
        log += &format!(
            "81.120.207.113 - - [{0} \"GET /{0}{1}\n",
            secret.text,
            "x".repeat(70_000)
        );
        log += &format!("{}{}\n", "y".repeat(70_000), secret.text);
    }
    log
}

fn targets(secret: &Secret) -> Vec<&'static str> {
    let mut targets = NAMED_TARGETS.to_vec();
    if secret.by_itself {
        targets.extend(OPEN_TARGETS);
    }
    if [MAIL, TOKEN].contains(&secret.text) {
        targets.extend(CAMPAIGN_TARGETS);
    }
    targets
}

fn push(
    log: &mut String,
    format: Format,
    request: &str,
    status: u16,
    spelling: &str,
    number: usize,
) {
    let referrer = REFERRERS[number % REFERRERS.len()].replace("{}", spelling);
    // A few are crawlers; the others' requests are what the tables of visits are made of.
    let agent = AGENTS[if number.is_multiple_of(7) {
        2
    } else {
        number % 2
    }];
    for network in 0..NETWORKS {
        let request = Request {
            client: &client(network, number),
            request,
            status,
            referrer: &referrer,
            agent: &agent.replace("{}", spelling),
            secret: spelling,
            second: number * 7 + network,
        };
        log.push_str(&request.line(format));
        log.push('\n');
    }
}

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
    let more = scene.folder.path().join("more.log");
    fs::write(&more, log.lines().next().expect("a line").to_owned() + "\n").expect("a written log");
    let damaged = scene.out.join("ledger.jsonl");
    for (case, status, arguments) in [
        ("the same log again", 0, &[][..]),
        ("a changed log", 3, &[OsStr::new(&more)]),
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
    fs::write(&damaged, "{}\n").expect("a written ledger");
    let output = run_for(scene.report(&[]).arg(&scene.log), 1);
    assert_clean(&traces, &output, &scene.out, "a damaged ledger");
}

#[test]
fn nothing_personal_comes_out_beside_the_progress_bar() {
    let log = log(Format::Combined).repeat(4);
    let scene = Scene::new("access.log", log.as_bytes());
    let mut command = program();
    command
        .args(["report", "--k=5", "-o"])
        .args([&scene.out, &scene.log]);
    let shown = on_a_terminal(&mut command);
    let traces = traces();
    traces.assert_none_in(&shown, "the terminal");
    let shown = String::from_utf8_lossy(&shown);
    assert!(shown.contains("lines/s"), "no progress was shown: {shown}");
}

/// What a command writes to a terminal as its standard error.
fn on_a_terminal(command: &mut Command) -> Vec<u8> {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("a terminal of ours");
    unlockpt(&terminal).expect("an unlocked terminal");
    let name = ptsname(&terminal, Vec::new()).expect("a terminal with a name");
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let other_end = rustix::fs::open(name.as_c_str(), flags, rustix::fs::Mode::empty());
    let other_end = other_end.expect("the other end of the terminal");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(other_end);
    let mut child = command.spawn().expect("the program starts");
    // Gives up the command's own copy of the other end.
    command.stderr(Stdio::null());
    let mut shown = Vec::new();
    // Linux ends a terminal that nobody writes to any more by an error.
    let _ = fs::File::from(terminal).read_to_end(&mut shown);
    let status = child.wait().expect("the program ends");
    assert!(status.success(), "{status}");
    shown
}
