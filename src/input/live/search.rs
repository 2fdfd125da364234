//! Finds the files of a source: those that its name stands for, and those to which they were rotated.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::{
    file::{Modified, modified},
    identity::FileNumber,
};
use crate::{
    error::Result,
    input::selection::{files, fitting},
};

/// A name under which there is a file.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) source: usize,
    pub(super) path: PathBuf,
    pub(super) number: FileNumber,
    pub(super) size: u64,
    pub(super) modified: Modified,
}

impl Found {
    /// The regular file of a name, through symbolic links; `None` if there is none.
    fn at(source: usize, path: PathBuf) -> io::Result<Option<Self>> {
        let metadata = match path.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(metadata.is_file().then(|| Self {
            source,
            path,
            number: FileNumber::of(&metadata),
            size: metadata.len(),
            modified: modified(&metadata),
        }))
    }
}

/// What is to be followed for one source.
pub(super) struct Target {
    pub(super) source: usize,
    /// A file, a folder or a pattern.
    pub(super) name: PathBuf,
    pub(super) is_pattern: bool,
}

impl Target {
    /// Whether it stands for files that the user has not named one by one.
    pub(super) fn is_open(&self) -> bool {
        self.is_pattern || self.name.is_dir()
    }

    /// The names that it stands for now.
    ///
    /// # Errors
    /// [`Setting`](crate::error::Error::Setting) for a pattern that is not one.
    pub(super) fn paths(&self) -> Result<Vec<PathBuf>> {
        if self.is_pattern {
            return fitting(&self.name);
        }
        Ok(files(self.name.clone()))
    }

    /// The files that it stands for now, and the names that cannot be looked at, with the reason.
    pub(super) fn find(&self) -> (Vec<Found>, Vec<(PathBuf, io::Error)>) {
        let (mut found, mut failed) = (Vec::new(), Vec::new());
        for path in self.paths().unwrap_or_default() {
            match Found::at(self.source, path.clone()) {
                Ok(file) => found.extend(file),
                Err(error) => failed.push((path, error)),
            }
        }
        (found, failed)
    }
}

/// All regular files beside a file, also beside that which it is a symbolic link to.
pub(super) fn neighbours(source: usize, path: &Path) -> io::Result<Vec<Found>> {
    let mut folders = vec![folder(path)];
    if let Ok(real) = path.canonicalize()
        && path.is_symlink()
    {
        folders.push(folder(&real));
    }
    let mut found = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(&folder)? {
            // What cannot be looked at is another's.
            found.extend(
                Found::at(source, folder.join(entry?.file_name()))
                    .ok()
                    .flatten(),
            );
        }
    }
    Ok(found)
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Whether `other` is what rotation makes of `path`'s name: the name with a number or a date after it
/// (`access.log.1`, `access.log-20261122.gz`), or with one before its extension (`access-20261122.log`).
pub(super) fn is_generation(path: &Path, other: &Path) -> bool {
    let bytes = |name: Option<&OsStr>| name.map(|name| name.as_bytes().to_vec());
    let (Some(name), Some(other)) = (bytes(path.file_name()), bytes(other.file_name())) else {
        return false;
    };
    let is_numbered =
        |rest: &[u8]| matches!(rest, [b'.' | b'-' | b'_', digit, ..] if digit.is_ascii_digit());
    if other.strip_prefix(&name[..]).is_some_and(is_numbered) {
        return true;
    }
    let stem = bytes(path.file_stem()).unwrap_or_default();
    let extension = &name[stem.len()..];
    let numbered = other.strip_prefix(&stem[..]).is_some_and(is_numbered);
    let contains = |place: usize| other[stem.len()..][place..].starts_with(extension);
    numbered && !extension.is_empty() && (0..other.len() - stem.len()).any(contains)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_names_are_known() {
        for (path, other, expected) in [
            ("access.log", "access.log.1", true),
            ("access.log", "access.log.2.gz", true),
            ("access.log", "access.log-20261122", true),
            ("access.log", "access.log_2026-11-22T00", true),
            ("access.log", "access-20261122.log", true),
            ("access.log", "access.1.log", true),
            ("access.log", "access-20261122.log.gz", true),
            ("access", "access.1", true),
            ("access.log", "access.log", false),
            ("access.log", "access.log.bak", false),
            ("access.log", "access_api.log", false),
            ("access.log", "access-2.txt", false),
            ("access.log", "other.log.1", false),
            ("access.log", "access.logs", false),
        ] {
            let is = is_generation(&Path::new("a").join(path), &Path::new("b").join(other));
            assert_eq!(is, expected, "{path} {other}");
        }
    }
}
