//! The linear audit.

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
