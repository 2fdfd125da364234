//! Bounds the memory of a report: what workers hold beyond their share leaves memory as sealed runs on disk,
//! and is released from there, part by part, with the same bytes.
//!
//! A worker whose gates hold too much hands all their hits on, in parts by visitor, with the names that are in
//! them, in parts by name, and begins anew with empty dictionaries. When everything is read, the names of a
//! period are joined first, part by part: those that the release may ask for, which of pages are only those
//! of at least k networks, are its lexicon. Then the hits are counted as often as a release counts them,
//! again part by part: each is sorted by itself, as its visitors are in no other. So no more than a part for
//! each thread is in memory, beside what any release holds: the cells that may become rows, and the visits
//! that differ in a way that the audit can tell.

mod store;
mod visitors;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rayon::prelude::*;
use serde::de::DeserializeOwned;

use self::store::{Block, Store};
pub(super) use self::visitors::RunVisitors;
use super::{ThreadPool, random};
use crate::{
    error::{Error, Result},
    privacy::{Carried, Carrying, Excerpt, Intake, Keys, Lexicon, NameList, PARTS},
    time::Period,
};

/// How much memory a report may take, and where there is room for the rest.
#[derive(Clone, Debug)]
pub struct MemoryBound {
    /// Bytes.
    pub bytes: u64,
    /// A folder on a disk with room for what leaves memory, in which nothing can be seen of it.
    pub folder: PathBuf,
    /// Fewest networks of a page that a release can name; `None` if it can name any.
    pub least_networks: Option<usize>,
}

/// What has left memory.
pub struct Runs {
    store: Store,
    carrying: Carrying,
    blocks: Mutex<BTreeMap<Place, Vec<Block>>>,
    /// What the gates of one worker may hold.
    share: usize,
}

/// The site, the period and the part of a block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    site: usize,
    period: Period,
    kind: Kind,
    part: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Hits,
    Names,
}

/// What the program takes by itself, whatever it reads.
const FLOOR: u64 = 40 << 20;

impl Runs {
    /// Nothing yet, of so many workers.
    pub(super) fn new(bound: &MemoryBound, workers: usize) -> Result<Self> {
        let seeds = Keys::new(random()?).table_seeds();
        // What leaves memory is encoded beside what is still there, and what is freed is not all of use.
        let room = bound.bytes.saturating_sub(FLOOR).max(bound.bytes / 4) / 2;
        Ok(Self {
            store: Store::new(&bound.folder)?,
            carrying: Carrying::new(seeds, bound.least_networks),
            blocks: Mutex::default(),
            share: usize::try_from(room).unwrap_or(usize::MAX) / workers.max(1),
        })
    }

    /// What the gates of one worker may hold, in bytes.
    pub(super) const fn share(&self) -> usize {
        self.share
    }

    /// Whether nothing had to leave memory.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Takes the hits of a site out of memory; what is left is known of lines.
    pub(super) fn take(&self, site: usize, intake: Intake) -> Result<Intake> {
        intake.carry_out(&self.carrying, |period, part, carried| {
            let (kind, bytes) = match carried {
                Carried::Hits(excerpt) => (Kind::Hits, postcard::to_stdvec(&excerpt)),
                Carried::Names(list) => (Kind::Names, postcard::to_stdvec(&list)),
            };
            let bytes = bytes.expect("numbers, strings and lists of known length serialise");
            let block = self.store.write(&bytes)?;
            let place = Place {
                site,
                period,
                kind,
                part,
            };
            self.lock().entry(place).or_default().push(block);
            Ok(())
        })
    }

    /// The lexicon of what is known of a period of a site, under the settings of another one.
    pub(super) fn lexicon(
        &self,
        pool: &ThreadPool,
        site: usize,
        period: Period,
        settings: &Lexicon,
    ) -> Result<Lexicon> {
        let needed = |part: usize| -> Result<NameList> {
            let lists = self.read(Place {
                site,
                period,
                kind: Kind::Names,
                part,
            });
            Ok(self.carrying.needed(lists.collect::<Result<_>>()?))
        };
        let parts = (0..PARTS).into_par_iter();
        let lists = pool.install(|| parts.map(needed).collect::<Result<_>>())?;
        let lexicon = settings.of_names(lists);
        lexicon.ok_or_else(damaged)
    }

    /// The hits of a part of a period of a site.
    fn hits(
        &self,
        site: usize,
        period: Period,
        part: usize,
    ) -> impl Iterator<Item = Result<Excerpt>> {
        self.read(Place {
            site,
            period,
            kind: Kind::Hits,
            part,
        })
    }

    /// What is in the blocks of a place, which are of its kind.
    fn read<T: DeserializeOwned>(&self, place: Place) -> impl Iterator<Item = Result<T>> {
        let blocks = self.lock().get(&place).cloned().unwrap_or_default();
        blocks.into_iter().map(|block| {
            let bytes = self.store.read(block)?;
            postcard::from_bytes(&bytes).map_err(|_| damaged())
        })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Place, Vec<Block>>> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn damaged() -> Error {
    Error::Setting("what --memory had no room for is damaged on its disk".to_owned())
}
