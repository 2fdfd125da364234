//! Puts numbers to planned rows, and leaves empty every cell that must not be published.

use std::borrow::Cow;

use super::{
    PublishedTable, Row, Withheld,
    dominance::{self, Cell, Column},
    plan::{NETWORKS_OF_P90, Plan},
    threshold::OTHER,
};
use crate::{
    aggregate::{Measure, RowTotals, Shares, Table, Totals, category},
    time::{Hours, PeriodLength},
};

/// Median and 90th percentile.
const MEDIAN: u64 = 50;
const P90: u64 = 90;

/// The plan of a release with the exact numbers of its rows, before any is withheld.
pub struct Numbers<'r> {
    plan: &'r Plan<'r>,
    totals: Totals<'r>,
    peaks: Vec<u64>,
}

impl<'r> Numbers<'r> {
    /// The numbers of a plan's rows.
    #[must_use]
    pub fn new(plan: &'r Plan<'r>, totals: Totals<'r>, hours: &Hours) -> Self {
        let peaks = totals.peaks(hours);
        Self {
            plan,
            totals,
            peaks,
        }
    }

    /// The volumes with a cell to be emptied, whose shares by visitor are needed to choose more cells.
    #[must_use]
    pub fn doubtful_columns(&self) -> Vec<(Table, Measure)> {
        Table::ALL
            .into_iter()
            .flat_map(|table| {
                table
                    .measures()
                    .iter()
                    .map(move |measure| (table, *measure))
            })
            .filter(|(_, measure)| measure.is_volume() && self.plan.is_told(*measure))
            .filter(|&(table, measure)| {
                self.cells(table, measure)
                    .any(|cell| cell.short || cell.dominated)
            })
            .collect()
    }

    /// The first and the last hour in which k networks sent requests.
    #[must_use]
    pub fn busy_hours(&self, hours: &Hours) -> Option<[String; 2]> {
        let numbers = self.totals.busy_hours(self.plan.settings.k)?;
        Some(numbers.map(|number| {
            let hour = hours.hour(number);
            format!("{}T{:02}", hour.date, hour.hour)
        }))
    }

    /// The tables as they may be published, and what was kept back.
    pub(super) fn tables(&self, shares: &Shares<'_>) -> (Vec<PublishedTable>, Vec<Withheld>) {
        let mut withheld = self.plan.rolled_up.clone();
        let mut tables: Vec<PublishedTable> = Table::ALL
            .into_iter()
            .map(|table| PublishedTable {
                table,
                rows: self.rows(table, shares, &mut withheld),
            })
            .collect();
        drop_transitions_of_emptied_pages(&mut tables);
        withheld.extend(
            tables
                .iter()
                .filter(|table| table.rows.is_empty())
                .filter_map(|table| self.missing(table.table)),
        );
        withheld.extend(self.advice(&tables));
        tables.retain(|table| !table.rows.is_empty());
        (tables, withheld)
    }

    fn rows(&self, table: Table, shares: &Shares<'_>, withheld: &mut Vec<Withheld>) -> Vec<Row> {
        let columns = table.measures().iter().map(|&measure| {
            if !self.plan.is_told(measure) {
                return vec![true; self.totals.rows(table).len()];
            }
            let emptied = self.emptied(table, measure, shares);
            let count = emptied.iter().filter(|emptied| **emptied).count();
            if count > 0 {
                let reason = format!(
                    "{}: few visitors or networks stand out, cells emptied",
                    measure.name()
                );
                withheld.push(Withheld {
                    table,
                    reason,
                    count,
                });
            }
            emptied
        });
        let emptied: Vec<Vec<bool>> = columns.collect();
        let mut rows: Vec<Row> = (0..self.totals.rows(table).len())
            .map(|row| Row {
                keys: self.keys(table, row),
                measures: table
                    .measures()
                    .iter()
                    .zip(&emptied)
                    .map(|(&measure, emptied)| {
                        (!emptied[row])
                            .then(|| self.value(table, row, measure))
                            .flatten()
                    })
                    .collect(),
            })
            .collect();
        if table == Table::Pages {
            rows.iter_mut().for_each(empty_dwell_count);
        }
        rows
    }

    fn keys(&self, table: Table, row: usize) -> Vec<String> {
        let columns = self.plan.columns(table, row);
        columns.into_iter().map(Cow::into_owned).collect()
    }

    fn value(&self, table: Table, row: usize, measure: Measure) -> Option<u64> {
        let totals = &self.totals.rows(table)[row];
        match measure {
            Measure::Visitors => Some(totals.visitors),
            Measure::PeakConcurrentVisits => Some(self.peaks[row]),
            Measure::DwellMedian | Measure::VisitSecondsMedian => self.quantile(totals, MEDIAN, 1),
            Measure::DwellP90 | Measure::VisitSecondsP90 => {
                self.quantile(totals, P90, NETWORKS_OF_P90)
            }
            _ => Some(totals.amounts.of(measure)),
        }
    }

    /// A quantile of values from enough networks, none of which gave over a fifth of them.
    fn quantile(&self, totals: &RowTotals, percent: u64, times_k: usize) -> Option<u64> {
        let enough = totals.value_networks.has(self.plan.settings.k * times_k);
        let spread = totals.most_values * 5 <= totals.values.total();
        (enough && spread)
            .then(|| totals.values.quantile(percent))
            .flatten()
    }

    /// Which rows' cells of a column are to be left empty.
    fn emptied(&self, table: Table, measure: Measure, shares: &Shares<'_>) -> Vec<bool> {
        let column = Column {
            cells: self.cells(table, measure).collect(),
            shares: measure.is_volume().then(|| shares.of(table, measure)),
            k: self.plan.settings.k,
        };
        column.emptied(|row| self.plan.columns(table, row))
    }

    /// The cells of a column by row number.
    fn cells(&self, table: Table, measure: Measure) -> impl Iterator<Item = Cell<'_>> {
        let k = self.plan.settings.k;
        let family = table.other_family(measure);
        let rows = self.totals.rows(table).iter().enumerate();
        rows.map(move |(row, totals)| {
            let networks = family.map(|family| totals.networks(family));
            Cell {
                first: totals.amounts.of(table.measures()[0]),
                networks,
                short: networks.is_some_and(|networks| !networks.has(k)),
                dominated: measure.is_volume()
                    && self.is_judged(table, row)
                    && !dominance::is_safe(totals.spread(measure), totals.amounts.of(measure)),
            }
        })
    }

    /// Dominance is not judged where a row is made of machines by a closed list.
    fn is_judged(&self, table: Table, row: usize) -> bool {
        table != Table::Crawlers || !category(self.plan.cell(table, row)).is_closed()
    }

    /// Why a table has no rows, unless there was nothing to put in it.
    fn missing(&self, table: Table) -> Option<Withheld> {
        let surveyed = self.plan.surveyed[table as usize];
        let is_audited = self.plan.rolled_up.iter().any(|it| it.table == table);
        (surveyed > 0).then(|| Withheld {
            table,
            reason: if is_audited {
                "withheld: no row is left".to_owned()
            } else {
                format!("withheld: no row has {} networks", self.plan.settings.k)
            },
            count: 0,
        })
    }

    /// Recommends a longer period where under half of the pageviews keep their page.
    fn advice(&self, tables: &[PublishedTable]) -> Option<Withheld> {
        let all = self.totals.rows(Table::Summary)[0]
            .amounts
            .of(Measure::Pageviews);
        let pages = tables.iter().find(|table| table.table == Table::Pages)?;
        let named: u64 = pages
            .rows
            .iter()
            .filter(|row| row.keys[0] != OTHER)
            .filter_map(|row| row.measures[0])
            .sum();
        let longer = match self.plan.settings.length {
            PeriodLength::Day => "week or --period month",
            PeriodLength::Week => "month",
            PeriodLength::Month => return None,
        };
        (named * 2 < all).then(|| Withheld {
            table: Table::Pages,
            reason: format!(
                "under half of the pageviews keep their page; --period {longer} keeps more"
            ),
            count: 0,
        })
    }
}

/// Empties the dwell count of a page whose pageviews are empty, as they are its exits and known dwells.
fn empty_dwell_count(row: &mut Row) {
    let column = |measure| Table::Pages.measures().iter().position(|it| *it == measure);
    if let (Some(pageviews), Some(dwell_count)) =
        (column(Measure::Pageviews), column(Measure::DwellCount))
        && row.measures[pageviews].is_none()
    {
        row.measures[dwell_count] = None;
    }
}

/// Transitions add up to a page's dwell count, which is not given where its pageviews are empty.
fn drop_transitions_of_emptied_pages(tables: &mut [PublishedTable]) {
    let given: hashbrown::HashSet<String> = tables
        .iter()
        .filter(|table| table.table == Table::Pages)
        .flat_map(|table| &table.rows)
        .filter(|row| row.measures[0].is_some())
        .map(|row| row.keys[0].clone())
        .collect();
    for table in tables
        .iter_mut()
        .filter(|table| table.table == Table::Transitions)
    {
        table.rows.retain(|row| given.contains(&row.keys[0]));
    }
}
