//! The date syntaxes of logs: patterns compiled once, read from bytes into the fields of a date.

use super::component::{Component, Fields, Provides};

/// A date syntax, compiled to the components that stand in a log one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern(Box<[Component]>);

/// A conversion specification that no date syntax here has: the letter after the `%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnknownConversion(pub(crate) char);

impl Pattern {
    /// The time of the Common Log Format without its brackets, `10/Oct/2000:13:55:36 -0700`:
    /// Apache's `%t`, nginx's `$time_local`.
    pub(crate) fn clf() -> Self {
        Self::expanded(b"%d/%b/%Y:%H:%M:%S %z")
    }

    /// The date that such a time begins with, and the colon after it.
    pub(super) fn clf_date() -> Self {
        Self::expanded(b"%d/%b/%Y:")
    }

    /// A time of ISO 8601 with its zone, `1970-09-28T12:00:00+06:00`: nginx's `$time_iso8601`.
    pub(crate) fn iso8601() -> Self {
        Self::expanded(b"%Y-%m-%dT%H:%M:%S%z")
    }

    /// Seconds since the epoch with a fraction, `1764000000.123`: nginx's `$msec`.
    pub(crate) fn epoch_with_fraction() -> Self {
        Self::expanded(b"%s.%f")
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

    /// What stands in the log one after the other.
    pub(super) const fn components(&self) -> &[Component] {
        &self.0
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
