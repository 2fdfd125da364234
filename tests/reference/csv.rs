//! Renders a table as RFC 4180 text.

use std::cmp::Ordering;

use super::suppress::Table;
use super::tables::Key;

/// The file of a table: header, then rows in order, each line ended by CRLF.
pub(crate) fn render(date: &str, table: Table, mut rows: Vec<(Key, Vec<Option<u64>>)>) -> String {
    let numeric = ["traffic", "durations", "depths"].contains(&table.name);
    rows.sort_by(|(left, _), (right, _)| compare(left, right, numeric));
    let mut header = vec!["date"];
    header.extend(table.keys);
    header.extend(table.measures);
    let mut text = line(header.into_iter().map(str::to_owned));
    for (key, numbers) in rows {
        let cells = numbers
            .into_iter()
            .map(|number| number.map_or(String::new(), |n| n.to_string()));
        text += &line([date.to_owned()].into_iter().chain(key).chain(cells));
    }
    text
}

/// Column by column, `(other)` last.
fn compare(left: &Key, right: &Key, numeric: bool) -> Ordering {
    let rank = |part: &str| {
        let number = if numeric {
            part.parse::<u64>().unwrap_or(u64::MAX)
        } else {
            0
        };
        (part == "(other)", number, part.to_owned())
    };
    let ranks = |key: &Key| key.iter().map(|part| rank(part)).collect::<Vec<_>>();
    ranks(left).cmp(&ranks(right))
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = cells.map(|cell| quote(&cell)).collect();
    quoted.join(",") + "\r\n"
}

fn quote(cell: &str) -> String {
    if cell.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::Family;
    use super::*;

    #[test]
    fn rows_are_sorted_with_other_last_and_empty_cells_left_empty() {
        let table = Table {
            name: "depths",
            keys: &["pageviews_from", "pageviews_to"],
            measures: &["visits"],
            family: Family::Visits,
        };
        let row =
            |from: &str, to: &str, visits| (vec![from.to_owned(), to.to_owned()], vec![visits]);
        let rows = vec![
            row("(other)", "(other)", Some(5)),
            row("21", "", None),
            row("11", "20", Some(7)),
            row("4", "5", Some(12)),
        ];
        let expected = "date,pageviews_from,pageviews_to,visits\r\n2025-06-02,4,5,12\r\n\
                        2025-06-02,11,20,7\r\n2025-06-02,21,,\r\n2025-06-02,(other),(other),5\r\n";
        assert_eq!(render("2025-06-02", table, rows), expected);
    }

    #[test]
    fn pages_are_sorted_bytewise_and_quoted_where_needed() {
        let table = Table {
            name: "pages",
            keys: &["page"],
            measures: &[],
            family: Family::Pageviews,
        };
        let rows = ["(other)", "/b", "/B", "/a,\"c\""].map(|page| (vec![page.to_owned()], vec![]));
        let expected = "date,page\r\nd,/B\r\nd,\"/a,\"\"c\"\"\"\r\nd,/b\r\nd,(other)\r\n";
        assert_eq!(render("d", table, rows.to_vec()), expected);
    }
}
