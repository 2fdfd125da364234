//! Writes requests as lines of Apache's log formats.

use std::io::{self, Write};

use clap::ValueEnum;
use jiff::civil::Date;

/// When the buffer is handed on.
const BUFFER: usize = 1 << 20;

/// Apache httpd's formats of these names (`mod_log_config`).
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Format {
    Combined,
    Common,
    VhostCombined,
}

/// One request, its fields already escaped as Apache escapes them.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) client: &'a str,
    pub(crate) user: &'a str,
    /// The whole request line, in parts that are written one after the other.
    pub(crate) method: &'a str,
    pub(crate) target: &'a str,
    pub(crate) protocol: &'a str,
    pub(crate) status: u16,
    pub(crate) bytes: u32,
    pub(crate) referrer: &'a str,
    pub(crate) agent: &'a str,
}

/// The log being written.
pub(crate) struct Log<W> {
    output: W,
    buffer: Vec<u8>,
    format: Format,
    host: String,
    /// `[10/Oct/2026:13:55:36 +0000]`, written anew once a second.
    time: Vec<u8>,
    date_length: usize,
    lines_left: u64,
}

impl<W: Write> Log<W> {
    pub(crate) fn new(output: W, format: Format, host: &str, lines: Option<u64>) -> Self {
        Self {
            output,
            buffer: Vec::with_capacity(BUFFER + 4096),
            format,
            host: host.to_owned(),
            time: Vec::new(),
            date_length: 0,
            lines_left: lines.unwrap_or(u64::MAX),
        }
    }

    /// The site's host name.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// No more lines are wanted.
    pub(crate) fn is_full(&self) -> bool {
        self.lines_left == 0
    }

    pub(crate) fn set_date(&mut self, date: Date) {
        self.time = date.strftime("[%d/%b/%Y:").to_string().into_bytes();
        self.date_length = self.time.len();
    }

    /// Sets the time of the lines to come, as seconds of the day.
    pub(crate) fn set_second(&mut self, second: u32) {
        self.time.truncate(self.date_length);
        for part in [second / 3600, second / 60 % 60, second % 60] {
            self.time
                .extend([b'0' + (part / 10) as u8, b'0' + (part % 10) as u8, b':']);
        }
        self.time.pop();
        self.time.extend(b" +0000]");
    }

    pub(crate) fn write(&mut self, line: &Line<'_>) -> io::Result<()> {
        if self.is_full() {
            return Ok(());
        }
        self.lines_left -= 1;
        self.write_host();
        self.write_common(line);
        if self.format != Format::Common {
            self.write_headers(line);
        }
        self.buffer.push(b'\n');
        if self.buffer.len() >= BUFFER {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Hands on what is still in the buffer.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.output.write_all(&self.buffer)?;
        self.buffer.clear();
        self.output.flush()
    }

    fn write_host(&mut self) {
        if self.format == Format::VhostCombined {
            self.buffer.extend(self.host.as_bytes());
            self.buffer.extend(b":443 ");
        }
    }

    fn write_common(&mut self, line: &Line<'_>) {
        let buffer = &mut self.buffer;
        buffer.extend(line.client.as_bytes());
        buffer.extend(b" - ");
        buffer.extend(line.user.as_bytes());
        buffer.push(b' ');
        buffer.extend(&self.time);
        buffer.extend(b" \"");
        buffer.extend(line.method.as_bytes());
        buffer.extend(line.target.as_bytes());
        buffer.extend(line.protocol.as_bytes());
        buffer.extend(b"\" ");
        write_number(buffer, u32::from(line.status));
        buffer.push(b' ');
        write_bytes(buffer, line.bytes);
    }

    fn write_headers(&mut self, line: &Line<'_>) {
        self.buffer.extend(b" \"");
        self.buffer.extend(line.referrer.as_bytes());
        self.buffer.extend(b"\" \"");
        self.buffer.extend(line.agent.as_bytes());
        self.buffer.push(b'"');
    }
}

/// `%b`: no body is `-`.
fn write_bytes(buffer: &mut Vec<u8>, bytes: u32) {
    match bytes {
        0 => buffer.push(b'-'),
        _ => write_number(buffer, bytes),
    }
}

fn write_number(buffer: &mut Vec<u8>, number: u32) {
    if number >= 10 {
        write_number(buffer, number / 10);
    }
    buffer.push(b'0' + (number % 10) as u8);
}
