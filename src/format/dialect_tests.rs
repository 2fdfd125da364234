//! What lines come to in the dialects of nginx and `GoAccess`: tables of cases by trap, and properties.

use proptest::{prelude::*, sample::select};

use super::{DateFormats, Format, Parsed, Parser};
use crate::{
    record::{Escape, Record, Request, Text},
    stats::Rule,
    time::{TimeZone, Timestamp},
};

/// 2000-10-10T20:55:36Z.
const EXAMPLE: i64 = 971_211_336;

/// The format that packages of nginx configure besides `combined`.
const MAIN: &str = r#"'$remote_addr - $remote_user [$time_local] "$request" '
    '$status $body_bytes_sent "$http_referer" '
    '"$http_user_agent" "$http_x_forwarded_for"'"#;

const JSON: &str = r#"escape=json '{"at":"$time_iso8601","ip":"$remote_addr","user":"$remote_user",'
    '"request":"$request","status":$status,"bytes":$body_bytes_sent,"took":$upstream_response_time,'
    '"referrer":"$http_referer","agent":"$http_user_agent","dnt":"$http_dnt"}'"#;

fn of_spec(spec: &str) -> Parser {
    Format::from_spec(spec).unwrap().parser(TimeZone::UTC)
}

fn of_goaccess(spec: &str, date: &str, time: &str) -> Parser {
    let dates = DateFormats {
        date: Some(date.into()),
        time: Some(time.into()),
    };
    let format = Format::from_dated_spec(spec, &dates).unwrap();
    format.parser(TimeZone::UTC)
}

#[track_caller]
fn record<'a>(parser: &mut Parser, line: &'a str) -> Record<'a> {
    match parser.parse(line.as_bytes()) {
        Parsed::Record(record) => record,
        other => panic!("{other:?}: {line}"),
    }
}

#[track_caller]
fn malformed(parser: &mut Parser, line: &str, rule: Rule) {
    let parsed = parser.parse(line.as_bytes());
    assert!(
        matches!(parsed, Parsed::Malformed(broken) if broken == rule),
        "{line}: {parsed:?}"
    );
}

/// The fields of a record with escapes undone: client, request, status, bytes, referrer, agent.
type Decoded = (Vec<u8>, Vec<u8>, Option<u16>, u64, Vec<u8>, Vec<u8>);

fn decoded(record: &Record<'_>) -> Decoded {
    let undone = |text: Text<'_>| text.decode(&mut Vec::new()).to_vec();
    let request = match record.request {
        Request::Line(line) => undone(line),
        Request::Parts { .. } => panic!("the request comes in parts"),
    };
    (
        record.client.to_vec(),
        request,
        record.status,
        record.bytes,
        undone(record.referrer),
        undone(record.agent),
    )
}

fn expected(client: &str, request: &str, referrer: &str, agent: &str) -> Decoded {
    let [client, request, referrer, agent] =
        [client, request, referrer, agent].map(|text| text.as_bytes().to_vec());
    (client, request, Some(200), 5, referrer, agent)
}

#[test]
fn the_packaged_format_of_nginx_is_read() {
    let mut parser = of_spec(MAIN);
    let mut check = |line: &str, decoded_fields: Decoded| {
        let found = record(&mut parser, line);
        assert_eq!(found.time, Timestamp(EXAMPLE * 1_000_000));
        assert_eq!(decoded(&found), decoded_fields, "{line}");
    };
    check(
        r#"203.0.113.7 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/2.0" 200 5 "-" "a" "-""#,
        expected("203.0.113.7", "GET / HTTP/2.0", "-", "a"),
    );
    check(
        r#"unix: - john doe [10/Oct/2000:13:55:36 -0700] "" 200 5 "-" "-" "192.0.2.1, 10.0.0.1""#,
        expected("unix:", "", "-", "-"),
    );
    check(
        r#"::1 - - [10/Oct/2000:13:55:36 -0700] "GET /\x22\x5C HTTP/3.0" 200 5 "\x22" "a\x5C" "-""#,
        expected("::1", "GET /\"\\ HTTP/3.0", "\"", "a\\"),
    );
}

#[test]
fn a_json_template_is_read_with_its_escapes() {
    let mut parser = of_spec(JSON);
    let mut check = |line: &str, decoded_fields: Decoded| {
        let found = record(&mut parser, line);
        assert_eq!(found.time, Timestamp(EXAMPLE * 1_000_000));
        assert_eq!(decoded(&found), decoded_fields, "{line}");
    };
    check(
        r#"{"at":"2000-10-10T20:55:36+00:00","ip":"203.0.113.7","user":"","request":"GET /\"\\ HTTP/1.1","status":200,"bytes":5,"took":0.001,"referrer":"","agent":"a \u001Bb","dnt":""}"#,
        expected("203.0.113.7", "GET /\"\\ HTTP/1.1", "", "a \u{1b}b"),
    );
    // What is missing is written as nothing, so that numbers may be missing from their place.
    check(
        r#"{"at":"2000-10-10T22:55:36+02:00","ip":"203.0.113.7","user":"\"","request":"","status":200,"bytes":5,"took":,"referrer":"-","agent":"é\",\"dnt\":\"1","dnt":""}"#,
        expected("203.0.113.7", "", "-", "é\",\"dnt\":\"1"),
    );
    check(
        r#"{"at":"2000-10-10T22:55:36+02:00","ip":"203.0.113.7","user":"","request":"-","status":200,"bytes":5,"took":0.1, 0.2 : 0.3,"referrer":"\\","agent":"\\\\","dnt":"1"}"#,
        expected("203.0.113.7", "-", "\\", "\\\\"),
    );
    malformed(
        &mut parser,
        r#"{"ip":"203.0.113.7","at":"2000-10-10T22:55:36+02:00"}"#,
        Rule::Delimiter,
    );
}

#[test]
fn without_escapes_a_field_ends_where_what_follows_stands_whole() {
    let mut parser = of_spec(
        r#"escape=none '$remote_addr [$time_local] "$request" $status "$http_referer" "$http_user_agent"'"#,
    );
    let line =
        r#"203.0.113.7 [10/Oct/2000:13:55:36 -0700] "GET /\x22"a" 200 "" "a "quoted" agent\""#;
    let found = record(&mut parser, line);
    let (_, request, status, _, referrer, agent) = decoded(&found);
    assert_eq!(request, br#"GET /\x22"a"#);
    assert_eq!(status, Some(200));
    assert_eq!(
        (&*referrer, &*agent),
        (&b""[..], &br#"a "quoted" agent\"#[..])
    );
    malformed(&mut parser, &line[..line.len() - 1], Rule::Delimiter);
    malformed(&mut parser, &format!("{line}x"), Rule::Delimiter);
}

#[test]
fn lists_of_upstream_servers_are_read_over() {
    let ingress = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length $upstream_response_time $upstream_status $req_id"#;
    let mut parser = of_spec(ingress);
    let mut check = |end: &str| {
        let line = format!(
            r#"203.0.113.7 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "-" 77 0.001 [default-web-80] [] {end}"#
        );
        assert_eq!(record(&mut parser, &line).status, Some(200), "{end}");
    };
    check("10.0.0.1:80 12 0.001 200 4bf92f3577b34da6");
    check("10.0.0.1:80, 10.0.0.2:80 0, 12 0.001, 0.002 502, 200 4bf92f3577b34da6");
    check("10.0.0.1:80 : unix:/run/a.sock 0 : 12 0.001 : - 502 : 200 4bf92f3577b34da6");
    check("- - - - 4bf92f3577b34da6");

    let mut parser = of_spec("$upstream_addr $remote_addr $time_local $upstream_status");
    let line = "10.0.0.1:80, 10.0.0.2:80 : - 203.0.113.7 10/Oct/2000:13:55:36 -0700 502, 200 : -";
    assert_eq!(record(&mut parser, line).client, b"203.0.113.7");
    malformed(&mut parser, "10.0.0.1:80, 10.0.0.2:80", Rule::Incomplete);
}

#[test]
fn variables_of_nginx_fill_the_record() {
    let check = |spec: &str, line: &str, host: &str, parts: [&str; 3]| {
        let mut parser = of_spec(&format!("$remote_addr {spec} $msec"));
        let line = format!("203.0.113.7 {line} 971211336.250");
        let found = record(&mut parser, &line);
        assert_eq!(found.time, Timestamp(EXAMPLE * 1_000_000 + 250_000));
        assert_eq!(found.host, host.as_bytes());
        let Request::Parts {
            method,
            path,
            query,
        } = found.request
        else {
            panic!("{spec} comes in one");
        };
        let expected = parts.map(str::as_bytes);
        assert_eq!([method.raw, path.raw, query.raw], expected, "{spec}");
    };
    check("$host", "example.org", "example.org", [""; 3]);
    check("$http_host", "example.org:8080", "example.org", [""; 3]);
    check(
        "$server_name:$server_port",
        "example.org:443",
        "example.org",
        [""; 3],
    );
    check(
        "$request_method $uri $args",
        "GET /a b=c",
        "",
        ["GET", "/a", "b=c"],
    );
    check(
        "$request_method $uri?$query_string",
        "GET /a?b=c",
        "",
        ["GET", "/a", "b=c"],
    );
    check(
        "$request_method $uri$is_args$args",
        "GET /a?b=c",
        "",
        ["GET", "/a?b=c", ""],
    );
    check(
        "$request_method $scheme://$host$request_uri",
        "GET https://example.org/a?b",
        "example.org",
        ["GET", "/a?b", ""],
    );
    check("$uri $request_uri", "/a /b?c", "", ["", "/b?c", ""]);
    check(
        "$http_host$uri $host $request_uri",
        "example.com/a example.org /b?c",
        "example.org",
        ["", "/b?c", ""],
    );
}

#[test]
fn an_address_next_to_the_request_line_gives_the_host() {
    let mut parser = of_spec(r#"$remote_addr $msec "$request" $scheme://$host$request_uri"#);
    let line = r#"203.0.113.7 971211336.250 "GET /a HTTP/1.1" https://example.org/a"#;
    let found = record(&mut parser, line);
    assert_eq!(found.host, b"example.org");
    assert_eq!(decoded(&found).1, b"GET /a HTTP/1.1");
    malformed(&mut parser, line.trim_end_matches("/a"), Rule::Incomplete);
}

#[test]
fn a_request_line_in_variables_of_its_own_is_one() {
    let mut parser =
        of_spec(r#"$remote_addr [$time_local] "$request_method $request_uri $server_protocol""#);
    let line = r#"203.0.113.7 [10/Oct/2000:13:55:36 -0700] "GET /a b?c HTTP/1.1""#;
    let found = record(&mut parser, line);
    assert_eq!(decoded(&found).1, b"GET /a b?c HTTP/1.1");
}

#[test]
fn the_client_of_nginx_is_the_address_that_it_trusts() {
    let check = |spec: &str, logged: &str, client: &str| {
        let line = format!("[10/Oct/2000:13:55:36 -0700] {logged} 200");
        let mut parser = of_spec(&format!("[$time_local] {spec} $status"));
        assert_eq!(
            record(&mut parser, &line).client,
            client.as_bytes(),
            "{spec}"
        );
    };
    let [a, b, c] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
    check("$realip_remote_addr $remote_addr", &format!("{a} {b}"), b);
    check(
        "$http_x_forwarded_for $remote_addr",
        &format!("{a}, {b} {c}"),
        c,
    );
    check("$http_x_forwarded_for", &format!("{a}, {b}"), b);
    check(
        "$proxy_protocol_addr $http_x_real_ip",
        &format!("{a} {b}"),
        a,
    );
}

#[test]
fn headers_of_nginx_that_ask_not_to_be_counted_are_seen() {
    let mut parser = of_spec("$remote_addr $msec $http_dnt $http_sec_gpc");
    let mut check = |headers: &str, opted_out: bool| {
        let line = format!("203.0.113.7 971211336.000 {headers}");
        assert_eq!(record(&mut parser, &line).opted_out, opted_out, "{headers}");
    };
    check("- -", false);
    check("0 -", false);
    check("1 -", true);
    check("- 1", true);
}

#[test]
fn goaccess_strings_for_common_logs_are_read_as_goaccess_reads_them() {
    let mut parser = of_spec(r#"%h %^[%d:%t %^] "%r" %s %b "%R" "%u""#);
    let mut check = |line: &str| {
        let found = record(&mut parser, line);
        let fields = expected("203.0.113.7", "GET / HTTP/1.1", "-", "a");
        assert_eq!(decoded(&found), fields, "{line}");
    };
    // As GoAccess has it, whatever follows the last field is read over.
    let line = r#"203.0.113.7 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5 "-" "a""#;
    check(line);
    check(&line.replace("- -", "john doe"));
    check(&format!("{line} \"192.0.2.1\" 0.001"));
    let found = record(&mut parser, line);
    assert_eq!(found.time, Timestamp(EXAMPLE * 1_000_000));
    malformed(&mut parser, &line.replace("\"-\"", "-"), Rule::Bytes);

    let mut parser = of_spec(r#"%v:%^ %h %^[%d:%t %^] "%r" %s %b %^"#);
    for end in ["", " ", " and so on"] {
        let line = format!(
            r#"example.org:443 203.0.113.7 - - [10/Oct/2000:20:55:36 -0700] "GET / HTTP/1.1" 200 5{end}"#
        );
        let found = record(&mut parser, &line);
        assert_eq!(
            (found.host, found.bytes),
            (&b"example.org"[..], 5),
            "{line}"
        );
    }
}

#[test]
fn dates_of_goaccess_are_of_the_formats_given() {
    let check = |spec: &str, [date, time]: [&str; 2], text: &str, fraction: i64| {
        let mut parser = of_goaccess(&format!("{spec} %h"), date, time);
        let line = format!("{text} 203.0.113.7 and more");
        let time = record(&mut parser, &line).time;
        assert_eq!(time, Timestamp(EXAMPLE * 1_000_000 + fraction), "{spec}");
    };
    let iso = ["%Y-%m-%d", "%H:%M:%S"];
    check("%d %t", iso, "2000-10-10 20:55:36", 0);
    check("%dT%t.%^", iso, "2000-10-10T20:55:36.123456Z", 0);
    check("%x.%^", ["%s", "%s"], "971211336.250", 0);
    check("%x", ["%s", "%s"], "971211336", 0);
    check("%x", ["%*", "%*"], "971211336250", 250_000);
    check("%x", ["%f", "%f"], "971211336000250", 250);
    check(
        "%x",
        ["%Y-%m-%d", "%FT%T%z"],
        "2000-10-10T22:55:36+02:00",
        0,
    );
    let common = ["%d/%b/%Y", "%T"];
    check("[%d:%t %^]", common, "[10/Oct/2000:13:55:36 -0700]", 0);
    check("[%d:%t]", common, "[10/Oct/2000:20:55:36]", 0);
    check("[%d %t %^]", common, "[10/Oct/2000 20:55:36 -0700]", 0);
    check(r"%d\t%t", iso, "2000-10-10\t20:55:36", 0);
}

#[test]
fn lists_and_runs_of_spaces_of_goaccess_are_read() {
    let epoch = |spec: &str| of_goaccess(spec, "%s", "%s");
    let client = |mut parser: Parser, line: &str, client: &str| {
        assert_eq!(
            record(&mut parser, line).client,
            client.as_bytes(),
            "{line}"
        );
    };
    let squid = || epoch("%x.%^ %~%L %h %^/%s %b %m %U");
    client(
        squid(),
        "971211336.250     77 203.0.113.7 TCP_HIT/200 5 GET http://a/",
        "203.0.113.7",
    );
    client(
        squid(),
        "971211336.250 777777 203.0.113.7 TCP_HIT/200 5 GET http://a/",
        "203.0.113.7",
    );
    client(
        epoch("%x %^%~%h"),
        "971211336 a   203.0.113.7",
        "203.0.113.7",
    );
    client(
        epoch(r#"%x "~h{, }" %s"#),
        r#"971211336 "203.0.113.7, 10.0.0.1" 200"#,
        "203.0.113.7",
    );
    client(
        epoch(r#"%x ~h{," } %s"#),
        r#"971211336 "203.0.113.7, 10.0.0.1" 200"#,
        "203.0.113.7",
    );
    client(
        epoch("%x ~h{, } %s"),
        "971211336 203.0.113.7, 10.0.0.1 200",
        "203.0.113.7",
    );
    client(
        epoch("%x %h ~h{, }"),
        "971211336 203.0.113.7 10.0.0.1",
        "203.0.113.7",
    );
}

#[test]
fn a_line_for_goaccess_may_end_after_the_last_field_that_is_used() {
    let iis = "%d %t %^ %m %U %q %^ %^ %h %u %R %s %^ %^ %L";
    let mut parser = of_goaccess(iis, "%Y-%m-%d", "%H:%M:%S");
    let line = "2000-10-10 20:55:36 10.0.0.1 GET /a b=c 443 - 203.0.113.7 a+b - 200";
    for line in [
        line.to_owned(),
        format!("{line} 0 0 77"),
        format!("{line} 0"),
    ] {
        let found = record(&mut parser, &line);
        assert_eq!(
            (found.client, found.agent.raw),
            (&b"203.0.113.7"[..], &b"a+b"[..])
        );
        assert_eq!((found.time.seconds(), found.status), (EXAMPLE, Some(200)));
    }
    malformed(&mut parser, line.trim_end_matches(" 200"), Rule::Incomplete);
}

#[test]
fn fields_that_nothing_separates_are_refused_in_every_dialect() {
    let check = |spec: &str| {
        let message = Format::from_spec(spec).unwrap_err().to_string();
        assert!(message.contains("nothing separates"), "{spec}: {message}");
    };
    check("$remote_addr$status $msec");
    check("$remote_addr$request_length $msec");
    check("%h%^ %d:%t");
}

/// Escapes as nginx does: `ngx_http_log_escape` and `ngx_escape_json`, or not at all.
fn escaped(bytes: &[u8], escape: Escape) -> Vec<u8> {
    let mut escaped = Vec::new();
    for &byte in bytes {
        match (escape, byte) {
            (Escape::Backslash, b'"' | b'\\' | ..0x20 | 0x7f..) => {
                escaped.extend(format!("\\x{byte:02X}").bytes());
            }
            (Escape::Json, b'"' | b'\\') => escaped.extend([b'\\', byte]),
            (Escape::Json, b'\n') => escaped.extend(b"\\n"),
            (Escape::Json, b'\r') => escaped.extend(b"\\r"),
            (Escape::Json, b'\t') => escaped.extend(b"\\t"),
            (Escape::Json, 0x08) => escaped.extend(b"\\b"),
            (Escape::Json, 0x0c) => escaped.extend(b"\\f"),
            (Escape::Json, ..0x20) => escaped.extend(format!("\\u{byte:04X}").bytes()),
            _ => escaped.push(byte),
        }
    }
    escaped
}

/// What clients may send, rich in what needs an escape.
fn sent() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => any::<u8>(), 3 => select(&b"\"\\ []{}:,/u\t\x0b\x1b"[..])];
    prop::collection::vec(byte, 0..40)
}

proptest! {
    #[test]
    fn what_nginx_writes_is_read_back(
        client in "[0-9a-f:.]{1,30}|unix:",
        second in 0..253_000_000_000_i64,
        texts in prop::array::uniform3(sent()),
        status in 100..1000_u16,
        bytes in any::<u32>(),
        (name, escape) in select(vec![
            ("default", Escape::Backslash), ("json", Escape::Json), ("none", Escape::Literal),
        ]),
    ) {
        let mut texts = texts;
        if escape == Escape::Literal {
            // Nothing is escaped, so that what a client sends must not look like the format.
            for text in &mut texts {
                text.retain(|&byte| byte != b'"' && byte != b'\n');
            }
        }
        let [request, referrer, agent] = &texts;
        let time = jiff::Timestamp::from_second(second).unwrap();
        let mut line = format!("{{\"at\":\"{}\",\"ip\":\"{client}\",\"request\":\"", time.strftime("%Y-%m-%dT%H:%M:%S+00:00")).into_bytes();
        line.extend(escaped(request, escape));
        line.extend(format!("\",\"status\":{status},\"bytes\":{bytes},\"referrer\":\"").bytes());
        line.extend(escaped(referrer, escape));
        line.extend(b"\",\"agent\":\"");
        line.extend(escaped(agent, escape));
        line.extend(b"\"}");
        let spec = format!(
            r#"escape={name} '{{"at":"$time_iso8601","ip":"$remote_addr","request":"$request","status":$status,"bytes":$bytes_sent,"referrer":"$http_referer","agent":"$http_user_agent"}}'"#
        );
        let mut parser = of_spec(&spec);
        let Parsed::Record(record) = parser.parse(&line) else {
            return Err(TestCaseError::fail(line.escape_ascii().to_string()));
        };
        prop_assert_eq!(record.time, Timestamp(second * 1_000_000));
        let expected = (client.into_bytes(), request.clone(), Some(status), bytes.into(), referrer.clone(), agent.clone());
        prop_assert_eq!(decoded(&record), expected);
    }

    #[test]
    fn no_line_makes_a_dialect_panic(line in prop::collection::vec(
        prop_oneof![
            select(vec!["203.0.113.7", " ", "\"", "\\", ", ", " : ", "[", "10/Oct/2000:13:55:36 -0700", "{\"at\":\"", "971211336.250", "/", "\u{fc}"]).prop_map(|text| text.as_bytes().to_vec()),
            prop::collection::vec(any::<u8>(), 0..3),
        ],
        0..30,
    )) {
        let line = line.concat();
        for spec in [MAIN, JSON, "escape=none '\"$http_referer\" $msec $remote_addr \"$request\"'", "$upstream_addr $http_x_forwarded_for, $host$uri $msec", "%x.%^ %~%L ~h{,\" } %^ %~"] {
            let _ = of_spec(&spec.replace("%x", "%d:%t")).parse(&line);
        }
    }

    #[test]
    fn no_string_makes_a_front_end_panic(
        spec in "(log_format |escape=(json|none|x) )?('|\"|[$][{]?[a-z_]{1,12}[}]?|(host|uri|msec|[$]remote_addr)|%[a-zA-Z^~]|~h[{][, \"]?[}]?|[ \"\\\\#;{}].?){0,10}",
        date in "(%[a-zA-Z*]|.){0,3}",
    ) {
        let dates = DateFormats { date: Some(date.clone()), time: Some(date) };
        let _ = Format::from_dated_spec(&spec, &dates);
        let _ = Format::from_configuration("server.conf", &spec, None);
        let _ = Format::from_configuration("server.conf", &format!("LogFormat {spec}\nCustomLog a {spec}"), None);
    }
}
