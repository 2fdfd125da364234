//! The threshold: rolls cells with too few networks up into `(other)`, so that no row, and no
//! difference between a total and its rows, describes a smaller group.

use std::{borrow::Cow, cmp::Ordering};

use crate::aggregate::{Key, NetworkSet};

/// The name of what was rolled up.
pub(crate) const OTHER: &str = "(other)";

/// Fewest distinct members of an `(other)`: with one, subtraction would give it away.
const FEWEST_MEMBERS: usize = 2;

/// How a table's key columns relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One group, whatever the number of key columns.
    Flat,
    /// Each key column within the one before it; parents that fall short join `(other)` above them.
    Nested,
    /// Like `Nested`, but a parent left with only `(other)` is not published and nothing joins above.
    Within,
}

/// What decides about rolling up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Threshold {
    /// Fewest networks of a row.
    pub(super) k: usize,
    /// Most rows of a flat table that keep their name.
    pub(super) top: Option<usize>,
}

/// A cell, or a parent with the rows below it.
pub(super) struct Candidate<'l> {
    /// Key columns down to this level.
    pub(super) columns: Vec<Cow<'l, str>>,
    /// The first measure, summed.
    pub(super) first: u64,
    pub(super) networks: NetworkSet,
    /// The rows it would publish.
    pub(super) rows: Vec<PlannedRow<'l>>,
    /// It may not keep its name, whatever its networks.
    pub(super) nameless: bool,
}

/// A row to be published: its key columns and the cells it is made of.
#[derive(Debug)]
pub(super) struct PlannedRow<'l> {
    pub(super) columns: Vec<Cow<'l, str>>,
    pub(super) cells: Vec<Key>,
}

impl Threshold {
    /// The rows of a table whose cells are given; none if the table is withheld. `depth` is the number
    /// of key columns.
    pub(super) fn roll_up<'l>(
        self,
        cells: Vec<Candidate<'l>>,
        shape: Shape,
        depth: usize,
    ) -> Vec<PlannedRow<'l>> {
        match shape {
            Shape::Flat => self.top_level(cells, depth, self.top),
            Shape::Nested => {
                let parents = (1..depth).rev().fold(cells, |children, level| {
                    groups(children, level)
                        .into_iter()
                        .map(|group| self.parent(group, level, depth))
                        .collect()
                });
                self.top_level(parents, depth, None)
            }
            Shape::Within => groups(cells, depth - 1)
                .into_iter()
                .map(|group| {
                    let prefix = group[0].columns[..depth - 1].to_vec();
                    self.settle(group, prefix, None)
                })
                .filter(|(kept, _)| !kept.is_empty())
                .flat_map(|(kept, other)| other.rows_after(kept, depth))
                .collect(),
        }
    }

    fn top_level<'l>(
        self,
        candidates: Vec<Candidate<'l>>,
        depth: usize,
        top: Option<usize>,
    ) -> Vec<PlannedRow<'l>> {
        let (kept, other) = self.settle(candidates, Vec::new(), top);
        if kept.is_empty() {
            return Vec::new();
        }
        other.rows_after(kept, depth)
    }

    /// One parent out of its children: it keeps its name if a child keeps its own, or if all of it
    /// together has enough networks.
    fn parent<'l>(self, children: Vec<Candidate<'l>>, level: usize, depth: usize) -> Candidate<'l> {
        let columns = children[0].columns[..level].to_vec();
        let first = children.iter().map(|child| child.first).sum();
        let mut networks = NetworkSet::default();
        children
            .iter()
            .for_each(|child| networks.absorb(&child.networks, self.k));
        let (kept, other) = self.settle(children, columns.clone(), None);
        let nameless = kept.is_empty() && !other.networks.has(self.k);
        Candidate {
            columns,
            first,
            networks,
            nameless,
            rows: other.rows_after(kept, depth),
        }
    }

    /// Splits candidates into those that keep their name, and `(other)` made of the rest: every one
    /// with too few networks, then the smallest ones until `(other)` itself is large enough.
    fn settle<'l>(
        self,
        candidates: Vec<Candidate<'l>>,
        prefix: Vec<Cow<'l, str>>,
        top: Option<usize>,
    ) -> (Vec<Candidate<'l>>, Other<'l>) {
        let (small, mut kept): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .partition(|candidate| candidate.nameless || !candidate.networks.has(self.k));
        kept.sort_unstable_by(|left, right| roll_up_order(right, left));
        let mut other = Other {
            prefix,
            networks: NetworkSet::default(),
            members: 0,
            cells: Vec::new(),
        };
        small
            .into_iter()
            .for_each(|candidate| other.join(candidate, self.k));
        while kept.len() > top.unwrap_or(usize::MAX) || other.falls_short(self.k) {
            let Some(smallest) = kept.pop() else { break };
            other.join(smallest, self.k);
        }
        (kept, other)
    }
}

/// Smallest first: the least first measure, among equals the greatest key.
fn roll_up_order(left: &Candidate<'_>, right: &Candidate<'_>) -> Ordering {
    left.first
        .cmp(&right.first)
        .then_with(|| right.columns.cmp(&left.columns))
}

/// Candidates by their first `level` key columns.
fn groups(mut candidates: Vec<Candidate<'_>>, level: usize) -> Vec<Vec<Candidate<'_>>> {
    candidates.sort_unstable_by(|left, right| left.columns.cmp(&right.columns));
    let mut groups: Vec<Vec<Candidate<'_>>> = Vec::new();
    for candidate in candidates {
        match groups.last_mut() {
            Some(group) if group[0].columns[..level] == candidate.columns[..level] => {
                group.push(candidate);
            }
            _ => groups.push(vec![candidate]),
        }
    }
    groups
}

/// What is rolled up within one parent.
struct Other<'l> {
    /// The key columns of the parent.
    prefix: Vec<Cow<'l, str>>,
    networks: NetworkSet,
    members: usize,
    cells: Vec<Key>,
}

impl<'l> Other<'l> {
    fn join(&mut self, candidate: Candidate<'l>, k: usize) {
        self.members += 1;
        self.networks.absorb(&candidate.networks, k);
        self.cells
            .extend(candidate.rows.into_iter().flat_map(|row| row.cells));
    }

    const fn falls_short(&self, k: usize) -> bool {
        self.members > 0 && (self.members < FEWEST_MEMBERS || !self.networks.has(k))
    }

    /// The rows of those that keep their name, and last the one of `(other)`, if it has members.
    fn rows_after(self, kept: Vec<Candidate<'l>>, depth: usize) -> Vec<PlannedRow<'l>> {
        let mut rows: Vec<_> = kept
            .into_iter()
            .flat_map(|candidate| candidate.rows)
            .collect();
        if self.members > 0 {
            let mut columns = self.prefix;
            columns.resize(depth, Cow::Borrowed(OTHER));
            rows.push(PlannedRow {
                columns,
                cells: self.cells,
            });
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const K: usize = 5;

    /// A cell with `networks` networks of its own, numbered from its key.
    fn cell(key: Key, columns: &[&'static str], first: u64, networks: u64) -> Candidate<'static> {
        let columns: Vec<Cow<'static, str>> = columns.iter().map(|&column| column.into()).collect();
        let mut set = NetworkSet::default();
        (0..networks).for_each(|network| set.insert(key * 1000 + network, K));
        let rows = vec![PlannedRow {
            columns: columns.clone(),
            cells: vec![key],
        }];
        Candidate {
            columns,
            first,
            networks: set,
            rows,
            nameless: false,
        }
    }

    /// Checks rows, written as `a/b: cells`, whatever their order.
    #[track_caller]
    fn check(cells: Vec<Candidate<'static>>, shape: Shape, expected: &[&str]) {
        let depth = cells[0].columns.len();
        let mut rows: Vec<String> = Threshold { k: K, top: None }
            .roll_up(cells, shape, depth)
            .into_iter()
            .map(|mut row| {
                row.cells.sort_unstable();
                format!("{}: {:?}", row.columns.join("/"), row.cells)
            })
            .collect();
        rows.sort();
        assert_eq!(rows, expected);
    }

    #[test]
    fn nothing_is_rolled_up_where_all_cells_are_large() {
        check(
            vec![cell(1, &["a"], 9, 5), cell(2, &["b"], 9, 6)],
            Shape::Flat,
            &["a: [1]", "b: [2]"],
        );
    }

    #[test]
    fn a_single_small_cell_takes_the_smallest_large_one_with_it() {
        let cells = vec![
            cell(1, &["a"], 9, 5),
            cell(2, &["b"], 20, 9),
            cell(3, &["c"], 2, 1),
        ];
        check(cells, Shape::Flat, &["(other): [1, 3]", "b: [2]"]);
    }

    #[test]
    fn among_equals_the_greatest_key_joins_first() {
        let cells = vec![
            cell(1, &["a"], 9, 5),
            cell(2, &["b"], 9, 5),
            cell(3, &["c"], 2, 1),
        ];
        check(cells, Shape::Flat, &["(other): [2, 3]", "a: [1]"]);
    }

    #[test]
    fn networks_of_other_are_a_union() {
        // Three cells of the same four networks are four networks, so a large cell must join.
        let mut cells: Vec<_> = (1..4).map(|key| cell(key, &["x"], 1, 0)).collect();
        cells
            .iter_mut()
            .for_each(|cell| (0..4).for_each(|network| cell.networks.insert(network, K)));
        for (cell, name) in cells.iter_mut().zip(["x", "y", "z"]) {
            cell.columns = vec![name.into()];
        }
        cells.extend([cell(8, &["a"], 9, 5), cell(9, &["b"], 10, 5)]);
        check(cells, Shape::Flat, &["(other): [1, 2, 3, 8]", "b: [9]"]);
    }

    #[test]
    fn a_table_left_with_only_other_is_withheld() {
        check(
            vec![cell(1, &["a"], 9, 4), cell(2, &["b"], 9, 4)],
            Shape::Flat,
            &[],
        );
        check(
            vec![cell(1, &["a"], 9, 5), cell(2, &["b"], 9, 1)],
            Shape::Flat,
            &[],
        );
    }

    #[test]
    fn a_flat_table_of_several_keys_has_other_in_all() {
        let cells = vec![
            cell(1, &["a", "x"], 9, 5),
            cell(2, &["a", "y"], 1, 3),
            cell(3, &["b", "z"], 1, 3),
        ];
        check(cells, Shape::Flat, &["(other)/(other): [2, 3]", "a/x: [1]"]);
    }

    #[test]
    fn a_parent_with_only_other_stays_if_it_is_large_enough() {
        let cells = vec![
            cell(1, &["DE", "x"], 3, 3),
            cell(2, &["DE", "y"], 3, 3),
            cell(3, &["US", "z"], 9, 5),
        ];
        check(cells, Shape::Nested, &["DE/(other): [1, 2]", "US/z: [3]"]);
    }

    #[test]
    fn a_small_parent_joins_the_top_with_the_smallest_other_parent() {
        let cells = vec![
            cell(1, &["DE", "x"], 3, 3),
            cell(2, &["FR", "y"], 6, 5),
            cell(3, &["FR", "z"], 1, 5),
            cell(4, &["US", "z"], 9, 5),
        ];
        check(
            cells,
            Shape::Nested,
            &["(other)/(other): [1, 2, 3]", "US/z: [4]"],
        );
    }

    #[test]
    fn three_levels_roll_up_one_level_at_a_time() {
        let cells = vec![
            cell(1, &["s", "m", "a"], 9, 5),
            cell(2, &["s", "m", "b"], 9, 5),
            cell(3, &["s", "n", "c"], 1, 3),
            cell(4, &["s", "o", "d"], 1, 3),
            cell(5, &["t", "p", "e"], 9, 5),
        ];
        check(
            cells,
            Shape::Nested,
            &[
                "s/(other)/(other): [3, 4]",
                "s/m/a: [1]",
                "s/m/b: [2]",
                "t/p/e: [5]",
            ],
        );
    }

    #[test]
    fn within_a_page_nothing_joins_above() {
        let mut forced = cell(3, &["/b", "/x"], 9, 9);
        forced.nameless = true;
        let cells = vec![
            cell(1, &["/a", "/b"], 2, 2),
            cell(2, &["/b", "/a"], 9, 5),
            forced,
            cell(4, &["/b", "/c"], 10, 5),
        ];
        check(cells, Shape::Within, &["/b/(other): [2, 3]", "/b//c: [4]"]);
    }

    #[test]
    fn only_the_top_rows_of_a_flat_table_keep_their_name() {
        let cells = (1..=5)
            .map(|key| cell(key, &[["a", "b", "c", "d", "e"][key as usize - 1]], key, 5))
            .collect();
        let rows = Threshold { k: K, top: Some(2) }.roll_up(cells, Shape::Flat, 1);
        assert_eq!(rows.len(), 3);
    }
}
