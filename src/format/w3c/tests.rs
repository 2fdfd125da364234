//! What lines come to by the directives before them, and that chunks of a log may be read side by side.

use proptest::{prelude::*, sample::select};

use super::*;
use crate::{
    format::{Format, Parsed, Parser},
    record::Request,
    time::{TimeZone, Timestamp},
};

/// What a line comes to: client, seconds, method, path, query, status, agent; or the rule it breaks.
fn told(parsed: Parsed<'_>) -> String {
    let record = match parsed {
        Parsed::Record(record) => record,
        Parsed::Ignored => return "ignored".into(),
        Parsed::Malformed(rule) => return format!("{rule:?}"),
    };
    let mut buffer = Vec::new();
    let mut text = |text: Text<'_>| String::from_utf8_lossy(text.decode(&mut buffer)).into_owned();
    let Request::Parts {
        method,
        path,
        query,
    } = record.request
    else {
        panic!("a request line")
    };
    let parts = [method, path, query, record.agent, record.referrer]
        .map(&mut text)
        .join("|");
    let status = record
        .status
        .map_or("-".into(), |status| status.to_string());
    let bytes = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let Timestamp(time) = record.time;
    let time = jiff::Timestamp::from_microsecond(time).unwrap();
    format!(
        "{} {time} {status} {parts} {}",
        bytes(record.client),
        bytes(record.host)
    )
}

fn parser() -> Parser {
    Format::named("w3c")
        .unwrap()
        .parser(TimeZone::get("Asia/Tokyo").unwrap())
}

/// Checks what the lines after a `#Fields` directive come to.
fn check(fields: &str, cases: &[(&str, &str)]) {
    let mut parser = parser();
    assert_eq!(
        told(parser.parse(format!("#Fields: {fields}").as_bytes())),
        "ignored"
    );
    for (line, expected) in cases {
        assert_eq!(
            told(parser.parse(line.as_bytes())),
            *expected,
            "{fields}: {line}"
        );
    }
}

#[test]
fn columns_are_named_by_fields_in_any_case() {
    check(
        "date time s-ip CS-METHOD cs-uri-stem cs-uri-query s-port cs-username C-IP cs(User-Agent) cs(Referer) sc-status sc-bytes time-taken",
        &[
            (
                r"2026-11-10 08:00:00 192.0.2.80 GET /a.aspx id=42 443 EX\jdoe 198.51.100.7 Mozilla/5.0+(X11;+Linux) https://a.example/?q=b+c 200 5 31",
                "198.51.100.7 2026-11-10T08:00:00Z 200 GET|/a.aspx|id=42|Mozilla/5.0 (X11; Linux)|https://a.example/?q=b+c ",
            ),
            (
                "2026-11-10 08:00:00 192.0.2.80 GET / - 443 - fe80::1%3 - - 404 - 0",
                "fe80::1%3 2026-11-10T08:00:00Z 404 GET|/||| ",
            ),
            (
                "2026-11-10 08:00:00 192.0.2.80 GET /too-few - 443",
                "Columns",
            ),
            (
                "2026-11-10 08:00:00 192.0.2.80 GET / - 443 - fe80::1%3 - - 404 - 0 1",
                "Columns",
            ),
            (
                "2026-11-31 08:00:00 192.0.2.80 GET / - 443 - fe80::1%3 - - 404 - 0",
                "Time",
            ),
            (
                "2026-11-10 08:00:00 192.0.2.80 GET / - 443 - fe80::1%3 - - 4x4 - 0",
                "Status",
            ),
            ("", "ignored"),
            ("#Remark: anything", "ignored"),
        ],
    );
    check(
        "date time c-ip cs-method cs-uri-stem cs(Referrer)",
        &[(
            "2026-11-10 08:00:00 198.51.100.7 GET / https://a.example/",
            "198.51.100.7 2026-11-10T08:00:00Z - GET|/|||https://a.example/ ",
        )],
    );
}

#[test]
fn the_day_comes_from_the_last_date_where_lines_have_none() {
    let mut parser = parser();
    for (line, expected) in [
        ("09:30:00 198.51.100.8 /", "Undeclared"),
        ("#Fields: time c-ip cs-uri-stem", "ignored"),
        ("09:30:00 198.51.100.8 /", "Time"),
        ("#Date: 2026-11-10 09:00:00", "ignored"),
        (
            "09:30:00 198.51.100.8 /",
            "198.51.100.8 2026-11-10T09:30:00Z - |/||| ",
        ),
        ("#date:2026-11-11", "ignored"),
        (
            "09:30:00.250 198.51.100.8 /",
            "198.51.100.8 2026-11-11T09:30:00.25Z - |/||| ",
        ),
        ("#Date: yesterday", "ignored"),
        (
            "09:30:00 198.51.100.8 /",
            "198.51.100.8 2026-11-11T09:30:00Z - |/||| ",
        ),
        ("#Fields: date time cs-uri-stem", "ignored"),
        ("2026-11-10 09:30:00 /", "Undeclared"),
    ] {
        assert_eq!(told(parser.parse(line.as_bytes())), expected, "{line}");
    }
}

#[test]
fn local_times_are_of_the_logs_time_zone_and_count_where_there_are_no_others() {
    check(
        "date-local time-local c-ip",
        &[(
            "2026-11-10 18:00:00 ::1",
            "::1 2026-11-10T09:00:00Z - |||| ",
        )],
    );
    check(
        "date-local time-local date time c-ip",
        &[(
            "2026-11-10 18:00:00 2026-11-10 09:00:00 ::1",
            "::1 2026-11-10T09:00:00Z - |||| ",
        )],
    );
}

#[test]
fn a_uri_without_a_scheme_tells_the_host_too() {
    check(
        "date time cs-uri cs-uri-query c-ip sc-status",
        &[(
            r#""2026-11-10" "08:00:00" "www.example.com/a" "" "::1" "200""#,
            "::1 2026-11-10T08:00:00Z 200 |/a||| www.example.com",
        )],
    );
}

#[test]
fn cells_are_between_runs_of_spaces_or_single_tabs_and_may_be_quoted() {
    check(
        "date time c-ip cs(User-Agent) cs-uri-stem",
        &[
            (
                "2026-11-10  08:00:00   ::1 A/1   /  ",
                "::1 2026-11-10T08:00:00Z - |/||A/1| ",
            ),
            (
                "2026-11-10\t08:00:00\t::1\tA 1\t/",
                "::1 2026-11-10T08:00:00Z - |/||A 1| ",
            ),
            (
                "2026-11-10\t08:00:00\t::1\t\t/",
                "::1 2026-11-10T08:00:00Z - |/||| ",
            ),
            (
                "2026-11-10 08:00:00 ::1 \"A 1\" /",
                "::1 2026-11-10T08:00:00Z - |/||A 1| ",
            ),
            (
                "2026-11-10 08:00:00 ::1 \"A+1 /",
                "::1 2026-11-10T08:00:00Z - |/||\"A 1| ",
            ),
            (
                "2026-11-10 08:00:00 ::1 A \"/\"",
                "::1 2026-11-10T08:00:00Z - |/||A| ",
            ),
        ],
    );
}

#[test]
fn cloudfront_has_tabs_encoded_headers_and_the_site_in_a_header_of_its_own() {
    let fields = "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query x-host-header";
    check(
        fields,
        &[
            (
                "2026-11-10\t08:00:00\tFRA56-P5\t5120\t198.51.100.7\tGET\td1.cloudfront.net\t/a\t200\thttps://a.example/%2520b\tMozilla/5.0%20(X11)\t-\texample.com",
                "198.51.100.7 2026-11-10T08:00:00Z 200 GET|/a||Mozilla/5.0 (X11)|https://a.example/ b example.com",
            ),
            (
                "2026-11-10\t08:00:00\tFRA56-P5\t0\t::1\tGET\td1.cloudfront.net\t/a\t000\t-\tMozilla/5.0%2520(X11)\ta=1\texample.com",
                "::1 2026-11-10T08:00:00Z - GET|/a|a=1|Mozilla/5.0 (X11)| example.com",
            ),
        ],
    );
    let older = fields.strip_suffix(" x-host-header").unwrap();
    check(
        older,
        &[(
            "2014-05-23\t01:13:11\tFRA2\t182\t192.0.2.10\tGET\td1.cloudfront.net\t/v\t200\t-\tM%2520A\t-",
            "192.0.2.10 2014-05-23T01:13:11Z 200 GET|/v||M A| d1.cloudfront.net",
        )],
    );
}

#[test]
fn a_log_without_directives_needs_its_columns_named() {
    let line = b"2026-11-10 08:00:00 ::1 /";
    let format: Format = "w3c:date time c-ip cs-uri-stem".parse().unwrap();
    let mut named = format.parser(TimeZone::UTC);
    assert_eq!(told(named.parse(line)), "::1 2026-11-10T08:00:00Z - |/||| ");
    assert_eq!(told(parser().parse(line)), "Undeclared");
    for unusable in ["w3c:date time", "w3c:date c-ip", "w3c:"] {
        assert!(unusable.parse::<Format>().is_err(), "{unusable}");
    }
}

/// Directives and lines that depend on them, in any order.
fn log() -> impl Strategy<Value = Vec<String>> {
    const LINES: [&str; 12] = [
        "#Fields: date time c-ip cs-uri-stem",
        "#Fields: time c-ip cs-uri-stem sc-status",
        "#Fields: time s-ip",
        "#fields:\ttime\tc-ip",
        "#Date: 2026-11-10 09:00:00",
        "#Date: 2026-11-11",
        "#Software: Microsoft Internet Information Services 10.0\r",
        "2026-11-10 08:00:00 192.0.2.1 /a",
        "08:00:01 192.0.2.2 /b 200",
        "08:00:02 192.0.2.3",
        "",
        "\u{feff}#Date: 2026-11-12",
    ];
    prop::collection::vec(select(&LINES[..]).prop_map(String::from), 0..40)
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same(log in log(), cuts in prop::collection::vec(0..40_usize, 0..6)) {
        let mut whole = parser();
        let expected: Vec<_> = log.iter().map(|line| told(whole.parse(line.as_bytes()))).collect();
        let mut found = Vec::new();
        let mut format = Format::named("w3c").unwrap();
        // Two workers that take chunks in turn.
        let mut workers = [parser(), parser()];
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(log.len())).chain([0, log.len()]).collect();
        cuts.sort_unstable();
        for (turn, cut) in cuts.windows(2).enumerate() {
            let lines = &log[cut[0]..cut[1]];
            let worker = &mut workers[turn % 2];
            worker.resume(&format);
            found.extend(lines.iter().map(|line| told(worker.parse(line.as_bytes()))));
            format.pass((lines.join("\n") + "\n").as_bytes());
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_line_panics(lines in prop::collection::vec("(#Fields: |#Date: |time|date|c-ip|[ \t\"+-]|2026-11-10 08:00:00|.){0,12}", 0..6)) {
        let mut parser = parser();
        for line in lines {
            let _ = parser.parse(line.as_bytes());
        }
    }
}
