//! The released files of an output folder, by a closed list of names: never its private state, keys, or
//! what is being staged.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use crate::{output::Encoding, time::Date};

/// The files below an output folder.
pub(super) struct Files {
    folder: PathBuf,
}

/// Files of the folder, or of a site's folder, itself, with their types.
const FILES: [(&str, &str); 3] = [
    (PAGE, HTML),
    ("datapackage.json", "application/json"),
    ("ledger.jsonl", "application/json"),
];

/// The release for people.
const PAGE: &str = "report.html";

/// The type of pages.
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// What the index begins with; what follows has no name that is not plain.
const HEAD: &str = "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Released statistics</title>\
    <h1>Released statistics</h1>";

/// Files of a period, beside its tables.
const MANIFEST: &str = "manifest.json";

impl Files {
    pub(super) fn of(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The page of all that is released, or, where each site has its own or there is none yet, the list of
    /// files.
    pub(super) fn index(&self) -> Vec<u8> {
        let page = self.read(&format!("/{PAGE}"));
        page.map_or_else(|| self.list_of_all().into_bytes(), |(_, bytes)| bytes)
    }

    /// A page that leads to all released files of the folder and of the sites in it.
    pub(super) fn list_of_all(&self) -> String {
        let mut page = HEAD.to_owned();
        self.list(&self.folder, "", &mut page);
        for site in names(&self.folder, "site=") {
            let _ = write!(page, "<h2>{}</h2>", &site["site=".len()..]);
            self.list(&self.folder.join(&site), &format!("{site}/"), &mut page);
        }
        page
    }

    /// Lists the released files of one site, latest period first.
    fn list(&self, folder: &Path, prefix: &str, page: &mut String) {
        let link = |page: &mut String, path: &str, name: &str| {
            if kind(&format!("{prefix}{path}")).is_some() {
                let _ = write!(page, "<li><a href=\"/{prefix}{path}\">{name}</a>");
            }
        };
        page.push_str("<ul>");
        for (file, _) in FILES {
            if folder.join(file).is_file() {
                link(page, file, file);
            }
        }
        page.push_str("</ul>");
        for period in names(folder, "date=").iter().rev() {
            let _ = write!(page, "<h3>{}</h3><ul>", &period["date=".len()..]);
            for file in names(&folder.join(period), "") {
                link(page, &format!("{period}/{file}"), &file);
            }
            page.push_str("</ul>");
        }
    }

    /// A released file with its type; nothing for any other path.
    pub(super) fn read(&self, path: &str) -> Option<(&'static str, Vec<u8>)> {
        let path = path.strip_prefix('/')?;
        let kind = kind(path)?;
        let file = self.folder.join(path);
        // What is released is a file of its own.
        let is_file = fs::symlink_metadata(&file).is_ok_and(|it| it.is_file());
        is_file
            .then(|| fs::read(file).ok())
            .flatten()
            .map(|bytes| (kind, bytes))
    }
}

/// The names in a folder that begin so and are names as released files have them, in order.
fn names(folder: &Path, prefix: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let is_wanted = |name: &String| name.strip_prefix(prefix).is_some_and(is_name);
    let mut names: Vec<String> = names.filter(is_wanted).collect();
    names.sort_unstable();
    names
}

/// The type of a released file by its path; nothing if none can have that path.
fn kind(path: &str) -> Option<&'static str> {
    let within_site = path.strip_prefix("site=").map(|rest| rest.split_once('/'));
    let path = match within_site {
        Some(Some((site, rest))) => is_name(site).then_some(rest)?,
        Some(None) => return None,
        None => path,
    };
    match path.split_once('/') {
        None => {
            let mut files = FILES.into_iter();
            files.find(|(file, _)| *file == path).map(|(_, kind)| kind)
        }
        Some((folder, file)) => {
            let date = folder.strip_prefix("date=")?;
            let is_date = date.parse::<Date>().is_ok_and(|it| it.to_string() == date);
            if !is_date {
                return None;
            }
            if file == MANIFEST {
                return Some("application/json");
            }
            let (table, extension) = file.split_once('.')?;
            let mut encodings = Encoding::ALL.into_iter();
            let encoding = encodings.find(|it| it.extension() == extension)?;
            is_name(table).then_some(type_of(encoding))
        }
    }
}

/// The media type of a table.
const fn type_of(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Csv => "text/csv; charset=utf-8",
        Encoding::JsonLines => "application/jsonl",
        Encoding::Parquet => "application/vnd.apache.parquet",
    }
}

/// A name as tables and hosts have it, which leads nowhere else.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    name.starts_with(|first: char| first.is_ascii_alphanumeric()) && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_leads_to_what_is_released_and_to_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "ledger.jsonl",
            "date=2026-11-21/pages.csv",
            "date=2026-11-22/pages.csv",
            "date=2026-11-22/<b>.csv",
            "date=2026-11-99/pages.csv",
            ".state/state.json",
            "site=a.example/date=2026-11-21/visits.csv",
            "site=a.example/report.html",
            "other/date=2026-11-21/visits.csv",
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let files = Files::of(folder.path());
        let page = files.list_of_all();
        assert_eq!(files.index(), page.as_bytes());
        let links: Vec<&str> = page.split("href=\"").skip(1).collect();
        let links: Vec<&str> = links
            .iter()
            .map(|link| link.split('"').next().unwrap())
            .collect();
        let expected = [
            "/ledger.jsonl",
            "/date=2026-11-22/pages.csv",
            "/date=2026-11-21/pages.csv",
            "/site=a.example/report.html",
            "/site=a.example/date=2026-11-21/visits.csv",
        ];
        assert_eq!(links, expected);
        assert!(links.iter().all(|link| files.read(link).is_some()));
        assert!(!page.contains("<b>") && !page.contains("state"));
        fs::write(folder.path().join("report.html"), "drawn").unwrap();
        assert_eq!(files.index(), b"drawn");
        assert!(files.list_of_all().contains("\"/report.html\""));
    }

    #[test]
    fn only_what_is_released_can_be_read() {
        for (path, expected) in [
            ("ledger.jsonl", Some("application/json")),
            ("report.html", Some(HTML)),
            ("site=a.example/report.html", Some(HTML)),
            ("date=2026-11-21/report.html", None),
            ("datapackage.json", Some("application/json")),
            ("date=2026-11-21/pages.csv", Some("text/csv; charset=utf-8")),
            (
                "date=2026-11-21/pages.parquet",
                Some("application/vnd.apache.parquet"),
            ),
            ("date=2026-11-21/pages.jsonl", Some("application/jsonl")),
            ("date=2026-11-21/pages.csv.gz", None),
            ("date=2026-11-21/manifest.json", Some("application/json")),
            (
                "site=a.example/date=2026-11-21/pages.csv",
                Some("text/csv; charset=utf-8"),
            ),
            ("site=a.example/ledger.jsonl", Some("application/json")),
            ("", None),
            (".state/state.json", None),
            (".state/watch/checkpoint", None),
            ("date=2026-11-21/../.state/state.json", None),
            ("date=2026-11-21/../ledger.jsonl", None),
            ("date=2026-11-21/.hidden.csv", None),
            ("date=..%2F.state/manifest.json", None),
            ("date=2026-11-21", None),
            ("date=2026-11-99/pages.csv", None),
            ("site=../ledger.jsonl", None),
            ("site=a.example", None),
            ("site=a.example/.state/state.json", None),
            ("site=a.example/site=b.example/ledger.jsonl", None),
            ("/etc/passwd", None),
            ("key", None),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
    }
}
