//! One output folder, one scope: either all hosts of a log as one, or each host as a site, never both.
//!
//! Each would be above its threshold, but what they differ by would not.

use std::{fs, io, path::Path};

use super::layout::{DATE, Layout, SITE};
use crate::{
    error::{Error, Result},
    privacy::SiteName,
};

/// Nothing may be released by host in a folder for all hosts as one.
pub(super) fn check_together(layout: &Layout) -> Result<()> {
    match released_sites(layout)?.first() {
        None => Ok(()),
        Some(site) => Err(Error::Refused(format!(
            "{}: what is released here is by host ({SITE}{site}), and statistics of all hosts as one \
             would give away what each host withholds; go on with --by-host, or use another output \
             folder and take these releases out of circulation",
            layout.dir().display()
        ))),
    }
}

/// Nothing may be released of all hosts as one in a folder by host.
pub(super) fn check_by_host(layout: &Layout) -> Result<()> {
    if !has_release(layout)? {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{}: what is released here is of all hosts as one, and statistics of each host would give away \
         what it withholds; go on without --by-host, or use another output folder and take these \
         releases out of circulation",
        layout.dir().display()
    )))
}

/// The sites of which something is released, in bytewise order.
pub(super) fn released_sites(layout: &Layout) -> Result<Vec<SiteName>> {
    let mut sites = Vec::new();
    for name in names(layout.dir())? {
        let site = name.strip_prefix(SITE).map(SiteName::new);
        if let Some(Ok(site)) = site
            && has_release(&layout.site(&site))?
        {
            sites.push(site);
        }
    }
    sites.sort_unstable();
    Ok(sites)
}

/// Whether something is released in a folder, or decided to be.
fn has_release(layout: &Layout) -> Result<bool> {
    let there = |path: &Path| match fs::metadata(path) {
        Ok(file) => Ok(file.len() > 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(Error::unreadable(path, source)),
    };
    let dated = names(layout.dir())?.iter().any(|it| it.starts_with(DATE));
    Ok(dated || there(layout.ledger())? || there(&layout.journal())?)
}

/// The names in a folder; none if it is not there.
fn names(folder: &Path) -> Result<Vec<String>> {
    let listed = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        listed => listed.map_err(|source| Error::unreadable(folder, source))?,
    };
    let name = |entry: io::Result<fs::DirEntry>| {
        let entry = entry.map_err(|source| Error::unreadable(folder, source))?;
        Ok(entry.file_name().to_string_lossy().into_owned())
    };
    listed.map(name).collect()
}
