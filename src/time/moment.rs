//! Times that tell their own syntax: RFC 3339, the Common Log Format, and counts since the epoch.

use super::{
    Clock, Timestamp,
    component::{Component, Fields, pair},
};

/// Most digits of a count of seconds, milliseconds and microseconds: each unit lasts from 1973 to
/// 5138, before and after which its counts have as many digits as those of its neighbour.
const SECOND_DIGITS: usize = 11;
const MILLISECOND_DIGITS: usize = 14;
const MICROSECOND_DIGITS: usize = 17;

/// Most digits of a count at all: any of so many fits into 64 bits.
const MOST_DIGITS: usize = 19;

impl Clock {
    /// The instant of a time in a syntax that can be told from the others by its look:
    ///
    /// - RFC 3339, with a space instead of the `T` if need be; without a zone it is of the clock's;
    /// - the Common Log Format, in brackets or not;
    /// - a count since the epoch in seconds, which may have a fraction, or in milli-, micro- or
    ///   nanoseconds, told by the number of digits.
    pub(crate) fn moment(&mut self, text: &[u8]) -> Option<Timestamp> {
        let text = text.strip_prefix(b"[").unwrap_or(text);
        let text = text.strip_suffix(b"]").unwrap_or(text);
        match text {
            [_, _, b'/', ..] => self.clf(text.try_into().ok()?),
            [_, _, _, _, b'-', ..] => {
                let mut fields = Fields::default();
                let rest = date(text, &mut fields)?;
                let rest = time_of_day(
                    rest.strip_prefix(b"T").or(rest.strip_prefix(b" "))?,
                    &mut fields,
                )?;
                zone(rest, &mut fields)?;
                self.instant(&fields)
            }
            _ => count(text),
        }
    }
}

/// Reads a date of ISO 8601, `2026-11-21`; returns what follows it.
pub(crate) fn date<'a>(text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
    let [a, b, c, d, b'-', m, n, b'-', x, y, rest @ ..] = text else {
        return None;
    };
    fields.year = i16::from(pair(*a, *b)?) * 100 + i16::from(pair(*c, *d)?);
    fields.month = pair(*m, *n).filter(|month| (1..=12).contains(month))?;
    fields.day = pair(*x, *y).filter(|day| (1..=31).contains(day))?;
    Some(rest)
}

/// Reads a time of day of ISO 8601, `09:00:00`, which may have a fraction; returns what follows it.
pub(crate) fn time_of_day<'a>(text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
    let [h, i, b':', m, n, b':', s, t, rest @ ..] = text else {
        return None;
    };
    fields.hour = pair(*h, *i).filter(|hour| *hour < 24)?;
    fields.minute = pair(*m, *n).filter(|minute| *minute < 60)?;
    fields.second = pair(*s, *t).filter(|second| *second < 61)?;
    match rest {
        [b'.' | b',', fraction @ ..] => Component::Fraction.read(fraction, fields),
        _ => Some(rest),
    }
}

/// Reads a zone that takes the rest of the text, or nothing.
fn zone(text: &[u8], fields: &mut Fields) -> Option<()> {
    if text.is_empty() {
        return Some(());
    }
    let zone = text.strip_prefix(b" ").unwrap_or(text);
    Component::Zone
        .read(zone, fields)
        .is_some_and(<[u8]>::is_empty)
        .then_some(())
}

/// The instant of a count since the epoch.
fn count(text: &[u8]) -> Option<Timestamp> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, fraction) = text.split_at(digits);
    if !(1..=MOST_DIGITS).contains(&digits) {
        return None;
    }
    let value = whole
        .iter()
        .fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
    let value = i64::try_from(value).ok()?;
    if digits <= SECOND_DIGITS {
        return Some(Timestamp(
            value * Timestamp::MICROSECONDS + microseconds(fraction)?,
        ));
    }
    microseconds(fraction)?;
    Some(Timestamp(if digits <= MILLISECOND_DIGITS {
        value * 1000
    } else if digits <= MICROSECOND_DIGITS {
        value
    } else {
        value / 1000
    }))
}

/// The microseconds of nothing, or of a point and one to nine digits after it; what is finer is dropped.
fn microseconds(fraction: &[u8]) -> Option<i64> {
    let Some(digits) = fraction.strip_prefix(b".") else {
        return fraction.is_empty().then_some(0);
    };
    if !(1..=9).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let units = [100_000, 10_000, 1000, 100, 10, 1];
    let values = digits.iter().zip(units);
    Some(
        values
            .map(|(digit, unit)| i64::from(digit - b'0') * unit)
            .sum(),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::TimeZone;

    fn moment(text: &str) -> Option<i64> {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        Some(Clock::new(zone).moment(text.as_bytes())?.0)
    }

    #[test]
    fn each_syntax_is_told_by_its_look() {
        let check = |text: &str, expected: &str| {
            let expected = expected
                .parse::<jiff::Timestamp>()
                .unwrap()
                .as_microsecond();
            assert_eq!(moment(text), Some(expected), "{text}");
        };
        check("2026-11-10T08:00:00Z", "2026-11-10T08:00:00Z");
        check(
            "2026-11-10T08:00:00.123456789Z",
            "2026-11-10T08:00:00.123456Z",
        );
        check("2026-11-10T08:00:00.5+05:30", "2026-11-10T02:30:00.5Z");
        check("2026-11-10 08:00:00 +0100", "2026-11-10T07:00:00Z");
        check("2026-11-10T08:00:00", "2026-11-10T07:00:00Z");
        check("10/Nov/2026:08:00:00 +0000", "2026-11-10T08:00:00Z");
        check("[10/Nov/2026:08:00:00 -0330]", "2026-11-10T11:30:00Z");
        check("1794297600", "2026-11-10T08:00:00Z");
        check("1794297600.25", "2026-11-10T08:00:00.25Z");
        check("1794297600250", "2026-11-10T08:00:00.25Z");
        check("1794297600250.75", "2026-11-10T08:00:00.25Z");
        check("1794297600250001", "2026-11-10T08:00:00.250001Z");
        check("1794297600250001999", "2026-11-10T08:00:00.250001Z");
    }

    #[test]
    fn what_is_of_no_syntax_or_impossible_is_none() {
        for text in [
            "",
            "-",
            "[]",
            "now",
            "-5",
            "1e9",
            "1794297600.",
            "1794297600.x",
            "99999999999999999999",
            "2026-02-29T00:00:00Z",
            "2026-11-10",
            "2026-11-10T08:00Z",
            "2026-11-10T08:00:00Zulu",
            "2026-11-10T24:00:00Z",
            "10/Nov/2026:08:00:00",
            "10/Nov/2026:08:00:00 +0000 more",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn rfc_3339_agrees_with_jiff(micros in 0..4_000_000_000_000_000_i64) {
            let text = jiff::Timestamp::from_microsecond(micros).unwrap().to_string();
            prop_assert_eq!(moment(&text), Some(micros));
        }

        #[test]
        fn no_text_panics(bytes in prop::collection::vec(any::<u8>(), 0..40), digits in "[0-9:/.T-]{0,30}") {
            let mut clock = Clock::new(TimeZone::UTC);
            let _ = clock.moment(&bytes);
            let _ = clock.moment(digits.as_bytes());
        }
    }
}
