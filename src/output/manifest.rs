//! The manifest of a period: what was published, under which settings, with digests of the files.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Encoding, attribution::ATTRIBUTION, files::Encoded, json::pretty};
use crate::{
    privacy::Category,
    release::{
        FEWEST_CRAWLER_REQUESTS, Guarantee, Protection, PublishedTable, Release, digest,
        noise::DELTA,
    },
};

/// The file's name.
pub(super) const NAME: &str = "manifest.json";

/// Version of the promises that the file states; raised when one of them changes.
const CONTRACT: u32 = 1;

/// The keys are written in this order. No clock, path, host name or digest of input is among them.
#[derive(Serialize)]
struct Manifest<'a> {
    hushlog: &'static str,
    contract: u32,
    period: &'static str,
    date: String,
    tz: &'a str,
    complete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<Value>,
    policy: &'a Value,
    privacy: Value,
    accounts: Value,
    tables: Map<String, Value>,
    attribution: &'static str,
}

/// Encodes the manifest of a release, whose tables come with their files.
pub(super) fn encode(release: &Release, tables: &[(&PublishedTable, Encoded)]) -> Vec<u8> {
    let hours = release.hours();
    pretty(&Manifest {
        hushlog: env!("CARGO_PKG_VERSION"),
        contract: CONTRACT,
        period: release.period().length.name(),
        date: release.period().to_string(),
        tz: release.tz(),
        complete: release.complete(),
        hours: hours.map(|[first, last]| json!({"first": first, "last": last})),
        policy: release.policy(),
        privacy: privacy(release.protection()),
        accounts: accounts(release),
        tables: tables.iter().map(entry).collect(),
        attribution: ATTRIBUTION,
    })
}

/// Rows and SHA-256 of a table; the SHA-256 of another encoding stands by the name of that.
fn entry((table, files): &(&PublishedTable, Encoded)) -> (String, Value) {
    let mut entry = json!({"rows": table.rows.len()});
    for (encoding, file) in files {
        let sha256 = Value::from(digest(&file.bytes));
        match encoding {
            Encoding::Csv => entry["sha256"] = sha256,
            other => entry[other.extension()] = json!({"sha256": sha256}),
        }
    }
    (table.table.name().to_owned(), entry)
}

fn privacy(protection: &Protection) -> Value {
    match protection {
        Protection::Threshold(k) => json!({
            "mode": "k",
            "k": k,
            "crawlers_from_requests": FEWEST_CRAWLER_REQUESTS,
            "crawlers_by_requests": crawlers_by_requests(),
        }),
        Protection::Noise(guarantee) => json!({
            "mode": "dp",
            "rho": rounded_up(guarantee.rho, 1e6),
            "epsilon": rounded_up(guarantee.epsilon, 1e3),
            "delta": DELTA,
            "epsilon_7d": rounded_up(guarantee.epsilon_7d, 1e3),
            "epsilon_30d": rounded_up(guarantee.epsilon_30d, 1e3),
            "noise": noise(guarantee),
        }),
    }
}

/// No less than the number, in whole parts of one.
fn rounded_up(number: f64, parts: f64) -> f64 {
    // What floating point adds to a number of few decimals is none of it.
    (number * parts - 1e-6).ceil() / parts
}

/// The standard deviation of each measure's noise, by table.
fn noise(guarantee: &Guarantee) -> Map<String, Value> {
    let tables = guarantee.deviations.iter().map(|(table, measures)| {
        let measures = measures.iter();
        let measures = measures.map(|(measure, it)| (measure.name().to_owned(), json!(it)));
        (table.name().to_owned(), Value::Object(measures.collect()))
    });
    tables.collect()
}

/// Lines of the period; none where noise protects, as they are exact but for rounding, and none for partners,
/// who get some tables only.
fn accounts(release: &Release) -> Value {
    match release.protection() {
        Protection::Threshold(_) if release.is_export() => json!({}),
        Protection::Threshold(_) => {
            json!({"parsed": release.parsed(), "excluded": release.excluded()})
        }
        Protection::Noise(_) => json!({}),
    }
}

/// The categories of crawlers that have a row by their requests instead of by networks: their names
/// are a closed list, and the actor a machine.
fn crawlers_by_requests() -> Vec<&'static str> {
    let closed = Category::ALL
        .into_iter()
        .filter(|category| category.is_closed());
    closed.map(Category::name).collect()
}

#[cfg(test)]
mod tests {
    use crate::{
        aggregate::Table,
        output::{Encoding, files},
        release::{PublishedTable, Release, Row, digest},
        time::{Period, PeriodLength},
    };

    /// A day with one table of one row.
    fn release() -> Release {
        let row = Row {
            keys: vec!["200".to_owned()],
            measures: vec![Some(4200)],
        };
        let table = PublishedTable {
            table: Table::Statuses,
            rows: vec![row],
        };
        let period = Period {
            start: "2026-11-21".parse().unwrap(),
            length: PeriodLength::Day,
        };
        Release::example(period, vec![table])
    }

    #[test]
    fn states_what_was_published_under_which_settings() {
        let files = files(&release(), Encoding::Csv);
        let expected = r#"{
  "hushlog": "VERSION",
  "contract": 1,
  "period": "day",
  "date": "2026-11-21",
  "tz": "Europe/London",
  "complete": true,
  "hours": {
    "first": "2026-11-21T00",
    "last": "2026-11-21T23"
  },
  "policy": {
    "visit_timeout": 1800,
    "k": 10
  },
  "privacy": {
    "mode": "k",
    "k": 10,
    "crawlers_from_requests": 10,
    "crawlers_by_requests": [
      "ai",
      "advertising",
      "monitoring",
      "search-engine",
      "seo",
      "social-preview"
    ]
  },
  "accounts": {
    "parsed": 12300,
    "excluded": 200
  },
  "tables": {
    "statuses": {
      "rows": 1,
      "sha256": "SHA256"
    }
  },
  "attribution": "IP Geolocation by DB-IP (https://db-ip.com). IP to City Lite, 2026-06, CC BY 4.0. Changed: reduced to country and first-level subdivision, names mapped to ISO 3166-2, networks merged."
}
"#;
        let expected = expected
            .replace("VERSION", env!("CARGO_PKG_VERSION"))
            .replace(
                "SHA256",
                &digest(b"date,status,requests\r\n2026-11-21,200,4200\r\n"),
            );
        let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["statuses.csv", "manifest.json"]);
        assert_eq!(std::str::from_utf8(&files[1].bytes).unwrap(), expected);
    }

    #[test]
    fn a_table_in_another_encoding_has_a_digest_of_its_own() {
        for encoding in [Encoding::JsonLines, Encoding::Parquet] {
            let files = files(&release(), encoding);
            let name = format!("statuses.{}", encoding.extension());
            let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
            assert_eq!(names, ["statuses.csv", &name, "manifest.json"]);
            let manifest: serde_json::Value = serde_json::from_slice(&files[2].bytes).unwrap();
            let expected = serde_json::json!({
                "rows": 1,
                "sha256": digest(&files[0].bytes),
                (encoding.extension()): {"sha256": digest(&files[1].bytes)},
            });
            assert_eq!(manifest["tables"]["statuses"], expected);
        }
    }

    #[test]
    fn noise_and_its_promise_take_the_place_of_what_is_exact() {
        let start = "2026-11-21".parse().unwrap();
        let period = Period {
            start,
            length: PeriodLength::Day,
        };
        let release = Release::example(period, vec![]).with_noise("0.1", "3");
        let files = files(&release, Encoding::Csv);
        let manifest: serde_json::Value = serde_json::from_slice(&files[0].bytes).unwrap();
        let expected = serde_json::json!({
            "mode": "dp",
            "rho": 0.1,
            "epsilon": 2.5,
            "delta": 1e-7,
            "epsilon_7d": 7.5,
            "epsilon_30d": 17.5,
            "noise": {"statuses": {"requests": 14}},
        });
        assert_eq!(manifest["privacy"], expected);
        assert_eq!(manifest["accounts"], serde_json::json!({}));
    }

    #[test]
    fn promises_are_rounded_up() {
        for (number, parts, expected) in [
            (2.348_352, 1e3, 2.349),
            (2.349, 1e3, 2.349),
            (0.1 / 7.0, 1e6, 0.014_286),
            (0.1, 1e6, 0.1),
        ] {
            assert_eq!(super::rounded_up(number, parts), expected);
        }
    }
}
