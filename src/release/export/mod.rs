//! Exports: what is released already, released again to a partner with less in it.
//!
//! An export names some tables, and in them the rows whose own counts are large enough; the rest goes to
//! `(other)`. Each of its rows is a row of the release, or a sum of rows of the release, with cells left
//! empty. In every column that adds up, all that can be derived linearly from an export is therefore in
//! the row space of the release: whoever has the release and any number of exports, to whomever, knows
//! nothing that the release alone does not tell. What does not add up (quantiles, peaks, and visitors where
//! one may be in several rows) is given as it was released or not at all. So the audit that a release has
//! passed holds for the release and all its exports together, and an export need not be balanced against
//! another one.

mod recorded;
mod roll;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde_json::{Value, json};

pub(super) use recorded::{ExportLine, Exports};

use super::{Protection, PublishedTable, Release, Row};
use crate::{
    aggregate::Table,
    error::{Error, Result},
    privacy::SiteName,
    time::Period,
};

/// What a partner gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    partner: Partner,
    tables: BTreeSet<Table>,
    k: u64,
}

/// The label of a partner: lower-case letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Partner(String);

/// What is released, as it was read back.
pub struct Origin<'r> {
    /// The period.
    pub period: Period,
    /// The site whose requests alone these are.
    pub site: Option<&'r SiteName>,
    /// The time zone whose days these are.
    pub tz: &'r str,
    /// Whether all input of the period is known to have been read.
    pub complete: bool,
    /// The settings that it was released under.
    pub policy: &'r Value,
    /// Fewest networks of a row.
    pub k: u64,
    /// Its tables.
    pub tables: &'r [PublishedTable],
}

impl Restriction {
    /// These tables, and in them rows none of whose counts is less than k.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if a table names pages and `pages`, which decides which ones have a name, is not
    /// among them.
    pub fn new(partner: Partner, tables: impl IntoIterator<Item = Table>, k: u64) -> Result<Self> {
        let tables: BTreeSet<Table> = tables.into_iter().collect();
        let names_pages = [Table::Transitions, Table::Errors];
        let lacking = names_pages.iter().find(|table| tables.contains(table));
        match lacking.filter(|_| !tables.contains(&Table::Pages)) {
            None => Ok(Self { partner, tables, k }),
            Some(table) => Err(Error::Setting(format!(
                "{} names pages, so it is exported only together with pages",
                table.name()
            ))),
        }
    }

    /// Who gets it.
    #[must_use]
    pub const fn partner(&self) -> &Partner {
        &self.partner
    }

    /// What may be exported of a release; nothing if no table is left.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the release needs more networks for a row than are asked for here.
    pub fn release(&self, origin: &Origin<'_>) -> Result<Option<Release>> {
        if self.k < origin.k {
            return Err(Error::Refused(format!(
                "{} was released with k {}, and an export cannot have less",
                origin.period, origin.k
            )));
        }
        let tables = self.tables(origin.tables);
        let release = Release {
            period: origin.period,
            site: origin.site.cloned(),
            tz: origin.tz.to_owned(),
            complete: origin.complete,
            hours: None,
            policy: self.policy(origin.policy),
            protection: Protection::Threshold(u32::try_from(origin.k).unwrap_or(u32::MAX)),
            parsed: 0,
            excluded: 0,
            tables,
            withheld: Vec::new(),
        };
        Ok((!release.tables.is_empty()).then_some(release))
    }

    fn tables(&self, released: &[PublishedTable]) -> Vec<PublishedTable> {
        let mut pages = BTreeSet::new();
        let mut exported = Vec::new();
        // In the order of `Table::ALL`, in which pages come before what names them.
        let named = released.iter().filter(|it| self.tables.contains(&it.table));
        for PublishedTable { table, rows } in named {
            let rows = roll::roll(*table, rows, self.k, &pages);
            if *table == Table::Pages {
                pages = names(&rows);
            }
            if !rows.is_empty() {
                let table = *table;
                exported.push(PublishedTable { table, rows });
            }
        }
        exported
    }

    /// The settings of the release, and what is left out of it here.
    fn policy(&self, released: &Value) -> Value {
        let mut policy = released.clone();
        policy["export"] = json!({
            "to": self.partner.0,
            "tables": self.table_names(),
            "k": self.k,
        });
        policy
    }

    fn table_names(&self) -> Vec<&'static str> {
        self.tables.iter().map(|table| table.name()).collect()
    }
}

/// The pages that have a row of their own.
fn names(pages: &[Row]) -> BTreeSet<String> {
    let names = pages.iter().map(|row| row.keys[0].clone());
    names.filter(|name| name != super::OTHER).collect()
}

impl FromStr for Partner {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=32).contains(&text.len()) && text.bytes().all(fits) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::Setting(
            "a partner is named by up to 32 lower-case letters, digits and hyphens".to_owned(),
        ))
    }
}

impl fmt::Display for Partner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
