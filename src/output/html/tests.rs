use std::fs;

use tempfile::TempDir;

use super::*;
use crate::{
    aggregate::Table,
    output::{Encoding, files},
    release::{PublishedTable, Release, Row},
    time::{Date, Period},
};

/// A folder with releases of periods that have these tables.
struct Site {
    folder: TempDir,
    dated: Vec<Dated>,
}

impl Site {
    fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            dated: Vec::new(),
        }
    }

    fn release(&mut self, start: Date, length: PeriodLength, tables: Vec<PublishedTable>) {
        let path = self.folder.path().join(format!("date={start}"));
        fs::create_dir(&path).unwrap();
        for file in files(
            &Release::example(Period { start, length }, tables),
            Encoding::Csv,
        ) {
            fs::write(path.join(file.name), file.bytes).unwrap();
        }
        self.dated.push(Dated::of(self.folder.path(), start));
    }

    fn page(&self) -> String {
        let page = page(None, &self.dated, "stamp").unwrap();
        String::from_utf8(page).unwrap()
    }
}

/// Each key with the same figure in every measure.
fn table(table: Table, rows: &[(&[&str], Option<u64>)]) -> PublishedTable {
    let row = |(keys, figure): &(&[&str], Option<u64>)| Row {
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        measures: vec![*figure; table.measures().len()],
    };
    PublishedTable {
        table,
        rows: rows.iter().map(row).collect(),
    }
}

fn day(number: i8) -> Date {
    jiff::civil::date(2026, 11, number)
}

#[test]
fn a_single_day_of_a_single_row_has_its_figures_and_nothing_to_choose() {
    let mut site = Site::new();
    let summary = table(Table::Summary, &[(&[], Some(1234))]);
    site.release(day(21), PeriodLength::Day, vec![summary]);
    let page = site.page();
    assert!(page.contains("<h2>Saturday, 21 November 2026</h2>"));
    assert!(page.contains("<dt>Visits</dt><dd>1,234</dd>"));
    assert!(!page.contains("<fieldset") && !page.contains("Over time"));
    assert!(!page.contains("DB-IP"));
    assert_eq!(stamp(page.as_bytes()), Some("stamp"));
}

#[test]
fn what_is_withheld_is_no_zero_and_what_is_zero_is_not_withheld() {
    for (figure, expected) in [
        (Some(0), "<td class=\"n\">0</td>"),
        (
            None,
            "<td class=\"n\"><span class=\"w\" title=\"withheld\">",
        ),
    ] {
        let mut site = Site::new();
        let statuses = table(Table::Statuses, &[(&["200"], figure)]);
        site.release(day(21), PeriodLength::Day, vec![statuses]);
        let page = site.page();
        let row = page.split("<tbody>").nth(1).unwrap();
        assert!(row.contains(expected), "{row}");
        assert_eq!(
            row.split("</tbody>").next().unwrap().contains(">0<"),
            figure.is_some()
        );
    }
}

#[test]
fn several_periods_are_added_up_and_regions_come_with_their_notice() {
    for length in [PeriodLength::Day, PeriodLength::Week, PeriodLength::Month] {
        let mut site = Site::new();
        let mut start = jiff::civil::date(2026, 6, 1);
        for visits in [10, 20, 30] {
            let regions = table(
                Table::Regions,
                &[
                    (&["DE", "DE-BE"], Some(visits)),
                    (&["DE", "(other)"], Some(5)),
                ],
            );
            let summary = table(Table::Summary, &[(&[], Some(visits))]);
            site.release(start, length, vec![summary, regions]);
            start = Period { start, length }.end();
        }
        let page = site.page();
        let all = page.split("view sections v1").nth(1).unwrap();
        assert!(all.contains("<title>Germany: 75</title>"), "{length:?}");
        assert!(page.contains("<a href=\"https://db-ip.com\" rel=\"noreferrer\">"));
        assert!(page.contains("<dd class=\"change\">+50.0 %</dd>"));
    }
}

#[test]
fn texts_that_would_act_are_shown_as_they_are() {
    let hostile = [
        "/</td><script>alert(1)</script>",
        "/\" onmouseover=\"alert(1)",
        "/'--><svg onload=alert(1)>",
        "/&lt;b&gt;",
    ];
    let mut site = Site::new();
    let [a, b, c, d] = hostile;
    let pages = table(
        Table::Pages,
        &[
            (&[a], Some(10)),
            (&[b], Some(11)),
            (&[c], Some(12)),
            (&[d], Some(13)),
        ],
    );
    let transitions = table(
        Table::Transitions,
        &[(&[a, b], Some(10)), (&[c, d], Some(10))],
    );
    let goals = table(Table::Goals, &[(&[a], Some(10)), (&[c], Some(12))]);
    let campaigns = table(Table::Campaigns, &[(&[a, b, c], Some(10))]);
    let hosts = table(Table::Hosts, &[(&[a], Some(10))]);
    let tables = vec![pages, transitions, campaigns, goals, hosts];
    site.release(day(21), PeriodLength::Day, tables);
    let page = site.page();
    for acting in [
        "<script",
        "<svg onload",
        "\" onmouseover",
        "-->",
        "&lt;b&gt;<",
    ] {
        assert!(!page.contains(acting), "{acting}");
    }
    assert!(page.contains("/&amp;lt;b&amp;gt;"));
}

#[test]
fn periods_that_are_missing_have_a_place_and_none_is_added_up_for_them() {
    let mut site = Site::new();
    for number in [1, 2, 9] {
        let summary = table(Table::Summary, &[(&[], Some(100))]);
        site.release(day(number), PeriodLength::Day, vec![summary]);
    }
    let page = site.page();
    assert!(page.contains("viewBox=\"0 0 90 1000\""), "nine places");
    assert!(page.contains("1 of 7 periods are added up"));
    assert!(page.contains(">All 3 days<"));
    assert!(!page.contains("class=\"change\""));
}

#[test]
fn a_year_of_days_fits_into_a_megabyte() {
    let mut site = Site::new();
    let mut start = jiff::civil::date(2025, 11, 22);
    let long = "long-segment".repeat(4);
    let pages: Vec<String> = (0..150).map(|it| format!("/{long}/{it:03}")).collect();
    let pages: Vec<[&str; 2]> = pages.iter().map(|it| [it.as_str(), "/next"]).collect();
    let rows = |width: usize| -> Vec<(&[&str], Option<u64>)> {
        let rows = pages.iter().map(|keys| (&keys[..width], Some(123_456)));
        rows.collect()
    };
    let hours: Vec<String> = (0..24).map(|it| format!("{it:02}")).collect();
    let hours: Vec<[&str; 1]> = hours.iter().map(|it| [it.as_str()]).collect();
    let hours: Vec<(&[&str], Option<u64>)> = hours.iter().map(|it| (&it[..], Some(9))).collect();
    for _ in 0..365 {
        let tables = vec![
            table(Table::Summary, &[(&[], Some(123_456))]),
            table(Table::Traffic, &hours),
            table(Table::Pages, &rows(1)),
            table(Table::Transitions, &rows(2)),
            table(Table::Referrers, &rows(2)),
            table(Table::Regions, &rows(2)),
            table(Table::Browsers, &rows(1)),
            table(Table::Statuses, &rows(1)),
            table(Table::Crawlers, &rows(2)),
        ];
        site.release(start, PeriodLength::Day, tables);
        start = start.tomorrow().unwrap();
    }
    let page = site.page();
    assert!(page.len() < 1_000_000, "{}", page.len());
    assert_eq!(page.matches("type=\"radio\"").count(), 4);
}

#[test]
fn the_least_and_the_most_that_a_release_can_have_are_shown() {
    let keys = ["(other)"; 3];
    for figure in [None, Some(0), Some(1), Some(u64::MAX)] {
        let mut site = Site::new();
        let tables = Table::ALL.map(|it| table(it, &[(&keys[..it.keys(false).len()], figure)]));
        site.release(day(21), PeriodLength::Day, tables.to_vec());
        let page = site.page();
        for broken in ["NaN", "\"inf", ">inf"] {
            assert!(!page.contains(broken), "{broken} of {figure:?}");
        }
    }
}
