//! Which keys a table can have, where that is known before any log is read.

use std::collections::BTreeSet;

use super::super::{
    Table,
    key::{self, Key},
};
use crate::{
    privacy::{Browser, Category, Crawler, Device, Lexicon, Probe, Region, System},
    time::Hours,
};

/// What is known of a table's keys without the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain {
    /// All of them, and they are few.
    Small,
    /// All of them, most of which no request has.
    Large,
    /// Nothing: the log's own strings are keys.
    Open,
}

impl Domain {
    /// What is known of a table's keys.
    #[must_use]
    pub const fn of(table: Table) -> Self {
        match table {
            Table::Pages
            | Table::Transitions
            | Table::Referrers
            | Table::Campaigns
            | Table::Errors => Self::Open,
            Table::Regions
            | Table::Browsers
            | Table::Systems
            | Table::Statuses
            | Table::GoalRegions
            | Table::Crawlers
            | Table::ProbeRegions => Self::Large,
            Table::Summary
            | Table::Traffic
            | Table::Devices
            | Table::Durations
            | Table::Depths
            | Table::Goals
            | Table::Hosts
            | Table::Probes
            | Table::ProbeHours => Self::Small,
        }
    }
}

/// Whether a table has anything to count: goals and hosts have to be named. Probes are left out, as nearly all
/// of them are of a few addresses: bounded to what one of these may count they would be lost in noise, and
/// the other tables would have less of the budget.
#[must_use]
pub fn is_in_force(table: Table, lexicon: &Lexicon) -> bool {
    match table {
        Table::Goals | Table::GoalRegions => !lexicon.goals().is_empty(),
        // One of them is `(other host)`.
        Table::Hosts => lexicon.hosts().len() > 1,
        Table::Probes | Table::ProbeHours | Table::ProbeRegions => false,
        _ => true,
    }
}

/// The keys of a table that are known in advance, in order; none of an open table.
#[must_use]
pub fn known_keys(table: Table, hours: &Hours, lexicon: &Lexicon) -> Vec<Key> {
    let numbers = |count: usize| (0..count as Key).collect();
    let countries = || Region::countries().map(key::region);
    match table {
        Table::Summary => vec![key::ONLY],
        Table::Traffic | Table::ProbeHours => {
            let keys: BTreeSet<Key> = (0..hours.count()).map(|it| key::hour(hours, it)).collect();
            keys.into_iter().collect()
        }
        Table::Regions | Table::ProbeRegions => countries().collect(),
        Table::Browsers => Browser::all().map(|it| it.number().into()).collect(),
        Table::Systems => System::all().map(|it| it.number().into()).collect(),
        Table::Devices => Device::all().map(|it| it.number().into()).collect(),
        Table::Durations => numbers(key::DURATIONS.len()),
        Table::Depths => numbers(key::DEPTHS.len()),
        Table::Statuses => [0].into_iter().chain(100..600).map(key::status).collect(),
        Table::Goals => numbers(lexicon.goals().len()),
        Table::GoalRegions => {
            let goals = (0..).take(lexicon.goals().len());
            let of = |goal| Region::countries().map(move |it| key::goal_region(goal, it));
            goals.flat_map(of).collect()
        }
        Table::Crawlers => crawlers(),
        Table::Hosts => numbers(lexicon.hosts().len()),
        Table::Probes => Probe::ALL.map(key::probe).to_vec(),
        Table::Pages | Table::Transitions | Table::Referrers | Table::Campaigns | Table::Errors => {
            Vec::new()
        }
    }
}

fn crawlers() -> Vec<Key> {
    let listed = (0..=Crawler::UNKNOWN.number()).map(Crawler::from_number);
    let listed = listed.map(|crawler| key::crawler(crawler.category(), Some(crawler)));
    let automated = key::crawler(Category::Automated, None);
    listed.chain([automated]).collect()
}

/// The key that a cell has in bounded tables: regions are given by country alone, as a list of their
/// parts that is known in advance would be mostly noise.
pub(super) fn bounded_key(table: Table, key: Key) -> Key {
    match table {
        Table::Regions | Table::ProbeRegions => {
            key::region(Region::from_key(key).without_subdivision())
        }
        _ => key,
    }
}

#[cfg(test)]
mod tests {
    use jiff::{civil::date, tz::TimeZone};

    use super::*;
    use crate::{
        aggregate::Microdata,
        privacy::{Collected, Policy},
        time::{Calendar, PeriodLength},
    };

    #[test]
    fn known_keys_stand_once_and_have_names_of_their_own() {
        let policy = Policy::example(&["a.example"], &["buy=/thanks", "ask=/contact"]);
        let lexicon = Collected::join(Vec::new(), &policy).lexicon;
        for length in [PeriodLength::Day, PeriodLength::Week] {
            let calendar = Calendar::new(TimeZone::UTC, length);
            let hours = Hours::new(&calendar, calendar.period(date(2026, 11, 16)));
            for table in Table::ALL {
                let is_left_out = Microdata::PROBE_TABLES.contains(&table);
                assert_eq!(is_in_force(table, &lexicon), !is_left_out);
                let keys = known_keys(table, &hours, &lexicon);
                assert_eq!(keys.is_empty(), Domain::of(table) == Domain::Open);
                let name = |key: &Key| key::columns(table, *key, &lexicon, length);
                let names: BTreeSet<_> = keys.iter().map(name).collect();
                assert_eq!(names.len(), keys.len(), "{table:?}");
            }
            let traffic = known_keys(Table::Traffic, &hours, &lexicon).len();
            assert_eq!(traffic, if length == PeriodLength::Day { 24 } else { 168 });
        }
    }

    #[test]
    fn goals_and_hosts_are_in_force_where_they_are_named() {
        let lexicon = Collected::join(Vec::new(), &Policy::example(&[], &[])).lexicon;
        let tables = Table::ALL
            .into_iter()
            .filter(|it| !is_in_force(*it, &lexicon));
        let mut expected = vec![Table::Goals, Table::GoalRegions, Table::Hosts];
        expected.extend(Microdata::PROBE_TABLES);
        assert_eq!(tables.collect::<Vec<_>>(), expected);
    }
}
