//! The profiles that ship: of each, every sentence of its statement is held against what the program does.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use age::{secrecy::ExposeSecret, x25519::Identity};
use tempfile::TempDir;

use crate::{
    program::{Tree, complaint, program, published, report, run, run_for, tree, without_settings},
    reference::{AGENTS, log_time},
    site::{DAY, midnight},
};

/// The seven, as they are named.
const NAMES: [&str; 7] = [
    "count-only",
    "hidden-by-noise",
    "strict",
    "visits",
    "shop",
    "pseudonymous-log",
    SEALED,
];

/// The one that cannot be used before somebody is named.
const SEALED: &str = "sealed-originals";

const FORMAT: &str =
    r#"%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" "%{DNT}i" "%{Cookie}i""#;

/// Part of everything in the log that nobody shall see.
const CANARY: &str = "canary";

const VISITS: i64 = 3000;

/// A client of its own network for each number.
fn client(number: i64) -> String {
    format!("81.{}.{}.9", 20 + number % 40, number / 40 % 250)
}

/// How the requests of a log are, where it matters to a sentence.
#[derive(Clone, Copy)]
struct Traffic {
    midnight: i64,
    /// Visits that each address makes.
    visits_each: i64,
    do_not_track: &'static str,
    cookie: &'static str,
}

/// A day of a site: visits of three pages, with something personal in every field.
fn log(traffic: Traffic) -> String {
    const PAGES: [&str; 6] = [
        "/",
        "/about",
        "/user/canary/",
        "/shop",
        "/basket/add",
        "/order/thanks",
    ];
    let mut log = String::new();
    for visit in 0..VISITS {
        for step in 0..3 {
            let instant = traffic.midnight + visit * (DAY - 200) / VISITS + step * 50;
            let page = PAGES[((visit + step) % 6) as usize];
            log += &line(traffic, &client(visit / traffic.visits_each), instant, page);
        }
    }
    for few in 0..3 {
        log += &line(traffic, &client(few), traffic.midnight + 90 + few, "/few");
    }
    log
}

fn line(traffic: Traffic, client: &str, instant: i64, page: &str) -> String {
    let (time, agent) = (log_time(instant, 0), AGENTS[0].text);
    let Traffic {
        do_not_track,
        cookie,
        ..
    } = traffic;
    format!(
        "{client} - canary-user [{time}] \"GET {page}?session=canary HTTP/1.1\" 200 512 \
         \"https://news.example.org/canary?q=canary\" \"{agent}\" \"{do_not_track}\" \"id=canary{cookie}\"\n"
    )
}

/// Midnight of a day whose week and month are over, and not long ago.
fn recently() -> i64 {
    let now = jiff::Timestamp::now().as_second();
    now / DAY * DAY - 40 * DAY
}

/// The last midnight.
fn today() -> i64 {
    jiff::Timestamp::now().as_second() / DAY * DAY
}

/// What ordinary visitors do.
fn ordinary() -> Traffic {
    Traffic {
        midnight: recently(),
        visits_each: 1,
        do_not_track: "-",
        cookie: "",
    }
}

/// A profile, and what the program does with it.
struct Trial {
    name: &'static str,
    folder: TempDir,
    log: PathBuf,
}

impl Trial {
    fn new(name: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let trial = Self {
            name,
            log: folder.path().join("access.log"),
            folder,
        };
        fs::write(&trial.log, log(ordinary())).expect("a written log");
        run_for(&mut trial.report("out", &trial.log), 0);
        trial
    }

    fn configured(&self, mut command: Command) -> Command {
        command.arg(format!("--config=profile:{}", self.name));
        command
    }

    fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn report(&self, out: &str, log: &Path) -> Command {
        let mut command = self.configured(report(&self.place(out)));
        command.args(["-q", "-f", FORMAT]).arg(log);
        command
    }

    /// What is published of another log, of which the day before may be.
    fn released(&self, out: &str, text: &str) -> Tree {
        let log = self.place(&format!("{out}.log"));
        fs::write(&log, text).expect("a written log");
        run_for(&mut self.report(out, &log), 0);
        published(&self.place(out))
    }

    /// The rows of a table of the release, cell by cell.
    fn table(&self, name: &str) -> Vec<Vec<String>> {
        let tree = published(&self.place("out"));
        rows(&tree, name)
    }

    fn has(&self, tables: &[&str]) {
        for table in tables {
            assert!(self.table(table).len() > 1, "{}: {table}", self.name);
        }
    }

    /// What `scrub` makes of a log.
    fn scrubbed(&self, text: &str) -> String {
        let log = self.place("scrubbed.log");
        fs::write(&log, text).expect("a written log");
        let mut command = program();
        command.arg("scrub").current_dir(self.folder.path());
        if self.name == SEALED {
            command.arg("--seal-to").arg(self.recipient());
        }
        let mut command = self.configured(command);
        let output = run_for(command.args(["-q", "-f", FORMAT]).arg(log), 0);
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Somebody to seal to, whose private key is then in a file.
    fn recipient(&self) -> String {
        let identity = Identity::generate();
        fs::write(
            self.place("officer.key"),
            identity.to_string().expose_secret(),
        )
        .expect("a written key");
        identity.to_public().to_string()
    }

    /// The sentences in short of its notice.
    fn statement(&self) -> Vec<String> {
        let mut command = program();
        command.args(["notice", "--format=markdown", "-f", FORMAT]);
        let output = run_for(&mut self.configured(command), 0);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let section = text.split("\n## ").nth(1).expect("a section");
        let items = section.split("\n- ").skip(1);
        items
            .map(|item| item.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    }
}

/// The rows of the only period's table; none if there is no such table.
fn rows(tree: &Tree, name: &str) -> Vec<Vec<String>> {
    let ending = format!("/{name}.csv");
    let file = tree.iter().find(|(path, _)| path.ends_with(&ending));
    let text = file.map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned());
    let text = text.unwrap_or_default();
    text.lines()
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

/// Nothing that only the log knows of its senders.
fn assert_no_trace(text: &str, what: &str) {
    assert!(!text.to_lowercase().contains(CANARY), "{what}");
    for number in 0..100 {
        assert!(!text.contains(&client(number)), "{what}");
    }
}

/// How a sentence begins, and what must be so for it to be true.
type Check = (&'static str, fn(&Trial));

const CHECKS: [Check; 14] = [
    ("The statistics of this website are aggregates,", |trial| {
        let mut audit = program();
        audit.arg("audit").arg(trial.place("out"));
        let mut audit = trial.configured(audit);
        audit.arg("--against").arg(&trial.log);
        run_for(audit.args(["-f", FORMAT]), 0);
    }),
    ("We do not track browsing behaviour:", |trial| {
        // Whose of a network a request was makes no difference to any byte.
        let text = log(ordinary());
        let lines = text.lines().enumerate();
        let of_others = lines.map(|(number, line)| {
            line.replacen(".9 ", &format!(".{} ", 10 + number % 200), 1)
                .replace("Mozilla/5.0", &format!("Mozilla/5.{number}"))
                + "\n"
        });
        let others = trial.released("others", &of_others.collect::<String>());
        assert_eq!(others, published(&trial.place("out")));
    }),
    ("We learn how many people visit,", |trial| {
        trial.has(&["summary", "durations", "pages", "referrers", "transitions"]);
    }),
    ("We learn which countries and regions", |trial| {
        trial.has(&["regions"]);
    }),
    ("We learn how often what we hope for happens,", |trial| {
        let goals = trial.table("goals");
        let names: Vec<&str> = goals.iter().map(|row| row[1].as_str()).collect();
        assert_eq!(names, ["goal", "basket", "order"]);
    }),
    ("What only few did is not told by itself:", |trial| {
        for (path, bytes) in published(&trial.place("out")) {
            assert!(!String::from_utf8_lossy(&bytes).contains("/few"), "{path}");
        }
        let pages = trial.table("pages");
        assert!(pages.iter().any(|row| row[1] == "(other)"), "{pages:?}");
    }),
    ("Every number has random noise,", |trial| {
        let again = trial.released("again", &log(ordinary()));
        assert_ne!(rows(&again, "summary"), trial.table("summary"));
    }),
    (
        "Visitors are told apart by pseudonyms that change every day",
        |trial| {
            // The same hundred addresses on two days are two hundred; whoever reads what is left finds no key:
            // it is never as long as one.
            let few = |midnight| {
                let visits_each = 30;
                log(Traffic {
                    midnight,
                    visits_each,
                    ..ordinary()
                })
            };
            let released = trial.released("two days", &(few(recently() - DAY) + &few(recently())));
            let visitors: i64 = summaries(&released, "visitors").iter().sum();
            assert!((150..=250).contains(&visitors), "{visitors}");
            assert!(
                !tree(&trial.place("two days"))
                    .keys()
                    .any(|it| it.contains("key"))
            );
        },
    ),
    ("No address, user name or other identifier", |trial| {
        for (path, bytes) in tree(&trial.place("out")) {
            assert_no_trace(&String::from_utf8_lossy(&bytes), &path);
        }
    }),
    ("Who asks not to be counted is not:", |trial| {
        for (out, do_not_track, cookie) in [("signal", "1", ""), ("cookie", "-", "; nostats=1")] {
            let asked = log(Traffic {
                do_not_track,
                cookie,
                ..ordinary()
            });
            let released = trial.released(out, &asked);
            assert!(
                !released.keys().any(|path| path.starts_with("date=")),
                "{out}"
            );
        }
    }),
    ("Nothing is stored on your device to count you,", |trial| {
        // Nobody is asked: without any network all is the same.
        let inside = trial.report("cut off", &trial.log);
        let mut cut_off = without_settings(Command::new("unshare"));
        cut_off
            .args(["-rn"])
            .arg(inside.get_program())
            .args(inside.get_args());
        let output = run(&mut cut_off);
        if output.status.success() {
            let tables = |out| rows(&published(&trial.place(out)), "pages").len();
            assert_eq!(tables("cut off") > 1, tables("out") > 1);
        } else {
            assert!(
                complaint(&output).contains("unshare"),
                "{}",
                complaint(&output)
            );
        }
    }),
    ("The statistics are removed", |trial| {
        let old = Traffic {
            midnight: midnight(2023, 6, 5),
            ..ordinary()
        };
        let released = trial.released("old", &(log(old) + &log(ordinary())));
        let has = |year| {
            released
                .keys()
                .any(|path| path.starts_with(&format!("date={year}")))
        };
        assert!(!has("2023") && has("20"));
        let ledger = String::from_utf8_lossy(&released["ledger.jsonl"]).into_owned();
        assert!(ledger.contains("2023-06"), "{ledger}");
    }),
    ("A copy of the log is kept in which", |trial| {
        let both = log(Traffic {
            midnight: recently() - DAY,
            ..ordinary()
        }) + &log(ordinary());
        let copy = trial.scrubbed(&both);
        assert_eq!(copy.lines().count(), both.lines().count());
        assert_no_trace(&copy, "the copy");
        let senders: Vec<&str> = copy
            .lines()
            .map(|it| it.split(' ').next().unwrap_or(""))
            .collect();
        let (earlier, later) = senders.split_at(senders.len() / 2);
        if trial.statement().concat().contains("cut to their network") {
            assert_eq!((earlier[0], later[0]), ("81.20.0.0", "81.20.0.0"));
        } else {
            assert!(senders.iter().all(|it| it.starts_with("fd68:7573:686c:")));
            assert!(!later.contains(&earlier[0]));
        }
    }),
    (
        "The original lines of the log are kept for 14 days",
        |trial| {
            let asked = log(Traffic {
                midnight: today(),
                do_not_track: "1",
                ..ordinary()
            });
            let kept = log(Traffic {
                midnight: today() - DAY,
                ..ordinary()
            }) + &asked;
            trial.scrubbed(&(log(ordinary()) + &kept));
            let sealed = trial.place("sealed");
            for (path, bytes) in tree(&sealed) {
                assert_no_trace(&String::from_utf8_lossy(&bytes), &path);
            }
            let key = trial.place("officer.key");
            let mut unseal = program();
            unseal.arg("unseal").arg(&sealed).arg("--identity").arg(key);
            let opened = run_for(unseal.args(["--reason", "a trial"]), 0);
            assert!(opened.stdout == kept.as_bytes(), "what is older is removed");
        },
    ),
];

/// A column of all summaries of a release.
fn summaries(tree: &Tree, column: &str) -> Vec<i64> {
    let files = tree
        .iter()
        .filter(|(path, _)| path.ends_with("/summary.csv"));
    let cells = files.map(|(_, bytes)| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let place = lines
            .next()
            .and_then(|head| head.iter().position(|it| *it == column));
        let row = lines.next().expect("a row");
        row[place.expect("the column")].parse().expect("a number")
    });
    cells.collect()
}

/// Holds every sentence of a profile's statement against what the program does with it; the statement has
/// sentences that begin like these.
fn holds(name: &'static str, said: &[&str]) {
    let trial = Trial::new(name);
    let statement = trial.statement();
    for beginning in said {
        assert!(
            statement.iter().any(|it| it.starts_with(beginning)),
            "{name}: {beginning} not in {statement:?}"
        );
    }
    for sentence in &statement {
        let check = CHECKS
            .iter()
            .find(|(beginning, _)| sentence.starts_with(beginning));
        let (_, check) = check.unwrap_or_else(|| panic!("{name}: nothing checks {sentence}"));
        check(&trial);
    }
}

#[test]
fn count_only() {
    holds("count-only", &["We do not track"]);
}

#[test]
fn hidden_by_noise() {
    holds("hidden-by-noise", &["Every number has random noise"]);
}

#[test]
fn strict() {
    holds(
        "strict",
        &["What only few did", "The statistics are removed 1 year"],
    );
}

#[test]
fn visits() {
    holds(
        "visits",
        &["We learn how many people", "We learn which countries"],
    );
}

#[test]
fn shop() {
    holds(
        "shop",
        &["We learn how often", "The statistics are removed 2 years"],
    );
}

#[test]
fn pseudonymous_log() {
    holds(
        "pseudonymous-log",
        &["A copy of the log is kept in which visitors"],
    );
}

#[test]
fn sealed_originals() {
    holds(SEALED, &["A copy of the log", "The original lines"]);
}

#[test]
fn every_profile_is_shown_as_it_is_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in NAMES {
        let shown = run_for(program().args(["config", "example", "--profile", name]), 0);
        let source = format!("{}/data/profiles/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(shown.stdout, fs::read(source).expect("a profile"), "{name}");
        let file = folder.path().join(name);
        fs::write(&file, shown.stdout).expect("a written file");
        let status = i32::from(name == SEALED);
        run_for(program().args(["config", "check"]).arg(file), status);
    }
    let output = run_for(
        program().args(["report", "--config=profile:none", "-o", "x"]),
        1,
    );
    assert!(complaint(&output).contains("no such profile"));
}
