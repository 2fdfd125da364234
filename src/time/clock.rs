//! From the fields of a date to an instant, with caches that keep calendar arithmetic off most lines.

use std::ops::Range;

use jiff::{
    civil::{Date, DateTime, Time},
    tz::{AmbiguousOffset, TimeZone},
};

use super::{
    Timestamp,
    component::{Fields, pair},
    syntax::Pattern,
};

/// Turns dates into instants, for one reader of a log: neighbouring lines share date and hour.
///
/// - An impossible date is none. Second 60 counts as second 59 of its minute: a leap second stays
///   on its day, and POSIX clocks have no name for it.
/// - An instant outside of the years 1 to 9998 is none: its period would not fit on the calendar in
///   every time zone.
/// - A date without a zone is one of the clock's time zone. Where that zone sets its clocks back,
///   the hour that occurs twice is taken as its first occurrence; where it sets them forward, the
///   hour that does not occur is taken as so much later.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    tz: TimeZone,
    clf: Pattern,
    clf_date: Pattern,
    last_clf: ClfPrefix,
    last_clf_date: ClfDate,
    last_date: Midnight,
    last_hour: LocalHour,
}

/// The part of a `10/Oct/2000:13:55:36 -0700` that neighbouring lines share, and what it means.
#[derive(Clone, Debug)]
struct ClfPrefix {
    date: [u8; 12],
    zone: [u8; 6],
    /// The seconds from the epoch to that midnight in that zone.
    midnight: i64,
}

/// The `10/Oct/2000:` of a date without a zone, and the seconds from 1970-01-01 to it, as a calendar
/// counts them.
#[derive(Clone, Debug)]
struct ClfDate {
    date: [u8; 12],
    midnight: i64,
}

/// A date and the seconds from 1970-01-01 to it, as a calendar counts them.
#[derive(Clone, Copy, Debug)]
struct Midnight {
    date: (i16, i8, i8),
    seconds: i64,
}

/// An hour of the calendar throughout which the time zone has one offset.
#[derive(Clone, Copy, Debug)]
struct LocalHour {
    /// Hours from 1970-01-01T00 as the calendar counts them.
    hour: i64,
    /// Seconds east of Greenwich.
    offset: i64,
}

/// The seconds from the epoch to the instants of the years 1 to 9998.
const YEARS: Range<i64> = -62_135_596_800..253_370_764_800;

impl Clock {
    /// The length of a time of the Common Log Format without its brackets.
    pub(crate) const CLF_LENGTH: usize = 26;

    /// The same without a zone.
    pub(crate) const LOCAL_CLF_LENGTH: usize = 20;

    /// A clock whose dates without a zone are of `tz`.
    pub(crate) fn new(tz: TimeZone) -> Self {
        Self {
            tz,
            clf: Pattern::clf(),
            clf_date: Pattern::clf_date(),
            // No text equals the empty prefix, no day is before 0, and no hour is the last one.
            last_clf: ClfPrefix {
                date: [0; 12],
                zone: [0; 6],
                midnight: 0,
            },
            last_clf_date: ClfDate {
                date: [0; 12],
                midnight: 0,
            },
            last_date: Midnight {
                date: (0, 0, -1),
                seconds: 0,
            },
            last_hour: LocalHour {
                hour: i64::MAX,
                offset: 0,
            },
        }
    }

    /// The instant of a time of the Common Log Format, such as `10/Oct/2000:13:55:36 -0700`.
    #[inline]
    pub(crate) fn clf(&mut self, text: &[u8; Self::CLF_LENGTH]) -> Option<Timestamp> {
        let (date, clock, zone) = clf_parts(text)?;
        if *date != self.last_clf.date || *zone != self.last_clf.zone {
            return self.clf_of_another_day(text);
        }
        timestamp(self.last_clf.midnight + second_of_day(*clock)?, 0)
    }

    /// The instant of such a time without a zone, `10/Oct/2000:13:55:36`.
    #[inline]
    pub(crate) fn local_clf(&mut self, text: &[u8; Self::LOCAL_CLF_LENGTH]) -> Option<Timestamp> {
        let (date, clock) = text.split_first_chunk()?;
        if *date != self.last_clf_date.date {
            self.remember_clf_date(date)?;
        }
        let civil = self.last_clf_date.midnight + second_of_day(clock.try_into().ok()?)?;
        timestamp(civil - self.offset(civil)?, 0)
    }

    /// The instant that the fields name; `None` where no such instant exists.
    pub(crate) fn instant(&mut self, fields: &Fields) -> Option<Timestamp> {
        let seconds = match fields.epoch {
            Some(seconds) => seconds,
            None => self.civil_seconds(fields)?,
        };
        timestamp(seconds, fields.fraction)
    }

    /// Reads a time of the Common Log Format in full, and remembers its date and zone.
    #[cold]
    fn clf_of_another_day(&mut self, text: &[u8; Self::CLF_LENGTH]) -> Option<Timestamp> {
        let mut fields = Fields::default();
        self.clf
            .read(text, &mut fields)
            .filter(|rest| rest.is_empty())?;
        let instant = self.instant(&fields)?;
        let (date, clock, zone) = clf_parts(text)?;
        self.last_clf = ClfPrefix {
            date: *date,
            zone: *zone,
            midnight: instant.seconds() - second_of_day(*clock)?,
        };
        Some(instant)
    }

    /// Reads a date of the Common Log Format, and remembers it.
    #[cold]
    fn remember_clf_date(&mut self, date: &[u8; 12]) -> Option<()> {
        let mut fields = Fields::default();
        self.clf_date
            .read(date, &mut fields)
            .filter(|rest| rest.is_empty())?;
        self.last_clf_date = ClfDate {
            date: *date,
            midnight: self.midnight(&fields)?,
        };
        Some(())
    }

    /// The seconds from the epoch to the date and time of day.
    fn civil_seconds(&mut self, fields: &Fields) -> Option<i64> {
        let hour = match fields.afternoon {
            Some(afternoon) => fields.hour % 12 + if afternoon { 12 } else { 0 },
            None => fields.hour,
        };
        let of_day = seconds_of(hour, fields.minute, fields.second);
        let civil = self.midnight(fields)? + of_day;
        let offset = match fields.zone {
            Some(zone) => i64::from(zone),
            None => self.offset(civil)?,
        };
        Some(civil - offset)
    }

    /// The seconds from 1970-01-01 to the date, as a calendar counts them.
    fn midnight(&mut self, fields: &Fields) -> Option<i64> {
        let date = (fields.year, fields.month, fields.day);
        if date != self.last_date.date {
            let midnight = Date::new(date.0, date.1, date.2)
                .ok()?
                .to_datetime(Time::midnight());
            let seconds = TimeZone::UTC.to_timestamp(midnight).ok()?.as_second();
            self.last_date = Midnight { date, seconds };
        }
        Some(self.last_date.seconds)
    }

    /// The clock's offset at a moment of the calendar, given in seconds from 1970-01-01.
    fn offset(&mut self, civil: i64) -> Option<i64> {
        let hour = civil.div_euclid(3600);
        if hour != self.last_hour.hour {
            let (first, last) = (
                self.fixed_offset(hour * 3600),
                self.fixed_offset(hour * 3600 + 3599),
            );
            match first {
                Some(offset) if first == last => self.last_hour = LocalHour { hour, offset },
                _ => return self.offset_near_a_change(civil),
            }
        }
        Some(self.last_hour.offset)
    }

    /// The offset at a moment of the calendar that occurs exactly once.
    fn fixed_offset(&self, civil: i64) -> Option<i64> {
        match self.tz.to_ambiguous_timestamp(datetime(civil)?).offset() {
            AmbiguousOffset::Unambiguous { offset } => Some(offset.seconds().into()),
            _ => None,
        }
    }

    /// The offset at a moment that may occur twice or not at all.
    fn offset_near_a_change(&self, civil: i64) -> Option<i64> {
        let instant = self
            .tz
            .to_ambiguous_timestamp(datetime(civil)?)
            .compatible()
            .ok()?;
        Some(civil - instant.as_second())
    }
}

/// The instant so many seconds from the epoch and microseconds after that.
fn timestamp(seconds: i64, microseconds: i64) -> Option<Timestamp> {
    YEARS
        .contains(&seconds)
        .then(|| Timestamp(seconds * Timestamp::MICROSECONDS + microseconds))
}

/// The calendar's date and time so many seconds after 1970-01-01T00:00:00.
fn datetime(civil: i64) -> Option<DateTime> {
    Some(TimeZone::UTC.to_datetime(jiff::Timestamp::from_second(civil).ok()?))
}

fn seconds_of(hour: i8, minute: i8, second: i8) -> i64 {
    i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second.min(59))
}

/// The date with the colon after it, the time of day, and the zone with the space before it.
#[inline]
fn clf_parts(text: &[u8; Clock::CLF_LENGTH]) -> Option<(&[u8; 12], &[u8; 8], &[u8; 6])> {
    let (date, rest) = text.split_first_chunk()?;
    let (clock, zone) = rest.split_first_chunk()?;
    Some((date, clock, zone.try_into().ok()?))
}

/// The seconds of `13:55:36`.
#[inline]
fn second_of_day(clock: [u8; 8]) -> Option<i64> {
    let [h, i, b':', m, n, b':', s, t] = clock else {
        return None;
    };
    let (hour, minute, second) = (pair(h, i)?, pair(m, n)?, pair(s, t)?);
    (hour < 24 && minute < 60 && second < 61).then(|| seconds_of(hour, minute, second))
}

#[cfg(test)]
mod tests {
    use jiff::{Zoned, tz};
    use proptest::prelude::*;

    use super::*;

    const UTC: TimeZone = TimeZone::UTC;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    /// The instant of a date of `%Y-%m-%d %H:%M:%S`.
    fn instant(clock: &mut Clock, text: &str) -> Option<i64> {
        let mut fields = Fields::default();
        Pattern::strftime(b"%F %T")
            .unwrap()
            .read(text.as_bytes(), &mut fields)?;
        Some(clock.instant(&fields)?.seconds())
    }

    fn clf(clock: &mut Clock, text: &str) -> Option<i64> {
        Some(clock.clf(text.as_bytes().first_chunk()?)?.0)
    }

    fn seconds(text: &str) -> Option<i64> {
        Some(text.parse::<jiff::Timestamp>().unwrap().as_second())
    }

    #[test]
    fn neighbouring_lines_of_the_common_log_format_share_no_more_than_date_and_zone() {
        let mut clock = Clock::new(UTC);
        let mut check = |text: &str, expected: &str| {
            let expected = seconds(expected).map(|seconds| seconds * 1_000_000);
            assert_eq!(clf(&mut clock, text), expected, "{text}");
        };
        check("10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36Z");
        check("10/Oct/2000:13:55:37 -0700", "2000-10-10T20:55:37Z");
        check("10/Oct/2000:00:00:00 -0700", "2000-10-10T07:00:00Z");
        check("10/Oct/2000:13:55:36 +0700", "2000-10-10T06:55:36Z");
        check("11/Oct/2000:13:55:36 +0700", "2000-10-11T06:55:36Z");
        check("11/Oct/2000:23:59:59 +0000", "2000-10-11T23:59:59Z");
        check("11/Oct/2000:23:59:60 +0000", "2000-10-11T23:59:59Z");
        check("29/Feb/2000:12:00:00 +1559", "2000-02-28T20:01:00Z");
        check("31/Dec/1969:23:59:59 +0000", "1969-12-31T23:59:59Z");
    }

    #[test]
    fn an_impossible_time_of_the_common_log_format_is_none_whatever_came_before() {
        for before in ["10/Oct/2000:13:55:36 -0700", "28/Feb/2001:13:55:36 +0000"] {
            let mut clock = Clock::new(UTC);
            assert!(clf(&mut clock, before).is_some());
            for text in [
                "10/Oct/2000:24:00:00 -0700",
                "10/Oct/2000:13:60:00 -0700",
                "10/Oct/2000:13:00:61 -0700",
                "10/Oct/2000:1x:00:00 -0700",
                "10/Oct/2000:13.00:00 -0700",
                "29/Feb/2001:13:55:36 +0000",
                "31/Apr/2001:13:55:36 +0000",
                "10/Oct/2000:13:55:36 +1600",
                "10/Oct/2000:13:55:36 Z....",
                "10/October/2000:13:55:36 Z",
            ] {
                assert_eq!(clf(&mut clock, text), None, "{text}");
                assert_eq!(clf(&mut clock, text), None, "{text}, again");
            }
        }
    }

    #[test]
    fn instants_without_room_around_them_on_the_calendar_are_none() {
        let mut clock = Clock::new(UTC);
        let mut check = |text: &str, is_one: bool| {
            for _ in ["not remembered", "remembered"] {
                assert_eq!(clf(&mut clock, text).is_some(), is_one, "{text}");
            }
        };
        check("31/Dec/9998:23:59:59 +0000", true);
        check("31/Dec/9998:22:59:59 -0100", true);
        check("31/Dec/9998:23:00:00 -0100", false);
        check("30/Dec/9999:12:00:00 +0000", false);
        check("01/Jan/0001:00:00:00 +0000", true);
        check("01/Jan/0001:01:00:00 +0100", true);
        check("01/Jan/0001:00:59:59 +0100", false);
        check("31/Dec/0000:23:59:59 +0000", false);
    }

    #[test]
    fn dates_without_a_zone_follow_the_clocks_of_theirs() {
        let mut clock = Clock::new(berlin());
        let mut check = |text: &str, expected: &str| {
            assert_eq!(instant(&mut clock, text), seconds(expected), "{text}");
        };
        check("2026-01-15 12:00:00", "2026-01-15T11:00:00Z");
        check("2026-07-15 12:00:00", "2026-07-15T10:00:00Z");
        check("2026-07-15 12:59:59", "2026-07-15T10:59:59Z");
        // Clocks go from 02:00 to 03:00: the hour between does not occur.
        check("2026-03-29 01:59:59", "2026-03-29T00:59:59Z");
        check("2026-03-29 02:30:00", "2026-03-29T01:30:00Z");
        check("2026-03-29 03:00:00", "2026-03-29T01:00:00Z");
        // Clocks go from 03:00 to 02:00: the hour before occurs twice.
        check("2026-10-25 01:59:59", "2026-10-24T23:59:59Z");
        check("2026-10-25 02:30:00", "2026-10-25T00:30:00Z");
        check("2026-10-25 03:00:00", "2026-10-25T02:00:00Z");
        check("1960-07-15 12:00:00", "1960-07-15T11:00:00Z");
    }

    #[test]
    fn a_time_of_the_common_log_format_without_a_zone_is_of_the_clocks() {
        let mut clock = Clock::new(berlin());
        let mut check = |text: &str, expected: Option<&str>| {
            let found = clock.local_clf(text.as_bytes().first_chunk().unwrap());
            let found = found.map(Timestamp::seconds);
            assert_eq!(found, expected.and_then(seconds), "{text}");
        };
        check("15/Jan/2026:12:00:00", Some("2026-01-15T11:00:00Z"));
        check("15/Jan/2026:23:59:60", Some("2026-01-15T22:59:59Z"));
        check("15/Jul/2026:12:00:00", Some("2026-07-15T10:00:00Z"));
        check("29/Mar/2026:02:30:00", Some("2026-03-29T01:30:00Z"));
        check("25/Oct/2026:02:30:00", Some("2026-10-25T00:30:00Z"));
        check("25/Oct/2026:03:00:00", Some("2026-10-25T02:00:00Z"));
        for impossible in [
            "30/Feb/2026:12:00:00",
            "25/Oct/2026:24:00:00",
            "25/Oct/2026:12.00.00",
            "5/Oct/20260:12:00:00",
            "25/Okt/2026:12:00:00",
            "25/Oct/2026 12:00:00",
        ] {
            check(impossible, None);
            check(impossible, None);
        }
    }

    #[test]
    fn impossible_dates_are_none() {
        let mut clock = Clock::new(berlin());
        for text in [
            "2026-02-30 12:00:00",
            "2025-02-29 12:00:00",
            "9999-12-31 23:00:00",
            "9999-01-01 12:00:00",
            "0000-12-31 12:00:00",
        ] {
            assert_eq!(instant(&mut clock, text), None, "{text}");
        }
        assert!(instant(&mut clock, "2024-02-29 12:00:00").is_some());
        assert!(instant(&mut clock, "0001-01-01 12:00:00").is_some());
    }

    fn zoned() -> impl Strategy<Value = Zoned> {
        // From the year 1 to 9998, at offsets of whole minutes.
        (-62_135_000_000..253_370_000_000_i64, -959..=959_i32).prop_map(|(second, minutes)| {
            let zone = TimeZone::fixed(tz::Offset::from_seconds(minutes * 60).unwrap());
            jiff::Timestamp::from_second(second).unwrap().to_zoned(zone)
        })
    }

    proptest! {
        #[test]
        fn the_common_log_format_agrees_with_jiff(times in prop::collection::vec(zoned(), 1..4)) {
            let mut clock = Clock::new(UTC);
            for time in times {
                for later in [0, 1, 59, 3600] {
                    let time = time.saturating_add(jiff::Span::new().seconds(later));
                    let text = time.strftime("%d/%b/%Y:%H:%M:%S %z").to_string();
                    prop_assert_eq!(clf(&mut clock, &text), Some(time.timestamp().as_microsecond()));
                }
            }
        }

        #[test]
        fn dates_without_a_zone_agree_with_jiff(
            seconds in prop::collection::vec(-1_000_000_000..4_000_000_000_i64, 1..4),
            zone in prop::sample::select(&[
                "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia",
            ][..]),
        ) {
            let zone = TimeZone::get(zone).unwrap();
            let mut clock = Clock::new(zone.clone());
            for second in seconds {
                let civil = datetime(second).unwrap();
                let expected = zone.to_ambiguous_zoned(civil).compatible().unwrap();
                let text = civil.strftime("%F %T").to_string();
                prop_assert_eq!(instant(&mut clock, &text), Some(expected.timestamp().as_second()));
            }
        }
    }
}
