//! The motivated intruder: tries to find anything personal in what was released, and whether any of it
//! is not as the promises say.
//!
//! Without the log an [`Audit`] takes what anybody can get who gets the folder, and holds it to what
//! releases are: an unbroken ledger, digests, declared columns, sums that agree, rows that can have k
//! networks, and no text that looks personal or acts.
//!
//! None of it uses the code that made the release, as far as a rule can be told in other words; and no
//! finding quotes the log.

mod against;
mod chain;
mod differencing;
mod encoded;
mod exports;
mod finding;
mod folder;
mod injection;
mod noise;
mod page;
mod patterns;
mod profile;
mod statement;
mod sums;
mod table;
mod threshold;
mod views;
mod vocabulary;

use std::path::{Path, PathBuf};

pub use against::AgainstLog;
pub use finding::{Check, Finding, Findings, Place, Tried};

use self::{
    against::Against,
    chain::{Entry, Manifest},
    folder::{Dated, Kind, Site},
    sums::Tables,
    table::Rows,
};
use crate::{
    error::{Error, Result},
    stats::Progress,
};

/// What an audit came to.
#[derive(Clone, Debug)]
pub struct Audit {
    findings: Findings,
    periods: usize,
    files: usize,
    with_log: bool,
}

/// What is released together, as read back.
struct Audited {
    site: Site,
    entries: Vec<Entry>,
    releases: Vec<Release>,
}

/// A period as read back.
struct Release {
    manifest: Manifest,
    tables: Vec<Rows>,
}

impl Audit {
    /// Audits output folders, the sites in each one by one, and what can be told by subtracting the
    /// releases of one folder from those of another; beside the log if it is given. A ledger that lies
    /// elsewhere may be named. Progress is that of reading the log.
    ///
    /// # Errors
    /// [`Error::Read`] if a folder or file cannot be read, [`Error::Setting`] if there is nothing in
    /// a folder that could be audited, or the settings given are not those of the release,
    /// [`Error::Format`] if the log is in no known format.
    pub fn of(
        folders: &[PathBuf],
        ledger: Option<&Path>,
        log: Option<&AgainstLog>,
        progress: &Progress,
    ) -> Result<Self> {
        let mut findings = Findings::default();
        let mut sites = Vec::new();
        for folder in folders {
            let prefix = if folders.len() > 1 {
                format!("{}/", folder.display())
            } else {
                String::new()
            };
            sites.extend(folder::read(folder, &prefix, ledger, &mut findings)?);
        }
        let audited = sites.into_iter();
        let audited: Vec<_> = audited.map(|it| check_site(it, &mut findings)).collect();
        exports::check(&audited, &mut findings);
        if log.is_some() && audited.iter().any(Audited::is_export) {
            return Err(Error::Setting(
                "an export is audited beside the release that it is of, and that against the log"
                    .to_owned(),
            ));
        }
        let against = log.map(|log| Against::read(log, progress)).transpose()?;
        for (number, Audited { site, releases, .. }) in audited.iter().enumerate() {
            let others = others(&audited, number);
            for release in releases.iter().filter(|it| it.is_exact()) {
                let overlaps = differencing::overlaps(release, &others);
                differencing::check(release, &overlaps, &mut findings);
            }
            if let Some(against) = &against {
                against.check(site, releases, &others, &mut findings)?;
            }
        }
        findings.sort();
        Ok(Self {
            findings,
            periods: audited.iter().map(|it| it.releases.len()).sum(),
            files: audited.iter().map(|it| it.site.artefacts().count()).sum(),
            with_log: against.is_some(),
        })
    }

    /// What was tried and found.
    #[must_use]
    pub const fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_clean()
    }
}

impl Audited {
    /// Whether it is what a partner gets.
    fn is_export(&self) -> bool {
        self.releases.iter().any(|it| it.manifest.is_export())
    }
}

impl Release {
    /// Whether its numbers are exact, and not also those of another release, which exports are held to as a whole.
    fn is_exact(&self) -> bool {
        !self.manifest.is_noisy() && !self.manifest.is_export()
    }
}

/// The releases of the same host in other folders whose numbers are exact.
fn others(audited: &[Audited], number: usize) -> Vec<&Release> {
    let host = &audited[number].site.host;
    let others = audited.iter().enumerate();
    let others = others.filter(|(other, it)| *other != number && it.site.host == *host);
    let others = others.flat_map(|(_, it)| &it.releases);
    others.filter(|it| it.is_exact()).collect()
}

/// Everything that needs no log.
fn check_site(site: Site, findings: &mut Findings) -> Audited {
    let entries = chain::ledger(&site, findings);
    let missing = entries.iter().filter(|entry| !entry.is_removed);
    let missing = missing.filter(|entry| {
        let date = entry.period.to_string();
        !site.dated.iter().any(|dated| dated.date == date)
    });
    let missing = missing.count();
    if missing > 0 {
        findings.leave(format!(
            "{missing} periods of the ledger are not in the folder (in another one, or removed by hand)"
        ));
    }
    let mut releases = Vec::new();
    for dated in &site.dated {
        if let Some(manifest) = chain::manifest(dated, &entries, findings) {
            let tables = read_tables(dated, &manifest, findings);
            encoded::check(dated, &manifest, &tables, findings);
            releases.push(Release { manifest, tables });
        }
    }
    let manifests = releases.iter().map(|release| &release.manifest);
    chain::package(&site, manifests, findings);
    page::check_stamp(&site, findings);
    for Release { manifest, tables } in &releases {
        // Noisy numbers neither agree nor tell of networks.
        if !manifest.is_noisy() {
            sums::check(tables, findings);
            threshold::check(Tables(tables), manifest, findings);
        }
        profile::check(tables, manifest, findings);
        for rows in tables {
            vocabulary::check(rows, &manifest.value["policy"], findings);
            patterns::check_rows(rows, findings);
            injection::check_rows(rows, findings);
        }
    }
    let tables = releases.iter().flat_map(|release| &release.tables);
    let read: Vec<&str> = tables.map(|rows| rows.file.as_str()).collect();
    patterns::check_files(&site, &read, findings);
    injection::check_files(&site, findings);
    Audited {
        site,
        entries,
        releases,
    }
}

fn read_tables(dated: &Dated, manifest: &Manifest, findings: &mut Findings) -> Vec<Rows> {
    let tables = dated
        .files
        .iter()
        .filter_map(|artefact| match artefact.kind {
            Kind::Table(table) => table::read(artefact, table, manifest.period, findings),
            _ => None,
        });
    tables.collect()
}
