//! Where an output folder, its private state and its ledger lie, and where each is staged.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::{
    super::datapackage,
    disk::{Disk, write_error},
    trust,
};
use crate::{
    error::{Error, Result},
    privacy::SiteName,
    time::Period,
};

/// Absolute paths of one output folder, or of a site's folder in it.
///
/// State and ledger may lie elsewhere, also on another file system or shared with other output
/// folders. What lies elsewhere is staged beside its target, as a rename cannot leave a file
/// system; all else is staged in the private folder.
pub(super) struct Layout {
    dir: PathBuf,
    private: PathBuf,
    state_dir: PathBuf,
    ledger: PathBuf,
}

/// What the names of a site's folder and a period's begin with.
pub(super) const SITE: &str = "site=";
pub(super) const DATE: &str = "date=";

const LEDGER: &str = "ledger.jsonl";
const PRIVATE: &str = ".state";

impl Layout {
    /// Creates the folders that are missing and settles the paths.
    ///
    /// # Errors
    ///
    /// [`Error::Write`] if a folder cannot be created or read; [`Error::Refused`] if one is in the
    /// hands of others, or if the state would lie among the files that are published.
    pub(super) fn prepare(
        disk: &dyn Disk,
        dir: &Path,
        state_dir: Option<&Path>,
        ledger: Option<&Path>,
    ) -> Result<Self> {
        let dir = private_folder(disk, dir)?;
        let own_state = private_folder(disk, &dir.join(PRIVATE))?;
        let state_dir = match state_dir {
            Some(elsewhere) => private_folder(disk, elsewhere)?,
            None => own_state.clone(),
        };
        if state_dir.starts_with(&dir) && !state_dir.starts_with(&own_state) {
            return Err(Error::Refused(format!(
                "{}: the private state must not lie in the folder that is published",
                state_dir.display()
            )));
        }
        let ledger = ledger.map_or_else(|| Ok(dir.join(LEDGER)), absolute)?;
        ledger.parent().map_or(Ok(()), trust::check_folder)?;
        Ok(Self {
            dir,
            private: own_state,
            state_dir,
            ledger,
        })
    }

    /// Creates the folders of a site that are missing and settles the paths.
    ///
    /// # Errors
    ///
    /// As [`Layout::prepare`].
    pub(super) fn prepare_site(&self, disk: &dyn Disk, site: &SiteName) -> Result<Self> {
        let named = self.site(site);
        let dir = private_folder(disk, &named.dir)?;
        Ok(Self {
            ledger: dir.join(LEDGER),
            dir,
            private: private_folder(disk, &named.private)?,
            state_dir: private_folder(disk, &named.state_dir)?,
        })
    }

    /// The paths of a site. What is private lies beside all that is published, not within it, so that a
    /// site's folder can be copied as it is.
    pub(super) fn site(&self, site: &SiteName) -> Self {
        let name = format!("{SITE}{site}");
        let dir = self.dir.join(&name);
        Self {
            ledger: dir.join(LEDGER),
            dir,
            private: self.private.join(&name),
            state_dir: self.state_dir.join(&name),
        }
    }

    /// The paths as the user named them, for reading only: nothing is created or checked.
    pub(super) fn as_named(dir: &Path, state_dir: Option<&Path>, ledger: Option<&Path>) -> Self {
        Self {
            dir: dir.to_owned(),
            private: dir.join(PRIVATE),
            state_dir: state_dir.map_or_else(|| dir.join(PRIVATE), Path::to_owned),
            ledger: ledger.map_or_else(|| dir.join(LEDGER), Path::to_owned),
        }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The name of the site, if this is the folder of one.
    pub(super) fn site_name(&self) -> Option<String> {
        let name = self.dir.file_name()?.to_str()?;
        name.strip_prefix(SITE).map(str::to_owned)
    }

    pub(super) fn private(&self) -> &Path {
        &self.private
    }

    pub(super) fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    pub(super) fn staging(&self) -> PathBuf {
        self.private.join("staging")
    }

    /// The journal: while it is there, a publication is decided and has to be finished.
    pub(super) fn journal(&self) -> PathBuf {
        self.private.join("journal.json")
    }

    pub(super) fn ledger(&self) -> &Path {
        &self.ledger
    }

    pub(super) fn state(&self) -> PathBuf {
        self.state_dir.join("state.json")
    }

    pub(super) fn datapackage(&self) -> PathBuf {
        self.dir.join(datapackage::NAME)
    }

    /// The folder of a period.
    pub(super) fn release(&self, period: &str) -> PathBuf {
        self.dir.join(format!("{DATE}{period}"))
    }

    /// Everything that a publication moves into place, in the order of moving: the ledger comes
    /// last, so that it never names what cannot be seen.
    pub(super) fn targets(&self, period: &str) -> [PathBuf; 4] {
        [
            self.release(period),
            self.state(),
            self.datapackage(),
            self.ledger.clone(),
        ]
    }

    /// Where a target waits until it is moved into place.
    pub(super) fn staged(&self, target: &Path) -> PathBuf {
        if self.is_elsewhere(target) {
            beside(target, ".staged")
        } else {
            self.staging().join(target.file_name().unwrap_or_default())
        }
    }

    /// Whether a file lies outside the output folder and what is private of it.
    pub(super) fn is_elsewhere(&self, file: &Path) -> bool {
        !file.starts_with(&self.dir) && !file.starts_with(&self.private)
    }

    /// The lock files of what lies outside the output folder.
    pub(super) fn outer_locks(&self) -> Vec<PathBuf> {
        let files = [self.state(), self.ledger.clone()];
        let outer = files.iter().filter(|file| self.is_elsewhere(file));
        outer.map(|file| beside(file, ".lock")).collect()
    }

    /// The folders whose names a publication changes.
    pub(super) fn parents(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.dir.clone(), self.state_dir.clone()];
        folders.extend(self.ledger.parent().map(Path::to_owned));
        folders.sort_unstable();
        folders.dedup();
        folders
    }

    /// A path as the journal names it: relative within the output folder, so that the folder may
    /// be moved.
    pub(super) fn journal_name(&self, path: &Path) -> String {
        let relative = path.strip_prefix(&self.dir);
        let relative = relative.or_else(|_| path.strip_prefix(&self.private));
        relative.unwrap_or(path).to_string_lossy().into_owned()
    }

    /// The period's folder must not be there before the period is published.
    pub(super) fn check_vacant(&self, period: Period) -> Result<()> {
        let folder = self.release(&period.to_string());
        if fs::symlink_metadata(&folder).is_err() {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "{}: this folder exists, but the ledger {} has no release of that date; \
             move the folder away, or name the ledger it belongs to",
            folder.display(),
            self.ledger.display()
        )))
    }
}

/// The absolute path of a folder, created if missing, that others cannot write to.
fn private_folder(disk: &dyn Disk, path: &Path) -> Result<PathBuf> {
    if !path.is_dir() {
        disk.create_folder(path)?;
        let parent = path.parent().filter(|parent| *parent != Path::new(""));
        disk.sync_folder(parent.unwrap_or(Path::new(".")))?;
    }
    trust::check_folder(path)?;
    path.canonicalize()
        .map_err(|source| write_error(path, source))
}

/// The absolute path of a file that need not be there yet; its folder must.
fn absolute(file: &Path) -> Result<PathBuf> {
    let Some(name) = file.file_name() else {
        return Err(Error::Setting(format!(
            "{}: this is not the name of a file",
            file.display()
        )));
    };
    if let Ok(existing) = file.canonicalize() {
        return Ok(existing);
    }
    let folder = file.parent().filter(|parent| *parent != Path::new(""));
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    folder
        .map(|folder| folder.join(name))
        .map_err(|source| write_error(file, source))
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(ending);
    name.into()
}
