//! The ledger: which periods have been released, removed since and exported, one hash-chained line each,
//! never rewritten.

use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    Partner, Release, Restriction, Rho, Spending,
    chain::Chain,
    export::{ExportLine, Exports},
};
use crate::{
    error::{Error, Result},
    privacy::SiteName,
    time::{Calendar, Period, PeriodLength},
};

/// Everything ever released, in the order of release.
///
/// A ledger is bytes and nothing else: it reads no clock and holds no random value, so two runs
/// over the same input write the same ledger whatever their keys.
#[derive(Clone, Debug)]
pub struct Ledger {
    path: PathBuf,
    chain: Chain,
    scope: Option<Scope>,
    manifests: BTreeMap<Period, String>,
    /// Released, and taken out of circulation since.
    removed: BTreeMap<Period, Removal>,
    exports: Exports,
    /// What each release with noise cost a day.
    spent: Vec<(Period, Rho)>,
}

/// Why a release was taken out of circulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Removal {
    /// It was wrong.
    Withdrawn,
    /// It was kept for as long as it was to be.
    Expired,
}

/// What all releases of a ledger have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Scope {
    length: PeriodLength,
    tz: String,
    site: Option<String>,
    /// What 30 days may cost, where noise protects; `None` where the threshold does.
    budget: Option<Rho>,
}

/// One line of the file.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Release(ReleaseLine),
    Removal(RemovalLine),
    Export(ExportLine),
}

/// A release: a JSON object with these keys in this order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReleaseLine {
    /// Length of the period.
    period: String,
    /// Its first day.
    date: String,
    tz: String,
    /// The host whose requests alone are released; left out where all of a log is one site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    site: Option<String>,
    /// What the release costs a day, where noise protects; left out where the threshold does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rho: Option<String>,
    /// What 30 days may cost, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget: Option<String>,
    /// SHA-256 of the settings in force.
    policy: String,
    /// SHA-256 of the manifest.
    manifest: String,
    /// SHA-256 of the line before without its newline; zeros in the first.
    prev: String,
}

/// The removal of a release, in the same form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RemovalLine {
    removed: Removal,
    /// Length of the period.
    period: String,
    /// Its first day.
    date: String,
    /// SHA-256 of the line before without its newline.
    prev: String,
}

/// Nothing, or what is wrong with a line.
type Check = std::result::Result<(), String>;

impl Ledger {
    /// Reads a ledger and verifies its chain; no bytes are the ledger in which nothing was
    /// released. The path is for messages only.
    ///
    /// # Errors
    ///
    /// [`Error::Ledger`] names the line that is torn, altered, out of the chain, of a period
    /// already released, or of another length, time zone or site than the lines before it.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        let mut ledger = Self {
            path: path.to_owned(),
            chain: Chain::default(),
            scope: None,
            manifests: BTreeMap::new(),
            removed: BTreeMap::new(),
            exports: Exports::default(),
            spent: Vec::new(),
        };
        for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            ledger.admit(line).map_err(|problem| Error::Ledger {
                path: path.to_owned(),
                message: format!("line {}: {problem}", index + 1),
            })?;
        }
        Ok(ledger)
    }

    /// Adds the line of a release whose manifest has the given bytes.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the period was released before, is of another length, time zone, site or
    /// protection than the ledger's, or would exceed its budget.
    pub fn append(&mut self, release: &Release, manifest: &[u8]) -> Result<()> {
        let line = ReleaseLine {
            period: release.period().length.name().to_owned(),
            date: release.period().to_string(),
            tz: release.tz().to_owned(),
            site: release.site().map(SiteName::to_string),
            rho: release.spending().map(|it| it.a_day.to_string()),
            budget: release.spending().map(|it| it.budget.to_string()),
            policy: policy_digest(release.policy()),
            manifest: digest(manifest),
            prev: self.chain.last().to_owned(),
        };
        self.add(&line)
    }

    /// Adds the line of a removal: the release is out of circulation, and never comes back.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the period was never released, or is removed already.
    pub fn remove(&mut self, period: Period, removal: Removal) -> Result<()> {
        let line = RemovalLine {
            removed: removal,
            period: period.length.name().to_owned(),
            date: period.to_string(),
            prev: self.chain.last().to_owned(),
        };
        self.add(&line)
    }

    /// Adds the line of an export of a released period, whose manifest has the given bytes, unless it is there.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the period was never released or is removed, or the partner gets something else.
    pub fn export(
        &mut self,
        restriction: &Restriction,
        period: Period,
        manifest: &[u8],
    ) -> Result<()> {
        let manifest = digest(manifest);
        if self.is_export(restriction.partner(), period, &manifest) {
            return Ok(());
        }
        let prev = self.chain.last().to_owned();
        self.add(&ExportLine::new(restriction, period, manifest, prev))
    }

    fn add(&mut self, line: &impl Serialize) -> Result<()> {
        let mut bytes = serde_json::to_vec(line).expect("strings serialise");
        bytes.push(b'\n');
        self.admit(&bytes).map_err(|problem| self.refusal(&problem))
    }

    /// Whether a run with this calendar may release the site under the ledger, with noise at a cost or
    /// under the threshold.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the ledger's periods are of another length or time zone, of another site,
    /// protected otherwise or under another budget.
    pub fn permits(
        &self,
        calendar: &Calendar,
        site: Option<&SiteName>,
        spending: Option<Spending>,
    ) -> Result<()> {
        let scope = Scope {
            length: calendar.length(),
            tz: calendar.tz_name().to_owned(),
            site: site.map(SiteName::to_string),
            budget: spending.map(|spending| spending.budget),
        };
        self.within(&scope)
            .map_err(|problem| self.refusal(&problem))
    }

    /// Whether a period's release stays within the budget, together with what is released already.
    #[must_use]
    pub fn affords(&self, period: Period, spending: Spending) -> bool {
        spending.permits(period, &self.spent)
    }

    /// Whether the period has been released.
    #[must_use]
    pub fn contains(&self, period: Period) -> bool {
        self.manifests.contains_key(&period)
    }

    /// Whether the period's release was taken out of circulation.
    #[must_use]
    pub fn is_removed(&self, period: Period) -> bool {
        self.removed.contains_key(&period)
    }

    /// Why the period's release was taken out of circulation, if it was.
    #[must_use]
    pub fn removal(&self, period: Period) -> Option<Removal> {
        self.removed.get(&period).copied()
    }

    /// Whether the partner may be given this: nothing yet, or the same as before.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if other tables or another k are exported to the partner.
    pub fn permits_export(&self, restriction: &Restriction) -> Result<()> {
        let permitted = self.exports.permit(restriction);
        permitted.map_err(|problem| self.refusal(&problem))
    }

    /// Whether the manifest of that digest is the one of a period's export to a partner.
    #[must_use]
    pub fn is_export(&self, partner: &Partner, period: Period, manifest: &str) -> bool {
        self.exports.contain(partner, period, manifest)
    }

    /// The periods whose releases were taken out of circulation, earliest first.
    pub fn removed(&self) -> impl Iterator<Item = Period> {
        self.removed.keys().copied()
    }

    /// The name of the time zone of all periods; `None` before the first release.
    #[must_use]
    pub fn tz(&self) -> Option<&str> {
        self.scope.as_ref().map(|scope| scope.tz.as_str())
    }

    /// The released periods, removed ones among them, earliest first.
    pub fn periods(&self) -> impl Iterator<Item = Period> {
        self.manifests.keys().copied()
    }

    /// The earliest released period.
    #[must_use]
    pub fn earliest(&self) -> Option<Period> {
        self.periods().next()
    }

    /// The latest released period.
    #[must_use]
    pub fn latest(&self) -> Option<Period> {
        self.manifests.keys().next_back().copied()
    }

    /// SHA-256 of a released period's manifest, in hexadecimal.
    #[must_use]
    pub fn manifest(&self, period: Period) -> Option<&str> {
        self.manifests.get(&period).map(String::as_str)
    }

    /// The file's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.chain.bytes()
    }

    /// Takes one line with its newline, or says what is wrong with it.
    fn admit(&mut self, bytes: &[u8]) -> Check {
        let text = Chain::text(bytes)?;
        let line: Line = serde_json::from_slice(text).map_err(|_| "it is not a ledger entry")?;
        self.chain.check(line.prev())?;
        match line {
            Line::Release(line) => self.admit_release(line)?,
            Line::Removal(line) => self.admit_removal(&line)?,
            Line::Export(line) => self.admit_export(&line)?,
        }
        self.chain.add(text);
        Ok(())
    }

    fn admit_removal(&mut self, line: &RemovalLine) -> Check {
        let period = Period::named(&line.period, &line.date).ok_or("it names no period")?;
        if !self.contains(period) {
            return Err(format!("{period} was not released"));
        }
        if self.removed.insert(period, line.removed).is_some() {
            return Err(format!("{period} is already removed"));
        }
        Ok(())
    }

    fn admit_export(&mut self, line: &ExportLine) -> Check {
        let period = line.period().ok_or("it names no period")?;
        if !self.contains(period) {
            return Err(format!("{period} was not released"));
        }
        if self.is_removed(period) {
            return Err(format!("{period} is removed"));
        }
        self.exports.admit(line, period)
    }

    fn admit_release(&mut self, line: ReleaseLine) -> Check {
        let period = Period::named(&line.period, &line.date).ok_or("it names no period")?;
        let spending = line.spending()?;
        let scope = Scope {
            length: period.length,
            tz: line.tz,
            site: line.site,
            budget: spending.map(|spending| spending.budget),
        };
        self.within(&scope)?;
        if self.contains(period) {
            return Err(format!("{period} is already released"));
        }
        if let Some(spending) = spending {
            if !self.affords(period, spending) {
                return Err(format!("{period} exceeds the privacy budget of 30 days"));
            }
            self.spent.push((period, spending.a_day));
        }
        self.scope = Some(scope);
        self.manifests.insert(period, line.manifest);
        Ok(())
    }

    fn within(&self, scope: &Scope) -> Check {
        let Some(own) = &self.scope else {
            return Ok(());
        };
        let (subject, own, other) = if own.length != scope.length {
            let names = (own.length.name(), scope.length.name());
            ("length of period", names.0, names.1)
        } else if own.tz != scope.tz {
            ("time zone", own.tz.as_str(), scope.tz.as_str())
        } else if own.site != scope.site {
            ("site", own.site(), scope.site())
        } else if own.budget != scope.budget {
            let protections = [own, scope].map(Scope::protection);
            return Err(one_of(
                "kind of protection",
                &protections[0],
                &protections[1],
            ));
        } else {
            return Ok(());
        };
        Err(one_of(subject, own, other))
    }

    fn refusal(&self, problem: &str) -> Error {
        Error::Refused(format!("{}: {problem}", self.path.display()))
    }
}

impl Scope {
    /// The site in words.
    fn site(&self) -> &str {
        self.site.as_deref().unwrap_or("all hosts as one")
    }

    /// What protects, in words.
    fn protection(&self) -> String {
        match self.budget {
            None => "a threshold".to_owned(),
            Some(budget) => format!("noise with a budget of {budget} for 30 days"),
        }
    }
}

fn one_of(subject: &str, own: &str, other: &str) -> String {
    format!("a ledger keeps one {subject}, here {own}, not {other}")
}

impl Line {
    fn prev(&self) -> &str {
        match self {
            Self::Release(line) => &line.prev,
            Self::Removal(line) => &line.prev,
            Self::Export(line) => &line.prev,
        }
    }
}

impl ReleaseLine {
    /// What it says of noise, if it has any.
    fn spending(&self) -> std::result::Result<Option<Spending>, String> {
        let spending = match (&self.rho, &self.budget) {
            (None, None) => return Ok(None),
            (Some(rho), Some(budget)) => rho.parse().ok().zip(budget.parse().ok()),
            _ => None,
        };
        let (a_day, budget) = spending.ok_or("it tells no privacy budget")?;
        Ok(Some(Spending { a_day, budget }))
    }
}

/// SHA-256 in lower-case hexadecimal.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        write!(hex, "{byte:02x}").expect("a string takes what is written");
    }
    hex
}

/// Digest of the settings as compact JSON with sorted keys, so that their order means nothing.
fn policy_digest(policy: &Value) -> String {
    let mut canonical = policy.clone();
    canonical.sort_all_objects();
    digest(canonical.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::{super::chain::NO_LINE, *};
    use crate::aggregate::Table;

    fn release(length: PeriodLength, date: &str) -> Release {
        let start = date.parse().unwrap();
        Release::example(Period { start, length }, vec![])
    }

    fn ledger_of(dates: &[&str]) -> Ledger {
        let mut ledger = Ledger::parse(Path::new("ledger.jsonl"), b"").unwrap();
        for date in dates {
            let manifest = format!("manifest of {date}");
            ledger
                .append(&release(PeriodLength::Day, date), manifest.as_bytes())
                .unwrap();
        }
        ledger
    }

    fn problem(bytes: &[u8]) -> String {
        Ledger::parse(Path::new("ledger.jsonl"), bytes)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn lines_are_chained_by_the_digest_of_the_line_before() {
        let ledger = ledger_of(&["2026-11-20", "2026-11-21"]);
        let text = String::from_utf8(ledger.bytes().to_vec()).unwrap();
        let (first, second) = text.trim_end().split_once('\n').unwrap();
        assert_eq!(
            first,
            format!(
                r#"{{"period":"day","date":"2026-11-20","tz":"Europe/London","policy":"{}","manifest":"{}","prev":"{NO_LINE}"}}"#,
                digest(br#"{"k":10,"visit_timeout":1800}"#),
                digest(b"manifest of 2026-11-20"),
            )
        );
        let end = format!(r#","prev":"{}"}}"#, digest(first.as_bytes()));
        assert!(second.ends_with(&end), "{second}");
    }

    #[test]
    fn a_written_ledger_reads_back() {
        let written = ledger_of(&["2026-11-21", "2026-11-19"]);
        let read = Ledger::parse(Path::new("ledger.jsonl"), written.bytes()).unwrap();
        let dates: Vec<_> = read.periods().map(|period| period.to_string()).collect();
        assert_eq!(dates, ["2026-11-19", "2026-11-21"]);
        assert_eq!(read.earliest().unwrap().to_string(), "2026-11-19");
        assert_eq!(read.latest().unwrap().to_string(), "2026-11-21");
        let period = release(PeriodLength::Day, "2026-11-21").period();
        assert!(read.contains(period));
        assert_eq!(
            read.manifest(period),
            Some(digest(b"manifest of 2026-11-21").as_str())
        );
        assert_eq!(read.bytes(), written.bytes());
    }

    #[test]
    fn a_removed_release_stays_in_the_ledger_and_never_comes_back() {
        let day = |date| release(PeriodLength::Day, date).period();
        let mut ledger = ledger_of(&["2026-11-19", "2026-11-20"]);
        ledger
            .remove(day("2026-11-19"), Removal::Withdrawn)
            .unwrap();
        ledger.remove(day("2026-11-20"), Removal::Expired).unwrap();
        let read = Ledger::parse(Path::new("ledger.jsonl"), ledger.bytes()).unwrap();
        assert!(read.contains(day("2026-11-19")) && read.is_removed(day("2026-11-19")));
        assert_eq!(read.removed().count(), 2);
        let text = String::from_utf8(ledger.bytes().to_vec()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let (removal, prev) = (lines[2], digest(lines[1].as_bytes()));
        assert_eq!(
            removal,
            format!(
                r#"{{"removed":"withdrawn","period":"day","date":"2026-11-19","prev":"{prev}"}}"#
            )
        );
        for (result, expected) in [
            (
                ledger.remove(day("2026-11-19"), Removal::Expired),
                "is already removed",
            ),
            (
                ledger.remove(day("2026-11-21"), Removal::Expired),
                "was not released",
            ),
            (
                ledger.append(&release(PeriodLength::Day, "2026-11-19"), b""),
                "is already released",
            ),
        ] {
            let message = result.unwrap_err().to_string();
            assert!(message.ends_with(expected), "{message}");
        }
    }

    #[test]
    fn exports_are_lines_of_their_own_kind() {
        let day = |date| release(PeriodLength::Day, date).period();
        let to = |k| Restriction::new("acme".parse().unwrap(), [Table::Pages], k).unwrap();
        let mut ledger = ledger_of(&["2026-11-19", "2026-11-20"]);
        ledger
            .export(&to(20), day("2026-11-19"), b"export")
            .unwrap();
        let written = ledger.bytes().to_vec();
        let last = written.split(|byte| *byte == b'\n').rev().nth(1).unwrap();
        let line = String::from_utf8(last.to_vec()).unwrap();
        let manifest = digest(b"export");
        let expected = format!(
            r#"{{"exported":"acme","tables":["pages"],"k":20,"period":"day","date":"2026-11-19","manifest":"{manifest}","prev":""#
        );
        assert!(line.starts_with(&expected), "{line}");
        // The same again is nothing new.
        ledger
            .export(&to(20), day("2026-11-19"), b"export")
            .unwrap();
        assert_eq!(ledger.bytes(), written);
        let mut read = Ledger::parse(Path::new("l"), &written).unwrap();
        assert!(read.is_export(to(20).partner(), day("2026-11-19"), &manifest));
        assert!(!read.is_export(to(20).partner(), day("2026-11-20"), &manifest));
        read.remove(day("2026-11-20"), Removal::Withdrawn).unwrap();
        for (k, date, expected) in [
            (30, "2026-11-19", "another choice is another partner's"),
            (20, "2026-11-18", "2026-11-18 was not released"),
            (20, "2026-11-20", "2026-11-20 is removed"),
        ] {
            let error = read.export(&to(k), day(date), b"other").unwrap_err();
            assert!(matches!(error, Error::Refused(_)));
            assert!(error.to_string().ends_with(expected), "{error}");
        }
    }

    #[test]
    fn every_altered_byte_and_every_cut_is_noticed() {
        let mut whole = ledger_of(&["2026-11-19", "2026-11-20"]);
        let first = whole.earliest().unwrap();
        whole.remove(first, Removal::Withdrawn).unwrap();
        let ends: Vec<usize> = (1..=whole.bytes().len())
            .filter(|end| whole.bytes()[end - 1] == b'\n')
            .collect();
        for length in 1..whole.bytes().len() {
            let cut = Ledger::parse(Path::new("l"), &whole.bytes()[..length]);
            assert_eq!(cut.is_ok(), ends.contains(&length), "cut at {length}");
        }
        for index in 0..ends[1] {
            let mut altered = whole.bytes().to_vec();
            altered[index] ^= 1;
            assert!(
                Ledger::parse(Path::new("l"), &altered).is_err(),
                "byte {index}"
            );
        }
    }

    #[test]
    fn damage_is_described() {
        let whole = ledger_of(&["2026-11-19", "2026-11-20"]);
        let first = whole
            .bytes()
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap()
            + 1;
        let cases: [(Vec<u8>, &str); 4] = [
            (
                whole.bytes()[..first + 9].to_vec(),
                "ledger.jsonl: line 2: it is torn: its end is missing",
            ),
            (
                whole.bytes()[first..].to_vec(),
                "ledger.jsonl: line 1: the chain is broken: a line before it was altered or removed",
            ),
            (
                b"{}\n".to_vec(),
                "ledger.jsonl: line 1: it is not a ledger entry",
            ),
            (
                String::from_utf8(whole.bytes()[..first].to_vec())
                    .unwrap()
                    .replace("day", "year")
                    .into_bytes(),
                "ledger.jsonl: line 1: it names no period",
            ),
        ];
        for (bytes, expected) in cases {
            assert_eq!(problem(&bytes), expected);
        }
    }

    #[test]
    fn one_release_per_period_one_length_one_time_zone() {
        let mut ledger = ledger_of(&["2026-11-16"]);
        let before = ledger.bytes().to_vec();
        for (length, expected) in [
            (
                PeriodLength::Day,
                "ledger.jsonl: 2026-11-16 is already released",
            ),
            (
                PeriodLength::Week,
                "ledger.jsonl: a ledger keeps one length of period, here day, not week",
            ),
        ] {
            let error = ledger
                .append(&release(length, "2026-11-16"), b"")
                .unwrap_err();
            assert!(matches!(error, Error::Refused(_)));
            assert_eq!(error.to_string(), expected);
        }
        assert_eq!(ledger.bytes(), before);

        let calendar = |tz| Calendar::new(TimeZone::get(tz).unwrap(), PeriodLength::Day);
        assert!(
            ledger
                .permits(&calendar("Europe/London"), None, None)
                .is_ok()
        );
        assert_eq!(
            ledger
                .permits(&calendar("Asia/Tokyo"), None, None)
                .unwrap_err()
                .to_string(),
            "ledger.jsonl: a ledger keeps one time zone, here Europe/London, not Asia/Tokyo"
        );
    }

    #[test]
    fn noise_is_recorded_and_stays_within_the_budget() {
        let day = |date, a_day, budget| release(PeriodLength::Day, date).with_noise(a_day, budget);
        let mut ledger = ledger_of(&[]);
        ledger
            .append(&day("2026-11-01", "0.1", "0.25"), b"")
            .unwrap();
        let text = String::from_utf8(ledger.bytes().to_vec()).unwrap();
        assert!(text.contains(r#""tz":"Europe/London","rho":"0.1","budget":"0.25","policy""#));
        let mut read = Ledger::parse(Path::new("l"), ledger.bytes()).unwrap();
        for (release, expected) in [
            (
                day("2026-11-02", "0.2", "0.25"),
                "l: 2026-11-02 exceeds the privacy budget of 30 days",
            ),
            (
                day("2026-11-02", "0.1", "3"),
                "l: a ledger keeps one kind of protection, here noise with a budget of 0.25 for 30 \
                 days, not noise with a budget of 3 for 30 days",
            ),
            (
                release(PeriodLength::Day, "2026-11-02"),
                "l: a ledger keeps one kind of protection, here noise with a budget of 0.25 for 30 \
                 days, not a threshold",
            ),
        ] {
            let error = read.append(&release, b"").unwrap_err();
            assert!(matches!(error, Error::Refused(_)));
            assert_eq!(error.to_string(), expected);
        }
        assert_eq!(read.bytes(), ledger.bytes());
        read.append(&day("2026-11-02", "0.15", "0.25"), b"")
            .unwrap();
        // Thirty days after the first one.
        read.append(&day("2026-12-01", "0.1", "0.25"), b"").unwrap();
    }

    #[test]
    fn a_ledger_that_tells_half_of_its_budget_is_damaged() {
        let mut ledger = ledger_of(&[]);
        let release = release(PeriodLength::Day, "2026-11-01").with_noise("0.1", "3");
        ledger.append(&release, b"").unwrap();
        let text = String::from_utf8(ledger.bytes().to_vec()).unwrap();
        for (part, other) in [
            (r#""budget":"3","#, ""),
            (r#""rho":"0.1""#, r#""rho":"little""#),
        ] {
            let altered = text.replace(part, other);
            assert_eq!(
                problem(altered.as_bytes()),
                "ledger.jsonl: line 1: it tells no privacy budget"
            );
        }
    }

    #[test]
    fn one_site_or_all_hosts_as_one() {
        let london = Calendar::new(TimeZone::get("Europe/London").unwrap(), PeriodLength::Day);
        let sites = ["blog.example", "shop.example"].map(|name| SiteName::new(name).unwrap());
        let [blog, shop] = [Some(&sites[0]), Some(&sites[1])];
        let released = |site: Option<&SiteName>| {
            let mut ledger = ledger_of(&[]);
            let release = release(PeriodLength::Day, "2026-11-16");
            let release = match site {
                Some(site) => release.of_site(site.as_str()),
                None => release,
            };
            ledger.append(&release, b"").unwrap();
            Ledger::parse(Path::new("l"), ledger.bytes()).unwrap()
        };
        for (own, other, expected) in [
            (shop, shop, ""),
            (None, None, ""),
            (
                shop,
                blog,
                "l: a ledger keeps one site, here shop.example, not blog.example",
            ),
            (
                shop,
                None,
                "l: a ledger keeps one site, here shop.example, not all hosts as one",
            ),
            (
                None,
                blog,
                "l: a ledger keeps one site, here all hosts as one, not blog.example",
            ),
        ] {
            let permitted = released(own).permits(&london, other, None);
            let said = permitted.map_or_else(|error| error.to_string(), |()| String::new());
            assert_eq!(said, expected);
        }
        let line = String::from_utf8(released(shop).bytes().to_vec()).unwrap();
        assert!(
            line.contains(r#""tz":"Europe/London","site":"shop.example","policy":""#),
            "{line}"
        );
    }

    #[test]
    fn the_order_of_settings_does_not_change_their_digest() {
        let one = json!({"k": 10, "filters": {"a": 1, "b": [2, 1]}});
        let other = json!({"filters": {"b": [2, 1], "a": 1}, "k": 10});
        let changed = json!({"filters": {"b": [1, 2], "a": 1}, "k": 10});
        assert_eq!(policy_digest(&one), policy_digest(&other));
        assert_ne!(policy_digest(&one), policy_digest(&changed));
    }

    #[test]
    fn digests_are_sha_256() {
        // FIPS 180-4, the example of one block.
        assert_eq!(
            digest(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
