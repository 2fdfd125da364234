//! The linear audit: no sum of rows of one table, less a sum of rows of another, may be about fewer
//! than k networks. Every such difference is tried.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::publish::table;
use super::rollup::{Leaf, Row};
use super::suppress::hidden;
use super::tables::{Cell, Counted, Exact, Family, Key};
use super::together::first_told;

/// The tables in which a visit is counted as a whole, in the order of publication.
const OF_VISITS: [&str; 10] = [
    "traffic",
    "referrers",
    "campaigns",
    "regions",
    "browsers",
    "systems",
    "devices",
    "durations",
    "depths",
    "hosts",
];

/// Tables, and finer ones whose first key column is a key of theirs.
const PARENTS: [(&str, &str); 2] = [("statuses", "errors"), ("goals", "goal_regions")];

/// The tables in which a request that looks for a weakness is counted.
const OF_PROBES: [&str; 3] = ["probes", "probe_hours", "probe_regions"];

type Tables = BTreeMap<&'static str, Vec<Row>>;

/// The networks behind each pair of a row of one table and a row of another; rows by position, the
/// number after the last one for what is in no row.
type Pairs<'e> = BTreeMap<(usize, usize), BTreeSet<&'e str>>;

/// Rolls up further rows until no difference is about too few networks: of the later one of two tables,
/// the smallest of the top level that suffices alone, else the smallest.
pub(crate) fn settle(
    exact: &Exact,
    tables: &mut Tables,
    k: usize,
    roll_up: impl Fn(&str, &[Key]) -> Vec<Row>,
) {
    let mut audit = Audit {
        exact,
        k,
        roll_up,
        further: BTreeMap::new(),
    };
    loop {
        let before = audit.further.clone();
        for (coarse, fine) in PARENTS {
            audit.withhold_small_rest(tables, fine, audit.rest_of_parents(coarse, fine));
            audit.settle_pair(tables, coarse, fine);
        }
        for (position, later) in OF_PROBES.into_iter().enumerate() {
            for earlier in &OF_PROBES[..position] {
                audit.settle_pair(tables, earlier, later);
            }
        }
        for (position, later) in OF_VISITS.into_iter().enumerate() {
            audit.withhold_small_rest(tables, later, audit.rest_of_visits(tables, later));
            for earlier in &OF_VISITS[..position] {
                audit.settle_pair(tables, earlier, later);
            }
        }
        audit.settle_together(tables);
        if audit.further == before {
            return;
        }
    }
}

struct Audit<'e, R> {
    exact: &'e Exact,
    k: usize,
    roll_up: R,
    further: BTreeMap<&'static str, Vec<Key>>,
}

impl<'e, R: Fn(&str, &[Key]) -> Vec<Row>> Audit<'e, R> {
    fn settle_pair(&mut self, tables: &mut Tables, earlier: &str, later: &'static str) {
        while self.leaks(tables, earlier, later) {
            let choices = top_level(&tables[later], later);
            let suffices =
                |key: &&Key| !self.leaks(&self.with(tables, later, key).1, earlier, later);
            let choice = choices.iter().find(suffices).unwrap_or(&choices[0]);
            self.roll_up_one(tables, later, choice);
        }
    }

    /// A group that all tables together tell of is hidden by its own table, or else by the last one.
    fn settle_together(&mut self, tables: &mut Tables) {
        let has_rows = |name: &&str| !tables[*name].is_empty();
        let shown: Vec<&'static str> = OF_VISITS.into_iter().filter(has_rows).collect();
        let rows: Vec<Vec<usize>> = shown
            .iter()
            .map(|name| self.rows_of_visits(tables, name))
            .collect();
        if let Some(told) = first_told(self.exact.visits(), &OF_VISITS, &rows, self.k) {
            let last = *shown.last().expect("a table that tells");
            let name = if shown.contains(&told) { told } else { last };
            let smallest = top_level(&tables[name], name).swap_remove(0);
            self.roll_up_one(tables, name, &smallest);
        }
    }

    fn roll_up_one(&mut self, tables: &mut Tables, name: &'static str, key: &Key) {
        let (further, settled) = self.with(tables, name, key);
        self.further.insert(name, further);
        *tables = settled;
    }

    /// What is rolled up of a table, and all tables, if one more is.
    fn with(&self, tables: &Tables, name: &'static str, key: &Key) -> (Vec<Key>, Tables) {
        let mut further = self.further.get(name).cloned().unwrap_or_default();
        further.push(key.clone());
        let mut tables = tables.clone();
        tables.insert(name, (self.roll_up)(name, &further));
        (further, tables)
    }

    fn withhold_small_rest(&self, tables: &mut Tables, name: &'static str, rest: BTreeSet<String>) {
        if !rest.is_empty() && rest.len() < self.k {
            tables.insert(name, Vec::new());
        }
    }

    fn leaks(&self, tables: &Tables, earlier: &str, later: &str) -> bool {
        if tables[earlier].is_empty() || tables[later].is_empty() {
            return false;
        }
        let pairs = match PARENTS.contains(&(earlier, later)) {
            true => self.pairs_of_parents(tables, earlier, later),
            false if OF_PROBES.contains(&later) => self.pairs_of_probes(tables, earlier, later),
            false => self.pairs_of_visits(tables, earlier, later),
        };
        tells_of_few(&pairs, self.k)
    }

    fn pairs_of_probes(&self, tables: &Tables, earlier: &str, later: &str) -> Pairs<'e> {
        let mut pairs = Pairs::new();
        for probe in self.exact.probes() {
            let row = |name: &str| row_of(&tables[name], &probe.cells[name]);
            let networks = pairs.entry((row(earlier), row(later))).or_default();
            networks.insert(probe.network.as_str());
        }
        pairs
    }

    fn pairs_of_visits(&self, tables: &Tables, earlier: &str, later: &str) -> Pairs<'e> {
        let rows = [earlier, later].map(|name| self.rows_of_visits(tables, name));
        let mut pairs = Pairs::new();
        for (visit, pair) in self.exact.visits().iter().zip(rows[0].iter().zip(&rows[1])) {
            let networks = pairs.entry((*pair.0, *pair.1)).or_default();
            networks.insert(visit.network.as_str());
        }
        pairs
    }

    /// The row of each visit; rows whose number of visits is left empty are known as a sum only.
    fn rows_of_visits(&self, tables: &Tables, name: &str) -> Vec<usize> {
        let rows = &tables[name];
        let emptied = hidden(table(name), "visits", rows, self.k);
        let row = |key: &Key| match row_of(rows, key) {
            row if emptied.contains(&row) => *emptied.iter().min().expect("a row"),
            row => row,
        };
        let cells = self.exact.table(name).keys();
        let row_of_cell: BTreeMap<&Key, usize> = cells.map(|key| (key, row(key))).collect();
        let visits = self.exact.visits().iter();
        let cell = |visit: &Counted| {
            visit
                .cells
                .get(name)
                .map_or(rows.len(), |key| row_of_cell[key])
        };
        visits.map(cell).collect()
    }

    fn rest_of_visits(&self, tables: &Tables, name: &str) -> BTreeSet<String> {
        let visits = self.exact.visits().iter();
        let rest = visits.filter(|visit| !visit.cells.contains_key(name));
        match tables[name].is_empty() {
            true => BTreeSet::new(),
            false => rest.map(|visit| visit.network.clone()).collect(),
        }
    }

    fn pairs_of_parents(&self, tables: &Tables, coarse: &str, fine: &str) -> Pairs<'e> {
        let mut pairs = Pairs::new();
        let mut add = |row, other, cell: &'e Cell, family| {
            let networks = pairs.entry((row, other)).or_default();
            networks.extend(cell.networks(family).iter().map(String::as_str));
        };
        let family = table(coarse).family;
        for (key, cell) in self.exact.table(fine) {
            let row = row_of(&tables[coarse], &key[..1]);
            add(row, row_of(&tables[fine], key), cell, family);
        }
        for (key, cell) in self.childless(coarse, fine) {
            add(
                row_of(&tables[coarse], key),
                tables[fine].len(),
                cell,
                family,
            );
        }
        pairs
    }

    fn rest_of_parents(&self, coarse: &str, fine: &str) -> BTreeSet<String> {
        let childless = self.childless(coarse, fine);
        let networks = childless.flat_map(|(_, cell)| cell.networks(Family::Requests));
        networks.cloned().collect()
    }

    /// Cells of a table that have none in the finer one.
    fn childless(
        &self,
        coarse: &str,
        fine: &str,
    ) -> impl Iterator<Item = (&'e Key, &'e Cell)> + use<'e, R> {
        let parents: BTreeSet<Key> = self
            .exact
            .table(fine)
            .keys()
            .map(|key| key[..1].to_vec())
            .collect();
        let cells = self.exact.table(coarse).iter();
        cells.filter(move |(key, _)| !parents.contains(*key))
    }
}

/// The position of the row that a cell is counted in: its own, or the `(other)` nearest above it.
fn row_of(rows: &[Row], key: &[String]) -> usize {
    let other = |level: usize| {
        let mut above = key.to_vec();
        above[level..].fill("(other)".to_owned());
        above
    };
    let keys = (0..=key.len()).rev().map(other);
    let mut found = keys.filter_map(|key| rows.iter().position(|row| row.key == key));
    found.next().unwrap_or(rows.len())
}

/// What keeps its name of the top level, the smallest first.
fn top_level(rows: &[Row], name: &str) -> Vec<Key> {
    let levels = match name {
        "campaigns" | "regions" | "errors" | "probe_regions" => 1,
        _ => table(name).keys.len(),
    };
    let mut sizes: BTreeMap<Key, u64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.key[0] != "(other)") {
        *sizes.entry(row.key[..levels].to_vec()).or_default() +=
            row.cell.value(table(name).measures[0]);
    }
    let mut keys: Vec<Key> = sizes.keys().cloned().collect();
    keys.sort_by_key(|key| (sizes[key], Reverse(key.clone())));
    keys
}

/// Tries every set of rows of the smaller table against the largest sum within it, or the smallest
/// around it, of rows of the other. Rows that k networks each link to the same row of the other table are
/// in a set together: else what is left has these networks.
fn tells_of_few(pairs: &Pairs<'_>, k: usize) -> bool {
    let lefts: BTreeSet<usize> = pairs.keys().map(|pair| pair.0).collect();
    let rights: BTreeSet<usize> = pairs.keys().map(|pair| pair.1).collect();
    let by_left = lefts.len() <= rights.len();
    let side = |pair: &(usize, usize)| if by_left { pair.0 } else { pair.1 };
    let mut group: BTreeMap<usize, usize> =
        pairs.keys().map(|pair| (side(pair), side(pair))).collect();
    let strong: Vec<&(usize, usize)> = pairs
        .iter()
        .filter(|(_, networks)| networks.len() >= k)
        .map(|(pair, _)| pair)
        .collect();
    for one in &strong {
        for other in &strong {
            let meet = if by_left {
                one.1 == other.1
            } else {
                one.0 == other.0
            };
            let (from, to) = (group[&side(one)], group[&side(other)]);
            if meet && from != to {
                group
                    .values_mut()
                    .filter(|it| **it == from)
                    .for_each(|it| *it = to);
            }
        }
    }
    let groups: Vec<usize> = group
        .values()
        .copied()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    (1_u64..1 << groups.len()).any(|chosen| {
        let is_chosen = |pair: &(usize, usize)| {
            let at = groups.iter().position(|it| *it == group[&side(pair)]);
            at.is_some_and(|at| chosen >> at & 1 == 1)
        };
        let networks = if by_left {
            around(pairs, is_chosen)
        } else {
            outside(pairs, is_chosen)
        };
        !networks.is_empty() && networks.len() < k
    })
}

/// The chosen left rows less all right rows that lie within them.
fn around<'e>(pairs: &Pairs<'e>, is_chosen: impl Fn(&(usize, usize)) -> bool) -> BTreeSet<&'e str> {
    let beyond: BTreeSet<usize> = pairs
        .keys()
        .filter(|pair| !is_chosen(pair))
        .map(|pair| pair.1)
        .collect();
    let difference = pairs
        .iter()
        .filter(|(pair, _)| is_chosen(pair) && beyond.contains(&pair.1));
    difference
        .flat_map(|(_, networks)| networks.clone())
        .collect()
}

/// All left rows that the chosen right rows touch, less these.
fn outside<'e>(
    pairs: &Pairs<'e>,
    is_chosen: impl Fn(&(usize, usize)) -> bool,
) -> BTreeSet<&'e str> {
    let touched: BTreeSet<usize> = pairs
        .keys()
        .filter(|pair| is_chosen(pair))
        .map(|pair| pair.0)
        .collect();
    let difference = pairs
        .iter()
        .filter(|(pair, _)| !is_chosen(pair) && touched.contains(&pair.0));
    difference
        .flat_map(|(_, networks)| networks.clone())
        .collect()
}

/// The flow equation of pages: pageviews less entries are the steps to a page. Where fewer than k
/// networks made those that no row shows, the smallest row that shows some is given up.
pub(crate) fn arrivals_to_roll_up(
    leaves: &[Leaf],
    rows: &[Row],
    pages: &[Row],
    k: usize,
) -> Vec<Key> {
    let arrives = |key: &Key| {
        if key[1] == "(same)" {
            key[0].clone()
        } else {
            key[1].clone()
        }
    };
    let is_shown = |key: &Key| key[1] != "(other)" && rows.iter().any(|row| row.key == *key);
    let to_roll_up = pages.iter().filter_map(|page| {
        let here = || {
            leaves
                .iter()
                .filter(|leaf| arrives(&leaf.key) == page.key[0])
        };
        let unshown: BTreeSet<String> = here()
            .filter(|leaf| !is_shown(&leaf.key))
            .flat_map(|leaf| leaf.cell.networks(Family::Pageviews).clone())
            .collect();
        let smallest = here()
            .filter(|leaf| is_shown(&leaf.key))
            .min_by_key(|leaf| (leaf.cell.value("transitions"), Reverse(leaf.key.clone())));
        let few = !unshown.is_empty() && unshown.len() < k;
        smallest.filter(|_| few).map(|leaf| leaf.key.clone())
    });
    to_roll_up.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(usize, usize, &[&'static str])]) -> Pairs<'static> {
        let pairs = pairs.iter();
        pairs
            .map(|(left, right, networks)| ((*left, *right), networks.iter().copied().collect()))
            .collect()
    }

    #[test]
    fn a_row_within_another_leaves_a_difference() {
        let nested = pairs(&[(0, 0, &["a", "b"]), (0, 1, &["c"]), (1, 1, &["d", "e"])]);
        assert!(tells_of_few(&nested, 2));
        let wide = pairs(&[
            (0, 0, &["a", "b"]),
            (0, 1, &["c", "f"]),
            (1, 1, &["d", "e"]),
        ]);
        assert!(!tells_of_few(&wide, 2));
        let crossed = pairs(&[
            (0, 0, &["a"]),
            (0, 1, &["c"]),
            (1, 0, &["f"]),
            (1, 1, &["d"]),
        ]);
        assert!(!tells_of_few(&crossed, 2));
    }
}
