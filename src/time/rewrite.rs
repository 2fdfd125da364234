//! Writes times of logs again: as they stand, or cut to the hour in the same syntax and of the same width.

use super::{component::Component, syntax::Pattern};

/// How exact a time is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// As it was logged.
    #[default]
    Exact,
    /// The hour alone: minutes, seconds and what is finer are zero. Counts since the epoch are cut to the
    /// hour of UTC, all else to that of its zone.
    Hour,
}

/// Names of days, and of zones by which dates are written. Others are not written again, as letters in
/// their place could be anything.
const WEEKDAYS: [&str; 14] = [
    "Mon",
    "Tue",
    "Wed",
    "Thu",
    "Fri",
    "Sat",
    "Sun",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const ZONES: [&str; 30] = [
    "UTC", "GMT", "Z", "WET", "WEST", "CET", "CEST", "EET", "EEST", "BST", "IST", "MSK", "SAST",
    "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "JST", "KST", "HKT", "SGT", "AEST",
    "AEDT", "AWST", "NZST", "NZDT",
];

const SECONDS_OF_HOUR: u64 = 3600;

impl Precision {
    /// Appends a date of a pattern at the start of `text`; returns what follows it, or none where the text
    /// has no such date.
    pub(crate) fn pattern<'a>(
        self,
        pattern: &Pattern,
        text: &'a [u8],
        line: &mut Vec<u8>,
    ) -> Option<&'a [u8]> {
        let mut rest = text;
        for component in pattern.components() {
            let after = component.read(rest, &mut Default::default())?;
            self.component(*component, &rest[..rest.len() - after.len()], line);
            rest = after;
        }
        Some(rest)
    }

    /// Appends a time that the clock could read by its look (see [`Clock::moment`](super::Clock)).
    pub(crate) fn moment(self, text: &[u8], line: &mut Vec<u8>) {
        let bracket = usize::from(text.starts_with(b"["));
        match &text[bracket..] {
            [_, _, b'/', ..] => self.clock_at(bracket + "10/Oct/2000:".len(), text, line),
            [_, _, _, _, b'-', ..] => self.clock_at(bracket + "2026-11-21T".len(), text, line),
            _ => {
                line.extend_from_slice(&text[..bracket]);
                self.count(&text[bracket..], line);
            }
        }
    }

    /// Appends a time of day that begins at a place of `text`, and what stands around it.
    pub(crate) fn clock_at(self, place: usize, text: &[u8], line: &mut Vec<u8>) {
        let start = line.len();
        line.extend_from_slice(text);
        if self == Self::Exact {
            return;
        }
        let minutes = (start + place + "13".len()).min(line.len());
        let clock = line[minutes..].iter_mut();
        let is_clock = |byte: &&mut u8| byte.is_ascii_digit() || b":.,".contains(byte);
        for byte in clock
            .take_while(is_clock)
            .filter(|byte| byte.is_ascii_digit())
        {
            *byte = b'0';
        }
    }

    /// Appends a count since the epoch, whose number of digits tells its unit.
    fn count(self, text: &[u8], line: &mut Vec<u8>) {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
        let (whole, fraction) = text.split_at(digits.count());
        let units = match whole.len() {
            0..=11 => 1,
            12..=14 => 1_000,
            15..=17 => 1_000_000,
            _ => 1_000_000_000,
        };
        self.cut(whole, units, line);
        self.digits(fraction, line);
    }

    fn component(self, component: Component, text: &[u8], line: &mut Vec<u8>) {
        match component {
            Component::Minute | Component::Second | Component::Fraction => self.digits(text, line),
            Component::EpochSeconds => self.cut(text, 1, line),
            Component::EpochMilliseconds => self.cut(text, 1_000, line),
            Component::EpochMicroseconds => self.cut(text, 1_000_000, line),
            Component::WeekdayName => line.extend_from_slice(known(text, &WEEKDAYS)),
            Component::ZoneName => line.extend_from_slice(known(text, &ZONES)),
            _ => line.extend_from_slice(text),
        }
    }

    /// Appends digits that are less than an hour.
    fn digits(self, text: &[u8], line: &mut Vec<u8>) {
        let written = |byte: &u8| match self {
            Self::Hour if byte.is_ascii_digit() => b'0',
            _ => *byte,
        };
        line.extend(text.iter().map(written));
    }

    /// Appends a count of so many units to the second.
    fn cut(self, digits: &[u8], units: u64, line: &mut Vec<u8>) {
        let value = digits.iter().try_fold(0_u64, |value, digit| {
            let digit = u64::from(digit.wrapping_sub(b'0'));
            value.checked_mul(10)?.checked_add(digit)
        });
        match value {
            Some(value) if self == Self::Hour => {
                let whole = value - value % (SECONDS_OF_HOUR * units);
                line.extend(format!("{whole:0width$}", width = digits.len()).into_bytes());
            }
            _ => line.extend_from_slice(digits),
        }
    }
}

/// A name that is one of these, in any case; else a letter that says nothing.
fn known<'a>(name: &'a [u8], names: &[&str]) -> &'a [u8] {
    let is_known = names
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    if is_known { name } else { b"X" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_they_stand_or_cut_to_the_hour() {
        let check = |text: &str, hour: &str| {
            for (precision, expected) in [(Precision::Exact, text), (Precision::Hour, hour)] {
                let mut line = b"a ".to_vec();
                precision.moment(text.as_bytes(), &mut line);
                assert_eq!(String::from_utf8_lossy(&line[2..]), expected);
            }
        };
        check(
            "[10/Oct/2000:13:55:36 -0700]",
            "[10/Oct/2000:13:00:00 -0700]",
        );
        check(
            "2026-11-21T09:12:33.123+02:30",
            "2026-11-21T09:00:00.000+02:30",
        );
        check("2026-11-21 09:12:33,1Z", "2026-11-21 09:00:00,0Z");
        check("1794297645.250", "1794297600.000");
        check("1794297645250", "1794297600000");
        check("1794297645250123", "1794297600000000");
        check("1794297645250123456", "1794297600000000000");
    }

    #[test]
    fn patterns_are_written_without_names_that_are_none() {
        let check = |format: &str, text: &str, exact: &str, hour: &str| {
            let pattern = Pattern::strftime(format.as_bytes()).unwrap();
            for (precision, expected) in [(Precision::Exact, exact), (Precision::Hour, hour)] {
                let mut line = Vec::new();
                let rest = precision.pattern(&pattern, text.as_bytes(), &mut line);
                assert_eq!(rest, Some(&b"!"[..]));
                assert_eq!(String::from_utf8_lossy(&line), expected);
            }
        };
        check(
            "%a %b %e %T %Y",
            "Sat Nov  1 09:12:33 2026!",
            "Sat Nov  1 09:12:33 2026",
            "Sat Nov  1 09:00:00 2026",
        );
        check("%a %R %Z", "alice 09:12 smith!", "X 09:12 X", "X 09:00 X");
        check("%s.%f", "1794297645.25!", "1794297645.25", "1794297600.00");
    }
}
