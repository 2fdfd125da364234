//! A request as it may stand in a scrubbed log.

use std::fmt;

use super::{Reduced, query::Campaign};
use crate::privacy::method::Method;

/// Method, target and protocol, in the shape of a request line that every reader of logs accepts.
pub(in crate::privacy) struct Scrubbed {
    line: Box<[u8]>,
    /// Where the method ends.
    method: usize,
    /// Where the path ends.
    path: usize,
    /// Where the target ends.
    target: usize,
    /// Whether the query was logged with the path.
    has_query: bool,
}

/// Protocols by the names that servers log.
const PROTOCOLS: [&str; 7] = [
    "HTTP/0.9", "HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/2.0", "HTTP/3", "HTTP/3.0",
];

/// What stands for a target that is no path: the asterisk form (RFC 9112, section 3.2.4).
const NO_PATH: &str = "*";

/// The protocol of that name; none of a name that is no protocol's.
pub(super) fn protocol(name: &[u8]) -> Option<&'static str> {
    PROTOCOLS
        .into_iter()
        .find(|protocol| protocol.as_bytes() == name)
}

impl Scrubbed {
    /// From what is left of a request.
    pub(super) fn new(reduced: &Reduced, has_query: bool, protocol: Option<&str>) -> Self {
        let is_known = reduced.method != Method::Invalid;
        let mut line = if is_known {
            reduced.method.name().as_bytes().to_vec()
        } else {
            b"-".to_vec()
        };
        let method = line.len();
        line.push(b' ');
        let (page, kept) = reduced.page.split_once('?').unwrap_or((&reduced.page, ""));
        append_path(page, &mut line);
        let path = line.len();
        append_query(kept, reduced.campaign.as_ref(), &mut line);
        let target = line.len();
        if let Some(protocol) = protocol {
            line.push(b' ');
            line.extend_from_slice(protocol.as_bytes());
        }
        Self {
            line: line.into(),
            method,
            path,
            target,
            has_query,
        }
    }

    /// The request line; none where nobody knows the method.
    pub(in crate::privacy) fn line(&self) -> Option<&[u8]> {
        self.method().map(|_| &*self.line)
    }

    /// The method, where it is known.
    pub(in crate::privacy) fn method(&self) -> Option<&[u8]> {
        let method = &self.line[..self.method];
        (method != b"-").then_some(method)
    }

    /// The target, where it is logged as a whole.
    pub(in crate::privacy) fn target(&self) -> &[u8] {
        &self.line[self.method + 1..self.target]
    }

    /// The path, with the query if that was logged with it.
    pub(in crate::privacy) fn path(&self) -> &[u8] {
        let end = if self.has_query {
            self.target
        } else {
            self.path
        };
        &self.line[self.method + 1..end]
    }

    /// The query behind its `?`, if it was logged in a field of its own and anything of it is kept.
    pub(in crate::privacy) fn query(&self) -> Option<&[u8]> {
        let query = self.line[self.path..self.target].strip_prefix(b"?")?;
        (!self.has_query).then_some(query)
    }
}

impl fmt::Debug for Scrubbed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Scrubbed(redacted)")
    }
}

/// Appends a scrubbed path as a URL has it (RFC 3986, section 2), placeholders as they stand.
fn append_path(page: &str, line: &mut Vec<u8>) {
    if !page.starts_with('/') {
        line.extend_from_slice(NO_PATH.as_bytes());
        return;
    }
    for byte in page.bytes() {
        match byte {
            b'/' | b'{' | b'}' | b'-' | b'.' | b'_' | b'~' => line.push(byte),
            _ if byte.is_ascii_alphanumeric() => line.push(byte),
            _ => line.extend(format!("%{byte:02X}").into_bytes()),
        }
    }
}

/// Appends the keys that a site keeps, and those of the campaign.
fn append_query(kept: &str, campaign: Option<&Campaign>, line: &mut Vec<u8>) {
    let mut pairs: Vec<(&str, &str)> = kept
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .collect();
    if let Some(campaign) = campaign {
        let is_kept = |key: &str| {
            kept.split('&')
                .any(|pair| pair.split('=').next() == Some(key))
        };
        let parts = [
            ("utm_source", Some(&campaign.source)),
            ("utm_medium", campaign.medium.as_ref()),
            ("utm_campaign", campaign.campaign.as_ref()),
        ];
        let parts = parts.into_iter().filter(|(key, _)| !is_kept(key));
        pairs.extend(parts.filter_map(|(key, value)| Some((key, value?.as_str()))));
    }
    for (position, (key, value)) in pairs.into_iter().enumerate() {
        line.push(if position == 0 { b'?' } else { b'&' });
        line.extend_from_slice(key.as_bytes());
        line.push(b'=');
        line.extend_from_slice(value.as_bytes());
    }
}
