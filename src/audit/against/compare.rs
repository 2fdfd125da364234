//! Holds what was published against what was counted again.

use super::{
    count::{Count, Union},
    tally::Tally,
};
use crate::{
    aggregate::{Family, Measure as M, Table as T},
    audit::{
        finding::{Check, Findings, Place},
        table::{OTHER, Row, Rows},
    },
    privacy::Category,
    release::FEWEST_CRAWLER_REQUESTS,
};

/// Fewest cells in an `(other)`.
const FEWEST_MEMBERS: usize = 2;

/// Compares a period's tables with their count.
pub(super) fn check(tables: &[Rows], count: &Count, k: usize, findings: &mut Findings) {
    let mut first = 0;
    for (rows, lost) in tables.iter().zip(&count.lost) {
        for (row, tally) in rows.rows.iter().zip(&count.tallies[first..]) {
            let compared = Compared {
                rows,
                row,
                tally,
                k,
            };
            compared.check_networks(findings);
            compared.check_numbers(findings);
            compared.check_dominance(findings);
        }
        first += rows.rows.len();
        check_lost(rows, lost, k, findings);
    }
    for union in &count.unions {
        check_union(tables, count, union, k, findings);
    }
    check_rests(tables, count, k, findings);
}

/// What other releases leave of a row has no networks, or k of them.
fn check_rests(tables: &[Rows], count: &Count, k: usize, findings: &mut Findings) {
    let rows: Vec<(&Rows, &Row)> = tables
        .iter()
        .flat_map(|rows| rows.rows.iter().map(move |row| (rows, row)))
        .collect();
    for rest in &count.rests {
        let (rows, row) = rows[rest.row];
        let networks = rest.tally.networks[rows.table.family() as usize].count();
        findings.require(
            Check::Differencing,
            networks == 0 || networks >= k || rows.table == T::Crawlers,
            || rows.place(row),
            || format!("less other releases of the same time it leaves fewer than {k} networks"),
        );
    }
}

struct Compared<'c> {
    rows: &'c Rows,
    row: &'c Row,
    tally: &'c Tally,
    k: usize,
}

impl Compared<'_> {
    fn place(&self) -> Place {
        self.rows.place(self.row)
    }

    fn networks(&self, family: Family) -> usize {
        self.tally.networks[family as usize].count()
    }

    fn is_machine(&self) -> bool {
        let closed = |it: Category| it.is_closed() && it.name() == self.row.keys[0];
        self.rows.table == T::Crawlers && Category::ALL.into_iter().any(closed)
    }

    /// The row has k networks; so has each measure that others contribute to; `(other)` has members.
    fn check_networks(&self, findings: &mut Findings) {
        if self.is_machine() {
            findings.require(
                Check::Networks,
                self.tally.amounts[M::Requests as usize] >= FEWEST_CRAWLER_REQUESTS,
                || self.place(),
                || format!("a crawler of fewer than {FEWEST_CRAWLER_REQUESTS} requests"),
            );
            return;
        }
        let table = self.rows.table;
        findings.require(
            Check::Networks,
            self.networks(table.family()) >= self.k,
            || self.place(),
            || format!("fewer than {} networks are behind the row", self.k),
        );
        for (measure, cell) in table.measures().iter().zip(&self.row.measures) {
            if let Some(family) = table.other_family(*measure).filter(|_| cell.is_some()) {
                findings.require(
                    Check::Networks,
                    self.networks(family) >= self.k,
                    || self.place().column(measure.name()),
                    || format!("fewer than {} networks are behind the number", self.k),
                );
            }
        }
        findings.require(
            Check::Networks,
            !self.is_among_others() || self.tally.members.len() >= FEWEST_MEMBERS,
            || self.place(),
            || "(other) is a single cell, which subtraction names".to_owned(),
        );
    }

    /// Whether it is an `(other)` with named rows beside it. Without them it is its parent, whole, and
    /// what the parent's networks allow.
    fn is_among_others(&self) -> bool {
        let level = self.row.keys.iter().position(|key| key == OTHER);
        level.is_some_and(|level| {
            let is_sibling = |row: &&Row| row.keys[..level] == self.row.keys[..level];
            self.rows.rows.iter().filter(is_sibling).nth(1).is_some()
        })
    }

    fn check_numbers(&self, findings: &mut Findings) {
        for (measure, cell) in self.rows.table.measures().iter().zip(&self.row.measures) {
            let Some(published) = cell else {
                continue;
            };
            let (counted, enough) = self.counted(*measure);
            findings.require(
                Check::Numbers,
                counted == Some(*published),
                || self.place().column(measure.name()),
                || "counted again, it comes out differently".to_owned(),
            );
            findings.require(
                Check::Networks,
                enough,
                || self.place().column(measure.name()),
                || "too few networks or one visitor too much for a quantile".to_owned(),
            );
        }
    }

    /// A number counted again, and whether a quantile may be given.
    fn counted(&self, measure: M) -> (Option<u64>, bool) {
        let tally = self.tally;
        let quantile = |percent, times| {
            let enough = tally.value_networks.count() >= self.k * times
                && tally.most_values * 5 <= tally.values.total();
            (tally.values.quantile(percent), enough)
        };
        match measure {
            M::Visitors => (Some(tally.visitors), true),
            M::PeakConcurrentVisits => (Some(tally.peak), true),
            M::DwellMedian | M::VisitSecondsMedian => quantile(50, 1),
            M::DwellP90 | M::VisitSecondsP90 => quantile(90, 10),
            _ => (Some(tally.amounts[measure as usize]), true),
        }
    }

    fn check_dominance(&self, findings: &mut Findings) {
        if self.is_machine() {
            return;
        }
        for (measure, cell) in self.rows.table.measures().iter().zip(&self.row.measures) {
            let spread = self.tally.spread(*measure).filter(|_| cell.is_some());
            if let Some(spread) = spread {
                findings.require(
                    Check::Dominance,
                    spread.is_safe(),
                    || self.place().column(measure.name()),
                    || "one or two visitors stand out in the number".to_owned(),
                );
            }
        }
    }
}

/// What is in no row of a table whose total is published must not be a small group.
fn check_lost(rows: &Rows, lost: &Tally, k: usize, findings: &mut Findings) {
    // These leave out rows that no total tells of.
    if matches!(rows.table, T::Crawlers | T::Transitions | T::Campaigns) {
        return;
    }
    let networks = lost.networks[rows.table.family() as usize].count();
    findings.require(
        Check::Networks,
        networks == 0 || networks >= k,
        || Place::file(&rows.file),
        || format!("the rows subtracted from the total leave fewer than {k} networks"),
    );
}

/// The emptied cells of a column are at least two, safe together, and of k networks if one was short.
fn check_union(tables: &[Rows], count: &Count, union: &Union, k: usize, findings: &mut Findings) {
    let rows = &tables[union.table];
    let measure = rows.table.measures()[union.measure];
    let place = || Place::file(&rows.file).column(measure.name());
    if let Some(family) = rows.table.other_family(measure) {
        let networks = |tally: &Tally| tally.networks[family as usize].count();
        let is_short = |row: &usize| networks(&count.tallies[*row]) < k;
        let any_short = union.rows.iter().any(is_short);
        findings.require(
            Check::Networks,
            !any_short || (union.rows.len() >= 2 && networks(&union.tally) >= k),
            place,
            || format!("the empty cells together have fewer than {k} networks"),
        );
    }
    if let Some(spread) = union.tally.spread(measure) {
        findings.require(Check::Dominance, spread.is_safe(), place, || {
            "one or two visitors stand out in the empty cells together".to_owned()
        });
    }
}
