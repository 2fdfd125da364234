//! Which periods are shown together.

use jiff::ToSpan;

use crate::time::{Date, Period, PeriodLength};

/// A run of the calendar that ends with the latest period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first day.
    pub first: Date,
    /// The day after its last one.
    pub end: Date,
    /// How many periods it is long, released or not.
    pub length: usize,
}

/// Released periods that are added up for a longer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// ISO weeks.
    Week,
    /// Calendar months.
    Month,
}

impl Span {
    /// The spans worth showing of released periods, earliest period first: the latest period alone, then
    /// longer ones as far as there is anything in them that shorter ones do not have, at last all of it.
    #[must_use]
    pub fn of(periods: &[Period]) -> Vec<Self> {
        let (Some(first), Some(last)) = (periods.first(), periods.last()) else {
            return Vec::new();
        };
        let usual: &[usize] = match last.length {
            PeriodLength::Day => &[1, 7, 28],
            PeriodLength::Week => &[1, 4, 13],
            PeriodLength::Month => &[1, 3, 12],
        };
        let mut spans = Vec::new();
        for length in usual {
            let start = before(last.end(), last.length, *length);
            if *length == 1 || start > first.start {
                spans.push(Self {
                    first: start,
                    end: last.end(),
                    length: *length,
                });
            }
        }
        if periods.len() > 1 {
            spans.push(Self {
                first: first.start,
                end: last.end(),
                length: count(*first, *last),
            });
        }
        spans
    }

    /// Whether a period is in it.
    #[must_use]
    pub fn contains(&self, period: Period) -> bool {
        self.first <= period.start && period.start < self.end
    }

    /// The span of the same length before it.
    #[must_use]
    pub fn previous(&self, length: PeriodLength) -> Self {
        Self {
            first: before(self.first, length, self.length),
            end: self.first,
            length: self.length,
        }
    }
}

impl Group {
    /// The first day of the group that a day is in.
    #[must_use]
    pub fn first_day(self, day: Date) -> Date {
        match self {
            Self::Week => {
                day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days())
            }
            Self::Month => day.first_of_month(),
        }
    }
}

/// How many periods from the first to the last one, both included.
fn count(first: Period, last: Period) -> usize {
    let mut count = 1;
    let mut period = first;
    while period.start < last.start {
        period.start = period.end();
        count += 1;
    }
    count
}

/// The first day of the period that is so many before that day.
fn before(day: Date, length: PeriodLength, count: usize) -> Date {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    day.saturating_sub(match length {
        PeriodLength::Day => count.days(),
        PeriodLength::Week => count.saturating_mul(7).days(),
        PeriodLength::Month => count.months(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(length: PeriodLength, first: &str, last: &str, expected: &[&str]) {
        let period = |date: &str| Period {
            start: date.parse().unwrap(),
            length,
        };
        let mut periods = vec![period(first)];
        if first != last {
            periods.push(period(last));
        }
        let spans = Span::of(&periods);
        let shown: Vec<String> = spans
            .iter()
            .map(|it| format!("{} {}", it.first, it.length))
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn spans_grow_as_far_as_there_are_periods() {
        use PeriodLength::{Day, Month, Week};
        check(Day, "2026-11-21", "2026-11-21", &["2026-11-21 1"]);
        check(
            Day,
            "2026-11-15",
            "2026-11-21",
            &["2026-11-21 1", "2026-11-15 7"],
        );
        check(
            Day,
            "2026-11-14",
            "2026-11-21",
            &["2026-11-21 1", "2026-11-15 7", "2026-11-14 8"],
        );
        check(
            Day,
            "2025-11-22",
            "2026-11-21",
            &[
                "2026-11-21 1",
                "2026-11-15 7",
                "2026-10-25 28",
                "2025-11-22 365",
            ],
        );
        check(
            Week,
            "2026-10-19",
            "2026-11-16",
            &["2026-11-16 1", "2026-10-26 4", "2026-10-19 5"],
        );
        check(
            Month,
            "2026-01-01",
            "2026-11-01",
            &["2026-11-01 1", "2026-09-01 3", "2026-01-01 11"],
        );
    }

    #[test]
    fn the_previous_span_ends_where_a_span_begins() {
        let span = Span {
            first: "2026-11-15".parse().unwrap(),
            end: "2026-11-22".parse().unwrap(),
            length: 7,
        };
        let previous = span.previous(PeriodLength::Day);
        assert_eq!(previous.first.to_string(), "2026-11-08");
        assert_eq!(previous.end, span.first);
    }

    #[test]
    fn days_are_in_the_week_of_their_monday_and_in_their_month() {
        let day = "2026-11-22".parse().unwrap();
        assert_eq!(Group::Week.first_day(day).to_string(), "2026-11-16");
        assert_eq!(Group::Month.first_day(day).to_string(), "2026-11-01");
    }
}
