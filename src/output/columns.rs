//! Aligned columns of a terminal, for text in any script.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of the terminal that the text of one cell may take.
const WIDEST: usize = 60;

/// Lays out rows with their columns aligned: the first few are texts, the others figures.
pub(super) fn align(grid: &[Vec<String>], texts: usize) -> String {
    let columns = grid.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| grid.iter().filter_map(move |row| row.get(column));
    let width = |column| cells(column).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    grid.iter()
        .map(|row| aligned(row, &widths, texts))
        .collect()
}

/// One row and a newline.
fn aligned(row: &[String], widths: &[usize], texts: usize) -> String {
    let mut out = String::new();
    for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
        let space = " ".repeat(width.saturating_sub(cell.width()));
        let (left, right) = if column < texts {
            (cell, &space)
        } else {
            (&space, cell)
        };
        out.extend(["  ", left, right]);
    }
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// The text, cut to [`WIDEST`] columns.
pub(super) fn shortened(text: &str) -> String {
    if text.width() <= WIDEST {
        return text.to_owned();
    }
    let mut width = 1;
    let fits = |character: &char| {
        width += character.width().unwrap_or(0);
        width <= WIDEST
    };
    let mut short: String = text.chars().take_while(fits).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_flush_left_and_figures_flush_right() {
        let grid = [["page", "visits"], ["/数据", "10"], ["", "12345678"]];
        let grid = grid.map(|row| row.map(str::to_owned).to_vec());
        let expected = "  page     visits\n  /数据        10\n         12345678\n";
        assert_eq!(align(&grid, 1), expected);
    }

    #[test]
    fn texts_are_cut_where_they_are_too_wide() {
        assert_eq!(shortened(&"a".repeat(60)), "a".repeat(60));
        assert_eq!(shortened(&"a".repeat(61)), format!("{}…", "a".repeat(59)));
        // Each of these takes two columns.
        assert_eq!(shortened(&"数".repeat(31)), format!("{}…", "数".repeat(29)));
    }
}
