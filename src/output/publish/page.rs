//! Keeps `report.html` as of what is released.
//!
//! The page is drawn after publications, from what is in view then: it is no part of the promise that a
//! period is published whole or not at all, and one that a crash left behind is drawn by the next run. A
//! stamp in it tells which releases it shows.

use std::path::PathBuf;

use super::{
    super::{
        datapackage, html,
        html::{page, stamp},
    },
    contents::{Contents, read},
    disk::Disk,
    layout::Layout,
    replace,
};
use crate::{error::Result, release::digest, view::Dated};

/// Draws the page of what is released, unless it shows that already.
pub(super) fn draw(disk: &dyn Disk, layout: &Layout, contents: &Contents) -> Result<()> {
    let described = digest(&datapackage::encode(&contents.published));
    let target = target(layout);
    let drawn = read(&target)?;
    if contents.published.is_empty() {
        return drawn.map_or(Ok(()), |_| disk.remove_file(&target));
    }
    if drawn.is_some_and(|drawn| stamp(&drawn) == Some(&described)) {
        return Ok(());
    }
    let mut periods: Vec<_> = contents.published.iter().map(|it| it.period).collect();
    periods.sort_unstable();
    let dated = periods.iter().map(|it| Dated::of(layout.dir(), it.start));
    let dated: Vec<Dated> = dated.collect();
    let page = page(layout.site_name(), &dated, &described)?;
    disk.create_folder(&layout.staging())?;
    replace(disk, layout, &target, &page)?;
    disk.remove_folder(&layout.staging())
}

/// Where the page is.
pub(super) fn target(layout: &Layout) -> PathBuf {
    layout.dir().join(html::NAME)
}
