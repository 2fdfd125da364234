//! What is released of a server's log, compared with what the server was sent.

use std::{collections::BTreeMap, path::Path};

use super::{client::clients, log::Log};
use crate::program::published;

/// Requires that the released tables count every request, and the visits, pages and crawlers that there
/// were.
#[track_caller]
pub(super) fn assert_right(log: &Log, released: &Path, requests: u64) {
    let tables = Tables::of(released);
    let networks = clients().len() as u64;
    let counted = tables.sum("summary", "requests") + tables.sum("crawlers", "requests");
    assert_eq!(counted, requests, "requests of {}", log.file);
    let check = |table, key, measure, expected| {
        let found = tables.cell(table, key, measure);
        assert_eq!(found, Some(expected), "{key} of {}", log.file);
    };
    check("pages", "/pricing", "pageviews", networks);
    if log.fields.agent {
        check("browsers", "Firefox", "visits", networks);
        // Two requests each.
        check("crawlers", "Googlebot", "requests", 2 * networks);
    }
    if log.fields.referrer {
        check("referrers", "google.com", "visits", networks);
    }
}

/// Released tables by name, as rows of cells, the header first.
struct Tables(BTreeMap<String, Vec<csv::StringRecord>>);

impl Tables {
    fn of(folder: &Path) -> Self {
        let mut tables = BTreeMap::new();
        for (path, bytes) in published(folder) {
            let name = Path::new(&path)
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            if let Some(name) = name.strip_suffix(".csv") {
                let mut reader = csv::ReaderBuilder::new();
                let reader = reader.has_headers(false).from_reader(&*bytes);
                let rows = reader.into_records().map(|row| row.expect("a row"));
                tables.insert(name.to_owned(), rows.collect());
            }
        }
        Self(tables)
    }

    /// The measure in the row that has the key in any of its cells.
    fn cell(&self, table: &str, key: &str, measure: &str) -> Option<u64> {
        let rows = self.rows(table, measure);
        let mut rows = rows.filter(|(row, _)| row.iter().any(|cell| cell == key));
        rows.next()?.1.parse().ok()
    }

    /// The sum of a measure over all rows.
    fn sum(&self, table: &str, measure: &str) -> u64 {
        let rows = self.rows(table, measure);
        rows.filter_map(|(_, cell)| cell.parse::<u64>().ok()).sum()
    }

    /// The rows of a table, none where it was not released, and their cells of a measure.
    fn rows(&self, table: &str, measure: &str) -> impl Iterator<Item = (&csv::StringRecord, &str)> {
        let rows = self.0.get(table).map_or(&[][..], Vec::as_slice);
        let header = rows.first();
        let column = header.map_or(0, |header| {
            let place = header.iter().position(|name| name == measure);
            place.expect("a measure of the table")
        });
        rows.iter().skip(1).map(move |row| (row, &row[column]))
    }
}
