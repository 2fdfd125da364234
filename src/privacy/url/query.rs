//! The query: dropped whole but for campaigns and the keys that a site keeps.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{address::holds_address, percent::decode_once};
use crate::error::{Error, Result};

/// Characters of a published value at most.
const LONGEST: usize = 32;

/// The campaign that a request's `utm_` parameters name. Reduced to its shape, but not yet known to
/// come from enough networks, so its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Campaign {
    /// `utm_source`.
    pub source: String,
    /// `utm_medium`.
    pub medium: Option<String>,
    /// `utm_campaign`.
    pub campaign: Option<String>,
}

impl Campaign {
    /// The campaign of a query; `None` without a usable `utm_source`.
    pub(super) fn of(query: &[u8]) -> Option<Self> {
        Some(Self {
            source: value(query, "utm_source")?,
            medium: value(query, "utm_medium"),
            campaign: value(query, "utm_campaign"),
        })
    }
}

impl fmt::Debug for Campaign {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Campaign(redacted)")
    }
}

/// The query keys that a site keeps, in the order in which pages have them.
#[derive(Clone, Debug)]
pub(super) struct KeptKeys(Vec<String>);

impl KeptKeys {
    /// The keys.
    pub(super) fn names(&self) -> &[String] {
        &self.0
    }

    /// Keys as plain as values, though in any case, none of them twice.
    pub(super) fn new(keys: &[String]) -> Result<Self> {
        for (position, key) in keys.iter().enumerate() {
            if !has_shape(key.to_ascii_lowercase().as_bytes()) {
                return Err(Error::Setting(format!(
                    "query key {key:?}: must be 1 to {LONGEST} letters, digits and _.-, the first a letter or digit"
                )));
            }
            if keys[..position].contains(key) {
                return Err(Error::Setting(format!("query key {key:?}: given twice")));
            }
        }
        Ok(Self(keys.to_vec()))
    }

    /// Adds the kept keys of a query to a page as `?key=value&key=value`.
    pub(super) fn append(&self, query: &[u8], page: &mut String) {
        let kept = self
            .0
            .iter()
            .filter_map(|key| Some((key, value(query, key)?)));
        for (separator, (key, value)) in
            std::iter::once('?').chain(std::iter::repeat('&')).zip(kept)
        {
            page.push(separator);
            page.push_str(key);
            page.push('=');
            page.push_str(&value);
        }
    }
}

/// The value of a key's first occurrence, decoded once and in lower case; `None` where it has not the
/// shape of what may be published, or could be somebody's: an address, or a number or hexadecimal code
/// as long as those of cards and sessions.
fn value(query: &[u8], key: &str) -> Option<String> {
    let (_, value) = query
        .split(|byte| *byte == b'&')
        .map(split_pair)
        .find(|(name, _)| *decode_once(name) == *key.as_bytes())?;
    let mut value = decode_once(value).into_owned();
    value.make_ascii_lowercase();
    (has_shape(&value) && !holds_address(&value) && !holds_long_code(&value))
        .then_some(value)
        .and_then(|value| String::from_utf8(value).ok())
}

/// Whether it holds a number of as many digits as the shortest payment cards have, or a hexadecimal
/// code of 96 bits or more, punctuation between the characters disregarded.
fn holds_long_code(value: &[u8]) -> bool {
    const DIGITS_OF_CARD: usize = 13;
    const DIGITS_OF_CODE: usize = 24;
    let bare: Vec<u8> = value
        .iter()
        .copied()
        .filter(|byte| !b"_.-".contains(byte))
        .collect();
    let has_run = |least: usize, is_part: fn(&u8) -> bool| {
        bare.chunk_by(|left, right| is_part(left) && is_part(right))
            .any(|run| run.len() >= least && run.iter().any(u8::is_ascii_digit) && is_part(&run[0]))
    };
    has_run(DIGITS_OF_CARD, u8::is_ascii_digit) || has_run(DIGITS_OF_CODE, u8::is_ascii_hexdigit)
}

fn split_pair(pair: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'=', pair) {
        Some(at) => (&pair[..at], &pair[at + 1..]),
        None => (pair, b""),
    }
}

/// Whether it is `[a-z0-9][a-z0-9_.-]{0,31}`.
fn has_shape(value: &[u8]) -> bool {
    let is_alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    value.first().is_some_and(is_alphanumeric)
        && value.len() <= LONGEST
        && value
            .iter()
            .all(|byte| is_alphanumeric(byte) || b"_.-".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expected: Option<(&str, Option<&str>, Option<&str>)>) {
        let found = Campaign::of(query.as_bytes());
        let found = found.as_ref().map(|found| {
            (
                found.source.as_str(),
                found.medium.as_deref(),
                found.campaign.as_deref(),
            )
        });
        assert_eq!(found, expected, "{query}");
    }

    #[test]
    fn campaigns() {
        check("utm_source=news", Some(("news", None, None)));
        check(
            "utm_source=News&utm_medium=E-Mail&utm_campaign=spring_2026.a",
            Some(("news", Some("e-mail"), Some("spring_2026.a"))),
        );
        check(
            "a=b&utm_campaign=c&utm_source=d&utm_id=e",
            Some(("d", None, Some("c"))),
        );
        check(
            "utm_source=%6eews&utm%5Fmedium=%45mail",
            Some(("news", Some("email"), None)),
        );
        // No code: its digits and letters are not in a row.
        check(
            "utm_source=1g2h3i4j5k6l7m8n",
            Some(("1g2h3i4j5k6l7m8n", None, None)),
        );
        check("utm_source=a&utm_source=b", Some(("a", None, None)));
        check(
            "utm_source=a&utm_medium=a%20b&utm_medium=c",
            Some(("a", None, None)),
        );
        check(
            &format!("utm_source={}", "a".repeat(32)),
            Some((&"a".repeat(32), None, None)),
        );
    }

    #[test]
    fn a_campaign_needs_a_source_of_the_shape() {
        for query in [
            "",
            "utm_source",
            "utm_source=",
            "utm_medium=a&utm_campaign=b",
            "UTM_SOURCE=a",
            "xutm_source=a",
            "a?utm_source=b",
            "utm_source=-a",
            "utm_source=.a",
            "utm_source=_a",
            "utm_source=a+b",
            "utm_source=a%20b",
            "utm_source=%256eews",
            "utm_source=alice%40example.org",
            "utm_source=alice@example.org",
            "utm_source=é",
            "utm_source=%E2%84%AA",
            "utm_source=a%00",
            "utm_source=a/b",
            "utm_source==a",
            "utm_source=&utm_source=a",
            "utm_source=a;utm_medium=b",
        ] {
            check(query, None);
        }
        check(&format!("utm_source={}", "a".repeat(33)), None);
    }

    #[test]
    fn kept_keys_are_added_in_configured_order() {
        let keys = KeptKeys::new(&["page".to_owned(), "Lang".to_owned()]).unwrap();
        for (query, expected) in [
            ("", "/a"),
            ("x=1", "/a"),
            ("page=2", "/a?page=2"),
            ("Lang=EN&page=2&x=1", "/a?page=2&Lang=en"),
            ("lang=en", "/a"),
            ("Lang=en", "/a?Lang=en"),
            ("page=&Lang=a%2Fb", "/a"),
            ("page=1&page=2", "/a?page=1"),
        ] {
            let mut page = "/a".to_owned();
            keys.append(query.as_bytes(), &mut page);
            assert_eq!(page, expected, "{query}");
        }
    }

    #[test]
    fn unusable_keys_are_refused() {
        for keys in [
            &[""][..],
            &["a b"],
            &["a="],
            &["a&"],
            &["é"],
            &["_a"],
            &["a", "b", "a"],
        ] {
            let keys: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
            assert!(KeptKeys::new(&keys).is_err(), "{keys:?}");
        }
    }

    #[test]
    fn what_could_be_somebodys_is_as_if_absent() {
        for personal in [
            "4111111111111111",
            "4111-1111-1111-1111",
            "203.0.113.9",
            "ec2-203-0-113-9",
            "550e8400-e29b-41d4-a716-4466",
            "d41d8cd98f00b204e9800998",
        ] {
            assert_eq!(
                value(format!("a={personal}").as_bytes(), "a"),
                None,
                "{personal}"
            );
        }
        for common in [
            "12345678901",
            "spring-2026",
            "2026-11-15",
            "newsletter-2026.11",
            "cafe24",
        ] {
            let kept = value(format!("a={common}").as_bytes(), "a");
            assert_eq!(kept.as_deref(), Some(common));
        }
    }
}
