//! The sources of a watch: the streams of lines that each consists of, and how far they have come.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{
    super::worker::{ChunkLines, Worker},
    stream::{StoredStream, Stream},
};
use crate::{
    format::{Format, OptOutCookie},
    input::{
        NamedHosts,
        live::{Batch, Event, FileNumber, LiveSource, Mark},
    },
    stats::Rule,
    time::{TimeZone, Timestamp},
};

/// How lines are read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The format; found out for each file by itself where not given.
    pub format: Option<Format>,
    /// Cookies by which clients ask not to be counted.
    pub opt_out_cookies: Vec<OptOutCookie>,
    /// The time zone of logs that have none of their own.
    pub log_tz: TimeZone,
    /// The hosts of files whose lines tell none.
    pub hosts: NamedHosts,
}

/// All sources.
pub(super) struct Followed {
    reading: Reading,
    sources: Vec<Source>,
    streams: BTreeMap<StreamId, Stream>,
    /// Since when nothing has kept the watch from its sources.
    attentive: Timestamp,
    /// When all followed files were last read to their ends.
    caught_up: Option<Timestamp>,
    /// What lines of which source were found to break; told once, as a service goes on for months.
    broken: BTreeSet<(usize, Rule)>,
    /// A file was found that is not stored yet.
    has_found: bool,
}

/// A file of a source, or what comes of one that is no file.
type StreamId = (usize, Option<FileNumber>);

struct Source {
    name: String,
    is_followed: bool,
    /// The latest stream whose format is known.
    current: Option<StreamId>,
    /// When the latest line was logged.
    latest: Option<Timestamp>,
    /// When the latest line was logged that came when all files had been read to their ends: a file that is
    /// read later may have earlier lines than another one.
    passed: Option<Timestamp>,
    /// When lines came last.
    arrived: Timestamp,
    closed: bool,
}

/// The place of sources that are no longer named.
const UNNAMED: usize = usize::MAX;

/// What came of an event.
#[derive(Default)]
pub(super) struct Heard {
    /// Bytes of lines.
    pub(super) bytes: u64,
    /// What did not come.
    pub(super) gap: Option<Gap>,
}

/// Lines that were lost.
#[derive(Clone, Copy)]
pub(super) enum Gap {
    /// So many, just now.
    Lines(u64),
    /// An unknown number, perhaps none, at the end of a file.
    File,
}

impl Followed {
    /// Sources that go on where the stored streams of the same names were.
    pub(super) fn new(
        sources: &[LiveSource],
        reading: Reading,
        stored: Vec<StoredStream>,
        now: Timestamp,
    ) -> Self {
        let source = |source: &LiveSource| Source {
            name: source.name(),
            is_followed: source.is_followed(),
            current: None,
            latest: None,
            passed: None,
            arrived: now,
            closed: false,
        };
        let mut followed = Self {
            sources: sources.iter().map(source).collect(),
            streams: BTreeMap::new(),
            reading,
            attentive: now,
            caught_up: None,
            broken: BTreeSet::new(),
            has_found: false,
        };
        for stored in stored {
            followed.resume(stored, now);
        }
        followed
    }

    /// Goes on with a stream. Files of a source that is no longer named stay known, as another one may
    /// stand for them now.
    fn resume(&mut self, stored: StoredStream, now: Timestamp) {
        let mut sources = self.sources.iter();
        let number = sources.position(|source| source.name == stored.source);
        let file = stored.mark.as_ref().map(|mark| mark.file.number);
        let id = (number.unwrap_or(UNNAMED), file);
        if let Some(source) = self.sources.get_mut(id.0) {
            source.current = Some(id);
        }
        let stream = Stream::new(stored, &self.reading, now);
        self.streams.insert(id, stream);
    }

    /// How far each file was read.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let streams = self.streams.values();
        streams.filter_map(|it| it.stored.mark.clone()).collect()
    }

    pub(super) fn names(&self) -> Vec<String> {
        let names = self.sources.iter().map(|source| source.name.clone());
        names.collect()
    }

    /// What outlives the process.
    pub(super) fn stored(&self) -> Vec<StoredStream> {
        let streams = self.streams.values();
        streams.map(|stream| stream.stored.clone()).collect()
    }

    /// Whether a file was found of which a next process would not know. If it is rotated away before that
    /// begins, its lines are lost.
    pub(super) const fn has_found(&self) -> bool {
        self.has_found
    }

    /// Notes that the next process knows of all files.
    pub(super) const fn keep_found(&mut self) {
        self.has_found = false;
    }

    /// Takes what happened at a source.
    pub(super) fn hear(&mut self, event: Event, worker: &mut Worker<'_>, now: Timestamp) -> Heard {
        let name = |source: usize| self.sources.get(source).map(|source| source.name.as_str());
        let mut heard = Heard::default();
        match event {
            Event::Batch(batch) => {
                heard.bytes = batch.bytes.len() as u64;
                self.take(batch, worker, now);
            }
            Event::Opened { source, file, path } => self.open((source, Some(file)), &path, now),
            Event::CaughtUp => self.catch_up(now),
            Event::Forget { file } => self.forget(file, worker),
            Event::Closed { source } => self.close(Some(source)),
            Event::Lost { source, count } => {
                let source = name(source);
                tracing::warn!(source, lines = count, "lines were lost on their way");
                heard.gap = Some(Gap::Lines(count));
            }
            Event::Vanished { file } => {
                let FileNumber { device, inode, .. } = file;
                tracing::warn!(
                    device,
                    inode,
                    "a file was gone, emptied or written anew, and may not have been \
                     read to its end"
                );
                heard.gap = Some(Gap::File);
            }
            Event::Cut { source, bytes } => {
                let source = name(source);
                tracing::warn!(source, bytes, "lines were too long: they are malformed");
            }
            Event::Crowded { source } => {
                tracing::warn!(
                    source = name(source),
                    "more files or connections than may be open"
                );
            }
            Event::Failed { error, .. } => tracing::error!("{error}"),
        }
        heard
    }

    /// Takes the lines of a batch, or keeps them until their format can be told.
    fn take(&mut self, batch: Batch, worker: &mut Worker<'_>, now: Timestamp) {
        let file = batch.mark.as_ref().map(|mark| mark.file.number);
        let id = (batch.source, file);
        self.has_found |= file.is_some() && !self.is_marked(id);
        let Some(source) = self.sources.get_mut(id.0) else {
            return;
        };
        source.arrived = now;
        let is_known = self.streams.get(&id).is_some_and(Stream::has_format);
        let earlier = source.current.filter(|_| !is_known);
        let earlier = earlier.and_then(|id| Some(self.streams.get(&id)?.stored.clone()));
        let stream = stream(&mut self.streams, id, &source.name, &self.reading, now);
        let latest = stream.take(batch, earlier.as_ref(), &self.reading, worker, now);
        source.latest = latest.or(source.latest);
        if stream.has_format() {
            source.current = Some(id);
        }
    }

    /// Whether it is known how far a file is read.
    fn is_marked(&self, id: StreamId) -> bool {
        let stream = self.streams.get(&id);
        stream.is_some_and(|stream| stream.stored.mark.is_some())
    }

    /// Notes the host that a file's name tells. One that its name tells no longer is known from before.
    fn open(&mut self, id: StreamId, path: &Path, now: Timestamp) {
        let Some(source) = self.sources.get(id.0) else {
            return;
        };
        let host = self.reading.hosts.of_path(path);
        let stream = stream(&mut self.streams, id, &source.name, &self.reading, now);
        if !host.is_empty() {
            stream.stored.host = host.to_vec();
        }
    }

    /// Takes lines whose format nothing more is likely to tell.
    pub(super) fn settle(&mut self, worker: &mut Worker<'_>, now: Timestamp) {
        self.decide(|stream, reading| stream.settle(reading, worker, now));
    }

    /// Takes all lines that are left.
    pub(super) fn finish(&mut self, worker: &mut Worker<'_>) {
        self.decide(|stream, reading| stream.finish(reading, worker));
    }

    fn decide(&mut self, mut decide: impl FnMut(&mut Stream, &Reading) -> Option<Timestamp>) {
        for ((source, _), stream) in &mut self.streams {
            let latest = decide(stream, &self.reading);
            if let Some(source) = self.sources.get_mut(*source) {
                source.latest = latest.or(source.latest);
            }
        }
    }

    /// Takes what is left of a file, and forgets how far it was read.
    fn forget(&mut self, file: FileNumber, worker: &mut Worker<'_>) {
        let reading = &self.reading;
        self.streams.retain(|(_, number), stream| {
            let is_it = *number == Some(file);
            if is_it {
                stream.finish(reading, worker);
            }
            !is_it
        });
    }

    /// Tells of malformed lines, for each rule that they broke once.
    pub(super) fn complain(&mut self, chunks: &[ChunkLines]) {
        for chunk in chunks {
            for (_, rule) in &chunk.examples {
                let source = self.sources.get(chunk.source);
                if let Some(source) = source
                    && self.broken.insert((chunk.source, *rule))
                {
                    let (source, lines) = (source.name.as_str(), chunk.malformed);
                    tracing::warn!(
                        source,
                        lines,
                        "malformed lines: {rule}; further ones are only counted"
                    );
                }
            }
        }
    }

    /// Notes that all followed files are read to their ends.
    fn catch_up(&mut self, now: Timestamp) {
        self.caught_up = Some(now);
        for source in self.sources.iter_mut().filter(|it| it.is_followed) {
            source.passed = source.latest;
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
    /// it, or was silent for so long, or has ended.
    pub(super) fn have_passed(&self, time: Timestamp, silence: i64, now: Timestamp) -> bool {
        let mut streams = self.streams.values();
        streams.all(Stream::is_decided)
            && self.sources.iter().all(|source| {
                let since = source.arrived.max(self.attentive);
                let read = !source.is_followed || self.caught_up.is_some_and(|time| time > since);
                let silent = read && now.0 - since.0 >= silence;
                let latest = if source.is_followed {
                    source.passed
                } else {
                    source.latest
                };
                let passed = latest.is_some_and(|latest| latest >= time);
                source.closed || silent || passed
            })
    }

    /// When the latest line of all was logged.
    pub(super) fn latest(&self) -> Option<Timestamp> {
        self.sources.iter().filter_map(|source| source.latest).max()
    }
}

/// The stream of that number, begun if it is new.
fn stream<'s>(
    streams: &'s mut BTreeMap<StreamId, Stream>,
    id: StreamId,
    source: &str,
    reading: &Reading,
    now: Timestamp,
) -> &'s mut Stream {
    let new = || Stream::new(StoredStream::of(source.to_owned()), reading, now);
    streams.entry(id).or_insert_with(new)
}
