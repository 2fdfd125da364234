//! What each logged value reduces to, as far as remembered.

use super::{
    address::Client,
    agent::Agent,
    geo::Region,
    hit::NO_HOST,
    lexicon::Dictionary,
    memo::{Key, Memo, Number},
    method::Method,
    networks::Networks,
    policy::Policy,
    probe::Probe,
    pseudonym::TableSecret,
    referrer::Referrer,
};
use crate::record::{Record, Request, Text};

/// What each logged value reduces to, as far as remembered.
pub(super) struct Fields<'r> {
    pub(super) agents: Memo<'r, Agent>,
    pub(super) clients: Memo<'r, KnownClient>,
    pub(super) hosts: Memo<'r, KnownHost>,
    pub(super) referrers: Memo<'r, KnownReferrer>,
    pub(super) requests: Memo<'r, KnownRequest>,
    pub(super) networks: Networks<'r>,
    joined: JoinedParts,
    scratch: Vec<u8>,
}

/// The numbers of what the fields of a few records reduce to, field by field.
#[derive(Default)]
pub(super) struct Columns {
    agents: Vec<Number>,
    clients: Vec<Number>,
    /// What was known of the clients, fetched for all records at once.
    known_clients: Vec<KnownClient>,
    hosts: Vec<Number>,
    /// Of pageviews that may be of visits; the number of no referrer for all other records.
    referrers: Vec<Number>,
    requests: Vec<Number>,
}

/// The numbers of what one record's fields reduce to.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) agent: Number,
    pub(super) client: Number,
    /// What was known of the client before the first of the few records.
    pub(super) known_client: KnownClient,
    pub(super) host: Number,
    pub(super) referrer: Number,
    pub(super) request: Number,
}

/// What a request line, or method, path and query, reduce to.
#[derive(Clone, Copy)]
pub(super) struct KnownRequest {
    pub(super) method: Method,
    pub(super) target: u32,
    pub(super) campaign: Option<u32>,
    pub(super) asset: bool,
    pub(super) excluded: bool,
    pub(super) probe: Option<Probe>,
}

/// A virtual host's number in the policy.
#[derive(Clone, Copy)]
pub(super) struct KnownHost {
    pub(super) number: u16,
    pub(super) excluded: bool,
}

/// What is needed of a client, and its latest visitor: most clients have one agent and one day. Kept
/// small, since there are as many as clients.
#[derive(Clone, Copy)]
pub(super) struct KnownClient {
    /// The latest visitor's agent and day.
    pub(super) latest: (Number, u32),
    pub(super) visitor: Visitor,
    pub(super) region: Region,
    pub(super) excluded: bool,
}

/// A reduced referrer, and the latest origin that it was part of: most are seen from one host and
/// without a campaign.
pub(super) struct KnownReferrer {
    pub(super) referrer: Referrer,
    pub(super) latest: Option<(OriginKey, u32)>,
}

/// The referrer, the host it was seen from and the campaign of a pageview.
pub(super) type OriginKey = (Number, Number, Option<u32>);

/// A client, an agent and a day.
pub(super) type VisitorKey = (Number, Number, u32);

/// A visitor of a day.
#[derive(Clone, Copy, Default)]
pub(super) struct Visitor {
    pub(super) pseudonym: u64,
    pub(super) identity: u32,
}

/// The day of no visitor.
pub(super) const NO_DAY: u32 = u32::MAX;

/// About how many bytes a referrer points to.
const REFERRER: usize = 64;

/// The tag of requests logged in parts, whose keys have the escapes in them.
const IN_PARTS: u8 = 1 << 7;

impl<'r> Fields<'r> {
    /// Nothing remembered yet.
    pub(super) fn new(policy: &'r Policy, secret: &'r TableSecret) -> Self {
        Self {
            agents: Memo::new(secret),
            clients: Memo::new(secret),
            hosts: Memo::new(secret),
            referrers: Memo::new(secret),
            requests: Memo::new(secret),
            networks: Networks::new(policy, secret),
            joined: JoinedParts::default(),
            scratch: Vec::new(),
        }
    }

    /// About how many bytes of memory they take.
    pub(super) fn memory(&self) -> usize {
        self.agents.memory()
            + self.clients.memory()
            + self.hosts.memory()
            + self.referrers.memory_with(REFERRER)
            + self.requests.memory()
            + self.networks.memory()
    }

    /// Looks the fields of a few records up; the numbers are good until the next call.
    pub(super) fn look_up<'l>(
        &mut self,
        records: impl Iterator<Item = &'l Record<'l>> + Clone,
        columns: &mut Columns,
        policy: &Policy,
        dictionary: &mut Dictionary,
    ) {
        let requests = records.clone().map(|record| &record.request);
        self.number_requests(requests, &mut columns.requests, policy, dictionary);
        let known = columns.requests.iter().map(|&number| self.requests[number]);
        let referrers = records.clone().zip(known).map(|(record, request)| {
            if request.is_pageview(record.status) && policy.senders.are_visitors() {
                record.referrer
            } else {
                Text::default()
            }
        });
        let scratch = &mut self.scratch;
        self.referrers
            .number(referrers, text_key, &mut columns.referrers, |referrer| {
                KnownReferrer {
                    referrer: policy.referrers.reduce(referrer.decode(scratch)),
                    latest: None,
                }
            });
        let agents = records.clone().map(|record| record.agent);
        self.agents
            .number(agents, text_key, &mut columns.agents, |agent| {
                policy.agents.classify(agent.decode(scratch))
            });
        let hosts = records.clone().map(|record| record.host);
        self.hosts
            .number(hosts, bytes_key, &mut columns.hosts, |host| {
                KnownHost::new(host, policy)
            });
        let clients = records.map(|record| record.client);
        let networks = &mut self.networks;
        self.clients
            .number(clients, bytes_key, &mut columns.clients, |client| {
                KnownClient::new(&Client::read(client), policy, networks)
            });
        let known = columns.clients.iter().map(|&number| self.clients[number]);
        columns.known_clients.clear();
        columns.known_clients.extend(known);
    }

    fn number_requests<'l>(
        &mut self,
        requests: impl Iterator<Item = &'l Request<'l>> + Clone,
        numbers: &mut Vec<Number>,
        policy: &Policy,
        dictionary: &mut Dictionary,
    ) {
        self.joined.join(requests.clone());
        let items = requests.zip(self.joined.iter());
        self.requests
            .number(items, request_key, numbers, |(request, _)| {
                KnownRequest::new(request, policy, dictionary)
            });
    }
}

impl KnownRequest {
    fn new(request: &Request<'_>, policy: &Policy, dictionary: &mut Dictionary) -> Self {
        let reduced = policy.urls.reduce(request);
        // What brought a request is asked of visits only.
        let campaign = reduced.campaign.filter(|_| policy.senders.are_visitors());
        Self {
            method: reduced.method,
            excluded: policy.filters.excludes_path(&reduced.raw_path)
                || policy.filters.excludes_method(reduced.method),
            asset: reduced.asset,
            probe: reduced.probe,
            campaign: campaign.map(|campaign| dictionary.campaign(campaign)),
            target: dictionary.target(reduced.page, policy.goals.reached(&reduced.raw_path)),
        }
    }

    /// Whether the request is a pageview if it was answered with the status.
    pub(super) fn is_pageview(&self, status: Option<u16>) -> bool {
        let answered = status.is_some_and(|status| status == 304 || (200..300).contains(&status));
        answered && self.method == Method::Get && !self.asset
    }
}

impl KnownHost {
    fn new(host: &[u8], policy: &Policy) -> Self {
        let number = if host.is_empty() {
            NO_HOST
        } else {
            policy.hosts.number(host)
        };
        Self {
            number,
            excluded: policy.filters.excludes_host(host),
        }
    }
}

impl KnownClient {
    fn new(client: &Client, policy: &Policy, networks: &mut Networks<'_>) -> Self {
        let unit = client.unit_address();
        Self {
            region: unit.map_or_else(Region::default, |unit| networks.region(unit)),
            excluded: policy.filters.excludes_client(client),
            latest: (0, NO_DAY),
            visitor: Visitor::default(),
        }
    }
}

impl Columns {
    /// What is known of the record at a position.
    pub(super) fn row(&self, position: usize) -> Row {
        Row {
            agent: self.agents[position],
            client: self.clients[position],
            known_client: self.known_clients[position],
            host: self.hosts[position],
            referrer: self.referrers[position],
            request: self.requests[position],
        }
    }
}

/// The bytes of requests that are logged in parts, joined to make a key.
#[derive(Default)]
pub(super) struct JoinedParts {
    bytes: Vec<u8>,
    /// The end of each request's bytes; of those that are not in parts, the end of the one before.
    ends: Vec<usize>,
}

impl JoinedParts {
    pub(super) fn join<'l>(&mut self, requests: impl Iterator<Item = &'l Request<'l>>) {
        self.bytes.clear();
        self.ends.clear();
        for request in requests {
            if let Request::Parts {
                method,
                path,
                query,
            } = request
            {
                for part in [method, path, query] {
                    self.bytes.extend_from_slice(part.raw);
                    self.bytes.extend([0, part.escape as u8]);
                }
            }
            self.ends.push(self.bytes.len());
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts
            .zip(&self.ends)
            .map(|(&start, &end)| &self.bytes[start..end])
    }
}

pub(super) fn request_key<'k, 'l: 'k>(&(request, joined): &(&'l Request<'l>, &'k [u8])) -> Key<'k> {
    match request {
        Request::Line(line) => text_key(line),
        Request::Parts { .. } => Key {
            tag: IN_PARTS,
            bytes: joined,
        },
    }
}

pub(super) fn text_key<'l>(text: &Text<'l>) -> Key<'l> {
    Key {
        tag: text.escape as u8,
        bytes: text.raw,
    }
}

pub(super) fn bytes_key<'l>(bytes: &&'l [u8]) -> Key<'l> {
    Key { tag: 0, bytes }
}
