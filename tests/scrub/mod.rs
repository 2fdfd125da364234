//! `hushlog scrub` from outside: what is left of lines, in which order and when, and what is not.

mod analysers;
mod lines;
mod property;
mod stream;

use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use hushlog::{
    format::{Format, Parsed},
    privacy::AgentRules,
    record::{Record, Request},
    time::TimeZone,
};

use self::lines::{LINES, MARKS};
use crate::program::{complaint, gzip, program, run_for, run_on};

/// `hushlog scrub`.
fn scrub(arguments: &[&str]) -> Command {
    let mut command = program();
    command.arg("scrub").args(arguments).stdin(Stdio::null());
    command
}

/// What comes out of a log on standard input.
#[track_caller]
fn scrubbed(arguments: &[&str], log: &str) -> String {
    let output = run_on(&mut scrub(arguments), log.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    text(&output)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The argument by which a format's lines are read.
fn format_of(name: &str, folder: &Path) -> (String, Format) {
    if name.starts_with("log_format") {
        let file = folder.join("nginx.conf");
        fs::write(&file, name).expect("a written file");
        let format = Format::from_configuration("nginx.conf", name, None).expect("a format");
        return (format!("@{}", file.display()), format);
    }
    let name = name.replace("%x", "%d:%t %^");
    let format = name.parse().expect("a format");
    (name, format)
}

/// What the records of a log say, where that is not personal, one line each.
fn told(format: &Format, log: &str) -> Vec<String> {
    let mut format = format.clone();
    let mut parser = format.parser(TimeZone::UTC);
    format.pass(log.as_bytes());
    let rules = AgentRules::new();
    let mut told = Vec::new();
    for line in log.lines() {
        match parser.parse(line.as_bytes()) {
            Parsed::Record(record) => told.push(told_of(&record, &rules)),
            Parsed::Ignored => {}
            Parsed::Malformed(rule) => panic!("{rule}: {line}"),
        }
    }
    told
}

fn told_of(record: &Record<'_>, rules: &AgentRules) -> String {
    let mut buffer = Vec::new();
    let method = match record.request {
        Request::Line(line) => line
            .raw
            .split(|byte| *byte == b' ')
            .next()
            .map(<[u8]>::to_vec),
        Request::Parts { method, .. } => Some(method.raw.to_vec()),
    };
    let agent = rules.classify(record.agent.decode(&mut buffer));
    format!(
        "{} {:?} {} {:?} {} {} {}",
        record.time.0,
        record.status,
        record.bytes,
        method.map(|method| String::from_utf8_lossy(&method).into_owned()),
        agent.browser.name(),
        agent.system.name(),
        agent.device.name()
    )
}

#[test]
fn lines_of_every_format_are_written_in_it_and_nothing_marked_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let names: Vec<_> = LINES
        .iter()
        .map(|(name, _)| name.split(':').next().unwrap())
        .collect();
    for name in Format::names() {
        assert!(names.contains(&name), "no line of {name}");
    }
    for (name, line) in LINES {
        let (argument, format) = format_of(name, folder.path());
        let expected = told(&format, line);
        assert_eq!(expected.len(), 1, "{name}");
        for address in ["visitor", "stable", "truncate", "region", "drop"] {
            let arguments = ["-f", &argument, "--address", address];
            let out = scrubbed(&arguments, &format!("{line}\n"));
            for mark in MARKS {
                assert!(!out.to_lowercase().contains(mark), "{mark} is left: {out}");
            }
            assert_eq!(told(&format, &out), expected, "{name}: {out}");
        }
    }
}

#[test]
fn scrubbing_again_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, line) in LINES {
        let (argument, _) = format_of(name, folder.path());
        for address in ["truncate", "drop"] {
            let arguments = ["-f", &argument, "--address", address];
            let once = scrubbed(&arguments, line);
            assert_eq!(scrubbed(&arguments, &once), once, "{name}");
        }
    }
}

#[test]
fn a_line_is_reduced_by_the_rules_of_reports() {
    let check = |arguments: &[&str], line: &str, expected: &str| {
        let all = [&["-f", "combined", "--address", "drop", "-q"], arguments].concat();
        let line = format!(r#"203.0.113.7 - bob [21/Nov/2026:09:12:33 +0000] {line}"#);
        let expected = format!(":: - - [21/Nov/2026:09:12:33 +0000] {expected}\n");
        assert_eq!(scrubbed(&all, &line), expected);
    };
    check(
        &[],
        r#""GET /user/bob?utm_source=News&q=x HTTP/1.1" 200 5 "-" "-""#,
        r#""GET /user/{val}?utm_source=news HTTP/1.1" 200 5 "-" "-""#,
    );
    check(
        &[],
        r#""GET /caf%C3%A9/ HTTP/9.9" 404 - "http://a.b.example.co.uk/x" "curl/8.5.0""#,
        r#""GET /caf%C3%A9/" 404 - "https://example.co.uk/" "curl/1.0""#,
    );
    check(
        &[],
        r#""OPTIONS * HTTP/1.0" 200 5 "android-app://com.example.bob/" """#,
        r#""OPTIONS * HTTP/1.0" 200 5 "https://app.invalid/" """#,
    );
    check(
        &[],
        r#""-" 408 - "http://203.0.113.9/" "bob""#,
        r#""-" 408 - "https://ip.invalid/" "-""#,
    );
    check(
        &[],
        r#""\x16\x03bob" 400 0 "http://bobs-nas/" "-""#,
        r#""-" 400 0 "https://intranet.invalid/" "-""#,
    );
    check(
        &[
            "--keep-query=page",
            "--path-word=team",
            "--site-host=www.example.com",
        ],
        r#""GET /team/bob?page=2&x=1 HTTP/2.0" 200 5 "https://WWW.example.com/bob" "-""#,
        r#""GET /team/{val}?page=2 HTTP/2.0" 200 5 "https://www.example.com/" "-""#,
    );
    let hour = scrubbed(
        &["-f=combined", "--time=hour"],
        &line("203.0.113.7", 20, "a"),
    );
    assert!(hour.contains("[20/Nov/2026:09:00:00 +0000]"), "{hour}");
}

/// The first word of each line.
fn addresses(log: &str) -> Vec<IpAddr> {
    let words = log.lines().filter_map(|line| line.split(' ').next());
    words
        .map(|word| word.parse().expect("an address"))
        .collect()
}

fn line(client: &str, day: u8, agent: &str) -> String {
    format!(
        "{client} - - [{day:02}/Nov/2026:09:12:33 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"{agent}\"\n"
    )
}

#[test]
fn pseudonyms_are_of_a_visitor_and_a_day() {
    let log = [
        line("203.0.113.7", 20, "a"),
        line("203.0.113.7", 20, "a"),
        line("203.0.113.7", 20, "b"),
        line("203.0.113.7", 21, "a"),
        line("203.0.113.8", 20, "a"),
        line("::ffff:203.0.113.7", 20, "a"),
    ]
    .concat();
    let [one, same, agent, day, client, spelling] =
        addresses(&scrubbed(&["-f=combined"], &log))[..]
    else {
        panic!("six lines");
    };
    assert!(one == same && one == spelling);
    assert!(one != agent && one != day && one != client && agent != client);
    let prefix = |address: IpAddr, subnet: u16| match address {
        IpAddr::V6(address) => address.segments()[..4] == [0xfd68, 0x7573, 0x686c, subnet],
        IpAddr::V4(_) => false,
    };
    assert!(
        [one, agent, day, client]
            .into_iter()
            .all(|address| prefix(address, 0))
    );
    let again = addresses(&scrubbed(&["-f=combined"], &log));
    assert_ne!(again[0], one, "each run has keys of its own");
    let stable = addresses(&scrubbed(&["-f=combined", "--address=stable"], &log));
    assert!(stable[0] == stable[2] && stable[0] != stable[3] && prefix(stable[0], 1));
    // Pseudonyms of pseudonyms are told apart by no less.
    let twice = addresses(&scrubbed(
        &["-f=combined"],
        &scrubbed(&["-f=combined"], &log),
    ));
    assert!(twice[0] == twice[1] && twice[0] != twice[2] && twice[0] != twice[4]);
}

#[test]
fn networks_and_regions_are_written_as_addresses() {
    let check = |rule: &str, client: &str, expected: &str| {
        let arguments = ["-f=combined", "--address", rule];
        let found = addresses(&scrubbed(&arguments, &line(client, 20, "a")))[0];
        assert_eq!(
            found,
            expected.parse::<IpAddr>().expect("an address"),
            "{client}"
        );
    };
    check("truncate", "203.0.113.7", "203.0.113.0");
    check("truncate", "2001:db8:1:2::7", "2001:db8:1::");
    check("truncate", "2002:cb00:7107::1", "203.0.113.0");
    check("truncate", "64:ff9b::203.0.113.7", "203.0.113.0");
    check("truncate", "host.example.net", "::");
    check("drop", "203.0.113.7", "::");
    // US-CA, or US where the subdivision is not known.
    check(
        "region",
        "169.229.131.81",
        "fd68:7573:686c:2:5553:2d43:4100:0",
    );
    check("region", "203.0.113.7", "fd68:7573:686c:2::");
}

#[test]
fn what_cannot_be_read_is_left_out_and_counted() {
    let good = line("203.0.113.7", 20, "a");
    let log = [
        good.as_str(),
        "203.0.113.7 nonsense zqmark\n",
        "\n",
        "# zqmark\n",
        &good.replace(" 200 ", " zqmark "),
        &"x".repeat(70_000),
        "\n",
        good.trim_end(),
    ]
    .concat();
    let output = run_on(&mut scrub(&["-f=combined"]), log.as_bytes());
    assert_eq!(text(&output).lines().count(), 2);
    let said = complaint(&output);
    assert!(
        said.contains("7 lines read, 2 written, 3 left out: not of the format, 2 left out"),
        "{said}"
    );
    assert!(!said.contains("zqmark") && !text(&output).contains("zqmark"));
    let format = r#"%h %t "%r" %>s %b "%{DNT}i" "%{Sec-GPC}i""#;
    let opted = r#"203.0.113.7 [20/Nov/2026:09:12:33 +0000] "GET / HTTP/1.1" 200 5 "-" "1""#;
    let counted = opted.replace("\"1\"", "\"0\"");
    let output = run_on(
        &mut scrub(&["-f", format]),
        format!("{opted}\n{counted}\n").as_bytes(),
    );
    assert_eq!(text(&output).lines().count(), 1);
    assert!(complaint(&output).contains("1 left out: of clients that opted out"));
}

#[test]
fn lines_of_clients_that_opted_out_by_address_or_cookie_are_left_out() {
    let line = |client: &str, cookies: &str| {
        format!("{client} [20/Nov/2026:09:12:33 +0000] \"GET / HTTP/1.1\" 200 5 \"{cookies}\"\n")
    };
    let log = line("203.0.113.7", "a=1") + &line("203.0.113.8", "a=1; nostats=1");
    for (option, left) in [
        ("--opt-out-ip=203.0.113.0/29", 1),
        ("--opt-out-ip=203.0.113.0/24", 0),
        ("--opt-out-cookie=nostats", 1),
        ("--opt-out-cookie=a=2", 2),
    ] {
        let format = r#"%h %t "%r" %>s %b "%{Cookie}i""#;
        let output = run_on(&mut scrub(&["-f", format, option]), log.as_bytes());
        assert_eq!(text(&output).lines().count(), left, "{option}");
        assert!(!text(&output).contains("nostats"));
    }
}

/// A log of several chunks and days in order, with lines that are left out.
fn large_log() -> String {
    (0..30_000)
        .map(|number| match number % 97 {
            0 => "zqmark\n".to_owned(),
            _ => format!(
                "203.0.{}.{} - - [{:02}/Nov/2026:09:12:33 +0000] \"GET /page/{} HTTP/1.1\" 200 {number} \"https://www.example.com/{number}\" \"agent {}\"\n",
                number % 7, number % 251, 1 + number / 10_000, number % 1013, number % 5
            ),
        })
        .collect()
}

fn key_file(folder: &Path) -> PathBuf {
    let key = folder.join("key");
    run_for(
        program()
            .args(["key", "new", "--from=2026-11-01"])
            .arg(&key),
        0,
    );
    key
}

#[test]
fn threads_chunks_and_the_way_in_change_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = key_file(folder.path());
    let log = large_log();
    let half = log.len() / 2 + log[log.len() / 2..].find('\n').expect("a line") + 1;
    let place = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("a written log");
        path.display().to_string()
    };
    let whole = place("log", log.as_bytes());
    let packed = place("log.gz", &gzip(log.as_bytes()));
    let (first, second) = (
        place("1", &log.as_bytes()[..half]),
        place("2", &log.as_bytes()[half..]),
    );
    let key = key.display().to_string();
    let with_key = |arguments: &[&str]| scrub(&[&["--key-file", &key, "-q"], arguments].concat());
    let expected = text(&run_for(&mut with_key(&[&whole, "-j1"]), 0));
    assert_eq!(
        expected.lines().count(),
        log.lines().filter(|line| *line != "zqmark").count()
    );
    let bytes_of = |log: &str| -> Vec<String> {
        let lines = log.lines().filter(|line| *line != "zqmark");
        lines
            .map(|line| line.split(' ').nth(9).expect("bytes").to_owned())
            .collect()
    };
    assert_eq!(bytes_of(&expected), bytes_of(&log), "the order is kept");
    for arguments in [
        &[whole.as_str(), "-j3"][..],
        &[&packed, "-j2"],
        &[&first, &second, "-j2"],
    ] {
        assert!(
            text(&run_for(&mut with_key(arguments), 0)) == expected,
            "{arguments:?}"
        );
    }
    for threads in ["-j1", "-j3"] {
        let piped = run_on(&mut with_key(&["-", threads]), log.as_bytes());
        assert!(text(&piped) == expected, "a pipe, {threads}");
        let packed = run_on(&mut with_key(&[threads]), &gzip(log.as_bytes()));
        assert!(text(&packed) == expected, "a compressed pipe, {threads}");
    }
    let output = folder.path().join("out");
    run_for(with_key(&[&whole]).arg("-o").arg(&output), 0);
    assert!(fs::read_to_string(&output).expect("a log") == expected);
}

#[test]
fn directives_hold_for_the_lines_after_them() {
    let log = "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2026-11-21 08:12:33 203.0.113.7 GET /a 200\n\
               #Fields: time c-ip sc-status cs-uri-stem cs-method date\r\n08:12:34 203.0.113.7 200 /b GET 2026-11-21\r\n";
    let out = scrubbed(&["-f=w3c", "--address=drop", "--time=hour"], log);
    assert_eq!(
        out,
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2026-11-21 08:00:00 :: GET /a 200\n\
         #Fields: time c-ip sc-status cs-uri-stem cs-method date\n08:00:00 :: 200 /b GET 2026-11-21\r\n"
    );
}

#[test]
fn wrapped_lines_are_written_in_their_wrapper() {
    let logged = line("203.0.113.7", 20, "curl/8.5.0");
    let logged = logged.trim_end();
    let written = line("::", 20, "curl/1.0");
    let written = written.trim_end();
    let check = |wrapper: &str, log: [&str; 2], expected: [&str; 2]| {
        let (log, expected) = (log.join(logged), expected.join(written));
        // A line that is in no wrapper comes out in none.
        let log = format!("{log}\n{log}\n{log}\n{logged}\n");
        let expected = format!("{expected}\n{expected}\n{expected}\n{written}\n");
        for format in [&format!("{wrapper}:combined"), "auto"] {
            let arguments = ["-f", format, "--address=drop", "--time=exact"];
            assert_eq!(scrubbed(&arguments, &log), expected, "{format}");
            assert_eq!(scrubbed(&arguments, &expected), expected, "{format}, again");
        }
    };
    let same = |wrapper: &str, around: [&str; 2]| check(wrapper, around, around);
    same("syslog", ["<190>Nov 20 09:12:33 web1 nginx: ", ""]);
    check(
        "syslog",
        ["<190>Nov 20 09:12:33 198.51.100.9 nginx: ", ""],
        ["<190>Nov 20 09:12:33 - nginx: ", ""],
    );
    check(
        "syslog",
        [
            "<190>1 2026-11-20T09:12:33Z ip-10-9-8-1 apache 77 - [a@1 ip=\"203.0.113.7\"] ",
            "",
        ],
        ["<190>1 2026-11-20T09:12:33Z - apache 77 - - ", ""],
    );
    same("cri", ["2026-11-20T09:12:33.25+01:00 stdout F ", ""]);
    same("compose", ["web-1  | ", ""]);
    let escape = |text: &str| text.replace('"', "\\\"");
    let around = [
        "{\"log\":\"",
        "\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-20T09:12:33.25Z\"}\n",
    ];
    let out = scrubbed(
        &["-f=docker:combined", "--address=drop"],
        &around.join(&escape(logged)),
    );
    assert_eq!(out, around.join(&escape(written)));
    let hour = ["-f=syslog:combined", "--time=hour"];
    let out = scrubbed(&hour, &format!("<190>Nov 20 09:12:33 web1 nginx: {logged}"));
    assert!(
        out.starts_with("<190>Nov 20 09:00:00 web1 nginx: "),
        "{out}"
    );
}

#[test]
fn clients_with_a_port_keep_their_pseudonym() {
    let log = line("203.0.113.7:51234", 20, "a")
        + &line("2001:db8:1:2:3:4:5:6:8080", 20, "a")
        + &line("203.0.113.7:80", 20, "a");
    for format in [
        r#"%h:%{remote}p %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#,
        r#"$remote_addr:$remote_port - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#,
        r#"%h:%^ %^[%d:%t %^] "%r" %s %b "%R" "%u""#,
    ] {
        let clients = |address: &str| {
            let out = scrubbed(&["-f", format, "--address", address], &log);
            let words = out.lines().filter_map(|line| line.split(' ').next());
            words.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(
            clients("truncate"),
            ["203.0.113.0:0", "[2001:db8:1::]:0", "203.0.113.0:0"]
        );
        let pseudonyms = clients("visitor");
        let is_pseudonym =
            |word: &String| word.starts_with("[fd68:7573:686c:") && word.ends_with("]:0");
        assert!(pseudonyms.iter().all(is_pseudonym), "{pseudonyms:?}");
        assert!(pseudonyms[0] == pseudonyms[2] && pseudonyms[0] != pseudonyms[1]);
    }
}

#[test]
fn key_files_give_the_same_pseudonyms_until_they_are_advanced() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = key_file(folder.path()).display().to_string();
    let log = [line("203.0.113.7", 2, "a"), line("203.0.113.7", 3, "a")].concat();
    let arguments = ["-f=combined", "--key-file", &key];
    let once = scrubbed(&arguments, &log);
    assert_eq!(scrubbed(&arguments, &log), once);
    run_for(
        program().args(["key", "advance", "--to=2026-11-03", &key]),
        0,
    );
    let output = run_on(&mut scrub(&arguments), log.as_bytes());
    assert_eq!(
        text(&output).lines().collect::<Vec<_>>(),
        [once.lines().last().expect("a line")]
    );
    assert!(complaint(&output).contains("1 left out: of days whose key is shredded"));
}

#[test]
fn sources_that_cannot_be_read_and_outputs_that_are_not_ones_own_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, missing) = (folder.path().join("log"), folder.path().join("missing"));
    fs::write(&log, line("203.0.113.7", 2, "a")).expect("a written log");
    let output = run_for(scrub(&[]).args([&missing, &log]), 2);
    assert_eq!(text(&output).lines().count(), 1);
    let open = folder.path().join("open");
    fs::write(&open, "").expect("a written file");
    run_for(scrub(&[]).arg(&log).arg("-o").arg(&open), 3);
    run_for(scrub(&[]).arg(&log).arg("-o").arg(&log), 1);
}
