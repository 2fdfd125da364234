//! What a ledger knows of exports: a line of their own kind each, beside those of releases and removals.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Partner, Restriction};
use crate::{aggregate::Table, time::Period};

/// Every export, by partner.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Exports {
    restrictions: BTreeMap<Partner, Restriction>,
    /// Digests of the manifests of a period's exports: more than one if the program that wrote them was another.
    manifests: BTreeMap<(Partner, Period), BTreeSet<String>>,
}

/// An export: a JSON object with these keys in this order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ExportLine {
    /// The partner's label.
    exported: String,
    tables: Vec<String>,
    k: u64,
    /// Length of the period.
    period: String,
    /// Its first day.
    date: String,
    /// SHA-256 of the export's manifest.
    manifest: String,
    /// SHA-256 of the line before without its newline.
    pub(in super::super) prev: String,
}

impl ExportLine {
    /// The line of a period's export, whose manifest has that digest.
    pub(in super::super) fn new(
        restriction: &Restriction,
        period: Period,
        manifest: String,
        prev: String,
    ) -> Self {
        let tables = restriction.table_names().into_iter();
        Self {
            exported: restriction.partner.to_string(),
            tables: tables.map(str::to_owned).collect(),
            k: restriction.k,
            period: period.length.name().to_owned(),
            date: period.to_string(),
            manifest,
            prev,
        }
    }

    /// The period.
    pub(in super::super) fn period(&self) -> Option<Period> {
        Period::named(&self.period, &self.date)
    }

    fn restriction(&self) -> Option<Restriction> {
        let tables = self.tables.iter().map(|name| Table::named(name));
        let tables: Option<Vec<Table>> = tables.collect();
        Restriction::new(self.exported.parse().ok()?, tables?, self.k).ok()
    }
}

impl Exports {
    /// Whether the partner gets this, and nothing else, as far as is known.
    pub(in super::super) fn permit(&self, restriction: &Restriction) -> Result<(), String> {
        let own = self.restrictions.get(&restriction.partner);
        match own.filter(|own| *own != restriction) {
            None => Ok(()),
            Some(own) => Err(format!(
                "what is exported to {} is {} with k {}; another choice is another partner's",
                own.partner,
                own.table_names().join(","),
                own.k
            )),
        }
    }

    /// Takes the line of a period that is released.
    pub(in super::super) fn admit(
        &mut self,
        line: &ExportLine,
        period: Period,
    ) -> Result<(), String> {
        let restriction = line.restriction().ok_or("it names no export")?;
        self.permit(&restriction)?;
        let partner = restriction.partner.clone();
        let manifests = self.manifests.entry((partner.clone(), period));
        if !manifests.or_default().insert(line.manifest.clone()) {
            return Err(format!("{period} is already exported to {partner}"));
        }
        self.restrictions.insert(partner, restriction);
        Ok(())
    }

    /// Whether a manifest is that of a period's export.
    pub(in super::super) fn contain(
        &self,
        partner: &Partner,
        period: Period,
        manifest: &str,
    ) -> bool {
        let manifests = self.manifests.get(&(partner.clone(), period));
        manifests.is_some_and(|manifests| manifests.contains(manifest))
    }
}
