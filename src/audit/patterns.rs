//! Finds text that looks personal whatever its origin: addresses, mail addresses, numbers of people
//! and cards, tokens, keys, digests and pseudonyms.

use std::{
    borrow::Cow,
    net::{Ipv4Addr, Ipv6Addr},
};

use hashbrown::HashSet;
use serde_json::Value;

use super::{
    finding::{Check, Findings, Place},
    folder::{Artefact, Kind, Site},
    table::Rows,
    views::views,
};
use crate::{output::ATTRIBUTION, release::digest};

/// Beginnings of keys that services give out.
const KEY_STARTS: [&str; 9] = [
    "sk_live_",
    "sk_test_",
    "pk_live_",
    "ghp_",
    "gho_",
    "github_pat_",
    "xoxb-",
    "xoxp-",
    "AKIA",
];

/// Digits in a row from which a number is somebody's: of a phone, an account, a card, a pseudonym.
const LONG_NUMBER: usize = 9;

/// Hexadecimal digits, or letters of both cases with digits, from which a run is a code.
const LONG_CODE: usize = 16;

/// No sum of a site is that large, but a number made of a key or an address is.
const LARGEST_SUM: u64 = 1 << 53;

/// What a text holds that looks personal, in any spelling that shows: percent-encoded, escaped, in full
/// width.
pub(super) fn of_text(text: &str) -> Option<&'static str> {
    views(text).iter().find_map(|view| of_view(view))
}

/// Whether a text holds something, and what in words.
type Pattern = (fn(&str) -> bool, &'static str);

fn of_view(text: &str) -> Option<&'static str> {
    let tests: [Pattern; 9] = [
        (holds_mail_address, "a mail address"),
        (holds_ipv4, "an IPv4 address"),
        (holds_ipv6, "an IPv6 address"),
        (holds_jwt, "a JSON web token"),
        (holds_uuid, "a UUID"),
        (holds_key, "a key of a service"),
        (holds_card, "the number of a card"),
        (holds_number, "a phone number or another long number"),
        (holds_code, "a digest, token, pseudonym or other long code"),
    ];
    let found = tests.into_iter().find(|(holds, _)| holds(text));
    found.map(|(_, name)| name)
}

/// Looks through the keys and numbers of a table.
pub(super) fn check_rows(rows: &Rows, findings: &mut Findings) {
    for row in &rows.rows {
        for (name, key) in rows.keys.iter().zip(&row.keys) {
            findings.tried(Check::Patterns, 1);
            if let Some(pattern) = of_text(key) {
                let place = rows.place(row).column(name);
                findings.add(Check::Patterns, place, looks_like(pattern));
            }
        }
        for (measure, cell) in rows.table.measures().iter().zip(&row.measures) {
            findings.require(
                Check::Patterns,
                cell.is_none_or(|number| number < LARGEST_SUM),
                || rows.place(row).column(measure.name()),
                || looks_like("a pseudonym: no sum is that large"),
            );
        }
    }
}

fn looks_like(pattern: &str) -> String {
    format!("holds what looks like {pattern}")
}

/// Looks through every line of every file that is no table, and of tables that cannot be read as such
/// (those that can, by file name as shown, are looked through cell by cell, and other encodings are the same).
pub(super) fn check_files(site: &Site, read: &[&str], findings: &mut Findings) {
    let known = Known::of(site);
    for artefact in site.artefacts() {
        let is_read = match artefact.kind {
            Kind::Table(_) => read.contains(&artefact.name.as_str()),
            Kind::Encoded(..) => true,
            _ => false,
        };
        if is_read {
            continue;
        }
        for (line, text) in artefact.texts() {
            findings.tried(Check::Patterns, 1);
            if let Some(pattern) = of_text(&known.removed_from(&text)) {
                let place = Place::line(&artefact.name, line);
                findings.add(Check::Patterns, place, looks_like(pattern));
            }
        }
    }
}

/// What may stand in files although it looks like a code: digests that can be worked out from them, and those
/// that the ledger has of manifests that are elsewhere, with a partner, or were removed.
pub(super) struct Known(HashSet<String>);

impl Known {
    /// Those of a site.
    pub(super) fn of(site: &Site) -> Self {
        let mut digests = HashSet::from(["0".repeat(64)]);
        digests.extend(site.artefacts().map(|it| digest(&it.bytes)));
        let ledger = site.ledger.iter().map(|it| &it.bytes[..]);
        let lines = ledger.flat_map(|bytes| bytes.split(|byte| *byte == b'\n'));
        digests.extend(lines.clone().map(digest));
        digests.extend(lines.flat_map(recorded));
        digests.extend(site.artefacts().filter_map(policy_digest));
        Self(digests)
    }

    /// The line without them.
    pub(super) fn removed_from<'l>(&self, line: &'l str) -> Cow<'l, str> {
        let line = if line.contains(ATTRIBUTION) {
            Cow::Owned(line.replace(ATTRIBUTION, ""))
        } else {
            Cow::Borrowed(line)
        };
        let quoted = line.split('"').filter(|part| self.0.contains(*part));
        let found: Vec<String> = quoted.map(str::to_owned).collect();
        found.iter().fold(line, |line, digest| {
            Cow::Owned(line.replace(digest.as_str(), ""))
        })
    }
}

/// The digests of a manifest and its settings in a line of the ledger; those of manifests that are here are held
/// to them.
fn recorded(line: &[u8]) -> Vec<String> {
    let line: Value = serde_json::from_slice(line).unwrap_or_default();
    let is_digest = |text: &&str| {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        text.len() == 64 && text.bytes().all(hex)
    };
    let members = ["manifest", "policy"].map(|name| line[name].as_str());
    let digests = members.into_iter().flatten().filter(is_digest);
    digests.map(str::to_owned).collect()
}

fn policy_digest(artefact: &Artefact) -> Option<String> {
    let manifest = (artefact.kind == Kind::Manifest).then_some(&artefact.bytes)?;
    let mut manifest: Value = serde_json::from_slice(manifest).ok()?;
    let mut policy = manifest.get_mut("policy")?.take();
    policy.sort_all_objects();
    Some(digest(policy.to_string().as_bytes()))
}

/// The runs of a text's bytes that all fit.
fn runs(text: &str, fits: impl Fn(u8) -> bool) -> impl Iterator<Item = &str> {
    text.split(move |character: char| {
        u8::try_from(character).map_or(true, |byte| !byte.is_ascii() || !fits(byte))
    })
    .filter(|run| !run.is_empty())
}

/// `local@domain.tld` (RFC 5321, section 4.1.2, as far as people use it).
fn holds_mail_address(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let local = text[..at].chars().next_back();
        let is_local = local.is_some_and(|it| it.is_alphanumeric() || "._%+-\"".contains(it));
        let end = |it: char| !(it.is_alphanumeric() || it == '.' || it == '-');
        let domain = text[at + 1..].split(end).next().unwrap_or_default();
        let has_tld = domain.rsplit_once('.').is_some_and(|(name, tld)| {
            !name.is_empty() && tld.len() >= 2 && tld.chars().all(char::is_alphabetic)
        });
        is_local && has_tld
    })
}

/// Four decimal octets, with dots or, as in the names of hosts, hyphens between them.
fn holds_ipv4(text: &str) -> bool {
    let dotted = runs(text, |byte| byte.is_ascii_digit() || byte == b'.');
    let mut dotted = dotted.map(|run| run.trim_matches('.').to_owned());
    let mut hyphened = runs(text, |byte| byte.is_ascii_digit() || byte == b'-').flat_map(|run| {
        let parts: Vec<&str> = run.split('-').collect();
        let four: Vec<String> = parts.windows(4).map(|four| four.join(".")).collect();
        four
    });
    let is_address = |run: String| run.parse::<Ipv4Addr>().is_ok();
    dotted.any(is_address) || hyphened.any(is_address)
}

/// Groups of hexadecimal digits with colons (RFC 4291, section 2.2).
fn holds_ipv6(text: &str) -> bool {
    let mut runs = runs(text, |byte| {
        byte.is_ascii_hexdigit() || byte == b':' || byte == b'.'
    });
    runs.any(|run| {
        run.len() > 2 && run.matches(':').count() >= 2 && run.parse::<Ipv6Addr>().is_ok()
    })
}

/// A header in base64url, a dot and more of it (RFC 7515, section 7.1).
fn holds_jwt(text: &str) -> bool {
    text.match_indices("eyJ").any(|(at, _)| {
        let rest = &text[at..];
        let is_code = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        let header = rest.find(|it| !is_code(it)).unwrap_or(rest.len());
        let after = rest[header..].strip_prefix('.');
        header >= 8 && (header >= 20 || after.is_some_and(|it| it.starts_with(is_code)))
    })
}

/// Hexadecimal digits in groups of 8, 4, 4, 4 and 12 (RFC 9562, section 4).
fn holds_uuid(text: &str) -> bool {
    runs(text, |byte| byte.is_ascii_hexdigit() || byte == b'-').any(|run| {
        run.as_bytes().windows(36).any(|window| {
            let hyphens = [8, 13, 18, 23];
            let fits = |(at, byte): (usize, &u8)| (*byte == b'-') == hyphens.contains(&at);
            window.iter().enumerate().all(fits)
        })
    })
}

fn holds_key(text: &str) -> bool {
    KEY_STARTS.iter().any(|start| {
        text.match_indices(start).any(|(at, _)| {
            let rest = text[at + start.len()..].chars();
            rest.take_while(|it| it.is_ascii_alphanumeric() || *it == '_')
                .count()
                >= 8
        })
    })
}

/// 13 to 19 digits, also in groups, with the check digit of cards (ISO/IEC 7812-1, annex B).
fn holds_card(text: &str) -> bool {
    let runs = runs(text, |byte| {
        byte.is_ascii_digit() || byte == b' ' || byte == b'-'
    });
    runs.map(digits).any(|digits| {
        let lengths = 13..=19.min(digits.len());
        lengths
            .into_iter()
            .any(|length| digits.windows(length).any(has_check_digit))
    })
}

fn digits(run: &str) -> Vec<u8> {
    let digits = run.bytes().filter(u8::is_ascii_digit);
    digits.map(|digit| digit - b'0').collect()
}

/// The algorithm of Luhn (US patent 2,950,048).
fn has_check_digit(digits: &[u8]) -> bool {
    let doubled = |(position, digit): (usize, &u8)| match (position % 2, *digit) {
        (0, digit) => u32::from(digit),
        (_, digit) => u32::from(digit * 2 / 10 + digit * 2 % 10),
    };
    let sum: u32 = digits.iter().rev().enumerate().map(doubled).sum();
    digits[0] != 0 && sum.is_multiple_of(10)
}

/// Nine digits in a row, or eight after a `+` with what people put between them (ITU-T E.164). An amount of
/// two digits and zeros, as manifests tell of noise, is nobody's number.
fn holds_number(text: &str) -> bool {
    let is_round = |run: &str| run.trim_end_matches('0').len() <= 2;
    let mut numbers = runs(text, |byte| byte.is_ascii_digit());
    let has_long_run = numbers.any(|run| run.len() >= LONG_NUMBER && !is_round(run));
    let is_phone = text.match_indices('+').any(|(at, _)| {
        let end = |it: char| !(it.is_ascii_digit() || " .-()/".contains(it));
        let number = text[at + 1..].split(end).next().unwrap_or_default();
        number.bytes().filter(u8::is_ascii_digit).count() >= 8
    });
    has_long_run || is_phone
}

fn holds_code(text: &str) -> bool {
    let has_digit = |run: &str| run.bytes().any(|byte| byte.is_ascii_digit());
    let mut hex = runs(text, |byte| byte.is_ascii_hexdigit());
    let mut mixed = runs(text, |byte| byte.is_ascii_alphanumeric());
    hex.any(|run| run.len() >= LONG_CODE && has_digit(run))
        || mixed.any(|run| {
            let has = |is: fn(&u8) -> bool| run.as_bytes().iter().any(is);
            run.len() >= LONG_CODE
                && has_digit(run)
                && has(u8::is_ascii_lowercase)
                && has(u8::is_ascii_uppercase)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_personal_is_found_in_any_spelling_that_shows() {
        for (text, expected) in [
            ("/a/alice@example.org", "a mail address"),
            ("alice%40example.org", "a mail address"),
            ("alice%2540example.org", "a mail address"),
            ("alice&#64;example.org", "a mail address"),
            ("alice\\u0040example.org", "a mail address"),
            ("ａｌｉｃｅ＠ｅｘａｍｐｌｅ．ｏｒｇ", "a mail address"),
            ("x 192.0.2.77.", "an IPv4 address"),
            ("ec2-203-0-113-9.compute", "an IPv4 address"),
            ("[2001:db8::1]", "an IPv6 address"),
            ("::ffff:192.0.2.1", "an IPv4 address"),
            ("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", "a JSON web token"),
            ("x-550e8400-e29b-41d4-a716-446655440000", "a UUID"),
            ("sk_live_51Hzq8Lm2", "a key of a service"),
            ("4539 5787 6362 1486", "the number of a card"),
            ("4539578763621486", "the number of a card"),
            (
                "+44 (7700) 900-461",
                "a phone number or another long number",
            ),
            ("447700900461", "a phone number or another long number"),
            ("123000000", "a phone number or another long number"),
            (
                "c3a1f09b7d5e4826",
                "a digest, token, pseudonym or other long code",
            ),
            (
                "aBcDeFgHiJkLmNo1",
                "a digest, token, pseudonym or other long code",
            ),
        ] {
            assert_eq!(of_text(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_releases_hold_is_not() {
        for text in [
            "      \"bytes\": 140000000,",
            "",
            "/blog/2024/how-to-water-tomatoes",
            "2026-11-16T23",
            "/{email}/{ip}/{token}",
            "(other)",
            "US-CA",
            "Chrome",
            "example.org",
            "0.1.0",
            "IP to City Lite, 2026-06, CC BY 4.0",
            "/a:b",
            "/数据/straße",
            "10-30-60",
        ] {
            assert_eq!(of_text(text), None, "{text}");
        }
    }

    #[test]
    fn check_digits_are_those_of_cards() {
        assert!(has_check_digit(&digits("79927398713")));
        assert!(!has_check_digit(&digits("79927398710")));
    }
}
