//! The gate itself: takes a record, keeps what the policy allows, and lets a hit through.

use std::{collections::BTreeMap, mem};

use ahash::RandomState;
use hashbrown::HashMap;

use super::{
    address::Client,
    agent::Agent,
    channel::Channel,
    geo::{Lookup, Region},
    hit::{Hit, NO_HOST, Parts},
    intake::{Intake, PeriodIntake},
    lexicon::{Dictionary, Identity},
    memo::Memo,
    method::Method,
    policy::Policy,
    pseudonym::{Keys, Pseudonyms},
    referrer::Referrer,
    repetition::Tracer,
};
use crate::{
    record::{Record, Request, Text},
    stats::Account,
    time::{Calendar, Day, Period, Timestamp},
};

/// Which periods may be let in: what the wall clock and the ledger say, read before the run.
#[derive(Debug)]
pub struct Admission {
    /// The wall clock, less the grace time after a period's end.
    pub over_by: Timestamp,
    /// Also let in periods that are still open.
    pub include_open: bool,
    /// The periods of the ledger, with the key of their lines' digest.
    pub released: BTreeMap<Period, u64>,
}

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

/// What each logged value reduces to, as far as remembered.
struct Fields<'r> {
    agents: Memo<NumberedAgent>,
    clients: Memo<KnownClient>,
    hosts: Memo<NumberedHost>,
    referrers: Memo<KnownReferrer>,
    requests: Memo<KnownRequest>,
    regions: Lookup<'r>,
    /// Distinct values numbered so far.
    values: u32,
}

/// What a request line, or method, path and query, reduce to.
#[derive(Clone, Copy)]
struct KnownRequest {
    method: Method,
    target: u32,
    campaign: Option<u32>,
    asset: bool,
    excluded: bool,
}

/// A reduced referrer, and its number among the values seen.
struct KnownReferrer {
    value: u32,
    referrer: Referrer,
}

/// An agent's families, and its number among the values seen.
#[derive(Clone, Copy)]
struct NumberedAgent {
    value: u32,
    agent: Agent,
}

/// A virtual host's number in the policy, and its number among the values seen.
#[derive(Clone, Copy)]
struct NumberedHost {
    value: u32,
    number: u16,
    excluded: bool,
}

/// What is needed of a client, and its latest visitor: most clients have one agent and one day. Kept
/// small, since there are as many as clients.
struct KnownClient {
    value: u32,
    /// The agent's number and the day's of the latest visitor; no agent is 0.
    latest: (u32, u32),
    visitor: Visitor,
    region: Region,
    excluded: bool,
}

/// A client, an agent, by their numbers among the values seen, and a day.
type VisitorKey = (u32, u32, u32);

/// A visitor of a day.
#[derive(Clone, Copy, Default)]
struct Visitor {
    pseudonym: u64,
    identity: u32,
}

/// The number of no value: the numbers of values begin above it.
const NO_VALUE: u32 = 0;

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
            fields: Fields {
                agents: Memo::new(&seeds),
                clients: Memo::new(&seeds),
                hosts: Memo::new(&seeds),
                referrers: Memo::new(&seeds),
                requests: Memo::new(&seeds),
                regions: settings.policy.regions.lookup(),
                values: 0,
            },
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

/// The tag of requests logged in parts, whose keys have the escapes in them.
const IN_PARTS: u8 = 1 << 7;

impl Fields<'_> {
    fn request(
        &mut self,
        request: &Request<'_>,
        policy: &Policy,
        dictionary: &mut Dictionary,
        scratch: &mut Vec<u8>,
    ) -> KnownRequest {
        let (tag, key) = match request {
            Request::Line(line) => (line.escape as u8, line.raw),
            Request::Parts {
                method,
                path,
                query,
            } => {
                scratch.clear();
                for part in [method, path, query] {
                    scratch.extend_from_slice(part.raw);
                    scratch.extend([0, part.escape as u8]);
                }
                (IN_PARTS, &scratch[..])
            }
        };
        *self.requests.get_or(tag, key, || {
            let reduced = policy.urls.reduce(request);
            KnownRequest {
                method: reduced.method,
                excluded: policy.filters.excludes_path(&reduced.raw_path)
                    || policy.filters.excludes_method(reduced.method),
                asset: reduced.asset,
                campaign: reduced
                    .campaign
                    .map(|campaign| dictionary.campaign(campaign)),
                target: dictionary.target(reduced.page, policy.goals.reached(&reduced.raw_path)),
            }
        })
    }

    fn agent(&mut self, agent: Text<'_>, policy: &Policy, scratch: &mut Vec<u8>) -> NumberedAgent {
        let values = &mut self.values;
        *self
            .agents
            .get_or(agent.escape as u8, agent.raw, || NumberedAgent {
                value: next(values),
                agent: policy.agents.classify(agent.decode(scratch)),
            })
    }

    fn client(&mut self, field: &[u8], policy: &Policy) -> &mut KnownClient {
        let values = &mut self.values;
        let regions = &mut self.regions;
        self.clients.get_or(0, field, || {
            let client = Client::read(field);
            let unit = client.unit_address();
            KnownClient {
                value: next(values),
                region: unit.map_or_else(Region::default, |unit| regions.region(unit)),
                excluded: policy.filters.excludes_client(&client),
                latest: (NO_VALUE, 0),
                visitor: Visitor::default(),
            }
        })
    }

    fn host(&mut self, host: &[u8], policy: &Policy) -> NumberedHost {
        if host.is_empty() {
            return NumberedHost {
                value: 0,
                number: NO_HOST,
                excluded: policy.filters.excludes_host(host),
            };
        }
        let values = &mut self.values;
        *self.hosts.get_or(0, host, || NumberedHost {
            value: next(values),
            number: policy.hosts.number(host),
            excluded: policy.filters.excludes_host(host),
        })
    }

    fn referrer(
        &mut self,
        referrer: Text<'_>,
        policy: &Policy,
        scratch: &mut Vec<u8>,
    ) -> &KnownReferrer {
        let values = &mut self.values;
        self.referrers
            .get_or(referrer.escape as u8, referrer.raw, || KnownReferrer {
                value: next(values),
                referrer: policy.referrers.reduce(referrer.decode(scratch)),
            })
    }
}

/// The next number for a distinct value; 0 is no value. A forgotten value is numbered anew.
fn next(values: &mut u32) -> u32 {
    *values += 1;
    *values
}

/// The days seen, with their keys and the intake of their period.
#[derive(Default)]
struct Days {
    slots: Vec<DaySlot>,
    by_start: BTreeMap<Timestamp, usize>,
    latest: usize,
    intakes: Vec<(Period, PeriodIntake)>,
}

/// Whether lines of a day may be let in.
#[derive(Clone, Copy)]
enum Standing {
    New,
    Open,
    Released,
}

struct DaySlot {
    day: Day,
    number: u32,
    standing: Standing,
    excluded: bool,
    intake: usize,
    visitors: Pseudonyms,
    networks: Pseudonyms,
}

impl Days {
    /// The position of the day of an instant; neighbouring lines are nearly always of the same day.
    fn of(&mut self, time: Timestamp, settings: &GateSettings<'_>) -> usize {
        let is_latest = self
            .slots
            .get(self.latest)
            .is_some_and(|slot| slot.day.contains(time));
        if !is_latest {
            self.latest = self.find_or_add(time, settings);
        }
        self.latest
    }

    fn intake_of(&mut self, day: usize) -> &mut PeriodIntake {
        &mut self.intakes[self.slots[day].intake].1
    }

    fn find_or_add(&mut self, time: Timestamp, settings: &GateSettings<'_>) -> usize {
        let before = self.by_start.range(..=time).next_back();
        if let Some((_, &position)) =
            before.filter(|&(_, &position)| self.slots[position].day.contains(time))
        {
            return position;
        }
        let day = settings.calendar.day(time);
        let period = settings.calendar.period(day.date);
        let position = self.slots.len();
        let slot = DaySlot {
            day,
            number: u32::try_from(position).expect("fewer days than 2^32"),
            standing: settings.admission.standing(period, settings.calendar),
            excluded: settings.policy.filters.excludes_date(day.date),
            intake: self.intake(period, settings),
            visitors: settings.keys.visitors(day.date),
            networks: settings.keys.networks(period),
        };
        self.slots.push(slot);
        self.by_start.insert(day.start, position);
        position
    }

    fn intake(&mut self, period: Period, settings: &GateSettings<'_>) -> usize {
        let found = self.intakes.iter().position(|(known, _)| *known == period);
        found.unwrap_or_else(|| {
            let released = settings.admission.released.get(&period).copied();
            let key = released.unwrap_or_else(|| settings.keys.line_digest_key(period));
            let start = settings.calendar.midnight(period.start);
            self.intakes.push((period, PeriodIntake::new(start, key)));
            self.intakes.len() - 1
        })
    }
}

impl Admission {
    fn standing(&self, period: Period, calendar: &Calendar) -> Standing {
        if self.released.contains_key(&period) {
            Standing::Released
        } else if self.include_open || calendar.midnight(period.end()) <= self.over_by {
            Standing::New
        } else {
            Standing::Open
        }
    }
}
