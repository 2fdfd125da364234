//! What the page says in words: which days it is about, under which promise, and how to read it.

use super::{
    markup::Markup,
    number::{days, grouped, period},
    overview::{Overview, View},
};
use crate::{
    aggregate::{Measure, Table},
    output::ATTRIBUTION,
    release::FEWEST_CRAWLER_REQUESTS,
    time::PeriodLength,
    view::Promise,
};

/// Where the region data is from.
const REGIONS: &str = "https://db-ip.com";

/// The days, and what is promised to those whom the numbers are about.
pub(super) fn promise(page: &mut Markup, overview: &Overview) {
    let (Some(latest), Some(view)) = (overview.latest(), overview.views.last()) else {
        return;
    };
    let count = overview.headlines.len();
    let name = noun(latest.period.length, count);
    let last = view.span.end.yesterday().unwrap_or(view.span.end);
    page.open("p", &[("class", &"lead")]);
    page.text(format_args!(
        "{}. {} released {name}, {} time.",
        days(view.span.first, last),
        grouped(count as u64),
        latest.terms.tz
    ));
    page.close("p");
    page.open("p", &[("class", &"promise")]);
    match &latest.terms.promise {
        Promise::Threshold(_) => page.text(format_args!(
            "Anonymous: every group that is named here was seen from at least {} networks. What fewer \
             made is withheld or among (other).",
            fewest(overview).unwrap_or_default()
        )),
        Promise::Noise { epsilon, delta } => page.text(format_args!(
            "Differentially private: every number has random noise in it, so that nobody can tell whether \
             any one address was there on a day (ε = {epsilon}, δ = {delta} for an address and day)."
        )),
    }
    page.close("p");
}

/// The lowest threshold of all periods.
fn fewest(overview: &Overview) -> Option<u64> {
    let promises = overview.headlines.iter().map(|it| &it.terms.promise);
    let thresholds = promises.filter_map(|promise| match promise {
        Promise::Threshold(k) => Some(*k),
        Promise::Noise { .. } => None,
    });
    thresholds.min()
}

const fn noun(length: PeriodLength, count: usize) -> &'static str {
    match (length, count) {
        (PeriodLength::Day, 1) => "day",
        (PeriodLength::Day, _) => "days",
        (PeriodLength::Week, 1) => "week",
        (PeriodLength::Week, _) => "weeks",
        (PeriodLength::Month, 1) => "month",
        (PeriodLength::Month, _) => "months",
    }
}

/// What a span is called where it is chosen.
pub(super) fn span_name(overview: &Overview, view: &View) -> String {
    let length = overview.latest().map(|it| it.period.length);
    let length = length.unwrap_or_default();
    let count = view.span.length;
    let is_all = overview
        .views
        .last()
        .is_some_and(|last| last.span == view.span);
    match count {
        1 => format!("Latest {}", noun(length, 1)),
        _ if is_all => format!("All {} {}", view.periods(), noun(length, view.periods())),
        _ => format!("{count} {}", noun(length, count)),
    }
}

/// The heading above a span's figures.
pub(super) fn view_title(overview: &Overview, view: &View) -> String {
    let last = view.span.end.yesterday().unwrap_or(view.span.end);
    match overview.latest() {
        Some(latest) if view.is_single() => period(latest.period),
        _ => days(view.span.first, last),
    }
}

/// Says what changes are told against, and what adding up does.
pub(super) fn compared(page: &mut Markup, view: &View) {
    let length = view.span.length;
    let is_compared = |measure: &Measure| view.figure_before(*measure).is_some();
    if [Measure::Requests, Measure::Visits].iter().any(is_compared) {
        let before = if length == 1 {
            "period".to_owned()
        } else {
            format!("{length} periods")
        };
        let text = format!("Changes are against the {before} before.");
        page.element("p", &[("class", &"note")], text);
    }
    if !view.is_single() {
        let text = format!(
            "{} of {length} periods are added up; a sum of which any part is withheld is withheld.",
            view.periods()
        );
        page.element("p", &[("class", &"note")], text);
    }
}

/// How to read the numbers.
pub(super) fn numbers(page: &mut Markup, overview: &Overview) {
    page.open("section", &[("class", &"about")]);
    page.element("h2", &[], "How to read these numbers");
    page.open("dl", &[]);
    let k = fewest(overview).unwrap_or_default();
    if overview.is_noisy() {
        entry(
            page,
            "Noise",
            "A random amount was added to every number once, on purpose. Large numbers hardly change by it; \
             small ones may be off by as much as they are. Numbers of different tables need not agree.",
        );
    } else {
        entry(
            page,
            "Threshold",
            &format!(
                "A row is published only if its requests came from at least {k} networks (ranges of addresses \
                 as providers hand them out), so that it describes a crowd and nobody in it."
            ),
        );
    }
    entry(
        page,
        "Crawlers",
        &format!(
            "Machines that say so, or act so, are in no other table. Known ones are named from \
             {FEWEST_CRAWLER_REQUESTS} requests on."
        ),
    );
    page.open("dt", &[]);
    page.text("Withheld ");
    super::listing::withheld_mark(page);
    page.close("dt");
    page.element(
        "dd",
        &[],
        "A hatched cell is a number that exists and is not told, because few stand behind it or one visitor \
         made most of it. It is not zero.",
    );
    entry(
        page,
        "(other)",
        "All that was too small for a row of its own, together.",
    );
    entry(
        page,
        "Visitors and visitor-days",
        "A visitor is an address and browser on one day. From one day to the next nobody is recognised, so over \
         several days visitors add up to visitor-days: who comes on three days counts three times.",
    );
    entry(
        page,
        "Sums of several periods",
        "Rows are added up over the periods that have them. Where a row was too small in some period it is in \
         that period's (other); the column Periods says so.",
    );
    page.close("dl");
    page.close("section");
}

fn entry(page: &mut Markup, term: &str, meaning: &str) {
    page.element("dt", &[], term);
    page.element("dd", &[], meaning);
}

/// What it was made with, and from.
pub(super) fn sources(page: &mut Markup, overview: &Overview) {
    page.open("footer", &[]);
    let shows_regions = overview.views.iter().any(|view| {
        view.table(Table::Regions).is_some() || view.table(Table::GoalRegions).is_some()
    });
    if shows_regions {
        attribution(page);
        page.element(
            "p",
            &[],
            "Outlines of countries: Natural Earth, public domain.",
        );
    }
    if let Some(latest) = overview.latest() {
        let profile = latest.terms.profile.as_deref();
        let profile = profile
            .map(|it| format!(", profile {it}"))
            .unwrap_or_default();
        let version = &latest.terms.version;
        page.element(
            "p",
            &[],
            format_args!("Made from the published tables by hushlog {version}{profile}."),
        );
    }
    page.close("footer");
}

/// The notice, with the link that the licence asks for.
fn attribution(page: &mut Markup) {
    page.open("p", &[]);
    match ATTRIBUTION.split_once(REGIONS) {
        Some((before, after)) => {
            page.text(before);
            page.element("a", &[("href", &REGIONS), ("rel", &"noreferrer")], REGIONS);
            page.text(after);
        }
        None => page.text(ATTRIBUTION),
    }
    page.close("p");
}
