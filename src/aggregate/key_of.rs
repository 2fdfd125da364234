//! From key columns as they are published back to the keys of cells.

use super::{
    Table,
    key::{self, DEPTHS, DURATIONS, Key, SAME, UNKNOWN, WEEKDAY},
};
use crate::{
    privacy::{
        Browser, Campaign, Category, Channel, Crawler, Device, Lexicon, Probe, Region, System,
    },
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
        (Table::Traffic | Table::ProbeHours, [hour]) if length == PeriodLength::Day => {
            below(hour, 24)?
        }
        (Table::Traffic | Table::ProbeHours, [weekday, hour]) => {
            below(weekday, 8)? * WEEKDAY + below(hour, 24)?
        }
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
        (Table::Regions | Table::ProbeRegions, [country, region]) => {
            key::region(region_of(country, region))
        }
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
        (Table::Probes, [name]) => key::probe(Probe::named(name)?),
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
    if (category, name) == (Category::Automated.name(), UNKNOWN) {
        return Some(key::crawler(Category::Automated, None));
    }
    let crawler = Crawler::of(category, name)?;
    Some(key::crawler(crawler.category(), Some(crawler)))
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

#[cfg(test)]
mod tests {
    use super::{super::columns, *};
    use crate::{
        privacy::{Collected, Policy, Reentry},
        time::{Calendar, TimeZone},
    };

    /// A lexicon of some strings.
    fn lexicon() -> Lexicon {
        let policy = Policy::example(&["shop.example"], &["cart=/cart*", "blog=/blog/*"]);
        let calendar = Calendar::new(TimeZone::UTC, PeriodLength::Day);
        let mut taken = Reentry::new(&policy, &calendar, [1, 2, 3, 4]);
        for page in ["/b", "/a", "(opaque)", "/ä"] {
            taken.page(page);
        }
        for (name, channel) in [
            ("x.example", "referral"),
            ("(none)", "direct"),
            ("x.example", "campaign"),
        ] {
            assert!(taken.source(name, channel).is_some(), "{channel}");
        }
        for (medium, campaign) in [
            (UNKNOWN, UNKNOWN),
            ("mail", UNKNOWN),
            (UNKNOWN, "june"),
            ("mail", "june"),
        ] {
            taken.campaign(campaign_of("news", medium, campaign));
        }
        Collected::join(vec![taken.finish()], &policy).lexicon
    }

    /// Keys of all kinds that a table may have.
    fn keys(table: Table, length: PeriodLength) -> Vec<Key> {
        let crawlers = || (0..=Crawler::UNKNOWN.number()).map(Crawler::from_number);
        match table {
            Table::Summary => vec![key::ONLY],
            Table::Traffic | Table::ProbeHours if length == PeriodLength::Day => (0..24).collect(),
            Table::Traffic | Table::ProbeHours => (1..8)
                .flat_map(|day| (0..24).map(move |hour| day * WEEKDAY + hour))
                .collect(),
            Table::Pages => (0..4).collect(),
            Table::Transitions => (0..16)
                .map(|pair| key::transition(pair / 4, pair % 4))
                .collect(),
            Table::Referrers => (0..3).collect(),
            Table::Campaigns => (0..4).collect(),
            Table::Regions | Table::ProbeRegions => {
                [("", ""), ("SE", ""), ("SE", "AB"), ("GB", "ENG")]
                    .map(|(country, code)| key::region(Region::new(country, code)))
                    .to_vec()
            }
            Table::Browsers => Browser::all().map(|it| it.number().into()).collect(),
            Table::Systems => System::all().map(|it| it.number().into()).collect(),
            Table::Devices => Device::all().map(|it| it.number().into()).collect(),
            Table::Durations => (0..DURATIONS.len() as Key).collect(),
            Table::Depths => (0..DEPTHS.len() as Key).collect(),
            Table::Statuses => vec![0, 200, 404, 599],
            Table::Errors => vec![key::error(0, 1), key::error(404, 3)],
            Table::Goals => vec![0, 1],
            Table::GoalRegions => vec![
                key::goal_region(0, Region::default()),
                key::goal_region(1, Region::new("FR", "IDF")),
            ],
            Table::Crawlers => crawlers()
                .map(|crawler| key::crawler(crawler.category(), Some(crawler)))
                .chain([key::crawler(Category::Automated, None)])
                .collect(),
            Table::Hosts => vec![0, 1],
            Table::Probes => Probe::ALL.map(key::probe).to_vec(),
        }
    }

    #[test]
    fn every_key_is_found_by_its_columns() {
        let lexicon = lexicon();
        for length in [PeriodLength::Day, PeriodLength::Week] {
            for table in Table::ALL {
                for key in keys(table, length) {
                    let columns = columns(table, key, &lexicon, length);
                    let columns: Vec<&str> = columns.iter().map(|it| &**it).collect();
                    let found = key_of(table, &columns, &lexicon, length);
                    assert_eq!(found, Some(key), "{} {columns:?}", table.name());
                }
            }
        }
    }

    #[test]
    fn what_is_no_cell_has_no_key() {
        let lexicon = lexicon();
        for (table, columns) in [
            (Table::Pages, &["/unknown"][..]),
            (Table::Pages, &[]),
            (Table::Pages, &["/a", "/b"]),
            (Table::Traffic, &["24"]),
            (Table::Traffic, &["-1"]),
            (Table::Referrers, &["referral", "(none)"]),
            (Table::Referrers, &["no channel", "x.example"]),
            (Table::Browsers, &["Mosaic"]),
            (Table::Statuses, &["0"]),
            (Table::Errors, &["404", "/unknown"]),
            (Table::Goals, &["shop"]),
            (Table::Crawlers, &["seo", "no crawler"]),
            (Table::Hosts, &["other.example"]),
            (Table::Durations, &["11", "20"]),
        ] {
            let found = key_of(table, columns, &lexicon, PeriodLength::Day);
            assert_eq!(found, None, "{} {columns:?}", table.name());
        }
    }
}
