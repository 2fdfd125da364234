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
    /// Pages and referrers of fewer networks need no name; `None` if all need theirs.
    least: Option<usize>,
}

/// Name and channel.
type SourceName = (Box<str>, Box<str>);

/// Names, and as far as it matters the networks that sent them.
#[derive(Default, Serialize, Deserialize)]
pub struct NameList {
    pages: Vec<(Box<str>, Vec<u64>)>,
    sources: Vec<(SourceName, Vec<u64>)>,
    campaigns: Vec<Campaign>,
}

/// The hits of a part in memory again, under a lexicon of their own.
pub struct Part {
    /// The strings behind the numbers in the hits.
    pub lexicon: Lexicon,
    /// The hits.
    pub hits: Hits,
}

impl Carrying {
    /// Names are divided by random seeds. Pages and referrers of fewer than `least` networks are told apart, but
    /// not by name.
    #[must_use]
    pub fn new([a, b, c, d]: [u64; 4], least: Option<usize>) -> Self {
        Self {
            hasher: RandomState::with_seeds(a, b, c, d),
            least,
        }
    }

    /// As many of a name's networks as matter.
    fn first(&self, networks: &[(u32, u64)]) -> Vec<u64> {
        let networks = networks.iter().map(|(_, network)| *network);
        networks.take(self.most_networks()).collect()
    }

    /// The part of a name.
    fn part(&self, name: impl Hash) -> usize {
        (self.hasher.hash_one(name) >> 32) as usize % PARTS
    }

    /// The names of all lists that may be asked for.
    #[must_use]
    pub fn needed(&self, lists: Vec<NameList>) -> NameList {
        let (mut pages, mut sources) = (HashMap::new(), HashMap::new());
        let mut campaigns = Vec::new();
        for list in lists {
            self.join(&mut pages, list.pages);
            self.join(&mut sources, list.sources);
            campaigns.extend(list.campaigns);
        }
        campaigns.sort_unstable();
        campaigns.dedup();
        NameList {
            pages: self.with_networks(pages),
            sources: self.with_networks(sources),
            campaigns,
        }
    }

    fn join<N: Hash + Eq>(&self, known: &mut HashMap<N, Vec<u64>>, names: Vec<(N, Vec<u64>)>) {
        for (name, networks) in names {
            let known = known.entry(name).or_default();
            known.extend(networks);
            known.sort_unstable();
            known.dedup();
            known.truncate(self.most_networks());
        }
    }

    /// Names that enough networks sent.
    fn with_networks<N>(&self, names: HashMap<N, Vec<u64>>) -> Vec<(N, Vec<u64>)> {
        let names = names.into_iter();
        let named = names.filter(|(_, networks)| networks.len() >= self.most_networks());
        named.map(|(name, _)| (name, Vec::new())).collect()
    }

    /// Networks of a name beyond which no more matter.
    fn most_networks(&self) -> usize {
        self.least.unwrap_or(0)
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
        part.translated(whole, |name| self.hasher.hash_one(name) as u32)
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
        let hits = || pages.iter().flat_map(Page::hits);
        let page = |hit: &Hit| dictionary.page_of(hit.target());
        let asked = networks(dictionary, hits(), page);
        for asked in asked.chunk_by(|one, other| one.0 == other.0) {
            let page = dictionary.page_named(asked[0].0);
            let list = &mut lists[carrying.part(page)];
            list.pages.push((page.into(), carrying.first(asked)));
        }
        let pageviews = hits().filter(|hit| hit.is_pageview());
        let source = |hit: &Hit| dictionary.source_of(hit.origin());
        let sent = networks(dictionary, pageviews, source);
        for sent in sent.chunk_by(|one, other| one.0 == other.0) {
            let Source { name, channel } = dictionary.source_named(sent[0].0);
            let list = &mut lists[carrying.part(&**name)];
            let name = (name.clone(), channel.name().into());
            list.sources.push((name, carrying.first(sent)));
        }
        for campaign in dictionary.campaigns() {
            let list = &mut lists[carrying.part(&*campaign.source)];
            list.campaigns.push(campaign.clone());
        }
        lists
    }

    const fn is_empty(&self) -> bool {
        self.pages.is_empty() && self.sources.is_empty() && self.campaigns.is_empty()
    }
}

/// The networks of the hits with each name, by its number, in order.
fn networks<'h>(
    dictionary: &Dictionary,
    hits: impl Iterator<Item = &'h Hit>,
    name: impl Fn(&Hit) -> u32,
) -> Vec<(u32, u64)> {
    let network = |hit: &Hit| {
        let shard = usize::from(shard(hit.visitor()));
        dictionary.identity_of(shard, hit.identity()).0.network
    };
    let mut networks: Vec<(u32, u64)> = hits.map(|hit| (name(hit), network(hit))).collect();
    networks.sort_unstable();
    networks.dedup();
    networks
}

impl Lexicon {
    /// The lexicon of all names in lists, no two of which have a name in common; `None` if they are not of
    /// such a run.
    #[must_use]
    pub fn of_names(&self, lists: Vec<NameList>) -> Option<Self> {
        let (mut pages, mut sources, mut campaigns) = (Vec::new(), Vec::new(), Vec::new());
        for list in lists {
            pages.extend(list.pages.into_iter().map(|(page, _)| page));
            for ((name, channel), _) in list.sources {
                let channel = Channel::named(&channel)?;
                sources.push(Source { name, channel });
            }
            campaigns.extend(list.campaigns);
        }
        Some(self.with_names(pages, sources, campaigns))
    }
}
