//! The flow equations of pages: what arrives at a page from other pages is its pageviews less its
//! entries, so the steps to it that no row of transitions shows are known as a sum.

use std::cmp::Reverse;

use hashbrown::{HashMap, HashSet};

use crate::{
    aggregate::{Key, NetworkSet, Survey, Table, from_page, to_page},
    release::plan::Plan,
};

/// The transitions, the number and the cell of a row: the smaller row is the less, and among equals that
/// of the greater key, which is the greater number.
type ShownRow = (u64, Reverse<Option<usize>>, Key);

/// The steps to one page.
#[derive(Default)]
struct Arrivals {
    /// Of the rows that show some: the smallest, by roll-up order.
    smallest: Option<ShownRow>,
    /// The networks of all other steps.
    unshown: NetworkSet,
    has_unshown: bool,
}

/// Rolls up the smallest shown transition to each page that is else left with unshown steps of fewer
/// than k networks; the answer is how many. A shown transition has k networks, and so has whatever it
/// joins: once is enough for every page.
pub(super) fn mend(plan: &mut Plan<'_>, survey: &Survey) -> usize {
    let k = plan.settings.k;
    let mut arrivals: HashMap<Key, Arrivals> = HashMap::new();
    let mut shown = HashSet::new();
    for (&key, cell) in survey.cells(Table::Transitions) {
        let page = to_page(key).unwrap_or(from_page(key));
        let Some(page_row) = plan.rows().row(Table::Pages, page) else {
            continue;
        };
        let arrivals = arrivals.entry(page_row as Key).or_default();
        if plan.is_named(Table::Transitions, key) {
            shown.insert(key);
            let row = plan.rows().row(Table::Transitions, key);
            arrivals.show((cell.first, Reverse(row), key));
        } else {
            arrivals.has_unshown = true;
            arrivals.unshown.absorb(&cell.networks, k);
        }
    }
    let short = arrivals
        .into_values()
        .filter(|it| it.has_unshown && !it.unshown.has(k));
    let rolled_up: Vec<Key> = short.filter_map(|it| Some(it.smallest?.2)).collect();
    if !rolled_up.is_empty() {
        rolled_up.iter().for_each(|key| {
            shown.remove(key);
        });
        plan.keep_transitions(survey, &shown);
    }
    rolled_up.len()
}

impl Arrivals {
    fn show(&mut self, row: ShownRow) {
        self.smallest = Some(self.smallest.map_or(row, |smallest| smallest.min(row)));
    }
}
