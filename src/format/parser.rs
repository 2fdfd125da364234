//! The parser: reads lines of one format into records that borrow from them.

use super::{Format, layout::Layout, rewrite::Marks};
use crate::{
    record::{LINE_CAP, Record},
    stats::Rule,
    time::{Clock, TimeZone},
};

/// What one line came to.
#[derive(Clone, Copy, Debug)]
pub enum Parsed<'a> {
    /// A request.
    Record(Record<'a>),
    /// A blank line, a `#` directive, or another program's line.
    Ignored,
    /// Not a line of the format; the rule says how.
    Malformed(Rule),
}

/// Parses lines of one format, for one worker: it remembers the last date, which the next line
/// mostly shares.
#[derive(Clone, Debug)]
pub struct Parser {
    pub(super) layout: Layout,
    pub(super) clock: Clock,
}

impl Parser {
    pub(super) fn new(layout: Layout, log_tz: TimeZone) -> Self {
        Self {
            layout,
            clock: Clock::new(log_tz),
        }
    }

    /// Goes on with a chunk of the same source that begins in the given state of the format: see
    /// [`Format::pass`].
    pub fn resume(&mut self, format: &Format) {
        if let (Layout::W3c(own), Layout::W3c(directives)) = (&mut self.layout, &format.layout) {
            own.clone_from(directives);
        }
    }

    /// Parses one line, given without its line feed; a carriage return at its end and a byte order
    /// mark at its start are no part of it.
    ///
    /// A line that is longer than [`LINE_CAP`] is malformed, and may be given cut to one byte more than
    /// the cap. Lines that begin with `#` are ignored unless they are of the format.
    pub fn parse<'a>(&mut self, line: &'a [u8]) -> Parsed<'a> {
        match self.parse_by(line, Layout::read) {
            Ok(Some(record)) => Parsed::Record(record),
            Ok(None) => Parsed::Ignored,
            Err(rule) => Parsed::Malformed(rule),
        }
    }

    /// The same, the record, if it is one, being put behind others. None for lines that are to be ignored.
    ///
    /// # Errors
    ///
    /// The rule that a malformed line breaks.
    #[inline]
    pub fn parse_behind<'a>(
        &mut self,
        line: &'a [u8],
        records: &mut Vec<Record<'a>>,
    ) -> Result<Option<()>, Rule> {
        self.parse_by(line, |layout, line, clock| {
            layout.read_behind(line, clock, records)
        })
    }

    /// The same for a line that may be written again: `marks` then says what is where in it.
    ///
    /// # Errors
    ///
    /// The rule that a malformed line breaks.
    #[inline]
    pub fn parse_marking<'a>(
        &mut self,
        line: &'a [u8],
        marks: &mut Marks,
        records: &mut Vec<Record<'a>>,
    ) -> Result<Option<()>, Rule> {
        marks.clear();
        self.parse_by(line, |layout, line, clock| {
            layout.read_marking(line, clock, marks, records)
        })
    }

    #[inline]
    fn parse_by<'a, T>(
        &mut self,
        line: &'a [u8],
        read: impl FnOnce(&Layout, &'a [u8], &mut Clock) -> Result<Option<T>, Rule>,
    ) -> Result<Option<T>, Rule> {
        if line.len() > LINE_CAP {
            return Err(Rule::Length);
        }
        let line = content(line);
        if let Layout::W3c(directives) = &mut self.layout
            && line.starts_with(b"#")
        {
            directives.direct(line);
            return Ok(None);
        }
        match read(&self.layout, line, &mut self.clock) {
            Err(_) if line.starts_with(b"#") || line.trim_ascii().is_empty() => Ok(None),
            read => read,
        }
    }
}

/// The byte order mark of UTF-8, which begins a log, or one of several that were joined.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The line without a byte order mark and the carriage return of its end.
pub(super) fn content(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
