//! Scrubs sources line by line: workers take chunks in turn, and their lines are written in that order.

mod days;
mod order;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use rayon::ThreadPool;

use self::{
    days::Days,
    order::{Done, Order, now},
};
use super::Inputs;
use crate::{
    error::{Error, Result},
    format::{Format, Marks, Parser},
    input::{self, Chunk, Reader, Stop},
    output::LogOutput,
    privacy::{Keys, ScrubRules, Scrubber},
    sealed::{DatedLines, Sealer},
    stats::{Account, Accounts, Progress},
    time::{Calendar, Date},
};

/// Lines that are scrubbed together.
const BATCH: usize = 64;

/// Most bytes of a stream among which its format has to show.
const MOST_UNKNOWN: usize = 1 << 20;

/// What a run of scrubbing needs beside its sources.
#[derive(Clone, Copy)]
pub struct Scrubbing<'s> {
    /// What becomes of the fields.
    pub rules: &'s ScrubRules,
    /// The keys of a day of the wall clock. Streams change to those of the next one when it begins.
    pub keys: &'s (dyn Fn(Date) -> Result<Keys> + Sync),
    /// Ends the reading of streams.
    pub stop: Option<&'s Stop>,
}

/// Between two looks at whether anything sealed has been open for long enough.
const LOOK: Duration = Duration::from_secs(1);

/// Where lines go.
pub struct Destinations<'d> {
    /// Scrubbed lines.
    pub scrubbed: &'d mut LogOutput,
    /// Lines as they were logged, if they are kept: all of them, those that are left out of the scrubbed
    /// ones among them.
    pub originals: Option<&'d mut Sealer>,
}

/// What was scrubbed.
pub struct Scrubbed {
    /// All lines by account.
    pub accounts: Accounts,
    /// Sources that were not read to their end, and why.
    pub failures: Vec<Error>,
}

/// Scrubs the sources, one after the other, on all threads of the pool.
///
/// # Errors
/// [`Error::Write`] if the lines cannot be written or sealed; those of the keys.
pub fn scrub(
    pool: &ThreadPool,
    inputs: &Inputs,
    scrubbing: Scrubbing<'_>,
    destinations: Destinations<'_>,
    progress: &Progress,
) -> Result<Scrubbed> {
    let seals = destinations.originals.is_some();
    let queue = Queue::new(inputs, scrubbing, seals)?;
    let order = Order::new(destinations);
    let accounts = thread::scope(|scope| {
        let (running, ended) = mpsc::channel::<()>();
        if seals {
            scope.spawn(|| keep_up(&order, ended));
        }
        let accounts = pool.broadcast(|_| work(&queue, &order, progress));
        drop(running);
        accounts
    });
    order.finish()?;
    let mut all = Accounts::default();
    for accounts in accounts {
        all += accounts?;
    }
    Ok(Scrubbed {
        accounts: all,
        failures: lock(&queue.state).failures.drain(..).collect(),
    })
}

/// Keeps up with the clock until the run has ended.
fn keep_up(order: &Order<'_>, ended: mpsc::Receiver<()>) {
    order.keep_up();
    while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
        order.keep_up();
    }
}

/// The chunks of all sources, in order.
struct Queue<'s> {
    inputs: &'s Inputs,
    scrubbing: Scrubbing<'s>,
    /// Whether the lines as they were logged are kept.
    seals: bool,
    state: Mutex<State>,
}

struct State {
    next_source: usize,
    open: Option<OpenSource>,
    next_sequence: u64,
    day: Date,
    keys: Arc<Keys>,
    failures: Vec<Error>,
}

struct OpenSource {
    reader: Reader,
    format: Format,
    is_stream: bool,
}

/// A chunk's place in the order, with what it is read by.
struct Job {
    sequence: u64,
    format: Format,
    keys: Arc<Keys>,
}

impl<'s> Queue<'s> {
    fn new(inputs: &'s Inputs, scrubbing: Scrubbing<'s>, seals: bool) -> Result<Self> {
        let day = today(scrubbing.rules);
        let state = State {
            next_source: 0,
            open: None,
            next_sequence: 0,
            day,
            keys: Arc::new((scrubbing.keys)(day)?),
            failures: Vec::new(),
        };
        Ok(Self {
            inputs,
            scrubbing,
            seals,
            state: Mutex::new(state),
        })
    }

    /// Fills `chunk` with the next lines; none at the end of all sources.
    fn next(&self, chunk: &mut Chunk) -> Result<Option<Job>> {
        let mut state = lock(&self.state);
        let Some(format) = self.fill(&mut state, chunk) else {
            return Ok(None);
        };
        if state.open.as_ref().is_some_and(|open| open.is_stream) {
            self.keep_day(&mut state)?;
        }
        let sequence = state.next_sequence;
        state.next_sequence += 1;
        Ok(Some(Job {
            sequence,
            format,
            keys: Arc::clone(&state.keys),
        }))
    }

    /// The next lines of the source that is open, or else of the next one, and their format.
    fn fill(&self, state: &mut State, chunk: &mut Chunk) -> Option<Format> {
        loop {
            let read = match state.open.take() {
                Some(mut open) => {
                    // Few lines at once: what is written of them then is still where the processor has it at hand.
                    open.reader.next_lines(chunk).map(|any| any.then_some(open))
                }
                None if state.next_source == self.inputs.sources.len() => return None,
                None => {
                    state.next_source += 1;
                    self.open(state.next_source - 1, chunk)
                }
            };
            match read {
                Ok(Some(mut open)) => {
                    let format = open.format.clone();
                    open.format.pass(&chunk.bytes);
                    state.open = Some(open);
                    return Some(format);
                }
                Ok(None) => {}
                Err(failure) => state.failures.push(failure),
            }
        }
    }

    /// Opens a source and reads as much as tells its format; none if it is empty.
    fn open(&self, number: usize, chunk: &mut Chunk) -> Result<Option<OpenSource>> {
        let source = &self.inputs.sources[number];
        let is_stream = !source.is_repeatable();
        let mut reader = Reader::open_until(number, source, self.scrubbing.stop)?;
        if self.seals {
            reader = reader.keeping_cuts();
        }
        let (mut seen, mut cuts, mut unknown) = (Vec::new(), Vec::new(), None);
        while first(&mut reader, is_stream, chunk)? {
            for mut cut in chunk.cuts.drain(..) {
                cut.position += seen.len();
                cuts.push(cut);
            }
            seen.append(&mut chunk.bytes);
            let detected = match &self.inputs.format {
                Some(format) => Ok(format.clone()),
                None => Format::detect(&source.name(), &seen).map(|detected| detected.format),
            };
            match detected {
                Ok(format) => {
                    let format = format.heeding(&self.inputs.opt_out_cookies);
                    (chunk.bytes, chunk.cuts) = (seen, cuts);
                    return Ok(Some(OpenSource {
                        reader,
                        format,
                        is_stream,
                    }));
                }
                Err(error) if is_stream && seen.len() < MOST_UNKNOWN => unknown = Some(error),
                Err(error) => return Err(error),
            }
        }
        unknown.map_or(Ok(None), Err)
    }

    /// Gives up the keys of a day of the wall clock that is over.
    fn keep_day(&self, state: &mut State) -> Result<()> {
        let day = today(self.scrubbing.rules);
        if day != state.day {
            state.keys = Arc::new((self.scrubbing.keys)(day)?);
            state.day = day;
        }
        Ok(())
    }
}

/// Reads the lines that tell the format: of a stream as they come, of a file many at once.
fn first(reader: &mut Reader, is_stream: bool, chunk: &mut Chunk) -> Result<bool> {
    if is_stream {
        reader.next_lines(chunk)
    } else {
        reader.next_chunk(chunk)
    }
}

fn today(rules: &ScrubRules) -> Date {
    rules.calendar.day(now()).date
}

/// One thread's work: chunk after chunk, with what it remembers of values under one day's keys.
fn work(queue: &Queue<'_>, order: &Order<'_>, progress: &Progress) -> Result<Accounts> {
    let mut chunk = Chunk::default();
    let mut worker = Worker::default();
    let mut next = queue.next(&mut chunk)?;
    while let Some(job) = next {
        let keys = Arc::clone(&job.keys);
        let mut scrubber = Scrubber::new(queue.scrubbing.rules, &keys);
        let mut current = job;
        next = loop {
            let before = worker.accounts.read();
            let kept = queue.seals.then_some(&queue.scrubbing.rules.calendar);
            worker.scrub(&chunk, &current.format, queue.inputs, &mut scrubber, kept);
            order.pass(current.sequence, &worker.done(&chunk));
            progress.add(chunk.taken, worker.accounts.read() - before);
            if order.has_ended() {
                break None;
            }
            match queue.next(&mut chunk)? {
                Some(job) if Arc::ptr_eq(&job.keys, &keys) => current = job,
                other => break other,
            }
        };
    }
    Ok(worker.accounts)
}

#[derive(Default)]
struct Worker {
    parser: Option<(usize, Parser)>,
    /// Room for the lines of a batch.
    batch: Vec<Room>,
    accounts: Accounts,
    /// The lines of the current chunk as they are written.
    lines: Vec<u8>,
    /// The days of the current chunk's lines, where originals are kept.
    days: Vec<DatedLines>,
}

/// What is kept of a line until it is written.
#[derive(Default)]
struct Room {
    /// The line out of its wrapper, where it does not stand in that as it is.
    unwrapped: Vec<u8>,
    marks: Marks,
}

impl Worker {
    /// What the lines of the chunk came to that was scrubbed last.
    fn done<'c>(&'c self, chunk: &'c Chunk) -> Done<'c> {
        Done {
            chunk,
            days: &self.days,
            lines: &self.lines,
        }
    }

    /// Scrubs the lines of a chunk, and tells their days by a calendar if originals are kept.
    fn scrub(
        &mut self,
        chunk: &Chunk,
        format: &Format,
        inputs: &Inputs,
        scrubber: &mut Scrubber<'_>,
        calendar: Option<&Calendar>,
    ) {
        let mut parser = match self.parser.take() {
            Some((source, mut parser)) if source == chunk.source => {
                parser.resume(format);
                parser
            }
            _ => format.parser(inputs.log_tz.clone()),
        };
        self.lines.clear();
        self.batch.resize_with(BATCH, Room::default);
        let Self {
            batch,
            accounts,
            lines: written,
            days,
            ..
        } = self;
        let mut days = calendar.map(|calendar| Days::new(calendar, days));
        let mut lines = input::lines(&chunk.bytes).peekable();
        while lines.peek().is_some() {
            let mut records = Vec::with_capacity(BATCH);
            let mut parsed = Vec::with_capacity(BATCH);
            for Room { unwrapped, marks } in batch.iter_mut() {
                // What was read before a directive is written by what holds before it.
                let is_directive = |line: &&[u8]| format.has_directives() && may_be_directive(line);
                if !records.is_empty() && lines.peek().is_some_and(is_directive) {
                    break;
                }
                let Some(line) = lines.next() else {
                    break;
                };
                let inner = format.unwrapped(line, unwrapped);
                let read = parser.parse_marking(inner, marks, &mut records);
                if let Some(days) = &mut days {
                    let record = records.last().filter(|_| matches!(read, Ok(Some(()))));
                    days.tell(line, record.map(|record| record.time));
                }
                match read {
                    Ok(Some(())) => parsed.push((line, inner, &*marks)),
                    Err(rule) => accounts.enter(Account::Malformed(rule)),
                    Ok(None) => {
                        accounts.enter(Account::Ignored);
                        if parser.rewrite_directive(inner, written) {
                            written.push(b'\n');
                        }
                    }
                }
            }
            scrubber.scrub(&records, accounts, |position, scrubbed| {
                let (line, inner, marks) = parsed[position];
                let before = written.len();
                let rewrite =
                    |written: &mut Vec<u8>| parser.rewrite(inner, marks, scrubbed, written);
                match format.rewrap(line, scrubbed, written, rewrite) {
                    Ok(()) => {
                        written.push(b'\n');
                        Account::Parsed
                    }
                    Err(rule) => {
                        written.truncate(before);
                        Account::Malformed(rule)
                    }
                }
            });
        }
        if let Some(days) = days {
            days.finish(chunk.bytes.len());
        }
        self.parser = Some((chunk.source, parser));
    }
}

/// Whether a line may be a directive, with or without a byte order mark.
fn may_be_directive(line: &[u8]) -> bool {
    matches!(line, [b'#' | 0xef, ..])
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
