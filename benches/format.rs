//! How fast lines are parsed, in bytes per second: divide a line's length by it for time per line.

use divan::{Bencher, counter::BytesCount};
use hushlog::{
    format::{Format, Parsed},
    time::TimeZone,
};

/// Enough lines to leave the first cache level, few enough to stay in the last.
const LINES: usize = 4096;

fn main() {
    divan::main();
}

/// Lines with the parts that differ from line to line in their place, with lengths as real ones have
/// them: `{clock}`, `{host}`, `{path}` and `{bytes}`.
fn log(template: &str) -> Vec<String> {
    let line = |number: usize| {
        let clock = format!("09:{:02}:{:02}", number / 60 % 60, number % 60);
        let host = format!("203.0.113.{}", number * 7 % 256);
        let path = format!("/articles/{number}/reading-{}-logs", number * 7 % 256);
        template
            .replace("{clock}", &clock)
            .replace("{host}", &host)
            .replace("{path}", &path)
            .replace("{agent}", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36")
            .replace("{bytes}", &(number * 31 % 100_000).to_string())
    };
    (0..LINES).map(line).collect()
}

const COMBINED: &str = r#"{host} - - [21/Nov/2026:{clock} +0100] "GET {path}?page=2 HTTP/1.1" 200 {bytes} "https://www.example.org/search/7" "{agent}""#;
const VHOST: &str = r#"example.org:443 {host} - - [21/Nov/2026:{clock} +0100] "GET {path}?page=2 HTTP/1.1" 200 {bytes} "https://www.example.org/search/7" "{agent}""#;
const IIS: &str = "2026-11-21 {clock} 192.0.2.80 GET {path} page=2 443 - {host} Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/141.0.0.0+Safari/537.36 https://www.example.org/search/7 200 0 0 31";
const CLOUDFRONT: &str = "2026-11-21\t{clock}\tFRA56-P5\t{bytes}\t{host}\tGET\td1.cloudfront.net\t{path}\t200\thttps://www.example.org/\tMozilla/5.0%20(X11;%20Linux%20x86_64)%20AppleWebKit/537.36%20Chrome/141.0.0.0\tpage=2\t-\tHit\tAAAAexampleid1==\texample.com\thttps\t412\t0.002";
const ALB: &str = r#"https 2026-11-21T{clock}.123456Z app/site/50dc6c495c0c9188 {host}:50443 10.0.0.1:80 0.001 0.020 0.000 200 200 412 {bytes} "GET https://example.com:443{path}?page=2 HTTP/2.0" "{agent}" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/site/73e2 "Root=1-58337262" "example.com" "session-reused" 0 2026-11-21T08:00:00.102000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-""#;
const S3: &str = r#"79a5 my-bucket [21/Nov/2026:{clock} +0000] {host} arn:aws:iam::123:user/jane 3E57427F33A59F07 REST.GET.OBJECT key.jpg "GET /my-bucket{path} HTTP/1.1" 200 - {bytes} 3462992 70 10 "https://a.example/" "{agent}" - s9lzHYrFp76ZVxRcpX9 SigV4 ECDHE AuthHeader my-bucket.s3.amazonaws.com TLSv1.2"#;
const SQUID: &str = "1794297600.123    310 {host} TCP_MISS/200 {bytes} GET http://www.example.com{path}?page=2 - HIER_DIRECT/198.51.100.1 text/html";
const HAPROXY: &str = r#"{host}:50443 [21/Nov/2026:{clock}.123] www~ site/web1 0/0/1/20/21 200 {bytes} - - ---- 5/5/0/0/0 0/0 {example.com|{agent}} {} "GET {path}?page=2 HTTP/1.1""#;
const ENVOY: &str = r#"[2026-11-21T{clock}.310Z] "GET {path}?page=2 HTTP/2" 200 - 154 {bytes} 226 100 "{host}, 10.0.35.28" "{agent}" "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "example.com" "tcp://10.0.2.1:80""#;
const CADDY: &str = r#"{"level":"info","ts":1794297600.25,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"{host}","remote_port":"50443","client_ip":"{host}","proto":"HTTP/2.0","method":"GET","host":"example.com","uri":"{path}?page=2","headers":{"Accept":["text/html"],"User-Agent":["{agent}"],"Referer":["https://www.example.org/"],"Cookie":["REDACTED"]}},"bytes_read":0,"user_id":"","duration":0.0021,"size":{bytes},"status":200,"resp_headers":{"Server":["Caddy"],"Content-Type":["text/html; charset=utf-8"]}}"#;
const GCP: &str = r#"{"httpRequest":{"requestMethod":"GET","requestUrl":"https://example.com{path}?page=2","requestSize":"577","status":200,"responseSize":"{bytes}","userAgent":"{agent}","remoteIp":"{host}","serverIp":"10.0.0.1","latency":"0.010s","protocol":"HTTP/1.1"},"insertId":"1f0vgg3f8g","jsonPayload":{"statusDetails":"response_sent_by_backend"},"resource":{"type":"http_load_balancer","labels":{"zone":"global"}},"timestamp":"2026-11-21T{clock}.123456Z","severity":"INFO"}"#;
const NGINX_JSON: &str = r#"{"time_iso8601":"2026-11-21T{clock}+01:00","remote_addr":"{host}","remote_user":"","request":"GET {path}?page=2 HTTP/1.1","status":"200","body_bytes_sent":"{bytes}","request_time":"0.003","http_referer":"https://www.example.org/","http_user_agent":"{agent}","host":"example.com"}"#;

/// A line as a JSON template of nginx writes it.
const JSON_TEMPLATE: &str = r#"{"ip":"{host}","at":"2026-11-21T{clock}+01:00","request":"GET {path}?page=2 HTTP/1.1","status":200,"bytes":{bytes},"referrer":"https://www.example.org/search/7","agent":"{agent}"}"#;

/// A format by its setting, with a line of it.
const FORMATS: [(&str, &str); 13] = [
    ("combined", COMBINED),
    ("vhost_combined", VHOST),
    (
        "w3c:date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken",
        IIS,
    ),
    (
        "w3c:date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken",
        CLOUDFRONT,
    ),
    ("alb", ALB),
    ("s3", S3),
    ("squid", SQUID),
    ("haproxy:host|agent", HAPROXY),
    ("envoy", ENVOY),
    ("caddy", CADDY),
    ("gcp_lb", GCP),
    ("nginx_json", NGINX_JSON),
    ("mixed", COMBINED),
];

/// Parses every line of the log with the format; the counter shows bytes per second.
fn parse(bencher: Bencher<'_, '_>, format: &Format, log: &[String]) {
    let mut parser = format.parser(TimeZone::UTC);
    let bytes: usize = log.iter().map(|line| line.len() + 1).sum();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        log.iter()
            .filter(|line| matches!(parser.parse(line.as_bytes()), Parsed::Record(_)))
            .count()
    });
}

#[divan::bench(args = FORMATS.map(|(setting, _)| &setting[..setting.len().min(30)]))]
fn lines_of(bencher: Bencher<'_, '_>, name: &str) {
    let (setting, template) = FORMATS
        .into_iter()
        .find(|(setting, _)| setting.starts_with(name))
        .expect("a format of the list");
    let format: Format = setting.parse().expect("a valid setting");
    let log = log(template);
    let first = format.parser(TimeZone::UTC).parse(log[0].as_bytes());
    assert!(
        matches!(first, Parsed::Record(_)),
        "{setting}: the bench must parse its own lines"
    );
    parse(bencher, &format, &log);
}

/// Lines of three formats in turn, each of which the setting is to read; `mixed` is to be compared with
/// the average of the formats themselves.
#[divan::bench]
fn interleaved_lines(bencher: Bencher<'_, '_>) {
    let format: Format = "mixed".parse().expect("a valid setting");
    let [combined, vhost, json] = [COMBINED, VHOST, NGINX_JSON].map(log);
    let log: Vec<_> = combined
        .into_iter()
        .zip(vhost)
        .zip(json)
        .flat_map(|((combined, vhost), json)| [combined, vhost, json])
        .take(LINES)
        .collect();
    parse(bencher, &format, &log);
}

#[divan::bench]
fn combined_lines_by_a_string_of_nginx(bencher: Bencher<'_, '_>) {
    let spec = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#;
    let format = Format::from_spec(spec).expect("a format string");
    parse(bencher, &format, &log(COMBINED));
}

#[divan::bench]
fn combined_lines_by_a_string_of_goaccess(bencher: Bencher<'_, '_>) {
    let spec = r#"%h %^[%d:%t %^] "%r" %s %b "%R" "%u""#;
    let format = Format::from_spec(spec).expect("a format string");
    parse(bencher, &format, &log(COMBINED));
}

#[divan::bench]
fn lines_of_a_json_template(bencher: Bencher<'_, '_>) {
    let spec = r#"escape=json '{"ip":"$remote_addr","at":"$time_iso8601","request":"$request","status":$status,"bytes":$body_bytes_sent,"referrer":"$http_referer","agent":"$http_user_agent"}'"#;
    let format = Format::from_spec(spec).expect("a format string");
    parse(bencher, &format, &log(JSON_TEMPLATE));
}

#[divan::bench]
fn lines_with_a_strftime_date(bencher: Bencher<'_, '_>) {
    let spec = r#"%h %l %u [%{%d/%b/%Y:%T}t %{%z}t] "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#;
    let format = Format::from_spec(spec).expect("a format string");
    parse(bencher, &format, &log(COMBINED));
}

#[divan::bench]
fn lines_of_another_format(bencher: Bencher<'_, '_>) {
    let format = Format::named("common").expect("a known format");
    parse(bencher, &format, &log(COMBINED));
}

#[divan::bench]
fn lines_in_a_wrapper(bencher: Bencher<'_, '_>) {
    let format: Format = "docker:combined".parse().expect("a valid setting");
    let wrapped = COMBINED.replace('"', "\\\"");
    let log = log(&format!(
        r#"{{"log":"{wrapped}\n","stream":"stdout","time":"2026-11-21T09:00:00Z"}}"#
    ));
    let mut parser = format.parser(TimeZone::UTC);
    let mut buffer = Vec::new();
    let bytes: usize = log.iter().map(|line| line.len() + 1).sum();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        let mut records = 0;
        for line in &log {
            let line = format.unwrapped(line.as_bytes(), &mut buffer);
            records += usize::from(matches!(parser.parse(line), Parsed::Record(_)));
        }
        records
    });
}

#[divan::bench]
fn detection(bencher: Bencher<'_, '_>) {
    let log = log(COMBINED).join("\n");
    bencher.counter(BytesCount::of_str(&log)).bench_local(|| {
        Format::detect("access.log", log.as_bytes()).map(|detected| detected.parsed)
    });
}
