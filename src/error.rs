//! The crate's one error type: a source or setting, and what is wrong with it, never a line's content.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a run, or one source of it, failed.
///
/// Messages name files, settings and rules. None carries text that came from a log line.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A source could not be opened or read to its end.
    #[error("{name}: {source}")]
    Read {
        /// The source as the user named it.
        name: String,
        /// What the operating system or the decompressor reported.
        source: io::Error,
    },
    /// A file or folder of the output could not be written.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system reported.
        source: io::Error,
    },
    /// A setting is not usable; the message says which and why.
    #[error("{0}")]
    Setting(String),
    /// No known log format fits the first lines of a source.
    #[error("{name}: {message}")]
    Format {
        /// The source as the user named it.
        name: String,
        /// What was tried.
        message: String,
    },
    /// The ledger or the private state is damaged, or belongs to other settings.
    #[error("{}: {message}", path.display())]
    Ledger {
        /// The ledger or state file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A database could not be reached, or failed.
    #[error("{name}: {message}")]
    Database {
        /// Where it is, without any password.
        name: String,
        /// What it reported.
        message: String,
    },
    /// A privacy rule forbids the release; the message says what to do.
    #[error("{0}")]
    Refused(String),
}

impl Error {
    /// A file or folder that could not be read.
    pub(crate) fn unreadable(path: &Path, source: impl Into<io::Error>) -> Self {
        Self::Read {
            name: path.display().to_string(),
            source: source.into(),
        }
    }
}

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;
