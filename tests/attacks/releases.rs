//! Differencing: two releases of the same requests, a few of them left out or added, whose difference is
//! those few. Under one ledger nothing is released twice, however it is asked for.

use std::fs;

use super::{Released, Request, Site, readers};
use crate::program::{Tree, assert_same, complaint, program, published, report, run, run_for};

/// The victim alone asks for a page, in the network of a number.
fn victim() -> String {
    Request {
        client: "93.184.216.34",
        target: "/secret",
        second: 50_000,
        ..Request::default()
    }
    .line()
}

/// A released day, in which the victim was.
fn released() -> (Site, Tree) {
    let crowd = readers(0..20, &Request::default());
    let pages = readers(
        20..40,
        &Request {
            target: "/more",
            ..Request::default()
        },
    );
    let site = Site::new(crowd + &pages + &victim());
    run_for(site.report().arg("-q"), 0);
    let before = published(&site.out());
    assert!(!before.is_empty());
    (site, before)
}

/// The same day again with other settings, each of which would leave a few out or name others.
#[test]
fn the_same_day_with_other_settings() {
    for setting in [
        "--exclude-ip=93.184.216.34",
        "--exclude-path=/secret",
        "--include-path=/secret",
        "--exclude-status=4xx",
        "--exclude-method=GET",
        "--exclude-host=*",
        "--since=2025-06-02",
        "--k=6",
        "--top=1",
        "--visit-timeout=1m",
        "--page=/:any",
        "--path-word=secret",
        "--keep-query=q",
        "--goal=secret=/secret",
        "--site-host=www.example.com",
        "--crawlers=include",
        "--automated-pageviews=1",
        "--log-tz=Europe/Berlin",
        "--include-open",
        "--allow-partial",
        "--grace=1h",
        "--threads=1",
    ] {
        let (site, before) = released();
        run_for(site.report().arg(setting).arg("-q"), 0);
        assert_same(&published(&site.out()), &before, setting);
    }
}

/// The same day again with a line more, or less, in every way that lines are read.
#[test]
fn the_same_day_with_other_lines() {
    for (attack, changed) in [
        ("without the victim", readers(0..20, &Request::default())),
        (
            "the victim again",
            fs::read_to_string(released().0.path("access.log")).expect("a log") + &victim(),
        ),
        ("the victim alone", victim()),
        (
            "the victim at another time",
            victim().replace("13:53:20", "13:53:21"),
        ),
    ] {
        let (site, before) = released();
        site.write("access.log", changed);
        let output = run(site.report().arg("-q"));
        assert!(
            [Some(0), Some(3)].contains(&output.status.code()),
            "{attack}"
        );
        assert_same(&published(&site.out()), &before, attack);
    }
}

/// Day by day, as a log grows, and each time a look at what is new.
#[test]
fn a_growing_log_day_by_day() {
    let site = Site::new("");
    let mut log = String::new();
    let mut before = Tree::new();
    for day in 2..6 {
        log += &readers(
            0..20,
            &Request {
                day,
                second: 0,
                ..Request::default()
            },
        );
        site.write("access.log", &log);
        run_for(site.report().arg("-q"), 0);
        let after = published(&site.out());
        for (name, bytes) in before.iter().filter(|(name, _)| name.starts_with("date=")) {
            assert_eq!(after.get(name), Some(bytes), "{name}");
        }
        before = after;
        // A late line of a day that has been released.
        log += &Request {
            day,
            client: "93.184.216.34",
            second: 86_399,
            ..Request::default()
        }
        .line();
    }
    assert_eq!(Released(before).days().len(), 4);
}

/// What the program remembers releases by is taken away, one after the other.
#[test]
fn a_memory_that_is_lost_or_put_back() {
    let remove = |site: &Site, name: &str| {
        let path = site.out().join(name);
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.expect("something to remove");
    };
    type Attack<'a> = (&'a str, &'a dyn Fn(&Site));
    let attacks: [Attack<'_>; 5] = [
        ("without state", &|site| remove(site, ".state")),
        ("without ledger", &|site| remove(site, "ledger.jsonl")),
        ("with an empty ledger", &|site| {
            site.write("out/ledger.jsonl", "");
        }),
        ("without ledger and state", &|site| {
            remove(site, ".state");
            remove(site, "ledger.jsonl");
        }),
        ("without the day", &|site| remove(site, "date=2025-06-02")),
    ];
    for (attack, lose) in attacks {
        let (site, before) = released();
        lose(&site);
        let log = fs::read_to_string(site.path("access.log")).expect("a log");
        site.write("access.log", log + &victim());
        let output = run(site.report().arg("-q"));
        assert!(!complaint(&output).is_empty(), "{attack}");
        let tables = |tree: Tree| -> Tree {
            tree.into_iter()
                .filter(|(name, _)| name.starts_with("date="))
                .collect()
        };
        let (after, before) = (tables(published(&site.out())), tables(before));
        for (name, bytes) in after {
            assert_eq!(before.get(&name), Some(&bytes), "{attack}: {name}");
        }
    }
}

/// Another ledger beside the same folder would be a second release of the same requests.
#[test]
fn another_ledger_for_the_same_folder() {
    let (site, before) = released();
    let log = fs::read_to_string(site.path("access.log")).expect("a log");
    site.write("access.log", log + &victim());
    let output = run(site.report().arg("--ledger").arg(site.path("second.jsonl")));
    assert_ne!(output.status.code(), Some(0), "{}", complaint(&output));
    assert_same(&published(&site.out()), &before, "another ledger");
    assert!(!site.path("second.jsonl").exists());
}

/// One ledger for two folders is one memory.
#[test]
fn another_folder_for_the_same_ledger() {
    let (site, _) = released();
    let log = fs::read_to_string(site.path("access.log")).expect("a log");
    site.write("access.log", log + &victim());
    let folder = site.path("other");
    let mut elsewhere = report(&folder);
    elsewhere.arg(site.path("access.log"));
    elsewhere.args(["--k=5", "--geo-db=none", "--ledger"]);
    let output = run(elsewhere.arg(site.out().join("ledger.jsonl")));
    assert!(complaint(&output).contains("was released before"));
    assert!(published(&folder).is_empty());
}

/// No program can know of a ledger that it is not shown. Whoever makes two has been told.
#[test]
fn two_ledgers_are_warned_of() {
    let help = run_for(program().args(["report", "--help"]), 0).stdout;
    let help = String::from_utf8_lossy(&help)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    assert!(
        help.contains("two ledgers for one log void the threshold"),
        "{help}"
    );
    let manual = include_str!("../../README.md");
    assert!(manual.contains("Two ledgers over the same log are one too many"));
}
