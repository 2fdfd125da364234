//! Finds the files of a source: those that its name stands for, and those to which they were rotated.

use std::{
    collections::{HashMap, HashSet},
    ffi::{OsStr, OsString},
    fs::{self, Metadata},
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use globset::GlobMatcher;

use super::{
    file::{Modified, modified},
    identity::FileNumber,
    naming::{originals, uncompressed},
};
use crate::{
    error::Result,
    input::selection::{fitting, is_hidden, matcher},
};

/// What the sources stand for at one moment.
#[derive(Default)]
pub(super) struct Listing {
    /// Each file once, under the name that says most of it.
    pub(super) files: Vec<Found>,
    /// The devices of all folders that could be listed.
    pub(super) devices: HashSet<u64>,
    /// Sources with folders that could not be listed.
    pub(super) unlisted: HashSet<usize>,
    /// There are files that could not be looked at.
    pub(super) is_incomplete: bool,
    /// What could not be looked at, by source.
    pub(super) failed: Vec<(usize, PathBuf, io::Error)>,
}

impl Listing {
    /// All that the sources stand for now.
    pub(super) fn new(targets: &[Target]) -> Self {
        let mut listing = Self::default();
        for target in targets {
            for folder in target.folders() {
                if let Err(error) = listing.add_folder(target, &folder) {
                    listing.unlisted.insert(target.source);
                    listing.failed.push((target.source, folder, error));
                    listing.add(target, target.name.clone(), None);
                }
            }
        }
        // The same file may have several names, and one name may be in several sources.
        listing.files.sort_by_key(Found::rank);
        let mut numbers = HashSet::new();
        listing.files.retain(|file| numbers.insert(file.number));
        listing.note_originals();
        listing.is_incomplete = !listing.failed.is_empty();
        listing
    }

    fn add_folder(&mut self, target: &Target, folder: &Path) -> io::Result<()> {
        for name in names(folder)? {
            let original = target.original(&name).map(|name| folder.join(name));
            if original.is_some() || target.names(&name) {
                self.add(target, folder.join(name), original);
            }
        }
        self.devices.extend(device(folder));
        Ok(())
    }

    fn add(&mut self, target: &Target, path: PathBuf, original: Option<PathBuf>) {
        match Found::at(target.source, path.clone()) {
            Ok(found) => self.files.extend(found.map(|found| Found {
                is_named: path.file_name().is_some_and(|name| target.names(name)),
                original,
                ..found
            })),
            Err(error) => self.failed.push((target.source, path, error)),
        }
    }

    /// Notes what may be being compressed: the original goes when that is done.
    fn note_originals(&mut self) {
        let paths: HashSet<_> = self.files.iter().map(|file| file.path.clone()).collect();
        for file in &mut self.files {
            let original = uncompressed(&file.path);
            file.is_beside_original = original.is_some_and(|path| paths.contains(&path));
        }
    }

    /// The file that has a path.
    pub(super) fn at(&self, path: &Path) -> Option<&Found> {
        self.files.iter().find(|file| file.path == path)
    }
}

/// What is in a folder; nothing, if it is not there.
fn names(folder: &Path) -> io::Result<Vec<OsString>> {
    let here = folder.as_os_str().is_empty();
    let entries = match fs::read_dir(if here { Path::new(".") } else { folder }) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = entries
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort_unstable();
    Ok(names)
}

fn device(folder: &Path) -> Option<u64> {
    let here = folder.as_os_str().is_empty();
    let metadata = if here { Path::new(".") } else { folder }.metadata();
    metadata.ok().map(|data| FileNumber::of(&data).device)
}

/// A name under which there is a file.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) source: usize,
    pub(super) path: PathBuf,
    /// The source stands for this name itself.
    pub(super) is_named: bool,
    /// The source's name of which rotation made this one.
    pub(super) original: Option<PathBuf>,
    /// It is called as the compressed form of a file that is there as well.
    pub(super) is_beside_original: bool,
    pub(super) number: FileNumber,
    pub(super) size: u64,
    pub(super) modified: Modified,
}

impl Found {
    /// The regular file of a name, through symbolic links; `None` if there is none.
    pub(super) fn at(source: usize, path: PathBuf) -> io::Result<Option<Self>> {
        let metadata = match path.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(metadata
            .is_file()
            .then(|| Self::new(source, path, &metadata)))
    }

    fn new(source: usize, path: PathBuf, metadata: &Metadata) -> Self {
        Self {
            source,
            path,
            is_named: false,
            original: None,
            is_beside_original: false,
            number: FileNumber::of(metadata),
            size: metadata.len(),
            modified: modified(metadata),
        }
    }

    /// Names that are only the source's come first, those that only rotation made last.
    const fn rank(&self) -> u8 {
        match (self.is_named, &self.original) {
            (true, None) => 0,
            (true, Some(_)) => 1,
            (false, _) => 2,
        }
    }

    /// Its size and time.
    pub(super) fn state(&self) -> (u64, Modified) {
        (self.size, self.modified)
    }

    /// Whether it is called as compressors call files.
    pub(super) fn is_called_compressed(&self) -> bool {
        uncompressed(&self.path).is_some()
    }

    /// The name under which its writer had it.
    pub(super) fn place(&self) -> &Path {
        self.original.as_deref().unwrap_or(&self.path)
    }
}

/// What is to be followed for one source.
pub(super) struct Target {
    pub(super) source: usize,
    /// A file, a folder or a pattern.
    pub(super) name: PathBuf,
    /// What the last part of a pattern's names fits.
    pattern: Option<GlobMatcher>,
}

impl Target {
    /// # Errors
    /// [`Setting`](crate::error::Error::Setting) for a pattern that is not one.
    pub(super) fn new(source: usize, name: PathBuf, is_pattern: bool) -> Result<Self> {
        let pattern = if is_pattern {
            fitting(&name)?;
            Some(matcher(name.file_name().and_then(OsStr::to_str))?)
        } else {
            None
        };
        Ok(Self {
            source,
            name,
            pattern,
        })
    }

    /// The folders in which its files are now.
    fn folders(&self) -> Vec<PathBuf> {
        if self.pattern.is_none() && self.name.is_dir() {
            return vec![self.name.clone()];
        }
        let parent = self.name.parent().unwrap_or(Path::new(""));
        if self.pattern.is_some() {
            return fitting(parent).unwrap_or_default();
        }
        vec![parent.to_owned()]
    }

    /// Whether it stands for files of this name in its folders.
    fn names(&self, name: &OsStr) -> bool {
        let is_own = || self.name.file_name() == Some(name);
        match &self.pattern {
            Some(pattern) => {
                let hidden = self.name.file_name().map(OsStr::as_bytes);
                let hidden = hidden.is_some_and(|name| name.starts_with(b"."));
                is_own() || hidden == is_hidden(Path::new(name)) && pattern.is_match(name)
            }
            None if self.name.is_dir() => !is_hidden(Path::new(name)),
            None => is_own(),
        }
    }

    /// The name that it stands for of which rotation made this one.
    fn original(&self, name: &OsStr) -> Option<OsString> {
        let mut originals = originals(name).into_iter();
        originals.find(|original| self.names(original))
    }
}

/// The regular files, under any name, in the folders of the sources and in those to which the sources'
/// names are links.
pub(super) fn neighbours(targets: &[Target], listing: &Listing) -> HashMap<FileNumber, Found> {
    let mut folders: Vec<_> = targets
        .iter()
        .flat_map(|target| {
            let folders = target.folders().into_iter();
            folders.map(|folder| (target.source, folder))
        })
        .collect();
    for file in listing.files.iter().filter(|file| file.path.is_symlink()) {
        let real = file.path.canonicalize().ok();
        let real = real.and_then(|path| path.parent().map(Path::to_owned));
        folders.extend(real.map(|folder| (file.source, folder)));
    }
    let mut all = HashMap::new();
    for (source, folder) in folders {
        for name in names(&folder).unwrap_or_default() {
            // What cannot be looked at is another's.
            if let Ok(Some(found)) = Found::at(source, folder.join(name)) {
                all.entry(found.number).or_insert(found);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_knows_its_names_whether_they_are_there_or_not() {
        for (target, is_pattern, name, expected) in [
            ("logs/access.log", false, "access.log", true),
            ("logs/access.log", false, "access.log.1", false),
            ("logs/*.log", true, "access.log", true),
            ("logs/*.log", true, "access.log.1", false),
            ("logs/*.log", true, ".access.log", false),
            ("logs/.*.log", true, ".access.log", true),
        ] {
            let target = Target::new(0, target.into(), is_pattern).unwrap();
            assert_eq!(target.names(OsStr::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn a_target_knows_what_rotation_made_of_its_names() {
        for (target, is_pattern, name, expected) in [
            ("access.log", false, "access.log.1.gz", Some("access.log")),
            ("access.log", false, "other.log.1", None),
            ("*.log", true, "other.log-20261122", Some("other.log")),
            ("*.log", true, "other.txt.1", None),
        ] {
            let target = Target::new(0, target.into(), is_pattern).unwrap();
            let original = target.original(OsStr::new(name));
            assert_eq!(original, expected.map(OsString::from), "{name}");
        }
    }
}
