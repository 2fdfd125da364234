//! Looks for text that acts instead of showing: formulas, markup, terminal and bidi controls.

use serde_json::Value;

use super::{
    finding::{Check, Findings, Place},
    folder::{Artefact, Kind, Site},
    page,
    table::Rows,
};
use crate::output::{Encoding, is_hazardous};

/// With which spreadsheets begin formulas, in half and full width.
const FORMULAS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Looks through the keys of tables.
pub(super) fn check_rows(rows: &Rows, findings: &mut Findings) {
    for row in &rows.rows {
        for (name, key) in rows.keys.iter().zip(&row.keys) {
            findings.tried(Check::Injection, 1);
            if let Some(what) = acting(key) {
                let place = rows.place(row).column(name);
                findings.add(Check::Injection, place, what);
            }
        }
    }
}

/// What a text would do, if anything.
fn acting(text: &str) -> Option<&'static str> {
    if text.starts_with(FORMULAS) {
        return Some("begins like a formula of a spreadsheet");
    }
    let is_markup = |character| matches!(character, '<' | '>' | '"' | '\'' | '`');
    if text.contains(is_markup) || (text.contains('&') && text.contains(';')) {
        return Some("holds characters of HTML");
    }
    text.contains(is_hazardous)
        .then_some("holds a control or bidi character")
}

/// Looks through the bytes of every file that is text.
pub(super) fn check_files(site: &Site, findings: &mut Findings) {
    let is_text = |it: &&Artefact| !matches!(it.kind, Kind::Encoded(_, Encoding::Parquet));
    for artefact in site.artefacts().filter(is_text) {
        let text = String::from_utf8_lossy(&artefact.bytes);
        for (number, line) in text.split('\n').enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            findings.tried(Check::Injection, 1);
            if line.contains(is_hazardous) || line.contains('\u{fffd}') {
                let place = Place::line(&artefact.name, number + 1);
                let what = "holds a control or bidi character, or is no UTF-8";
                findings.add(Check::Injection, place, what);
            }
        }
        match artefact.kind {
            Kind::Page => page::check(artefact, &text, findings),
            Kind::Manifest | Kind::DataPackage => check_json(artefact, findings),
            _ => {}
        }
    }
}

/// No string of a description is markup, not even behind an escape.
fn check_json(artefact: &Artefact, findings: &mut Findings) {
    let Ok(value) = serde_json::from_slice::<Value>(&artefact.bytes) else {
        return;
    };
    let mut waiting = vec![&value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::String(text) => {
                let acts = text.contains(['<', '>']) || text.contains(is_hazardous);
                // Line ends of the tables are described as such.
                findings.require(
                    Check::Injection,
                    !acts || text == "\r\n",
                    || Place::file(&artefact.name),
                    || "a string holds markup or control characters".to_owned(),
                );
            }
            Value::Array(items) => waiting.extend(items),
            Value::Object(members) => waiting.extend(members.values()),
            _ => {}
        }
    }
}
