//! Tables for a terminal: aligned, as wide as it is, with bars, sparklines and a few colours.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::{
    super::{
        attribution::ATTRIBUTION,
        hygiene::{escaped, safe},
    },
    Showing, Site,
    grid::{Cell, Grid, Line},
};

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Columns of text.
    pub width: usize,
    /// Whether it shows colours.
    pub colours: bool,
}

/// Eighths of a block, from the side and from below.
const ACROSS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
const UP: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Columns of the longest bar, and of the narrowest text.
const BAR: usize = 12;
const NARROWEST: usize = 12;

/// What stands in the place of a withheld figure.
const WITHHELD: &str = "withheld";

/// Renditions (ECMA-48, 8.3.117), and the end of them.
const BOLD: &str = "\u{1b}[1m";
const FAINT: &str = "\u{1b}[2m";
const GREEN: &str = "\u{1b}[36m";
const PLAIN: &str = "\u{1b}[0m";

impl Site {
    /// The tables for a terminal.
    pub(super) fn told(&self, showing: &Showing, screen: Screen) -> String {
        let mut out = String::new();
        if let Some(name) = &self.name {
            let name = escaped(name);
            out += &screen.painted(BOLD, &format!("{name}\n{}\n\n", "=".repeat(name.width())));
        }
        let grids = self.grids(showing);
        for grid in &grids {
            screen.grid(&mut out, grid, showing.table.is_none());
        }
        if grids
            .iter()
            .any(|grid| grid.texts.iter().any(|it| it == "country"))
        {
            out += &screen.painted(FAINT, ATTRIBUTION);
            out.push('\n');
        }
        out
    }
}

impl Screen {
    fn painted(self, rendition: &str, text: &str) -> String {
        if self.colours {
            format!("{rendition}{text}{PLAIN}")
        } else {
            text.to_owned()
        }
    }

    fn grid(self, out: &mut String, grid: &Grid, with_bars: bool) {
        let title = capitalised(grid.title);
        *out += &self.painted(BOLD, &title);
        out.push('\n');
        let is_series = grid.texts.first().is_some_and(|it| it == "date");
        let bars = with_bars && !is_series && !grid.figures.is_empty();
        let (texts, mut figures) = widths(grid);
        let narrowest = texts.iter().map(|width| *width.min(&NARROWEST));
        figures.truncate(fitting(&figures, self.width, taken(narrowest)));
        let taken_by_figures = taken(figures.iter().copied());
        let texts = fitted(&texts, self.width.saturating_sub(taken_by_figures));
        let used = taken(texts.iter().copied()) + taken_by_figures;
        let bars = bars && used + 2 + BAR <= self.width;
        self.head(out, grid, &texts, &figures);
        for line in &grid.rows {
            self.line(out, line, &texts, &figures);
            if bars {
                let bar = bar(first(line), largest(grid));
                *out += "  ";
                *out += &self.painted(GREEN, &bar);
            }
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
        }
        if grid.left_out > 0 {
            *out += &self.painted(FAINT, &format!("  and {} more\n", grid.left_out));
        }
        if let missing @ [_, ..] = &grid.figures[figures.len()..] {
            let missing = format!("  for {} the terminal is too narrow\n", missing.join(", "));
            *out += &self.painted(FAINT, &missing);
        }
        if is_series && grid.texts.len() == 1 && grid.rows.len() > 1 {
            self.sparklines(out, grid);
        }
        out.push('\n');
    }

    fn head(self, out: &mut String, grid: &Grid, texts: &[usize], figures: &[usize]) {
        let mut head = String::new();
        for (name, width) in grid.texts.iter().zip(texts) {
            head += "  ";
            head += &left(name, *width);
        }
        for (name, width) in grid.figures.iter().zip(figures) {
            head += "  ";
            head += &right(name, *width);
        }
        *out += &self.painted(FAINT, head.trim_end());
        out.push('\n');
    }

    fn line(self, out: &mut String, line: &Line, texts: &[usize], figures: &[usize]) {
        for (text, width) in line.texts.iter().zip(texts) {
            *out += "  ";
            *out += &left(safe(text), *width);
        }
        for (cell, width) in line.figures.iter().zip(figures) {
            *out += "  ";
            match cell {
                Cell::Number(number) => *out += &right(&number.to_string(), *width),
                Cell::Withheld => *out += &self.painted(FAINT, &right(WITHHELD, *width)),
            }
        }
    }

    /// The course of each figure, earliest first; as much of its end as the screen has room for.
    fn sparklines(self, out: &mut String, grid: &Grid) {
        out.push('\n');
        let names = grid.figures.iter().map(|name| name.width());
        let widest = names.max().unwrap_or(0);
        let room = self.width.saturating_sub(widest + 4).max(1);
        for (column, name) in grid.figures.iter().enumerate() {
            let cells = grid
                .rows
                .iter()
                .map(|line| line.figures.get(column).copied());
            let cells: Vec<Option<Cell>> = cells.collect();
            let line = sparkline(&cells[cells.len().saturating_sub(room)..]);
            *out += &format!("  {}  ", left(name, widest));
            *out += &self.painted(GREEN, &line);
            out.push('\n');
        }
    }
}

/// The room that each column of texts, and each of figures, would like to have.
fn widths(grid: &Grid) -> (Vec<usize>, Vec<usize>) {
    let mut texts: Vec<usize> = grid.texts.iter().map(|it| it.width()).collect();
    let mut figures: Vec<usize> = grid.figures.iter().map(|it| it.width()).collect();
    for line in &grid.rows {
        for (width, text) in texts.iter_mut().zip(&line.texts) {
            *width = (*width).max(safe(text).width());
        }
        for (width, cell) in figures.iter_mut().zip(&line.figures) {
            *width = (*width).max(match cell {
                Cell::Number(number) => number.to_string().len(),
                Cell::Withheld => WITHHELD.len(),
            });
        }
    }
    (texts, figures)
}

/// The room of columns with the space before each.
fn taken(widths: impl Iterator<Item = usize>) -> usize {
    widths.map(|width| width + 2).sum()
}

/// How many columns of figures fit beside texts that take so much; one at least.
fn fitting(figures: &[usize], room: usize, texts: usize) -> usize {
    let fits = |count: &usize| taken(figures[..*count].iter().copied()) + texts <= room;
    let counts = (1..=figures.len()).rev();
    counts.into_iter().find(fits).unwrap_or(1)
}

/// The columns of texts made to fit, the widest first, but none narrower than [`NARROWEST`].
fn fitted(wished: &[usize], room: usize) -> Vec<usize> {
    let mut widths = wished.to_vec();
    while taken(widths.iter().copied()) > room {
        let Some(widest) = widths.iter_mut().max().filter(|it| **it > NARROWEST) else {
            break;
        };
        *widest -= 1;
    }
    widths
}

/// The text flush left in so many columns, cut if it is wider.
fn left(text: &str, width: usize) -> String {
    let cut = cut(text, width);
    let space = width.saturating_sub(cut.width());
    format!("{cut}{}", " ".repeat(space))
}

fn right(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(text.width())))
}

fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = |character: &char| {
        used += character.width().unwrap_or(0);
        used <= width
    };
    let mut short: String = text.chars().take_while(fits).collect();
    short.push('…');
    short
}

const fn number(cell: Cell) -> Option<u64> {
    match cell {
        Cell::Number(number) => Some(number),
        Cell::Withheld => None,
    }
}

fn first(line: &Line) -> Option<u64> {
    line.figures.first().copied().and_then(number)
}

fn largest(grid: &Grid) -> u64 {
    grid.rows.iter().filter_map(first).max().unwrap_or(0)
}

/// A bar in eighths of a column; nothing of what is withheld.
fn bar(number: Option<u64>, largest: u64) -> String {
    let eighths = scaled(number.unwrap_or(0), largest, BAR * ACROSS.len());
    let mut bar = "█".repeat(eighths / ACROSS.len());
    if let Some(part) = (eighths % ACROSS.len()).checked_sub(1) {
        bar.push(ACROSS[part]);
    }
    bar
}

/// A column for each figure; a gap for what is withheld.
fn sparkline(cells: &[Option<Cell>]) -> String {
    let numbers: Vec<Option<u64>> = cells.iter().map(|cell| cell.and_then(number)).collect();
    let largest = numbers.iter().flatten().max().copied().unwrap_or(0);
    course(&numbers, largest)
}

/// A column for each number, the largest being as high as there are; a gap for what is withheld.
pub(super) fn course(numbers: &[Option<u64>], largest: u64) -> String {
    let column = |number: &Option<u64>| {
        number.map_or(' ', |number| UP[scaled(number, largest, UP.len() - 1)])
    };
    numbers.iter().map(column).collect()
}

/// A number in steps of the largest.
fn scaled(number: u64, largest: u64, steps: usize) -> usize {
    let part = u128::from(number) * steps as u128 / u128::from(largest.max(1));
    usize::try_from(part).unwrap_or(steps).min(steps)
}

fn capitalised(name: &str) -> String {
    let name = name.replace('_', " ");
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_and_sparklines_are_in_eighths() {
        for (number, expected) in [
            (Some(0), ""),
            (Some(1), ""),
            (Some(9), "█"),
            (Some(10), "█▏"),
            (Some(50), "██████"),
            (Some(100), "████████████"),
            (None, ""),
        ] {
            assert_eq!(bar(number, 100), expected, "{number:?}");
        }
        let cells = [Some(0), Some(50), None, Some(100)];
        let cells = cells.map(|it| Some(it.map_or(Cell::Withheld, Cell::Number)));
        assert_eq!(sparkline(&cells), "▁▄ █");
    }

    #[test]
    fn texts_give_way_to_figures_the_widest_first() {
        assert_eq!(fitted(&[10, 40], 60), [10, 40]);
        assert_eq!(fitted(&[10, 40], 44), [10, 30]);
        assert_eq!(fitted(&[30, 40], 44), [20, 20]);
        assert_eq!(fitted(&[30, 40], 4), [NARROWEST, NARROWEST]);
    }

    #[test]
    fn figures_that_do_not_fit_are_left_out_the_last_first() {
        for (room, expected) in [(34, 3), (33, 2), (24, 2), (23, 1), (3, 1)] {
            assert_eq!(fitting(&[8, 8, 8], room, 4), expected, "{room}");
        }
    }

    #[test]
    fn texts_are_cut_by_their_width() {
        assert_eq!(left("/数据", 8), "/数据   ");
        assert_eq!(left("/数据/数据", 6), "/数据…");
        assert_eq!(right("10", 4), "  10");
    }
}
