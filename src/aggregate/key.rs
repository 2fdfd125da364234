//! The keys of cells: key columns packed into a number while counting, and unpacked to be published.

use std::borrow::Cow;

use super::Table;
use crate::{
    privacy::{
        Agent, Browser, Category, Crawler, Device, Lexicon, Probe, Region, System, UNNAMED,
        unnamed_sources,
    },
    time::{Hours, PeriodLength},
};

/// The key of a cell within its table and run.
pub type Key = u64;

/// The key of a table's only cell.
pub(super) const ONLY: Key = 0;

/// What stands for something not known.
pub(crate) const UNKNOWN: &str = "(unknown)";

/// What stands for the same page again in a transition.
pub(crate) const SAME: &str = "(same)";

/// What stands for a status that is none.
pub(super) const INVALID: &str = "(invalid)";

/// Stands for the same page again in the key of a transition.
const SAME_PAGE: u32 = u32::MAX;

/// Stands for a crawler without a name.
const NAMELESS: u64 = u16::MAX as u64;

/// Lower bits of a region's number, which are its subdivision's.
const SUBDIVISION_BITS: u32 = 24;

/// Lower edges of the bins of visit durations, in seconds; the last bin is open.
pub(crate) const DURATIONS: [u64; 7] = [0, 10, 30, 60, 180, 600, 1800];

/// First and last number of pageviews of the bins of visit depth; the last bin is open.
pub(super) const DEPTHS: [(u32, Option<u32>); 7] = [
    (1, Some(1)),
    (2, Some(2)),
    (3, Some(3)),
    (4, Some(5)),
    (6, Some(10)),
    (11, Some(20)),
    (21, None),
];

/// A dictionary number by itself.
pub(super) fn number(number: u32) -> Key {
    Key::from(number)
}

/// The hour of a day, or weekday and hour of a longer period.
pub(crate) fn hour(hours: &Hours, number: usize) -> Key {
    let hour = hours.hour(number);
    match hours.length() {
        PeriodLength::Day => Key::from(hour.hour),
        PeriodLength::Week | PeriodLength::Month => {
            Key::from(hour.weekday()) * WEEKDAY + Key::from(hour.hour)
        }
    }
}

pub(super) const WEEKDAY: Key = 100;

/// A page and the next one.
pub(super) fn transition(from: u32, to: u32) -> Key {
    pair(from, if from == to { SAME_PAGE } else { to })
}

/// What cells share that are rolled up among themselves: the page that transitions leave; nothing in
/// other tables.
pub(super) const fn parent(table: Table, key: Key) -> Key {
    match table {
        Table::Transitions => from_page(key),
        _ => 0,
    }
}

/// The page that a transition leaves.
pub(crate) const fn from_page(key: Key) -> Key {
    key >> 32
}

/// The page that a transition reaches, if it is another one.
pub(crate) const fn to_page(key: Key) -> Option<Key> {
    let page = key & 0xffff_ffff;
    if page == SAME_PAGE as Key {
        None
    } else {
        Some(page)
    }
}

/// The cell that a cell is surveyed in: cells of pages without a name that no release can tell apart are one, and
/// so are referrers without a name of one channel.
pub(crate) const fn together(table: Table, key: Key) -> Key {
    match table {
        Table::Pages => page_together(key),
        Table::Referrers if is_nameless(table, key) => unnamed_sources(key as u32) as Key,
        Table::Errors => error_status(key) << 32 | page_together(error_page(key)),
        Table::Transitions => {
            let to = key & 0xffff_ffff;
            let same = to == SAME_PAGE as Key;
            page_together(from_page(key)) << 32 | if same { to } else { page_together(to) }
        }
        _ => key,
    }
}

/// Whether a cell is one of several that are surveyed together, so that it has no name.
pub(crate) const fn is_nameless(table: Table, key: Key) -> bool {
    match table {
        Table::Pages | Table::Referrers => key >= UNNAMED as Key && key <= u32::MAX as Key,
        Table::Errors => error_page(key) >= UNNAMED as Key,
        Table::Transitions => {
            let to = key & 0xffff_ffff;
            from_page(key) >= UNNAMED as Key || (to >= UNNAMED as Key && to != SAME_PAGE as Key)
        }
        _ => false,
    }
}

const fn page_together(page: Key) -> Key {
    if page < UNNAMED as Key {
        page
    } else {
        UNNAMED as Key
    }
}

pub(super) fn status(status: u16) -> Key {
    Key::from(status)
}

/// An error status and the page asked for.
pub(super) fn error(status: u16, page: u32) -> Key {
    pair(u32::from(status), page)
}

/// The page of an error.
pub(crate) const fn error_page(key: Key) -> Key {
    key & 0xffff_ffff
}

/// The status of an error.
pub(crate) const fn error_status(key: Key) -> Key {
    key >> 32
}

pub(super) fn region(region: Region) -> Key {
    region.key()
}

pub(super) fn goal_region(goal: u32, region: Region) -> Key {
    Key::from(goal) << 48 | region.without_subdivision().key()
}

/// The goal of a goal's region.
pub(crate) const fn goal(key: Key) -> Key {
    key >> 48
}

pub(super) fn probe(probe: Probe) -> Key {
    Key::from(probe.number())
}

pub(super) fn host(host: u16) -> Key {
    Key::from(host)
}

pub(super) fn crawler(category: Category, crawler: Option<Crawler>) -> Key {
    (category as Key) << 16 | crawler.map_or(NAMELESS, |crawler| Key::from(crawler.number()))
}

/// The category of a crawler's row.
pub(crate) fn category(key: Key) -> Category {
    Category::ALL[(key >> 16) as usize]
}

pub(super) fn browser(agent: Agent) -> Key {
    Key::from(agent.browser.number())
}

pub(super) fn system(agent: Agent) -> Key {
    Key::from(agent.system.number())
}

pub(super) fn device(agent: Agent) -> Key {
    Key::from(agent.device.number())
}

/// The bin of a visit's seconds.
pub(super) fn duration(seconds: u64) -> Key {
    DURATIONS.partition_point(|&edge| edge <= seconds) as Key - 1
}

/// The bin of a visit's pageviews.
pub(super) fn depth(pageviews: u32) -> Key {
    DEPTHS.partition_point(|&(from, _)| from <= pageviews) as Key - 1
}

fn pair(first: u32, second: u32) -> Key {
    Key::from(first) << 32 | Key::from(second)
}

/// The numbers that a key is packed of where its table is large or has a hierarchy by them; other keys
/// as they are.
pub(crate) const fn unpacked(table: Table, key: Key) -> [u32; 2] {
    let bits_of_second = match table {
        Table::Transitions | Table::Errors => 32,
        Table::Regions | Table::ProbeRegions => SUBDIVISION_BITS,
        _ => 0,
    };
    [
        (key >> bits_of_second) as u32,
        (key & ((1 << bits_of_second) - 1)) as u32,
    ]
}

/// The key columns of a cell as published.
pub(crate) fn columns(
    table: Table,
    key: Key,
    lexicon: &Lexicon,
    length: PeriodLength,
) -> Vec<Cow<'_, str>> {
    let low = (key & 0xffff_ffff) as u32;
    match table {
        Table::Summary => vec![],
        Table::Traffic | Table::ProbeHours if length == PeriodLength::Day => {
            vec![format!("{key:02}").into()]
        }
        Table::Traffic | Table::ProbeHours => {
            vec![
                (key / WEEKDAY).to_string().into(),
                format!("{:02}", key % WEEKDAY).into(),
            ]
        }
        Table::Pages => vec![lexicon.page(low).into()],
        Table::Transitions => {
            let to = to_page(key).map_or(SAME, |_| lexicon.page(low));
            vec![lexicon.page((key >> 32) as u32).into(), to.into()]
        }
        Table::Referrers => {
            vec![
                lexicon.channel(low).name().into(),
                lexicon.source_name(low).into(),
            ]
        }
        Table::Campaigns => {
            let campaign = lexicon.campaign(low);
            let or_unknown =
                |tag: &'_ Option<String>| tag.clone().map_or(UNKNOWN.into(), Cow::from);
            vec![
                campaign.source.as_str().into(),
                or_unknown(&campaign.medium),
                or_unknown(&campaign.campaign),
            ]
        }
        Table::Regions | Table::ProbeRegions => region_columns(Region::from_key(key)),
        Table::Browsers => vec![Browser::from_number(key as u8).name().into()],
        Table::Systems => vec![System::from_number(key as u8).name().into()],
        Table::Devices => vec![Device::from_number(key as u8).name().into()],
        Table::Durations => bin(
            DURATIONS[key as usize],
            DURATIONS.get(key as usize + 1).copied(),
        ),
        Table::Depths => {
            let (from, to) = DEPTHS[key as usize];
            bin(from.into(), to.map(u64::from))
        }
        Table::Statuses => vec![status_name(key)],
        Table::Errors => vec![status_name(key >> 32), lexicon.page(low).into()],
        Table::Goals => vec![lexicon.goals()[key as usize].as_str().into()],
        Table::GoalRegions => {
            let country = region_columns(Region::from_key(key & ((1 << 48) - 1))).swap_remove(0);
            vec![
                lexicon.goals()[(key >> 48) as usize].as_str().into(),
                country,
            ]
        }
        Table::Crawlers => {
            let name = match key & NAMELESS {
                NAMELESS => UNKNOWN,
                number => Crawler::from_number(number as u16).name(),
            };
            vec![category(key).name().into(), name.into()]
        }
        Table::Hosts => vec![lexicon.hosts()[key as usize].as_str().into()],
        Table::Probes => {
            let probe = Probe::from_number(key as u8);
            vec![probe.map_or(UNKNOWN, Probe::name).into()]
        }
    }
}

fn region_columns(region: Region) -> Vec<Cow<'static, str>> {
    let country = region.country().map(|country| country.to_owned().into());
    let subdivision = region.region().map(Cow::from);
    vec![
        country.unwrap_or(UNKNOWN.into()),
        subdivision.unwrap_or(UNKNOWN.into()),
    ]
}

fn status_name(status: Key) -> Cow<'static, str> {
    if status == 0 {
        INVALID.into()
    } else {
        status.to_string().into()
    }
}

fn bin(from: u64, to: Option<u64>) -> Vec<Cow<'static, str>> {
    vec![
        from.to_string().into(),
        to.map_or_else(String::new, |to| to.to_string()).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_fall_into_the_bin_whose_lower_edge_they_reach() {
        let cases = [
            (0, 0),
            (9, 0),
            (10, 1),
            (29, 1),
            (59, 2),
            (60, 3),
            (599, 4),
            (1799, 5),
            (1800, 6),
            (43_200, 6),
        ];
        for (seconds, bin) in cases {
            assert_eq!(duration(seconds), bin, "{seconds}");
        }
    }

    #[test]
    fn depths_fall_into_their_bin() {
        for (pageviews, bin) in [
            (1, 0),
            (2, 1),
            (3, 2),
            (4, 3),
            (5, 3),
            (6, 4),
            (10, 4),
            (20, 5),
            (21, 6),
            (300, 6),
        ] {
            assert_eq!(depth(pageviews), bin, "{pageviews}");
        }
    }

    #[test]
    fn a_transition_to_the_same_page_has_no_target() {
        assert_eq!(to_page(transition(3, 4)), Some(4));
        assert_eq!(to_page(transition(3, 3)), None);
        assert_eq!(from_page(transition(3, 3)), 3);
    }
}
