//! Recognises compressed content by its first bytes, never by its name, and decompresses it.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use bzip2::bufread::MultiBzDecoder;
use flate2::bufread::MultiGzDecoder;
use liblzma::{bufread::XzDecoder, stream::Stream};

/// How content is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    Bzip2,
    Gzip,
    Xz,
    Zstd,
}

/// First two bytes of a gzip member (RFC 1952, section 2.3.1).
const GZIP: &[u8] = &[0x1f, 0x8b];

/// First six bytes of an xz stream (The .xz File Format 1.2.1, section 2.1.1.1).
const XZ: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z', 0];

/// First four bytes of a Zstandard frame: 0xFD2FB528, little-endian (RFC 8878, section 3.1.1).
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Last three of the first four bytes of a skippable frame, 0x184D2A50 to 0x184D2A5F (RFC 8878,
/// section 3.1.2); parallel compressors begin with one.
const ZSTD_SKIPPABLE: &[u8] = &[0x2a, 0x4d, 0x18];

/// First three bytes of a bzip2 stream; the block size, a digit from 1 to 9, and six bytes that mark
/// a block or the stream's end come next (bzip2 1.0.8, `compress.c`).
const BZIP2: &[u8] = b"BZh";
const BZIP2_MARKS: [[u8; 6]; 2] = [
    [0x31, 0x41, 0x59, 0x26, 0x53, 0x59],
    [0x17, 0x72, 0x45, 0x38, 0x50, 0x90],
];

/// First bytes that tell every compression.
const ENOUGH: u64 = 10;

/// Bytes taken from a source at once.
const BUFFER: usize = 256 << 10;

/// Most memory that an xz decoder may ask for, which is what zstd's allows as well: compressors need
/// 64 MiB at their highest ordinary levels, and a hostile file could ask for gigabytes.
const MOST_MEMORY: u64 = 128 << 20;

/// Content as it is to be read.
pub(super) struct Decompressed {
    pub(super) content: Box<dyn Read + Send>,
    pub(super) is_compressed: bool,
}

/// The decompressed content of `raw`: any number of gzip members, zstd frames, bzip2 or xz streams one
/// after another; anything else as it is. Content that ends early or does not match its checksum gives
/// an error when read that far.
pub(super) fn decompressed(mut raw: impl Read + Send + 'static) -> io::Result<Decompressed> {
    let mut first = Vec::new();
    (&mut raw).take(ENOUGH).read_to_end(&mut first)?;
    let compression = Compression::of(&first);
    let whole = Cursor::new(first).chain(raw);
    let content: Box<dyn Read + Send> = match compression {
        Some(compression) => compression.decoder(BufReader::with_capacity(BUFFER, whole))?,
        None => Box::new(whole),
    };
    Ok(Decompressed {
        content,
        is_compressed: compression.is_some(),
    })
}

impl Compression {
    fn of(first: &[u8]) -> Option<Self> {
        if first.starts_with(GZIP) {
            Some(Self::Gzip)
        } else if first.starts_with(ZSTD) || is_skippable(first) {
            Some(Self::Zstd)
        } else if first.starts_with(XZ) {
            Some(Self::Xz)
        } else {
            is_bzip2(first).then_some(Self::Bzip2)
        }
    }

    fn decoder(self, raw: impl BufRead + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Bzip2 => Box::new(MultiBzDecoder::new(raw)),
            Self::Gzip => Box::new(MultiGzDecoder::new(raw)),
            Self::Xz => {
                let stream =
                    Stream::new_stream_decoder(MOST_MEMORY, liblzma::stream::CONCATENATED)?;
                Box::new(XzDecoder::new_stream(raw, stream))
            }
            Self::Zstd => Box::new(zstd::Decoder::with_buffer(raw)?),
        })
    }
}

fn is_skippable(first: &[u8]) -> bool {
    first.split_first().is_some_and(|(lowest, rest)| {
        (0x50..0x60).contains(lowest) && rest.starts_with(ZSTD_SKIPPABLE)
    })
}

/// Whether the bytes are a bzip2 stream's, as far as they go: a cut one is still told from text.
fn is_bzip2(first: &[u8]) -> bool {
    let Some((size, mark)) = first.strip_prefix(BZIP2).and_then(<[u8]>::split_first) else {
        return false;
    };
    let mark = &mark[..mark.len().min(BZIP2_MARKS[0].len())];
    (b'1'..=b'9').contains(size) && BZIP2_MARKS.iter().any(|whole| whole.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    type Encode = fn(&[u8]) -> Vec<u8>;

    const ENCODERS: [(Compression, Encode); 4] = [
        (Compression::Bzip2, |content| {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        }),
        (Compression::Gzip, |content| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        }),
        (Compression::Xz, |content| {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        }),
        (Compression::Zstd, |content| {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.include_checksum(true).unwrap();
            encoder.write_all(content).unwrap();
            encoder.finish().unwrap()
        }),
    ];

    fn read(stored: &[u8]) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        decompressed(Cursor::new(stored.to_vec()))?
            .content
            .read_to_end(&mut content)?;
        Ok(content)
    }

    /// Lines that do not compress to next to nothing, so that cutting and altering hit content.
    fn content() -> Vec<u8> {
        let numbers = (0_u64..2000).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        numbers
            .flat_map(|number| format!("{number:x}\n").into_bytes())
            .collect()
    }

    #[test]
    fn every_compression_reads_back_single_concatenated_and_empty() {
        let content = content();
        for (compression, encode) in ENCODERS {
            let stored = encode(&content);
            assert_eq!(Compression::of(&stored), Some(compression));
            assert!(read(&stored).unwrap() == content, "{compression:?}");
            let twice = [&stored[..], &encode(b""), &encode(b"tail\n")].concat();
            let expected = [&content[..], b"tail\n"].concat();
            assert!(read(&twice).unwrap() == expected, "{compression:?}");
            assert_eq!(read(&encode(b"")).unwrap(), b"", "{compression:?}");
        }
    }

    #[test]
    fn truncated_content_is_an_error_wherever_it_is_cut() {
        for (compression, encode) in ENCODERS {
            let stored = encode(&content());
            let cuts = [
                6,
                9,
                20,
                stored.len() / 2,
                stored.len() - 4,
                stored.len() - 1,
            ];
            for cut in cuts {
                assert!(
                    read(&stored[..cut]).is_err(),
                    "{compression:?} cut at {cut}"
                );
                let second = [&stored[..], &stored[..cut]].concat();
                assert!(
                    read(&second).is_err(),
                    "second {compression:?} cut at {cut}"
                );
            }
        }
    }

    #[test]
    fn altered_content_is_an_error() {
        for (compression, encode) in ENCODERS {
            let stored = encode(&content());
            for part in 1..8 {
                let mut altered = stored.clone();
                altered[stored.len() * part / 8] ^= 0x10;
                assert!(
                    read(&altered).is_err(),
                    "{compression:?} altered in part {part}"
                );
            }
        }
    }

    #[test]
    fn what_follows_compressed_content_is_not_passed_over() {
        for (compression, encode) in ENCODERS {
            let stored = [&encode(&content())[..], b"192.0.2.1 - - and more text"].concat();
            assert!(read(&stored).is_err(), "{compression:?}");
        }
    }

    #[test]
    fn skippable_frames_are_passed_over() {
        let (_, zstd) = ENCODERS[3];
        let skippable = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'x', b'y', b'z'];
        assert_eq!(
            read(&[&skippable[..], &zstd(b"a\n")].concat()).unwrap(),
            b"a\n"
        );
    }

    #[test]
    fn text_that_begins_like_compressed_content_is_text() {
        for text in [
            &b""[..],
            b"B",
            b"BZh",
            b"BZh9 is a name\n",
            b"(\n",
            b"\x1f\n",
            b"7zXZ\n",
        ] {
            assert_eq!(read(text).unwrap(), text);
        }
    }
}
