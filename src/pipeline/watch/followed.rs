//! The sources of a watch: what their lines are read as, and how far each has come.

use serde::{Deserialize, Serialize};

use super::super::worker::Worker;
use crate::{
    format::{DateFormats, Format, OptOutCookie, Parser},
    input::{Batch, Chunk, Mark},
    time::{TimeZone, Timestamp},
};

/// A source as the user named it.
#[derive(Clone, Debug)]
pub struct SourceName {
    /// The name, for messages.
    pub name: String,
    /// The host of lines that tell none; empty if the name does not tell it either.
    pub host: Vec<u8>,
}

/// How lines are read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The format; found out for each source by itself where not given.
    pub format: Option<Format>,
    /// Cookies by which clients ask not to be counted.
    pub opt_out_cookies: Vec<OptOutCookie>,
    /// The time zone of logs that have none of their own.
    pub log_tz: TimeZone,
}

/// All sources.
pub(super) struct Followed {
    reading: Reading,
    sources: Vec<Source>,
    /// Since when nothing has kept the watch from its sources.
    attentive: Timestamp,
}

/// What of a source outlives the process.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct StoredSource {
    name: String,
    /// The setting of the format found out.
    format: Option<String>,
    /// Directives among its lines, which say how those after them are read.
    directives: Vec<u8>,
    marks: Vec<Mark>,
}

struct Source {
    name: SourceName,
    stored: StoredSource,
    reader: Option<(Format, Parser)>,
    /// Lines whose format is still to be found out.
    undecided: Option<Batch>,
    sequence: u64,
    /// When the latest line was logged.
    latest: Option<Timestamp>,
    /// When lines came last.
    arrived: Timestamp,
    closed: bool,
}

/// A source that was silent for so long has nothing to tell for now.
const SILENCE: i64 = 2 * Timestamp::MICROSECONDS;

/// Lines are collected for so long, or until they are so many bytes, before their format is found out.
const PATIENCE: i64 = Timestamp::MICROSECONDS;
const SAMPLE: usize = 1 << 16;

/// Most places that are remembered of a source, in its file and those before it.
const MOST_MARKS: usize = 64;

/// Most bytes of directives that are remembered.
const MOST_DIRECTIVES: usize = 1 << 16;

impl Followed {
    /// Sources that go on where the stored ones of the same names were.
    pub(super) fn new(
        names: Vec<SourceName>,
        reading: Reading,
        stored: &[StoredSource],
        now: Timestamp,
    ) -> Self {
        let source = |name: SourceName| {
            let stored = stored.iter().find(|it| it.name == name.name).cloned();
            let stored = stored.unwrap_or_else(|| StoredSource {
                name: name.name.clone(),
                ..StoredSource::default()
            });
            Source::new(name, stored, &reading, now)
        };
        Self {
            sources: names.into_iter().map(source).collect(),
            reading,
            attentive: now,
        }
    }

    /// How far each source has come.
    pub(super) fn marks(&self) -> Vec<Vec<Mark>> {
        let marks = self.sources.iter().map(|source| &source.stored.marks);
        marks.cloned().collect()
    }

    pub(super) fn names(&self) -> Vec<String> {
        let names = self.sources.iter().map(|source| source.name.name.clone());
        names.collect()
    }

    pub(super) fn stored(&self) -> Vec<StoredSource> {
        let stored = self.sources.iter().map(|source| source.stored.clone());
        stored.collect()
    }

    /// Takes the lines of a batch, or keeps them until their format can be told.
    pub(super) fn take(&mut self, batch: Batch, worker: &mut Worker<'_>, now: Timestamp) {
        let Some(source) = self.sources.get_mut(batch.source) else {
            return;
        };
        source.arrived = now;
        if source.reader.is_some() {
            source.read(batch, worker);
            return;
        }
        match &mut source.undecided {
            None if batch.bytes.is_empty() => source.mark(batch.mark),
            Some(before) => {
                before.bytes.extend_from_slice(&batch.bytes);
                before.mark = batch.mark;
            }
            none => *none = Some(batch),
        }
        source.decide_if(
            |lines, _| lines.bytes.len() >= SAMPLE,
            &self.reading,
            worker,
        );
    }

    /// Takes lines whose format nothing more is likely to tell.
    pub(super) fn settle(&mut self, worker: &mut Worker<'_>, now: Timestamp) {
        for source in &mut self.sources {
            let waited = |_: &Batch, arrived: Timestamp| now.0 - arrived.0 >= PATIENCE;
            source.decide_if(waited, &self.reading, worker);
        }
    }

    /// Takes all lines that are left.
    pub(super) fn finish(&mut self, worker: &mut Worker<'_>) {
        for source in &mut self.sources {
            source.decide_if(|_, _| true, &self.reading, worker);
        }
    }

    /// Notes that a source has ended, or with none that all have.
    pub(super) fn close(&mut self, number: Option<usize>) {
        for (position, source) in self.sources.iter_mut().enumerate() {
            source.closed |= number.is_none_or(|number| number == position);
        }
    }

    /// Notes that something else was done until now, so that silence before it tells nothing.
    pub(super) const fn attend(&mut self, now: Timestamp) {
        self.attentive = now;
    }

    /// Whether all lines before an instant have come, as far as can be told: each source has lines after
    /// it, or is silent, or has ended.
    pub(super) fn have_passed(&self, time: Timestamp, now: Timestamp) -> bool {
        self.sources.iter().all(|source| {
            let since = source.arrived.max(self.attentive);
            let silent = now.0 - since.0 >= SILENCE;
            let passed = source.latest.is_some_and(|latest| latest >= time);
            let decided = source.undecided.is_none();
            decided && (source.closed || silent || passed)
        })
    }

    /// When the latest line of all was logged.
    pub(super) fn latest(&self) -> Option<Timestamp> {
        self.sources.iter().filter_map(|source| source.latest).max()
    }
}

impl Source {
    fn new(name: SourceName, stored: StoredSource, reading: &Reading, now: Timestamp) -> Self {
        let found = stored.format.as_deref();
        let found = found.and_then(|it| Format::of_setting(it, &DateFormats::default()).ok());
        let mut source = Self {
            name,
            stored,
            reader: None,
            undecided: None,
            sequence: 0,
            latest: None,
            arrived: now,
            closed: false,
        };
        if let Some(mut format) = reading.format.clone().or(found) {
            format = format.heeding(&reading.opt_out_cookies);
            format.pass(&source.stored.directives);
            let parser = format.parser(reading.log_tz.clone());
            source.reader = Some((format, parser));
        }
        source
    }

    /// Finds the format of undecided lines out, if it is time to, and takes them.
    fn decide_if(
        &mut self,
        is_time: impl FnOnce(&Batch, Timestamp) -> bool,
        reading: &Reading,
        worker: &mut Worker<'_>,
    ) {
        let arrived = self.arrived;
        let Some(batch) = self.undecided.take_if(|batch| is_time(batch, arrived)) else {
            return;
        };
        let found = Format::detect(&self.name.name, &batch.bytes).map(|found| found.format);
        if let Err(error) = &found {
            tracing::warn!("{error}; its lines so far are malformed");
        }
        self.stored.format = found.as_ref().ok().and_then(setting);
        let is_found = found.is_ok();
        let format = found.ok().or_else(|| Format::named("combined"));
        if let Some(format) = format {
            let format = format.heeding(&reading.opt_out_cookies);
            let parser = format.parser(reading.log_tz.clone());
            self.reader = Some((format, parser));
            self.read(batch, worker);
        }
        if !is_found {
            self.reader = None;
        }
    }

    fn read(&mut self, batch: Batch, worker: &mut Worker<'_>) {
        let Some((format, parser)) = &mut self.reader else {
            return;
        };
        let chunk = Chunk {
            taken: batch.bytes.len() as u64,
            bytes: batch.bytes,
            source: batch.source,
            sequence: self.sequence,
        };
        parser.resume(format);
        let taken = worker.take(&chunk, &self.name.host, format.clone(), parser);
        self.latest = taken.latest.or(self.latest);
        self.sequence += 1;
        if format.has_directives() {
            remember(&mut self.stored.directives, &chunk.bytes);
            format.pass(&chunk.bytes);
        }
        self.mark(batch.mark);
    }

    /// Notes how far a file is read.
    fn mark(&mut self, mark: Option<Mark>) {
        if let Some(mark) = mark {
            self.stored.marks.retain(|it| it.file != mark.file);
            self.stored.marks.push(mark);
            let most = self.stored.marks.len().saturating_sub(MOST_MARKS);
            self.stored.marks.drain(..most);
        }
    }
}

/// The setting by which a format that was found out is found again.
fn setting(format: &Format) -> Option<String> {
    let name = format.name()?;
    Some(match format.wrapper_name() {
        Some(wrapper) => format!("{wrapper}:{name}"),
        None => name.to_owned(),
    })
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
