//! What is released tells whether one unit is in the log no better than promised: the same tables are
//! released thousands of times with and without it, and the outputs are compared.

use std::env;

use super::*;
use crate::{
    aggregate::{
        Amounts, Key,
        bounded::{Bounding, Column, Units},
    },
    privacy::{Collected, Policy},
    time::{Calendar, PeriodLength, TimeZone},
};

/// A unit's page views, by page.
type Views<'v> = &'v [(Key, u64)];

fn name(_: Table, key: Key) -> Vec<String> {
    vec![key.to_string()]
}

/// The tables of units that visit pages.
fn tables(selection: &Selection, units: &[Views<'_>]) -> BoundedTables {
    let bounding = Bounding {
        selection,
        name: &name,
    };
    let mut counted = Units::new(bounding);
    for (pseudonym, views) in (0..).zip(units) {
        for &(page, pageviews) in *views {
            counted.add_amounts(Table::Pages, page, Amounts::of_pageviews(pageviews));
            counted.add_dwell(page, 40);
        }
        counted.end_unit(pseudonym);
    }
    counted.finish()
}

/// What runs release of a table.
struct Site {
    lexicon: Lexicon,
    hours: Hours,
    scales: Scales,
    hidden_units: u64,
    delta: f64,
}

impl Site {
    fn new(a_day: Rho, in_force: &[Table], hidden_units: u64, delta: f64) -> Self {
        let calendar = Calendar::new(TimeZone::UTC, PeriodLength::Day);
        let period = calendar.period("2026-11-21".parse().unwrap());
        Self {
            lexicon: Collected::join(Vec::new(), &Policy::example(&[], &[])).lexicon,
            hours: Hours::new(&calendar, period),
            scales: Scales::new(a_day, 1, in_force),
            hidden_units,
            delta,
        }
    }

    fn pages(&self, tables: &BoundedTables, random: &mut ChaCha20Rng) -> Vec<NoisyRow> {
        let source = Source {
            tables,
            scales: &self.scales,
            lexicon: &self.lexicon,
            hours: &self.hours,
            hidden_units: self.hidden_units,
            delta: self.delta,
        };
        source.rows(Table::Pages, |_| true, random)
    }
}

/// How often each of some events came about in so many releases of the tables.
fn frequencies(
    site: &Site,
    tables: &BoundedTables,
    runs: u32,
    seed: u64,
    events: &[Event],
) -> Vec<f64> {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let mut counts = vec![0_u32; events.len()];
    for _ in 0..runs {
        let rows = site.pages(tables, &mut random);
        for (count, event) in counts.iter_mut().zip(events) {
            *count += u32::from(event(&rows));
        }
    }
    let share = |count: u32| f64::from(count) / f64::from(runs);
    counts.into_iter().map(share).collect()
}

type Event = Box<dyn Fn(&[NoisyRow]) -> bool>;

/// What each column of the pages tells of a unit that does all it may: its bound by its variance.
fn weights(site: &Site) -> Vec<f64> {
    let weight = |(column, bound): &(Column, u64)| match column {
        Column::Dwell => 0.0,
        _ => *bound as f64 / site.scales.of(Table::Pages, *column).unwrap() as f64,
    };
    let columns = Bounds::of(Table::Pages).columns.iter();
    columns.map(weight).collect()
}

/// The events by which the two tables differ most: the numbers of all pages that the unit visits, added up
/// by their weights, exceed a limit around what is expected without it; or all pages are there.
fn events(site: &Site, without: &BoundedTables) -> Vec<Event> {
    let (changed, weights) = (without.keys(Table::Pages), weights(site));
    let exact = |page: &Key| -> f64 {
        let cell = without.cell(Table::Pages, *page);
        let columns = weights.iter().enumerate();
        columns
            .map(|(position, weight)| cell.column(position) as f64 * weight)
            .sum()
    };
    let expected: f64 = changed.iter().map(exact).sum();
    let mut events: Vec<Event> = Vec::new();
    for step in -16..=16 {
        let (weights, changed) = (weights.clone(), changed.clone());
        let limit = expected + f64::from(step) / 4.0;
        events.push(Box::new(move |rows| {
            let of_unit = rows.iter().filter(|row| changed.contains(&row.key));
            let score = |row: &NoisyRow| -> f64 {
                let columns = row.numbers().iter().zip(&weights);
                columns
                    .map(|(number, weight)| *number as f64 * weight)
                    .sum()
            };
            of_unit.map(score).sum::<f64>() > limit
        }));
    }
    events.push(Box::new(move |rows| {
        changed
            .iter()
            .all(|page| rows.iter().any(|row| row.key == *page))
    }));
    events
}

fn runs(few: u32, many: u32) -> u32 {
    match env::var_os("HUSHLOG_SLOW_TESTS") {
        Some(_) => many,
        None => few,
    }
}

/// Requires each event to be at most e^ε times as likely in one as in the other, but for δ, with room for
/// chance of four standard deviations.
#[track_caller]
fn assert_private(one: &[f64], other: &[f64], runs: u32, epsilon: f64, delta: f64) -> f64 {
    let chance = |share: f64| 4.0 * (share.max(1.0 / f64::from(runs)) / f64::from(runs)).sqrt();
    let mut loss: f64 = 0.0;
    for (number, pair) in one.iter().zip(other).enumerate() {
        for (left, right) in [pair, (pair.1, pair.0)] {
            let most = epsilon.exp() * (right + chance(*right)) + delta + chance(*left);
            assert!(*left <= most, "event {number}: {left} and {right}");
            if *right > 0.01 {
                loss = loss.max((left / right).ln());
            }
        }
    }
    loss
}

/// A unit that does as much as it may on pages that others visit too.
#[test]
fn one_unit_is_hidden_among_others() {
    let a_day: Rho = "0.5".parse().unwrap();
    let site = Site::new(a_day, &[Table::Pages], 9, 1e-10);
    let selection = Selection::new(&Zeroizing::new([1; 32]));
    let usual: Views<'_> = &[(1, 1), (2, 1), (3, 1), (4, 1)];
    let heavy: Views<'_> = &[(1, 900), (2, 900), (3, 900), (4, 900)];
    let without: Vec<Views<'_>> = vec![usual; 300];
    let with = [without.clone(), vec![heavy]].concat();
    let (without, with) = (tables(&selection, &without), tables(&selection, &with));
    let runs = runs(4_000, 60_000);
    let events = events(&site, &without);
    let one = frequencies(&site, &with, runs, 1, &events);
    let other = frequencies(&site, &without, runs, 2, &events);
    let loss = assert_private(&one, &other, runs, epsilon(a_day.real(), 1), DELTA);
    // The events do tell something: with less noise the test would fail.
    assert!(loss > 0.5, "{loss}");
}

/// A unit that counts more than bounds allow breaks the promise, and is found out.
#[test]
#[should_panic(expected = "event")]
fn a_unit_without_bounds_is_noticed() {
    let site = Site::new("1".parse().unwrap(), &[Table::Pages], 9, 1e-10);
    let selection = Selection::new(&Zeroizing::new([1; 32]));
    let usual: Views<'_> = &[(1, 1), (2, 1), (3, 1), (4, 1)];
    let heavy: Views<'_> = &[(1, 900), (2, 900), (3, 900), (4, 900)];
    let without: Vec<Views<'_>> = vec![usual; 300];
    // As if there were none: the unit counts forty times.
    let with = [without.clone(), vec![heavy; 40]].concat();
    let (without, with) = (tables(&selection, &without), tables(&selection, &with));
    let runs = 1_000;
    let events = events(&site, &without);
    let one = frequencies(&site, &with, runs, 1, &events);
    let other = frequencies(&site, &without, runs, 2, &events);
    assert_private(&one, &other, runs, epsilon(0.1, 1), DELTA);
}

/// Pages that only one unit visits: they appear with the probability that the threshold allows, here as
/// large as can be counted.
#[test]
fn names_of_one_unit_appear_as_seldom_as_promised() {
    let (hidden, delta) = (1, 0.01);
    let site = Site::new("1".parse().unwrap(), &[Table::Pages], hidden, delta);
    let selection = Selection::new(&Zeroizing::new([1; 32]));
    let only: Vec<(Key, u64)> = (0..50).map(|page| (page, 3)).collect();
    let with = tables(&selection, &[&only]);
    let pages = with.keys(Table::Pages);
    assert_eq!(pages.len(), Bounds::of(Table::Pages).cells);
    let runs = runs(20_000, 200_000);
    let event = |page: Key| -> Event { Box::new(move |rows| rows.iter().any(|it| it.key == page)) };
    let events: Vec<Event> = pages.into_iter().map(event).collect();
    for share in frequencies(&site, &with, runs, 3, &events) {
        let chance = 4.0 * (delta / f64::from(runs)).sqrt();
        assert!(share <= delta + chance, "{share}");
        assert!(share > delta / 3.0, "{share}: needlessly careful");
    }
}

/// What is published is the very number that was large enough, not one that was drawn again.
#[test]
fn a_row_has_the_count_for_which_it_is_published() {
    let (hidden, delta) = (1, 0.01);
    let site = Site::new("1".parse().unwrap(), &[Table::Pages], hidden, delta);
    let variance = site.scales.of(Table::Pages, Column::Units).unwrap();
    let cut = cut::of_units(variance, hidden, delta);
    let units = vec![&[(0, 1)][..]; usize::try_from(cut).unwrap()];
    let tables = tables(&Selection::new(&Zeroizing::new([1; 32])), &units);
    let position = Bounds::of(Table::Pages).position(Column::Units).unwrap();
    let mut random = ChaCha20Rng::seed_from_u64(4);
    let published: Vec<i64> = (0..200)
        .flat_map(|_| site.pages(&tables, &mut random))
        .map(|row| row.numbers()[position])
        .collect();
    assert!(published.len() > 50, "{}", published.len());
    assert!(published.iter().all(|count| *count > cut));
}

fn settings(k: u64) -> NoiseSettings {
    NoiseSettings {
        spending: Spending {
            a_day: Rho::DEFAULT,
            budget: Rho::DEFAULT_BUDGET,
        },
        k,
        top: None,
    }
}

fn statement(length: PeriodLength) -> Statement {
    let calendar = Calendar::new(TimeZone::UTC, length);
    Statement {
        period: calendar.period("2026-11-16".parse().unwrap()),
        site: None,
        tz: "UTC".to_owned(),
        complete: true,
        policy: serde_json::json!({}),
        parsed: 123_456,
        excluded: 0,
    }
}

fn released(length: PeriodLength, seed: u8) -> Release {
    let calendar = Calendar::new(TimeZone::UTC, length);
    let statement = statement(length);
    let hours = Hours::new(&calendar, statement.period);
    let lexicon = Collected::join(Vec::new(), &Policy::example(&[], &[])).lexicon;
    let mut noise = Noise::new(settings(10), &Zeroizing::new([seed; 32]));
    noise.release(statement, &BoundedTables::default(), &lexicon, &hours)
}

/// Tables of known keys are there whatever the log holds, and one seed gives one release.
#[test]
fn an_empty_log_is_released_as_noise() {
    let release = released(PeriodLength::Day, 1);
    let has = |table| release.tables().iter().any(|it| it.table == table);
    for table in [
        Table::Summary,
        Table::Traffic,
        Table::Devices,
        Table::Durations,
        Table::Depths,
    ] {
        assert!(has(table), "{table:?}");
    }
    for table in [
        Table::Pages,
        Table::Transitions,
        Table::Referrers,
        Table::Hosts,
        Table::Goals,
    ] {
        assert!(!has(table), "{table:?}");
    }
    assert_eq!(release.tables(), released(PeriodLength::Day, 1).tables());
    assert_ne!(release.tables(), released(PeriodLength::Day, 2).tables());
    assert_eq!(release.hours(), None);
}

#[test]
fn guarantees_of_longer_periods_are_those_of_their_days() {
    let guarantee = |length| match released(length, 1).protection() {
        super::super::Protection::Noise(guarantee) => guarantee.clone(),
        super::super::Protection::Threshold(_) => unreachable!(),
    };
    let (day, week) = (guarantee(PeriodLength::Day), guarantee(PeriodLength::Week));
    assert!((day.rho - 7.0 * week.rho).abs() < 1e-9 && week.epsilon < day.epsilon);
    assert!((day.epsilon_7d - week.epsilon_7d).abs() < 1e-9);
    assert!((day.epsilon - 2.35).abs() < 0.01 && (day.epsilon_30d - 16.18).abs() < 0.01);
}

/// The numbers of addresses that a page needs, as the documentation tells them.
#[test]
fn names_need_as_many_addresses_as_documented() {
    let goals = [Table::Goals, Table::GoalRegions];
    let tables = Table::ALL.into_iter().filter(|it| !goals.contains(it));
    let in_force: Vec<Table> = tables.collect();
    for (days, documented) in [(1, 102), (7, 254)] {
        let scales = Scales::new(Rho::DEFAULT, days, &in_force);
        let variance = scales.of(Table::Pages, Column::Units).unwrap();
        let cut = cut::of_units(variance, 9, delta_of_a_name());
        assert_eq!(cut, documented);
    }
}
