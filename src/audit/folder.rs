//! Reads an audited folder as a stranger would: every name and every byte, following no link.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{
    finding::{Check, Findings, Place},
    page, patterns,
};
use crate::{
    aggregate::Table,
    error::{Error, Result},
    output::Encoding,
};

/// What a file is, by its name and place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ledger,
    DataPackage,
    Manifest,
    /// A table as CSV.
    Table(Table),
    /// The same in another encoding.
    Encoded(Table, Encoding),
    /// The release for people.
    Page,
    /// None of a release's files.
    Stray,
}

/// A file that anybody who gets the folder can read.
pub(super) struct Artefact {
    /// Its name as shown.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) bytes: Vec<u8>,
}

impl Artefact {
    /// What people read in it, by lines: all of it, but of a page what it shows. Files that are no text are
    /// held to ones that are.
    pub(super) fn texts(&self) -> Vec<(usize, String)> {
        let text = String::from_utf8_lossy(&self.bytes);
        match self.kind {
            Kind::Page => return page::texts(&text),
            Kind::Encoded(_, Encoding::Parquet) => return Vec::new(),
            _ => {}
        }
        let lines = (1..).zip(text.split('\n'));
        lines.map(|(line, text)| (line, text.to_owned())).collect()
    }
}

/// A period's folder.
pub(super) struct Dated {
    /// Its name as shown.
    pub(super) name: String,
    /// What stands after `date=`.
    pub(super) date: String,
    pub(super) files: Vec<Artefact>,
}

/// What is released together: all of a folder, or a site's part of it.
pub(super) struct Site {
    /// The host, where each has its own folder.
    pub(super) host: Option<String>,
    /// The site's folder as shown, with a slash at its end; empty for the whole.
    pub(super) prefix: String,
    pub(super) ledger: Option<Artefact>,
    pub(super) package: Option<Artefact>,
    /// In the order of dates.
    pub(super) dated: Vec<Dated>,
    /// All other files.
    pub(super) others: Vec<Artefact>,
}

impl Site {
    /// Every file.
    pub(super) fn artefacts(&self) -> impl Iterator<Item = &Artefact> {
        let dated = self.dated.iter().flat_map(|dated| &dated.files);
        let own = self.ledger.iter().chain(&self.package);
        own.chain(&self.others).chain(dated)
    }
}

/// Reads the sites of a folder, whose files are shown with a prefix; a ledger that lies elsewhere may be
/// named.
///
/// # Errors
/// [`Error::Read`] if a folder or file cannot be read, [`Error::Setting`] if there is nothing in it.
pub(super) fn read(
    dir: &Path,
    prefix: &str,
    ledger: Option<&Path>,
    findings: &mut Findings,
) -> Result<Vec<Site>> {
    if !dir.join(".state").exists() {
        findings.leave("the permissions of the private state, which is not in the folder");
    }
    let mut reader = Reader { findings };
    let mut whole = reader.site(dir, None, prefix.to_owned())?;
    let mut sites = Vec::new();
    for entry in entries(dir)? {
        if let Some(host) = entry.name.strip_prefix("site=")
            && entry.is_folder
        {
            let prefix = format!("{prefix}{}/", shown(&entry.name));
            sites.push(reader.site(&entry.path, Some(host.to_owned()), prefix)?);
        }
    }
    if let Some(path) = ledger {
        let bytes = fs::read(path).map_err(|source| Error::unreadable(path, source))?;
        whole.ledger = Some(Artefact {
            name: "the ledger named".to_owned(),
            kind: Kind::Ledger,
            bytes,
        });
    }
    let has_releases = !whole.dated.is_empty() || whole.ledger.is_some();
    let mixed = has_releases && !sites.is_empty();
    findings.require(
        Check::Stray,
        !mixed,
        || Place::file(&format!("{prefix}.")),
        || {
            "releases by host lie beside releases of all hosts as one: their differences describe \
             single hosts below the threshold"
                .to_owned()
        },
    );
    if has_releases || sites.is_empty() || !whole.others.is_empty() {
        sites.insert(0, whole);
    }
    if sites.iter().all(|site| site.artefacts().next().is_none()) {
        return Err(Error::Setting(format!(
            "{}: nothing is released in this folder",
            dir.display()
        )));
    }
    Ok(sites)
}

/// One name in a folder.
struct Entry {
    name: String,
    path: PathBuf,
    is_folder: bool,
    is_file: bool,
    mode: u32,
}

/// The names in a folder, in bytewise order.
///
/// Errors name the folder that was asked for, since names within it may be anything.
fn entries(folder: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(|source| Error::unreadable(folder, source))? {
        let path = entry
            .map_err(|source| Error::unreadable(folder, source))?
            .path();
        let metadata =
            fs::symlink_metadata(&path).map_err(|source| Error::unreadable(folder, source))?;
        let name = path.file_name().unwrap_or_default();
        entries.push(Entry {
            name: name.to_string_lossy().into_owned(),
            is_folder: metadata.is_dir(),
            is_file: metadata.is_file(),
            mode: metadata.permissions().mode(),
            path,
        });
    }
    entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(entries)
}

/// A name as findings show it: as it is, unless it might tell something.
pub(super) fn shown(name: &str) -> String {
    let plain = |character: char| {
        character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '=' | '-')
    };
    if name.len() <= 80 && name.chars().all(plain) && patterns::of_text(name).is_none() {
        name.to_owned()
    } else {
        "(name not shown)".to_owned()
    }
}

struct Reader<'f> {
    findings: &'f mut Findings,
}

impl Reader<'_> {
    fn site(&mut self, dir: &Path, host: Option<String>, prefix: String) -> Result<Site> {
        let mut site = Site {
            host,
            prefix,
            ledger: None,
            package: None,
            dated: Vec::new(),
            others: Vec::new(),
        };
        for entry in entries(dir)? {
            self.check_mode(&entry, &site.prefix);
            let name = format!("{}{}", site.prefix, shown(&entry.name));
            match (entry.name.as_str(), entry.is_folder, entry.is_file) {
                (".state", true, _) if site.host.is_none() => self.check_private(&entry)?,
                ("ledger.jsonl", _, true) => {
                    site.ledger = Some(artefact(&entry, name, Kind::Ledger)?);
                }
                ("datapackage.json", _, true) => {
                    site.package = Some(artefact(&entry, name, Kind::DataPackage)?);
                }
                ("report.html", _, true) => site.others.push(artefact(&entry, name, Kind::Page)?),
                (folder, true, _) if folder.starts_with("date=") => {
                    let date = folder["date=".len()..].to_owned();
                    let files = self.dated(&entry.path, &name)?;
                    site.dated.push(Dated { name, date, files });
                }
                (folder, true, _) if folder.starts_with("site=") && site.host.is_none() => {}
                _ => self.stray(&entry, &name, &mut site.others)?,
            }
        }
        Ok(site)
    }

    fn dated(&mut self, dir: &Path, prefix: &str) -> Result<Vec<Artefact>> {
        let mut files = Vec::new();
        for entry in entries(dir)? {
            self.check_mode(&entry, prefix);
            let name = format!("{prefix}/{}", shown(&entry.name));
            let kind = kind_of(&entry.name).filter(|_| entry.is_file);
            match kind {
                Some(kind) => files.push(artefact(&entry, name, kind)?),
                None => self.stray(&entry, &name, &mut files)?,
            }
        }
        self.findings.tried(Check::Stray, files.len() as u64);
        Ok(files)
    }

    /// Notes what no release writes, and reads it all the same: it would be given away too.
    fn stray(&mut self, entry: &Entry, name: &str, files: &mut Vec<Artefact>) -> Result<()> {
        let what = match (entry.is_folder, entry.is_file) {
            (true, _) => "no release has a folder of this name",
            (_, true) => "no release has a file of this name",
            _ => "a link or device, not a file",
        };
        self.findings.add(Check::Stray, Place::file(name), what);
        if let Some(pattern) = patterns::of_text(&entry.name) {
            let what = format!("the name of the file holds what looks like {pattern}");
            self.findings.add(Check::Patterns, Place::file(name), what);
        }
        if entry.is_file {
            files.push(artefact(entry, name.to_owned(), Kind::Stray)?);
        } else if entry.is_folder {
            for inner in entries(&entry.path)? {
                let name = format!("{name}/{}", shown(&inner.name));
                self.stray(&inner, &name, files)?;
            }
        }
        Ok(())
    }

    fn check_mode(&mut self, entry: &Entry, prefix: &str) {
        // The mode of a link means nothing.
        let open = (entry.is_file || entry.is_folder) && entry.mode & 0o002 != 0;
        self.findings.require(
            Check::Permissions,
            !open,
            || Place::file(&format!("{prefix}{}", shown(&entry.name))),
            || "everyone can change this (chmod o-w)".to_owned(),
        );
    }

    /// The private state must be closed to all but its owner. Its content is not looked at: it is not
    /// given away.
    fn check_private(&mut self, folder: &Entry) -> Result<()> {
        let mut waiting = vec![(folder.path.clone(), ".state".to_owned(), folder.mode)];
        while let Some((path, name, mode)) = waiting.pop() {
            self.findings.require(
                Check::Permissions,
                mode & 0o077 == 0,
                || Place::file(&name),
                || "others can read the private state (chmod go-rwx)".to_owned(),
            );
            if path.is_dir() {
                let inner = entries(&path)?.into_iter().filter(|entry| {
                    // A link out of the folder is followed by nobody.
                    entry.is_folder || entry.is_file
                });
                waiting.extend(inner.map(|entry| {
                    let name = format!("{name}/{}", shown(&entry.name));
                    (entry.path, name, entry.mode)
                }));
            }
        }
        Ok(())
    }
}

fn artefact(entry: &Entry, name: String, kind: Kind) -> Result<Artefact> {
    let bytes = fs::read(&entry.path).map_err(|source| Error::Read {
        name: name.clone(),
        source,
    })?;
    Ok(Artefact { name, kind, bytes })
}

fn kind_of(name: &str) -> Option<Kind> {
    if name == "manifest.json" {
        return Some(Kind::Manifest);
    }
    let (table, extension) = name.split_once('.')?;
    let table = Table::named(table)?;
    let mut encodings = Encoding::ALL.into_iter();
    match encodings.find(|it| it.extension() == extension)? {
        Encoding::Csv => Some(Kind::Table(table)),
        other => Some(Kind::Encoded(table, other)),
    }
}
