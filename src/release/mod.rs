//! Gate 2: exact tables to publishable ones; only this module can build a [`Release`].

mod audit;
mod chain;
mod dominance;
mod execution;
mod export;
mod ledger;
pub mod noise;
mod numbers;
mod path;
mod plan;
mod state;
mod threshold;

use serde_json::Value;

pub use audit::Unsettled;
pub use chain::Chain;
pub use dominance::FEWEST_CONTRIBUTORS;
pub use execution::{Execution, InTurn};
pub use export::{Origin, Partner, Restriction};
pub use ledger::{Ledger, Removal, digest};
pub use noise::{Guarantee, Noise, NoiseSettings, Rho, Spending};
pub use numbers::Numbers;
pub use plan::{FEWEST_CRAWLER_REQUESTS, Plan, PlanSettings};
pub use state::{State, Verdict};
pub(crate) use threshold::OTHER;

use crate::{
    aggregate::{Shares, Table},
    privacy::SiteName,
    time::{Hours, Period},
};

/// One row of a published table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Key columns after `date`, in the table's order; the open end of a last bin is empty.
    pub keys: Vec<String>,
    /// Measures in the table's order; `None` is withheld.
    pub measures: Vec<Option<u64>>,
}

/// A table as it may be published: rows in their final order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedTable {
    /// Which table.
    pub table: Table,
    /// Its rows, at least one.
    pub rows: Vec<Row>,
}

/// What one period publishes: anonymous, complete and in order.
#[derive(Clone, Debug)]
pub struct Release {
    period: Period,
    site: Option<SiteName>,
    tz: String,
    complete: bool,
    hours: Option<[String; 2]>,
    policy: Value,
    protection: Protection,
    parsed: u64,
    excluded: u64,
    tables: Vec<PublishedTable>,
    withheld: Vec<Withheld>,
}

/// What protects those whom a release is about.
#[derive(Clone, Debug)]
pub enum Protection {
    /// The threshold: fewest networks of a row.
    Threshold(u32),
    /// Noise, and what it promises.
    Noise(Guarantee),
}

/// Something kept back, for the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// The table it belongs to.
    pub table: Table,
    /// What was kept back and why, in words without content.
    pub reason: String,
    /// How many cells or rows the reason is about; 0 where it is about neither.
    pub count: usize,
}

/// What a release says of itself beside its tables.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The period released.
    pub period: Period,
    /// The site whose requests alone these are; `None` where all of a log is one site.
    pub site: Option<SiteName>,
    /// The time zone whose days these are, an IANA name.
    pub tz: String,
    /// Whether all input of the period is known to have been read.
    pub complete: bool,
    /// The settings in force.
    pub policy: Value,
    /// Lines of the period counted as requests.
    pub parsed: u64,
    /// Lines of the period set aside by filters.
    pub excluded: u64,
}

impl Release {
    /// The release of planned and counted rows: every cell that must not be published is emptied.
    #[must_use]
    pub fn new(
        statement: Statement,
        plan: &Plan<'_>,
        numbers: &Numbers<'_>,
        shares: &Shares<'_>,
        hours: &Hours,
    ) -> Self {
        let (tables, withheld) = numbers.tables(shares);
        Self {
            period: statement.period,
            site: statement.site,
            tz: statement.tz,
            complete: statement.complete,
            hours: numbers.busy_hours(hours),
            policy: statement.policy,
            protection: Protection::Threshold(u32::try_from(plan.settings.k).unwrap_or(u32::MAX)),
            parsed: statement.parsed,
            excluded: statement.excluded,
            tables,
            withheld,
        }
    }

    /// The release of noisy tables.
    fn noisy(
        statement: Statement,
        guarantee: Guarantee,
        tables: Vec<PublishedTable>,
        withheld: Vec<Withheld>,
    ) -> Self {
        Self {
            period: statement.period,
            site: statement.site,
            tz: statement.tz,
            complete: statement.complete,
            hours: None,
            policy: statement.policy,
            protection: Protection::Noise(guarantee),
            parsed: statement.parsed,
            excluded: statement.excluded,
            tables,
            withheld,
        }
    }

    /// The period released.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// The site whose requests alone these are; `None` where all of a log is one site.
    #[must_use]
    pub const fn site(&self) -> Option<&SiteName> {
        self.site.as_ref()
    }

    /// The time zone whose days these are, an IANA name.
    #[must_use]
    pub fn tz(&self) -> &str {
        &self.tz
    }

    /// Whether all input of the period is known to have been read.
    #[must_use]
    pub const fn complete(&self) -> bool {
        self.complete
    }

    /// First and last hour in which k networks were seen, `YYYY-MM-DDTHH` in the site's time zone.
    #[must_use]
    pub const fn hours(&self) -> Option<&[String; 2]> {
        self.hours.as_ref()
    }

    /// The settings in force, as the manifest states them.
    #[must_use]
    pub const fn policy(&self) -> &Value {
        &self.policy
    }

    /// What protects those whom it is about.
    #[must_use]
    pub const fn protection(&self) -> &Protection {
        &self.protection
    }

    /// What it spends of a privacy budget, if it has noise.
    #[must_use]
    pub const fn spending(&self) -> Option<Spending> {
        match &self.protection {
            Protection::Threshold(_) => None,
            Protection::Noise(guarantee) => Some(guarantee.spending),
        }
    }

    /// Whether it is what a partner gets of another release.
    #[must_use]
    pub fn is_export(&self) -> bool {
        self.policy.get("export").is_some()
    }

    /// Lines of the period counted as requests, rounded down to hundreds.
    #[must_use]
    pub const fn parsed(&self) -> u64 {
        self.parsed / 100 * 100
    }

    /// Lines of the period set aside by filters, rounded down to hundreds.
    #[must_use]
    pub const fn excluded(&self) -> u64 {
        self.excluded / 100 * 100
    }

    /// The published tables, in the order of [`Table::ALL`].
    #[must_use]
    pub fn tables(&self) -> &[PublishedTable] {
        &self.tables
    }

    /// What was kept back.
    #[must_use]
    pub fn withheld(&self) -> &[Withheld] {
        &self.withheld
    }
}

#[cfg(test)]
use crate::aggregate::Measure;

#[cfg(test)]
impl Release {
    /// A release with the given tables, for tests of what comes after the gate.
    pub(crate) fn example(period: Period, tables: Vec<PublishedTable>) -> Self {
        Self {
            period,
            site: None,
            tz: "Europe/London".to_owned(),
            complete: true,
            hours: Some([format!("{period}T00"), format!("{period}T23")]),
            policy: serde_json::json!({"visit_timeout": 1800, "k": 10}),
            protection: Protection::Threshold(10),
            parsed: 12_345,
            excluded: 267,
            tables,
            withheld: Vec::new(),
        }
    }

    /// The same of one site.
    pub(crate) fn of_site(self, site: &str) -> Self {
        let site = Some(SiteName::new(site).unwrap());
        Self { site, ..self }
    }

    /// The same with noise at a cost.
    pub(crate) fn with_noise(self, a_day: &str, budget: &str) -> Self {
        let [a_day, budget] = [a_day, budget].map(|text| text.parse().unwrap());
        let guarantee = Guarantee {
            spending: Spending { a_day, budget },
            rho: a_day.real(),
            epsilon: 2.5,
            epsilon_7d: 7.5,
            epsilon_30d: 17.5,
            deviations: vec![(Table::Statuses, vec![(Measure::Requests, 14)])],
        };
        let protection = Protection::Noise(guarantee);
        Self { protection, ..self }
    }

    /// The same with something kept back.
    pub(crate) fn with_withheld(self, withheld: Vec<Withheld>) -> Self {
        Self { withheld, ..self }
    }
}
