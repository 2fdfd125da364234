//! Key columns as numbers that compare as the published strings do, so that cells are grouped, ranked
//! and put in order without building a string.

use std::borrow::Cow;

use crate::{
    aggregate::{Key, SAME, Survey, Table, columns, to_page, unpacked},
    privacy::Lexicon,
    time::PeriodLength,
};

/// The key columns of a cell, a parent or a row, column by column in bytewise order of the strings;
/// 0 in columns that it does not have.
pub(super) type Path = [u32; 3];

/// Stands for `(other)`, which is published last within its parent.
pub(super) const OTHER_NUMBER: u32 = u32::MAX;

/// Makes the paths of one table's cells.
pub(super) struct Paths<'s> {
    table: Table,
    lexicon: &'s Lexicon,
    length: PeriodLength,
    numbering: Numbering<'s>,
}

/// How the numbers packed in keys come into the order of strings.
enum Numbering<'s> {
    /// They are in it: ranks of the lexicon, codes of one length, statuses and hours.
    Ranks,
    /// Ranks of pages, with `(same)` before the page of this number.
    Transitions { same: u32 },
    /// Ranks by name, within channels.
    Referrers,
    /// By campaign: source and medium have the number of their first campaign.
    Campaigns(Vec<Path>),
    /// A few names, sorted.
    Names(Vec<Cow<'s, str>>),
}

impl<'s> Paths<'s> {
    pub(super) fn new(
        table: Table,
        survey: &Survey,
        lexicon: &'s Lexicon,
        length: PeriodLength,
    ) -> Self {
        let numbering = match table {
            Table::Summary
            | Table::Traffic
            | Table::Pages
            | Table::Regions
            | Table::Statuses
            | Table::Errors
            | Table::Hosts
            | Table::ProbeHours
            | Table::ProbeRegions => Numbering::Ranks,
            Table::Transitions => Numbering::Transitions {
                same: place_of_same(lexicon),
            },
            Table::Referrers => Numbering::Referrers,
            Table::Campaigns => Numbering::Campaigns(campaigns(survey, lexicon)),
            Table::Browsers
            | Table::Systems
            | Table::Devices
            | Table::Durations
            | Table::Depths
            | Table::Goals
            | Table::GoalRegions
            | Table::Crawlers
            | Table::Probes => Numbering::Names(names(table, survey, lexicon, length)),
        };
        Self {
            table,
            lexicon,
            length,
            numbering,
        }
    }

    /// The path of a cell.
    pub(super) fn of(&self, key: Key) -> Path {
        let [first, second] = unpacked(self.table, key);
        match &self.numbering {
            Numbering::Ranks => [first, second, 0],
            Numbering::Transitions { same } => {
                let to = to_page(key).map_or(*same, |_| second + u32::from(second >= *same));
                [first, to, 0]
            }
            Numbering::Referrers => [self.lexicon.channel(first) as u32, first, 0],
            Numbering::Campaigns(paths) => paths[first as usize],
            Numbering::Names(names) => {
                let mut path = Path::default();
                let columns = columns(self.table, key, self.lexicon, self.length);
                for (number, name) in path.iter_mut().zip(&columns) {
                    *number = index(names.partition_point(|other| other < name));
                }
                path
            }
        }
    }
}

/// How many pages come before `(same)`: those in parentheses, if any.
fn place_of_same(lexicon: &Lexicon) -> u32 {
    let pages = 0..lexicon.pages();
    let first_after = pages.clone().find(|&page| lexicon.page(page) > SAME);
    first_after.unwrap_or(pages.end)
}

/// The paths of campaigns by number.
fn campaigns(survey: &Survey, lexicon: &Lexicon) -> Vec<Path> {
    let last = survey.cells(Table::Campaigns).keys().max();
    let numbers = last.map_or(0..0, |&last| 0..unpacked(Table::Campaigns, last)[0] + 1);
    let mut path = Path::default();
    let path_of = |number: u32| {
        let campaign = lexicon.campaign(number);
        let before = lexicon.campaign(number.saturating_sub(1));
        if campaign.source != before.source {
            path[..2].fill(number);
        } else if campaign.medium != before.medium {
            path[1] = number;
        }
        path[2] = number;
        path
    };
    numbers.map(path_of).collect()
}

/// All names in a table's key columns, sorted.
fn names<'s>(
    table: Table,
    survey: &Survey,
    lexicon: &'s Lexicon,
    length: PeriodLength,
) -> Vec<Cow<'s, str>> {
    let keys = survey.cells(table).keys();
    let mut names: Vec<_> = keys
        .flat_map(|key| columns(table, *key, lexicon, length))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn index(position: usize) -> u32 {
    u32::try_from(position).expect("names of closed vocabularies and settings are few")
}
