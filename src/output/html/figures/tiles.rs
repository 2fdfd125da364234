//! The headline figures of a span, with their change against the span before it.

use super::super::{
    listing::withheld_mark,
    markup::Markup,
    number::{bytes, change, grouped, mean, permille, span, tenths},
    overview::{Overview, View},
    several_days, words,
};
use crate::aggregate::Measure;

/// A headline figure.
struct Tile {
    name: &'static str,
    text: Option<String>,
    /// What it is exactly, where the text is shortened.
    exact: Option<String>,
    change: Option<String>,
}

/// Writes them.
pub(in super::super) fn write(page: &mut Markup, overview: &Overview, view: &View, visits: bool) {
    let several_days = several_days(overview, view);
    let mut tiles = tiles(view, several_days, visits);
    // A single day has a figure of its own for that.
    if visits && several_days {
        tiles.push(Tile {
            name: "Most at a time",
            text: overview.peak(view).map(grouped),
            exact: Some("visits in progress within one minute".to_owned()),
            change: None,
        });
    }
    page.open("dl", &[("class", &"tiles")]);
    for tile in tiles {
        page.open("div", &[]);
        page.element("dt", &[], tile.name);
        match tile.exact {
            Some(exact) => page.open("dd", &[("title", &exact)]),
            None => page.open("dd", &[]),
        }
        match tile.text {
            Some(text) => page.text(text),
            None => withheld_mark(page),
        }
        page.close("dd");
        if let Some(change) = tile.change {
            page.element("dd", &[("class", &"change")], change);
        }
        page.close("div");
    }
    page.close("dl");
}

fn tiles(view: &View, several_days: bool, visits: bool) -> Vec<Tile> {
    let mut tiles = Vec::new();
    if visits {
        tiles.push(count(view, Measure::Visitors, several_days));
        tiles.push(count(view, Measure::Visits, several_days));
    }
    tiles.push(count(view, Measure::Pageviews, several_days));
    if visits {
        tiles.push(bounce_rate(view));
        tiles.push(duration(view));
    }
    tiles.push(count(view, Measure::Requests, several_days));
    tiles.push(Tile {
        name: "Data sent",
        text: view.figure(Measure::Bytes).map(bytes),
        exact: view
            .figure(Measure::Bytes)
            .map(|it| format!("{} bytes", grouped(it))),
        change: changed(view, Measure::Bytes),
    });
    tiles
}

fn count(view: &View, measure: Measure, several_days: bool) -> Tile {
    Tile {
        name: words::measure(measure, several_days),
        text: view.figure(measure).map(grouped),
        exact: None,
        change: changed(view, measure),
    }
}

fn bounce_rate(view: &View) -> Tile {
    let bounces = view.figure(Measure::Bounces);
    let share = bounces.zip(view.figure(Measure::Visits));
    let share = share.and_then(|(bounces, visits)| permille(bounces, visits));
    Tile {
        name: "Bounce rate",
        text: share.map(|it| format!("{} %", tenths(it))),
        exact: bounces.map(|it| format!("{} visits with a single pageview", grouped(it))),
        change: None,
    }
}

/// The median of a single period; medians do not add up, so the mean of several.
fn duration(view: &View) -> Tile {
    let (name, seconds) = if view.is_single() {
        ("Median visit", view.figure(Measure::VisitSecondsMedian))
    } else {
        let sum = view.figure(Measure::VisitSeconds);
        let sum = sum.zip(view.figure(Measure::Visits));
        (
            "Mean visit",
            sum.and_then(|(sum, visits)| mean(sum, visits)),
        )
    };
    Tile {
        name,
        text: seconds.map(span),
        exact: seconds.map(|it| format!("{} seconds", grouped(it))),
        change: None,
    }
}

fn changed(view: &View, measure: Measure) -> Option<String> {
    change(view.figure(measure)?, view.figure_before(measure)?)
}
