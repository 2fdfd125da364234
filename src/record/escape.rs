//! How servers escape what clients sent, and how that is undone.

use memchr::{memchr, memmem};

/// How a server escapes the bytes of a field; undone only where a value is first seen.
///
/// It is as wide as a word: processors stall where a value is copied in words soon after a part of a
/// word was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Escape {
    /// The bytes stand as they were sent.
    #[default]
    Literal,
    /// Backslash escapes as `ap_escape_logitem` of Apache httpd and `escape=default` of nginx write
    /// them: `\"`, `\\`, `\b \n \r \t \v`, `\xHH` with hexadecimal digits of either case.
    Backslash,
    /// A `#` and two hexadecimal digits, as `HAProxy` writes bytes that it does not print.
    Hash,
    /// The escapes of strings in JSON (RFC 8259, section 7). Half a surrogate pair stays as it is.
    Json,
    /// Percent-encoding, once or twice: Amazon `CloudFront` wrote `%2520` for a space until it came
    /// to write `%20`.
    Percent,
    /// A `+` for each space, as IIS writes header fields. A plus sign that was sent is lost.
    Plus,
    /// `\"` for a quote and nothing else, as Traefik writes header fields.
    Quote,
}

impl Escape {
    /// The bytes as they were sent: escapes undone into `buffer`, or `raw` itself where there is
    /// nothing to undo. An unknown or broken escape stays as it is.
    ///
    /// Rules: `ap_escape_logitem` in Apache httpd's `server/util.c`, `ngx_http_log_escape` in nginx's
    /// `ngx_http_log_module.c`, `lf_encode_chunk` in `HAProxy`'s `src/log.c`.
    pub(super) fn undo<'b>(self, raw: &'b [u8], buffer: &'b mut Vec<u8>) -> &'b [u8] {
        let Some(sign) = self.sign().filter(|&sign| memchr(sign, raw).is_some()) else {
            return raw;
        };
        buffer.clear();
        self.append(raw, sign, buffer);
        if self == Self::Percent && is_still_encoded(buffer) {
            let once = buffer.split_off(0);
            self.append(&once, sign, buffer);
        }
        buffer
    }

    /// The byte that begins every escape.
    const fn sign(self) -> Option<u8> {
        match self {
            Self::Literal => None,
            Self::Backslash | Self::Json | Self::Quote => Some(b'\\'),
            Self::Hash => Some(b'#'),
            Self::Percent => Some(b'%'),
            Self::Plus => Some(b'+'),
        }
    }

    /// Appends `text` with its escapes undone.
    fn append(self, text: &[u8], sign: u8, buffer: &mut Vec<u8>) {
        let mut rest = text;
        while let Some(at) = memchr(sign, rest) {
            buffer.extend_from_slice(&rest[..at]);
            let length = self.append_one(&rest[at..], buffer);
            rest = &rest[at + length..];
        }
        buffer.extend_from_slice(rest);
    }

    /// Appends what the escape at the start of `text` stands for, and returns the escape's length. A
    /// sign that begins no escape stands for itself.
    fn append_one(self, text: &[u8], buffer: &mut Vec<u8>) -> usize {
        if self == Self::Json
            && let Some((character, length)) = json_character(text)
        {
            buffer.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return length;
        }
        let (byte, length) = match self {
            Self::Backslash => backslash(text),
            Self::Hash | Self::Percent => digits_after_sign(text),
            Self::Json => json_letter(text),
            Self::Plus => Some((b' ', 1)),
            Self::Quote => text.starts_with(b"\\\"").then_some((b'"', 2)),
            Self::Literal => None,
        }
        .unwrap_or((text[0], 1));
        buffer.push(byte);
        length
    }
}

/// The byte that two hexadecimal digits of either case stand for.
pub(crate) fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |byte| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

/// Whether text that was decoded once was encoded twice: no agent or address has these in it itself.
fn is_still_encoded(text: &[u8]) -> bool {
    memmem::find(text, b"%20").is_some() || memmem::find(text, b"%25").is_some()
}

fn backslash(text: &[u8]) -> Option<(u8, usize)> {
    Some(match text {
        [_, quoted @ (b'"' | b'\\'), ..] => (*quoted, 2),
        [_, b'b', ..] => (0x08, 2),
        [_, b'n', ..] => (b'\n', 2),
        [_, b'r', ..] => (b'\r', 2),
        [_, b't', ..] => (b'\t', 2),
        [_, b'v', ..] => (0x0b, 2),
        [_, b'x', high, low, ..] => (hexadecimal(*high, *low)?, 4),
        _ => return None,
    })
}

fn digits_after_sign(text: &[u8]) -> Option<(u8, usize)> {
    let [_, high, low, ..] = text else {
        return None;
    };
    Some((hexadecimal(*high, *low)?, 3))
}

fn json_letter(text: &[u8]) -> Option<(u8, usize)> {
    Some(match text {
        [_, quoted @ (b'"' | b'\\' | b'/'), ..] => (*quoted, 2),
        [_, b'b', ..] => (0x08, 2),
        [_, b'f', ..] => (0x0c, 2),
        [_, b'n', ..] => (b'\n', 2),
        [_, b'r', ..] => (b'\r', 2),
        [_, b't', ..] => (b'\t', 2),
        _ => return None,
    })
}

/// The character of `\uXXXX`, or of a surrogate pair of two such.
fn json_character(text: &[u8]) -> Option<(char, usize)> {
    let first = code_unit(text)?;
    if let Some(character) = char::from_u32(first.into()) {
        return Some((character, 6));
    }
    let second = code_unit(&text[6..])?;
    let character = char::decode_utf16([first, second]).next()?.ok()?;
    Some((character, 12))
}

fn code_unit(text: &[u8]) -> Option<u16> {
    let [b'\\', b'u', a, b, c, d, ..] = *text else {
        return None;
    };
    Some(u16::from_be_bytes([hexadecimal(a, b)?, hexadecimal(c, d)?]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(escape: Escape, raw: &[u8], expected: &[u8]) {
        let mut buffer = b"left over".to_vec();
        let found = escape.undo(raw, &mut buffer);
        assert_eq!(found, expected, "{escape:?}: {}", raw.escape_ascii());
    }

    #[test]
    fn escapes_of_apache_and_nginx_are_undone() {
        let check = |raw: &[u8], expected: &[u8]| check(Escape::Backslash, raw, expected);
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
    fn escapes_of_json_are_undone() {
        check(Escape::Json, b"caf\xc3\xa9 \xff", b"caf\xc3\xa9 \xff");
        let check = |raw: &str, expected: &[u8]| check(Escape::Json, raw.as_bytes(), expected);
        check("plain", b"plain");
        check(r#"a\"b\\c\/d"#, b"a\"b\\c/d");
        check(r"\b\f\n\r\t", b"\x08\x0c\n\r\t");
        check(r"\u001F\u001b\u0026\u0000", b"\x1f\x1b&\0");
        check(r"caf\u00e9 \u00C9", "café É".as_bytes());
        check(r"\ud83d\uDE00!", "😀!".as_bytes());
        check(r"\\u0041", br"\u0041");
        check("\u{fc}\\n", "\u{fc}\n".as_bytes());
        for broken in [
            r"\a",
            r"\x41",
            r"\v",
            r"\u",
            r"\u12",
            r"\u12g4",
            r"\u+041",
            r"\ud83d",
            r"\ude00",
            r"\ud83dx",
            r"\ud83d\n",
            r"\ud83d\u0041",
            r"end\",
        ] {
            let expected = broken.replace(r"\n", "\n").replace(r"\u0041", "A");
            check(broken, expected.as_bytes());
        }
    }

    #[test]
    fn escapes_of_haproxy_cloudfront_iis_and_traefik_are_undone() {
        check(Escape::Hash, b"X11#3B Linux #22#7d", b"X11; Linux \"}");
        check(
            Escape::Percent,
            b"Mozilla/5.0%20(X11)",
            b"Mozilla/5.0 (X11)",
        );
        check(
            Escape::Percent,
            b"Mozilla/5.0%2520(X11)",
            b"Mozilla/5.0 (X11)",
        );
        check(Escape::Percent, b"%252520", b"%20");
        check(Escape::Percent, b"a%2Bb%3Dc", b"a+b=c");
        check(
            Escape::Plus,
            b"Mozilla/5.0+(X11;+Linux)",
            b"Mozilla/5.0 (X11; Linux)",
        );
        check(Escape::Plus, b"++http://", b"  http://");
        check(Escape::Quote, br#"a \"b\" \x41 \n"#, br#"a "b" \x41 \n"#);
        check(Escape::Literal, br"a\x41\n%20+#3B", br"a\x41\n%20+#3B");
    }

    #[test]
    fn unknown_and_broken_escapes_stay() {
        for text in [r"\a", r"\x", r"\x4", r"\xg0", r"\x0g", r"\0", r"end\"] {
            check(Escape::Backslash, text.as_bytes(), text.as_bytes());
        }
        for text in ["#", "#3", "#3g", "##"] {
            check(Escape::Hash, text.as_bytes(), text.as_bytes());
        }
        for text in ["%", "%2", "%g0", "100%"] {
            check(Escape::Percent, text.as_bytes(), text.as_bytes());
        }
        check(Escape::Backslash, br"\x4\n", b"\\x4\n");
        check(Escape::Backslash, br"\q\x41", br"\qA");
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
            let mut buffer = Vec::new();
            prop_assert_eq!(Escape::Backslash.undo(&logged, &mut buffer), &bytes[..]);
        }

        #[test]
        fn what_json_escapes_comes_back(text in any::<String>()) {
            let logged = serde_json::to_string(&text).unwrap();
            let inner = &logged.as_bytes()[1..logged.len() - 1];
            let mut buffer = Vec::new();
            prop_assert_eq!(Escape::Json.undo(inner, &mut buffer), text.as_bytes());
        }
    }
}
