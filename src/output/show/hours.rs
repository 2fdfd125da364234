//! The hours of each weekday in a line.

use super::{
    column,
    grid::{Cell, Grid},
    terminal::course,
};
use crate::{
    aggregate::Measure,
    view::{Figures, SumRow},
};

/// The names of weekdays by their numbers, of which the first is 1.
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The visits, or requests where there are none, of each weekday by hour, and in all; of a single day
/// one line.
pub(super) fn by_weekday(traffic: &Figures) -> Grid {
    let has_visits = |row: &SumRow| traffic.cell(row, Measure::Visits).is_some();
    let measure = if traffic.rows.iter().any(has_visits) {
        Measure::Visits
    } else {
        Measure::Requests
    };
    let cells = traffic.rows.iter().map(|row| traffic.cell(row, measure));
    let largest = cells.flatten().max().unwrap_or(0);
    let has_weekdays = traffic.keys.len() == 2;
    let mut grid = Grid {
        title: "traffic",
        texts: vec!["00 to 23 h".to_owned()],
        figures: vec![column(measure, true)],
        rows: Vec::new(),
        left_out: 0,
    };
    if !has_weekdays {
        let hours = hours(traffic, measure, None);
        grid.push(None, &[course(&hours, largest)], vec![sum(&hours)]);
        return grid;
    }
    grid.texts.insert(0, "weekday".to_owned());
    for (number, name) in (1..).zip(WEEKDAYS) {
        let hours = hours(traffic, measure, Some(number));
        if hours.iter().any(Option::is_some) {
            let texts = [name.to_owned(), course(&hours, largest)];
            grid.push(None, &texts, vec![sum(&hours)]);
        }
    }
    grid
}

/// The figures of the 24 hours of a weekday.
fn hours(traffic: &Figures, measure: Measure, weekday: Option<u8>) -> Vec<Option<u64>> {
    let cell = |hour: u8| {
        let weekday = weekday.map(|it| it.to_string());
        let keys: Vec<String> = weekday.into_iter().chain([format!("{hour:02}")]).collect();
        let row = traffic.rows.iter().find(|row| row.keys == keys)?;
        traffic.cell(row, measure)
    };
    (0..24).map(cell).collect()
}

/// All of them; withheld if any is.
fn sum(hours: &[Option<u64>]) -> Cell {
    let sum = hours
        .iter()
        .try_fold(0_u64, |sum, hour| sum.checked_add((*hour)?));
    sum.map_or(Cell::Withheld, Cell::Number)
}
