//! Which keys a table can have, where that is known before any log is read.

use std::collections::BTreeSet;

use super::super::{
    Table,
    key::{self, Key},
};
use crate::{
    privacy::{Browser, Category, Crawler, Device, Lexicon, Region, System},
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
            Table::Regions | Table::Statuses | Table::GoalRegions | Table::Crawlers => Self::Large,
            Table::Summary
            | Table::Traffic
            | Table::Browsers
            | Table::Systems
            | Table::Devices
            | Table::Durations
            | Table::Depths
            | Table::Goals
            | Table::Hosts => Self::Small,
        }
    }
}

/// Whether the settings give a table anything to count: goals and hosts have to be named.
#[must_use]
pub fn is_in_force(table: Table, lexicon: &Lexicon) -> bool {
    match table {
        Table::Goals | Table::GoalRegions => !lexicon.goals().is_empty(),
        // One of them is `(other host)`.
        Table::Hosts => lexicon.hosts().len() > 1,
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
        Table::Traffic => {
            let keys: BTreeSet<Key> = (0..hours.count()).map(|it| key::hour(hours, it)).collect();
            keys.into_iter().collect()
        }
        Table::Regions => countries().collect(),
        Table::Browsers => numbers(usize::from(Browser::UNKNOWN.number()) + 1),
        Table::Systems => numbers(usize::from(System::UNKNOWN.number()) + 1),
        Table::Devices => numbers(usize::from(Device::UNKNOWN.number()) + 1),
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
        Table::Pages
        | Table::Transitions
        | Table::Referrers
        | Table::Campaigns
        | Table::Errors => Vec::new(),
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
        Table::Regions => key::region(Region::from_key(key).without_subdivision()),
        _ => key,
    }
}
