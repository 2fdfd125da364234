//! What lines of each server's own format come to, and by which format they are detected.

use std::{fs, path::Path};

use proptest::{prelude::*, sample::select};

use super::{Format, Parsed};
use crate::{
    record::{Record, Request, Text},
    stats::Rule,
    time::{TimeZone, Timestamp},
};

/// The tables of this file: a format, its lines, and what they come to.
///
/// That is the client, the time, the request, the status, the bytes, the referrer, the agent and the
/// host; or the rule that is broken.
const CASES: &[(&str, &[(&str, &str)])] = &[
    (
        "alb",
        &[
            (
                r#"https 2026-11-10T08:00:00.123456Z app/site/50dc 198.51.100.7:50443 10.0.0.1:80 0.001 0.020 0.000 200 200 412 5120 "GET https://example.com:443/path?q=1 HTTP/2.0" "Mozilla/5.0 (X11)" ECDHE TLSv1.2 arn:aws:x "Root=1-5" "example.com" "session-reused" 0 2026-11-10T08:00:00.102000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-""#,
                "198.51.100.7:50443 2026-11-10T08:00:00.123456Z GET https://example.com:443/path?q=1 HTTP/2.0 200 5120 [] [Mozilla/5.0 (X11)] example.com",
            ),
            (
                r#"h2 2026-11-10T08:00:01.000000Z app/site/50dc [2001:db8:1:2::7]:50443 - -1 -1 -1 502 - 412 512 "GET https://example.com:443/caf\xc3\xa9 HTTP/2.0" "-" ECDHE TLSv1.3 - "Root=1-5" "example.com" "-" 0 2026-11-10T08:00:00.900000Z "forward" "-" "-" "-" "-" "-" "-" TID_01 "later" "fields""#,
                "[2001:db8:1:2::7]:50443 2026-11-10T08:00:01Z GET https://example.com:443/café HTTP/2.0 502 512 [] [-] example.com",
            ),
            (
                r#"http 2026-11-10T08:00:02.000000Z app/site/50dc 198.51.100.8:50444 - -1 -1 -1 460 - 0 - "GET http://example.com:80/ HTTP/1.1" "A \"1\"""#,
                r#"198.51.100.8:50444 2026-11-10T08:00:02Z GET http://example.com:80/ HTTP/1.1 460 0 [] [A "1"] example.com"#,
            ),
            (
                r#"http 2026-11-10T08:00:02.000000Z app/site/50dc 198.51.100.8:50444 - -1 -1 -1 460 - 0 - "GET http://example.com:80/ HTTP/1.1""#,
                "Incomplete",
            ),
            (
                r#"http 2026-11-10T08:00:02Z app/site/50dc 198.51.100.8:5 - -1 -1 -1 460 - 0 5 "GET"#,
                "Quote",
            ),
            (
                "http yesterday app/site/50dc 198.51.100.8:5 - -1 -1 -1 460 - 0 5",
                "Time",
            ),
        ],
    ),
    (
        "elb",
        &[
            (
                r#"2015-05-13T23:39:43.945958Z my-elb 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.38.0" - -"#,
                "192.168.131.39:2817 2015-05-13T23:39:43.945958Z GET http://www.example.com:80/ HTTP/1.1 200 29 [] [curl/7.38.0] www.example.com",
            ),
            (
                r#"2014-02-15T23:39:43.945958Z my-elb 192.168.131.39:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 "GET http://www.example.com:80/ HTTP/1.1""#,
                "192.168.131.39:2817 2014-02-15T23:39:43.945958Z GET http://www.example.com:80/ HTTP/1.1 200 29 [] [] www.example.com",
            ),
            (
                r#"2015-05-13T23:39:43.945958Z my-elb 192.168.131.39:2817 10.0.0.1:80 0.001069 0.000028 0.000041 - - 82 305 "- - - " "-" - -"#,
                "192.168.131.39:2817 2015-05-13T23:39:43.945958Z - - -  - 305 [] [-] ",
            ),
        ],
    ),
    (
        "s3",
        &[
            (
                r#"79a5 my-bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 arn:aws:iam::123:user/jane 3E57 REST.GET.OBJECT a%2520b.jpg "GET /my-bucket/a%20b.jpg?x HTTP/1.1" 200 - 2662992 3462992 70 10 "https://a.example/" "S3Console/0.4" - s9lz SigV4 ECDHE AuthHeader my-bucket.s3.amazonaws.com TLSv1.2 arn:aws:s3:x Yes more"#,
                "192.0.2.3 2019-02-06T00:00:38Z GET /my-bucket/a%20b.jpg?x HTTP/1.1 200 2662992 [https://a.example/] [S3Console/0.4] my-bucket.s3.amazonaws.com",
            ),
            (
                "79a5 my-bucket [06/Feb/2019:00:00:38 +0000] - 79a5 3E57 S3.EXPIRE.OBJECT key - - - - 113 - 7 - - -",
                "- 2019-02-06T00:00:38Z - - 0 [-] [-] ",
            ),
            (
                r#"79a5 my-bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - 3E57 REST.GET.ACL - "GET /my-bucket?acl HTTP/1.1" 403 AccessDenied 113 - 7 - "-" "a "quoted"; agent" -"#,
                "192.0.2.3 2019-02-06T00:00:38Z GET /my-bucket?acl HTTP/1.1 403 113 [-] [a \"quoted\"; agent] ",
            ),
            (
                "79a5 my-bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - 3E57",
                "Incomplete",
            ),
            ("79a5 my-bucket [06/Feb/2019:00:00:38", "Delimiter"),
        ],
    ),
    (
        "squid",
        &[
            (
                "1794297600.123    310 192.0.2.1 TCP_MISS/304 233 GET http://user@www.example.com:8080/a?b - HIER_DIRECT/198.51.100.1 text/html",
                "192.0.2.1 2026-11-10T08:00:00.123Z GET|http://user@www.example.com:8080/a?b| 304 233 [] [] www.example.com",
            ),
            (
                "1794297600.123      0 2001:db8::1 TCP_TUNNEL/200 39 CONNECT www.example.com:443 alice HIER_DIRECT/198.51.100.1 -",
                "2001:db8::1 2026-11-10T08:00:00.123Z CONNECT|www.example.com:443| 200 39 [] [] ",
            ),
            (
                "1794297600.123 310 192.0.2.1 NONE_NONE/000 0 - error:invalid-request - HIER_NONE/- -",
                "192.0.2.1 2026-11-10T08:00:00.123Z -|error:invalid-request| - 0 [] [] ",
            ),
            (
                "1794297600.123 310 192.0.2.1 TCP_MISS/304 233 GET http://www.example.com/ -",
                "Incomplete",
            ),
            (
                // Another format, of Nginx Proxy Manager.
                r#"[10/Nov/2026:08:00:00 +0000] - 304 304 - GET http example.org "/" [Client 192.0.2.1]"#,
                "Status",
            ),
        ],
    ),
    (
        "squid_combined",
        &[
            (
                r#"192.0.2.1 - alice [10/Nov/2026:08:00:00 +0000] "GET http://www.example.com/ HTTP/1.1" 200 5 "-" "A/1" TCP_MISS:HIER_DIRECT"#,
                "192.0.2.1 2026-11-10T08:00:00Z GET http://www.example.com/ HTTP/1.1 200 5 [-] [A/1] ",
            ),
            (
                r#"192.0.2.1 - - [10/Nov/2026:08:00:00 +0000] "GET http://a/"b"\x22 HTTP/1.1" 200 5 "https://c/?"d"" "A\" TCP_MISS:HIER_DIRECT"#,
                r#"192.0.2.1 2026-11-10T08:00:00Z GET http://a/"b"\x22 HTTP/1.1 200 5 [https://c/?"d"] [A\] "#,
            ),
        ],
    ),
    (
        "squid_common",
        &[(
            r#"192.0.2.1 - - [10/Nov/2026:08:00:00 +0000] "CONNECT www.example.com:443 HTTP/1.1" 200 5 TCP_TUNNEL:HIER_DIRECT"#,
            "192.0.2.1 2026-11-10T08:00:00Z CONNECT www.example.com:443 HTTP/1.1 200 5 [] [] ",
        )],
    ),
    (
        // As Varnish writes it.
        "combined",
        &[(
            r#"192.0.2.1 - - [10/Nov/2026:08:00:00 +0000] "GET http://example.com/a\x22 HTTP/1.1" 200 5 "-" "A/1""#,
            "192.0.2.1 2026-11-10T08:00:00Z GET http://example.com/a\" HTTP/1.1 200 5 [-] [A/1] ",
        )],
    ),
    (
        "traefik",
        &[
            (
                r#"192.0.2.1 - - [10/Nov/2026:08:00:00 +0000] "GET /a\x41 HTTP/1.1" 200 5 "-" "-" 7 "web@docker" "http://10.0.0.1:80" 12ms"#,
                r"192.0.2.1 2026-11-10T08:00:00Z GET /a\x41 HTTP/1.1 200 5 [-] [-] ",
            ),
            (
                r#"192.0.2.1 - jane [10/Nov/2026:08:00:00 +0000] "GET / HTTP/2.0" 404 19 "https://a.example/" "A \"1\" \n" 8 "-" "-" 0ms"#,
                "192.0.2.1 2026-11-10T08:00:00Z GET / HTTP/2.0 404 19 [https://a.example/] [A \"1\" \\n] ",
            ),
            (
                r#"192.0.2.1 - - [10/Nov/2026:08:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "-" 7 "web" "http://10.0.0.1:80" 12"#,
                "Incomplete",
            ),
        ],
    ),
    (
        "nginx_main",
        &[(
            r#"192.0.2.1 - - [10/Nov/2026:08:00:01 +0000] "GET /\x22 HTTP/3.0" 499 0 "-" "A/1" "198.51.100.7, 192.0.2.1""#,
            "192.0.2.1 2026-11-10T08:00:01Z GET /\" HTTP/3.0 499 0 [-] [A/1] ",
        )],
    ),
    (
        "nginx_proxy",
        &[(
            r#"example.org 192.0.2.1 - - [10/Nov/2026:08:00:01 +0000] "GET / HTTP/2.0" 200 5 "-" "A/1" "10.0.0.2:80, 10.0.0.3:80""#,
            "192.0.2.1 2026-11-10T08:00:01Z GET / HTTP/2.0 200 5 [-] [A/1] example.org",
        )],
    ),
    (
        "nginx_proxy_manager",
        &[
            (
                r#"[10/Nov/2026:08:00:01 +0000] - 502, 200 200 - GET https example.org "/a?b" [Client 192.0.2.1] [Length 5] [Gzip 2.71] [Sent-to 10.0.0.2] "A/1" "https://a.example/""#,
                "192.0.2.1 2026-11-10T08:00:01Z GET|/a?b| 200 5 [https://a.example/] [A/1] example.org",
            ),
            (
                r#"[10/Nov/2026:08:00:01 +0000] - - 400 - - http localhost "-" [Client 192.0.2.1] [Length 154] [Gzip -] [Sent-to -] "-" "-""#,
                "192.0.2.1 2026-11-10T08:00:01Z -|-| 400 154 [-] [-] localhost",
            ),
        ],
    ),
    (
        "nginx_proxy_manager_fallback",
        &[(
            r#"[10/Nov/2026:08:00:01 +0000] 404 - GET http example.org "/" [Client 192.0.2.1] [Length 5] [Gzip -] "A/1" "-""#,
            "192.0.2.1 2026-11-10T08:00:01Z GET|/| 404 5 [-] [A/1] example.org",
        )],
    ),
    (
        "ingress_nginx",
        &[
            (
                r#"192.0.2.1 - - [10/Nov/2026:08:00:01 +0000] "GET / HTTP/1.1" 200 5 "-" "A/1" 412 0.003 [default-web-80] [] 10.0.0.1:80, 10.0.0.2:80 0, 5 0.001, 0.002 502, 200 5c1f"#,
                "192.0.2.1 2026-11-10T08:00:01Z GET / HTTP/1.1 200 5 [-] [A/1] ",
            ),
            (
                r#"192.0.2.1 - - [10/Nov/2026:08:00:01 +0000] "" 400 0 "-" "-" 0 0.003 [] [] - - - - 5c1f"#,
                "192.0.2.1 2026-11-10T08:00:01Z  400 0 [-] [-] ",
            ),
        ],
    ),
    (
        "envoy",
        &[
            (
                r#"[2026-11-10T08:00:00.310Z] "POST /api/v1?x HTTP/2" 204 - 154 0 226 100 "198.51.100.7, 10.0.35.28" "nsq2http" "cc21" "example.com:8080" "tcp://10.0.2.1:80""#,
                "198.51.100.7 2026-11-10T08:00:00.31Z POST /api/v1?x HTTP/2 204 0 [] [nsq2http] example.com",
            ),
            (
                r#"[2026-11-10T08:00:00.310Z] "GET / HTTP/1.1" 0 DC 0 0 1 - "-" "a "quoted"; agent" "cc21" "example.com" "-""#,
                "- 2026-11-10T08:00:00.31Z GET / HTTP/1.1 - 0 [] [a \"quoted\"; agent] example.com",
            ),
        ],
    ),
    (
        "istio",
        &[(
            r#"[2026-11-10T08:00:00.242Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 3 1 "198.51.100.7" "curl/7.73.0-DEV" "84961386" "httpbin:8000" "127.0.0.1:80" inbound|8000|| 127.0.0.1:41854 10.44.1.27:80 10.44.1.23:37652 outbound_.8000_._.httpbin default"#,
            "198.51.100.7 2026-11-10T08:00:00.242Z GET /status/418 HTTP/1.1 418 135 [] [curl/7.73.0-DEV] httpbin",
        )],
    ),
    (
        "istio_json",
        &[(
            r#"{"start_time":"2026-11-10T08:00:00.242Z","method":"GET","path":"/a","protocol":"HTTP/1.1","response_code":200,"bytes_sent":135,"x_forwarded_for":"198.51.100.7,10.0.0.1","user_agent":"curl","authority":"example.com:8000","upstream_host":null}"#,
            "198.51.100.7 2026-11-10T08:00:00.242Z GET|/a| 200 135 [] [curl] example.com",
        )],
    ),
    (
        "gcp_lb",
        &[
            (
                r#"{"httpRequest":{"requestMethod":"GET","requestUrl":"https://example.com:443/a?b","requestSize":"577","status":200,"responseSize":"4711","userAgent":"A/1","remoteIp":"198.51.100.7:50443","referer":"https://a.example/","serverIp":"10.0.0.1","latency":"0.010s"},"insertId":"x","jsonPayload":{"statusDetails":"response_sent_by_backend"},"timestamp":"2026-11-10T08:00:00.123456789Z","receiveTimestamp":"2026-11-10T08:00:01Z"}"#,
                "198.51.100.7:50443 2026-11-10T08:00:00.123456Z GET|https://example.com:443/a?b| 200 4711 [https://a.example/] [A/1] example.com",
            ),
            (
                r#"{"insertId":"x","timestamp":"2026-11-10T08:00:00Z"}"#,
                "Member",
            ),
        ],
    ),
    (
        "caddy",
        &[
            (
                r#"{"level":"info","ts":1794297600.25,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"192.0.2.1","client_ip":"198.51.100.7","proto":"HTTP/2.0","method":"GET","host":"example.com:8443","uri":"/?a=\u0026","headers":{"User-Agent":["A \"1\""],"Referer":["https://a.example/"],"Cookie":["REDACTED"]}},"user_id":"alice","duration":0.0021,"size":5120,"status":200}"#,
                "198.51.100.7 2026-11-10T08:00:00.25Z GET|/?a=&| 200 5120 [https://a.example/] [A \"1\"] example.com",
            ),
            (
                r#"{"level":"error","ts":1794297602,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_addr":"[2001:db8::7]:443","method":"GET","host":"example.com","uri":"/caf\u00e9","headers":{}},"size":0,"status":0}"#,
                "[2001:db8::7]:443 2026-11-10T08:00:02Z GET|/café| - 0 [] [] example.com",
            ),
            (
                r#"{"level":"info","ts":1794297601.5,"logger":"tls.cache.maintenance","msg":"started"}"#,
                "Ignored",
            ),
            (
                r#"{"level":"info","ts":1794297601.5,"msg":"started"}"#,
                "Member",
            ),
            (
                r#"{"level":"info","ts":1794297603,"logger":"http.log.access","request":{"remote_ip":"198.5"#,
                "Json",
            ),
        ],
    ),
    (
        "traefik_json",
        &[
            (
                r#"{"ClientAddr":"192.0.2.1:4711","ClientHost":"198.51.100.7","ClientUsername":"-","DownstreamContentSize":19,"DownstreamStatus":404,"Duration":61500,"RequestHost":"example.com","RequestMethod":"GET","RequestPath":"/a?b","StartLocal":"2026-11-10T09:00:00.25+01:00","StartUTC":"2026-11-10T08:00:00.25Z","level":"info","msg":"","request_User-Agent":"A/1","time":"2026-11-10T08:00:01Z"}"#,
                "198.51.100.7 2026-11-10T08:00:00.25Z GET|/a?b| 404 19 [] [A/1] example.com",
            ),
            (
                r#"{"ClientAddr":"[2001:db8::7]:4711","DownstreamStatus":"200","RequestMethod":"GET","RequestPath":"/","StartLocal":"2026-11-10T09:00:00+01:00"}"#,
                "[2001:db8::7]:4711 2026-11-10T08:00:00Z GET|/| 200 0 [] [] ",
            ),
        ],
    ),
    (
        "nginx_json",
        &[
            (
                r#"{"time_local":"10/Nov/2026:08:00:00 +0000","remote_addr":"192.0.2.1","remote_user":"","request":"GET /\"a\" HTTP/1.1","status": "200","body_bytes_sent":"5","request_time":"0.003","http_referrer":"","http_user_agent":"A\\1","http_host":"example.com"}"#,
                "192.0.2.1 2026-11-10T08:00:00Z GET /\"a\" HTTP/1.1 200 5 [] [A\\1] example.com",
            ),
            (
                r#"{"msec":1794297600.123,"remote_addr":"192.0.2.1","request_method":"GET","request_uri":"/a?b","uri":"/a","status":200,"bytes_sent":7}"#,
                "192.0.2.1 2026-11-10T08:00:00.123Z GET|/a?b| 200 7 [] [] ",
            ),
            (
                r#"{"msec":1794297600.123,"remote_addr":"192.0.2.1","request":"","upstream_status":,"status":400}"#,
                "Json",
            ),
        ],
    ),
    (
        "haproxy",
        &[
            (
                r#"198.51.100.7:50443 [10/Nov/2026:08:00:00.123] www~ site/web1 0/0/1/20/21 200 +5120 - - ---- 5/5/0/0/0 0/0 {a|b} {} "GET /a#3Bb HTTP/1.1""#,
                "198.51.100.7 2026-11-10T08:00:00.123Z GET /a;b HTTP/1.1 200 5120 [] [] ",
            ),
            ("Proxy site started.", "Delimiter"),
        ],
    ),
];

/// What a line came to, as the tables tell it.
fn told(parsed: Parsed<'_>) -> String {
    match parsed {
        Parsed::Record(record) => told_record(&record),
        Parsed::Ignored => "Ignored".into(),
        Parsed::Malformed(rule) => format!("{rule:?}"),
    }
}

fn told_record(record: &Record<'_>) -> String {
    let mut buffer = Vec::new();
    let mut text = |text: Text<'_>| String::from_utf8_lossy(text.decode(&mut buffer)).into_owned();
    let request = match record.request {
        Request::Line(line) => text(line),
        Request::Parts {
            method,
            path,
            query,
        } => [method, path, query].map(&mut text).join("|"),
    };
    let (referrer, agent) = (text(record.referrer), text(record.agent));
    let status = record
        .status
        .map_or("-".into(), |status| status.to_string());
    let Timestamp(time) = record.time;
    let time = jiff::Timestamp::from_microsecond(time).unwrap();
    let [client, host] = [record.client, record.host].map(String::from_utf8_lossy);
    format!(
        "{client} {time} {request} {status} {} [{referrer}] [{agent}] {host}",
        record.bytes
    )
}

#[test]
fn lines_of_each_server_are_read() {
    for (name, lines) in CASES {
        let mut parser = Format::named(name).unwrap().parser(TimeZone::UTC);
        for (line, expected) in *lines {
            assert_eq!(
                told(parser.parse(line.as_bytes())),
                *expected,
                "{name}: {line}"
            );
        }
    }
}

#[test]
fn the_first_line_of_each_server_tells_its_format() {
    for (name, lines) in CASES {
        let (line, _) = lines[0];
        let json = serde_json::json!({ "log": format!("{line}\n"), "stream": "stdout" });
        for sample in [
            line.to_owned(),
            json.to_string(),
            format!("2026-11-10T08:00:00Z stdout F {line}"),
            format!("Nov 10 08:00:00 web1 program[12]: {line}"),
            format!("web-1  | {line}"),
        ] {
            let found = Format::detect("access.log", format!("{sample}\n").as_bytes()).unwrap();
            assert_eq!(
                (found.format.name(), found.parsed),
                (Some(*name), 1),
                "{sample}"
            );
        }
    }
}

#[test]
fn a_mixed_log_gives_what_each_format_gives() {
    let mut mixed = "mixed".parse::<Format>().unwrap().parser(TimeZone::UTC);
    for (name, lines) in CASES {
        let (line, expected) = lines[0];
        assert_eq!(told(mixed.parse(line.as_bytes())), expected, "{name}");
    }
}

#[test]
fn sample_logs_are_detected_and_read() {
    let check = |file: &str, name: &str, records: usize, malformed: &[Rule]| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("sample-logs")
            .join(file);
        let log = fs::read(path).unwrap();
        let format = Format::detect(file, &log).unwrap().format;
        assert_eq!(format.name(), Some(name), "{file}");
        let mut parser = format.parser(TimeZone::UTC);
        let (mut found, mut broken, mut buffer) = (0, Vec::new(), Vec::new());
        for line in log.split(|&byte| byte == b'\n') {
            match parser.parse(format.unwrapped(line, &mut buffer)) {
                Parsed::Record(_) => found += 1,
                Parsed::Ignored => {}
                Parsed::Malformed(rule) => broken.push(rule),
            }
        }
        assert_eq!((found, &broken[..]), (records, malformed), "{file}");
    };
    check("edge-alb.log", "alb", 3, &[]);
    check("edge-caddy.log", "caddy", 2, &[Rule::Json]);
    check("edge-cloudfront.log", "w3c", 3, &[]);
    check("edge-haproxy.log", "haproxy", 3, &[Rule::Delimiter]);
    check("edge-iis.log", "w3c", 4, &[Rule::Columns]);
    check("edge-nginx.log", "nginx_main", 8, &[]);
}

#[test]
fn directives_alone_tell_the_w3c_format() {
    let found = Format::detect("a.log", b"#Version: 1.0\n#Fields: date time c-ip\n").unwrap();
    assert_eq!((found.format.name(), found.lines), (Some("w3c"), 0));
}

proptest! {
    #[test]
    fn a_damaged_line_ends_in_one_outcome_of_every_format(
        case in select(CASES),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        end in any::<prop::sample::Index>(),
    ) {
        let mut line = case.1[0].0.as_bytes().to_vec();
        let length = line.len();
        line[at.index(length)] = byte;
        for name in Format::names().chain(["mixed"]) {
            let mut parser = name.parse::<Format>().unwrap().parser(TimeZone::UTC);
            let _ = told(parser.parse(&line));
            let _ = told(parser.parse(&line[..end.index(length)]));
        }
    }
}
