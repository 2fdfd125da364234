//! The motivated intruder: tries to find anything personal in what was released, and whether any of it
//! is not as the promises say.
//!
//! Without the log an [`Audit`] takes what anybody can get who gets the folder, and holds it to what
//! releases are: an unbroken ledger, digests, declared columns, sums that agree, rows that can have k
//! networks, and no text that looks personal or acts.
//!
//! None of it uses the code that made the release, as far as a rule can be told in other words; and no
//! finding quotes the log.

mod chain;
mod finding;
mod folder;
mod injection;
mod patterns;
mod statement;
mod sums;
mod table;
mod threshold;
mod views;
mod vocabulary;

use std::path::Path;

pub use finding::{Check, Finding, Findings, Place, Tried};

use self::{
    chain::Manifest,
    folder::{Dated, Kind, Site},
    sums::Tables,
    table::Rows,
};
use crate::error::{Error, Result};

/// What an audit came to.
#[derive(Clone, Debug)]
pub struct Audit {
    findings: Findings,
    periods: usize,
    files: usize,
    with_log: bool,
}

/// A period as read back.
struct Release {
    manifest: Manifest,
    tables: Vec<Rows>,
}

impl Audit {
    /// Audits an output folder, the sites in it one by one; a ledger that lies elsewhere may be named.
    ///
    /// # Errors
    /// [`Error::Read`] if a folder or file cannot be read, [`Error::Setting`] if there is nothing in
    /// the folder that could be audited.
    pub fn of(dir: &Path, ledger: Option<&Path>) -> Result<Self> {
        let mut findings = Findings::default();
        let sites = folder::read(dir, ledger, &mut findings)?;
        let files = sites.iter().map(|site| site.artefacts().count()).sum();
        if files == 0 {
            return Err(Error::Setting(format!(
                "{}: nothing is released in this folder",
                dir.display()
            )));
        }
        let mut periods = 0;
        for site in &sites {
            periods += site.dated.len();
            check_site(site, &mut findings);
        }
        findings.sort();
        Ok(Self {
            findings,
            periods,
            files,
            with_log: false,
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

/// Everything that needs no log.
fn check_site(site: &Site, findings: &mut Findings) -> Vec<Release> {
    let entries = chain::ledger(site, findings);
    let missing = entries.iter().filter(|entry| {
        let date = entry.period.to_string();
        !site.dated.iter().any(|dated| dated.date == date)
    });
    let missing = missing.count();
    if missing > 0 {
        findings.leave(format!(
            "{missing} periods of the ledger are not in the folder (withdrawn, expired or elsewhere)"
        ));
    }
    let mut releases = Vec::new();
    for dated in &site.dated {
        if let Some(manifest) = chain::manifest(dated, &entries, findings) {
            let tables = read_tables(dated, &manifest, findings);
            releases.push(Release { manifest, tables });
        }
    }
    let manifests = releases.iter().map(|release| &release.manifest);
    chain::package(site, manifests, findings);
    for Release { manifest, tables } in &releases {
        sums::check(tables, findings);
        threshold::check(Tables(tables), manifest, findings);
        for rows in tables {
            vocabulary::check(rows, &manifest.value["policy"], findings);
            patterns::check_rows(rows, findings);
            injection::check_rows(rows, findings);
        }
    }
    let tables = releases.iter().flat_map(|release| &release.tables);
    let read: Vec<&str> = tables.map(|rows| rows.file.as_str()).collect();
    patterns::check_files(site, &read, findings);
    injection::check_files(site, findings);
    releases
}

fn read_tables(dated: &Dated, manifest: &Manifest, findings: &mut Findings) -> Vec<Rows> {
    let tables = dated.files.iter().filter_map(|artefact| match artefact.kind {
        Kind::Table(table) => table::read(artefact, table, manifest.period, findings),
        _ => None,
    });
    tables.collect()
}
