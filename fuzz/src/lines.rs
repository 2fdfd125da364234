//! What holds for the lines of any log in any format.

use hushlog::{
    format::{Format, Parsed, Parser},
    input,
    record::{LINE_CAP, Record, Request, Text},
    stats::Rule,
    time::{TimeZone, Timestamp},
};

/// Parses the lines of a log, and checks that
///
/// - every field of a record lies within its line,
/// - no field is longer unescaped than it is escaped,
/// - what a line comes to does not depend on where chunks begin, nor on what else the parser that
///   takes a chunk has parsed before.
///
/// # Panics
///
/// If one of that does not hold.
pub fn check_lines(format: &Format, log: &[u8]) {
    let zone = TimeZone::get("America/New_York").expect("a zone of the database");
    let mut whole = format.parser(zone.clone());
    let mut used = parser_after(format, log, zone.clone());
    let mut state = format.clone();
    let (mut buffer, mut scratch) = (Vec::new(), Vec::new());
    for line in input::lines(log) {
        let content = format.unwrapped(line, &mut buffer);
        assert!(
            content.len() <= line.len(),
            "a line longer than its wrapper"
        );
        let expected = whole.parse(content);
        if let Parsed::Record(record) = &expected {
            check_record(record, content, &mut scratch);
        }
        let expected = Outcome::of(&expected);
        let fresh = state.parser(zone.clone()).parse(content);
        assert!(
            Outcome::of(&fresh) == expected,
            "another outcome in a chunk of its own"
        );
        used.resume(&state);
        let resumed = used.parse(content);
        assert!(
            Outcome::of(&resumed) == expected,
            "another outcome after other chunks"
        );
        state.pass(&[line, b"\n"].concat());
    }
}

/// A parser that has been through the log once.
fn parser_after(format: &Format, log: &[u8], zone: TimeZone) -> Parser {
    let mut parser = format.parser(zone);
    let mut buffer = Vec::new();
    for line in input::lines(log) {
        parser.parse(format.unwrapped(line, &mut buffer));
    }
    parser
}

/// What a line came to, to be compared.
#[derive(PartialEq)]
enum Outcome<'a> {
    Record(Box<Fields<'a>>),
    Ignored,
    Malformed(Rule),
}

/// All that a record says.
#[derive(PartialEq)]
struct Fields<'a> {
    client: &'a [u8],
    time: Timestamp,
    request: Request<'a>,
    status: Option<u16>,
    bytes: u64,
    referrer: Text<'a>,
    agent: Text<'a>,
    host: &'a [u8],
    opted_out: bool,
}

impl<'a> Outcome<'a> {
    fn of(parsed: &Parsed<'a>) -> Self {
        match *parsed {
            Parsed::Record(Record {
                client,
                time,
                request,
                status,
                bytes,
                referrer,
                agent,
                host,
                opted_out,
            }) => Self::Record(Box::new(Fields {
                client,
                time,
                request,
                status,
                bytes,
                referrer,
                agent,
                host,
                opted_out,
            })),
            Parsed::Ignored => Self::Ignored,
            Parsed::Malformed(rule) => Self::Malformed(rule),
        }
    }
}

fn check_record(record: &Record<'_>, line: &[u8], scratch: &mut Vec<u8>) {
    assert!(line.len() <= LINE_CAP, "a record of a line beyond the cap");
    check_within(record.client, line);
    check_within(record.host, line);
    match record.request {
        Request::Line(request) => check_text(&request, line, scratch),
        Request::Parts {
            method,
            path,
            query,
        } => {
            for part in [method, path, query] {
                check_text(&part, line, scratch);
            }
        }
    }
    check_text(&record.referrer, line, scratch);
    check_text(&record.agent, line, scratch);
    assert!(record.status.is_none_or(|status| status < 1000));
}

fn check_text(text: &Text<'_>, line: &[u8], scratch: &mut Vec<u8>) {
    check_within(text.raw, line);
    assert!(
        text.decode(scratch).len() <= text.raw.len(),
        "unescaping made a field longer"
    );
}

fn check_within(field: &[u8], line: &[u8]) {
    let (field, line) = (field.as_ptr_range(), line.as_ptr_range());
    assert!(
        field.is_empty() || line.start <= field.start && field.end <= line.end,
        "a field outside of its line"
    );
}
