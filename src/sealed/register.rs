//! The register: who opened which segment, when and why, and what expired; one hash-chained line each.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    release::Chain,
    time::{Date, Timestamp},
};

/// What has happened to the segments of a folder, in order. It tells nothing of their content.
#[derive(Clone, Debug)]
pub struct Register {
    path: PathBuf,
    chain: Chain,
    entries: Vec<Entry>,
}

/// One line of the file: a JSON object with these keys in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Entry {
    /// Sealing began here.
    Begun {
        /// The time zone whose days segments are of.
        tz: String,
        /// SHA-256 of the line before without its newline; zeros in the first.
        prev: String,
    },
    /// Segments were opened.
    Opened {
        /// SHA-256 of each as it was, by its name.
        opened: BTreeMap<String, String>,
        /// When, in UTC.
        at: String,
        /// The number of the user who did.
        user: u32,
        /// Why, in the user's words.
        reason: String,
        /// SHA-256 of the line before.
        prev: String,
    },
    /// The segments of a day were removed, since they had been kept for long enough.
    Expired {
        /// The day.
        expired: String,
        /// How many there were.
        segments: usize,
        /// When, in UTC.
        at: String,
        /// SHA-256 of the line before.
        prev: String,
    },
}

/// Its file's name in the folder.
const FILE: &str = "register.jsonl";

impl Register {
    /// Reads the register of a folder and verifies its chain; an empty one where there is none.
    ///
    /// # Errors
    /// [`Error::Ledger`] names the line that is torn, altered or out of the chain, [`Error::Read`] says why
    /// the file cannot be read.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => Self::parse(path, &bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::parse(path, b""),
            Err(source) => Err(Error::unreadable(&path, source)),
        }
    }

    /// Whether a folder has one.
    pub(super) fn is_in(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    fn parse(path: PathBuf, bytes: &[u8]) -> Result<Self> {
        let mut register = Self {
            path,
            chain: Chain::default(),
            entries: Vec::new(),
        };
        for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            register.admit(line).map_err(|problem| Error::Ledger {
                path: register.path.clone(),
                message: format!("line {}: {problem}", index + 1),
            })?;
        }
        Ok(register)
    }

    fn admit(&mut self, line: &[u8]) -> std::result::Result<(), String> {
        let text = Chain::text(line)?;
        let entry: Entry = serde_json::from_slice(text).map_err(|_| "it is not an entry")?;
        self.chain.check(entry.prev())?;
        self.chain.add(text);
        self.entries.push(entry);
        Ok(())
    }

    /// What has happened, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The digest of the last line: who has noted it sees whether lines were taken from the end.
    #[must_use]
    pub fn last(&self) -> &str {
        self.chain.last()
    }

    /// The time zone whose days segments are of; `None` where nothing was sealed.
    #[must_use]
    pub fn tz(&self) -> Option<&str> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Begun { tz, .. } => Some(tz.as_str()),
            _ => None,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file's bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.chain.bytes()
    }

    pub(super) fn begin(&mut self, tz: &str) {
        let tz = tz.to_owned();
        self.add(|prev| Entry::Begun { tz, prev });
    }

    pub(super) fn open(
        &mut self,
        opened: BTreeMap<String, String>,
        now: Timestamp,
        user: u32,
        reason: &str,
    ) {
        let (at, reason) = (in_utc(now), reason.to_owned());
        self.add(|prev| Entry::Opened {
            opened,
            at,
            user,
            reason,
            prev,
        });
    }

    pub(super) fn expire(&mut self, day: Date, segments: usize, now: Timestamp) {
        let at = in_utc(now);
        self.add(|prev| Entry::Expired {
            expired: day.to_string(),
            segments,
            at,
            prev,
        });
    }

    fn add(&mut self, entry: impl FnOnce(String) -> Entry) {
        let entry = entry(self.chain.last().to_owned());
        let text = serde_json::to_vec(&entry).expect("strings and numbers serialise");
        self.chain.add(&text);
        self.entries.push(entry);
    }
}

impl Entry {
    fn prev(&self) -> &str {
        match self {
            Self::Begun { prev, .. } | Self::Opened { prev, .. } | Self::Expired { prev, .. } => {
                prev
            }
        }
    }
}

/// To the second, as RFC 3339 has it.
fn in_utc(time: Timestamp) -> String {
    let second = time.0.div_euclid(Timestamp::MICROSECONDS);
    jiff::Timestamp::from_second(second).map_or_else(|_| String::new(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_379_696_123_456);

    fn example() -> Register {
        let mut register = Register::parse(PathBuf::from("register.jsonl"), b"").unwrap();
        register.begin("Europe/London");
        let opened = BTreeMap::from([("2026-11-21.000001.age".to_owned(), "00ff".to_owned())]);
        register.open(opened, NOW, 1000, "case \"7\"\u{202e}");
        register.expire(Date::constant(2026, 11, 1), 288, NOW);
        register
    }

    #[test]
    fn entries_are_chained_and_read_back() {
        let written = example();
        let read = Register::parse(PathBuf::from("r"), written.bytes()).unwrap();
        assert_eq!(read.entries(), written.entries());
        assert_eq!(read.tz(), Some("Europe/London"));
        assert_eq!(read.last(), written.last());
        let text = String::from_utf8(written.bytes().to_vec()).unwrap();
        let last = text.lines().next_back().unwrap();
        let start =
            r#"{"expired":"2026-11-01","segments":288,"at":"2026-11-22T20:34:56Z","prev":""#;
        assert!(last.starts_with(start), "{last}");
    }

    #[test]
    fn every_altered_byte_and_every_removed_line_shows() {
        let whole = example().bytes().to_vec();
        let lines: Vec<_> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        let parse = |bytes: &[u8]| Register::parse(PathBuf::from("r"), bytes);
        for index in 0..whole.len() - lines[2].len() {
            let mut altered = whole.clone();
            altered[index] ^= 1;
            assert!(parse(&altered).is_err(), "byte {index}");
        }
        for (left, message) in [
            (
                lines[1..].concat(),
                "r: line 1: the chain is broken: a line before it was altered or removed",
            ),
            (
                [lines[0], lines[2]].concat(),
                "r: line 2: the chain is broken: a line before it was altered or removed",
            ),
            (
                whole[..whole.len() - 1].to_vec(),
                "r: line 3: it is torn: its end is missing",
            ),
            (b"{}\n".to_vec(), "r: line 1: it is not an entry"),
        ] {
            assert_eq!(parse(&left).unwrap_err().to_string(), message);
        }
    }
}
