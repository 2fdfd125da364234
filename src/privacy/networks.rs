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
    known: Memo<'r, Known>,
}

/// What is known of a network.
#[derive(Default)]
struct Known {
    region: Shared,
    /// The pseudonym in the latest period, which is told by its position: most networks are seen in one.
    pseudonym: Option<(usize, u64)>,
}

/// The region of a network's addresses.
#[derive(Clone, Copy, Default)]
enum Shared {
    /// Not looked up.
    #[default]
    Unknown,
    /// All have the same.
    One(Region),
    /// Each has to be looked up.
    Several,
}

impl<'r> Networks<'r> {
    /// Nothing remembered yet.
    pub(super) fn new(policy: &'r Policy, secret: &'r TableSecret) -> Self {
        Self {
            lookup: policy.regions.lookup(),
            known: Memo::new(secret),
        }
    }

    /// How many bytes of memory they take.
    pub(super) fn memory(&self) -> usize {
        self.known.memory()
    }

    /// The region of an address.
    pub(super) fn region(&mut self, address: IpAddr) -> Region {
        let known = self
            .known
            .value(key(&network_octets(address)), Known::default);
        match known.region {
            Shared::One(region) => region,
            Shared::Several => self.lookup.region(address),
            Shared::Unknown => {
                let (region, is_shared) = self.lookup.region_of_network(address);
                known.region = if is_shared {
                    Shared::One(region)
                } else {
                    Shared::Several
                };
                region
            }
        }
    }

    /// The pseudonym of a network in the period of a day.
    pub(super) fn pseudonym(&mut self, network: &[u8], day: &DaySlot) -> u64 {
        let known = self.known.value(key(network), Known::default);
        match known.pseudonym {
            Some((intake, pseudonym)) if intake == day.intake => pseudonym,
            _ => {
                let pseudonym = day.networks.of(&[network]);
                known.pseudonym = Some((day.intake, pseudonym));
                pseudonym
            }
        }
    }
}

const fn key(network: &[u8]) -> Key<'_> {
    Key {
        tag: 0,
        bytes: network,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::{
        privacy::{
            Keys, Regions,
            address::Client,
            days::{Admission, Days, Due},
            gate::GateSettings,
        },
        time::{Calendar, PeriodLength, TimeZone, Timestamp},
    };

    #[test]
    fn a_remembered_network_has_the_region_of_each_of_its_addresses() {
        let policy = Policy {
            regions: Regions::embedded().unwrap(),
            ..Policy::example(&[], &[])
        };
        let keys = Keys::new([7; 32].into());
        let mut networks = Networks::new(&policy, keys.table_secret());
        for _ in ["not remembered", "remembered"] {
            for address in ["8.8.8.8", "8.8.8.9", "2a00:1450:4001::1", "192.0.2.1"] {
                let address = address.parse().unwrap();
                let expected = policy.regions.region(address);
                assert_eq!(networks.region(address), expected, "{address}");
            }
        }
    }

    #[test]
    fn a_network_has_one_pseudonym_in_each_period() {
        let (policy, keys) = (Policy::example(&[], &[]), Keys::new([7; 32].into()));
        let settings = GateSettings {
            policy: &policy,
            calendar: &Calendar::new(TimeZone::UTC, PeriodLength::Day),
            admission: &Admission {
                due: Due::Any,
                released: [].into(),
            },
            keys: &keys,
        };
        let mut networks = Networks::new(&policy, keys.table_secret());
        let mut days = Days::default();
        for day in [21, 22, 21, 21] {
            let date = date(2026, 11, day);
            let noon = date.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
            let position = days.of(Timestamp(noon.timestamp().as_microsecond()), &settings);
            let slot = &days.slots[position];
            for client in ["192.0.2.1", "192.0.2.2", "2001:db8::1"] {
                let network = Client::read(client.as_bytes()).network();
                let expected = slot.networks.of(&[&network]);
                assert_eq!(networks.pseudonym(&network, slot), expected, "{client}");
            }
        }
    }
}
