//! The civil hours of a period, looked up by instant without calendar arithmetic.

use super::{Calendar, Date, Period, PeriodLength, Timestamp};

/// Offsets of time zones change at quarters of an hour, so a quarter never straddles two civil hours.
const QUARTER: i64 = 15 * Timestamp::MINUTE;

/// An hour on the site's clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CivilHour {
    /// The date.
    pub date: Date,
    /// The hour, 0 to 23.
    pub hour: u8,
}

impl CivilHour {
    /// Monday is 1, Sunday 7.
    #[must_use]
    pub fn weekday(self) -> u8 {
        self.date.weekday().to_monday_one_offset().unsigned_abs()
    }
}

/// The civil hours of one period, numbered in order. An hour that clocks repeat is one hour.
#[derive(Debug)]
pub struct Hours {
    length: PeriodLength,
    start: Timestamp,
    by_quarter: Vec<u16>,
    hours: Vec<CivilHour>,
}

impl Hours {
    /// The hours of a period of the calendar.
    #[must_use]
    pub fn new(calendar: &Calendar, period: Period) -> Self {
        let start = calendar.midnight(period.start);
        let end = calendar.midnight(period.end());
        let mut table = Self {
            length: period.length,
            start,
            by_quarter: Vec::new(),
            hours: Vec::new(),
        };
        let mut time = start;
        while time < end {
            let (date, hour) = calendar.civil_hour(time);
            table.push(CivilHour { date, hour });
            time = Timestamp(time.0 + QUARTER);
        }
        table
    }

    /// The number of the hour of an instant within the period.
    #[must_use]
    pub fn number(&self, time: Timestamp) -> usize {
        let quarter = usize::try_from((time.0 - self.start.0) / QUARTER).unwrap_or(0);
        let last = self.by_quarter.len() - 1;
        usize::from(self.by_quarter[quarter.min(last)])
    }

    /// An hour by number.
    #[must_use]
    pub fn hour(&self, number: usize) -> CivilHour {
        self.hours[number]
    }

    /// The length of the period.
    #[must_use]
    pub const fn length(&self) -> PeriodLength {
        self.length
    }

    /// How many hours the period has.
    #[must_use]
    pub fn count(&self) -> usize {
        self.hours.len()
    }

    /// The number of the minute of an instant since the period's start.
    #[must_use]
    pub fn minute(&self, time: Timestamp) -> usize {
        usize::try_from((time.0 - self.start.0) / Timestamp::MINUTE).unwrap_or(0)
    }

    /// How many minutes the period has.
    #[must_use]
    pub fn minutes(&self) -> usize {
        self.by_quarter.len() * 15
    }

    /// The number of the hour of a minute.
    #[must_use]
    pub fn hour_of_minute(&self, minute: usize) -> usize {
        usize::from(self.by_quarter[minute / 15])
    }

    fn push(&mut self, hour: CivilHour) {
        if self.hours.last() != Some(&hour) {
            self.hours.push(hour);
        }
        let number = self.hours.len() - 1;
        self.by_quarter
            .push(u16::try_from(number).expect("a month has fewer than 800 hours"));
    }
}

#[cfg(test)]
mod tests {
    use jiff::{civil::date, tz::TimeZone};

    use super::*;
    use crate::time::PeriodLength;

    fn hours(zone: &str, day: Date) -> Hours {
        let calendar = Calendar::new(TimeZone::get(zone).unwrap(), PeriodLength::Day);
        Hours::new(&calendar, calendar.period(day))
    }

    #[test]
    fn days_have_the_hours_that_clocks_show() {
        assert_eq!(hours("UTC", date(2026, 11, 21)).count(), 24);
        // Clocks repeat an hour in autumn and skip one in spring.
        assert_eq!(hours("Europe/Berlin", date(2026, 10, 25)).count(), 24);
        assert_eq!(
            hours("Europe/Berlin", date(2026, 10, 25)).minutes(),
            25 * 60
        );
        assert_eq!(hours("Europe/Berlin", date(2026, 3, 29)).count(), 23);
    }

    #[test]
    fn an_instant_is_in_the_hour_of_the_clock() {
        let day = date(2026, 10, 25);
        let table = hours("Asia/Kolkata", day);
        let calendar = Calendar::new(TimeZone::get("Asia/Kolkata").unwrap(), PeriodLength::Day);
        let midnight = calendar.midnight(day);
        for minute in [0, 59, 60, 61, 1439] {
            let time = Timestamp(midnight.0 + minute * Timestamp::MINUTE);
            let hour = table.hour(table.number(time));
            assert_eq!((hour.date, hour.hour), calendar.civil_hour(time));
            assert_eq!(table.hour_of_minute(table.minute(time)), table.number(time));
        }
    }
}
