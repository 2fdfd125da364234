//! The parser: walks a line along its format's field plan and fills a record that borrows from it.

use std::{net::IpAddr, sync::Arc};

use memchr::memrchr;

use super::plan::{Field, Plan};
use crate::{
    record::{Escape, LINE_CAP, Record, Request, Text},
    stats::Rule,
    time::{Clock, Fields, TimeZone, Timestamp},
};

/// What one line came to.
#[derive(Clone, Copy, Debug)]
pub enum Parsed<'a> {
    /// A request.
    Record(Record<'a>),
    /// A blank line, or a `#` directive.
    Ignored,
    /// Not a line of the format; the rule says how.
    Malformed(Rule),
}

/// Parses lines of one format, for one worker: it remembers the last date, which the next line
/// mostly shares.
#[derive(Clone, Debug)]
pub struct Parser {
    plan: Arc<Plan>,
    clock: Clock,
}

/// What is known of a line before its last field is read.
#[derive(Default)]
struct Draft<'a> {
    client: &'a [u8],
    time: Option<Timestamp>,
    date: Fields,
    request: &'a [u8],
    method: &'a [u8],
    path: &'a [u8],
    query: &'a [u8],
    status: Option<u16>,
    bytes: u64,
    referrer: &'a [u8],
    agent: &'a [u8],
    host: &'a [u8],
    opted_out: bool,
}

impl Parser {
    pub(super) fn new(plan: Arc<Plan>, log_tz: TimeZone) -> Self {
        Self {
            plan,
            clock: Clock::new(log_tz),
        }
    }

    /// Parses one line, given without its line feed; a carriage return at its end and a byte order
    /// mark at its start are no part of it.
    ///
    /// A line that is longer than [`LINE_CAP`] is malformed, and may be given cut to one byte more than
    /// the cap. Lines that begin with `#` are ignored unless they are of the format.
    pub fn parse<'a>(&mut self, line: &'a [u8]) -> Parsed<'a> {
        if line.len() > LINE_CAP {
            return Parsed::Malformed(Rule::Length);
        }
        let line = content(line);
        match self.record(line) {
            Ok(record) => Parsed::Record(record),
            Err(_) if line.starts_with(b"#") || line.trim_ascii().is_empty() => Parsed::Ignored,
            Err(rule) => Parsed::Malformed(rule),
        }
    }

    fn record<'a>(&mut self, line: &'a [u8]) -> Result<Record<'a>, Rule> {
        let mut draft = Draft::default();
        let mut rest = self.plan.strip_lead(line)?;
        for step in &self.plan.steps {
            rest = match &step.field {
                Field::TimeClf => {
                    step.strip_literal(read_clf(&mut self.clock, rest, &mut draft)?)?
                }
                Field::Time(pattern) => {
                    step.strip_literal(pattern.read(rest, &mut draft.date).ok_or(Rule::Time)?)?
                }
                Field::OtherTime(pattern) => step.strip_literal(
                    pattern
                        .read(rest, &mut Fields::default())
                        .ok_or(Rule::Time)?,
                )?,
                field => {
                    let (value, rest) = step.split(rest)?;
                    draft.enter(field, value)?;
                    rest
                }
            };
        }
        if rest.is_empty() || self.plan.is_open {
            self.finished(draft)
        } else {
            Err(Rule::Trailing)
        }
    }

    fn finished<'a>(&mut self, draft: Draft<'a>) -> Result<Record<'a>, Rule> {
        let time = match draft.time {
            Some(Timestamp(second)) => Timestamp(second + draft.date.fraction),
            None => self.clock.instant(&draft.date).ok_or(Rule::Time)?,
        };
        let escape = self.plan.escape;
        let text = |raw| Text { raw, escape };
        Ok(Record {
            client: draft.client,
            time,
            request: draft.request(self.plan.in_parts, escape),
            status: draft.status,
            bytes: draft.bytes,
            referrer: text(draft.referrer),
            agent: text(draft.agent),
            host: draft.host,
            opted_out: draft.opted_out,
        })
    }
}

impl<'a> Draft<'a> {
    /// Enters the value of a field that is not a date.
    #[inline]
    fn enter(&mut self, field: &Field, value: &'a [u8]) -> Result<(), Rule> {
        match field {
            Field::Bytes => self.bytes = bytes(value)?,
            Field::Client => self.client = value,
            Field::ForwardedFor => self.client = forwarded_client(value),
            Field::Host => self.host = without_port(value),
            Field::Method => self.method = value,
            Field::OptOut => self.opted_out |= value == b"1",
            Field::Path => self.path = value,
            Field::Query => self.query = value,
            Field::Referrer => self.referrer = value,
            Field::Request => self.request = value,
            Field::Status => self.status = status(value)?,
            Field::UserAgent => self.agent = value,
            Field::List
            | Field::OtherPath
            | Field::OtherTime(_)
            | Field::Port
            | Field::Protocol
            | Field::Spaces
            | Field::Text
            | Field::Time(_)
            | Field::TimeClf
            | Field::Word => {}
        }
        Ok(())
    }

    fn request(&self, in_parts: bool, escape: Escape) -> Request<'a> {
        let text = |raw| Text { raw, escape };
        if in_parts {
            Request::Parts {
                method: text(self.method),
                path: text(self.path),
                query: text(self.query),
            }
        } else {
            Request::Line(text(self.request))
        }
    }
}

/// The line without a byte order mark and the carriage return of its end.
fn content(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Reads a time of the Common Log Format; returns what follows it.
#[inline]
fn read_clf<'a>(
    clock: &mut Clock,
    text: &'a [u8],
    draft: &mut Draft<'_>,
) -> Result<&'a [u8], Rule> {
    let (time, rest) = text.split_first_chunk().ok_or(Rule::Time)?;
    draft.time = Some(clock.clf(time).ok_or(Rule::Time)?);
    Ok(rest)
}

/// A status of three digits; none where it is `-` or `000`.
fn status(value: &[u8]) -> Result<Option<u16>, Rule> {
    match *value {
        [b'-'] | [b'0', b'0', b'0'] => Ok(None),
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            let [a, b, c] = [a, b, c].map(|digit| u16::from(digit - b'0'));
            Ok(Some(a * 100 + b * 10 + c))
        }
        _ => Err(Rule::Status),
    }
}

/// A count of bytes of at most 19 digits; 0 where it is `-`.
fn bytes(value: &[u8]) -> Result<u64, Rule> {
    match value {
        b"-" => Ok(0),
        _ if !(1..=19).contains(&value.len()) || !value.iter().all(u8::is_ascii_digit) => {
            Err(Rule::Bytes)
        }
        digits => Ok(digits
            .iter()
            .fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))),
    }
}

/// The client in a list of forwarded addresses: the last one that is not of a private network, where
/// one's own proxies are. Whatever stands before it may have been sent by the client itself.
fn forwarded_client(list: &[u8]) -> &[u8] {
    let mut entries = list.rsplit(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let last = entries.clone().next().unwrap_or_default();
    entries.find(|entry| !is_private(entry)).unwrap_or(last)
}

/// Whether it is an address that only a private network has (RFC 1918, RFC 4193) or the machine itself.
fn is_private(entry: &[u8]) -> bool {
    let address = std::str::from_utf8(entry)
        .ok()
        .and_then(|text| text.parse().ok());
    address.is_some_and(|address: IpAddr| match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_private() || address.is_loopback() || address.is_link_local()
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    })
}

/// A host without its port; empty for the `-` of an absent one.
fn without_port(host: &[u8]) -> &[u8] {
    if host == b"-" {
        return b"";
    }
    let Some(colon) = memrchr(b':', host) else {
        return host;
    };
    let (name, port) = (&host[..colon], &host[colon + 1..]);
    let is_whole = !name.contains(&b':') || name.ends_with(b"]");
    if is_whole && port.iter().all(u8::is_ascii_digit) {
        name
    } else {
        host
    }
}
