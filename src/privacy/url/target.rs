//! Takes a request apart into method, path and query, none of them percent-decoded or scrubbed yet.

use memchr::{memchr, memchr2, memchr3};

use crate::{privacy::method::Method, record::Request};

/// Room for the fields of a request once their escapes are undone.
pub(super) type Buffers = [Vec<u8>; 3];

/// A request's method and target. Personal.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) method: Method,
    pub(super) target: Target<'a>,
    /// The protocol's name and version; empty where it is not told.
    pub(super) version: &'a [u8],
}

/// A request target without fragment, scheme, userinfo and authority. Personal.
#[derive(Clone, Copy)]
pub(super) struct Target<'a> {
    /// What stands before `?` and `#`, undecoded. Begins with `/` unless the target is no path at
    /// all (`*`, `host:443`, noise).
    pub(super) path: &'a [u8],
    /// What stands between `?` and `#`; empty where there is none.
    pub(super) query: &'a [u8],
    /// Whether the query stands in the target itself, not in a field of its own.
    pub(super) has_query: bool,
}

impl<'a> Asked<'a> {
    /// What `request` asks for, escapes undone into `buffers`; `None` for a request line that is not
    /// `METHOD SP target [SP HTTP/x]`.
    pub(super) fn of(request: &Request<'a>, buffers: &'a mut Buffers) -> Option<Self> {
        let [first, second, third] = buffers;
        match request {
            Request::Line(line) => Self::of_line(line.decode(first)),
            Request::Parts {
                method,
                path,
                query,
            } => Some(Self {
                method: Method::of(method.decode(first)),
                target: Target::of(path.decode(second)).or_query(query.decode(third)),
                version: b"",
            }),
        }
    }

    fn of_line(line: &'a [u8]) -> Option<Self> {
        let (method, rest) = split_at_space(line)?;
        let (target, version) = match split_at_space(rest) {
            None => (rest, &b""[..]),
            Some((target, version)) if is_version(version) => (target, version),
            Some(_) => return None,
        };
        let well_formed = is_token(method) && !target.is_empty();
        well_formed.then(|| Self {
            method: Method::of(method),
            target: Target::of(target),
            version,
        })
    }
}

impl<'a> Target<'a> {
    /// The parts of a target in origin form or absolute form (RFC 9112, section 3.2).
    pub(super) fn of(target: &'a [u8]) -> Self {
        let origin = after_authority(target);
        let (path, rest) = before_query(origin.unwrap_or(target));
        let is_root = origin.is_some() && path.is_empty();
        Self {
            path: if is_root { b"/" } else { path },
            query: rest.strip_prefix(b"?").map_or(b"", until_fragment),
            has_query: rest.starts_with(b"?"),
        }
    }

    /// The same target, with a query that was logged in a field of its own unless it has one itself.
    fn or_query(self, field: &'a [u8]) -> Self {
        if !self.query.is_empty() {
            return self;
        }
        let query = until_fragment(field.strip_prefix(b"?").unwrap_or(field));
        Self { query, ..self }
    }
}

/// What follows `scheme://userinfo@host:port`; `None` for a target in another form.
fn after_authority(target: &[u8]) -> Option<&[u8]> {
    if !target.first()?.is_ascii_alphabetic() {
        return None;
    }
    let (scheme, rest) = target.split_at(memchr(b':', target)?);
    let rest = rest.strip_prefix(b"://")?;
    let is_scheme = scheme
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
    is_scheme.then(|| &rest[memchr3(b'/', b'?', b'#', rest).unwrap_or(rest.len())..])
}

fn before_query(target: &[u8]) -> (&[u8], &[u8]) {
    target.split_at(memchr2(b'?', b'#', target).unwrap_or(target.len()))
}

fn until_fragment(query: &[u8]) -> &[u8] {
    &query[..memchr(b'#', query).unwrap_or(query.len())]
}

fn split_at_space(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr(b' ', line)?;
    Some((&line[..at], &line[at + 1..]))
}

fn is_version(text: &[u8]) -> bool {
    text.strip_prefix(b"HTTP/")
        .is_some_and(|version| !version.is_empty() && !version.contains(&b' '))
}

/// Whether `text` is a token (RFC 9110, section 5.6.2), as the name of a method must be.
fn is_token(text: &[u8]) -> bool {
    let is_token_byte =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !text.is_empty() && text.iter().all(is_token_byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Escape, Text};

    fn text(raw: &[u8]) -> Text<'_> {
        let escape = Escape::Backslash;
        Text { raw, escape }
    }

    fn check(line: &[u8], method: Method, path: &[u8], query: &[u8]) {
        let mut buffers = Buffers::default();
        let asked = Asked::of(&Request::Line(text(line)), &mut buffers).unwrap();
        assert_eq!(asked.method, method);
        assert_eq!(asked.target.path, path);
        assert_eq!(asked.target.query, query);
    }

    #[test]
    fn request_lines_are_taken_apart() {
        check(b"GET / HTTP/1.1", Method::Get, b"/", b"");
        check(b"GET /", Method::Get, b"/", b"");
        check(b"HEAD /a?b=c&d HTTP/2.0", Method::Head, b"/a", b"b=c&d");
        check(b"GET /a?b?c#d?e HTTP/1.1", Method::Get, b"/a", b"b?c");
        check(b"GET /a#b?c HTTP/1.1", Method::Get, b"/a", b"");
        check(b"GET /a;b=c/d HTTP/1.1", Method::Get, b"/a;b=c/d", b"");
        check(
            br"GET /\xc3\xa4?\x22 HTTP/1.1",
            Method::Get,
            b"/\xc3\xa4",
            b"\"",
        );
        check(b"get / HTTP/1.1", Method::Invalid, b"/", b"");
        check(b"FOO /a HTTP/1.1", Method::Invalid, b"/a", b"");
        check(b"OPTIONS * HTTP/1.1", Method::Options, b"*", b"");
        check(
            b"CONNECT example.org:443 HTTP/1.1",
            Method::Connect,
            b"example.org:443",
            b"",
        );
        check(b"GET HTTP/1.1", Method::Get, b"HTTP/1.1", b"");
    }

    #[test]
    fn other_lines_have_no_parts() {
        for line in [
            &b""[..],
            b"-",
            b"GET",
            b"GET ",
            b" / HTTP/1.1",
            b"GET  / HTTP/1.1",
            b"GET  HTTP/1.1",
            b"GET / HTTP/1.1 ",
            b"GET /a b HTTP/1.1",
            b"GET / HTTP/",
            b"GET / http/1.1",
            b"GET / FTP/1.1",
            br"G\x00T / HTTP/1.1",
            br#"{\"a\":1} / HTTP/1.1"#,
            br"\x16\x03\x01\x02",
        ] {
            assert!(Asked::of(&Request::Line(text(line)), &mut Buffers::default()).is_none());
        }
    }

    #[test]
    fn absolute_form_loses_scheme_userinfo_and_authority() {
        for (target, path) in [
            (&b"http://example.org/a"[..], &b"/a"[..]),
            (b"HTTPS://alice:secret@example.org:8443/a", b"/a"),
            (b"coap+tcp://[2001:db8::1]/a", b"/a"),
            (b"http://alice@example.org", b"/"),
            (b"http://alice@example.org?a=/b", b"/"),
            (b"http://example.org#/b", b"/"),
            (b"http:///a", b"/a"),
            (b"//alice@example.org/a", b"//alice@example.org/a"),
            (b"/http://example.org/a", b"/http://example.org/a"),
            (b"mailto:alice@example.org", b"mailto:alice@example.org"),
            (b"a?b=http://example.org/a", b"a"),
            (b"", b""),
        ] {
            assert_eq!(Target::of(target).path, path);
        }
    }

    #[test]
    fn a_query_may_stand_in_a_field_of_its_own() {
        for (path, query, expected) in [
            (&b"/a"[..], &b"b=c"[..], &b"b=c"[..]),
            (b"/a", b"?b=c#d", b"b=c"),
            (b"/a?e=f", b"b=c", b"e=f"),
            (b"/a", b"", b""),
        ] {
            let (method, path, query) = (text(b"GET"), text(path), text(query));
            let request = Request::Parts {
                method,
                path,
                query,
            };
            let mut buffers = Buffers::default();
            let asked = Asked::of(&request, &mut buffers).unwrap();
            assert_eq!(asked.method, Method::Get);
            assert_eq!(asked.target.path, b"/a");
            assert_eq!(asked.target.query, expected);
        }
    }
}
