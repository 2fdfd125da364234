//! Where a key file lies, and whether it may be trusted: opened and looked at without following links.

use std::{
    ffi::OsString,
    fs::{File, Metadata, TryLockError},
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::fs::{FileExt, MetadataExt},
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, open, openat, statat},
    io::Errno,
    process::geteuid,
};
use zeroize::Zeroizing;

use super::{super::ratchet::ChainKey, cover::Cover};
use crate::error::{Error, Result};

/// The folder of a key file, open, and the file's name in it.
pub(super) struct Place {
    folder: OwnedFd,
    name: OsString,
    /// As the user named it, for messages.
    path: PathBuf,
    /// How keys stand in it.
    cover: Cover,
}

/// The files of a folder that belong to one key file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// The key file itself.
    Key,
    /// A later key, announced.
    Next,
    /// A key that is being written.
    Part,
}

/// What others may do to a folder so that they could put their own file there: its group or all write.
const OTHERS_WRITE: Mode = Mode::WGRP.union(Mode::WOTH);

/// A file may have been replaced between opening and locking it, but not over and over.
const ATTEMPTS: usize = 10;

impl Place {
    /// The place of a file whose folder nobody else can write to.
    pub(super) fn of(path: &Path, cover: Cover) -> Result<Self> {
        let place = Self::of_any(path, cover)?;
        let folder = fstat(&place.folder).map_err(|source| place.read_error(source))?;
        let owner = folder.st_uid;
        if owner != geteuid().as_raw() && owner != 0 {
            return Err(place.refusal("the folder of this key file belongs to someone else"));
        }
        if Mode::from_raw_mode(folder.st_mode).intersects(OTHERS_WRITE) {
            return Err(place.refusal(
                "others can write to the folder of this key file; take that permission away \
                 (chmod go-w), or keep it in a folder of its own",
            ));
        }
        Ok(place)
    }

    /// The place of a file in any folder.
    pub(super) fn of_any(path: &Path, cover: Cover) -> Result<Self> {
        let Some(name) = path.file_name() else {
            let path = path.display();
            return Err(Error::Setting(format!(
                "{path}: this is not the name of a file"
            )));
        };
        let folder = path.parent().filter(|parent| *parent != Path::new(""));
        let folder = folder.unwrap_or(Path::new("."));
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = open(folder, flags, Mode::empty())
            .map_err(|source| Error::unreadable(folder, source))?;
        Ok(Self {
            folder,
            name: name.to_owned(),
            path: path.to_owned(),
            cover,
        })
    }

    /// How keys stand in its files.
    pub(super) const fn cover(&self) -> &Cover {
        &self.cover
    }

    pub(super) fn folder(&self) -> BorrowedFd<'_> {
        self.folder.as_fd()
    }

    pub(super) fn name(&self, name: Name) -> OsString {
        let mut full = self.name.clone();
        full.push(match name {
            Name::Key => "",
            Name::Next => ".next",
            Name::Part => ".part",
        });
        full
    }

    /// Nothing may be there where a key file is to be made.
    pub(super) fn check_vacant(&self) -> Result<()> {
        match self.stat(Name::Key) {
            Err(Errno::NOENT) => Ok(()),
            Err(source) => Err(self.read_error(source)),
            Ok(_) => Err(self.refusal(
                "there is a file already; a key file is never overwritten (`hushlog key shred` \
                 destroys one)",
            )),
        }
    }

    /// Opens the file to be read.
    pub(super) fn open(&self) -> Result<File> {
        self.opened(Name::Key, OFlags::RDONLY)
    }

    /// Opens the file and locks it, without waiting.
    pub(super) fn open_locked(&self) -> Result<File> {
        for _ in 0..ATTEMPTS {
            let file = self.opened(Name::Key, OFlags::RDWR)?;
            if let Some(locked) = self.lock_current(file)? {
                return Ok(locked);
            }
        }
        Err(self.in_use())
    }

    /// Locks the open key file; nothing if another run has moved a later one into its place meanwhile.
    pub(super) fn lock_current(&self, file: File) -> Result<Option<File>> {
        self.lock(&file)?;
        let of_file = fstat(&file).map_err(|source| self.read_error(source))?;
        let of_name = self
            .stat(Name::Key)
            .map_err(|source| self.read_error(source))?;
        let identity = |stat: Stat| (stat.st_dev, stat.st_ino);
        Ok((identity(of_file) == identity(of_name)).then_some(file))
    }

    /// Opens one of the files beside the key file, creating it if it is missing, and locks it.
    pub(super) fn open_beside(&self, name: Name) -> Result<File> {
        let file = self.opened(name, OFlags::RDWR | OFlags::CREATE)?;
        self.lock(&file)?;
        Ok(file)
    }

    /// Whether there is a file of that name, or something like it.
    pub(super) fn has(&self, name: Name) -> bool {
        self.stat(name).is_ok()
    }

    /// The later key that was announced; nothing if it is no file that would be trusted.
    pub(super) fn read_next(&self) -> Option<ChainKey> {
        let file = self.opened(Name::Next, OFlags::RDONLY).ok()?;
        self.check(&file).ok()?;
        self.read(&file).ok()
    }

    /// The key that an open file holds.
    pub(super) fn read(&self, file: &File) -> Result<ChainKey> {
        let mut bytes = Zeroizing::new(vec![0; self.cover.length()]);
        file.read_exact_at(&mut bytes, 0)
            .map_err(|source| self.read_error(source))?;
        let chain = self.cover.decode(&bytes);
        chain.ok_or_else(|| self.refusal(self.cover.problem()))
    }

    /// Whether an open file is a key file that nobody else can have read or put there.
    pub(super) fn check(&self, file: &File) -> Result<()> {
        let metadata = self.check_is_own(file)?;
        if metadata.mode() & 0o7177 == 0 {
            return Ok(());
        }
        Err(self.refusal(
            "others may use this key file; only its owner may read and write it (chmod 600). If \
             anyone may have read it, shred it",
        ))
    }

    /// Whether an open file is of a key file's length, the user's, and has this name only.
    pub(super) fn check_is_own(&self, file: &File) -> Result<Metadata> {
        let metadata = file.metadata().map_err(|source| self.read_error(source))?;
        let problem = if !metadata.is_file() || metadata.len() != self.cover.length() as u64 {
            "this is not a key file: its length is another"
        } else if metadata.uid() != geteuid().as_raw() {
            "this key file belongs to someone else"
        } else if metadata.nlink() != 1 {
            "this key file has another name too (a hard link), under which it would stay as it is"
        } else {
            return Ok(metadata);
        };
        Err(self.refusal(problem))
    }

    pub(super) fn refusal(&self, problem: &str) -> Error {
        Error::Refused(format!("{}: {problem}", self.path.display()))
    }

    pub(super) fn write_error(&self, source: impl Into<io::Error>) -> Error {
        Error::Write {
            path: self.path.clone(),
            source: source.into(),
        }
    }

    fn read_error(&self, source: impl Into<io::Error>) -> Error {
        Error::unreadable(&self.path, source)
    }

    fn in_use(&self) -> Error {
        Error::Setting(format!(
            "{}: another run is using this key file; try again when it is done",
            self.path.display()
        ))
    }

    /// Opens a file of the folder, never through a link, and never waiting for what is no file.
    fn opened(&self, name: Name, flags: OFlags) -> Result<File> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let opened = openat(
            &self.folder,
            self.name(name),
            flags,
            Mode::RUSR | Mode::WUSR,
        );
        opened.map(File::from).map_err(|error| {
            let kind = self
                .stat(name)
                .map(|stat| FileType::from_raw_mode(stat.st_mode));
            if kind == Ok(FileType::Symlink) {
                self.refusal("this is a symbolic link; name the key file itself")
            } else {
                self.read_error(error)
            }
        })
    }

    fn lock(&self, file: &File) -> Result<()> {
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => self.in_use(),
            TryLockError::Error(source) => self.read_error(source),
        })
    }

    fn stat(&self, name: Name) -> std::result::Result<Stat, Errno> {
        statat(&self.folder, self.name(name), AtFlags::SYMLINK_NOFOLLOW)
    }
}
