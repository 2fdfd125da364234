//! An audit in words, for the person responsible for data protection, and as JSON for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{
    Audit,
    finding::{Check, Finding, Tried},
};

/// What no audit of this kind can tell, in any case.
const NEVER_TESTED: [&str; 4] = [
    "whether somebody who knows k-1 of the networks behind a row can tell the last one from it: the \
     threshold does not promise that",
    "releases of the same log under another ledger or in another folder that was not named",
    "names that look like ordinary words: only the log, or a person, can tell them from pages",
    "whether the law of your country calls the result anonymous",
];

impl Audit {
    /// The whole audit in words: what was tried, what was found, what cannot be tested.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "Audited: {} files, {} periods{}\n\nTried\n",
            self.files,
            self.periods,
            if self.with_log {
                ", against the log"
            } else {
                ""
            }
        );
        for check in Check::ALL.into_iter().filter(|it| self.is_tried(*it)) {
            let tried = self.findings.of(check);
            let (name, verdict) = (check.name(), verdict(tried));
            put(
                &mut text,
                format_args!("  {name:<13} {verdict:<18} {}\n", check.meaning()),
            );
        }
        text.push_str("\nFound\n");
        for finding in self.findings.list() {
            put(&mut text, format_args!("  {}\n", told(finding)));
        }
        for check in Check::ALL {
            let told = self
                .findings
                .list()
                .iter()
                .filter(|it| it.rule == check)
                .count();
            let more = self.findings.of(check).found.saturating_sub(told as u64);
            if more > 0 {
                put(
                    &mut text,
                    format_args!("  {}: and {more} more\n", check.name()),
                );
            }
        }
        if self.is_clean() {
            text.push_str("  nothing\n");
        }
        text.push_str("\nNot tested\n");
        for untested in self.untested() {
            put(&mut text, format_args!("  - {untested}\n"));
        }
        text
    }

    /// The same for programs. Members are only ever added.
    #[must_use]
    pub fn json(&self) -> Value {
        let checks = Check::ALL.into_iter().map(|check| {
            let Tried { times, found } = self.findings.of(check);
            json!({
                "rule": check.name(),
                "meaning": check.meaning(),
                "tested": self.is_tried(check),
                "tried": times,
                "found": found,
            })
        });
        json!({
            "clean": self.is_clean(),
            "against_log": self.with_log,
            "files": self.files,
            "periods": self.periods,
            "checks": checks.collect::<Vec<_>>(),
            "findings": self.findings.list(),
            "untested": self.untested(),
        })
    }

    const fn is_tried(&self, check: Check) -> bool {
        self.with_log || !check.needs_log()
    }

    fn untested(&self) -> Vec<&str> {
        let mut untested: Vec<&str> = self
            .findings
            .untested()
            .iter()
            .map(String::as_str)
            .collect();
        if !self.with_log {
            untested.push(
                "everything that needs the log: name it with --against to search for its \
                 identifiers and to count each row again",
            );
        }
        untested.extend(NEVER_TESTED);
        untested
    }
}

fn verdict(tried: Tried) -> String {
    match tried {
        Tried { times: 0, found: 0 } => "nothing to try".to_owned(),
        Tried { times, found: 0 } => format!("{times} times, ok"),
        Tried { found, .. } => format!("FOUND {found}"),
    }
}

/// `rule: file, line 3, column pageviews: what`.
fn told(finding: &Finding) -> String {
    let place = &finding.place;
    let mut told = format!("{}: {}", finding.rule.name(), place.file);
    if let Some(line) = place.line {
        put(&mut told, format_args!(", line {line}"));
    }
    if let Some(column) = place.column {
        put(&mut told, format_args!(", column {column}"));
    }
    put(&mut told, format_args!(": {}", finding.what));
    told
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what)
        .expect("a string takes what is written");
}
