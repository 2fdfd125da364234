//! Whom requests are told apart by: visitors, or networks only.

use super::{
    address::Client,
    agent::{Agent, Browser, Device, System},
    days::DaySlot,
    geo::Region,
    lexicon::Identity,
    memo::Number,
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

    /// The pseudonym of a sender, and what is known of it.
    pub(super) fn sender(
        &self,
        client: &Client,
        region: Region,
        raw_agent: &[u8],
        agent: Agent,
    ) -> (u64, Identity) {
        let network = client.network();
        let identity = Identity {
            network: self.networks.of(&[&network]),
            region,
            agent,
        };
        match &self.visitors {
            Some(visitors) => (visitors.of(&[&client.unit(), raw_agent]), identity),
            None => {
                let name = agent.crawler.map_or("", |crawler| crawler.name());
                let identity = Identity {
                    region: Region::default(),
                    agent: only_crawler(agent),
                    ..identity
                };
                (self.networks.of(&[&network, name.as_bytes()]), identity)
            }
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
