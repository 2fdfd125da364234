//! One period with noise: reads its visitors once, unit by unit, and releases noisy tables.

use std::borrow::Cow;

use crate::{
    aggregate::{
        Key, Table,
        bounded::{BoundedTables, Bounding},
        columns,
    },
    error::Result,
    privacy::{Lexicon, Selection},
    release::{Noise, Release, Statement},
    time::Hours,
};

/// The release of a period, whose units `count` counts in keys of the lexicon.
///
/// # Errors
/// Those of counting.
pub(super) fn release(
    statement: Statement,
    lexicon: &Lexicon,
    hours: &Hours,
    noise: &mut Noise,
    count: impl FnOnce(Bounding<'_>) -> Result<BoundedTables>,
) -> Result<Release> {
    let tables = bounded(lexicon, hours, noise.selection(), count)?;
    Ok(noise.release(statement, &tables, lexicon, hours))
}

/// The bounded tables of a period.
fn bounded(
    lexicon: &Lexicon,
    hours: &Hours,
    selection: &Selection,
    count: impl FnOnce(Bounding<'_>) -> Result<BoundedTables>,
) -> Result<BoundedTables> {
    let name = |table: Table, key: Key| {
        let columns = columns(table, key, lexicon, hours.length());
        columns.into_iter().map(Cow::into_owned).collect()
    };
    let bounding = Bounding {
        selection,
        name: &name,
    };
    count(bounding)
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use zeroize::Zeroizing;

    use super::*;
    use crate::{
        aggregate::{
            Reading, VisitSettings,
            bounded::{Bounds, Column},
        },
        format::Format,
        input::{NamedHosts, Source},
        pipeline::{Inputs, MemoryBound, pool, read, reduce, runs::RunVisitors},
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
        bounded_tables(folder, files, threads, None)
    }

    /// The same with so many bytes of memory.
    fn bounded_tables(
        folder: &Path,
        files: &[String],
        threads: usize,
        memory: Option<u64>,
    ) -> BoundedTables {
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
        let bound = memory.map(|bytes| MemoryBound {
            bytes,
            folder: folder.to_owned(),
            least_networks: None,
        });
        let reading = read(&pool, &inputs, gates, &Progress::default(), bound.as_ref());
        let mut reading = reading.unwrap();
        assert_eq!(reading.runs.is_some(), memory.is_some());
        let mut collected = reading.collected.sites.remove(0);
        let runs = reading.runs;
        let (period, mut day) = collected.periods.pop_first().unwrap();
        let reading = Reading {
            lexicon: &collected.lexicon,
            hours: &Hours::new(&calendar, period),
            settings: &VisitSettings::default(),
        };
        let selection = Selection::new(&Zeroizing::new([9; 32]));
        if let Some(runs) = runs {
            let lexicon = runs.lexicon(&pool, 0, period, reading.lexicon).unwrap();
            let visitors = RunVisitors {
                pool: &pool,
                runs: &runs,
                site: 0,
                period,
                start: calendar.midnight(period.start),
                lexicon: &lexicon,
                hours: reading.hours,
                settings: reading.settings,
            };
            let count = |bounding: Bounding<'_>| visitors.bounded(bounding);
            return bounded(&lexicon, reading.hours, &selection, count).unwrap();
        }
        let shards = reduce::sorted(&pool, &mut day.hits, reading.lexicon);
        let count = |bounding: Bounding<'_>| Ok(reduce::bounded(&pool, &shards, reading, bounding));
        bounded(reading.lexicon, reading.hours, &selection, count).unwrap()
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
            let bounded = bounded_tables(folder.path(), &files, threads, Some(1));
            assert_eq!(bounded, whole);
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
