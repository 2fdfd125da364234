//! Forgery: a client writes into its own fields what looks like further fields, or further lines of other
//! clients. Servers escape it; whoever undoes escapes too early, or splits too often, believes it.

use super::{K, Released, Request, Site, readers};
use crate::program::{report, run_for, run_on};

/// What ends a field or a line for somebody: as Apache, nginx and others log it.
const ENDS: [(&str, &str); 13] = [
    ("a quote escaped by Apache", r#"\""#),
    ("a quote escaped by nginx", r"\x22"),
    ("a quote of JSON", r"\u0022"),
    ("a newline escaped by Apache", r"\n"),
    ("a newline escaped by nginx", r"\x0A"),
    ("both", r#"\"\n"#),
    ("an escaped backslash before a quote", r#"\\\""#),
    ("a percent-encoded newline", "%0A"),
    ("a percent-encoded quote", "%22"),
    ("a carriage return alone", "\r"),
    (
        "a vertical tab, form feed and others",
        "\u{b}\u{c}\u{1c}\u{1d}\u{1e}",
    ),
    ("a next line of C1", "\u{85}"),
    ("a line separator", "\u{2028}\u{2029}"),
];

/// A line of another client's, as what follows the end of a field.
fn forged(end: &str, network: usize, quote: &str) -> String {
    let client = Request {
        client: &super::reader(network),
        ..Request::default()
    };
    let line = Request {
        target: "/forged",
        second: 40_000 + network,
        ..client
    }
    .line();
    let line = line.trim_end().replace('"', quote);
    format!("x{end} 200 5 {quote}-{quote} {quote}-{quote}{end}{line}")
}

/// In every field that a client fills.
#[test]
fn lines_of_other_clients_within_a_field() {
    for (attack, end) in ENDS {
        // The quotes of the forged line are escaped as servers do.
        let quote = if end.contains('x') { r"\x22" } else { r#"\""# };
        let text = |network| forged(end, network, quote);
        let log: String = (0..K)
            .map(|network| {
                let text = text(network);
                let own = Request {
                    second: 30_000 + network,
                    ..Request::default()
                };
                let fields = [
                    Request {
                        agent: &text,
                        ..own
                    },
                    Request {
                        referrer: &text,
                        ..own
                    },
                    Request {
                        target: &format!("/a?{}", text.replace(' ', "+")),
                        ..own
                    },
                    Request {
                        target: &text,
                        ..own
                    },
                ];
                fields.iter().map(Request::line).collect::<String>()
                    + &own.line().replace("- - [", &format!("- {text} ["))
            })
            .collect();
        let released = Released::of(&(log + &readers(10..20, &Request::default())), &[]);
        let requests = &released.rows("summary")[0][0];
        assert!(
            ["30", "35"].contains(&requests.as_str()),
            "{attack}: {requests}"
        );
        let pages = released.cells("pages", 1);
        assert!(
            !pages.iter().any(|page| page.contains("forged")),
            "{attack}: {pages:?}"
        );
    }
}

/// JSON logs have the same text between other quotes.
#[test]
fn members_of_other_clients_within_a_string() {
    let line = |client: &str, path: &str, agent: &str| {
        format!(
            r#"{{"time":"2025-06-02T08:00:00+00:00","client":"{client}","method":"GET","path":"{path}","status":200,"agent":"{agent}"}}"#
        ) + "\n"
    };
    let format = "json:time=time,client=client,method=method,path=path,status=status,agent=agent";
    let forged = |network: usize| {
        let client = super::reader(network);
        let text = format!(
            r#"x\",\"client\":\"{client}\",\"path\":\"/forged\"}}\n{{\"client\":\"{client}"#
        );
        line("93.184.216.34", "/", &text)
            + &line("93.184.216.34", &text, "x")
            + &line("93.184.216.34", "/", &text.replace("\\\"", "\\u0022"))
    };
    let honest = |network: usize| {
        let client = super::reader(network);
        line(&client, "/", "x") + &line(&client, "/more", "x")
    };
    let log: String = (0..K).map(forged).chain((10..20).map(honest)).collect();
    let site = Site::new(log);
    run_for(site.report().args(["-f", format]), 0);
    let released = Released::in_folder(&site.out());
    assert_eq!(released.rows("summary")[0][0], (3 * K + 20).to_string());
    assert_eq!(released.cells("pages", 1), ["/", "(other)"]);
}

/// Who can write a line of its own can write `#Fields`, and swap the columns of the next ones.
#[test]
fn directives_and_comments_in_another_format() {
    let honest = readers(0..10, &Request::default());
    for directive in [
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n",
        "#Software: evil\n#Fields: cs-uri-stem c-ip\n",
    ] {
        let middle = honest.find('\n').expect("a line") + 1;
        let log = [&honest[..middle], directive, &honest[middle..]].concat();
        let released = Released::of(&log, &[]);
        assert_eq!(released.rows("summary")[0][0], "10", "{directive}");
        assert_eq!(released.cells("pages", 1), ["/"], "{directive}");
    }
}

/// A line is data and never an argument, a path or a pattern.
#[test]
fn lines_that_look_like_options() {
    let site = Site::new("");
    let log = "--include-open\n-o /\n@/etc/passwd\n../../etc/passwd\n".to_owned()
        + &readers(
            0..10,
            &Request {
                target: "/../../../etc/passwd",
                ..Request::default()
            },
        );
    let mut command = report(&site.out());
    let output = run_on(
        command.args(["--k=5", "--geo-db=none", "-"]),
        log.as_bytes(),
    );
    assert_eq!(output.status.code(), Some(0));
    let released = Released::in_folder(&site.out());
    assert_eq!(released.cells("pages", 1), ["/../../../etc/passwd"]);
    let outside = super::tree(site.0.path());
    assert!(
        outside
            .keys()
            .all(|name| name.starts_with("out/") || name == "access.log")
    );
}
