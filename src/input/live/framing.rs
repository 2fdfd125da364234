//! Finds where a syslog message ends in a stream of them.
//!
//! Either a message is preceded by its length, `MSG-LEN SP SYSLOG-MSG`, or it is followed by a newline
//! (RFC 6587, sections 3.4.1 and 3.4.2). A length begins with a digit other than 0 and a message with `<`,
//! so that each message tells which it is.

use memchr::memchr;

use super::lines::LineBuffer;

/// Most digits of a length; a longer number is no length.
const MOST_DIGITS: usize = 9;

enum State {
    /// Before a message.
    Start,
    /// In what may be a length.
    Length(Vec<u8>),
    /// In a message of which this many bytes follow.
    Counted(u64),
    /// In a message that a newline ends.
    Line,
}

/// Cuts one connection's bytes into messages.
pub(super) struct Framing {
    state: State,
}

impl Framing {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Start,
        }
    }

    /// Takes the next bytes; each message becomes a line.
    pub(super) fn push(&mut self, mut bytes: &[u8], lines: &mut LineBuffer) {
        while !bytes.is_empty() {
            let taken = match &mut self.state {
                State::Start => {
                    self.state = match bytes[0] {
                        b'1'..=b'9' => State::Length(Vec::new()),
                        _ => State::Line,
                    };
                    0
                }
                State::Length(digits) => {
                    let digits = std::mem::take(digits);
                    self.length(digits, bytes[0], lines)
                }
                State::Counted(left) => {
                    let left = *left;
                    self.counted(left, bytes, lines)
                }
                State::Line => self.line(bytes, lines),
            };
            bytes = &bytes[taken..];
        }
    }

    /// The connection has ended: what came of a message is a line, since it may be whole.
    pub(super) fn end(&mut self, lines: &mut LineBuffer) {
        if let State::Length(digits) = &self.state {
            lines.push_message_part(digits);
        }
        lines.finish();
        self.state = State::Start;
    }

    fn length(&mut self, mut digits: Vec<u8>, byte: u8, lines: &mut LineBuffer) -> usize {
        match byte {
            b'0'..=b'9' if digits.len() < MOST_DIGITS => {
                digits.push(byte);
                self.state = State::Length(digits);
                1
            }
            b' ' => {
                let number = |number, digit: &u8| number * 10 + u64::from(digit - b'0');
                self.state = State::Counted(digits.iter().fold(0, number));
                1
            }
            _ => {
                lines.push_message_part(&digits);
                self.state = State::Line;
                0
            }
        }
    }

    /// A newline at the end of a counted message belongs to it, and is no second end of the line.
    fn counted(&mut self, left: u64, bytes: &[u8], lines: &mut LineBuffer) -> usize {
        let taken = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        let message = &bytes[..taken];
        let left = left - taken as u64;
        if left > 0 {
            lines.push_message_part(message);
            self.state = State::Counted(left);
            return taken;
        }
        lines.push_message_part(message.strip_suffix(b"\n").unwrap_or(message));
        lines.finish();
        self.state = State::Start;
        taken
    }

    fn line(&mut self, bytes: &[u8], lines: &mut LineBuffer) -> usize {
        let newline = memchr(b'\n', bytes);
        let message = &bytes[..newline.unwrap_or(bytes.len())];
        lines.push_message_part(message);
        if newline.is_some() {
            lines.finish();
            self.state = State::Start;
        }
        message.len() + usize::from(newline.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stream: &[u8], expected: &str) {
        for cut in 0..=stream.len() {
            let mut framing = Framing::new();
            let mut lines = LineBuffer::new(20);
            framing.push(&stream[..cut], &mut lines);
            framing.push(&stream[cut..], &mut lines);
            framing.end(&mut lines);
            let lines = lines.take().0;
            assert_eq!(String::from_utf8_lossy(&lines), expected, "cut at {cut}");
        }
    }

    #[test]
    fn messages_of_both_framings_become_lines() {
        check(b"<1>a\n<1>b\n", "<1>a\n<1>b\n");
        check(b"4 <1>a6 <1>b\nc", "<1>a\n<1>b c\n");
        check(b"4 <1>a<1>b\n4 <1>c", "<1>a\n<1>b\n<1>c\n");
        check(b"5 <1>a\n5 <1>b\n", "<1>a\n<1>b\n");
        check(b"\n\n<1>a\n\n", "<1>a\n");
    }

    #[test]
    fn what_is_cut_off_or_no_length_is_a_line() {
        check(b"<1>a\n<1>b", "<1>a\n<1>b\n");
        check(b"9 <1>a", "<1>a\n");
        check(b"12", "12\n");
        check(b"12.0.0.1 a\n<1>b\n", "12.0.0.1 a\n<1>b\n");
        check(b"1234567890 a\n", "1234567890 a\n");
        check(b"0 a\n", "0 a\n");
    }

    #[test]
    fn messages_that_are_too_long_are_cut() {
        let long = "x".repeat(30);
        let cut = format!("{}\n<1>a\n", "x".repeat(21));
        check(format!("{long}\n<1>a\n").as_bytes(), &cut);
        check(format!("30 {long}4 <1>a").as_bytes(), &cut);
    }
}
