//! Numbers, spans of time and dates as people read them.

use crate::time::{Date, Period, PeriodLength};

/// A whole number with its thousands apart.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.char_indices() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Tenths as a decimal number.
pub(super) fn tenths(tenths: u64) -> String {
    format!("{}.{}", grouped(tenths / 10), tenths % 10)
}

/// A part of a whole in tenths of a percent, rounded; nothing of nothing.
pub(super) fn permille(part: u64, whole: u64) -> Option<u64> {
    let rounded = (u128::from(part) * 2000 + u128::from(whole)) / (u128::from(whole) * 2).max(1);
    (whole > 0).then(|| u64::try_from(rounded).unwrap_or(u64::MAX))
}

/// A mean, rounded to whole units.
pub(super) fn mean(sum: u64, count: u64) -> Option<u64> {
    Some(sum.checked_add(count / 2)? / Some(count).filter(|count| *count > 0)?)
}

/// Seconds as hours, minutes and seconds, the two largest of them.
pub(super) fn span(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} m {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} m"),
    }
}

/// Bytes in the unit that leaves one to three digits before the point.
pub(super) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut size = bytes;
    let mut unit = 0;
    while size >= 1_000_000 && unit + 1 < UNITS.len() {
        size /= 1000;
        unit += 1;
    }
    format!("{} {}", tenths(size / 100), UNITS[unit])
}

/// By how much a number has changed, in percent of what it was.
pub(super) fn change(now: u64, before: u64) -> Option<String> {
    let changed = permille(now.abs_diff(before), before)?;
    let sign = match (changed, now >= before) {
        (0, _) => "±",
        (_, true) => "+",
        (_, false) => "−",
    };
    Some(format!("{sign}{} %", tenths(changed)))
}

/// A day.
pub(super) fn day(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

/// A day within little space.
pub(super) fn short_day(date: Date) -> String {
    date.strftime("%-d %b").to_string()
}

/// A period by its name.
pub(super) fn period(period: Period) -> String {
    match period.length {
        PeriodLength::Day => period.start.strftime("%A, %-d %B %Y").to_string(),
        PeriodLength::Week => format!("Week of {}", day(period.start)),
        PeriodLength::Month => period.start.strftime("%B %Y").to_string(),
    }
}

/// From the first to the last day.
pub(super) fn days(first: Date, last: Date) -> String {
    let from = if first == last {
        return day(last);
    } else if first.year() != last.year() {
        day(first)
    } else if first.month() != last.month() {
        first.strftime("%-d %B").to_string()
    } else {
        first.day().to_string()
    };
    format!("{from} – {}", day(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(grouped(number), expected);
        }
    }

    #[test]
    fn parts_and_means_are_rounded_and_nothing_is_divided_by_nothing() {
        assert_eq!(permille(1, 3), Some(333));
        assert_eq!(permille(2, 3), Some(667));
        assert_eq!(permille(u64::MAX, u64::MAX), Some(1000));
        assert_eq!(permille(1, 0), None);
        assert_eq!(mean(7, 2), Some(4));
        assert_eq!(mean(7, 0), None);
        assert_eq!(mean(u64::MAX, 2), None);
    }

    #[test]
    fn seconds_and_bytes_are_in_readable_units() {
        for (seconds, expected) in [
            (0, "0 s"),
            (59, "59 s"),
            (137, "2 m 17 s"),
            (7384, "2 h 3 m"),
        ] {
            assert_eq!(span(seconds), expected);
        }
        for (size, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (922_325_086, "922.3 MB"),
            (999_999, "999.9 kB"),
            (u64::MAX, "18,446.7 PB"),
        ] {
            assert_eq!(bytes(size), expected);
        }
    }

    #[test]
    fn changes_have_a_sign() {
        assert_eq!(change(110, 100).as_deref(), Some("+10.0 %"));
        assert_eq!(change(90, 100).as_deref(), Some("−10.0 %"));
        assert_eq!(change(100, 100).as_deref(), Some("±0.0 %"));
        assert_eq!(change(5, 0), None);
    }

    #[test]
    fn days_say_what_they_do_not_share() {
        for (first, last, expected) in [
            ("2026-11-21", "2026-11-21", "21 November 2026"),
            ("2026-11-15", "2026-11-21", "15 – 21 November 2026"),
            ("2026-10-15", "2026-11-21", "15 October – 21 November 2026"),
            (
                "2025-11-15",
                "2026-11-21",
                "15 November 2025 – 21 November 2026",
            ),
        ] {
            assert_eq!(
                days(first.parse().unwrap(), last.parse().unwrap()),
                expected
            );
        }
    }
}
