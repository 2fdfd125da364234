//! Connects the stages: reads all sources in parallel through gate 1, then reduces, releases and
//! publishes period by period. The only place with threads.

pub mod cluster;
mod distinct;
mod export;
mod feed;
mod noise;
mod random;
mod read;
mod reduce;
mod report;
mod runs;
mod scrub;
mod threshold;
pub mod watch;
mod worker;

use rayon::ThreadPoolBuilder;

pub use rayon::ThreadPool;

pub use distinct::{LeftOut, read_distinct};
pub use export::{Exported, export};
pub use random::random;
pub use read::{Inputs, Reading, SourceReading, read};
pub use report::{Elsewhere, Held, Material, Outlet, Report, ReportSettings, report};
pub use runs::{MemoryBound, Runs};
pub use scrub::{Destinations, Scrubbed, Scrubbing, scrub};

use crate::{
    error::{Error, Result},
    privacy::{Admission, Due},
    release::{Ledger, State},
};

/// What may be let in of a site: periods that have come so far and are not released, by its records.
#[must_use]
pub fn admission(due: Due, ledger: &Ledger, state: &State) -> Admission {
    let key = |period| state.lines(period).map_or(0, |lines| lines.key);
    let released = ledger.periods().map(|period| (period, key(period)));
    Admission {
        due,
        released: released.collect(),
    }
}

/// The threads that all stages share.
///
/// # Errors
/// [`Error::Setting`] if the system does not grant them.
pub fn pool(threads: usize) -> Result<ThreadPool> {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| Error::Setting(format!("{threads} threads cannot be started: {error}")))
}
