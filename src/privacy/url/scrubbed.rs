//! A request as it may stand in a scrubbed log.

use std::fmt;

use super::{Reduced, query::Campaign};
use crate::privacy::method::Method;

/// Method, target and protocol, in the shape of a request line that every reader of logs accepts. The line
/// itself stands among those of other requests: this is where.
#[derive(Clone, Copy)]
pub(in crate::privacy) struct Scrubbed {
    start: u32,
    /// Where the method ends.
    method: u32,
    /// Where the path ends.
    path: u32,
    /// Where the target ends.
    target: u32,
    end: u32,
    /// Whether the query was logged with the path.
    has_query: bool,
}

/// Protocols by the names that servers log.
const PROTOCOLS: [&str; 7] = [
    "HTTP/0.9", "HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/2.0", "HTTP/3", "HTTP/3.0",
];

/// What stands for a method that nobody knows.
const NO_METHOD: u8 = b'-';

/// What stands for a target that is no path: the asterisk form (RFC 9112, section 3.2.4).
const NO_PATH: &str = "*";

/// The protocol of that name; none of a name that is no protocol's.
pub(super) fn protocol(name: &[u8]) -> Option<&'static str> {
    PROTOCOLS
        .into_iter()
        .find(|protocol| protocol.as_bytes() == name)
}

impl Scrubbed {
    /// Appends what is left of a request to the lines of others.
    pub(super) fn append(
        reduced: &Reduced,
        has_query: bool,
        protocol: Option<&str>,
        lines: &mut Vec<u8>,
    ) -> Self {
        let start = place(lines);
        if reduced.method == Method::Invalid {
            lines.push(NO_METHOD);
        } else {
            lines.extend_from_slice(reduced.method.name().as_bytes());
        }
        let method = place(lines);
        lines.push(b' ');
        let (page, kept) = reduced.page.split_once('?').unwrap_or((&reduced.page, ""));
        append_path(page, lines);
        let path = place(lines);
        append_query(kept, reduced.campaign.as_ref(), lines);
        let target = place(lines);
        if let Some(protocol) = protocol {
            lines.push(b' ');
            lines.extend_from_slice(protocol.as_bytes());
        }
        Self {
            start,
            method,
            path,
            target,
            end: place(lines),
            has_query,
        }
    }

    /// The request line; none where nobody knows the method.
    pub(in crate::privacy) fn line(self, lines: &[u8]) -> Option<&[u8]> {
        self.method(lines)
            .map(|_| text(lines, self.start, self.end))
    }

    /// The method, where it is known.
    pub(in crate::privacy) fn method(self, lines: &[u8]) -> Option<&[u8]> {
        let method = text(lines, self.start, self.method);
        (method != [NO_METHOD]).then_some(method)
    }

    /// The target, where it is logged as a whole.
    pub(in crate::privacy) fn target(self, lines: &[u8]) -> &[u8] {
        text(lines, self.method + 1, self.target)
    }

    /// The path, with the query if that was logged with it.
    pub(in crate::privacy) fn path(self, lines: &[u8]) -> &[u8] {
        let end = if self.has_query {
            self.target
        } else {
            self.path
        };
        text(lines, self.method + 1, end)
    }

    /// The query behind its `?`, if it was logged in a field of its own and anything of it is kept.
    pub(in crate::privacy) fn query(self, lines: &[u8]) -> Option<&[u8]> {
        let query = text(lines, self.path, self.target).strip_prefix(b"?")?;
        (!self.has_query).then_some(query)
    }
}

/// The end of the lines. They are far shorter than 4 GiB, or nothing is written from there on.
fn place(lines: &[u8]) -> u32 {
    u32::try_from(lines.len()).unwrap_or(u32::MAX - 1)
}

fn text(lines: &[u8], start: u32, end: u32) -> &[u8] {
    lines.get(start as usize..end as usize).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use crate::{
        privacy::{UrlRules, UrlSettings},
        record::{Escape, Request, Text},
    };

    fn text(raw: &str) -> Text<'_> {
        Text {
            raw: raw.as_bytes(),
            escape: Escape::Backslash,
        }
    }

    /// What is left of a request, behind that of another: the line, the target, the path and the query.
    fn scrubbed(request: &Request<'_>) -> [Option<String>; 4] {
        let rules = UrlRules::new(&UrlSettings {
            keep_query: vec!["page".to_owned()],
            ..UrlSettings::default()
        });
        let (rules, mut lines) = (rules.unwrap(), b"GET /other HTTP/2".to_vec());
        let scrubbed = rules.scrub(request, &mut lines).unwrap();
        let (target, path) = (scrubbed.target(&lines), scrubbed.path(&lines));
        let line = scrubbed.line(&lines);
        let fields = [line, Some(target), Some(path), scrubbed.query(&lines)];
        fields.map(|field| Some(String::from_utf8(field?.to_vec()).unwrap()))
    }

    #[test]
    fn a_query_is_left_in_the_field_that_it_was_logged_in() {
        let of_line = |line| scrubbed(&Request::Line(text(line)));
        let of_parts = |path, query| {
            scrubbed(&Request::Parts {
                method: text("GET"),
                path: text(path),
                query: text(query),
            })
        };
        let expected = |fields: [Option<&str>; 4]| fields.map(|field| field.map(str::to_owned));
        let line = Some("GET /shop?page=2 HTTP/1.1");
        let target = Some("/shop?page=2");
        assert_eq!(
            of_line("GET /shop?page=2&x=1 HTTP/1.1"),
            expected([line, target, target, None])
        );
        let line = Some("GET /shop?page=2");
        assert_eq!(
            of_parts("/shop", "x=1&page=2"),
            expected([line, target, Some("/shop"), Some("page=2")])
        );
        assert_eq!(
            of_parts("/shop?page=2", ""),
            expected([line, target, target, None])
        );
        assert_eq!(
            of_parts("/shop", "x=1"),
            expected([Some("GET /shop"), Some("/shop"), Some("/shop"), None])
        );
    }
}
