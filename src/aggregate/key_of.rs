//! From key columns as they are published back to the keys of cells.

use super::{
    Table,
    key::{self, DEPTHS, DURATIONS, Key, SAME, UNKNOWN, WEEKDAY},
};
use crate::{
    privacy::{Browser, Campaign, Category, Channel, Crawler, Device, Lexicon, Region, System},
    time::PeriodLength,
};

/// The key of the cell that has these key columns, in a lexicon that has their strings; `None` if there is
/// no such cell. What [`columns`](super::columns) makes of it are the same columns.
pub(crate) fn key_of(
    table: Table,
    columns: &[&str],
    lexicon: &Lexicon,
    length: PeriodLength,
) -> Option<Key> {
    let page = |page: &str| lexicon.page_number(page);
    Some(match (table, columns) {
        (Table::Summary, []) => key::ONLY,
        (Table::Traffic, [hour]) if length == PeriodLength::Day => below(hour, 24)?,
        (Table::Traffic, [weekday, hour]) => below(weekday, 8)? * WEEKDAY + below(hour, 24)?,
        (Table::Pages, [name]) => key::number(page(name)?),
        (Table::Transitions, [from, to]) => {
            let from = page(from)?;
            key::transition(from, if *to == SAME { from } else { page(to)? })
        }
        (Table::Referrers, [channel, name]) => {
            key::number(lexicon.source_number(name, Channel::named(channel)?)?)
        }
        (Table::Campaigns, [source, medium, campaign]) => {
            key::number(lexicon.campaign_number(&campaign_of(source, medium, campaign))?)
        }
        (Table::Regions, [country, region]) => key::region(region_of(country, region)),
        (Table::Browsers, [name]) => Browser::named(name)?.number().into(),
        (Table::Systems, [name]) => System::named(name)?.number().into(),
        (Table::Devices, [name]) => Device::named(name)?.number().into(),
        (Table::Durations, [from, _]) => position(&DURATIONS, |edge| edge.to_string() == **from)?,
        (Table::Depths, [from, _]) => position(&DEPTHS, |(edge, _)| edge.to_string() == **from)?,
        (Table::Statuses, [status]) => key::status(status_of(status)?),
        (Table::Errors, [status, name]) => key::error(status_of(status)?, page(name)?),
        (Table::Goals, [name]) => goal_of(name, lexicon)?,
        (Table::GoalRegions, [name, country]) => {
            let goal = u32::try_from(goal_of(name, lexicon)?).ok()?;
            key::goal_region(goal, region_of(country, UNKNOWN))
        }
        (Table::Crawlers, [category, name]) => crawler_of(category, name)?,
        (Table::Hosts, [name]) => position(lexicon.hosts(), |host| host == name)?,
        _ => return None,
    })
}

/// The campaign of these key columns.
pub(crate) fn campaign_of(source: &str, medium: &str, campaign: &str) -> Campaign {
    let known = |tag: &str| (tag != UNKNOWN).then(|| tag.to_owned());
    Campaign {
        source: source.to_owned(),
        medium: known(medium),
        campaign: known(campaign),
    }
}

fn region_of(country: &str, region: &str) -> Region {
    let subdivision = region.split_once('-').map_or("", |(_, code)| code);
    Region::new(country, subdivision)
}

fn crawler_of(category: &str, name: &str) -> Option<Key> {
    let category = Category::ALL.into_iter().find(|it| it.name() == category)?;
    let crawler = match (category, name) {
        (Category::Automated, UNKNOWN) => None,
        _ => Some(Crawler::named(name)?),
    };
    Some(key::crawler(category, crawler))
}

fn status_of(status: &str) -> Option<u16> {
    if status == key::INVALID {
        return Some(0);
    }
    status.parse().ok().filter(|status| *status > 0)
}

fn goal_of(name: &str, lexicon: &Lexicon) -> Option<Key> {
    position(lexicon.goals(), |goal| goal == name)
}

fn below(text: &str, end: Key) -> Option<Key> {
    text.parse().ok().filter(|number| *number < end)
}

fn position<T>(members: &[T], is: impl Fn(&T) -> bool) -> Option<Key> {
    members.iter().position(is).map(|position| position as Key)
}
