//! How much of the address space a database knows.

use super::{Regions, network::Network};
use crate::error::Result;

/// Networks and addresses of one family whose country is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Networks as the database divides the space.
    pub networks: u64,
    /// Addresses whose country is known.
    pub countries: u128,
    /// Addresses whose subdivision is known too.
    pub subdivisions: u128,
}

/// What databases know of IPv4 and of IPv6, added up.
///
/// # Errors
/// [`Error::Setting`](crate::error::Error::Setting) if one is damaged.
pub fn coverage(regions: &Regions) -> Result<[Coverage; 2]> {
    let mut families = [Coverage::default(); 2];
    for database in &regions.databases {
        database.each_network(&regions.names, |network, region| {
            let family = &mut families[usize::from(!network.is_ipv4())];
            family.add(network, region.subdivision().is_some());
            Ok(())
        })?;
    }
    Ok(families)
}

impl Coverage {
    fn add(&mut self, network: Network, subdivision: bool) {
        self.networks += 1;
        self.countries = self.countries.saturating_add(network.size());
        if subdivision {
            self.subdivisions = self.subdivisions.saturating_add(network.size());
        }
    }
}
