//! Attacks by subtraction between published tables, as logs that would give a small group away if rows
//! were rolled up table by table alone.

use super::{K, Released, Request, Site, WINDOWS as DESKTOP, readers as crowd};
use crate::{geo::regions, program::run_for};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0";
const CHROME_ON_LINUX: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                               Chrome/138.0.0.0 Safari/537.36";

/// The request of a page by a reader of the network of this number.
fn line(network: usize, second: usize, target: &str, agent: &str) -> String {
    let client = &super::reader(network);
    let second = 8 * 3600 + second;
    Request {
        client,
        second,
        target,
        agent,
        ..Request::default()
    }
    .line()
}

/// The key columns and the first number of a table's rows; nothing if it is withheld.
fn rows(log: &str, table: &str, keys: usize) -> Vec<String> {
    Released::of(log, &[]).cells(table, keys + 1)
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
fn answered_requests_are_not_the_total_less_the_errors() {
    let missing = |networks: std::ops::Range<usize>| -> String {
        let lines = networks.map(|it| line(it, it, "/gone", DESKTOP));
        lines
            .map(|line| line.replace("\" 200 ", "\" 404 "))
            .collect()
    };
    let errors = missing(0..10) + &missing(10..15).replace("/gone", "/lost");
    for (answered, shown) in [(2, false), (K - 1, false), (K, true)] {
        let log = errors.clone() + &readers(20..20 + answered, DESKTOP);
        assert_eq!(!rows(&log, "errors", 2).is_empty(), shown, "{answered}");
    }
}

/// Pages that are not published by themselves are not named as somebody's next one either.
#[test]
fn steps_do_not_name_the_pages_that_pages_leave_out() {
    let walk = |networks: std::ops::Range<usize>, pages: [&str; 2]| -> String {
        let steps = networks.flat_map(|network| {
            let lines = [0, 1].map(|at| line(network, 10 * at + network % 7, pages[at], DESKTOP));
            lines.into_iter()
        });
        steps.collect()
    };
    // /small is of enough networks, but goes with /tiny; steps from /large that have no name are enough
    // without those to /small.
    let log = walk(0..15, ["/large", "/next"])
        + &walk(20..35, ["/large", "/more"])
        + &walk(40..40 + K, ["/large", "/small"])
        + &walk(50..54, ["/large", "/tiny"])
        + &walk(60..63, ["/large", "/large"])
        + &walk(70..72, ["/next", "/small"])
        + &walk(72..75, ["/more", "/small"]);
    assert_eq!(
        rows(&log, "pages", 1),
        ["/large 45", "/more 18", "/next 17", "(other) 14"]
    );
    assert_eq!(
        rows(&log, "transitions", 2),
        ["/large /more 15", "/large /next 15", "/large (other) 12"]
    );
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

/// One small page beside large ones would be the total less those.
#[test]
fn a_single_page_is_not_what_is_left_of_the_total() {
    let page = |networks, target: &str| {
        crowd(
            networks,
            &Request {
                target,
                ..Request::default()
            },
        )
    };
    let large = page(0..20, "/a") + &page(20..40, "/b") + &page(40..52, "/c");
    for few in [1, 2, K - 1] {
        let found = rows(
            &(large.clone() + &page(60..60 + few, "/secret")),
            "pages",
            1,
        );
        assert_eq!(found, ["/a 20", "/b 20", &format!("(other) {}", 12 + few)]);
    }
    // Two that together are too few are no better.
    let few = page(60..61, "/secret") + &page(61..60 + K - 1, "/hidden");
    let found = rows(&(large.clone() + &few), "pages", 1);
    assert_eq!(found, ["/a 20", "/b 20", "(other) 16"]);
    // Two of K networks together are a group; one of them alone is named.
    let two = page(60..62, "/secret") + &page(62..60 + K, "/hidden");
    let found = rows(&(large.clone() + &two), "pages", 1);
    assert_eq!(found, ["/a 20", "/b 20", "/c 12", &format!("(other) {K}")]);
    let named = page(60..60 + K, "/secret");
    assert!(rows(&(large + &named), "pages", 1).contains(&format!("/secret {K}")));
}

/// An `(other)` of one row would be that row, without its name but with its numbers.
#[test]
fn a_row_that_is_one_too_many_is_not_alone() {
    let page = |networks, target: &str| {
        crowd(
            networks,
            &Request {
                target,
                ..Request::default()
            },
        )
    };
    let log = page(0..20, "/a") + &page(20..38, "/b") + &page(40..56, "/c") + &page(60..74, "/d");
    let found = Released::of(&log, &["--top=3"]).cells("pages", 2);
    assert_eq!(found, ["/a 20", "/b 18", "(other) 30"]);
    // Without any name there is the total.
    let nameless = Released::of(&log, &["--top=0"]);
    assert!(nameless.cells("pages", 2).is_empty());
    assert_eq!(nameless.cells("summary", 1), ["68"]);
}

/// All statuses but one, all hours but one.
#[test]
fn the_complement_of_all_rows_but_one() {
    let quiet = |hour: usize, networks| {
        crowd(
            networks,
            &Request {
                second: hour * 3600,
                ..Request::default()
            },
        )
    };
    let hours = quiet(8, 0..20) + &quiet(9, 20..40) + &quiet(10, 40..42);
    assert_eq!(rows(&hours, "traffic", 1), ["08 20", "(other) 22"]);
    let missing = crowd(60..62, &Request::default()).replace("\" 200 ", "\" 404 ");
    let moved = crowd(70..80, &Request::default()).replace("\" 200 ", "\" 301 ");
    let statuses = crowd(0..20, &Request::default()) + &moved + &missing;
    assert_eq!(rows(&statuses, "statuses", 1), ["200 20", "(other) 12"]);
}

/// A country is the sum of its regions: one of few networks would be the country less the others.
#[test]
fn a_region_is_not_what_is_left_of_its_country() {
    let found = |few: usize| {
        let visits = |prefix: &str, networks: std::ops::Range<usize>| -> String {
            let of = |network| {
                let client = &format!("{prefix}.{network}.9");
                Request {
                    client,
                    second: 30_000 + network,
                    ..Request::default()
                }
                .line()
            };
            networks.map(of).collect()
        };
        let log = visits("81.10", 0..12)
            + &visits("81.20", 0..12)
            + &visits("81.30", 0..few)
            + &visits("82.10", 0..12);
        let site = Site::new(log);
        let database = regions(
            site.0.path(),
            &[
                ("81.10.0.0/16", "FR", "Normandy"),
                ("81.20.0.0/16", "FR", "Brittany"),
                ("81.30.0.0/16", "FR", "Corsica"),
                ("82.10.0.0/16", "DE", "Bavaria"),
            ],
        );
        run_for(site.report().arg("--geo-db").arg(database), 0);
        Released::in_folder(&site.out()).cells("regions", 3)
    };
    assert_eq!(
        found(K)[1..],
        ["FR FR-20R 5", "FR FR-BRE 12", "FR FR-NOR 12"]
    );
    for few in [1, K - 1] {
        let rows = found(few);
        assert!(
            rows.contains(&format!("FR (other) {}", 12 + few)),
            "{rows:?}"
        );
        assert_eq!(rows.len(), 3, "{rows:?}");
    }
}

/// The same with a campaign in its medium and source.
#[test]
fn a_campaign_is_not_what_is_left_of_its_source() {
    let found = |few: usize| {
        let arrived = |networks, source: &str, campaign: &str| {
            let target = &format!("/?utm_source={source}&utm_medium=mail&utm_campaign={campaign}");
            crowd(
                networks,
                &Request {
                    target,
                    ..Request::default()
                },
            )
        };
        let log = arrived(0..12, "spring", "sale")
            + &arrived(20..32, "spring", "news")
            + &arrived(40..40 + few, "spring", "vip")
            + &arrived(60..72, "autumn", "sale")
            + &crowd(80..100, &Request::default());
        rows(&log, "campaigns", 3)
    };
    assert!(found(K).contains(&format!("spring mail vip {K}")));
    for few in [1, K - 1] {
        let rows = found(few);
        assert!(!rows.iter().any(|row| row.contains("vip")), "{rows:?}");
        assert!(
            rows.contains(&format!("spring mail (other) {}", 12 + few)),
            "{rows:?}"
        );
    }
}

/// One visitor loads most of the bytes of one hour. That cell is empty, and so is another: by itself it
/// would be the day less the other hours.
#[test]
fn a_dominating_visitor_is_not_the_total_less_the_others() {
    let hour = |hour: usize, networks, bytes| {
        crowd(
            networks,
            &Request {
                second: hour * 3600,
                bytes,
                ..Request::default()
            },
        )
    };
    let heavy = Request {
        client: "93.184.216.34",
        second: 36_100,
        bytes: 900_000,
        ..Request::default()
    };
    let log = hour(8, 0..40, 50_000)
        + &hour(9, 40..80, 40_000)
        + &hour(10, 80..100, 1000)
        + &heavy.line();
    let released = Released::of(&log, &[]);
    let traffic = released.rows("traffic");
    let bytes: Vec<&str> = traffic.iter().map(|row| row[2].as_str()).collect();
    assert_eq!(traffic.len(), 3);
    assert_eq!(bytes[2], "", "{bytes:?}");
    let total: u64 = released.rows("summary")[0][1]
        .parse()
        .expect("the bytes of the day");
    let known: u64 = bytes
        .iter()
        .filter_map(|bytes| bytes.parse::<u64>().ok())
        .sum();
    let left = total - known;
    assert!(
        heavy.bytes * 2 <= left,
        "{left} B are left, {} of them one visitor's",
        heavy.bytes
    );
}

/// A page's pageviews are its exits and the steps from it: where few go on, no step gives them away.
#[test]
fn few_who_go_on_are_not_the_pageviews_less_the_exits() {
    let walk = |networks: std::ops::Range<usize>, pages: &[&str]| -> String {
        let step =
            |network: usize, at: usize| line(network, 20 * at + network % 7, pages[at], DESKTOP);
        networks
            .flat_map(|network| (0..pages.len()).map(move |at| step(network, at)))
            .collect()
    };
    let released = |few: usize| {
        let log = walk(0..20, &["/a"])
            + &walk(20..40, &["/b", "/c"])
            + &walk(40..40 + few, &["/a", "/b"])
            + &walk(50..50 + few, &["/a", "/c"]);
        Released::of(&log, &[])
    };
    let steps = released(2).cells("transitions", 3);
    assert!(
        !steps.iter().any(|step| step.starts_with("/a ")),
        "{steps:?}"
    );
    // Outcomes of a published group are told: that four went on, but not where to.
    let pages = released(2).rows("pages");
    assert_eq!((pages[0][0].as_str(), pages[0][6].as_str()), ("/a", "4"));
    let steps = released(K).cells("transitions", 3);
    assert_eq!(steps, ["/a /b 5", "/a /c 5", "/b /c 20"]);
}

/// What is in no row of a table is compared with others as a row is.
#[test]
fn those_without_a_campaign_are_not_what_is_left_of_a_browser() {
    let arrived = |networks: std::ops::Range<usize>, campaign: &str, agent: &str| -> String {
        let target = &format!("/?utm_source=spring&utm_medium=mail&utm_campaign={campaign}");
        networks.map(|it| line(it, it, target, agent)).collect()
    };
    let log = arrived(0..10, "sale", DESKTOP)
        + &arrived(10..20, "news", FIREFOX)
        + &readers(20..40, FIREFOX);
    assert_eq!(rows(&log, "browsers", 1), ["Chrome 10", "Firefox 30"]);
    // Chrome less the sale would be two readers.
    let leaking = log + &readers(50..52, DESKTOP);
    let campaigns = ["spring mail news 10", "spring mail sale 10"];
    assert_eq!(rows(&leaking, "campaigns", 3), campaigns);
    assert!(rows(&leaking, "browsers", 1).is_empty());
}

/// Three tables tell of visits that no two of them tell of: here of those that began in an hour in which
/// few did, though enough networks sent requests.
#[test]
fn a_quiet_hour_is_not_told_by_three_tables_together() {
    let firefox = &FIREFOX.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64");
    let visits = |networks: std::ops::Range<usize>, minute: usize, agent: &str, referrer: &str| {
        let request = Request {
            second: 9 * 3600 + minute * 60,
            agent,
            referrer,
            ..Request::default()
        };
        crowd(networks, &request)
    };
    let search = "https://www.google.com/";
    let log = visits(0..20, 50, DESKTOP, "-")
        + &visits(0..20, 62, DESKTOP, "-")
        + &visits(20..40, 30, firefox, search)
        + &visits(40..60, 30, CHROME_ON_LINUX, search);
    // Firefox and Linux less what a search has found would be those with both.
    let with_both = |minute| visits(60..63, minute, FIREFOX, search);
    let systems = |minute| rows(&(log.clone() + &with_both(minute)), "systems", 1);
    assert_eq!(systems(30), ["Linux 23", "Windows 40"]);
    assert!(systems(70).is_empty());
}

/// Of an hour in which few visits began and the hour with the fewest requests, whose numbers are left
/// empty together, the sum is known; of any other hour its number.
#[test]
fn a_browser_is_not_subtracted_from_an_hour_beside_emptied_ones() {
    let at = |networks: std::ops::Range<usize>, hour: usize, minute: usize, agent: &str| {
        let second = hour * 3600 + minute * 60;
        let request = Request {
            second,
            agent,
            ..Request::default()
        };
        crowd(networks, &request)
    };
    // At eleven ten go on reading, and two come.
    let log = at(0..30, 8, 10, DESKTOP)
        + &at(30..42, 9, 10, DESKTOP)
        + &at(42..72, 10, 50, FIREFOX)
        + &at(42..52, 11, 5, FIREFOX)
        + &at(72..74, 11, 30, DESKTOP);
    assert_eq!(rows(&log, "browsers", 1), ["Chrome 44", "Firefox 30"]);
    // Firefox less ten o'clock would be two readers.
    let leaking = log + &at(80..82, 8, 20, FIREFOX);
    assert!(rows(&leaking, "browsers", 1).is_empty());
}

/// A table that has given way to one is compared with others as it is then.
#[test]
fn a_table_gives_way_to_what_is_left_of_another() {
    const CHROME: &str = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0";
    const SAFARI: &str = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5";
    const MAC: &str = "Macintosh; Intel Mac OS X 10_15_7";
    const IPAD: &str = "iPad; CPU OS 18_5 like Mac OS X";
    const ANDROID: &str = "Linux; Android 10; K";
    let visits = |networks: std::ops::Range<usize>, hour: usize, agent: &str| {
        let request = Request {
            second: hour * 3600,
            agent,
            ..Request::default()
        };
        crowd(networks, &request)
    };
    let on = |system: &str, browser: &str| format!("Mozilla/5.0 ({system}) {browser}");
    let firefox = &FIREFOX.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64");
    let edge = &format!("{DESKTOP} Edg/138.0.0.0");
    // Firefox less nine o'clock would be one reader, Safari less iOS two, and Android less phones two, as
    // long as it has a row.
    let log = visits(0..10, 9, firefox)
        + &visits(10..11, 8, firefox)
        + &visits(11..21, 8, edge)
        + &visits(21..61, 8, DESKTOP)
        + &visits(71..73, 8, &on(MAC, &format!("{SAFARI} Safari/605.1.15")))
        + &visits(
            73..83,
            8,
            &on(IPAD, &format!("{SAFARI} Mobile/15E148 Safari/604.1")),
        )
        + &visits(
            83..93,
            8,
            &on(ANDROID, &format!("{CHROME} Mobile Safari/537.36")),
        )
        + &visits(93..95, 8, &on(ANDROID, &format!("{CHROME} Safari/537.36")))
        + &visits(100..130, 8, &on(MAC, &format!("{CHROME} Safari/537.36")));
    let released = Released::of(&log, &[]);
    let found = ["browsers", "systems", "devices"].map(|table| released.cells(table, 2));
    assert_eq!(found[0], ["Chrome 82", "Safari 12", "(other) 21"]);
    assert_eq!(found[1], ["Windows 61", "macOS 32", "(other) 22"]);
    assert_eq!(found[2], ["desktop 93", "mobile 10", "tablet 12"]);
}
