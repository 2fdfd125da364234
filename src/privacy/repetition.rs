//! Recognises lines that were read twice: copies of whole sources, and runs of lines in two places.
//!
//! A worker condenses the lines of each chunk to numbers made of their keyed hashes: one for all lines
//! in their order, and one for some of the runs of 64 lines. Afterwards equal numbers tell what is
//! repeated. A run is compared only if each of its lines differs from the one before and not all are of
//! the same time, so that nothing but the same lines makes two runs equal, however often a busy server
//! writes a line. Runs do not reach over the end of a chunk, and only one in 32 is compared, chosen by
//! the hash of its last line: a few repeated lines go unnoticed, some hundreds hardly ever.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use crate::time::Timestamp;

/// Lines that were read more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repetitions {
    /// Numbers of sources that hold the same lines in the same order, at least two in a group.
    pub copies: Vec<Vec<usize>>,
    /// Pairs of sources that share a run of lines, lower number first, and a source with itself where
    /// it holds a run twice. Only the first of a group of copies is named.
    pub overlaps: Vec<(usize, usize)>,
}

/// What is remembered of one chunk's lines.
pub(super) struct ChunkTrace {
    source: usize,
    sequence: u64,
    lines: u32,
    /// The sum of the lines' hashes, each times the power of [`BASE`] that its place from the end has.
    digest: u64,
    /// The same sums over some of the chunk's runs.
    runs: Vec<u64>,
}

/// Traces the chunks that one worker takes.
#[derive(Default)]
pub(super) struct Tracer {
    traces: Vec<ChunkTrace>,
    run: Run,
}

/// The latest lines of a chunk that differ from the line before them.
struct Run {
    hashes: [u64; RUN],
    /// Lines entered.
    lines: usize,
    digest: u64,
    time: Timestamp,
    /// How many of them, up to the latest, are of its time.
    simultaneous: usize,
}

/// Lines of a run.
const RUN: usize = 64;

/// One run in so many is compared: half a byte of memory per line.
const SAMPLE: u64 = 32;

/// The base of the digests; odd, so that it loses no bit of any hash.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;

/// `BASE` to the power of a run's length: the weight of the line that falls out of a run.
const WEIGHT: u64 = BASE.wrapping_pow(RUN as u32);

impl ChunkTrace {
    /// The source that the chunk's lines are of; `None` if it has none.
    pub(super) fn source(&self) -> Option<usize> {
        (self.lines > 0).then_some(self.source)
    }
}

impl Tracer {
    /// Begins a chunk.
    pub(super) fn begin(&mut self, source: usize, sequence: u64) {
        self.run = Run::default();
        self.traces.push(ChunkTrace {
            source,
            sequence,
            lines: 0,
            digest: 0,
            runs: Vec::new(),
        });
    }

    /// Enters the next line of the chunk by its keyed hash.
    #[inline]
    pub(super) fn enter(&mut self, hash: u64, time: Timestamp) {
        let Some(trace) = self.traces.last_mut() else {
            return;
        };
        trace.lines += 1;
        trace.digest = append(trace.digest, hash);
        trace.runs.extend(self.run.enter(hash, time));
    }

    pub(super) fn finish(self) -> Vec<ChunkTrace> {
        self.traces
    }
}

impl Default for Run {
    fn default() -> Self {
        Self {
            hashes: [0; RUN],
            lines: 0,
            digest: 0,
            time: Timestamp(i64::MIN),
            simultaneous: 0,
        }
    }
}

impl Run {
    /// Enters a line; the digest of the run that it ends, if that one is to be compared.
    #[inline]
    fn enter(&mut self, hash: u64, time: Timestamp) -> Option<u64> {
        let latest = self.hashes[self.lines.wrapping_sub(1) % RUN];
        if hash == latest {
            return None;
        }
        let oldest = mem::replace(&mut self.hashes[self.lines % RUN], hash);
        self.digest = append(self.digest, hash).wrapping_sub(oldest.wrapping_mul(WEIGHT));
        self.lines += 1;
        self.simultaneous = if time == self.time {
            self.simultaneous + 1
        } else {
            1
        };
        self.time = time;
        let comparable = self.lines >= RUN && self.simultaneous < RUN;
        (comparable && hash.is_multiple_of(SAMPLE)).then_some(self.digest)
    }
}

fn append(digest: u64, hash: u64) -> u64 {
    digest.wrapping_mul(BASE).wrapping_add(hash)
}

impl Repetitions {
    /// What is repeated in the chunks of all workers.
    pub(super) fn find(mut traces: Vec<ChunkTrace>) -> Self {
        traces.sort_unstable_by_key(|trace| (trace.source, trace.sequence));
        let copies = copies(&traces);
        let overlaps = overlaps(&traces, &copies);
        Self { copies, overlaps }
    }
}

fn copies(traces: &[ChunkTrace]) -> Vec<Vec<usize>> {
    let mut sources_of = BTreeMap::<(u64, u64), Vec<usize>>::new();
    for chunks in traces.chunk_by(|left, right| left.source == right.source) {
        let whole = chunks.iter().fold((0, 0), |(lines, digest), chunk| {
            let shifted = u64::wrapping_mul(digest, BASE.wrapping_pow(chunk.lines));
            (
                lines + u64::from(chunk.lines),
                shifted.wrapping_add(chunk.digest),
            )
        });
        if whole.0 > 0 {
            sources_of.entry(whole).or_default().push(chunks[0].source);
        }
    }
    let mut copies: Vec<_> = sources_of
        .into_values()
        .filter(|sources| sources.len() > 1)
        .collect();
    copies.sort_unstable();
    copies
}

fn overlaps(traces: &[ChunkTrace], copies: &[Vec<usize>]) -> Vec<(usize, usize)> {
    let further: BTreeSet<usize> = copies
        .iter()
        .flat_map(|group| &group[1..])
        .copied()
        .collect();
    let mut runs: Vec<(u64, usize)> = traces
        .iter()
        .filter(|trace| !further.contains(&trace.source))
        .flat_map(|trace| trace.runs.iter().map(|run| (*run, trace.source)))
        .collect();
    runs.sort_unstable();
    let equal = runs.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    let pairs: BTreeSet<_> = equal.map(|pair| (pair[0].1, pair[1].1)).collect();
    pairs.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    /// A line: what it says, and its second.
    type Line = (u64, i64);

    /// Lines as a site writes them, a few in each second, no two alike.
    fn log(numbers: Range<u64>) -> Vec<Line> {
        numbers.map(|number| (number, number as i64 / 5)).collect()
    }

    fn hash(line: &Line) -> u64 {
        xxhash_rust::xxh3::xxh3_64_with_seed(&line.0.to_le_bytes(), line.1 as u64)
    }

    /// What is found in sources read in chunks of so many lines, taken by two workers in turn.
    fn find(sources: &[&[Line]], chunk: usize) -> Repetitions {
        let mut workers = [Tracer::default(), Tracer::default()];
        let mut turn = 0;
        for (number, source) in sources.iter().enumerate() {
            // A chunk may have no lines that count.
            let none = source.is_empty().then_some(*source);
            for (sequence, lines) in source.chunks(chunk).chain(none).enumerate() {
                let worker = &mut workers[turn % 2];
                worker.begin(number, sequence as u64);
                for line in lines {
                    worker.enter(hash(line), Timestamp(line.1));
                }
                turn += 1;
            }
        }
        Repetitions::find(workers.into_iter().flat_map(Tracer::finish).collect())
    }

    #[test]
    fn copies_are_found_however_they_are_cut_into_chunks() {
        let (first, second) = (log(0..1000), log(1000..1003));
        for chunk in [1, 7, 999, 5000] {
            let found = find(&[&first, &second, &first, &second, &[], &[]], chunk);
            assert_eq!(found.copies, [vec![0, 2], vec![1, 3]]);
            assert_eq!(found.overlaps, []);
        }
        let whole = Tracer::default();
        assert_eq!(Repetitions::find(whole.finish()), Repetitions::default());
    }

    #[test]
    fn the_same_lines_in_another_order_are_no_copy() {
        let lines = log(0..100);
        let reversed: Vec<_> = lines.iter().rev().copied().collect();
        assert_eq!(find(&[&lines, &reversed], 64), Repetitions::default());
    }

    #[test]
    fn a_part_in_common_is_found_wherever_it_stands() {
        let whole = log(0..8000);
        for part in [
            log(0..700),
            log(3001..3700),
            log(7300..8000),
            log(7300..9000),
        ] {
            for chunk in [1000, 4500, 100_000] {
                let found = find(&[&log(20_000..30_000), &whole, &part], chunk);
                assert_eq!((found.copies, found.overlaps), (vec![], vec![(1, 2)]));
            }
        }
    }

    #[test]
    fn lines_twice_in_one_source_are_found() {
        let twice = [log(0..2000), log(1000..3000)].concat();
        assert_eq!(find(&[&twice], 1500).overlaps, [(0, 0)]);
    }

    #[test]
    fn copies_that_overlap_a_third_source_are_named_once() {
        let (short, long) = (log(0..1000), log(0..3000));
        let found = find(&[&short, &long, &short], 10_000);
        assert_eq!(found.copies, [vec![0, 2]]);
        assert_eq!(found.overlaps, [(0, 1)]);
    }

    #[test]
    fn fewer_lines_than_a_run_are_no_overlap() {
        for start in (0..5000).step_by(50) {
            let few = log(start..start + RUN as u64 - 1);
            let lines = [few.clone(), log(100_000..101_000)].concat();
            assert_eq!(find(&[&log(0..6000), &lines], 5000).overlaps, []);
        }
    }

    #[test]
    fn busy_servers_that_write_the_same_lines_do_not_overlap() {
        // The same few lines over and over in a second, one alone or in turns, as in a test of load.
        for variety in [1, 2, 3, 50] {
            let busy =
                |second: i64, lines: u64| (0..lines).map(move |line| (line % variety, second));
            let first: Vec<_> = busy(1, 5000).chain(log(100..110)).collect();
            let second: Vec<_> = busy(1, 3000).chain(log(200..210)).collect();
            assert_eq!(find(&[&first, &second], 100_000), Repetitions::default());
        }
    }

    #[test]
    fn interleaved_logs_do_not_overlap_with_each_other() {
        // Every second line is in both, but no run of lines is.
        let shared = log(0..4000);
        let with = |own: u64| -> Vec<_> {
            let own = shared.iter().map(|line| (line.0 + own, line.1));
            shared
                .iter()
                .copied()
                .zip(own)
                .flat_map(<[Line; 2]>::from)
                .collect()
        };
        assert_eq!(
            find(&[&with(10_000), &with(20_000)], 1000),
            Repetitions::default()
        );
    }
}
