//! A site with steady traffic around the clock, for tests in which the numbers do not matter.

use crate::reference::{AGENTS, days_since_epoch, log_time};

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// Midnight of a date, in seconds since 1970.
pub(crate) fn midnight(year: i64, month: i64, day: i64) -> i64 {
    days_since_epoch(year, month, day) * DAY
}

/// One line of a log and its time in seconds since 1970.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) instant: i64,
    pub(crate) text: String,
}

/// The lines of some days from a midnight on, in order of time: visits of three pageviews from forty
/// networks, spread evenly over each day, the first at midnight.
pub(crate) fn lines(midnight: i64, days: i64, visits_a_day: i64) -> Vec<Line> {
    let mut lines = Vec::new();
    for day in 0..days {
        for visit in 0..visits_a_day {
            let start = midnight + day * DAY + visit * (DAY - 200) / visits_a_day;
            let client = format!("81.{}.7.{}", 20 + visit * 7 % 40, 1 + (visit + day) % 200);
            for step in 0..3 {
                let instant = start + step * 50;
                let page = PAGES[((visit * (day + 2) + step) % 7) as usize];
                let text = line(&client, instant, page, 1000 + visit);
                lines.push(Line { instant, text });
            }
        }
    }
    lines.sort_by_key(|line| line.instant);
    lines
}

const PAGES: [&str; 7] = [
    "/", "/about", "/blog/", "/shop", "/news", "/jobs", "/contact",
];

fn line(client: &str, instant: i64, page: &str, bytes: i64) -> String {
    let (time, agent) = (log_time(instant, 0), AGENTS[0].text);
    format!("{client} - - [{time}] \"GET {page} HTTP/1.1\" 200 {bytes} \"-\" \"{agent}\"\n")
}

/// The lines as a log.
pub(crate) fn text<'a>(lines: impl IntoIterator<Item = &'a Line>) -> String {
    lines.into_iter().map(|line| line.text.as_str()).collect()
}
