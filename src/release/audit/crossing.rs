//! Two tables over the same visits or requests: whether sums of rows of the one, less sums of rows of
//! the other, isolate a group of too few networks.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::classes::Classes;
use crate::aggregate::NetworkSet;

/// Most steps of a search; where they do not suffice, the worst is assumed.
const MOST_STEPS: usize = 50_000;

/// The graph of two tables: a vertex for each row of the left and of the right one, an edge for each
/// pair of rows that something is counted in, with the networks behind it.
///
/// Vertices are in classes: whatever takes a value of a row to that of another of its class is known to
/// involve at least k networks. Edges within a class are not kept.
#[derive(Clone)]
pub(super) struct Crossing {
    classes: Classes,
    left: usize,
    edges: HashMap<(u32, u32), NetworkSet>,
    k: usize,
}

/// What is known of two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// No difference of their sums has too few networks.
    Safe,
    /// One has.
    Isolated,
    /// The search was given up.
    Undecided,
}

impl Crossing {
    /// A graph without edges, of so many rows of each table.
    pub(super) fn new(left: usize, right: usize, k: usize) -> Self {
        Self {
            classes: Classes::new(left + right),
            left,
            edges: HashMap::new(),
            k,
        }
    }

    /// Adds what one network has in a pair of rows.
    pub(super) fn add(&mut self, left: u32, right: u32, network: u64) {
        let right = right + self.left as u32;
        if !self.classes.are_one(left, right) {
            let edge = self.edges.entry((left, right)).or_default();
            edge.insert(network, self.k);
        }
    }

    /// Adds what several networks have in a pair of rows.
    pub(super) fn add_all(&mut self, left: u32, right: u32, networks: &NetworkSet) {
        let edge = self.edges.entry((left, right + self.left as u32));
        edge.or_default().absorb(networks, self.k);
    }

    /// Joins classes between which there are at least k networks in one direction, until there are no
    /// such. Edges added later only join more.
    pub(super) fn contract(&mut self) {
        loop {
            self.edges
                .retain(|&(left, right), _| !self.classes.are_one(left, right));
            let heavy: Vec<(u32, u32)> = self
                .arcs()
                .into_iter()
                .filter(|(_, networks)| networks.has(self.k))
                .map(|(arc, _)| arc)
                .collect();
            if heavy.is_empty() {
                return;
            }
            for (from, to) in heavy {
                self.classes.join(from, to);
            }
            self.classes.flatten();
        }
    }

    /// Whether so many rows, which are all that occur, are one class: nothing can be isolated, whatever is
    /// added.
    pub(super) const fn has_one_class_of(&self, rows: usize) -> bool {
        self.classes.joins() + 1 == rows
    }

    /// Whether a difference of sums of the two tables has too few networks, but some.
    pub(super) fn finding(&mut self) -> Finding {
        self.contract();
        Cuts::new(&self.arcs(), self.k).search(MOST_STEPS)
    }

    /// The same if rows of the right table were merged.
    pub(super) fn finding_merged(&self, merged: &[Vec<usize>]) -> Finding {
        let mut coarser = self.clone();
        for rows in merged {
            for pair in rows.windows(2) {
                let [one, other] = [pair[0], pair[1]].map(|row| (self.left + row) as u32);
                coarser.classes.join(one, other);
            }
        }
        coarser.finding()
    }

    /// The edges between classes, from that of the left row to that of the right one.
    fn arcs(&self) -> BTreeMap<(u32, u32), NetworkSet> {
        let mut arcs = BTreeMap::<_, NetworkSet>::new();
        for (&(left, right), networks) in &self.edges {
            let arc = (self.classes.of(left), self.classes.of(right));
            arcs.entry(arc).or_default().absorb(networks, self.k);
        }
        arcs
    }
}

/// The search for a set of classes that arcs of fewer than k networks leave and none enters.
struct Cuts<'a> {
    /// The classes, neighbours close to each other, and where each one's component begins.
    order: Vec<u32>,
    is_first: Vec<bool>,
    arcs: HashMap<u32, Vec<Arc<'a>>>,
    k: usize,
}

/// An arc as seen from one of its ends.
#[derive(Clone, Copy)]
struct Arc<'a> {
    other: u32,
    leaves: bool,
    networks: &'a NetworkSet,
}

/// Classes decided so far, and the networks on arcs from those inside to those outside.
#[derive(Clone, Default)]
struct Partial {
    inside: Vec<bool>,
    networks: NetworkSet,
}

impl<'a> Cuts<'a> {
    fn new(edges: &'a BTreeMap<(u32, u32), NetworkSet>, k: usize) -> Self {
        let mut arcs: HashMap<u32, Vec<Arc<'a>>> = HashMap::new();
        for (&(from, to), networks) in edges {
            for (end, other, leaves) in [(from, to, true), (to, from, false)] {
                arcs.entry(end).or_default().push(Arc {
                    other,
                    leaves,
                    networks,
                });
            }
        }
        let mut cuts = Self {
            order: Vec::new(),
            is_first: Vec::new(),
            arcs,
            k,
        };
        cuts.put_in_order();
        cuts
    }

    /// Component by component, each from its class of most arcs on, breadth first.
    fn put_in_order(&mut self) {
        let mut starts: Vec<u32> = self.arcs.keys().copied().collect();
        starts.sort_unstable_by_key(|class| (usize::MAX - self.arcs[class].len(), *class));
        let mut seen = hashbrown::HashSet::new();
        for start in starts {
            if !seen.insert(start) {
                continue;
            }
            let mut next = self.order.len();
            self.order.push(start);
            self.is_first.push(true);
            while let Some(class) = self.order.get(next) {
                next += 1;
                for arc in &self.arcs[class] {
                    if seen.insert(arc.other) {
                        self.order.push(arc.other);
                        self.is_first.push(false);
                    }
                }
            }
        }
    }

    /// Decides class by class, and gives a branch up as soon as it has k networks. A group isolated in
    /// several components is isolated in each: every component is searched by itself.
    fn search(&self, most_steps: usize) -> Finding {
        let places: HashMap<u32, usize> = self
            .order
            .iter()
            .zip(0..)
            .map(|(&class, at)| (class, at))
            .collect();
        let mut steps = 0;
        let starts = (0..self.order.len()).filter(|&at| self.is_first[at]);
        for start in starts {
            let rest = self.is_first[start + 1..].iter().position(|first| *first);
            let end = rest.map_or(self.order.len(), |length| start + 1 + length);
            let mut open = vec![Partial::default()];
            while let Some(partial) = open.pop() {
                steps += 1;
                if steps > most_steps {
                    return Finding::Undecided;
                }
                let at = start + partial.inside.len();
                if at == end {
                    if partial.inside.contains(&true) && partial.inside.contains(&false) {
                        return Finding::Isolated;
                    }
                    continue;
                }
                let sides = [true, false].into_iter();
                open.extend(sides.filter_map(|inside| {
                    let place = |class| places[&class].checked_sub(start);
                    partial.with(inside, &self.arcs[&self.order[at]], place, self.k)
                }));
            }
        }
        Finding::Safe
    }
}

impl Partial {
    /// The same with one more class; `None` if an arc then enters, or k networks leave.
    fn with(
        &self,
        inside: bool,
        arcs: &[Arc<'_>],
        place: impl Fn(u32) -> Option<usize>,
        k: usize,
    ) -> Option<Self> {
        let mut next = self.clone();
        for arc in arcs {
            let other = place(arc.other).and_then(|at| self.inside.get(at));
            if other.is_some_and(|&other| other != inside) {
                if arc.leaves != inside {
                    return None;
                }
                next.networks.absorb(arc.networks, k);
                if next.networks.has(k) {
                    return None;
                }
            }
        }
        next.inside.push(inside);
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::release::audit::elimination::Span;

    /// A pair of rows and how many networks are in both, no network in two pairs.
    type Pair = (u32, u32, u64);

    fn crossing(pairs: &[Pair], k: usize) -> Crossing {
        let rows =
            |of: fn(&Pair) -> u32| pairs.iter().map(of).max().map_or(0, |it| it as usize + 1);
        let mut crossing = Crossing::new(rows(|it| it.0), rows(|it| it.1), k);
        for (at, &(left, right, networks)) in (0..).zip(pairs) {
            (0..networks).for_each(|network| crossing.add(left, right, at * 100 + network));
        }
        crossing
    }

    #[track_caller]
    fn check(pairs: &[Pair], expected: Finding) {
        assert_eq!(crossing(pairs, 5).finding(), expected);
    }

    #[test]
    fn the_rest_of_a_row_that_holds_another_is_isolated() {
        check(&[(0, 0, 9), (0, 1, 4), (1, 1, 9)], Finding::Isolated);
        check(&[(0, 0, 9), (0, 1, 5), (1, 1, 9)], Finding::Safe);
    }

    #[test]
    fn rows_that_cross_isolate_nothing() {
        check(&[(0, 0, 4), (0, 1, 4), (1, 0, 4), (1, 1, 4)], Finding::Safe);
    }

    /// Rows that hang together with no others are searched by themselves, to the last.
    #[test]
    fn every_part_of_two_tables_is_searched() {
        let crossed = |row: u32| {
            let [one, other] = [row, row + 1];
            [
                (one, one, 4),
                (one, other, 9),
                (other, one, 9),
                (other, other, 4),
            ]
        };
        let [safe, isolating] = [
            crossed(0).to_vec(),
            [crossed(5).to_vec(), vec![(5, 7, 2)]].concat(),
        ];
        check(&safe, Finding::Safe);
        check(&isolating, Finding::Isolated);
        check(&[safe, isolating].concat(), Finding::Isolated);
    }

    #[test]
    fn several_rows_within_one_are_subtracted_together() {
        check(
            &[(0, 0, 5), (0, 1, 5), (0, 2, 2), (1, 2, 9)],
            Finding::Isolated,
        );
    }

    #[test]
    fn sums_of_rows_on_both_sides_are_subtracted() {
        // Two rows of the left one hold two of the right one and a little more, none by itself.
        let pairs = [
            (0, 0, 4),
            (0, 1, 4),
            (1, 0, 4),
            (1, 1, 4),
            (1, 2, 1),
            (2, 2, 9),
        ];
        check(&pairs, Finding::Isolated);
    }

    #[test]
    fn tables_that_hang_together_nowhere_isolate_nothing() {
        check(&[(0, 0, 9), (1, 1, 9)], Finding::Safe);
    }

    #[test]
    fn networks_of_several_pairs_are_counted_once() {
        let mut same = Crossing::new(2, 3, 5);
        (0..9).for_each(|network| same.add(0, 0, network));
        (0..9).for_each(|network| same.add(1, 1, network));
        (0..9).for_each(|network| same.add(1, 2, network));
        (0..4).for_each(|network| same.add(0, 1, network));
        (0..4).for_each(|network| same.add(0, 2, network));
        assert_eq!(same.finding(), Finding::Isolated);
    }

    #[test]
    fn merged_rows_isolate_less() {
        let found = crossing(&[(0, 0, 9), (0, 1, 4), (1, 1, 9), (1, 2, 9)], 5);
        assert_eq!(found.finding_merged(&[vec![0, 1], vec![2]]), Finding::Safe);
        assert_eq!(
            found.finding_merged(&[vec![0], vec![1, 2]]),
            Finding::Isolated
        );
    }

    #[test]
    fn a_search_too_long_is_given_up() {
        let crossing = crossing(&[(0, 0, 4), (0, 1, 4), (1, 0, 4), (1, 1, 4)], 5);
        let arcs = crossing.arcs();
        assert_eq!(Cuts::new(&arcs, 5).search(2), Finding::Undecided);
        assert_eq!(Cuts::new(&arcs, 5).search(50), Finding::Safe);
    }

    /// Whether the row space holds an indicator of fewer than k networks: every set of pairs is tried
    /// against the span of the rows.
    fn isolates_by_elimination(pairs: &BTreeMap<(u32, u32), NetworkSet>, k: usize) -> bool {
        let keys: Vec<(u32, u32)> = pairs.keys().copied().collect();
        let mut rows: Vec<Vec<u64>> = Vec::new();
        for vertex in 0..4 {
            rows.push(keys.iter().map(|key| u64::from(key.0 == vertex)).collect());
            rows.push(keys.iter().map(|key| u64::from(key.1 == vertex)).collect());
        }
        let entries = |row: Vec<u64>| row.into_iter().enumerate();
        let mut span = Span::new(keys.len());
        rows.into_iter().for_each(|row| span.insert(entries(row)));
        (1_u32..1 << keys.len()).any(|set| {
            let chosen = |at: usize| set >> at & 1 == 1;
            let mut networks = NetworkSet::default();
            (0..keys.len())
                .filter(|&at| chosen(at))
                .for_each(|at| networks.absorb(&pairs[&keys[at]], k));
            let indicator = (0..keys.len()).map(|at| u64::from(chosen(at))).collect();
            !networks.has(k) && span.holds(entries(indicator))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// Networks are shared between pairs; rows themselves may have too few.
        #[test]
        fn cuts_are_what_elimination_finds(
            visits in proptest::collection::vec((0_u32..4, 0_u32..4, 0_u64..8), 1..14),
            k in 2_usize..5,
        ) {
            let mut crossing = Crossing::new(4, 4, k);
            let mut pairs: BTreeMap<(u32, u32), NetworkSet> = BTreeMap::new();
            for (left, right, network) in visits {
                crossing.add(left, right, network);
                pairs.entry((left, right)).or_default().insert(network, k);
            }
            prop_assume!(pairs.len() <= 9);
            let expected = isolates_by_elimination(&pairs, k);
            prop_assert_eq!(crossing.finding() == Finding::Isolated, expected);
        }
    }
}
