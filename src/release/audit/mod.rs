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
//! cell by cell, since a cell of the one tells that of the other ([`parents`]).
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
//! withheld. A coarser partition spans less, so a pair that is safe stays so, and the process ends.
//! Visits in no row of a table, if they are too few, cannot be hidden by fewer rows: the table is withheld.
//!
//! # What is not proved
//!
//! - Combinations of three or more tables, of volumes with counts, and of rows with outcomes (METRICS:
//!   an outcome of a published row is given exactly) are not looked at; nor are, among
//!   requests, hours with statuses or hosts, or goals with the tables of visits.
//! - Of the flow, sums of several pages at once: steps are judged page by page.
//! - What can be told of a number without determining it, such as bounds (Dobra & Fienberg,
//!   *Bounds for cell entries in contingency tables given marginal totals and decomposable graphs*,
//!   PNAS 97(22), 2000), or from its being an integer.
//! - Earlier releases: periods of a ledger do not overlap, so they share no micro-cell.
//! - What few contributors, or somebody with another source, know besides.

mod classes;
mod crossing;
mod flow;
mod parents;
mod visits;

use std::collections::BTreeMap;

use self::{
    crossing::{Crossing, Finding},
    parents::Parents,
    visits::Column,
};
use super::{Withheld, path::Path, plan::Plan};
use crate::aggregate::{Microdata, Survey, Table};

/// Further roll-ups after which a release is given up.
const MOST_ROLL_UPS: usize = 1000;

/// Why a release is given up: no number of further roll-ups that was tried keeps these tables from
/// isolating a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// The table published first.
    pub table: Table,
    /// The one that was rolled up.
    pub other: Table,
}

/// Audits a plan, and rolls up further rows of it until the audit finds nothing.
pub(super) struct Audit<'a, 'l> {
    pub(super) plan: &'a mut Plan<'l>,
    pub(super) survey: &'a Survey,
    pub(super) microdata: &'a Microdata,
    /// How often a row more was rolled up, by table and the table that it was about.
    pub(super) roll_ups: BTreeMap<(Table, Table), usize>,
    pub(super) most: usize,
}

impl<'a, 'l> Audit<'a, 'l> {
    pub(super) fn new(
        plan: &'a mut Plan<'l>,
        survey: &'a Survey,
        microdata: &'a Microdata,
    ) -> Self {
        Self {
            plan,
            survey,
            microdata,
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
                .insert((Table::Transitions, Table::Pages), steps);
        }
        loop {
            let before = self.roll_ups.clone();
            self.settle_parents()?;
            self.settle_visits()?;
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
                self.roll_up(pair.fine, pair.coarse, &crossing)?;
            }
        }
        Ok(())
    }

    /// Every pair of tables of visits, the later one giving way.
    fn settle_visits(&mut self) -> Result<(), Unsettled> {
        let k = self.plan.settings.k;
        let mut settled: Vec<Column> = Vec::new();
        for column in Column::all(self.plan, self.survey, self.microdata) {
            let none = column.networks_of_none(self.microdata, k);
            if none.has(1) && !none.has(k) {
                self.withhold(column.table);
                continue;
            }
            let mut later = Some(column);
            for earlier in &settled {
                while let Some(column) = &later {
                    let mut crossing = earlier.crossing(column, self.microdata, k);
                    if crossing.finding() == Finding::Safe {
                        break;
                    }
                    self.roll_up(column.table, earlier.table, &crossing)?;
                    later = column.renewed(self.plan, self.survey, self.microdata);
                }
            }
            settled.extend(later);
        }
        Ok(())
    }

    fn withhold(&mut self, table: Table) {
        self.plan.withhold(table);
        self.roll_ups.insert((table, Table::Summary), 1);
    }

    /// Rolls up the smallest of a table's top level that suffices alone, else the smallest.
    fn roll_up(
        &mut self,
        table: Table,
        other: Table,
        crossing: &Crossing,
    ) -> Result<(), Unsettled> {
        let paths = self.plan.top_level(self.survey, table);
        let suffices = |path: &&Path| {
            let merged = self.plan.merged_further(self.survey, table, **path);
            merged.is_empty() || crossing.finding_merged(&merged) == Finding::Safe
        };
        let path = paths.iter().find(suffices).or(paths.first());
        let rolled_up: usize = self.roll_ups.values().sum();
        let Some(path) = path.filter(|_| rolled_up < self.most) else {
            let (table, other) = (other, table);
            return Err(Unsettled { table, other });
        };
        self.plan.roll_up_further(self.survey, table, *path);
        *self.roll_ups.entry((table, other)).or_default() += 1;
        Ok(())
    }

    fn withheld(&self) -> Vec<Withheld> {
        let k = self.plan.settings.k;
        let notes = self
            .roll_ups
            .iter()
            .map(|(&(table, other), &cells)| Withheld {
                table,
                reason: format!(
                    "rolled up further: with {}, sums would have told of fewer than {k} networks",
                    other.name()
                ),
                cells,
            });
        notes.collect()
    }
}
