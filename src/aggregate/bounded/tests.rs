//! Bounds hold for every unit, and neither order, parts nor other units change what a unit counts.

use proptest::prelude::*;
use zeroize::Zeroizing;

use super::*;
use crate::aggregate::Measure;

fn name(table: Table, key: Key) -> Vec<String> {
    vec![format!("{table:?} {key}")]
}

fn selection(key: u8) -> Selection {
    Selection::new(&Zeroizing::new([key; 32]))
}

/// What a visitor does on a page.
#[derive(Clone, Debug)]
struct View {
    unit: u64,
    page: Key,
    pageviews: u64,
    dwell: Option<u64>,
}

/// The tables of units in the given order, their views in the given order, in so many parts.
fn tables(views: &[View], selection: &Selection, parts: usize) -> BoundedTables {
    let bounding = Bounding {
        selection,
        name: &name,
    };
    let mut units: Vec<u64> = Vec::new();
    views.iter().for_each(|view| {
        if !units.contains(&view.unit) {
            units.push(view.unit);
        }
    });
    let mut parts: Vec<Units<'_>> = (0..parts).map(|_| Units::new(bounding)).collect();
    for (number, unit) in units.iter().enumerate() {
        let place = number % parts.len();
        for view in views.iter().filter(|view| view.unit == *unit) {
            let amounts = Amounts {
                pageviews: view.pageviews,
                ..Amounts::default()
            };
            parts[place].add_amounts(Table::Pages, view.page, amounts);
            view.dwell
                .into_iter()
                .for_each(|seconds| parts[place].add_dwell(view.page, seconds));
        }
        parts[place].end_unit(*unit);
    }
    let merged = parts
        .into_iter()
        .map(Units::finish)
        .reduce(|mut left, right| {
            left.merge(right);
            left
        });
    merged.unwrap()
}

/// Every cell of the pages.
fn pages(bounded: &BoundedTables) -> Vec<(Key, BoundedCell)> {
    let keys = bounded.keys(Table::Pages).into_iter();
    keys.map(|key| (key, bounded.cell(Table::Pages, key)))
        .collect()
}

fn views() -> impl Strategy<Value = Vec<View>> {
    let dwell = prop::option::of(0..4000_u64);
    let view = (0..12_u64, 0..15_u64, 1..9_u64, dwell);
    let view = view.prop_map(|(unit, page, pageviews, dwell)| View {
        unit,
        page,
        pageviews,
        dwell,
    });
    prop::collection::vec(view, 1..80)
}

proptest! {
    #[test]
    fn order_and_parts_change_nothing(
        (views, shuffled) in views().prop_flat_map(|views| (Just(views.clone()), Just(views).prop_shuffle())),
        parts in 1..5_usize,
    ) {
        let selection = selection(7);
        let whole = pages(&tables(&views, &selection, 1));
        prop_assert_eq!(&whole, &pages(&tables(&shuffled, &selection, 1)));
        prop_assert_eq!(&whole, &pages(&tables(&shuffled, &selection, parts)));
    }

    /// Taking one unit away takes away no more than its bounds allow, and adds nothing.
    #[test]
    fn a_unit_changes_a_table_within_its_bounds(views in views()) {
        let selection = selection(7);
        let with = tables(&views, &selection, 1);
        let others: Vec<View> = views.iter().filter(|view| view.unit != 0).cloned().collect();
        prop_assume!(!others.is_empty());
        let without = tables(&others, &selection, 1);
        let bounds = Bounds::of(Table::Pages);
        let mut changed = 0;
        for (key, cell) in pages(&with) {
            let other = without.cell(Table::Pages, key);
            changed += usize::from(cell != other);
            for (position, (column, bound)) in bounds.columns.iter().enumerate() {
                let change = cell.column(position).checked_sub(other.column(position));
                prop_assert!(change.is_some_and(|it| it <= *bound), "{column:?}");
            }
            let dwells = cell.dwells().iter().zip(other.dwells());
            prop_assert!(dwells.map(|(with, without)| with - without).sum::<u64>() <= 1);
        }
        prop_assert!(changed <= bounds.cells);
        prop_assert!(without.keys(Table::Pages).iter().all(|key| with.cell(Table::Pages, *key) != BoundedCell::default()));
    }
}

#[test]
fn other_keys_choose_other_cells() {
    let view = |page| View {
        unit: 1,
        page,
        pageviews: 1,
        dwell: None,
    };
    let views: Vec<View> = (0..100).map(view).collect();
    let chosen = |key| tables(&views, &selection(key), 1).keys(Table::Pages);
    assert_eq!(chosen(1).len(), Bounds::of(Table::Pages).cells);
    assert_ne!(chosen(1), chosen(2));
}

#[test]
fn every_cell_is_as_likely_to_be_kept() {
    let views: Vec<View> = (0..4000)
        .flat_map(|unit| {
            (0..8).map(move |page| View {
                unit,
                page,
                pageviews: 1,
                dwell: None,
            })
        })
        .collect();
    let tables = tables(&views, &selection(3), 1);
    let units = Bounds::of(Table::Pages).position(Column::Units).unwrap();
    for (page, cell) in pages(&tables) {
        // 4 of 8 cells: 2000 ± 6 standard deviations.
        let kept = cell.column(units);
        assert!((1810..=2190).contains(&kept), "{page}: {kept}");
    }
}

#[test]
fn bytes_count_in_whole_kibibytes_and_are_cut() {
    let position = Bounds::of(Table::Summary).position(Column::Sum(Measure::Bytes));
    for (bytes, expected) in [(0, 0), (511, 0), (512, 1), (5000, 5), (1 << 40, 2048)] {
        let amounts = Amounts {
            bytes,
            ..Amounts::default()
        };
        let cell = bounded(Table::Summary, &amounts);
        assert_eq!(cell.column(position.unwrap()), expected, "{bytes}");
    }
}
