//! The date syntaxes of logs: patterns compiled once, read from bytes into the fields of a date.

use std::{
    iter,
    ops::{BitOr, RangeInclusive},
};

use super::Timestamp;

/// A date syntax, compiled to the components that stand in a log one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Box<[Component]>);

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

/// A conversion specification that no date syntax here has: the letter after the `%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownConversion(pub(crate) char);

/// One piece of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Component {
    Byte(u8),
    Year,
    ShortYear,
    Month,
    MonthName,
    Day,
    SpacedDay,
    Hour,
    SpacedHour,
    HalfDayHour,
    SpacedHalfDayHour,
    HalfDay,
    Minute,
    Second,
    Fraction,
    Zone,
    ZoneName,
    WeekdayName,
    IgnoredDigits(u8),
    EpochSeconds,
    EpochMilliseconds,
    EpochMicroseconds,
}

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

impl Pattern {
    /// The time of the Common Log Format without its brackets, `10/Oct/2000:13:55:36 -0700`:
    /// Apache's `%t`, nginx's `$time_local`.
    pub(crate) fn clf() -> Self {
        Self::expanded(b"%d/%b/%Y:%H:%M:%S %z")
    }

    /// A pattern of the conversions of `strftime` in the C locale, and `%f` for a fraction.
    ///
    /// `%z` also reads `+02:00` and `Z`; `%Z` counts only as `UTC`, `GMT` or `Z`, since the other
    /// abbreviations are ambiguous.
    ///
    /// # Errors
    ///
    /// The first conversion that is not known.
    pub(crate) fn strftime(format: &[u8]) -> Result<Self, UnknownConversion> {
        let mut components = Vec::new();
        push_strftime(format, &mut components)?;
        Ok(Self(components.into()))
    }

    /// Whole seconds since the epoch.
    pub(crate) fn epoch_seconds() -> Self {
        Self([Component::EpochSeconds].into())
    }

    /// Whole milliseconds since the epoch.
    pub(crate) fn epoch_milliseconds() -> Self {
        Self([Component::EpochMilliseconds].into())
    }

    /// Whole microseconds since the epoch.
    pub(crate) fn epoch_microseconds() -> Self {
        Self([Component::EpochMicroseconds].into())
    }

    /// The digits of a fraction of a second: one to nine of them.
    pub(crate) fn fraction() -> Self {
        Self([Component::Fraction].into())
    }

    /// Which fields the pattern fills.
    pub(crate) fn provides(&self) -> Provides {
        self.0.iter().fold(Provides::default(), |all, component| {
            all | component.provides()
        })
    }

    /// Reads the pattern at the start of `text` and enters what it says into `fields`. Returns the
    /// bytes after it, or `None` where the text is not of this syntax.
    pub(crate) fn read<'a>(&self, text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
        self.0
            .iter()
            .try_fold(text, |rest, component| component.read(rest, fields))
    }

    /// A pattern of this file.
    fn expanded(format: &[u8]) -> Self {
        Self::strftime(format).expect("the pattern has only known conversions")
    }
}

impl Provides {
    const YEAR: Self = Self(1);
    const MONTH: Self = Self(1 << 1);
    const DAY: Self = Self(1 << 2);
    const HOUR: Self = Self(1 << 3);
    const MINUTE: Self = Self(1 << 4);
    const SECOND: Self = Self(1 << 5);
    const FRACTION: Self = Self(1 << 6);
    const ZONE: Self = Self(1 << 7);
    const EPOCH: Self = Self(1 << 8);
    const CIVIL: u16 = 0b1_1111;

    /// Whether the fields name an instant, to the minute at least.
    pub(crate) const fn is_complete(self) -> bool {
        self.0 & Self::EPOCH.0 != 0 || self.0 & Self::CIVIL == Self::CIVIL
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
    fn provides(self) -> Provides {
        match self {
            Self::Year | Self::ShortYear => Provides::YEAR,
            Self::Month | Self::MonthName => Provides::MONTH,
            Self::Day | Self::SpacedDay => Provides::DAY,
            // An hour of half a day is one only together with its half.
            Self::Hour | Self::SpacedHour | Self::HalfDay => Provides::HOUR,
            Self::Minute => Provides::MINUTE,
            Self::Second => Provides::SECOND,
            Self::Fraction => Provides::FRACTION,
            Self::Zone => Provides::ZONE,
            Self::EpochSeconds => Provides::EPOCH,
            Self::EpochMilliseconds | Self::EpochMicroseconds => {
                Provides::EPOCH | Provides::FRACTION
            }
            Self::Byte(_)
            | Self::HalfDayHour
            | Self::SpacedHalfDayHour
            | Self::ZoneName
            | Self::WeekdayName
            | Self::IgnoredDigits(_) => Provides::default(),
        }
    }

    /// Reads the component at the start of `text`; returns the bytes after it.
    fn read<'a>(self, text: &'a [u8], fields: &mut Fields) -> Option<&'a [u8]> {
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

/// Appends the components of a `strftime` format; conversions that stand for others are expanded.
fn push_strftime(format: &[u8], components: &mut Vec<Component>) -> Result<(), UnknownConversion> {
    let mut bytes = format.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            components.push(Component::Byte(byte));
            continue;
        }
        let letter = bytes.next().ok_or(UnknownConversion('%'))?;
        match composite(letter) {
            Some(expansion) => push_strftime(expansion, components)?,
            None => components.push(conversion(letter)?),
        }
    }
    Ok(())
}

/// What a conversion of `strftime` that stands for several others is short for, in the C locale.
const fn composite(letter: u8) -> Option<&'static [u8]> {
    Some(match letter {
        b'c' => b"%a %b %e %H:%M:%S %Y",
        b'D' | b'x' => b"%m/%d/%y",
        b'F' => b"%Y-%m-%d",
        b'r' => b"%I:%M:%S %p",
        b'R' => b"%H:%M",
        b'T' | b'X' => b"%H:%M:%S",
        _ => return None,
    })
}

fn conversion(letter: u8) -> Result<Component, UnknownConversion> {
    Ok(match letter {
        b'%' => Component::Byte(b'%'),
        b'a' | b'A' => Component::WeekdayName,
        b'b' | b'B' | b'h' => Component::MonthName,
        b'd' => Component::Day,
        b'e' => Component::SpacedDay,
        b'f' => Component::Fraction,
        b'H' => Component::Hour,
        b'I' => Component::HalfDayHour,
        b'j' => Component::IgnoredDigits(3),
        b'k' => Component::SpacedHour,
        b'l' => Component::SpacedHalfDayHour,
        b'm' => Component::Month,
        b'M' => Component::Minute,
        b'n' => Component::Byte(b'\n'),
        b'p' | b'P' => Component::HalfDay,
        b's' => Component::EpochSeconds,
        b'S' => Component::Second,
        b't' => Component::Byte(b'\t'),
        b'u' | b'w' => Component::IgnoredDigits(1),
        b'U' | b'V' | b'W' => Component::IgnoredDigits(2),
        b'y' => Component::ShortYear,
        b'Y' => Component::Year,
        b'z' => Component::Zone,
        b'Z' => Component::ZoneName,
        unknown => return Err(UnknownConversion(char::from(unknown))),
    })
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
    let is_named =
        |month: &&[u8]| name.eq_ignore_ascii_case(month) || name.eq_ignore_ascii_case(&month[..3]);
    fields.month = (1..).zip(MONTHS).find(|(_, month)| is_named(month))?.0;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields that `text` gives by a pattern that takes all of it.
    fn read(format: &str, text: &str) -> Option<Fields> {
        let mut fields = Fields::default();
        let rest = Pattern::strftime(format.as_bytes())
            .unwrap()
            .read(text.as_bytes(), &mut fields)?;
        rest.is_empty().then_some(fields)
    }

    #[test]
    fn each_conversion_fills_its_field() {
        let check = |format: &str, text: &str, expected: Fields| {
            assert_eq!(read(format, text), Some(expected), "{format}: {text}");
        };
        let none = Fields::default();
        check("%Y", "2026", Fields { year: 2026, ..none });
        check("%y", "68", Fields { year: 2068, ..none });
        check("%y", "69", Fields { year: 1969, ..none });
        check("%m", "12", Fields { month: 12, ..none });
        check("%b", "Jan", Fields { month: 1, ..none });
        check("%h", "MAY", Fields { month: 5, ..none });
        check("%B", "september", Fields { month: 9, ..none });
        check("%d", "31", Fields { day: 31, ..none });
        check("%e", " 1", Fields { day: 1, ..none });
        check("%e", "10", Fields { day: 10, ..none });
        check("%H", "23", Fields { hour: 23, ..none });
        check("%k", " 0", Fields { hour: 0, ..none });
        check(
            "%I%p",
            "12AM",
            Fields {
                hour: 12,
                afternoon: Some(false),
                ..none
            },
        );
        check(
            "%l%P",
            " 1pm",
            Fields {
                hour: 1,
                afternoon: Some(true),
                ..none
            },
        );
        check("%M", "59", Fields { minute: 59, ..none });
        check("%S", "60", Fields { second: 60, ..none });
        check(
            "%f",
            "5",
            Fields {
                fraction: 500_000,
                ..none
            },
        );
        check(
            "%f",
            "123456789",
            Fields {
                fraction: 123_456,
                ..none
            },
        );
        check(
            "%z",
            "+0530",
            Fields {
                zone: Some(19_800),
                ..none
            },
        );
        check(
            "%z",
            "-15:59",
            Fields {
                zone: Some(-57_540),
                ..none
            },
        );
        check(
            "%z",
            "Z",
            Fields {
                zone: Some(0),
                ..none
            },
        );
        check(
            "%Z",
            "GMT",
            Fields {
                zone: Some(0),
                ..none
            },
        );
        check("%Z", "CET", none);
        check(
            "%z %Z",
            "+0100 UTC",
            Fields {
                zone: Some(3600),
                ..none
            },
        );
        check(
            "%s",
            "1764000000",
            Fields {
                epoch: Some(1_764_000_000),
                ..none
            },
        );
        check("%a, %A %j %u %V%%%n%t", "Sat, Saturday 325 6 47%\n\t", none);
    }

    #[test]
    fn what_is_out_of_range_or_of_another_shape_is_not_read() {
        let check =
            |format: &str, text: &str| assert_eq!(read(format, text), None, "{format}: {text}");
        check("%Y", "202");
        check("%Y", "12026");
        check("%Y", "-202");
        check("%m", "13");
        check("%m", "0");
        check("%m", "00");
        check("%b", "Okt");
        check("%b", "");
        check("%d", "32");
        check("%e", "  ");
        check("%H", "24");
        check("%I", "00");
        check("%p", "XM");
        check("%M", "60");
        check("%S", "61");
        check("%f", "");
        check("%f", "1234567890");
        check("%z", "+1600");
        check("%z", "+0060");
        check("%z", "0100");
        check("%z", "+01");
        check("%s", "9999999999999");
        check("%s", "12345678901234567890");
        check("%s", "-1");
        check("%F", "2026-11-2");
        check("%F", "2026/11/21");
    }

    #[test]
    fn counts_since_the_epoch_keep_their_fraction() {
        let check = |pattern: Pattern, text: &str, seconds: i64, fraction: i64| {
            let mut fields = Fields::default();
            assert_eq!(pattern.read(text.as_bytes(), &mut fields), Some(&b""[..]));
            assert_eq!(
                (fields.epoch, fields.fraction),
                (Some(seconds), fraction),
                "{text}"
            );
        };
        check(Pattern::epoch_seconds(), "1431857117", 1_431_857_117, 0);
        check(
            Pattern::epoch_milliseconds(),
            "1431857117123",
            1_431_857_117,
            123_000,
        );
        check(
            Pattern::epoch_microseconds(),
            "1431857117000045",
            1_431_857_117,
            45,
        );
    }

    #[test]
    fn an_instant_needs_a_date_and_a_time_of_day_or_a_count() {
        let check = |format: &[u8], complete: bool| {
            let provides = Pattern::strftime(format).unwrap().provides();
            assert_eq!(
                provides.is_complete(),
                complete,
                "{}",
                format.escape_ascii()
            );
        };
        check(b"%d/%b/%Y:%H:%M:%S %z", true);
        check(b"%s", true);
        check(b"%F %R", true);
        check(b"%F %I:%M %p", true);
        check(b"%F %I:%M", false);
        check(b"%F", false);
        check(b"%T", false);
        check(b"%b %d %T", false);
    }

    #[test]
    fn an_unknown_conversion_is_named() {
        let check = |format: &[u8], letter: char| {
            assert_eq!(Pattern::strftime(format), Err(UnknownConversion(letter)));
        };
        check(b"%Y-%Q", 'Q');
        check(b"%Y-%", '%');
        check(b"%Ex", 'E');
    }
}
