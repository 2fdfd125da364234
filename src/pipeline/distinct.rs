//! Reads each source's lines once: copies of others are left out of a second reading.

use std::{collections::BTreeSet, sync::atomic::Ordering};

use rayon::ThreadPool;

use super::{Inputs, MemoryBound, Reading, read};
use crate::{error::Result, input::Source, privacy::GatesSettings, stats::Progress};

/// A source that was left out, as another one holds the same lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The source left out.
    pub copy: Source,
    /// The one that was read.
    pub original: Source,
}

/// Reads the sources like [`read()`]. If some turn out to be copies of others they are taken out of the
/// inputs, and the rest is read again: what was counted cannot be told apart by source afterwards.
///
/// Where that rest cannot be read a second time, as standard input cannot, the reading keeps the copies
/// among its repetitions.
///
/// # Errors
/// Those of [`read()`].
pub fn read_distinct(
    pool: &ThreadPool,
    inputs: &mut Inputs,
    gates: GatesSettings<'_>,
    progress: &Progress,
    bound: Option<&MemoryBound>,
) -> Result<(Reading, Vec<LeftOut>)> {
    let reading = read(pool, inputs, gates, progress, bound)?;
    let groups = &reading.collected.repetitions.copies;
    let (rest, left_out) = without_copies(&inputs.sources, groups);
    if left_out.is_empty() || !rest.iter().all(Source::is_repeatable) {
        return Ok((reading, Vec::new()));
    }
    drop(reading);
    inputs.sources = rest;
    progress.bytes.store(0, Ordering::Relaxed);
    progress.lines.store(0, Ordering::Relaxed);
    Ok((read(pool, inputs, gates, progress, bound)?, left_out))
}

/// The sources without all but one of each group, which is a source that can be read again if any can.
fn without_copies(sources: &[Source], groups: &[Vec<usize>]) -> (Vec<Source>, Vec<LeftOut>) {
    let mut left_out = Vec::new();
    let mut numbers = BTreeSet::new();
    for group in groups {
        let repeatable = group
            .iter()
            .find(|&&number| sources[number].is_repeatable());
        let Some(&original) = repeatable.or(group.first()) else {
            continue;
        };
        for &copy in group.iter().filter(|&&copy| copy != original) {
            numbers.insert(copy);
            left_out.push(LeftOut {
                copy: sources[copy].clone(),
                original: sources[original].clone(),
            });
        }
    }
    let kept = sources.iter().enumerate();
    let rest = kept.filter(|(number, _)| !numbers.contains(number));
    (rest.map(|(_, source)| source.clone()).collect(), left_out)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn one_source_of_each_group_stays_if_possible_one_to_be_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path: PathBuf = folder.path().join(name);
            std::fs::write(&path, b"").unwrap();
            Source::File(path)
        };
        let [a, b, c, d] = ["a", "b", "c", "d"].map(file);
        let sources = [Source::Stdin, a.clone(), b.clone(), c.clone(), d.clone()];
        let (rest, left_out) = without_copies(&sources, &[vec![0, 2, 4], vec![1, 3]]);
        assert_eq!(rest, [a.clone(), b.clone()]);
        let expected = [(Source::Stdin, b.clone()), (d, b), (c, a)];
        let expected = expected.map(|(copy, original)| LeftOut { copy, original });
        assert_eq!(left_out, expected);
        assert_eq!(without_copies(&sources, &[]), (sources.to_vec(), vec![]));
    }
}
