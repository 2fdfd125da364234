//! `hushlog export`: partners get less than is released, and what they get is held to it.

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use crate::{
    program::{assert_same, complaint, program, published, report, run_for},
    site::{lines, midnight, text},
};

/// The sample logs, released in `owner`.
struct Scene(TempDir);

const ALL: &str = "summary,traffic,pages,transitions,referrers,campaigns,regions,browsers,systems,devices,\
                   durations,depths,statuses,errors,crawlers";

impl Scene {
    fn new() -> Self {
        let scene = Self::empty();
        scene.report(&[&sample(1), &sample(2)]);
        scene
    }

    fn empty() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn report(&self, logs: &[&str]) {
        run_for(report(&self.path("owner")).arg("-q").args(logs), 0);
    }

    /// Exports to a partner's folder of the same name; what is printed, and what is complained of.
    #[track_caller]
    fn export(&self, partner: &str, tables: &str, k: u32, status: i32) -> (String, String) {
        self.export_into(partner, partner, tables, k, status)
    }

    #[track_caller]
    fn export_into(
        &self,
        folder: &str,
        partner: &str,
        tables: &str,
        k: u32,
        status: i32,
    ) -> (String, String) {
        let mut command = program();
        command.arg("export").arg(self.path("owner"));
        command.args(["--to", partner, "--tables", tables, "-o"]);
        command.arg(self.path(folder)).args(["--k", &k.to_string()]);
        let output = run_for(&mut command, status);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (said, complaint(&output))
    }

    #[track_caller]
    fn audit(&self, folders: &[&str], status: i32) -> String {
        let folders = folders.iter().map(|folder| self.path(folder));
        let output = run_for(program().arg("audit").args(folders), status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn ledger(&self, folder: &str) -> String {
        fs::read_to_string(self.path(folder).join("ledger.jsonl")).expect("a ledger")
    }
}

fn sample(number: usize) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    format!("{root}/sample-logs/shop.log.{number}.gz")
}

/// Several partners with other tables and other k, under one audit with the release.
#[test]
fn exports_are_rows_of_the_release_and_sums_of_them() {
    let scene = Scene::new();
    for (partner, tables, k) in [
        ("all", ALL, 20),
        ("large", ALL, 60),
        ("few", "pages,regions", 25),
        ("errors", "pages,errors,statuses", 15),
    ] {
        let (said, _) = scene.export(partner, tables, k, 0);
        assert_eq!(said.matches(" exported\n").count(), 7, "{said}");
        scene.audit(&[partner], 0);
        for name in published(&scene.path(partner)).keys() {
            let table = name
                .split_once('/')
                .and_then(|(_, file)| file.strip_suffix(".csv"));
            assert!(table.is_none_or(|it| tables.split(',').any(|name| name == it)));
        }
    }
    let said = scene.audit(&["owner", "all", "large", "few", "errors"], 0);
    assert!(!said.contains("differencing  nothing"), "{said}");
    assert!(!said.contains("exports have nothing"), "{said}");
    let rows = |partner: &str| {
        let files = published(&scene.path(partner));
        let tables = files.iter().filter(|(name, _)| name.ends_with(".csv"));
        tables
            .map(|(_, it)| it.iter().filter(|byte| **byte == b'\n').count())
            .sum::<usize>()
    };
    let (owner, all, large) = (rows("owner"), rows("all"), rows("large"));
    assert!(large < all && all < owner, "{large} {all} {owner}");
}

/// The audit finds an export that has something else than its release.
#[test]
fn what_is_no_row_and_no_sum_of_rows_is_found() {
    let scene = Scene::new();
    scene.export("acme", "regions", 20, 0);
    scene.audit(&["owner", "acme"], 0);
    let recorded = scene.ledger("owner");
    let removed = recorded.lines().filter(|line| !line.contains("exported"));
    let without: String = removed.map(|line| format!("{line}\n")).collect();
    fs::write(scene.path("owner").join("ledger.jsonl"), without).expect("a ledger");
    assert!(
        scene
            .audit(&["owner", "acme"], 3)
            .contains("no ledger here records this export")
    );
    fs::write(scene.path("owner").join("ledger.jsonl"), recorded).expect("a ledger");
    let table = scene.path("acme").join("date=2026-11-10/regions.csv");
    let text = fs::read_to_string(&table).expect("a table");
    let other = text.lines().last().expect("a row");
    let cells: Vec<&str> = other.split(',').collect();
    let visits: u64 = cells[3].parse().expect("visits");
    let altered = other.replacen(&format!(",{visits},"), &format!(",{},", visits + 1), 1);
    fs::write(&table, text.replace(other, &altered)).expect("a table");
    let said = scene.audit(&["owner", "acme"], 3);
    assert!(
        said.contains("neither a row of the release nor the sum"),
        "{said}"
    );
}

#[test]
fn a_second_run_adds_what_is_new_and_removes_what_was_withdrawn() {
    let scene = Scene::empty();
    scene.report(&[&sample(2)]);
    let first = scene.export("acme", "pages,regions", 20, 0).0;
    let (files, ledger) = (published(&scene.path("acme")), scene.ledger("owner"));
    assert_eq!(scene.export("acme", "pages,regions", 20, 0).0, "");
    assert_same(&published(&scene.path("acme")), &files, "again");
    assert_eq!(scene.ledger("owner"), ledger);
    // A lost folder is made again, to the byte, and the ledger knows it already.
    fs::rename(scene.path("acme"), scene.path("lost")).expect("a folder moved");
    assert_eq!(scene.export("acme", "regions,pages", 20, 0).0, first);
    assert_same(&published(&scene.path("acme")), &files, "lost");
    assert_eq!(scene.ledger("owner"), ledger);

    scene.report(&[&sample(1)]);
    let withdrawn = first.split(' ').next().expect("a date");
    run_for(
        program()
            .arg("withdraw")
            .arg(scene.path("owner"))
            .arg(withdrawn),
        0,
    );
    let said = scene.audit(&["owner", "acme"], 3);
    assert!(said.contains("still in circulation"), "{said}");
    let second = scene.export("acme", "pages,regions", 20, 0).0;
    assert!(
        second.starts_with(&format!("{withdrawn} removed\n")),
        "{second}"
    );
    assert!(second.contains(" exported\n"), "{second}");
    assert!(
        !scene
            .path("acme")
            .join(format!("date={withdrawn}"))
            .exists()
    );
    scene.audit(&["owner", "acme"], 0);
    assert_eq!(scene.export("acme", "pages,regions", 20, 0).0, "");
}

#[test]
fn what_would_not_be_an_export_is_refused() {
    let scene = Scene::new();
    scene.export("acme", "pages", 20, 0);
    let (files, ledger) = (published(&scene.path("acme")), scene.ledger("owner"));
    for (folder, partner, tables, k, status, reason) in [
        (
            "acme",
            "acme",
            "pages,regions",
            20,
            3,
            "what is exported to acme is pages with k 20",
        ),
        (
            "acme",
            "acme",
            "pages",
            30,
            3,
            "what is exported to acme is pages with k 20",
        ),
        ("acme", "beta", "pages", 20, 3, "was not exported to beta"),
        ("owner", "acme", "pages", 20, 3, "an export lies apart from"),
        (
            "owner/acme",
            "acme",
            "pages",
            20,
            3,
            "an export lies apart from",
        ),
        (".", "acme", "pages", 20, 3, "an export lies apart from"),
        ("beta", "beta", "pages", 9, 3, "was released with k 10"),
        (
            "beta",
            "beta",
            "errors",
            20,
            1,
            "exported only together with pages",
        ),
        ("beta", "beta", "persons", 20, 1, "the tables are summary,"),
        ("beta", "Beta", "pages", 20, 1, "a partner is named by"),
    ] {
        let (_, said) = scene.export_into(folder, partner, tables, k, status);
        assert!(said.contains(reason), "{said}");
    }
    assert_same(&published(&scene.path("acme")), &files, "refused");
    assert_eq!(scene.ledger("owner"), ledger);
    let table = scene.path("owner").join("date=2026-11-10/pages.csv");
    let text = fs::read_to_string(&table).expect("a table");
    fs::write(&table, text.replace(",1", ",2")).expect("a table");
    let (_, said) = scene.export("beta", "regions", 20, 3);
    assert!(said.contains("hushlog audit finds something"), "{said}");
}

#[test]
fn noise_is_not_exported() {
    let scene = Scene::empty();
    let log = scene.path("access.log");
    fs::write(&log, text(&lines(midnight(2025, 6, 3), 1, 400))).expect("a log");
    let mut command = report(&scene.path("owner"));
    run_for(command.args(["-q", "--privacy", "dp"]).arg(log), 0);
    let (_, said) = scene.export("acme", "pages", 20, 3);
    assert!(said.contains("was released with noise"), "{said}");
}
