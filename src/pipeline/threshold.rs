//! One period under the threshold: counts its visitors three times, and releases what may be published.

use rayon::ThreadPool;

use super::{ReportSettings, reduce};
use crate::{
    aggregate::{Collector, Microdata, Reading, Shares, Survey, Totals},
    error::Result,
    privacy::{Lexicon, Shard},
    release::{Numbers, Plan, PlanSettings, Release, Statement, Unsettled},
    time::Hours,
};

/// The visitors of a period, wherever they are, who can be counted again and again.
pub(super) trait Visitors {
    /// Counts all of them.
    ///
    /// # Errors
    /// Those of reading them.
    fn collect<C: Collector>(&self, empty: impl Fn() -> C + Sync) -> Result<C>;
}

/// Visitors in sorted shards.
pub(super) struct ShardVisitors<'s> {
    pub(super) pool: &'s ThreadPool,
    pub(super) shards: &'s [Shard<'s>],
    pub(super) reading: Reading<'s>,
}

impl Visitors for ShardVisitors<'_> {
    fn collect<C: Collector>(&self, empty: impl Fn() -> C + Sync) -> Result<C> {
        Ok(reduce::collect(self.pool, self.shards, self.reading, empty))
    }
}

/// A release; `None` of a period that has fewer than k networks, an error if the audit refuses it.
pub(super) type Judged = std::result::Result<Option<Release>, Unsettled>;

/// The release of a period, whose visitors are counted in keys of the lexicon.
///
/// # Errors
/// Those of reading the visitors.
pub(super) fn release(
    statement: Statement,
    visitors: &impl Visitors,
    lexicon: &Lexicon,
    hours: &Hours,
    settings: &ReportSettings,
) -> Result<Judged> {
    let (survey, microdata) =
        visitors.collect(|| (Survey::new(settings.k), Microdata::default()))?;
    let plan_settings = PlanSettings {
        k: settings.k,
        top: settings.top,
        length: statement.period.length,
    };
    let Some(plan) = Plan::new(&survey, lexicon, plan_settings) else {
        return Ok(Ok(None));
    };
    let plan = match plan.audited(&survey, &microdata) {
        Ok(plan) => plan,
        Err(unsettled) => return Ok(Err(unsettled)),
    };
    drop((survey, microdata));

    let totals = visitors.collect(|| Totals::new(plan.rows(), plan.limits(), hours))?;
    let numbers = Numbers::new(&plan, totals, hours);
    let doubtful = numbers.doubtful_columns();
    let shares = visitors.collect(|| Shares::new(plan.rows(), &doubtful))?;
    let release = Release::new(statement, &plan, &numbers, &shares, hours);
    Ok(Ok(Some(release)))
}
