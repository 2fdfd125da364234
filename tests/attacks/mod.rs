//! What an attacker would try, one family a file: each attack fails against the program as it is and
//! succeeds where the defence it is about is missing. `docs/attacks.md` tells them in words.

mod clock;
mod flooding;
mod forgery;
mod injection;
mod key_files;
mod pseudonyms;
mod releases;
mod smuggling;
mod subtraction;
mod sybil;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::program::{Tree, published, report, run_for, tree};

pub(crate) const WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 \
                                  (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36";

/// The threshold of these attacks: the lowest that there is.
const K: usize = 5;

/// A request as servers log it, on the second of June 2025 unless said otherwise.
#[derive(Clone, Copy)]
struct Request<'a> {
    client: &'a str,
    day: u32,
    /// Since midnight.
    second: usize,
    target: &'a str,
    bytes: u64,
    referrer: &'a str,
    agent: &'a str,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            client: "81.2.0.9",
            day: 2,
            second: 8 * 3600,
            target: "/",
            bytes: 100,
            referrer: "-",
            agent: WINDOWS,
        }
    }
}

impl Request<'_> {
    /// A line of the combined format.
    fn line(&self) -> String {
        let Self {
            client,
            target,
            bytes,
            referrer,
            agent,
            ..
        } = self;
        let time = self.time();
        format!(
            "{client} - - [{time}] \"GET {target} HTTP/1.1\" 200 {bytes} \"{referrer}\" \"{agent}\"\n"
        )
    }

    /// The time as Apache and nginx write it.
    fn time(&self) -> String {
        let (hour, minute, second) = (self.second / 3600, self.second / 60 % 60, self.second % 60);
        format!(
            "{:02}/Jun/2025:{hour:02}:{minute:02}:{second:02} +0000",
            self.day
        )
    }
}

/// The address of a reader in the network of a number.
fn reader(network: usize) -> String {
    format!("81.{}.{}.9", 2 + network / 256, network % 256)
}

/// The same request by readers of networks of their own, a second apart.
fn readers(networks: std::ops::Range<usize>, request: &Request<'_>) -> String {
    let line = |network: usize| {
        let client = &reader(network);
        let second = request.second + network;
        Request {
            client,
            second,
            ..*request
        }
        .line()
    };
    networks.map(line).collect()
}

/// A log under attack and what is made of it.
struct Site(TempDir);

impl Site {
    fn new(log: impl AsRef<[u8]>) -> Self {
        let site = Self(tempfile::tempdir().expect("a folder"));
        site.write("access.log", log);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn out(&self) -> PathBuf {
        self.path("out")
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("a written file");
        path
    }

    /// A run over the log.
    fn report(&self) -> Command {
        let mut command = report(&self.out());
        command.arg(self.path("access.log"));
        // Arguments override them.
        command.env("HUSHLOG_K", "5").env("HUSHLOG_GEO_DB", "none");
        command
    }

    /// All that was written anywhere, key files and private state among it, and what a run said.
    fn everything(&self, said: &Output) -> Tree {
        let mut all = tree(self.0.path());
        all.retain(|name, _| !name.ends_with(".log"));
        all.insert("standard output".to_owned(), said.stdout.clone());
        all.insert("standard error".to_owned(), said.stderr.clone());
        all
    }
}

/// What is published of a log.
struct Released(Tree);

impl Released {
    /// By a run with these arguments that has to succeed.
    #[track_caller]
    fn of(log: &str, arguments: &[&str]) -> Self {
        let site = Site::new(log);
        run_for(site.report().args(arguments), 0);
        Self::in_folder(&site.out())
    }

    fn in_folder(folder: &Path) -> Self {
        Self(published(folder))
    }

    /// A table's rows as they are written, header and date left out; none if it is withheld.
    fn rows(&self, table: &str) -> Vec<Vec<String>> {
        let Some(file) = self.0.get(&format!("date=2025-06-02/{table}.csv")) else {
            return Vec::new();
        };
        let mut reader = csv::Reader::from_reader(file.as_slice());
        let rows = reader.records().map(|row| row.expect("a row of CSV"));
        rows.map(|row| row.iter().skip(1).map(str::to_owned).collect())
            .collect()
    }

    /// The first columns of a table's rows, joined by spaces.
    fn cells(&self, table: &str, columns: usize) -> Vec<String> {
        let rows = self.rows(table);
        rows.iter().map(|row| row[..columns].join(" ")).collect()
    }

    /// The days of which there is anything.
    fn days(&self) -> Vec<&str> {
        let mut days: Vec<&str> = self
            .0
            .keys()
            .filter_map(|name| Some(name.strip_prefix("date=")?.split_once('/')?.0))
            .collect();
        days.dedup();
        days
    }
}
