//! What is known of an output folder: its ledger, its private state, and which tables it has.

use std::{fs, io, path::Path};

use serde_json::Value;

use super::{
    super::{datapackage::Published, manifest},
    layout::Layout,
};
use crate::{
    aggregate::Table,
    error::{Error, Result},
    release::{Ledger, State, digest},
    time::Period,
};

/// What every publication adds to.
#[derive(Clone)]
pub(super) struct Contents {
    pub(super) ledger: Ledger,
    pub(super) state: State,
    pub(super) published: Vec<Published>,
}

impl Contents {
    /// Reads and verifies what is in a folder that no publication is under way in.
    pub(super) fn read(layout: &Layout) -> Result<Self> {
        let ledger = read(layout.ledger())?.unwrap_or_default();
        let ledger = Ledger::parse(layout.ledger(), &ledger)?;
        let state = match read(&layout.state())? {
            Some(bytes) => State::parse(&layout.state(), &bytes)?,
            None => State::default(),
        };
        let periods = ledger
            .periods()
            .filter(|period| !ledger.is_removed(*period));
        let published = periods.filter_map(|period| published(layout, &ledger, period).transpose());
        let published = published.collect::<Result<_>>()?;
        Ok(Self {
            ledger,
            state,
            published,
        })
    }
}

/// The tables of a released period by its manifest; nothing if its folder is not here (another
/// folder under the same ledger has it, or it was withdrawn).
fn published(layout: &Layout, ledger: &Ledger, period: Period) -> Result<Option<Published>> {
    let path = layout.release(&period.to_string()).join(manifest::NAME);
    let Some(bytes) = read(&path)? else {
        return Ok(None);
    };
    if ledger.manifest(period) != Some(&digest(&bytes)) {
        let message = "this is not the manifest that the ledger has recorded".to_owned();
        return Err(Error::Ledger { path, message });
    }
    let manifest: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let has = |table: &Table| manifest["tables"].get(table.name()).is_some();
    let tables = Table::ALL.into_iter().filter(has).collect();
    Ok(Some(Published { period, tables }))
}

/// A file's bytes, if it is there.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::unreadable(path, source)),
    }
}
