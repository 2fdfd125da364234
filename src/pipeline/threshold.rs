//! One period under the threshold: reads its shards three times, and releases what may be published.

use rayon::{ThreadPool, prelude::*};

use super::{ReportSettings, reduce};
use crate::{
    aggregate::{Microdata, Reading, Shares, Survey, Totals},
    privacy::Hits,
    release::{Execution, Numbers, Plan, PlanSettings, Release, Statement, Unsettled},
};

/// The release of a period from its hits; `None` if it has fewer than k networks, an error if the
/// audit refuses it.
pub(super) fn release(
    pool: &ThreadPool,
    statement: Statement,
    hits: &mut Hits,
    reading: Reading<'_>,
    settings: &ReportSettings,
) -> Result<Option<Release>, Unsettled> {
    let Reading { lexicon, hours, .. } = reading;
    let first = || (Survey::new(settings.k), Microdata::default());
    let (shards, (survey, microdata)) = reduce::sorted_and_collected(pool, hits, reading, first);
    let plan_settings = PlanSettings {
        k: settings.k,
        top: settings.top,
        length: statement.period.length,
    };
    let Some(plan) = Plan::new(&survey, lexicon, plan_settings) else {
        return Ok(None);
    };
    let plan = plan.audited(&survey, &microdata, &OnThreads(pool))?;
    // They are of very many pieces.
    pool.spawn(move || drop((survey, microdata)));

    let totals = reduce::collect(pool, &shards, reading, || {
        Totals::new(plan.rows(), plan.limits(), hours)
    });
    let numbers = Numbers::new(&plan, totals, hours);
    let doubtful = numbers.doubtful_columns();
    let shares = reduce::collect(pool, &shards, reading, || {
        Shares::new(plan.rows(), &doubtful)
    });
    Ok(Some(Release::new(
        statement, &plan, &numbers, &shares, hours,
    )))
}

/// Parts side by side on the threads of a pool.
struct OnThreads<'p>(&'p ThreadPool);

impl Execution for OnThreads<'_> {
    fn map<T: Send>(&self, parts: usize, part: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let parts = (0..parts).into_par_iter();
        self.0.install(|| parts.map(&part).collect())
    }
}
