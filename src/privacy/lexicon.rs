//! Dictionaries: reduced strings to numbers, per worker while reading, then one for the whole run in
//! which numbers are ranks.

use std::{hash::Hash, sync::Arc};

use ahash::RandomState;
use indexmap::IndexSet;

use super::{
    agent::Agent,
    channel::Channel,
    geo::Region,
    policy::Policy,
    senders::{Sender, Senders},
    shard::{SHARDS, shard},
    url::Campaign,
};

/// What is known of the sender of a hit: a function of client address, user agent and day.
#[derive(Clone, Copy)]
pub struct Identity {
    /// The pseudonym of the network in the release period.
    pub network: u64,
    /// Country and region of the address.
    pub region: Region,
    /// Browser, system, device or crawler.
    pub agent: Agent,
}

/// What was asked for, reduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Target {
    /// The number of the page.
    page: u32,
    /// A bit for every goal whose pattern the raw path matched.
    goals: u64,
}

/// A referrer and its channel, as published.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Registrable domain, or a word in parentheses.
    pub name: Box<str>,
    /// Its channel.
    pub channel: Channel,
}

/// Where a pageview came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The number of its source in [`Lexicon::source`].
    pub source: u32,
    /// The number of the campaign in [`Lexicon::campaign`].
    pub campaign: Option<u32>,
}

impl Origin {
    /// An origin of a worker's dictionary in the lexicon's numbers.
    fn translated(self, sources: &[u32], campaigns: &[u32]) -> Self {
        Self {
            source: sources[self.source as usize],
            campaign: self.campaign.map(|campaign| campaigns[campaign as usize]),
        }
    }
}

/// One worker's dictionaries, growing while it reads.
pub(super) struct Dictionary {
    pages: IndexSet<Box<str>, RandomState>,
    targets: IndexSet<Target, RandomState>,
    sources: IndexSet<Source, RandomState>,
    campaigns: IndexSet<Campaign, RandomState>,
    origins: IndexSet<Origin, RandomState>,
    /// By the shard of the visitors.
    identities: Vec<Vec<Identity>>,
    /// The unit of each identity, where units are told.
    units: Vec<Vec<u64>>,
    /// About how many bytes the strings take.
    text: usize,
}

/// What the allocator takes for a string beside its bytes.
const OVERHEAD: usize = 16;

/// What the three strings of a campaign take at most.
const CAMPAIGN: usize = 3 * (32 + OVERHEAD);

impl Dictionary {
    pub(super) fn new(seeds: &RandomState) -> Self {
        Self {
            pages: IndexSet::with_hasher(seeds.clone()),
            targets: IndexSet::with_hasher(seeds.clone()),
            sources: IndexSet::with_hasher(seeds.clone()),
            campaigns: IndexSet::with_hasher(seeds.clone()),
            origins: IndexSet::with_hasher(seeds.clone()),
            identities: vec![Vec::new(); SHARDS],
            units: vec![Vec::new(); SHARDS],
            text: 0,
        }
    }

    pub(super) fn target(&mut self, page: String, goals: u64) -> u32 {
        let page = self.new_page(page.into_boxed_str());
        number(&mut self.targets, Target { page, goals })
    }

    /// The same of a page that is likely to be known.
    pub(super) fn known_target(&mut self, page: &str, goals: u64) -> u32 {
        let page = self.page(page);
        number(&mut self.targets, Target { page, goals })
    }

    pub(super) fn page(&mut self, page: &str) -> u32 {
        let known = self.pages.get_index_of(page).map(index);
        known.unwrap_or_else(|| self.new_page(page.into()))
    }

    fn new_page(&mut self, page: Box<str>) -> u32 {
        let length = page.len();
        let (position, is_new) = self.pages.insert_full(page);
        self.text += usize::from(is_new) * (length + OVERHEAD);
        index(position)
    }

    pub(super) fn source(&mut self, name: &str, channel: Channel) -> u32 {
        let source = Source {
            name: name.into(),
            channel,
        };
        let (position, is_new) = self.sources.insert_full(source);
        self.text += usize::from(is_new) * (name.len() + OVERHEAD);
        index(position)
    }

    pub(super) fn campaign(&mut self, campaign: Campaign) -> u32 {
        let (position, is_new) = self.campaigns.insert_full(campaign);
        self.text += usize::from(is_new) * CAMPAIGN;
        index(position)
    }

    pub(super) fn origin(&mut self, source: u32, campaign: Option<u32>) -> u32 {
        number(&mut self.origins, Origin { source, campaign })
    }

    /// How many different strings it holds.
    pub(super) fn strings(&self) -> usize {
        self.pages.len() + self.sources.len() + self.campaigns.len()
    }

    /// The number of a sender's identity within its shard. Either all come with their unit or none does.
    pub(super) fn identity(&mut self, sender: Sender) -> u32 {
        let shard = usize::from(shard(sender.pseudonym));
        self.units[shard].extend(sender.unit);
        let identities = &mut self.identities[shard];
        identities.push(sender.identity);
        index(identities.len() - 1)
    }
}

impl Dictionary {
    /// The page of a target by number, and a bit for every goal.
    pub(super) fn target_of(&self, number: u32) -> (&str, u64) {
        let target = self.targets[number as usize];
        (&self.pages[target.page as usize], target.goals)
    }

    /// Source and campaign of an origin by number.
    pub(super) fn origin_of(&self, number: u32) -> (&Source, Option<&Campaign>) {
        let origin = self.origins[number as usize];
        let campaign = origin.campaign;
        (
            &self.sources[origin.source as usize],
            campaign.map(|campaign| &self.campaigns[campaign as usize]),
        )
    }

    /// An identity by number within its shard, and its unit where units are told.
    pub(super) fn identity_of(&self, shard: usize, number: u32) -> (Identity, Option<u64>) {
        let unit = self.units[shard].get(number as usize).copied();
        (self.identities[shard][number as usize], unit)
    }

    /// The number of the page of a target.
    pub(super) fn page_of(&self, target: u32) -> u32 {
        self.targets[target as usize].page
    }

    /// A page by number.
    pub(super) fn page_named(&self, page: u32) -> &str {
        &self.pages[page as usize]
    }

    /// The number of the source of an origin.
    pub(super) fn source_of(&self, origin: u32) -> u32 {
        self.origins[origin as usize].source
    }

    /// A source by number.
    pub(super) fn source_named(&self, source: u32) -> &Source {
        &self.sources[source as usize]
    }

    /// All campaigns.
    pub(super) fn campaigns(&self) -> impl Iterator<Item = &Campaign> {
        self.campaigns.iter()
    }

    /// A dictionary of nothing.
    pub(super) fn emptied(self) -> Self {
        Self::new(self.pages.hasher())
    }

    /// About how many bytes of memory it takes.
    pub(super) fn memory(&self) -> usize {
        let identities = self.identities.iter().map(Vec::capacity).sum::<usize>();
        let units = self.units.iter().map(Vec::capacity).sum::<usize>();
        set_memory(&self.pages)
            + set_memory(&self.targets)
            + set_memory(&self.sources)
            + set_memory(&self.campaigns)
            + set_memory(&self.origins)
            + self.text
            + identities * size_of::<Identity>()
            + units * size_of::<u64>()
    }
}

/// About how many bytes a set takes, those aside that its members point to.
fn set_memory<T>(set: &IndexSet<T, RandomState>) -> usize {
    // Each member has its hash and its number beside it.
    set.capacity() * (size_of::<T>() + 2 * size_of::<u64>())
}

/// How the numbers of one worker's dictionary become those of the run's lexicon.
pub(super) struct Renumbering {
    /// By shard.
    pub(super) first_identities: Vec<u32>,
    pub(super) targets: Vec<u32>,
    pub(super) origins: Vec<u32>,
}

/// Numbers of pages and sources from this one on are of those without a name: so few networks sent them that no
/// release can name them. Two of them have different numbers, but for an accident of 26 bits.
pub const UNNAMED: u32 = 1 << 31;

/// The bits of such a number that tell pages apart, and sources of one channel; these have it in the bits above.
const UNNAMED_BITS: u32 = (1 << CHANNEL_SHIFT) - 1;
const CHANNEL_SHIFT: u32 = 27;

/// The number that all sources of a channel without a name have together.
pub const fn unnamed_sources(source: u32) -> u32 {
    source & !UNNAMED_BITS
}

/// A number for a name that there is none for, never that of several together.
const fn unnamed(hash: u32) -> u32 {
    UNNAMED | (hash << 1 | 1) & UNNAMED_BITS
}

/// The strings of a run by number; numbers of pages, sources, campaigns and origins are their ranks
/// in bytewise order, whatever worker saw them first.
pub struct Lexicon {
    names: Arc<Names>,
    target_pages: Vec<u32>,
    target_goals: Vec<u64>,
    origins: Vec<Origin>,
    identities: Vec<Identity>,
    units: Vec<u64>,
}

/// The strings themselves, each kind in bytewise order but for those of settings.
#[derive(Default)]
struct Names {
    pages: Vec<Box<str>>,
    sources: Vec<Source>,
    campaigns: Vec<Campaign>,
    senders: Senders,
    hosts: Vec<String>,
    goals: Vec<String>,
}

impl Lexicon {
    /// Joins the workers' dictionaries; the second part tells how each one's numbers change.
    pub(super) fn join(dictionaries: Vec<Dictionary>, policy: &Policy) -> (Self, Vec<Renumbering>) {
        let settings = Names {
            senders: policy.senders,
            hosts: policy.hosts.names().to_vec(),
            goals: policy.goals.names().to_vec(),
            ..Names::default()
        };
        Self::join_under(dictionaries, settings)
    }

    /// The same of a part of a run, under the settings of this one's.
    pub(super) fn join_part(&self, dictionaries: Vec<Dictionary>) -> (Self, Vec<Renumbering>) {
        let names = &self.names;
        let settings = Names {
            senders: names.senders,
            hosts: names.hosts.clone(),
            goals: names.goals.clone(),
            ..Names::default()
        };
        Self::join_under(dictionaries, settings)
    }

    /// A lexicon of nothing but names, under the settings of this one.
    pub(super) fn with_names(
        &self,
        mut pages: Vec<Box<str>>,
        mut sources: Vec<Source>,
        mut campaigns: Vec<Campaign>,
    ) -> Self {
        let (mut lexicon, _) = self.join_part(Vec::new());
        pages.sort_unstable();
        sources.sort_unstable();
        campaigns.sort_unstable();
        if let Some(names) = Arc::get_mut(&mut lexicon.names) {
            (names.pages, names.sources, names.campaigns) = (pages, sources, campaigns);
        }
        lexicon
    }

    /// The lexicon of a part with the numbers of the one of the whole. What the whole has no name for has a number
    /// from [`UNNAMED`] on, made of its hash.
    pub(super) fn translated(self, whole: &Self, hash: impl Fn(&str) -> u32) -> Self {
        let names = &self.names;
        let pages = names.pages.iter().map(|page| {
            let known = whole.page_number(page);
            known.unwrap_or_else(|| unnamed(hash(page)))
        });
        let pages: Vec<u32> = pages.collect();
        let sources = names.sources.iter();
        let sources = sources.map(|Source { name, channel }| {
            let known = whole.source_number(name, *channel);
            known.unwrap_or_else(|| (*channel as u32) << CHANNEL_SHIFT | unnamed(hash(name)))
        });
        let sources: Vec<u32> = sources.collect();
        let campaigns = names.campaigns.iter();
        let campaigns = campaigns.map(|it| whole.campaign_number(it).unwrap_or(UNNAMED));
        let campaigns: Vec<u32> = campaigns.collect();
        let target_pages = self.target_pages.iter();
        let origins = self.origins.iter();
        Self {
            names: Arc::clone(&whole.names),
            target_pages: target_pages.map(|&page| pages[page as usize]).collect(),
            origins: origins
                .map(|origin| origin.translated(&sources, &campaigns))
                .collect(),
            ..self
        }
    }

    /// How many pages have names.
    #[must_use]
    pub fn pages(&self) -> u32 {
        index(self.names.pages.len())
    }

    fn join_under(mut dictionaries: Vec<Dictionary>, settings: Names) -> (Self, Vec<Renumbering>) {
        let (pages, page_ranks) = ranked(dictionaries.iter().map(|it| it.pages.iter()));
        let (sources, source_ranks) = ranked(dictionaries.iter().map(|it| it.sources.iter()));
        let (campaigns, campaign_ranks) = ranked(dictionaries.iter().map(|it| it.campaigns.iter()));
        let ranks = source_ranks.iter().zip(&campaign_ranks);
        let translated =
            |(dictionary, (sources, campaigns)): (&Dictionary, (&Vec<u32>, &Vec<u32>))| {
                let origins = dictionary.origins.iter();
                let origins = origins.map(|origin| origin.translated(sources, campaigns));
                origins.collect::<Vec<Origin>>()
            };
        let worker_origins: Vec<Vec<Origin>> =
            dictionaries.iter().zip(ranks).map(translated).collect();
        let (origins, origin_ranks) = ranked(worker_origins.iter().map(|it| it.iter()));
        let names = Names {
            pages,
            sources,
            campaigns,
            ..settings
        };
        let mut lexicon = Self {
            names: Arc::new(names),
            target_pages: Vec::new(),
            target_goals: Vec::new(),
            origins,
            identities: Vec::new(),
            units: Vec::new(),
        };
        let first_identities = lexicon.take_identities(&mut dictionaries);
        let workers = dictionaries.iter().zip(page_ranks).zip(origin_ranks);
        let renumberings = workers
            .zip(first_identities)
            .map(
                |(((dictionary, pages), origins), first_identities)| Renumbering {
                    first_identities,
                    origins,
                    targets: lexicon.take_targets(dictionary, &pages),
                },
            )
            .collect();
        (lexicon, renumberings)
    }

    /// Takes the identities of all workers over, those of a shard together: what is looked up for a
    /// shard stays in a near cache. The first of each shard, by worker.
    fn take_identities(&mut self, dictionaries: &mut [Dictionary]) -> Vec<Vec<u32>> {
        let mut first = vec![Vec::with_capacity(SHARDS); dictionaries.len()];
        for shard in 0..SHARDS {
            for (dictionary, first) in dictionaries.iter_mut().zip(&mut first) {
                first.push(index(self.identities.len()));
                self.identities.append(&mut dictionary.identities[shard]);
                self.units.append(&mut dictionary.units[shard]);
            }
        }
        first
    }

    /// Takes one worker's targets over, given the ranks of its pages; their numbers.
    fn take_targets(&mut self, dictionary: &Dictionary, pages: &[u32]) -> Vec<u32> {
        let first = index(self.target_pages.len());
        for target in &dictionary.targets {
            self.target_pages.push(pages[target.page as usize]);
            self.target_goals.push(target.goals);
        }
        (first..index(self.target_pages.len())).collect()
    }

    /// The number of the page of a target.
    #[must_use]
    pub fn page_of(&self, target: u32) -> u32 {
        self.target_pages[target as usize]
    }

    /// A bit for every goal that a target reaches.
    #[must_use]
    pub fn goals_of(&self, target: u32) -> u64 {
        self.target_goals[target as usize]
    }

    /// Whom the hits tell apart.
    #[must_use]
    pub fn senders(&self) -> Senders {
        self.names.senders
    }

    /// The sender of a hit.
    #[must_use]
    pub fn identity(&self, identity: u32) -> &Identity {
        &self.identities[identity as usize]
    }

    /// The pseudonym of the unit that a sender belongs to: an address on a day; `None` where units are
    /// not told.
    #[must_use]
    pub fn unit(&self, identity: u32) -> Option<u64> {
        self.units.get(identity as usize).copied()
    }

    /// Where a pageview came from.
    #[must_use]
    pub fn origin(&self, origin: u32) -> Origin {
        self.origins[origin as usize]
    }

    /// A page by number; nothing for one from [`UNNAMED`] on.
    #[must_use]
    pub fn page(&self, page: u32) -> &str {
        let page = self.names.pages.get(page as usize);
        page.map_or("", |page| page)
    }

    /// The number of a page, if it is known.
    #[must_use]
    pub fn page_number(&self, page: &str) -> Option<u32> {
        let found = self
            .names
            .pages
            .binary_search_by(|known| (**known).cmp(page));
        found.ok().map(index)
    }

    /// The number of a source, if it is known.
    #[must_use]
    pub fn source_number(&self, name: &str, channel: Channel) -> Option<u32> {
        let order = |known: &Source| (*known.name).cmp(name).then(known.channel.cmp(&channel));
        self.names.sources.binary_search_by(order).ok().map(index)
    }

    /// The number of a campaign, if it is known.
    #[must_use]
    pub fn campaign_number(&self, campaign: &Campaign) -> Option<u32> {
        self.names.campaigns.binary_search(campaign).ok().map(index)
    }

    /// A source by number.
    #[must_use]
    pub fn source(&self, source: u32) -> &Source {
        &self.names.sources[source as usize]
    }

    /// The channel of a source by number.
    #[must_use]
    pub fn channel(&self, source: u32) -> Channel {
        let number = (source & !UNNAMED) >> CHANNEL_SHIFT;
        let source = self.names.sources.get(source as usize);
        source.map_or_else(|| Channel::from_number(number), |source| source.channel)
    }

    /// The name of a source by number; nothing for one from [`UNNAMED`] on.
    #[must_use]
    pub fn source_name(&self, source: u32) -> &str {
        let source = self.names.sources.get(source as usize);
        source.map_or("", |source| &source.name)
    }

    /// A campaign by number.
    #[must_use]
    pub fn campaign(&self, campaign: u32) -> &Campaign {
        &self.names.campaigns[campaign as usize]
    }

    /// The configured hosts and `(other host)`, in bytewise order.
    #[must_use]
    pub fn hosts(&self) -> &[String] {
        &self.names.hosts
    }

    /// The names of the goals.
    #[must_use]
    pub fn goals(&self) -> &[String] {
        &self.names.goals
    }
}

fn number<T: Hash + Eq>(set: &mut IndexSet<T, RandomState>, value: T) -> u32 {
    index(set.insert_full(value).0)
}

/// A dictionary number. Four billion distinct values would need hundreds of gigabytes first.
fn index(position: usize) -> u32 {
    u32::try_from(position).expect("fewer than 2^32 distinct values fit in memory")
}

/// The values of all workers in ascending order, none of them twice, and the rank of each value by worker.
fn ranked<'d, T: Ord + Clone + 'd>(
    workers: impl Iterator<Item = impl Iterator<Item = &'d T>>,
) -> (Vec<T>, Vec<Vec<u32>>) {
    let mut ranks = Vec::new();
    let mut entries: Vec<(&T, u32, u32)> = Vec::new();
    for (worker, values) in (0..).zip(workers) {
        let before = entries.len();
        entries.extend(
            values
                .zip(0..)
                .map(|(value, number)| (value, worker, number)),
        );
        ranks.push(vec![0; entries.len() - before]);
    }
    entries.sort_unstable_by(|one, other| one.0.cmp(other.0));
    let mut values: Vec<T> = Vec::new();
    for (value, worker, number) in entries {
        if values.last() != Some(value) {
            values.push(value.clone());
        }
        ranks[worker as usize][number as usize] = index(values.len() - 1);
    }
    (values, ranks)
}
