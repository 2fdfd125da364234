//! One run at a time: locks on an output folder, and on a ledger or state that several folders share.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    os::unix::{ffi::OsStrExt, fs::OpenOptionsExt},
    path::{Path, PathBuf},
};

use super::{
    disk::{Disk, write_error},
    layout::Layout,
};
use crate::error::{Error, Result};

/// Exclusive locks, held until dropped.
///
/// The lock file of something shared also holds a *claim* while a publication is under way: the
/// path of the output folder, with a newline. It outlives a crash, so that no other folder
/// publishes under a ledger for which a release is decided but not yet entered.
pub(super) struct Locks {
    /// Open files, for their locks alone.
    _held: Vec<File>,
    shared: Vec<PathBuf>,
}

impl Locks {
    /// Takes all locks of a folder, without waiting.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if another run holds one, or the claim of another folder stands;
    /// [`Error::Write`] if a lock file cannot be opened.
    pub(super) fn take(layout: &Layout) -> Result<Self> {
        let shared = layout.outer_locks();
        let own = layout.private().join("lock");
        let held = [&own].into_iter().chain(&shared).map(|path| lock(path));
        let locks = Self {
            _held: held.collect::<Result<_>>()?,
            shared,
        };
        for path in &locks.shared {
            check_claim(path, layout.dir())?;
        }
        Ok(locks)
    }

    /// Marks what is shared as taken by a publication of this folder.
    pub(super) fn claim(&self, disk: &dyn Disk, dir: &Path) -> Result<()> {
        let claim = [dir.as_os_str().as_bytes(), b"\n"].concat();
        self.shared
            .iter()
            .try_for_each(|path| disk.write(path, &claim))
    }

    /// Ends the claim.
    pub(super) fn disclaim(&self, disk: &dyn Disk) -> Result<()> {
        let claimed = |path: &&PathBuf| fs::metadata(path).is_ok_and(|it| it.len() > 0);
        let mut claimed = self.shared.iter().filter(claimed);
        claimed.try_for_each(|path| disk.write(path, b""))
    }
}

fn lock(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path);
    let file = file.map_err(|source| write_error(path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Setting(format!(
            "{}: another run is publishing here; try again when it is done",
            path.display()
        ))),
        Err(TryLockError::Error(source)) => Err(write_error(path, source)),
    }
}

/// A claim without a newline was being written when its run ended: nothing was staged then.
fn check_claim(path: &Path, dir: &Path) -> Result<()> {
    let claim = fs::read(path).map_err(|source| write_error(path, source))?;
    match claim.strip_suffix(b"\n") {
        Some(owner) if owner != dir.as_os_str().as_bytes() => Err(Error::Setting(format!(
            "{}: a run on the output folder {} was interrupted while publishing; run it again \
             first, or delete this file if that folder is gone",
            path.display(),
            String::from_utf8_lossy(owner)
        ))),
        _ => Ok(()),
    }
}
