//! Gate 1 of scrubbed logs: records to lines without what tells who somebody is, but with pseudonyms.
//!
//! Each field is reduced by the rule that it has in reports. What has no rule is not written.

mod address;
mod agent;
mod days;
mod referrer;
mod texts;

use std::hint::black_box;

pub use self::address::AddressRule;
use self::{
    address::Address,
    agent::AgentTexts,
    days::Days,
    texts::{Place, Texts},
};
use super::{
    address::Client,
    agent::AgentRules,
    fields::{JoinedParts, bytes_key, request_key, text_key},
    geo::{Lookup, Regions},
    memo::{Memo, Number},
    opt_out::OptOuts,
    pseudonym::{Digest, Keys},
    referrer::ReferrerRules,
    sites::SiteName,
    url::{Scrubbed, UrlRules, holds_address},
};
use crate::{
    error::Result,
    format::{Meaning, Value, Values},
    record::{Record, Request},
    stats::{Account, Accounts},
    time::{Calendar, Precision},
};

/// What becomes of the fields of scrubbed logs.
pub struct ScrubRules {
    /// What is written in the place of addresses.
    pub address: AddressRule,
    /// Whose keys the days of pseudonyms are of.
    pub calendar: Calendar,
    /// Paths and queries.
    pub urls: UrlRules,
    /// Referrers.
    pub referrers: ReferrerRules,
    /// Browsers, systems, devices and crawlers.
    pub agents: AgentRules,
    /// Virtual hosts that may be written.
    pub hosts: Vec<SiteName>,
    /// Regions of addresses.
    pub regions: Regions,
    /// Whose requests are left out.
    pub opt_outs: OptOuts,
    /// How exact times are written.
    pub precision: Precision,
}

impl ScrubRules {
    /// Host names that may be written, from text in any case.
    ///
    /// # Errors
    /// [`Error::Setting`](crate::error::Error::Setting) for one that is no host name.
    pub fn hosts(names: &[String]) -> Result<Vec<SiteName>> {
        names.iter().map(|name| SiteName::new(name)).collect()
    }
}

/// Values remembered of each field, and clients: few enough that all of them take some tens of megabytes.
const MOST_REMEMBERED: usize = 1 << 16;
const MOST_CLIENTS: usize = 1 << 18;

/// Scrubs records, one per worker.
pub struct Scrubber<'r> {
    rules: &'r ScrubRules,
    days: Days<'r>,
    clients: Memo<'r, KnownClient>,
    requests: Memo<'r, Option<Scrubbed>>,
    /// The lines of the requests remembered, one behind the other.
    lines: Vec<u8>,
    referrers: Memo<'r, Place>,
    /// The same of referrers.
    referrer_texts: Texts,
    agents: Memo<'r, KnownAgent>,
    hosts: Memo<'r, Option<usize>>,
    agent_texts: AgentTexts,
    regions: Lookup<'r>,
    joined: JoinedParts,
    columns: Columns,
    scratch: Vec<u8>,
}

/// What is needed of a client: its address as written for its latest agent and day. It is in one cache line.
#[repr(align(64))]
struct KnownClient {
    latest: Option<(Number, u32)>,
    address: Address,
}

/// What is needed of a user agent: the number of its text, and what stands for it in pseudonyms, so that
/// these take no longer for long agents.
struct KnownAgent {
    text: usize,
    digest: Digest,
}

/// The numbers of what the fields of a few records come to.
#[derive(Default)]
struct Columns {
    clients: Vec<Number>,
    requests: Vec<Number>,
    referrers: Vec<Number>,
    agents: Vec<Number>,
    /// None where no host may be written.
    hosts: Vec<Number>,
}

/// A record with nothing in it that tells who somebody is. Only gate 1 can make one.
pub struct ScrubbedRecord<'s> {
    address: &'s Address,
    request: Option<Scrubbed>,
    /// Where the request's line stands.
    lines: &'s [u8],
    referrer: Option<&'s [u8]>,
    agent: Option<&'s [u8]>,
    host: Option<&'s [u8]>,
    precision: Precision,
}

impl<'r> Scrubber<'r> {
    /// A scrubber that remembers nothing yet.
    #[must_use]
    pub fn new(rules: &'r ScrubRules, keys: &'r Keys) -> Self {
        let secret = keys.table_secret();
        Self {
            rules,
            days: Days::new(&rules.calendar, keys),
            clients: Memo::of_at_most(MOST_CLIENTS, secret),
            requests: Memo::of_at_most(MOST_REMEMBERED, secret),
            lines: Vec::new(),
            referrers: Memo::of_at_most(MOST_REMEMBERED, secret),
            referrer_texts: Texts::default(),
            agents: Memo::of_at_most(MOST_REMEMBERED, secret),
            hosts: Memo::of_at_most(MOST_REMEMBERED, secret),
            agent_texts: AgentTexts::default(),
            regions: rules.regions.lookup(),
            joined: JoinedParts::default(),
            columns: Columns::default(),
            scratch: Vec::new(),
        }
    }

    /// Takes a few records, and shows each that is not left out, with its position among them. Each is
    /// entered into the account that is returned; left out are those of clients that opted out, and those
    /// of days whose keys are given up.
    pub fn scrub(
        &mut self,
        records: &[Record<'_>],
        accounts: &mut Accounts,
        mut show: impl FnMut(usize, &ScrubbedRecord<'_>) -> Account,
    ) {
        self.look_up(records.iter());
        self.fetch_texts(records.len());
        for (position, record) in records.iter().enumerate() {
            accounts.enter(if self.rules.opt_outs.cover(record) {
                Account::OptedOut
            } else {
                match self.scrubbed(position, record) {
                    Some(scrubbed) => show(position, &scrubbed),
                    None => Account::Excluded,
                }
            });
        }
    }

    /// Looks the fields of a few records up, one field of all of them after the other.
    fn look_up<'l>(&mut self, records: impl Iterator<Item = &'l Record<'l>> + Clone) {
        let Self {
            rules,
            columns,
            scratch,
            agent_texts,
            lines,
            referrer_texts,
            ..
        } = self;
        if self.requests.is_full() {
            lines.clear();
        }
        if self.referrers.is_full() {
            referrer_texts.clear();
        }
        let requests = records.clone().map(|record| &record.request);
        self.joined.join(requests.clone());
        let items = requests.zip(self.joined.iter());
        let request = |(request, _): (&Request<'_>, _)| rules.urls.scrub(request, lines);
        self.requests
            .number(items, request_key, &mut columns.requests, request);
        let referrers = records.clone().map(|record| record.referrer);
        self.referrers
            .number(referrers, text_key, &mut columns.referrers, |referrer| {
                let written = referrer::written(&rules.referrers, referrer.decode(scratch));
                referrer_texts.add(written.as_deref().unwrap_or_default())
            });
        let agents = records.clone().map(|record| record.agent);
        self.agents
            .number(agents, text_key, &mut columns.agents, |agent| {
                let logged = agent.decode(scratch);
                KnownAgent {
                    text: agent_texts.number(&rules.agents, logged),
                    digest: Digest::of(logged),
                }
            });
        columns.hosts.clear();
        if !rules.hosts.is_empty() {
            let hosts = records.clone().map(|record| record.host);
            self.hosts
                .number(hosts, bytes_key, &mut columns.hosts, |host| {
                    let is_it =
                        |name: &SiteName| host.eq_ignore_ascii_case(name.as_str().as_bytes());
                    rules.hosts.iter().position(is_it)
                });
        }
        let clients = records.map(|record| record.client);
        self.clients
            .number(clients, bytes_key, &mut columns.clients, |_| KnownClient {
                latest: None,
                address: Address::NONE,
            });
    }

    /// Looks at what is written of so many records: the processor then waits for all of it at once, and
    /// not again and again while lines are written.
    fn fetch_texts(&self, records: usize) {
        let columns = &self.columns;
        let byte = |text: Option<&[u8]>| text.and_then(<[u8]>::first).copied().unwrap_or(0);
        let fetched = (0..records).fold(0, |all, position| {
            let request = self.requests[columns.requests[position]];
            let referrer = self
                .referrer_texts
                .get(self.referrers[columns.referrers[position]]);
            all ^ byte(request.map(|request| request.target(&self.lines))) ^ byte(referrer)
        });
        black_box(fetched);
    }

    /// A record that was looked up; none where its day has no key any more.
    fn scrubbed(&mut self, position: usize, record: &Record<'_>) -> Option<ScrubbedRecord<'_>> {
        self.address(position, record)?;
        let Self { columns, .. } = self;
        let host = columns.hosts.get(position);
        let host = host.and_then(|&number| self.hosts[number]);
        let text = self.agents[columns.agents[position]].text;
        Some(ScrubbedRecord {
            address: &self.clients[columns.clients[position]].address,
            request: self.requests[columns.requests[position]],
            lines: &self.lines,
            referrer: self
                .referrer_texts
                .get(self.referrers[columns.referrers[position]]),
            agent: self.agent_texts.get(text),
            host: host.map(|host| self.rules.hosts[host].as_str().as_bytes()),
            precision: self.rules.precision,
        })
    }

    /// Settles what is written in the place of a record's client; none where its day has no key any more.
    fn address(&mut self, position: usize, record: &Record<'_>) -> Option<()> {
        let agent = self.columns.agents[position];
        let day = self.days.of(record.time)?;
        let key = Some((agent, day.number));
        let known = &mut self.clients[self.columns.clients[position]];
        if known.latest != key {
            let client = Client::read(record.client);
            let agent = &self.agents[agent].digest;
            let regions = &mut self.regions;
            known.address = self.rules.address.written(&client, agent, day, regions);
            known.latest = key;
        }
        Some(())
    }
}

impl Values for ScrubbedRecord<'_> {
    #[inline(always)]
    fn value(&self, meaning: Meaning) -> Value<'_> {
        let (request, lines) = (self.request, self.lines);
        let text = match meaning {
            Meaning::Bytes | Meaning::Status => return Value::Number,
            Meaning::Client | Meaning::ForwardedFor => self.address.text(),
            Meaning::Host => self.host,
            Meaning::Method => request.and_then(|request| request.method(lines)),
            Meaning::Path => request.map(|request| request.path(lines)),
            Meaning::Query => request.and_then(|request| request.query(lines)),
            Meaning::Request | Meaning::ProxyRequest => {
                request.and_then(|request| request.line(lines))
            }
            Meaning::Url => request.map(|request| request.target(lines)),
            Meaning::Referrer => self.referrer,
            Meaning::UserAgent => self.agent,
            Meaning::Cookies
            | Meaning::OptOut
            | Meaning::OptOutCookies
            | Meaning::Time
            | Meaning::Unused => None,
        };
        text.map_or(Value::Absent, Value::Text)
    }

    fn precision(&self) -> Precision {
        self.precision
    }

    fn is_address(&self, word: &[u8]) -> bool {
        holds_address(word)
    }
}
