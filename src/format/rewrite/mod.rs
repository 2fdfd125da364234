//! Writes lines again in their format, with other values in the place of those that were logged.
//!
//! What is written between the values is the format's own: nothing is copied from a line but numbers and
//! times that were read as such.

mod haproxy;
mod json;
mod plan;
mod row;
mod w3c;
mod wrapper;

pub(super) use self::plan::Manner;
use super::{
    Format,
    layout::Layout,
    outline::Meaning,
    parser::{Parser, content},
    plan::Field,
};
use crate::{
    record::Escape,
    stats::Rule,
    time::{Clock, Precision},
};

/// What takes the place of the values of a line.
pub trait Values {
    /// What is written in the place of a value of that meaning.
    fn value(&self, meaning: Meaning) -> Value<'_>;

    /// How exact times are written.
    fn precision(&self) -> Precision;

    /// Whether a word of a line's wrapper, such as the name of a host, is an address or holds one.
    fn is_address(&self, word: &[u8]) -> bool;
}

/// What is written in the place of a value.
#[derive(Clone, Copy)]
pub enum Value<'v> {
    /// This text of printable ASCII characters without quotes, backslashes, `+` and `#`, with `%` only
    /// where two hexadecimal digits follow.
    Text(&'v [u8]),
    /// The number that was logged; nothing where a number is not what the value means.
    Number,
    /// What the format has where there is no value.
    Absent,
}

/// Where the values of a line end, in order, as far as its layout writes it by that.
#[derive(Debug, Default)]
pub struct Marks(Vec<u32>);

impl Marks {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Enters where the next value ends. Lines are far shorter than 4 GiB.
    #[inline]
    pub(super) fn push(&mut self, end: usize) {
        self.0.push(end as u32);
    }
}

impl Parser {
    /// Appends a line that this parser has just parsed as a record, with other values, without its line
    /// feed. `marks` are those that it was parsed with.
    ///
    /// # Errors
    ///
    /// The rule that the line breaks, if it was not parsed as a record; what was appended is of no use
    /// then.
    pub fn rewrite(
        &mut self,
        line: &[u8],
        marks: &Marks,
        values: &impl Values,
        rewritten: &mut Vec<u8>,
    ) -> Result<(), Rule> {
        let ends_in_return = line.ends_with(b"\r");
        let mut writer = Writer {
            values,
            line: rewritten,
        };
        let Self { layout, clock } = self;
        layout.rewrite(content(line), marks, &mut writer, clock)?;
        if ends_in_return {
            rewritten.push(b'\r');
        }
        Ok(())
    }

    /// Appends a line that was ignored if those after it cannot be read without it: a directive of the
    /// W3C format, as far as it says what columns and dates are. Returns whether it was.
    pub fn rewrite_directive(&self, line: &[u8], rewritten: &mut Vec<u8>) -> bool {
        matches!(self.layout, Layout::W3c(_)) && w3c::rewrite_directive(content(line), rewritten)
    }
}

impl Format {
    /// Appends a line with other values as [`Parser::rewrite`] does, where `wrapped` is the line as it was
    /// before [`Format::unwrapped`]: it is in its wrapper again. `inner` appends what is within.
    ///
    /// # Errors
    ///
    /// Those of `inner`.
    #[inline]
    pub fn rewrap(
        &self,
        wrapped: &[u8],
        values: &impl Values,
        rewritten: &mut Vec<u8>,
        inner: impl FnOnce(&mut Vec<u8>) -> Result<(), Rule>,
    ) -> Result<(), Rule> {
        match self.wrapper {
            None => inner(rewritten),
            Some(wrapper) => wrapper.rewrite(wrapped, values, rewritten, inner),
        }
    }
}

impl Layout {
    fn rewrite<V: Values>(
        &self,
        line: &[u8],
        marks: &Marks,
        writer: &mut Writer<'_, V>,
        clock: &mut Clock,
    ) -> Result<(), Rule> {
        match self {
            Self::HaProxy(captures) => captures.rewrite(line, writer),
            Self::Json(members) => members.rewrite(line, writer),
            Self::Mixed(mixed) => {
                let (layout, _) = mixed.layout_of(line, clock)?.ok_or(Rule::Incomplete)?;
                layout.rewrite(line, marks, writer, clock)
            }
            Self::Plan(plan) => plan.rewrite(line, marks, writer),
            Self::Row(row) => row.rewrite(line, writer),
            Self::W3c(directives) => directives.rewrite(line, writer),
        }
    }
}

/// Writes one line.
struct Writer<'w, V> {
    values: &'w V,
    line: &'w mut Vec<u8>,
}

/// How a value stands in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Style<'s> {
    /// How the server escapes it.
    escape: Escape,
    /// What stands there if there is no value.
    absent: &'s [u8],
    /// Whether a space would end it.
    is_word: bool,
}

impl<V: Values> Writer<'_, V> {
    /// Appends what is the format's own.
    #[inline]
    fn literal(&mut self, literal: &[u8]) {
        match literal {
            [byte] => self.line.push(*byte),
            _ => self.line.extend_from_slice(literal),
        }
    }

    /// Appends what takes the place of a value, unless it is empty, which it stays then.
    #[inline]
    fn value(&mut self, field: &Field, raw: &[u8], style: Style<'_>) {
        if raw.is_empty() {
            return;
        }
        match field {
            Field::Spaces => self.literal(b" "),
            Field::OtherPath => self.literal(b"/"),
            Field::Moment => self.values.precision().moment(raw, self.line),
            Field::ResultStatus => {
                self.literal(b"NONE/");
                let slash = raw.iter().rposition(|&byte| byte == b'/');
                self.replace(
                    Meaning::Status,
                    slash.map_or(raw, |at| &raw[at + 1..]),
                    style,
                );
            }
            Field::ClientAndPort => {
                let start = self.line.len();
                self.replace(Meaning::Client, raw, style);
                self.port(start);
            }
            _ => match Meaning::of(field) {
                meaning @ (Meaning::Client | Meaning::ForwardedFor) => {
                    self.address(meaning, raw, style);
                }
                Meaning::Host => {
                    self.replace(Meaning::Host, raw, style);
                    self.host_port(raw);
                }
                meaning => self.replace(meaning, raw, style),
            },
        }
    }

    /// Appends what takes the place of an address, with a port where one was logged.
    #[inline(always)]
    fn address(&mut self, meaning: Meaning, raw: &[u8], style: Style<'_>) {
        let start = self.line.len();
        self.replace(meaning, raw, style);
        if has_port(raw) {
            self.port(start);
        }
    }

    #[inline(always)]
    fn replace(&mut self, meaning: Meaning, raw: &[u8], style: Style<'_>) {
        let values = self.values;
        match values.value(meaning) {
            Value::Text(text) if matches!(meaning, Meaning::Client | Meaning::ForwardedFor) => {
                self.literal(text);
            }
            Value::Text(text) => self.text(text, style),
            Value::Number if matches!(meaning, Meaning::Bytes | Meaning::Status) => {
                self.number(raw, style);
            }
            Value::Number | Value::Absent => self.literal(style.absent),
        }
    }

    #[inline(always)]
    fn text(&mut self, text: &[u8], style: Style<'_>) {
        let space: &[u8] = match style.escape {
            Escape::Percent => b"%20",
            Escape::Plus => b"+",
            _ if style.is_word => b"_",
            _ => return self.literal(text),
        };
        if !text.contains(&b' ') {
            return self.literal(text);
        }
        for byte in text {
            match byte {
                b' ' => self.literal(space),
                _ => self.line.push(*byte),
            }
        }
    }

    /// Appends a number of decimal digits, which may have a sign.
    #[inline]
    fn number(&mut self, raw: &[u8], style: Style<'_>) {
        if is_number(raw) {
            self.literal(raw);
        } else {
            self.literal(style.absent);
        }
    }

    /// Appends a port to the address that begins at a place of the line: 0, since the client's own may
    /// tell who it is.
    fn port(&mut self, start: usize) {
        if self.line[start..].contains(&b':') {
            self.line.insert(start, b'[');
            self.line.push(b']');
        }
        self.literal(b":0");
    }

    /// Appends the port of a host where one was logged: a usual one, or 0.
    fn host_port(&mut self, raw: &[u8]) {
        const USUAL: [&[u8]; 4] = [b"80", b"443", b"8080", b"8443"];
        if let Some(colon) = raw.iter().rposition(|&byte| byte == b':')
            && raw[colon + 1..].iter().all(u8::is_ascii_digit)
        {
            let port = &raw[colon + 1..];
            self.literal(b":");
            self.literal(if USUAL.contains(&port) { port } else { b"0" });
        }
    }
}

/// Whether a text is of decimal digits, which may have a sign.
#[inline]
fn is_number(raw: &[u8]) -> bool {
    let digits = raw.strip_prefix(b"-").unwrap_or(raw);
    digits.iter().all(u8::is_ascii_digit)
}

/// Whether a port stands behind an address.
#[inline]
fn has_port(raw: &[u8]) -> bool {
    if raw.starts_with(b"[") {
        return raw.windows(2).any(|pair| pair == b"]:");
    }
    raw.iter().filter(|&&byte| byte == b':').count() == 1
}
