//! Goals as a funnel: of all visits, how many reached each.

use std::fmt::Display;

use super::super::{
    listing::withheld_mark,
    markup::Markup,
    number::{grouped, permille, tenths},
};
use crate::{aggregate::Measure, view::Figures};

/// Writes it, under the number of all visits if that was published.
pub(in super::super) fn write(page: &mut Markup, goals: &Figures, visits: Option<u64>) {
    page.open("ol", &[("class", &"funnel")]);
    step(page, "All visits", visits, visits);
    for row in goals.ranked(Measure::Completions) {
        step(
            page,
            &row.keys[0],
            goals.cell(row, Measure::Completions),
            visits,
        );
    }
    page.close("ol");
}

fn step(page: &mut Markup, name: &str, count: Option<u64>, visits: Option<u64>) {
    let share = count
        .zip(visits)
        .and_then(|(count, visits)| permille(count, visits));
    let style: &dyn Display = &format!("--p:{}%", tenths(share.unwrap_or(0).min(1000)));
    page.open("li", &[("style", style)]);
    page.element("span", &[], name);
    match count {
        Some(count) => page.element("b", &[], grouped(count)),
        None => withheld_mark(page),
    }
    let share = share.map(|share| format!("{} %", tenths(share)));
    page.element("span", &[("class", &"dim")], share.unwrap_or_default());
    page.close("li");
}
