//! The draft of a record: takes the values of a line's fields one by one, in any order.

use std::ops::Deref;

use memchr::memrchr;

use super::{number::number, plan::Field, search::position};
use crate::{
    record::{Escape, Record, Request, Text, forwarded_client},
    stats::Rule,
    time::{Clock, Fields, Timestamp},
};

/// What is known of a line before its last field is read.
#[derive(Default)]
pub(super) struct Draft<'a> {
    /// The time of the request, where a field says it as a whole.
    pub(super) time: Option<Timestamp>,
    /// The time of the request, as far as fields say parts of it.
    pub(super) date: Fields,
    texts: [Option<Text<'a>>; Slot::COUNT],
    status: Option<u16>,
    bytes: u64,
    host: &'a [u8],
    opted_out: bool,
}

/// A field, with where a draft keeps its values settled before the first line is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    field: Field,
    /// None for those of whose values something is made.
    slot: Option<Slot>,
}

/// Where a draft keeps a value that a record holds as it stands in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Agent,
    Client,
    Line,
    Method,
    Path,
    Query,
    Referrer,
    /// The one that goes into no record.
    Unused,
}

impl Slot {
    const COUNT: usize = Self::Unused as usize + 1;

    const fn of(field: &Field) -> Option<Self> {
        Some(match field {
            Field::Client => Self::Client,
            Field::Method => Self::Method,
            Field::Path => Self::Path,
            Field::Query => Self::Query,
            Field::Referrer => Self::Referrer,
            Field::Request => Self::Line,
            Field::UserAgent => Self::Agent,
            _ if !field.is_used() => Self::Unused,
            _ => return None,
        })
    }
}

impl Entry {
    /// The entry of a field.
    pub(super) const fn of(field: Field) -> Self {
        let slot = Slot::of(&field);
        Self { field, slot }
    }
}

impl From<Field> for Entry {
    fn from(field: Field) -> Self {
        Self::of(field)
    }
}

impl Deref for Entry {
    type Target = Field;

    fn deref(&self) -> &Field {
        &self.field
    }
}

impl<'a> Draft<'a> {
    /// Enters the value of a field.
    #[inline]
    pub(super) fn enter(
        &mut self,
        entry: &Entry,
        value: Text<'a>,
        clock: &mut Clock,
    ) -> Result<(), Rule> {
        match entry.slot {
            Some(slot) => self.keep(slot, value),
            None => self.make(&entry.field, value.raw, value.escape, clock)?,
        }
        Ok(())
    }

    /// Enters what is made of the value of a field. The value comes in two parts, in registers: what is
    /// passed in memory is read back before it is written.
    #[inline(never)]
    fn make(
        &mut self,
        field: &Field,
        raw: &'a [u8],
        escape: Escape,
        clock: &mut Clock,
    ) -> Result<(), Rule> {
        match field {
            Field::Bytes => self.bytes = bytes(raw)?,
            Field::ClientAndPort => {
                let raw = before_port(raw);
                self.keep(Slot::Client, Text { raw, escape });
            }
            Field::Cookies(cookies) => self.opted_out |= cookies.opt_out(Text { raw, escape }),
            Field::Status => self.status = status(raw)?,
            Field::ForwardedFor => {
                let raw = forwarded_client(raw);
                self.keep(Slot::Client, Text { raw, escape });
            }
            Field::Host => self.host = without_port(raw),
            Field::Moment => self.time = Some(clock.moment(raw).ok_or(Rule::Time)?),
            Field::OptOut => self.opted_out |= raw == b"1",
            Field::ProxyRequest => {
                self.keep(Slot::Line, Text { raw, escape });
                self.host = authority(raw);
            }
            Field::ResultStatus => self.status = status(after_slash(raw)?)?,
            Field::Url => {
                let (host, raw) = schemeless(raw).unwrap_or_else(|| (authority(raw), raw));
                self.keep(Slot::Path, Text { raw, escape });
                self.host = host;
            }
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn keep(&mut self, slot: Slot, value: Text<'a>) {
        self.texts[slot as usize] = Some(value);
    }

    #[inline]
    fn text(&self, slot: Slot) -> Text<'a> {
        self.texts[slot as usize].unwrap_or_default()
    }

    /// The record, once all fields are entered.
    #[inline]
    pub(super) fn finished(&self, clock: &mut Clock) -> Result<Option<Record<'a>>, Rule> {
        let time = self.instant(clock)?;
        Ok(Some(self.record(time)))
    }

    /// When the request was, once all fields are entered.
    #[inline]
    pub(super) fn instant(&self, clock: &mut Clock) -> Result<Timestamp, Rule> {
        match self.time {
            Some(Timestamp(second)) => Ok(Timestamp(second + self.date.fraction)),
            None => clock.instant(&self.date).ok_or(Rule::Time),
        }
    }

    /// The record of a request at that time.
    #[inline]
    fn record(&self, time: Timestamp) -> Record<'a> {
        let mut record = Record::default();
        self.write(time, &mut record);
        record
    }

    /// Makes a record that of a request at that time, field by field.
    #[inline(always)]
    pub(super) fn write(&self, time: Timestamp, record: &mut Record<'a>) {
        record.client = self.text(Slot::Client).raw;
        record.time = time;
        record.request = self.request();
        record.status = self.status;
        record.bytes = self.bytes;
        record.referrer = self.text(Slot::Referrer);
        record.agent = self.text(Slot::Agent);
        record.host = self.host;
        record.opted_out = self.opted_out;
    }

    #[inline]
    fn request(&self) -> Request<'a> {
        self.texts[Slot::Line as usize].map_or_else(
            || Request::Parts {
                method: self.text(Slot::Method),
                path: self.text(Slot::Path),
                query: self.text(Slot::Query),
            },
            Request::Line,
        )
    }
}

/// A status of three digits; none where it is `-`, `0`, `000` or `-1`, as servers write it where
/// they sent none.
fn status(value: &[u8]) -> Result<Option<u16>, Rule> {
    match *value {
        [b'-' | b'0'] | [b'0', b'0', b'0'] | [b'-', b'1'] => Ok(None),
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
        _ => number(value).ok_or(Rule::Bytes),
    }
}

fn after_slash(value: &[u8]) -> Result<&[u8], Rule> {
    let slash = value
        .iter()
        .rposition(|&byte| byte == b'/')
        .ok_or(Rule::Status)?;
    Ok(&value[slash + 1..])
}

/// The host of the first absolute URL in `text`, without userinfo and port; empty where there is none.
fn authority(text: &[u8]) -> &[u8] {
    let Some(rest) = after_scheme(text) else {
        return b"";
    };
    let mut start = 0;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            b'/' | b'?' | b'#' | b' ' => return without_port(&rest[start..at]),
            b'@' => start = at + 1,
            _ => {}
        }
    }
    without_port(&rest[start..])
}

/// The host and the path of a URL without its scheme, as Imperva writes `cs-uri`; none where it has one
/// or does not begin with a host.
fn schemeless(url: &[u8]) -> Option<(&[u8], &[u8])> {
    let (authority, path) = url.split_at(position(url, b'/')?);
    if authority.is_empty() || authority.ends_with(b":") {
        return None;
    }
    let host = without_port(authority);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.".contains(byte);
    host.iter().all(is_name).then_some((host, path))
}

/// What follows the `://` of the first absolute URL in `text`.
fn after_scheme(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    loop {
        rest = &rest[position(rest, b':')? + 1..];
        if let Some(after) = rest.strip_prefix(b"//") {
            return Some(after);
        }
    }
}

/// What stands before the last colon, behind which a port was logged or what stands for none.
fn before_port(client: &[u8]) -> &[u8] {
    memrchr(b':', client).map_or(client, |colon| &client[..colon])
}

/// A host without its port; empty for the `-` of an absent one.
fn without_port(host: &[u8]) -> &[u8] {
    match host {
        b"-" => return b"",
        [.., b'0'..=b'9' | b':'] => {}
        // A port would end it otherwise.
        _ => return host,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_an_absolute_url_has_no_userinfo_and_no_port() {
        let check = |text: &str, host: &str| {
            assert_eq!(authority(text.as_bytes()), host.as_bytes(), "{text}");
        };
        check(
            "GET https://example.com:443/a?u=http://b/ HTTP/2.0",
            "example.com",
        );
        check("GET http://example.com HTTP/1.1", "example.com");
        check("http://user:secret@example.com:8080?q", "example.com");
        check("https://[2001:db8::1]:443/", "[2001:db8::1]");
        check("CONNECT example.com:443 HTTP/1.1", "");
        check("/a/b", "");
        check("", "");
    }

    #[test]
    fn a_url_without_a_scheme_has_a_host_and_a_path_all_the_same() {
        let check = |url: &str, expected: Option<(&str, &str)>| {
            let expected = expected.map(|(host, path)| (host.as_bytes(), path.as_bytes()));
            assert_eq!(schemeless(url.as_bytes()), expected, "{url}");
        };
        check("example.com/a/b?c", Some(("example.com", "/a/b?c")));
        check("example.com:8080/", Some(("example.com", "/")));
        check("http://example.com/", None);
        check("/a", None);
        check("example.com:443", None);
        check("urn:a:b/c", None);
        check("error:invalid-request", None);
        check("*", None);
        check("", None);
    }

    #[test]
    fn a_status_that_was_never_sent_is_none() {
        for absent in ["-", "0", "000", "-1"] {
            assert_eq!(status(absent.as_bytes()), Ok(None), "{absent}");
        }
        assert_eq!(status(b"204"), Ok(Some(204)));
        for wrong in ["", "20", "2000", "+20", "-20", "00", "--"] {
            assert_eq!(status(wrong.as_bytes()), Err(Rule::Status), "{wrong}");
        }
    }
}
