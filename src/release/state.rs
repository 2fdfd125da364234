//! Private state: what each release was made from, so that a rerun can be judged. Never published.

use std::{collections::BTreeMap, fmt, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    time::Period,
};

/// What a released period was made from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Intake {
    /// The random key of the digest, its own for each period.
    pub key: u64,
    /// Lines of the period that were read, opted-out ones left out.
    pub lines: u64,
    /// Digest of those lines under the key, whatever their order.
    pub digest: u128,
}

/// How the lines of a released period compare with those it was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same lines: nothing to do.
    Unchanged,
    /// Fewer lines: a part of an old, rotated log.
    Older,
    /// More lines, or as many others: the release no longer describes the log.
    Changed,
}

/// The intakes of all released periods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    intakes: BTreeMap<String, Intake>,
}

impl Intake {
    /// Judges a rerun by its number of lines and their digest under [`Intake::key`].
    #[must_use]
    pub const fn verdict(&self, lines: u64, digest: u128) -> Verdict {
        if lines < self.lines {
            Verdict::Older
        } else if lines == self.lines && digest == self.digest {
            Verdict::Unchanged
        } else {
            Verdict::Changed
        }
    }
}

/// Leaves out the key and the digest: with both, a guessed line could be confirmed.
impl fmt::Debug for Intake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Intake")
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

impl State {
    /// Reads a state file. The path is for messages only.
    ///
    /// # Errors
    ///
    /// [`Error::Ledger`] if the bytes are not a state file of this version.
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice::<File>(bytes)
            .ok()
            .and_then(File::decoded)
            .ok_or_else(|| Error::Ledger {
                path: path.to_owned(),
                message: format!("this is not a state file of version {VERSION}"),
            })
    }

    /// The file's bytes: JSON, one line a period.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes =
            serde_json::to_vec_pretty(&File::encoded(self)).expect("strings and numbers serialise");
        bytes.push(b'\n');
        bytes
    }

    /// What a released period was made from; `None` if this state was not there at its release.
    #[must_use]
    pub fn intake(&self, period: Period) -> Option<&Intake> {
        self.intakes.get(&period.to_string())
    }

    /// Remembers what a period is released from.
    pub fn insert(&mut self, period: Period, intake: Intake) {
        self.intakes.insert(period.to_string(), intake);
    }
}

const VERSION: u32 = 1;

/// The file's JSON: key and digest in hexadecimal, as JSON numbers do not hold them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    periods: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    key: String,
    lines: u64,
    digest: String,
}

impl File {
    fn encoded(state: &State) -> Self {
        let entry = |intake: &Intake| Entry {
            key: format!("{:016x}", intake.key),
            lines: intake.lines,
            digest: format!("{:032x}", intake.digest),
        };
        let periods = state.intakes.iter();
        Self {
            version: VERSION,
            periods: periods
                .map(|(date, it)| (date.clone(), entry(it)))
                .collect(),
        }
    }

    fn decoded(self) -> Option<State> {
        if self.version != VERSION {
            return None;
        }
        let intake = |entry: &Entry| {
            Some(Intake {
                key: u64::from_str_radix(&entry.key, 16).ok()?,
                lines: entry.lines,
                digest: u128::from_str_radix(&entry.digest, 16).ok()?,
            })
        };
        let periods = self.periods.into_iter();
        let intakes = periods.map(|(date, entry)| Some((date, intake(&entry)?)));
        Some(State {
            intakes: intakes.collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::PeriodLength;

    const INTAKE: Intake = Intake {
        key: 0xfeed,
        lines: 100,
        digest: 1 << 100,
    };

    fn day(date: &str) -> Period {
        Period {
            start: date.parse().unwrap(),
            length: PeriodLength::Day,
        }
    }

    #[test]
    fn a_rerun_is_judged_by_count_then_digest() {
        for (lines, digest, expected) in [
            (100, 1 << 100, Verdict::Unchanged),
            (100, 1, Verdict::Changed),
            (99, 1, Verdict::Older),
            (99, 1 << 100, Verdict::Older),
            (101, 1 << 100, Verdict::Changed),
            (0, 0, Verdict::Older),
        ] {
            assert_eq!(INTAKE.verdict(lines, digest), expected, "{lines} {digest}");
        }
    }

    #[test]
    fn a_written_state_reads_back() {
        let mut state = State::default();
        state.insert(day("2026-11-21"), INTAKE);
        state.insert(
            day("2026-11-20"),
            Intake {
                key: u64::MAX,
                lines: 0,
                digest: u128::MAX,
            },
        );
        let bytes = state.to_bytes();
        let expected = r#"{
  "version": 1,
  "periods": {
    "2026-11-20": {
      "key": "ffffffffffffffff",
      "lines": 0,
      "digest": "ffffffffffffffffffffffffffffffff"
    },
    "2026-11-21": {
      "key": "000000000000feed",
      "lines": 100,
      "digest": "00000010000000000000000000000000"
    }
  }
}
"#;
        assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
        let read = State::parse(Path::new("state.json"), &bytes).unwrap();
        assert_eq!(read, state);
        assert_eq!(read.intake(day("2026-11-21")), Some(&INTAKE));
        assert_eq!(read.intake(day("2026-11-22")), None);
    }

    #[test]
    fn damaged_and_foreign_files_are_refused() {
        for bytes in [
            "",
            "{}",
            r#"{"version":2,"periods":{}}"#,
            r#"{"version":1,"periods":{"2026-11-20":{"key":"g","lines":1,"digest":"0"}}}"#,
            r#"{"version":1,"periods":{}"#,
        ] {
            let error = State::parse(Path::new("state.json"), bytes.as_bytes()).unwrap_err();
            assert_eq!(
                error.to_string(),
                "state.json: this is not a state file of version 1",
                "{bytes}"
            );
        }
    }

    #[test]
    fn debug_output_has_neither_key_nor_digest() {
        assert_eq!(format!("{INTAKE:?}"), "Intake { lines: 100, .. }");
    }
}
