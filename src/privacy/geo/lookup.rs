//! Looks addresses up, reading each distinct record once.

use std::net::IpAddr;

use hashbrown::HashMap;

use super::{Region, Regions, database::Record, network::Network};

/// A lookup with a memory of records, one per worker.
pub(in crate::privacy) struct Lookup<'r> {
    regions: &'r Regions,
    /// By number of the database and position of the record: many networks share a record.
    by_record: HashMap<(usize, usize), Region>,
}

impl<'r> Lookup<'r> {
    pub(super) fn new(regions: &'r Regions) -> Self {
        Self {
            regions,
            by_record: HashMap::new(),
        }
    }

    /// The region of an address, and whether it is that of its whole network at the floor, a /24 of IPv4 or
    /// a /48 of IPv6.
    pub(in crate::privacy) fn region_of_network(&mut self, address: IpAddr) -> (Region, bool) {
        let databases = self.regions.databases.iter();
        let is_whole = databases
            .map(|database| database.record(address))
            .all(|record| record.is_some_and(|record| covers_floor(&record)));
        (self.region(address), is_whole)
    }

    /// The region of an address, from the first database that knows its country; unknown where none
    /// does, or none has addresses of its family.
    pub(in crate::privacy) fn region(&mut self, address: IpAddr) -> Region {
        let Self { regions, by_record } = self;
        let databases = regions.databases.iter().enumerate();
        let mut found = databases.filter_map(|(number, database)| {
            let record = database.record(address)?;
            let region = by_record
                .entry((number, record.offset()?))
                .or_insert_with(|| database.region(&record, &regions.names));
            Some(*region)
        });
        found
            .find(|region| region.country().is_some())
            .unwrap_or_default()
    }
}

/// Whether what a database has on an address holds for its whole network at the floor.
fn covers_floor(record: &Record<'_>) -> bool {
    record.network().is_ok_and(|found| {
        let network = Network::new(found.ip(), found.prefix());
        network == network.at_floor()
    })
}
