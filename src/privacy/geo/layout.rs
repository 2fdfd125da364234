//! Where the records of a database keep country and subdivision, and how one is read.

use maxminddb::PathElement::{self, Index, Key};

use super::{Region, database::Record, names::Names};

/// The layouts of records in use.
///
/// Where a record has a subdivision's code, that counts, else its English name, else that of the city:
/// many cities bear the name of their subdivision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `country.iso_code` and `subdivisions[0]` with `iso_code` or `names.en`, as in files of `MaxMind`,
    /// DB-IP and `IP2Location`. The first subdivision is the least specific.
    Nested,
    /// `country_code` (or `country`), and `region_code`, `state1` or `region`, as in files of
    /// ip-location-db and `IPinfo`.
    Flat,
}

type Path = &'static [PathElement<'static>];

impl Layout {
    /// The layout of a record; `None` if none fits.
    pub(super) fn of(record: &Record<'_>) -> Option<Self> {
        [Self::Nested, Self::Flat]
            .into_iter()
            .find(|layout| layout.country(record).is_some())
    }

    /// The region of a record; unknown as far as the record does not have it in this layout.
    pub(super) fn region(self, record: &Record<'_>, names: &Names) -> Region {
        let Some(country) = self.country(record) else {
            return Region::default();
        };
        let code = texts(record, self.codes())
            .map(|code| Region::new(country, without_country(code, country)))
            .find(|region| region.subdivision().is_some());
        code.unwrap_or_else(|| {
            let code = texts(record, self.names()).find_map(|name| names.code(country, name));
            Region::new(country, code.unwrap_or_default())
        })
    }

    fn country<'r>(self, record: &Record<'r>) -> Option<&'r str> {
        texts(record, self.countries()).find(|code| Region::new(code, "") != Region::default())
    }

    const fn countries(self) -> &'static [Path] {
        match self {
            Self::Nested => &[&[Key("country"), Key("iso_code")]],
            Self::Flat => &[&[Key("country_code")], &[Key("country")]],
        }
    }

    const fn codes(self) -> &'static [Path] {
        match self {
            Self::Nested => &[&[Key("subdivisions"), Index(0), Key("iso_code")]],
            Self::Flat => &[&[Key("region_code")]],
        }
    }

    const fn names(self) -> &'static [Path] {
        match self {
            Self::Nested => &[
                &[Key("subdivisions"), Index(0), Key("names"), Key("en")],
                &[Key("city"), Key("names"), Key("en")],
            ],
            Self::Flat => &[&[Key("state1")], &[Key("region")], &[Key("city")]],
        }
    }
}

/// The texts that a record has under the given paths.
fn texts<'r>(record: &Record<'r>, paths: &'static [Path]) -> impl Iterator<Item = &'r str> {
    paths
        .iter()
        .filter_map(|path| record.decode_path::<&str>(path).ok().flatten())
}

/// `CA` of `US-CA` or `CA`.
fn without_country<'c>(code: &'c str, country: &str) -> &'c str {
    code.strip_prefix(country)
        .and_then(|rest| rest.strip_prefix('-'))
        .unwrap_or(code)
}
