//! Where scrubbed lines go: standard output, or a file of one's own that is appended to.

use std::{
    fs::File,
    io::{self, ErrorKind, Write, stdout},
    os::fd::AsFd,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rustix::{
    fs::{FileType, Mode, OFlags, fstat, open},
    process::geteuid,
};

use crate::error::{Error, Result};

/// The one place that a run's lines go to.
pub struct LogOutput {
    file: File,
    /// As messages name it.
    name: PathBuf,
    /// Set where the file is to be opened anew, under the same name, since what had it was moved away.
    moved: Option<Arc<AtomicBool>>,
}

/// What no other may have a permission for.
const OTHERS: Mode = Mode::RWXG.union(Mode::RWXO);

impl LogOutput {
    /// Standard output, without a buffer in between.
    ///
    /// # Errors
    /// [`Error::Write`] if there is none.
    pub fn stdout() -> Result<Self> {
        let name = PathBuf::from("standard output");
        match stdout().as_fd().try_clone_to_owned() {
            Ok(descriptor) => Ok(Self {
                file: descriptor.into(),
                name,
                moved: None,
            }),
            Err(source) => Err(Error::Write { path: name, source }),
        }
    }

    /// A file that only its owner can read, made if it is not there; it is opened anew before the next
    /// lines once `moved` is set.
    ///
    /// # Errors
    /// [`Error::Refused`] if what is there is not a file of one's own that nobody else can read, by no
    /// other name; [`Error::Write`] if it cannot be opened.
    pub fn file(path: &Path, moved: Arc<AtomicBool>) -> Result<Self> {
        Ok(Self {
            file: opened(path)?,
            name: path.to_owned(),
            moved: Some(moved),
        })
    }

    /// Writes whole lines at once. False if nobody reads them any more.
    ///
    /// # Errors
    /// [`Error::Write`] if they cannot be written; as [`LogOutput::file`] where it is opened anew.
    pub fn write(&mut self, lines: &[u8]) -> Result<bool> {
        if lines.is_empty() {
            return Ok(true);
        }
        let is_moved = |moved: &Arc<AtomicBool>| moved.swap(false, Ordering::Relaxed);
        if self.moved.as_ref().is_some_and(is_moved) {
            self.file = opened(&self.name)?;
        }
        match self.file.write_all(lines) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(source) => Err(write_error(&self.name, source)),
        }
    }
}

/// Opens a file to be appended to, never through a link.
fn opened(path: &Path) -> Result<File> {
    let flags = OFlags::WRONLY
        | OFlags::APPEND
        | OFlags::CREATE
        | OFlags::NOFOLLOW
        | OFlags::NONBLOCK
        | OFlags::CLOEXEC;
    let file =
        open(path, flags, Mode::RUSR | Mode::WUSR).map_err(|source| write_error(path, source))?;
    let found = fstat(&file).map_err(|source| write_error(path, source))?;
    let is_own = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile
        && found.st_uid == geteuid().as_raw()
        && found.st_nlink == 1
        && !Mode::from_raw_mode(found.st_mode).intersects(OTHERS);
    if is_own {
        return Ok(file.into());
    }
    Err(Error::Refused(format!(
        "{}: only a file of one's own is written to that nobody else can read (chmod 600), with no other \
         name; what is here is another thing",
        path.display()
    )))
}

fn write_error(path: &Path, source: impl Into<io::Error>) -> Error {
    Error::Write {
        path: path.to_owned(),
        source: source.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, Permissions, hard_link, set_permissions},
        os::unix::fs::{PermissionsExt, symlink},
    };

    use super::*;

    fn write(path: &Path, lines: &[u8]) -> Result<bool> {
        LogOutput::file(path, Arc::default())?.write(lines)
    }

    #[test]
    fn a_file_of_ones_own_is_made_and_appended_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scrubbed.log");
        write(&path, b"a\n").unwrap();
        write(&path, b"b\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"a\nb\n");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn other_things_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let name = |name: &str| folder.path().join(name);
        fs::write(name("open"), b"x").unwrap();
        set_permissions(name("open"), Permissions::from_mode(0o644)).unwrap();
        write(&name("own"), b"x").unwrap();
        symlink(name("own"), name("link")).unwrap();
        write(&name("twice"), b"x").unwrap();
        hard_link(name("twice"), name("other")).unwrap();
        for case in ["open", "link", "twice", "."] {
            assert!(write(&name(case), b"y").is_err(), "{case}");
        }
        assert_eq!(fs::read(name("own")).unwrap(), b"x");
    }

    #[test]
    fn a_file_that_was_moved_away_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (path, older) = (folder.path().join("log"), folder.path().join("log.1"));
        let moved = Arc::new(AtomicBool::new(false));
        let mut output = LogOutput::file(&path, Arc::clone(&moved)).unwrap();
        output.write(b"a\n").unwrap();
        fs::rename(&path, &older).unwrap();
        output.write(b"b\n").unwrap();
        moved.store(true, Ordering::Relaxed);
        output.write(b"c\n").unwrap();
        assert_eq!(fs::read(older).unwrap(), b"a\nb\n");
        assert_eq!(fs::read(path).unwrap(), b"c\n");
    }
}
