//! What is released in a folder as tables: for a terminal, or as CSV, JSON or Markdown.

mod grid;
mod hours;
mod machine;
mod terminal;

use std::path::Path;

use self::grid::{Cell, Grid};
use crate::{
    aggregate::{Measure, Table},
    error::{Error, Result},
    time::{Date, PeriodLength},
    view::{Dated, Figures, Folders, Group, Released, Sum},
};

pub use terminal::Screen;

/// What is to be shown of a folder.
#[derive(Clone, Debug, Default)]
pub struct Showing {
    /// Only this table, with all of its rows.
    pub table: Option<Table>,
    /// Only periods that begin on this day or later.
    pub from: Option<Date>,
    /// Only periods that begin on this day or earlier.
    pub to: Option<Date>,
    /// Periods are added up for longer ones.
    pub by: Option<Group>,
}

/// How it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Aligned, with bars and sparklines.
    Terminal(Screen),
    /// RFC 4180; of one table.
    Csv,
    /// An object by site and table.
    Json,
    /// Tables of GitHub Flavored Markdown.
    Markdown,
}

/// Rows of a table on the terminal, unless it is the only one.
const TOP: usize = 10;

/// Shows what is released in an output folder, or in that of a site.
///
/// # Errors
///
/// [`Error::Setting`] if there is nothing to show or it cannot be shown so, [`Error::Read`] and
/// [`Error::Ledger`] if what was released cannot be read as it was.
pub fn show(folder: &Path, showing: &Showing, style: Style) -> Result<String> {
    if style == Style::Csv && showing.table.is_none() {
        return Err(Error::Setting(
            "--format csv: name the table with --table".to_owned(),
        ));
    }
    let mut sites = Vec::new();
    for (site, dated) in Folders::find(folder)?.sites {
        let periods = showing.read(&dated)?;
        if !periods.is_empty() {
            sites.push(Site {
                name: site,
                periods,
            });
        }
    }
    if sites.is_empty() {
        return Err(Error::Setting(format!(
            "{}: no period of those days is released in this folder",
            folder.display()
        )));
    }
    if style == Style::Csv && sites.len() > 1 {
        return Err(Error::Setting(format!(
            "{}: as CSV, name the folder of one site",
            folder.display()
        )));
    }
    match style {
        Style::Terminal(screen) => Ok(sites.iter().map(|it| it.told(showing, screen)).collect()),
        Style::Markdown => Ok(sites.iter().map(|it| it.markdown(showing)).collect()),
        Style::Json => Ok(machine::json(&sites, showing)),
        Style::Csv => sites[0].grid_of(showing.table).map_or_else(
            || Err(absent(folder, showing)),
            |grid| Ok(machine::csv(&grid)),
        ),
    }
}

fn absent(folder: &Path, showing: &Showing) -> Error {
    Error::Setting(format!(
        "{}: no period has the table {}",
        folder.display(),
        showing.table.map_or("", Table::name)
    ))
}

impl Showing {
    /// The periods in question, added up where that is asked for.
    fn read(&self, dated: &[Dated]) -> Result<Vec<Shown>> {
        let is_meant = |it: &&Dated| {
            self.from.is_none_or(|from| from <= it.date) && self.to.is_none_or(|to| it.date <= to)
        };
        let mut shown: Vec<Shown> = Vec::new();
        for dated in dated.iter().filter(is_meant) {
            let released = dated.read()?;
            let Some(group) = self.by.filter(|it| !is_whole(*it, &released)) else {
                shown.push(Shown::One(Box::new(released)));
                continue;
            };
            check_days(group, &released)?;
            let first = group.first_day(dated.date);
            match shown.last_mut() {
                Some(Shown::Several(day, sum)) if *day == first => sum.add(&released),
                _ => {
                    let mut sum = Sum::default();
                    sum.add(&released);
                    shown.push(Shown::Several(first, sum));
                }
            }
        }
        Ok(shown)
    }
}

/// Whether a period is such a group already.
const fn is_whole(group: Group, released: &Released) -> bool {
    matches!(
        (group, released.period.length),
        (Group::Week, PeriodLength::Week) | (Group::Month, PeriodLength::Month)
    )
}

/// Only days are parts of weeks and of months.
fn check_days(group: Group, released: &Released) -> Result<()> {
    let group = match group {
        Group::Week => "week",
        Group::Month => "month",
    };
    match released.period.length {
        PeriodLength::Day => Ok(()),
        length => Err(Error::Setting(format!(
            "--by {group}: these periods are released by {}, which cannot be put together so",
            length.name()
        ))),
    }
}

/// What a site has to show.
struct Site {
    name: Option<String>,
    /// Earliest first.
    periods: Vec<Shown>,
}

/// A period, or several added up.
enum Shown {
    One(Box<Released>),
    /// By the first day of the longer period that they are parts of.
    Several(Date, Sum),
}

impl Shown {
    fn date(&self) -> Date {
        match self {
            Self::One(released) => released.period.start,
            Self::Several(date, _) => *date,
        }
    }

    fn table(&self, table: Table) -> Option<Figures> {
        match self {
            Self::One(released) => {
                let length = released.period.length;
                released.table(table).map(|it| Figures::of(it, length))
            }
            Self::Several(_, sum) => sum.table(table),
        }
    }

    /// Whether days are added up, so that visitors are those of each day.
    fn has_several_days(&self) -> bool {
        match self {
            Self::One(released) => released.period.length != PeriodLength::Day,
            Self::Several(..) => true,
        }
    }
}

impl Site {
    /// All rows of a table over all periods; nothing if no period has it.
    fn grid_of(&self, table: Option<Table>) -> Option<Grid> {
        let table = table?;
        let tables = self.periods.iter().map(|it| it.table(table));
        let tables: Vec<Option<Figures>> = tables.collect();
        let first = tables.iter().flatten().next()?;
        let several = self.periods.iter().any(Shown::has_several_days);
        let sums = self
            .periods
            .iter()
            .any(|it| matches!(it, Shown::Several(..)));
        let mut grid = Grid::new(table.name(), first, several, true);
        if sums {
            grid.figures.push("periods".to_owned());
        }
        for (shown, figures) in self.periods.iter().zip(&tables) {
            for row in figures.iter().flat_map(|it| &it.rows) {
                let mut cells = grid::cells(row);
                if sums {
                    cells.push(Cell::Number(row.periods as u64));
                }
                grid.push(Some(shown.date()), &row.keys, cells);
            }
        }
        Some(grid)
    }

    /// The largest rows of a table over all periods together.
    fn top_of(&self, table: Table) -> Option<Grid> {
        let figures = match self.periods.as_slice() {
            [only] => only.table(table)?,
            several => total(several).table(table)?,
        };
        if table == Table::Traffic {
            return Some(hours::by_weekday(&figures));
        }
        let several = self.periods.len() > 1 || self.periods.iter().any(Shown::has_several_days);
        let mut grid = Grid::new(table.name(), &figures, several, false);
        let (rows, most) = match (table, figures.measures.first()) {
            (Table::Durations | Table::Depths, _) | (_, None) => {
                (figures.rows.iter().collect(), usize::MAX)
            }
            (_, Some(measure)) => (figures.ranked(*measure), TOP),
        };
        for row in rows.iter().take(most) {
            grid.push(None, &row.keys, grid::cells(row));
        }
        grid.left_out = rows.len().saturating_sub(most);
        Some(grid)
    }

    /// The grids to be read by people: the one that is asked for, or the summary and the top of the others.
    fn grids(&self, showing: &Showing) -> Vec<Grid> {
        if showing.table.is_some() {
            return self.grid_of(showing.table).into_iter().collect();
        }
        let summary = self.grid_of(Some(Table::Summary));
        let others = Table::ALL.into_iter().filter(|it| *it != Table::Summary);
        let tops = others.filter_map(|table| self.top_of(table));
        summary.into_iter().chain(tops).collect()
    }
}

/// All that is shown added up.
fn total(periods: &[Shown]) -> Sum {
    let mut total = Sum::default();
    for shown in periods {
        match shown {
            Shown::One(released) => total.add(released),
            Shown::Several(_, sum) => total.merge(sum),
        }
    }
    total
}

/// The name of a measure's column; people of several days are not told apart.
fn column(measure: Measure, several_days: bool) -> String {
    if several_days && measure == Measure::Visitors {
        "visitor_days".to_owned()
    } else {
        measure.name().to_owned()
    }
}

#[cfg(test)]
mod tests;
