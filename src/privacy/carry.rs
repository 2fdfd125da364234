//! What leaves memory while lines are still read, and how it is taken back: the hits of a period in parts by
//! visitor, and the names in them in parts by name, so that each part can be dealt with by itself.

use std::{hash::Hash, mem, sync::Arc};

use ahash::RandomState;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::{
    channel::Channel,
    excerpt::Excerpt,
    hit::Hit,
    intake::{Intake, PeriodIntake},
    lexicon::{Dictionary, Lexicon, Source},
    shard::{Hits, Page, Pages, SHARDS, shard},
    url::Campaign,
};
use crate::{
    error::Result,
    time::{Period, Timestamp},
};

/// Parts of a period: few enough that each has a good many hits of what is carried out at once.
pub const PARTS: usize = 64;

/// What leaves memory at once of a part of a period.
///
/// It is pseudonymous and as secret as what is in memory: where it is written down it has to be sealed.
#[derive(Serialize, Deserialize)]
pub enum Carried {
    /// Hits of some visitors.
    Hits(Excerpt),
    /// Some of the names in hits.
    Names(NameList),
}

/// How names are divided and judged, the same for a whole run.
#[derive(Clone)]
pub struct Carrying {
    hasher: RandomState,
    /// Pages of fewer networks need no name; `None` if all need theirs.
    least: Option<usize>,
}

/// Names, and as far as it matters the networks that sent them.
#[derive(Default, Serialize, Deserialize)]
pub struct NameList {
    pages: Vec<(Box<str>, Vec<u64>)>,
    sources: Vec<(Box<str>, Box<str>)>,
    campaigns: Vec<(String, Option<String>, Option<String>)>,
}

/// The hits of a part in memory again, under a lexicon of their own.
pub struct Part {
    /// The strings behind the numbers in the hits.
    pub lexicon: Lexicon,
    /// The hits.
    pub hits: Hits,
}

impl Carrying {
    /// Names are divided by random seeds. Pages that fewer than `least` networks asked for are told apart,
    /// but not by name.
    #[must_use]
    pub fn new([a, b, c, d]: [u64; 4], least: Option<usize>) -> Self {
        Self {
            hasher: RandomState::with_seeds(a, b, c, d),
            least,
        }
    }

    /// The part of a name.
    fn part(&self, name: impl Hash) -> usize {
        (self.hasher.hash_one(name) >> 32) as usize % PARTS
    }

    /// The names of all lists that may be asked for.
    #[must_use]
    pub fn needed(&self, lists: Vec<NameList>) -> NameList {
        let mut networks: HashMap<Box<str>, Vec<u64>> = HashMap::new();
        let mut needed = NameList::default();
        for list in lists {
            for (page, more) in list.pages {
                let known = networks.entry(page).or_default();
                known.extend(more);
                self.restrict(known);
            }
            needed.sources.extend(list.sources);
            needed.campaigns.extend(list.campaigns);
        }
        let pages = networks
            .into_iter()
            .filter(|(_, networks)| networks.len() >= self.least.unwrap_or(0));
        needed.pages = pages.map(|(page, _)| (page, Vec::new())).collect();
        needed.sources.sort_unstable();
        needed.sources.dedup();
        needed.campaigns.sort_unstable();
        needed.campaigns.dedup();
        needed
    }

    /// The hits of a part of a period that begins at `start`; `None` if they are not of such a run.
    ///
    /// # Errors
    /// Those of the excerpts.
    pub fn part_of(
        &self,
        excerpts: impl Iterator<Item = Result<Excerpt>>,
        start: Timestamp,
        whole: &Lexicon,
    ) -> Result<Option<Part>> {
        let mut dictionary = Dictionary::new(&self.hasher);
        let mut pages = Pages::default();
        for excerpt in excerpts {
            let take = |hit| pages.push(hit);
            let restored = excerpt?.restore(&mut dictionary, start, whole.hosts().len(), take);
            if restored.is_none() {
                return Ok(None);
            }
        }
        let (lexicon, renumberings) = whole.join_part(vec![dictionary]);
        let mut hits = Hits::default();
        for renumbering in renumberings {
            hits.add(mem::take(&mut pages), &Arc::new(renumbering));
        }
        Ok(Some(Part { lexicon, hits }))
    }

    /// The lexicon of a part with the numbers of the one of the whole.
    #[must_use]
    pub fn translated(&self, part: Lexicon, whole: &Lexicon) -> Lexicon {
        part.translated(whole, |page| self.hasher.hash_one(page) as u32)
    }

    fn restrict(&self, networks: &mut Vec<u64>) {
        networks.sort_unstable();
        networks.dedup();
        networks.truncate(self.least.unwrap_or(0));
    }
}

impl Intake {
    /// Hands all hits on, by period and part, and the names in them. What is left is known of lines.
    ///
    /// # Errors
    /// Those of `write`.
    pub fn carry_out(
        self,
        carrying: &Carrying,
        mut write: impl FnMut(Period, usize, Carried) -> Result<()>,
    ) -> Result<Self> {
        let Self {
            dictionary,
            traces,
            periods,
        } = self;
        let mut left = Vec::new();
        for (period, PeriodIntake { lines, hits }) in periods {
            let pages = hits.finish();
            let lists = NameList::by_part(&dictionary, &pages, carrying);
            for (part, list) in lists.into_iter().enumerate() {
                if !list.is_empty() {
                    write(period, part, Carried::Names(list))?;
                }
            }
            for part in 0..PARTS {
                let hits = || pages.iter().flat_map(|page| page.part(part));
                if hits().next().is_some() {
                    let excerpt = Excerpt::of(&dictionary, lines.start(), hits());
                    write(period, part, Carried::Hits(excerpt))?;
                }
            }
            let hits = Pages::default();
            left.push((period, PeriodIntake { lines, hits }));
        }
        Ok(Self {
            dictionary: dictionary.emptied(),
            traces,
            periods: left.into_iter().collect(),
        })
    }
}

impl Page {
    /// The hits of a part.
    fn part(&self, part: usize) -> &[Hit] {
        const SHARDS_OF_PART: usize = SHARDS / PARTS;
        self.shards(part * SHARDS_OF_PART..(part + 1) * SHARDS_OF_PART)
    }
}

impl NameList {
    /// The names of a period's hits, in parts.
    fn by_part(dictionary: &Dictionary, pages: &[Page], carrying: &Carrying) -> Vec<Self> {
        let mut lists = Vec::new();
        lists.resize_with(PARTS, Self::default);
        let asked = pages.iter().flat_map(Page::hits).map(|hit| {
            let shard = usize::from(shard(hit.visitor()));
            let (identity, _) = dictionary.identity_of(shard, hit.identity());
            (dictionary.page_of(hit.target()), identity.network)
        });
        let mut asked: Vec<(u32, u64)> = asked.collect();
        asked.sort_unstable();
        asked.dedup();
        for asked in asked.chunk_by(|one, other| one.0 == other.0) {
            let page = dictionary.page_named(asked[0].0);
            let most = carrying.least.unwrap_or(0);
            let networks = asked.iter().map(|(_, network)| *network).take(most);
            let list = &mut lists[carrying.part(page)];
            list.pages.push((page.into(), networks.collect()));
        }
        for source in dictionary.sources() {
            let list = &mut lists[carrying.part(&*source.name)];
            let channel = source.channel.name().into();
            list.sources.push((source.name.clone(), channel));
        }
        for it in dictionary.campaigns() {
            let list = &mut lists[carrying.part(&*it.source)];
            let Campaign {
                source,
                medium,
                campaign,
            } = it.clone();
            list.campaigns.push((source, medium, campaign));
        }
        lists
    }

    const fn is_empty(&self) -> bool {
        self.pages.is_empty() && self.sources.is_empty() && self.campaigns.is_empty()
    }
}

impl Lexicon {
    /// The lexicon of all names in lists, no two of which have a name in common; `None` if they are not of
    /// such a run.
    #[must_use]
    pub fn of_names(&self, lists: Vec<NameList>) -> Option<Self> {
        let (mut pages, mut sources, mut campaigns) = (Vec::new(), Vec::new(), Vec::new());
        for list in lists {
            pages.extend(list.pages.into_iter().map(|(page, _)| page));
            for (name, channel) in list.sources {
                let channel = Channel::named(&channel)?;
                sources.push(Source { name, channel });
            }
            let stored = list.campaigns.into_iter();
            campaigns.extend(stored.map(|(source, medium, campaign)| Campaign {
                source,
                medium,
                campaign,
            }));
        }
        Some(self.with_names(pages, sources, campaigns))
    }
}
