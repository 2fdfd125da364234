//! Lines out of a chunk.

use memchr::memchr;

/// The lines of a chunk, without their newlines. A line may end in a carriage return.
pub fn lines(mut chunk: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if chunk.is_empty() {
            return None;
        }
        let (line, rest) = match memchr(b'\n', chunk) {
            Some(newline) => (&chunk[..newline], &chunk[newline + 1..]),
            None => (chunk, &[][..]),
        };
        chunk = rest;
        Some(line)
    })
}
