//! Days, hours and periods on the site's clocks, counted off the Gregorian calendar by hand.

/// The time zones the tests use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    Utc,
    Berlin,
}

impl Zone {
    /// The zone's name for `--tz`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Utc => "UTC",
            Self::Berlin => "Europe/Berlin",
        }
    }

    /// Seconds that the zone's clocks are ahead of UTC. Summer time of 2025 in the European Union
    /// (Directive 2000/84/EC): from Sunday 30 March to Sunday 26 October, changing at 01:00 UTC.
    fn offset(self, instant: i64) -> i64 {
        let summer_begins = days_since_epoch(2025, 3, 30) * 86_400 + 3600;
        let summer_ends = days_since_epoch(2025, 10, 26) * 86_400 + 3600;
        match self {
            Self::Utc => 0,
            Self::Berlin if (summer_begins..summer_ends).contains(&instant) => 7200,
            Self::Berlin => 3600,
        }
    }

    /// The day, in days since 1970-01-01, and the hour on the zone's clocks.
    pub(crate) fn day_and_hour(self, instant: i64) -> (i64, i64) {
        let local = instant + self.offset(instant);
        (local.div_euclid(86_400), local.rem_euclid(86_400) / 3600)
    }
}

/// How much is released at once (`--period`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeriodLength {
    Day,
    Week,
    Month,
}

impl PeriodLength {
    /// The first day of the period that holds a day.
    pub(crate) fn start(self, day: i64) -> i64 {
        match self {
            Self::Day => day,
            Self::Week => day - (weekday(day) - 1),
            Self::Month => day - (date(day).2 - 1),
        }
    }
}

/// Monday is 1, Sunday 7; 1970-01-01 was a Thursday.
pub(crate) fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7) + 1
}

/// `YYYY-MM-DD`.
pub(crate) fn date_text(day: i64) -> String {
    let (year, month, day) = date(day);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Days from 1970-01-01 to a date of 1970 or later.
pub(crate) fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let years: i64 = (1970..year).map(days_in_year).sum();
    let months: i64 = (1..month).map(|month| days_in_month(year, month)).sum();
    years + months + day - 1
}

/// Year, month and day of the month.
pub(crate) fn date(mut days: i64) -> (i64, i64, i64) {
    let (mut year, mut month) = (1970, 1);
    while days >= days_in_year(year) {
        days -= days_in_year(year);
        year += 1;
    }
    while days >= days_in_month(year, month) {
        days -= days_in_month(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

fn days_in_year(year: i64) -> i64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_days_convert_both_ways() {
        for (days, text) in [
            (0, "1970-01-01"),
            (19_782, "2024-02-29"),
            (20_177, "2025-03-30"),
        ] {
            assert_eq!(date_text(days), text);
            let (year, month, day) = date(days);
            assert_eq!(days_since_epoch(year, month, day), days);
        }
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let sunday = days_since_epoch(2025, 3, 30);
        assert_eq!(weekday(sunday), 7);
        assert_eq!(date_text(PeriodLength::Week.start(sunday)), "2025-03-24");
        assert_eq!(date_text(PeriodLength::Month.start(sunday)), "2025-03-01");
        assert_eq!(PeriodLength::Week.start(sunday + 1), sunday + 1);
    }

    #[test]
    fn berlin_skips_an_hour_in_march_and_repeats_one_in_october() {
        let hour = |day: i64, hour: i64| Zone::Berlin.day_and_hour(day * 86_400 + hour * 3600).1;
        let (march, october) = (
            days_since_epoch(2025, 3, 30),
            days_since_epoch(2025, 10, 26),
        );
        assert_eq!((hour(march, 0), hour(march, 1)), (1, 3));
        assert_eq!((hour(october, 0), hour(october, 1)), (2, 2));
        assert_eq!(Zone::Berlin.day_and_hour(march * 86_400 - 3600), (march, 0));
    }
}
