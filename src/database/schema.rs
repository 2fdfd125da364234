//! The tables of a database: made where they are missing, and completed where a later version of the program has
//! more columns.

use super::engine::{Engine, failed};
use crate::{aggregate::Table, error::Result};

/// The version of the layout, raised when columns change their meaning.
const VERSION: u32 = 1;

/// Columns that every table begins with.
const COMMON: [(&str, &str); 3] = [
    ("site", "TEXT NOT NULL"),
    ("period", "TEXT NOT NULL"),
    ("date", "DATE NOT NULL"),
];

/// Columns of `releases` after those.
const RELEASE: [(&str, &str); 7] = [
    ("tz", "TEXT"),
    ("complete", "BIGINT"),
    ("profile", "TEXT"),
    ("k", "BIGINT"),
    ("epsilon", "DOUBLE PRECISION"),
    ("version", "TEXT"),
    ("manifest", "TEXT"),
];

/// Makes all tables as they are to be.
pub(super) fn prepare(engine: &mut dyn Engine) -> Result<()> {
    engine.begin()?;
    let prepared = prepare_all(engine);
    let end = if prepared.is_ok() {
        "COMMIT"
    } else {
        "ROLLBACK"
    };
    let ended = engine.execute(end, &[]);
    prepared.and(ended.map(drop))
}

fn prepare_all(engine: &mut dyn Engine) -> Result<()> {
    check_version(engine)?;
    complete(engine, "releases", &RELEASE, "site, period, date")?;
    for table in Table::ALL {
        let keys = table.keys(true).iter().map(|key| (*key, "TEXT"));
        let measures = table
            .measures()
            .iter()
            .map(|measure| (measure.name(), "BIGINT"));
        let columns: Vec<_> = keys.chain(measures).collect();
        complete(engine, table.name(), &columns, "")?;
    }
    Ok(())
}

fn check_version(engine: &mut dyn Engine) -> Result<()> {
    engine.execute(
        "CREATE TABLE IF NOT EXISTS layout (version BIGINT NOT NULL)",
        &[],
    )?;
    let versions = engine.query("SELECT CAST(version AS TEXT) FROM layout", &[])?;
    match versions.first().map(|version| version.parse::<u32>()) {
        None => engine
            .execute(&format!("INSERT INTO layout VALUES ({VERSION})"), &[])
            .map(drop),
        Some(Ok(version)) if version <= VERSION => Ok(()),
        Some(_) => Err(failed(
            engine.name(),
            "its tables were made by a later version of hushlog",
        )),
    }
}

/// Makes a table, or adds the columns that it lacks.
fn complete(
    engine: &mut dyn Engine,
    table: &str,
    columns: &[(&str, &str)],
    unique: &str,
) -> Result<()> {
    let present = engine.columns(table)?;
    if present.is_empty() {
        let columns = COMMON.iter().chain(columns);
        let columns: Vec<String> = columns
            .map(|(name, kind)| format!("{name} {kind}"))
            .collect();
        let unique = match unique {
            "" => String::new(),
            columns => format!(", PRIMARY KEY ({columns})"),
        };
        let columns = columns.join(", ");
        engine.execute(&format!("CREATE TABLE {table} ({columns}{unique})"), &[])?;
        if unique.is_empty() {
            let index = format!("CREATE INDEX {table}_by_date ON {table} (date, site, period)");
            engine.execute(&index, &[])?;
        }
        return Ok(());
    }
    let missing = columns
        .iter()
        .filter(|(name, _)| !present.iter().any(|it| it == name));
    for (name, kind) in missing {
        engine.execute(
            &format!("ALTER TABLE {table} ADD COLUMN {name} {kind}"),
            &[],
        )?;
    }
    Ok(())
}

/// The statement that inserts a row into `releases`.
pub(super) fn insert_release() -> String {
    insert_into("releases", RELEASE.iter().map(|(name, _)| *name))
}

/// The statement that inserts a row with these keys into a table.
pub(super) fn insert(table: Table, keys: &[&str]) -> String {
    let measures = table.measures().iter().map(|measure| measure.name());
    insert_into(table.name(), keys.iter().copied().chain(measures))
}

fn insert_into<'n>(table: &str, columns: impl Iterator<Item = &'n str>) -> String {
    let columns: Vec<&str> = COMMON
        .iter()
        .map(|(name, _)| *name)
        .chain(columns)
        .collect();
    let values: Vec<String> = (1..=columns.len())
        .map(|number| format!("${number}"))
        .collect();
    format!(
        "INSERT INTO {table} ({}) VALUES ({})",
        columns.join(", "),
        values.join(", ")
    )
}
