//! Log formats from outside: the same requests in every notation, and what `hushlog formats` says.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::Path,
    process::{Command, Output},
};

/// How a server writes a request's fields: client, second, path, status, referrer, agent.
type Line = fn(&str, u32, &str, u16, &str, &str) -> String;

const NGINX_CONFIGURATION: &str = r#"
http {
    # log_format off '$remote_addr';
    log_format json escape=json '{"ip":"$remote_addr","at":"$time_iso8601","to":"$upstream_addr",'
        '"request":"$request","status":$status,"bytes":$body_bytes_sent,'
        '"referrer":"$http_referer","agent":"$http_user_agent"}';
    access_log /var/log/nginx/access.log json;
}
"#;

fn hushlog(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hushlog"));
    command.args(arguments).env_remove("HUSHLOG_LOG_FORMAT");
    command.output().expect("the program starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A day of a site: 40 networks, each with a visit of three pages.
fn log(line: Line) -> String {
    let mut log = String::new();
    for client in 0..40 {
        for page in 0..3 {
            let second = client * 60 + page * 7;
            let address = format!("198.51.{client}.7");
            let path = ["/", "/caf%C3%A9", "/gone"][page as usize];
            let status = if page == 2 { 404 } else { 200 };
            let line = line(
                &address,
                second,
                path,
                status,
                "https://example.com/",
                "a \"quoted\" agent",
            );
            writeln!(log, "{line}").expect("memory takes it");
        }
    }
    log
}

fn combined(
    client: &str,
    second: u32,
    path: &str,
    status: u16,
    referrer: &str,
    agent: &str,
) -> String {
    let agent = agent.replace('"', "\\\"");
    format!(
        r#"{client} - - [21/Nov/2020:01:{:02}:{:02} +0100] "GET {path} HTTP/1.1" {status} 5 "{referrer}" "{agent}""#,
        second / 60,
        second % 60
    )
}

fn nginx(
    client: &str,
    second: u32,
    path: &str,
    status: u16,
    referrer: &str,
    agent: &str,
) -> String {
    let agent = agent.replace('"', "\\x22");
    format!(
        r#"{referrer} "{agent}" 10.0.0.1:80, 10.0.0.2:80 : - [{}.000] GET {path} {status} 5 {client}"#,
        1_605_916_800 + second
    )
}

fn json(client: &str, second: u32, path: &str, status: u16, referrer: &str, agent: &str) -> String {
    let agent = agent.replace('"', "\\\"");
    format!(
        r#"{{"ip":"{client}","at":"2020-11-21T00:{:02}:{:02}+00:00","to":"","request":"GET {path} HTTP/1.1","status":{status},"bytes":5,"referrer":"{referrer}","agent":"{agent}"}}"#,
        second / 60,
        second % 60
    )
}

fn tabs(client: &str, second: u32, path: &str, status: u16, referrer: &str, agent: &str) -> String {
    let time = format!("00:{:02}:{:02}", second / 60, second % 60);
    format!(
        "2020-11-21\t{time}\tEDGE1\t{client}\tGET\t{path}\t{status}\t5\t{referrer}\t{agent}\tmore"
    )
}

/// What `report` publishes of a log.
fn published(log: &str, format: &[&str]) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, output) = (folder.path().join("access.log"), folder.path().join("out"));
    fs::write(&input, log).expect("a log");
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let (input, output) = (text(&input), text(&output));
    let mut arguments = vec!["report", "-o", &output, "--no-progress", &input];
    arguments.extend(format);
    let result = hushlog(&arguments);
    assert!(
        result.status.success(),
        "{format:?}: {}",
        complaint(&result)
    );
    let files = fs::read_dir(Path::new(&output).join("date=2020-11-21")).expect("a release");
    let files = files.map(|file| file.expect("a file").path());
    let named = files.map(|file| {
        (
            file.file_name()
                .map(|name| name.to_string_lossy().into_owned()),
            file,
        )
    });
    named
        .map(|(name, file)| {
            (
                name.unwrap_or_default(),
                fs::read_to_string(file).expect("text"),
            )
        })
        .collect()
}

#[test]
fn the_same_requests_give_the_same_release_in_every_notation() {
    let folder = tempfile::tempdir().expect("a folder");
    let configuration = folder.path().join("nginx.conf");
    fs::write(&configuration, NGINX_CONFIGURATION).expect("a configuration");
    let configured = format!("@{}", configuration.display());
    let expected = published(&log(combined), &[]);
    assert!(expected.contains_key("pages.csv"));
    let check = |line: Line, format: &[&str]| {
        assert_eq!(published(&log(line), format), expected, "{format:?}");
    };
    check(combined, &["-f", "COMBINED"]);
    check(combined, &["-f", r#"%h %^[%d:%t %^] "%r" %s %b "%R" "%u""#]);
    check(
        combined,
        &[
            "-f",
            r#"'$remote_addr - $remote_user [$time_local] ' '"$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'"#,
        ],
    );
    check(
        nginx,
        &[
            "-f",
            r#"$http_referer "$http_user_agent" $upstream_addr [$msec] $request_method $request_uri $status $bytes_sent $remote_addr"#,
        ],
    );
    check(json, &["-f", &configured]);
    check(json, &["-f", &format!("{configured}:json")]);
    check(
        tabs,
        &[
            "-f",
            r"%d\t%t\t%^\t%h\t%m\t%U\t%s\t%b\t%R\t%u\t%^",
            "--date-format",
            "%Y-%m-%d",
            "--time-format",
            "%T",
        ],
    );
}

#[test]
fn verbose_tells_the_format_of_each_source() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("access.log");
    fs::write(&input, log(combined) + "no line\n").expect("a log");
    let (input, output) = (input.display().to_string(), folder.path().join("out"));
    let output = output.display().to_string();
    let result = hushlog(&["report", "-v", "-o", &output, "--no-progress", &input]);
    let expected = format!("hushlog: {input}: combined, 99.1 % of 121 lines\n");
    assert!(
        complaint(&result).contains(&expected),
        "{}",
        complaint(&result)
    );
}

#[test]
fn all_known_formats_are_listed() {
    let list = said(&hushlog(&["formats", "list"]));
    for words in [
        "common|COMMON",
        "vhost_combined|VCOMBINED",
        "squid|SQUID|host, request, status",
        "haproxy|--log-tz",
        "w3c|W3C|what its directives name",
    ] {
        let mut lines = list.lines();
        let is_there = lines.any(|line| words.split('|').all(|word| line.contains(word)));
        assert!(is_there, "{words}: {list}");
    }
}

#[test]
fn a_format_is_explained_field_by_field() {
    let check = |spec: &str, expected: &[&str]| {
        let output = hushlog(&["formats", "explain", spec]);
        let text = said(&output);
        assert!(output.status.success(), "{}", complaint(&output));
        for words in expected {
            let is_there = text
                .lines()
                .any(|line| words.split('|').all(|word| line.contains(word)));
            assert!(is_there, "{words}: {text}");
        }
    };
    check(
        "combined",
        &[
            "%h|client address|pseudonymised",
            "%u|not used|dropped at parse",
            "%r|request line|scrubbed",
        ],
    );
    check(
        "$remote_addr $msec $http_dnt",
        &["nginx log_format", "$http_dnt|1 drops the line"],
    );
    check("%h [%d:%t]", &["GoAccess", "--log-tz"]);
    check("%{X-Forwarded-For}i %t", &["Apache", "anybody can send"]);
    check(
        "docker:caddy",
        &[
            "caddy, a known format, in the wrapper docker",
            "request.uri|path|scrubbed",
        ],
    );
    check(
        "json:client=ip,time=ts,url=u",
        &["fields of one's own", "u|URL|scrubbed"],
    );
    check("w3c", &["told by the log itself"]);
}

#[test]
fn a_test_counts_lines_by_outcome_and_never_shows_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("access.log");
    let secret = "secret.example.org";
    let broken = format!("203.0.113.7 - {secret} [x\n# {secret}\n\n{secret}\n{secret}\n");
    fs::write(&input, log(combined) + &broken).expect("a log");
    let input = input.display().to_string();
    let output = hushlog(&["formats", "test", "auto", &input, "-n", "1"]);
    let text = said(&output);
    for expected in [
        "combined: it fits 120 of the first 123 lines (97.5 %)",
        "125  lines",
        "120  requests",
        "2  blank lines and directives",
        "2  malformed: the line ends before its last field (lines 124, …)",
        "1  malformed: the time cannot be read (line 121)",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!(text + &complaint(&output)).contains(secret));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_test_reads_out_of_wrappers_and_along_directives() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("access.log");
    let check = |log: &str, expected: &[&str]| {
        fs::write(&input, log).expect("a log");
        let input = input.display().to_string();
        let text = said(&hushlog(&["formats", "test", "auto", &input]));
        for words in expected {
            assert!(text.contains(words), "{words}: {text}");
        }
    };
    let composed = log(combined).replace("198.51", "web-1  | 198.51");
    check(
        &composed,
        &[
            "combined, in the wrapper compose: it fits 120",
            "120  requests",
        ],
    );
    let mut directed = String::from("#Fields: date time c-ip cs-uri-stem sc-status\n");
    directed += &"2020-11-21 00:00:00 198.51.100.7 / 200\n".repeat(50_000);
    directed += "#Fields: c-ip date time\n198.51.100.7 2020-11-21 00:00:00\n";
    check(&directed, &["w3c: it fits", "50001  requests", "2  blank"]);
}

#[test]
fn what_cannot_be_done_is_told_by_the_exit_status() {
    let folder = tempfile::tempdir().expect("a folder");
    let noise = folder.path().join("noise.log");
    fs::write(&noise, "a\nb\n").expect("a log");
    let noise = noise.display().to_string();
    let check = |arguments: &[&str], status: i32, expected: &str| {
        let output = hushlog(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}");
        assert!(
            complaint(&output).contains(expected),
            "{}",
            complaint(&output)
        );
    };
    check(&["formats", "explain", "unknown"], 1, "the known names are");
    check(&["formats", "explain", "auto"], 1, "auto is no format");
    check(
        &["formats", "explain", "@/no/such.conf:main"],
        1,
        "/no/such.conf: ",
    );
    check(
        &["formats", "explain", "%h %t", "--date-format", "%F"],
        1,
        "belong to GoAccess",
    );
    check(
        &["formats", "test", "auto", &noise],
        2,
        "no known format fits a single one",
    );
    check(&["formats", "test", "combined", &noise], 0, "");
    check(
        &["formats", "test", "combined", "/no/such.log"],
        2,
        "/no/such.log: ",
    );
}
