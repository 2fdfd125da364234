//! One source: a file or standard input, opened and decompressed.

use std::{
    fs::File,
    io::{self, Read},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::compression::decompressed;
use crate::error::{Error, Result};

/// Where lines come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl Source {
    /// The source's name in messages.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "standard input".to_owned(),
        }
    }

    /// Its size in bytes as stored, where known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::File(path) => path
                .metadata()
                .ok()
                .filter(std::fs::Metadata::is_file)
                .map(|file| file.len()),
            Self::Stdin => None,
        }
    }

    /// Whether it can be read a second time.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        self.size().is_some()
    }

    /// Opens it.
    ///
    /// # Errors
    /// [`Error::Read`] if it cannot be opened or its first bytes cannot be read.
    pub(super) fn open(&self) -> Result<Input> {
        let taken = Arc::new(AtomicU64::new(0));
        let counted = |reader| Counted {
            reader,
            count: Arc::clone(&taken),
        };
        self.reader()
            .and_then(|reader| decompressed(counted(reader)))
            .map(|content| Input {
                name: self.name(),
                content,
                taken: Arc::clone(&taken),
            })
            .map_err(|source| Error::Read {
                name: self.name(),
                source,
            })
    }

    fn reader(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::File(path) => {
                let file = File::open(path)?;
                // A folder with files in it stands for these; what is left is one without.
                if file.metadata()?.is_dir() {
                    return Err(io::Error::other("there is no file in this folder"));
                }
                Box::new(file)
            }
            Self::Stdin => Box::new(io::stdin()),
        })
    }
}

/// An open source that yields decompressed bytes.
pub(super) struct Input {
    name: String,
    content: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
}

impl Input {
    /// The source's name in messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes taken from the source so far, as stored.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.content.read(buffer)
    }
}

/// A reader that counts what is taken from it, however deep in decoders it is.
struct Counted {
    reader: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
