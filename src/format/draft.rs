//! The draft of a record: takes the values of a line's fields one by one, in any order.

use std::net::IpAddr;

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
            Field::ForwardedFor => self.client = forwarded_client(value.raw),
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
            Field::ResultStatus => self.status = status(after_slash(value.raw)?)?,
            Field::Status => self.status = status(value.raw)?,
            Field::Url => {
                self.path = value;
                self.host = authority(value.raw);
            }
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

/// The client in a list of forwarded addresses: the last one that is not of a private network, where
/// one's own proxies are. Whatever stands before it may have been sent by the client itself.
fn forwarded_client(list: &[u8]) -> &[u8] {
    let mut entries = list.rsplit(|byte| *byte == b',').map(without_space);
    let last = entries.clone().next().unwrap_or_default();
    entries.find(|entry| !is_private(entry)).unwrap_or(last)
}

/// An entry of a list without the spaces around it, which W3C logs have as `+` or `%20`.
fn without_space(entry: &[u8]) -> &[u8] {
    let entry = entry.trim_ascii();
    let bare = entry.strip_prefix(b"+").or(entry.strip_prefix(b"%20"));
    bare.unwrap_or(entry)
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

fn after_slash(value: &[u8]) -> Result<&[u8], Rule> {
    let slash = memrchr(b'/', value).ok_or(Rule::Status)?;
    Ok(&value[slash + 1..])
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
    fn the_client_of_a_list_is_the_last_that_is_not_private() {
        let check = |list: &str, client: &str| {
            assert_eq!(
                forwarded_client(list.as_bytes()),
                client.as_bytes(),
                "{list}"
            );
        };
        check("203.0.113.9, 198.51.100.7,10.0.0.1", "198.51.100.7");
        check("203.0.113.9,+198.51.100.7,+10.0.0.1", "198.51.100.7");
        check("203.0.113.9,%20198.51.100.7,%20::1", "198.51.100.7");
        check("10.0.0.2, 10.0.0.1", "10.0.0.1");
        check("-", "-");
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
