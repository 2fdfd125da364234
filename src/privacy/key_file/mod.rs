//! The key file: what lets several runs and hosts know the same visitors, until it is advanced.
//!
//! It holds the chain key of one day (see `ratchet`), from which the keys of that day and all later ones
//! follow, and nothing of earlier ones. It is *advanced* by writing the later chain key beside it, down to
//! the device, and renaming that into place; what it held before is then overwritten, as far as the file
//! system does so. A run that is to release first *announces* this, by the same file beside it: if it is
//! interrupted, the next one can tell that from an old copy that was put back.
//!
//! It may be *sealed* under a credential, which a service manager hands over at each start and which is
//! never advanced: the credential tells nothing without the file, and the file nothing without it.

mod cover;
mod credential;
mod disk;
mod place;
#[cfg(test)]
mod sealed_tests;
#[cfg(test)]
mod tests;

use std::{
    fs::{DirBuilder, File},
    mem,
    os::unix::fs::DirBuilderExt,
    path::Path,
};

use zeroize::Zeroizing;

pub use self::credential::Credential;
use self::{
    cover::Cover,
    disk::{Disk, FileSystem},
    place::{Name, Place},
};
use super::ratchet::{ChainKey, DayKeys};
use crate::{
    error::{Error, Result},
    time::Date,
};

/// A key file, locked for this run.
pub struct KeyFile {
    disk: Box<dyn Disk>,
    place: Place,
    file: File,
    chain: ChainKey,
    today: Date,
    announced: Option<Date>,
}

/// What can be told of a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyFileInfo {
    /// The first day that it has keys of.
    pub first_day: Date,
    /// The day to which an interrupted run was about to advance it.
    pub announced: Option<Date>,
}

impl KeyFile {
    /// Makes a key file of 32 random bytes, for days from `first` on, which is not after `today`.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if there is a file already, its folder can be
    /// written to by others, or the first day is still to come or before 1970;
    /// [`Error::Write`] if the file cannot be written.
    pub fn create(
        path: &Path,
        random: Zeroizing<[u8; 32]>,
        first: Date,
        today: Date,
    ) -> Result<()> {
        Self::create_on(&FileSystem, path, random, first, today)
    }

    fn create_on(
        disk: &dyn Disk,
        path: &Path,
        random: Zeroizing<[u8; 32]>,
        first: Date,
        today: Date,
    ) -> Result<()> {
        Self::create_at(disk, &Place::of(path, Cover::Bare)?, random, first, today)
    }

    fn create_at(
        disk: &dyn Disk,
        place: &Place,
        random: Zeroizing<[u8; 32]>,
        first: Date,
        today: Date,
    ) -> Result<()> {
        let chain = ChainKey::new(first, random).filter(|_| first <= today);
        let chain = chain.ok_or_else(|| {
            place.refusal(&format!(
                "a key file begins between 1970-01-01 and today, {today}, not on {first}"
            ))
        })?;
        place.check_vacant()?;
        let file = place.open_beside(Name::Part)?;
        // Another run may have been quicker until this one had the lock.
        place.check_vacant()?;
        disk.write(place, &file, &place.cover().encode(&chain))?;
        disk.rename(place, Name::Part, Name::Key)?;
        disk.sync_folder(place)
    }

    /// Opens a key file for this run alone. The wall clock says what today is.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if it is not a key file, is a symbolic link or
    /// has several names, belongs to someone else, has permissions beyond its owner's to read and
    /// write, or lies in a folder that others can write to;
    /// [`Error::Setting`] if another run has it open;
    /// [`Error::Read`] if it cannot be read.
    pub fn open(path: &Path, today: Date) -> Result<Self> {
        Self::open_on(Box::new(FileSystem), path, today)
    }

    /// Opens a key file that is sealed under a credential, for this run alone, and makes it of 32 random
    /// bytes, for days from `first` on, if there is none, in a folder for its owner alone.
    ///
    /// # Errors
    ///
    /// As [`KeyFile::create`] and [`KeyFile::open`];
    /// [`Error::Refused`] also if it was sealed under another credential.
    pub fn open_sealed(
        path: &Path,
        credential: &Credential,
        random: Zeroizing<[u8; 32]>,
        first: Date,
        today: Date,
    ) -> Result<Self> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let created = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        created.map_err(|source| Error::Write {
            path: folder.to_owned(),
            source,
        })?;
        let place = Place::of(path, Cover::of(credential))?;
        if !place.has(Name::Key) {
            Self::create_at(&FileSystem, &place, random, first, today)?;
        }
        Self::open_at(Box::new(FileSystem), place, today)
    }

    fn open_on(disk: Box<dyn Disk>, path: &Path, today: Date) -> Result<Self> {
        Self::open_at(disk, Place::of(path, Cover::Bare)?, today)
    }

    fn open_at(disk: Box<dyn Disk>, place: Place, today: Date) -> Result<Self> {
        let file = place.open_locked()?;
        place.check(&file)?;
        let chain = place.read(&file)?;
        let announced = announced(&place, &chain, today);
        Ok(Self {
            disk,
            place,
            file,
            chain,
            today,
            announced,
        })
    }

    /// Reads what can be told of a key file, without keeping other runs from it.
    ///
    /// # Errors
    ///
    /// As [`KeyFile::open`].
    pub fn info(path: &Path, today: Date) -> Result<KeyFileInfo> {
        let place = Place::of(path, Cover::Bare)?;
        let file = place.open()?;
        place.check(&file)?;
        let chain = place.read(&file)?;
        Ok(KeyFileInfo {
            first_day: chain.first_day(),
            announced: announced(&place, &chain, today),
        })
    }

    /// Reads the keys of its days until today, without keeping other runs from it.
    ///
    /// # Errors
    ///
    /// As [`KeyFile::open`].
    pub fn shared_day_keys(path: &Path, today: Date) -> Result<DayKeys> {
        let place = Place::of(path, Cover::Bare)?;
        let file = place.open()?;
        place.check(&file)?;
        Ok(place.read(&file)?.day_keys(today))
    }

    /// Overwrites and removes a key file, whatever its permissions are: nobody can tell any visitor of
    /// its days any more.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if it is not of a key file's length, is a
    /// symbolic link or has several names, or belongs to someone else;
    /// [`Error::Setting`] if a run has it open;
    /// [`Error::Read`] and [`Error::Write`] if
    /// it cannot be opened or written.
    pub fn shred(path: &Path) -> Result<()> {
        Self::shred_on(&FileSystem, path)
    }

    fn shred_on(disk: &dyn Disk, path: &Path) -> Result<()> {
        let place = Place::of_any(path, Cover::Bare)?;
        let file = place.open_locked()?;
        place.check_is_own(&file)?;
        for name in [Name::Part, Name::Next] {
            if place.has(name) {
                disk.erase(&place, &place.open_beside(name)?)?;
                disk.remove(&place, name)?;
            }
        }
        disk.erase(&place, &file)?;
        disk.remove(&place, Name::Key)?;
        disk.sync_folder(&place)
    }

    /// The first day that it has keys of.
    #[must_use]
    pub fn first_day(&self) -> Date {
        self.chain.first_day()
    }

    /// The keys of its days until today.
    #[must_use]
    pub fn day_keys(&self) -> DayKeys {
        self.chain.day_keys(self.today)
    }

    /// Says which day it is by now.
    pub(super) const fn turn_to(&mut self, today: Date) {
        self.today = today;
    }

    /// The chain key of its first day.
    pub(super) const fn chain(&self) -> &ChainKey {
        &self.chain
    }

    /// Whether the file is as new as the releases made with it: every release advances it. `released` is
    /// the first day after all that is released.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if it still has keys of days that are released,
    /// and no run was interrupted that was about to advance it.
    pub fn check_not_restored(&self, released: Date) -> Result<()> {
        if self.first_day() >= released || self.announced.is_some() {
            return Ok(());
        }
        let remedy = match self.place.cover() {
            Cover::Bare => format!("take this one on with `hushlog key advance --to {released}`"),
            Cover::Sealed(_) => "the folder of this one, and with it what is open".to_owned(),
        };
        Err(self.place.refusal(&format!(
            "this key file still has the keys of {}, but days before {released} are released: an older \
             copy of the file was put back, and whoever has it can tell the visitors of those days. \
             Delete the copy it came from, and {remedy}",
            self.first_day()
        )))
    }

    /// Puts on record that a release is about to be made after which the file is to be advanced, so that
    /// an interruption is not taken for an older copy.
    ///
    /// # Errors
    ///
    /// As [`KeyFile::advance`].
    pub fn announce(&mut self, day: Date) -> Result<()> {
        self.stage(day)?;
        self.announced = Some(day);
        self.disk.sync_folder(&self.place)
    }

    /// Takes back what was announced, if anything was.
    ///
    /// # Errors
    ///
    /// [`Error::Write`] if the folder cannot be written.
    pub fn withdraw_announcement(&mut self) -> Result<()> {
        for name in [Name::Part, Name::Next] {
            if self.place.has(name) {
                self.disk.remove(&self.place, name)?;
            }
        }
        self.announced = None;
        self.disk.sync_folder(&self.place)
    }

    /// Gives up the keys of all days before the given one, for good.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if that day is before the file's or after
    /// today's; [`Error::Write`] if the file cannot be written: it is
    /// either as it was or advanced then.
    pub fn advance(&mut self, day: Date) -> Result<()> {
        let (later, chain) = self.stage(day)?;
        self.disk.rename(&self.place, Name::Next, Name::Key)?;
        self.disk.sync_folder(&self.place)?;
        let earlier = mem::replace(&mut self.file, later);
        self.chain = chain;
        self.announced = None;
        self.disk.erase(&self.place, &earlier)
    }

    /// Writes the chain key of a later day beside the file. What was announced before is never torn by
    /// that: it is still there, or this is in its place.
    fn stage(&self, day: Date) -> Result<(File, ChainKey)> {
        if day > self.today {
            return Err(self.place.refusal(&format!(
                "keys of days that are not over, up to {}, cannot be given up",
                self.today
            )));
        }
        let chain = self.chain.advanced_to(day).ok_or_else(|| {
            self.place.refusal(&format!(
                "days before {} are already shredded",
                self.first_day()
            ))
        })?;
        let file = self.place.open_beside(Name::Part)?;
        let bytes = self.place.cover().encode(&chain);
        self.disk.write(&self.place, &file, &bytes)?;
        self.disk.rename(&self.place, Name::Part, Name::Next)?;
        Ok((file, chain))
    }
}

/// The day to which an interrupted run was about to advance a file; nothing if what lies beside it is torn
/// or of another chain.
fn announced(place: &Place, chain: &ChainKey, today: Date) -> Option<Date> {
    let next = place.read_next()?;
    let day = next.first_day();
    let follows = day <= today && chain.advanced_to(day)? == next;
    follows.then_some(day)
}
