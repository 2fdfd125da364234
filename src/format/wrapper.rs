//! Wrappers: what container engines and syslog put around the lines of a log.

use jiter::{Jiter, Peek};
use memchr::{memchr, memmem};

use crate::record::{Escape, LINE_CAP, Text};

/// What every line of a log is wrapped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrapper {
    /// `name  | line`, as `docker compose logs` shows the lines of several containers.
    Compose,
    /// `2026-11-10T08:00:00.49+01:00 stdout F line`: the container runtime interface of Kubernetes.
    Cri,
    /// `{"log":"line\n","stream":"stdout","time":"…"}`: Docker's json-file driver.
    Docker,
    /// `<134>Nov 10 08:00:00 host program[12]: line` (RFC 3164), with or without priority and host and
    /// with dates of either kind, or a line in the header of RFC 5424.
    Syslog,
}

/// All wrappers with their names in settings.
const NAMES: [(&str, Wrapper); 4] = [
    ("compose", Wrapper::Compose),
    ("cri", Wrapper::Cri),
    ("docker", Wrapper::Docker),
    ("syslog", Wrapper::Syslog),
];

/// The version of RFC 5424, and the space after it.
const VERSION: &[u8] = b"1 ";

/// Longest name of a container that `docker compose` shows.
const LONGEST_NAME: usize = 128;

impl Wrapper {
    /// The wrapper that a setting such as `docker:combined` names, and the rest of the setting.
    pub(super) fn split(setting: &str) -> Option<(Self, &str)> {
        let (name, rest) = setting.split_once(':')?;
        let known = NAMES
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some((known.1, rest))
    }

    /// The wrapper that most of the lines are in, if any is.
    pub(super) fn of_most<'a>(lines: impl Iterator<Item = &'a [u8]> + Clone) -> Option<Self> {
        let count = lines
            .clone()
            .filter(|line| !line.trim_ascii().is_empty())
            .count();
        let mut buffer = Vec::new();
        let wrappers = NAMES.map(|(_, wrapper)| wrapper);
        wrappers.into_iter().find(|wrapper| {
            let wrapped = lines
                .clone()
                .filter(|line| wrapper.inner(line, &mut buffer).is_some());
            wrapped.count() * 2 > count
        })
    }

    /// Its name in settings.
    pub(super) fn name(self) -> &'static str {
        let named = NAMES.iter().find(|(_, wrapper)| *wrapper == self);
        named.map_or("", |(name, _)| name)
    }

    /// The line within, for which `buffer` has room; none where the line is not wrapped so, or is too
    /// long and may have been cut.
    pub(super) fn inner<'a>(self, line: &'a [u8], buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        if line.len() > LINE_CAP {
            return None;
        }
        match self {
            Self::Compose => after_name(line),
            Self::Cri => after_stream(line),
            Self::Docker => log_member(line, buffer),
            Self::Syslog => after_header(line),
        }
    }
}

fn after_name(line: &[u8]) -> Option<&[u8]> {
    let start = &line[..line.len().min(LONGEST_NAME)];
    let bar = memchr(b'|', start)?;
    let (name, spaces) = start[..bar].split_at(memchr(b' ', &start[..bar])?);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let is_prefix = !name.is_empty() && name.iter().all(is_name) && spaces.trim_ascii().is_empty();
    let rest = &line[bar + 1..];
    is_prefix.then(|| rest.strip_prefix(b" ").unwrap_or(rest))
}

fn after_stream(line: &[u8]) -> Option<&[u8]> {
    let (date, rest) = word(line)?;
    let (stream, rest) = word(rest)?;
    let (tag, rest) = word(rest)?;
    let is_prefix =
        is_rfc_3339(date) && matches!(stream, b"stdout" | b"stderr") && matches!(tag, b"F" | b"P");
    is_prefix.then_some(rest)
}

/// The value of the member `log`, unescaped, without its line end. A line cannot be longer unescaped
/// than it is escaped.
fn log_member<'a>(line: &'a [u8], buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let raw = member(line, b"log")?;
    let escape = Escape::Json;
    let text = Text { raw, escape }.decode(buffer);
    Some(text.strip_suffix(b"\n").unwrap_or(text))
}

/// The value of the first member of that name, if it is a string, as it stands in an object.
pub(super) fn member<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    if !line.starts_with(b"{") {
        return None;
    }
    let mut json = Jiter::new(line);
    let mut next = json.next_object_bytes().ok()?;
    while let Some(own) = next {
        let is_it = own == name;
        let peek = json.peek().ok()?;
        let start = json.current_index();
        json.known_skip(peek).ok()?;
        if is_it && peek == Peek::String {
            let value = json.slice_to_current(start);
            return value.strip_prefix(b"\"")?.strip_suffix(b"\"");
        }
        next = json.next_key_bytes().ok()?;
    }
    None
}

fn after_header(line: &[u8]) -> Option<&[u8]> {
    let after_priority = after_priority(line);
    match after_priority.strip_prefix(VERSION) {
        Some(rest) => after_structured_data(rest),
        None => after_tag(after_date(after_priority)?),
    }
}

/// What follows `<134>`, if that stands there.
pub(super) fn after_priority(line: &[u8]) -> &[u8] {
    priority(line).unwrap_or(line)
}

fn priority(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"<")?;
    let digits = memchr(b'>', &rest[..rest.len().min(4)])?;
    rest[..digits]
        .iter()
        .all(u8::is_ascii_digit)
        .then(|| &rest[digits + 1..])
}

/// What follows `Nov 10 08:00:00 ` or a date of RFC 3339.
fn after_date(text: &[u8]) -> Option<&[u8]> {
    if let [
        a,
        b,
        c,
        b' ',
        tens,
        ones,
        b' ',
        _,
        _,
        b':',
        _,
        _,
        b':',
        _,
        _,
        b' ',
        rest @ ..,
    ] = text
    {
        let is_date = [a, b, c].into_iter().all(u8::is_ascii_alphabetic)
            && (tens.is_ascii_digit() || *tens == b' ')
            && ones.is_ascii_digit();
        return is_date.then_some(rest);
    }
    let (date, rest) = word(text)?;
    is_rfc_3339(date).then_some(rest)
}

/// What follows `program[12]: ` or `host program[12]: `.
fn after_tag(text: &[u8]) -> Option<&[u8]> {
    let (first, rest) = word(text)?;
    if first.ends_with(b":") {
        return Some(rest);
    }
    let (second, rest) = word(rest)?;
    second.ends_with(b":").then_some(rest)
}

/// What follows date, host, program, process, message id and structured data (RFC 5424, section 6).
fn after_structured_data(text: &[u8]) -> Option<&[u8]> {
    let date = word(text)?.0;
    let rest = after_words(text)?;
    let rest = match rest.strip_prefix(b"-") {
        Some(rest) => rest,
        None => after_elements(rest)?,
    };
    let message = rest.strip_prefix(b" ")?;
    let message = message.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(message);
    (date == b"-" || is_rfc_3339(date)).then_some(message)
}

/// Where the structured data begin in a header of RFC 5424, given without its priority.
pub(super) fn structured_data(header: &[u8]) -> Option<usize> {
    let rest = after_words(header.strip_prefix(VERSION)?)?;
    Some(header.len() - rest.len())
}

/// What follows date, host, program, process and message id.
fn after_words(text: &[u8]) -> Option<&[u8]> {
    (0..5).try_fold(text, |rest, _| Some(word(rest)?.1))
}

/// What follows elements such as `[a@1 b="c"]`, in whose values quotes and brackets are escaped.
fn after_elements(text: &[u8]) -> Option<&[u8]> {
    let end = memmem::find(text, b"] ")?;
    text.starts_with(b"[").then(|| &text[end + 1..])
}

/// Text up to the next space, and what follows that.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr(b' ', text)?;
    Some((&text[..end], &text[end + 1..]))
}

/// Whether a word looks like a date and time of RFC 3339.
pub(super) fn is_rfc_3339(word: &[u8]) -> bool {
    matches!(word, [a, b, c, d, b'-', _, _, b'-', _, _, b'T', ..]
        if [a, b, c, d].into_iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(wrapper: Wrapper, line: &str, expected: Option<&str>) {
        let mut buffer = b"left over".to_vec();
        let inner = wrapper.inner(line.as_bytes(), &mut buffer);
        assert_eq!(inner, expected.map(str::as_bytes), "{wrapper:?}: {line}");
    }

    #[test]
    fn the_line_within_is_found() {
        check(Wrapper::Compose, "caddy  | {\"a\":1}", Some("{\"a\":1}"));
        check(Wrapper::Compose, "web-1.x_y | a | b", Some("a | b"));
        check(Wrapper::Compose, "web |", Some(""));
        check(
            Wrapper::Cri,
            "2025-12-31T17:37:40.49+01:00 stdout F a  b",
            Some("a  b"),
        );
        check(Wrapper::Cri, "2025-12-31T17:37:40Z stderr P a", Some("a"));
        check(
            Wrapper::Docker,
            r#"{"log":"a \"b\" \\x41\n","stream":"stdout","time":"2026"}"#,
            Some(r#"a "b" \x41"#),
        );
        check(
            Wrapper::Docker,
            r#"{"stream":"stdout","log":"a\r\n"}"#,
            Some("a\r"),
        );
        check(Wrapper::Docker, r#"{"log":"a"}"#, Some("a"));
        check(
            Wrapper::Syslog,
            "Nov 10 08:00:00 lb1 haproxy[1234]: a b",
            Some("a b"),
        );
        check(
            Wrapper::Syslog,
            "<134>Nov  1 08:00:00 haproxy[1234]: a",
            Some("a"),
        );
        check(
            Wrapper::Syslog,
            "2026-11-10T08:00:00.1+00:00 web nginx: a",
            Some("a"),
        );
        check(
            Wrapper::Syslog,
            "<190>1 2026-11-10T08:00:00Z web nginx 12 - - a b",
            Some("a b"),
        );
        check(
            Wrapper::Syslog,
            "<190>1 - - - - - [x@1 b=\"[c\"][y] \u{feff}a b",
            Some("a b"),
        );
    }

    #[test]
    fn a_line_that_is_not_wrapped_is_told() {
        for line in [
            "",
            "203.0.113.7 - - [10/Oct/2000:13:55:36 -0700] \"GET /a|b HTTP/1.0\" 200 5",
            "{\"log\":7}",
            "{\"log\":\"a",
            "{}",
            "a b | c",
            "| a",
            "2026-11-10T08:00:00Z stdnull F a",
            "2026-11-10T08:00:00Z stdout X a",
            "2026-11-10T08:00:00Z a b c",
            "<190>1 2026-11-10T08:00:00Z a",
            "<x>Nov 10 08:00:00 a b c",
            "Nov 10 08:00:00",
        ] {
            for (_, wrapper) in NAMES {
                check(wrapper, line, None);
            }
        }
    }

    #[test]
    fn most_lines_tell_the_wrapper() {
        let wrapped: [&[u8]; 4] = [b"web | a", b"web | b", b"c", b"  "];
        assert_eq!(
            Wrapper::of_most(wrapped.into_iter()),
            Some(Wrapper::Compose)
        );
        let bare: [&[u8]; 2] = [b"web | a", b"b"];
        assert_eq!(Wrapper::of_most(bare.into_iter()), None);
        assert_eq!(Wrapper::of_most([].into_iter()), None);
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "(<134>|1 |Nov 10 08:00:00 |2026-11-10T08:00:00Z |\\{\"log\":\"|stdout F |\\[a|\\] |\\||\\\\u|.){0,12}") {
            for (_, wrapper) in NAMES {
                let _ = wrapper.inner(line.as_bytes(), &mut Vec::new());
            }
        }
    }
}
