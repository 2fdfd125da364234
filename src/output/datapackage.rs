//! `datapackage.json`: every table and column of a folder, as a Frictionless Tabular Data Package
//! (version 1 of the specification).

use serde_json::{Map, Value, json};

use super::{attribution::ATTRIBUTION, json::pretty};
use crate::{
    aggregate::Table,
    time::{Period, PeriodLength},
};

/// The file's name.
pub(super) const NAME: &str = "datapackage.json";

/// A period in the folder and the tables it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Published {
    pub(super) period: Period,
    pub(super) tables: Vec<Table>,
}

/// Describes a folder. Each table is one resource over the files of all its periods, earliest
/// first; each file has its header row, as the readers of multi-file resources expect of CSV.
pub(super) fn encode(releases: &[Published]) -> Vec<u8> {
    let mut releases: Vec<&Published> = releases.iter().collect();
    releases.sort_unstable_by_key(|release| release.period);
    let resources = Table::ALL
        .into_iter()
        .filter_map(|table| resource(table, &releases));
    pretty(&json!({
        "profile": "tabular-data-package",
        "name": "hushlog",
        "title": "Web statistics without personal data",
        "description": "Rows and cells about groups that are too small to be published are \
            withheld or merged into (other); an empty measure is a withheld one. The manifest of \
            each period states the settings in force and the digest of each file.",
        "sources": [{"title": ATTRIBUTION, "path": "https://db-ip.com"}],
        "resources": resources.collect::<Vec<_>>(),
    }))
}

/// The description of a folder that has these tables of these periods.
pub(crate) fn of_periods(releases: impl Iterator<Item = (Period, Vec<Table>)>) -> Vec<u8> {
    let published = |(period, tables)| Published { period, tables };
    encode(&releases.map(published).collect::<Vec<_>>())
}

/// The table's resource, if any period has it.
fn resource(table: Table, releases: &[&Published]) -> Option<Value> {
    let having: Vec<_> = releases
        .iter()
        .filter(|it| it.tables.contains(&table))
        .collect();
    let length = having.first()?.period.length;
    let path = |it: &&&Published| format!("date={}/{}.csv", it.period, table.name());
    Some(json!({
        "profile": "tabular-data-resource",
        "name": table.name(),
        "description": table.description(),
        "path": having.iter().map(path).collect::<Vec<_>>(),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "header": true},
        "schema": {"fields": fields(table, length), "missingValues": [""]},
    }))
}

fn fields(table: Table, length: PeriodLength) -> Vec<Value> {
    let date = json!({
        "name": "date",
        "type": "date",
        "description": "First day of the period, in the site's time zone.",
        "constraints": {"required": true},
    });
    let keys = table.keys(length != PeriodLength::Day).iter();
    let keys = keys.map(|key| field(key, "string", key_description(key)));
    let measures = table.measures().iter();
    let measures = measures.map(|it| field(it.name(), "integer", it.description()));
    [date].into_iter().chain(keys).chain(measures).collect()
}

fn field(name: &str, kind: &str, description: &str) -> Value {
    let pairs = [("name", name), ("type", kind), ("description", description)];
    let pairs = pairs.map(|(key, value)| (key.to_owned(), Value::from(value)));
    Value::Object(Map::from_iter(pairs))
}

/// What a key column holds.
fn key_description(key: &str) -> &'static str {
    match key {
        "browser" => "Browser family.",
        "campaign" => "Campaign tag (utm_campaign).",
        "category" => "Category of the crawler.",
        "channel" => {
            "How the visit came: campaign, direct, internal, ai, search, social, email or referral."
        }
        "country" => "Country, ISO 3166-1 alpha-2.",
        "crawler" => "Name of the crawler.",
        "device" => "Class of device.",
        "duration_from" => "Shortest duration of the bin, in seconds.",
        "duration_to" => {
            "Duration in seconds that the bin stays below; empty in the last, open bin."
        }
        "from_page" => "Page that is left, a scrubbed path.",
        "goal" => "Name of the goal.",
        "host" => "Virtual host.",
        "hour" => "Hour on the site's clocks, 00 to 23.",
        "medium" => "Campaign medium (utm_medium).",
        "page" => "Page, a scrubbed path.",
        "pageviews_from" => "Fewest pageviews of the bin.",
        "pageviews_to" => "Most pageviews of the bin; empty in the last, open bin.",
        "probe" => "Class of weakness that is looked for.",
        "referrer" => "Registrable domain of the referring page.",
        "region" => "First-level subdivision, ISO 3166-2.",
        "source" => "Campaign source (utm_source).",
        "status" => "HTTP status code.",
        "system" => "Operating system family.",
        "to_page" => "Page that follows, a scrubbed path; (same) for the same page again.",
        "weekday" => "Day of the week, 1 (Monday) to 7.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(date: &str, length: PeriodLength, tables: &[Table]) -> Published {
        let start = date.parse().unwrap();
        Published {
            period: Period { start, length },
            tables: tables.to_vec(),
        }
    }

    fn package(releases: &[Published]) -> Value {
        serde_json::from_slice(&encode(releases)).unwrap()
    }

    #[test]
    fn a_table_is_one_resource_over_its_periods() {
        let package = package(&[
            published("2026-11-22", PeriodLength::Day, &[Table::Summary]),
            published(
                "2026-11-21",
                PeriodLength::Day,
                &[Table::Summary, Table::Statuses],
            ),
        ]);
        let resources = package["resources"].as_array().unwrap();
        assert_eq!(resources.len(), 2);
        assert_eq!(
            resources[0]["path"],
            json!(["date=2026-11-21/summary.csv", "date=2026-11-22/summary.csv"])
        );
        assert_eq!(
            resources[1]["schema"],
            json!({
                "fields": [
                    {
                        "name": "date",
                        "type": "date",
                        "description": "First day of the period, in the site's time zone.",
                        "constraints": {"required": true},
                    },
                    {"name": "status", "type": "string", "description": "HTTP status code."},
                    {"name": "requests", "type": "integer", "description": "Requests."},
                ],
                "missingValues": [""],
            })
        );
        assert_eq!(package["sources"][0]["title"], ATTRIBUTION);
    }

    #[test]
    fn the_order_of_releases_does_not_matter() {
        let mut releases = ["2026-11-21", "2026-11-22", "2026-11-23"]
            .map(|date| published(date, PeriodLength::Day, &Table::ALL));
        let bytes = encode(&releases);
        releases.reverse();
        assert_eq!(encode(&releases), bytes);
    }

    #[test]
    fn every_column_of_every_table_is_described() {
        for length in [PeriodLength::Day, PeriodLength::Month] {
            let package = package(&[published("2026-11-01", length, &Table::ALL)]);
            let resources = package["resources"].as_array().unwrap();
            assert_eq!(resources.len(), Table::ALL.len());
            for field in resources
                .iter()
                .flat_map(|it| it["schema"]["fields"].as_array().unwrap())
            {
                assert_ne!(field["description"], "", "{field}");
            }
        }
    }
}
