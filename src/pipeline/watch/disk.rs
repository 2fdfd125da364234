//! The folder of a checkpoint: one file for what is open of each period, which grows, and one that says how
//! much of each is valid. That one is replaced in one step, which is when a checkpoint is made.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    time::Period,
};

/// The folder.
pub(super) struct Disk {
    folder: PathBuf,
}

const INDEX: &str = "checkpoint";
const PART: &str = "checkpoint.part";
const HITS: &str = ".hits";

impl Disk {
    /// A folder that only its owner can enter, created if missing.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let created = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        created.map_err(|source| write_error(folder, source))?;
        let disk = Self {
            folder: folder.to_owned(),
        };
        folder.parent().map_or(Ok(()), sync)?;
        Ok(disk)
    }

    /// Where the index is.
    pub(super) fn index(&self) -> PathBuf {
        self.folder.join(INDEX)
    }

    /// The index, if a checkpoint was made.
    pub(super) fn read_index(&self) -> Result<Option<Vec<u8>>> {
        match fs::read(self.index()) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::unreadable(&self.index(), source)),
        }
    }

    /// Replaces the index, down to the device, in one step.
    pub(super) fn write_index(&self, bytes: &[u8]) -> Result<()> {
        let part = self.folder.join(PART);
        let written = create(&part).and_then(|mut file| {
            file.set_len(0)?;
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.map_err(|source| write_error(&part, source))?;
        let moved = fs::rename(&part, self.index());
        moved.map_err(|source| write_error(&self.index(), source))?;
        sync(&self.folder)
    }

    /// Writes on after the first `length` bytes of a period's file, down to the device. What stood there
    /// is of a checkpoint that was not made.
    pub(super) fn append(&self, period: Period, length: u64, bytes: &[u8]) -> Result<()> {
        let path = self.hits(period);
        let written = create(&path).and_then(|file| {
            file.set_len(length)?;
            file.write_all_at(bytes, length)?;
            file.sync_all()
        });
        written.map_err(|source| write_error(&path, source))
    }

    /// The first `length` bytes of a period's file.
    pub(super) fn read(&self, period: Period, length: u64) -> Result<Vec<u8>> {
        let path = self.hits(period);
        let read = File::open(&path).and_then(|file| {
            let length = usize::try_from(length).map_err(io::Error::other)?;
            let mut bytes = vec![0; length];
            file.read_exact_at(&mut bytes, 0)?;
            Ok(bytes)
        });
        read.map_err(|source| Error::unreadable(&path, source))
    }

    /// Removes the files of all periods but these.
    pub(super) fn retain(&self, is_kept: impl Fn(&str) -> bool) -> Result<()> {
        let failed = |source| write_error(&self.folder, source);
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let period = name.to_str().and_then(|name| name.strip_suffix(HITS));
            if period.is_some_and(|period| !is_kept(period)) {
                fs::remove_file(entry.path()).map_err(failed)?;
            }
        }
        sync(&self.folder)
    }

    fn hits(&self, period: Period) -> PathBuf {
        self.folder.join(format!("{period}{HITS}"))
    }
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options.open(path)
}

fn sync(folder: &Path) -> Result<()> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| write_error(folder, source))
}

fn write_error(path: &Path, source: io::Error) -> Error {
    Error::Write {
        path: path.to_owned(),
        source,
    }
}
