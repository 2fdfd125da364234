//! One file of the `MaxMind` DB format: opened, looked at, read record by record.

use std::{borrow::Cow, net::IpAddr, path::Path};

use hashbrown::HashMap;
use maxminddb::{LookupResult, MaxMindDbError, Reader};

use super::{
    Layout, Region,
    names::Names,
    network::Network,
    walk::{IPV4_END, IPV6_START, Walk},
};
use crate::error::{Error, Result};

type Bytes = Cow<'static, [u8]>;

/// What a database has on an address.
pub(super) type Record<'d> = LookupResult<'d, Bytes>;

/// Networks of each address family that are looked at to tell what a database holds.
const PROBED: usize = 10_000;

/// A database of countries and, mostly, subdivisions.
pub struct Database {
    name: String,
    reader: Reader<Bytes>,
    layout: Layout,
    holds: Holdings,
}

/// What the first networks of a database show that it holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Countries of IPv4 addresses.
    pub ipv4: bool,
    /// Countries of IPv6 addresses.
    pub ipv6: bool,
    /// Subdivisions of countries.
    pub subdivisions: bool,
}

impl Database {
    /// Reads a file and decides on the layout of its records.
    pub(super) fn open(path: &Path, names: &Names) -> Result<Self> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|source| Error::Read {
            name: name.clone(),
            source,
        })?;
        Self::new(bytes, name, names)
    }

    /// A database whose records are known to have their codes in the nested layout.
    pub(super) fn trusted(bytes: &'static [u8], name: &str) -> Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            reader: read(Cow::Borrowed(bytes), name)?,
            layout: Layout::Nested,
            holds: Holdings {
                ipv4: true,
                ipv6: true,
                subdivisions: true,
            },
        })
    }

    /// A database that is looked at to decide on the layout of its records.
    pub(super) fn new(bytes: Vec<u8>, name: String, names: &Names) -> Result<Self> {
        let reader = read(Cow::Owned(bytes), &name)?;
        let probe = Probe::of(&reader, names).map_err(|error| unusable(&name, &error))?;
        let Some(layout) = probe.layout else {
            return Err(Error::Setting(format!(
                "{name}: its records have neither country.iso_code nor country_code, so every region \
                 would be unknown; a database of countries or cities is needed"
            )));
        };
        Ok(Self {
            name,
            reader,
            layout,
            holds: probe.holds,
        })
    }

    /// The file as the user named it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the database says it is.
    #[must_use]
    pub fn database_type(&self) -> &str {
        &self.reader.metadata().database_type
    }

    /// When it was built, in seconds since 1970, as it says.
    #[must_use]
    pub fn build_epoch(&self) -> u64 {
        self.reader.metadata().build_epoch
    }

    /// Where its records keep their codes.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        self.layout
    }

    /// What it holds.
    #[must_use]
    pub const fn holds(&self) -> Holdings {
        self.holds
    }

    /// The record of an address, if it has one.
    pub(super) fn record(&self, address: IpAddr) -> Option<Record<'_>> {
        self.reader.lookup(address).ok()
    }

    /// The region of a record.
    pub(super) fn region(&self, record: &Record<'_>, names: &Names) -> Region {
        self.layout.region(record, names)
    }

    /// Calls `visit` for each network whose country is known, in the order of addresses.
    ///
    /// # Errors
    /// [`Error::Setting`] if the file is damaged, or what `visit` returns.
    pub(super) fn each_network(
        &self,
        names: &Names,
        mut visit: impl FnMut(Network, Region) -> Result<()>,
    ) -> Result<()> {
        let damaged = |error| unusable(&self.name, &error);
        let most = most_networks(self.reader.metadata().node_count as usize);
        let mut by_record = HashMap::new();
        for (number, step) in Walk::new(&self.reader, 0).enumerate() {
            if number >= most {
                return Err(Error::Setting(format!("{}: too many networks", self.name)));
            }
            let (network, record) = step.map_err(damaged)?;
            let Some(offset) = record.offset() else {
                continue;
            };
            let region = *by_record
                .entry(offset)
                .or_insert_with(|| self.region(&record, names));
            if region.country().is_some() {
                visit(network, region)?;
            }
        }
        Ok(())
    }
}

/// What was found out about a database.
#[derive(Default)]
struct Probe {
    layout: Option<Layout>,
    holds: Holdings,
}

impl Probe {
    fn of(reader: &Reader<Bytes>, names: &Names) -> std::result::Result<Self, MaxMindDbError> {
        let mut probe = Self::default();
        probe.holds.ipv4 = probe.look(Walk::new(reader, 0), IPV4_END, names)?;
        probe.holds.ipv6 = probe.look(Walk::new(reader, IPV6_START), u128::MAX, names)?;
        Ok(probe)
    }

    /// Looks at the first networks that begin before `end`, until a subdivision is found; tells whether
    /// any has a country.
    fn look(
        &mut self,
        networks: Walk<'_>,
        end: u128,
        names: &Names,
    ) -> std::result::Result<bool, MaxMindDbError> {
        let mut countries = false;
        for step in networks.take(PROBED) {
            let (network, record) = step?;
            if network.bits >= end {
                break;
            }
            self.layout = self.layout.or_else(|| Layout::of(&record));
            let region = self
                .layout
                .map_or_else(Region::default, |layout| layout.region(&record, names));
            countries |= region.country().is_some();
            self.holds.subdivisions |= region.subdivision().is_some();
            if countries && self.holds.subdivisions {
                break;
            }
        }
        Ok(countries)
    }
}

/// Most networks, with data or without, of a database with the given number of nodes. Equal subtrees
/// may exist once, so there can be several times as many networks as nodes; but a damaged file could
/// seem to have 2^128.
const fn most_networks(nodes: usize) -> usize {
    match nodes.saturating_mul(64) {
        0..0x10_0000 => 0x10_0000,
        most => most,
    }
}

fn read(bytes: Bytes, name: &str) -> Result<Reader<Bytes>> {
    Reader::from_source(bytes).map_err(|error| unusable(name, &error))
}

fn unusable(name: &str, error: &MaxMindDbError) -> Error {
    Error::Setting(format!("{name}: not a usable region database: {error}"))
}
