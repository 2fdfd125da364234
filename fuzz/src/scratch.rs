//! A file that is written anew for every input, since some things are read from files only.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

/// A file in a folder of its own.
pub struct Scratch {
    path: PathBuf,
    _folder: TempDir,
}

impl Scratch {
    /// A file of that name that does not exist yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for scratch files");
        Self {
            path: folder.path().join(name),
            _folder: folder,
        }
    }

    /// The file with the given content.
    pub fn with(&self, content: &[u8]) -> &Path {
        fs::write(&self.path, content).expect("a written scratch file");
        &self.path
    }
}
