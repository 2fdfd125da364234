//! What a folder's releases are exported from: read back, and recorded in its ledger before a partner gets it.

use super::{Folder, files, manifest_of, recover};
use crate::{
    error::{Error, Result},
    output::Encoding,
    release::{Partner, Release, Restriction},
    time::Period,
    view::{Dated, Released},
};

impl Folder {
    /// Reads the release of a period that is in the folder.
    ///
    /// # Errors
    ///
    /// As [`Released::read`].
    pub fn released(&self, period: Period) -> Result<Released> {
        Dated::of(self.layout.dir(), period.start).read()
    }

    /// Records the export of a period in the ledger, if it is not yet there: before the partner's folder has
    /// it, so that the ledger knows of all that anybody was given. A failure ends the use of the folder, which
    /// is as it was, or has the export recorded.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the ledger does not permit it, [`Error::Write`] if a file cannot be written.
    pub fn record(mut self, restriction: &Restriction, export: &Release) -> Result<Self> {
        let files = files(export, Encoding::Csv);
        let ledger = &mut self.contents.ledger;
        let known = ledger.bytes().len();
        ledger.export(restriction, export.period(), manifest_of(&files))?;
        if ledger.bytes().len() > known {
            self.enter()?;
            recover(&*self.disk, &self.layout, &self.locks)?;
        }
        Ok(self)
    }

    /// Whether all that was ever released into the folder are exports of another one to a partner.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if something else was released into it.
    pub fn check_exports(&self, source: &Self, partner: &Partner) -> Result<()> {
        let own = self.ledger();
        let is_export = |period: &Period| {
            let manifest = own.manifest(*period).unwrap_or_default();
            source.ledger().is_export(partner, *period, manifest)
        };
        match own.periods().find(|period| !is_export(period)) {
            None => Ok(()),
            Some(period) => Err(Error::Refused(format!(
                "{}: what is released here of {period} was not exported to {partner} from {}",
                self.layout.dir().display(),
                source.layout.dir().display()
            ))),
        }
    }
}
