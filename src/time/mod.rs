//! Instants, the date syntaxes of logs, and the site's calendar of days and release periods.

mod calendar;
mod clock;
mod component;
mod hours;
mod moment;
mod retention;
mod rewrite;
mod syntax;

pub use calendar::{Calendar, Day, Period, PeriodLength};
pub(crate) use clock::Clock;
pub(crate) use component::{Fields, Provides};
pub use hours::{CivilHour, Hours};
pub use jiff::{civil::Date, tz::TimeZone};
pub(crate) use moment::{date, time_of_day};
pub use retention::Retention;
pub use rewrite::Precision;
pub(crate) use syntax::{Pattern, UnknownConversion};

/// An instant in microseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Microseconds in a second.
    pub const MICROSECONDS: i64 = 1_000_000;

    /// Microseconds in a minute.
    pub const MINUTE: i64 = 60 * Self::MICROSECONDS;

    /// The whole seconds since the epoch, rounded towards the past.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(Self::MICROSECONDS)
    }
}
