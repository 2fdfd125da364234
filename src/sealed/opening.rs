//! Opens segments with a private key; each opening is in the register before a byte comes out.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufReader, ErrorKind, Read},
    path::{Path, PathBuf},
};

use age::{DecryptError, Decryptor, Identity, IdentityFile};

use super::{folder::SealedFolder, name::SegmentName};
use crate::{
    error::{Error, Result},
    release::digest,
    time::{Date, Timestamp},
};

/// Private keys.
pub struct Identities(Vec<Box<dyn Identity>>);

/// Segments that are to be opened, in order.
pub struct Selected(Vec<PathBuf>);

/// By whom, when and why segments are opened.
pub struct Opening<'o> {
    /// The private keys.
    pub identities: &'o Identities,
    /// The number of the user.
    pub user: u32,
    /// The time.
    pub now: Timestamp,
    /// The reason that the user gives.
    pub reason: &'o str,
}

/// A segment that opens, as it was when that was tried.
struct Openable<'s> {
    path: &'s Path,
    length: usize,
    digest: String,
}

/// How much is opened at once.
const PIECE: usize = 64 << 10;

impl Identities {
    /// Reads the private keys of a file as `age-keygen` writes it.
    ///
    /// # Errors
    /// [`Error::Read`] if it cannot be read, [`Error::Setting`] if it has no such keys.
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|source| Error::unreadable(path, source))?;
        let read = IdentityFile::from_buffer(BufReader::new(file)).ok();
        let identities = read.and_then(|file| file.into_identities().ok());
        let identities = identities.filter(|identities| !identities.is_empty());
        identities.map(Self).ok_or_else(|| {
            Error::Setting(format!(
                "{}: not private keys of age (AGE-SECRET-KEY-1…); a file with a passphrase has to be \
                 decrypted with `age --decrypt` first",
                path.display()
            ))
        })
    }

    /// The content of a segment, to be read.
    fn open<'b>(
        &self,
        segment: &'b [u8],
    ) -> std::result::Result<impl Read + use<'b>, &'static str> {
        let identities = self.0.iter().map(|identity| &**identity);
        let opened = Decryptor::new_buffered(segment).and_then(|it| it.decrypt(identities));
        opened.map_err(|error| match error {
            DecryptError::NoMatchingKeys => "it is sealed to others",
            _ => "it is damaged, or no segment",
        })
    }
}

impl Selected {
    /// The segments that are in folders, and those that are named, as far as they are of some days; of all
    /// if no days are named.
    ///
    /// # Errors
    /// [`Error::Read`] if a folder cannot be read; [`Error::Setting`] if there are no such segments.
    pub fn new(paths: &[PathBuf], days: &[Date]) -> Result<Self> {
        let mut selected = Vec::new();
        for path in paths {
            if path.is_dir() {
                let folder = SealedFolder::at(path);
                let segments = folder.segments()?.into_iter();
                selected.extend(segments.map(|name| folder.place(name)));
            } else {
                selected.push(path.clone());
            }
        }
        let is_meant = |path: &PathBuf| {
            let day = SegmentName::of(path).map(|name| name.day);
            days.is_empty() || day.is_some_and(|day| days.contains(&day))
        };
        selected.retain(is_meant);
        if selected.is_empty() {
            let problem = "there are no such segments here".to_owned();
            return Err(Error::Setting(problem));
        }
        Ok(Self(selected))
    }
}

impl Opening<'_> {
    /// Opens segments and hands out what was sealed, in pieces; `write` returns false once no more is wanted.
    /// What begins a segment begins a line. What could not be opened, or not to its end, is returned.
    ///
    /// # Errors
    /// If no segment opens; [`Error::Write`] or [`Error::Ledger`] if the opening cannot be recorded beside
    /// one: then nothing is opened. Those of `write`.
    pub fn open(
        &self,
        selected: &Selected,
        mut write: impl FnMut(&[u8]) -> Result<bool>,
    ) -> Result<Vec<Error>> {
        let (mut openable, mut failures) = (Vec::new(), Vec::new());
        for path in &selected.0 {
            match self.openable(path) {
                Ok(segment) => openable.push(segment),
                Err(failure) => failures.push(failure),
            }
        }
        if openable.is_empty()
            && let Some(failure) = failures.pop()
        {
            return Err(failure);
        }
        self.record(&openable)?;
        for segment in &openable {
            match self.open_one(segment, &mut write)? {
                Ended::Whole => {}
                Ended::Early(failure) => failures.push(failure),
                Ended::Enough => break,
            }
        }
        Ok(failures)
    }

    /// Whether a segment opens, without opening it.
    fn openable<'s>(&self, path: &'s Path) -> Result<Openable<'s>> {
        let bytes = read(path)?;
        let opened = self.identities.open(&bytes);
        opened.map_err(|problem| failure(path, problem))?;
        Ok(Openable {
            path,
            length: bytes.len(),
            digest: digest(&bytes),
        })
    }

    /// Enters what is opened into the registers of the folders that it is in.
    fn record(&self, segments: &[Openable<'_>]) -> Result<()> {
        let mut folders: BTreeMap<&Path, BTreeMap<String, String>> = BTreeMap::new();
        for segment in segments {
            let folder = segment.path.parent().unwrap_or(Path::new(""));
            let name = segment.path.file_name().unwrap_or_default();
            let names = folders.entry(folder).or_default();
            names.insert(name.to_string_lossy().into_owned(), segment.digest.clone());
        }
        for (folder, opened) in folders {
            let here = folder.as_os_str().is_empty();
            let folder = SealedFolder::at(if here { Path::new(".") } else { folder });
            let _lock = folder.lock()?;
            let mut register = folder.register()?;
            register.open(opened, self.now, self.user, self.reason);
            folder.write(&register)?;
        }
        Ok(())
    }

    fn open_one(
        &self,
        segment: &Openable<'_>,
        write: &mut impl FnMut(&[u8]) -> Result<bool>,
    ) -> Result<Ended> {
        let early = |problem| Ok(Ended::Early(failure(segment.path, problem)));
        let bytes = read(segment.path)?;
        // One that is being written may have become longer.
        let recorded = bytes.get(..segment.length);
        let Some(recorded) = recorded.filter(|bytes| digest(bytes) == segment.digest) else {
            return early("it was altered while it was opened, and is left out");
        };
        let mut lines = match self.identities.open(recorded) {
            Ok(lines) => lines,
            Err(problem) => return early(problem),
        };
        let mut piece = vec![0; PIECE];
        let mut last = b'\n';
        let ended = loop {
            match lines.read(&mut piece) {
                Ok(0) => break Ended::Whole,
                Ok(length) => {
                    last = piece[length - 1];
                    if !write(&piece[..length])? {
                        return Ok(Ended::Enough);
                    }
                }
                Err(_) => break Ended::Early(failure(segment.path, cut_short(segment.path))),
            }
        };
        if last != b'\n' && !write(b"\n")? {
            return Ok(Ended::Enough);
        }
        Ok(ended)
    }
}

/// How the opening of a segment ended.
enum Ended {
    Whole,
    Early(Error),
    /// No more is wanted.
    Enough,
}

/// Why a segment does not open to its end.
fn cut_short(path: &Path) -> &'static str {
    match SegmentName::of(path) {
        Some(name) if !name.is_finished => {
            "it is not finished: opened as far as it is written; at most 64 KiB at its end are lacking"
        }
        _ => "it is damaged: opened as far as it is whole",
    }
}

/// The bytes of a segment, which may have been finished, and so renamed, since its name was read.
fn read(path: &Path) -> Result<Vec<u8>> {
    let read = fs::read(path).or_else(|error| match SegmentName::of(path) {
        Some(name) if error.kind() == ErrorKind::NotFound => {
            fs::read(path.with_file_name(name.finished().to_string()))
        }
        _ => Err(error),
    });
    read.map_err(|source| Error::unreadable(path, source))
}

fn failure(path: &Path, problem: &str) -> Error {
    Error::Setting(format!("{}: {problem}", path.display()))
}
