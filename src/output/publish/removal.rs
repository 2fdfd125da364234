//! Takes releases out of a folder: the ledger says so first, then they go, or at the next opening.

use super::{
    Folder, contents::Contents, datapackage, disk::Disk, exists, layout::Layout, page, recover,
    replace,
};
use crate::{
    error::{Error, Result},
    release::Removal,
    time::{Date, Period},
};

impl Folder {
    /// Removes releases, and what is known of the lines that they were made from. They stay in the
    /// ledger, which also says that they were removed, so that they are never released again. A failure ends
    /// the use of the folder: nothing has changed, or the rest is removed when it is next opened.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the folder has no release of one of the periods, [`Error::Write`] if a file
    /// cannot be written or removed.
    pub fn remove(mut self, periods: &[Period], removal: Removal) -> Result<Self> {
        for period in periods {
            if !self.has(*period) {
                return Err(Error::Refused(format!(
                    "{}: there is no release of {period}",
                    self.layout.dir().display()
                )));
            }
            self.contents.ledger.remove(*period, removal)?;
        }
        if !periods.is_empty() {
            self.enter()?;
            settle(&*self.disk, &self.layout, &mut self.contents)?;
            page::draw(&*self.disk, &self.layout, &self.contents)?;
            recover(&*self.disk, &self.layout, &self.locks)?;
        }
        Ok(self)
    }

    /// Whether the release of a period is in the folder.
    #[must_use]
    pub fn has(&self, period: Period) -> bool {
        let mut published = self.contents.published.iter();
        published.any(|published| published.period == period)
    }

    /// The periods whose releases are in the folder and ended before a day or with it, earliest first.
    #[must_use]
    pub fn ended_by(&self, day: Date) -> Vec<Period> {
        let published = self.contents.published.iter();
        let periods = published.map(|published| published.period);
        let mut ended: Vec<Period> = periods.filter(|period| period.end() <= day).collect();
        ended.sort_unstable();
        ended
    }

    /// Puts the new ledger in the place of the old one: the point of no return.
    pub(super) fn enter(&self) -> Result<()> {
        let (disk, layout) = (&*self.disk, &self.layout);
        disk.create_folder(&layout.staging())?;
        replace(disk, layout, layout.ledger(), self.contents.ledger.bytes())
    }
}

/// Removes what the ledger says is removed and is still there. The folders go last: while one is there, this
/// has to be done again.
pub(super) fn settle(disk: &dyn Disk, layout: &Layout, contents: &mut Contents) -> Result<()> {
    let mut left = Vec::new();
    for period in contents.ledger.removed() {
        let folder = layout.release(&period.to_string());
        if exists(&folder)? {
            left.push((period, folder));
        }
    }
    if left.is_empty() {
        return Ok(());
    }
    disk.create_folder(&layout.staging())?;
    // It shows them too; it is drawn again without them.
    disk.remove_file(&page::target(layout))?;
    for (period, _) in &left {
        contents.state.forget(*period);
        contents.published.retain(|it| it.period != *period);
    }
    replace(disk, layout, &layout.state(), &contents.state.to_bytes())?;
    if contents.published.is_empty() {
        disk.remove_file(&layout.datapackage())?;
    } else {
        let bytes = datapackage::encode(&contents.published);
        replace(disk, layout, &layout.datapackage(), &bytes)?;
    }
    for (_, folder) in left {
        // Nobody is to see half of it.
        disk.rename(&folder, &layout.staged(&folder))?;
    }
    disk.sync_folder(layout.dir())?;
    disk.remove_folder(&layout.staging())
}
