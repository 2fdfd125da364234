//! `hushlog audit`: clean folders pass; every planted fault is found by the check that is there for it,
//! and no message quotes the log.

use std::{
    collections::BTreeSet,
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::{
    program::{program, report, run, run_for},
    scenarios::{Run, runs},
    site::{lines, midnight, text},
    traces::{base64, base64_url, hex, percent},
};

/// A period's folder of the site that most tests are about.
const DATE: &str = "date=2025-06-03";

/// A released site of two days.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        static RELEASED: OnceLock<Site> = OnceLock::new();
        let released = RELEASED.get_or_init(|| Self::of(&log()));
        let folder = tempfile::tempdir().expect("a folder");
        copy(released.folder.path(), folder.path());
        Self { folder }
    }

    /// The site with a log of its own.
    fn of(log: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("access.log"), log).expect("a written log");
        let site = Self { folder };
        run_for(report(&site.out()).arg("-q").arg(site.log()), 0);
        site
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("access.log")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.out().join(DATE).join(name)
    }

    /// Replaces a text in a file of the period, which must have it.
    fn replace(&self, name: &str, from: &str, to: &str) {
        let path = self.file(name);
        let text = fs::read_to_string(&path).expect("a file");
        assert!(text.contains(from), "{from} in {name}:\n{text}");
        fs::write(path, text.replacen(from, to, 1)).expect("a written file");
    }

    /// Writes the digests that somebody would who makes a release by hand: of tables into manifests,
    /// of manifests into the ledger, and the chain.
    fn reseal(&self) {
        let ledger = self.out().join("ledger.jsonl");
        let text = fs::read_to_string(&ledger).expect("a ledger");
        let mut previous = "0".repeat(64);
        let mut sealed = String::new();
        for line in text.lines() {
            let mut entry: Value = serde_json::from_str(line).expect("an entry");
            let date = entry["date"].as_str().expect("a date").to_owned();
            entry["manifest"] = self.sealed_manifest(&date).into();
            entry["prev"] = previous.into();
            let line = entry.to_string();
            previous = digest(line.as_bytes());
            sealed += &format!("{line}\n");
        }
        fs::write(ledger, sealed).expect("a written ledger");
    }

    fn sealed_manifest(&self, date: &str) -> String {
        let folder = self.out().join(format!("date={date}"));
        let path = folder.join("manifest.json");
        let text = fs::read_to_string(&path).expect("a manifest");
        let mut manifest: Value = serde_json::from_str(&text).expect("JSON");
        let tables = manifest["tables"].as_object_mut().expect("tables");
        for (name, entry) in tables {
            let Ok(bytes) = fs::read(folder.join(format!("{name}.csv"))) else {
                continue;
            };
            let rows = bytes.iter().filter(|byte| **byte == b'\n').count();
            entry["rows"] = rows.saturating_sub(1).into();
            entry["sha256"] = digest(&bytes).into();
        }
        let text = format!("{manifest:#}\n");
        fs::write(path, &text).expect("a written manifest");
        digest(text.as_bytes())
    }
}

/// Copies all that is in a folder, with its permissions.
fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            fs::create_dir(&target).expect("a folder");
            copy(&path, &target);
            let metadata = fs::metadata(&path).expect("a mode");
            fs::set_permissions(&target, metadata.permissions()).expect("a mode");
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

fn log() -> String {
    text(&lines(midnight(2025, 6, 3), 2, 240))
}

fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The rules that an audit found broken, and all it said.
fn audit(arguments: &[&Path]) -> (BTreeSet<String>, String) {
    let mut command = program();
    command.arg("audit").args(arguments).arg("--format=json");
    let output = run(&mut command);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let told: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}{complaint}"));
    let rules = told["checks"].as_array().expect("checks").iter();
    let broken = rules.filter(|check| check["found"] != 0);
    let broken: BTreeSet<String> = broken
        .map(|check| check["rule"].as_str().expect("a name").to_owned())
        .collect();
    let status = if broken.is_empty() { 0 } else { 3 };
    assert_eq!(output.status.code(), Some(status), "{said}{complaint}");
    (broken, said + &complaint)
}

#[track_caller]
fn assert_clean(arguments: &[&Path], case: &str) {
    let (broken, said) = audit(arguments);
    assert!(broken.is_empty(), "{case}: {said}");
}

#[test]
fn releases_of_every_kind_are_clean() {
    let kind = |run: &Run| run.name.split(", seed").next().map(str::to_owned);
    let kinds = runs().chunk_by(|one, other| kind(one) == kind(other));
    for scenario in kinds.map(|runs| &runs[0]) {
        let folder = tempfile::tempdir().expect("a folder");
        let (input, output) = (folder.path().join("access.log"), folder.path().join("out"));
        fs::write(&input, &scenario.log).expect("a written log");
        let mut command = program();
        command.arg("report").arg(&input).arg("-o").arg(&output);
        command.args(crate::oracle::arguments(&scenario.settings));
        run_for(command.arg("-q"), 0);
        if output.join("ledger.jsonl").exists() {
            let mut arguments = vec![output.clone(), "--against".into(), input];
            let format = format!("--log-format={}", scenario.settings.format.name());
            arguments.push(format.into());
            let hosts = scenario.settings.site_hosts.iter();
            arguments.extend(hosts.map(|host| format!("--site-host={host}").into()));
            let arguments: Vec<&Path> = arguments.iter().map(PathBuf::as_path).collect();
            assert_clean(&arguments, &scenario.name);
        }
    }
}

#[test]
fn releases_of_the_sample_logs_are_clean() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs");
    for settings in [
        &["--period=day"][..],
        &["--period=week"],
        &["--period=day", "--k=5", "--top=20"],
        &["--k=20", "--page=/blog/:slug", "--goal=order=/checkout*"],
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = report(folder.path());
        command.arg("-q").args(settings);
        for log in ["shop.log.1.gz", "shop.log.2.gz"] {
            command.arg(samples.join(log));
        }
        run_for(&mut command, 0);
        assert_clean(&[folder.path()], &settings.join(" "));
    }
}

#[test]
fn releases_by_host_are_audited_site_by_site() {
    let folder = tempfile::tempdir().expect("a folder");
    let (log, out) = (folder.path().join("access.log"), folder.path().join("out"));
    let of_hosts = lines(midnight(2025, 6, 3), 1, 240);
    let hosted: String = of_hosts
        .iter()
        .enumerate()
        .map(|(number, line)| {
            let host = ["shop.example", "blog.example"][number / 3 % 2];
            format!("{host}:443 {}", line.text)
        })
        .collect();
    fs::write(&log, hosted).expect("a written log");
    let mut command = report(&out);
    command.args(["-q", "-f=vhost_combined", "--by-host", "--geo-db=none"]);
    command.args(["--site-host=shop.example", "--site-host=blog.example"]);
    run_for(command.arg(&log), 0);
    let hosts = ["--site-host=shop.example", "--site-host=blog.example"].map(Path::new);
    let format = Path::new("-fvhost_combined");
    assert_clean(&[&out], "two sites");
    let against = Path::new("--against");
    assert_clean(
        &[&out, hosts[0], hosts[1], format, against, &log],
        "two sites, with their log",
    );

    let table = out.join("site=shop.example").join(DATE).join("pages.csv");
    let text = fs::read_to_string(&table).expect("a table");
    fs::write(&table, text.replace("/about", "/alice@mail.example")).expect("a written table");
    let (broken, said) = audit(&[&out]);
    assert!(
        broken.contains("patterns") && said.contains("site=shop.example"),
        "{said}"
    );
}

/// A fault: its name, what is done to the folder, whether the digests are made to fit it, and the rule
/// that finds it.
type Fault = (&'static str, fn(&Site), bool, &'static str);

/// At least one for each rule that needs no log.
#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    ("a file more", |site| write(&site.file("notes.txt"), "x"), false, "stray"),
    ("a link", |site| symlink(site.log(), site.file("x.csv")).expect("a link"), false, "stray"),
    ("a folder more", |site| fs::create_dir(site.out().join("raw")).expect("a folder"), false, "stray"),
    ("open state", |site| open(&site.out().join(".state"), 0o755), false, "permissions"),
    ("open state file", |site| open(&site.out().join(".state/state.json"), 0o644), false, "permissions"),
    ("anybody's table", |site| open(&site.file("pages.csv"), 0o666), false, "permissions"),
    ("no ledger", |site| remove(&site.out().join("ledger.jsonl")), false, "ledger"),
    ("a torn ledger", |site| cut(&site.out().join("ledger.jsonl"), 10), false, "ledger"),
    ("a ledger without its first line", without_first_line, false, "ledger"),
    ("a withdrawn release put back", put_back, false, "ledger"),
    ("a removal of what was not released", |site| append_removal(site, "2020-01-01"), false, "ledger"),
    ("another manifest", |site| site.replace("manifest.json", "\"complete\": true", "\"complete\": false"), false, "digests"),
    ("other settings", |site| site.replace("manifest.json", "\"visit_timeout_seconds\": 1800", "\"visit_timeout_seconds\": 900"), true, "digests"),
    ("another table", |site| site.replace("statuses.csv", ",200,", ",204,"), false, "digests"),
    ("a row more in the manifest", |site| site.replace("manifest.json", "\"rows\": 1", "\"rows\": 2"), false, "digests"),
    ("no manifest", |site| remove(&site.file("manifest.json")), false, "description"),
    ("a table that is not there", |site| remove(&site.file("devices.csv")), false, "description"),
    ("exact accounts", |site| site.replace("manifest.json", "\"parsed\": 700", "\"parsed\": 720"), true, "description"),
    ("a member more", |site| site.replace("manifest.json", "\"contract\": 1", "\"contract\": 1,\n  \"host\": \"web1\""), true, "description"),
    ("another data package", |site| cut(&site.out().join("datapackage.json"), 5), false, "description"),
    ("no data package", |site| remove(&site.out().join("datapackage.json")), false, "description"),
    ("a column more", |site| site.replace("pages.csv", "date,page,", "date,page,client,"), true, "columns"),
    ("a word for a number", |site| site.replace("statuses.csv", ",200,720", ",200,many"), true, "columns"),
    ("another date", |site| site.replace("statuses.csv", "2025-06-03,200", "2025-06-04,200"), true, "columns"),
    ("a line end of its own", |site| site.replace("statuses.csv", "\r\n", "\n"), true, "columns"),
    ("a padded number", |site| site.replace("statuses.csv", ",720", ",0720"), true, "columns"),
    ("rows in another order", |site| site.replace("pages.csv", "/about,", "/zebra,"), true, "order"),
    ("a key twice", twice, true, "order"),
    ("a channel of its own", |site| site.replace("referrers.csv", "direct,direct", "direkt,direct"), true, "vocabulary"),
    ("a browser of its own", |site| site.replace("browsers.csv", "Chrome", "Chrome 126 on Alice's phone"), true, "vocabulary"),
    ("a page of a user", |site| site.replace("pages.csv", "/shop,", "/user/alice,"), true, "vocabulary"),
    ("a long segment", |site| site.replace("pages.csv", "/shop,", "/shopabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz,"), true, "vocabulary"),
    ("a subdomain", |site| site.replace("referrers.csv", "direct,direct", "referral,alice.example.org"), true, "vocabulary"),
    ("a bin of its own", |site| site.replace("durations.csv", ",60,180,", ",60,170,"), true, "vocabulary"),
    ("requests that do not add up", |site| site.replace("statuses.csv", ",720", ",721"), true, "sums"),
    ("visits that do not add up", |site| site.replace("browsers.csv", "Chrome,240,", "Chrome,239,"), true, "sums"),
    ("visitors of other tables", |site| site.replace("systems.csv", ",240,200,", ",240,199,"), true, "sums"),
    ("more bounces than visits", |site| site.replace("devices.csv", ",240,200,0,", ",240,200,250,"), true, "sums"),
    ("an impossible duration", |site| site.replace("durations.csv", ",60,180,", ",1800,,"), true, "sums"),
    ("an impossible depth", |site| site.replace("depths.csv", ",3,3,", ",4,5,"), true, "sums"),
    ("steps that do not add up", change_transition, true, "sums"),
    ("a small row", small_row, true, "threshold"),
    ("another k in force", |site| site.replace("manifest.json", "\"k\": 10", "\"k\": 4"), true, "threshold"),
    ("a small k", |site| site.replace("manifest.json", "\"k\": 10,\n    \"crawlers", "\"k\": 4,\n    \"crawlers"), true, "threshold"),
    ("a lone (other)", |site| site.replace("browsers.csv", "Chrome", "(other)"), true, "threshold"),
    ("(other) in front", |site| site.replace("referrers.csv", "direct,direct", "(other),direct"), true, "threshold"),
    ("an empty cell alone", empty_cell, true, "complement"),
    ("a dwell count that tells", empty_pageviews, true, "complement"),
    ("a mail address", |site| site.replace("pages.csv", "/shop,", "/alice%2540example.org,"), true, "patterns"),
    ("an address", |site| site.replace("pages.csv", "/shop,", "/192.0.2.77,"), true, "patterns"),
    ("an IPv6 address", |site| site.replace("referrers.csv", "direct,direct", "referral,[2001:db8::7]"), true, "patterns"),
    ("a card", |site| site.replace("pages.csv", "/shop,", "/4539-5787-6362-1486,"), true, "patterns"),
    ("a phone", |site| site.replace("manifest.json", "\"complete\": true", "\"complete\": true,\n  \"admin\": \"+44 7700 900461\""), true, "patterns"),
    ("a token", |site| site.replace("pages.csv", "/shop,", "/eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.,"), true, "patterns"),
    ("a pseudonym", |site| site.replace("pages.csv", "/shop,", "/c3a1f09b7d5e4826,"), true, "patterns"),
    ("a pseudonym as a number", |site| site.replace("statuses.csv", ",720", ",14094793127563315238"), true, "patterns"),
    ("a digest beside the tables", |site| write(&site.file("x.txt"), &"c3a1f09b7d5e4826".repeat(4)), false, "patterns"),
    ("an address as a name", |site| write(&site.out().join("192.0.2.77.csv"), ""), false, "patterns"),
    ("a formula", |site| site.replace("pages.csv", "/shop,", "=HYPERLINK(1),"), true, "injection"),
    ("a full-width formula", |site| site.replace("pages.csv", "/shop,", "＝1,"), true, "injection"),
    ("markup", |site| site.replace("pages.csv", "/shop,", "/<b>shop,"), true, "injection"),
    ("a terminal's command", |site| site.replace("pages.csv", "/shop,", "/\u{1b}[2Jshop,"), true, "injection"),
    ("a text that turns around", |site| site.replace("pages.csv", "/shop,", "/\u{202e}shop,"), true, "injection"),
    ("a page with a script", |site| write(&site.out().join("report.html"), "<script>1</script>"), false, "injection"),
];

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("a written file");
}

fn remove(path: &Path) {
    fs::remove_file(path).expect("a file less");
}

fn open(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
}

fn cut(path: &Path, bytes: usize) {
    let content = fs::read(path).expect("a file");
    fs::write(path, &content[..content.len() - bytes]).expect("a written file");
}

/// Has the ledger say that the release of a day was withdrawn, while it is still there.
fn put_back(site: &Site) {
    append_removal(site, DATE.trim_start_matches("date="));
}

fn append_removal(site: &Site, date: &str) {
    let path = site.out().join("ledger.jsonl");
    let text = fs::read_to_string(&path).expect("a ledger");
    let prev = digest(text.lines().last().expect("an entry").as_bytes());
    let line =
        format!(r#"{{"removed":"withdrawn","period":"day","date":"{date}","prev":"{prev}"}}"#);
    write(&path, &format!("{text}{line}\n"));
}

fn without_first_line(site: &Site) {
    let path = site.out().join("ledger.jsonl");
    let text = fs::read_to_string(&path).expect("a ledger");
    let (_, rest) = text.split_once('\n').expect("two entries");
    write(&path, rest);
}

/// Edits the rows of a table, the header being the first.
fn edit(site: &Site, name: &str, change: impl FnOnce(&mut Vec<Vec<String>>)) {
    let path = site.file(name);
    let text = fs::read_to_string(&path).expect("a table");
    let cells = |row: &str| row.split(',').map(str::to_owned).collect();
    let mut rows: Vec<Vec<String>> = text.trim_end().split("\r\n").map(cells).collect();
    change(&mut rows);
    let text: String = rows.iter().map(|row| row.join(",") + "\r\n").collect();
    write(&path, &text);
}

fn twice(site: &Site) {
    edit(site, "pages.csv", |rows| {
        let row = rows[2].clone();
        rows.insert(2, row);
    });
}

fn change_transition(site: &Site) {
    edit(site, "transitions.csv", |rows| {
        let count: u64 = rows[1][3].parse().expect("a count");
        rows[1][3] = (count + 1).to_string();
    });
}

fn small_row(site: &Site) {
    edit(site, "pages.csv", |rows| rows[1][2] = "9".to_owned());
}

fn empty_cell(site: &Site) {
    edit(site, "pages.csv", |rows| {
        rows[1][2].clear();
        rows[1][7].clear();
    });
}

fn empty_pageviews(site: &Site) {
    edit(site, "pages.csv", |rows| {
        rows[1][2].clear();
        rows[2][2].clear();
    });
}

#[test]
fn a_planted_fault_is_found_by_its_rule() {
    let mut found = BTreeSet::new();
    for (name, plant, reseal, rule) in FAULTS {
        let site = Site::new();
        plant(&site);
        if *reseal {
            site.reseal();
        }
        let (broken, said) = audit(&[&site.out()]);
        assert!(broken.contains(*rule), "{name}: {broken:?}\n{said}");
        found.insert((*rule).to_owned());
    }
    let tested = |check: &Value| check["tested"] == true;
    let site = Site::new();
    let (_, said) = audit(&[&site.out()]);
    let told: Value = serde_json::from_str(&said).expect("JSON");
    for check in told["checks"].as_array().expect("checks") {
        let name = check["rule"].as_str().expect("a name");
        // Differencing needs two folders, and has a test of its own.
        let is_wanted = tested(check) && name != "differencing";
        assert!(!is_wanted || found.contains(name), "no fault for {name}");
    }
}

/// Lines with something personal in every field, from clients that nobody else has.
const PERSONAL: &[&str] = &[
    r#"203.0.113.77 - alice-liddell [03/Jun/2025:12:00:00 +0000] "GET /?q=cheshirecat&mail=alice%40wonder.example HTTP/1.1" 200 1000 "https://private.example.org/inbox/7421" "SecretBrowser/7.1 (Wonderland; U)""#,
    r#"2001:db8:5afe:77::d1 - - [03/Jun/2025:12:10:00 +0000] "GET /user/marchhare HTTP/1.1" 200 1000 "-" "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0""#,
];

/// What of them would be a leak anywhere, and what only among keys, since it might be a word.
const SECRETS: [&str; 5] = [
    "203.0.113.77",
    "2001:db8:5afe:77::d1",
    "alice@wonder.example",
    "https://private.example.org/inbox/7421",
    "SecretBrowser/7.1 (Wonderland; U)",
];
const WORDS: [&str; 4] = [
    "alice-liddell",
    "cheshirecat",
    "marchhare",
    "private.example.org",
];

/// The spellings that are searched for, of any text.
fn spellings(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let each =
        |write: fn(u8) -> String| -> String { bytes.iter().map(|byte| write(*byte)).collect() };
    let wide = |character: char| match character {
        '!'..='~' => char::from_u32(character as u32 + 0xfee0).expect("a character"),
        other => other,
    };
    vec![
        text.to_owned(),
        text.to_uppercase(),
        percent(bytes),
        percent(percent(bytes).as_bytes()),
        base64(bytes),
        base64(format!("x{text}").as_bytes()),
        base64(format!("xy{text}").as_bytes()),
        base64_url(bytes),
        hex(bytes),
        hex(bytes).to_uppercase(),
        each(|byte| format!("&#{byte};")),
        each(|byte| format!("&#x{byte:x};")),
        each(|byte| format!("\\u{byte:04x}")),
        text.chars().map(wide).collect(),
        text.chars().rev().collect(),
        digest(bytes),
    ]
}

#[test]
fn every_identifier_is_found_in_every_spelling() {
    let site = Site::of(&(log() + &PERSONAL.join("\n") + "\n"));
    let (out, against, log) = (site.out(), Path::new("--against"), site.log());
    assert_clean(&[&out, against, &log], "nothing planted");
    let of_addresses = [
        "77.113.0.203",
        "203-0-113-77",
        "3405803853",
        "cb00714d",
        "2001:0db8:5afe:0077:0000:0000:0000:00d1",
        "20010db85afe007700000000000000d1",
        "1.d.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.7.0.0.e.f.a.5.8.b.d.0.1.0.0.2.ip6.arpa",
    ];
    // All in one file: each line is a place of its own.
    let spelled: Vec<String> = SECRETS
        .iter()
        .flat_map(|secret| spellings(secret))
        .collect();
    let spelled: Vec<&str> = spelled
        .iter()
        .map(String::as_str)
        .chain(of_addresses)
        .collect();
    let notes = site.file("notes.txt");
    // No more at a time than an audit tells one by one.
    for spelled in spelled.chunks(30) {
        write(&notes, &spelled.join("\n"));
        let (_, said) = audit(&[&out, against, &log]);
        for (number, spelling) in spelled.iter().enumerate() {
            let is_found = finds(&said, "identifiers", "notes.txt", number + 1);
            assert!(is_found, "{spelling}: {said}");
            assert!(!said.contains(spelling), "{spelling} is quoted");
        }
    }
    remove(&notes);
    for word in WORDS {
        for spelling in [
            word.to_owned(),
            word.to_uppercase(),
            percent(word.as_bytes()),
            hex(word.as_bytes()),
        ] {
            let table = fs::read(site.file("pages.csv")).expect("a table");
            site.replace("pages.csv", "/shop,", &format!("/a/{spelling},"));
            let (broken, said) = audit(&[&out, against, &log]);
            assert!(broken.contains("identifiers"), "{spelling}: {said}");
            assert!(!said.contains(&spelling), "{spelling} is quoted");
            fs::write(site.file("pages.csv"), table).expect("a written table");
        }
    }
}

/// Whether an audit has a finding at a place.
fn finds(said: &str, rule: &str, file: &str, line: usize) -> bool {
    let told: Value = serde_json::from_str(said).expect("JSON");
    let findings = told["findings"].as_array().expect("findings");
    findings.iter().any(|finding| {
        let name = finding["file"].as_str().expect("a file");
        finding["rule"] == rule && name.ends_with(file) && finding["line"] == line
    })
}

/// A log other than the one that was released: its name, how it differs, and the rule that finds it.
type OtherLog = (&'static str, fn(String) -> String, &'static str);

const OTHER_LOGS: &[OtherLog] = &[
    (
        "one network",
        |log| {
            rewritten(&log, |line| {
                let (_, rest) = line.split_once(".7.").expect("a client");
                format!("81.20.7.{rest}")
            })
        },
        "networks",
    ),
    (
        "one page from few networks",
        |log| {
            rewritten(&log, |line| {
                let few = !line.starts_with("81.21.") && line.contains("GET /jobs ");
                if few {
                    line.replace("GET /jobs ", "GET /news ")
                } else {
                    line.to_owned()
                }
            })
        },
        "networks",
    ),
    (
        "a line less",
        |log| log.split_once('\n').expect("lines").1.to_owned(),
        "numbers",
    ),
    (
        "other bytes",
        |log| log.replacen(" 200 1000 ", " 200 1001 ", 1),
        "numbers",
    ),
    (
        "one visitor's bytes",
        |log| log.replacen(" 200 1000 ", " 200 99999999 ", 1),
        "dominance",
    ),
];

fn rewritten(log: &str, line: impl Fn(&str) -> String) -> String {
    log.lines().map(|it| line(it) + "\n").collect()
}

#[test]
fn what_another_log_says_is_found_by_its_rule() {
    for (name, change, rule) in OTHER_LOGS {
        let site = Site::new();
        let other = site.folder.path().join("other.log");
        fs::write(&other, change(log())).expect("a written log");
        let (broken, said) = audit(&[&site.out(), Path::new("--against"), &other]);
        assert!(broken.contains(*rule), "{name}: {broken:?}\n{said}");
    }
}

#[test]
fn releases_of_one_log_in_two_folders_are_subtracted() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-logs");
    let logs = ["shop.log.1.gz", "shop.log.2.gz"].map(|log| samples.join(log));
    let folder = tempfile::tempdir().expect("a folder");
    let [days, week] = ["day", "week"].map(|period| {
        let out = folder.path().join(period);
        let mut command = report(&out);
        run_for(command.args(["-q", "--period", period]).args(&logs), 0);
        out
    });
    let against = Path::new("--against");
    for one in [&days, &week] {
        assert_clean(&[one, against, &logs[0], &logs[1]], "one folder");
    }
    let (broken, said) = audit(&[&days, &week]);
    assert_eq!(
        broken,
        BTreeSet::from(["differencing".to_owned()]),
        "{said}"
    );
    let (broken, said) = audit(&[&days, &week, against, &logs[0], &logs[1]]);
    assert_eq!(
        broken,
        BTreeSet::from(["differencing".to_owned()]),
        "{said}"
    );
}

#[test]
fn settings_that_manifests_do_not_tell_must_be_named() {
    let site = Site::new();
    let mut command = program();
    command
        .arg("audit")
        .arg(site.out())
        .arg("--exclude-ip=81.20.0.0/16");
    command.arg("--against").arg(site.log());
    let output = run_for(&mut command, 1);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("made with 0 --exclude-ip, here are 1"),
        "{said}"
    );
}

#[test]
fn resealing_alone_is_no_fault() {
    let site = Site::new();
    site.reseal();
    assert_clean(&[&site.out()], "resealed");
}
