//! One request as logged: personal, borrowed from its chunk, and never printable.

mod client;
mod escape;

use std::fmt;

use crate::time::Timestamp;

pub(crate) use client::{address, client, forwarded_client};
pub use escape::Escape;
pub(crate) use escape::hexadecimal;

/// Longest line in bytes; longer ones are malformed, and held in memory only up to here.
pub const LINE_CAP: usize = 64 << 10;

/// A field's bytes as they stand in the log, with the escape rule that undoes them.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Text<'a> {
    /// The bytes between the field's delimiters.
    pub raw: &'a [u8],
    /// How they are escaped.
    pub escape: Escape,
}

impl<'a> Text<'a> {
    /// The bytes as they were sent: escapes undone into `buffer`, or the log's own bytes where there
    /// is nothing to undo. An unknown or broken escape stays as it is.
    pub fn decode<'b>(&self, buffer: &'b mut Vec<u8>) -> &'b [u8]
    where
        'a: 'b,
    {
        self.escape.undo(self.raw, buffer)
    }
}

/// What was asked for: the request line, or its parts where the format logs them apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// `METHOD SP target [SP HTTP/x]`, not yet split.
    Line(Text<'a>),
    /// Method, path and query string (with or without its `?`) from fields of their own.
    Parts {
        /// The method's name.
        method: Text<'a>,
        /// The path, possibly with the query string still on it.
        path: Text<'a>,
        /// The query string, empty where there is none.
        query: Text<'a>,
    },
}

/// One request as logged.
///
/// A record borrows from its chunk, so the borrow checker ends its life with the buffer. It has no
/// `Display` and no serialiser, and its `Debug` prints no content: nothing of a line can be shown.
#[derive(Clone, Copy, Default)]
pub struct Record<'a> {
    /// The client's address or host name as logged, or a list of addresses in its place; empty or `-`
    /// where absent.
    pub client: &'a [u8],
    /// When the request was received.
    pub time: Timestamp,
    /// The request.
    pub request: Request<'a>,
    /// The final status; `None` where the log has none (`-`, `000`).
    pub status: Option<u16>,
    /// Bytes sent, as the format counts them; 0 for `-`.
    pub bytes: u64,
    /// The `Referer` header; empty or `-` where absent or not logged.
    pub referrer: Text<'a>,
    /// The `User-Agent` header; empty or `-` where absent or not logged.
    pub agent: Text<'a>,
    /// The virtual host without its port; empty where the format does not log one.
    pub host: &'a [u8],
    /// The client asks not to be counted and the log shows it: `DNT: 1`, `Sec-GPC: 1`, or a cookie that
    /// settings name.
    pub opted_out: bool,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self::Line(Text::default())
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Text(redacted)")
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Request(redacted)")
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Record(redacted)")
    }
}
