//! The summary of a run for the terminal: what was released, what was kept back, every line's account.

use std::{cmp::Reverse, fmt::Write};

use super::{
    attribution::ATTRIBUTION,
    columns::{align, shortened},
    hygiene::{escaped, safe},
};
use crate::{
    aggregate::{Measure, Table},
    privacy::SiteName,
    release::{OTHER, PublishedTable, Release, Row},
    stats::{Accounts, MalformedLine},
    time::PeriodLength,
};

/// Tables of which the first rows are shown.
const SHOWN: [Table; 11] = [
    Table::Pages,
    Table::Transitions,
    Table::Referrers,
    Table::Campaigns,
    Table::Regions,
    Table::Browsers,
    Table::Systems,
    Table::Devices,
    Table::Statuses,
    Table::Goals,
    Table::Crawlers,
];

/// Measures of a whole period that are shown.
const HEADLINES: [Measure; 6] = [
    Measure::Requests,
    Measure::Pageviews,
    Measure::Visits,
    Measure::Visitors,
    Measure::Bounces,
    Measure::VisitSecondsMedian,
];

/// Rows shown of a table.
const TOP: usize = 10;

/// Describes a run: of each site the headline figures of its releases, the first rows of the last one's
/// tables and what was withheld; then the exact accounts of all lines. A site has a heading if it has a
/// name. Holds no control characters but newlines.
#[must_use]
pub fn summary(
    sites: &[(Option<&SiteName>, &[Release])],
    accounts: &Accounts,
    malformed: &[MalformedLine],
) -> String {
    let mut out = String::new();
    for (site, releases) in sites {
        if let Some(site) = site {
            let rule = "=".repeat(site.as_str().len());
            section(&mut out, &format!("{site}\n{rule}"));
        }
        of_site(&mut out, releases);
    }
    lines(&mut out, accounts, malformed);
    let mut last = sites.iter().filter_map(|(_, releases)| releases.last());
    if last.any(shows_regions) {
        section(&mut out, ATTRIBUTION);
    }
    out
}

fn of_site(out: &mut String, releases: &[Release]) {
    headlines(out, releases);
    if let Some(last) = releases.last() {
        let tables = last.tables().iter();
        for table in tables.filter(|it| SHOWN.contains(&it.table)) {
            top_rows(out, last, table);
        }
    }
    withheld(out, releases);
}

fn headlines(out: &mut String, releases: &[Release]) {
    match releases {
        [] => return section(out, "Nothing was released."),
        [release] => section(out, &format!("Released ({})", escaped(release.tz()))),
        [.., last] => section(
            out,
            &format!(
                "Released: {} periods ({}); the tables below are those of the last, {}",
                releases.len(),
                escaped(last.tz()),
                last.period()
            ),
        ),
    }
    let header = ["date"].into_iter().chain(HEADLINES.map(Measure::name));
    let mut grid = vec![header.map(str::to_owned).collect()];
    grid.extend(releases.iter().map(headline));
    out.push_str(&align(&grid, 1));
}

fn headline(release: &Release) -> Vec<String> {
    let summary = release
        .tables()
        .iter()
        .find(|it| it.table == Table::Summary);
    let row = summary.and_then(|it| it.rows.first());
    let figures = HEADLINES.map(|measure| figure(Table::Summary, row, measure));
    [release.period().to_string()]
        .into_iter()
        .chain(figures)
        .collect()
}

fn top_rows(out: &mut String, release: &Release, table: &PublishedTable) {
    let keys = table
        .table
        .keys(release.period().length != PeriodLength::Day);
    let measures = shown_measures(table.table);
    section(out, &capitalised(table.table.name()));
    let header = keys
        .iter()
        .copied()
        .chain(measures.iter().map(|it| it.name()));
    let mut grid: Vec<Vec<String>> = vec![header.map(str::to_owned).collect()];
    for row in ranked(table).into_iter().take(TOP) {
        let texts = row.keys.iter().map(|key| shortened(safe(key)));
        let figures = measures
            .iter()
            .map(|it| figure(table.table, Some(row), *it));
        grid.push(texts.chain(figures).collect());
    }
    out.push_str(&align(&grid, keys.len()));
    if let Some(more) = table.rows.len().checked_sub(TOP).filter(|more| *more > 0) {
        line(out, format_args!("  and {more} more"));
    }
}

/// Largest first measure first, withheld ones after them, `(other)` last; ties in the table's order.
fn ranked(table: &PublishedTable) -> Vec<&Row> {
    let mut rows: Vec<&Row> = table.rows.iter().collect();
    rows.sort_by_key(|row| {
        let other = row.keys.iter().any(|key| key == OTHER);
        (other, Reverse(row.measures.first().copied().flatten()))
    });
    rows
}

fn shown_measures(table: Table) -> &'static [Measure] {
    match table {
        Table::Pages => &[
            Measure::Pageviews,
            Measure::Visitors,
            Measure::Entries,
            Measure::Exits,
            Measure::DwellMedian,
        ],
        other => other.measures(),
    }
}

fn figure(table: Table, row: Option<&Row>, measure: Measure) -> String {
    let column = table.measures().iter().position(|it| *it == measure);
    let cell = column.and_then(|column| row?.measures.get(column).copied().flatten());
    cell.map_or_else(|| "(withheld)".to_owned(), |it| it.to_string())
}

/// Each thing kept back once, with the periods it was kept back in and the cells or rows in all.
fn withheld(out: &mut String, releases: &[Release]) {
    let mut reasons: Vec<(String, usize, usize)> = Vec::new();
    for withheld in releases.iter().flat_map(Release::withheld) {
        let reason = format!("{}: {}", withheld.table.name(), escaped(&withheld.reason));
        match reasons.iter_mut().find(|(known, ..)| *known == reason) {
            Some((_, periods, count)) => {
                *periods += 1;
                *count += withheld.count;
            }
            None => reasons.push((reason, 1, withheld.count)),
        }
    }
    if reasons.is_empty() {
        return;
    }
    section(out, "Withheld");
    for (reason, periods, count) in reasons {
        let count = if count > 0 {
            format!(": {count}")
        } else {
            String::new()
        };
        let periods = if periods > 1 {
            format!(" ({periods} periods)")
        } else {
            String::new()
        };
        line(out, format_args!("  {reason}{count}{periods}"));
    }
}

fn lines(out: &mut String, accounts: &Accounts, malformed: &[MalformedLine]) {
    section(out, "Lines");
    let rows = [
        ("parsed", accounts.parsed),
        ("ignored", accounts.ignored),
        ("excluded", accounts.excluded),
        ("opted out", accounts.opted_out),
        ("already released", accounts.already_released),
        ("not yet over", accounts.not_yet_over),
        ("malformed", accounts.malformed),
        ("read", accounts.read()),
    ];
    let grid = rows.map(|(name, count)| vec![name.to_owned(), count.to_string()]);
    out.push_str(&align(&grid, 1));
    for MalformedLine {
        source,
        number,
        rule,
    } in malformed
    {
        line(out, format_args!("  {}:{number}: {rule}", escaped(source)));
    }
}

fn shows_regions(release: &Release) -> bool {
    release.tables().iter().any(|it| it.table == Table::Regions)
}

/// A heading, with an empty line before it unless it is the first.
fn section(out: &mut String, heading: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    line(out, format_args!("{heading}"));
}

fn capitalised(name: &str) -> String {
    let name = name.replace('_', " ");
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(out, "{text}").expect("a string takes what is written");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Rule;
    use crate::{release::Withheld, time::Period};

    const ACCOUNTS: Accounts = Accounts {
        already_released: 7,
        excluded: 30,
        ignored: 2,
        malformed: 1,
        not_yet_over: 0,
        opted_out: 5,
        parsed: 12_345,
    };

    fn release(date: &str, tables: Vec<PublishedTable>) -> Release {
        let start = date.parse().unwrap();
        Release::example(
            Period {
                start,
                length: PeriodLength::Day,
            },
            tables,
        )
    }

    fn table(table: Table, rows: &[(&[&str], &[Option<u64>])]) -> PublishedTable {
        let rows = rows.iter().map(|(keys, measures)| Row {
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            measures: measures.to_vec(),
        });
        PublishedTable {
            table,
            rows: rows.collect(),
        }
    }

    fn overview(requests: u64) -> PublishedTable {
        let measures = [requests, 9999, 400, 90, 80, 30, 5000, 45, 300].map(Some);
        table(Table::Summary, &[(&[], &measures)])
    }

    #[test]
    fn one_period_is_shown_with_its_tables() {
        let pages = table(
            Table::Pages,
            &[
                (
                    &["(other)"],
                    &[
                        Some(500),
                        Some(9),
                        None,
                        Some(9),
                        None,
                        None,
                        None,
                        Some(9),
                        None,
                    ],
                ),
                (
                    &["/"],
                    &[
                        Some(120),
                        Some(60),
                        Some(50),
                        Some(20),
                        None,
                        None,
                        None,
                        Some(30),
                        None,
                    ],
                ),
                (
                    &["/数据"],
                    &[
                        Some(200),
                        None,
                        Some(1),
                        Some(2),
                        None,
                        None,
                        None,
                        None,
                        None,
                    ],
                ),
            ],
        );
        let regions = table(
            Table::Regions,
            &[(
                &["GB", "GB-ENG"],
                &[Some(50), Some(40), Some(10), Some(300), None],
            )],
        );
        let release = release("2026-11-21", vec![overview(1000), pages, regions]);
        let reason = "seconds of 1 row: one visitor has more than half".to_owned();
        let release = release.with_withheld(vec![Withheld {
            count: 0,
            table: Table::Regions,
            reason,
        }]);
        let malformed = MalformedLine {
            source: "access\u{1b}[2J.log".to_owned(),
            number: 17,
            rule: Rule::Quote,
        };
        let expected = r"Released (Europe/London)
  date        requests  pageviews  visits  visitors  bounces  visit_seconds_median
  2026-11-21      1000        400      90        80       30                    45

Pages
  page     pageviews    visitors     entries  exits  dwell_median
  /数据          200  (withheld)           1      2    (withheld)
  /              120          60          50     20            30
  (other)        500           9  (withheld)      9             9

Regions
  country  region  visits  visitors  bounces  pageviews  visit_seconds
  GB       GB-ENG      50        40       10        300     (withheld)

Withheld
  regions: seconds of 1 row: one visitor has more than half

Lines
  parsed            12345
  ignored               2
  excluded             30
  opted out             5
  already released      7
  not yet over          0
  malformed             1
  read              12390
  access\u{1b}[2J.log:17: a quoted field is not closed

";
        let expected = format!("{expected}{ATTRIBUTION}\n");
        let found = summary(&[(None, &[release])], &ACCOUNTS, &[malformed]);
        assert_eq!(found, expected);
    }

    #[test]
    fn several_periods_are_a_line_each_and_the_tables_of_the_last() {
        let statuses = |count| table(Table::Statuses, &[(&["200"], &[Some(count)])]);
        let reason = "fewer than 10 networks".to_owned();
        let reasons = vec![Withheld {
            count: 0,
            table: Table::Goals,
            reason,
        }];
        let releases = [
            release("2026-11-20", vec![overview(1000), statuses(111)])
                .with_withheld(reasons.clone()),
            release("2026-11-21", vec![statuses(222)]).with_withheld(reasons),
        ];
        let text = summary(&[(None, &releases)], &Accounts::default(), &[]);
        let expected = r"Released: 2 periods (Europe/London); the tables below are those of the last, 2026-11-21
  date          requests   pageviews      visits    visitors     bounces  visit_seconds_median
  2026-11-20        1000         400          90          80          30                    45
  2026-11-21  (withheld)  (withheld)  (withheld)  (withheld)  (withheld)            (withheld)

Statuses
  status  requests
  200          222

Withheld
  goals: fewer than 10 networks (2 periods)

Lines
";
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn without_a_release_the_accounts_remain() {
        let text = summary(&[(None, &[])], &ACCOUNTS, &[]);
        assert!(
            text.starts_with("Nothing was released.\n\nLines\n  parsed"),
            "{text}"
        );
    }

    #[test]
    fn each_site_has_a_heading_and_all_have_the_accounts_in_common() {
        let sites = ["a.example", "shop.example"].map(|name| SiteName::new(name).unwrap());
        let releases = [release("2026-11-21", vec![overview(1000)])];
        let parts = [(Some(&sites[0]), &[][..]), (Some(&sites[1]), &releases[..])];
        let text = summary(&parts, &ACCOUNTS, &[]);
        let expected = r"a.example
=========

Nothing was released.

shop.example
============

Released (Europe/London)
  date        requests  pageviews  visits  visitors  bounces  visit_seconds_median
  2026-11-21      1000        400      90        80       30                    45

Lines
  parsed";
        assert!(text.starts_with(expected), "{text}");
        assert_eq!(text.matches("Lines").count(), 1);
    }

    #[test]
    fn long_tables_and_texts_are_cut() {
        let names: Vec<String> = (0..12)
            .map(|it| format!("/{it:02}/{}", "é".repeat(99)))
            .collect();
        let counts: Vec<_> = (0..12).map(|it| [Some(it), None]).collect();
        let keys: Vec<[&str; 2]> = names.iter().map(|name| [name.as_str(), "(same)"]).collect();
        let rows: Vec<(&[&str], &[Option<u64>])> = keys
            .iter()
            .zip(&counts)
            .map(|(key, count)| (&key[..], &count[..]))
            .collect();
        let release = release("2026-11-21", vec![table(Table::Transitions, &rows)]);
        let text = summary(&[(None, &[release])], &ACCOUNTS, &[]);
        let first = format!(
            "  /11/{}…  (same)            11  (withheld)\n",
            "é".repeat(55)
        );
        assert!(text.contains(&first), "{text}");
        assert!(
            text.contains("  /02/") && !text.contains("  /01/"),
            "{text}"
        );
        assert!(text.contains("\n  and 2 more\n"), "{text}");
    }

    #[test]
    fn no_control_character_reaches_the_terminal() {
        let hostile = "a\u{1b}[31m\r\u{202e}";
        let pages = table(
            Table::Transitions,
            &[(&[hostile, hostile], &[Some(10), Some(10)])],
        );
        let withheld = Withheld {
            count: 0,
            table: Table::Pages,
            reason: hostile.to_owned(),
        };
        let release = release("2026-11-21", vec![pages]).with_withheld(vec![withheld]);
        let malformed = MalformedLine {
            source: hostile.to_owned(),
            number: 1,
            rule: Rule::Time,
        };
        let text = summary(&[(None, &[release])], &ACCOUNTS, &[malformed]);
        let acting = |it: char| it != '\n' && super::super::hygiene::is_hazardous(it);
        assert!(!text.contains(acting), "{text:?}");
    }
}
