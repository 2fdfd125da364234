//! Holds tables in other encodings to the CSV tables that they stand beside, byte for byte: whatever the audit
//! tells of those is so of these, and there is no byte for anything else.

use super::{
    chain::Manifest,
    finding::{Check, Findings, Place},
    folder::{Dated, Kind},
    table::{self, Rows},
};
use crate::{
    output::Encoding,
    release::{PublishedTable, Row},
};

/// Checks the files of a period, whose tables have been read from CSV.
pub(super) fn check(dated: &Dated, manifest: &Manifest, tables: &[Rows], findings: &mut Findings) {
    for file in &dated.files {
        let Kind::Encoded(table, encoding) = file.kind else {
            continue;
        };
        let rows = tables.iter().find(|rows| rows.table == table);
        let is_same = rows
            .is_some_and(|rows| encoding.encode(manifest.period, &published(rows)) == file.bytes);
        // The same table may be other bytes where another version has written it.
        let is_of_another = manifest.value["hushlog"] != env!("CARGO_PKG_VERSION");
        if !is_same && is_of_another && encoding == Encoding::Parquet {
            findings.leave(format!(
                "{}, which another version of this program has written",
                file.name
            ));
            continue;
        }
        findings.require(
            Check::Columns,
            is_same,
            || Place::file(&file.name),
            || "not what the CSV table beside it comes to in this encoding".to_owned(),
        );
    }
}

fn published(rows: &Rows) -> PublishedTable {
    let row = |row: &table::Row| Row {
        keys: row.keys.clone(),
        measures: row.measures.clone(),
    };
    PublishedTable {
        table: rows.table,
        rows: rows.rows.iter().map(row).collect(),
    }
}
