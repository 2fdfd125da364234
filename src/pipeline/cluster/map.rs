//! `map`: lines to HITS, the part of a job that reads logs. It is [`Worker`]'s work, on one thread, since an
//! engine runs a task for each of its cores.

use std::io::{Cursor, Read, Write};

use super::{Contract, contract::Stage, facts::Facts, frame::RowWriter, hits, lines::ArrowLines};
use crate::{
    error::{Error, Result},
    format::Format,
    input::{Chunk, Reader},
    pipeline::worker::Worker,
    privacy::{Admission, Due, GateSettings, GatesSettings, Intake, Keys, Policy, Sites},
    stats::Progress,
    time::{Calendar, TimeZone, Timestamp},
};

/// What lines are mapped by.
pub struct MapSettings<'m> {
    /// The settings that all streams of a job have in common.
    pub contract: Contract,
    /// The site's days and periods.
    pub calendar: &'m Calendar,
    /// What becomes of each field.
    pub policy: &'m Policy,
    /// The keys that all tasks of a job have.
    pub keys: &'m Keys,
    /// By when a period must be over, the same for all tasks of a job.
    pub now: Timestamp,
    /// The format of all lines.
    pub format: Format,
    /// The time zone of logs that have none of their own.
    pub log_tz: TimeZone,
}

/// Hits after which those there are are written, so that memory stays bounded.
const MOST_HITS: u64 = 1 << 20;

/// Different strings after which the same is done.
const MOST_STRINGS: usize = 1 << 20;

/// What an Arrow IPC stream begins with, and no log: the marker of a message with its length.
const ARROW: [u8; 4] = [0xff; 4];

/// Writes the hits of lines, which come as such or in the first column of an Arrow IPC stream.
///
/// # Errors
/// [`Error::Read`], [`Error::Setting`] and [`Error::Write`] for streams that cannot be read or written.
pub fn map(
    mut input: impl Read + Send + 'static,
    output: impl Write,
    settings: &MapSettings<'_>,
    progress: &Progress,
) -> Result<()> {
    let metadata = settings.contract.metadata(Stage::Hits);
    let output = RowWriter::new(output, &hits::COLUMNS, metadata, false)?;
    let mut first = Vec::new();
    let read = (&mut input)
        .take(ARROW.len() as u64)
        .read_to_end(&mut first);
    read.map_err(|source| Error::Read {
        name: NAME.to_owned(),
        source,
    })?;
    let is_arrow = first == ARROW;
    let input = Cursor::new(first).chain(input);
    let lines: Box<dyn Read + Send> = if is_arrow {
        Box::new(ArrowLines::new(input)?)
    } else {
        Box::new(input)
    };
    Mapping {
        settings,
        progress,
        output,
        facts: Facts::default(),
    }
    .run(Reader::of_stream(NAME, lines))
}

/// The input in messages.
pub(super) const NAME: &str = "standard input";

struct Mapping<'m, W: Write> {
    settings: &'m MapSettings<'m>,
    progress: &'m Progress,
    output: RowWriter<W>,
    facts: Facts,
}

impl<W: Write> Mapping<'_, W> {
    fn run(mut self, mut reader: Reader) -> Result<()> {
        let settings = self.settings;
        let admission = Admission {
            due: Due::OverBy(settings.now),
            released: [].into(),
        };
        let gate = GateSettings {
            policy: settings.policy,
            calendar: settings.calendar,
            admission: &admission,
            keys: settings.keys,
        };
        let gates = GatesSettings {
            sites: &Sites::default(),
            gates: &[gate],
        };
        let mut format = settings.format.clone();
        let mut parser = format.parser(settings.log_tz.clone());
        let (mut worker, mut chunk) = (Worker::new(gates), Chunk::default());
        while reader.next_chunk(&mut chunk)? {
            let at_start = format.clone();
            format.pass(&chunk.bytes);
            let before = worker.accounts().read();
            worker.take(&chunk, b"", at_start, &mut parser);
            let lines = worker.accounts().read() - before;
            self.progress.add(chunk.taken, lines);
            if worker.accounts().parsed >= MOST_HITS || worker.strings() >= MOST_STRINGS {
                let full = std::mem::replace(&mut worker, Worker::new(gates));
                self.write(full)?;
            }
        }
        self.write(worker)?;
        for fact in self.facts.iter() {
            self.output.push(&hits::of_fact(&fact))?;
        }
        self.output.finish()
    }

    /// Writes what a worker has taken.
    fn write(&mut self, worker: Worker<'_>) -> Result<()> {
        let taken = worker.finish();
        self.facts.add_accounts(&taken.accounts);
        taken
            .intakes
            .iter()
            .try_for_each(|intake| self.write_hits(intake))
    }

    fn write_hits(&mut self, intake: &Intake) -> Result<()> {
        for (period, lines) in intake.lines() {
            let counts = lines.counts();
            if counts.lines == 0 {
                continue;
            }
            self.facts.add_lines(period, &counts);
            let name = period.to_string();
            for hit in intake.rows(period, self.settings.policy) {
                self.output.push(&hits::of_hit(&name, &hit))?;
            }
        }
        Ok(())
    }
}
