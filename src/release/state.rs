//! Private state: what each release was made from, so that a rerun can be judged. Never published.

use std::{cmp::Ordering, collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    privacy::LineDigest,
    time::Period,
};

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

/// The digests of all released periods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    digests: BTreeMap<String, LineDigest>,
}

impl Verdict {
    /// Judges a rerun by the digest of its lines, taken under the key of the release's.
    #[must_use]
    pub fn of(rerun: &LineDigest, released: &LineDigest) -> Self {
        match rerun.lines.cmp(&released.lines) {
            Ordering::Less => Self::Older,
            Ordering::Equal if rerun.sum == released.sum => Self::Unchanged,
            Ordering::Equal | Ordering::Greater => Self::Changed,
        }
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
    pub fn lines(&self, period: Period) -> Option<&LineDigest> {
        self.digests.get(&period.to_string())
    }

    /// Remembers what a period is released from.
    pub fn insert(&mut self, period: Period, digest: LineDigest) {
        self.digests.insert(period.to_string(), digest);
    }

    /// Forgets what a period was released from.
    pub fn forget(&mut self, period: Period) {
        self.digests.remove(&period.to_string());
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
        let entry = |digest: &LineDigest| Entry {
            key: format!("{:016x}", digest.key),
            lines: digest.lines,
            digest: format!("{:032x}", digest.sum),
        };
        let periods = state.digests.iter();
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
        let decode = |entry: &Entry| {
            Some(LineDigest {
                key: u64::from_str_radix(&entry.key, 16).ok()?,
                lines: entry.lines,
                sum: u128::from_str_radix(&entry.digest, 16).ok()?,
            })
        };
        let periods = self.periods.into_iter();
        let digests = periods.map(|(date, entry)| Some((date, decode(&entry)?)));
        Some(State {
            digests: digests.collect::<Option<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::PeriodLength;

    const LINES: LineDigest = LineDigest {
        key: 0xfeed,
        lines: 100,
        sum: 1 << 100,
    };

    fn day(date: &str) -> Period {
        Period {
            start: date.parse().unwrap(),
            length: PeriodLength::Day,
        }
    }

    #[test]
    fn a_rerun_is_judged_by_count_then_digest() {
        for (lines, sum, expected) in [
            (100, 1 << 100, Verdict::Unchanged),
            (100, 1, Verdict::Changed),
            (99, 1, Verdict::Older),
            (99, 1 << 100, Verdict::Older),
            (101, 1 << 100, Verdict::Changed),
            (0, 0, Verdict::Older),
        ] {
            let rerun = LineDigest {
                lines,
                sum,
                ..LINES
            };
            assert_eq!(Verdict::of(&rerun, &LINES), expected, "{lines} {sum}");
        }
    }

    #[test]
    fn a_written_state_reads_back() {
        let mut state = State::default();
        state.insert(day("2026-11-21"), LINES);
        state.insert(
            day("2026-11-20"),
            LineDigest {
                key: u64::MAX,
                lines: 0,
                sum: u128::MAX,
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
        assert_eq!(read.lines(day("2026-11-21")), Some(&LINES));
        assert_eq!(read.lines(day("2026-11-22")), None);
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
        assert_eq!(format!("{LINES:?}"), "LineDigest { lines: 100, .. }");
    }
}
