//! Attacks by subtraction between published tables, as logs that would give a small group away if rows
//! were rolled up table by table alone.

use std::fs;

use crate::program::{report, run_for};

const DESKTOP: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                       Chrome/138.0.0.0 Safari/537.36";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0";
const CHROME_ON_LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                               Chrome/138.0.0.0 Safari/537.36";

/// The request of a page by a reader of the network of this number.
fn line(network: usize, second: usize, target: &str, agent: &str) -> String {
    format!(
        "81.2.{network}.9 - - [02/Jun/2025:08:{:02}:{:02} +0000] \"GET {target} HTTP/1.1\" 200 100 \"-\" \
         \"{agent}\"\n",
        second / 60,
        second % 60
    )
}

/// The key columns and the first number of a table's rows, at k = 5; nothing if it is withheld.
fn rows(log: &str, table: &str, keys: usize) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let (input, output) = (folder.path().join("access.log"), folder.path().join("out"));
    fs::write(&input, log).expect("a written log");
    run_for(
        report(&output).args(["--k=5", "--geo-db=none"]).arg(&input),
        0,
    );
    let csv = fs::read_to_string(output.join(format!("date=2025-06-02/{table}.csv")));
    let csv = csv.unwrap_or_default();
    let row = |line: &str| {
        let columns: Vec<&str> = line.split(',').skip(1).take(keys + 1).collect();
        columns.join(" ")
    };
    csv.lines().skip(1).map(row).collect()
}

/// So many readers of networks of their own with an agent, from a number on.
fn readers(networks: std::ops::Range<usize>, agent: &str) -> String {
    networks.map(|it| line(it, it, "/", agent)).collect()
}

#[test]
fn a_system_within_a_browser_is_not_subtracted() {
    // Chrome less Windows would be the two readers with Chrome on Linux.
    let few = readers(0..10, DESKTOP) + &readers(10..20, FIREFOX);
    let leaking = few.clone() + &readers(20..22, CHROME_ON_LINUX);
    assert_eq!(rows(&few, "systems", 1), ["Linux 10", "Windows 10"]);
    assert_eq!(rows(&leaking, "browsers", 1), ["Chrome 12", "Firefox 10"]);
    assert!(rows(&leaking, "systems", 1).is_empty());
    let enough = few + &readers(20..25, CHROME_ON_LINUX);
    assert_eq!(rows(&enough, "systems", 1), ["Linux 15", "Windows 10"]);
}

#[test]
fn visits_without_a_campaign_are_not_what_is_left_of_the_total() {
    let target = "/?utm_source=spring&utm_medium=mail&utm_campaign=sale";
    let arrived = |networks: std::ops::Range<usize>| -> String {
        networks.map(|it| line(it, it, target, DESKTOP)).collect()
    };
    let all = arrived(0..10);
    assert_eq!(rows(&all, "campaigns", 3), ["spring mail sale 10"]);
    assert!(rows(&(all.clone() + &readers(10..13, DESKTOP)), "campaigns", 3).is_empty());
    let enough = all + &readers(10..15, DESKTOP);
    assert_eq!(rows(&enough, "campaigns", 3), ["spring mail sale 10"]);
}

#[test]
fn steps_to_a_page_are_not_what_is_left_of_its_pageviews() {
    // Everybody reads every page; steps to /c are ten from /a and, unshown, two from /b.
    let walk = |networks: std::ops::Range<usize>, pages: &[&str]| -> String {
        let steps = networks.flat_map(|network| {
            let pages = pages.iter().enumerate();
            let lines =
                pages.map(move |(at, page)| line(network, 10 * at + network % 7, page, DESKTOP));
            lines.collect::<Vec<_>>()
        });
        steps.collect()
    };
    let named =
        walk(0..10, &["/a", "/c"]) + &walk(20..30, &["/a", "/d"]) + &walk(30..40, &["/b", "/d"]);
    let shown = ["/a /c 10", "/a /d 10", "/b /d 10"];
    assert_eq!(rows(&named, "transitions", 2), shown);
    // Two from /b to /c and three to /a: by themselves an `(other)` of five networks.
    let leaking = named + &walk(40..42, &["/b", "/c"]) + &walk(42..45, &["/b", "/a"]);
    let found = rows(&leaking, "transitions", 2);
    assert!(found.contains(&"/b /d 10".to_owned()), "{found:?}");
    assert!(
        !found.iter().any(|row| row.starts_with("/a /c")),
        "{found:?}"
    );
}
