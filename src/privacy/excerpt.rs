//! Hits in a form that outlives the dictionaries that they are numbered by: with numbers of their own for
//! what is in them, and names in the place of what another version of the program may number otherwise.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    agent::{Agent, Browser, Crawler, Device, System},
    channel::Channel,
    geo::Region,
    hit::{Hit, NO_HOST, Parts},
    lexicon::{Dictionary, Identity},
    method::Method,
    probe::Probe,
    senders::Sender,
    shard::{SHARDS, shard},
    url::Campaign,
};
use crate::time::Timestamp;

/// Some hits of a period.
///
/// It is pseudonymous, like the hits in it: where it is written down it has to be sealed.
#[derive(Default, Serialize, Deserialize)]
pub struct Excerpt {
    targets: Vec<(Box<str>, u64)>,
    origins: Vec<StoredOrigin>,
    agents: Vec<StoredAgent>,
    /// By the shard of the visitors.
    identities: Vec<Vec<StoredIdentity>>,
    /// The name of a method; behind a space, that of what weakness is looked for.
    methods: Vec<Box<str>>,
    hits: Vec<StoredHit>,
}

#[derive(Serialize, Deserialize)]
struct StoredOrigin {
    source: Box<str>,
    channel: Box<str>,
    campaign: Option<Campaign>,
}

#[derive(Serialize, Deserialize)]
struct StoredAgent {
    browser: Box<str>,
    system: Box<str>,
    device: Box<str>,
    crawler: Option<Box<str>>,
}

#[derive(Serialize, Deserialize)]
struct StoredIdentity {
    network: u64,
    region: u64,
    agent: u32,
    unit: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct StoredHit {
    visitor: u64,
    /// Since the start of the period.
    time: i64,
    bytes: u64,
    status: u16,
    identity: u32,
    target: u32,
    origin: u32,
    host: u16,
    method: u32,
    pageview: bool,
}

impl Excerpt {
    /// Some hits of a period that begins at `start`, with what a dictionary knows of them.
    pub(super) fn of<'h>(
        dictionary: &Dictionary,
        start: Timestamp,
        hits: impl Iterator<Item = &'h Hit>,
    ) -> Self {
        let mut draft = Draft::new(dictionary, start);
        hits.for_each(|hit| draft.add(hit));
        draft.excerpt
    }

    /// How many hits it has.
    pub(super) const fn hits(&self) -> usize {
        self.hits.len()
    }

    /// Takes the hits back, for a run that knows so many hosts; `None` if they are not of one.
    pub(super) fn restore(
        &self,
        dictionary: &mut Dictionary,
        start: Timestamp,
        hosts: usize,
        mut take: impl FnMut(Hit),
    ) -> Option<()> {
        let numbers = Numbers::of(self, dictionary)?;
        for hit in &self.hits {
            let host_is_known = hit.host == NO_HOST || usize::from(hit.host) < hosts;
            take(numbers.hit(hit, start).filter(|_| host_is_known)?);
        }
        Some(())
    }
}

/// Members of a dictionary by number, and their numbers in an excerpt, in the order in which they are met.
#[derive(Default)]
struct Numbering {
    numbers: Vec<Option<u32>>,
    count: u32,
}

impl Numbering {
    /// The number of a member; `add` is called if it is new.
    fn number(&mut self, member: u32, add: impl FnOnce()) -> u32 {
        let place = member as usize;
        if place >= self.numbers.len() {
            self.numbers.resize(place + 1, None);
        }
        *self.numbers[place].get_or_insert_with(|| {
            add();
            self.count += 1;
            self.count - 1
        })
    }
}

/// An excerpt being made.
struct Draft<'d> {
    dictionary: &'d Dictionary,
    excerpt: Excerpt,
    start: Timestamp,
    targets: Numbering,
    origins: Numbering,
    identities: Vec<Numbering>,
    agents: BTreeMap<Agent, u32>,
    methods: Numbering,
}

impl<'d> Draft<'d> {
    fn new(dictionary: &'d Dictionary, start: Timestamp) -> Self {
        let mut identities = Vec::new();
        identities.resize_with(SHARDS, Numbering::default);
        let mut excerpt = Excerpt::default();
        excerpt.identities.resize_with(SHARDS, Vec::new);
        Self {
            dictionary,
            excerpt,
            start,
            targets: Numbering::default(),
            origins: Numbering::default(),
            identities,
            agents: BTreeMap::new(),
            methods: Numbering::default(),
        }
    }

    fn add(&mut self, hit: &Hit) {
        let parts = hit.parts();
        let (dictionary, excerpt) = (self.dictionary, &mut self.excerpt);
        let target = self.targets.number(parts.target, || {
            let (page, goals) = dictionary.target_of(parts.target);
            excerpt.targets.push((page.into(), goals));
        });
        let origin = if parts.pageview {
            self.origins.number(parts.origin, || {
                excerpt
                    .origins
                    .push(StoredOrigin::of(dictionary, parts.origin));
            })
        } else {
            0
        };
        let probe = parts.probe.map_or(0, Probe::number);
        let method = u32::from(probe) << 8 | parts.method as u32;
        let method = self.methods.number(method, || {
            let probe = parts.probe.map(|it| format!(" {}", it.name()));
            let name = parts.method.name().to_owned() + &probe.unwrap_or_default();
            excerpt.methods.push(name.into());
        });
        let identity = self.identity(parts.visitor, parts.identity);
        self.excerpt.hits.push(StoredHit {
            visitor: parts.visitor,
            time: parts.time.0 - self.start.0,
            bytes: parts.bytes,
            status: parts.status,
            identity,
            target,
            origin,
            host: parts.host,
            method,
            pageview: parts.pageview,
        });
    }

    fn identity(&mut self, visitor: u64, number: u32) -> u32 {
        let shard = usize::from(shard(visitor));
        let (agents, excerpt) = (&mut self.agents, &mut self.excerpt);
        self.identities[shard].number(number, || {
            let (identity, unit) = self.dictionary.identity_of(shard, number);
            let agent = *agents.entry(identity.agent).or_insert_with(|| {
                excerpt.agents.push(StoredAgent::of(identity.agent));
                u32::try_from(excerpt.agents.len() - 1).expect("vocabularies are small")
            });
            excerpt.identities[shard].push(StoredIdentity {
                network: identity.network,
                region: identity.region.key(),
                agent,
                unit,
            });
        })
    }
}

/// What the numbers of an excerpt are in a dictionary that its members were entered in.
struct Numbers {
    targets: Vec<u32>,
    origins: Vec<u32>,
    identities: Vec<Vec<u32>>,
    methods: Vec<(Method, Option<Probe>)>,
}

impl Numbers {
    fn of(excerpt: &Excerpt, dictionary: &mut Dictionary) -> Option<Self> {
        let agents: Option<Vec<Agent>> = excerpt.agents.iter().map(StoredAgent::restored).collect();
        let agents = agents?;
        let targets = excerpt.targets.iter();
        let targets = targets.map(|(page, goals)| dictionary.target(page.to_string(), *goals));
        let targets = targets.collect();
        let origins = excerpt.origins.iter();
        let origins = origins.map(|origin| origin.restored(dictionary));
        let origins = origins.collect::<Option<_>>()?;
        if excerpt.identities.len() != SHARDS {
            return None;
        }
        let mut identities = Vec::with_capacity(SHARDS);
        for (shard, stored) in (0_u8..=u8::MAX).zip(&excerpt.identities) {
            let senders = stored.iter().map(|it| it.restored(shard, &agents));
            let numbers = senders.map(|sender| Some(dictionary.identity(sender?)));
            identities.push(numbers.collect::<Option<_>>()?);
        }
        let methods = excerpt.methods.iter().map(|name| method_of(name));
        Some(Self {
            targets,
            origins,
            identities,
            methods: methods.collect::<Option<_>>()?,
        })
    }

    fn hit(&self, stored: &StoredHit, start: Timestamp) -> Option<Hit> {
        let at = |numbers: &[u32], number: u32| numbers.get(number as usize).copied();
        let identities = &self.identities[usize::from(shard(stored.visitor))];
        let (method, probe) = *self.methods.get(stored.method as usize)?;
        Some(Hit::new(Parts {
            visitor: stored.visitor,
            time: Timestamp(start.0.checked_add(stored.time)?),
            bytes: stored.bytes,
            status: stored.status,
            identity: at(identities, stored.identity)?,
            target: at(&self.targets, stored.target)?,
            origin: if stored.pageview {
                at(&self.origins, stored.origin)?
            } else {
                0
            },
            host: stored.host,
            method,
            pageview: stored.pageview,
            probe,
        }))
    }
}

/// A method, and what weakness is looked for by it; `None` if there is no such.
fn method_of(name: &str) -> Option<(Method, Option<Probe>)> {
    match name.split_once(' ') {
        None => Some((Method::of(name.as_bytes()), None)),
        Some((method, probe)) => {
            let probe = Probe::named(probe)?;
            Some((Method::of(method.as_bytes()), Some(probe)))
        }
    }
}

impl StoredOrigin {
    fn of(dictionary: &Dictionary, origin: u32) -> Self {
        let (source, campaign) = dictionary.origin_of(origin);
        Self {
            source: source.name.clone(),
            channel: source.channel.name().into(),
            campaign: campaign.cloned(),
        }
    }

    fn restored(&self, dictionary: &mut Dictionary) -> Option<u32> {
        let source = dictionary.source(&self.source, Channel::named(&self.channel)?);
        let campaign = self.campaign.clone();
        let campaign = campaign.map(|campaign| dictionary.campaign(campaign));
        Some(dictionary.origin(source, campaign))
    }
}

impl StoredAgent {
    fn of(agent: Agent) -> Self {
        Self {
            browser: agent.browser.name().into(),
            system: agent.system.name().into(),
            device: agent.device.name().into(),
            crawler: agent.crawler.map(stored_crawler),
        }
    }

    fn restored(&self) -> Option<Agent> {
        let crawler = self.crawler.as_deref().map(restored_crawler);
        Some(Agent {
            browser: Browser::named(&self.browser)?,
            system: System::named(&self.system)?,
            device: Device::named(&self.device)?,
            crawler: match crawler {
                Some(known) => Some(known?),
                None => None,
            },
        })
    }
}

/// A crawler as `category/name`, since some names are in two categories.
fn stored_crawler(crawler: Crawler) -> Box<str> {
    format!("{}/{}", crawler.category().name(), crawler.name()).into()
}

/// The crawler of a category and name, or of a name alone, as the first checkpoints have it.
fn restored_crawler(text: &str) -> Option<Crawler> {
    let told = text.split_once('/');
    let told = told.and_then(|(category, name)| Crawler::of(category, name));
    told.or_else(|| Crawler::named(text))
}

impl StoredIdentity {
    fn restored(&self, shard: u8, agents: &[Agent]) -> Option<Sender> {
        Some(Sender {
            pseudonym: u64::from(shard) << (u64::BITS - u8::BITS),
            identity: Identity {
                network: self.network,
                region: Region::from_key(self.region),
                agent: *agents.get(self.agent as usize)?,
            },
            unit: self.unit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crawlers_of_one_name_stay_in_their_categories() {
        for crawler in (0..=u16::MAX)
            .map(Crawler::from_number)
            .take_while(|it| it.name() != "(unknown)")
        {
            let restored = restored_crawler(&stored_crawler(crawler));
            let category = restored.map(Crawler::category);
            assert_eq!(category, Some(crawler.category()), "{}", crawler.name());
            assert_eq!(restored.map(Crawler::name), Some(crawler.name()));
            assert!(restored_crawler(crawler.name()).is_some());
        }
    }
}
