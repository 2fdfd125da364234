//! The steps by which publication changes the file system: one place to see, order and fail them.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use crate::error::{Error, Result};

/// Everything that publication does to a file system. After each step the power may fail.
///
/// Every step fails with [`Error::Write`].
pub(super) trait Disk: Send {
    /// Creates a folder and those above it that only its owner can enter.
    fn create_folder(&self, path: &Path) -> Result<()>;
    /// Writes a file that only its owner can read, in full and down to the device.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()>;
    /// Brings the names in a folder down to the device.
    fn sync_folder(&self, path: &Path) -> Result<()>;
    /// Moves a file or folder within its file system, in one step.
    fn rename(&self, from: &Path, to: &Path) -> Result<()>;
    /// Removes a file, if it is there.
    fn remove_file(&self, path: &Path) -> Result<()>;
    /// Removes a folder and what is in it, if it is there.
    fn remove_folder(&self, path: &Path) -> Result<()>;
}

/// The file system itself.
pub(super) struct FileSystem;

impl Disk for FileSystem {
    fn create_folder(&self, path: &Path) -> Result<()> {
        let created = DirBuilder::new().recursive(true).mode(0o700).create(path);
        created.map_err(|source| write_error(path, source))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path);
        file.and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .map_err(|source| write_error(path, source))
    }

    fn sync_folder(&self, path: &Path) -> Result<()> {
        let synced = fs::File::open(path).and_then(|folder| folder.sync_all());
        synced.map_err(|source| write_error(path, source))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        fs::rename(from, to).map_err(|source| write_error(to, source))
    }

    fn remove_file(&self, path: &Path) -> Result<()> {
        if_there(fs::remove_file(path)).map_err(|source| write_error(path, source))
    }

    fn remove_folder(&self, path: &Path) -> Result<()> {
        if_there(fs::remove_dir_all(path)).map_err(|source| write_error(path, source))
    }
}

/// The error of a path that could not be written.
pub(super) fn write_error(path: &Path, source: io::Error) -> Error {
    Error::Write {
        path: path.to_owned(),
        source,
    }
}

fn if_there(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
