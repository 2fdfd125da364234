//! The linear audit: no sum of published rows, less another, may be about fewer than k networks.
//!
//! # What could go wrong
//!
//! Every row of a table has k networks, and so has `(other)`. But tables share their visits. If all
//! visits with Safari come from two systems, and a row of systems holds just these, then Safari's row
//! less that row is about the rest of Safari's visits, however few. Published counts are sums over
//! *micro-cells* (visits; steps from page to page; requests), and whoever knows which micro-cells there
//! are can derive exactly the vectors of the space that the published rows span. The audit asks whether
//! a vector of it is the indicator of a set that is not empty and has fewer than k networks (Willenborg
//! & de Waal, *Elements of Statistical Disclosure Control*, 2001; Hundepool et al., *Statistical
//! Disclosure Control*, 2012, the chapter on tables: auditing of suppression patterns).
//!
//! # Two tables
//!
//! A table is a partition of the visits into its rows, those in none of them being one more part, whose
//! number is the total less the rows. Take the rows of two tables as the vertices of a bipartite graph,
//! with an edge where a visit is in both rows ([`crossing`]). A vector of the two tables' row space gives
//! each vertex a number, and each edge the sum of those of its ends. It is an indicator if all these sums
//! are 0 or 1. Turn the signs of one side around, and the sums are differences of potentials: edges of
//! difference 1 lead from a level to the one below, all others stay on their level. So **the sets that
//! can be derived are disjoint unions of directed cuts**: the edges that leave a set of vertices that no edge
//! enters, edges directed from the left table to the right one (Gusfield, *A graph theoretic approach to
//! statistical data security*, SIAM Journal on Computing 17(3), 1988; Kao, *Data security equals graph
//! connectivity*, SIAM Journal on Discrete Mathematics 9(1), 1996). A cut is the sum of some rows of the
//! left table less the sum of rows of the right one that lie within them: complements, a cell
//! subtracted from its row, and all differences of nested sums are such. The matrix of such a graph is
//! totally unimodular, so that potentials are integers and no arithmetic can be in doubt: none but
//! counting is done.
//!
//! - *Contraction is exact.* If k networks stand behind the edges from one class of vertices to another,
//!   a cut with fewer cannot part the two; they become one class. Where all rows that occur end up in
//!   one class, it is **proved that no cut of the two tables has fewer than k networks**, and further
//!   visits cannot change that. Of most pairs of tables a few thousand visits settle it.
//! - *What remains is searched through*, all cuts of it, a branch being given up when it has k networks.
//!   Finding the cut of fewest networks is a minimum label cut and hard in general, so the search has a
//!   limit; reaching it counts as a finding.
//! - *Knowing that a number is not negative does not help.* What linear equations and signs
//!   together determine is, by duality of linear programs, determined by the equations over the
//!   micro-cells that are not zero throughout; all that occur are among these, and the audit looks at
//!   these alone.
//!
//! Tables of requests are judged by their numbers of visits where these are published; where some are left empty,
//! only their sum is taken as known. Statuses and errors, and goals and their countries, are compared
//! cell by cell, since a cell of the one tells that of the other ([`parents`]). Probes are judged by the
//! requests that they are, crawlers' too, which no other table has by the hour or region ([`probes`]).
//!
//! # All tables
//!
//! Every group of fewer than k networks, a cell or all cells of a parent, is then tried against the rows
//! of all tables of visits at once, by elimination modulo a prime of 61 bits ([`together`]). Three tables
//! can tell what no two of them do.
//!
//! # Flow
//!
//! The steps of visits are a graph of their own: what leaves a page is its pageviews less its exits, and
//! that is the sum of its transitions; what arrives is its pageviews less its entries, which
//! no row says. The steps to a page that are in no row of transitions are known by that as a sum, and
//! are to be of k networks or none ([`flow`]). Where no row shows a step to the page, that sum is an
//! outcome of the page's own row, and given anyway.
//!
//! # When something is found
//!
//! The later table in the order of publication gives way: of its top level, the smallest that suffices
//! alone joins `(other)`, else the smallest in turn; where it is left with only `(other)`, it is
//! withheld. A group that all tables tell of together is hidden by its own table, or by the last one where
//! that has no rows. A coarser partition spans less, so a pair that is safe stays so, and the process ends.
//! Visits in no row of a table, if they are too few, cannot be hidden by fewer rows: the table is withheld.
//!
//! # What is not proved
//!
//! - Of three and more tables, sets of visits that are no group of one table. Combinations of volumes
//!   with counts, and of rows with outcomes (an outcome of a published row, such as its bounces, is given
//!   exactly) are not looked at; nor are, among requests, hours with statuses, hosts or probes, the three
//!   tables of probes together, or goals with the tables of visits.
//! - Of the flow, sums of several pages at once: steps are judged page by page.
//! - What can be told of a number without determining it, such as bounds (Dobra & Fienberg,
//!   *Bounds for cell entries in contingency tables given marginal totals and decomposable graphs*,
//!   PNAS 97(22), 2000), or from its being an integer.
//! - Earlier releases: periods of a ledger do not overlap, so they share no micro-cell.
//! - What few contributors, or somebody with another source, know besides.

mod cells;
mod classes;
mod crossing;
mod elimination;
mod flow;
mod parents;
mod probes;
mod together;
mod visits;

use std::collections::{BTreeMap, BTreeSet};

use self::{
    crossing::{Crossing, Finding},
    parents::Parents,
    together::SmallGroups,
    visits::Column,
};
use super::{Execution, Withheld, path::Path, plan::Plan};
use crate::aggregate::{Microdata, Survey, Table};

/// Further roll-ups after which a release is given up.
const MOST_ROLL_UPS: usize = 1000;

/// Why a release is given up: no number of further roll-ups that was tried keeps this table from telling
/// of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// The table that was rolled up.
    pub table: Table,
    /// The one that it tells of a group with; `None` for all others together.
    pub with: Option<Table>,
}

/// Audits a plan, and rolls up further rows of it until the audit finds nothing.
pub(super) struct Audit<'a, 'l, E> {
    plan: &'a mut Plan<'l>,
    survey: &'a Survey,
    microdata: &'a Microdata,
    execution: &'a E,
    /// How often a row more was rolled up, by table and cause.
    roll_ups: BTreeMap<(Table, Cause), usize>,
    most: usize,
}

/// What a table would have told of too few networks with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// Another table.
    With(Table),
    /// All other tables.
    Together,
    /// The total.
    Total,
}

impl<'a, 'l, E: Execution> Audit<'a, 'l, E> {
    pub(super) fn new(
        plan: &'a mut Plan<'l>,
        survey: &'a Survey,
        microdata: &'a Microdata,
        execution: &'a E,
    ) -> Self {
        Self {
            plan,
            survey,
            microdata,
            execution,
            roll_ups: BTreeMap::new(),
            most: MOST_ROLL_UPS,
        }
    }

    /// Rolls up until nothing is found; what was rolled up, for the terminal.
    ///
    /// # Errors
    ///
    /// The tables that were not settled by as many roll-ups as are tried.
    pub(super) fn settle(mut self) -> Result<Vec<Withheld>, Unsettled> {
        let steps = flow::mend(self.plan, self.survey);
        if steps > 0 {
            self.roll_ups
                .insert((Table::Transitions, Cause::With(Table::Pages)), steps);
        }
        let groups = SmallGroups::new(self.plan, self.survey, self.microdata, self.execution);
        loop {
            let before = self.roll_ups.clone();
            self.settle_parents()?;
            self.settle_probes()?;
            let columns = self.settle_visits()?;
            self.settle_together(&groups, &columns)?;
            if self.roll_ups == before {
                return Ok(self.withheld());
            }
        }
    }

    fn settle_parents(&mut self) -> Result<(), Unsettled> {
        for pair in Parents::ALL {
            let none = pair.networks_of_none(self.plan, self.survey);
            if none.has(1) && !none.has(self.plan.settings.k) {
                self.withhold(pair.fine);
            }
            let has_rows = |plan: &Plan<'_>, table| plan.rows().count(table) > 0;
            while has_rows(self.plan, pair.coarse) && has_rows(self.plan, pair.fine) {
                let mut crossing = pair.crossing(self.plan, self.survey);
                if crossing.finding() == Finding::Safe {
                    break;
                }
                self.roll_up_with(pair.coarse, pair.fine, &crossing)?;
            }
        }
        Ok(())
    }

    /// Every pair of tables of probes, the later one giving way.
    fn settle_probes(&mut self) -> Result<(), Unsettled> {
        for places in probes::pairs() {
            let [earlier, later] = places.map(|place| Microdata::PROBE_TABLES[place]);
            while let Some(mut crossing) = probes::crossing(self.plan, self.microdata, places) {
                if crossing.finding() == Finding::Safe {
                    break;
                }
                self.roll_up_with(earlier, later, &crossing)?;
            }
        }
        Ok(())
    }

    /// Every pair of tables of visits, the later one giving way; what is left of them.
    fn settle_visits(&mut self) -> Result<Vec<Column>, Unsettled> {
        let k = self.plan.settings.k;
        let columns = self.columns();
        let mut safe = self.safe_pairs(&columns);
        let mut settled: Vec<Column> = Vec::new();
        for column in columns {
            let none = column.networks_of_none(self.microdata, k);
            if none.has(1) && !none.has(k) {
                self.withhold(column.table);
                continue;
            }
            let mut later = Some(column);
            for earlier in &settled {
                while let Some(column) = &later
                    && !safe.contains(&(earlier.table, column.table))
                {
                    let mut crossing = earlier.crossing(column, self.microdata, k);
                    if crossing.finding() == Finding::Safe {
                        break;
                    }
                    self.roll_up_with(earlier.table, column.table, &crossing)?;
                    safe.retain(|(one, other)| ![one, other].contains(&&column.table));
                    later = column.renewed(self.plan, self.survey, self.microdata);
                }
            }
            settled.extend(later);
        }
        Ok(settled)
    }

    fn columns(&self) -> Vec<Column> {
        let (plan, survey, microdata) = (&*self.plan, self.survey, self.microdata);
        let column = |position| Column::new(position, plan, survey, microdata);
        let columns = self.execution.map(Microdata::TABLES.len(), column);
        columns.into_iter().flatten().collect()
    }

    /// The pairs of tables, the earlier one first, in which nothing is found as they are: nearly all are.
    fn safe_pairs(&self, columns: &[Column]) -> BTreeSet<(Table, Table)> {
        let (microdata, k) = (self.microdata, self.plan.settings.k);
        let pairs = (1..columns.len()).flat_map(|later| (0..later).map(move |it| (it, later)));
        let pairs: Vec<_> = pairs
            .map(|(earlier, later)| (&columns[earlier], &columns[later]))
            .collect();
        let is_safe = self.execution.map(pairs.len(), |number| {
            let (earlier, later) = pairs[number];
            earlier.crossing(later, microdata, k).finding() == Finding::Safe
        });
        let pairs = pairs
            .into_iter()
            .zip(is_safe)
            .filter(|(_, is_safe)| *is_safe);
        pairs
            .map(|((earlier, later), _)| (earlier.table, later.table))
            .collect()
    }

    /// A group that all tables together tell of: its own table gives way, or else the last one.
    fn settle_together(
        &mut self,
        groups: &SmallGroups,
        columns: &[Column],
    ) -> Result<(), Unsettled> {
        let Some(told) = groups.told(columns) else {
            return Ok(());
        };
        let is_shown = columns.iter().any(|column| column.table == told);
        let last = columns.last().map_or(told, |column| column.table);
        let table = if is_shown { told } else { last };
        let paths = self.plan.top_level(self.survey, table);
        self.roll_up(table, Cause::Together, paths.first())
    }

    fn withhold(&mut self, table: Table) {
        self.plan.withhold(table);
        self.roll_ups.insert((table, Cause::Total), 1);
    }

    /// Rolls up the smallest of a table's top level that suffices alone, else the smallest.
    fn roll_up_with(
        &mut self,
        other: Table,
        table: Table,
        crossing: &Crossing,
    ) -> Result<(), Unsettled> {
        let paths = self.plan.top_level(self.survey, table);
        let suffices = |path: &&Path| {
            let merged = self.plan.merged_further(self.survey, table, **path);
            merged.is_empty() || crossing.finding_merged(&merged) == Finding::Safe
        };
        let path = paths.iter().find(suffices).or(paths.first());
        self.roll_up(table, Cause::With(other), path)
    }

    fn roll_up(
        &mut self,
        table: Table,
        cause: Cause,
        path: Option<&Path>,
    ) -> Result<(), Unsettled> {
        let rolled_up: usize = self.roll_ups.values().sum();
        let Some(path) = path.filter(|_| rolled_up < self.most) else {
            return Err(cause.unsettled(table));
        };
        self.plan.roll_up_further(self.survey, table, *path);
        *self.roll_ups.entry((table, cause)).or_default() += 1;
        Ok(())
    }

    fn withheld(&self) -> Vec<Withheld> {
        let roll_ups = self.roll_ups.iter();
        let notes = roll_ups.map(|(&(table, cause), &count)| Withheld {
            table,
            reason: cause.reason(self.plan.settings.k),
            count: if cause == Cause::Total { 0 } else { count },
        });
        notes.collect()
    }
}

impl Cause {
    const fn unsettled(self, table: Table) -> Unsettled {
        let with = match self {
            Self::With(other) => Some(other),
            Self::Together | Self::Total => None,
        };
        Unsettled { table, with }
    }

    fn reason(self, k: usize) -> String {
        let others = match self {
            Self::With(table) => table.name(),
            Self::Together => "the other tables",
            Self::Total => {
                return format!("withheld: what it leaves out is of fewer than {k} networks");
            }
        };
        format!("sums with {others} would tell of fewer than {k} networks, rows rolled up")
    }
}
