//! One released period, read back: its manifest and its tables.

use std::{fs, path::Path};

use csv::{ReaderBuilder, StringRecord};
use serde_json::Value;

use crate::{
    aggregate::Table,
    error::{Error, Result},
    release::{PublishedTable, Row, digest},
    time::{Period, PeriodLength},
};

/// A period as it was published.
#[derive(Clone, Debug, PartialEq)]
pub struct Released {
    /// The period.
    pub period: Period,
    /// Under which terms.
    pub terms: Terms,
    /// SHA-256 of its manifest, in hexadecimal.
    pub manifest: String,
    /// Its tables in the order of [`Table::ALL`].
    pub tables: Vec<PublishedTable>,
}

/// What a manifest says of a release, as far as readers are told.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// The version of the program that released it.
    pub version: String,
    /// The time zone whose days these are.
    pub tz: String,
    /// Whether all input of the period is known to have been read.
    pub complete: bool,
    /// The profile in force, if the manifest names one.
    pub profile: Option<String>,
    /// Whether visits were told apart.
    pub visits: bool,
    /// What protects those whom the numbers are about.
    pub promise: Promise,
    /// The settings in force, as the manifest states them.
    pub policy: Value,
}

/// What protects those whom the numbers are about.
#[derive(Clone, Debug, PartialEq)]
pub enum Promise {
    /// Fewest networks of a row.
    Threshold(u64),
    /// Differential privacy: ε and δ of one address and day.
    Noise {
        /// ε.
        epsilon: f64,
        /// δ.
        delta: f64,
    },
}

impl Released {
    /// Reads a period's folder and holds its tables to the digests of its manifest.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] if a file cannot be read, [`Error::Ledger`] if one is not as it was released.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("manifest.json");
        let written = bytes(&path)?;
        let manifest = serde_json::from_slice(&written).unwrap_or(Value::Null);
        let (Some(period), Some(terms)) = (period(&manifest), terms(&manifest)) else {
            return Err(altered(&path));
        };
        let sha256 = |table: &Table| manifest["tables"][table.name()]["sha256"].as_str();
        let named = Table::ALL.into_iter();
        let named = named.filter_map(|table| Some((table, sha256(&table)?)));
        let tables = named.map(|(table, digest)| read_table(folder, table, period, digest));
        Ok(Self {
            period,
            terms,
            manifest: digest(&written),
            tables: tables.collect::<Result<_>>()?,
        })
    }

    /// A table, if it was published.
    #[must_use]
    pub fn table(&self, table: Table) -> Option<&PublishedTable> {
        self.tables.iter().find(|it| it.table == table)
    }

    /// The figures of the period as a whole, if they were published.
    #[must_use]
    pub fn summary(&self) -> Option<&Row> {
        self.table(Table::Summary)?.rows.first()
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|source| Error::unreadable(path, source))
}

fn altered(path: &Path) -> Error {
    Error::Ledger {
        path: path.to_owned(),
        message: "this is not as it was released".to_owned(),
    }
}

fn period(manifest: &Value) -> Option<Period> {
    Period::named(manifest["period"].as_str()?, manifest["date"].as_str()?)
}

fn terms(manifest: &Value) -> Option<Terms> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let privacy = &manifest["privacy"];
    let promise = match privacy["mode"].as_str()? {
        "k" => Promise::Threshold(privacy["k"].as_u64()?),
        "dp" => Promise::Noise {
            epsilon: privacy["epsilon"].as_f64()?,
            delta: privacy["delta"].as_f64()?,
        },
        _ => return None,
    };
    Some(Terms {
        version: text(&manifest["hushlog"])?,
        tz: text(&manifest["tz"])?,
        complete: manifest["complete"].as_bool()?,
        profile: text(&manifest["policy"]["profile"]),
        visits: manifest["policy"]["visits"] != false,
        promise,
        policy: manifest["policy"].clone(),
    })
}

fn read_table(folder: &Path, table: Table, period: Period, sha256: &str) -> Result<PublishedTable> {
    let path = folder.join(format!("{}.csv", table.name()));
    let bytes = bytes(&path)?;
    let rows = (digest(&bytes) == sha256).then(|| rows(&bytes, table, period));
    let rows = rows.flatten().ok_or_else(|| altered(&path))?;
    Ok(PublishedTable { table, rows })
}

/// The rows of a table; nothing if it has other columns.
fn rows(bytes: &[u8], table: Table, period: Period) -> Option<Vec<Row>> {
    let keys = table.keys(period.length != PeriodLength::Day).len();
    let records = ReaderBuilder::new().from_reader(bytes).into_records();
    let row = |record: StringRecord| {
        let cells = record.iter().skip(1 + keys).map(cell);
        let measures: Vec<Option<u64>> = cells.collect::<Option<_>>()?;
        let keys = record.iter().skip(1).take(keys).map(str::to_owned);
        (measures.len() == table.measures().len()).then(|| Row {
            keys: keys.collect(),
            measures,
        })
    };
    records.map(|record| row(record.ok()?)).collect()
}

/// A number, or nothing where it is withheld.
fn cell(text: &str) -> Option<Option<u64>> {
    match text {
        "" => Some(None),
        _ => text.parse().ok().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::{output, release};

    /// A folder with a release of one table, as it is published.
    fn folder(table: &PublishedTable) -> TempDir {
        let period = Period {
            start: "2026-11-21".parse().unwrap(),
            length: PeriodLength::Day,
        };
        let folder = TempDir::new().unwrap();
        let release = release::Release::example(period, vec![table.clone()]);
        for file in output::files(&release, output::Encoding::Csv) {
            fs::write(folder.path().join(file.name), file.bytes).unwrap();
        }
        folder
    }

    fn statuses() -> PublishedTable {
        let row = |key: &str, requests| Row {
            keys: vec![key.to_owned()],
            measures: vec![requests],
        };
        PublishedTable {
            table: Table::Statuses,
            rows: vec![row("200", Some(4200)), row("(other)", None)],
        }
    }

    #[test]
    fn a_release_is_read_back_as_it_was() {
        let folder = folder(&statuses());
        let released = Released::read(folder.path()).unwrap();
        assert_eq!(released.tables, [statuses()]);
        assert_eq!(released.period.to_string(), "2026-11-21");
        assert_eq!(released.terms.tz, "Europe/London");
        assert_eq!(released.terms.promise, Promise::Threshold(10));
        assert_eq!(released.summary(), None);
    }

    #[test]
    fn what_is_not_as_it_was_released_is_refused() {
        for (name, bytes) in [
            ("manifest.json", "{}"),
            (
                "statuses.csv",
                "date,status,requests\r\n2026-11-21,200,4201\r\n",
            ),
        ] {
            let folder = folder(&statuses());
            fs::write(folder.path().join(name), bytes).unwrap();
            let error = Released::read(folder.path()).unwrap_err();
            assert!(matches!(error, Error::Ledger { path, .. } if path.ends_with(name)));
        }
    }
}
