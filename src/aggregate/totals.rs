//! The exact numbers of the rows to be published, and what is needed to judge them.

use super::{
    Collector, Family, Measure, Ordinals, Table,
    amounts::Amounts,
    attendance::Attendance,
    contribution::Contribution,
    key::{self, Key},
    networks::NetworkSet,
    quantile::Histogram,
    rows::RowMap,
};
use crate::time::Hours;

/// How a volume is spread over visitors. Merges exactly over disjoint visitors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// The largest contribution.
    pub largest: u64,
    /// The second largest.
    pub second: u64,
    /// Visitors with a contribution above 0.
    pub contributors: u64,
}

impl Spread {
    /// Adds one visitor's whole contribution.
    pub fn add(&mut self, amount: u64) {
        if amount > 0 {
            self.contributors += 1;
            self.rank(amount);
        }
    }

    fn rank(&mut self, amount: u64) {
        if amount > self.largest {
            self.second = self.largest;
            self.largest = amount;
        } else {
            self.second = self.second.max(amount);
        }
    }

    fn absorb(&mut self, other: Self) {
        self.contributors += other.contributors;
        self.rank(other.largest);
        self.rank(other.second);
    }
}

/// Everything known about a row.
#[derive(Clone, Default)]
pub struct RowTotals {
    /// The additive measures.
    pub amounts: Amounts,
    /// Visitors of a day with a visit (in tables of pages: a pageview) in the row, added over days.
    pub visitors: u64,
    networks: [NetworkSet; 3],
    spreads: [Spread; Measure::VOLUMES.len()],
    /// The values behind quantiles.
    pub values: Histogram,
    /// The most values that one visitor gave.
    pub most_values: u64,
    /// The networks that gave values.
    pub value_networks: NetworkSet,
}

impl RowTotals {
    /// The networks that contributed in a family.
    #[must_use]
    pub const fn networks(&self, family: Family) -> &NetworkSet {
        &self.networks[family as usize]
    }

    /// How a volume is spread over visitors; of other measures, nothing.
    #[must_use]
    pub fn spread(&self, measure: Measure) -> Spread {
        Measure::VOLUMES
            .iter()
            .position(|volume| *volume == measure)
            .map_or_else(Spread::default, |position| self.spreads[position])
    }

    /// A row of known numbers.
    #[must_use]
    pub fn of(
        amounts: Amounts,
        visitors: u64,
        networks: [NetworkSet; 3],
        spread: impl Fn(Measure) -> Spread,
        values: RowValues,
    ) -> Self {
        Self {
            amounts,
            visitors,
            networks,
            spreads: Measure::VOLUMES.map(spread),
            values: values.values,
            most_values: values.most,
            value_networks: values.networks,
        }
    }

    pub(super) fn add(&mut self, judged: &Judged, amounts: &Amounts, network: u64, limits: Limits) {
        self.amounts += *amounts;
        self.visitors += u64::from(amounts.has(judged.visitors));
        for &family in &judged.families {
            if amounts.has(family) {
                self.networks[family as usize].insert(network, limits.threshold);
            }
        }
        for &volume in &judged.volumes {
            self.spreads[volume].add(amounts.of(Measure::VOLUMES[volume]));
        }
        let values = judged.values.map_or(0, |values| amounts.of(values));
        if values > 0 {
            self.most_values = self.most_values.max(values);
            self.value_networks.insert(network, limits.quantile);
        }
    }

    pub(super) fn absorb(&mut self, other: &Self, limits: Limits) {
        self.amounts += other.amounts;
        self.visitors += other.visitors;
        for (mine, theirs) in self.networks.iter_mut().zip(&other.networks) {
            mine.absorb(theirs, limits.threshold);
        }
        for (mine, theirs) in self.spreads.iter_mut().zip(other.spreads) {
            mine.absorb(theirs);
        }
        self.values.absorb(&other.values);
        self.most_values = self.most_values.max(other.most_values);
        self.value_networks
            .absorb(&other.value_networks, limits.quantile);
    }
}

/// What quantiles of a row are read from.
#[derive(Clone, Default)]
pub struct RowValues {
    /// The values.
    pub values: Histogram,
    /// The most values that one visitor gave.
    pub most: u64,
    /// The networks that gave values.
    pub networks: NetworkSet,
}

/// What is judged in the rows of a table; nothing else is counted there.
pub(super) struct Judged {
    /// The families, other than the row's own, that a measure needs networks of.
    families: Vec<Family>,
    /// The volumes, as positions in [`Measure::VOLUMES`].
    volumes: Vec<usize>,
    /// The number of values behind quantiles.
    values: Option<Measure>,
    /// The family in which visitors count.
    visitors: Family,
}

impl Judged {
    fn of(table: Table) -> Self {
        let measures = table.measures();
        let needed = |family| {
            measures
                .iter()
                .any(|measure| table.other_family(*measure) == Some(family))
        };
        Self {
            families: Family::ALL
                .into_iter()
                .filter(|&family| needed(family))
                .collect(),
            volumes: (0..Measure::VOLUMES.len())
                .filter(|&volume| measures.contains(&Measure::VOLUMES[volume]))
                .collect(),
            values: match table {
                Table::Summary => Some(Measure::Visits),
                Table::Pages => Some(Measure::DwellCount),
                _ => None,
            },
            visitors: table.visitor_family(),
        }
    }

    /// The same with the row's own family, for rows that are still to be decided about.
    pub(super) fn with_own_family(table: Table) -> Self {
        let mut judged = Self::of(table);
        judged.families.push(table.family());
        judged
    }
}

/// The sizes to which sets of networks grow.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For the threshold of rows and measures.
    pub threshold: usize,
    /// For the threshold of the most demanding quantile.
    pub quantile: usize,
}

/// The rows of all tables of a period.
pub struct Totals<'r> {
    rows: &'r RowMap,
    limits: Limits,
    tables: [Vec<RowTotals>; Table::ALL.len()],
    judged: [Judged; Table::ALL.len()],
    attendance: Attendance,
    /// Buffer: one visitor's amounts by row.
    by_row: Vec<(usize, Amounts)>,
}

impl<'r> Totals<'r> {
    /// Empty rows.
    #[must_use]
    pub fn new(rows: &'r RowMap, limits: Limits, hours: &Hours) -> Self {
        Self {
            rows,
            limits,
            tables: Table::ALL.map(|table| vec![RowTotals::default(); rows.count(table)]),
            judged: Table::ALL.map(Judged::of),
            attendance: Attendance::new(limits.threshold, hours),
            by_row: Vec::new(),
        }
    }

    /// The rows of a table, by row number.
    #[must_use]
    pub fn rows(&self, table: Table) -> &[RowTotals] {
        &self.tables[table as usize]
    }

    /// The most visits in progress within one minute, by row of the table of traffic.
    #[must_use]
    pub fn peaks(&self, hours: &Hours) -> Vec<u64> {
        let mut peaks = vec![0; self.rows.count(Table::Traffic)];
        let mut present = 0_i64;
        let changes = self.attendance.changes().iter();
        for (minute, change) in changes.take(hours.minutes()).enumerate() {
            present += i64::from(*change);
            let key = key::hour(hours, hours.hour_of_minute(minute));
            if let Some(row) = self.rows.row(Table::Traffic, key) {
                peaks[row] = peaks[row].max(u64::try_from(present).unwrap_or(0));
            }
        }
        peaks
    }

    /// The numbers of the first and the last hour in which at least `least` networks sent a request.
    #[must_use]
    pub fn busy_hours(&self, least: usize) -> Option<[usize; 2]> {
        let is_busy = |networks: &NetworkSet| networks.has(least);
        let hours = self.attendance.hours();
        let first = hours.iter().position(is_busy)?;
        let last = hours.iter().rposition(is_busy)?;
        Some([first, last])
    }

    fn collect_rows(&mut self, table: Table, contribution: &Contribution) {
        by_row(
            contribution.cells(table),
            |key| self.rows.row(table, key),
            &mut self.by_row,
        );
        let judged = &self.judged[table as usize];
        for (row, amounts) in &self.by_row {
            let row = &mut self.tables[table as usize][*row];
            row.add(judged, amounts, contribution.network, self.limits);
        }
    }

    fn collect_values(&mut self, contribution: &Contribution) {
        for &(page, seconds) in &contribution.dwells {
            if let Some(row) = self.rows.row(Table::Pages, page) {
                self.tables[Table::Pages as usize][row].values.add(seconds);
            }
        }
        for &seconds in &contribution.durations {
            if let Some(row) = self.rows.row(Table::Summary, key::ONLY) {
                self.tables[Table::Summary as usize][row]
                    .values
                    .add(seconds);
            }
        }
    }
}

impl Collector for Totals<'_> {
    fn collect(&mut self, contribution: &Contribution) {
        for table in Table::ALL {
            self.collect_rows(table, contribution);
        }
        self.collect_values(contribution);
        self.attendance.collect(contribution);
    }

    fn collect_cell(&mut self, table: Table, key: Key, totals: &RowTotals, _: &mut Ordinals) {
        if let Some(row) = self.rows.row(table, key) {
            self.tables[table as usize][row].absorb(totals, self.limits);
        }
    }

    fn collect_attendance(&mut self, attendance: &Attendance) {
        self.attendance.absorb(attendance);
    }

    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.tables.iter_mut().zip(&other.tables) {
            for (row, other) in mine.iter_mut().zip(theirs) {
                row.absorb(other, self.limits);
            }
        }
        self.attendance.absorb(&other.attendance);
    }
}

/// Adds one visitor's amounts by cell up by row.
pub(super) fn by_row(
    cells: &[(Key, Amounts)],
    row_of: impl Fn(Key) -> Option<usize>,
    rows: &mut Vec<(usize, Amounts)>,
) {
    rows.clear();
    for (key, amounts) in cells {
        let Some(row) = row_of(*key) else { continue };
        match rows.iter_mut().rfind(|(other, _)| *other == row) {
            Some((_, sum)) => *sum += *amounts,
            None => rows.push((row, *amounts)),
        }
    }
}
