//! One thread's part of reading: takes chunks of lines, parses them and leads them through gate 1.

use std::mem;

use crate::{
    error::Result,
    format::{Format, Parser},
    input::{self, Chunk},
    privacy::{Batch, Gates, GatesSettings, Intake},
    stats::{Account, Accounts, Rule},
    time::Timestamp,
};

/// Lines that pass the gate together: enough to wait for memory once instead of for each line, few
/// enough that their bytes stay in the nearest cache.
const BATCH: usize = 64;

/// Most malformed lines named in messages.
pub(super) const MOST_EXAMPLES: usize = 3;

/// The gates of one thread, and what passed them.
pub(super) struct Worker<'r> {
    settings: GatesSettings<'r>,
    gates: Gates<'r>,
    /// By site, what is known of lines whose hits have left memory.
    emptied: Vec<Vec<Intake>>,
    /// Room for the lines of a batch out of their wrappers.
    unwrapped: [Vec<u8>; BATCH],
    /// Room for the records of a batch.
    batch: Batch<'static>,
    accounts: Accounts,
    chunks: Vec<ChunkLines>,
}

/// What a worker has taken.
pub(super) struct Taken {
    /// By site.
    pub(super) intakes: Vec<Intake>,
    /// By site, what is known of further lines, whose hits have left memory.
    pub(super) emptied: Vec<Vec<Intake>>,
    pub(super) accounts: Accounts,
    /// In the order of taking.
    pub(super) chunks: Vec<ChunkLines>,
}

/// The accounts of one chunk that are needed for line numbers.
pub(super) struct ChunkLines {
    pub(super) source: usize,
    pub(super) sequence: u64,
    pub(super) format: Format,
    pub(super) lines: u64,
    pub(super) ignored: u64,
    pub(super) malformed: u64,
    pub(super) examples: Vec<(u64, Rule)>,
    /// When the last request was logged.
    pub(super) latest: Option<Timestamp>,
}

impl<'r> Worker<'r> {
    /// A worker that has taken nothing yet.
    pub(super) fn new(gates: GatesSettings<'r>) -> Self {
        Self {
            settings: gates,
            gates: Gates::new(gates),
            emptied: Vec::new(),
            unwrapped: [const { Vec::new() }; BATCH],
            batch: Batch::default(),
            accounts: Accounts::default(),
            chunks: Vec::new(),
        }
    }

    /// Takes the lines of a chunk, in the format as it is at its start, of a source whose name tells the
    /// host (empty if it does not); what they came to.
    pub(super) fn take(
        &mut self,
        chunk: &Chunk,
        host: &[u8],
        format: Format,
        parser: &mut Parser,
    ) -> &ChunkLines {
        let mut counted = ChunkLines {
            source: chunk.source,
            sequence: chunk.sequence,
            format,
            lines: 0,
            ignored: 0,
            malformed: 0,
            examples: Vec::new(),
            latest: None,
        };
        self.gates.begin(chunk.source, chunk.sequence, host);
        let mut lines = input::lines(&chunk.bytes).peekable();
        while lines.peek().is_some() {
            self.take_batch(&mut lines, &mut counted, parser);
        }
        self.chunks.push_mut(counted)
    }

    /// Takes the next lines of a chunk together.
    fn take_batch<'c>(
        &mut self,
        lines: &mut impl Iterator<Item = &'c [u8]>,
        counted: &mut ChunkLines,
        parser: &mut Parser,
    ) {
        let mut batch = mem::take(&mut self.batch).emptied();
        for (buffer, line) in self.unwrapped.iter_mut().zip(lines) {
            counted.lines += 1;
            let inner = counted.format.unwrapped(line, buffer);
            match parser.parse_behind(inner, &mut batch.records) {
                Ok(Some(())) => batch.lines.push(line),
                Ok(None) => {
                    counted.ignored += 1;
                    self.accounts.enter(Account::Ignored);
                }
                Err(rule) => {
                    counted.malform(rule);
                    self.accounts.enter(Account::Malformed(rule));
                }
            }
        }
        let latest = batch.records.last().map(|record| record.time);
        counted.latest = latest.or(counted.latest);
        let source = u32::try_from(counted.source).unwrap_or(u32::MAX);
        self.gates.admit(&batch, source, &mut self.accounts);
        self.batch = batch.emptied();
    }

    /// All lines taken so far, by account.
    pub(super) const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// How many different strings of the lines taken so far it holds.
    pub(super) fn strings(&self) -> usize {
        self.gates.strings()
    }

    /// About how many bytes of memory its gates take.
    pub(super) fn memory(&self) -> usize {
        self.gates.memory()
    }

    /// Hands all hits taken so far on, and goes on with empty gates. What is left of each site is kept.
    pub(super) fn carry_out(
        &mut self,
        take: impl Fn(usize, Intake) -> Result<Intake>,
    ) -> Result<()> {
        let full = mem::replace(&mut self.gates, Gates::new(self.settings));
        let intakes = full.finish().into_iter().enumerate();
        let left = intakes.map(|(site, intake)| take(site, intake));
        self.emptied.push(left.collect::<Result<_>>()?);
        Ok(())
    }

    /// Everything taken.
    pub(super) fn finish(self) -> Taken {
        Taken {
            intakes: self.gates.finish(),
            emptied: self.emptied,
            accounts: self.accounts,
            chunks: self.chunks,
        }
    }
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
