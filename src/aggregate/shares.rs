//! Each visitor's part of each row of chosen columns, for judging sums over several rows.

use super::{
    Collector, Key, Measure, Ordinals, RowTotals, Spread, Table, amounts::Amounts,
    contribution::Contribution, rows::RowMap, totals,
};

/// One visitor's part of one row.
#[derive(Clone, Copy)]
pub struct Share {
    /// The number of the row.
    pub row: usize,
    /// The visitor's pseudonym, to add up over rows.
    pub visitor: u64,
    /// The amount, above 0.
    pub amount: u64,
}

/// The shares of a few columns.
pub struct Shares<'r> {
    rows: &'r RowMap,
    columns: Vec<(Table, Measure)>,
    shares: Vec<Vec<Share>>,
    by_row: Vec<(usize, Amounts)>,
}

impl<'r> Shares<'r> {
    /// No shares yet of the given columns.
    #[must_use]
    pub fn new(rows: &'r RowMap, columns: &[(Table, Measure)]) -> Self {
        Self {
            rows,
            columns: columns.to_vec(),
            shares: vec![Vec::new(); columns.len()],
            by_row: Vec::new(),
        }
    }

    /// The shares of a column, in no particular order; none for a column that was not chosen.
    #[must_use]
    pub fn of(&self, table: Table, measure: Measure) -> &[Share] {
        let position = self
            .columns
            .iter()
            .position(|column| *column == (table, measure));
        position.map_or(&[], |position| &self.shares[position])
    }
}

/// Amounts that are spread like this and add up to `total`. Which ones they are beyond the two largest
/// makes no difference to any sum of rows, of which the same is known: these visitors are in no other row.
fn amounts(spread: Spread, total: u64) -> impl Iterator<Item = u64> {
    let Spread {
        largest,
        second,
        contributors,
    } = spread;
    let rest = total.saturating_sub(largest).saturating_sub(second);
    let others = contributors.saturating_sub(2);
    let (each, more) = match others {
        0 => (0, 0),
        others => (rest / others, rest % others),
    };
    let others = (0..others).map(move |number| each + u64::from(number < more));
    let top = [largest, second].into_iter().filter(|amount| *amount > 0);
    top.chain(others)
}

impl Collector for Shares<'_> {
    fn tables(&self) -> Vec<Table> {
        self.columns.iter().map(|&(table, _)| table).collect()
    }

    fn collect(&mut self, contribution: &Contribution) {
        for (&(table, measure), shares) in self.columns.iter().zip(&mut self.shares) {
            totals::by_row(
                contribution.cells(table),
                |key| self.rows.row(table, key),
                &mut self.by_row,
            );
            shares.extend(
                self.by_row
                    .iter()
                    .map(|(row, amounts)| (*row, amounts.of(measure)))
                    .filter(|(_, amount)| *amount > 0)
                    .map(|(row, amount)| Share {
                        row,
                        visitor: contribution.visitor,
                        amount,
                    }),
            );
        }
    }

    fn collect_cell(
        &mut self,
        table: Table,
        key: Key,
        totals: &RowTotals,
        ordinals: &mut Ordinals,
    ) {
        let Some(row) = self.rows.row(table, key) else {
            return;
        };
        let columns = self.columns.iter().zip(&mut self.shares);
        for (&(_, measure), shares) in columns.filter(|((of, _), _)| *of == table) {
            let amounts = amounts(totals.spread(measure), totals.amounts.of(measure));
            shares.extend(amounts.map(|amount| Share {
                row,
                visitor: ordinals.next(),
                amount,
            }));
        }
    }

    fn merge(&mut self, other: Self) {
        for (mine, mut theirs) in self.shares.iter_mut().zip(other.shares) {
            mine.append(&mut theirs);
        }
    }
}
