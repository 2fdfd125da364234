//! `reduce`: sorted HITS of whole visitors to PARTIALS, by what a report counts its shards with. Visitors are
//! taken together up to a bound, so that memory grows with the busiest visitor and not with the stream.

use std::{
    io::{self, Read, Write},
    mem,
};

use rayon::ThreadPool;

use super::{
    Contract,
    contract::Stage,
    facts::Facts,
    frame::{RowReader, RowWriter, Rows},
    hits,
    partials::{COLUMNS, Sections},
};
use crate::{
    aggregate::{Limits, Parts, Reading},
    error::{Error, Result},
    pipeline::{ReportSettings, reduce as shards},
    privacy::{Collected, Intake, Policy, Reentry},
    release::PlanSettings,
    stats::Progress,
    time::{Calendar, Hours, Period},
};

/// What hits are reduced by.
pub struct ReduceSettings<'r> {
    /// The settings that all streams of a job have in common.
    pub contract: Contract,
    /// What a report is made by.
    pub report: &'r ReportSettings,
    /// What became of each field.
    pub policy: &'r Policy,
    /// Seeds for hash tables.
    pub seeds: [u64; 4],
}

/// Hits after which whole visitors are reduced.
const MOST_HITS: usize = 1 << 18;

/// Writes the partials of a stream of hits; progress is in hits.
///
/// # Errors
///
/// [`Error::Refused`] for hits of other settings, [`Error::Setting`] for a stream that is damaged or not
/// sorted, [`Error::Write`] if nothing can be written.
pub fn reduce(
    pool: &ThreadPool,
    input: impl Read,
    output: impl Write,
    settings: &ReduceSettings<'_>,
    progress: &Progress,
) -> Result<()> {
    let input = Counted { input, progress };
    let mut input = RowReader::new(input, NAME, &hits::COLUMNS)?;
    let contract = settings
        .contract
        .check(NAME, Stage::Hits, &input.metadata())?;
    let metadata = contract.metadata(Stage::Partials);
    let mut reducing = Reducing {
        pool,
        settings,
        output: Sections::new(RowWriter::new(output, &COLUMNS, metadata, true)?),
        facts: Facts::default(),
        taken: empty(settings),
        start: String::new(),
        period: None,
        latest: None,
    };
    while let Some(rows) = input.next()? {
        for row in 0..rows.count() {
            reducing.take(&rows, row)?;
        }
        progress.add(0, rows.count() as u64);
    }
    reducing.write()?;
    reducing.output.finish(&reducing.facts)
}

/// The input in messages.
const NAME: &str = "standard input";

/// A stream of which is told how much has been read.
struct Counted<'r, R> {
    input: R,
    progress: &'r Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.progress.add(count as u64, 0);
        Ok(count)
    }
}

/// The sizes to which sets of networks grow in parts.
pub(super) const fn limits(settings: &ReportSettings) -> Limits {
    PlanSettings {
        k: settings.k,
        top: settings.top,
        length: settings.calendar.length(),
    }
    .limits()
}

/// The period that begins on a day; `None` if none does.
pub(super) fn period(start: &str, calendar: &Calendar) -> Option<Period> {
    let period = calendar.period(start.parse().ok()?);
    (period.to_string() == start).then_some(period)
}

fn empty<'r>(settings: &ReduceSettings<'r>) -> Reentry<'r> {
    Reentry::new(settings.policy, &settings.report.calendar, settings.seeds)
}

struct Reducing<'r, W: Write> {
    pool: &'r ThreadPool,
    settings: &'r ReduceSettings<'r>,
    output: Sections<W>,
    facts: Facts,
    taken: Reentry<'r>,
    /// The start of the latest row's period, and the period.
    start: String,
    period: Option<Period>,
    /// The period and the visitor of the latest row.
    latest: Option<(Period, i64)>,
}

impl<W: Write> Reducing<'_, W> {
    fn take(&mut self, rows: &Rows, row: usize) -> Result<()> {
        if let Some(fact) = hits::fact(rows, row) {
            let added = self.facts.add(&fact);
            return added.ok_or_else(damaged);
        }
        let start = rows.text(hits::PERIOD, row).ok_or_else(damaged)?;
        let visitor = rows.number(hits::VISITOR, row).ok_or_else(damaged)?;
        if start != self.start {
            self.period = period(start, &self.settings.report.calendar);
            start.clone_into(&mut self.start);
        }
        let period = self.period.ok_or_else(damaged)?;
        let place = Some((period, visitor));
        if place < self.latest {
            return Err(Error::Setting(format!(
                "{NAME}: the rows are not sorted: each visitor's must be together, in the order of all \
                 columns"
            )));
        }
        if place != self.latest && self.taken.hits() >= MOST_HITS {
            self.write()?;
        }
        self.latest = place;
        let hit = hits::hit(rows, row).ok_or_else(damaged)?;
        self.taken.hit(period, &hit).ok_or_else(damaged)
    }

    /// Writes what was taken as a section for each period.
    fn write(&mut self) -> Result<()> {
        let taken = mem::replace(&mut self.taken, empty(self.settings));
        if taken.hits() == 0 {
            return Ok(());
        }
        let intake: Intake = taken.finish();
        let Collected { lexicon, periods } = Collected::join(vec![intake], self.settings.policy);
        let report = self.settings.report;
        for (period, mut collected) in periods {
            let hours = Hours::new(&report.calendar, period);
            let reading = Reading {
                lexicon: &lexicon,
                hours: &hours,
                settings: &report.visits,
            };
            let sorted = shards::sorted(self.pool, &mut collected.hits, &lexicon);
            let parts = shards::collect(self.pool, &sorted, reading, || {
                Parts::new(limits(report), &hours)
            });
            let length = report.calendar.length();
            self.output
                .write(&period.to_string(), &parts, &lexicon, length)?;
        }
        Ok(())
    }
}

fn damaged() -> Error {
    Error::Setting(format!("{NAME}: it is damaged: a row is not one of a hit"))
}
