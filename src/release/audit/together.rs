//! All tables of visits together: whether some sum and difference of their rows is the count of a group
//! that is too small to be a row.
//!
//! A group is what shares key columns: a cell, or all cells of a parent. Rows are equations over visits,
//! and a group is told if a combination of rows has weight 1 on its visits and 0 on all others. Seen
//! from the side of visits: each is the sum of the unit vectors of its rows, and **a group is not told
//! if a visit of it is a combination of visits outside it**, since such a combination changes the group
//! and no row. Most groups are settled by visits that are in no small group at all. For the rest, the
//! visits outside of a group are added half by half, so that each is added a few times and not once for
//! every group; a group of which no visit is such a combination even then is told exactly if some linear
//! function is 0 on the visits outside and 1 on each of its own.

use std::collections::BTreeMap;

use hashbrown::{HashMap, HashSet};

use super::{
    cells::CellNumbers,
    elimination::{PRIME, Span},
    visits::Column,
};
use crate::{
    aggregate::{Family, Key, Microdata, NetworkSet, Survey, Table, is_nameless, together},
    release::{Execution, path::Path, plan::Plan},
};

/// Visits added before groups are looked at for the first time.
const FIRST_BLOCK: usize = 4096;

/// The groups of fewer than k networks, and the visits in them.
pub(super) struct SmallGroups {
    /// The table of each group.
    tables: Vec<Table>,
    /// The groups of all visits, visit by visit, and where those of each one begin.
    groups: Vec<u32>,
    starts: Vec<u32>,
}

impl SmallGroups {
    /// The small groups of a period.
    pub(super) fn new(
        plan: &Plan<'_>,
        survey: &Survey,
        microdata: &Microdata,
        execution: &impl Execution,
    ) -> Self {
        let mut of_cells = GroupsOfCells::default();
        let networks = execution.map(Microdata::TABLES.len(), |position| {
            networks_of_cells(position, survey, microdata, plan.settings.k)
        });
        for (table, networks) in Microdata::TABLES.into_iter().zip(networks) {
            let paths = plan.paths(survey, table);
            let cells = networks.iter().map(|(&key, it)| (key, paths.of(key), it));
            let cells: Vec<(Key, Path, &NetworkSet)> = cells.collect();
            of_cells.add(table, &cells, plan);
        }
        let visits = microdata.visits().iter();
        of_cells
            .of_visits(visits.map(|visit| (0..Microdata::TABLES.len()).map(|at| visit.cell(at))))
    }

    /// The table of a group that the rows of all columns together tell of, if there is one.
    pub(super) fn told(&self, columns: &[Column]) -> Option<Table> {
        let groups = self;
        let group = Search { groups, columns }.run()?;
        Some(self.tables[group as usize])
    }

    fn of(&self, visit: u32) -> &[u32] {
        let [start, end] = [visit, visit + 1].map(|at| self.starts[at as usize] as usize);
        &self.groups[start..end]
    }

    fn visits(&self) -> u32 {
        self.starts.len() as u32 - 1
    }
}

/// The small groups of every cell.
#[derive(Default)]
struct GroupsOfCells {
    tables: Vec<Table>,
    /// By position in [`Microdata::TABLES`], one more than the number of each cell's set of groups.
    set_of_cell: Vec<CellNumbers>,
    sets: Vec<Vec<u32>>,
}

impl GroupsOfCells {
    /// Adds the groups of the next table, by each number of leading key columns.
    fn add(&mut self, table: Table, cells: &[(Key, Path, &NetworkSet)], plan: &Plan<'_>) {
        let k = plan.settings.k;
        let mut sets: BTreeMap<Key, Vec<u32>> = BTreeMap::new();
        for columns in 1..=plan.settings.depth(table) {
            let mut networks: BTreeMap<&[u32], NetworkSet> = BTreeMap::new();
            for (key, path, more) in cells {
                // What is together beyond its parent is nobody's group: what is told of it is told of others too.
                if columns == plan.settings.depth(table) && is_together(table, *key) {
                    continue;
                }
                networks
                    .entry(&path[..columns])
                    .or_default()
                    .absorb(more, k);
            }
            networks.retain(|_, networks| !networks.has(k));
            let first = self.tables.len() as u32;
            let numbers: BTreeMap<&[u32], u32> = networks.into_keys().zip(first..).collect();
            self.tables.extend(numbers.keys().map(|_| table));
            for (key, path, _) in cells {
                if let Some(group) = numbers.get(&path[..columns]) {
                    sets.entry(*key).or_default().push(*group);
                }
            }
        }
        let numbers = sets.keys().copied().zip(self.sets.len() as u32 + 1..);
        self.set_of_cell.push(CellNumbers::new(numbers));
        self.sets.extend(sets.into_values());
    }

    /// The groups of visits, given the cell of each in every table.
    fn of_visits(
        self,
        visits: impl Iterator<Item = impl Iterator<Item = Option<Key>>>,
    ) -> SmallGroups {
        let (mut groups, mut starts) = (Vec::new(), vec![0]);
        for cells in visits {
            for (cell, set_of_cell) in cells.zip(&self.set_of_cell) {
                if let set @ 1.. = cell.map_or(0, |key| set_of_cell.of(key)) {
                    groups.extend(&self.sets[set as usize - 1]);
                }
            }
            starts.push(groups.len() as u32);
        }
        SmallGroups {
            tables: self.tables,
            groups,
            starts,
        }
    }
}

/// Whether a cell stands for several that are told apart no more.
fn is_together(table: Table, key: Key) -> bool {
    is_nameless(table, key) && together(table, key) == key
}

/// The networks of the visits in each cell of a table.
fn networks_of_cells(
    position: usize,
    survey: &Survey,
    microdata: &Microdata,
    k: usize,
) -> HashMap<Key, NetworkSet> {
    let table = Microdata::TABLES[position];
    if table.family() == Family::Visits {
        let cells = survey.cells(table).iter();
        let cells = cells.map(|(&key, cell)| (key, cell.networks.clone()));
        let mut networks: HashMap<Key, NetworkSet> = cells.collect();
        if survey.has_nameless(table) {
            let visits = microdata.visits().iter();
            let cells = visits.filter_map(|visit| Some((visit.cell(position)?, visit.network)));
            for (key, network) in cells.filter(|(key, _)| !is_together(table, *key)) {
                if is_nameless(table, key) {
                    networks.entry(key).or_default().insert(network, k);
                }
            }
        }
        return networks;
    }
    let mut networks: HashMap<Key, NetworkSet> = HashMap::new();
    for visit in microdata.visits() {
        if let Some(key) = visit.cell(position) {
            networks.entry(key).or_default().insert(visit.network, k);
        }
    }
    networks
}

/// The search for a group that is told; visits by their numbers.
struct Search<'a> {
    groups: &'a SmallGroups,
    columns: &'a [Column],
}

impl Search<'_> {
    fn run(&self) -> Option<u32> {
        let visits = 0..self.groups.visits();
        let (inside, outside): (Vec<u32>, Vec<u32>) =
            visits.partition(|visit| !self.groups.of(*visit).is_empty());
        let mut open: HashSet<u32> = self.groups.groups.iter().copied().collect();
        let mut span = Span::new(self.columns.iter().map(Column::width).sum());
        let (mut start, mut block) = (0, FIRST_BLOCK);
        while start < outside.len() && !open.is_empty() {
            let end = outside.len().min(start + block);
            // Most visits of later blocks add nothing.
            let annihilator = span.annihilator();
            let mut new = outside[start..end].to_vec();
            new.retain(|visit| !annihilator.is_zero_on(self.rows(*visit)));
            self.insert(&mut span, &new);
            self.settle(&span, &inside, &mut open);
            (start, block) = (end, 2 * block);
        }
        let mut open: Vec<u32> = open.into_iter().collect();
        open.sort_unstable();
        self.among(span, &open, &inside)
    }

    /// Searches some of the groups, given the span of visits in none of these; `visits` are those in some
    /// of them and perhaps others.
    fn among(&self, mut span: Span, groups: &[u32], visits: &[u32]) -> Option<u32> {
        let mut open: HashSet<u32> = groups.iter().copied().collect();
        let (inside, outside): (Vec<u32>, Vec<u32>) =
            visits.iter().partition(|visit| self.is_in(**visit, &open));
        self.insert(&mut span, &outside);
        self.settle(&span, &inside, &mut open);
        let open: Vec<u32> = groups
            .iter()
            .copied()
            .filter(|it| open.contains(it))
            .collect();
        if let ([group], 1) = (open.as_slice(), groups.len()) {
            return self.is_told(span, &inside).then_some(*group);
        }
        let mut halves = open.chunks(open.len().div_ceil(2).max(1));
        halves.find_map(|half| self.among(span.clone(), half, &inside))
    }

    fn insert(&self, span: &mut Span, visits: &[u32]) {
        for &visit in visits {
            span.insert(self.rows(visit));
        }
    }

    /// Takes out the groups of visits that the span holds.
    fn settle(&self, span: &Span, visits: &[u32], open: &mut HashSet<u32>) {
        let annihilator = span.annihilator();
        let may_be_held = |visit: &&u32| annihilator.is_zero_on(self.rows(**visit));
        for &visit in visits.iter().filter(may_be_held) {
            if self.is_in(visit, open) && span.holds(self.rows(visit)) {
                self.groups.of(visit).iter().for_each(|group| {
                    open.remove(group);
                });
            }
        }
    }

    /// Whether a linear function can be 0 on the span and 1 on each of the visits: then it is 0 on their
    /// differences too, and the first is not among all that it is 0 on.
    fn is_told(&self, mut span: Span, visits: &[u32]) -> bool {
        let Some((&first, others)) = visits.split_first() else {
            return false;
        };
        for &other in others {
            let negative = self.rows(other).map(|(row, one)| (row, PRIME - one));
            span.insert(self.rows(first).chain(negative));
        }
        !span.holds(self.rows(first))
    }

    fn is_in(&self, visit: u32, groups: &HashSet<u32>) -> bool {
        let mut own = self.groups.of(visit).iter();
        own.any(|group| groups.contains(group))
    }

    /// A visit as the sum of the unit vectors of its rows.
    fn rows(&self, visit: u32) -> impl Iterator<Item = (usize, u64)> {
        let mut first = 0;
        self.columns.iter().map(move |column| {
            let coordinate = first + column.row(visit);
            first += column.width();
            (coordinate, 1)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A visit's rows in three tables, and its small group, if any.
    type Example = ([u32; 3], Option<u32>);

    fn told(visits: &[Example], groups: u32) -> bool {
        let columns = [0, 1, 2].map(|table| {
            let rows = visits.iter().map(|(rows, _)| rows[table]).collect();
            Column::example(rows, 3)
        });
        let mut starts = vec![0];
        let mut of_visits = Vec::new();
        for (_, group) in visits {
            of_visits.extend(group);
            starts.push(of_visits.len() as u32);
        }
        let groups = SmallGroups {
            tables: vec![Table::Referrers; groups as usize],
            groups: of_visits,
            starts,
        };
        groups.told(&columns).is_some()
    }

    #[test]
    fn three_tables_tell_what_no_two_of_them_do() {
        // The second rows of the first and the second table less that of the third one; any two tables
        // have the group's rows in common with others, or crossing.
        let mut visits = [[0, 0, 0], [1, 0, 1], [0, 1, 1]]
            .map(|rows| (rows, None))
            .to_vec();
        visits.push(([1, 1, 1], Some(0)));
        assert!(told(&visits, 1));
        visits.push(([0, 0, 0], None));
        assert!(told(&visits, 1));
        visits.push(([1, 1, 0], None));
        assert!(!told(&visits, 1));
    }

    /// Whether a combination of rows, and of what is in none, is 1 on a group and 0 elsewhere: elimination on rows, not on visits.
    fn is_sum_of_rows(visits: &[Example], group: u32) -> bool {
        let of_visits = |number: &dyn Fn(&Example) -> bool| -> Vec<(usize, u64)> {
            let numbers = visits.iter().map(|it| u64::from(number(it)));
            numbers.enumerate().collect()
        };
        let mut rows = Span::new(visits.len());
        for (table, row) in (0..3).flat_map(|table| (0..4).map(move |row| (table, row))) {
            rows.insert(of_visits(&|it| it.0[table] == row).into_iter());
        }
        let members = of_visits(&|it| it.1 == Some(group));
        members.iter().any(|(_, number)| *number == 1) && rows.holds(members.into_iter())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn a_group_is_told_if_it_is_a_sum_of_rows(
            visits in proptest::collection::vec(
                ((0_u32..4, 0_u32..4, 0_u32..4), proptest::option::of(0_u32..4)),
                1..14,
            ),
        ) {
            let visits: Vec<Example> =
                visits.into_iter().map(|((a, b, c), group)| ([a, b, c], group)).collect();
            let expected = (0..4).any(|group| is_sum_of_rows(&visits, group));
            prop_assert_eq!(told(&visits, 4), expected);
        }
    }
}
