//! Hours of the day by weekday: a table whose cells are the darker the more there is in them.

use super::super::{listing::withheld_mark, markup::Markup, number::grouped, words};
use crate::{
    aggregate::Measure,
    view::{Figures, SumRow},
};

/// Shades, the first being of next to nothing.
const SHADES: u64 = 6;

/// Writes it.
pub(in super::super) fn write(page: &mut Markup, traffic: &Figures, measure: Measure) {
    let largest = traffic
        .rows
        .iter()
        .filter_map(|row| traffic.cell(row, measure));
    let largest = largest.max().unwrap_or(0);
    page.open("table", &[("class", &"heat"), ("data-table", &"traffic")]);
    page.open("caption", &[("class", &"vh")]);
    page.text(words::measure(measure, true));
    page.text(" by weekday and hour");
    page.close("caption");
    page.open("thead", &[]);
    page.open("tr", &[]);
    page.element("td", &[], "");
    for hour in 0..24 {
        page.element("th", &[("scope", &"col")], format_args!("{hour:02}"));
    }
    page.close("tr");
    page.close("thead");
    page.open("tbody", &[]);
    for weekday in ["1", "2", "3", "4", "5", "6", "7"] {
        page.open("tr", &[]);
        page.element("th", &[("scope", &"row")], words::weekday(weekday));
        for hour in 0..24 {
            let keys = [weekday.to_owned(), format!("{hour:02}")];
            let row = traffic.rows.iter().find(|row| row.keys == keys);
            cell(page, traffic, row, measure, largest);
        }
        page.close("tr");
    }
    page.close("tbody");
    page.close("table");
}

fn cell(
    page: &mut Markup,
    traffic: &Figures,
    row: Option<&SumRow>,
    measure: Measure,
    largest: u64,
) {
    let Some(row) = row else {
        page.element("td", &[("class", &"none")], "");
        return;
    };
    match traffic.cell(row, measure) {
        Some(number) => {
            let shade = shade(number, largest);
            let title = grouped(number);
            page.open(
                "td",
                &[("class", &format_args!("h{shade}")), ("title", &title)],
            );
            page.element("span", &[], &title);
            page.close("td");
        }
        None => {
            page.open("td", &[]);
            withheld_mark(page);
            page.close("td");
        }
    }
}

fn shade(number: u64, largest: u64) -> u64 {
    let part = u128::from(number) * u128::from(SHADES) / (u128::from(largest) + 1);
    u64::try_from(part).unwrap_or(SHADES - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_grow_with_the_number() {
        for (number, expected) in [(0, 0), (16, 0), (50, 2), (100, 5)] {
            assert_eq!(shade(number, 100), expected, "{number}");
        }
        assert_eq!(shade(u64::MAX, u64::MAX), SHADES - 1);
        assert_eq!(shade(0, 0), 0);
    }
}
