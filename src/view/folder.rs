//! Finds the released periods of an output folder, and the folders of sites in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::Released;
use crate::{
    aggregate::Table,
    error::{Error, Result},
    release::digest,
    time::Date,
};

/// A released period that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated {
    /// Its first day.
    pub date: Date,
    path: PathBuf,
}

impl Dated {
    /// The period of that first day in a folder.
    #[must_use]
    pub fn of(folder: &Path, date: Date) -> Self {
        let path = folder.join(format!("date={date}"));
        Self { date, path }
    }

    /// SHA-256 of its manifest, in hexadecimal: which release it is.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] if the manifest cannot be read.
    pub fn manifest(&self) -> Result<String> {
        let path = self.path.join("manifest.json");
        let bytes = fs::read(&path).map_err(|source| Error::unreadable(&path, source))?;
        Ok(digest(&bytes))
    }

    /// The bytes of its tables, as far as they can be told.
    #[must_use]
    pub fn size(&self) -> u64 {
        let tables = Table::ALL.map(|table| self.path.join(format!("{}.csv", table.name())));
        let sizes = tables.iter().filter_map(|table| fs::metadata(table).ok());
        sizes.map(|file| file.len()).sum()
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// As [`Released::read`].
    pub fn read(&self) -> Result<Released> {
        Released::read(&self.path)
    }
}

/// What is released together: the periods of an output folder, or those of each site in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// The host, where each has its own folder, and its periods, earliest first.
    pub sites: Vec<(Option<String>, Vec<Dated>)>,
}

impl Folders {
    /// The bytes of all tables.
    #[must_use]
    pub fn size(&self) -> u64 {
        let periods = self.sites.iter().flat_map(|(_, periods)| periods);
        periods.map(Dated::size).sum()
    }

    /// Looks into an output folder, or into the folder of a site.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] if it cannot be read, [`Error::Setting`] if nothing is released in it.
    pub fn find(folder: &Path) -> Result<Self> {
        Self::find_any(folder)?.ok_or_else(|| {
            Error::Setting(format!(
                "{}: nothing is released in this folder",
                folder.display()
            ))
        })
    }

    /// The same; `None` if nothing is released in it.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] if it cannot be read.
    pub fn find_any(folder: &Path) -> Result<Option<Self>> {
        let mut sites = vec![(site_of(folder), dated(folder)?)];
        for name in names(folder)? {
            if let Some(site) = name.strip_prefix("site=") {
                sites.push((Some(site.to_owned()), dated(&folder.join(&name))?));
            }
        }
        sites.retain(|(_, periods)| !periods.is_empty());
        Ok((!sites.is_empty()).then_some(Self { sites }))
    }
}

/// The site that a folder is of, by its name.
#[must_use]
pub fn site_of(folder: &Path) -> Option<String> {
    let name = folder.file_name()?.to_str()?;
    name.strip_prefix("site=").map(str::to_owned)
}

fn dated(folder: &Path) -> Result<Vec<Dated>> {
    let names = names(folder)?;
    let dates = names.iter().filter_map(|name| {
        let text = name.strip_prefix("date=")?;
        let date: Date = text.parse().ok()?;
        (date.to_string() == text).then_some(date)
    });
    Ok(dates.map(|date| Dated::of(folder, date)).collect())
}

/// The names of folders in a folder, in bytewise order.
fn names(folder: &Path) -> Result<Vec<String>> {
    let unreadable = |source: io::Error| Error::unreadable(folder, source);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.file_type().map_err(unreadable)?.is_dir() {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_and_sites_are_found_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "date=2026-11-22",
            "date=2026-11-21",
            "date=2026-13-01",
            "site=b.example/date=2026-11-21",
            "site=a.example",
            ".state",
        ] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let found = Folders::find(folder.path()).unwrap();
        let found = found.sites.iter().map(|(site, periods)| {
            let dates: Vec<String> = periods.iter().map(|it| it.date.to_string()).collect();
            (site.as_deref(), dates.join(" "))
        });
        let expected = [
            (None, "2026-11-21 2026-11-22".to_owned()),
            (Some("b.example"), "2026-11-21".to_owned()),
        ];
        assert_eq!(found.collect::<Vec<_>>(), expected);
        let site = Folders::find(&folder.path().join("site=b.example")).unwrap();
        assert_eq!(site.sites[0].0.as_deref(), Some("b.example"));
        let empty = Folders::find(&folder.path().join("site=a.example"));
        assert!(matches!(empty, Err(Error::Setting(_))));
    }
}
