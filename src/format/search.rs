//! Searches for delimiters, most of which are near: one comparison of a block, then a vector search.

use memchr::memchr;

/// How many bytes are searched at once before the rest is searched by vectors. Most words of a line are
/// shorter than what makes that worth its call.
const NEAR: usize = 16;

/// The lowest bit of every byte of a block, and the highest.
const LOWEST: u128 = u128::from_ne_bytes([0x01; NEAR]);
const HIGHEST: u128 = u128::from_ne_bytes([0x80; NEAR]);

/// Where the byte first stands in `text`.
#[inline]
pub(super) fn position(text: &[u8], byte: u8) -> Option<usize> {
    match text.split_first_chunk() {
        Some((near, far)) => {
            position_in_block(near, byte).or_else(|| Some(NEAR + memchr(byte, far)?))
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

/// The same within a block, of all bytes at once: of those that do not differ, subtracting one borrows
/// from the highest bit. What the borrow does to later bytes does not matter to the first.
#[inline]
fn position_in_block(block: &[u8; NEAR], byte: u8) -> Option<usize> {
    let differing = u128::from_le_bytes(*block) ^ u128::from_ne_bytes([byte; NEAR]);
    let equal = differing.wrapping_sub(LOWEST) & !differing & HIGHEST;
    (equal != 0).then(|| equal.trailing_zeros() as usize / 8)
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
    }
}
