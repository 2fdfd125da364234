//! Checks that the ledger is an unbroken chain, and that manifests and digests fit what is there.

use serde_json::{Map, Value, json};

use super::{
    finding::{Check, Findings, Place},
    folder::{Artefact, Dated, Kind, Site},
    noise::{self, Cost},
};
use crate::{
    aggregate::Table,
    output::{self, Encoding},
    release::digest,
    time::{Date, Period, PeriodLength},
};

/// Members of a ledger entry, in their order; only `site`, and `rho` and `budget` together, may be
/// missing.
const ENTRY: [&str; 9] = [
    "period", "date", "tz", "site", "rho", "budget", "policy", "manifest", "prev",
];

/// Members of an entry that says that a release was removed, in their order.
const REMOVAL: [&str; 4] = ["removed", "period", "date", "prev"];

/// Members of an entry that says that a release was exported, in their order.
const EXPORT: [&str; 7] = [
    "exported", "tables", "k", "period", "date", "manifest", "prev",
];

/// Members of a manifest, in their order; only `hours` may be missing.
const MANIFEST: [&str; 12] = [
    "hushlog",
    "contract",
    "period",
    "date",
    "tz",
    "complete",
    "hours",
    "policy",
    "privacy",
    "accounts",
    "tables",
    "attribution",
];

/// An entry of the ledger.
pub(super) struct Entry {
    pub(super) period: Period,
    pub(super) tz: String,
    /// What its noise costs, if it has any.
    pub(super) cost: Option<Cost>,
    policy: String,
    manifest: String,
    /// Taken out of circulation since.
    pub(super) is_removed: bool,
    /// What partners were given of it.
    exports: Vec<Export>,
}

/// An export of a release.
struct Export {
    /// Who has it, which tables, and k, as manifests tell it.
    terms: Value,
    manifest: String,
}

/// A period's manifest, as far as it can be understood.
pub(super) struct Manifest {
    pub(super) period: Period,
    /// Fewest networks of a row, or with noise units of a name.
    pub(super) k: u64,
    pub(super) tz: String,
    pub(super) value: Value,
    /// The file as shown, and its digest.
    pub(super) file: String,
    pub(super) digest: String,
}

/// Reads the ledger of a site and checks its chain.
pub(super) fn ledger(site: &Site, findings: &mut Findings) -> Vec<Entry> {
    let Some(ledger) = &site.ledger else {
        findings.require(
            Check::Ledger,
            site.dated.is_empty(),
            || Place::file(&format!("{}ledger.jsonl", site.prefix)),
            || {
                "there are releases, but no ledger of them (--ledger names one elsewhere)"
                    .to_owned()
            },
        );
        return Vec::new();
    };
    let mut entries: Vec<Entry> = Vec::new();
    let mut previous = "0".repeat(64);
    for (number, line) in ledger
        .bytes
        .split_inclusive(|byte| *byte == b'\n')
        .enumerate()
    {
        let text = line.strip_suffix(b"\n");
        let problem = match text.and_then(|text| entry(text, &previous, site)) {
            None if text.is_some_and(|text| remove(text, &previous, &mut entries)) => None,
            None if text.is_some_and(|text| export(text, &previous, &mut entries)) => None,
            None => Some("torn, altered, or not an entry that follows the line before it"),
            Some(entry) if entries.iter().any(|it| it.period == entry.period) => {
                Some("the period is released twice")
            }
            Some(entry)
                if entries
                    .first()
                    .is_some_and(|first| !first.has_scope_of(&entry)) =>
            {
                Some("another length of period, time zone or protection than the entries before it")
            }
            Some(entry) => {
                entries.push(entry);
                let is_over = entries
                    .last()
                    .is_some_and(|it| noise::exceeds_budget(it, &entries));
                is_over.then_some("more than the privacy budget of 30 days")
            }
        };
        let place = || Place::line(&ledger.name, number + 1);
        findings.require(Check::Ledger, problem.is_none(), place, || {
            problem.unwrap_or_default().to_owned()
        });
        previous = digest(text.unwrap_or(line));
    }
    entries
}

/// Takes an entry that says that a release was removed; whether it is one.
fn remove(text: &[u8], previous: &str, entries: &mut [Entry]) -> bool {
    let Some(value) = following(text, previous, &REMOVAL) else {
        return false;
    };
    let of = |name: &str| value[name].as_str().unwrap_or_default();
    let is_whole = ["withdrawn", "expired"].contains(&of("removed"));
    let removed = period(of("period"), of("date"));
    let mut kept = entries.iter_mut().filter(|entry| !entry.is_removed);
    let entry = kept.find(|entry| is_whole && Some(entry.period) == removed);
    if let Some(entry) = entry {
        entry.is_removed = true;
        return true;
    }
    false
}

/// Takes an entry that says that a release was exported; whether it is one. A partner gets the same tables and
/// k always.
fn export(text: &[u8], previous: &str, entries: &mut [Entry]) -> bool {
    let Some(value) = following(text, previous, &EXPORT) else {
        return false;
    };
    let of = |name: &str| value[name].as_str().unwrap_or_default();
    let export = Export {
        terms: json!({"to": value["exported"], "tables": value["tables"], "k": value["k"]}),
        manifest: of("manifest").to_owned(),
    };
    let mut earlier = entries.iter().flat_map(|entry| &entry.exports);
    let is_whole = is_terms(&export.terms)
        && earlier.all(|it| it.terms["to"] != export.terms["to"] || it.terms == export.terms);
    let exported = period(of("period"), of("date"));
    let mut kept = entries.iter_mut().filter(|entry| !entry.is_removed);
    let entry = kept.find(|entry| is_whole && Some(entry.period) == exported);
    if let Some(entry) = entry {
        entry.exports.push(export);
        return true;
    }
    false
}

/// Whether that tells of a partner, declared tables, and a k that a release could have.
fn is_terms(terms: &Value) -> bool {
    let is_table = |name: &Value| name.as_str().and_then(Table::named).is_some();
    let of_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let label = terms["to"].as_str().unwrap_or_default();
    let tables = terms["tables"].as_array();
    (1..=32).contains(&label.len())
        && label.bytes().all(of_label)
        && tables.is_some_and(|tables| tables.iter().all(is_table))
        && terms["k"].as_u64().is_some_and(|k| k >= 5)
}

/// The entry that has these members and follows the line before it.
fn following(text: &[u8], previous: &str, members: &[&str]) -> Option<Value> {
    let value: Value = serde_json::from_slice(text).ok()?;
    let is_whole = value.to_string().as_bytes() == text
        && value.as_object()?.keys().eq(members.iter())
        && value["prev"] == previous;
    is_whole.then_some(value)
}

fn entry(text: &[u8], previous: &str, site: &Site) -> Option<Entry> {
    let value: Value = serde_json::from_slice(text).ok()?;
    let members = value.as_object()?;
    let expected = ENTRY.iter().filter(|name| match **name {
        "site" => site.host.is_some() || members.contains_key("site"),
        "rho" | "budget" => members.contains_key(**name),
        _ => true,
    });
    let text_of = |name: &str| members.get(name)?.as_str().map(str::to_owned);
    let host = text_of("site");
    let is_whole = members.keys().map(String::as_str).eq(expected.copied())
        && value.to_string().as_bytes() == text
        && text_of("prev")? == previous
        && host == site.host;
    is_whole.then_some(())?;
    Some(Entry {
        period: period(&text_of("period")?, &text_of("date")?)?,
        tz: text_of("tz")?,
        cost: noise::cost(members)?,
        policy: text_of("policy")?,
        manifest: text_of("manifest")?,
        is_removed: false,
        exports: Vec::new(),
    })
}

impl Entry {
    /// Whether a manifest is that of an export of this release.
    pub(super) fn has_export(&self, manifest: &Manifest) -> bool {
        let terms = &manifest.value["policy"]["export"];
        let mut exports = self.exports.iter();
        exports.any(|it| it.manifest == manifest.digest && it.terms == *terms)
    }

    fn has_scope_of(&self, other: &Self) -> bool {
        let budget = |it: &Self| it.cost.map(|cost| cost.budget);
        self.period.length == other.period.length
            && self.tz == other.tz
            && budget(self) == budget(other)
    }

    /// An entry of which nothing but the period and its cost matter.
    #[cfg(test)]
    pub(super) fn example(period: Period, cost: Option<Cost>) -> Self {
        Self {
            period,
            tz: String::new(),
            cost,
            policy: String::new(),
            manifest: String::new(),
            is_removed: false,
            exports: Vec::new(),
        }
    }
}

impl Manifest {
    /// Whether noise protects, and not the threshold.
    pub(super) fn is_noisy(&self) -> bool {
        self.value["privacy"]["mode"] == "dp"
    }

    /// Whether it is of what a partner gets of another release.
    pub(super) fn is_export(&self) -> bool {
        self.value["policy"].get("export").is_some()
    }

    /// Fewest of each count in a row of an export; 0 of what is none.
    pub(super) fn fewest_exported(&self) -> u64 {
        let fewest = &self.value["policy"]["export"]["k"];
        fewest.as_u64().unwrap_or(0)
    }

    /// The place of the file.
    pub(super) fn place(&self) -> Place {
        Place::file(&self.file)
    }
}

/// The period of that length that begins on that date.
fn period(length: &str, date: &str) -> Option<Period> {
    let lengths = [PeriodLength::Day, PeriodLength::Week, PeriodLength::Month];
    let length = lengths.into_iter().find(|it| it.name() == length)?;
    let start: Date = date.parse().ok()?;
    let begins = match length {
        PeriodLength::Day => true,
        PeriodLength::Week => start.weekday().to_monday_zero_offset() == 0,
        PeriodLength::Month => start.day() == 1,
    };
    let period = Period { start, length };
    (begins && period.to_string() == date).then_some(period)
}

/// Reads the manifest of a period's folder and checks it against the ledger and the folder.
pub(super) fn manifest(
    dated: &Dated,
    entries: &[Entry],
    findings: &mut Findings,
) -> Option<Manifest> {
    let artefact = dated.files.iter().find(|it| it.kind == Kind::Manifest);
    findings.require(
        Check::Description,
        artefact.is_some(),
        || Place::file(&dated.name),
        || "the folder has no manifest".to_owned(),
    );
    let artefact = artefact?;
    let manifest = understood(artefact);
    let fits = |it: &Manifest| it.period.to_string() == dated.date;
    findings.require(
        Check::Description,
        manifest.as_ref().is_some_and(fits),
        || Place::file(&artefact.name),
        || "not a manifest of this program for the date of its folder".to_owned(),
    );
    let manifest = manifest?;
    check_statements(artefact, &manifest, findings);
    check_entry(artefact, &manifest, entries, findings);
    check_tables(dated, artefact, &manifest, findings);
    Some(manifest)
}

fn understood(artefact: &Artefact) -> Option<Manifest> {
    let value: Value = serde_json::from_slice(&artefact.bytes).ok()?;
    let members = value.as_object()?;
    let expected = MANIFEST
        .iter()
        .filter(|name| **name != "hours" || members.contains_key("hours"));
    let is_whole = members.keys().map(String::as_str).eq(expected.copied());
    let privacy = match value["privacy"]["mode"].as_str()? {
        "k" => &value["privacy"],
        "dp" if !members.contains_key("hours") => &value["policy"]["privacy"],
        _ => return None,
    };
    is_whole.then_some(())?;
    let k = privacy["k"].as_u64()?;
    Some(Manifest {
        period: period(value["period"].as_str()?, value["date"].as_str()?)?,
        k,
        tz: value["tz"].as_str()?.to_owned(),
        value,
        file: artefact.name.clone(),
        digest: digest(&artefact.bytes),
    })
}

fn check_statements(artefact: &Artefact, manifest: &Manifest, findings: &mut Findings) {
    let place = || Place::file(&artefact.name);
    findings.require(Check::Threshold, manifest.k >= 5, place, || {
        format!("k is {}, and no release may have less than 5", manifest.k)
    });
    let in_force = manifest.value["policy"]["privacy"]["k"].as_u64();
    findings.require(
        Check::Threshold,
        in_force == Some(manifest.k),
        place,
        || "the policy's k is another one than what is promised".to_owned(),
    );
    let accounts = manifest.value["accounts"].as_object();
    let rounded = |account: &Value| account.as_u64().is_some_and(|it| it.is_multiple_of(100));
    let names = || accounts.into_iter().flat_map(|it| it.keys());
    findings.require(
        Check::Description,
        if manifest.is_noisy() || manifest.is_export() {
            accounts.is_some_and(Map::is_empty)
        } else {
            accounts.is_some_and(|it| it.values().all(rounded))
                && names().eq(["parsed", "excluded"])
        },
        place,
        || "the accounts are not those two, rounded down to hundreds (with noise, or for partners, none)"
            .to_owned(),
    );
    check_export(artefact, manifest, findings);
    findings.require(
        Check::Description,
        manifest.value["attribution"] == output::ATTRIBUTION
            || manifest.value["hushlog"] != env!("CARGO_PKG_VERSION"),
        place,
        || "the attribution of the region database is not as this version writes it".to_owned(),
    );
}

/// What a partner gets is of the tables and no less than the k that its manifest tells.
fn check_export(artefact: &Artefact, manifest: &Manifest, findings: &mut Findings) {
    if !manifest.is_export() {
        return;
    }
    let terms = &manifest.value["policy"]["export"];
    let listed = terms["tables"].as_array();
    let named = |table: &String| listed.is_some_and(|it| it.contains(&json!(table)));
    let tables = manifest.value["tables"].as_object();
    let is_within = is_terms(terms)
        && terms["k"].as_u64() >= Some(manifest.k)
        && tables.is_some_and(|tables| tables.keys().all(named));
    findings.require(
        Check::Description,
        is_within,
        || Place::file(&artefact.name),
        || "not the tables, the k or the partner of an export".to_owned(),
    );
}

fn check_entry(
    artefact: &Artefact,
    manifest: &Manifest,
    entries: &[Entry],
    findings: &mut Findings,
) {
    let place = || Place::file(&artefact.name);
    let entry = entries.iter().find(|it| it.period == manifest.period);
    findings.require(
        Check::Ledger,
        entry.is_none_or(|entry| !entry.is_removed),
        place,
        || "the ledger says that this release was withdrawn or has expired".to_owned(),
    );
    noise::check(artefact, manifest, entry, findings);
    findings.require(Check::Ledger, entry.is_some(), place, || {
        "the ledger has no release of this period".to_owned()
    });
    let Some(entry) = entry else {
        return;
    };
    findings.require(
        Check::Digests,
        entry.manifest == digest(&artefact.bytes),
        place,
        || "not the manifest that the ledger has recorded".to_owned(),
    );
    let mut policy = manifest.value["policy"].clone();
    policy.sort_all_objects();
    findings.require(
        Check::Digests,
        entry.policy == digest(policy.to_string().as_bytes()) && entry.tz == manifest.tz,
        place,
        || "not the settings that the ledger has recorded".to_owned(),
    );
}

/// Every table of the manifest is there as it was released, in each of its encodings, and no other.
fn check_tables(dated: &Dated, artefact: &Artefact, manifest: &Manifest, findings: &mut Findings) {
    let listed = &manifest.value["tables"];
    let tables = listed.as_object();
    let count: usize = tables.map_or(0, |tables| tables.values().map(encodings).sum());
    let mut seen = 0;
    for file in &dated.files {
        let (entry, has_rows) = match file.kind {
            Kind::Table(table) => {
                let entry = listed.get(table.name());
                (entry, entry.is_some_and(|entry| has_rows(file, entry)))
            }
            Kind::Encoded(table, encoding) => {
                let entry = listed.get(table.name());
                (entry.and_then(|it| it.get(encoding.extension())), true)
            }
            _ => continue,
        };
        seen += usize::from(entry.is_some());
        let is_same =
            entry.is_some_and(|entry| has_rows && entry["sha256"] == digest(&file.bytes).as_str());
        findings.require(
            Check::Digests,
            is_same,
            || Place::file(&file.name),
            || "not the table that the manifest has recorded".to_owned(),
        );
    }
    let place = || Place::file(&artefact.name);
    findings.require(Check::Description, seen == count, place, || {
        format!("{count} tables are listed, of which {seen} are there")
    });
}

/// In how many encodings a table is listed, CSV among them.
fn encodings(entry: &Value) -> usize {
    let others = Encoding::ALL.into_iter().filter(|it| *it != Encoding::Csv);
    1 + others
        .filter(|it| entry.get(it.extension()).is_some())
        .count()
}

/// Whether a CSV table has as many rows as are listed.
fn has_rows(file: &Artefact, entry: &Value) -> bool {
    let lines = file.bytes.iter().filter(|byte| **byte == b'\n').count();
    entry["rows"].as_u64() == Some(lines.saturating_sub(1) as u64)
}

/// The data package lists the periods that are there, and describes each column.
pub(super) fn package<'m>(
    site: &Site,
    manifests: impl Iterator<Item = &'m Manifest>,
    findings: &mut Findings,
) {
    let Some(package) = &site.package else {
        findings.require(
            Check::Description,
            site.dated.is_empty(),
            || Place::file(&format!("{}datapackage.json", site.prefix)),
            || "the folder has no datapackage.json".to_owned(),
        );
        return;
    };
    let has =
        |manifest: &Manifest, table: &Table| manifest.value["tables"].get(table.name()).is_some();
    let published = manifests.map(|manifest| {
        let tables = Table::ALL.into_iter().filter(|table| has(manifest, table));
        (manifest.period, tables.collect())
    });
    findings.require(
        Check::Description,
        package.bytes == output::datapackage(published),
        || Place::file(&package.name),
        || "not the description of the periods and tables that are there".to_owned(),
    );
}
