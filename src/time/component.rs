//! The components of dates: how each is written, and which field of the date it fills.

use std::{
    iter,
    ops::{BitOr, RangeInclusive},
};

use super::Timestamp;

/// One piece of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    /// This byte itself.
    Byte(u8),
    /// Four digits.
    Year,
    /// Two digits of a year from 1969 to 2068.
    ShortYear,
    /// Two digits.
    Month,
    /// An English name, or its first three letters.
    MonthName,
    /// Two digits.
    Day,
    /// Two digits, the first of which may be a space.
    SpacedDay,
    /// Two digits, 00 to 23.
    Hour,
    /// The same with a space for the first zero.
    SpacedHour,
    /// Two digits, 01 to 12.
    HalfDayHour,
    /// The same with a space for the zero.
    SpacedHalfDayHour,
    /// `AM` or `PM`.
    HalfDay,
    /// Two digits.
    Minute,
    /// Two digits, 00 to 60.
    Second,
    /// One to nine digits after the second.
    Fraction,
    /// Hours and minutes east of Greenwich, or `Z`.
    Zone,
    /// The abbreviation of a zone.
    ZoneName,
    /// Letters that say nothing more.
    WeekdayName,
    /// So many digits that say nothing more.
    IgnoredDigits(u8),
    /// Seconds since the epoch.
    EpochSeconds,
    /// Milliseconds since the epoch.
    EpochMilliseconds,
    /// Microseconds since the epoch.
    EpochMicroseconds,
}

/// The months' names in lower case.
const MONTHS: [&[u8]; 12] = [
    b"january",
    b"february",
    b"march",
    b"april",
    b"may",
    b"june",
    b"july",
    b"august",
    b"september",
    b"october",
    b"november",
    b"december",
];

/// What a date syntax says of an instant, gathered from one or several places of a line.
///
/// Fields that the syntax does not name keep their defaults: the seconds and the fraction are zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    /// The calendar year.
    pub(crate) year: i16,
    /// The month, 1 to 12.
    pub(crate) month: i8,
    /// The day of the month, from 1.
    pub(crate) day: i8,
    /// The hour as written: of the day, or of half a day where `afternoon` is known.
    pub(crate) hour: i8,
    /// Whether an hour of half a day is after noon.
    pub(crate) afternoon: Option<bool>,
    /// The minute of the hour.
    pub(crate) minute: i8,
    /// The second of the minute, 0 to 60.
    pub(crate) second: i8,
    /// Microseconds after the second.
    pub(crate) fraction: i64,
    /// Seconds east of Greenwich.
    pub(crate) zone: Option<i32>,
    /// Whole seconds since 1970-01-01T00:00:00Z; overrides the calendar fields.
    pub(crate) epoch: Option<i64>,
}

/// Which fields a syntax fills, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Provides(u16);

impl Provides {
    const YEAR: Self = Self(1);
    const MONTH: Self = Self(1 << 1);
    const DAY: Self = Self(1 << 2);
    const HOUR: Self = Self(1 << 3);
    const HALF_DAY_HOUR: Self = Self(1 << 4);
    const HALF_DAY: Self = Self(1 << 5);
    const MINUTE: Self = Self(1 << 6);
    const SECOND: Self = Self(1 << 7);
    const FRACTION: Self = Self(1 << 8);
    /// The offset from Greenwich.
    pub(crate) const ZONE: Self = Self(1 << 9);
    const ZONE_NAME: Self = Self(1 << 10);
    const EPOCH: Self = Self(1 << 11);

    /// Whether the fields name an instant, to the minute at least.
    pub(crate) fn is_complete(self) -> bool {
        let date = Self::YEAR | Self::MONTH | Self::DAY;
        let has_hour = self.covers(Self::HOUR) || self.covers(Self::HALF_DAY_HOUR | Self::HALF_DAY);
        self.covers(Self::EPOCH) || self.covers(date | Self::MINUTE) && has_hour
    }

    /// Whether no time zone is needed to tell the instant.
    pub(crate) const fn is_absolute(self) -> bool {
        self.covers(Self::ZONE) || self.covers(Self::EPOCH)
    }

    /// Whether `other` fills no field beyond these.
    pub(crate) const fn covers(self, other: Self) -> bool {
        self.0 | other.0 == self.0
    }
}

impl BitOr for Provides {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Component {
    /// Which fields it fills.
    pub(super) fn provides(self) -> Provides {
        match self {
            Self::Year | Self::ShortYear => Provides::YEAR,
            Self::Month | Self::MonthName => Provides::MONTH,
            Self::Day | Self::SpacedDay => Provides::DAY,
            Self::Hour | Self::SpacedHour => Provides::HOUR,
            Self::HalfDayHour | Self::SpacedHalfDayHour => Provides::HALF_DAY_HOUR,
            Self::HalfDay => Provides::HALF_DAY,
            Self::Minute => Provides::MINUTE,
            Self::Second => Provides::SECOND,
            Self::Fraction => Provides::FRACTION,
            Self::Zone => Provides::ZONE,
            Self::ZoneName => Provides::ZONE_NAME,
            Self::EpochSeconds => Provides::EPOCH,
            Self::EpochMilliseconds | Self::EpochMicroseconds => {
                Provides::EPOCH | Provides::FRACTION
            }
            Self::Byte(_) | Self::WeekdayName | Self::IgnoredDigits(_) => Provides::default(),
        }
    }

    /// Reads the component at the start of `text`; returns the bytes after it.
    pub(super) fn read<'a>(self, text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
        match self {
            Self::Byte(byte) => text.strip_prefix(&[byte]),
            Self::Year => read_year(text, fields),
            Self::ShortYear => read_short_year(text, fields),
            Self::Month => read_pair(text, 1..=12, &mut fields.month),
            Self::MonthName => read_month_name(text, fields),
            Self::Day => read_pair(text, 1..=31, &mut fields.day),
            Self::SpacedDay => read_spaced(text, 1..=31, &mut fields.day),
            Self::Hour => read_pair(text, 0..=23, &mut fields.hour),
            Self::SpacedHour => read_spaced(text, 0..=23, &mut fields.hour),
            Self::HalfDayHour => read_pair(text, 1..=12, &mut fields.hour),
            Self::SpacedHalfDayHour => read_spaced(text, 1..=12, &mut fields.hour),
            Self::HalfDay => read_half_day(text, fields),
            Self::Minute => read_pair(text, 0..=59, &mut fields.minute),
            Self::Second => read_pair(text, 0..=60, &mut fields.second),
            Self::Fraction => read_fraction(text, fields),
            Self::Zone => read_zone(text, fields),
            Self::ZoneName => read_zone_name(text, fields),
            Self::WeekdayName => split_letters(text).map(|(_, rest)| rest),
            Self::IgnoredDigits(width) => text
                .split_at_checked(width.into())
                .filter(|(digits, _)| is_number(digits))
                .map(|split| split.1),
            Self::EpochSeconds => read_epoch(text, 1_000_000, fields),
            Self::EpochMilliseconds => read_epoch(text, 1_000, fields),
            Self::EpochMicroseconds => read_epoch(text, 1, fields),
        }
    }
}

fn is_number(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_digit)
}

/// The value of two digits.
pub(super) const fn pair(tens: u8, ones: u8) -> Option<i8> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() {
        Some(((tens - b'0') * 10 + (ones - b'0')).cast_signed())
    } else {
        None
    }
}

/// Exactly two digits, within a range.
fn read_pair<'a>(text: &'a [u8], range: RangeInclusive<i8>, into: &mut i8) -> Option<&'a [u8]> {
    let [tens, ones, rest @ ..] = text else {
        return None;
    };
    *into = pair(*tens, *ones).filter(|value| range.contains(value))?;
    Some(rest)
}

/// Two digits, or a space and a digit.
fn read_spaced<'a>(text: &'a [u8], range: RangeInclusive<i8>, into: &mut i8) -> Option<&'a [u8]> {
    match text {
        [b' ', ones, rest @ ..] => {
            *into = pair(b'0', *ones).filter(|value| range.contains(value))?;
            Some(rest)
        }
        _ => read_pair(text, range, into),
    }
}

/// Exactly four digits: a year beyond 9999 is none.
fn read_year<'a>(text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
    let [a, b, c, d, rest @ ..] = text else {
        return None;
    };
    fields.year = i16::from(pair(*a, *b)?) * 100 + i16::from(pair(*c, *d)?);
    Some(rest)
}

/// Two digits: 69 to 99 are of the twentieth century, as POSIX has it.
fn read_short_year<'a>(text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
    let mut year = 0;
    let rest = read_pair(text, 0..=99, &mut year)?;
    fields.year = i16::from(year) + if year < 69 { 2000 } else { 1900 };
    Some(rest)
}

/// An English name of a month, whole or its first three letters, in any case.
fn read_month_name<'a>(text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
    let (name, rest) = split_letters(text)?;
    let start = name
        .first_chunk::<3>()?
        .map(|letter| letter.to_ascii_lowercase());
    let (number, month) = (1..)
        .zip(MONTHS)
        .find(|(_, month)| month.starts_with(&start))?;
    if name.len() > start.len() && !name.eq_ignore_ascii_case(month) {
        return None;
    }
    fields.month = number;
    Some(rest)
}

fn read_half_day<'a>(text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
    let (half, rest) = text.split_at_checked(2)?;
    fields.afternoon = Some(match half {
        b"AM" | b"am" => false,
        b"PM" | b"pm" => true,
        _ => return None,
    });
    Some(rest)
}

/// One to nine digits of a fraction; what is finer than a microsecond is dropped.
fn read_fraction<'a>(text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
    let (digits, rest) = split_digits(text, 9)?;
    let padded = digits.iter().copied().chain(iter::repeat(b'0')).take(6);
    fields.fraction = padded.fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    Some(rest)
}

/// `+0200`, `+02:00` or `Z`, of at most 15:59 hours.
fn read_zone<'a>(text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
    if let [b'Z', rest @ ..] = text {
        fields.zone = Some(0);
        return Some(rest);
    }
    let (sign, text) = match text {
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (mut hours, mut minutes) = (0, 0);
    let text = read_pair(text, 0..=15, &mut hours)?;
    let text = text.strip_prefix(b":").unwrap_or(text);
    let rest = read_pair(text, 0..=59, &mut minutes)?;
    fields.zone = Some(sign * (i32::from(hours) * 3600 + i32::from(minutes) * 60));
    Some(rest)
}

/// An abbreviation of a zone, which counts only where it is one of Greenwich and no `%z` says more.
fn read_zone_name<'a>(text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
    let (name, rest) = split_letters(text)?;
    if matches!(name, b"UTC" | b"GMT" | b"Z") {
        fields.zone = fields.zone.or(Some(0));
    }
    Some(rest)
}

/// Digits that count units of so many microseconds since the epoch, up to the year 9999.
fn read_epoch<'a>(text: &'a [u8], unit: i64, fields: &mut Fields) -> Option<&'a [u8]> {
    let (digits, rest) = split_digits(text, 18)?;
    let count = digits
        .iter()
        .fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    let per_second = Timestamp::MICROSECONDS / unit;
    let seconds = count / per_second;
    if seconds > jiff::Timestamp::MAX.as_second() {
        return None;
    }
    fields.epoch = Some(seconds);
    if per_second > 1 {
        fields.fraction = count % per_second * unit;
    }
    Some(rest)
}

/// The run of letters at the start, if there is one.
fn split_letters(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_alphabetic())
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The run of at most so many digits at the start, if there is one and it is no longer.
fn split_digits(text: &[u8], most: usize) -> Option<(&[u8], &[u8])> {
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    (1..=most).contains(&end).then(|| text.split_at(end))
}
