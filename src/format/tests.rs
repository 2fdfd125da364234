//! What lines come to: tables of cases by trap, and properties of any line at all.

use proptest::{prelude::*, sample::select, string::bytes_regex};

use super::{Format, Parsed, Parser};
use crate::{
    record::{Escape, LINE_CAP, Record, Request, Text},
    stats::Rule,
    time::{TimeZone, Timestamp},
};

/// 2000-10-10T20:55:36Z, the time of the example in Apache's documentation.
const EXAMPLE: i64 = 971_211_336;

fn named(name: &str) -> Parser {
    Format::named(name).unwrap().parser(TimeZone::UTC)
}

fn of_spec(spec: &str) -> Parser {
    Format::from_spec(spec).unwrap().parser(TimeZone::UTC)
}

/// The record of a line that is one.
fn record<'a>(parser: &mut Parser, line: &'a [u8]) -> Record<'a> {
    match parser.parse(line) {
        Parsed::Record(record) => record,
        other => panic!("{other:?}: {}", line.escape_ascii()),
    }
}

fn line_of(request: Request<'_>) -> Text<'_> {
    match request {
        Request::Line(line) => line,
        Request::Parts { .. } => panic!("the request comes in parts"),
    }
}

/// A combined line with parts of it exchanged for others.
fn combined(exchanged: &[(&str, &str)]) -> String {
    let line =
        r#"203.0.113.7 - USER [10/Oct/2000:13:55:36 -0700] "REQUEST" 200 2326 "REFERRER" "AGENT""#;
    exchanged
        .iter()
        .fold(line.into(), |line: String, (from, to)| {
            line.replace(from, to)
        })
}

#[test]
fn a_combined_line_gives_every_field() {
    let line = br#"203.0.113.7 - frank [10/Oct/2000:13:55:36 -0700] "GET /a?b=c HTTP/1.0" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)""#;
    let record = record(&mut named("combined"), line);
    assert_eq!(record.client, b"203.0.113.7");
    assert_eq!(record.time, Timestamp(EXAMPLE * 1_000_000));
    assert_eq!(line_of(record.request).raw, b"GET /a?b=c HTTP/1.0");
    assert_eq!(line_of(record.request).escape, Escape::Backslash);
    assert_eq!((record.status, record.bytes), (Some(200), 2326));
    assert_eq!(record.referrer.raw, b"http://www.example.com/start.html");
    assert_eq!(record.agent.raw, b"Mozilla/4.08 [en] (Win98; I ;Nav)");
    assert_eq!(record.host, b"");
    assert!(!record.opted_out);
}

#[test]
fn a_request_may_be_anything_between_its_quotes() {
    let mut parser = named("combined");
    let mut check = |request: &str| {
        let line = combined(&[("REQUEST", request)]);
        let found = line_of(record(&mut parser, line.as_bytes()).request).raw;
        assert_eq!(found, request.as_bytes(), "{request}");
    };
    check("");
    check("-");
    check("GET /");
    check(r"\n");
    check(r"\x16\x03\x01\x02");
    check(r"\x16\x03\x01\xFC");
    check(r#"GET /\"quoted\" HTTP/1.1"#);
    check(r#"GET /\\"#);
    check(r#"GET /\\\" HTTP/1.1"#);
    check("GET /a b c HTTP/1.1");
    check("GET /] [10/Oct/2000 HTTP/1.1");
    check("GET /日本 HTTP/2.0");
}

#[test]
fn quoted_headers_may_hold_escaped_quotes_and_end_in_a_backslash() {
    let mut parser = named("combined");
    let mut check = |referrer: &str, agent: &str| {
        let line = combined(&[("REFERRER", referrer), ("AGENT", agent)]);
        let record = record(&mut parser, line.as_bytes());
        assert_eq!(
            (record.referrer.raw, record.agent.raw),
            (referrer.as_bytes(), agent.as_bytes())
        );
    };
    check("-", "-");
    check("", "");
    check(r#"\" \""#, r#"a \"b\" c"#);
    check(r"https://example.org/\\", r"agent\\");
    check(r"\x22", r"\x5C");
    check("https://example.org/", r#"\" 200 5 \"-\" \""#);
}

#[test]
fn a_user_name_may_have_spaces() {
    let mut parser = named("combined");
    for user in [
        "-",
        "frank",
        "john doe",
        "a b c",
        "\"\"",
        r"j\xc3\xb6rg",
        "x] \"",
        "",
    ] {
        let line = combined(&[("USER", user)]);
        assert_eq!(
            record(&mut parser, line.as_bytes()).time.seconds(),
            EXAMPLE,
            "{user}"
        );
    }
}

#[test]
fn a_client_is_what_the_server_wrote_for_it() {
    let mut parser = named("combined");
    for client in [
        "203.0.113.7",
        "2001:db8::7",
        "::1",
        "host.example.net",
        "-",
        "unix:",
        "::ffff:1.2.3.4",
    ] {
        let line = combined(&[("203.0.113.7", client)]);
        assert_eq!(
            record(&mut parser, line.as_bytes()).client,
            client.as_bytes()
        );
    }
}

#[test]
fn status_and_bytes_may_be_absent() {
    let mut parser = named("combined");
    let mut check = |text: &str, status: Option<u16>, bytes: u64| {
        let line = combined(&[("200 2326", text)]);
        let record = record(&mut parser, line.as_bytes());
        assert_eq!((record.status, record.bytes), (status, bytes), "{text}");
    };
    check("200 0", Some(200), 0);
    check("408 -", Some(408), 0);
    check("499 0", Some(499), 0);
    check("- -", None, 0);
    check("000 0", None, 0);
    check(
        "200 9999999999999999999",
        Some(200),
        9_999_999_999_999_999_999,
    );
}

#[test]
fn a_malformed_line_breaks_one_rule() {
    let mut parser = named("combined");
    let mut check = |line: &str, rule: Rule| {
        let parsed = parser.parse(line.as_bytes());
        assert!(
            matches!(parsed, Parsed::Malformed(broken) if broken == rule),
            "{line}: {parsed:?}"
        );
    };
    let whole = combined(&[]);
    check(&whole[..5], Rule::Incomplete);
    check(&whole[..16], Rule::Incomplete);
    check(&whole[..24], Rule::Time);
    check(&whole[..46], Rule::Incomplete);
    check(&whole[..55], Rule::Quote);
    check(&whole[..58], Rule::Incomplete);
    check(&whole[..whole.len() - 1], Rule::Quote);
    check(&format!("{whole} "), Rule::Trailing);
    check(&format!("{whole} 12 13"), Rule::Trailing);
    check(&combined(&[("2326 ", "2326")]), Rule::Bytes);
    check(&combined(&[("\" 200", "\"\t200")]), Rule::Delimiter);
    check(&combined(&[("] \"", "]  \"")]), Rule::Delimiter);
    check(&combined(&[(" 200 ", " 20 ")]), Rule::Status);
    check(&combined(&[(" 200 ", " 2000 ")]), Rule::Status);
    check(&combined(&[(" 200 ", " +20 ")]), Rule::Status);
    check(&combined(&[("2326", "2,326")]), Rule::Bytes);
    check(&combined(&[("2326", "-1")]), Rule::Bytes);
    check(&combined(&[("2326", "")]), Rule::Bytes);
    check(&combined(&[("2326", "99999999999999999999")]), Rule::Bytes);
    check(&combined(&[("REFERRER", "a\"b")]), Rule::Delimiter);
    check(&combined(&[("AGENT", "a\\")]), Rule::Quote);
    check("\u{0}\u{0}\u{0}", Rule::Incomplete);
    for time in [
        "31/Feb/2000:13:55:36 -0700",
        "29/Feb/2001:13:55:36 -0700",
        "00/Oct/2000:13:55:36 -0700",
        "10/Okt/2000:13:55:36 -0700",
        "10/Oct/2000:24:55:36 -0700",
        "10/Oct/2000:25:55:36 -0700",
        "10/Oct/2000:13:60:36 -0700",
        "10/Oct/2000:13:55:61 -0700",
        "10/Oct/10000:13:55:36 -070",
        "10/Oct/12000:13:55:36 -0700",
        "10/Oct/2000:13:55:36 -1600",
        "10/Oct/2000:13:55:36 -0760",
        "10/Oct/2000:13:55:36  0700",
        "10/Oct/2000 13:55:36 -0700",
    ] {
        check(
            &combined(&[("10/Oct/2000:13:55:36 -0700", time)]),
            Rule::Time,
        );
    }
}

#[test]
fn a_common_line_is_not_a_combined_one_and_the_other_way_round() {
    let whole = combined(&[]);
    let common = &whole[..whole.find(" \"REFERRER").unwrap()];
    assert!(matches!(
        named("combined").parse(common.as_bytes()),
        Parsed::Malformed(Rule::Incomplete)
    ));
    assert!(matches!(
        named("common").parse(whole.as_bytes()),
        Parsed::Malformed(Rule::Trailing)
    ));
    assert_eq!(record(&mut named("common"), common.as_bytes()).bytes, 2326);
}

#[test]
fn line_ends_blank_lines_and_comments_are_no_content() {
    let mut parser = named("combined");
    let line = combined(&[]);
    assert_eq!(
        record(&mut parser, format!("{line}\r").as_bytes())
            .agent
            .raw,
        b"AGENT"
    );
    assert_eq!(
        record(&mut parser, format!("\u{feff}{line}").as_bytes()).client,
        b"203.0.113.7"
    );
    for ignored in [
        "",
        "\r",
        "   ",
        "\t \r",
        "\u{feff}",
        "# comment",
        "#Fields: date time",
        "#",
    ] {
        assert!(
            matches!(parser.parse(ignored.as_bytes()), Parsed::Ignored),
            "{ignored:?}"
        );
    }
    let odd = format!("#{line}");
    assert_eq!(record(&mut parser, odd.as_bytes()).client, b"#203.0.113.7");
}

#[test]
fn a_line_may_be_as_long_as_the_cap() {
    let agent = "x".repeat(LINE_CAP + "AGENT".len() - combined(&[]).len());
    let line = combined(&[("AGENT", &agent)]);
    assert_eq!(line.len(), LINE_CAP);
    let whole = named("combined").parse(line.as_bytes());
    assert!(matches!(whole, Parsed::Record(_)), "{whole:?}");
    for longer in [format!("{line} "), " ".repeat(LINE_CAP + 1)] {
        let longer = named("combined").parse(longer.as_bytes());
        assert!(
            matches!(longer, Parsed::Malformed(Rule::Length)),
            "{longer:?}"
        );
    }
}

#[test]
fn a_virtual_host_loses_its_port() {
    let mut parser = named("vhost_combined");
    let mut check = |logged: &str, host: &str| {
        let line = format!("{logged} {}", combined(&[]));
        let record = record(&mut parser, line.as_bytes());
        assert_eq!(
            (record.host, record.client),
            (host.as_bytes(), &b"203.0.113.7"[..]),
            "{logged}"
        );
    };
    check("example.org:443", "example.org");
    check("example.org", "example.org");
    check("-", "");
    check("[2001:db8::1]:80", "[2001:db8::1]");
    check("[2001:db8::1]", "[2001:db8::1]");
    check("2001:db8::1", "2001:db8::1");
    check("example.org:http", "example.org:http");
}

#[test]
fn a_list_in_the_clients_place_is_the_client_and_not_the_next_field_too() {
    let list = "10.0.0.2, 203.0.113.9, 10.0.0.3";
    let line = combined(&[("203.0.113.7", list)]);
    let csv = r#"$remote_addr,$time_iso8601,"$request""#;
    let csv_line = format!(r#"{list},2000-10-10T13:55:36-07:00,"GET / HTTP/1.1""#);
    for (format, line) in [
        ("combined", &line),
        ("vhost_combined", &format!("example.org:443 {line}")),
        ("mixed", &line),
        ("mixed", &format!("example.org:443 {line}")),
        (r#"%h %^[%d:%t %^] "%r" %s %b "%R" "%u""#, &line),
        (csv, &csv_line),
        ("%t %h", &format!("[10/Oct/2000:13:55:36 -0700] {list}")),
    ] {
        let mut parser = format.parse::<Format>().unwrap().parser(TimeZone::UTC);
        let record = record(&mut parser, line.as_bytes());
        assert_eq!(record.client, list.as_bytes(), "{format}");
    }
    let log = format!("{line}\n").repeat(3);
    let detected = Format::detect("access.log", log.as_bytes()).unwrap();
    assert_eq!(detected.format.name(), Some("combined"));
}

#[test]
fn a_user_without_a_name_in_quotes_is_two_quotes_within_them() {
    let mut parser = of_spec(r#"%h "%u" %t "%r" "%{name}n""#);
    for user in ["\"\"", "", "-", "jane", "\\\"", "\\\"\\\""] {
        let line = format!(r#"203.0.113.7 "{user}" [10/Oct/2000:13:55:36 -0700] "GET /" "{user}""#);
        let request = record(&mut parser, line.as_bytes()).request;
        assert_eq!(line_of(request).raw, b"GET /", "{user}");
    }
}

#[test]
fn a_request_may_come_in_parts() {
    let check = |spec: &str, request: &str, expected: [&str; 3]| {
        let line = format!("203.0.113.7 [10/Oct/2000:13:55:36 -0700] {request}");
        let request = record(&mut of_spec(&format!("%h %t {spec}")), line.as_bytes()).request;
        let Request::Parts {
            method,
            path,
            query,
        } = request
        else {
            panic!("{spec}")
        };
        assert_eq!(
            [method.raw, path.raw, query.raw],
            expected.map(str::as_bytes),
            "{spec}"
        );
    };
    check("%m %U %q %>s", "GET /a ?b=c 200", ["GET", "/a", "?b=c"]);
    check("%m %U %q %>s", "GET /a  200", ["GET", "/a", ""]);
    check("%m %U%q", "GET /a b?c=d", ["GET", "/a b?c=d", ""]);
    check(
        r#""%m" "%U" "%q""#,
        r#""GET" "/a \"b\"" """#,
        ["GET", r#"/a \"b\""#, ""],
    );
    check(r"%m\t%U\t%>s", "GET\t/a b\t200", ["GET", "/a b", ""]);
    check("%U", "/a", ["", "/a", ""]);
}

#[test]
fn a_request_line_in_all_but_name_is_one() {
    let mut parser = of_spec(r#"%h %t "%m %U%q %H" %>s"#);
    let line = br#"203.0.113.7 [10/Oct/2000:13:55:36 -0700] "GET /a b?c HTTP/1.1" 200"#;
    assert_eq!(
        line_of(record(&mut parser, line).request).raw,
        b"GET /a b?c HTTP/1.1"
    );
}

#[test]
fn a_forwarded_client_is_the_last_that_is_not_private() {
    let check = |spec: &str, logged: &str, client: &str| {
        let line = format!("[10/Oct/2000:13:55:36 -0700] {logged}");
        let record = record(&mut of_spec(&format!("%t {spec}")), line.as_bytes());
        assert_eq!(record.client, client.as_bytes(), "{logged}");
    };
    let quoted = r#""%{X-Forwarded-For}i""#;
    for (logged, client) in [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, 10.0.0.1", "203.0.113.7"),
        ("198.51.100.1,2001:db8::7 , ::1, fd00::1", "2001:db8::7"),
        ("10.0.0.2, 10.0.0.1", "10.0.0.1"),
        ("203.0.113.7, unknown", "-"),
        ("anything", "-"),
        ("-", "-"),
        ("", "-"),
    ] {
        check(quoted, &format!("\"{logged}\""), client);
    }
    check(
        r#"%{x-forwarded-for}i %l %u "%r""#,
        r#"203.0.113.7, 10.0.0.1 - - "GET /""#,
        "203.0.113.7",
    );
    check(
        r#"%h "%{X-Forwarded-For}i""#,
        r#"10.0.0.1 "203.0.113.7""#,
        "10.0.0.1",
    );
}

#[test]
fn a_header_of_value_1_opts_out() {
    let mut parser = of_spec(r#"%h %t "%{dnt}i" "%{Sec-GPC}i""#);
    let mut check = |headers: &str, opted_out: bool| {
        let line = format!("203.0.113.7 [10/Oct/2000:13:55:36 -0700] {headers}");
        assert_eq!(
            record(&mut parser, line.as_bytes()).opted_out,
            opted_out,
            "{headers}"
        );
    };
    check(r#""-" "-""#, false);
    check(r#""0" "-""#, false);
    check(r#""1" "-""#, true);
    check(r#""-" "1""#, true);
    check(r#""1" "0""#, true);
    check(r#""11" """#, false);
}

#[test]
fn times_are_read_in_the_syntaxes_of_the_format_string() {
    let check = |spec: &str, text: &str, fraction: i64| {
        let line = format!("203.0.113.7 {text}");
        let record = record(&mut of_spec(&format!("%h {spec}")), line.as_bytes());
        assert_eq!(
            record.time,
            Timestamp(EXAMPLE * 1_000_000 + fraction),
            "{spec}"
        );
    };
    check("%t", "[10/Oct/2000:13:55:36 -0700]", 0);
    check(
        "%t %{usec_frac}t",
        "[10/Oct/2000:13:55:36 -0700] 012345",
        12_345,
    );
    check(
        "%t %D %{msec_frac}t",
        "[10/Oct/2000:13:55:36 -0700] 77 012",
        12_000,
    );
    check(
        "[%{%d/%b/%Y:%H:%M:%S}t.%{msec_frac}t %{%z}t]",
        "[10/Oct/2000:13:55:36.007 -0700]",
        7_000,
    );
    check("%{%FT%T%z}t", "2000-10-10T22:55:36+02:00", 0);
    check("%{%FT%T%z}t", "2000-10-10T20:55:36Z", 0);
    check("%{%F %T}t %>s", "2000-10-10 20:55:36 200", 0);
    check("%{%F}t %>s %{%T}t", "2000-10-10 200 20:55:36", 0);
    check("%{%T.%f}t %{%F}t", "20:55:36.1234567 2000-10-10", 123_456);
    check("%{%c}t", "Tue Oct 10 20:55:36 2000", 0);
    check("%{%D %r}t", "10/10/00 08:55:36 PM", 0);
    check(
        "%{%A, %e %B %Y %k:%M:%S %Z}t",
        "Tuesday, 10 October 2000 20:55:36 GMT",
        0,
    );
    check("%{sec}t", "971211336", 0);
    check("%{%s}t", "971211336", 0);
    check("%{sec}t.%{msec_frac}t", "971211336.250", 250_000);
    check("%{msec}t", "971211336250", 250_000);
    check(
        "%{begin:usec}t %{end:usec}t",
        "971211336000250 999999999999999",
        250,
    );
    check("%{end:%F %T}t", "2000-10-10 20:55:36", 0);
    check(
        "%{end:%F %T}t %t",
        "1999-01-01 00:00:00 [10/Oct/2000:13:55:36 -0700]",
        0,
    );
}

#[test]
fn times_without_a_zone_are_of_the_logs_time_zone() {
    let format = Format::from_spec("%h %{%F %T}t").unwrap();
    let mut parser = format.parser(TimeZone::get("America/Los_Angeles").unwrap());
    assert_eq!(
        record(&mut parser, b"203.0.113.7 2000-10-10 13:55:36")
            .time
            .seconds(),
        EXAMPLE
    );
}

#[test]
fn nginx_lines_are_combined_lines() {
    let line = br#"203.0.113.7 - - [10/Oct/2000:13:55:36 -0700] "GET /\x22\x5C HTTP/1.1" 304 0 "-" "a\x5C""#;
    let record = record(&mut named("combined"), line);
    assert_eq!(line_of(record.request).raw, br"GET /\x22\x5C HTTP/1.1");
    assert_eq!(record.agent.raw, br"a\x5C");
}

#[test]
fn what_is_neither_a_name_nor_a_format_string_is_told_the_names() {
    for spec in ["comined", ""] {
        let message = Format::from_spec(spec).unwrap_err().to_string();
        assert!(
            message.contains("the known names are common, combined,"),
            "{message}"
        );
    }
}

/// Escapes as `ap_escape_logitem` of Apache httpd does.
fn escape_as_apache(bytes: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::new();
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => escaped.extend([b'\\', byte]),
            8 => escaped.extend(b"\\b"),
            b'\n' => escaped.extend(b"\\n"),
            b'\r' => escaped.extend(b"\\r"),
            b'\t' => escaped.extend(b"\\t"),
            11 => escaped.extend(b"\\v"),
            b' '..=b'~' => escaped.push(byte),
            _ => escaped.extend(format!("\\x{byte:02x}").bytes()),
        }
    }
    escaped
}

/// Bytes as clients may send them, rich in those that need an escape.
fn sent() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => any::<u8>(), 3 => select(&b"\"\\ []-\r\n"[..])];
    prop::collection::vec(byte, 0..40)
}

proptest! {
    #[test]
    fn what_apache_writes_is_read_back(
        client in "[0-9a-f:.]{1,30}",
        user in "[a-z]{1,5}( [a-z]{1,5})?|-",
        second in 0..253_000_000_000_i64,
        request in sent(),
        status in 100..1000_u16,
        bytes in any::<u32>(),
        referrer in sent(),
        agent in sent(),
    ) {
        let time = jiff::Timestamp::from_second(second).unwrap();
        let time = time.to_zoned(TimeZone::fixed(jiff::tz::offset(5)));
        let [request, referrer, agent] = [request, referrer, agent].map(|sent| escape_as_apache(&sent));
        let mut line = format!("{client} - {user} [{}] \"", time.strftime("%d/%b/%Y:%H:%M:%S %z")).into_bytes();
        line.extend(&request);
        line.extend(format!("\" {status} {bytes} \"").bytes());
        line.extend(&referrer);
        line.extend(b"\" \"");
        line.extend(&agent);
        line.push(b'"');
        let record = record(&mut named("combined"), &line);
        prop_assert_eq!(record.client, client.as_bytes());
        prop_assert_eq!(record.time, Timestamp(second * 1_000_000));
        prop_assert_eq!(line_of(record.request).raw, request);
        prop_assert_eq!((record.status, record.bytes), (Some(status), bytes.into()));
        prop_assert_eq!((record.referrer.raw, record.agent.raw), (&referrer[..], &agent[..]));
    }

    #[test]
    fn no_line_makes_any_format_panic(
        line in bytes_regex("(?s-u)(203.0.113.7|[ -:a\"\\\\]| - - \\[10/Oct/2000:13:55:36 -0700\\] \"|.){0,40}").unwrap(),
    ) {
        for name in Format::names() {
            let _ = named(name).parse(&line);
        }
        let _ = of_spec("%h %{%F %T.%f %p %e %y}t %U%q|%{Host}i|%{DNT}i|%{X-Forwarded-For}i").parse(&line);
        let _ = Format::detect("access.log", &line);
    }

    #[test]
    fn a_damaged_line_never_panics(
        place in 0..100_usize,
        byte in any::<u8>(),
        end in 0..100_usize,
    ) {
        let mut line = combined(&[]).into_bytes();
        let length = line.len();
        line[place % length] = byte;
        let _ = named("combined").parse(&line[..end % length]);
        let _ = named("vhost_combined").parse(&line);
    }

    #[test]
    fn no_string_makes_the_grammar_panic(spec in "(%[{}<>!a-zA-Z0-9,^%:-]{1,6}|[ \"\\\\].?){0,8}") {
        let _ = Format::from_spec(&spec);
    }
}
