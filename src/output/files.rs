//! The files of a period's folder.

use super::{Encoding, manifest};
use crate::release::Release;

/// A file to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name within the period's folder.
    pub name: String,
    /// Its whole content.
    pub bytes: Vec<u8>,
}

/// A table's files, of which the first is CSV.
pub(super) type Encoded = Vec<(Encoding, File)>;

/// Encodes a release as the files of its folder: one CSV file per table in the tables' order, the same in
/// another encoding beside it if that is asked for, then the manifest. The same release gives the same
/// bytes, always.
#[must_use]
pub fn files(release: &Release, encoding: Encoding) -> Vec<File> {
    let mut encodings = vec![Encoding::Csv, encoding];
    encodings.dedup();
    let encoded = release.tables().iter().map(|table| {
        let file = |encoding: Encoding| File {
            name: format!("{}.{}", table.table.name(), encoding.extension()),
            bytes: encoding.encode(release.period(), table),
        };
        let files = encodings
            .iter()
            .map(|encoding| (*encoding, file(*encoding)));
        (table, files.collect::<Encoded>())
    });
    let tables: Vec<_> = encoded.collect();
    let manifest = File {
        name: manifest::NAME.to_owned(),
        bytes: manifest::encode(release, &tables),
    };
    let files = tables.into_iter().flat_map(|(_, files)| files);
    files.map(|(_, file)| file).chain([manifest]).collect()
}
