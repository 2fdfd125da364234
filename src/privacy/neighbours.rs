//! Sites whose lines stand in the same files: what these show of a period, they show for each of them.
//!
//! A quiet site in the common log of many has no line for hours, and yet no file is missing. So the time
//! that a site's lines span is the time that the lines of all sites span which share its files, or files
//! of each other's.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    intake::Collected,
    lines::{Coverage, PeriodLines},
};
use crate::time::Period;

/// Gives the periods of each site the coverage of all sites in its files; `sources` are the numbers of
/// each site's.
pub(super) fn share_coverage(sites: &mut [Collected], sources: &[BTreeSet<usize>]) {
    for group in groups(sources) {
        let mut whole = BTreeMap::<Period, Coverage>::new();
        for &site in &group {
            for (period, collected) in &sites[site].periods {
                add(&mut whole, *period, &collected.lines);
            }
        }
        for &site in &group {
            for (period, collected) in &mut sites[site].periods {
                if let Some(coverage) = whole.get(period) {
                    collected.lines.extend_coverage(coverage);
                }
            }
        }
    }
}

fn add(whole: &mut BTreeMap<Period, Coverage>, period: Period, lines: &PeriodLines) {
    let Some(coverage) = lines.coverage() else {
        return;
    };
    match whole.get_mut(&period) {
        Some(known) => known.absorb(coverage),
        None => drop(whole.insert(period, coverage.clone())),
    }
}

/// The sites that share sources, directly or through others; only groups of several.
fn groups(sources: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(BTreeSet<usize>, Vec<usize>)> = Vec::new();
    for (site, own) in sources.iter().enumerate() {
        let mut joined = (own.clone(), vec![site]);
        groups.retain_mut(|group| {
            let apart = group.0.is_disjoint(own);
            if !apart {
                joined.0.append(&mut group.0);
                joined.1.append(&mut group.1);
            }
            apart
        });
        groups.push(joined);
    }
    let members = groups.into_iter().map(|(_, sites)| sites);
    members.filter(|sites| sites.len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_neighbours_through_any_chain_of_files() {
        for (sources, expected) in [
            (&[&[0][..], &[1], &[2]][..], &[][..]),
            (&[&[0], &[0]], &[&[0, 1][..]]),
            (&[&[0], &[1], &[0, 1]], &[&[0, 1, 2]]),
            (&[&[0], &[], &[1, 2], &[0, 3], &[3], &[]], &[&[0, 3, 4]]),
        ] {
            let sets: Vec<BTreeSet<usize>> = sources
                .iter()
                .map(|numbers| numbers.iter().copied().collect())
                .collect();
            let mut found = groups(&sets);
            found.iter_mut().for_each(|group| group.sort_unstable());
            assert_eq!(found, expected, "{sources:?}");
        }
    }
}
