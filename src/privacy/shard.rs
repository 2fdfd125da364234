//! The hits of a period: in pages as workers fill them, then in shards that are sorted where they lie.

use std::{mem, ops::Range, sync::Arc};

use super::{hit::Hit, lexicon::Renumbering};

/// Shards of a period, and groups of a shard: the values of a byte. A visitor's hits are all in the
/// shard that the first byte of its pseudonym names, and there in the group that the second one names.
pub(super) const SHARDS: usize = 256;

/// Hits of a page: few enough that a full page is put in order in a near cache, enough that each
/// shard's part of it is some cache lines long.
const PAGE: usize = 8192;

/// A growing list of hits.
#[derive(Default)]
pub(super) struct Pages {
    open: Vec<Hit>,
    full: Vec<Page>,
}

/// Hits in the order of their shards.
pub(super) struct Page {
    hits: Vec<Hit>,
    /// Where each shard ends.
    ends: [usize; SHARDS],
}

impl Pages {
    #[inline]
    pub(super) fn push(&mut self, hit: Hit) {
        if self.open.len() == PAGE {
            self.turn();
        }
        self.open.push(hit);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Hit> {
        let full = self.full.iter().flat_map(|page| &page.hits);
        full.chain(&self.open)
    }

    fn turn(&mut self) {
        self.full.push(Page::of(&self.open));
        self.open.clear();
    }

    /// All hits in pages.
    pub(super) fn finish(mut self) -> Vec<Page> {
        self.turn();
        self.full
    }

    /// How many bytes of memory they take.
    pub(super) fn memory(&self) -> usize {
        let page = PAGE * size_of::<Hit>() + size_of::<Page>();
        self.open.capacity() * size_of::<Hit>() + self.full.len() * page
    }
}

impl Page {
    /// All its hits.
    pub(super) fn hits(&self) -> &[Hit] {
        &self.hits
    }

    /// Its hits of some shards.
    pub(super) fn shards(&self, shards: Range<usize>) -> &[Hit] {
        let end_before = |shard: usize| shard.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.hits[end_before(shards.start)..end_before(shards.end)]
    }

    fn of(open: &[Hit]) -> Self {
        let mut hits = open.to_vec();
        let mut places = starts(open.iter(), |hit| shard(hit.visitor()));
        scatter(
            open.iter().copied(),
            |hit| shard(hit.visitor()),
            &mut places,
            &mut hits,
        );
        Self { hits, ends: places }
    }
}

/// The hits of a period as the workers left them.
#[derive(Default)]
pub struct Hits {
    pages: Vec<(Arc<Renumbering>, Page)>,
}

impl Hits {
    pub(super) fn add(&mut self, pages: Pages, renumbering: &Arc<Renumbering>) {
        let pages = pages.finish().into_iter();
        self.pages
            .extend(pages.map(|page| (Arc::clone(renumbering), page)));
    }

    /// The hits in shards, which are disjoint in visitors.
    pub fn shards(&mut self) -> Vec<UnsortedShard<'_>> {
        let mut shards = Vec::new();
        shards.resize_with(SHARDS, UnsortedShard::default);
        for (renumbering, page) in &mut self.pages {
            let mut rest = &mut page.hits[..];
            let mut start = 0;
            for (shard, &end) in shards.iter_mut().zip(&page.ends) {
                let (part, after) = mem::take(&mut rest).split_at_mut(end - start);
                shard.parts.push((renumbering, part));
                (rest, start) = (after, end);
            }
        }
        shards
    }
}

/// A shard whose hits are still in no order, and numbered as the workers' dictionaries are.
#[derive(Default)]
pub struct UnsortedShard<'h> {
    parts: Vec<(&'h Renumbering, &'h mut [Hit])>,
}

/// A shard whose hits are sorted and numbered as the lexicon is; they lie in several parts.
pub struct Shard<'h> {
    parts: Vec<&'h [Hit]>,
}

impl<'h> UnsortedShard<'h> {
    /// Sorts the hits, group by group of neighbouring visitors, each by `sort`. The buffer is room for
    /// them.
    pub fn sort(self, buffer: &mut Vec<Hit>, sort: impl Fn(&mut [Hit])) -> Shard<'h> {
        buffer.clear();
        self.parts
            .iter()
            .for_each(|(_, part)| buffer.extend_from_slice(part));
        let mut places = starts(buffer.iter(), group);
        let hits = self
            .parts
            .iter()
            .flat_map(|(renumbering, part)| part.iter().map(|hit| hit.renumbered(renumbering)));
        scatter(hits, group, &mut places, buffer);
        let mut start = 0;
        for end in places {
            sort(&mut buffer[start..end]);
            start = end;
        }
        self.replace(buffer)
    }

    fn replace(self, mut sorted: &[Hit]) -> Shard<'h> {
        let parts = self.parts.into_iter().map(|(_, part)| {
            let (own, rest) = sorted.split_at(part.len());
            part.copy_from_slice(own);
            sorted = rest;
            &*part
        });
        Shard {
            parts: parts.collect(),
        }
    }
}

impl Shard<'_> {
    /// The hits in one piece.
    pub fn join(&self, hits: &mut Vec<Hit>) {
        hits.clear();
        self.parts
            .iter()
            .for_each(|part| hits.extend_from_slice(part));
    }
}

/// Where the hits of each number begin when they are put in the order of the numbers that `of` gives.
fn starts<'h>(hits: impl Iterator<Item = &'h Hit>, of: impl Fn(&Hit) -> u8) -> [usize; SHARDS] {
    let mut places = [0; SHARDS];
    hits.for_each(|hit| places[usize::from(of(hit))] += 1);
    let mut total = 0;
    for place in &mut places {
        total += mem::replace(place, total);
    }
    places
}

/// Writes each hit to the next place of its number; afterwards the places are where the numbers' hits
/// end.
fn scatter(
    hits: impl Iterator<Item = Hit>,
    of: impl Fn(&Hit) -> u8,
    places: &mut [usize; SHARDS],
    scattered: &mut [Hit],
) {
    hits.for_each(|hit| {
        let place = &mut places[usize::from(of(&hit))];
        scattered[*place] = hit;
        *place += 1;
    });
}

/// The shard of the visitor with the pseudonym.
pub(super) const fn shard(visitor: u64) -> u8 {
    visitor.to_be_bytes()[0]
}

/// The pseudonym of a visitor in the shard and group of its unit, so that all visitors of a unit are
/// together. What is lost of the visitor's own bits are no more than the unit's that take their place.
pub(super) const fn in_shard_of(unit: u64, visitor: u64) -> u64 {
    const UNIT_BITS: u32 = 16;
    (unit >> (64 - UNIT_BITS)) << (64 - UNIT_BITS) | visitor >> UNIT_BITS
}

const fn group(hit: &Hit) -> u8 {
    hit.visitor().to_be_bytes()[1]
}
