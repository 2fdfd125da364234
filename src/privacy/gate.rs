//! The gate itself: takes a record, keeps what the policy allows, and lets a hit through.

use std::mem;

use ahash::RandomState;
use hashbrown::HashMap;

use super::{
    address::Client,
    channel::Channel,
    days::{Admission, Days, Standing},
    fields::{Columns, Fields, NO_DAY, OriginKey, Row, Visitor, VisitorKey},
    hit::{Hit, Parts},
    intake::Intake,
    lexicon::{Dictionary, Identity},
    policy::Policy,
    pseudonym::Keys,
    repetition::Tracer,
};
use crate::{
    record::Record,
    stats::{Account, Accounts},
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

/// A record with the line that it was parsed from.
#[derive(Clone, Copy)]
pub struct Logged<'l> {
    /// The record.
    pub record: &'l Record<'l>,
    /// The line as it stands in its source, without its line feed.
    pub line: &'l [u8],
}

/// Gate 1, one per worker.
pub struct Gate<'r> {
    settings: GateSettings<'r>,
    days: Days,
    fields: Fields<'r>,
    columns: Columns,
    visitors: HashMap<VisitorKey, Visitor, RandomState>,
    origins: HashMap<OriginKey, u32, RandomState>,
    dictionary: Dictionary,
    tracer: Tracer,
    /// Buffer: the numbers of records that may be let in, and the positions of their days.
    entered: Vec<(usize, usize)>,
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
            fields: Fields::new(settings.policy, settings.keys.table_secret()),
            columns: Columns::default(),
            visitors: HashMap::with_hasher(seeds.clone()),
            origins: HashMap::with_hasher(seeds.clone()),
            dictionary: Dictionary::new(&seeds),
            tracer: Tracer::default(),
            entered: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Begins a chunk, by its place among the chunks of its source.
    pub fn begin(&mut self, source: usize, sequence: u64) {
        self.tracer.begin(source, sequence);
    }

    /// How many different reduced strings it holds.
    pub(super) fn strings(&self) -> usize {
        self.dictionary.strings()
    }

    /// About how many bytes of memory it takes.
    pub(super) fn memory(&self) -> usize {
        let visitors = self.visitors.capacity() * size_of::<(VisitorKey, Visitor)>();
        let origins = self.origins.capacity() * size_of::<(OriginKey, u32)>();
        let hits = self.days.intakes.iter().map(|(_, it)| it.hits.memory());
        self.fields.memory() + self.dictionary.memory() + visitors + origins + hits.sum::<usize>()
    }

    /// Takes a few records of the source with the given number, and enters their lines into the account
    /// that each is in.
    ///
    /// Records are taken several at a time since looking a field of all of them up takes far less time
    /// than looking all fields of one up after another.
    pub fn admit(&mut self, logged: &[Logged<'_>], source: u32, accounts: &mut Accounts) {
        let mut entered = mem::take(&mut self.entered);
        entered.clear();
        for (number, logged) in logged.iter().enumerate() {
            match self.enter(logged, source) {
                Ok(day) => entered.push((number, day)),
                Err(account) => accounts.enter(account),
            }
        }
        let Self {
            settings,
            fields,
            columns,
            dictionary,
            ..
        } = self;
        let records = entered.iter().map(|&(number, _)| logged[number].record);
        fields.look_up(records, columns, settings.policy, dictionary);
        for (position, &(number, day)) in entered.iter().enumerate() {
            let row = self.columns.row(position);
            accounts.enter(self.let_in(logged[number].record, row, day));
        }
        self.entered = entered;
    }

    /// Whether the request is not to be counted, so that nothing is to be known of it.
    pub(super) fn is_opted_out(&self, record: &Record<'_>) -> bool {
        self.settings.policy.opt_outs.cover(record)
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

    /// Enters a line into its period; the position of its day if the record may be let in, else the
    /// line's account.
    fn enter(&mut self, logged: &Logged<'_>, source: u32) -> Result<usize, Account> {
        let Logged { record, line } = logged;
        if self.is_opted_out(record) {
            return Err(Account::OptedOut);
        }
        let day = self.days.of(record.time, &self.settings);
        let slot = &self.days.slots[day];
        let (standing, excluded) = (slot.standing, slot.excluded);
        let lines = &mut self.days.intakes[slot.intake].1.lines;
        if matches!(standing, Standing::Open) {
            return Err(Account::NotYetOver);
        }
        let hash = lines.digest_line(line);
        self.tracer.enter(hash, record.time);
        if matches!(standing, Standing::Released) {
            return Err(Account::AlreadyReleased);
        }
        lines.cover(record.time, source);
        if excluded {
            lines.exclude();
            return Err(Account::Excluded);
        }
        Ok(day)
    }

    /// Lets a record in as a hit, unless a filter excludes it.
    fn let_in(&mut self, record: &Record<'_>, row: Row, day: usize) -> Account {
        let hit = self.reduce(record, row, day);
        let intake = self.days.intake_of(day);
        match hit {
            Some(hit) => {
                intake.push(hit);
                Account::Parsed
            }
            None => {
                intake.lines.exclude();
                Account::Excluded
            }
        }
    }

    /// The record as a hit, unless a filter excludes it.
    fn reduce(&mut self, record: &Record<'_>, row: Row, day: usize) -> Option<Hit> {
        let status = record
            .status
            .filter(|status| (100..600).contains(status))
            .unwrap_or(0);
        let request = self.fields.requests[row.request];
        let host = self.fields.hosts[row.host];
        let filters = &self.settings.policy.filters;
        if request.excluded || host.excluded || filters.excludes_status(status) {
            return None;
        }
        let visitor = self.visitor(record, row, day)?;
        let pageview = request.is_pageview(record.status);
        let origin = if pageview {
            self.origin(record.host, row, request.campaign)
        } else {
            0
        };
        Some(Hit::new(Parts {
            visitor: visitor.pseudonym,
            time: record.time,
            bytes: record.bytes,
            status,
            identity: visitor.identity,
            target: request.target,
            origin,
            host: host.number,
            method: request.method,
            pageview,
            probe: request.probe,
        }))
    }

    /// The visitor of a client and agent on a day; `None` if a filter excludes the client.
    fn visitor(&mut self, record: &Record<'_>, row: Row, day: usize) -> Option<Visitor> {
        let slot = &self.days.slots[day];
        if row.known_client.excluded {
            return None;
        }
        let agent = || self.fields.agents[row.agent];
        let latest = (slot.kind(row.agent, agent), slot.number);
        if row.known_client.latest == latest {
            return Some(row.known_client.visitor);
        }
        let known = &mut self.fields.clients[row.client];
        if known.latest == latest {
            return Some(known.visitor);
        }
        let key = (row.client, latest.0, latest.1);
        let visitor = self.visitors.get(&key).copied().unwrap_or_else(|| {
            let client = Client::read(record.client);
            let raw_agent = record.agent.decode(&mut self.scratch);
            let identity = Identity {
                network: self.fields.networks.pseudonym(&client.network(), slot),
                region: known.region,
                agent: agent(),
            };
            let sender = slot.sender(&client, raw_agent, identity);
            Visitor {
                pseudonym: sender.pseudonym,
                identity: self.dictionary.identity(sender),
            }
        });
        let (earlier, earlier_day) = mem::replace(&mut known.latest, latest);
        let earlier_visitor = mem::replace(&mut known.visitor, visitor);
        if earlier_day != NO_DAY {
            if self.visitors.len() >= MOST_REMEMBERED {
                self.visitors.clear();
            }
            let earlier_key = (row.client, earlier, earlier_day);
            self.visitors.insert(earlier_key, earlier_visitor);
        }
        Some(visitor)
    }

    /// Where a pageview came from.
    fn origin(&mut self, own_host: &[u8], row: Row, campaign: Option<u32>) -> u32 {
        let key = (row.referrer, row.host, campaign);
        let known = &mut self.fields.referrers[row.referrer];
        if let Some((_, origin)) = known.latest.filter(|(latest, _)| *latest == key) {
            return origin;
        }
        if self.origins.len() >= MOST_REMEMBERED {
            self.origins.clear();
        }
        let dictionary = &mut self.dictionary;
        let origin = *self.origins.entry(key).or_insert_with(|| {
            let (name, channel) = known.referrer.seen_from(own_host);
            let channel = if campaign.is_some() {
                Channel::Campaign
            } else {
                channel
            };
            let source = dictionary.source(name, channel);
            dictionary.origin(source, campaign)
        });
        known.latest = Some((key, origin));
        origin
    }
}
