//! Hands the chunks of several sources to several workers: while one reads or decompresses a source,
//! the others take chunks of further ones.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use super::Inputs;
use crate::{
    error::{Error, Result},
    format::Format,
    input::{Chunk, Reader},
    stats::Progress,
};

/// The sources of a run, of which at most as many are open as workers take chunks.
pub(super) struct Feed<'i> {
    inputs: &'i Inputs,
    state: Mutex<State>,
    changed: Condvar,
}

/// Where each source is: waiting, open and idle, in a worker's hands, or done with.
struct State {
    waiting: VecDeque<usize>,
    idle: VecDeque<Box<OpenSource>>,
    /// Sources in workers' hands.
    taken: usize,
    failures: Vec<(usize, Error)>,
}

/// An open source with the format that its first lines are in, in its state after the chunks read.
struct OpenSource {
    reader: Reader,
    format: Format,
}

/// What a worker does next.
enum Turn {
    Open(usize),
    Continue(Box<OpenSource>),
}

impl<'i> Feed<'i> {
    pub(super) fn new(inputs: &'i Inputs) -> Self {
        Self {
            inputs,
            state: Mutex::new(State {
                waiting: (0..inputs.sources.len()).collect(),
                idle: VecDeque::new(),
                taken: 0,
                failures: Vec::new(),
            }),
            changed: Condvar::new(),
        }
    }

    /// Fills `chunk` with the next lines of any source that can be read, and tells their format in
    /// its state at the first of them; `None` at the end of all.
    pub(super) fn next(&self, chunk: &mut Chunk, progress: &Progress) -> Option<Format> {
        loop {
            let (number, read) = match self.turn(chunk)? {
                Turn::Open(number) => (number, self.open(number, chunk)),
                Turn::Continue(source) => (source.reader.number(), source.read_on(chunk)),
            };
            let (mut source, failure) = match read {
                Ok(source) => (source, None),
                Err(error) => (None, Some((number, error))),
            };
            let format = source.as_mut().map(|source| source.pass(chunk));
            self.put_back(source, failure);
            if format.is_some() {
                progress.add(chunk.taken, 0);
                return format;
            }
        }
    }

    /// Sources that were not read to their end, and why, in the order of the sources.
    pub(super) fn failures(self) -> Vec<Error> {
        let state = self.state.into_inner();
        let mut failures = state.unwrap_or_else(PoisonError::into_inner).failures;
        failures.sort_by_key(|(number, _)| *number);
        failures.dedup_by_key(|(number, _)| *number);
        failures.into_iter().map(|(_, error)| error).collect()
    }

    /// Takes a source out of the state: the one that a worker's previous chunk was of, if it can, since
    /// what is there to come will be of the same visitors; an open one before one still waiting, so that
    /// no more are open than needed. `None` once all are done with.
    fn turn(&self, previous: &Chunk) -> Option<Turn> {
        let mut state = self.lock();
        loop {
            let mut idle = state.idle.iter();
            let same = idle.position(|source| source.reader.follows(previous));
            let idle = state.idle.remove(same.unwrap_or(0)).map(Turn::Continue);
            let turn = idle.or_else(|| state.waiting.pop_front().map(Turn::Open));
            if turn.is_some() {
                state.taken += 1;
                return turn;
            }
            if state.taken == 0 {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Reads the first chunk of a source and finds out its format; `None` if it is empty.
    fn open(&self, number: usize, chunk: &mut Chunk) -> Result<Option<Box<OpenSource>>> {
        let mut reader = Reader::open(number, &self.inputs.sources[number])?;
        if !reader.next_chunk(chunk)? {
            return Ok(None);
        }
        let format = match &self.inputs.format {
            Some(format) => format.clone(),
            None => {
                let name = self.inputs.sources[number].name();
                Format::detect(&name, &chunk.bytes)?.format
            }
        };
        let format = format.heeding(&self.inputs.opt_out_cookies);
        if !format.has_directives() {
            self.add(reader.split_off(), &format);
        }
        Ok(Some(Box::new(OpenSource { reader, format })))
    }

    /// Adds parts of a source to be read side by side.
    fn add(&self, parts: Vec<Reader>, format: &Format) {
        let sources = parts.into_iter().map(|reader| {
            let format = format.clone();
            Box::new(OpenSource { reader, format })
        });
        self.lock().idle.extend(sources);
        self.changed.notify_all();
    }

    /// Ends a turn: the source is idle again unless it is done with.
    fn put_back(&self, source: Option<Box<OpenSource>>, failure: Option<(usize, Error)>) {
        let mut state = self.lock();
        state.taken -= 1;
        state.failures.extend(failure);
        let open = source.is_some();
        state.idle.extend(source);
        let all_done = state.taken == 0 && state.idle.is_empty() && state.waiting.is_empty();
        drop(state);
        if all_done {
            self.changed.notify_all();
        } else if open {
            self.changed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenSource {
    /// Reads the next chunk; `None` at the end.
    fn read_on(mut self: Box<Self>, chunk: &mut Chunk) -> Result<Option<Box<Self>>> {
        Ok(self.reader.next_chunk(chunk)?.then_some(self))
    }

    /// Moves the format on past the chunk, and returns it as it is at the chunk's start.
    fn pass(&mut self, chunk: &Chunk) -> Format {
        let at_start = self.format.clone();
        self.format.pass(&chunk.bytes);
        at_start
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, io::Write, thread};

    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::{
        input::{NamedHosts, Source},
        time::TimeZone,
    };

    /// Runs a feed for as many workers; each source's chunks in order of their sequence, and failures.
    fn chunks(sources: Vec<Source>, workers: usize) -> (BTreeMap<usize, Vec<u8>>, Vec<String>) {
        let inputs = Inputs {
            sources,
            format: Format::named("common"),
            opt_out_cookies: Vec::new(),
            log_tz: TimeZone::UTC,
            hosts: NamedHosts::default(),
        };
        let (feed, progress) = (Feed::new(&inputs), Progress::default());
        let worker = || {
            let (mut chunk, mut taken) = (Chunk::default(), Vec::new());
            while feed.next(&mut chunk, &progress).is_some() {
                taken.push(((chunk.source, chunk.sequence), chunk.bytes.clone()));
                thread::yield_now();
            }
            taken
        };
        let mut all = thread::scope(|scope| {
            let running: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
            let taken = running.into_iter().map(|worker| worker.join().unwrap());
            taken.flatten().collect::<Vec<_>>()
        });
        all.sort_unstable();
        let mut contents = BTreeMap::<usize, Vec<u8>>::new();
        for ((source, _), bytes) in all {
            contents.entry(source).or_default().extend(bytes);
        }
        let failures = feed.failures().iter().map(Error::to_string).collect();
        (contents, failures)
    }

    #[test]
    fn every_source_is_read_whole_by_any_number_of_workers() {
        let folder = tempfile::tempdir().unwrap();
        let (mut sources, mut expected) = (Vec::new(), BTreeMap::new());
        for number in 0..7_usize {
            let content = format!("line of source {number}\n").repeat(number * 40_000);
            let path = folder.path().join(number.to_string());
            if number % 2 == 0 {
                let file = fs::File::create(&path).unwrap();
                let mut encoder = GzEncoder::new(file, Compression::fast());
                encoder.write_all(content.as_bytes()).unwrap();
                encoder.finish().unwrap();
            } else {
                fs::write(&path, &content).unwrap();
            }
            if !content.is_empty() {
                expected.insert(number, content.into_bytes());
            }
            sources.push(Source::File(path));
        }
        for workers in [1, 2, 5] {
            let (contents, failures) = chunks(sources.clone(), workers);
            assert!(contents == expected, "{workers} workers");
            assert!(failures.is_empty());
        }
    }

    #[test]
    fn failures_are_told_in_order_and_the_rest_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("there");
        fs::write(&there, b"a\n").unwrap();
        let missing = |name: &str| Source::File(folder.path().join(name));
        for workers in [1, 3] {
            let sources = vec![
                missing("1"),
                missing("2"),
                Source::File(there.clone()),
                missing("3"),
            ];
            let (contents, failures) = chunks(sources, workers);
            assert_eq!(contents, BTreeMap::from([(2, b"a\n".to_vec())]));
            let of = |(failure, name): (&String, &str)| failure.starts_with(&missing(name).name());
            assert!(failures.len() == 3 && failures.iter().zip(["1", "2", "3"]).all(of));
        }
    }
}
