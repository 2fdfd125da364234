//! One period with noise: reads its shards once, unit by unit, and releases noisy tables.

use rayon::ThreadPool;

use super::{ReportSettings, reduce};
use crate::{
    aggregate::{Key, Reading, Table, bounded::Bounding, columns},
    privacy::{Hits, Lexicon},
    release::{Noise, Release, Statement},
    time::Hours,
};

/// The release of a period from its hits.
pub(super) fn release(
    pool: &ThreadPool,
    statement: Statement,
    mut hits: Hits,
    lexicon: &Lexicon,
    settings: &ReportSettings,
    noise: &mut Noise,
) -> Release {
    let period = statement.period;
    let hours = Hours::new(&settings.calendar, period);
    let reading = Reading {
        lexicon,
        hours: &hours,
        settings: &settings.visits,
    };
    let shards = reduce::sorted(pool, &mut hits, lexicon);
    let name = |table: Table, key: Key| {
        let columns = columns(table, key, lexicon, period.length).into_iter();
        columns.map(|column| column.into_owned()).collect()
    };
    let bounding = Bounding {
        selection: noise.selection(),
        name: &name,
    };
    let tables = reduce::bounded(pool, &shards, reading, bounding);
    noise.release(statement, &tables, lexicon, &hours)
}
