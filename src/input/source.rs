//! One source: a file or standard input, opened and decompressed.

use std::{
    fs::File,
    io::{self, Read},
    os::{fd::AsFd, unix::fs::FileExt},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use memchr::memchr;

use super::{
    compression::decompressed,
    stream::{Stop, Stream},
};
use crate::{
    error::{Error, Result},
    record::LINE_CAP,
};

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

    /// Opens it; a stream ends early where it is to stop.
    ///
    /// # Errors
    /// [`Error::Read`] if it cannot be opened or its first bytes cannot be read.
    pub(super) fn open(&self, stop: Option<&Stop>) -> Result<Input> {
        self.input(stop).map_err(|source| Error::Read {
            name: self.name(),
            source,
        })
    }

    fn input(&self, stop: Option<&Stop>) -> io::Result<Input> {
        let taken = Arc::new(AtomicU64::new(0));
        let counted = |reader| Counted {
            reader,
            count: Arc::clone(&taken),
        };
        let (content, plain) = match self {
            Self::File(path) if !self.is_repeatable() && !path.is_dir() => {
                let stream = Stream::open(path, stop.cloned())?;
                (decompressed(counted(Box::new(stream)))?.content, None)
            }
            Self::File(path) => {
                let file = Arc::new(File::open(path)?);
                let metadata = file.metadata()?;
                // A folder with files in it stands for these; what is left is one without.
                if metadata.is_dir() {
                    return Err(io::Error::other("there is no file in this folder"));
                }
                let decompressed = decompressed(counted(Box::new(Arc::clone(&file))))?;
                let is_plain = metadata.is_file() && !decompressed.is_compressed;
                (decompressed.content, is_plain.then_some(file))
            }
            Self::Stdin => {
                // Not through the library's buffer, in which waiting for more sees nothing.
                let file = io::stdin().as_fd().try_clone_to_owned()?.into();
                let stream = Stream::new(file, stop.cloned());
                (decompressed(counted(Box::new(stream)))?.content, None)
            }
        };
        Ok(Input {
            name: self.name(),
            content,
            taken,
            plain,
        })
    }
}

/// An open source, or a part of one, that yields decompressed bytes.
pub(super) struct Input {
    name: String,
    content: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
    /// The file, if its bytes are the content.
    plain: Option<Arc<File>>,
}

impl Input {
    /// Plain content that comes from elsewhere.
    pub(super) fn of_stream(name: &str, content: Box<dyn Read + Send>) -> Self {
        let taken = Arc::default();
        let counted = Counted {
            reader: content,
            count: Arc::clone(&taken),
        };
        Self {
            name: name.to_owned(),
            content: Box::new(counted),
            taken,
            plain: None,
        }
    }

    /// The source's name in messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes taken from the source so far, as stored.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Cuts what is not read yet of a large plain file into parts of whole lines, of which the input
    /// keeps the first: the others. None of a source that can be read from its beginning only.
    pub(super) fn split_off(&mut self) -> Vec<Self> {
        let Some(file) = self.plain.take() else {
            return Vec::new();
        };
        let starts = part_starts(&file, self.taken()).unwrap_or_default();
        let Some(&end) = starts.first() else {
            return Vec::new();
        };
        let ends = starts.iter().skip(1).copied().chain([u64::MAX]);
        let part = |position, end, taken: &Arc<AtomicU64>| Self {
            name: self.name.clone(),
            content: Box::new(Counted {
                reader: Box::new(Part {
                    file: Arc::clone(&file),
                    position,
                    end,
                }),
                count: Arc::clone(taken),
            }),
            taken: Arc::clone(taken),
            plain: None,
        };
        let others = starts.iter().zip(ends);
        let others = others.map(|(&start, end)| part(start, end, &Arc::default()));
        let others = others.collect();
        *self = part(self.taken(), end, &self.taken);
        others
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.content.read(buffer)
    }
}

/// About how many bytes a part has: enough that most of what a visitor does is in one part.
const PART: u64 = 32 << 20;

/// Where the lines begin at which a file is cut into parts, after the position given.
fn part_starts(file: &File, read: u64) -> io::Result<Vec<u64>> {
    let (mut starts, mut next) = (Vec::new(), read + PART);
    while next + PART <= file.metadata()?.len() {
        let Some(start) = line_start(file, next)? else {
            break;
        };
        starts.push(start);
        next = start + PART;
    }
    Ok(starts)
}

/// Where the first line begins that does so after a position; `None` if there is none nearby.
fn line_start(file: &File, position: u64) -> io::Result<Option<u64>> {
    let mut bytes = vec![0; LINE_CAP];
    let read = file.read_at(&mut bytes, position)?;
    Ok(memchr(b'\n', &bytes[..read]).map(|newline| position + newline as u64 + 1))
}

/// The bytes of a file from a position to an end.
struct Part {
    file: Arc<File>,
    position: u64,
    end: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.position).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let read = self.file.read_at(&mut buffer[..wanted], self.position)?;
        self.position += read as u64;
        Ok(read)
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
