//! Rows as a table of the page: keys, figures flush right, a bar behind each row's name.

use std::fmt::Display;

use super::{
    markup::Markup,
    number::{grouped, mean, permille, tenths},
    words, world,
};
use crate::{
    aggregate::{Measure, Table},
    view::{Figures, SumRow},
};

/// Rows of a table that are shown at once; further ones are behind a heading that opens them.
const FIRST: usize = 10;

/// Rows of a table on the page; all are in its file.
const MOST: usize = 60;

/// A table as it is shown.
pub(super) struct Listing<'f> {
    pub(super) title: &'static str,
    pub(super) figures: &'f Figures,
    /// In their order.
    pub(super) rows: Vec<&'f SumRow>,
    /// The columns, the first of which has the bars.
    pub(super) columns: &'f [Column],
    /// How many periods are shown together.
    pub(super) periods: usize,
    /// Whether they are more than a day.
    pub(super) several_days: bool,
    /// Whether all rows are behind a heading, since a figure shows them.
    pub(super) closed: bool,
}

/// A column of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// As published, or added up.
    Measure(Measure),
    /// One of the row's own part of all rows, in percent.
    Share(Measure),
    /// Of a row, the first in percent of the second.
    Percent(&'static str, Measure, Measure),
    /// Of a row, the first by the second.
    Mean(&'static str, Measure, Measure),
}

impl Listing<'_> {
    /// Writes it: the first rows, and the others where they can be opened.
    pub(super) fn write(&self, page: &mut Markup) {
        let shown = self.rows.len().min(MOST);
        let first = if self.closed { 0 } else { FIRST.min(shown) };
        if first > 0 {
            self.table(page, &self.rows[..first], self.title);
        }
        if shown > first {
            page.open("details", &[]);
            let summary = match (first, shown == self.rows.len()) {
                (0, _) => format!("{} as a table", self.title),
                (_, true) => format!("{} more", shown - first),
                (_, false) => format!("The next {}", shown - first),
            };
            page.element("summary", &[], summary);
            let title = if first > 0 {
                format!("{}, further rows", self.title)
            } else {
                self.title.to_owned()
            };
            self.table(page, &self.rows[first..shown], &title);
            page.close("details");
        }
        if self.rows.len() > shown {
            let more = grouped((self.rows.len() - shown) as u64);
            let file = self.figures.table.name();
            let text = format!("{more} further rows are in {file}.csv.");
            page.element("p", &[("class", &"note")], text);
        }
        self.missing(page);
    }

    /// Says in how many periods the table is missing.
    fn missing(&self, page: &mut Markup) {
        if self.figures.periods < self.periods {
            let text = format!(
                "This table was published in {} of the {} periods.",
                self.figures.periods, self.periods
            );
            page.element("p", &[("class", &"note")], text);
        }
    }

    fn table(&self, page: &mut Markup, rows: &[&SumRow], title: &str) {
        let name = self.figures.table.name();
        let label: &dyn Display = &title;
        page.open(
            "div",
            &[
                ("class", &"scroll"),
                ("tabindex", &"0"),
                ("role", &"region"),
                ("aria-label", label),
            ],
        );
        page.open("table", &[("data-table", &name)]);
        page.element("caption", &[("class", &"vh")], title);
        self.head(page);
        page.open("tbody", &[]);
        for row in rows {
            self.row(page, row);
        }
        page.close("tbody");
        page.close("table");
        page.close("div");
    }

    fn head(&self, page: &mut Markup) {
        page.open("thead", &[]);
        page.open("tr", &[]);
        for key in self.key_columns() {
            page.element("th", &[("scope", &"col")], words::key(key));
        }
        for column in self.columns {
            let heading = self.heading(*column);
            match column {
                Column::Measure(measure) => {
                    let name = measure.name();
                    page.element(
                        "th",
                        &[("scope", &"col"), ("class", &"n"), ("data-measure", &name)],
                        heading,
                    );
                }
                _ => page.element("th", &[("scope", &"col"), ("class", &"n")], heading),
            }
        }
        if self.tells_periods() {
            page.element("th", &[("scope", &"col"), ("class", &"n")], "Periods");
        }
        page.close("tr");
        page.close("thead");
    }

    fn row(&self, page: &mut Markup, row: &SumRow) {
        if row.is_other() {
            page.open("tr", &[("class", &"other")]);
        } else {
            page.open("tr", &[]);
        }
        self.keys(page, row);
        for column in self.columns {
            self.cell(page, row, *column);
        }
        if self.tells_periods() {
            let periods = format!("{} of {}", row.periods, self.periods);
            page.element("td", &[("class", &"n dim")], periods);
        }
        page.close("tr");
    }

    fn keys(&self, page: &mut Markup, row: &SumRow) {
        let bar = self.bar(row);
        let style: &dyn Display = &format!("--p:{}%", tenths(bar));
        if let Some(bin) = words::bin(self.figures.table, &row.keys) {
            page.element("th", &[("scope", &"row"), ("style", style)], bin);
            return;
        }
        for (position, (name, key)) in self.key_columns().iter().zip(&row.keys).enumerate() {
            if position == 0 {
                page.open("th", &[("scope", &"row"), ("style", style)]);
            } else {
                page.open("td", &[]);
            }
            write_key(page, name, key);
            page.close(if position == 0 { "th" } else { "td" });
        }
    }

    fn cell(&self, page: &mut Markup, row: &SumRow, column: Column) {
        let text = match column {
            Column::Measure(measure) => self.figures.cell(row, measure).map(grouped),
            Column::Share(measure) => self
                .total(measure)
                .zip(self.figures.cell(row, measure))
                .and_then(|(total, part)| permille(part, total))
                .map(|it| format!("{} %", tenths(it))),
            Column::Percent(_, part, whole) => {
                let pair = self.pair(row, part, whole);
                pair.map(|(part, whole)| {
                    permille(part, whole).map_or_else(none, |it| format!("{} %", tenths(it)))
                })
            }
            Column::Mean(_, sum, count) => {
                let pair = self.pair(row, sum, count);
                pair.map(|(sum, count)| mean(sum, count).map_or_else(none, grouped))
            }
        };
        match text {
            Some(text) => page.element("td", &[("class", &"n")], text),
            None => withheld(page),
        }
    }

    fn pair(&self, row: &SumRow, one: Measure, other: Measure) -> Option<(u64, u64)> {
        let figures = self.figures;
        figures.cell(row, one).zip(figures.cell(row, other))
    }

    /// All rows of the table together, shown or not; nothing if one is withheld.
    fn total(&self, measure: Measure) -> Option<u64> {
        let cells = self.figures.rows.iter();
        cells
            .map(|row| self.figures.cell(row, measure))
            .try_fold(0_u64, |sum, cell| sum.checked_add(cell?))
    }

    /// The length of a row's bar in tenths of a percent of the longest.
    fn bar(&self, row: &SumRow) -> u64 {
        let Some(Column::Measure(measure)) = self.columns.first() else {
            return 0;
        };
        let cells = self.rows.iter();
        let longest = cells.filter_map(|row| self.figures.cell(row, *measure));
        let own = self.figures.cell(row, *measure).unwrap_or(0);
        permille(own, longest.max().unwrap_or(0)).unwrap_or(0)
    }

    /// A bin is one column.
    fn key_columns(&self) -> &'static [&'static str] {
        match self.figures.table {
            Table::Durations | Table::Depths => &self.figures.keys[..1],
            _ => self.figures.keys,
        }
    }

    /// Whether rows differ in how many periods have them.
    fn tells_periods(&self) -> bool {
        let mut rows = self.rows.iter();
        rows.any(|row| row.periods < self.periods)
    }

    fn heading(&self, column: Column) -> &'static str {
        match column {
            Column::Measure(measure) => words::measure(measure, self.several_days),
            Column::Share(_) => "Share",
            Column::Percent(heading, ..) | Column::Mean(heading, ..) => heading,
        }
    }
}

/// A cell that is withheld.
pub(super) fn withheld(page: &mut Markup) {
    page.open("td", &[("class", &"n")]);
    withheld_mark(page);
    page.close("td");
}

/// What stands in the place of something withheld.
pub(super) fn withheld_mark(page: &mut Markup) {
    page.open("span", &[("class", &"w"), ("title", &"withheld")]);
    page.element("span", &[("class", &"vh")], "withheld");
    page.close("span");
}

/// What stands in the place of a part of nothing.
fn none() -> String {
    "–".to_owned()
}

fn write_key(page: &mut Markup, name: &str, key: &str) {
    let note = match name {
        "country" => world::country_of(key).map(|it| (it.name, key)),
        "status" => Some((key, words::status(key))).filter(|(_, note)| !note.is_empty()),
        _ => None,
    };
    match note {
        Some((text, note)) => {
            page.text(text);
            page.text(" ");
            page.element("span", &[("class", &"dim")], note);
        }
        None => page.text(key),
    }
}
