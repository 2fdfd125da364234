//! Writes wrappers around lines again: dates, and names of hosts and programs that hold no address.

use super::Values;
use crate::{
    format::wrapper::{Wrapper, after_priority, is_rfc_3339, member, structured_data},
    stats::Rule,
};

/// What stands for a word that is not written, in RFC 5424 too (section 6: the nil value).
const NONE: u8 = b'-';

/// What stands for what begins as a date and is none: the line is known as a wrapped one all the same.
const NO_DATE: &[u8] = b"1970-01-01T00:00:00Z";

/// Longest word that is written; so long may host names be (RFC 5424, section 6).
const LONGEST_WORD: usize = 255;

impl Wrapper {
    /// Appends the wrapper of a line and, in it, what `inner` appends; that alone where the line is not
    /// wrapped so.
    pub(super) fn rewrite(
        self,
        line: &[u8],
        values: &impl Values,
        rewritten: &mut Vec<u8>,
        inner: impl FnOnce(&mut Vec<u8>) -> Result<(), Rule>,
    ) -> Result<(), Rule> {
        match self {
            Self::Docker => rewrite_docker(line, values, rewritten, inner),
            Self::Compose | Self::Cri | Self::Syslog => {
                if let Some(within) = self.inner(line, &mut Vec::new()) {
                    let header = &line[..line.len() - within.len()];
                    rewrite_header(header, values, rewritten);
                }
                inner(rewritten)
            }
        }
    }
}

/// Appends a header of words; structured data are left out.
fn rewrite_header(header: &[u8], values: &impl Values, rewritten: &mut Vec<u8>) {
    let rest = after_priority(header);
    rewritten.extend_from_slice(&header[..header.len() - rest.len()]);
    let words = match structured_data(rest) {
        Some(place) => &rest[..place],
        None => rest,
    };
    for (place, word) in words.split(|&byte| byte == b' ').enumerate() {
        if place > 0 {
            rewritten.push(b' ');
        }
        rewrite_word(word, values, rewritten);
    }
    if words.len() < rest.len() {
        rewritten.extend_from_slice(&[NONE, b' ']);
    }
}

fn rewrite_word(word: &[u8], values: &impl Values, rewritten: &mut Vec<u8>) {
    let precision = values.precision();
    if is_date(word) {
        return precision.clock_at("2026-11-10T".len(), word, rewritten);
    }
    if is_rfc_3339(word) {
        return rewritten.extend_from_slice(NO_DATE);
    }
    if is_clock(word) {
        return precision.clock_at(0, word, rewritten);
    }
    let (name, colon) = match word.strip_suffix(b":") {
        Some(name) => (name, &b":"[..]),
        None => (word, &b""[..]),
    };
    if matches!(name, b"" | b"|") || is_name(name) && !values.is_address(name) {
        rewritten.extend_from_slice(name);
    } else {
        rewritten.push(NONE);
    }
    rewritten.extend_from_slice(colon);
}

/// Whether a word is a date of RFC 3339 and no more.
fn is_date(word: &[u8]) -> bool {
    let is_of_date = |byte: &u8| byte.is_ascii_digit() || b"-T:.+Z".contains(byte);
    is_rfc_3339(word) && word.len() <= "2026-11-10T08:00:00.123456789+01:00".len() && {
        let clock = &word["2026-11-10T".len()..];
        clock.get(..8).is_some_and(is_clock) && clock.iter().all(is_of_date)
    }
}

/// Whether a word is a time of day as `08:00:00`.
fn is_clock(word: &[u8]) -> bool {
    word.len() == "08:00:00".len()
        && word.iter().enumerate().all(|(place, byte)| match place {
            2 | 5 => *byte == b':',
            _ => byte.is_ascii_digit(),
        })
}

/// Whether a word is a name, perhaps with a number in brackets as a program's with its process.
fn is_name(word: &[u8]) -> bool {
    let name = match word.strip_suffix(b"]") {
        Some(name) => {
            let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit());
            name[..name.len() - digits.count()]
                .strip_suffix(b"[")
                .unwrap_or(word)
        }
        None => word,
    };
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    word.len() <= LONGEST_WORD && name.iter().all(is_of_name)
}

/// Appends an object as Docker writes it: the line, the stream and the time.
fn rewrite_docker(
    line: &[u8],
    values: &impl Values,
    rewritten: &mut Vec<u8>,
    inner: impl FnOnce(&mut Vec<u8>) -> Result<(), Rule>,
) -> Result<(), Rule> {
    let Some(log) = member(line, b"log") else {
        return inner(rewritten);
    };
    rewritten.extend_from_slice(b"{\"log\":\"");
    let start = rewritten.len();
    inner(rewritten)?;
    escape(start, rewritten);
    if log.ends_with(b"\\n") {
        rewritten.extend_from_slice(b"\\n");
    }
    if let Some(stream @ (b"stdout" | b"stderr")) = member(line, b"stream") {
        rewritten.extend_from_slice(b"\",\"stream\":\"");
        rewritten.extend_from_slice(stream);
    }
    if let Some(time) = member(line, b"time").filter(|time| is_date(time)) {
        rewritten.extend_from_slice(b"\",\"time\":\"");
        rewrite_word(time, values, rewritten);
    }
    rewritten.extend_from_slice(b"\"}");
    Ok(())
}

/// Escapes what follows a place as a string of JSON (RFC 8259, section 7). It is of ASCII characters.
fn escape(start: usize, text: &mut Vec<u8>) {
    let end = text.len();
    for place in start..end {
        match text[place] {
            byte @ (b'"' | b'\\') => text.extend_from_slice(&[b'\\', byte]),
            b'\r' => text.extend_from_slice(b"\\r"),
            b'\t' => text.extend_from_slice(b"\\t"),
            byte => text.push(byte),
        }
    }
    text.drain(start..end);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        format::{Meaning, Value},
        time::Precision,
    };

    struct Scrubbed(Precision);

    impl Values for Scrubbed {
        fn value(&self, _: Meaning) -> Value<'_> {
            Value::Absent
        }

        fn precision(&self) -> Precision {
            self.0
        }

        fn is_address(&self, word: &[u8]) -> bool {
            word.starts_with(b"203.")
        }
    }

    fn check(wrapper: Wrapper, line: &str, exact: &str, hour: &str) {
        for (precision, expected) in [(Precision::Exact, exact), (Precision::Hour, hour)] {
            let values = Scrubbed(precision);
            let write = |line: &[u8]| {
                let mut rewritten = b"before ".to_vec();
                let inner = |text: &mut Vec<u8>| {
                    text.extend_from_slice(b"a \"b\"\\");
                    Ok(())
                };
                wrapper
                    .rewrite(line, &values, &mut rewritten, inner)
                    .unwrap();
                String::from_utf8(rewritten[7..].to_vec()).unwrap()
            };
            let written = write(line.as_bytes());
            assert_eq!(written, expected, "{line}");
            assert_eq!(write(written.as_bytes()), written, "again");
            let mut buffer = Vec::new();
            let within = wrapper.inner(written.as_bytes(), &mut buffer);
            let expected = (line != "bare").then_some(&b"a \"b\"\\"[..]);
            assert_eq!(within, expected, "{written}");
        }
    }

    #[test]
    fn what_is_no_name_and_no_date_is_not_written() {
        use Wrapper::{Compose, Cri, Docker, Syslog};
        let check_same =
            |wrapper, line: &str, written: &str| check(wrapper, line, written, written);
        check_same(Compose, r"web-1  | x", r#"web-1  | a "b"\"#);
        check_same(Compose, r"203.0.113.7 | x", r#"- | a "b"\"#);
        check(
            Cri,
            "2025-12-31T17:37:40.49+01:00 stdout F x",
            r#"2025-12-31T17:37:40.49+01:00 stdout F a "b"\"#,
            r#"2025-12-31T17:00:00.00+01:00 stdout F a "b"\"#,
        );
        check(
            Docker,
            r#"{"stream":"stdout","log":"x\n","time":"2025-12-31T17:37:40.49Z","attrs":{"a":"b"}}"#,
            r#"{"log":"a \"b\"\\\n","stream":"stdout","time":"2025-12-31T17:37:40.49Z"}"#,
            r#"{"log":"a \"b\"\\\n","stream":"stdout","time":"2025-12-31T17:00:00.00Z"}"#,
        );
        check_same(
            Docker,
            r#"{"log":"x","time":"alice"}"#,
            r#"{"log":"a \"b\"\\"}"#,
        );
        check(
            Syslog,
            "<134>Nov  1 08:10:20 lb1 haproxy[1234]: x",
            r#"<134>Nov  1 08:10:20 lb1 haproxy[1234]: a "b"\"#,
            r#"<134>Nov  1 08:00:00 lb1 haproxy[1234]: a "b"\"#,
        );
        check_same(
            Syslog,
            "Nov 10 08:00:00 203.0.113.7 nginx: x",
            r#"Nov 10 08:00:00 - nginx: a "b"\"#,
        );
        check_same(
            Syslog,
            "Nov 10 08:00:00 2001:db8::7 bob@example.org[1]: x",
            r#"Nov 10 08:00:00 - -: a "b"\"#,
        );
        check_same(
            Syslog,
            "<190>1 2026-11-10T08:00:00Z web.example nginx 12 - [x@1 ip=\"203.0.113.7\"][y] \u{feff}x",
            r#"<190>1 2026-11-10T08:00:00Z web.example nginx 12 - - a "b"\"#,
        );
        check_same(
            Syslog,
            "<190>1 - 203.0.113.7 nginx 12 a@b - x",
            r#"<190>1 - - nginx 12 - - a "b"\"#,
        );
        check_same(
            Syslog,
            "2026-11-10Tbob web nginx: x",
            r#"1970-01-01T00:00:00Z web nginx: a "b"\"#,
        );
    }
}
