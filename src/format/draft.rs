//! The draft of a record: takes the values of a line's fields one by one, in any order.

use memchr::{memchr, memchr3, memmem, memrchr};

use super::plan::Field;
use crate::{
    record::{Record, Request, Text},
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
    client: &'a [u8],
    line: Option<Text<'a>>,
    method: Text<'a>,
    path: Text<'a>,
    query: Text<'a>,
    status: Option<u16>,
    bytes: u64,
    referrer: Text<'a>,
    agent: Text<'a>,
    host: &'a [u8],
    opted_out: bool,
}

impl<'a> Draft<'a> {
    /// Enters the value of a field.
    #[inline]
    pub(super) fn enter(
        &mut self,
        field: &Field,
        value: Text<'a>,
        clock: &mut Clock,
    ) -> Result<(), Rule> {
        match field {
            Field::Bytes => self.bytes = bytes(value.raw)?,
            Field::Client => self.client = value.raw,
            Field::ForwardedFor => self.client = first_of_list(value.raw),
            Field::Host => self.host = without_port(value.raw),
            Field::Method => self.method = value,
            Field::Moment => self.time = Some(clock.moment(value.raw).ok_or(Rule::Time)?),
            Field::OptOut => self.opted_out |= value.raw == b"1",
            Field::Path => self.path = value,
            Field::ProxyRequest => {
                self.line = Some(value);
                self.host = authority(value.raw);
            }
            Field::Query => self.query = value,
            Field::Referrer => self.referrer = value,
            Field::Request => self.line = Some(value),
            Field::ResultStatus => self.status = status(after_slash(value.raw))?,
            Field::Status => self.status = status(value.raw)?,
            Field::Url => {
                self.path = value;
                self.host = authority(value.raw);
            }
            Field::UserAgent => self.agent = value,
            Field::OtherTime(_)
            | Field::Port
            | Field::Protocol
            | Field::Text
            | Field::Time(_)
            | Field::TimeClf
            | Field::Word => {}
        }
        Ok(())
    }

    /// The record, once all fields are entered.
    pub(super) fn finished(self, clock: &mut Clock) -> Result<Record<'a>, Rule> {
        let time = match self.time {
            Some(Timestamp(second)) => Timestamp(second + self.date.fraction),
            None => clock.instant(&self.date).ok_or(Rule::Time)?,
        };
        Ok(Record {
            client: self.client,
            time,
            request: self.line.map_or(
                Request::Parts {
                    method: self.method,
                    path: self.path,
                    query: self.query,
                },
                Request::Line,
            ),
            status: self.status,
            bytes: self.bytes,
            referrer: self.referrer,
            agent: self.agent,
            host: self.host,
            opted_out: self.opted_out,
        })
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
        _ if !(1..=19).contains(&value.len()) || !value.iter().all(u8::is_ascii_digit) => {
            Err(Rule::Bytes)
        }
        digits => Ok(digits
            .iter()
            .fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))),
    }
}

/// The first entry of a list with commas.
fn first_of_list(value: &[u8]) -> &[u8] {
    value[..memchr(b',', value).unwrap_or(value.len())].trim_ascii()
}

fn after_slash(value: &[u8]) -> &[u8] {
    memrchr(b'/', value).map_or(value, |slash| &value[slash + 1..])
}

/// The host of the first absolute URL in `text`, without userinfo and port; empty where there is none.
fn authority(text: &[u8]) -> &[u8] {
    let Some(scheme_end) = memmem::find(text, b"://") else {
        return b"";
    };
    let rest = &text[scheme_end + 3..];
    let rest = &rest[..memchr3(b'/', b'?', b'#', rest).unwrap_or(rest.len())];
    let rest = &rest[..memchr(b' ', rest).unwrap_or(rest.len())];
    without_port(memrchr(b'@', rest).map_or(rest, |at| &rest[at + 1..]))
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
