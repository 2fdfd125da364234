//! Rolls up the rows of a released table that are too small for an export.

use std::{cmp::Reverse, collections::BTreeSet};

use super::super::{OTHER, Row};
use crate::aggregate::{Measure as M, Table};

/// The rows of a table none of whose counts is less than k, and `(other)`, the sum of what was rolled up; none
/// if nothing but `(other)` would be left. Pages that are not among the given ones lose their names in tables
/// of other things.
pub(super) fn roll(table: Table, rows: &[Row], k: u64, pages: &BTreeSet<String>) -> Vec<Row> {
    let rolling = Rolling { table, k, pages };
    let all: Vec<&Row> = rows.iter().collect();
    match table {
        // These have no `(other)`: a row is given or not.
        Table::Summary | Table::Crawlers => {
            let large = rows.iter().filter(|row| !rolling.is_small(row));
            large.cloned().collect()
        }
        Table::Transitions => {
            let groups = all.chunk_by(|one, other| one.keys[0] == other.keys[0]);
            let named = groups.filter(|group| pages.contains(&group[0].keys[0]));
            named.flat_map(|group| rolling.named(group, 1)).collect()
        }
        _ => rolling.named(&all, 0),
    }
}

struct Rolling<'r> {
    table: Table,
    k: u64,
    pages: &'r BTreeSet<String>,
}

/// What becomes of rows with the same keys down to a level.
struct Level<'r> {
    /// The released rows.
    released: Vec<&'r Row>,
    /// What would be exported of them.
    exported: Vec<Row>,
    /// Whether one of them has a name at this level.
    has_names: bool,
    /// Whether they are large enough to be exported.
    is_large: bool,
}

impl<'r> Rolling<'r> {
    /// The rows below a parent, if any of them keeps its name.
    fn named(&self, rows: &[&'r Row], level: usize) -> Vec<Row> {
        let rolled = self.level(rows, level);
        if rolled.has_names {
            rolled.exported
        } else {
            Vec::new()
        }
    }

    /// Rolls up what is below one parent, finest level first: a child that is too small joins `(other)`,
    /// and while that is too small, or a single child, the smallest other child does.
    fn level(&self, rows: &[&'r Row], level: usize) -> Level<'r> {
        let children = rows.chunk_by(|one, other| self.name(one, level) == self.name(other, level));
        let (released_other, named): (Vec<_>, Vec<_>) =
            children.partition(|child| child[0].keys[level] == OTHER);
        let named = named.into_iter().map(|child| self.child(child, level));
        let (mut kept, joining): (Vec<_>, Vec<_>) = named.partition(|child| child.is_large);
        // What was rolled up at release has two members at least.
        let mut members = 2 * released_other.len() + joining.len();
        let mut other: Vec<&Row> = joining
            .iter()
            .flat_map(|it| &it.released)
            .copied()
            .collect();
        other.extend(released_other.concat());
        let is_enough = |members, other: &[&Row]| {
            other.is_empty() || (members >= 2 && !self.is_small(&self.sum(other, level)))
        };
        while !is_enough(members, &other)
            && let Some(smallest) = smallest(&kept, level)
        {
            other.extend(kept.remove(smallest).released);
            members += 1;
        }
        let is_large = is_enough(members, &other);
        let has_names = !kept.is_empty();
        let mut exported: Vec<Row> = kept.into_iter().flat_map(|it| it.exported).collect();
        if !other.is_empty() {
            exported.push(self.sum(&other, level));
        }
        Level {
            released: rows.to_vec(),
            exported,
            has_names,
            is_large,
        }
    }

    fn child(&self, rows: &[&'r Row], level: usize) -> Level<'r> {
        if !self.is_leaf(rows[0], level) {
            return self.level(rows, level + 1);
        }
        let is_large = rows
            .iter()
            .all(|row| !self.is_small(row) && !self.loses_name(row));
        Level {
            released: rows.to_vec(),
            exported: rows.iter().map(|row| (*row).clone()).collect(),
            has_names: true,
            is_large,
        }
    }

    /// What tells the children of a parent apart.
    fn name<'k>(&self, row: &'k Row, level: usize) -> &'k [String] {
        if self.is_nested() {
            &row.keys[level..=level]
        } else {
            &row.keys
        }
    }

    fn is_leaf(&self, row: &Row, level: usize) -> bool {
        !self.is_nested() || level + 1 == row.keys.len()
    }

    /// Whether its keys are of parents and children, each with an `(other)`.
    const fn is_nested(&self) -> bool {
        matches!(
            self.table,
            Table::Transitions
                | Table::Campaigns
                | Table::Errors
                | Table::Regions
                | Table::ProbeRegions
        )
    }

    /// Whether the row names a page that has no name in this export.
    fn loses_name(&self, row: &Row) -> bool {
        let names_page = match self.table {
            Table::Transitions => row.keys[1] != "(same)",
            Table::Errors => true,
            _ => false,
        };
        names_page && !self.pages.contains(&row.keys[1])
    }

    /// Whether one of the row's counts is less than k. Each network behind a row counts one at least in it, so
    /// that such a row has surely fewer than k networks; a row with larger counts may have fewer too.
    fn is_small(&self, row: &Row) -> bool {
        let cells = self.table.measures().iter().zip(&row.measures);
        let mut counts = cells.filter(|(measure, _)| match measure {
            M::Requests | M::Pageviews | M::Transitions | M::Visits | M::Visitors => true,
            // Few visits of a campaign reach a goal.
            M::Completions => self.table != Table::Campaigns,
            _ => false,
        });
        counts.any(|(_, cell)| cell.is_some_and(|count| count < self.k))
    }

    /// One row in the place of several; a row by itself stays as it is.
    fn sum(&self, rows: &[&Row], level: usize) -> Row {
        if let [row] = rows {
            return (*row).clone();
        }
        let measures = self.table.measures().iter().enumerate();
        let measures = measures.map(|(position, measure)| {
            if !self.adds_up(*measure) {
                return None;
            }
            let mut cells = rows.iter().map(|row| row.measures[position]);
            cells.try_fold(0_u64, |sum, cell| sum.checked_add(cell?))
        });
        let keys = rows[0].keys.iter().enumerate();
        let keys = keys.map(|(at, key)| if at < level { key } else { OTHER }.to_owned());
        Row {
            keys: keys.collect(),
            measures: measures.collect(),
        }
    }

    /// Whether the measure of several rows is that of each, added up: visitors only where a visitor is in
    /// one row.
    const fn adds_up(&self, measure: M) -> bool {
        match measure {
            M::Visitors => matches!(
                self.table,
                Table::Regions | Table::Browsers | Table::Systems | Table::Devices
            ),
            _ => measure.is_additive(),
        }
    }
}

/// The place of the child with the least first measure, of equal ones that with the greatest key. One that
/// tells no number would empty those of all others, and comes last.
fn smallest(children: &[Level<'_>], level: usize) -> Option<usize> {
    let size = |child: &Level<'_>| {
        let cells = child.released.iter().map(|row| row.measures[0]);
        cells
            .sum::<Option<u64>>()
            .map_or((true, 0), |sum| (false, sum))
    };
    let key = |child: &Level<'_>| Reverse(child.released[0].keys[level..].to_vec());
    (0..children.len()).min_by_key(|at| (size(&children[*at]), key(&children[*at])))
}
