//! Released tables in an SQL database: one transaction a period, and nothing twice.
//!
//! A database receives what is published already, so that nothing in it tells more than the folder. Each
//! table of [`Table`] is one of its tables, with the columns of the CSV files and before them `site` (the
//! host, or nothing where all hosts are one) and `period` (`day`, `week` or `month`). A withheld cell is
//! `NULL`. The table `releases` says what has been loaded, and under which promise.

mod encryption;
mod engine;
mod postgres;
mod schema;
mod sqlite;

use std::{collections::HashSet, path::Path};

use self::engine::{Engine, Value};
use crate::{
    aggregate::Table,
    error::{Error, Result},
    output::Folder,
    release::{Ledger, PublishedTable, Row},
    stats::Progress,
    time::{Period, PeriodLength},
    view::{Folders, Promise, Released, site_of},
};

/// A database that releases are loaded into.
pub struct Database {
    engine: Box<dyn Engine>,
}

/// What a load has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Periods that were not there before.
    pub added: usize,
    /// Periods that were withdrawn or have expired since they were loaded.
    pub removed: usize,
    /// Periods that were there already.
    pub unchanged: usize,
}

impl Database {
    /// Connects to `postgres://…`, whose tables are in the schema `hushlog`, or opens `sqlite:FILE`, and
    /// creates or completes the tables. The URL of a server is as in `PostgreSQL`'s documentation of
    /// connection URIs (34.1.1.2). A connection to another machine is by TLS, and the server's certificate is
    /// verified, unless the URL says `sslmode=disable`; one within the machine is if `sslmode` asks for it.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if the URL is none of these, [`Error::Database`] if the database cannot be used or
    /// is of a later version of this program.
    pub fn open(url: &str) -> Result<Self> {
        let mut engine: Box<dyn Engine> = match url.split_once(':') {
            Some(("postgres" | "postgresql", _)) => Box::new(postgres::Server::connect(url)?),
            Some(("sqlite", file)) => Box::new(sqlite::File::open(file)?),
            _ => {
                return Err(Error::Setting(
                    "a database is postgres://USER@HOST/NAME or sqlite:FILE".to_owned(),
                ));
            }
        };
        schema::prepare(&mut *engine)?;
        Ok(Self { engine })
    }

    /// Makes the database have what an output folder has: loads periods that it has not, and removes
    /// those that the ledger says were withdrawn or have expired. Progress is in bytes of tables and in rows
    /// that were loaded.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] and [`Error::Ledger`] if the folder cannot be read, [`Error::Refused`] if the
    /// database has another release of a period, [`Error::Database`] if it fails. What was loaded before an
    /// error stays loaded.
    pub fn load(
        &mut self,
        folder: &Path,
        ledger: Option<&Path>,
        progress: &Progress,
    ) -> Result<Loaded> {
        let mut loaded = Loaded::default();
        for (site, ledger) in ledgers(folder, ledger)? {
            for period in ledger.removed() {
                loaded.removed += usize::from(self.remove(&site, period)?);
            }
        }
        let Some(folders) = Folders::find_any(folder)? else {
            return Ok(loaded);
        };
        for (site, periods) in folders.sites {
            let site = site.unwrap_or_default();
            let known = self.manifests(&site)?;
            for dated in periods {
                let released = (!known.contains(&dated.manifest()?)).then(|| dated.read());
                let released = released.transpose()?;
                let added = match &released {
                    Some(released) => self.add(&site, released)?,
                    None => false,
                };
                loaded.added += usize::from(added);
                loaded.unchanged += usize::from(!added);
                let tables = released.iter().flat_map(|it| &it.tables);
                let rows: usize = tables.map(|table| table.rows.len()).sum();
                progress.add(dated.size(), rows as u64);
            }
        }
        Ok(loaded)
    }

    /// The digests of manifests by which the releases of a site are known.
    fn manifests(&mut self, site: &str) -> Result<HashSet<String>> {
        let query = "SELECT manifest FROM releases WHERE site = $1";
        let manifests = self.engine.query(query, &[Value::Text(site.to_owned())])?;
        Ok(manifests.into_iter().collect())
    }

    /// Loads a period, unless it is there; whether it was not.
    fn add(&mut self, site: &str, released: &Released) -> Result<bool> {
        let key = key(site, released.period);
        self.transaction(|engine| {
            let query = "SELECT manifest FROM releases WHERE site = $1 AND period = $2 AND date = $3";
            match engine.query(query, &key)?.first() {
                Some(manifest) if *manifest == released.manifest => return Ok(false),
                Some(_) => {
                    return Err(Error::Refused(format!(
                        "{}: it has another release of {}; use another database, or remove that one",
                        engine.name(),
                        released.period
                    )));
                }
                None => {}
            }
            engine.execute(&schema::insert_release(), &release(site, released))?;
            for table in &released.tables {
                insert(engine, &key, released.period, table)?;
            }
            Ok(true)
        })
    }

    /// Removes a period, if it is there; whether it was.
    fn remove(&mut self, site: &str, period: Period) -> Result<bool> {
        let key = key(site, period);
        self.transaction(|engine| {
            let delete = |table: &str| {
                format!("DELETE FROM {table} WHERE site = $1 AND period = $2 AND date = $3")
            };
            let removed = engine.execute(&delete("releases"), &key)? > 0;
            if removed {
                for table in Table::ALL {
                    engine.execute(&delete(table.name()), &key)?;
                }
            }
            Ok(removed)
        })
    }

    /// Does all of it, or nothing.
    fn transaction(&mut self, work: impl FnOnce(&mut dyn Engine) -> Result<bool>) -> Result<bool> {
        self.engine.begin()?;
        let done = work(&mut *self.engine);
        match done {
            Ok(_) => self.engine.execute("COMMIT", &[])?,
            // The first error says more.
            Err(_) => self.engine.execute("ROLLBACK", &[]).unwrap_or_default(),
        };
        done
    }
}

/// The ledgers of an output folder, by site.
fn ledgers(folder: &Path, ledger: Option<&Path>) -> Result<Vec<(String, Ledger)>> {
    let sites = Folder::released_sites(folder)?;
    if sites.is_empty() {
        let (ledger, _) = Folder::records(folder, None, ledger)?;
        return Ok(vec![(site_of(folder).unwrap_or_default(), ledger)]);
    }
    let records = Folder::site_records(folder, None, &sites)?.into_iter();
    let ledgers = records.map(|(ledger, _)| ledger);
    Ok(sites.iter().map(ToString::to_string).zip(ledgers).collect())
}

/// What tells a release from others.
fn key(site: &str, period: Period) -> [Value; 3] {
    [site, period.length.name(), &period.to_string()].map(|text| Value::Text(text.to_owned()))
}

/// The row of a release, in the order of its columns.
fn release(site: &str, released: &Released) -> Vec<Value> {
    let terms = &released.terms;
    let (k, epsilon) = match terms.promise {
        Promise::Threshold(k) => (Value::Number(Some(k)), Value::Real(None)),
        Promise::Noise { epsilon, .. } => (Value::Number(None), Value::Real(Some(epsilon))),
    };
    let mut row = key(site, released.period).to_vec();
    row.extend([
        Value::Text(terms.tz.clone()),
        Value::Number(Some(u64::from(terms.complete))),
        Value::Text(terms.profile.clone().unwrap_or_default()),
        k,
        epsilon,
        Value::Text(terms.version.clone()),
        Value::Text(released.manifest.clone()),
    ]);
    row
}

fn insert(
    engine: &mut dyn Engine,
    key: &[Value],
    period: Period,
    table: &PublishedTable,
) -> Result<()> {
    let keys = table.table.keys(period.length != PeriodLength::Day);
    let statement = schema::insert(table.table, keys);
    for row in &table.rows {
        engine.execute(&statement, &values(key, row))?;
    }
    Ok(())
}

fn values(key: &[Value], row: &Row) -> Vec<Value> {
    let keys = row.keys.iter().cloned().map(Value::Text);
    let measures = row.measures.iter().copied().map(Value::Number);
    key.iter().cloned().chain(keys).chain(measures).collect()
}
