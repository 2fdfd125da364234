//! Finds identifiers and secrets that machines make: UUIDs, JWTs, long random strings, numbers.

use super::character::{is_digit, is_letter};

/// `{"` in base64, with which the header of a JWT begins.
pub(super) const JWT_START: &[u8] = b"eyJ";

/// Whether `text` holds a token: a UUID, a JWT, 16 or more base64url characters with a digit, or, in
/// 12 or more characters, digits and at least three changes between letters and digits.
pub(super) fn holds_token(text: &str) -> bool {
    let bytes = text.as_bytes();
    holds_random_run(bytes) || holds_uuid(bytes) || holds_jwt(bytes) || alternates(text)
}

/// Whether `text` holds six decimal digits in a row, of any script.
pub(super) fn holds_number(text: &str) -> bool {
    let mut run = 0;
    text.chars().any(|character| {
        run = if is_digit(character) { run + 1 } else { 0 };
        run >= 6
    })
}

/// Sixteen or more characters of the base64url alphabet (RFC 4648, section 5), which holds the
/// hexadecimal digits and all of a UUID's characters too, with a digit among them.
fn holds_random_run(text: &[u8]) -> bool {
    text.split(|byte| !is_base64url(*byte))
        .any(|run| run.len() >= 16 && run.iter().any(u8::is_ascii_digit))
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// Hexadecimal digits in groups of 8, 4, 4, 4 and 12 (RFC 9562, section 4).
fn holds_uuid(text: &[u8]) -> bool {
    text.windows(36).any(|window| {
        window.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    })
}

/// Two dot-separated parts of base64url (RFC 7515, section 7.1) of which the first begins with
/// [`JWT_START`].
fn holds_jwt(text: &[u8]) -> bool {
    let mut parts = text.split(|byte| !is_base64url(*byte) && *byte != b'.');
    parts.any(|run| {
        memchr::memmem::find(run, JWT_START)
            .and_then(|at| memchr::memchr(b'.', &run[at..]).map(|dot| at + dot))
            .and_then(|dot| run.get(dot + 1))
            .is_some_and(|byte| is_base64url(*byte))
    })
}

/// Twelve or more characters whose letters and digits, all others skipped, change at least three
/// times from one to the other.
fn alternates(text: &str) -> bool {
    let kinds = || {
        text.chars()
            .filter(|&c| is_letter(c) || is_digit(c))
            .map(is_digit)
    };
    let changes = kinds()
        .zip(kinds().skip(1))
        .filter(|(kind, next)| kind != next);
    text.chars().nth(11).is_some() && changes.count() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: bool, texts: &[&str]) {
        for text in texts {
            assert_eq!(holds_token(text), expected, "{text}");
        }
    }

    #[test]
    fn tokens() {
        check(
            true,
            &[
                "550e8400-e29b-41d4-a716-446655440000",
                "x-ABCDEFAB-ABCD-abcd-abcd-abcdefabcdef.html",
                "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
                "eyJh.eyJz",
                "x.eyJhbGci.eyJzdWI.abc",
                "0123456789abcdef",
                "d41d8cd98f00b204e9800998ecf8427e",
                "aBcDeFgHiJkLmNo1",
                "file.aBcDeFgHiJkLmNo1.js",
                "privacy-policy-2024",
                "a1b2cccccccc",
                "1a2b.......,",
                "ж1ж2жжжжжжжж",
                "version1.2beta.3rc",
            ],
        );
    }

    #[test]
    fn no_tokens() {
        check(
            false,
            &[
                "",
                "about",
                "a-very-long-slug-of-plain-words-without-numbers",
                "0123456789abcde",
                "2024.annual.report",
                "a1b2ccccccc",
                "ab12cccccccc",
                "eyJhbGci",
                "eyJhbGci.",
                "eyebrows.html",
                "abcdefab-abcd-abcd-abcd-abcdefabcde",
                "ABCDEFABCDEFABCDEF",
            ],
        );
    }

    #[test]
    fn numbers() {
        for text in ["123456", "a123456b", "２٣४567", "1234567890"] {
            assert!(holds_number(text), "{text}");
        }
        for text in ["", "12345", "123-456", "12345a6", "123.456"] {
            assert!(!holds_number(text), "{text}");
        }
    }
}
