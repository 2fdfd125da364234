//! What becomes of released tables in an export.

use std::collections::BTreeSet;

use super::*;

/// Rows as they stand in a table, without their date: keys, then measures.
fn rows(table: Table, text: &str) -> Vec<Row> {
    let keys = table.keys(false).len();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let measures = cells[keys..].iter().map(|cell| cell.parse().ok());
            Row {
                keys: cells[..keys].iter().map(|key| (*key).to_owned()).collect(),
                measures: measures.collect(),
            }
        })
        .collect()
}

fn check(table: Table, pages: &[&str], released: &str, expected: &str) {
    let pages: BTreeSet<String> = pages.iter().map(|page| (*page).to_owned()).collect();
    let rolled = roll::roll(table, &rows(table, released), 20, &pages);
    assert_eq!(
        rolled,
        rows(table, expected),
        "{} of {released}",
        table.name()
    );
}

/// Table, pages with a name, released rows, exported rows, with k 20.
type Case = (Table, &'static [&'static str], &'static str, &'static str);

#[rustfmt::skip]
const CASES: &[Case] = &[
    // Nothing is small, and nothing changes.
    (Table::Statuses, &[], "200,90\n304,20\n(other),35", "200,90\n304,20\n(other),35"),
    // Two rows join.
    (Table::Statuses, &[], "200,90\n301,15\n304,12", "200,90\n(other),27"),
    // One alone would be named by what is left: the smallest other one joins.
    (Table::Statuses, &[], "200,90\n301,30\n304,12", "200,90\n(other),42"),
    // Together they are still too small.
    (Table::Statuses, &[], "200,90\n301,30\n304,8\n404,8", "200,90\n(other),46"),
    // What was rolled up before takes the row in; the other cells stay as they were.
    (Table::Statuses, &[], "200,90\n304,12\n(other),10", "200,90\n(other),22"),
    // Nothing but (other) is nothing.
    (Table::Statuses, &[], "200,90\n304,12", ""),
    // Of equal ones the last by name joins.
    (Table::Statuses, &[], "200,30\n204,30\n304,12\n404,40", "200,30\n404,40\n(other),42"),
    // A withheld cell withholds the sum; visitors of several sources add up to nobody knows what.
    (Table::Referrers, &[],
     "ai,a.example,50,45,5,90,700\nsearch,b.example,15,12,5,40,\nsearch,c.example,18,12,5,40,80",
     "ai,a.example,50,45,5,90,700\n(other),(other),33,,10,80,"),
    // A visitor has one browser: these are added.
    (Table::Browsers, &[],
     "Chrome,50,45,5,90,700\nFirefox,15,12,5,40,\nSafari,18,12,5,40,80",
     "Chrome,50,45,5,90,700\n(other),33,24,10,80,"),
    // The visitors count too, and the smallest count decides.
    (Table::Browsers, &[],
     "Chrome,50,45,5,90,700\nFirefox,25,19,5,40,9\nSafari,28,19,5,40,80",
     "Chrome,50,45,5,90,700\n(other),53,38,10,80,89"),
    // Within a country first; a country that is too small goes whole.
    (Table::Regions, &[],
     "DE,DE-BE,40,40,1,40,40\nDE,DE-HE,15,15,1,15,15\nDE,(other),12,12,1,12,12\nFR,FR-IDF,12,12,1,12,12\nGB,GB-ENG,14,14,1,14,14",
     "DE,DE-BE,40,40,1,40,40\nDE,(other),27,27,2,27,27\n(other),(other),26,26,2,26,26"),
    // A country whose regions all go into one keeps its own name, if there are two of them.
    (Table::Regions, &[],
     "DE,DE-BE,12,12,1,12,12\nDE,DE-HE,15,15,1,15,15\nFR,FR-IDF,40,40,1,40,40",
     "DE,(other),27,27,2,27,27\nFR,FR-IDF,40,40,1,40,40"),
    // One small country alone: the smallest other one joins it.
    (Table::Regions, &[],
     "DE,DE-BE,12,12,1,12,12\nFR,FR-IDF,40,40,1,40,40\nGB,GB-ENG,30,30,1,30,30",
     "FR,FR-IDF,40,40,1,40,40\n(other),(other),42,42,2,42,42"),
    // Quantiles and visitors of several pages are not known.
    (Table::Pages, &[],
     "/,90,80,30,30,9,60,600,9,40\n/a,19,19,9,9,9,10,100,9,\n/b,18,18,9,9,9,9,,,",
     "/,90,80,30,30,9,60,600,9,40\n(other),37,,18,18,18,19,,,"),
    // Steps to pages without a name, from pages without one, and a page of which nothing else is left.
    (Table::Transitions, &["/", "/a", "/c"],
     "/,/a,40,40\n/,/b,30,30\n/,(same),12,12\n/b,/a,40,40\n/c,/b,40,40\n/c,(other),30,30",
     "/,/a,40,40\n/,(other),42,"),
    // Errors of pages without a name join those of other pages.
    (Table::Errors, &["/"], "404,/,40\n404,/b,30\n404,(other),12\n500,/,15\n503,/,15",
     "404,/,40\n404,(other),42\n(other),(other),30"),
    // No (other) in these: what is small is left out.
    (Table::Crawlers, &[], "ai,GPTBot,12,900\nsearch-engine,Googlebot,80,", "search-engine,Googlebot,80,"),
    (Table::Summary, &[], "900,100,90,19,19,1,1,1,1", ""),
    // The most visits at a time are given where the hour is.
    (Table::Traffic, &[], "08,90,900,90,90,9\n09,15,90,15,15,7\n10,15,,15,15,6", "08,90,900,90,90,9\n(other),30,,30,30,"),
];

#[test]
fn small_rows_are_rolled_up() {
    for (table, pages, released, expected) in CASES {
        check(*table, pages, released, expected);
    }
}

#[test]
fn tables_that_name_pages_come_with_pages() {
    let partner: Partner = "acme".parse().unwrap();
    for (tables, expected) in [
        (vec![Table::Errors], false),
        (vec![Table::Transitions, Table::Regions], false),
        (vec![Table::Transitions, Table::Errors, Table::Pages], true),
        (vec![Table::Regions], true),
    ] {
        let restriction = Restriction::new(partner.clone(), tables, 20);
        assert_eq!(restriction.is_ok(), expected);
    }
}

#[test]
fn partners_have_plain_names() {
    for (name, expected) in [
        ("acme", true),
        ("uni-2", true),
        ("", false),
        ("Acme", false),
        ("a/b", false),
        ("a.b", false),
        ("abcdefghijklmnopqrstuvwxyz0123456", false),
    ] {
        assert_eq!(name.parse::<Partner>().is_ok(), expected, "{name}");
    }
}
