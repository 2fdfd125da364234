//! The gate itself: takes a record, keeps what the policy allows, and lets a hit through.

use std::mem;

use ahash::RandomState;
use hashbrown::HashMap;

use super::{
    address::Client,
    channel::Channel,
    days::{Admission, Days, Standing},
    fields::{Fields, NO_VALUE, Visitor, VisitorKey},
    hit::{Hit, Parts},
    intake::Intake,
    lexicon::{Dictionary, Identity},
    method::Method,
    policy::Policy,
    pseudonym::Keys,
    repetition::Tracer,
};
use crate::{
    record::{Record, Text},
    stats::Account,
    time::Calendar,
};

/// What a run fixes before the first line, shared by its workers.
#[derive(Clone, Copy)]
pub struct GateSettings<'r> {
    /// What becomes of each field.
    pub policy: &'r Policy,
    /// The site's days and periods.
    pub calendar: &'r Calendar,
    /// Which periods may be let in.
    pub admission: &'r Admission,
    /// The run's keys.
    pub keys: &'r Keys,
}

/// Gate 1, one per worker.
pub struct Gate<'r> {
    settings: GateSettings<'r>,
    days: Days,
    fields: Fields<'r>,
    visitors: HashMap<VisitorKey, Visitor, RandomState>,
    origins: HashMap<(u32, u32, u32), u32, RandomState>,
    dictionary: Dictionary,
    tracer: Tracer,
    scratch: Vec<u8>,
}

/// Most visitors and origins remembered before the memory starts anew.
const MOST_REMEMBERED: usize = 1 << 20;

impl<'r> Gate<'r> {
    /// A gate that has let nothing through yet.
    #[must_use]
    pub fn new(settings: GateSettings<'r>) -> Self {
        let [a, b, c, d] = settings.keys.table_seeds();
        let seeds = RandomState::with_seeds(a, b, c, d);
        Self {
            settings,
            days: Days::default(),
            fields: Fields::new(settings.policy, &seeds),
            visitors: HashMap::with_hasher(seeds.clone()),
            origins: HashMap::with_hasher(seeds.clone()),
            dictionary: Dictionary::new(&seeds),
            tracer: Tracer::default(),
            scratch: Vec::new(),
        }
    }

    /// Begins a chunk, by its place among the chunks of its source.
    pub fn begin(&mut self, source: usize, sequence: u64) {
        self.tracer.begin(source, sequence);
    }

    /// Takes one record, parsed from `line` of the source with the given number, and tells which
    /// account the line is in.
    pub fn admit(&mut self, record: &Record<'_>, line: &[u8], source: u32) -> Account {
        if record.opted_out {
            return Account::OptedOut;
        }
        let day = self.days.of(record.time, &self.settings);
        let intake = &mut self.days.intakes[self.days.slots[day].intake].1;
        let standing = self.days.slots[day].standing;
        if matches!(standing, Standing::Open) {
            return Account::NotYetOver;
        }
        let hash = intake.lines.digest_line(line);
        self.tracer.enter(hash, record.time);
        if matches!(standing, Standing::Released) {
            return Account::AlreadyReleased;
        }
        intake.lines.cover(record.time, source);
        match self.reduce(record, day) {
            Some(hit) => {
                self.days.intake_of(day).push(hit);
                Account::Parsed
            }
            None => {
                self.days.intake_of(day).lines.exclude();
                Account::Excluded
            }
        }
    }

    /// Everything let through.
    #[must_use]
    pub fn finish(self) -> Intake {
        Intake {
            dictionary: self.dictionary,
            traces: self.tracer.finish(),
            periods: self.days.intakes.into_iter().collect(),
        }
    }

    /// The record as a hit, unless a filter excludes it.
    fn reduce(&mut self, record: &Record<'_>, day: usize) -> Option<Hit> {
        let policy = self.settings.policy;
        if self.days.slots[day].excluded {
            return None;
        }
        let status = record
            .status
            .filter(|status| (100..600).contains(status))
            .unwrap_or(0);
        let request = self.fields.request(
            &record.request,
            policy,
            &mut self.dictionary,
            &mut self.scratch,
        );
        if request.excluded || policy.filters.excludes_status(status) {
            return None;
        }
        let host = self.fields.host(record.host, policy);
        if host.excluded {
            return None;
        }
        let agent_text = record.agent;
        let (method, target, campaign) = (request.method, request.target, request.campaign);
        let pageview = method == Method::Get
            && (status == 304 || (200..300).contains(&status))
            && !request.asset;
        let visitor = self.visitor(record.client, agent_text, day)?;
        let origin = if pageview {
            self.origin(record, host.value, campaign)
        } else {
            0
        };
        Some(Hit::new(Parts {
            visitor: visitor.pseudonym,
            time: record.time,
            bytes: record.bytes,
            status,
            identity: visitor.identity,
            target,
            origin,
            host: host.number,
            method,
            pageview,
        }))
    }

    /// The visitor of a client and agent on a day; `None` if a filter excludes the client.
    fn visitor(&mut self, client: &[u8], agent: Text<'_>, day: usize) -> Option<Visitor> {
        let policy = self.settings.policy;
        let scratch = &mut self.scratch;
        let numbered = self.fields.agent(agent, policy, scratch);
        let known = self.fields.client(client, policy);
        if known.excluded {
            return None;
        }
        let slot = &self.days.slots[day];
        let latest = (numbered.value, slot.number);
        if known.latest == latest {
            return Some(known.visitor);
        }
        let key = (known.value, latest.0, latest.1);
        let visitor = self.visitors.get(&key).copied().unwrap_or_else(|| {
            let client = Client::read(client);
            Visitor {
                pseudonym: slot.visitors.of(&[&client.unit(), agent.decode(scratch)]),
                identity: self.dictionary.identity(Identity {
                    network: slot.networks.of(&[&client.network()]),
                    region: known.region,
                    agent: numbered.agent,
                }),
            }
        });
        let (earlier, earlier_day) = mem::replace(&mut known.latest, latest);
        let earlier_visitor = mem::replace(&mut known.visitor, visitor);
        if earlier != NO_VALUE {
            if self.visitors.len() >= MOST_REMEMBERED {
                self.visitors.clear();
            }
            let earlier_key = (known.value, earlier, earlier_day);
            self.visitors.insert(earlier_key, earlier_visitor);
        }
        Some(visitor)
    }

    /// Where a pageview came from.
    fn origin(&mut self, record: &Record<'_>, host_value: u32, campaign: Option<u32>) -> u32 {
        let policy = self.settings.policy;
        let known = self
            .fields
            .referrer(record.referrer, policy, &mut self.scratch);
        if self.origins.len() >= MOST_REMEMBERED {
            self.origins.clear();
        }
        let key = (
            known.value,
            host_value,
            campaign.map_or(0, |campaign| campaign + 1),
        );
        let dictionary = &mut self.dictionary;
        *self.origins.entry(key).or_insert_with(|| {
            let (name, channel) = known.referrer.seen_from(record.host);
            let channel = if campaign.is_some() {
                Channel::Campaign
            } else {
                channel
            };
            let source = dictionary.source(name, channel);
            dictionary.origin(source, campaign)
        })
    }
}
