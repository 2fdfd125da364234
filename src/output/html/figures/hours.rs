//! The hours of a single day, and how many visits there were at a time.

use super::{
    super::{
        listing::{Column, Listing},
        markup::Markup,
        number::grouped,
        words,
    },
    plot::{Pair, Plot},
    timeline::legend,
};
use crate::{
    aggregate::Measure,
    view::{Figures, SumRow},
};

/// Writes the hours.
pub(in super::super) fn write(page: &mut Markup, traffic: &Figures, visits: bool) {
    let [back, front] = if visits {
        [Measure::Pageviews, Measure::Visits]
    } else {
        [Measure::Requests, Measure::Pageviews]
    };
    legend(page, back, front);
    plot(traffic, &[front, back], "by hour").write(page);
    let columns: &[Column] = if visits {
        &[
            Column::Measure(Measure::Visits),
            Column::Measure(Measure::Pageviews),
            Column::Measure(Measure::Requests),
            Column::Measure(Measure::Bytes),
            Column::Measure(Measure::PeakConcurrentVisits),
        ]
    } else {
        &[
            Column::Measure(Measure::Pageviews),
            Column::Measure(Measure::Requests),
            Column::Measure(Measure::Bytes),
        ]
    };
    Listing {
        title: "Every hour",
        figures: traffic,
        rows: traffic.rows.iter().collect(),
        columns,
        periods: 1,
        several_days: false,
        closed: true,
    }
    .write(page);
}

/// Writes the capacity.
pub(in super::super) fn write_peaks(page: &mut Markup, traffic: &Figures) {
    plot(
        traffic,
        &[Measure::PeakConcurrentVisits],
        "in the fullest minute of each hour",
    )
    .write(page);
}

fn plot(traffic: &Figures, measures: &[Measure], of: &str) -> Plot {
    let hours: Vec<String> = (0..24).map(|hour| format!("{hour:02}")).collect();
    let row = |hour: &String| {
        traffic
            .rows
            .iter()
            .find(|row| row.keys.last() == Some(hour))
    };
    let columns = hours.iter().map(|hour| {
        let row = row(hour);
        row.map(|row| pair(traffic, row, hour, measures))
    });
    let names = measures.iter().map(|it| words::measure(*it, false));
    let names: Vec<&str> = names.collect();
    Plot {
        label: format!(
            "{} {of}, as in the table of every hour",
            names.join(" and ")
        ),
        columns: columns.collect(),
        ticks: hours.iter().cloned().enumerate().step_by(3).collect(),
    }
}

fn pair(traffic: &Figures, row: &SumRow, hour: &str, measures: &[Measure]) -> Pair {
    let told = measures.iter().map(|measure| {
        let number = traffic.cell(row, *measure).map(grouped);
        let number = number.as_deref().unwrap_or("withheld");
        format!("{}: {number}", words::measure(*measure, false))
    });
    let told: Vec<String> = told.collect();
    let back = measures.get(1).and_then(|it| traffic.cell(row, *it));
    Pair {
        back,
        front: measures.first().and_then(|it| traffic.cell(row, *it)),
        title: format!("{hour}:00 – {hour}:59. {}", told.join(", ")),
    }
}
