//! One source: a file or standard input, decompressed if its content says so.

use std::{
    fs::File,
    io::{self, BufReader, Cursor, Read},
    path::PathBuf,
};

use flate2::read::MultiGzDecoder;

use crate::error::{Error, Result};

/// The first two bytes of a gzip member (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

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

    /// Opens it. What is compressed with gzip, in any number of members, is recognised by its first
    /// bytes, not by its name.
    ///
    /// # Errors
    /// [`Error::Read`] if it cannot be opened or its first bytes cannot be read.
    pub(super) fn open(&self) -> Result<Input> {
        let name = self.name();
        self.reader()
            .and_then(Input::decoder)
            .map(|decoder| Input {
                name: name.clone(),
                decoder,
            })
            .map_err(|source| Error::Read { name, source })
    }

    fn reader(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::File(path) => {
                let file = File::open(path)?;
                if file.metadata()?.is_dir() {
                    return Err(io::ErrorKind::IsADirectory.into());
                }
                Box::new(file)
            }
            Self::Stdin => Box::new(io::stdin()),
        })
    }
}

type Raw = io::Chain<Cursor<Vec<u8>>, Counted>;

enum Decoder {
    Gzip(Box<MultiGzDecoder<BufReader<Raw>>>),
    Plain(Raw),
}

/// An open source that yields decompressed bytes.
pub struct Input {
    name: String,
    decoder: Decoder,
}

impl Input {
    /// The source's name in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes taken from the source so far, as stored.
    #[must_use]
    pub fn consumed(&self) -> u64 {
        let raw = match &self.decoder {
            Decoder::Gzip(decoder) => decoder.get_ref().get_ref(),
            Decoder::Plain(raw) => raw,
        };
        raw.get_ref().1.count
    }

    fn decoder(reader: Box<dyn Read + Send>) -> io::Result<Decoder> {
        let mut counted = Counted { reader, count: 0 };
        let mut first = Vec::new();
        (&mut counted)
            .take(GZIP.len() as u64)
            .read_to_end(&mut first)?;
        let is_gzip = first == GZIP;
        let raw = Cursor::new(first).chain(counted);
        Ok(if is_gzip {
            Decoder::Gzip(Box::new(MultiGzDecoder::new(BufReader::with_capacity(
                256 << 10,
                raw,
            ))))
        } else {
            Decoder::Plain(raw)
        })
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.decoder {
            Decoder::Gzip(decoder) => decoder.read(buffer),
            Decoder::Plain(raw) => raw.read(buffer),
        }
    }
}

/// A reader that counts what was taken from it.
struct Counted {
    reader: Box<dyn Read + Send>,
    count: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.count += read as u64;
        Ok(read)
    }
}
