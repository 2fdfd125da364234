//! One period under the threshold: counts its visitors three times, and releases what may be published.

use rayon::{ThreadPool, prelude::*};

use super::{reduce, report::ReportSettings};
use crate::{
    aggregate::{Collector, Microdata, Reading, Settled, Shares, Survey, Totals},
    error::Result,
    privacy::{Hits, Lexicon, Shard},
    release::{Execution, Numbers, Plan, PlanSettings, Release, Statement, Unsettled},
    time::Hours,
};

/// The visitors of a period, wherever they are, who can be counted again and again.
pub(super) trait Visitors {
    /// Counts all of them.
    ///
    /// # Errors
    /// Those of reading them.
    fn collect<C: Collector>(&mut self, empty: impl Fn() -> C + Sync) -> Result<C>;

    /// Visits above which memory is saved on those that the audit does not need.
    fn most_visits(&self) -> usize {
        usize::MAX
    }
}

/// Visitors by their hits, which are sorted when they are first counted.
pub(super) struct HitVisitors<'h> {
    pool: &'h ThreadPool,
    unsorted: Option<&'h mut Hits>,
    shards: Vec<Shard<'h>>,
    reading: Reading<'h>,
}

impl<'h> HitVisitors<'h> {
    pub(super) const fn new(
        pool: &'h ThreadPool,
        hits: &'h mut Hits,
        reading: Reading<'h>,
    ) -> Self {
        Self {
            pool,
            unsorted: Some(hits),
            shards: Vec::new(),
            reading,
        }
    }
}

impl Visitors for HitVisitors<'_> {
    fn collect<C: Collector>(&mut self, empty: impl Fn() -> C + Sync) -> Result<C> {
        let (pool, reading) = (self.pool, self.reading);
        let Some(hits) = self.unsorted.take() else {
            return Ok(reduce::collect(pool, &self.shards, reading, empty));
        };
        let (shards, collected) = reduce::sorted_and_collected(pool, hits, reading, empty);
        self.shards = shards;
        Ok(collected)
    }
}

/// A release; `None` of a period that has fewer than k networks, an error if the audit refuses it.
pub(super) type Judged = std::result::Result<Option<Release>, Unsettled>;

/// The release of a period, whose visitors are counted in keys of the lexicon.
///
/// # Errors
/// Those of reading the visitors.
pub(super) fn release(
    pool: &ThreadPool,
    statement: Statement,
    visitors: &mut impl Visitors,
    lexicon: &Lexicon,
    hours: &Hours,
    settings: &ReportSettings,
) -> Result<Judged> {
    let (k, most_visits) = (settings.k, visitors.most_visits());
    let (survey, mut microdata) =
        visitors.collect(|| (Survey::new(k), Microdata::sparing(k, most_visits)))?;
    let plan_settings = PlanSettings {
        k: settings.k,
        top: settings.top,
        length: statement.period.length,
    };
    let Some(plan) = Plan::new(&survey, lexicon, plan_settings) else {
        return Ok(Ok(None));
    };
    if microdata.is_unsettled() {
        let settled = visitors.collect(|| Settled::new(&microdata))?.referrers();
        microdata.settle(&settled);
    }
    let plan = match plan.audited(&survey, &microdata, &OnThreads(pool)) {
        Ok(plan) => plan,
        Err(unsettled) => return Ok(Err(unsettled)),
    };
    // They are of very many pieces.
    pool.spawn(move || drop((survey, microdata)));

    let totals = visitors.collect(|| Totals::new(plan.rows(), plan.limits(), hours))?;
    let numbers = Numbers::new(&plan, totals, hours);
    let doubtful = numbers.doubtful_columns();
    let shares = visitors.collect(|| Shares::new(plan.rows(), &doubtful))?;
    let release = Release::new(statement, &plan, &numbers, &shares, hours);
    Ok(Ok(Some(release)))
}

/// Parts side by side on the threads of a pool.
struct OnThreads<'p>(&'p ThreadPool);

impl Execution for OnThreads<'_> {
    fn map<T: Send>(&self, parts: usize, part: impl Fn(usize) -> T + Sync) -> Vec<T> {
        let parts = (0..parts).into_par_iter();
        self.0.install(|| parts.map(&part).collect())
    }
}
