//! The steps by which a key file is changed: one place to see, order and fail them.

use std::{fs::File, os::unix::fs::FileExt};

use rustix::fs::{AtFlags, fsync, renameat, unlinkat};

use super::place::{Name, Place};
use crate::error::Result;

/// Everything that is done to the folder of a key file. After each step the power may fail.
///
/// Every step fails with [`Error::Write`](crate::error::Error::Write).
pub(super) trait Disk: Send {
    /// Writes a file in full and down to the device, in place of what it held.
    fn write(&self, place: &Place, file: &File, bytes: &[u8]) -> Result<()>;
    /// Gives a file another name, in one step; what had that name is gone.
    fn rename(&self, place: &Place, from: Name, to: Name) -> Result<()>;
    /// Brings the names in the folder down to the device.
    fn sync_folder(&self, place: &Place) -> Result<()>;
    /// Overwrites a key, down to the device.
    fn erase(&self, place: &Place, file: &File) -> Result<()>;
    /// Removes a file.
    fn remove(&self, place: &Place, name: Name) -> Result<()>;
}

/// The file system itself.
pub(super) struct FileSystem;

impl Disk for FileSystem {
    fn write(&self, place: &Place, file: &File, bytes: &[u8]) -> Result<()> {
        let written = file
            .set_len(0)
            .and_then(|()| file.write_all_at(bytes, 0))
            .and_then(|()| file.sync_all());
        written.map_err(|source| place.write_error(source))
    }

    fn rename(&self, place: &Place, from: Name, to: Name) -> Result<()> {
        let folder = place.folder();
        let moved = renameat(folder, place.name(from), folder, place.name(to));
        moved.map_err(|source| place.write_error(source))
    }

    fn sync_folder(&self, place: &Place) -> Result<()> {
        fsync(place.folder()).map_err(|source| place.write_error(source))
    }

    fn erase(&self, place: &Place, file: &File) -> Result<()> {
        let erased = file.write_all_at(&vec![0; place.cover().length()], 0);
        let erased = erased.and_then(|()| file.sync_all());
        erased.map_err(|source| place.write_error(source))
    }

    fn remove(&self, place: &Place, name: Name) -> Result<()> {
        let removed = unlinkat(place.folder(), place.name(name), AtFlags::empty());
        removed.map_err(|source| place.write_error(source))
    }
}
