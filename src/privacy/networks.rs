//! What is known of each network, remembered: there are far fewer of them than clients.

use std::net::IpAddr;

use super::{
    address::network_octets,
    days::DaySlot,
    geo::{Lookup, Region},
    memo::{Key, Memo},
    policy::Policy,
    pseudonym::TableSecret,
};

/// The regions and pseudonyms of networks, as far as remembered.
pub(super) struct Networks<'r> {
    lookup: Lookup<'r>,
    /// None where addresses of one network have different regions.
    regions: Memo<'r, Option<Region>>,
    pseudonyms: Memo<'r, Known>,
}

/// The latest pseudonym of a network: most are seen in one period.
struct Known {
    /// The position of the period.
    intake: usize,
    pseudonym: u64,
}

impl<'r> Networks<'r> {
    /// Nothing remembered yet.
    pub(super) fn new(policy: &'r Policy, secret: &'r TableSecret) -> Self {
        Self {
            lookup: policy.regions.lookup(),
            regions: Memo::new(secret),
            pseudonyms: Memo::new(secret),
        }
    }

    /// The region of an address.
    pub(super) fn region(&mut self, address: IpAddr) -> Region {
        let Self {
            lookup, regions, ..
        } = self;
        let octets = network_octets(address);
        let key = Key {
            tag: 0,
            bytes: &octets,
        };
        let known = *regions.value(key, || {
            let (region, is_of_network) = lookup.region_of_network(address);
            is_of_network.then_some(region)
        });
        known.unwrap_or_else(|| lookup.region(address))
    }

    /// The pseudonym of a network in the period of a day.
    pub(super) fn pseudonym(&mut self, network: &[u8], day: &DaySlot) -> u64 {
        let pseudonym = || Known {
            intake: day.intake,
            pseudonym: day.networks.of(&[network]),
        };
        let key = Key {
            tag: 0,
            bytes: network,
        };
        let known = self.pseudonyms.value(key, pseudonym);
        if known.intake != day.intake {
            *known = pseudonym();
        }
        known.pseudonym
    }
}
