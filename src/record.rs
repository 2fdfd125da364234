//! One request as logged: personal, borrowed from its chunk, and never printable.

mod json;

use std::fmt;

use crate::time::Timestamp;

/// Longest line in bytes; longer ones are malformed, and held in memory only up to here.
pub const LINE_CAP: usize = 64 << 10;

/// How a server escapes the bytes of a quoted field; undone only where a value is first seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Escape {
    /// The bytes stand as they were sent.
    Literal,
    /// Backslash escapes as `ap_escape_logitem` of Apache httpd and `escape=default` of nginx write
    /// them: `\"`, `\\`, `\b \n \r \t \v`, `\xHH` with hexadecimal digits of either case.
    Backslash,
    /// Escapes of JSON strings (RFC 8259, section 7), as `escape=json` of nginx writes them.
    Json,
}

/// A field's bytes as they stand in the log, with the escape rule that undoes them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Text<'a> {
    /// The bytes between the field's delimiters.
    pub raw: &'a [u8],
    /// How they are escaped.
    pub escape: Escape,
}

impl<'a> Text<'a> {
    /// The bytes as they were sent: escapes undone into `buffer`, or the log's own bytes where there
    /// is nothing to undo.
    ///
    /// Rules: `ap_escape_logitem` in Apache httpd's `server/util.c`, `ngx_http_log_escape` in nginx's
    /// `ngx_http_log_module.c`. An unknown or broken escape stays as it is.
    pub fn decode<'b>(&self, buffer: &'b mut Vec<u8>) -> &'b [u8]
    where
        'a: 'b,
    {
        if self.escape == Escape::Literal || memchr::memchr(b'\\', self.raw).is_none() {
            return self.raw;
        }
        buffer.clear();
        let mut rest = self.raw;
        while let Some(at) = memchr::memchr(b'\\', rest) {
            buffer.extend_from_slice(&rest[..at]);
            let escaped = &rest[at..];
            let length = match self.escape {
                Escape::Json => json::unescape(escaped, buffer),
                Escape::Backslash | Escape::Literal => {
                    let (byte, length) = unescape(escaped);
                    buffer.push(byte);
                    length
                }
            };
            rest = &escaped[length..];
        }
        buffer.extend_from_slice(rest);
        buffer
    }
}

/// The byte that the escape at the start of `text` stands for, and the escape's length. A backslash
/// that begins no escape stands for itself.
fn unescape(text: &[u8]) -> (u8, usize) {
    match text {
        [_, quoted @ (b'"' | b'\\'), ..] => (*quoted, 2),
        [_, b'b', ..] => (0x08, 2),
        [_, b'n', ..] => (b'\n', 2),
        [_, b'r', ..] => (b'\r', 2),
        [_, b't', ..] => (b'\t', 2),
        [_, b'v', ..] => (0x0b, 2),
        [_, b'x', high, low, ..] => hexadecimal(*high, *low).map_or((b'\\', 1), |byte| (byte, 4)),
        _ => (b'\\', 1),
    }
}

/// The byte that two hexadecimal digits of either case stand for.
pub(crate) fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |byte| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

/// What was asked for: the request line, or its parts where the format logs them apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// `METHOD SP target [SP HTTP/x]`, not yet split.
    Line(Text<'a>),
    /// Method, path and query string (with or without its `?`) from fields of their own.
    Parts {
        /// The method's name.
        method: Text<'a>,
        /// The path, possibly with the query string still on it.
        path: Text<'a>,
        /// The query string, empty where there is none.
        query: Text<'a>,
    },
}

/// One request as logged.
///
/// A record borrows from its chunk, so the borrow checker ends its life with the buffer. It has no
/// `Display` and no serialiser, and its `Debug` prints no content: nothing of a line can be shown.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// The client's address or host name as logged; empty or `-` where absent.
    pub client: &'a [u8],
    /// When the request was received.
    pub time: Timestamp,
    /// The request.
    pub request: Request<'a>,
    /// The final status; `None` where the log has none (`-`, `000`).
    pub status: Option<u16>,
    /// Bytes sent, as the format counts them; 0 for `-`.
    pub bytes: u64,
    /// The `Referer` header; empty or `-` where absent or not logged.
    pub referrer: Text<'a>,
    /// The `User-Agent` header; empty or `-` where absent or not logged.
    pub agent: Text<'a>,
    /// The virtual host without its port; empty where the format does not log one.
    pub host: &'a [u8],
    /// The client sent `DNT: 1` or `Sec-GPC: 1` and the log shows it.
    pub opted_out: bool,
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Text(redacted)")
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Request(redacted)")
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Record(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(raw: &[u8], expected: &[u8]) {
        let mut buffer = b"left over".to_vec();
        let escape = Escape::Backslash;
        assert_eq!(Text { raw, escape }.decode(&mut buffer), expected);
    }

    #[test]
    fn escapes_of_apache_and_nginx_are_undone() {
        check(b"", b"");
        check(b"plain", b"plain");
        check(br#"a\"b"#, b"a\"b");
        check(br"a\\b", b"a\\b");
        check(br"\b\n\r\t\v", b"\x08\n\r\t\x0b");
        check(br"caf\xc3\xa9", "café".as_bytes());
        check(br"CAF\xC3\x89!", "CAFÉ!".as_bytes());
        check(br"\\x41", br"\x41");
        check(br"\x22\x5C", b"\"\\");
    }

    #[test]
    fn unknown_and_broken_escapes_stay() {
        for text in [
            &br"\a"[..],
            br"\x",
            br"\x4",
            br"\xg0",
            br"\x0g",
            br"\0",
            br"end\",
        ] {
            check(text, text);
        }
        check(br"\x4\n", b"\\x4\n");
        check(br"\q\x41", br"\qA");
    }

    #[test]
    fn escapes_of_json_are_undone() {
        let check = |raw: &str, expected: &[u8]| {
            let escape = Escape::Json;
            let raw = raw.as_bytes();
            assert_eq!(Text { raw, escape }.decode(&mut Vec::new()), expected);
        };
        check("plain", b"plain");
        check(r#"\"\\\/"#, br#""\/"#);
        check(r"\b\f\n\r\t", b"\x08\x0c\n\r\t");
        check(r"\u001F\u001b", b"\x1f\x1b");
        check(r"caf\u00e9", "café".as_bytes());
        check(r"\ud83d\uDE00!", "😀!".as_bytes());
        check(r"\\u0041", br"\u0041");
        for broken in [
            r"\x41",
            r"\v",
            r"\u",
            r"\u12",
            r"\u12g4",
            r"\ud83d",
            r"\ude00",
            r"\ud83dx",
            r"\ud83d\n",
            r"\ud83d\u0041",
            r"\u+041",
            r"\",
        ] {
            let expected = broken.replace(r"\n", "\n").replace(r"\u0041", "A");
            check(broken, expected.as_bytes());
        }
        check("\u{fc}\\n", "\u{fc}\n".as_bytes());
    }

    #[test]
    fn literal_text_is_left_alone() {
        let text = Text {
            raw: br"a\x41\n",
            escape: Escape::Literal,
        };
        assert_eq!(text.decode(&mut Vec::new()), br"a\x41\n");
    }

    /// What Apache writes for a byte that was sent.
    fn escaped(byte: u8) -> Vec<u8> {
        match byte {
            b'"' | b'\\' => vec![b'\\', byte],
            b'\n' => br"\n".to_vec(),
            0x20..=0x7e => vec![byte],
            _ => format!("\\x{byte:02x}").into_bytes(),
        }
    }

    proptest! {
        #[test]
        fn what_apache_escapes_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let logged: Vec<u8> = bytes.iter().copied().flat_map(escaped).collect();
            let text = Text { raw: &logged, escape: Escape::Backslash };
            let mut buffer = Vec::new();
            prop_assert_eq!(text.decode(&mut buffer), &bytes[..]);
        }
    }
}
