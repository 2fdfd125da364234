//! Sources: plain, compressed, cut and altered.
//!
//! The first byte of the input says what to do with the rest: store it as it is, or store it compressed
//! and then, at the place that the second and third byte say, cut or alter what is stored.

#![no_main]

use std::io::Write;

use hushlog::{
    input::{Chunk, Reader, Source, lines},
    record::LINE_CAP,
};
use hushlog_fuzz::Scratch;
use libfuzzer_sys::{Corpus, fuzz_target};

/// No more than this is read of what a few bytes may unfold to.
const ENOUGH: usize = 16 << 20;

/// A chunk's bytes: about a mebibyte, and a line that was begun before.
const MOST_OF_CHUNK: usize = (2 << 20) + 2 * LINE_CAP;

thread_local! {
    static FILE: Scratch = Scratch::new("access.log");
}

fuzz_target!(|input: &[u8]| -> Corpus {
    let [kind, high, low, content @ ..] = input else {
        return Corpus::Reject;
    };
    let place = usize::from(u16::from_be_bytes([*high, *low]));
    let Some(compress) = compression(*kind) else {
        check_stored(&input[1..]);
        return Corpus::Keep;
    };
    let mut stored = compress(content);
    let whole = stored.len();
    let place = place % (whole + 1);
    if kind.is_ascii_lowercase() {
        stored.truncate(place);
        check_cut(&stored, content, place == whole);
    } else if let Some(byte) = stored.get_mut(place) {
        *byte ^= high | 1;
        read(&stored);
    }
    Corpus::Keep
});

type Compress = fn(&[u8]) -> Vec<u8>;

fn compression(kind: u8) -> Option<Compress> {
    Some(match kind.to_ascii_lowercase() {
        b'b' => |content| {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(content).expect("memory to write to");
            encoder.finish().expect("memory to write to")
        },
        b'g' => |content| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(content).expect("memory to write to");
            encoder.finish().expect("memory to write to")
        },
        b'x' => |content| {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
            encoder.write_all(content).expect("memory to write to");
            encoder.finish().expect("memory to write to")
        },
        b'z' => |content| zstd::encode_all(content, 1).expect("memory to write to"),
        _ => return None,
    })
}

/// Bytes stored as they are, compressed or not: reading them again gives the same lines.
fn check_stored(stored: &[u8]) {
    let first = read(stored);
    assert!(
        read(stored).lines == first.lines,
        "another reading, other lines"
    );
    // No compression begins with one of these.
    if stored.first().is_none_or(|first| first.is_ascii_digit()) && stored.len() <= LINE_CAP {
        assert!(first.is_whole && first.lines == split(stored));
    }
}

/// What is read of cut content is an error or all of it, and nothing else than the content.
fn check_cut(stored: &[u8], content: &[u8], is_whole: bool) {
    let found = read(stored);
    assert!(found.is_whole || !is_whole, "whole content was not read");
    if content.len() > LINE_CAP || stored.len() < 10 {
        return;
    }
    let expected = split(content);
    if is_whole {
        assert!(found.lines == expected, "not the content");
    } else if let Some((last, before)) = found.lines.split_last() {
        assert!(expected.starts_with(before), "not the content");
        assert!(expected[before.len()].starts_with(last), "not the content");
    }
}

/// The lines of a content, each without its line feed.
fn split(content: &[u8]) -> Vec<Vec<u8>> {
    lines(content).map(<[u8]>::to_vec).collect()
}

/// What was read.
#[derive(Default)]
struct Found {
    lines: Vec<Vec<u8>>,
    is_whole: bool,
}

/// Reads a file with the given bytes: all lines of a small content; of what unfolds to more than a chunk
/// all lines of the first one, and one of each other.
fn read(stored: &[u8]) -> Found {
    FILE.with(|file| {
        let mut found = Found::default();
        let source = Source::File(file.with(stored).to_owned());
        let Ok(mut reader) = Reader::open(0, &source) else {
            return found;
        };
        let (mut chunk, mut total) = (Chunk::default(), 0);
        while total < ENOUGH {
            match reader.next_chunk(&mut chunk) {
                Ok(true) => {}
                end => {
                    found.is_whole = end.is_ok();
                    break;
                }
            }
            assert!(!chunk.bytes.is_empty() && chunk.bytes.len() <= MOST_OF_CHUNK);
            total += chunk.bytes.len();
            let kept = if chunk.sequence == 0 { usize::MAX } else { 1 };
            let lines = lines(&chunk.bytes).take(kept);
            found.lines.extend(lines.map(<[u8]>::to_vec));
        }
        found
    })
}
