//! Profiles: what each one promises holds, and no other option takes it back.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    program::{Tree, assert_same, complaint, program, published, report, run_for},
    reference::AGENTS,
    site::{lines, midnight},
};

/// A day's table: rows of cells by column name, in order.
type Table = Vec<BTreeMap<String, String>>;

fn table(tree: &Tree, name: &str) -> Table {
    let text = String::from_utf8(tree[&format!("date=2025-06-03/{name}.csv")].clone());
    let text = text.expect("UTF-8");
    let mut rows = text.lines().map(|line| line.split(',').map(str::to_owned));
    let head: Vec<String> = rows.next().expect("a header").collect();
    rows.map(|row| head.iter().cloned().zip(row).collect())
        .collect()
}

fn names(tree: &Tree) -> Vec<&str> {
    let names = tree.keys().filter_map(|name| name.strip_suffix(".csv"));
    names
        .filter_map(|name| name.strip_prefix("date=2025-06-03/"))
        .collect()
}

fn policy(tree: &Tree) -> Value {
    let manifest: Value =
        serde_json::from_slice(&tree["date=2025-06-03/manifest.json"]).expect("JSON");
    manifest["policy"].clone()
}

struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new(log: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("access.log"), log).expect("a written log");
        Self { folder }
    }

    fn log(&self) -> String {
        let log = self.folder.path().join("access.log");
        log.to_str().expect("a path in UTF-8").to_owned()
    }

    fn report(&self, out: &str, arguments: &[&str]) -> Command {
        let mut command = report(&self.folder.path().join(out));
        command.arg(self.log()).args(arguments);
        command
    }

    fn released(&self, out: &str, arguments: &[&str]) -> Tree {
        run_for(self.report(out, arguments).arg("-q"), 0);
        published(&self.folder.path().join(out))
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], expected: &str) {
        let said = complaint(&run_for(&mut self.report("refused", arguments), 3));
        assert!(said.contains(expected), "{said}");
        assert!(!self.folder.path().join("refused").exists());
    }
}

/// A day of a site: 240 visits of three pages from 40 networks.
fn day() -> String {
    let lines = lines(midnight(2025, 6, 3), 1, 240);
    lines.into_iter().map(|line| line.text).collect()
}

/// The same requests by others of the same networks: of each line another address and another agent.
fn shuffled(log: &str, seed: usize) -> String {
    let mut shuffled = String::new();
    for (number, line) in log.lines().enumerate() {
        let chance = (number * 7919 + seed * 104_729) % 251;
        let (client, rest) = line.split_once(' ').expect("a client");
        let network = client.rsplit_once('.').expect("an address").0;
        let before = rest.rsplitn(3, '"').nth(2).expect("an agent");
        let agent = AGENTS[0].text;
        shuffled += &format!("{network}.{chance} {before}\"{agent} v{chance}\"\n");
    }
    shuffled
}

#[test]
fn counts_only_knows_requests_and_no_visits() {
    let scene = Scene::new(&day());
    let counts = scene.released("counts", &["--profile", "counts-only"]);
    let all = scene.released("all", &[]);
    assert_eq!(names(&counts), ["pages", "statuses", "summary", "traffic"]);
    for name in names(&counts) {
        for (row, expected) in table(&counts, name).iter().zip(table(&all, name)) {
            for (column, cell) in row {
                let is_told = ["requests", "bytes", "pageviews"].contains(&column.as_str());
                let is_key = ["date", "hour", "page", "status"].contains(&column.as_str());
                let expected = if is_told || is_key {
                    &expected[column]
                } else {
                    ""
                };
                assert_eq!(cell, expected, "{column} of {name}");
            }
        }
        assert_eq!(table(&counts, name).len(), table(&all, name).len());
    }
    assert_eq!(table(&counts, "summary")[0]["pageviews"], "720");
    let policy = policy(&counts);
    assert_eq!(
        (&policy["profile"], &policy["visits"]),
        (&"counts-only".into(), &false.into())
    );
    assert_eq!(policy["automated_requests"], Value::Null);
}

/// Nothing depends on who of a network sent which request: nothing is known of it.
#[test]
fn counts_only_tells_no_visitor_from_another() {
    let log = day();
    let scene = Scene::new(&log);
    for period in ["day", "week"] {
        let arguments = ["--profile", "counts-only", "--period", period];
        let expected = scene.released(&format!("as it is, {period}"), &arguments);
        for seed in 0..3 {
            let other = Scene::new(&shuffled(&log, seed));
            let found = other.released("out", &arguments);
            assert_same(&found, &expected, &format!("seed {seed}, {period}"));
        }
    }
    // What is published of visits depends on it, or this would show nothing.
    let other = Scene::new(&shuffled(&log, 0));
    let [one, other] = [&scene, &other].map(|scene| scene.released("visits", &[]));
    assert_ne!(
        table(&one, "summary")[0]["visits"],
        table(&other, "summary")[0]["visits"]
    );
}

#[test]
fn counts_only_is_clean_under_the_audit() {
    let mut log = day();
    let bot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    for line in day().lines().take(30) {
        let before = line.rsplitn(3, '"').nth(2).expect("an agent");
        log += &format!("{before}\"{bot}\"\n");
    }
    // One client asks so often that it would be a machine among visitors, and stands out among networks.
    for line in day().lines().take(400) {
        let rest = line.split_once(' ').expect("a client").1;
        log += &format!("81.20.7.3 {}\n", rest.replace("/about", "/"));
    }
    let scene = Scene::new(&log);
    let arguments = [
        "--profile",
        "counts-only",
        "--allow-overlap",
        "--site-host=example.com",
    ];
    let counts = scene.released("counts", &arguments);
    assert!(names(&counts).contains(&"crawlers"));
    let mut audit = program();
    audit.arg("audit").arg(scene.folder.path().join("counts"));
    audit.args(["--against", &scene.log(), "--site-host=example.com"]);
    let output = run_for(&mut audit, 0);
    assert!(String::from_utf8_lossy(&output.stdout).contains("against the log"));
}

#[test]
fn strict_asks_for_twenty_networks_and_shows_two_levels() {
    let deep = day().replace("/about ", "/docs/guide/install/linux ");
    let deep = deep.replace("/jobs ", "/docs/guide/ ");
    let scene = Scene::new(&deep);
    let strict = scene.released("strict", &["--profile", "strict"]);
    let pages: Vec<String> = table(&strict, "pages")
        .iter()
        .map(|row| row["page"].clone())
        .collect();
    assert!(pages.contains(&"/docs/guide/{…}".to_owned()), "{pages:?}");
    assert!(
        pages.iter().all(|page| !page.contains("install")),
        "{pages:?}"
    );
    assert_eq!(policy(&strict)["path_levels"], 2);
    let manifest = String::from_utf8_lossy(&strict["date=2025-06-03/manifest.json"]).into_owned();
    assert!(manifest.contains("\"k\": 20"), "{manifest}");
    let mut audit = program();
    audit.arg("audit").arg(scene.folder.path().join("strict"));
    run_for(audit.args(["--against", &scene.log()]), 0);
}

#[test]
fn what_would_take_a_promise_back_is_refused() {
    let scene = Scene::new(&day());
    for (arguments, expected) in [
        (&["--k", "4"][..], "fewer than 5 networks protect nobody"),
        (
            &["--profile=strict", "--k=19"],
            "the profile strict promises 20 networks",
        ),
        (
            &["--profile=strict", "--page=/a/:b/:c"],
            "pages show 2 levels at most",
        ),
        (&["--profile=counts-only", "--goal=a=/x"], "knows no visits"),
        (&["--profile=counts-only", "--k=3"], "fewer than 5 networks"),
    ] {
        scene.refused(arguments, expected);
    }
    let stricter = ["--profile=strict", "--k=25", "--page=/a/:b/*"];
    assert!(!names(&scene.released("stricter", &stricter)).is_empty());
}

#[test]
fn a_profile_says_what_it_means() {
    let scene = Scene::new(&day());
    for (name, expected) in [
        ("default", "fewer than 10 networks"),
        ("strict", "the first 2 levels"),
        ("counts-only", "no visitor is ever told from another"),
    ] {
        let out = format!("said-{name}");
        let mut command = scene.report(&out, &["--profile", name]);
        let said = complaint(&run_for(&mut command, 0));
        assert!(said.contains(&format!("profile {name}: ")), "{said}");
        assert!(said.contains(expected), "{said}");
    }
    let said = complaint(&run_for(&mut scene.report("unsaid", &[]), 0));
    assert!(!said.contains("profile"), "{said}");
}

/// The ledger keeps what each period was released under.
#[test]
fn another_profile_begins_with_the_next_period() {
    let lines = lines(midnight(2025, 6, 3), 2, 240);
    let (first, both): (String, String) = (
        lines
            .iter()
            .take(720)
            .map(|line| line.text.as_str())
            .collect(),
        lines.iter().map(|line| line.text.as_str()).collect(),
    );
    let scene = Scene::new(&first);
    let before = scene.released("out", &[]);
    fs::write(scene.log(), both).expect("a written log");
    let after = scene.released("out", &["--profile", "strict"]);
    for (name, bytes) in before.iter().filter(|(name, _)| name.starts_with("date=")) {
        assert_eq!(&after[name], bytes, "{name}");
    }
    let policies: Vec<Value> = ledger(&scene.folder.path().join("out"))
        .into_iter()
        .map(|line| line["policy"].clone())
        .collect();
    assert_eq!(policies.len(), 2);
    assert_ne!(policies[0], policies[1]);
}

fn ledger(out: &Path) -> Vec<Value> {
    let text = fs::read_to_string(out.join("ledger.jsonl")).expect("a ledger");
    let line = |line| serde_json::from_str(line).expect("JSON");
    text.lines().map(line).collect()
}
