//! Opting out: whoever asks not to be counted changes no published byte, in whatever way they ask.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    program::{assert_same, complaint, program, published, report, run_for},
    site::{DAY, lines, midnight},
};

/// One way of opting out: how the log is written, what the program is told, and how a line of a client
/// who opted out differs from another.
struct Way {
    name: &'static str,
    format: &'static str,
    arguments: &'static [&'static str],
    head: &'static str,
    line: fn(&Request<'_>) -> String,
}

/// A request of the site's log.
struct Request<'r> {
    client: &'r str,
    time: &'r str,
    page: &'r str,
    instant: i64,
    opted_out: bool,
}

const COMBINED: &str = r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#;

impl Request<'_> {
    fn combined(&self) -> String {
        let Self {
            client, time, page, ..
        } = self;
        format!(
            r#"{client} - - [{time}] "GET {page} HTTP/1.1" 200 900 "-" "Mozilla/5.0 Firefox/130.0""#
        )
    }

    fn with(&self, asks: &str, does_not: &str) -> String {
        let last = if self.opted_out { asks } else { does_not };
        format!("{} \"{last}\"\n", self.combined())
    }

    /// Of an address that has opted out, if this one has.
    fn from(&self, address: &str) -> String {
        let client = if self.opted_out { address } else { self.client };
        Request { client, ..*self }.combined() + "\n"
    }

    /// The same as JSON, with a member more.
    fn json(&self, asks: &str, does_not: &str) -> String {
        let last = if self.opted_out { asks } else { does_not };
        let Self {
            client,
            page,
            instant,
            ..
        } = self;
        format!(
            r#"{{"ip":"{client}","ts":{instant},"m":"GET","uri":"{page}","st":200,"h":{{"Cookie":["{last}"]}}}}"#
        ) + "\n"
    }

    /// The same in the columns of IIS.
    fn w3c(&self, asks: &str, does_not: &str) -> String {
        let last = if self.opted_out { asks } else { does_not };
        let (day, second) = (self.instant / DAY, self.instant % DAY);
        let date = day - midnight(2025, 6, 1) / DAY + 1;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let Self { client, page, .. } = self;
        format!(
            "2025-06-{date:02} {hour:02}:{minute:02}:{second:02} {client} GET {page} 200 {last}\n"
        )
    }
}

const JSON: &str = "json:client=ip,time=ts,method=m,path=uri,status=st,cookies=h.Cookie";

const WAYS: [Way; 11] = [
    Way {
        name: "DNT in Apache's format",
        format: r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" "%{DNT}i""#,
        arguments: &[],
        head: "",
        line: |request| request.with("1", "-"),
    },
    Way {
        name: "Sec-GPC in nginx's format",
        format: r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_sec_gpc""#,
        arguments: &[],
        head: "",
        line: |request| request.with("1", "0"),
    },
    Way {
        name: "the Cookie header in Apache's format",
        format: r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" "%{Cookie}i""#,
        arguments: &["--opt-out-cookie", "no-stats"],
        head: "",
        line: |request| request.with(r#"a=\"x\"; no-stats=1"#, r#"a=\"no-stats=1\""#),
    },
    Way {
        name: "one cookie in Apache's format",
        format: r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" "%{no-stats}C""#,
        arguments: &["--opt-out-cookie", "no-stats=1"],
        head: "",
        line: |request| request.with("1", "-"),
    },
    Way {
        name: "the Cookie header in nginx's format",
        format: r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_cookie""#,
        arguments: &["--opt-out-cookie", "other", "--opt-out-cookie", "nostats=1"],
        head: "",
        line: |request| request.with("sid=12; nostats=1", "sid=12; nostats=0"),
    },
    Way {
        name: "one cookie in nginx's format",
        format: r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$cookie_nostats""#,
        arguments: &["--opt-out-cookie", "NoStats"],
        head: "",
        line: |request| request.with("yes", "-"),
    },
    Way {
        name: "cookies in JSON",
        format: JSON,
        arguments: &["--opt-out-cookie", "nostats=1"],
        head: "",
        line: |request| request.json(r#"a=\"x\"; nostats=1"#, "nostats=2"),
    },
    Way {
        name: "cookies in W3C columns",
        format: "w3c",
        arguments: &["--opt-out-cookie", "nostats=1"],
        head: "#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(Cookie)\n",
        line: |request| request.w3c("a=b;+nostats=1", "a=b"),
    },
    Way {
        name: "addresses",
        format: COMBINED,
        arguments: &[
            "--opt-out-ip",
            "81.20.7.250",
            "--opt-out-ip",
            "2001:db8::/48",
        ],
        head: "",
        line: |request| request.from("81.20.7.250"),
    },
    Way {
        name: "a network of IPv6",
        format: COMBINED,
        arguments: &["--opt-out-ip", "2001:db8::/48"],
        head: "",
        line: |request| request.from("2001:db8:0:7::9"),
    },
    Way {
        name: "a list",
        format: COMBINED,
        arguments: &["--opt-out-list", "LIST"],
        head: "",
        line: |request| request.from("::ffff:81.20.7.250"),
    },
];

/// What the list file holds.
const LIST: &str = "# on request\n192.0.2.0/24\n81.20.7.250 # 3 June\n";

impl Way {
    /// The log of two days, with the requests of those who opted out or without: the first of all, some
    /// of every hour, and the only ones of a third day.
    fn log(&self, with: bool) -> String {
        let mut log = self.head.to_owned();
        for (number, line) in lines(midnight(2025, 6, 3), 3, 150).iter().enumerate() {
            let mut words = line.text.split(['[', ']', ' ']);
            let client = words.next().expect("a client");
            let time = &line.text[line.text.find('[').expect("a time") + 1..][..26];
            let page = line.text.split(' ').nth(6).expect("a page");
            let instant = line.instant;
            let mut request = Request {
                client,
                time,
                page,
                instant,
                opted_out: false,
            };
            let counts = line.instant < midnight(2025, 6, 5);
            if with && (number % 5 == 0 || !counts) {
                request.opted_out = true;
                log += &(self.line)(&request);
                request.opted_out = false;
            }
            if counts {
                log += &(self.line)(&request);
            }
        }
        log
    }

    fn report(&self, folder: &Path, log: &str, out: &str) -> Command {
        let [log_file, list] = ["access.log", "list"].map(|name| folder.join(name));
        fs::write(&log_file, log).expect("a written file");
        fs::write(&list, LIST).expect("a written file");
        let mut command = report(&folder.join(out));
        command.arg(log_file).args(["-f", self.format, "-q"]);
        for argument in self.arguments {
            match *argument {
                "LIST" => command.arg(&list),
                argument => command.arg(argument),
            };
        }
        command
    }
}

/// The private state without the random keys, and the sums under them: periods and numbers of lines.
fn counted(folder: &Path) -> Vec<(String, u64)> {
    let state = fs::read(folder.join(".state/state.json")).expect("the private state");
    let state: Value = serde_json::from_slice(&state).expect("JSON");
    let mut counted = Vec::new();
    collect_counts("", &state, &mut counted);
    assert!(!counted.is_empty(), "{state}");
    counted
}

fn collect_counts(path: &str, value: &Value, counted: &mut Vec<(String, u64)>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                collect_counts(&format!("{path}/{name}"), value, counted);
            }
        }
        Value::Array(items) => {
            for (number, value) in items.iter().enumerate() {
                collect_counts(&format!("{path}/{number}"), value, counted);
            }
        }
        value if path.ends_with("/lines") => {
            counted.push((path.to_owned(), value.as_u64().expect("a count")));
        }
        _ => {}
    }
}

#[test]
fn who_opts_out_changes_no_published_byte() {
    for way in &WAYS {
        let folder = TempDir::new().expect("a folder");
        let (with, without) = (way.log(true), way.log(false));
        assert!(with.len() > without.len());
        run_for(&mut way.report(folder.path(), &with, "with"), 0);
        run_for(&mut way.report(folder.path(), &without, "without"), 0);
        let [one, other] = ["with", "without"].map(|name| folder.path().join(name));
        let expected = published(&other);
        assert!(
            expected.contains_key("date=2025-06-04/pages.csv"),
            "{}",
            way.name
        );
        assert_same(&published(&one), &expected, way.name);
        assert_eq!(counted(&one), counted(&other), "{}", way.name);
    }
}

#[test]
fn a_rerun_with_or_without_them_is_over_the_same_lines() {
    for way in &WAYS {
        let folder = TempDir::new().expect("a folder");
        let (with, without) = (way.log(true), way.log(false));
        run_for(&mut way.report(folder.path(), &without, "out"), 0);
        let before = published(&folder.path().join("out"));
        for log in [&with, &without] {
            let output = run_for(&mut way.report(folder.path(), log, "out"), 0);
            assert_eq!(complaint(&output), "", "{}", way.name);
        }
        assert_same(&published(&folder.path().join("out")), &before, way.name);
    }
}

/// Without these the tests above would pass if nothing told the lines apart.
#[test]
fn who_does_not_opt_out_is_counted() {
    let way = &WAYS[8];
    let folder = TempDir::new().expect("a folder");
    let plain = Way {
        arguments: &[],
        ..*way
    };
    run_for(&mut plain.report(folder.path(), &way.log(true), "with"), 0);
    run_for(
        &mut plain.report(folder.path(), &way.log(false), "without"),
        0,
    );
    let [one, other] = ["with", "without"].map(|name| published(&folder.path().join(name)));
    let summary = "date=2025-06-03/summary.csv";
    assert_ne!(one[summary], other[summary]);
}

#[test]
fn lines_that_opted_out_are_accounted_for_on_the_terminal_alone() {
    let way = &WAYS[2];
    let folder = TempDir::new().expect("a folder");
    let log = way.log(true);
    let quiet = way.report(folder.path(), &log, "out");
    let mut command = program();
    let output = run_for(command.args(quiet.get_args().filter(|it| *it != "-q")), 0);
    let opted_out = log.lines().count() - way.log(false).lines().count();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let row = told
        .lines()
        .find(|line| line.trim().starts_with("opted out"));
    let count = row.and_then(|row| row.split_whitespace().last());
    assert_eq!(count, Some(opted_out.to_string().as_str()), "{told}");
}

#[test]
fn a_log_without_cookies_is_named() {
    let way = &WAYS[8];
    let folder = TempDir::new().expect("a folder");
    let log = folder.path().join("access.log");
    fs::write(&log, way.log(false)).expect("a written file");
    let mut command = report(&folder.path().join("out"));
    command.arg(&log).args(["--opt-out-cookie", "nostats"]);
    let said = complaint(&run_for(&mut command, 0));
    assert!(
        said.contains("access.log: its format tells of no cookie"),
        "{said}"
    );
}

#[test]
fn what_a_list_or_cookie_cannot_be_is_refused_without_its_content() {
    let folder = TempDir::new().expect("a folder");
    let list = folder.path().join("list");
    fs::write(&list, "192.0.2.1\nalice@example.org\n").expect("a written file");
    let with_list = |list: &Path| {
        let mut command = report(&folder.path().join("out"));
        command.arg("-").arg("--opt-out-list").arg(list);
        complaint(&run_for(&mut command, 1))
    };
    let said = with_list(&list);
    assert!(
        said.contains("list: not an address or network (CIDR) in line 2"),
        "{said}"
    );
    assert!(!said.contains("alice"), "{said}");
    let missing = with_list(&folder.path().join("missing"));
    assert!(missing.contains("missing"), "{missing}");
    let mut cookie = report(&folder.path().join("out"));
    cookie.args(["-", "--opt-out-cookie", "a b"]);
    let said = complaint(&run_for(&mut cookie, 1));
    assert!(said.contains("expected NAME or NAME=VALUE"), "{said}");
    assert!(!folder.path().join("out").exists());
}

#[test]
fn the_audit_counts_again_who_was_counted() {
    for way in [&WAYS[2], &WAYS[10]] {
        let folder = TempDir::new().expect("a folder");
        run_for(&mut way.report(folder.path(), &way.log(true), "out"), 0);
        let mut audit = program();
        audit.arg("audit").arg(folder.path().join("out"));
        audit.arg("--against").arg(folder.path().join("access.log"));
        audit.args(["-f", way.format]);
        let said = complaint(&run_for(&mut audit, 1));
        assert!(said.contains("the release was made with"), "{said}");
        for argument in way.arguments {
            match *argument {
                "LIST" => audit.arg(folder.path().join("list")),
                argument => audit.arg(argument),
            };
        }
        run_for(&mut audit, 0);
    }
}
