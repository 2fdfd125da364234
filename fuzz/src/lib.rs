//! What several targets share: the properties of parsed lines, and files to be read.

mod lines;
mod scratch;

pub use lines::check_lines;
pub use scratch::Scratch;

/// The line at the start of the input, without its line feed, and what follows it.
#[must_use]
pub fn split_line(input: &[u8]) -> (&[u8], &[u8]) {
    match input.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, b""),
    }
}
