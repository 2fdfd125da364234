//! Reads one file on as it grows, and notices when it has been emptied or written anew in its place.

use std::{
    fs::{File, Metadata},
    io::{self, Cursor, Read, Seek, SeekFrom},
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use super::{
    super::compression::decompressed,
    identity::{FileIdentity, FileNumber, HEAD, Mark},
    lines::LineBuffer,
};

/// Most bytes that are read of a file at once.
pub(super) const BATCH: usize = 1 << 20;

/// Most bytes of a compressed file that are passed over at once, so that others are read meanwhile.
const MOST_SKIPPED: u64 = 16 << 20;

/// When a file was last modified: seconds and nanoseconds since 1970.
pub(super) type Modified = (i64, i64);

pub(super) fn modified(metadata: &Metadata) -> Modified {
    (metadata.mtime(), metadata.mtime_nsec())
}

enum Content {
    /// Bytes that may grow.
    Plain(File),
    /// Compressed bytes, which do not, and how many of them have been read before.
    Compressed(Box<dyn Read + Send>, u64),
}

/// A file that has been opened, before it is decided where to read it.
pub(super) struct Opened {
    pub(super) number: FileNumber,
    /// Its first bytes, decompressed.
    pub(super) head: Vec<u8>,
    pub(super) size: u64,
    content: Content,
}

impl Opened {
    /// Opens a regular file.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        // Opening a pipe would wait for its writer.
        if !path.metadata()?.is_file() {
            return Err(io::Error::other("this is no regular file"));
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let mut decompressed = decompressed(file.try_clone()?)?;
        let mut head = Vec::with_capacity(HEAD);
        (&mut decompressed.content)
            .take(HEAD as u64)
            .read_to_end(&mut head)?;
        let content = if decompressed.is_compressed {
            let rest = decompressed.content;
            Content::Compressed(Box::new(Cursor::new(head.clone()).chain(rest)), 0)
        } else {
            Content::Plain(file)
        };
        Ok(Self {
            number: FileNumber::of(&metadata),
            head,
            size: metadata.len(),
            content,
        })
    }

    pub(super) const fn is_compressed(&self) -> bool {
        matches!(self.content, Content::Compressed(..))
    }

    /// Who it is, by all of its first bytes.
    pub(super) fn identity(&self, key: &[u8; 32]) -> FileIdentity {
        FileIdentity::new(self.number, &self.head, key)
    }

    /// The file, to be read from a position on.
    pub(super) fn from(
        mut self,
        offset: u64,
        source: usize,
        place: PathBuf,
        line_limit: usize,
    ) -> FollowedFile {
        if let Content::Compressed(_, unread) = &mut self.content {
            *unread = offset;
        }
        self.head.truncate(usize::try_from(offset).unwrap_or(HEAD));
        FollowedFile {
            source,
            place,
            number: self.number,
            content: self.content,
            position: offset,
            head: self.head,
            lines: LineBuffer::new(line_limit),
            seen: None,
        }
    }
}

/// What reading on came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The file has not grown.
    Nothing,
    /// There were more bytes.
    Grown,
    /// What has been read is not in the file any more.
    Replaced,
}

/// A file that is read as it grows.
pub(super) struct FollowedFile {
    pub(super) source: usize,
    /// The name under which its source has it, or had it before it was rotated away.
    pub(super) place: PathBuf,
    pub(super) number: FileNumber,
    content: Content,
    position: u64,
    /// The first bytes, at least of what has been read.
    head: Vec<u8>,
    pub(super) lines: LineBuffer,
    /// Its state when it was last read to its end.
    seen: Option<(u64, Modified)>,
}

impl FollowedFile {
    /// Reads what has been added, up to a batch, through `buffer`.
    pub(super) fn read_on(&mut self, buffer: &mut Vec<u8>) -> io::Result<Progress> {
        buffer.clear();
        match &mut self.content {
            Content::Compressed(content, unread) if *unread > 0 => {
                let wanted = (*unread).min(MOST_SKIPPED);
                let skipped = io::copy(&mut content.take(wanted), &mut io::sink())?;
                *unread = if skipped == wanted {
                    *unread - skipped
                } else {
                    0
                };
                return Ok(Progress::Grown);
            }
            Content::Compressed(content, _) => {
                content.take(BATCH as u64).read_to_end(buffer)?;
            }
            Content::Plain(file) => {
                let metadata = file.metadata()?;
                let state = (metadata.len(), modified(&metadata));
                if state.0 < self.position {
                    return Ok(Progress::Replaced);
                }
                if self.seen == Some(state) {
                    return Ok(Progress::Nothing);
                }
                let is_whole = read_at(file, self.position, buffer)?;
                // What was read counts only if the file is still the same after that.
                if !begins_with(file, &self.head)? {
                    return Ok(Progress::Replaced);
                }
                // What is written while this is read gets looked for again.
                self.seen =
                    (is_whole && self.position + buffer.len() as u64 == state.0).then_some(state);
            }
        }
        self.accept(buffer);
        Ok(if buffer.is_empty() {
            Progress::Nothing
        } else {
            Progress::Grown
        })
    }

    fn accept(&mut self, bytes: &[u8]) {
        let known = usize::try_from(self.position).map_or(HEAD, |position| position.min(HEAD));
        let new = bytes
            .get(self.head.len().saturating_sub(known)..)
            .unwrap_or_default();
        let room = HEAD.saturating_sub(self.head.len());
        self.head.extend_from_slice(&new[..new.len().min(room)]);
        self.lines.push(bytes);
        self.position += bytes.len() as u64;
    }

    /// Where the first line begins that has not been handed out.
    pub(super) fn mark(&self, key: &[u8; 32]) -> Mark {
        Mark {
            file: FileIdentity::new(self.number, &self.head, key),
            offset: self.position - self.lines.held(),
            ended: false,
        }
    }

    /// Whether it has the content that a mark is of, and has been read as far.
    pub(super) fn is_further(&self, mark: &Mark, key: &[u8; 32]) -> bool {
        mark.file.fits(&self.head, key) && self.position >= mark.offset
    }

    /// Whether another file that begins with `head` may be a copy of this one, as far as it is made.
    pub(super) fn may_be_copied_to(&self, head: &[u8]) -> bool {
        let common = self.head.len().min(head.len());
        common > 0 && self.head[..common] == head[..common]
    }

    /// Whether it is compressed, and so cannot grow.
    pub(super) const fn is_compressed(&self) -> bool {
        matches!(self.content, Content::Compressed(..))
    }

    /// Its size and time when it had been read to its end.
    pub(super) const fn seen(&self) -> Option<(u64, Modified)> {
        self.seen
    }

    /// Whether what has been read is still in it.
    pub(super) fn is_intact(&self) -> bool {
        match &self.content {
            Content::Plain(file) => {
                let is_long_enough = file.metadata().is_ok_and(|own| own.len() >= self.position);
                is_long_enough && begins_with(file, &self.head).unwrap_or(false)
            }
            Content::Compressed(..) => true,
        }
    }

    /// Whether it has lost its last name, so that none but who has it open can write to it.
    pub(super) fn is_deleted(&self) -> bool {
        match &self.content {
            Content::Plain(file) => file.metadata().is_ok_and(|own| own.nlink() == 0),
            Content::Compressed(..) => false,
        }
    }
}

/// Appends up to a batch of bytes from a position on; whether the end was reached.
fn read_at(mut file: &File, position: u64, bytes: &mut Vec<u8>) -> io::Result<bool> {
    file.seek(SeekFrom::Start(position))?;
    let read = file.take(BATCH as u64).read_to_end(bytes)?;
    Ok(read < BATCH)
}

fn begins_with(file: &File, head: &[u8]) -> io::Result<bool> {
    let mut bytes = vec![0; head.len()];
    match file.read_exact_at(&mut bytes, 0) {
        Ok(()) => Ok(bytes == head),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
