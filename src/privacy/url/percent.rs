//! Percent-decoding (RFC 3986, section 2.1); an escape without two hexadecimal digits stays as it is.

use std::borrow::Cow;

use memchr::memchr_iter;

use crate::record::hexadecimal;

/// The rounds after which text that can still be decoded counts as hidden on purpose.
const ROUNDS: usize = 4;

/// `text` decoded until nothing is left to decode; `None` if that takes more than four rounds.
pub(in crate::privacy) fn decode_fully(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut current = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        match first_escape(&current) {
            Some(at) => current = Cow::Owned(decode_from(&current, at)),
            None => return Some(current),
        }
    }
    first_escape(&current).is_none().then_some(current)
}

/// `text` decoded once.
pub(super) fn decode_once(text: &[u8]) -> Cow<'_, [u8]> {
    first_escape(text).map_or(Cow::Borrowed(text), |at| Cow::Owned(decode_from(text, at)))
}

fn first_escape(text: &[u8]) -> Option<usize> {
    memchr_iter(b'%', text).find(|&at| escaped(&text[at..]).is_some())
}

fn decode_from(text: &[u8], first: usize) -> Vec<u8> {
    let (plain, mut rest) = text.split_at(first);
    let mut decoded = Vec::with_capacity(text.len());
    decoded.extend_from_slice(plain);
    while let Some(&byte) = rest.first() {
        let (byte, length) = escaped(rest).map_or((byte, 1), |byte| (byte, 3));
        decoded.push(byte);
        rest = &rest[length..];
    }
    decoded
}

/// The byte that the escape at the start of `text` stands for.
fn escaped(text: &[u8]) -> Option<u8> {
    match text {
        [b'%', high, low, ..] => hexadecimal(*high, *low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_round() {
        for (text, expected) in [
            (&b""[..], &b""[..]),
            (b"plain", b"plain"),
            (b"%41%6d%6D", b"Amm"),
            (b"%2541", b"%41"),
            (b"%%341", b"%41"),
            (b"100%", b"100%"),
            (b"%4", b"%4"),
            (b"%4g%41", b"%4gA"),
            (b"%+1", b"%+1"),
            (b"%00%ff", b"\x00\xff"),
        ] {
            assert_eq!(*decode_once(text), *expected);
        }
    }

    #[test]
    fn four_rounds_are_followed_and_a_fifth_is_not() {
        let mut text = b"a@b".to_vec();
        for _ in 0..4 {
            text = text
                .iter()
                .flat_map(|byte| format!("%{byte:02X}").into_bytes())
                .collect();
            assert_eq!(decode_fully(&text).as_deref(), Some(&b"a@b"[..]));
        }
        text = text
            .iter()
            .flat_map(|byte| format!("%{byte:02X}").into_bytes())
            .collect();
        assert_eq!(decode_fully(&text), None);
    }

    #[test]
    fn escapes_that_appear_while_decoding_are_followed() {
        assert_eq!(decode_fully(b"%%34%30").as_deref(), Some(&b"@"[..]));
        assert_eq!(decode_fully(b"%2%35%34%30").as_deref(), Some(&b"@"[..]));
        assert_eq!(decode_fully(b"100%-%zz").as_deref(), Some(&b"100%-%zz"[..]));
    }
}
