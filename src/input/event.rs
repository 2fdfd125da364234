//! What a source that is followed yields: lines as they come, and how far it has come with them.

use serde::{Deserialize, Serialize};

/// Something that happened to a followed source.
#[derive(Debug)]
pub enum Event {
    /// Lines came.
    Batch(Batch),
    /// A source ended.
    Closed {
        /// Its number.
        source: usize,
    },
    /// Lines were lost on their way.
    Lost {
        /// The number of the source.
        source: usize,
        /// How many.
        count: u64,
    },
    /// Lines were longer than any format has; what is left of each is malformed.
    Cut {
        /// The number of the source.
        source: usize,
        /// Bytes left out.
        bytes: u64,
    },
}

/// Whole lines of one source.
#[derive(Debug)]
pub struct Batch {
    /// The number of the source.
    pub source: usize,
    /// The lines, each ending in a newline; none where only the mark has moved.
    pub bytes: Vec<u8>,
    /// How far the source is read with them, where it can be read on from there.
    pub mark: Option<Mark>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The file.
    pub file: FileIdentity,
    /// Bytes from its beginning.
    pub offset: u64,
}

/// What tells a file from others, whatever its name is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    /// The device that it lies on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// A keyed hash of its beginning, as numbers are used again.
    pub fingerprint: u64,
}
