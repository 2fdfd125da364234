//! A table of texts and figures, before it is known how it is written.

use super::column;
use crate::{
    time::Date,
    view::{Figures, SumRow},
};

/// A table.
pub(super) struct Grid {
    pub(super) title: &'static str,
    /// Names of the columns of texts.
    pub(super) texts: Vec<String>,
    /// Names of the columns of figures, after them.
    pub(super) figures: Vec<String>,
    pub(super) rows: Vec<Line>,
    /// How many further rows there are.
    pub(super) left_out: usize,
}

/// A row.
pub(super) struct Line {
    pub(super) texts: Vec<String>,
    pub(super) figures: Vec<Cell>,
}

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Number(u64),
    Withheld,
}

impl Grid {
    /// A table without rows.
    pub(super) fn new(
        title: &'static str,
        figures: &Figures,
        several_days: bool,
        dated: bool,
    ) -> Self {
        let date = dated.then_some("date").into_iter();
        let texts = date.chain(figures.keys.iter().copied());
        let measures = figures.measures.iter();
        Self {
            title,
            texts: texts.map(str::to_owned).collect(),
            figures: measures.map(|it| column(*it, several_days)).collect(),
            rows: Vec::new(),
            left_out: 0,
        }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, date: Option<Date>, keys: &[String], figures: Vec<Cell>) {
        let date = date.map(|date| date.to_string()).into_iter();
        let texts = date.chain(keys.iter().cloned()).collect();
        self.rows.push(Line { texts, figures });
    }
}

/// The figures of a row.
pub(super) fn cells(row: &SumRow) -> Vec<Cell> {
    let cell = |cell: &Option<u64>| cell.map_or(Cell::Withheld, Cell::Number);
    row.cells.iter().map(cell).collect()
}
