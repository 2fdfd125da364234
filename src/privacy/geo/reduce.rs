//! Reduces databases of any size to the regions of networks at the floor: /24 of IPv4, /48 of IPv6.

use hashbrown::HashMap;

use super::{
    Region, Regions,
    network::Network,
    tree::Tree,
    writer::{self, Metadata},
};
use crate::error::Result;

/// What the reduced database says about itself.
#[derive(Clone, Debug, Default)]
pub struct Imprint {
    /// When it was built, in seconds since 1970; if not given, when the latest of its sources was, so
    /// that the same sources give the same bytes.
    pub build_epoch: Option<u64>,
    /// What it is, and the notice that its sources ask for.
    pub description: Option<String>,
}

/// A database with nothing but the regions of other databases, in the `MaxMind` DB format: records
/// `{country: {iso_code}, subdivisions: [{iso_code}]}`. Of two sources that know an address the first
/// decides. A network at the floor is where most of its addresses are.
///
/// # Errors
/// [`Error::Setting`](crate::error::Error::Setting) if a source is damaged or too large.
pub fn reduce(sources: &Regions, imprint: &Imprint) -> Result<Vec<u8>> {
    let mut records = Records::default();
    let mut tree = Tree::new();
    for source in &sources.databases {
        let mut floor = Floor::default();
        let mut put = |(network, region)| tree.insert(network, records.number(region));
        source.each_network(&sources.names, |network, region| {
            floor.add(network, region).map_or(Ok(()), &mut put)
        })?;
        floor.take().map_or(Ok(()), &mut put)?;
    }
    writer::write(
        &tree.compact(),
        &records.regions,
        &metadata(sources, imprint),
    )
}

fn metadata(sources: &Regions, imprint: &Imprint) -> Metadata {
    let latest = sources.databases.iter().map(|it| it.build_epoch()).max();
    Metadata {
        build_epoch: imprint.build_epoch.or(latest).unwrap_or_default(),
        description: imprint.description.clone().unwrap_or_else(|| {
            "Country and first-level subdivision of networks, ISO 3166".to_owned()
        }),
    }
}

/// Regions by number, in the order of their first network.
#[derive(Default)]
struct Records {
    regions: Vec<Region>,
    numbers: HashMap<Region, u32>,
}

impl Records {
    fn number(&mut self, region: Region) -> u32 {
        *self.numbers.entry(region).or_insert_with(|| {
            self.regions.push(region);
            // Five bytes of letters and digits: fewer than 2^32 are codes of regions.
            (self.regions.len() - 1) as u32
        })
    }
}

/// The network at the floor whose parts are being counted.
#[derive(Default)]
struct Floor {
    network: Option<Network>,
    /// Addresses of each region, in the order of appearance.
    parts: Vec<(Region, u128)>,
}

impl Floor {
    /// Takes the next network; gives back the one before, if this one is not part of it.
    fn add(&mut self, network: Network, region: Region) -> Option<(Network, Region)> {
        let at_floor = network.at_floor();
        let done = if self.network == Some(at_floor) {
            None
        } else {
            self.take()
        };
        self.network = Some(at_floor);
        match self.parts.iter_mut().find(|(known, _)| *known == region) {
            Some((_, size)) => *size = size.saturating_add(network.size()),
            None => self.parts.push((region, network.size())),
        }
        done
    }

    /// The network so far, with the country that most of its addresses are in and the subdivision that
    /// most of these are in; of equal ones the first by its code.
    fn take(&mut self) -> Option<(Network, Region)> {
        let network = self.network.take()?;
        let parts = std::mem::take(&mut self.parts);
        let country = most(
            parts
                .iter()
                .map(|&(it, size)| (it.without_subdivision(), size)),
        );
        let inside = parts
            .iter()
            .filter(|(it, _)| it.without_subdivision() == country);
        let subdivisions = inside.filter(|(it, _)| it.subdivision().is_some());
        let subdivision = most(subdivisions.copied());
        let region = if subdivision == Region::default() {
            country
        } else {
            subdivision
        };
        Some((network, region))
    }
}

/// The region with the most addresses.
fn most(parts: impl Iterator<Item = (Region, u128)>) -> Region {
    let mut sums: Vec<(Region, u128)> = Vec::new();
    for (region, size) in parts {
        match sums.iter_mut().find(|(known, _)| *known == region) {
            Some((_, sum)) => *sum = sum.saturating_add(size),
            None => sums.push((region, size)),
        }
    }
    sums.into_iter()
        .max_by_key(|&(region, sum)| (sum, std::cmp::Reverse(region.key())))
        .map_or_else(Region::default, |(region, _)| region)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        let (address, length) = text.split_once('/').unwrap();
        Network::new(address.parse().unwrap(), length.parse().unwrap())
    }

    fn floored(networks: &[(&str, &str, &str)]) -> Vec<(Network, Region)> {
        let mut floor = Floor::default();
        let mut done: Vec<_> = networks
            .iter()
            .filter_map(|&(it, country, subdivision)| {
                floor.add(network(it), Region::new(country, subdivision))
            })
            .collect();
        done.extend(floor.take());
        done
    }

    #[test]
    fn a_network_at_the_floor_is_where_most_of_its_addresses_are() {
        let networks = [
            ("192.0.0.0/22", "DE", "BE"),
            ("192.0.4.0/26", "US", "CA"),
            ("192.0.4.64/26", "US", "NY"),
            ("192.0.4.128/25", "FR", ""),
            ("192.0.5.0/32", "FR", ""),
            ("192.0.5.1/32", "FR", "IDF"),
            ("2001:db8:1:1::/64", "SE", "E"),
            ("2001:db8:1:2::/63", "SE", "O"),
        ];
        let expected = [
            ("192.0.0.0/22", "DE", "BE"),
            ("192.0.4.0/24", "FR", ""),
            ("192.0.5.0/24", "FR", "IDF"),
            ("2001:db8:1::/48", "SE", "O"),
        ]
        .map(|(it, country, subdivision)| (network(it), Region::new(country, subdivision)));
        assert_eq!(floored(&networks), expected);
    }

    #[test]
    fn the_country_is_decided_before_the_subdivision() {
        let networks = [
            ("192.0.2.0/26", "US", "NY"),
            ("192.0.2.64/26", "US", "CA"),
            ("192.0.2.128/26", "US", "TX"),
            ("192.0.2.192/27", "FR", "IDF"),
        ];
        let expected = (network("192.0.2.0/24"), Region::new("US", "CA"));
        assert_eq!(floored(&networks), [expected]);
    }
}
