//! Empties cells in which few visitors or networks stand out, and as many more as keep subtraction
//! from restoring them.

use std::cmp::Reverse;

use hashbrown::{HashMap, HashSet};

use crate::aggregate::{NetworkSet, Share, Spread};

/// Fewest visitors behind a published volume.
pub const FEWEST_CONTRIBUTORS: u64 = 5;

/// What is needed of a row to judge one of its measures.
#[derive(Clone, Copy)]
pub(super) struct Cell<'t> {
    /// The row's first measure, by which rows are rolled up.
    pub(super) first: u64,
    /// The networks that contributed in the measure's family.
    pub(super) networks: Option<&'t NetworkSet>,
    /// Too few networks contributed.
    pub(super) short: bool,
    /// One or a few visitors dominate.
    pub(super) dominated: bool,
}

/// A column whose cells are to be judged together.
pub(super) struct Column<'t> {
    /// Its cells, by row number.
    pub(super) cells: Vec<Cell<'t>>,
    /// Each visitor's share of each row, for a volume.
    pub(super) shares: Option<&'t [Share]>,
    /// Fewest networks.
    pub(super) k: usize,
}

/// Whether a volume spread like this, and adding up to `total`, may be published: at least five
/// visitors, none with more than half, and what remains without the two largest is at least a fifth of
/// the largest (the p % rule of statistical disclosure control, Hundepool et al., 2012, chapter 4).
pub(super) const fn is_safe(spread: Spread, total: u64) -> bool {
    let remainder = total - spread.largest - spread.second;
    spread.contributors >= FEWEST_CONTRIBUTORS
        && spread.largest <= total / 2
        && remainder.saturating_mul(5) >= spread.largest
}

impl Column<'_> {
    /// Which rows' cells are to be left empty. The names are the rows' key columns, which break ties of
    /// the roll-up order.
    pub(super) fn emptied<N: Ord>(&self, name: impl Fn(usize) -> N) -> Vec<bool> {
        let mut emptied: Vec<bool> = self
            .cells
            .iter()
            .map(|cell| cell.short || cell.dominated)
            .collect();
        if !emptied.contains(&true) {
            return emptied;
        }
        let mut union = Union::new(self, &emptied);
        if union.suffices() {
            return emptied;
        }
        let shares = ByRow::new(self.shares.unwrap_or_default(), emptied.len());
        let mut remaining: Vec<usize> = (0..emptied.len()).filter(|&row| !emptied[row]).collect();
        remaining.sort_by_cached_key(|&row| (self.cells[row].first, Reverse(name(row))));
        let suffices = |row: &&usize| union.suffices_with(**row, shares.of(**row));
        if let Some(&row) = remaining.iter().find(suffices) {
            emptied[row] = true;
            return emptied;
        }
        // Largest first; among equals the first in roll-up order.
        remaining.sort_by_key(|&row| Reverse(self.cells[row].first));
        for row in remaining {
            emptied[row] = true;
            union.join(row, shares.of(row));
            if union.suffices() {
                return emptied;
            }
        }
        vec![true; emptied.len()]
    }
}

/// The shares of a column grouped by row.
struct ByRow {
    /// Where each row's shares begin, and where the last one's end.
    starts: Vec<usize>,
    shares: Vec<Share>,
}

impl ByRow {
    /// A counting sort.
    fn new(shares: &[Share], rows: usize) -> Self {
        let mut starts = vec![0; rows + 1];
        for share in shares {
            starts[share.row + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut sorted = shares.to_vec();
        for share in shares {
            sorted[next[share.row]] = *share;
            next[share.row] += 1;
        }
        Self {
            starts,
            shares: sorted,
        }
    }

    fn of(&self, row: usize) -> &[Share] {
        &self.shares[self.starts[row]..self.starts[row + 1]]
    }
}

/// Several cells of a column taken together.
struct Union<'c> {
    column: &'c Column<'c>,
    networks: NetworkSet,
    members: usize,
    needs_networks: bool,
    total: u64,
    amounts: HashMap<u64, u64>,
    /// The visitors by amount, the largest first.
    ranked: Vec<(u64, u64)>,
}

impl<'c> Union<'c> {
    /// The union of the emptied cells.
    fn new(column: &'c Column<'c>, emptied: &[bool]) -> Self {
        let mut union = Self {
            column,
            networks: NetworkSet::default(),
            members: 0,
            needs_networks: column.cells.iter().any(|cell| cell.short),
            total: 0,
            amounts: HashMap::new(),
            ranked: Vec::new(),
        };
        for row in (0..emptied.len()).filter(|&row| emptied[row]) {
            union.add_networks(row);
        }
        let shares = column.shares.unwrap_or_default().iter();
        union.add_shares(shares.filter(|share| emptied[share.row]));
        union
    }

    fn join(&mut self, row: usize, shares: &[Share]) {
        self.add_networks(row);
        self.add_shares(shares.iter());
    }

    fn add_networks(&mut self, row: usize) {
        self.members += 1;
        if let Some(networks) = self.column.cells[row].networks {
            self.networks.absorb(networks, self.column.k);
        }
    }

    fn add_shares<'s>(&mut self, shares: impl Iterator<Item = &'s Share>) {
        for share in shares {
            let amount = self.amounts.entry(share.visitor).or_default();
            *amount = amount.saturating_add(share.amount);
            self.total = self.total.saturating_add(share.amount);
        }
        let amounts = self.amounts.iter();
        self.ranked = amounts
            .map(|(&visitor, &amount)| (amount, visitor))
            .collect();
        self.ranked.sort_unstable_by(|left, right| right.cmp(left));
    }

    fn suffices(&self) -> bool {
        self.has_networks(self.members, &self.networks) && self.is_safe_with(&[])
    }

    /// Whether one more row would suffice.
    fn suffices_with(&self, row: usize, shares: &[Share]) -> bool {
        let mut networks = self.networks.clone();
        if let Some(more) = self.column.cells[row].networks {
            networks.absorb(more, self.column.k);
        }
        self.has_networks(self.members + 1, &networks) && self.is_safe_with(shares)
    }

    fn has_networks(&self, members: usize, networks: &NetworkSet) -> bool {
        !self.needs_networks || (members >= 2 && networks.has(self.column.k))
    }

    fn is_safe_with(&self, more: &[Share]) -> bool {
        if self.column.shares.is_none() {
            return true;
        }
        let mut spread = Spread::default();
        let mut joined = HashSet::new();
        for share in more {
            joined.insert(share.visitor);
            spread.add(share.amount + self.amounts.get(&share.visitor).copied().unwrap_or(0));
        }
        let others = || {
            self.ranked
                .iter()
                .filter(|(_, visitor)| !joined.contains(visitor))
        };
        others().take(2).for_each(|&(amount, _)| spread.add(amount));
        let shared = more
            .iter()
            .filter(|share| self.amounts.contains_key(&share.visitor))
            .count();
        spread.contributors = (self.ranked.len() + more.len() - shared) as u64;
        is_safe(
            spread,
            more.iter()
                .map(|share| share.amount)
                .fold(self.total, u64::saturating_add),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(amounts: &[u64]) -> (Spread, u64) {
        let mut spread = Spread::default();
        amounts.iter().for_each(|&amount| spread.add(amount));
        (spread, amounts.iter().sum())
    }

    #[test]
    fn a_volume_needs_five_visitors_and_none_that_stands_out() {
        let cases: [(&[u64], bool); 7] = [
            (&[1, 1, 1, 1, 1], true),
            (&[1, 1, 1, 1], false),
            (&[1, 1, 1, 1, 0], false),
            (&[4, 1, 1, 1, 1], true),
            (&[5, 1, 1, 1, 1], false),
            (&[100, 100, 10, 9, 1], true),
            (&[100, 100, 10, 8, 1], false),
        ];
        for (amounts, safe) in cases {
            let (spread, total) = spread(amounts);
            assert_eq!(is_safe(spread, total), safe, "{amounts:?}");
        }
    }

    /// A row's amounts by visitor number.
    type Amounts<'a> = &'a [(u64, u64)];

    /// Which of the rows are emptied.
    fn emptied(rows: &[Amounts<'_>]) -> Vec<bool> {
        emptied_if_judged(rows, |_| true)
    }

    /// Which of the rows are emptied if some are never dominated, as those of well-known crawlers.
    fn emptied_if_judged(rows: &[Amounts<'_>], is_judged: impl Fn(usize) -> bool) -> Vec<bool> {
        let shares: Vec<Share> = rows
            .iter()
            .enumerate()
            .flat_map(|(row, shares)| {
                shares.iter().map(move |&(visitor, amount)| Share {
                    row,
                    visitor,
                    amount,
                })
            })
            .collect();
        let cells = rows
            .iter()
            .enumerate()
            .map(|(row, shares)| {
                let (spread, total) =
                    spread(&shares.iter().map(|share| share.1).collect::<Vec<_>>());
                Cell {
                    first: total,
                    networks: None,
                    short: false,
                    dominated: is_judged(row) && !is_safe(spread, total),
                }
            })
            .collect();
        Column {
            cells,
            shares: Some(&shares),
            k: 10,
        }
        .emptied(|row| row)
    }

    #[test]
    fn the_smallest_cell_that_suffices_alone_is_emptied_too() {
        let dominated: &[(u64, u64)] = &[(1, 10), (2, 1), (3, 1), (4, 1), (5, 1)];
        let small: &[(u64, u64)] = &[(11, 1), (12, 1), (13, 1), (14, 1), (15, 1)];
        let fitting: &[(u64, u64)] = &[(21, 3), (22, 3), (23, 3), (24, 3), (25, 3)];
        let large: &[(u64, u64)] = &[(31, 9), (32, 9), (33, 9), (34, 9), (35, 9)];
        assert_eq!(
            emptied(&[dominated, small, fitting, large]),
            [true, false, true, false]
        );
    }

    #[test]
    fn a_visitor_counts_once_over_several_cells() {
        // The only other cell has the same dominating visitor: no union is safe.
        let dominated: &[(u64, u64)] = &[(1, 10), (2, 1), (3, 1), (4, 1), (5, 1)];
        let same: &[(u64, u64)] = &[(1, 5), (12, 2), (13, 2), (14, 2), (15, 2)];
        assert_eq!(emptied(&[dominated, same]), [true, true]);
    }

    #[test]
    fn two_cells_that_hide_each_other_need_no_third() {
        let dominated: Amounts<'_> = &[(1, 10), (2, 1), (3, 1), (4, 1), (5, 1)];
        let another: Amounts<'_> = &[(11, 10), (12, 1), (13, 1), (14, 1), (15, 1)];
        let safe: Amounts<'_> = &[(21, 9), (22, 9), (23, 9), (24, 9), (25, 9)];
        assert_eq!(emptied(&[dominated, another, safe]), [true, true, false]);
    }

    #[test]
    fn where_no_cell_suffices_the_largest_are_emptied_until_they_do() {
        let dominated: Amounts<'_> = &[(1, 1000), (2, 1), (3, 1), (4, 1), (5, 1)];
        let small: Amounts<'_> = &[(11, 60), (12, 60), (13, 60), (14, 60), (15, 60)];
        let middle: Amounts<'_> = &[(21, 100), (22, 100), (23, 100), (24, 100), (25, 100)];
        let large: Amounts<'_> = &[(31, 120), (32, 120), (33, 120), (34, 120), (35, 120)];
        assert_eq!(
            emptied(&[small, dominated, large, middle]),
            [false, true, true, true]
        );
    }

    #[test]
    fn the_same_few_visitors_of_two_cells_do_not_suffice() {
        let few: Amounts<'_> = &[(1, 3), (2, 3), (3, 3), (4, 3)];
        let many: Amounts<'_> = &[(11, 5), (12, 5), (13, 5), (14, 5), (15, 5)];
        assert_eq!(
            emptied_if_judged(&[few, few, many], |row| row != 1),
            [true, false, true]
        );
    }

    #[test]
    fn a_safe_column_keeps_all_cells() {
        let safe: &[(u64, u64)] = &[(11, 1), (12, 1), (13, 1), (14, 1), (15, 1)];
        assert_eq!(emptied(&[safe, safe]), [false, false]);
    }

    #[test]
    fn cells_with_too_few_networks_take_more_along_until_they_have_enough() {
        let cases: [(&[std::ops::Range<u64>], &[bool]); 3] = [
            (&[0..2, 10..20, 20..30], &[true, true, false]),
            (&[0..2, 2..3, 10..20, 20..30], &[true, true, true, false]),
            (&[0..2, 2..5, 10..20, 20..30], &[true, true, false, false]),
        ];
        for (networks, expected) in cases {
            let set = |members: &std::ops::Range<u64>| {
                let mut set = NetworkSet::default();
                members.clone().for_each(|member| set.insert(member, 5));
                set
            };
            let sets: Vec<NetworkSet> = networks.iter().map(set).collect();
            let cells = sets.iter().zip(7..).map(|(networks, first)| Cell {
                first,
                networks: Some(networks),
                short: !networks.has(5),
                dominated: false,
            });
            let column = Column {
                cells: cells.collect(),
                shares: None,
                k: 5,
            };
            assert_eq!(column.emptied(|row| row), expected, "{networks:?}");
        }
    }
}
