//! Releases with noise, from outside: what is promised is told, drawn once, within the budget, and holds
//! nothing personal.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    program::{Tree, complaint, program, published, report, run_for, tree},
    site::{lines, midnight, text},
};

/// Two days of a site, and a folder for its statistics.
struct Scene {
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        Self::of(&text(&lines(midnight(2025, 6, 3), 2, 900)))
    }

    fn of(log: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("access.log"), log).expect("a written log");
        Self { folder }
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// A run with noise.
    fn noisy(&self, arguments: &[&str]) -> Command {
        let mut command = self.report(arguments);
        command.arg("--privacy=dp");
        command
    }

    fn report(&self, arguments: &[&str]) -> Command {
        let mut command = report(&self.out());
        command
            .args(arguments)
            .arg(self.folder.path().join("access.log"));
        command
    }

    /// The rows of a table of the first day, without the date.
    fn rows(&self, table: &str) -> Vec<Vec<String>> {
        let path = self.out().join(format!("date=2025-06-03/{table}.csv"));
        let text = fs::read_to_string(path).unwrap_or_default();
        let row = |line: &str| line.split(',').skip(1).map(str::to_owned).collect();
        text.lines().skip(1).map(row).collect()
    }

    fn audit(&self, arguments: &[&str]) -> Command {
        let mut command = program();
        command.arg("audit").arg(self.out()).args(arguments);
        command
    }

    fn manifest(&self, date: &str) -> Value {
        let path = self.out().join(format!("date={date}/manifest.json"));
        serde_json::from_slice(&fs::read(path).expect("a manifest")).expect("JSON")
    }

    /// Runs a command that is refused with these words, and changes nothing.
    #[track_caller]
    fn refused(&self, command: &mut Command, said: &str) {
        let before = tree(&self.out());
        let complaint = complaint(&run_for(command, 3));
        assert!(complaint.contains(said), "{complaint}");
        assert!(tree(&self.out()) == before, "something has changed");
    }
}

/// The first lines of tables, by file.
fn headers(files: &Tree) -> BTreeMap<&str, String> {
    let tables = files.iter().filter(|(name, _)| name.ends_with(".csv"));
    let header = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        text.lines().next().unwrap_or_default().to_owned()
    };
    tables
        .map(|(name, bytes)| (name.as_str(), header(bytes)))
        .collect()
}

#[test]
fn a_release_with_noise_has_the_tables_of_any_release_and_says_what_it_promises() {
    let scene = Scene::new();
    run_for(
        scene.noisy(&["-q", "--rho=0.5", "--budget=15"]).arg("-j1"),
        0,
    );
    let files = published(&scene.out());
    let exact = Scene::new();
    run_for(&mut exact.report(&["-q"]), 0);
    let exact = published(&exact.out());
    let (noisy, exact) = (headers(&files), headers(&exact));
    for (name, header) in &noisy {
        let other = exact.get(name);
        assert!(other.is_none_or(|other| other == header), "{name}");
    }
    for table in [
        "summary",
        "traffic",
        "pages",
        "devices",
        "durations",
        "depths",
        "browsers",
    ] {
        let name = format!("date=2025-06-03/{table}.csv");
        assert!(noisy.contains_key(name.as_str()), "{table}");
    }
    let manifest = scene.manifest("2025-06-03");
    let privacy = &manifest["privacy"];
    let members: Vec<&str> = privacy
        .as_object()
        .expect("members")
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "mode",
        "rho",
        "epsilon",
        "delta",
        "epsilon_7d",
        "epsilon_30d",
        "noise",
    ];
    assert_eq!(members, expected);
    assert_eq!(
        (&privacy["mode"], &privacy["rho"]),
        (&"dp".into(), &0.5.into())
    );
    assert_eq!(manifest["accounts"], serde_json::json!({}));
    assert!(manifest.get("hours").is_none());
    run_for(&mut scene.audit(&[]), 0);
    let log = scene.folder.path().join("access.log");
    run_for(scene.audit(&["--against"]).arg(log), 0);
}

/// A day of addresses that each read three pages of seven in turn, and ask for one that there is not.
fn day_of_readers(addresses: usize) -> String {
    let pages = ["/a", "/b", "/c", "/d", "/e", "/f", "/g"];
    let mut log = String::new();
    for address in 0..addresses {
        let client = format!("81.2.{}.{}", address / 200, address % 200);
        let minute = format!("{:02}:{:02}", address / 60, address % 60);
        for step in 0..3 {
            let page = pages[(address + step) % pages.len()];
            let second = 20 * step;
            log += &format!(
                "{client} - - [03/Jun/2025:{minute}:{second:02} +0000] \"GET {page} HTTP/1.1\" 200 9\n"
            );
        }
        log +=
            &format!("{client} - - [03/Jun/2025:{minute}:50 +0000] \"GET /gone HTTP/1.1\" 404 9\n");
    }
    log
}

#[test]
fn what_stands_out_of_the_noise_is_named_and_where_its_page_is() {
    let scene = Scene::of(&day_of_readers(900));
    let strong = ["--rho=1", "--budget=30", "--geo-db=none"];
    let told = run_for(&mut scene.noisy(&strong), 0).stdout;
    let told = String::from_utf8_lossy(&told);
    assert!(
        told.contains("campaigns: withheld: no row stands out of the noise"),
        "{told}"
    );
    let steps = scene.rows("transitions");
    let steps: Vec<&[String]> = steps.iter().map(|row| &row[..2]).collect();
    assert!(
        steps.len() == 7 && steps.contains(&&["/a", "/b"].map(str::to_owned)[..]),
        "{steps:?}"
    );
    // Lower edges of bins that the noise hardly moves.
    assert_eq!(scene.rows("summary")[0][7], "30");
    let medians: Vec<String> = scene
        .rows("pages")
        .into_iter()
        .map(|row| row[8].clone())
        .collect();
    assert!(medians.iter().all(|median| median == "10"), "{medians:?}");

    let few = Scene::of(&day_of_readers(900));
    run_for(few.noisy(&strong).args(["-q", "--top=3"]), 0);
    let pages: Vec<String> = few
        .rows("pages")
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    assert_eq!(pages.len(), 3);
    assert!(few.rows("devices").len() > 3, "known names are not limited");
    let steps = few.rows("transitions");
    assert!(
        steps
            .iter()
            .all(|row| pages.contains(&row[0]) && pages.contains(&row[1])),
        "{steps:?}"
    );
    let gone = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).contains("/gone");
    assert!(!published(&few.out()).values().any(gone));
}

#[test]
fn the_default_promise_is_the_documented_one() {
    let scene = Scene::new();
    run_for(&mut scene.noisy(&["-q"]), 0);
    let privacy = scene.manifest("2025-06-04")["privacy"].clone();
    for (name, expected) in [
        ("rho", 0.1),
        ("delta", 1e-7),
        ("epsilon", 2.35),
        ("epsilon_7d", 6.869),
        ("epsilon_30d", 16.181),
    ] {
        assert_eq!(privacy[name].as_f64(), Some(expected), "{name}");
    }
    let weekly = Scene::new();
    run_for(&mut weekly.noisy(&["-q", "--period=week"]), 0);
    let of_week = weekly.manifest("2025-06-02")["privacy"].clone();
    assert_eq!(of_week["epsilon_7d"], privacy["epsilon_7d"]);
    assert_eq!(of_week["rho"].as_f64(), Some(0.014_286));
    run_for(&mut weekly.audit(&[]), 0);
}

/// Numbers are those of bounded units, within eight standard deviations of the noise that the manifest
/// tells: each of 200 addresses makes four or five visits of three pages, of which two visits and eight
/// pageviews count.
#[test]
fn noise_is_as_large_as_the_manifest_says() {
    let scene = Scene::new();
    run_for(&mut scene.noisy(&["-q"]), 0);
    let deviations = scene.manifest("2025-06-03")["privacy"]["noise"]["summary"].clone();
    let summary = fs::read_to_string(scene.out().join("date=2025-06-03/summary.csv"));
    let summary = summary.expect("a summary");
    let mut rows = summary.lines().map(|line| line.split(','));
    let (names, cells) = (rows.next().expect("a header"), rows.next().expect("a row"));
    let cells: BTreeMap<&str, &str> = names.zip(cells).collect();
    for (name, expected) in [
        ("requests", 2700.0),
        ("pageviews", 1600.0),
        ("visits", 400.0),
        ("visitors", 200.0),
    ] {
        let deviation = deviations[name].as_f64().expect("a deviation");
        let found: f64 = cells[name].parse().expect("a number");
        assert!(
            (found - expected).abs() < 8.0 * deviation,
            "{name}: {found}"
        );
    }
}

#[test]
fn noise_is_drawn_once() {
    let scene = Scene::new();
    run_for(&mut scene.noisy(&["-q"]), 0);
    scene.refused(&mut scene.noisy(&["-q"]), "noise is drawn once");
    // Changed lines are no reason to draw again.
    let log = scene.folder.path().join("access.log");
    let old = fs::read_to_string(&log).expect("a log");
    let more = text(&lines(midnight(2025, 6, 5), 1, 900));
    fs::write(&log, &old[..old.len() / 2]).expect("a written log");
    scene.refused(&mut scene.noisy(&["-q"]), "noise is drawn once");
    // A new day is released; the old ones stay as they are.
    let before = published(&scene.out());
    fs::write(&log, old + &more).expect("a written log");
    run_for(&mut scene.noisy(&["-q"]), 0);
    let after = published(&scene.out());
    let is_same = |(name, bytes): (&String, &Vec<u8>)| {
        !name.starts_with("date=") || after.get(name) == Some(bytes)
    };
    assert!(before.iter().all(is_same));
    assert!(after.contains_key("date=2025-06-05/manifest.json"));
}

#[test]
fn two_runs_draw_different_noise() {
    let [one, other] = [(); 2].map(|()| {
        let scene = Scene::new();
        run_for(&mut scene.noisy(&["-q"]), 0);
        published(&scene.out())
    });
    assert_ne!(
        one["date=2025-06-03/traffic.csv"],
        other["date=2025-06-03/traffic.csv"]
    );
}

#[test]
fn a_folder_has_one_kind_of_protection() {
    let scene = Scene::new();
    run_for(&mut scene.noisy(&["-q"]), 0);
    scene.refused(
        &mut scene.report(&["-q"]),
        "one kind of protection, here noise with a budget of 3 for 30 days, not a threshold",
    );
    scene.refused(
        &mut scene.noisy(&["-q", "--budget=4"]),
        "not noise with a budget of 4",
    );
    let exact = Scene::new();
    run_for(&mut exact.report(&["-q"]), 0);
    exact.refused(&mut exact.noisy(&["-q"]), "here a threshold, not noise");
}

#[test]
fn the_budget_of_thirty_days_is_kept() {
    let scene = Scene::new();
    let run = |rho: &str| scene.noisy(&["-q", "--budget=0.3", rho]);
    // The first day is within it, the second is not.
    let said = complaint(&run_for(&mut run("--rho=0.2"), 3));
    assert!(said.contains("2025-06-04 is not released"), "{said}");
    scene.refused(
        &mut run("--rho=0.11"),
        "than the budget allows over 30 days",
    );
    run_for(&mut run("--rho=0.1"), 0);
    run_for(&mut scene.audit(&[]), 0);
    assert!(scene.out().join("date=2025-06-04").exists());
}

#[test]
fn rho_has_limits() {
    let scene = Scene::new();
    let said = complaint(&run_for(&mut scene.noisy(&["--rho=2"]), 3));
    assert!(said.contains("choose 1 or less"), "{said}");
    let said = complaint(&run_for(&mut scene.noisy(&["--rho=0.001"]), 1));
    assert!(said.contains("drowns in noise"), "{said}");
    assert!(!scene.out().exists());
}

/// What a release says of its noise cannot be changed without the audit finding it.
#[test]
fn an_audit_finds_a_promise_that_is_too_good() {
    let scene = Scene::new();
    run_for(&mut scene.noisy(&["-q"]), 0);
    let path = scene.out().join("date=2025-06-03/manifest.json");
    let manifest = fs::read_to_string(&path).expect("a manifest");
    for (truth, lie, found) in [
        (
            "\"epsilon\": 2.35",
            "\"epsilon\": 1.9",
            "promises more than follows",
        ),
        (
            "\"rho\": 0.1,",
            "\"rho\": 0.05,",
            "not what its ledger does",
        ),
        (
            "\"accounts\": {}",
            "\"accounts\": {\"parsed\": 5400}",
            "(with noise, or for partners, none)",
        ),
        (
            "\"mode\": \"dp\",\n    \"rho\": 0.1,",
            "\"mode\": \"k\",\n    \"k\": 10,",
            "says otherwise",
        ),
    ] {
        assert!(manifest.contains(truth), "{truth}");
        fs::write(&path, manifest.replace(truth, lie)).expect("a written manifest");
        let output = run_for(&mut scene.audit(&[]), 3);
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(told.contains(found), "{lie}\n{told}");
    }
}
