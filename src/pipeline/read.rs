//! Reads all sources through gate 1: workers take chunks in turn and parse them side by side.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::ThreadPool;

use super::feed::Feed;
use crate::{
    error::Error,
    format::{Format, OptOutCookie, Parsed, Parser},
    input::{self, Chunk, NamedHosts, Source},
    privacy::{CollectedSites, Gates, GatesSettings, Intake, Logged},
    stats::{Account, Accounts, MalformedLine, Rule},
    time::TimeZone,
};

/// Lines that pass the gate together: enough to wait for memory once instead of for each line, few
/// enough that their bytes stay in the nearest cache.
const BATCH: usize = 64;

/// Most malformed lines named in messages.
const MOST_EXAMPLES: usize = 3;

/// What is to be read.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The sources, in the order given.
    pub sources: Vec<Source>,
    /// Their format; found out for each source by itself where not given.
    pub format: Option<Format>,
    /// Cookies by which clients ask not to be counted.
    pub opt_out_cookies: Vec<OptOutCookie>,
    /// The time zone of logs that have none of their own.
    pub log_tz: TimeZone,
    /// The hosts of sources whose lines tell none.
    pub hosts: NamedHosts,
}

/// How far reading has come, for whoever watches.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of the sources as stored.
    pub bytes: AtomicU64,
    /// Lines.
    pub lines: AtomicU64,
}

/// Everything that was read.
pub struct Reading {
    /// What gate 1 let through, by site.
    pub collected: CollectedSites,
    /// All lines by account.
    pub accounts: Accounts,
    /// The first malformed lines.
    pub malformed: Vec<MalformedLine>,
    /// The sources that were read, in the order given.
    pub sources: Vec<SourceReading>,
    /// Sources that were not read to their end, and why.
    pub failures: Vec<Error>,
}

/// One source that was read.
#[derive(Clone, Debug)]
pub struct SourceReading {
    /// The source as the user named it.
    pub name: String,
    /// The format that its lines were taken to be in.
    pub format: Format,
    /// Its lines, ignored ones left out.
    pub lines: u64,
    /// Those of them that are not of the format.
    pub malformed: u64,
}

/// Reads the sources on all threads of the pool.
#[must_use]
pub fn read(
    pool: &ThreadPool,
    inputs: &Inputs,
    gates: GatesSettings<'_>,
    progress: &Progress,
) -> Reading {
    let feed = Feed::new(inputs);
    let workers = pool.broadcast(|_| {
        let mut worker = Worker::new(inputs, gates);
        worker.run(&feed, progress);
        (worker.gates.finish(), worker.accounts, worker.chunks)
    });
    let mut accounts = Accounts::default();
    let mut chunks = Vec::new();
    let mut intakes: Vec<Vec<Intake>> = Vec::new();
    for (intake, worker_accounts, worker_chunks) in workers {
        intakes.push(intake);
        accounts += worker_accounts;
        chunks.extend(worker_chunks);
    }
    chunks.sort_unstable_by_key(|chunk| (chunk.source, chunk.sequence));
    Reading {
        collected: CollectedSites::join(intakes, gates),
        accounts,
        sources: sources(&chunks, inputs),
        malformed: examples(chunks, inputs),
        failures: feed.failures(),
    }
}

/// The accounts of one chunk that are needed for line numbers.
struct ChunkLines {
    source: usize,
    sequence: u64,
    format: Format,
    lines: u64,
    ignored: u64,
    malformed: u64,
    examples: Vec<(u64, Rule)>,
}

impl ChunkLines {
    /// Counts the latest line as malformed.
    fn malform(&mut self, rule: Rule) {
        self.malformed += 1;
        if self.examples.len() < MOST_EXAMPLES {
            self.examples.push((self.lines, rule));
        }
    }
}

/// One thread's state.
struct Worker<'r> {
    inputs: &'r Inputs,
    gates: Gates<'r>,
    parser: Option<(usize, Parser)>,
    /// Room for the lines of a batch out of their wrappers.
    unwrapped: [Vec<u8>; BATCH],
    accounts: Accounts,
    chunks: Vec<ChunkLines>,
}

impl<'r> Worker<'r> {
    fn new(inputs: &'r Inputs, gates: GatesSettings<'r>) -> Self {
        Self {
            inputs,
            gates: Gates::new(gates),
            parser: None,
            unwrapped: [const { Vec::new() }; BATCH],
            accounts: Accounts::default(),
            chunks: Vec::new(),
        }
    }

    fn run(&mut self, feed: &Feed<'_>, progress: &Progress) {
        let mut chunk = Chunk::default();
        while let Some(format) = feed.next(&mut chunk, progress) {
            let parser = match self.parser.take() {
                Some((source, mut parser)) if source == chunk.source => {
                    parser.resume(&format);
                    parser
                }
                _ => format.parser(self.inputs.log_tz.clone()),
            };
            let parser = self.take_chunk(&chunk, format, parser);
            self.parser = Some((chunk.source, parser));
            progress.lines.fetch_add(
                self.chunks.last().map_or(0, |chunk| chunk.lines),
                Ordering::Relaxed,
            );
        }
    }

    fn take_chunk(&mut self, chunk: &Chunk, format: Format, mut parser: Parser) -> Parser {
        let source = u32::try_from(chunk.source).unwrap_or(u32::MAX);
        let mut counted = ChunkLines {
            source: chunk.source,
            sequence: chunk.sequence,
            format,
            lines: 0,
            ignored: 0,
            malformed: 0,
            examples: Vec::new(),
        };
        let host = self.inputs.hosts.of(&self.inputs.sources[chunk.source]);
        self.gates.begin(chunk.source, chunk.sequence, host);
        let mut lines = input::lines(&chunk.bytes).peekable();
        while lines.peek().is_some() {
            let mut logged = Vec::with_capacity(BATCH);
            for (buffer, line) in self.unwrapped.iter_mut().zip(&mut lines) {
                counted.lines += 1;
                match parser.parse(counted.format.unwrapped(line, buffer)) {
                    Parsed::Record(record) => logged.push(Logged { record, line }),
                    Parsed::Ignored => {
                        counted.ignored += 1;
                        self.accounts.enter(Account::Ignored);
                    }
                    Parsed::Malformed(rule) => {
                        counted.malform(rule);
                        self.accounts.enter(Account::Malformed(rule));
                    }
                }
            }
            self.gates.admit(&logged, source, &mut self.accounts);
        }
        self.chunks.push(counted);
        parser
    }
}

/// What each source came to; the chunks are in order.
fn sources(chunks: &[ChunkLines], inputs: &Inputs) -> Vec<SourceReading> {
    let by_source = chunks.chunk_by(|one, other| one.source == other.source);
    let reading = |chunks: &[ChunkLines]| SourceReading {
        name: inputs.sources[chunks[0].source].name(),
        format: chunks[0].format.clone(),
        lines: chunks.iter().map(|chunk| chunk.lines - chunk.ignored).sum(),
        malformed: chunks.iter().map(|chunk| chunk.malformed).sum(),
    };
    by_source.map(reading).collect()
}

/// The first malformed lines with their numbers in their source; the chunks are in order.
fn examples(chunks: Vec<ChunkLines>, inputs: &Inputs) -> Vec<MalformedLine> {
    let mut before = 0;
    let mut examples = Vec::new();
    for chunk in chunks {
        if chunk.sequence == 0 {
            before = 0;
        }
        let source = &inputs.sources[chunk.source];
        examples.extend(
            chunk
                .examples
                .into_iter()
                .map(|(line, rule)| MalformedLine {
                    source: source.name(),
                    number: before + line,
                    rule,
                }),
        );
        before += chunk.lines;
    }
    examples.truncate(MOST_EXAMPLES);
    examples
}
