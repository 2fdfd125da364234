//! Where the releases of each site lie, and what is known of earlier ones.

use hushlog::{
    error::Result,
    output::Folder,
    privacy::{SiteName, Sites},
    release::{Ledger, Spending, State},
    time::Calendar,
};

use super::ReleaseArguments;

/// The folders of a run, in the order of sites.
pub(in crate::cli) struct Places {
    /// Locked for this run; `None` if nothing is to be written.
    pub(in crate::cli) folders: Option<Vec<Folder>>,
    /// What has been released of each site, and from what.
    pub(in crate::cli) records: Vec<(Ledger, State)>,
    /// Sites with releases in an output folder by host, those of this run or not.
    pub(in crate::cli) released: Vec<SiteName>,
}

impl Places {
    pub(in crate::cli) fn of(
        arguments: &ReleaseArguments,
        sites: &Sites,
        dry_run: bool,
    ) -> Result<Self> {
        let folders = (!dry_run).then(|| folders(arguments, sites)).transpose()?;
        let records = match &folders {
            Some(folders) => folders.iter().map(record).collect(),
            None => records(arguments, sites)?,
        };
        Ok(Self {
            folders,
            records,
            released: Folder::released_sites(&arguments.output)?,
        })
    }

    /// Whether each site may be released with this calendar, with noise at a cost or under the
    /// threshold.
    pub(in crate::cli) fn permit(
        &self,
        calendar: &Calendar,
        sites: &Sites,
        spending: Option<Spending>,
    ) -> Result<()> {
        let names = sites.names().iter().map(Some).chain([None]);
        let mut permitted = self.records.iter().zip(names);
        permitted.try_for_each(|((ledger, _), site)| ledger.permits(calendar, site, spending))
    }
}

fn folders(arguments: &ReleaseArguments, sites: &Sites) -> Result<Vec<Folder>> {
    let (output, state) = (&arguments.output, arguments.state.as_deref());
    let folders = if arguments.by_host {
        Folder::open_sites(output, state, sites.names())?
    } else {
        vec![Folder::open(output, state, arguments.ledger.as_deref())?]
    };
    let encoding = arguments.output_format.into();
    let folders = folders.into_iter().map(|it| it.with_encoding(encoding));
    Ok(folders.collect())
}

fn records(arguments: &ReleaseArguments, sites: &Sites) -> Result<Vec<(Ledger, State)>> {
    let (output, state) = (&arguments.output, arguments.state.as_deref());
    if arguments.by_host {
        return Folder::site_records(output, state, sites.names());
    }
    Folder::records(output, state, arguments.ledger.as_deref()).map(|records| vec![records])
}

fn record(folder: &Folder) -> (Ledger, State) {
    (folder.ledger().clone(), folder.state().clone())
}
