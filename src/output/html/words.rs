//! What tables, columns and keys are called on the page.

use super::number::grouped;
use crate::aggregate::{Measure, Table};

/// The heading of a column of figures; people of several days are not told apart.
pub(super) const fn measure(measure: Measure, several_days: bool) -> &'static str {
    match measure {
        Measure::Bounces => "Bounces",
        Measure::Bytes => "Bytes",
        Measure::Completions => "Completions",
        Measure::DwellCount => "Continued",
        Measure::DwellMedian => "Median, s",
        Measure::DwellP90 => "90 % under, s",
        Measure::DwellSeconds => "Seconds",
        Measure::Entries => "Entries",
        Measure::Exits => "Exits",
        Measure::Pageviews => "Pageviews",
        Measure::PeakConcurrentVisits => "Most at a time",
        Measure::Requests => "Requests",
        Measure::Transitions => "Times",
        Measure::VisitSeconds => "Seconds",
        Measure::VisitSecondsMedian => "Median, s",
        Measure::VisitSecondsP90 => "90 % under, s",
        Measure::Visitors if several_days => "Visitor-days",
        Measure::Visitors => "Visitors",
        Measure::Visits => "Visits",
    }
}

/// The heading of a column of keys.
pub(super) fn key(name: &'static str) -> &'static str {
    match name {
        "browser" => "Browser",
        "campaign" => "Campaign",
        "category" => "Kind",
        "channel" => "Channel",
        "country" => "Country",
        "crawler" => "Crawler",
        "device" => "Device",
        "duration_from" | "duration_to" => "Duration",
        "from_page" => "From",
        "goal" => "Goal",
        "host" => "Host",
        "hour" => "Hour",
        "medium" => "Medium",
        "page" => "Page",
        "pageviews_from" | "pageviews_to" => "Pageviews",
        "probe" => "Looking for",
        "referrer" => "Referrer",
        "region" => "Region",
        "source" => "Source",
        "status" => "Status",
        "system" => "System",
        "to_page" => "To",
        "weekday" => "Weekday",
        other => other,
    }
}

/// A bin of durations or depths in words; nothing for other tables.
pub(super) fn bin(table: Table, keys: &[String]) -> Option<String> {
    let (Ok(from), to) = (keys.first()?.parse(), keys.get(1)?.parse::<u64>()) else {
        return None;
    };
    match (table, to) {
        (Table::Durations, Ok(to)) if from < 60 && to <= 60 => Some(format!("{from} – {to} s")),
        (Table::Durations, Ok(to)) => Some(format!("{} – {} min", from / 60, to / 60)),
        (Table::Durations, Err(_)) => Some(format!("{} min or longer", from / 60)),
        (Table::Depths, Ok(to)) if to == from => Some(grouped(from)),
        (Table::Depths, Ok(to)) => Some(format!("{from} – {to}")),
        (Table::Depths, Err(_)) => Some(format!("{from} or more")),
        _ => None,
    }
}

/// A weekday by its number, 1 being Monday.
pub(super) fn weekday(number: &str) -> &'static str {
    match number {
        "1" => "Mon",
        "2" => "Tue",
        "3" => "Wed",
        "4" => "Thu",
        "5" => "Fri",
        "6" => "Sat",
        "7" => "Sun",
        _ => "",
    }
}

/// What a status says.
pub(super) fn status(code: &str) -> &'static str {
    match code {
        "200" => "OK",
        "201" => "Created",
        "204" => "No content",
        "206" => "Partial content",
        "301" => "Moved permanently",
        "302" => "Found elsewhere",
        "303" => "See other",
        "304" => "Not modified",
        "307" => "Temporary redirect",
        "308" => "Permanent redirect",
        "400" => "Bad request",
        "401" => "Unauthorised",
        "403" => "Forbidden",
        "404" => "Not found",
        "405" => "Method not allowed",
        "410" => "Gone",
        "429" => "Too many requests",
        "499" => "Client closed request",
        "500" => "Internal error",
        "502" => "Bad gateway",
        "503" => "Unavailable",
        "504" => "Gateway timeout",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_told_in_words() {
        for (table, from, to, expected) in [
            (Table::Durations, "0", "10", Some("0 – 10 s")),
            (Table::Durations, "30", "60", Some("30 – 60 s")),
            (Table::Durations, "60", "180", Some("1 – 3 min")),
            (Table::Durations, "600", "1800", Some("10 – 30 min")),
            (Table::Durations, "1800", "", Some("30 min or longer")),
            (Table::Depths, "1", "1", Some("1")),
            (Table::Depths, "4", "5", Some("4 – 5")),
            (Table::Depths, "21", "", Some("21 or more")),
            (Table::Depths, "(other)", "(other)", None),
            (Table::Regions, "1", "2", None),
        ] {
            let keys = [from, to].map(str::to_owned);
            assert_eq!(bin(table, &keys).as_deref(), expected);
        }
    }
}
