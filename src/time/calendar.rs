//! The site's calendar: which day and release period an instant belongs to.

use std::fmt;

use jiff::{ToSpan, civil::Date, tz::TimeZone};

use super::Timestamp;

/// How much is released at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeriodLength {
    /// A calendar day.
    #[default]
    Day,
    /// An ISO 8601 week, Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
}

impl PeriodLength {
    /// Its name in settings and manifests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The length of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let lengths = [Self::Day, Self::Week, Self::Month];
        lengths.into_iter().find(|length| length.name() == name)
    }
}

/// What is released at once: a run of whole days of the site's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// Its first day.
    pub start: Date,
    /// Its length.
    pub length: PeriodLength,
}

impl Period {
    /// The period of a length by its name that is called by a date, written as periods are.
    #[must_use]
    pub fn named(length: &str, date: &str) -> Option<Self> {
        let length = PeriodLength::named(length)?;
        let period = Self {
            start: date.parse().ok()?,
            length,
        };
        (period.to_string() == date).then_some(period)
    }

    /// The day after its last one.
    #[must_use]
    pub fn end(self) -> Date {
        let span = match self.length {
            PeriodLength::Day => 1.day(),
            PeriodLength::Week => 7.days(),
            PeriodLength::Month => 1.month(),
        };
        self.start.saturating_add(span)
    }
}

impl fmt::Display for Period {
    /// The first day, `YYYY-MM-DD`: the period's name in folders, ledgers and messages.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.start.fmt(formatter)
    }
}

/// A calendar day in the site's time zone, with its instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The date.
    pub date: Date,
    /// Its first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Day {
    /// Whether the instant lies within the day.
    #[must_use]
    pub fn contains(&self, time: Timestamp) -> bool {
        self.start <= time && time < self.end
    }
}

/// The site's time zone and length of period.
#[derive(Clone, Debug)]
pub struct Calendar {
    tz: TimeZone,
    length: PeriodLength,
}

impl Calendar {
    /// A calendar of the given time zone and length of period.
    #[must_use]
    pub const fn new(tz: TimeZone, length: PeriodLength) -> Self {
        Self { tz, length }
    }

    /// The time zone's IANA name; `UTC` where it has none.
    #[must_use]
    pub fn tz_name(&self) -> &str {
        self.tz.iana_name().unwrap_or("UTC")
    }

    /// The length of its periods.
    #[must_use]
    pub const fn length(&self) -> PeriodLength {
        self.length
    }

    /// The day of an instant. Instants beyond the years -9999 to 9999 belong to the first or last day.
    #[must_use]
    pub fn day(&self, time: Timestamp) -> Day {
        let instant = jiff::Timestamp::from_microsecond(time.0).unwrap_or(if time.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        let date = self.tz.to_datetime(instant).date();
        Day {
            date,
            start: self.midnight(date),
            end: self.midnight(date.saturating_add(1.day())),
        }
    }

    /// The first instant of a date; the last instant there is where the date is beyond it.
    #[must_use]
    pub fn midnight(&self, date: Date) -> Timestamp {
        let start = self.tz.to_ambiguous_zoned(date.at(0, 0, 0, 0)).compatible();
        let instant = start.map_or(jiff::Timestamp::MAX, |zoned| zoned.timestamp());
        Timestamp(instant.as_microsecond())
    }

    /// The period that holds a date.
    #[must_use]
    pub fn period(&self, date: Date) -> Period {
        let start = match self.length {
            PeriodLength::Day => date,
            PeriodLength::Week => {
                date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days())
            }
            PeriodLength::Month => date.first_of_month(),
        };
        Period {
            start,
            length: self.length,
        }
    }

    /// Date and hour (0 to 23) on the site's clocks.
    #[must_use]
    pub fn civil_hour(&self, time: Timestamp) -> (Date, u8) {
        let instant = jiff::Timestamp::from_microsecond(time.0).unwrap_or(jiff::Timestamp::MAX);
        let civil = self.tz.to_datetime(instant);
        (civil.date(), civil.hour().unsigned_abs())
    }
}
