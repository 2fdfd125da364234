//! `--output-format`: the same tables beside CSV, read by whatever reads the folder, and audited as fully.

use std::{fs, path::PathBuf};

use parquet::{
    file::reader::{FileReader, SerializedFileReader},
    record::{Field, Row},
};
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::{
    program::{Tree, assert_same, digest, program, published, report, run, run_for},
    site::{lines, midnight, text},
};

/// A period's folder of the site.
const DATE: &str = "date=2025-06-03";

/// A log of so many past days from the third of June on, and a folder for its releases.
struct Site(TempDir);

impl Site {
    fn new(days: i64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = text(&lines(midnight(2025, 6, 3), days, 60));
        fs::write(folder.path().join("access.log"), log).expect("a written log");
        Self(folder)
    }

    fn released_in(days: i64, format: &str) -> Self {
        let site = Self::new(days);
        site.report(&["--output-format", format]);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn out(&self) -> PathBuf {
        self.path("out")
    }

    fn report(&self, arguments: &[&str]) {
        let mut command = report(&self.out());
        command
            .arg("-q")
            .args(arguments)
            .arg(self.path("access.log"));
        run_for(&mut command, 0);
    }

    /// What the audit says, and whether it found nothing.
    fn audit(&self) -> (bool, String) {
        let mut command = program();
        command.arg("audit").arg(self.out());
        let output = run(command.arg("--against").arg(self.path("access.log")));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), said)
    }
}

/// The files that CSV comes to in other encodings.
fn of_format(tree: &Tree, extension: &str) -> Vec<String> {
    let ending = format!(".{extension}");
    let names = tree.keys().filter(|name| name.ends_with(&ending));
    names
        .map(|name| name.trim_end_matches(&ending).to_owned())
        .collect()
}

/// The rows of a CSV table as JSON lines have them.
fn rows(csv: &[u8], is_text: impl Fn(&str) -> bool) -> Vec<Value> {
    let mut reader = csv::Reader::from_reader(csv);
    let header = reader.headers().expect("a header").clone();
    let row = |record: csv::StringRecord| {
        let cell = |(name, cell): (&str, &str)| {
            let value = match cell {
                "" => Value::Null,
                text if is_text(name) => text.into(),
                number => number.parse::<u64>().expect("a number").into(),
            };
            (name.to_owned(), value)
        };
        Value::Object(header.iter().zip(&record).map(cell).collect::<Map<_, _>>())
    };
    reader
        .records()
        .map(|record| row(record.expect("a row")))
        .collect()
}

/// The columns of text of a table, by the description of the folder.
fn texts(tree: &Tree, table: &str) -> Vec<String> {
    let package: Value = serde_json::from_slice(&tree["datapackage.json"]).expect("JSON");
    let resources = package["resources"].as_array().expect("tables");
    let resource = resources.iter().find(|it| it["name"] == table);
    let fields = resource.expect("the table")["schema"]["fields"].as_array();
    let texts = fields
        .expect("columns")
        .iter()
        .filter(|it| it["type"] != "integer");
    texts
        .map(|it| it["name"].as_str().expect("a name").to_owned())
        .collect()
}

#[test]
fn json_lines_and_parquet_hold_what_csv_holds() {
    let plain = Site::new(2);
    plain.report(&[]);
    let plain = published(&plain.out());
    for format in ["jsonl", "parquet"] {
        let site = Site::released_in(2, format);
        let tree = published(&site.out());
        let tables = of_format(&tree, "csv");
        let mut encoded = of_format(&tree, format);
        encoded.retain(|name| name != "ledger");
        assert_eq!(encoded, tables);
        assert_eq!(of_format(&plain, "csv"), tables);
        for name in &tables {
            assert_eq!(tree[&format!("{name}.csv")], plain[&format!("{name}.csv")]);
            let table = name.split_once('/').expect("a folder").1;
            let texts = texts(&tree, table);
            let is_text = |name: &str| texts.iter().any(|it| it == name);
            let expected = rows(&tree[&format!("{name}.csv")], is_text);
            let path = site.out().join(format!("{name}.{format}"));
            let found = match format {
                "jsonl" => {
                    let text = fs::read_to_string(path).expect("a table");
                    let lines = text
                        .lines()
                        .map(|line| serde_json::from_str(line).expect("JSON"));
                    lines.collect()
                }
                _ => parquet_rows(path),
            };
            assert_eq!(found, expected, "{name}.{format}");
        }
        assert_same(
            &published(&Site::released_in(2, format).out()),
            &tree,
            "again",
        );
    }
}

/// The rows of a Parquet file, which has its columns compressed by zstd.
fn parquet_rows(path: PathBuf) -> Vec<Value> {
    let file = fs::File::open(path).expect("a table");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    for group in reader.metadata().row_groups() {
        for column in group.columns() {
            let compression = column.compression().to_string();
            assert!(compression.starts_with("ZSTD"), "{compression}");
        }
    }
    let row = |row: Row| {
        let cells = row.get_column_iter().map(|(name, field)| {
            let value = match field {
                Field::Null => Value::Null,
                Field::Str(text) => text.as_str().into(),
                Field::Long(number) => u64::try_from(*number).expect("a count").into(),
                Field::Date(days) => {
                    let epoch = jiff::civil::date(1970, 1, 1);
                    epoch
                        .saturating_add(jiff::Span::new().days(*days))
                        .to_string()
                        .into()
                }
                other => panic!("{other:?} in column {name}"),
            };
            (name.clone(), value)
        });
        Value::Object(cells.collect::<Map<_, _>>())
    };
    let rows = reader.get_row_iter(None).expect("rows");
    rows.map(|it| row(it.expect("a row"))).collect()
}

#[test]
fn periods_of_several_formats_are_one_release() {
    let (mixed, plain) = (Site::new(3), Site::released_in(3, "csv"));
    for (until, format) in [("03", "parquet"), ("04", "csv"), ("05", "jsonl")] {
        let until = format!("2025-06-{until}");
        // Days that are left out are released by a later run.
        mixed.report(&["--output-format", format, "--until", &until]);
    }
    let tree = published(&mixed.out());
    for (date, format) in [("03", "parquet"), ("05", "jsonl")] {
        assert!(tree.contains_key(&format!("date=2025-06-{date}/pages.{format}")));
    }
    assert_eq!(
        of_format(&tree, "parquet").len(),
        of_format(&tree, "jsonl").len() - 1
    );
    let (is_clean, said) = mixed.audit();
    assert!(!said.contains("not the table") && is_clean, "{said}");
    let shown = |site: &Site| run_for(program().arg("show").arg(site.out()), 0).stdout;
    assert_eq!(
        String::from_utf8_lossy(&shown(&mixed)),
        String::from_utf8_lossy(&shown(&plain))
    );
    let described = published(&plain.out())["datapackage.json"].clone();
    assert_eq!(tree["datapackage.json"], described);
    let database = format!("sqlite:{}", mixed.path("tables.sqlite").display());
    let mut load = program();
    load.arg("load").arg(mixed.out()).args(["--to", &database]);
    let said = run_for(&mut load, 0).stdout;
    assert!(String::from_utf8_lossy(&said).starts_with("Loaded: 3 periods"));
    run_for(
        program().arg("withdraw").arg(mixed.out()).arg("2025-06-03"),
        0,
    );
    assert!(!mixed.out().join(DATE).exists());
    run_for(
        program()
            .arg("expire")
            .arg(mixed.out())
            .args(["--retain", "1d"]),
        0,
    );
    assert!(
        of_format(&published(&mixed.out()), "jsonl").len() == 1,
        "the ledger alone"
    );
}

/// Writes the digest of a file into its manifest, and that of the manifest into the ledger, as somebody would who
/// makes a release by hand.
fn reseal(site: &Site, table: &str, format: &str) {
    let folder = site.out().join(DATE);
    let (path, ledger) = (
        folder.join("manifest.json"),
        site.out().join("ledger.jsonl"),
    );
    let text = fs::read_to_string(&path).expect("a manifest");
    let mut manifest: Value = serde_json::from_str(&text).expect("JSON");
    let bytes = fs::read(folder.join(format!("{table}.{format}"))).expect("a table");
    manifest["tables"][table][format]["sha256"] = digest(&bytes).into();
    let sealed = format!("{manifest:#}\n");
    fs::write(path, &sealed).expect("a written manifest");
    let entries = fs::read_to_string(&ledger).expect("a ledger");
    let entries = entries.replace(&digest(text.as_bytes()), &digest(sealed.as_bytes()));
    fs::write(ledger, entries).expect("a written ledger");
}

#[test]
fn the_audit_finds_what_is_not_in_the_csv_tables() {
    for format in ["jsonl", "parquet"] {
        let site = Site::released_in(1, format);
        let (is_clean, said) = site.audit();
        assert!(is_clean, "{said}");
        let pages = site.out().join(DATE).join(format!("pages.{format}"));
        let whole = fs::read(&pages).expect("a table");
        let mut longer = whole.clone();
        longer.extend_from_slice(b"203.0.113.77\n");
        let mut changed = whole.clone();
        let digit = changed.iter().rposition(u8::is_ascii_digit).unwrap_or(40);
        changed[digit] ^= 1;
        for (planted, what) in [
            (longer, "more"),
            (changed, "a change"),
            (Vec::new(), "nothing"),
        ] {
            fs::write(&pages, planted).expect("a written table");
            let (is_clean, said) = site.audit();
            assert!(
                !is_clean && said.contains("that the manifest has recorded"),
                "{what}: {said}"
            );
            reseal(&site, "pages", format);
            let (is_clean, said) = site.audit();
            let found = said.contains("not what the CSV table beside it comes to");
            assert!(!is_clean && found, "{what}: {said}");
        }
        fs::remove_file(&pages).expect("a removed table");
        let (is_clean, said) = site.audit();
        assert!(
            !is_clean && said.contains("tables are listed, of which"),
            "{said}"
        );
        fs::write(&pages, whole).expect("a written table");
        reseal(&site, "pages", format);
        assert!(site.audit().0);
        // A table that no manifest tells of.
        let other = if format == "jsonl" {
            "parquet"
        } else {
            "jsonl"
        };
        fs::copy(&pages, pages.with_extension(other)).expect("a copy");
        let (is_clean, said) = site.audit();
        assert!(
            !is_clean && said.contains("that the manifest has recorded"),
            "{said}"
        );
    }
}
