//! Visits and pageviews, or requests, of every released period in turn.

use super::{
    super::{
        listing::withheld,
        markup::Markup,
        number::{grouped, period, short_day},
        overview::{Headline, Overview},
        words,
    },
    plot::{Pair, Plot},
};
use crate::{
    aggregate::Measure,
    time::{Period, PeriodLength},
};

/// Labels below the axis, at most.
const TICKS: usize = 7;

/// Beginnings of months from more than which on months are said in the place of days.
const MONTHS: usize = 3;

/// Columns of the table, where visits are told apart.
const MEASURES: [Measure; 8] = [
    Measure::Visitors,
    Measure::Visits,
    Measure::Pageviews,
    Measure::Bounces,
    Measure::VisitSecondsMedian,
    Measure::VisitSecondsP90,
    Measure::Requests,
    Measure::Bytes,
];

/// And where they are not.
const PLAIN: [Measure; 3] = [Measure::Pageviews, Measure::Requests, Measure::Bytes];

/// Writes it, with its table.
pub(in super::super) fn write(page: &mut Markup, overview: &Overview, visits: bool) {
    let [back, front] = if visits {
        [Measure::Pageviews, Measure::Visits]
    } else {
        [Measure::Requests, Measure::Pageviews]
    };
    legend(page, back, front);
    plot(&overview.headlines, back, front).write(page);
    page.open("details", &[]);
    page.element("summary", &[], "Every period as a table");
    table(page, &overview.headlines, visits);
    page.close("details");
}

/// Says which colour is what.
pub(in super::super) fn legend(page: &mut Markup, back: Measure, front: Measure) {
    page.open("p", &[("class", &"legend")]);
    for (class, measure) in [("front", front), ("back", back)] {
        page.empty("i", &[("class", &class)]);
        page.text(words::measure(measure, false));
        page.text(" ");
    }
    page.close("p");
}

fn plot(headlines: &[Headline], back: Measure, front: Measure) -> Plot {
    let mut columns = Vec::new();
    let mut periods = Vec::new();
    let mut waiting = headlines.iter().peekable();
    let mut at = headlines.first().map(|it| it.period);
    // Periods that were not released have a place without a column.
    while let (Some(period), Some(next)) = (at, waiting.peek()) {
        let released = (next.period.start <= period.start).then(|| waiting.next());
        columns.push(released.flatten().map(|it| pair(it, back, front)));
        periods.push(period);
        let start = period.end();
        at = Some(Period { start, ..period });
    }
    let (back, front) = (words::measure(back, false), words::measure(front, false));
    Plot {
        label: format!(
            "{front} and {back} of {} periods, as in the table below",
            headlines.len()
        ),
        columns,
        ticks: ticks(&periods),
    }
}

/// What is said below the axis: days, or months where there are many.
fn ticks(periods: &[Period]) -> Vec<(usize, String)> {
    let begins_month = |period: &Period| match period.length {
        PeriodLength::Day => period.start.day() == 1,
        PeriodLength::Week => period.start.day() <= 7,
        PeriodLength::Month => true,
    };
    let months: Vec<usize> = (0..periods.len())
        .filter(|at| begins_month(&periods[*at]))
        .collect();
    let by_month = months.len() > MONTHS;
    let places = if by_month {
        months
    } else {
        (0..periods.len()).collect()
    };
    let step = places.len().div_ceil(TICKS).max(1);
    let text = |at: usize| match periods[at] {
        period if by_month || period.length == PeriodLength::Month => {
            period.start.strftime("%b %Y").to_string()
        }
        period => short_day(period.start),
    };
    places
        .into_iter()
        .step_by(step)
        .map(|at| (at, text(at)))
        .collect()
}

fn pair(headline: &Headline, back: Measure, front: Measure) -> Pair {
    let told = [front, back].map(|measure| {
        let number = headline.figure(measure).map(grouped);
        let number = number.as_deref().unwrap_or("withheld");
        format!("{}: {number}", words::measure(measure, false))
    });
    Pair {
        back: headline.figure(back),
        front: headline.figure(front),
        title: format!("{}. {}", period(headline.period), told.join(", ")),
    }
}

fn table(page: &mut Markup, headlines: &[Headline], visits: bool) {
    let measures: &[Measure] = if visits { &MEASURES } else { &PLAIN };
    let longer = headlines
        .iter()
        .any(|it| it.period.length != PeriodLength::Day);
    page.open(
        "div",
        &[
            ("class", &"scroll"),
            ("tabindex", &"0"),
            ("role", &"region"),
            ("aria-label", &"Every period"),
        ],
    );
    page.open("table", &[("data-table", &"summary")]);
    page.element("caption", &[("class", &"vh")], "Every period");
    page.open("thead", &[]);
    page.open("tr", &[]);
    page.element("th", &[("scope", &"col")], "From");
    for measure in measures {
        let name = measure.name();
        let heading = words::measure(*measure, longer);
        page.element(
            "th",
            &[("scope", &"col"), ("class", &"n"), ("data-measure", &name)],
            heading,
        );
    }
    if visits {
        page.element(
            "th",
            &[("scope", &"col"), ("class", &"n")],
            "Most at a time",
        );
    }
    page.close("tr");
    page.close("thead");
    page.open("tbody", &[]);
    for headline in headlines.iter().rev() {
        row(page, headline, measures, visits);
    }
    page.close("tbody");
    page.close("table");
    page.close("div");
}

fn row(page: &mut Markup, headline: &Headline, measures: &[Measure], visits: bool) {
    page.open("tr", &[]);
    page.open("th", &[("scope", &"row")]);
    page.text(headline.period);
    if !headline.terms.complete {
        page.element("span", &[("class", &"dim")], " incomplete");
    }
    page.close("th");
    let figures = measures.iter().map(|measure| headline.figure(*measure));
    let peak = visits.then_some(headline.peak);
    for figure in figures.chain(peak) {
        match figure {
            Some(figure) => page.element("td", &[("class", &"n")], grouped(figure)),
            None => withheld(page),
        }
    }
    page.close("tr");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(length: PeriodLength, first: &str, count: usize, expected: &[&str]) {
        let mut start = first.parse().unwrap();
        let mut periods = Vec::new();
        for _ in 0..count {
            let period = Period { start, length };
            start = period.end();
            periods.push(period);
        }
        let ticks = ticks(&periods);
        let texts: Vec<&str> = ticks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn days_are_said_of_few_and_months_of_many() {
        use PeriodLength::{Day, Month, Week};
        check(Day, "2026-11-30", 2, &["30 Nov", "1 Dec"]);
        let week = [
            "9 Nov", "10 Nov", "11 Nov", "12 Nov", "13 Nov", "14 Nov", "15 Nov",
        ];
        check(Day, "2026-11-09", 7, &week);
        let year = [
            "Dec 2025", "Feb 2026", "Apr 2026", "Jun 2026", "Aug 2026", "Oct 2026",
        ];
        check(Day, "2025-11-22", 365, &year);
        check(Week, "2025-11-24", 52, &year);
        check(Month, "2026-01-01", 2, &["Jan 2026", "Feb 2026"]);
    }
}
