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
