//! One period with noise: reads its shards once, unit by unit, and releases noisy tables.

use std::borrow::Cow;

use rayon::ThreadPool;

use super::reduce;
use crate::{
    aggregate::{
        Key, Reading, Table,
        bounded::{BoundedTables, Bounding},
        columns,
    },
    privacy::{Selection, Shard},
    release::{Noise, Release, Statement},
};

/// The release of a period from its sorted shards.
pub(super) fn release(
    pool: &ThreadPool,
    statement: Statement,
    shards: &[Shard<'_>],
    reading: Reading<'_>,
    noise: &mut Noise,
) -> Release {
    let tables = bounded(pool, shards, reading, noise.selection());
    noise.release(statement, &tables, reading.lexicon, reading.hours)
}

/// The bounded tables of a period's sorted shards.
fn bounded(
    pool: &ThreadPool,
    shards: &[Shard<'_>],
    reading: Reading<'_>,
    selection: &Selection,
) -> BoundedTables {
    let name = |table: Table, key: Key| {
        let columns = columns(table, key, reading.lexicon, reading.hours.length());
        columns.into_iter().map(Cow::into_owned).collect()
    };
    let bounding = Bounding {
        selection,
        name: &name,
    };
    reduce::bounded(pool, shards, reading, bounding)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use zeroize::Zeroizing;

    use super::*;
    use crate::{
        aggregate::{
            VisitSettings,
            bounded::{Bounds, Column},
        },
        format::Format,
        input::{NamedHosts, Source},
        pipeline::{Inputs, pool, read},
        privacy::{Admission, Due, GateSettings, GatesSettings, Keys, Policy, Sites},
        stats::Progress,
        time::{Calendar, Hours, PeriodLength, TimeZone, Timestamp},
    };

    /// A day of forty addresses, some with several agents, some on many pages; lines in no order.
    fn lines() -> Vec<String> {
        let line = |number: usize| {
            let (client, page) = (number * 7 % 40, number * number % 23);
            let (hour, minute) = (number * 11 % 24, number * 13 % 60);
            let agent = ["Firefox/1", "Chrome/2", "curl/3"][number % (1 + client % 3)];
            format!(
                "192.0.2.{client} - - [21/Nov/2026:{hour:02}:{minute:02}:07 +0000] \
                 \"GET /p{page} HTTP/1.1\" 200 {} \"-\" \"Mozilla/5.0 {agent}\"\n",
                number * 100
            )
        };
        (0..3000).map(line).collect()
    }

    /// The day's tables, out of files, by so many threads.
    fn tables(folder: &Path, files: &[String], threads: usize) -> BoundedTables {
        let sources = files.iter().enumerate().map(|(number, text)| {
            let path = folder.join(number.to_string());
            fs::write(&path, text).unwrap();
            Source::File(path)
        });
        let inputs = Inputs {
            sources: sources.collect(),
            format: Format::named("combined"),
            opt_out_cookies: Vec::new(),
            log_tz: TimeZone::UTC,
            hosts: NamedHosts::default(),
        };
        let calendar = Calendar::new(TimeZone::UTC, PeriodLength::Day);
        let gate = GateSettings {
            policy: &Policy::example(&[], &[]),
            calendar: &calendar,
            admission: &Admission {
                due: Due::OverBy(Timestamp(i64::MAX)),
                released: [].into(),
            },
            keys: &Keys::new([7; 32].into()).telling_units(),
        };
        let gates = GatesSettings {
            sites: &Sites::default(),
            gates: &[gate],
        };
        let pool = pool(threads).unwrap();
        let mut reading = read(&pool, &inputs, gates, &Progress::default());
        let mut collected = reading.collected.sites.remove(0);
        let (period, mut day) = collected.periods.pop_first().unwrap();
        let reading = Reading {
            lexicon: &collected.lexicon,
            hours: &Hours::new(&calendar, period),
            settings: &VisitSettings::default(),
        };
        let selection = Selection::new(&Zeroizing::new([9; 32]));
        let shards = reduce::sorted(&pool, &mut day.hits, reading.lexicon);
        bounded(&pool, &shards, reading, &selection)
    }

    #[test]
    fn threads_files_and_order_change_no_bounded_count() {
        let folder = tempfile::tempdir().unwrap();
        let lines = lines();
        let whole = tables(folder.path(), &[lines.concat()], 1);
        let (first, second) = lines.split_at(1100);
        let mut reversed = lines.clone();
        reversed.reverse();
        for (files, threads) in [
            (vec![lines.concat()], 4),
            (vec![first.concat(), second.concat()], 2),
            (vec![second.concat(), first.concat()], 1),
            (vec![reversed.concat()], 3),
        ] {
            assert_eq!(tables(folder.path(), &files, threads), whole);
        }
    }

    /// However many agents an address has, it is one unit.
    #[test]
    fn an_address_is_one_unit() {
        let folder = tempfile::tempdir().unwrap();
        let tables = tables(folder.path(), &[lines().concat()], 2);
        let summary = tables.cell(Table::Summary, tables.keys(Table::Summary)[0]);
        let bounds = Bounds::of(Table::Summary);
        let units = bounds.position(Column::Units).unwrap();
        assert_eq!(summary.column(units), 40);
        let pages = tables.keys(Table::Pages).into_iter();
        let units = Bounds::of(Table::Pages).position(Column::Units).unwrap();
        let counted = pages.map(|page| tables.cell(Table::Pages, page).column(units));
        assert!(counted.sum::<u64>() <= 40 * Bounds::of(Table::Pages).cells as u64);
    }
}
