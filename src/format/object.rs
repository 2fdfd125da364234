//! Reads objects of JSON member by member, without building them: what is plain here, as nearly all is,
//! all else by `jiter`.
//!
//! Crates that are made for speed were slower. On lines of nginx and of Caddy, finding the same members by
//! `get_many` of sonic-rs 0.5.10 took 2.0 and 2.3 times as long as the whole parse takes with this reader,
//! and its iterator over the outermost members alone 1.1 and 1.2 times. A tape of simd-json 0.19 took 0.9
//! and 1.3 times as long, from which no member is read then. Both also want text that is all UTF-8, which
//! nginx does not promise.

use jiter::{Jiter, JiterErrorType};

use super::{literal::Literal, search::end_of_plain};
use crate::stats::Rule;

/// Most objects, one within the other, of a value of no use that are read here.
const DEEPEST: usize = 8;

/// What has not been read of a line with an object.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

/// The name of a member, as it stands in the line.
#[derive(Clone, Copy)]
pub(super) struct Name<'a> {
    /// The line from the name on.
    text: &'a [u8],
    length: usize,
}

impl Name<'_> {
    /// Whether it is this one.
    #[inline]
    pub(super) fn is(self, own: &Literal) -> bool {
        own.len() == self.length && own.begins(self.text)
    }
}

impl<'a> Reader<'a> {
    /// A reader of the object that a line consists of, behind its brace.
    pub(super) fn of(line: &'a [u8]) -> Result<Self, Rule> {
        let mut reader = Self { rest: line };
        if reader.peek() == Some(b'{') {
            reader.advance();
            Ok(reader)
        } else {
            Err(no_object(line))
        }
    }

    /// The name of the object's first member; none where it has none.
    #[inline]
    pub(super) fn first_name(&mut self) -> Result<Option<Name<'a>>, Rule> {
        match self.peek() {
            Some(b'"') => self.name().map(Some),
            Some(b'}') => Ok(self.close()),
            _ => Err(Rule::Json),
        }
    }

    /// The name of the member after the value that was read; none at the object's end.
    #[inline]
    pub(super) fn next_name(&mut self) -> Result<Option<Name<'a>>, Rule> {
        match self.peek() {
            Some(b',') => {
                self.advance();
                match self.peek() {
                    Some(b'"') => self.name().map(Some),
                    _ => Err(Rule::Json),
                }
            }
            Some(b'}') => Ok(self.close()),
            _ => Err(Rule::Json),
        }
    }

    /// Goes into the value where that is an object.
    #[inline]
    pub(super) fn enter(&mut self) -> bool {
        let is_object = self.peek() == Some(b'{');
        if is_object {
            self.advance();
        }
        is_object
    }

    /// The value that comes next, as it stands in the line.
    #[inline]
    pub(super) fn value(&mut self) -> Result<&'a [u8], Rule> {
        self.value_of_depth(DEEPEST)
    }

    /// Makes sure that nothing follows.
    pub(super) fn finish(&mut self) -> Result<(), Rule> {
        self.peek().is_none().then_some(()).ok_or(Rule::Json)
    }

    #[inline]
    fn name(&mut self) -> Result<Name<'a>, Rule> {
        let text = &self.rest[1..];
        let length = self.string()?.len() - 2;
        if self.peek() != Some(b':') {
            return Err(Rule::Json);
        }
        self.advance();
        Ok(Name { text, length })
    }

    /// The string that comes next, with its quotes.
    #[inline]
    fn string(&mut self) -> Result<&'a [u8], Rule> {
        let inside = &self.rest[1..];
        match end_of_plain(inside) {
            Some(end) if inside[end] == b'"' => Ok(self.take(end + 2)),
            _ => self.skipped(),
        }
    }

    /// The value that comes next, with so many objects within it at most that are read here.
    #[inline]
    fn value_of_depth(&mut self, depth: usize) -> Result<&'a [u8], Rule> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'0'..=b'9') => self.number(),
            Some(b'[') => self.array(),
            Some(b'{') if depth > 0 => self.object(depth - 1),
            _ => self.skipped(),
        }
    }

    /// The object that comes next.
    fn object(&mut self, depth: usize) -> Result<&'a [u8], Rule> {
        let text = self.rest;
        self.advance();
        let mut name = self.first_name()?;
        while name.is_some() {
            self.value_of_depth(depth)?;
            name = self.next_name()?;
        }
        Ok(&text[..text.len() - self.rest.len()])
    }

    /// The number that comes next: most have no sign and no exponent.
    #[inline]
    fn number(&mut self) -> Result<&'a [u8], Rule> {
        let mut end = digits(self.rest);
        let mut is_plain = end == 1 || self.rest[0] != b'0';
        if self.rest.get(end) == Some(&b'.') {
            let fraction = digits(&self.rest[end + 1..]);
            is_plain &= fraction > 0;
            end += 1 + fraction;
        }
        if is_plain && matches!(self.rest.get(end), Some(b',' | b'}' | b' ')) {
            Ok(self.take(end))
        } else {
            self.skipped()
        }
    }

    /// The array that comes next: most are of one plain string, as headers are.
    #[inline]
    fn array(&mut self) -> Result<&'a [u8], Rule> {
        match only_plain(self.rest) {
            Some(text) => Ok(self.take(text.len() + 4)),
            None => self.skipped(),
        }
    }

    /// The value that comes next, of whatever kind.
    fn skipped(&mut self) -> Result<&'a [u8], Rule> {
        let mut json = Jiter::new(self.rest);
        json.next_skip().map_err(|_| Rule::Json)?;
        Ok(self.take(json.current_index()))
    }

    #[inline]
    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    #[inline]
    fn close<T>(&mut self) -> Option<T> {
        self.advance();
        None
    }

    /// Passes over the byte that was looked at.
    #[inline]
    fn advance(&mut self) {
        self.rest = &self.rest[1..];
    }

    /// The next byte that is no space.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.rest.first().copied()
    }
}

/// The plain string that an array at the start of `text` consists of, without its quotes.
#[inline]
pub(super) fn only_plain(text: &[u8]) -> Option<&[u8]> {
    let inside = text.strip_prefix(b"[\"")?;
    let (string, rest) = inside.split_at(end_of_plain(inside)?);
    rest.starts_with(b"\"]").then_some(string)
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// What is wrong with a line that is no object: another value has no members.
fn no_object(line: &[u8]) -> Rule {
    match Jiter::new(line).next_object_bytes() {
        Err(error) if matches!(error.error_type, JiterErrorType::WrongType { .. }) => Rule::Member,
        _ => Rule::Json,
    }
}
