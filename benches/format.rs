//! How fast lines are parsed, in bytes per second: divide a line's length by it for time per line.

use std::fmt::Write;

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

/// Lines of the combined format with lengths as real ones have them, about 230 bytes.
fn combined() -> String {
    let mut log = String::new();
    for number in 0..LINES {
        let (second, host) = (number % 60, number * 7 % 256);
        writeln!(
            log,
            "203.0.113.{host} - - [21/Nov/2026:09:{:02}:{second:02} +0100] \
             \"GET /articles/{number}/reading-{host}-logs?page={second} HTTP/1.1\" 200 {} \
             \"https://www.example.org/search/{host}\" \"Mozilla/5.0 (X11; Linux x86_64) \
             AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{host}.0.0.0 Safari/537.36\"",
            number / 60 % 60,
            number * 31 % 100_000,
        )
        .expect("writing to a string does not fail");
    }
    log
}

/// The same requests as a JSON template of nginx writes them.
fn json() -> String {
    let mut log = String::new();
    for line in combined().lines() {
        let quoted: Vec<_> = line.split('"').collect();
        let [start, request, numbers, referrer, _, agent, ..] = *quoted else {
            continue;
        };
        let client = start.split(' ').next().unwrap_or_default();
        let (clock, numbers) = (&start[start.len() - 16..start.len() - 8], numbers.trim());
        let (status, bytes) = numbers.split_once(' ').unwrap_or_default();
        writeln!(
            log,
            "{{\"ip\":\"{client}\",\"at\":\"2026-11-21T{clock}+01:00\",\"request\":\"{request}\",\
             \"status\":{status},\"bytes\":{bytes},\"referrer\":\"{referrer}\",\"agent\":\"{agent}\"}}"
        )
        .expect("writing to a string does not fail");
    }
    log
}

/// Parses every line of the log with the format; the counter shows bytes per second.
fn parse(bencher: Bencher<'_, '_>, format: &Format, log: &str) {
    let lines: Vec<_> = log.lines().map(str::as_bytes).collect();
    let mut parser = format.parser(TimeZone::UTC);
    bencher.counter(BytesCount::of_str(log)).bench_local(|| {
        lines
            .iter()
            .filter(|line| matches!(parser.parse(line), Parsed::Record(_)))
            .count()
    });
}

#[divan::bench]
fn combined_lines(bencher: Bencher<'_, '_>) {
    let format = Format::named("combined").expect("a known format");
    parse(bencher, &format, &combined());
}

#[divan::bench]
fn combined_lines_by_a_string_of_nginx(bencher: Bencher<'_, '_>) {
    let spec = r#"$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#;
    let format = Format::from_spec(spec).expect("a format string");
    parse(bencher, &format, &combined());
}

#[divan::bench]
fn combined_lines_by_a_string_of_goaccess(bencher: Bencher<'_, '_>) {
    let spec = r#"%h %^[%d:%t %^] "%r" %s %b "%R" "%u""#;
    let format = Format::from_spec(spec).expect("a format string");
    parse(bencher, &format, &combined());
}

#[divan::bench]
fn lines_of_a_json_template(bencher: Bencher<'_, '_>) {
    let spec = r#"escape=json '{"ip":"$remote_addr","at":"$time_iso8601","request":"$request","status":$status,"bytes":$body_bytes_sent,"referrer":"$http_referer","agent":"$http_user_agent"}'"#;
    let format = Format::from_spec(spec).expect("a format string");
    parse(bencher, &format, &json());
}

#[divan::bench]
fn lines_with_a_strftime_date(bencher: Bencher<'_, '_>) {
    let spec = r#"%h %l %u [%{%d/%b/%Y:%T}t %{%z}t] "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#;
    let format = Format::from_spec(spec).expect("a format string");
    parse(bencher, &format, &combined());
}

#[divan::bench]
fn lines_of_another_format(bencher: Bencher<'_, '_>) {
    let format = Format::named("common").expect("a known format");
    parse(bencher, &format, &combined());
}

#[divan::bench]
fn detection(bencher: Bencher<'_, '_>) {
    let log = combined();
    bencher.counter(BytesCount::of_str(&log)).bench_local(|| {
        Format::detect("access.log", log.as_bytes()).map(|detected| detected.parsed)
    });
}
