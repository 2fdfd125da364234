//! PARTIALS: what `reduce` writes and `release` reads. Each section is a part of a period, as
//! [`Parts`] are: rows of cells first, then rows of the visitors, visits, minutes and hours that refer to
//! these cells by number; rows of facts about lines come last.
//!
//! Nobody's day is in it: what is left of a visitor is, in each table by itself, the cells it was in if they
//! are several. Nothing but the network, whose tag stands in all rows of it, connects two rows.

use std::{borrow::Cow, collections::BTreeMap, io::Write};

use super::{
    facts::{Fact, Facts},
    frame::{
        Column,
        Kind::{Number, Numbers, Text},
        RowWriter, Rows, Value,
    },
};
use crate::{
    aggregate::{
        Amounts, Family, Histogram, Key, Measure, Microdata, NetworkSet, Parts, ProbeRecord,
        RowTotals, RowValues, Several, Spread, Table, VisitRecord, columns,
    },
    error::Result,
    privacy::Lexicon,
    time::PeriodLength,
};

/// The measures that add up.
const MEASURES: [Measure; 12] = [
    Measure::Bounces,
    Measure::Bytes,
    Measure::Completions,
    Measure::DwellCount,
    Measure::DwellSeconds,
    Measure::Entries,
    Measure::Exits,
    Measure::Pageviews,
    Measure::Requests,
    Measure::Transitions,
    Measure::VisitSeconds,
    Measure::Visits,
];

/// The columns. A list of networks is missing where it holds as many as are ever asked for.
pub(super) const COLUMNS: [Column; 48] = [
    ("period", Text),
    ("kind", Text),
    ("table", Text),
    ("key_1", Text),
    ("key_2", Text),
    ("key_3", Text),
    ("cell", Number),
    ("network", Number),
    ("visitors", Number),
    ("bounces", Number),
    ("bytes", Number),
    ("completions", Number),
    ("dwell_count", Number),
    ("dwell_seconds", Number),
    ("entries", Number),
    ("exits", Number),
    ("pageviews", Number),
    ("requests", Number),
    ("transitions", Number),
    ("visit_seconds", Number),
    ("visits", Number),
    ("bytes_largest", Number),
    ("bytes_second", Number),
    ("bytes_contributors", Number),
    ("dwell_seconds_largest", Number),
    ("dwell_seconds_second", Number),
    ("dwell_seconds_contributors", Number),
    ("pageviews_largest", Number),
    ("pageviews_second", Number),
    ("pageviews_contributors", Number),
    ("requests_largest", Number),
    ("requests_second", Number),
    ("requests_contributors", Number),
    ("visit_seconds_largest", Number),
    ("visit_seconds_second", Number),
    ("visit_seconds_contributors", Number),
    ("networks_requests", Numbers),
    ("networks_pageviews", Numbers),
    ("networks_visits", Numbers),
    ("networks_values", Numbers),
    ("values", Numbers),
    ("most_values", Number),
    ("cells", Numbers),
    ("amounts", Numbers),
    ("count", Number),
    ("index", Number),
    ("networks", Numbers),
    ("number", Number),
];

pub(super) const PERIOD: usize = 0;
const KIND: usize = 1;
const TABLE: usize = 2;
const KEYS: usize = 3;
const CELL: usize = 6;
const NETWORK: usize = 7;
const VISITORS: usize = 8;
const SUMS: usize = 9;
const SPREADS: usize = SUMS + MEASURES.len();
const NETWORKS_BY_FAMILY: usize = SPREADS + 3 * Measure::VOLUMES.len();
const VALUE_NETWORKS: usize = NETWORKS_BY_FAMILY + Family::ALL.len();
const VALUES: usize = VALUE_NETWORKS + 1;
const MOST_VALUES: usize = VALUES + 1;
const CELLS: usize = MOST_VALUES + 1;
const AMOUNTS: usize = CELLS + 1;
const COUNT: usize = AMOUNTS + 1;
const INDEX: usize = COUNT + 1;
const NETWORKS: usize = INDEX + 1;
const NUMBER: usize = NETWORKS + 1;

/// Visitors who are in this cell only of its table, added up.
const CELL_ROW: &str = "cell";
/// One visitor who is in several cells of a table.
const VISITOR_ROW: &str = "visitor";
/// Visits of the same network and cells.
const VISIT_ROW: &str = "visit";
/// Requests of a network that look for the same weakness in the same hour from the same region.
const PROBE_ROW: &str = "probe";
/// A change in the number of visits under way.
const MINUTE_ROW: &str = "minute";
/// The networks that sent requests in an hour.
const HOUR_ROW: &str = "hour";

/// Stands for no cell.
const NONE: i64 = -1;

type Row<'r> = [Value<'r>; COLUMNS.len()];

fn empty<'r>(period: &'r str, kind: &'r str) -> Row<'r> {
    let mut row = [Value::Missing; COLUMNS.len()];
    row[PERIOD] = Value::Text(period);
    row[KIND] = Value::Text(kind);
    row
}

/// Writes sections.
pub(super) struct Sections<W: Write> {
    output: RowWriter<W>,
    /// Cells of all sections so far.
    cells: i64,
}

/// The numbers of a section's cells.
type CellNumbers = BTreeMap<(Table, Key), i64>;

impl<W: Write> Sections<W> {
    pub(super) const fn new(output: RowWriter<W>) -> Self {
        Self { output, cells: 0 }
    }

    /// Writes a part of a period, whose keys are of the lexicon.
    pub(super) fn write(
        &mut self,
        period: &str,
        parts: &Parts,
        lexicon: &Lexicon,
        length: PeriodLength,
    ) -> Result<()> {
        let numbers = self.write_cells(period, parts, |table, key| {
            columns(table, key, lexicon, length)
        })?;
        for table in Table::ALL {
            for visitor in parts.several(table) {
                self.write_visitor(period, table, visitor, &numbers)?;
            }
        }
        for (visit, count) in parts.visits() {
            let cells = cells_of(visit, &numbers);
            let mut row = empty(period, VISIT_ROW);
            row[NETWORK] = Value::Number(visit.network.cast_signed());
            row[CELLS] = Value::Numbers(&cells);
            row[COUNT] = Value::Number(count.cast_signed());
            self.output.push(&row)?;
        }
        for probe in parts.probes() {
            let cells = Microdata::PROBE_TABLES.iter().zip(probe.cells);
            let cells: Vec<i64> = cells
                .map(|(table, key)| number_of(&numbers, *table, key))
                .collect();
            let mut row = empty(period, PROBE_ROW);
            row[NETWORK] = Value::Number(probe.network.cast_signed());
            row[CELLS] = Value::Numbers(&cells);
            self.output.push(&row)?;
        }
        self.write_attendance(period, parts)?;
        self.output.flush()
    }

    /// Writes facts about lines, and ends the stream.
    pub(super) fn finish(mut self, facts: &Facts) -> Result<()> {
        for fact in facts.iter() {
            let mut row = empty(fact.period, fact.kind);
            row[INDEX] = Value::Number(fact.index);
            row[NUMBER] = Value::Number(fact.number);
            self.output.push(&row)?;
        }
        self.output.finish()
    }

    /// Writes the cells of a section, those with nobody but visitors in several cells too.
    fn write_cells<'l>(
        &mut self,
        period: &str,
        parts: &Parts,
        columns: impl Fn(Table, Key) -> Vec<Cow<'l, str>>,
    ) -> Result<CellNumbers> {
        let mut numbers = CellNumbers::new();
        for table in Table::ALL {
            let mut cells: BTreeMap<Key, Option<&RowTotals>> = BTreeMap::new();
            let several = parts.several(table).iter().flat_map(|it| &it.cells);
            cells.extend(several.map(|(key, _)| (*key, None)));
            cells.extend(
                parts
                    .cells(table)
                    .into_iter()
                    .map(|(key, it)| (key, Some(it))),
            );
            for (key, totals) in cells {
                let columns = columns(table, key);
                let mut row = empty(period, CELL_ROW);
                row[TABLE] = Value::Text(table.name());
                for (value, column) in row[KEYS..].iter_mut().zip(&columns) {
                    *value = Value::Text(column);
                }
                row[CELL] = Value::Number(self.cells);
                numbers.insert((table, key), self.cells);
                self.cells += 1;
                write_totals(&mut self.output, row, table, totals)?;
            }
        }
        Ok(numbers)
    }

    fn write_visitor(
        &mut self,
        period: &str,
        table: Table,
        visitor: &Several,
        numbers: &CellNumbers,
    ) -> Result<()> {
        let cells = visitor.cells.iter();
        let cells: Vec<i64> = cells
            .map(|(key, _)| number_of(numbers, table, *key))
            .collect();
        let amounts = visitor.cells.iter();
        let amounts = amounts
            .flat_map(|(_, amounts)| added(table).map(|measure| amounts.of(measure).cast_signed()));
        let amounts: Vec<i64> = amounts.collect();
        let mut row = empty(period, VISITOR_ROW);
        row[TABLE] = Value::Text(table.name());
        row[NETWORK] = Value::Number(visitor.network.cast_signed());
        row[CELLS] = Value::Numbers(&cells);
        row[AMOUNTS] = Value::Numbers(&amounts);
        self.output.push(&row)
    }

    fn write_attendance(&mut self, period: &str, parts: &Parts) -> Result<()> {
        let attendance = parts.attendance();
        let changes = attendance.changes().iter().zip(0..);
        for (change, minute) in changes.filter(|(change, _)| **change != 0) {
            let mut row = empty(period, MINUTE_ROW);
            row[INDEX] = Value::Number(minute);
            row[NUMBER] = Value::Number((*change).into());
            self.output.push(&row)?;
        }
        for (networks, hour) in attendance.hours().iter().zip(0..) {
            let networks = tags(networks);
            let mut row = empty(period, HOUR_ROW);
            row[INDEX] = Value::Number(hour);
            row[NETWORKS] = list(networks.as_deref());
            self.output.push(&row)?;
        }
        Ok(())
    }
}

/// Writes a cell's row with its numbers; none of a cell in which there are only visitors in several.
fn write_totals<W: Write>(
    output: &mut RowWriter<W>,
    row: Row<'_>,
    table: Table,
    totals: Option<&RowTotals>,
) -> Result<()> {
    let nothing = RowTotals::default();
    let totals = totals.unwrap_or(&nothing);
    let by_family = Family::ALL.map(|family| tags(totals.networks(family)));
    let of_values = tags(&totals.value_networks);
    let values: Vec<i64> = totals.values.counts().iter().map(|&it| it.into()).collect();
    let mut row: Row<'_> = row;
    row[VISITORS] = Value::Number(totals.visitors.cast_signed());
    for measure in added(table) {
        let column = SUMS + position(&MEASURES, measure);
        row[column] = Value::Number(totals.amounts.of(measure).cast_signed());
    }
    for (volume, spread) in Measure::VOLUMES
        .into_iter()
        .zip(row[SPREADS..].chunks_mut(3))
    {
        let Spread {
            largest,
            second,
            contributors,
        } = totals.spread(volume);
        if table.measures().contains(&volume) {
            spread.copy_from_slice(
                &[largest, second, contributors].map(|it| Value::Number(it.cast_signed())),
            );
        }
    }
    for (value, networks) in row[NETWORKS_BY_FAMILY..].iter_mut().zip(&by_family) {
        *value = list(networks.as_deref());
    }
    row[VALUE_NETWORKS] = list(of_values.as_deref());
    row[VALUES] = Value::Numbers(&values);
    row[MOST_VALUES] = Value::Number(totals.most_values.cast_signed());
    output.push(&row)
}

/// The measures of a table that add up, in its order.
fn added(table: Table) -> impl Iterator<Item = Measure> {
    let measures = table.measures().iter().copied();
    measures.filter(|measure| measure.is_additive())
}

fn position(measures: &[Measure], measure: Measure) -> usize {
    let found = measures.iter().position(|it| *it == measure);
    found.expect("all measures that add up are listed")
}

fn number_of(numbers: &CellNumbers, table: Table, key: Key) -> i64 {
    numbers.get(&(table, key)).copied().unwrap_or(NONE)
}

/// The numbers of a visit's cells, by position in [`Microdata::TABLES`].
fn cells_of(visit: &VisitRecord, numbers: &CellNumbers) -> Vec<i64> {
    let tables = Microdata::TABLES.into_iter().enumerate();
    let cells = tables.map(|(position, table)| {
        let cell = visit.cell(position);
        cell.map_or(NONE, |key| number_of(numbers, table, key))
    });
    cells.collect()
}

/// The tags of a set in order; `None` of a full one.
fn tags(networks: &NetworkSet) -> Option<Vec<i64>> {
    let members = networks.members()?.iter();
    let mut tags: Vec<i64> = members.map(|tag| tag.cast_signed()).collect();
    tags.sort_unstable();
    Some(tags)
}

fn list(numbers: Option<&[i64]>) -> Value<'_> {
    numbers.map_or(Value::Missing, Value::Numbers)
}

/// The cells that earlier rows of a stream have given numbers to.
pub(super) type KnownCells = BTreeMap<i64, (Table, Key)>;

/// The table and the key columns of a row, if it is one of a cell.
pub(super) fn cell(rows: &Rows, row: usize) -> Option<(Table, Vec<&str>)> {
    if rows.text(KIND, row)? != CELL_ROW {
        return None;
    }
    let table = table(rows, row)?;
    let columns = (KEYS..CELL).map_while(|column| rows.text(column, row));
    Some((table, columns.collect()))
}

/// The fact of a row; `None` if it is of no kind of facts.
pub(super) fn fact(rows: &Rows, row: usize) -> Option<Fact<'_>> {
    let kind = rows.text(KIND, row)?;
    Some(Fact {
        period: rows.text(PERIOD, row)?,
        kind: Facts::is_kind(kind).then_some(kind)?,
        index: rows.number(INDEX, row)?,
        number: rows.number(NUMBER, row)?,
    })
}

/// Adds a row to the parts; `None` if a value is missing or cannot be. The keys of cells are found by their
/// columns.
pub(super) fn add(
    rows: &Rows,
    row: usize,
    parts: &mut Parts,
    known: &mut KnownCells,
    key_of: impl Fn(Table, &[&str]) -> Option<Key>,
) -> Option<()> {
    let number = |column| rows.number(column, row);
    match rows.text(KIND, row)? {
        CELL_ROW => {
            let (table, columns) = cell(rows, row)?;
            let key = key_of(table, &columns)?;
            known.insert(number(CELL)?, (table, key));
            parts.add_cell(table, key, &totals(rows, row, table)?);
        }
        VISITOR_ROW => {
            let table = table(rows, row)?;
            parts.add_several(table, several(rows, row, table, known)?);
        }
        VISIT_ROW => {
            let network = number(NETWORK)?.cast_unsigned();
            let mut cells = [None; Microdata::TABLES.len()];
            let numbers = rows.numbers(CELLS, row)?;
            if numbers.len() != cells.len() {
                return None;
            }
            for (cell, number) in cells.iter_mut().zip(numbers) {
                if number != NONE {
                    *cell = Some(known.get(&number)?.1);
                }
            }
            let count = u64::try_from(number(COUNT)?).ok()?;
            parts.add_visits(VisitRecord::new(network, cells), count);
        }
        PROBE_ROW => {
            let network = number(NETWORK)?.cast_unsigned();
            let cells = rows.numbers(CELLS, row)?.into_iter();
            // Where regions are not told, there is no cell of one.
            let cells = cells.map(|number| Some(known.get(&number).map_or(0, |(_, key)| *key)));
            let cells: Option<Vec<Key>> = cells.collect();
            let cells = cells?.try_into().ok()?;
            parts.add_probe(ProbeRecord { network, cells });
        }
        MINUTE_ROW => {
            let change = i32::try_from(number(NUMBER)?).ok()?;
            let minute = usize::try_from(number(INDEX)?).ok()?;
            parts.attendance_mut().change(minute, change)?;
        }
        HOUR_ROW => {
            let hour = usize::try_from(number(INDEX)?).ok()?;
            let networks = set(rows, row, NETWORKS);
            parts.attendance_mut().attend(hour, &networks)?;
        }
        kind => {
            Facts::is_kind(kind).then_some(())?;
        }
    }
    Some(())
}

fn table(rows: &Rows, row: usize) -> Option<Table> {
    Table::named(rows.text(TABLE, row)?)
}

fn totals(rows: &Rows, row: usize, table: Table) -> Option<RowTotals> {
    let count = |column| u64::try_from(rows.number(column, row)?).ok();
    let mut amounts = Amounts::default();
    for measure in added(table) {
        let amount = count(SUMS + position(&MEASURES, measure))?;
        amounts = amounts.with(measure, amount)?;
    }
    let spread = |measure| {
        let first = SPREADS + 3 * position(&Measure::VOLUMES, measure);
        let [largest, second, contributors] = [0, 1, 2].map(|it| count(first + it).unwrap_or(0));
        Spread {
            largest,
            second,
            contributors,
        }
    };
    let values = rows.numbers(VALUES, row)?.into_iter();
    let values: Option<Vec<u32>> = values.map(|it| u32::try_from(it).ok()).collect();
    let set = |column| set(rows, row, column);
    let families = [0, 1, 2].map(|family| set(NETWORKS_BY_FAMILY + family));
    let values = RowValues {
        values: Histogram::of_counts(values?)?,
        most: count(MOST_VALUES)?,
        networks: set(VALUE_NETWORKS),
    };
    Some(RowTotals::of(
        amounts,
        count(VISITORS)?,
        families,
        spread,
        values,
    ))
}

fn several(rows: &Rows, row: usize, table: Table, known: &KnownCells) -> Option<Several> {
    let (cells, amounts) = (rows.numbers(CELLS, row)?, rows.numbers(AMOUNTS, row)?);
    let measures: Vec<Measure> = added(table).collect();
    if amounts.len() != cells.len() * measures.len() {
        return None;
    }
    let cells = cells.into_iter().zip(amounts.chunks(measures.len()));
    let cells = cells.map(|(cell, numbers)| {
        let (of, key) = known.get(&cell)?;
        let mut amounts = Amounts::default();
        for (measure, number) in measures.iter().zip(numbers) {
            amounts = amounts.with(*measure, u64::try_from(*number).ok()?)?;
        }
        (*of == table).then_some((*key, amounts))
    });
    Some(Several {
        network: rows.number(NETWORK, row)?.cast_unsigned(),
        cells: cells.collect::<Option<_>>()?,
    })
}

/// The set of networks of a column; a full one where it is missing.
fn set(rows: &Rows, row: usize, column: usize) -> NetworkSet {
    let tags = rows.numbers(column, row);
    tags.map_or_else(NetworkSet::full, |tags| {
        NetworkSet::of(tags.into_iter().map(i64::cast_unsigned).collect())
    })
}
