//! One period under the threshold: reads its shards three times, and releases what may be published.

use rayon::ThreadPool;

use super::{ReportSettings, reduce};
use crate::{
    aggregate::{Microdata, Reading, Shares, Survey, Totals},
    privacy::Shard,
    release::{Numbers, Plan, PlanSettings, Release, Statement, Unsettled},
};

/// The release of a period from its sorted shards; `None` if it has fewer than k networks, an error if the
/// audit refuses it.
pub(super) fn release(
    pool: &ThreadPool,
    statement: Statement,
    shards: &[Shard<'_>],
    reading: Reading<'_>,
    settings: &ReportSettings,
) -> Result<Option<Release>, Unsettled> {
    let Reading { lexicon, hours, .. } = reading;
    let (survey, microdata) = reduce::collect(pool, shards, reading, || {
        (Survey::new(settings.k), Microdata::default())
    });
    let plan_settings = PlanSettings {
        k: settings.k,
        top: settings.top,
        length: statement.period.length,
    };
    let Some(plan) = Plan::new(&survey, lexicon, plan_settings) else {
        return Ok(None);
    };
    let plan = plan.audited(&survey, &microdata)?;
    drop((survey, microdata));

    let totals = reduce::collect(pool, shards, reading, || {
        Totals::new(plan.rows(), plan.limits(), hours)
    });
    let numbers = Numbers::new(&plan, totals, hours);
    let doubtful = numbers.doubtful_columns();
    let shares = reduce::collect(pool, shards, reading, || {
        Shares::new(plan.rows(), &doubtful)
    });
    Ok(Some(Release::new(
        statement, &plan, &numbers, &shares, hours,
    )))
}
