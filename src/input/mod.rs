//! Opens sources, plain or compressed, and yields chunks of whole lines.

mod lines;
mod source;

pub use lines::{LINE_CAP, lines};
pub use source::{Input, Source};

use std::{collections::VecDeque, io::Read};

use memchr::{memchr, memrchr};

use crate::error::{Error, Result};

/// About how many bytes a chunk has.
const CHUNK: usize = 1 << 20;

/// Whole lines of one source.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The lines, each but the last ending in a newline.
    pub bytes: Vec<u8>,
    /// The number of the source.
    pub source: usize,
    /// Its place among the chunks of its source.
    pub sequence: u64,
    /// Bytes of the source taken so far, before decompression.
    pub consumed: u64,
}

/// Reads sources one after another.
pub struct Sources {
    waiting: VecDeque<(usize, Source)>,
    current: Option<OpenSource>,
}

/// A source being read.
struct OpenSource {
    number: usize,
    sequence: u64,
    input: Input,
    /// The beginning of a line whose end has not been read.
    carry: Vec<u8>,
    /// The carry is a line longer than the cap, whose rest is to be passed over.
    skipping: bool,
    /// What ended reading, until the lines before it are handed out.
    failure: Option<Error>,
}

impl Sources {
    /// Sources to be read in the order given.
    #[must_use]
    pub fn new(sources: Vec<Source>) -> Self {
        Self {
            waiting: sources.into_iter().enumerate().collect(),
            current: None,
        }
    }

    /// Leaves the rest of the current source unread.
    pub fn give_up(&mut self) {
        self.current = None;
    }

    /// Fills `chunk` with the next lines; `false` when all sources are read.
    ///
    /// # Errors
    /// [`Error::Read`] when a source cannot be opened or read on. The source is given up; the next call
    /// goes on with the one after it.
    pub fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool> {
        loop {
            let Some(open) = &mut self.current else {
                let Some((number, source)) = self.waiting.pop_front() else {
                    return Ok(false);
                };
                let input = source.open()?;
                self.current = Some(OpenSource {
                    number,
                    sequence: 0,
                    input,
                    carry: Vec::new(),
                    skipping: false,
                    failure: None,
                });
                continue;
            };
            match open.fill(chunk) {
                Ok(true) => return Ok(true),
                Ok(false) => self.current = None,
                Err(error) => {
                    self.current = None;
                    return Err(error);
                }
            }
        }
    }
}

impl OpenSource {
    /// Reads until there is at least one whole line; `false` at the end of the source.
    fn fill(&mut self, chunk: &mut Chunk) -> Result<bool> {
        chunk.bytes.clear();
        chunk.bytes.append(&mut self.carry);
        let at_end = self.read_lines(&mut chunk.bytes)?;
        if chunk.bytes.is_empty() && at_end {
            return Ok(false);
        }
        chunk.source = self.number;
        chunk.sequence = self.sequence;
        chunk.consumed = self.input.consumed();
        self.sequence += 1;
        Ok(true)
    }

    /// Appends to `bytes` until it ends with a whole line, the rest being carried over; `true` at the
    /// end of the source.
    fn read_lines(&mut self, bytes: &mut Vec<u8>) -> Result<bool> {
        loop {
            let before = bytes.len();
            if self.read_some(bytes)? == 0 {
                return Ok(true);
            }
            if self.skipping {
                if self.pass_over(bytes, before) {
                    return Ok(false);
                }
            } else if let Some(newline) = memrchr(b'\n', bytes) {
                self.carry.extend_from_slice(&bytes[newline + 1..]);
                bytes.truncate(newline + 1);
                return Ok(false);
            } else if bytes.len() > LINE_CAP {
                // One byte over the cap is enough for the parser to see that the line is too long.
                bytes.truncate(LINE_CAP + 1);
                self.skipping = true;
            }
        }
    }

    /// Drops what was read of a line that is too long; `true` once its newline is found.
    fn pass_over(&mut self, bytes: &mut Vec<u8>, before: usize) -> bool {
        let Some(newline) = memchr(b'\n', &bytes[before..]) else {
            bytes.truncate(before);
            return false;
        };
        self.skipping = false;
        self.carry.extend_from_slice(&bytes[before + newline + 1..]);
        bytes.truncate(before);
        bytes.push(b'\n');
        true
    }

    /// Appends what can be read at once; an error comes after the last bytes before it.
    fn read_some(&mut self, bytes: &mut Vec<u8>) -> Result<usize> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let before = bytes.len();
        let wanted = (CHUNK as u64)
            .saturating_sub(bytes.len() as u64)
            .max(LINE_CAP as u64);
        let read = (&mut self.input).take(wanted).read_to_end(bytes);
        let read = read.map_err(|source| Error::Read {
            name: self.input.name().to_owned(),
            source,
        });
        match read {
            Err(failure) if bytes.len() > before => {
                self.failure = Some(failure);
                Ok(bytes.len() - before)
            }
            read => read,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// All lines of a file with the given content.
    fn read(content: &[u8]) -> Result<Vec<Vec<u8>>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.log");
        std::fs::write(&path, content).unwrap();
        let mut sources = Sources::new(vec![Source::File(path)]);
        let mut chunk = Chunk::default();
        let mut read = Vec::new();
        while sources.next_chunk(&mut chunk)? {
            read.extend(lines(&chunk.bytes).map(<[u8]>::to_vec));
        }
        Ok(read)
    }

    fn expected(content: &[u8]) -> Vec<Vec<u8>> {
        let content = content.strip_suffix(b"\n").unwrap_or(content);
        content
            .split(|&byte| byte == b'\n')
            .map(|line| line[..line.len().min(LINE_CAP + 1)].to_vec())
            .collect()
    }

    #[test]
    fn a_last_line_without_newline_is_a_line() {
        assert_eq!(read(b"a\nb").unwrap(), [b"a", b"b"]);
        assert_eq!(read(b"a\nb\n").unwrap(), [b"a", b"b"]);
        assert_eq!(read(b"").unwrap(), Vec::<Vec<u8>>::new());
        assert_eq!(read(b"\n\n").unwrap(), [b"", b""]);
    }

    #[test]
    fn members_of_gzip_follow_one_another() {
        let content = [gzip(b"a\nb"), gzip(b"c\nd\n")].concat();
        assert_eq!(read(&content).unwrap(), [&b"a"[..], b"bc", b"d"]);
    }

    #[test]
    fn truncated_gzip_is_an_error() {
        let whole = gzip(&b"line\n".repeat(1000));
        assert!(matches!(
            read(&whole[..whole.len() / 2]),
            Err(Error::Read { .. })
        ));
        assert!(matches!(
            read(&[&whole[..], &whole[..whole.len() - 1]].concat()),
            Err(Error::Read { .. })
        ));
    }

    #[test]
    fn whole_lines_before_an_error_are_read() {
        let content: Vec<u8> = (0..50_000)
            .flat_map(|line| format!("{line}\n").into_bytes())
            .collect();
        let compressed = gzip(&content);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.log.gz");
        std::fs::write(&path, &compressed[..compressed.len() / 2]).unwrap();
        let mut sources = Sources::new(vec![Source::File(path)]);
        let mut chunk = Chunk::default();
        assert!(sources.next_chunk(&mut chunk).unwrap());
        assert!(chunk.bytes.len() > 50_000 && chunk.bytes.ends_with(b"\n"));
        assert!(content.starts_with(&chunk.bytes));
        assert!(sources.next_chunk(&mut chunk).is_err());
    }

    #[test]
    fn a_missing_file_is_an_error_and_the_next_one_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("there");
        std::fs::write(&there, b"a\n").unwrap();
        let mut sources = Sources::new(vec![
            Source::File(folder.path().join("missing")),
            Source::File(there),
        ]);
        let mut chunk = Chunk::default();
        assert!(sources.next_chunk(&mut chunk).is_err());
        assert!(sources.next_chunk(&mut chunk).unwrap());
        assert_eq!((chunk.source, &chunk.bytes[..]), (1, &b"a\n"[..]));
    }

    #[test]
    fn lines_beyond_the_cap_are_cut_wherever_they_stand() {
        let long = vec![b'x'; 3 * CHUNK + 17];
        let near = vec![b'y'; LINE_CAP];
        for lines in [
            vec![&b"a"[..], &long, b"b", &near, b"c"],
            vec![&long, &long, b"d"],
            vec![b"e", &near, &long],
        ] {
            let content = lines.join(&b'\n');
            let read: Vec<Vec<u8>> = read(&content).unwrap();
            let cut = |line: &[u8]| line[..line.len().min(LINE_CAP + 1)].to_vec();
            // Lines over the cap within one chunk come whole; the parser tells their length.
            let read: Vec<Vec<u8>> = read.iter().map(|line| cut(line)).collect();
            assert!(read == expected(&content));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn every_line_is_read_once(lengths in proptest::collection::vec(0_usize..200_000, 0..40)) {
            let content: Vec<u8> = lengths
                .iter()
                .enumerate()
                .flat_map(|(index, &length)| [vec![b'a' + (index % 26) as u8; length], vec![b'\n']].concat())
                .collect();
            let cut = |line: &Vec<u8>| line[..line.len().min(LINE_CAP + 1)].to_vec();
            let read: Vec<Vec<u8>> = read(&content).unwrap().iter().map(cut).collect();
            prop_assert!(content.is_empty() && read.is_empty() || read == expected(&content));
        }
    }
}
