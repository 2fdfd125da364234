//! Rolls cells of too few networks up into `(other)`, in flat tables and in hierarchies.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::tables::{Cell, Family, Key};

/// A row to be published.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) key: Key,
    pub(crate) cell: Cell,
}

/// What the roll-up of a table goes by.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
    /// The threshold.
    pub(crate) k: usize,
    /// Whose networks are counted.
    pub(crate) family: Family,
    /// The measure that ranks cells.
    pub(crate) first_measure: &'static str,
    /// Key columns that form a hierarchy; 1 where all of them together are one key.
    pub(crate) levels: usize,
}

/// A cell that the roll-up starts from.
#[derive(Clone)]
pub(crate) struct Leaf {
    pub(crate) key: Key,
    pub(crate) cell: Cell,
    /// Has to be a member of `(other)`, whatever its size.
    pub(crate) forced: bool,
}

/// The rows of a whole table, from leaves some of which may be forced into `(other)`; none where only
/// `(other)` would be left. After the threshold, `further` keys of the top level join `(other)` one by
/// one.
pub(crate) fn table_of_leaves(leaves: Vec<Leaf>, rules: Rules, further: &[Key]) -> Vec<Row> {
    group(&[], leaves, rules, false, further).unwrap_or_default()
}

/// The rows of one parent; none where only `(other)` would be left.
pub(crate) fn within_parent(parent: &[String], leaves: Vec<Leaf>, rules: Rules) -> Vec<Row> {
    group(parent, leaves, rules, false, &[]).unwrap_or_default()
}

/// What competes within a parent: a cell, or a group of cells of the next level.
struct Candidate {
    key: Key,
    whole: Cell,
    /// The rows it would be published as; `None` if it has to join `(other)`.
    rows: Option<Vec<Row>>,
}

/// The rows of a group whose keys begin with `prefix`; `None` if it cannot be published by itself.
fn group(
    prefix: &[String],
    leaves: Vec<Leaf>,
    rules: Rules,
    other_may_stand_alone: bool,
    further: &[Key],
) -> Option<Vec<Row>> {
    let width = leaves.first()?.key.len();
    let candidates = if prefix.len() + 1 == rules.levels {
        leaves
            .into_iter()
            .map(|leaf| leaf_candidate(leaf, rules))
            .collect()
    } else {
        parent_candidates(prefix, leaves, rules)
    };
    let (survivors, other) = settle(candidates, rules, further);
    let mut rows: Vec<Row> = survivors.into_iter().flatten().collect();
    let alone = rows.is_empty();
    if let Some(cell) = other {
        let enough = cell.networks(rules.family).len() >= rules.k;
        if alone && !(other_may_stand_alone && enough) {
            return None;
        }
        let mut key = prefix.to_vec();
        key.resize(width, "(other)".to_owned());
        rows.push(Row { key, cell });
    }
    Some(rows)
}

fn leaf_candidate(leaf: Leaf, rules: Rules) -> Candidate {
    let Leaf { key, cell, forced } = leaf;
    let enough = cell.networks(rules.family).len() >= rules.k;
    let row = Row {
        key: key.clone(),
        cell: cell.clone(),
    };
    Candidate {
        key,
        whole: cell,
        rows: (enough && !forced).then(|| vec![row]),
    }
}

fn parent_candidates(prefix: &[String], leaves: Vec<Leaf>, rules: Rules) -> Vec<Candidate> {
    let mut groups: BTreeMap<Key, Vec<Leaf>> = BTreeMap::new();
    for leaf in leaves {
        groups
            .entry(leaf.key[..=prefix.len()].to_vec())
            .or_default()
            .push(leaf);
    }
    let candidates = groups.into_iter().map(|(key, leaves)| {
        let mut whole = Cell::default();
        leaves.iter().for_each(|leaf| whole.merge(&leaf.cell));
        let rows = group(&key, leaves, rules, true, &[]);
        Candidate { key, whole, rows }
    });
    candidates.collect()
}

/// Lets the smallest candidates join `(other)` until it has k networks and two members, then `further`
/// ones: the rows of the others, and `(other)` unless it is empty.
fn settle(
    candidates: Vec<Candidate>,
    rules: Rules,
    further: &[Key],
) -> (Vec<Vec<Row>>, Option<Cell>) {
    let (mut survivors, mut members): (Vec<Candidate>, Vec<Candidate>) = candidates
        .into_iter()
        .partition(|candidate| candidate.rows.is_some());
    survivors.sort_by_key(|candidate| {
        (
            candidate.whole.value(rules.first_measure),
            Reverse(candidate.key.clone()),
        )
    });
    fill(&mut survivors, &mut members, rules);
    for key in further {
        let position = survivors.iter().position(|survivor| survivor.key == *key);
        members.extend(position.map(|position| survivors.remove(position)));
        fill(&mut survivors, &mut members, rules);
    }
    let rows = survivors
        .into_iter()
        .filter_map(|survivor| survivor.rows)
        .collect();
    (rows, (!members.is_empty()).then(|| union(&members)))
}

/// Lets the smallest survivors become members of `(other)` until it is large enough.
fn fill(survivors: &mut Vec<Candidate>, members: &mut Vec<Candidate>, rules: Rules) {
    let suffices = |members: &[Candidate]| {
        union(members).networks(rules.family).len() >= rules.k && members.len() >= 2
    };
    while !members.is_empty() && !suffices(members) && !survivors.is_empty() {
        members.push(survivors.remove(0));
    }
}

fn union(members: &[Candidate]) -> Cell {
    let mut union = Cell::default();
    members.iter().for_each(|member| union.merge(&member.whole));
    union
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAT: Rules = Rules {
        k: 2,
        family: Family::Visits,
        first_measure: "visits",
        levels: 1,
    };

    /// A cell with so many visits, spread over the given networks.
    fn cell(visits: u64, networks: &[&str]) -> Cell {
        let mut cell = Cell::default();
        cell.add("visits", 0, visits);
        networks
            .iter()
            .for_each(|network| cell.seen(Family::Visits, network));
        cell
    }

    fn key(path: &str) -> Key {
        path.split('/').map(str::to_owned).collect()
    }

    fn roll(cells: &[(&str, u64, &[&str])], rules: Rules) -> Vec<(String, u64)> {
        let cells = cells
            .iter()
            .map(|(path, visits, nets)| (key(path), cell(*visits, nets)));
        let leaves = cells.map(|(key, cell)| Leaf {
            key,
            cell,
            forced: false,
        });
        let rows = table_of_leaves(leaves.collect(), rules, &[]);
        let mut rows: Vec<(String, u64)> = rows
            .iter()
            .map(|row| (row.key.join("/"), row.cell.value("visits")))
            .collect();
        rows.sort();
        rows
    }

    fn check(cells: &[(&str, u64, &[&str])], rules: Rules, expected: &[(&str, u64)]) {
        let expected: Vec<(String, u64)> = expected
            .iter()
            .map(|(path, visits)| ((*path).to_owned(), *visits))
            .collect();
        assert_eq!(roll(cells, rules), expected);
    }

    #[test]
    fn two_small_cells_make_other() {
        let cells: &[(&str, u64, &[&str])] =
            &[("a", 9, &["1", "2"]), ("b", 1, &["1"]), ("c", 1, &["2"])];
        check(cells, FLAT, &[("(other)", 2), ("a", 9)]);
    }

    #[test]
    fn networks_of_other_are_a_union_so_the_smallest_survivor_joins() {
        let cells: &[(&str, u64, &[&str])] = &[
            ("a", 9, &["1", "2"]),
            ("b", 1, &["1"]),
            ("c", 1, &["1"]),
            ("d", 8, &["1", "3"]),
        ];
        check(cells, FLAT, &[("(other)", 10), ("a", 9)]);
    }

    #[test]
    fn a_single_member_takes_another_and_ties_fall_on_the_greatest_key() {
        let cells: &[(&str, u64, &[&str])] = &[
            ("a", 2, &["1", "2"]),
            ("b", 2, &["1", "2"]),
            ("c", 1, &["1"]),
        ];
        check(cells, FLAT, &[("(other)", 3), ("a", 2)]);
    }

    #[test]
    fn a_table_left_with_only_other_is_withheld_but_no_other_is_no_reason() {
        check(&[("a", 1, &["1", "2"]), ("b", 1, &["1"])], FLAT, &[]);
        check(&[("a", 1, &["1", "2"])], FLAT, &[("a", 1)]);
    }

    #[test]
    fn a_flat_key_of_several_columns_is_other_in_all_of_them() {
        let cells: &[(&str, u64, &[&str])] = &[
            ("s/a", 9, &["1", "2"]),
            ("s/b", 1, &["1"]),
            ("t/c", 1, &["2"]),
        ];
        check(cells, FLAT, &[("(other)/(other)", 2), ("s/a", 9)]);
    }

    #[test]
    fn hierarchies_roll_up_within_the_parent_first() {
        let rules = Rules { levels: 2, ..FLAT };
        let cells: &[(&str, u64, &[&str])] = &[
            // One small region: the other joins it, and the country stays as a whole.
            ("DE/BE", 9, &["1", "2"]),
            ("DE/BY", 1, &["1"]),
            // Nothing to roll up.
            ("FR/IDF", 3, &["3", "4"]),
            // Countries of one network each: they meet at the top.
            ("IT/25", 1, &["5"]),
            ("ES/MD", 1, &["6"]),
        ];
        let expected = [("(other)/(other)", 2), ("DE/(other)", 10), ("FR/IDF", 3)];
        check(cells, rules, &expected);
    }

    #[test]
    fn a_lone_small_parent_takes_the_smallest_parent_with_it() {
        let rules = Rules { levels: 2, ..FLAT };
        let cells: &[(&str, u64, &[&str])] = &[
            ("DE/BE", 2, &["1", "2"]),
            ("DE/BY", 2, &["1", "2"]),
            ("FR/IDF", 3, &["3", "4"]),
            ("IT/25", 1, &["5"]),
        ];
        // Germany's regions add up to four visits, so France is the smallest parent.
        check(
            cells,
            rules,
            &[("(other)/(other)", 4), ("DE/BE", 2), ("DE/BY", 2)],
        );
    }

    #[test]
    fn three_levels_settle_medium_by_medium() {
        let rules = Rules { levels: 3, ..FLAT };
        let cells: &[(&str, u64, &[&str])] = &[
            ("news/mail/may", 5, &["1", "2"]),
            ("news/mail/june", 5, &["1", "2"]),
            ("news/web/x", 1, &["1"]),
            ("news/post/y", 1, &["2"]),
            ("shop/web/x", 7, &["1", "2"]),
        ];
        let expected = [
            ("news/(other)/(other)", 2),
            ("news/mail/june", 5),
            ("news/mail/may", 5),
            ("shop/web/x", 7),
        ];
        check(cells, rules, &expected);
    }

    #[test]
    fn a_forced_member_stays_in_other_however_large() {
        let leaf = |path: &str, forced| Leaf {
            key: key(path),
            cell: cell(9, &["1", "2"]),
            forced,
        };
        let rules = Rules { levels: 2, ..FLAT };
        let rows = table_of_leaves(vec![leaf("404/x", true), leaf("500/a", false)], rules, &[]);
        let mut keys: Vec<String> = rows.iter().map(|row| row.key.join("/")).collect();
        keys.sort();
        assert_eq!(keys, ["404/(other)", "500/a"]);
        let parent = [String::from("404")];
        assert!(within_parent(&parent, vec![leaf("404/x", true)], rules).is_empty());
    }
}
