//! One run of lines of a watch: those of a file, or of a source that is no file. What they are read as, and
//! how far they are.

use serde::{Deserialize, Serialize};

use super::{super::worker::Worker, followed::Reading};
use crate::{
    format::{DateFormats, Format, Parsed, Parser},
    input::{
        self, Chunk,
        live::{Batch, Mark},
    },
    time::Timestamp,
};

/// Lines in one format.
pub(super) struct Stream {
    pub(super) stored: StoredStream,
    reader: Option<(Format, Parser)>,
    /// Lines whose format is still to be found out.
    undecided: Option<Batch>,
    /// When lines came last.
    arrived: Timestamp,
    sequence: u64,
}

/// What of it outlives the process.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct StoredStream {
    /// The name of the source.
    pub(super) source: String,
    /// How far the file is read, if it is one.
    pub(super) mark: Option<Mark>,
    /// The host of lines that tell none; empty if the file's name does not tell it either.
    pub(super) host: Vec<u8>,
    /// The setting of the format found out.
    format: Option<String>,
    /// Directives among its lines, which say how those after them are read.
    directives: Vec<u8>,
}

/// Lines are collected for so long, or until they are so many bytes, before their format is found out.
const PATIENCE: i64 = Timestamp::MICROSECONDS;
const SAMPLE: usize = 1 << 16;

/// Most bytes of directives that are remembered.
const MOST_DIRECTIVES: usize = 1 << 16;

impl Stream {
    /// A stream that goes on where the stored one was.
    pub(super) fn new(stored: StoredStream, reading: &Reading, now: Timestamp) -> Self {
        let found = reading.format.clone().or_else(|| stored.found());
        let mut stream = Self {
            stored,
            reader: None,
            undecided: None,
            arrived: now,
            sequence: 0,
        };
        if let Some(format) = found {
            stream.read_as(format, reading);
        }
        stream
    }

    /// Takes the lines of a batch, or keeps them until their format can be told. The stream is likely to be
    /// in the format of an earlier one of its source.
    pub(super) fn take(
        &mut self,
        batch: Batch,
        earlier: Option<&StoredStream>,
        reading: &Reading,
        worker: &mut Worker<'_>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        self.arrived = now;
        if self.reader.is_none() && self.undecided.is_none() {
            self.try_as(earlier, &batch.bytes, reading);
        }
        if self.reader.is_some() {
            return self.read(batch, worker);
        }
        match &mut self.undecided {
            None if batch.bytes.is_empty() => self.mark(batch.mark),
            Some(before) => {
                before.bytes.extend_from_slice(&batch.bytes);
                before.mark = batch.mark;
            }
            none => *none = Some(batch),
        }
        self.decide_if(|lines| lines.bytes.len() >= SAMPLE, reading, worker)
    }

    /// Takes lines whose format nothing more is likely to tell.
    pub(super) fn settle(
        &mut self,
        reading: &Reading,
        worker: &mut Worker<'_>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let has_waited = now.0 - self.arrived.0 >= PATIENCE;
        self.decide_if(|_| has_waited, reading, worker)
    }

    /// Takes all lines that are left.
    pub(super) fn finish(
        &mut self,
        reading: &Reading,
        worker: &mut Worker<'_>,
    ) -> Option<Timestamp> {
        self.decide_if(|_| true, reading, worker)
    }

    /// Whether its lines are read as they come.
    pub(super) const fn has_format(&self) -> bool {
        self.reader.is_some()
    }

    /// Whether all lines that came are taken.
    pub(super) const fn is_decided(&self) -> bool {
        self.undecided.is_none()
    }

    /// Reads the stream as an earlier one if its first lines are of that format.
    fn try_as(&mut self, earlier: Option<&StoredStream>, lines: &[u8], reading: &Reading) {
        let Some(earlier) = earlier else { return };
        let Some(mut format) = earlier.found() else {
            return;
        };
        format.pass(&earlier.directives);
        let mut parser = format.parser(reading.log_tz.clone());
        parser.resume(&format);
        let mut buffer = Vec::new();
        let mut sample = input::lines(&lines[..lines.len().min(SAMPLE)]);
        let fits = sample.all(|line| {
            let parsed = parser.parse(format.unwrapped(line, &mut buffer));
            !matches!(parsed, Parsed::Malformed(_))
        });
        if fits && !lines.is_empty() {
            self.stored.format.clone_from(&earlier.format);
            self.stored.directives.clone_from(&earlier.directives);
            self.read_as(format, reading);
        }
    }

    fn read_as(&mut self, format: Format, reading: &Reading) {
        let mut format = format.heeding(&reading.opt_out_cookies);
        format.pass(&self.stored.directives);
        let parser = format.parser(reading.log_tz.clone());
        self.reader = Some((format, parser));
    }

    /// Finds the format of undecided lines out, if it is time to, and takes them.
    fn decide_if(
        &mut self,
        is_time: impl FnOnce(&Batch) -> bool,
        reading: &Reading,
        worker: &mut Worker<'_>,
    ) -> Option<Timestamp> {
        let batch = self.undecided.take_if(|batch| is_time(batch))?;
        let found = Format::detect(&self.stored.source, &batch.bytes).map(|found| found.format);
        if let Err(error) = &found {
            tracing::warn!("{error}; its lines so far are malformed");
        }
        self.stored.format = found.as_ref().ok().and_then(Format::setting);
        let is_found = found.is_ok();
        self.read_as(found.ok().or_else(|| Format::named("combined"))?, reading);
        let latest = self.read(batch, worker);
        if !is_found {
            self.reader = None;
        }
        latest
    }

    /// When the last request among the lines was logged.
    fn read(&mut self, batch: Batch, worker: &mut Worker<'_>) -> Option<Timestamp> {
        let (format, parser) = self.reader.as_mut()?;
        let chunk = Chunk {
            taken: batch.bytes.len() as u64,
            bytes: batch.bytes,
            source: batch.source,
            sequence: self.sequence,
            cuts: Vec::new(),
        };
        parser.resume(format);
        let taken = worker.take(&chunk, &self.stored.host, format.clone(), parser);
        let latest = taken.latest;
        self.sequence += 1;
        if format.has_directives() {
            remember(&mut self.stored.directives, &chunk.bytes);
            format.pass(&chunk.bytes);
        }
        self.mark(batch.mark);
        latest
    }

    /// Notes how far the file is read.
    fn mark(&mut self, mark: Option<Mark>) {
        if mark.is_some() {
            self.stored.mark = mark;
        }
    }
}

impl StoredStream {
    /// Nothing of a source yet.
    pub(super) fn of(source: String) -> Self {
        Self {
            source,
            ..Self::default()
        }
    }

    /// The format that was found out.
    fn found(&self) -> Option<Format> {
        Format::of_setting(self.format.as_deref()?, &DateFormats::default()).ok()
    }
}

/// Adds the directives of some lines, in the place of earlier ones if they declare the fields anew.
fn remember(directives: &mut Vec<u8>, lines: &[u8]) {
    let lines = lines.split_inclusive(|byte| *byte == b'\n');
    for line in lines.filter(|line| line.starts_with(b"#")) {
        if line.starts_with(b"#Fields") || directives.len() + line.len() > MOST_DIRECTIVES {
            directives.clear();
        }
        directives.extend_from_slice(line);
    }
}
