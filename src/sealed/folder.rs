//! A folder of segments: what is in it, how a segment comes into it, and how it goes.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};

use rustix::process::geteuid;

use super::{name::SegmentName, register::Register};
use crate::{
    error::{Error, Result},
    time::{Date, Period, PeriodLength, Timestamp},
};

/// A folder of sealed segments.
#[derive(Clone, Debug)]
pub struct SealedFolder {
    path: PathBuf,
}

/// Held while names are given or the register is written; other runs wait for it.
pub(super) struct Lock {
    /// An open file, for its lock alone.
    _held: File,
}

impl SealedFolder {
    /// The folder that segments of days of a time zone are to be put into: it is made if it is not there.
    ///
    /// # Errors
    /// [`Error::Refused`] if what is there is not a folder of one's own that nobody else can enter, or has
    /// segments of days of another time zone; [`Error::Write`] if it cannot be made or written to;
    /// [`Error::Ledger`] if its register is damaged.
    pub fn create(path: &Path, tz: &str) -> Result<Self> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
        made.map_err(|source| write_error(path, source))?;
        let folder = Self::at(path);
        let found = folder.metadata()?;
        if found.uid() != geteuid().as_raw() || found.permissions().mode() & 0o077 != 0 {
            return Err(folder.refused(
                "only a folder of one's own is sealed into that nobody else can enter (chmod 700)",
            ));
        }
        let _lock = folder.lock()?;
        let mut register = folder.register()?;
        match register.tz() {
            Some(own) if own != tz => {
                let problem = format!("its segments are of days of {own}, not of {tz}");
                return Err(folder.refused(&problem));
            }
            Some(_) => {}
            None => {
                register.begin(tz);
                folder.write(&register)?;
            }
        }
        Ok(folder)
    }

    /// The folder at a path.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Whether lines were ever sealed into a folder.
    #[must_use]
    pub fn is_one(path: &Path) -> bool {
        Register::is_in(path)
    }

    /// What has happened to its segments.
    ///
    /// # Errors
    /// As [`Register::read`].
    pub fn register(&self) -> Result<Register> {
        Register::read(&self.path)
    }

    /// The segments that are here, in their order.
    ///
    /// # Errors
    /// [`Error::Read`] if the folder cannot be read.
    pub fn segments(&self) -> Result<Vec<SegmentName>> {
        let unreadable = |source| Error::unreadable(&self.path, source);
        let mut segments = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(unreadable)? {
            segments.extend(SegmentName::of(&entry.map_err(unreadable)?.path()));
        }
        segments.sort_unstable();
        Ok(segments)
    }

    /// Where a segment is.
    #[must_use]
    pub fn place(&self, name: SegmentName) -> PathBuf {
        self.path.join(name.to_string())
    }

    /// The days that ended before a day or with it and have segments here, earliest first.
    ///
    /// # Errors
    /// As [`SealedFolder::segments`].
    pub fn ended_by(&self, cutoff: Date) -> Result<Vec<Date>> {
        let mut days: Vec<Date> = self.segments()?.iter().map(|name| name.day).collect();
        days.dedup();
        let length = PeriodLength::Day;
        days.retain(|&start| Period { start, length }.end() <= cutoff);
        Ok(days)
    }

    /// Removes all segments of some days; the register says so first.
    ///
    /// # Errors
    /// [`Error::Write`] if that cannot be done; [`Error::Ledger`] if the register is damaged.
    pub fn expire(&self, days: &[Date], now: Timestamp) -> Result<()> {
        if days.is_empty() {
            return Ok(());
        }
        let _lock = self.lock()?;
        let mut segments = self.segments()?;
        segments.retain(|name| days.contains(&name.day));
        let mut register = self.register()?;
        for day in days {
            let count = segments.iter().filter(|name| name.day == *day).count();
            register.expire(*day, count, now);
        }
        self.write(&register)?;
        for name in segments {
            let path = self.place(name);
            fs::remove_file(&path).map_err(|source| write_error(&path, source))?;
        }
        self.sync()
    }

    /// Begins a segment of a day, under the next number.
    pub(super) fn begin(&self, day: Date) -> Result<(SegmentName, File)> {
        let _lock = self.lock()?;
        let segments = self.segments()?;
        let numbers = segments.iter().filter(|name| name.day == day);
        let last = numbers.map(|name| name.number).max();
        let name = SegmentName {
            day,
            number: last.map_or(1, |last| last.saturating_add(1)),
            is_finished: false,
        };
        let path = self.place(name);
        let file = private().create_new(true).open(&path);
        Ok((name, file.map_err(|source| write_error(&path, source))?))
    }

    /// Brings a segment down to the device and gives it the name of a finished one. One that has expired
    /// since it was begun is gone.
    pub(super) fn finish(&self, name: SegmentName, file: &File) -> Result<()> {
        let path = self.place(name);
        file.sync_all()
            .map_err(|source| write_error(&path, source))?;
        let _lock = self.lock()?;
        match fs::rename(&path, self.place(name.finished())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(write_error(&path, source)),
            Ok(()) => self.sync(),
        }
    }

    /// Waits until no other run gives names here or writes the register.
    pub(super) fn lock(&self) -> Result<Lock> {
        let path = self.path.join("lock");
        let locked = || {
            let file = private().create(true).truncate(false).open(&path)?;
            self.hand_over(&file)?;
            file.lock()?;
            Ok(Lock { _held: file })
        };
        locked().map_err(|source| write_error(&path, source))
    }

    /// Puts the register in the place of the older one, in one step.
    pub(super) fn write(&self, register: &Register) -> Result<()> {
        let path = register.path();
        let new = path.with_extension("new");
        let written = || {
            let mut file = private().create(true).truncate(true).open(&new)?;
            self.hand_over(&file)?;
            io::Write::write_all(&mut file, register.bytes())?;
            file.sync_all()?;
            fs::rename(&new, path)
        };
        written().map_err(|source| write_error(path, source))?;
        self.sync()
    }

    /// Has a file that another user makes here, such as root, be the folder's owner's.
    fn hand_over(&self, file: &File) -> io::Result<()> {
        let (folder, own) = (fs::metadata(&self.path)?, file.metadata()?);
        if folder.uid() == own.uid() {
            return Ok(());
        }
        fchown(file, Some(folder.uid()), Some(folder.gid()))
    }

    fn sync(&self) -> Result<()> {
        let synced = File::open(&self.path).and_then(|folder| folder.sync_all());
        synced.map_err(|source| write_error(&self.path, source))
    }

    fn metadata(&self) -> Result<Metadata> {
        fs::metadata(&self.path).map_err(|source| Error::unreadable(&self.path, source))
    }

    fn refused(&self, problem: &str) -> Error {
        Error::Refused(format!("{}: {problem}", self.path.display()))
    }
}

/// Opens files that only their owner can read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

pub(super) fn write_error(path: &Path, source: io::Error) -> Error {
    Error::Write {
        path: path.to_owned(),
        source,
    }
}
