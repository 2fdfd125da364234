//! Whom requests are told apart by: visitors, or networks only.

use super::{
    address::Client,
    agent::{Agent, Browser, Device, System},
    days::DaySlot,
    geo::Region,
    lexicon::Identity,
    memo::Number,
    shard::in_shard_of,
};

/// Whom the requests that pass gate 1 are told apart by.
///
/// All that is told of a visitor follows from this choice: where only networks are told, gate 1 never
/// computes a visitor's pseudonym nor asks where a request came from, and nothing after it can make a
/// visit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Senders {
    /// Visitors, each with its network.
    #[default]
    Visitors,
    /// Networks, which the threshold is about; of a crawler, also its name.
    Networks,
}

impl Senders {
    /// Whether visitors are told apart, so that there are visits.
    #[must_use]
    pub const fn are_visitors(self) -> bool {
        matches!(self, Self::Visitors)
    }
}

/// Whom a request is counted for.
pub(super) struct Sender {
    /// A visitor's, or where only networks are told, that of a network.
    pub(super) pseudonym: u64,
    pub(super) identity: Identity,
    /// The unit that noise hides, where units are told.
    pub(super) unit: Option<u64>,
}

impl DaySlot {
    /// What tells the senders of one client apart on this day, beside the client.
    pub(super) fn kind(&self, number: Number, agent: impl FnOnce() -> Agent) -> Number {
        match self.visitors {
            Some(_) => number,
            None => agent()
                .crawler
                .map_or(Number::MAX, |crawler| crawler.number().into()),
        }
    }

    /// Who sends with an agent from an address, given what is known of both.
    pub(super) fn sender(&self, client: &Client, raw_agent: &[u8], identity: Identity) -> Sender {
        let Some(visitors) = &self.visitors else {
            let name = identity.agent.crawler.map_or("", |crawler| crawler.name());
            return Sender {
                pseudonym: self.networks.of(&[&client.network(), name.as_bytes()]),
                identity: Identity {
                    region: Region::default(),
                    agent: only_crawler(identity.agent),
                    ..identity
                },
                unit: None,
            };
        };
        let pseudonym = visitors.of(&[&client.unit(), raw_agent]);
        let unit = self.units.as_ref().map(|it| it.of(&[&client.unit()]));
        Sender {
            pseudonym: unit.map_or(pseudonym, |unit| in_shard_of(unit, pseudonym)),
            identity,
            unit,
        }
    }
}

/// An agent of which no more is known than the crawler that it is.
const fn only_crawler(agent: Agent) -> Agent {
    Agent {
        browser: Browser::UNKNOWN,
        system: System::UNKNOWN,
        device: Device::UNKNOWN,
        crawler: agent.crawler,
    }
}
