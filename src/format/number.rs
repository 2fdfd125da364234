//! Decimal numbers, whose digits are read as one word.

/// How many digits a word has; nearly all numbers have fewer.
const WORD: usize = 8;

/// The digit zero in every byte of a word.
const ZEROS: u64 = u64::from_ne_bytes([b'0'; WORD]);

/// How many digits a number has at most: any of so many fits into 64 bits.
const MOST: usize = 19;

/// The number of one to 19 digits; none where it has others, or anything else in it.
#[inline]
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    match digits.len() {
        1..=WORD => value(word(digits)),
        9..=MOST => {
            let (first, rest) = digits.split_at(digits.len() - WORD);
            Some(number(first)? * 100_000_000 + value(word(rest))?)
        }
        _ => None,
    }
}

/// One to eight bytes as a word that ends with them, and begins with the digit zero. Places that two
/// parts share hold the same in both.
#[inline]
fn word(text: &[u8]) -> u64 {
    let length = text.len();
    let bytes = match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let [first, last] = [first, last].map(|part| u64::from(u32::from_le_bytes(*part)));
            first | last << (8 * (length - 4))
        }
        _ => {
            let place = |at: usize| u64::from(text[at]) << (8 * at);
            place(0) | place(length / 2) | place(length - 1)
        }
    };
    let missing = 8 * (WORD - length);
    (bytes ^ ZEROS) << missing
}

/// What digits stand for, the lowest byte of the word being the first of them; none where one is none.
/// Neighbouring digits are joined to pairs, these to fours, and these to the whole.
#[inline]
const fn value(digits: u64) -> Option<u64> {
    const ABOVE_NINE: u64 = u64::from_ne_bytes([0x80 - 10; WORD]);
    const HIGHEST: u64 = u64::from_ne_bytes([0x80; WORD]);
    if (digits.wrapping_add(ABOVE_NINE) | digits) & HIGHEST != 0 {
        return None;
    }
    let pairs = digits.wrapping_mul(10 << 8 | 1) >> 8 & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100 << 16 | 1) >> 16 & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000 << 32 | 1) >> 32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_number_or_too_long_is_none() {
        for text in [
            "",
            "-",
            "+1",
            "1.",
            " 1",
            "1 ",
            "x",
            "12x",
            "1234567:",
            "/2345678",
            "1234x678",
            "123456789x",
            "x23456789",
            "\u{3a}",
            "\u{e9}",
            "00000000000000000001",
        ] {
            assert_eq!(number(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_read_whatever_its_length(value in 0..10_000_000_000_000_000_000_u64, shift in 0..64_u32) {
            let value: u64 = value >> shift;
            prop_assert_eq!(number(value.to_string().as_bytes()), Some(value));
        }

        #[test]
        fn whatever_is_not_all_digits_is_none(text in prop::collection::vec(any::<u8>(), 1..20)) {
            let expected = text.iter().all(u8::is_ascii_digit);
            prop_assert_eq!(number(&text).is_some(), expected);
        }

        #[test]
        fn one_byte_that_is_no_digit_makes_it_none(
            digits in "[0-9]{1,19}", place in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let mut text = digits.into_bytes();
            let place = place.index(text.len());
            text[place] = byte;
            prop_assert_eq!(number(&text).is_some(), byte.is_ascii_digit());
        }
    }
}
