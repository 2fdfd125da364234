//! The files of a period's folder.

use super::{csv, manifest};
use crate::release::{Release, digest};

/// A file to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name within the period's folder.
    pub name: String,
    /// Its whole content.
    pub bytes: Vec<u8>,
}

/// Encodes a release as the files of its folder: one CSV file per table in the tables' order, then
/// the manifest. The same release gives the same bytes, always.
#[must_use]
pub fn files(release: &Release) -> Vec<File> {
    let (mut files, mut tables) = (Vec::new(), Vec::new());
    for table in release.tables() {
        let bytes = csv::encode(release.period(), table);
        tables.push((table, digest(&bytes)));
        files.push(File {
            name: format!("{}.csv", table.table.name()),
            bytes,
        });
    }
    files.push(File {
        name: manifest::NAME.to_owned(),
        bytes: manifest::encode(release, &tables),
    });
    files
}
