//! The output folder: the only code that writes it, one period at a time, whole or not at all.
//!
//! A publication is *staged* out of sight (the period's folder, the new state, the new
//! `datapackage.json` and the whole new ledger), *decided* by the rename of a journal into place,
//! and *moved* into view by four renames. Before the decision nothing in view has changed, and what
//! is staged can be thrown away. After it every step can be repeated, and [`Folder::open`] finishes
//! what a crash left.
//!
//! What is removed is first said to be so by the ledger, which is renamed into place; the rest can be
//! repeated.
//!
//! By host, each site has a folder of its own within the output folder, which is published to like any
//! other: a crash leaves each site's periods whole. The lock of the output folder is held for all.

mod contents;
mod disk;
mod export;
mod journal;
mod layout;
mod lock;
mod page;
mod removal;
mod scope;
#[cfg(test)]
mod tests;
mod trust;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use self::{
    contents::Contents,
    disk::{Disk, FileSystem},
    journal::Journal,
    layout::Layout,
    lock::Locks,
};
use super::{
    Encoding, File,
    datapackage::{self, Published},
    files, json,
};
use crate::{
    error::{Error, Result},
    privacy::{LineDigest, SiteName},
    release::{Ledger, Release, State},
    time::Period,
};

/// An output folder or a site's folder in it, locked for this run, with its ledger and private state.
pub struct Folder {
    site: Option<SiteName>,
    disk: Box<dyn Disk>,
    layout: Layout,
    locks: Locks,
    /// The output folder that a site's folder is in.
    outer: Option<Arc<Outer>>,
    contents: Contents,
    encoding: Encoding,
}

/// What the folders of sites have in common.
struct Outer {
    _locks: Locks,
    /// What sites have released that are not of this run.
    released: BTreeSet<Period>,
}

/// A period on its way: its files, and the folder's contents with it.
struct Publication {
    period: String,
    files: Vec<File>,
    contents: Contents,
}

impl Folder {
    /// Opens an output folder, of all hosts as one, for this run alone, creating it if it is missing,
    /// and finishes or clears away what an interrupted run left. State and ledger are in the folder unless named.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`] if another run has it open, [`Error::Refused`] if others can write to
    /// it or sites have releases in it, [`Error::Ledger`] if the ledger, the state or a manifest is
    /// damaged, [`Error::Write`] or [`Error::Read`] if a file cannot be written or read.
    pub fn open(dir: &Path, state_dir: Option<&Path>, ledger: Option<&Path>) -> Result<Self> {
        Self::open_on(Box::new(FileSystem), dir, state_dir, ledger)
    }

    fn open_on(
        disk: Box<dyn Disk>,
        dir: &Path,
        state_dir: Option<&Path>,
        ledger: Option<&Path>,
    ) -> Result<Self> {
        let layout = Layout::prepare(&*disk, dir, state_dir, ledger)?;
        let locks = Locks::take(&layout)?;
        scope::check_together(&layout)?;
        Self::recovered(disk, layout, locks)
    }

    /// Opens the folders of sites within an output folder by host, in the order of sites, like
    /// [`Folder::open`]. The private state of all is together unless named.
    ///
    /// # Errors
    ///
    /// As [`Folder::open`]; [`Error::Refused`] also if all hosts as one have releases in it.
    pub fn open_sites(
        dir: &Path,
        state_dir: Option<&Path>,
        sites: &[SiteName],
    ) -> Result<Vec<Self>> {
        Self::open_sites_on(|| Box::new(FileSystem), dir, state_dir, sites)
    }

    fn open_sites_on<D: Disk + 'static>(
        disk: impl Fn() -> Box<D>,
        dir: &Path,
        state_dir: Option<&Path>,
        sites: &[SiteName],
    ) -> Result<Vec<Self>> {
        let layout = Layout::prepare(&*disk(), dir, state_dir, None)?;
        let locks = Locks::take(&layout)?;
        scope::check_by_host(&layout)?;
        let open = |site: &SiteName| {
            let layout = layout.prepare_site(&*disk(), site)?;
            let locks = Locks::take(&layout)?;
            Self::recovered(disk(), layout, locks)
        };
        let mut released = BTreeSet::new();
        for absent in scope::released_sites(&layout)? {
            if !sites.contains(&absent) {
                released.extend(open(&absent)?.ledger().periods());
            }
        }
        let outer = Arc::new(Outer {
            _locks: locks,
            released,
        });
        let of_site = |site: &SiteName| {
            Ok(Self {
                site: Some(site.clone()),
                outer: Some(Arc::clone(&outer)),
                ..open(site)?
            })
        };
        sites.iter().map(of_site).collect()
    }

    /// A locked folder, after what an interrupted run left is finished or cleared away.
    fn recovered(disk: Box<dyn Disk>, layout: Layout, locks: Locks) -> Result<Self> {
        recover(&*disk, &layout, &locks)?;
        let mut contents = Contents::read(&layout)?;
        removal::settle(&*disk, &layout, &mut contents)?;
        Ok(Self {
            site: None,
            disk,
            layout,
            locks,
            outer: None,
            contents,
            encoding: Encoding::default(),
        })
    }

    /// Reads the ledger and the private state of an output folder without opening it: nothing is
    /// created, locked or finished. Both are empty where there is no folder yet.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if sites have releases in it, [`Error::Ledger`] if the ledger, the state or a
    /// manifest is damaged, [`Error::Read`] if one cannot be read.
    pub fn records(
        dir: &Path,
        state_dir: Option<&Path>,
        ledger: Option<&Path>,
    ) -> Result<(Ledger, State)> {
        let layout = Layout::as_named(dir, state_dir, ledger);
        scope::check_together(&layout)?;
        read_records(&layout)
    }

    /// The same of sites in an output folder by host, in the order of sites.
    ///
    /// # Errors
    ///
    /// As [`Folder::records`]; [`Error::Refused`] if all hosts as one have releases in it.
    pub fn site_records(
        dir: &Path,
        state_dir: Option<&Path>,
        sites: &[SiteName],
    ) -> Result<Vec<(Ledger, State)>> {
        let layout = Layout::as_named(dir, state_dir, None);
        scope::check_by_host(&layout)?;
        let records = |site| read_records(&layout.site(site));
        sites.iter().map(records).collect()
    }

    /// Where the private state of an output folder lies, if nowhere else is given.
    #[must_use]
    pub fn private_state(dir: &Path, state_dir: Option<&Path>) -> PathBuf {
        Layout::as_named(dir, state_dir, None)
            .state_dir()
            .to_owned()
    }

    /// The sites that have releases in an output folder by host, in bytewise order.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] if a folder cannot be read.
    pub fn released_sites(dir: &Path) -> Result<Vec<SiteName>> {
        scope::released_sites(&Layout::as_named(dir, None, None))
    }

    /// The same folder, whose tables are from now on also written in that encoding.
    #[must_use]
    pub fn with_encoding(self, encoding: Encoding) -> Self {
        Self { encoding, ..self }
    }

    /// The site that the folder is of; `None` if it is of all hosts as one.
    #[must_use]
    pub const fn site(&self) -> Option<&SiteName> {
        self.site.as_ref()
    }

    /// Whether the period has been released in the same output folder of a site that is not of this run.
    #[must_use]
    pub fn is_released_elsewhere(&self, period: Period) -> bool {
        let outer = self.outer.as_ref();
        outer.is_some_and(|outer| outer.released.contains(&period))
    }

    /// What has been released under the folder's ledger.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.contents.ledger
    }

    /// What those releases were made from.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.contents.state
    }

    /// Publishes a period, made from the given lines, if it may be kept which they were. A failure ends the use of the folder: it is
    /// as it was before, or, if the publication was already decided, is finished when it is next
    /// opened.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the ledger does not permit the release or a folder of that date is in
    /// the way, [`Error::Write`] if a file cannot be written.
    pub fn publish(
        mut self,
        release: &Release,
        lines: impl Into<Option<LineDigest>>,
    ) -> Result<Self> {
        let publication = self.prepare(release, lines.into())?;
        if let Err(error) = self.transact(&publication) {
            // If this fails as well, the next opening does it; the first error says more.
            let _ = recover(&*self.disk, &self.layout, &self.locks);
            return Err(error);
        }
        self.contents = publication.contents;
        Ok(self)
    }

    /// Brings `report.html` up to date with what is released, if it is not: since something has been
    /// published, or since a run ended before it had done so. A failure leaves the page as it was.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] or [`Error::Ledger`] if what is released cannot be read back as it was released,
    /// [`Error::Write`] if the page cannot be written.
    pub fn draw(&self) -> Result<()> {
        let drawn = page::draw(&*self.disk, &self.layout, &self.contents);
        drawn.inspect_err(|_| {
            // If this fails as well, the next opening does it.
            let _ = clear(&*self.disk, &self.layout, &self.locks);
        })
    }

    fn prepare(&self, release: &Release, lines: Option<LineDigest>) -> Result<Publication> {
        let period = release.period();
        let files = files(release, self.encoding);
        let mut contents = self.contents.clone();
        contents.ledger.append(release, manifest_of(&files))?;
        self.layout.check_vacant(period)?;
        if let Some(lines) = lines {
            contents.state.insert(period, lines);
        }
        let tables = release.tables().iter().map(|table| table.table).collect();
        contents.published.push(Published { period, tables });
        Ok(Publication {
            period: period.to_string(),
            files,
            contents,
        })
    }

    fn transact(&self, publication: &Publication) -> Result<()> {
        self.stage(publication)?;
        self.decide(&publication.period)?;
        move_into_place(&*self.disk, &self.layout, &publication.period)?;
        clear(&*self.disk, &self.layout, &self.locks)
    }

    fn stage(&self, publication: &Publication) -> Result<()> {
        let (disk, layout) = (&*self.disk, &self.layout);
        self.locks.claim(disk, layout.dir())?;
        let folder = layout.staged(&layout.release(&publication.period));
        disk.create_folder(&folder)?;
        for file in &publication.files {
            disk.write(&folder.join(&file.name), &file.bytes)?;
        }
        disk.sync_folder(&folder)?;
        let contents = &publication.contents;
        let staged = |target: &Path, bytes: &[u8]| disk.write(&layout.staged(target), bytes);
        staged(&layout.state(), &contents.state.to_bytes())?;
        staged(
            &layout.datapackage(),
            &datapackage::encode(&contents.published),
        )?;
        staged(layout.ledger(), contents.ledger.bytes())?;
        layout
            .parents()
            .iter()
            .try_for_each(|folder| disk.sync_folder(folder))
    }

    /// The point of no return is the rename.
    fn decide(&self, period: &str) -> Result<()> {
        let (disk, layout) = (&*self.disk, &self.layout);
        let staged = layout.staging().join("journal.json");
        disk.write(&staged, &json::pretty(&Journal::of(layout, period)))?;
        disk.sync_folder(&layout.staging())?;
        disk.rename(&staged, &layout.journal())?;
        disk.sync_folder(layout.private())
    }
}

/// Finishes a publication that was decided, or clears away one that was not.
fn recover(disk: &dyn Disk, layout: &Layout, locks: &Locks) -> Result<()> {
    if let Some(journal) = Journal::read(layout)? {
        move_into_place(disk, layout, &journal.date)?;
    }
    clear(disk, layout, locks)
}

/// Moves what is still staged; what is not was moved before.
fn move_into_place(disk: &dyn Disk, layout: &Layout, period: &str) -> Result<()> {
    for target in layout.targets(period) {
        let staged = layout.staged(&target);
        if exists(&staged)? {
            disk.rename(&staged, &target)?;
        } else if !exists(&target)? {
            return Err(Error::Ledger {
                path: target,
                message: "this was to be published, but someone removed it".to_owned(),
            });
        }
    }
    layout
        .parents()
        .iter()
        .try_for_each(|folder| disk.sync_folder(folder))?;
    disk.remove_file(&layout.journal())?;
    // An old journal that came back would publish what is only half staged by then.
    disk.sync_folder(layout.private())
}

/// Removes what is staged.
fn clear(disk: &dyn Disk, layout: &Layout, locks: &Locks) -> Result<()> {
    for target in [layout.state().as_path(), layout.ledger()] {
        let staged = layout.staged(target);
        if layout.is_elsewhere(target) && exists(&staged)? {
            disk.remove_file(&staged)?;
        }
    }
    if exists(&layout.staging())? {
        disk.remove_folder(&layout.staging())?;
    }
    locks.disclaim(disk)
}

fn read_records(layout: &Layout) -> Result<(Ledger, State)> {
    let contents = Contents::read(layout)?;
    Ok((contents.ledger, contents.state))
}

/// Writes a file anew, whole or not at all.
fn replace(disk: &dyn Disk, layout: &Layout, target: &Path, bytes: &[u8]) -> Result<()> {
    let staged = layout.staged(target);
    disk.write(&staged, bytes)?;
    disk.rename(&staged, target)?;
    target
        .parent()
        .map_or(Ok(()), |folder| disk.sync_folder(folder))
}

/// The manifest is the last of the [`files()`].
fn manifest_of(files: &[File]) -> &[u8] {
    files.last().map_or(&[], |file| &file.bytes)
}

/// Whether something is there. Not being able to tell must not count as absence.
fn exists(path: &Path) -> Result<bool> {
    path.try_exists()
        .map_err(|source| Error::unreadable(path, source))
}
