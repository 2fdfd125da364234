//! How long something is kept, in days and longer.

use std::{fmt, str::FromStr};

use jiff::{
    Span,
    civil::Date,
    fmt::friendly::{Designator, Spacing, SpanPrinter},
};

/// A time in whole days, weeks, months or years, at least a day.
#[derive(Clone, Copy, Debug)]
pub struct Retention(Span);

impl Retention {
    /// What ended by this day has been kept for long enough today.
    #[must_use]
    pub fn cutoff(self, today: Date) -> Date {
        today.saturating_sub(self.0)
    }
}

impl FromStr for Retention {
    type Err = String;

    /// Reads what jiff's friendly format has of days and longer, such as `14d`, `6 months` or `1y 6mo`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "not a time in days, weeks, months or years, such as 14d or 13mo".to_owned();
        let span: Span = text.parse().map_err(|_| wrong())?;
        let today = Date::constant(2000, 1, 1);
        let is_of_days = span.get_hours() == 0
            && span.get_minutes() == 0
            && span.get_seconds() == 0
            && span.get_milliseconds() == 0
            && span.get_microseconds() == 0
            && span.get_nanoseconds() == 0;
        let retention = Self(span);
        (is_of_days && retention.cutoff(today) < today)
            .then_some(retention)
            .ok_or_else(wrong)
    }
}

impl fmt::Display for Retention {
    /// In words, such as `13 months`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printer = SpanPrinter::new()
            .designator(Designator::Verbose)
            .spacing(Spacing::BetweenUnitsAndDesignators);
        formatter.write_str(&printer.span_to_string(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_longer_are_counted_back_by_the_calendar() {
        let today = Date::constant(2026, 3, 31);
        for (text, expected) in [
            ("1d", "2026-03-30"),
            ("14 days", "2026-03-17"),
            ("2w", "2026-03-17"),
            ("1mo", "2026-02-28"),
            ("13 months", "2025-02-28"),
            ("1y 6mo", "2024-09-30"),
        ] {
            let retention: Retention = text.parse().expect(text);
            let cutoff = retention.cutoff(today).to_string();
            assert_eq!(cutoff, expected, "{text}");
        }
    }

    #[test]
    fn it_is_told_in_words() {
        for (text, expected) in [("14d", "14 days"), ("13mo", "13 months"), ("1y", "1 year")] {
            let retention: Retention = text.parse().expect(text);
            assert_eq!(retention.to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_such_time_is_refused() {
        for text in [
            "",
            "14",
            "0d",
            "-3d",
            "3 days ago",
            "36h",
            "1d 12h",
            "30s",
            "soon",
        ] {
            assert!(text.parse::<Retention>().is_err(), "{text:?}");
        }
    }
}
