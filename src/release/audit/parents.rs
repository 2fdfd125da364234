//! Tables whose cells tell the row of another table: the status of an error, the goal of a goal's
//! region. What is counted in such a pair is known from the cells of the finer table.

use super::crossing::Crossing;
use crate::{
    aggregate::{Key, NetworkSet, Survey, Table, error_status, goal},
    release::plan::Plan,
};

/// A table, a finer one published later, and the cell of the former that one of the latter is in.
pub(super) struct Parents {
    pub(super) coarse: Table,
    pub(super) fine: Table,
    parent: fn(Key) -> Key,
    /// Whether cells of the coarse table are also counted in the fine one.
    has_children: fn(Key) -> bool,
}

impl Parents {
    /// Every such pair.
    pub(super) const ALL: [Self; 2] = [
        Self {
            coarse: Table::Statuses,
            fine: Table::Errors,
            parent: error_status,
            has_children: |status| status >= 400,
        },
        Self {
            coarse: Table::Goals,
            fine: Table::GoalRegions,
            parent: goal,
            has_children: |_| true,
        },
    ];

    /// The networks of what is counted in the coarse table only, if both tables have rows: the total
    /// less all rows of the fine one.
    pub(super) fn networks_of_none(&self, plan: &Plan<'_>, survey: &Survey) -> NetworkSet {
        let mut none = NetworkSet::default();
        if plan.rows().count(self.fine) > 0 {
            let cells = survey.cells(self.coarse).iter();
            for (_, cell) in cells.filter(|(key, _)| !(self.has_children)(**key)) {
                none.absorb(&cell.networks, plan.settings.k);
            }
        }
        none
    }

    /// What is counted in rows of both.
    pub(super) fn crossing(&self, plan: &Plan<'_>, survey: &Survey) -> Crossing {
        let counts = [self.coarse, self.fine].map(|table| plan.rows().count(table));
        let row = |table, key| plan.rows().row(table, key).map(|row| row as u32);
        let none = Some(counts[1] as u32);
        let mut crossing = Crossing::new(counts[0], counts[1] + 1, plan.settings.k);
        let children = survey.cells(self.fine).iter().map(|(&key, cell)| {
            let pair = (row(self.coarse, (self.parent)(key)), row(self.fine, key));
            (pair, cell)
        });
        let childless = survey.cells(self.coarse).iter();
        let childless = childless
            .filter(|(key, _)| !(self.has_children)(**key))
            .map(|(&key, cell)| ((row(self.coarse, key), none), cell));
        for (pair, cell) in children.chain(childless) {
            if let (Some(left), Some(right)) = pair {
                crossing.add_all(left, right, &cell.networks);
            }
        }
        crossing
    }
}
