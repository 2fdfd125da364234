//! Reads one open source in chunks of whole lines.

use std::{
    io::{self, ErrorKind, Read},
    mem,
    ops::Range,
};

use memchr::{memchr, memrchr};

use super::{
    source::{Input, Source},
    stream::Stop,
};
use crate::{
    error::{Error, Result},
    record::LINE_CAP,
};

/// About how many bytes a chunk has.
const CHUNK: usize = 256 << 10;

/// Most bytes taken at once from what has come; a pipe holds half of it.
const AT_ONCE: usize = 128 << 10;

/// Most bytes kept of what is cut off a line.
const MOST_CUT: usize = 16 << 20;

/// Appends some bytes of a reader's source, none at its end.
type Append = fn(&mut Reader, &mut Vec<u8>) -> Result<usize>;

/// Bits by which the number of a part stands above those of its chunks.
const PART_BITS: u32 = 24;

/// Whole lines of one source.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The lines, each but the last ending in a newline.
    pub bytes: Vec<u8>,
    /// The number of the source.
    pub source: usize,
    /// Orders the chunks of its source.
    pub sequence: u64,
    /// Bytes of the source taken for it, before decompression.
    pub taken: u64,
    /// What was cut off lines that are too long, where that is kept, in order.
    pub cuts: Vec<Cut>,
}

/// The rest of a line that is longer than [`LINE_CAP`].
#[derive(Debug)]
pub struct Cut {
    /// Where in the chunk it was.
    pub position: usize,
    /// The rest, without the newline.
    pub bytes: Vec<u8>,
}

impl Chunk {
    /// The bytes of a range of whole lines as they were read, with what was cut off them, in pieces.
    pub fn original(&self, range: Range<usize>) -> impl Iterator<Item = &[u8]> {
        let Range { start, end } = range;
        let is_within = move |cut: &&Cut| start < cut.position && cut.position <= end;
        let cuts = self.cuts.iter().filter(is_within);
        let last = cuts.clone().next_back().map_or(start, |cut| cut.position);
        let pieces = cuts.scan(start, |start, cut| {
            let before = &self.bytes[*start..cut.position];
            *start = cut.position;
            Some([before, &cut.bytes])
        });
        pieces.flatten().chain([&self.bytes[last..end]])
    }
}

/// A source being read. Where it is cut into chunks depends on its content alone.
pub struct Reader {
    number: usize,
    sequence: u64,
    input: Input,
    taken: u64,
    /// The beginning of a line whose end has not been read.
    carry: Vec<u8>,
    /// The carry is a line longer than the cap, whose rest is to be passed over.
    skipping: bool,
    /// What was passed over of the current line, where that is kept.
    cut: Option<Vec<u8>>,
    /// What ended reading, until the lines before it are handed out.
    failure: Option<Error>,
}

impl Reader {
    /// Opens the source with the given number among all sources.
    ///
    /// # Errors
    /// [`Error::Read`] if it cannot be opened or its first bytes cannot be read.
    pub fn open(number: usize, source: &Source) -> Result<Self> {
        Self::open_until(number, source, None)
    }

    /// The same; a stream ends early where it is to stop.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_until(number: usize, source: &Source, stop: Option<&Stop>) -> Result<Self> {
        Ok(Self {
            number,
            sequence: 0,
            input: source.open(stop)?,
            taken: 0,
            carry: Vec::new(),
            skipping: false,
            cut: None,
            failure: None,
        })
    }

    /// The same reader, which keeps what it cuts off lines that are too long; a line of more than 16 MiB ends
    /// it with an error.
    #[must_use]
    pub fn keeping_cuts(self) -> Self {
        Self {
            cut: Some(Vec::new()),
            ..self
        }
    }

    /// Reads plain content that comes from elsewhere; the name is for messages.
    #[must_use]
    pub fn of_stream(name: &str, content: Box<dyn Read + Send>) -> Self {
        Self {
            number: 0,
            sequence: 0,
            input: Input::of_stream(name, content),
            taken: 0,
            carry: Vec::new(),
            skipping: false,
            cut: None,
            failure: None,
        }
    }

    /// Cuts what is not read yet of a large plain file into parts of whole lines, which can be read side
    /// by side; the reader keeps the first. Other sources are read in one piece.
    pub fn split_off(&mut self) -> Vec<Self> {
        let parts = self.input.split_off().into_iter().zip(1..);
        let reader = |(input, part): (Input, u64)| Self {
            number: self.number,
            sequence: part << PART_BITS,
            input,
            taken: 0,
            carry: Vec::new(),
            skipping: false,
            cut: None,
            failure: None,
        };
        parts.map(reader).collect()
    }

    /// Whether its next chunk comes after the given one, in the same part of the same source.
    #[must_use]
    pub const fn follows(&self, chunk: &Chunk) -> bool {
        self.number == chunk.source && self.sequence >> PART_BITS == chunk.sequence >> PART_BITS
    }

    /// The number of the source.
    #[must_use]
    pub const fn number(&self) -> usize {
        self.number
    }

    /// Fills `chunk` with the next whole lines, at least one; `false` at the end of the source.
    ///
    /// # Errors
    /// [`Error::Read`] when the source cannot be read on. Lines read so far were whole.
    pub fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool> {
        self.fill(chunk, Self::read_some)
    }

    /// Fills `chunk` with the lines that have come, without waiting for more than one; `false` at the end
    /// of the source.
    ///
    /// # Errors
    /// As [`Reader::next_chunk`].
    pub fn next_lines(&mut self, chunk: &mut Chunk) -> Result<bool> {
        self.fill(chunk, Self::read_what_came)
    }

    fn fill(&mut self, chunk: &mut Chunk, read: Append) -> Result<bool> {
        chunk.bytes.clear();
        chunk.bytes.append(&mut self.carry);
        chunk.cuts.clear();
        let at_end = self.read_lines(&mut chunk.bytes, read)?;
        if let Some(cut) = self.cut.as_mut().filter(|cut| !cut.is_empty()) {
            // A line that is cut is alone in its chunk.
            chunk.cuts.push(Cut {
                position: LINE_CAP + 1,
                bytes: mem::take(cut),
            });
        }
        if chunk.bytes.is_empty() && at_end {
            return Ok(false);
        }
        chunk.source = self.number;
        chunk.sequence = self.sequence;
        chunk.taken = self.input.taken() - self.taken;
        self.taken += chunk.taken;
        self.sequence += 1;
        Ok(true)
    }

    /// Appends to `bytes` until it ends with a whole line, the rest being carried over; `true` at the
    /// end of the source.
    fn read_lines(&mut self, bytes: &mut Vec<u8>, read: Append) -> Result<bool> {
        loop {
            let before = bytes.len();
            if read(self, bytes)? == 0 {
                return Ok(true);
            }
            if self.skipping {
                if self.pass_over(bytes, before)? {
                    return Ok(false);
                }
            } else if let Some(newline) = memrchr(b'\n', bytes) {
                self.carry.extend_from_slice(&bytes[newline + 1..]);
                bytes.truncate(newline + 1);
                return Ok(false);
            } else if bytes.len() > LINE_CAP {
                // One byte over the cap is enough for the parser to see that the line is too long.
                self.keep_cut(&bytes[LINE_CAP + 1..])?;
                bytes.truncate(LINE_CAP + 1);
                self.skipping = true;
            }
        }
    }

    /// Drops what was read of a line that is too long; `true` once its newline is found.
    fn pass_over(&mut self, bytes: &mut Vec<u8>, before: usize) -> Result<bool> {
        let Some(newline) = memchr(b'\n', &bytes[before..]) else {
            self.keep_cut(&bytes[before..])?;
            bytes.truncate(before);
            return Ok(false);
        };
        self.keep_cut(&bytes[before..before + newline])?;
        self.skipping = false;
        self.carry.extend_from_slice(&bytes[before + newline + 1..]);
        bytes.truncate(before);
        bytes.push(b'\n');
        Ok(true)
    }

    /// Keeps what is cut off a line, where that is to be kept.
    fn keep_cut(&mut self, bytes: &[u8]) -> Result<()> {
        let Some(cut) = &mut self.cut else {
            return Ok(());
        };
        if cut.len() + bytes.len() > MOST_CUT {
            let problem = "a line has more than 16 MiB";
            return Err(self.read_error(io::Error::new(ErrorKind::InvalidData, problem)));
        }
        cut.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends what has come, waiting only where nothing has.
    fn read_what_came(&mut self, bytes: &mut Vec<u8>) -> Result<usize> {
        let before = bytes.len();
        bytes.resize(before + AT_ONCE, 0);
        let read = loop {
            match self.input.read(&mut bytes[before..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        bytes.truncate(before + read.as_ref().copied().unwrap_or(0));
        read.map_err(|source| self.read_error(source))
    }

    fn read_error(&self, source: io::Error) -> Error {
        Error::Read {
            name: self.input.name().to_owned(),
            source,
        }
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
        let read = read.map_err(|source| self.read_error(source));
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

    use super::{super::lines, *};

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
        let mut reader = Reader::open(0, &Source::File(path))?;
        let mut chunk = Chunk::default();
        let mut read = Vec::new();
        while reader.next_chunk(&mut chunk)? {
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
    fn a_missing_file_and_a_folder_without_files_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("missing"), folder.path().to_owned()] {
            assert!(matches!(
                Reader::open(0, &Source::File(path)),
                Err(Error::Read { .. })
            ));
        }
    }

    #[test]
    fn chunks_are_numbered_and_tell_what_was_taken() {
        let content = b"a line\n".repeat(3 * CHUNK / 7);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.log.gz");
        let stored = gzip(&content);
        std::fs::write(&path, &stored).unwrap();
        let mut reader = Reader::open(5, &Source::File(path)).unwrap();
        let mut chunk = Chunk::default();
        let (mut taken, mut sequence) = (0, 0);
        while reader.next_chunk(&mut chunk).unwrap() {
            assert_eq!((chunk.source, chunk.sequence), (5, sequence));
            taken += chunk.taken;
            sequence += 1;
        }
        assert_eq!(taken, stored.len() as u64);
        assert!(sequence >= 3);
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
        let mut reader = Reader::open(0, &Source::File(path)).unwrap();
        let mut chunk = Chunk::default();
        assert!(reader.next_chunk(&mut chunk).unwrap());
        assert!(chunk.bytes.len() > 50_000 && chunk.bytes.ends_with(b"\n"));
        assert!(content.starts_with(&chunk.bytes));
        assert!(reader.next_chunk(&mut chunk).is_err());
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
