//! Which sources the user's words name: files, all files of a folder, or those that fit a pattern.

use std::{
    collections::HashSet,
    fs, io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Component, Path, PathBuf},
};

use globset::{GlobBuilder, GlobMatcher};

use super::Source;
use crate::error::{Error, Result};

/// The sources of a run.
#[derive(Debug, Default)]
pub struct Selection {
    /// The sources in the order named, each file once.
    pub sources: Vec<Source>,
    /// Names of files that are among the sources already, under this name or another.
    pub repeated: Vec<String>,
    seen: HashSet<(u64, u64)>,
    has_stdin: bool,
}

impl Selection {
    /// Sources from names as given on a command line. `-` is standard input. A folder stands for the
    /// regular files in it, sorted by name, without hidden ones and without what is in folders of its
    /// own. A name with `*`, `?`, `[…]` or `{…}` that no file has is a pattern, read as a shell reads
    /// it: within one folder, hidden files only where it begins with a dot. What names nothing stays
    /// among the sources, so that it is told like a missing file.
    ///
    /// # Errors
    /// [`Error::Setting`] for a pattern that is not one.
    pub fn new(names: &[PathBuf]) -> Result<Self> {
        let mut selection = Self::default();
        for name in names {
            if name.as_os_str() == "-" {
                selection.add_stdin();
                continue;
            }
            for path in fitting(name)? {
                for file in files(path) {
                    selection.add(file);
                }
            }
        }
        Ok(selection)
    }

    fn add_stdin(&mut self) {
        if self.has_stdin {
            self.repeated.push(Source::Stdin.name());
        } else {
            self.sources.push(Source::Stdin);
        }
        self.has_stdin = true;
    }

    fn add(&mut self, file: PathBuf) {
        let identity = file.metadata().map(|file| (file.dev(), file.ino()));
        let source = Source::File(file);
        if identity.is_ok_and(|identity| !self.seen.insert(identity)) {
            self.repeated.push(source.name());
        } else {
            self.sources.push(source);
        }
    }
}

/// The paths that a name stands for; itself, if it is no pattern or none fits.
pub(super) fn fitting(name: &Path) -> Result<Vec<PathBuf>> {
    if name.symlink_metadata().is_ok() || !is_pattern(name.as_os_str().as_bytes()) {
        return Ok(vec![name.to_owned()]);
    }
    let mut paths = vec![PathBuf::new()];
    for component in name.components() {
        paths = match component {
            Component::Normal(part) if is_pattern(part.as_bytes()) => {
                let matcher = matcher(part.to_str())?;
                let hidden = part.as_bytes().starts_with(b".");
                let fits = |path: &Path| {
                    hidden == is_hidden(path)
                        && path.file_name().is_some_and(|name| matcher.is_match(name))
                };
                let inside = paths
                    .iter()
                    .flat_map(|folder| entries(folder).unwrap_or_default());
                inside.filter(|path| fits(path)).collect()
            }
            _ => {
                let inside = paths.iter().map(|folder| folder.join(component));
                inside.filter(|path| path.exists()).collect()
            }
        };
    }
    if paths.is_empty() {
        paths.push(name.to_owned());
    }
    Ok(paths)
}

pub(super) fn is_pattern(name: &[u8]) -> bool {
    name.iter().any(|byte| b"*?[{".contains(byte))
}

pub(super) fn matcher(part: Option<&str>) -> Result<GlobMatcher> {
    let part = part.ok_or_else(|| Error::Setting("a pattern of files is not UTF-8".to_owned()))?;
    GlobBuilder::new(part)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| Error::Setting(format!("pattern of files: {error}")))
}

/// The files that a path stands for; itself, if it is no folder or has none.
fn files(path: PathBuf) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path];
    }
    let mut files = entries(&path).unwrap_or_default();
    files.retain(|file| file.is_file() && !is_hidden(file));
    if files.is_empty() {
        files.push(path);
    }
    files
}

/// What is in a folder, sorted by name.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let here = folder.as_os_str().is_empty();
    let listed = fs::read_dir(if here { Path::new(".") } else { folder })?;
    let mut paths = listed
        .map(|entry| entry.map(|entry| folder.join(entry.file_name())))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort_unstable();
    Ok(paths)
}

pub(super) fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_bytes().starts_with(b"."))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn folder_of(files: &[&str]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    const FILES: [&str; 7] = [
        "access.log",
        "access.log.1",
        "access.log.10.gz",
        ".access.log.swp",
        "error.log",
        "old/access.log",
        "older/access.log",
    ];

    /// Names of the sources and of repeated files, relative to the folder.
    fn select(folder: &TempDir, names: &[&str]) -> (Vec<String>, Vec<String>) {
        let names: Vec<_> = names.iter().map(|name| folder.path().join(name)).collect();
        let selection = Selection::new(&names).unwrap();
        let relative = |name: &str| {
            let inside = Path::new(name).strip_prefix(folder.path()).unwrap();
            inside.display().to_string()
        };
        let sources = selection
            .sources
            .iter()
            .map(|source| relative(&source.name()));
        let repeated = selection.repeated.iter().map(|name| relative(name));
        (sources.collect(), repeated.collect())
    }

    #[test]
    fn names_stand_for_files() {
        let folder = folder_of(&FILES);
        let cases: [(&[&str], &[&str]); 12] = [
            (&["error.log", "access.log"], &["error.log", "access.log"]),
            (&["missing"], &["missing"]),
            (
                &[""],
                &[
                    "access.log",
                    "access.log.1",
                    "access.log.10.gz",
                    "error.log",
                ],
            ),
            (&["old"], &["old/access.log"]),
            (
                &["access.log*"],
                &["access.log", "access.log.1", "access.log.10.gz"],
            ),
            (&["access.log.?"], &["access.log.1"]),
            (&["*.{gz,1}"], &["access.log.1", "access.log.10.gz"]),
            (&["[a-d]*.log"], &["access.log"]),
            (&[".acc*"], &[".access.log.swp"]),
            (&["old*/*.log"], &["old/access.log", "older/access.log"]),
            (&["old*"], &["old/access.log", "older/access.log"]),
            (&["nothing*"], &["nothing*"]),
        ];
        for (names, expected) in cases {
            assert_eq!(
                select(&folder, names),
                (strings(expected), vec![]),
                "{names:?}"
            );
        }
    }

    #[test]
    fn a_file_with_the_name_of_a_pattern_is_that_file() {
        let folder = folder_of(&["a[1].log", "a1.log"]);
        assert_eq!(select(&folder, &["a[1].log"]).0, ["a[1].log"]);
    }

    #[test]
    fn a_file_is_read_once_under_all_its_names() {
        let folder = folder_of(&FILES);
        fs::hard_link(folder.path().join("access.log"), folder.path().join("hard")).unwrap();
        std::os::unix::fs::symlink("access.log", folder.path().join("soft")).unwrap();
        assert_eq!(
            select(
                &folder,
                &[
                    "access.log",
                    "old/../access.log",
                    "hard",
                    "soft",
                    "acc*.log"
                ]
            ),
            (
                strings(&["access.log"]),
                strings(&["old/../access.log", "hard", "soft", "access.log"])
            )
        );
        let twice = Selection::new(&[PathBuf::from("-"), PathBuf::from("-")]).unwrap();
        assert_eq!(
            (twice.sources, twice.repeated.len()),
            (vec![Source::Stdin], 1)
        );
    }

    #[test]
    fn an_empty_folder_stays_and_a_broken_pattern_is_refused() {
        let folder = folder_of(&[".hidden"]);
        let path = folder.path().to_owned();
        let selection = Selection::new(std::slice::from_ref(&path)).unwrap();
        assert_eq!(selection.sources, [Source::File(path.clone())]);
        assert!(Selection::new(&[path.join("a[b")]).is_err());
    }

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }
}
