//! Reads the published tables and holds them to their declared columns and order.

use csv::{ReaderBuilder, StringRecord, Terminator, WriterBuilder};

use super::{
    finding::{Check, Findings, Place},
    folder::Artefact,
};
use crate::{
    aggregate::{Measure, Table},
    time::{Period, PeriodLength},
};

/// The name of what was rolled up.
pub(super) const OTHER: &str = "(other)";

/// A published table.
pub(super) struct Rows {
    pub(super) table: Table,
    /// The file as shown.
    pub(super) file: String,
    pub(super) keys: &'static [&'static str],
    pub(super) rows: Vec<Row>,
}

/// One row.
pub(super) struct Row {
    /// Its line in the file.
    pub(super) line: usize,
    pub(super) keys: Vec<String>,
    /// In the order of the table's measures; an empty cell is a withheld one.
    pub(super) measures: Vec<Option<u64>>,
}

/// Whether the cells of a column can be added up.
pub(super) const fn is_additive(measure: Measure) -> bool {
    !matches!(
        measure,
        Measure::DwellMedian
            | Measure::DwellP90
            | Measure::VisitSecondsMedian
            | Measure::VisitSecondsP90
            | Measure::PeakConcurrentVisits
    )
}

impl Row {
    /// Whether it is made of what was rolled up at any level.
    pub(super) fn is_other(&self) -> bool {
        self.keys.iter().any(|key| key == OTHER)
    }
}

impl Rows {
    /// The position of a measure, if the table has it.
    pub(super) fn position(&self, measure: Measure) -> Option<usize> {
        self.table.measures().iter().position(|it| *it == measure)
    }

    /// A row's cell of a measure.
    pub(super) fn cell(&self, row: &Row, measure: Measure) -> Option<u64> {
        self.position(measure).and_then(|at| row.measures[at])
    }

    /// The place of a row.
    pub(super) fn place(&self, row: &Row) -> Place {
        Place::line(&self.file, row.line)
    }
}

/// Reads a table; `None` if it cannot be understood, which is a finding.
pub(super) fn read(
    artefact: &Artefact,
    table: Table,
    period: Period,
    findings: &mut Findings,
) -> Option<Rows> {
    let keys = table.keys(period.length != PeriodLength::Day);
    let mut records = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(&artefact.bytes[..])
        .into_records();
    let header = records.next().and_then(Result::ok);
    let declared = declared(table, keys);
    let is_declared = header.as_ref().is_some_and(|it| it.iter().eq(declared));
    findings.require(
        Check::Columns,
        is_declared,
        || Place::line(&artefact.name, 1),
        || "the columns are not those of the table".to_owned(),
    );
    let header = header.filter(|_| is_declared)?;
    let mut read = Rows {
        table,
        file: artefact.name.clone(),
        keys,
        rows: Vec::new(),
    };
    let mut all = vec![header];
    for (number, record) in records.enumerate() {
        let place = || Place::line(&artefact.name, number + 2);
        let row = record.as_ref().ok().and_then(|record| {
            let row = row(record, keys.len(), table, period)?;
            Some(Row {
                line: number + 2,
                ..row
            })
        });
        findings.require(Check::Columns, row.is_some(), place, || {
            "not a row of the table: a date, its keys, and whole numbers or nothing".to_owned()
        });
        read.rows.push(row?);
        all.extend(record.ok());
    }
    findings.require(
        Check::Columns,
        !read.rows.is_empty() && encoded(&all) == artefact.bytes,
        || Place::file(&artefact.name),
        || "not written as releases are: UTF-8, RFC 4180, CRLF, at least one row".to_owned(),
    );
    check_order(&read, findings);
    Some(read)
}

fn declared(table: Table, keys: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    let measures = table.measures().iter().map(|measure| measure.name());
    ["date"]
        .into_iter()
        .chain(keys.iter().copied())
        .chain(measures)
}

fn row(record: &StringRecord, keys: usize, table: Table, period: Period) -> Option<Row> {
    let measures = table.measures().len();
    if record.len() != 1 + keys + measures || record.get(0) != Some(&period.to_string()) {
        return None;
    }
    let measure = |text: &str| match text {
        "" => Some(None),
        _ => number(text).map(Some),
    };
    let cells = record.iter().skip(1 + keys).map(measure);
    Some(Row {
        line: 0,
        keys: record
            .iter()
            .skip(1)
            .take(keys)
            .map(str::to_owned)
            .collect(),
        measures: cells.collect::<Option<_>>()?,
    })
}

/// A number in the only spelling that releases use.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// The records as releases write them.
fn encoded(records: &[StringRecord]) -> Vec<u8> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .flexible(true)
        .from_writer(Vec::new());
    for record in records {
        // Memory takes what is written; if not, the bytes differ.
        let _ = writer.write_record(record);
    }
    writer.into_inner().unwrap_or_default()
}

/// Rows ascend column by column, bytewise, bins by number, `(other)` last within its parent.
fn check_order(rows: &Rows, findings: &mut Findings) {
    let is_numeric = matches!(
        rows.table,
        Table::Traffic | Table::ProbeHours | Table::Durations | Table::Depths
    );
    let rank = |row: &Row| -> Vec<(bool, u64, String)> {
        let rank = |key: &String| {
            let number = if is_numeric {
                key.parse().unwrap_or(u64::MAX)
            } else {
                0
            };
            (key == OTHER, number, key.clone())
        };
        row.keys.iter().map(rank).collect()
    };
    for pair in rows.rows.windows(2) {
        findings.require(
            Check::Order,
            rank(&pair[0]) < rank(&pair[1]),
            || rows.place(&pair[1]),
            || "the row is out of order, or its key stands twice".to_owned(),
        );
    }
}
