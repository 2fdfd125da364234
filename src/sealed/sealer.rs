//! Seals the lines of chunks into segments of their days, and finishes these in time.

use std::{fs::File, io, io::Write, time::Duration};

use age::stream::StreamWriter;

use super::{
    folder::{SealedFolder, write_error},
    name::SegmentName,
    recipients::Recipients,
};
use crate::{
    error::{Error, Result},
    input::Chunk,
    time::{Calendar, Date, Retention, Timestamp},
};

/// Most bytes of lines in a segment, but for what is sealed at once.
const LARGEST: u64 = 64 << 20;

/// Most segments that are written side by side, since lines near midnight or of a log that is out of order
/// are of several days.
const MOST_OPEN: usize = 16;

/// How a run seals.
pub struct SealerSettings {
    /// Whose days segments are of.
    pub calendar: Calendar,
    /// For how long a segment is written to.
    pub longest_open: Duration,
    /// How long segments are kept after their day.
    pub retention: Option<Retention>,
}

/// Seals lines into a folder. What it has taken since it last began a segment is lost in part where the
/// process is killed, and altogether where the power fails.
pub struct Sealer {
    folder: SealedFolder,
    recipients: Recipients,
    settings: SealerSettings,
    /// In the order in which they were last written to.
    open: Vec<Segment>,
    /// The source of the latest lines, and their day.
    latest: Option<(usize, Date)>,
    /// The day on which it was last seen to that nothing is kept for too long.
    tidied: Option<Date>,
}

/// Neighbouring lines of a chunk that are of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatedLines {
    /// Their day; `None` for lines without a time before the first line with one.
    pub day: Option<Date>,
    /// Where they end in the chunk.
    pub end: usize,
}

/// A segment that is being written.
struct Segment {
    name: SegmentName,
    writer: StreamWriter<File>,
    begun: Timestamp,
    size: u64,
}

impl Sealer {
    /// A sealer that has taken nothing yet.
    #[must_use]
    pub const fn new(
        folder: SealedFolder,
        recipients: Recipients,
        settings: SealerSettings,
    ) -> Self {
        Self {
            folder,
            recipients,
            settings,
            open: Vec::new(),
            latest: None,
            tidied: None,
        }
    }

    /// Seals the lines of a chunk, each once. Lines without a time go with the line before them in their
    /// source; those at its beginning with the line after them in the chunk, else they are of today.
    ///
    /// # Errors
    /// [`Error::Write`] if they cannot be sealed.
    pub fn seal(&mut self, chunk: &Chunk, lines: &[DatedLines], now: Timestamp) -> Result<()> {
        let before = self.latest.filter(|(source, _)| *source == chunk.source);
        let after = lines.iter().find_map(|lines| lines.day);
        let undated = before.map(|(_, day)| day).or(after);
        let mut start = 0;
        for dated in lines {
            let day = dated.day.or(undated);
            let day = day.unwrap_or_else(|| self.settings.calendar.day(now).date);
            let mut segment = self.segment(day, now)?;
            if let Err(source) = segment.write(chunk, start, dated.end) {
                // Half a piece may have been written of it, so that it is never to be called finished.
                let path = self.folder.place(segment.name);
                return Err(unsealed(write_error(&path, source)));
            }
            self.open.push(segment);
            start = dated.end;
            self.latest = Some((chunk.source, day));
        }
        Ok(())
    }

    /// Finishes the segments that have been open for long enough, and once a day removes those that have
    /// been kept for long enough.
    ///
    /// # Errors
    /// [`Error::Write`] if a segment cannot be finished or removed; [`Error::Ledger`] if the register is
    /// damaged.
    pub fn keep_up(&mut self, now: Timestamp) -> Result<()> {
        let longest = self.settings.longest_open;
        self.finish_all(|segment| segment.age(now) >= longest)?;
        self.tidy(now)
    }

    /// Finishes all segments.
    ///
    /// # Errors
    /// As [`Sealer::keep_up`].
    pub fn finish(&mut self, now: Timestamp) -> Result<()> {
        self.finish_all(|_| true)?;
        self.tidied = None;
        self.tidy(now)
    }

    /// Removes what has been kept for long enough, if that was not done today.
    fn tidy(&mut self, now: Timestamp) -> Result<()> {
        let today = self.settings.calendar.day(now).date;
        let Some(retention) = self.settings.retention else {
            return Ok(());
        };
        if self.tidied.replace(today) == Some(today) {
            return Ok(());
        }
        let ended = self.folder.ended_by(retention.cutoff(today))?;
        self.finish_all(|segment| ended.contains(&segment.name.day))?;
        self.folder.expire(&ended, now)
    }

    /// Takes the open segment of a day, begun if there is none with room.
    fn segment(&mut self, day: Date, now: Timestamp) -> Result<Segment> {
        self.finish_all(|segment| segment.name.day == day && segment.size >= LARGEST)?;
        if let Some(position) = self.open.iter().position(|it| it.name.day == day) {
            return Ok(self.open.remove(position));
        }
        if self.open.len() == MOST_OPEN {
            let longest_unused = self.open.remove(0);
            longest_unused.finish(&self.folder)?;
        }
        self.begin(day, now)
    }

    fn begin(&self, day: Date, now: Timestamp) -> Result<Segment> {
        let (name, file) = self.folder.begin(day).map_err(unsealed)?;
        let writer = self.recipients.seal(file).map_err(|source| {
            let path = self.folder.place(name);
            unsealed(write_error(&path, source))
        })?;
        Ok(Segment {
            name,
            writer,
            begun: now,
            size: 0,
        })
    }

    /// Finishes as many of the segments as can be; the first failure is returned.
    fn finish_all(&mut self, is_due: impl Fn(&Segment) -> bool) -> Result<()> {
        let due = self.open.extract_if(.., |segment| is_due(segment));
        let finished: Vec<_> = due.map(|segment| segment.finish(&self.folder)).collect();
        finished.into_iter().collect()
    }
}

impl Segment {
    /// Appends lines as they were read, with a newline after the last one of a source that has none.
    fn write(&mut self, chunk: &Chunk, start: usize, end: usize) -> io::Result<()> {
        let mut last = None;
        for piece in chunk.original(start..end) {
            self.writer.write_all(piece)?;
            self.size += piece.len() as u64;
            last = piece.last().or(last);
        }
        if last.is_some_and(|byte| *byte != b'\n') {
            self.writer.write_all(b"\n")?;
            self.size += 1;
        }
        Ok(())
    }

    /// How long it has been open; for ever, where the clock was set back.
    fn age(&self, now: Timestamp) -> Duration {
        let age = u64::try_from(now.0 - self.begun.0);
        age.map_or(Duration::MAX, Duration::from_micros)
    }

    fn finish(self, folder: &SealedFolder) -> Result<()> {
        let path = folder.place(self.name);
        let file = self.writer.finish();
        let file = file.map_err(|source| unsealed(write_error(&path, source)))?;
        folder.finish(self.name, &file).map_err(unsealed)
    }
}

/// Says of a failure what it means.
fn unsealed(error: Error) -> Error {
    match error {
        Error::Write { path, source } => {
            let means = format!("lines cannot be sealed, and so are not passed on: {source}");
            write_error(&path, io::Error::new(source.kind(), means))
        }
        other => other,
    }
}
