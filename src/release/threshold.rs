//! The threshold: rolls cells with too few networks up into `(other)`, so that no row, and no
//! difference between a total and its rows, describes a smaller group.

use std::cmp::Reverse;

use hashbrown::HashMap;

use super::path::{OTHER_NUMBER, Path};
use crate::aggregate::{Key, NetworkSet, Surveyed};

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

/// The cells of a table.
pub(super) struct Cells<'s, P, N, M> {
    pub(super) surveyed: &'s HashMap<Key, Surveyed>,
    /// How many a cell stands for.
    pub(super) members: M,
    /// The path of a cell.
    pub(super) path: P,
    /// Whether a cell with enough networks may keep its name.
    pub(super) nameable: N,
}

/// A row to be published.
#[derive(Debug)]
pub(super) struct PlannedRow {
    /// Its key columns, those of `(other)` as such.
    pub(super) path: Path,
    /// The cells it is made of, at least one.
    pub(super) cells: Vec<Key>,
}

impl PlannedRow {
    /// A row of one cell.
    pub(super) fn of(path: Path, cell: Key) -> Self {
        Self {
            path,
            cells: vec![cell],
        }
    }
}

impl Threshold {
    /// The rows of a table, in no particular order; none if it is withheld. `depth` is the number of its
    /// key columns; `further` are paths of the top level that join `(other)` after that, one by one.
    pub(super) fn roll_up(
        self,
        cells: &Cells<'_, impl Fn(Key) -> Path, impl Fn(Key) -> bool, impl Fn(Key) -> usize>,
        shape: Shape,
        depth: usize,
        further: &[Path],
    ) -> Vec<PlannedRow> {
        let finest = match shape {
            Shape::Flat => 0,
            Shape::Nested | Shape::Within => depth - 1,
        };
        let mut groups = self.groups(cells, finest, shape);
        if shape == Shape::Nested {
            groups = (0..finest)
                .rev()
                .fold(groups, |children, level| self.parents(children, level));
        }
        let top = self.top.filter(|_| shape == Shape::Flat);
        let rows = groups.by_parent.into_iter().flat_map(|(parent, group)| {
            let settled = self.settled(group, top);
            let group = further
                .iter()
                .fold(settled, |group, path| group.without(*path, self.k));
            if group.kept.is_empty() {
                return Vec::new();
            }
            group.rows(parent, groups.level)
        });
        rows.collect()
    }

    /// Cells by their first `level` key columns. Those that can keep their name come first, since a
    /// parent without one of them is not looked at again, unless it may join one above.
    fn groups(
        self,
        cells: &Cells<'_, impl Fn(Key) -> Path, impl Fn(Key) -> bool, impl Fn(Key) -> usize>,
        level: usize,
        shape: Shape,
    ) -> Groups {
        let keeps_name =
            |key: Key, cell: &Surveyed| cell.networks.has(self.k) && (cells.nameable)(key);
        let mut groups = Groups::new(level);
        for (&key, cell) in cells
            .surveyed
            .iter()
            .filter(|(key, cell)| keeps_name(**key, cell))
        {
            let path = (cells.path)(key);
            groups.of(path).kept.push(Candidate {
                path,
                first: cell.first,
                networks: cell.networks.clone(),
                rows: vec![PlannedRow::of(path, key)],
            });
        }
        for (&key, cell) in cells
            .surveyed
            .iter()
            .filter(|(key, cell)| !keeps_name(**key, cell))
        {
            let path = (cells.path)(key);
            let group = match shape {
                Shape::Nested => Some(groups.of(path)),
                Shape::Flat | Shape::Within => groups.known(path),
            };
            if let Some(group) = group {
                group.other.join(cell.first, &cell.networks, [key], self.k);
                group.other.members += (cells.members)(key) - 1;
            }
        }
        groups
    }

    /// Groups as members of the groups above them.
    fn parents(self, children: Groups, level: usize) -> Groups {
        let mut parents = Groups::new(level);
        for (path, group) in children.by_parent {
            let parent = self.parent(path, group, children.level);
            let group = parents.of(path);
            if parent.networks.has(self.k) {
                group.kept.push(parent);
            } else {
                group.other.join_candidate(parent, self.k);
            }
        }
        parents
    }

    /// One parent out of its children. All of it together has enough networks if a child keeps its name,
    /// or if `(other)` has them.
    fn parent(self, path: Path, children: Group, level: usize) -> Candidate {
        let children = self.settled(children, None);
        let mut networks = children.other.networks.clone();
        if let Some(child) = children.kept.first() {
            networks.absorb(&child.networks, self.k);
        }
        Candidate {
            path,
            first: children.first(),
            networks,
            rows: children.rows(path, level),
        }
    }

    /// Joins the smallest of those that keep their name to `(other)` until it is large enough.
    fn settled(self, mut group: Group, top: Option<usize>) -> Group {
        group
            .kept
            .sort_unstable_by_key(|candidate| (Reverse(candidate.first), candidate.path));
        let surplus = group.kept.len().saturating_sub(top.unwrap_or(usize::MAX));
        group.joined(surplus, self.k)
    }
}

/// A cell or a parent that may keep its name. The smallest has the least first measure and, among
/// equals, the greatest path.
struct Candidate {
    path: Path,
    /// The first measure, summed.
    first: u64,
    networks: NetworkSet,
    /// The rows it would publish.
    rows: Vec<PlannedRow>,
}

/// Groups by what they have in common: the first key columns.
struct Groups {
    level: usize,
    by_parent: HashMap<Path, Group>,
}

impl Groups {
    fn new(level: usize) -> Self {
        Self {
            level,
            by_parent: HashMap::new(),
        }
    }

    fn of(&mut self, path: Path) -> &mut Group {
        self.by_parent.entry(self.parent(path)).or_default()
    }

    fn known(&mut self, path: Path) -> Option<&mut Group> {
        self.by_parent.get_mut(&self.parent(path))
    }

    fn parent(&self, mut path: Path) -> Path {
        path[self.level..].fill(0);
        path
    }
}

/// The children of one parent.
#[derive(Default)]
struct Group {
    /// Those that keep their name.
    kept: Vec<Candidate>,
    other: Other,
}

impl Group {
    /// Joins so many of the smallest to `(other)`, and more until it is large enough. Those that keep
    /// their name are sorted, the smallest last.
    fn joined(mut self, count: usize, k: usize) -> Self {
        let left = self.kept.len().saturating_sub(count);
        while self.kept.len() > left || self.other.falls_short(k) {
            let Some(smallest) = self.kept.pop() else {
                break;
            };
            self.other.join_candidate(smallest, k);
        }
        self
    }

    /// Joins one that keeps its name to `(other)`, and more until that is large enough.
    fn without(mut self, path: Path, k: usize) -> Self {
        let position = self.kept.iter().position(|it| it.path == path);
        if let Some(position) = position {
            let candidate = self.kept.remove(position);
            self.other.join_candidate(candidate, k);
        }
        self.joined(0, k)
    }

    fn first(&self) -> u64 {
        let kept = self.kept.iter().map(|candidate| candidate.first);
        kept.sum::<u64>() + self.other.first
    }

    /// The rows of those that keep their name and the one of `(other)`, if it has members.
    fn rows(self, parent: Path, level: usize) -> Vec<PlannedRow> {
        let mut rows: Vec<_> = self
            .kept
            .into_iter()
            .flat_map(|candidate| candidate.rows)
            .collect();
        if self.other.members > 0 {
            let mut path = parent;
            path[level..].fill(OTHER_NUMBER);
            rows.push(PlannedRow {
                path,
                cells: self.other.cells,
            });
        }
        rows
    }
}

/// What is rolled up within one parent.
#[derive(Default)]
struct Other {
    first: u64,
    /// The union of all members' networks, at least until it has k of them.
    networks: NetworkSet,
    members: usize,
    cells: Vec<Key>,
}

impl Other {
    fn join(
        &mut self,
        first: u64,
        networks: &NetworkSet,
        cells: impl IntoIterator<Item = Key>,
        k: usize,
    ) {
        self.members += 1;
        self.first += first;
        if !self.networks.has(k) {
            self.networks.absorb(networks, k);
        }
        self.cells.extend(cells);
    }

    fn join_candidate(&mut self, candidate: Candidate, k: usize) {
        let cells = candidate.rows.into_iter().flat_map(|row| row.cells);
        self.join(candidate.first, &candidate.networks, cells, k);
    }

    const fn falls_short(&self, k: usize) -> bool {
        self.members > 0 && (self.members < FEWEST_MEMBERS || !self.networks.has(k))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const K: usize = 5;

    /// A cell and its key columns.
    struct Example {
        key: Key,
        columns: &'static [&'static str],
        surveyed: Surveyed,
        nameless: bool,
    }

    /// A cell with `networks` networks of its own, numbered from its key.
    fn cell(key: Key, columns: &'static [&'static str], first: u64, networks: u64) -> Example {
        let mut set = NetworkSet::default();
        (0..networks).for_each(|network| set.insert(key * 1000 + network, K));
        Example {
            key,
            columns,
            surveyed: Surveyed {
                first,
                networks: set,
            },
            nameless: false,
        }
    }

    /// The rows, written as `a/b: cells`, sorted.
    fn rolled_up(examples: &[Example], shape: Shape, top: Option<usize>) -> Vec<String> {
        rolled_up_further(examples, shape, top, &[])
    }

    /// The same with further paths rolled up.
    fn rolled_up_further(
        examples: &[Example],
        shape: Shape,
        top: Option<usize>,
        further: &[Path],
    ) -> Vec<String> {
        let mut names: Vec<&str> = examples.iter().flat_map(|it| it.columns).copied().collect();
        names.sort_unstable();
        let depth = examples[0].columns.len();
        let example = |key| examples.iter().find(|it| it.key == key).unwrap();
        let path = |key| {
            let mut path = Path::default();
            for (number, name) in path.iter_mut().zip(example(key).columns) {
                *number = names.partition_point(|other| other < name) as u32;
            }
            path
        };
        let cells = Cells {
            surveyed: &examples
                .iter()
                .map(|it| (it.key, it.surveyed.clone()))
                .collect(),
            members: |_| 1,
            path,
            nameable: |key| !example(key).nameless,
        };
        let name = |number: &u32| *names.get(*number as usize).unwrap_or(&OTHER);
        let mut rows: Vec<String> = Threshold { k: K, top }
            .roll_up(&cells, shape, depth, further)
            .into_iter()
            .map(|mut row| {
                row.cells.sort_unstable();
                let columns: Vec<&str> = row.path[..depth].iter().map(name).collect();
                format!("{}: {:?}", columns.join("/"), row.cells)
            })
            .collect();
        rows.sort();
        rows
    }

    #[track_caller]
    fn check(examples: &[Example], shape: Shape, expected: &[&str]) {
        assert_eq!(rolled_up(examples, shape, None), expected);
    }

    #[test]
    fn nothing_is_rolled_up_where_all_cells_are_large() {
        check(
            &[cell(1, &["a"], 9, 5), cell(2, &["b"], 9, 6)],
            Shape::Flat,
            &["a: [1]", "b: [2]"],
        );
    }

    #[test]
    fn a_single_small_cell_takes_the_smallest_large_one_with_it() {
        let cells = [
            cell(1, &["a"], 9, 5),
            cell(2, &["b"], 20, 9),
            cell(3, &["c"], 2, 1),
        ];
        check(&cells, Shape::Flat, &["(other): [1, 3]", "b: [2]"]);
    }

    #[test]
    fn among_equals_the_greatest_key_joins_first() {
        let cells = [
            cell(1, &["a"], 9, 5),
            cell(2, &["b"], 9, 5),
            cell(3, &["c"], 2, 1),
        ];
        check(&cells, Shape::Flat, &["(other): [2, 3]", "a: [1]"]);
    }

    #[test]
    fn networks_of_other_are_a_union() {
        // Three cells of the same four networks are four networks, so a large cell must join.
        let mut cells = vec![
            cell(1, &["x"], 1, 0),
            cell(2, &["y"], 1, 0),
            cell(3, &["z"], 1, 0),
        ];
        for cell in &mut cells {
            (0..4).for_each(|network| cell.surveyed.networks.insert(network, K));
        }
        cells.extend([cell(8, &["a"], 9, 5), cell(9, &["b"], 10, 5)]);
        check(&cells, Shape::Flat, &["(other): [1, 2, 3, 8]", "b: [9]"]);
    }

    #[test]
    fn a_table_left_with_only_other_is_withheld() {
        check(
            &[cell(1, &["a"], 9, 4), cell(2, &["b"], 9, 4)],
            Shape::Flat,
            &[],
        );
        check(
            &[cell(1, &["a"], 9, 5), cell(2, &["b"], 9, 1)],
            Shape::Flat,
            &[],
        );
    }

    #[test]
    fn a_flat_table_of_several_keys_has_other_in_all() {
        let cells = [
            cell(1, &["a", "x"], 9, 5),
            cell(2, &["a", "y"], 1, 3),
            cell(3, &["b", "z"], 1, 3),
        ];
        check(
            &cells,
            Shape::Flat,
            &["(other)/(other): [2, 3]", "a/x: [1]"],
        );
    }

    /// All of a parent counts in its place, its `(other)` too.
    #[test]
    fn the_smallest_parent_joins_whatever_it_is_made_of() {
        let cells = [
            cell(1, &["DE", "x"], 5, 5),
            cell(2, &["DE", "y"], 50, 3),
            cell(3, &["DE", "z"], 50, 3),
            cell(4, &["FR", "x"], 20, 5),
            cell(5, &["US", "x"], 1, 1),
        ];
        check(
            &cells,
            Shape::Nested,
            &["(other)/(other): [4, 5]", "DE/(other): [2, 3]", "DE/x: [1]"],
        );
    }

    #[test]
    fn a_parent_with_only_other_stays_if_it_is_large_enough() {
        let cells = [
            cell(1, &["DE", "x"], 3, 3),
            cell(2, &["DE", "y"], 3, 3),
            cell(3, &["US", "z"], 9, 5),
        ];
        check(&cells, Shape::Nested, &["DE/(other): [1, 2]", "US/z: [3]"]);
    }

    #[test]
    fn a_small_parent_joins_the_top_with_the_smallest_other_parent() {
        let cells = [
            cell(1, &["DE", "x"], 3, 3),
            cell(2, &["FR", "y"], 6, 5),
            cell(3, &["FR", "z"], 1, 5),
            cell(4, &["US", "z"], 9, 5),
        ];
        check(
            &cells,
            Shape::Nested,
            &["(other)/(other): [1, 2, 3]", "US/z: [4]"],
        );
    }

    #[test]
    fn three_levels_roll_up_one_level_at_a_time() {
        let cells = [
            cell(1, &["s", "m", "a"], 9, 5),
            cell(2, &["s", "m", "b"], 9, 5),
            cell(3, &["s", "n", "c"], 1, 3),
            cell(4, &["s", "o", "d"], 1, 3),
            cell(5, &["t", "p", "e"], 9, 5),
        ];
        check(
            &cells,
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
        let cells = [
            cell(1, &["/a", "/b"], 2, 2),
            cell(2, &["/b", "/a"], 9, 5),
            forced,
            cell(4, &["/b", "/c"], 10, 5),
        ];
        check(&cells, Shape::Within, &["/b/(other): [2, 3]", "/b//c: [4]"]);
    }

    #[test]
    fn only_the_top_rows_of_a_flat_table_keep_their_name() {
        let cells = [
            cell(1, &["a"], 1, 5),
            cell(2, &["b"], 2, 5),
            cell(3, &["c"], 2, 5),
            cell(4, &["d"], 4, 5),
        ];
        assert_eq!(
            rolled_up(&cells, Shape::Flat, Some(2)),
            ["(other): [1, 3]", "b: [2]", "d: [4]"]
        );
    }

    #[test]
    fn what_is_rolled_up_further_joins_after_the_threshold() {
        // By itself, `c` would have taken `b` along, which is the smallest; it stays rolled up.
        let cells = [
            cell(1, &["a"], 9, 5),
            cell(2, &["b"], 8, 5),
            cell(3, &["c"], 2, 1),
            cell(4, &["d"], 10, 5),
        ];
        assert_eq!(
            rolled_up_further(&cells, Shape::Flat, None, &[[3, 0, 0]]),
            ["(other): [2, 3, 4]", "a: [1]"]
        );
    }

    #[test]
    fn rolled_up_further_into_no_other_the_smallest_comes_along() {
        let cells = [
            cell(1, &["DE", "x"], 9, 5),
            cell(2, &["FR", "y"], 7, 5),
            cell(3, &["US", "z"], 8, 5),
        ];
        assert_eq!(
            rolled_up_further(&cells, Shape::Nested, None, &[[0, 0, 0]]),
            ["(other)/(other): [1, 2]", "US/z: [3]"]
        );
    }
}
