//! What a path segment is published as: itself if it is plain, else a placeholder.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::{
    address::holds_address,
    character::is_plain,
    token::{JWT_START, holds_number, holds_token},
};

/// What stands for the segments after the eighth.
pub(super) const REST: &str = "{…}";

const EMAIL: &str = "{email}";
const USER: &str = "{user}";
const ADDRESS: &str = "{ip}";
const TOKEN: &str = "{token}";
const NUMBER: &str = "{num}";
const VALUE: &str = "{val}";
const LONG: &str = "{long}";

const PLACEHOLDERS: [&str; 8] = [EMAIL, USER, ADDRESS, TOKEN, NUMBER, VALUE, LONG, REST];

/// Characters that a segment may have.
const LONGEST: usize = 48;

/// Characters at which normalisation stops. A segment that long is replaced in any case; without an
/// end, some characters would make the work eighteen times as long as what was sent.
const NORMALISED: usize = 1024;

/// Bytes of a segment that is too short for a UUID.
const SHORT: usize = 35;

/// A decoded path segment. Personal.
pub(super) struct Segment<'a> {
    raw: &'a str,
    form: Cow<'a, str>,
}

impl<'a> Segment<'a> {
    pub(super) fn new(raw: &'a str) -> Self {
        let form = if raw.is_ascii() {
            Cow::Borrowed(raw)
        } else {
            Cow::Owned(raw.nfkc().take(NORMALISED).collect())
        };
        Self { raw, form }
    }

    /// The NFKC form, which the rules are about and which is published.
    pub(super) fn form(&self) -> &str {
        &self.form
    }

    /// What is published; `follows_word` says whether the segment before is a path word.
    pub(super) fn published(&self, follows_word: bool) -> &str {
        if self.raw.is_empty() || PLACEHOLDERS.contains(&self.raw) {
            return self.raw;
        }
        let placeholder = if is_harmless(&self.form) {
            follows_word.then_some(VALUE)
        } else {
            placeholder(&self.form, follows_word)
        };
        placeholder.unwrap_or(&self.form)
    }
}

/// Whether no rule but that of path words can fit, as for most segments of most sites: few ASCII
/// letters and separators, which hold no address, token or number.
fn is_harmless(form: &str) -> bool {
    let form = form.as_bytes();
    form.len() <= SHORT
        && form
            .iter()
            .all(|byte| byte.is_ascii_alphabetic() || b"-_.".contains(byte))
        && !form
            .windows(JWT_START.len())
            .any(|window| window == JWT_START)
}

/// What stands for a segment that may not be published. The first rule that fits decides.
fn placeholder(form: &str, follows_word: bool) -> Option<&'static str> {
    if form.contains('@') {
        Some(EMAIL)
    } else if form.len() > 1 && form.starts_with('~') {
        Some(USER)
    } else if holds_address(form.as_bytes()) {
        Some(ADDRESS)
    } else if holds_token(form) {
        Some(TOKEN)
    } else if holds_number(form) {
        Some(NUMBER)
    } else if follows_word {
        Some(VALUE)
    } else if form.chars().nth(LONGEST).is_some() {
        Some(LONG)
    } else {
        (!is_plain(form)).then_some(VALUE)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(expected: &str, segments: &[&str]) {
        for segment in segments {
            assert_eq!(
                Segment::new(segment).published(false),
                expected,
                "{segment:?}"
            );
        }
    }

    #[test]
    fn plain_segments_stay() {
        for segment in [
            "",
            "a",
            "About-Us",
            "index.html",
            "v1.2",
            "2026",
            "~",
            "12345",
            "10.5-2.4-3.7",
            "a--b--1",
            ".",
            "..",
            "新聞",
            "naïve",
            "عربي",
        ] {
            check(segment, &[segment]);
        }
    }

    #[test]
    fn placeholders_stay() {
        for segment in PLACEHOLDERS {
            check(segment, &[segment]);
            assert_eq!(Segment::new(segment).published(true), segment);
        }
    }

    #[test]
    fn what_is_published_is_the_nfkc_form() {
        check("about", &["about", "ａｂｏｕｔ"]);
        check("é", &["é", "e\u{301}"]);
        check("a...b", &["a…b"]);
        check("ssi", &["ſſⅰ"]);
    }

    #[test]
    fn each_rule_has_its_placeholder() {
        check(
            EMAIL,
            &[
                "alice@example.org",
                "@",
                "@alice",
                "a＠b",
                "a﹫b",
                "mailto:a@b",
                "~a@b",
                "1.2.3.4@b",
            ],
        );
        check(USER, &["~alice", "~a", "～alice", "~~", "~1.2.3.4"]);
        check(
            ADDRESS,
            &[
                "203.0.113.9",
                "２０３．０．１１３．９",
                "[2001:db8::1]",
                "1:2:3:4:5:6:7:8:9",
                "ip-10-0-0-1",
                "203-0-113-9-0123456789abcdef",
            ],
        );
        check(
            TOKEN,
            &[
                "550e8400-e29b-41d4-a716-446655440000",
                "0123456789012345",
                "eyJhbGc.eyJzdWI",
                "top-10-tips-for-privacy",
            ],
        );
        check(
            NUMBER,
            &[
                "123456",
                "order-123456",
                "123456789012345",
                "١٢٣٤٥٦",
                "①②③④⑤⑥",
                "a.b_123456",
            ],
        );
        check(
            VALUE,
            &[
                "a b",
                "a:b",
                "١٢٣",
                "{}",
                "{nums}",
                "{...}",
                "｛num｝",
                "100%",
                "раypal",
                "a\u{200d}b",
                "a;b",
                "℀",
            ],
        );
        check(
            LONG,
            &[
                &"a".repeat(49),
                &"é".repeat(49),
                &format!("{} ", "a".repeat(48)),
            ],
        );
        check(&"a".repeat(48), &[&"a".repeat(48)]);
        check(&"é".repeat(48), &[&"e\u{301}".repeat(48)]);
    }

    #[test]
    fn what_follows_a_word_is_a_value_unless_an_earlier_rule_fits() {
        let long = "a".repeat(49);
        for (segment, expected) in [
            ("alice", VALUE),
            ("123", VALUE),
            (&long, VALUE),
            ("a b", VALUE),
            ("", ""),
            ("123456", NUMBER),
            ("~a", USER),
            ("a@b", EMAIL),
            ("0123456789abcdef", TOKEN),
            ("1.2.3.4", ADDRESS),
        ] {
            assert_eq!(Segment::new(segment).published(true), expected);
        }
    }

    proptest! {
        #[test]
        fn harmless_segments_need_no_placeholder(segment in "[a-fA-F._-]{0,36}|[a-z._-]{0,36}|[eyJ.]{0,9}|.{0,9}") {
            if is_harmless(&segment) {
                prop_assert_eq!(placeholder(&segment, false), None);
            }
        }
    }
}
