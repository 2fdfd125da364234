//! Takes the messages out of systemd's journal export format.
//!
//! An entry is fields and an empty line after them. A field is `NAME=value` on one line, or, for a value
//! with control characters in it, `NAME` on a line, the value's length as 64 bits, little-endian, the
//! value, and a newline (systemd, "Journal File Formats: Journal Export Format",
//! <https://systemd.io/JOURNAL_EXPORT_FORMATS/>).

use memchr::memchr;

use super::lines::LineBuffer;

/// The field that holds what was logged.
const MESSAGE: &[u8] = b"MESSAGE";

/// Longest name of a field: the journal's own is 64 bytes (systemd, `journal_field_valid`).
const LONGEST_NAME: usize = 64;

/// Where in the format the next byte stands.
#[derive(Clone, Copy)]
enum State {
    /// In a field's name, of which this many bytes are known.
    Name,
    /// In a value that ends with its line; whether it is a message.
    Text(bool),
    /// In the length of a binary value; whether it is a message's, and how many bytes have been read.
    Length(bool, u32, u64),
    /// In a binary value: whether it is a message, and how many bytes follow.
    Binary(bool, u64),
    /// At the newline after a binary value.
    After,
}

/// Reads entries as they come.
pub(super) struct Journal {
    state: State,
    name: Vec<u8>,
}

impl Journal {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Name,
            name: Vec::new(),
        }
    }

    /// Takes the next bytes; each message becomes a line.
    pub(super) fn push(&mut self, mut bytes: &[u8], lines: &mut LineBuffer) {
        while !bytes.is_empty() {
            let taken = match self.state {
                State::Name => self.name(bytes),
                State::Text(is_message) => self.text(is_message, bytes, lines),
                State::Length(is_message, read, length) => {
                    self.length(is_message, read, length | u64::from(bytes[0]) << (8 * read));
                    1
                }
                State::Binary(is_message, left) => self.binary(is_message, left, bytes, lines),
                State::After => {
                    self.state = State::Name;
                    usize::from(bytes[0] == b'\n')
                }
            };
            bytes = &bytes[taken..];
        }
    }

    fn name(&mut self, bytes: &[u8]) -> usize {
        let end = bytes.iter().position(|byte| matches!(byte, b'=' | b'\n'));
        let name = &bytes[..end.unwrap_or(bytes.len())];
        let room = (LONGEST_NAME + 1).saturating_sub(self.name.len());
        self.name.extend_from_slice(&name[..name.len().min(room)]);
        let Some(end) = end else {
            return bytes.len();
        };
        let is_message = self.name == MESSAGE;
        self.state = match bytes[end] {
            b'=' => State::Text(is_message),
            _ if self.name.is_empty() => State::Name,
            _ => State::Length(is_message, 0, 0),
        };
        self.name.clear();
        end + 1
    }

    fn text(&mut self, is_message: bool, bytes: &[u8], lines: &mut LineBuffer) -> usize {
        let newline = memchr(b'\n', bytes);
        let value = &bytes[..newline.unwrap_or(bytes.len())];
        if is_message {
            lines.push_message_part(value);
        }
        if newline.is_some() {
            self.end(is_message, State::Name, lines);
        }
        value.len() + usize::from(newline.is_some())
    }

    const fn length(&mut self, is_message: bool, read: u32, length: u64) {
        self.state = match (read, length) {
            (7, 0) => State::After,
            (7, _) => State::Binary(is_message, length),
            _ => State::Length(is_message, read + 1, length),
        };
    }

    fn binary(
        &mut self,
        is_message: bool,
        left: u64,
        bytes: &[u8],
        lines: &mut LineBuffer,
    ) -> usize {
        let taken = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        if is_message {
            lines.push_message_part(&bytes[..taken]);
        }
        match left - taken as u64 {
            0 => self.end(is_message, State::After, lines),
            left => self.state = State::Binary(is_message, left),
        }
        taken
    }

    fn end(&mut self, is_message: bool, next: State, lines: &mut LineBuffer) {
        if is_message {
            lines.finish();
        }
        self.state = next;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn messages(pieces: &[&[u8]]) -> Vec<u8> {
        let mut journal = Journal::new();
        let mut lines = LineBuffer::new(100);
        for piece in pieces {
            journal.push(piece, &mut lines);
        }
        lines.take().0
    }

    fn binary(name: &str, value: &[u8]) -> Vec<u8> {
        let length = (value.len() as u64).to_le_bytes();
        [name.as_bytes(), b"\n", &length, value, b"\n"].concat()
    }

    #[test]
    fn messages_become_lines() {
        let entries = [
            &b"__CURSOR=s=1\nMESSAGE=first = one\nPRIORITY=6\n\n"[..],
            &binary("MESSAGE", b"second\nin two \x01"),
            &binary("MESSAGE_ID", b"MESSAGE=no\n"),
            &binary("COREDUMP", b""),
            b"\n\nNOMESSAGE=no\nMESSAGE=\n\nMESSAGE=third\n",
        ]
        .concat();
        let expected = b"first = one\nsecond in two \x01\nthird\n";
        assert_eq!(messages(&[&entries]), expected);
        for cut in 0..entries.len() {
            assert_eq!(
                messages(&[&entries[..cut], &entries[cut..]]),
                expected,
                "{cut}"
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_memory_is_bounded(bytes in proptest::collection::vec(
            proptest::sample::select(&b"MESSAGE=\n\x00\x01\xff"[..]), 0..300)) {
            let mut journal = Journal::new();
            let mut lines = LineBuffer::new(10);
            journal.push(&bytes, &mut lines);
            prop_assert!(journal.name.len() <= LONGEST_NAME + 1 && lines.len() <= bytes.len() + 1);
        }
    }
}
