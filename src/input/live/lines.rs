//! Puts whole lines together from bytes as they come, and cuts those that are too long.

use memchr::{memchr, memrchr};

/// Whole lines, and the beginning of one whose end has not come.
pub(super) struct LineBuffer {
    limit: usize,
    whole: Vec<u8>,
    /// The line whose end has not come, up to one byte more than the limit.
    part: Vec<u8>,
    /// Bytes of that line that were left out.
    left_out: u64,
    /// Bytes left out of whole lines.
    cut: u64,
}

impl LineBuffer {
    /// Of a line longer than `limit` bytes, `limit + 1` are kept: enough for the parser to see that it is
    /// too long.
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            limit,
            whole: Vec::new(),
            part: Vec::new(),
            left_out: 0,
            cut: 0,
        }
    }

    /// Adds bytes of a stream of lines.
    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = if self.holds_nothing() {
                self.push_whole(bytes)
            } else {
                self.push_part(bytes)
            };
            bytes = &bytes[taken..];
        }
    }

    /// Takes all lines that end within one limit, so that few newlines have to be looked for.
    fn push_whole(&mut self, bytes: &[u8]) -> usize {
        let window = &bytes[..bytes.len().min(self.limit + 1)];
        match memrchr(b'\n', window) {
            Some(newline) => {
                self.whole.extend_from_slice(&window[..=newline]);
                newline + 1
            }
            None => {
                self.part.extend_from_slice(window);
                window.len()
            }
        }
    }

    /// Takes what belongs to the line that has begun.
    fn push_part(&mut self, bytes: &[u8]) -> usize {
        let newline = memchr(b'\n', bytes);
        self.extend_line(&bytes[..newline.unwrap_or(bytes.len())]);
        match newline {
            Some(newline) => {
                self.end_line();
                newline + 1
            }
            None => bytes.len(),
        }
    }

    /// Adds bytes to the line that has begun. A newline is none here: it becomes a space, so that what is
    /// one message stays one line.
    pub(super) fn push_message_part(&mut self, bytes: &[u8]) {
        let start = self.part.len();
        self.extend_line(bytes);
        for byte in &mut self.part[start..] {
            if *byte == b'\n' {
                *byte = b' ';
            }
        }
    }

    /// Adds a message as one line, without the line ends and NUL bytes that some senders put after it;
    /// nothing if it is empty.
    pub(super) fn push_message(&mut self, message: &[u8]) {
        let is_filling = |byte: &u8| matches!(byte, b'\n' | b'\r' | 0);
        let end = message.iter().rposition(|byte| !is_filling(byte));
        if let Some(end) = end {
            self.push_message_part(&message[..=end]);
            self.end_line();
        }
    }

    fn extend_line(&mut self, bytes: &[u8]) {
        let room = (self.limit + 1).saturating_sub(self.part.len());
        let (kept, rest) = bytes.split_at(bytes.len().min(room));
        self.part.extend_from_slice(kept);
        self.left_out += rest.len() as u64;
    }

    /// Ends the line that has begun.
    pub(super) fn end_line(&mut self) {
        self.whole.append(&mut self.part);
        self.whole.push(b'\n');
        self.cut += std::mem::take(&mut self.left_out);
    }

    /// Ends the line that has begun, if one has.
    pub(super) fn finish(&mut self) {
        if !self.holds_nothing() {
            self.end_line();
        }
    }

    /// Bytes of the line that has begun, those left out among them.
    pub(super) const fn held(&self) -> u64 {
        self.part.len() as u64 + self.left_out
    }

    /// Bytes of whole lines.
    pub(super) const fn len(&self) -> usize {
        self.whole.len()
    }

    const fn holds_nothing(&self) -> bool {
        self.part.is_empty()
    }

    /// The whole lines, each ended by a newline, and how many bytes were left out of them.
    pub(super) fn take(&mut self) -> (Vec<u8>, u64) {
        (
            std::mem::take(&mut self.whole),
            std::mem::take(&mut self.cut),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_that_are_too_long_are_cut() {
        let mut lines = LineBuffer::new(3);
        lines.push(b"abc\nabcd\nabcdef\n\nab");
        assert_eq!((lines.held(), lines.len()), (2, 15));
        assert_eq!(lines.take(), (b"abc\nabcd\nabcd\n\n".to_vec(), 2));
        lines.push(b"cdef");
        assert_eq!(lines.held(), 6);
        lines.finish();
        assert_eq!(lines.take(), (b"abcd\n".to_vec(), 2));
        lines.finish();
        assert_eq!(lines.take(), (vec![], 0));
    }

    #[test]
    fn a_message_is_one_line() {
        for (message, expected) in [
            (&b"a"[..], &b"a\n"[..]),
            (b"a\r\n\0", b"a\n"),
            (b"a\nb\n", b"a b\n"),
            (b"", b""),
            (b"\n", b""),
        ] {
            let mut lines = LineBuffer::new(9);
            lines.push_message(message);
            assert_eq!(lines.take().0, expected);
        }
    }

    proptest! {
        /// However the bytes come, the lines are those of the whole, each cut after the limit.
        #[test]
        fn pieces_make_the_same_lines(
            text in "([ab]{0,7}\n){0,8}[ab]{0,7}",
            cuts in proptest::collection::vec(0_usize..60, 0..6),
            limit in 1_usize..6,
        ) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let mut lines = LineBuffer::new(limit);
            for piece in cuts.windows(2) {
                lines.push(&text.as_bytes()[piece[0]..piece[1]]);
            }
            let whole = text.rfind('\n').map_or("", |newline| &text[..=newline]);
            let held = text.len() - whole.len();
            let cut = |line: &str| line[..line.len().min(limit + 1)].to_owned() + "\n";
            let expected: String = whole.lines().map(cut).collect();
            prop_assert_eq!(lines.held(), held as u64);
            let (bytes, left_out) = lines.take();
            prop_assert_eq!(left_out as usize, whole.len() - expected.len());
            prop_assert_eq!(bytes, expected.into_bytes());
        }
    }
}
