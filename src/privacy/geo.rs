//! Country and region of an address, from a database of the `MaxMind` DB format.

use std::{borrow::Cow, fmt, net::IpAddr, path::Path};

use hashbrown::HashMap;
use maxminddb::{MaxMindDbError, PathElement, Reader};

use crate::error::{Error, Result};

/// The shipped database: countries and first-level subdivisions, address floors /24 and /48.
static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/regions.mmdb"));

/// A country (ISO 3166-1 alpha-2) and its subdivision (the part of ISO 3166-2 after the hyphen).
///
/// Zero bytes stand for what is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Region {
    country: [u8; 2],
    subdivision: [u8; 3],
}

impl Region {
    /// A region from its codes; a code that is not one is unknown.
    fn new(country: &str, subdivision: &str) -> Self {
        let Some(country) = code::<2>(country).filter(|_| country.len() == 2) else {
            return Self::default();
        };
        Self {
            country,
            subdivision: code::<3>(subdivision).unwrap_or_default(),
        }
    }

    /// The region as one number.
    #[must_use]
    pub fn key(self) -> u64 {
        let [a, b] = self.country;
        let [c, d, e] = self.subdivision;
        u64::from_be_bytes([0, 0, 0, a, b, c, d, e])
    }

    /// The region of a number made by [`Region::key`].
    #[must_use]
    pub const fn from_key(key: u64) -> Self {
        let [_, _, _, a, b, c, d, e] = key.to_be_bytes();
        Self {
            country: [a, b],
            subdivision: [c, d, e],
        }
    }

    /// The country alone.
    #[must_use]
    pub const fn without_subdivision(self) -> Self {
        Self {
            country: self.country,
            subdivision: [0; 3],
        }
    }

    /// The country's code, `US`.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        text(&self.country)
    }

    /// The full ISO 3166-2 code, `US-CA`.
    #[must_use]
    pub fn region(&self) -> Option<String> {
        Some(format!("{}-{}", self.country()?, text(&self.subdivision)?))
    }
}

/// Where regions are looked up.
pub struct Regions {
    database: Option<Reader<Cow<'static, [u8]>>>,
}

impl Regions {
    /// The database that is part of the program.
    ///
    /// # Errors
    /// Never with the shipped file; an [`Error::Setting`] if it were damaged.
    pub fn embedded() -> Result<Self> {
        Self::from_bytes(Cow::Borrowed(EMBEDDED), "the embedded region database")
    }

    /// No database: every region is unknown.
    #[must_use]
    pub const fn none() -> Self {
        Self { database: None }
    }

    /// A database of the user's, with `country.iso_code` and `subdivisions[0].iso_code` in its records.
    ///
    /// # Errors
    /// [`Error::Read`] if the file cannot be read, [`Error::Setting`] if it is no database or its
    /// records have no country codes, so that every region would silently be unknown.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|source| Error::Read {
            name: name.clone(),
            source,
        })?;
        let regions = Self::from_bytes(Cow::Owned(bytes), &name)?;
        regions.probe(&name)?;
        Ok(regions)
    }

    /// A lookup with a cache of its own, one per worker.
    pub(super) fn lookup(&self) -> Lookup<'_> {
        Lookup {
            regions: self,
            by_record: HashMap::new(),
        }
    }

    fn from_bytes(bytes: Cow<'static, [u8]>, name: &str) -> Result<Self> {
        let database = Reader::from_source(bytes).map_err(|error| unusable(name, &error))?;
        Ok(Self {
            database: Some(database),
        })
    }

    /// Looks at the first records of the database for a country code.
    fn probe(&self, name: &str) -> Result<()> {
        const RECORDS: usize = 1000;
        let Some(database) = &self.database else {
            return Ok(());
        };
        let networks = database
            .networks(Default::default())
            .map_err(|error| unusable(name, &error))?;
        for record in networks.take(RECORDS) {
            let record = record.map_err(|error| unusable(name, &error))?;
            if record.decode_path::<&str>(COUNTRY).ok().flatten().is_some() {
                return Ok(());
            }
        }
        Err(Error::Setting(format!(
            "{name}: its records have no country.iso_code, so every region would be unknown"
        )))
    }
}

impl fmt::Debug for Regions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Regions").finish_non_exhaustive()
    }
}

const COUNTRY: &[PathElement<'static>] =
    &[PathElement::Key("country"), PathElement::Key("iso_code")];
const SUBDIVISION: &[PathElement<'static>] = &[
    PathElement::Key("subdivisions"),
    PathElement::Index(0),
    PathElement::Key("iso_code"),
];

/// A lookup that decodes each of the database's few distinct records once.
pub(super) struct Lookup<'r> {
    regions: &'r Regions,
    by_record: HashMap<usize, Region>,
}

impl Lookup<'_> {
    /// The region of an address; unknown where the database has none, or no such address family.
    pub(super) fn region(&mut self, address: IpAddr) -> Region {
        let Some(record) = self
            .regions
            .database
            .as_ref()
            .and_then(|database| database.lookup(address).ok())
        else {
            return Region::default();
        };
        let Some(offset) = record.offset() else {
            return Region::default();
        };
        *self.by_record.entry(offset).or_insert_with(|| {
            let text = |path| {
                record
                    .decode_path::<&str>(path)
                    .ok()
                    .flatten()
                    .unwrap_or_default()
            };
            Region::new(text(COUNTRY), text(SUBDIVISION))
        })
    }
}

/// A code of one to `N` letters or digits, upper case, padded with zero bytes.
fn code<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.is_empty() || text.len() > N || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let mut code = [0; N];
    code[..text.len()].copy_from_slice(text.to_ascii_uppercase().as_bytes());
    Some(code)
}

fn text(code: &[u8]) -> Option<&str> {
    let length = code
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(code.len());
    std::str::from_utf8(&code[..length])
        .ok()
        .filter(|text| !text.is_empty())
}

fn unusable(name: &str, error: &MaxMindDbError) -> Error {
    Error::Setting(format!("{name}: not a usable region database: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(address: &str) -> (Option<String>, Option<String>) {
        let regions = Regions::embedded().unwrap();
        let region = regions.lookup().region(address.parse().unwrap());
        (region.country().map(str::to_owned), region.region())
    }

    #[test]
    fn the_embedded_database_knows_large_networks() {
        assert_eq!(region("8.8.8.8").0.as_deref(), Some("US"));
        assert!(region("8.8.8.8").1.unwrap().starts_with("US-"));
        assert!(region("2a00:1450:4001::1").0.is_some());
        assert_eq!(region("192.0.2.1"), (None, None));
    }

    #[test]
    fn codes_survive_the_trip_through_a_number() {
        for (country, subdivision) in [("US", "CA"), ("GB", "ENG"), ("SE", "E"), ("FR", "")] {
            let region = Region::new(country, subdivision);
            assert_eq!(Region::from_key(region.key()), region);
            assert_eq!(region.country(), Some(country));
        }
        assert_eq!(Region::new("USA", "CA"), Region::default());
        assert_eq!(Region::new("U=", "CA").country(), None);
    }

    #[test]
    fn a_file_that_is_no_database_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"not a database").unwrap();
        assert!(matches!(Regions::open(file.path()), Err(Error::Setting(_))));
    }
}
