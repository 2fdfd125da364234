//! The stages of a report as streams, with this test in the place of an engine: it divides lines among
//! tasks, sorts their hits, divides them by visitor, and compares every file with that of one report.

mod engine;
mod hostile;

use std::{
    collections::BTreeSet,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use flate2::read::MultiGzDecoder;

pub(crate) use self::engine::sorted;
use self::engine::{Cell, Job, Stream};
use crate::{
    keys::{Scene, check_said},
    program::{assert_same, complaint, program, report, run, run_for, run_on, tree},
    site::{lines, midnight, text},
};

/// A first part of the sample log.
fn sample() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs/shop.log.1.gz");
    let file = fs::File::open(path).expect("a sample log");
    let mut log = Vec::new();
    let mut decoder = MultiGzDecoder::new(file).take(1_000_000);
    decoder.read_to_end(&mut log).expect("a log");
    let whole = log.iter().rposition(|byte| *byte == b'\n');
    log.truncate(whole.expect("lines") + 1);
    log
}

/// Settings that have something to say about every kind of string and number.
const SETTINGS: [&[&str]; 5] = [
    &[],
    &["--period", "week", "--tz", "Asia/Tokyo", "--top", "5"],
    &[
        "--goal",
        "cart=/shop/cart*",
        "--goal",
        "blog=/blog/*",
        "--site-host",
        "shop.example",
        "--crawlers",
        "include",
        "--keep-query",
        "q",
        "--k",
        "5",
    ],
    &["--profile", "counts-only"],
    &[
        "--profile",
        "strict",
        "--visit-timeout",
        "5m",
        "--geo-db",
        "none",
    ],
];

/// Every file of both folders, the private state among them.
#[track_caller]
fn check_same(scene: &Scene, log: &[u8], job: &Job<'_>) {
    let case = format!("{job:?}");
    let folder = scene.path("work");
    fs::create_dir_all(&folder).expect("a folder");
    let key = scene.bytes();
    fs::write(scene.path("access.log"), log).expect("a log");
    let mut reported = scene.report_to("reported");
    let format = job.arguments();
    let expected = run(reported.args(&format).arg("--allow-overlap"));
    let said = complaint(&expected);
    assert_eq!(expected.status.code(), Some(0), "{case}\n{said}");
    // The report has advanced the key file.
    fs::write(scene.file(), key).expect("the key file as it was");
    let partials = job.partials(scene, log, &folder);
    let mut released = program();
    released.args(["release", "-o"]).arg(scene.path("released"));
    released.arg("--key-file").arg(scene.file());
    let found = run(released.args(&format).args(&partials));
    assert_eq!(
        found.status.code(),
        Some(0),
        "{case}\n{}",
        complaint(&found)
    );
    let [reported, released] = ["reported", "released"].map(|it| tree(&scene.path(it)));
    assert!(reported.len() > 8, "{case}");
    assert_same(&released, &reported, &case);
}

#[test]
fn every_file_is_that_of_a_report() {
    let log = sample();
    for (number, settings) in SETTINGS.into_iter().enumerate() {
        let scene = Scene::new("2025-06-03", 1);
        let job = Job {
            format: "combined",
            settings,
            tasks: 1 + number,
            reducers: 4 - number % 4,
            reversed: number % 2 == 1,
            as_arrow: number > 1,
        };
        check_same(&scene, &log, &job);
    }
}

#[test]
fn hostile_lines_come_out_as_in_a_report() {
    let log = hostile::log();
    for (tasks, reducers, reversed) in [(1, 17, false), (7, 1, true), (5, 6, false)] {
        let scene = Scene::new("2025-06-03", 1);
        let job = Job {
            format: "combined",
            settings: &[],
            tasks,
            reducers,
            reversed,
            as_arrow: true,
        };
        check_same(&scene, &log, &job);
    }
}

/// A job over a quiet site, with a key file from the day of its log on.
const QUIET: Job<'_> = Job {
    format: "combined",
    settings: &[],
    tasks: 2,
    reducers: 2,
    reversed: false,
    as_arrow: false,
};

fn quiet_log() -> Vec<u8> {
    text(&lines(midnight(2025, 6, 3), 1, 150)).into_bytes()
}

/// The partials of a job in a scene of its own.
fn partials_of(scene: &Scene, job: &Job<'_>, name: &str) -> Vec<PathBuf> {
    let folder = scene.path(name);
    fs::create_dir(&folder).expect("a new folder");
    job.partials(scene, &quiet_log(), &folder)
}

#[test]
fn partials_are_not_people() {
    let scene = Scene::new("2025-06-03", 1);
    let log = sample();
    let hits = QUIET.hits(&scene, &log);
    let visitor = hits.position("visitor");
    let visitors = hits.rows.iter().map(|row| row[visitor].clone());
    let visitors: BTreeSet<Cell> = visitors.filter(|it| *it != Cell::Number(0)).collect();
    assert!(visitors.len() > 100);
    let folder = scene.path("partials");
    fs::create_dir(&folder).expect("a new folder");
    for path in QUIET.partials(&scene, &log, &folder) {
        let stream = Stream::read(&fs::read(path).expect("a partial"));
        for cell in stream.rows.iter().flatten() {
            assert!(!visitors.contains(cell));
            if let Cell::Numbers(numbers) = cell {
                let found = |number: &i64| visitors.contains(&Cell::Number(*number));
                assert!(!numbers.iter().any(found));
            }
        }
    }
}

#[test]
fn hits_hold_neither_address_nor_agent_nor_query() {
    let scene = Scene::new("2025-06-03", 1);
    let line = b"203.0.113.77 - zquser [03/Jun/2025:10:00:00 +0000] \"GET /a?mail=zq@example.org HTTP/1.1\" \
        200 5 \"https://zq.example/secret?x=1\" \"ZqAgent/7.1 (private)\"\n";
    let output = run_on(&mut QUIET.map(&scene), line);
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let text = String::from_utf8_lossy(&output.stdout).to_lowercase();
    for secret in ["203.0.113", "zq", "mail", "secret", "private"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let hits = Stream::read(&output.stdout);
    assert_eq!(
        hits.rows
            .iter()
            .filter(|row| row[4] == Cell::text("pageview"))
            .count(),
        1
    );
}

#[test]
fn several_sites_make_one_release_and_none_without_a_key_is_asked_for_it() {
    let scene = Scene::new("2025-06-03", 1);
    let partials = partials_of(&scene, &QUIET, "partials");
    let mut released = program();
    released.args(["release", "-o"]).arg(scene.out());
    run_for(released.args(partials), 0);
    let state = tree(&scene.out());
    let state = state
        .iter()
        .filter(|(name, _)| name.ends_with("state.json"));
    // What a key file would tell of the lines is not known.
    assert!(
        state
            .into_iter()
            .all(|(_, bytes)| !bytes.windows(8).any(|it| it == b"\"digest\""))
    );
    let mut reported = report(&scene.path("reported"));
    fs::write(scene.path("access.log"), quiet_log()).expect("a log");
    run_for(reported.arg(scene.path("access.log")), 0);
    let published = |name: &str| crate::program::published(&scene.path(name));
    assert_same(&published("out"), &published("reported"), "without a key");
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let scene = Scene::new("2025-06-03", 1);
    let own = partials_of(&scene, &QUIET, "own");
    let other_key = Scene::new("2025-06-03", 1);
    let other_key = partials_of(&other_key, &QUIET, "other-key");
    let settings = Job {
        settings: &["--k", "5"],
        ..QUIET
    };
    let other_settings = partials_of(&scene, &settings, "other-settings");
    let filters = Job {
        settings: &["--exclude-ip", "192.0.2.0/24"],
        ..QUIET
    };
    let same_number = Job {
        settings: &["--exclude-ip", "198.51.100.0/24"],
        ..QUIET
    };
    let left_out = partials_of(&scene, &filters, "left-out");
    let left_out_otherwise = partials_of(&scene, &same_number, "left-out-otherwise");
    let hits = scene.path("hits.arrow");
    fs::write(&hits, run_on(&mut QUIET.map(&scene), &quiet_log()).stdout).expect("hits");
    let release = |settings: &[&str], partials: &[&PathBuf]| {
        let mut command = program();
        command.args(["release", "-o"]).arg(scene.path("refused"));
        run(command.args(settings).args(partials))
    };
    let exclude = ["--exclude-ip", "192.0.2.0/24"];
    for (settings, partials, expected) in [
        (&[][..], [&own[0], &other_key[0]], "under another key"),
        (&[], [&own[0], &other_settings[0]], "under other settings"),
        (
            &exclude,
            [&left_out[0], &left_out_otherwise[0]],
            "other lines left out",
        ),
        (
            &[],
            [&own[0], &hits],
            "its columns are not those of this stage",
        ),
        (
            &["--period", "week"],
            [&own[0], &own[1]],
            "under other settings",
        ),
        (&["--privacy", "dp"], [&own[0], &own[1]], "--privacy dp"),
    ] {
        let output = release(settings, &partials);
        assert!(matches!(output.status.code(), Some(1 | 3)), "{expected}");
        check_said(&output, expected);
        let files = tree(&scene.path("refused"));
        assert!(
            !files.keys().any(|name| name.contains("date=")),
            "{expected}"
        );
    }
}

#[test]
fn damaged_streams_are_refused() {
    let scene = Scene::new("2025-06-03", 1);
    let partials = partials_of(&scene, &QUIET, "partials");
    let bytes = fs::read(&partials[0]).expect("a partial");
    let path = scene.path("cut.arrow");
    for length in [0, 1, 3, 4, 40, bytes.len() / 3, bytes.len() - 100] {
        fs::write(&path, &bytes[..length]).expect("a cut partial");
        let mut command = program();
        command.args(["release", "-o"]).arg(scene.path("refused"));
        let output = run(command.arg(&path));
        assert_eq!(
            output.status.code(),
            Some(1),
            "{length}: {}",
            complaint(&output)
        );
    }
}

#[test]
fn hits_that_are_not_sorted_are_refused() {
    let scene = Scene::new("2025-06-03", 1);
    let mut hits = QUIET.hits(&scene, &quiet_log());
    hits.sort();
    let last = hits.rows.len() - 1;
    hits.rows.swap(last, last / 2);
    let output = run_on(&mut QUIET.reduce(), &hits.written());
    assert_eq!(output.status.code(), Some(1));
    check_said(&output, "the rows are not sorted");
}

#[test]
fn tasks_need_a_format_and_a_key() {
    let scene = Scene::new("2025-06-03", 1);
    let auto = Job {
        format: "auto",
        ..QUIET
    };
    check_said(
        &run_on(&mut auto.map(&scene), b""),
        "the format has to be given",
    );
    let mut keyless = program();
    check_said(
        &run_on(keyless.args(["map", "-f", "combined"]), b""),
        "--key-file",
    );
}

#[test]
fn a_second_job_over_a_released_day_changes_nothing() {
    let scene = Scene::new("2025-06-03", 1);
    let mut released = Vec::new();
    for name in ["first", "second"] {
        let partials = partials_of(&scene, &QUIET, name);
        let mut command = program();
        command.args(["release", "-o"]).arg(scene.out());
        command.arg("--key-file").arg(scene.file());
        run_for(command.args(QUIET.arguments()).args(partials), 0);
        released.push(tree(&scene.out()));
    }
    assert_same(&released[1], &released[0], "again");
}

/// Partials of a period that this machine does not take to be over.
#[test]
fn a_release_is_loaded_and_expires_as_a_report_would() {
    let scene = Scene::new("2025-06-03", 1);
    let partials = partials_of(&scene, &QUIET, "work");
    let database = format!("sqlite:{}", scene.path("statistics.sqlite").display());
    let mut released = program();
    released
        .args(["release", "-q", "-o"])
        .arg(scene.path("out"));
    released.arg("--key-file").arg(scene.file());
    released
        .args(QUIET.arguments())
        .args(["--retain", "30d", "--to", &database]);
    let output = run(released.args(&partials));
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let ledger = fs::read_to_string(scene.path("out/ledger.jsonl")).expect("a ledger");
    assert!(ledger.contains("\"removed\":\"expired\""), "{ledger}");
    assert!(scene.path("statistics.sqlite").exists());
}

#[test]
fn what_is_not_over_is_not_released() {
    let scene = Scene::new("2025-06-03", 1);
    let log = String::from_utf8(quiet_log())
        .expect("text")
        .replace("Jun/2025", "Jun/2095");
    let mut map = QUIET.map(&scene);
    let early = run_on(&mut map, log.as_bytes());
    let hits = Stream::read(&early.stdout);
    assert!(!hits.rows.iter().any(|row| row[4] == Cell::text("pageview")));
    // The key file has keys of a few more days only.
    let output = run_on(map.args(["--now", "2095-06-05T00:00:00Z"]), log.as_bytes());
    let mut hits = Stream::read(&output.stdout);
    hits.sort();
    let partial = run_on(&mut QUIET.reduce(), &hits.written());
    let path = scene.path("early.arrow");
    fs::write(&path, partial.stdout).expect("a partial");
    let mut command = program();
    command.args(["release", "-o"]).arg(scene.out());
    check_said(&run(command.arg(path)), "2095-06-03 is not over yet");
}
