//! Searches for delimiters, most of which are near: one comparison of a block, then a vector search.

use memchr::{memchr, memchr2};

/// How many bytes are searched at once before the rest is searched by vectors. Most words of a line are
/// shorter than what makes that worth its call.
const NEAR: usize = 16;

/// The highest bit of every byte of a block.
const HIGHEST: u128 = u128::from_ne_bytes([0x80; NEAR]);

/// Where the byte first stands in `text`.
#[inline]
pub(super) fn position(text: &[u8], byte: u8) -> Option<usize> {
    match text.split_first_chunk() {
        Some((near, far)) => {
            let marks = equal(u128::from_le_bytes(*near), byte);
            first(marks).or_else(|| Some(NEAR + memchr(byte, far)?))
        }
        None => text.iter().position(|&other| other == byte),
    }
}

/// Where the first quote stands that no backslash escapes.
///
/// A quote is escaped by an odd run of backslashes: both Apache's `ap_escape_logitem`, which writes
/// `\"` and `\\`, and nginx, which writes neither, are read rightly so.
#[inline]
pub(super) fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + position(&text[from..], b'"')?;
        if !is_escaped(&text[..at]) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// Whether what follows `before` is escaped by a backslash at its end.
#[inline]
pub(super) fn is_escaped(before: &[u8]) -> bool {
    let run = before.iter().rev().take_while(|&&byte| byte == b'\\');
    !run.count().is_multiple_of(2)
}

/// Where a string of JSON is no longer plain: its quote, an escape, or a byte that may not be in it.
#[inline]
pub(super) fn end_of_plain(text: &[u8]) -> Option<usize> {
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..b' ');
    let Some((near, far)) = text.split_first_chunk() else {
        return text.iter().position(is_special);
    };
    let block = u128::from_le_bytes(*near);
    let special = equal(block, b'"') | equal(block, b'\\') | below(block, b' ');
    first(special).or_else(|| {
        let end = memchr2(b'"', b'\\', far).unwrap_or(far.len());
        let is_plain = far[..end]
            .iter()
            .fold(true, |all, &byte| all & (byte >= b' '));
        let end = if is_plain {
            end
        } else {
            far.iter().position(is_special)?
        };
        (end < far.len()).then_some(NEAR + end)
    })
}

/// Marks, by the highest bit of their place, the bytes of a block that equal one. All are tested at once,
/// and only the first mark is to be relied on: what a subtraction borrows may mark later bytes.
#[inline]
const fn equal(block: u128, byte: u8) -> u128 {
    below(block ^ u128::from_ne_bytes([byte; NEAR]), 1)
}

/// The same for the bytes that are below one of ASCII.
#[inline]
const fn below(block: u128, byte: u8) -> u128 {
    block.wrapping_sub(u128::from_ne_bytes([byte; NEAR])) & !block & HIGHEST
}

/// The place of the first mark.
#[inline]
fn first(marks: u128) -> Option<usize> {
    (marks != 0).then(|| marks.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_quoted_field_ends_at_the_first_quote_after_an_even_run_of_backslashes() {
        let check = |text: &str, end: Option<usize>| {
            assert_eq!(closing_quote(text.as_bytes()), end, "{text}");
        };
        check(r#"""#, Some(0));
        check(r#"a" b""#, Some(1));
        check(r#"a\" b""#, Some(5));
        check(r#"a\\" b""#, Some(3));
        check(r#"a\\\" b""#, Some(7));
        check(r#"\"\"\""#, None);
        check("", None);
    }

    proptest! {
        #[test]
        fn a_byte_is_found_where_it_first_stands(
            text in prop::collection::vec(prop::sample::select(&[0, 1, 0x1f, b' ', b'!', 0x80, 0xa0, 0xff][..]), 0..40),
            byte in prop::sample::select(&[0, b' ', 0x80, 0xff][..]),
        ) {
            let expected = text.iter().position(|&other| other == byte);
            prop_assert_eq!(position(&text, byte), expected);
        }

        #[test]
        fn a_plain_string_ends_before_quotes_escapes_and_control_characters(
            text in prop::collection::vec(prop::sample::select(&[0, 0x1f, b' ', b'!', b'"', b'\\', b'a', b'a', b'a', 0x7f, 0x80, 0xff][..]), 0..9),
            before in 0..40_usize,
        ) {
            let text = [vec![b'a'; before], text, vec![b'a'; 20]].concat();
            let expected = text.iter().position(|&byte| byte < b' ' || byte == b'"' || byte == b'\\');
            prop_assert_eq!(end_of_plain(&text), expected);
        }
    }
}
