//! Reads all sources through gate 1: workers take chunks in turn and parse them side by side.

use rayon::{ThreadPool, prelude::*};

use super::{
    feed::Feed,
    report::{Elsewhere, Material},
    runs::{MemoryBound, Runs},
    worker::{ChunkLines, MOST_EXAMPLES, Taken, Worker},
};
use crate::{
    error::{Error, Result},
    format::{Format, OptOutCookie, Parser},
    input::{Chunk, NamedHosts, Source},
    privacy::{CollectedSites, GatesSettings, Intake},
    stats::{Accounts, MalformedLine, Progress},
    time::TimeZone,
};

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

/// Everything that was read.
pub struct Reading {
    /// What gate 1 let through, by site.
    pub collected: CollectedSites,
    /// The hits, if they had to leave memory.
    pub runs: Option<Runs>,
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

/// Reads the sources on all threads of the pool. What takes more memory than a bound allows is kept on disk.
///
/// # Errors
/// [`Error::Write`] if the disk has no room for it.
pub fn read(
    pool: &ThreadPool,
    inputs: &Inputs,
    gates: GatesSettings<'_>,
    progress: &Progress,
    bound: Option<&MemoryBound>,
) -> Result<Reading> {
    let feed = Feed::new(inputs);
    let workers = pool.current_num_threads();
    let runs = bound.map(|bound| Runs::new(bound, workers)).transpose()?;
    let workers = pool.broadcast(|_| {
        let mut worker = Worker::new(gates);
        worker.run(inputs, &feed, progress, runs.as_ref())?;
        Ok(worker)
    });
    let workers = workers.into_iter().collect::<Result<Vec<_>>>()?;
    let runs = runs.filter(|runs| !runs.is_empty());
    let mut accounts = Accounts::default();
    let mut chunks = Vec::new();
    let mut intakes: Vec<Vec<Intake>> = Vec::new();
    for worker in finished(pool, workers, runs.as_ref())? {
        intakes.push(worker.intakes);
        intakes.extend(worker.emptied);
        accounts += worker.accounts;
        chunks.extend(worker.chunks);
    }
    chunks.sort_unstable_by_key(|chunk| (chunk.source, chunk.sequence));
    Ok(Reading {
        collected: CollectedSites::join(intakes, gates),
        runs,
        accounts,
        sources: sources(&chunks, inputs),
        malformed: examples(chunks, inputs),
        failures: feed.failures(),
    })
}

/// What workers have taken; if some hits have left memory, all do.
fn finished(
    pool: &ThreadPool,
    workers: Vec<Worker<'_>>,
    runs: Option<&Runs>,
) -> Result<Vec<Taken>> {
    let finish = |mut worker: Worker<'_>| {
        if let Some(runs) = runs {
            worker.carry_out(|site, intake| runs.take(site, intake))?;
        }
        Ok(worker.finish())
    };
    pool.install(|| workers.into_par_iter().map(finish).collect())
}

impl Reading {
    /// What is to be released of it.
    #[must_use]
    pub fn material(self, inputs: &Inputs) -> Material {
        Material {
            sites: self.collected.sites,
            whole: self.failures.is_empty(),
            sources: inputs.sources.iter().map(Source::name).collect(),
            elsewhere: self.runs.map(Elsewhere::Runs),
        }
    }
}

impl Worker<'_> {
    /// Takes chunks until there are none left.
    fn run(
        &mut self,
        inputs: &Inputs,
        feed: &Feed<'_>,
        progress: &Progress,
        runs: Option<&Runs>,
    ) -> Result<()> {
        let mut chunk = Chunk::default();
        let mut latest: Option<(usize, Parser)> = None;
        while let Some(format) = feed.next(&mut chunk, progress) {
            let mut parser = match latest.take() {
                Some((source, mut parser)) if source == chunk.source => {
                    parser.resume(&format);
                    parser
                }
                _ => format.parser(inputs.log_tz.clone()),
            };
            let host = inputs.hosts.of(&inputs.sources[chunk.source]);
            let lines = self.take(&chunk, host, format, &mut parser).lines;
            latest = Some((chunk.source, parser));
            progress.add(0, lines);
            if let Some(runs) = runs.filter(|runs| self.memory() > runs.share()) {
                self.carry_out(|site, intake| runs.take(site, intake))?;
            }
        }
        Ok(())
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
