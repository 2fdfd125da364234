//! Countries on a map of the world, the darker the more visits came from them.

use std::collections::BTreeMap;

use super::super::{markup::Markup, number::grouped, world};
use crate::{
    aggregate::Measure,
    release::OTHER,
    view::{Figures, SumRow},
};

/// Shades of a country.
const SHADES: u64 = 5;

/// Writes the outlines that all maps of the page use.
pub(in super::super) fn define(page: &mut Markup) {
    page.open("g", &[("id", &"world")]);
    for country in world::countries()
        .iter()
        .filter(|it| !it.outline.is_empty())
    {
        page.empty(
            "path",
            &[
                ("id", &format_args!("c-{}", country.code)),
                ("d", &country.outline),
            ],
        );
    }
    page.close("g");
}

/// Writes the map.
pub(in super::super) fn write(page: &mut Markup, regions: &Figures) {
    let countries = countries(regions);
    let numbers = countries.iter().filter_map(|row| row.cells[0]);
    let largest = numbers.max().unwrap_or(0);
    page.open(
        "svg",
        &[
            ("class", &"world"),
            ("viewBox", &world::VIEW),
            ("role", &"img"),
            (
                "aria-label",
                &"Visits by country on a map of the world, as in the tables beside it",
            ),
        ],
    );
    page.empty("use", &[("href", &"#world")]);
    for row in &countries {
        shape(page, row, largest);
    }
    page.close("svg");
    legend(page, largest);
}

fn shape(page: &mut Markup, row: &SumRow, largest: u64) {
    let country = world::country_of(&row.keys[0]);
    let Some(country) = country.filter(|it| !it.outline.is_empty()) else {
        return;
    };
    let (class, told) = match row.cells[0] {
        Some(visits) => (format!("m{}", shade(visits, largest)), grouped(visits)),
        None => ("m0".to_owned(), "withheld".to_owned()),
    };
    page.open("g", &[("class", &class)]);
    page.element("title", &[], format_args!("{}: {told}", country.name));
    page.empty("use", &[("href", &format_args!("#c-{}", country.code))]);
    page.close("g");
}

fn legend(page: &mut Markup, largest: u64) {
    page.open("p", &[("class", &"legend scale"), ("aria-hidden", &"true")]);
    page.text("1 ");
    for class in ["m1", "m2", "m3", "m4", "m5"] {
        page.empty("i", &[("class", &class)]);
    }
    page.text(format_args!(" {} visits", grouped(largest)));
    page.close("p");
}

/// The rows of countries: what is published of each country's regions added up, `(other)` last.
pub(in super::super) fn countries(regions: &Figures) -> Vec<SumRow> {
    let column = regions
        .measures
        .iter()
        .position(|it| *it == Measure::Visits);
    let mut countries: BTreeMap<(bool, &str), SumRow> = BTreeMap::new();
    for row in &regions.rows {
        let code = row.keys[0].as_str();
        let visits = column.and_then(|column| row.cells[column]);
        let country = countries.entry((code == OTHER, code));
        let country = country.or_insert_with(|| SumRow {
            keys: vec![code.to_owned()],
            cells: vec![Some(0)],
            periods: 0,
        });
        country.periods = country.periods.max(row.periods);
        let sum = country.cells[0].zip(visits);
        country.cells[0] = sum.and_then(|(sum, visits)| sum.checked_add(visits));
    }
    countries.into_values().collect()
}

/// Areas differ less than numbers, so shades follow the root.
fn shade(visits: u64, largest: u64) -> u64 {
    let level = (1..=SHADES).find(|level| {
        let bound = u128::from(level * level) * u128::from(largest);
        u128::from(visits) * u128::from(SHADES * SHADES) <= bound
    });
    level.unwrap_or(SHADES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_follow_the_root() {
        for (visits, expected) in [(0, 1), (4, 1), (5, 2), (16, 2), (37, 4), (100, 5)] {
            assert_eq!(shade(visits, 100), expected, "{visits}");
        }
        assert_eq!(shade(u64::MAX, u64::MAX), SHADES);
    }
}
