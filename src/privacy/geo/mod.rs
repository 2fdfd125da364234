//! Countries and regions of addresses, from databases of the `MaxMind` DB format.

mod coverage;
mod database;
mod encode;
mod layout;
mod lookup;
mod names;
mod network;
mod reduce;
mod region;
mod tree;
mod walk;
mod writer;

#[cfg(test)]
mod tests;

use std::{fmt, net::IpAddr, path::Path};

pub(super) use self::lookup::Lookup;
use self::names::Names;
pub use self::{
    coverage::{Coverage, coverage},
    database::{Database, Holdings},
    layout::Layout,
    reduce::{Imprint, reduce},
    region::Region,
};
use crate::error::Result;

/// The shipped database: countries and first-level subdivisions of networks at the floor.
static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/regions.mmdb"));

/// Where regions are looked up.
pub struct Regions {
    databases: Vec<Database>,
    names: Names,
}

/// What databases do not know though somebody may count on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shortcoming {
    /// The named file has no subdivisions.
    CountriesOnly(String),
    /// No file has IPv4 addresses.
    NoIpv4,
    /// No file has IPv6 addresses.
    NoIpv6,
}

impl Regions {
    /// The database that is part of the program.
    ///
    /// # Errors
    /// Never with the shipped file; an [`Error::Setting`](crate::error::Error::Setting) if it were
    /// damaged.
    pub fn embedded() -> Result<Self> {
        Ok(Self {
            databases: vec![Database::trusted(EMBEDDED, "the embedded region database")?],
            names: Names::default(),
        })
    }

    /// No database: every region is unknown.
    #[must_use]
    pub fn none() -> Self {
        Self {
            databases: Vec::new(),
            names: Names::default(),
        }
    }

    /// Databases of the user's; the first that knows an address decides, so that one may have IPv4 and
    /// another IPv6. Subdivisions that they have by name only get their code from a table of names.
    ///
    /// # Errors
    /// [`Error::Read`](crate::error::Error::Read) if a file cannot be read,
    /// [`Error::Setting`](crate::error::Error::Setting) if it is no database or its records have no
    /// country codes, so that every region would silently be unknown.
    pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Self> {
        let names = Names::known();
        let databases: Result<Vec<_>> = paths
            .iter()
            .map(|path| Database::open(path.as_ref(), &names))
            .collect();
        Ok(Self {
            databases: databases?,
            names,
        })
    }

    /// The databases, in the order in which they are asked.
    #[must_use]
    pub fn databases(&self) -> &[Database] {
        &self.databases
    }

    /// What the databases do not know; nothing where there is none, which was a choice.
    #[must_use]
    pub fn shortcomings(&self) -> Vec<Shortcoming> {
        let databases = &self.databases;
        let coarse = databases.iter().filter(|it| !it.holds().subdivisions);
        let mut shortcomings: Vec<_> = coarse
            .map(|it| Shortcoming::CountriesOnly(it.name().to_owned()))
            .collect();
        if !databases.is_empty() {
            let lacks = |has: fn(Holdings) -> bool| !databases.iter().any(|it| has(it.holds()));
            shortcomings.extend(lacks(|it| it.ipv4).then_some(Shortcoming::NoIpv4));
            shortcomings.extend(lacks(|it| it.ipv6).then_some(Shortcoming::NoIpv6));
        }
        shortcomings
    }

    /// The region of one address.
    #[must_use]
    pub fn region(&self, address: IpAddr) -> Region {
        self.lookup().region(address)
    }

    /// A lookup with a memory of its own, one per worker.
    pub(super) fn lookup(&self) -> Lookup<'_> {
        Lookup::new(self)
    }
}

impl fmt::Debug for Regions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Regions").finish_non_exhaustive()
    }
}

impl fmt::Display for Shortcoming {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CountriesOnly(name) => {
                write!(formatter, "{name} has countries only: regions stay unknown")
            }
            Self::NoIpv4 => formatter
                .write_str("no region database has IPv4 addresses: their regions stay unknown"),
            Self::NoIpv6 => formatter
                .write_str("no region database has IPv6 addresses: their regions stay unknown"),
        }
    }
}
