//! `report --by-host`: each configured host has statistics as if its lines were all there were, and one
//! output folder is by host for good.

use std::{fs, path::PathBuf, process::Command};

use tempfile::TempDir;

use crate::{
    generate::{Scenario, log},
    oracle::arguments,
    program::{Tree, assert_same, complaint, published, report, run_for, run_on, tree},
    reference::{Format, PeriodLength, Settings, expected},
    site::{Line, lines, midnight, text},
};

/// The configured hosts of generated logs. Requests to two more are in them, one of which is as large.
const SITES: [&str; 3] = ["blog.example.com", "shop.example.com", "www.example.com"];

fn settings(period: PeriodLength) -> Settings {
    Settings {
        format: Format::VhostCombined,
        period,
        goals: &[("order", "/shop/*/done"), ("docs", "/docs/*")],
        k: 5,
        ..Settings::default()
    }
}

fn scenarios() -> [Scenario; 3] {
    let scenario = |seed, days, visits_per_day, period| Scenario {
        seed,
        days,
        visits_per_day,
        settings: settings(period),
        ..Scenario::default()
    };
    [
        scenario(701, 2, 300, PeriodLength::Day),
        // The rarer hosts are below the threshold.
        scenario(702, 3, 40, PeriodLength::Day),
        scenario(703, 9, 120, PeriodLength::Week),
    ]
}

/// A place with an output folder.
struct Scene(TempDir);

impl Scene {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("out")
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).expect("a written file");
        path
    }

    /// A run with the settings into the output folder.
    fn report(&self, settings: &Settings) -> Command {
        let mut command = report(&self.out());
        command.args(given(settings));
        command
    }

    fn by_host(&self, settings: &Settings, sites: &[&str]) -> Command {
        let mut command = self.report(settings);
        command.arg("--by-host");
        command.args(sites.iter().map(|site| format!("--site-host={site}")));
        command
    }
}

/// The settings as arguments, without what [`report`] has given.
fn given(settings: &Settings) -> Vec<String> {
    let mut arguments = arguments(settings);
    arguments.retain(|argument| argument != "--no-progress");
    arguments
}

/// What is published of a site.
fn of_site(tree: &Tree, site: &str) -> Tree {
    let prefix = format!("site={site}/");
    let files = tree.iter().filter_map(|(name, bytes)| {
        let name = name.strip_prefix(&prefix)?;
        Some((name.to_owned(), bytes.clone()))
    });
    files.collect()
}

/// The lines of a host, as they are.
fn lines_of<'l>(log: &'l str, host: &str) -> Vec<&'l str> {
    let prefix = format!("{host}:443 ");
    log.split_inclusive('\n')
        .filter(|line| line.starts_with(&prefix))
        .collect()
}

/// The lines of a host as a server logs them that does not log the host.
fn without_host(log: &str, host: &str) -> String {
    let prefix = format!("{host}:443 ");
    let lines = lines_of(log, host).into_iter();
    lines.map(|line| &line[prefix.len()..]).collect()
}

#[test]
fn each_site_is_reported_as_if_its_lines_were_all_there_were() {
    for scenario in scenarios() {
        let (log, by_host) = (log(&scenario), Scene::new());
        let settings = &scenario.settings;
        let input = by_host.file("vhost.log", &log);
        run_for(by_host.by_host(settings, &SITES).arg(input), 0);
        let all = published(&by_host.out());
        let strays = all.keys().find(|name| {
            let in_site = |site: &&str| name.starts_with(&format!("site={site}/"));
            !SITES.iter().any(in_site)
        });
        assert_eq!(strays, None);
        for site in SITES {
            let case = format!("{site}, seed {}", scenario.seed);
            let found = of_site(&all, site);
            check_alone(&found, &log, site, settings, &case);
            check_unnamed(&found, &log, site, settings, &case);
        }
    }
}

/// The same comes of the site's lines by themselves.
fn check_alone(found: &Tree, log: &str, site: &str, settings: &Settings, case: &str) {
    let scene = Scene::new();
    let input = scene.file("vhost.log", lines_of(log, site).concat());
    run_for(scene.by_host(settings, &[site]).arg(input), 0);
    assert_same(found, &of_site(&published(&scene.out()), site), case);
}

/// The same comes, but for the ledger and the name on the page, of a log without hosts; and it is what the
/// definitions say.
fn check_unnamed(found: &Tree, log: &str, site: &str, settings: &Settings, case: &str) {
    let scene = Scene::new();
    let site_hosts = SITES.iter().position(|it| *it == site);
    let settings = Settings {
        format: Format::Combined,
        site_hosts: site_hosts.map_or(&[], |position| &SITES[position..=position]),
        ..settings.clone()
    };
    let log = without_host(log, site);
    run_for(
        scene.report(&settings).arg(scene.file("access.log", &log)),
        0,
    );
    let (mut found, mut alone) = (found.clone(), published(&scene.out()));
    let ledgers = [found.remove("ledger.jsonl"), alone.remove("ledger.jsonl")];
    assert_eq!(ledgers[0].is_some(), ledgers[1].is_some(), "{case}");
    if let Some(page) = found.get_mut("report.html") {
        let named = String::from_utf8(page.clone()).expect("a page of text");
        let title = format!("Web statistics of {site}<");
        assert_eq!(named.matches(&title).count(), 2, "{case}");
        *page = named.replace(&title, "Web statistics<").into_bytes();
    }
    assert_same(&found, &alone, case);
    let mut tables = Tree::new();
    for (date, files) in expected(&log, &settings) {
        for (table, text) in files {
            tables.insert(format!("date={date}/{table}.csv"), text.into_bytes());
        }
    }
    found.retain(|name, _| name.ends_with(".csv"));
    assert_same(&found, &tables, case);
}

#[test]
fn threads_orders_and_files_change_no_byte() {
    let scenario = &scenarios()[0];
    let (log, settings) = (log(scenario), &scenario.settings);
    let published = |files: &[String], arguments: &[&str]| {
        let scene = Scene::new();
        let mut command = scene.by_host(settings, &SITES);
        let files = files.iter().enumerate();
        command.args(files.map(|(number, log)| scene.file(&format!("{number}.log"), log)));
        run_for(command.args(arguments), 0);
        published(&scene.out())
    };
    let expected = published(std::slice::from_ref(&log), &["-j2"]);
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    let (first, second) = lines.split_at(lines.len() / 3);
    let backwards: String = lines.iter().rev().copied().collect();
    for (case, files, arguments) in [
        ("one thread", vec![log.clone()], ["-j1"]),
        ("four threads", vec![log.clone()], ["-j4"]),
        ("backwards", vec![backwards], ["-j2"]),
        (
            "in two files",
            vec![second.concat(), first.concat()],
            ["-j3"],
        ),
        (
            "named in capitals",
            vec![log.replace("shop.", "SHOP.")],
            ["-j2"],
        ),
    ] {
        assert_same(&published(&files, &arguments), &expected, case);
    }
    // The order of sites, and one named twice.
    let scene = Scene::new();
    let sites = [SITES[2], SITES[0], "BLOG.example.com", SITES[1]];
    let input = scene.file("vhost.log", &log);
    run_for(scene.by_host(settings, &sites).arg(input), 0);
    assert_same(&crate::program::published(&scene.out()), &expected, "sites");
}

#[test]
fn hosts_in_the_names_of_files_are_as_good_as_logged_ones() {
    let scenario = &scenarios()[0];
    let (log, settings) = (log(scenario), &scenario.settings);
    let (logged, named) = (Scene::new(), Scene::new());
    let input = logged.file("vhost.log", &log);
    run_for(logged.by_host(settings, &SITES).arg(input), 0);
    let without_hosts = Settings {
        format: Format::Combined,
        ..settings.clone()
    };
    let mut command = named.by_host(&without_hosts, &SITES);
    command.arg("--host-from-file=access-{host}.log*");
    for host in [&SITES[..], &["old.example.com", "cdn.example.com"]].concat() {
        let text = without_host(&log, host);
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let (older, newer) = lines.split_at(lines.len() / 2);
        for (ending, lines) in [("", newer), (".1", older)] {
            command.arg(named.file(&format!("access-{host}.log{ending}"), lines.concat()));
        }
    }
    run_for(&mut command, 0);
    let expected = published(&logged.out());
    assert_same(&published(&named.out()), &expected, "hosts from files");
    // Lines keep the host that they have, whatever the file is called.
    let kept = Scene::new();
    let input = kept.file("access-other.example.log", &log);
    let mut command = kept.by_host(settings, &SITES);
    run_for(
        command.arg("--host-from-file=access-{host}.log").arg(input),
        0,
    );
    assert_same(&published(&kept.out()), &expected, "logged hosts");
    // So it is where hosts are rows of a table.
    let hosts = Scene::new();
    let input = hosts.file("access-www.example.com.log", without_host(&log, SITES[2]));
    let mut command = hosts.report(&without_hosts);
    command.args([
        "--site-host=www.example.com",
        "--host-from-file=*-{host}.log",
    ]);
    run_for(command.arg(input), 0);
    let tables = published(&hosts.out());
    let table = String::from_utf8_lossy(&tables["date=2025-06-03/hosts.csv"]).into_owned();
    assert_eq!(table.lines().count(), 2);
    assert!(table.contains("2025-06-03,www.example.com,"), "{table}");
}

#[test]
fn equal_files_of_two_hosts_are_no_copies() {
    let scene = Scene::new();
    let log = text(&lines(midnight(2025, 6, 3), 1, 60));
    let mut command = report(&scene.out());
    command.args([
        "--site-host=a.example",
        "--site-host=b.example",
        "--by-host",
    ]);
    command.arg("--host-from-file={host}.log*");
    for name in ["a.example.log", "b.example.log", "b.example.log.copy"] {
        command.arg(scene.file(name, &log));
    }
    let output = run_for(&mut command, 0);
    let said = complaint(&output);
    assert!(
        said.contains("b.example.log.copy holds the same lines as"),
        "{said}"
    );
    let all = published(&scene.out());
    let (one, other) = (of_site(&all, "a.example"), of_site(&all, "b.example"));
    assert_eq!(
        one["date=2025-06-03/summary.csv"],
        other["date=2025-06-03/summary.csv"]
    );
}

#[test]
fn a_part_in_common_is_noticed_however_sites_alternate() {
    let scenario = &scenarios()[0];
    let (log, scene) = (log(scenario), Scene::new());
    let shop = lines_of(&log, "shop.example.com").concat();
    let mut command = scene.by_host(&scenario.settings, &SITES);
    command.arg(scene.file("all.log", &log));
    command.arg(scene.file("shop.log", &shop));
    let output = run_for(&mut command, 2);
    let said = complaint(&output);
    assert!(
        said.contains("all.log and") && said.contains("lines in common"),
        "{said}"
    );
    assert_eq!(published(&scene.out()), Tree::new());
}

/// Two hosts with steady traffic, as one log.
fn two_hosts(first: (i64, i64, i64), days: i64) -> Vec<Line> {
    let (year, month, day) = first;
    let lines = lines(midnight(year, month, day), days, 300).into_iter();
    let to_host = |(number, line): (usize, Line)| Line {
        text: format!(
            "{}:443 {}",
            ["a.example", "b.example"][number / 3 % 2],
            line.text
        ),
        ..line
    };
    lines.enumerate().map(to_host).collect()
}

/// A run on such a log.
fn run_on_hosts(scene: &Scene, lines: &[Line], sites: &[&str]) -> Command {
    let log = scene.file("vhost.log", text(lines));
    let mut command = report(&scene.out());
    command.args(["--by-host", "-f", "vhost_combined"]).arg(log);
    command.args(sites.iter().map(|site| format!("--site-host={site}")));
    command
}

const BOTH: [&str; 2] = ["a.example", "b.example"];

/// The dates that a site's ledger names, in its order.
fn released(scene: &Scene, site: &str) -> Vec<String> {
    let ledger = scene.out().join(format!("site={site}/ledger.jsonl"));
    let ledger = fs::read_to_string(ledger).unwrap_or_default();
    let date = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        assert_eq!(line["site"], site);
        line["date"].as_str().expect("a date").to_owned()
    };
    ledger.lines().map(date).collect()
}

#[test]
fn the_same_lines_again_change_nothing() {
    let scene = Scene::new();
    let lines = two_hosts((2025, 6, 3), 2);
    run_for(&mut run_on_hosts(&scene, &lines, &BOTH), 0);
    let before = tree(&scene.out());
    let output = run_for(&mut run_on_hosts(&scene, &lines, &BOTH), 0);
    assert_eq!(complaint(&output), "");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("already released  1800\n"), "{said}");
    assert_same(&tree(&scene.out()), &before, "a rerun");
    // Lines of hosts that are no site are nobody's.
    let mut more = lines;
    more[0].text = more[0].text.replace("a.example", "evil.example");
    more.push(more[0].clone());
    run_for(&mut run_on_hosts(&scene, &more, &BOTH), 0);
    assert_same(&tree(&scene.out()), &before, "with lines of another host");
}

#[test]
fn a_changed_site_does_not_hold_up_another() {
    let scene = Scene::new();
    let mut lines = two_hosts((2025, 6, 3), 1);
    run_for(&mut run_on_hosts(&scene, &lines, &["a.example"]), 0);
    let before = of_site(&published(&scene.out()), "a.example");
    lines.push(lines[0].clone());
    let output = run_for(&mut run_on_hosts(&scene, &lines, &["a.example"]), 3);
    let said = "2025-06-03 of a.example was released before, and its lines have changed";
    assert!(complaint(&output).contains(said));
    let mut next = two_hosts((2025, 6, 3), 2);
    next.push(lines[0].clone());
    let output = run_for(&mut run_on_hosts(&scene, &next, &BOTH), 0);
    assert!(complaint(&output).contains(said));
    assert_eq!(released(&scene, "a.example"), ["2025-06-03", "2025-06-04"]);
    assert_eq!(released(&scene, "b.example"), ["2025-06-04"]);
    let after = published(&scene.out());
    let of_day = |tree: &Tree| tree["date=2025-06-03/pages.csv"].clone();
    assert!(of_day(&of_site(&after, "a.example")) == of_day(&before));
}

/// What was released of one site cannot be released of another once more.
#[test]
fn no_line_counts_for_two_sites() {
    let lines = lines(midnight(2025, 6, 3), 1, 300);
    let run = |scene: &Scene, patterns: &[&str], sites: &[&str]| {
        let mut command = report(&scene.out());
        command.args(["--by-host", "-q"]);
        command.args(patterns.iter().map(|it| format!("--host-from-file={it}")));
        command.args(sites.iter().map(|it| format!("--site-host={it}")));
        command.arg(scene.file("a.example.log", text(&lines[..450])));
        command.arg(scene.file("old-b.example-a.example.log", text(&lines[450..])));
        complaint(&run_for(&mut command, 0))
    };
    for sites in [&BOTH[..], &["b.example"]] {
        let scene = Scene::new();
        // The second file is taken for one of the first's host, and then for its own.
        let mistaken = ["old-b.example-{host}.log", "{host}.log"];
        assert_eq!(run(&scene, &mistaken, &["a.example"]), "");
        assert_eq!(released(&scene, "a.example"), ["2025-06-03"]);
        let said = run(&scene, &["old-{host}-a.example.log", "{host}.log"], sites);
        let expected = "2025-06-03 of b.example is not released: another site was";
        assert!(said.contains(expected), "{said}");
        assert_eq!(released(&scene, "b.example"), [""; 0]);
    }
}

#[test]
fn a_site_that_joins_later_has_what_it_would_have_had() {
    let (late, early) = (Scene::new(), Scene::new());
    let days = [two_hosts((2025, 6, 3), 1), two_hosts((2025, 6, 3), 2)];
    run_for(&mut run_on_hosts(&late, &days[0], &["a.example"]), 0);
    run_for(&mut run_on_hosts(&late, &days[1], &BOTH), 0);
    run_for(&mut run_on_hosts(&early, &days[1], &BOTH), 0);
    assert_same(&published(&late.out()), &published(&early.out()), "later");
    // A site that left is named, and left as it is.
    let output = run_for(&mut run_on_hosts(&late, &days[1], &["b.example"]), 0);
    let said = complaint(&output);
    assert!(
        said.contains("a.example has releases in the output folder"),
        "{said}"
    );
    assert_same(&published(&late.out()), &published(&early.out()), "left");
    let output = run_for(run_on_hosts(&late, &days[1], &["b.example"]).arg("-q"), 0);
    assert_eq!(complaint(&output), "");
}

/// A run on such a log that does not tell its hosts apart.
fn run_on_all(scene: &Scene, lines: &[Line]) -> Command {
    let log = scene.file("vhost.log", text(lines));
    let mut command = report(&scene.out());
    command.args(["-f", "vhost_combined"]).arg(log);
    command
}

#[test]
fn an_output_folder_is_by_host_or_not_for_good() {
    let lines = two_hosts((2025, 6, 3), 1);
    let by_host = |scene: &Scene| run_on_hosts(scene, &lines, &BOTH);
    let all_as_one = |scene: &Scene| run_on_all(scene, &lines);
    type Run<'r> = &'r dyn Fn(&Scene) -> Command;
    let ways: [(Run<'_>, Run<'_>, &str); 2] = [
        (&by_host, &all_as_one, "go on with --by-host"),
        (&all_as_one, &by_host, "go on without --by-host"),
    ];
    for (first, second, said) in ways {
        let scene = Scene::new();
        run_for(&mut first(&scene), 0);
        let before = tree(&scene.out());
        for more in [&[][..], &["--dry-run"], &["--period=week"]] {
            let output = run_for(second(&scene).args(more), 3);
            assert!(complaint(&output).contains(said), "{}", complaint(&output));
        }
        assert_same(&tree(&scene.out()), &before, said);
        run_for(&mut first(&scene), 0);
    }
    // Nor is a site's folder one for all hosts, whatever it is called.
    let scene = Scene::new();
    run_for(&mut by_host(&scene), 0);
    let mut inside = report(&scene.out().join("site=a.example"));
    inside.arg(scene.file("vhost.log", text(&lines)));
    let output = run_for(&mut inside, 3);
    assert!(complaint(&output).contains("one site, here a.example, not all hosts as one"));
    let site = |name: &str| scene.out().join(format!("site={name}"));
    fs::rename(site("b.example"), site("c.example")).expect("a moved folder");
    let output = run_for(&mut run_on_hosts(&scene, &lines, &["c.example"]), 3);
    assert!(complaint(&output).contains("one site, here b.example, not c.example"));
}

#[test]
fn a_folder_in_which_nothing_is_released_is_open_to_either() {
    let lines = two_hosts((2025, 6, 3), 1);
    let scene = Scene::new();
    run_for(run_on_hosts(&scene, &lines, &BOTH).arg("--k=100"), 0);
    run_for(run_on_all(&scene, &lines).arg("--k=100"), 0);
    run_for(&mut run_on_hosts(&scene, &lines, &BOTH), 0);
    assert_eq!(released(&scene, "a.example"), ["2025-06-03"]);
}

#[test]
fn a_site_below_the_threshold_is_told_and_may_be_released_later() {
    let scene = Scene::new();
    let lines = two_hosts((2025, 6, 3), 1);
    let is_kept = |line: &&Line| {
        let few = ["81.20.", "81.27.", "81.34."].iter();
        line.text.starts_with("a.") || few.clone().any(|it| line.text.contains(it))
    };
    let few: Vec<Line> = lines.iter().filter(is_kept).cloned().collect();
    let output = run_for(&mut run_on_hosts(&scene, &few, &BOTH), 0);
    let said = "2025-06-03 of b.example is not published: its requests come from fewer than 10";
    assert!(complaint(&output).contains(said), "{}", complaint(&output));
    assert_eq!(released(&scene, "b.example"), [""; 0]);
    assert!(!scene.out().join("site=b.example/date=2025-06-03").exists());
    run_for(&mut run_on_hosts(&scene, &lines, &BOTH), 0);
    assert_eq!(released(&scene, "b.example"), ["2025-06-03"]);
}

/// A file is missing where all sites in it begin late; one that is quiet at night is no reason.
#[test]
fn a_quiet_site_in_a_common_log_misses_no_file() {
    let nights = |lines: &[Line], site: &str, until: i64| {
        let start = midnight(2025, 6, 4);
        let is_late = |line: &&Line| {
            !line.text.starts_with(site) || line.instant < start || line.instant >= start + until
        };
        lines.iter().filter(is_late).cloned().collect::<Vec<_>>()
    };
    let lines = two_hosts((2025, 6, 3), 2);
    let quiet = nights(&lines, "b.", 6 * 3600);
    let first = |lines: &[Line]| {
        let before = midnight(2025, 6, 4);
        let lines = lines.iter().filter(move |line| line.instant < before);
        lines.cloned().collect::<Vec<_>>()
    };
    let in_common = Scene::new();
    run_for(&mut run_on_hosts(&in_common, &first(&quiet), &BOTH), 0);
    run_for(&mut run_on_hosts(&in_common, &quiet, &BOTH), 0);
    for site in BOTH {
        assert_eq!(released(&in_common, site), ["2025-06-03", "2025-06-04"]);
    }
    // In files of its own it is as if the first of them were missing.
    let apart = Scene::new();
    run_for(&mut run_on_hosts(&apart, &first(&quiet), &BOTH), 0);
    let mut command = report(&apart.out());
    command.args(["--by-host", "-f", "vhost_combined"]);
    for site in BOTH {
        let own = quiet.iter().filter(|line| line.text.starts_with(site));
        command.arg(apart.file(&format!("{site}.log"), text(own)));
        command.arg(format!("--site-host={site}"));
    }
    let output = run_for(&mut command, 2);
    let said = complaint(&output);
    assert!(
        said.contains("2025-06-04 of b.example is held back: its first line, in"),
        "{said}"
    );
    assert!(
        said.contains("b.example.log, is of 2025-06-04 06 h"),
        "{said}"
    );
    assert_eq!(released(&apart, "a.example"), ["2025-06-03", "2025-06-04"]);
    assert_eq!(released(&apart, "b.example"), ["2025-06-03"]);
}

#[test]
fn state_elsewhere_is_by_site_too() {
    let scene = Scene::new();
    let lines = two_hosts((2025, 6, 3), 1);
    let state = scene.0.path().join("private");
    let run = |status| {
        let mut command = run_on_hosts(&scene, &lines, &BOTH);
        complaint(&run_for(command.arg("--state").arg(&state), status))
    };
    run(0);
    assert!(state.join("site=a.example/state.json").exists());
    let before = tree(scene.0.path());
    assert_eq!(run(0), "");
    assert_same(&tree(scene.0.path()), &before, "a rerun");
    let inside = scene.out().join("site=a.example/private");
    let mut command = run_on_hosts(&scene, &lines, &BOTH);
    let said = complaint(&run_for(command.arg("--state").arg(inside), 3));
    assert!(
        said.contains("must not lie in the folder that is published"),
        "{said}"
    );
}

#[test]
fn of_two_runs_at_once_one_gives_way() {
    let scene = Scene::new();
    let lines = two_hosts((2025, 6, 3), 1);
    run_for(&mut run_on_hosts(&scene, &lines, &BOTH), 0);
    let lock = fs::File::open(scene.out().join(".state/lock")).expect("a lock file");
    lock.try_lock().expect("a lock that nobody has");
    for mut command in [
        run_on_hosts(&scene, &lines, &BOTH),
        run_on_all(&scene, &lines),
    ] {
        let output = run_for(&mut command, 1);
        assert!(complaint(&output).contains("another run is publishing here"));
    }
}

#[test]
fn a_log_from_standard_input_needs_hosts_of_its_own() {
    let scene = Scene::new();
    let log = text(&two_hosts((2025, 6, 3), 1));
    let run = |more: &[&str]| {
        let mut command = report(&scene.out());
        command
            .args(["--by-host", "--site-host=a.example", "-"])
            .args(more);
        run_on(&mut command, log.as_bytes())
    };
    let output = run(&["--host-from-file={host}.log"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).starts_with("hushlog: standard input: no host"));
    assert!(run(&["-q"]).status.success());
    assert_eq!(released(&scene, "a.example"), ["2025-06-03"]);
}
