//! Literals: the bytes that stand between two fields of every line, compared as one word.

use std::ops::Deref;

use super::search::position;
use crate::stats::Rule;

/// How many bytes of a literal are compared at once; nearly all are shorter.
const WORD: usize = 8;

/// The bytes between two fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    bytes: Box<[u8]>,
    /// The first bytes as a word, zero where the literal ends before.
    word: u64,
    /// Which bits of the word are of the literal.
    mask: u64,
    /// The place of the byte that is searched for: one that is rarer in fields than a space.
    telling: usize,
}

impl Literal {
    /// Takes the literal off the start of `text`.
    #[inline]
    pub(super) fn strip<'a>(&self, text: &'a [u8]) -> Result<&'a [u8], Rule> {
        if self.begins(text) {
            Ok(&text[self.bytes.len()..])
        } else if self.bytes.starts_with(text) {
            Err(Rule::Incomplete)
        } else {
            Err(Rule::Delimiter)
        }
    }

    /// Where the literal, which is not empty, first stands in `text`.
    #[inline(always)]
    pub(super) fn find(&self, text: &[u8]) -> Option<usize> {
        let telling = *self.bytes.get(self.telling)?;
        let mut from = 0;
        loop {
            let at = from + position(text.get(from + self.telling..)?, telling)?;
            if self.begins(&text[at..]) {
                return Some(at);
            }
            from = at + 1;
        }
    }

    /// Where the literal first stands in `text` after that place.
    #[cold]
    pub(super) fn find_after(&self, text: &[u8], place: usize) -> Option<usize> {
        let from = place + 1;
        Some(from + self.find(&text[from..])?)
    }

    /// Whether `text` begins with the literal.
    #[inline]
    pub(super) fn begins(&self, text: &[u8]) -> bool {
        match text.first_chunk() {
            Some(chunk) => {
                u64::from_le_bytes(*chunk) & self.mask == self.word
                    && (self.bytes.len() <= WORD || text.starts_with(&self.bytes))
            }
            // Byte by byte, which the few bytes before the end of a line take less time for than a call.
            _ => {
                text.len() >= self.bytes.len()
                    && self.bytes.iter().zip(text).all(|(own, byte)| own == byte)
            }
        }
    }
}

impl From<Vec<u8>> for Literal {
    fn from(bytes: Vec<u8>) -> Self {
        let mut word = [0; WORD];
        let mut mask = [0; WORD];
        for (place, byte) in bytes.iter().take(WORD).enumerate() {
            word[place] = *byte;
            mask[place] = u8::MAX;
        }
        Self {
            telling: bytes.iter().position(|&byte| byte != b' ').unwrap_or(0),
            bytes: bytes.into(),
            word: u64::from_le_bytes(word),
            mask: u64::from_le_bytes(mask),
        }
    }
}

impl Deref for Literal {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(bytes: &[u8]) -> Literal {
        Literal::from(bytes.to_vec())
    }

    #[test]
    fn a_literal_is_found_where_it_first_stands_whole() {
        let check = |text: &[u8], bytes: &[u8], place: Option<usize>| {
            assert_eq!(literal(bytes).find(text), place, "{}", text.escape_ascii());
        };
        check(b"john doe [10", b" [", Some(8));
        check(b"john doe [10/Oct/2026", b" [", Some(8));
        check(b"a [b] [c", b"] [", Some(4));
        check(b"john doe ", b" [", None);
        check(b"a b", b" ", Some(1));
        check(b"a, \"b\": \"c\", \"d\": \"e", b"\", \"d\": \"", Some(10));
        check(b"", b" ", None);
    }

    #[test]
    fn what_does_not_begin_with_a_literal_ends_too_early_or_differs() {
        let check = |text: &[u8], bytes: &[u8], expected: Result<&[u8], Rule>| {
            assert_eq!(
                literal(bytes).strip(text),
                expected,
                "{}",
                text.escape_ascii()
            );
        };
        check(b"] \"GET / HTTP/1.1", b"] \"", Ok(b"GET / HTTP/1.1"));
        check(b"] \"", b"] \"", Ok(b""));
        check(b"] ", b"] \"", Err(Rule::Incomplete));
        check(b"] GET / HTTP/1.1", b"] \"", Err(Rule::Delimiter));
        check(b"anything", b"", Ok(b"anything"));
        check(b"", b"", Ok(b""));
        check(b"\0\0\0\0\0\0\0\0", b"a", Err(Rule::Delimiter));
        check(b"\", \"d\": \"e", b"\", \"d\": \"", Ok(b"e"));
        check(b"\", \"d\": -e", b"\", \"d\": \"", Err(Rule::Delimiter));
    }
}
