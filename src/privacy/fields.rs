//! What each logged value reduces to, as far as remembered.

use ahash::RandomState;

use super::{
    address::Client,
    agent::Agent,
    geo::{Lookup, Region},
    hit::NO_HOST,
    lexicon::Dictionary,
    memo::Memo,
    method::Method,
    policy::Policy,
    referrer::Referrer,
};
use crate::record::{Request, Text};

/// What each logged value reduces to, as far as remembered.
pub(super) struct Fields<'r> {
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
pub(super) struct KnownRequest {
    pub(super) method: Method,
    pub(super) target: u32,
    pub(super) campaign: Option<u32>,
    pub(super) asset: bool,
    pub(super) excluded: bool,
}

/// A reduced referrer, and its number among the values seen.
pub(super) struct KnownReferrer {
    pub(super) value: u32,
    pub(super) referrer: Referrer,
}

/// An agent's families, and its number among the values seen.
#[derive(Clone, Copy)]
pub(super) struct NumberedAgent {
    pub(super) value: u32,
    pub(super) agent: Agent,
}

/// A virtual host's number in the policy, and its number among the values seen.
#[derive(Clone, Copy)]
pub(super) struct NumberedHost {
    pub(super) value: u32,
    pub(super) number: u16,
    pub(super) excluded: bool,
}

/// What is needed of a client, and its latest visitor: most clients have one agent and one day. Kept
/// small, since there are as many as clients.
pub(super) struct KnownClient {
    pub(super) value: u32,
    /// The agent's number and the day's of the latest visitor; no agent is 0.
    pub(super) latest: (u32, u32),
    pub(super) visitor: Visitor,
    pub(super) region: Region,
    pub(super) excluded: bool,
}
/// A client, an agent, by their numbers among the values seen, and a day.
pub(super) type VisitorKey = (u32, u32, u32);

/// A visitor of a day.
#[derive(Clone, Copy, Default)]
pub(super) struct Visitor {
    pub(super) pseudonym: u64,
    pub(super) identity: u32,
}

/// The number of no value: the numbers of values begin above it.
pub(super) const NO_VALUE: u32 = 0;

/// The tag of requests logged in parts, whose keys have the escapes in them.
pub(super) const IN_PARTS: u8 = 1 << 7;

impl<'r> Fields<'r> {
    /// Nothing remembered yet.
    pub(super) fn new(policy: &'r Policy, seeds: &RandomState) -> Self {
        Self {
            agents: Memo::new(seeds),
            clients: Memo::new(seeds),
            hosts: Memo::new(seeds),
            referrers: Memo::new(seeds),
            requests: Memo::new(seeds),
            regions: policy.regions.lookup(),
            values: 0,
        }
    }

    pub(super) fn request(
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

    pub(super) fn agent(
        &mut self,
        agent: Text<'_>,
        policy: &Policy,
        scratch: &mut Vec<u8>,
    ) -> NumberedAgent {
        let values = &mut self.values;
        *self
            .agents
            .get_or(agent.escape as u8, agent.raw, || NumberedAgent {
                value: next(values),
                agent: policy.agents.classify(agent.decode(scratch)),
            })
    }

    pub(super) fn client(&mut self, field: &[u8], policy: &Policy) -> &mut KnownClient {
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

    pub(super) fn host(&mut self, host: &[u8], policy: &Policy) -> NumberedHost {
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

    pub(super) fn referrer(
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
