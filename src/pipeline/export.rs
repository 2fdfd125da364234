//! Exports what is released in one folder to a partner's, which may have less.

use crate::{
    error::{Error, Result},
    output::Folder,
    release::{Origin, Release, Restriction},
    time::Period,
    view::Promise,
};

/// What became of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exported {
    /// The partner's folder has it now.
    Added,
    /// The partner's folder has it no more, since the release is out of circulation.
    Removed,
    /// Nothing of it is large enough.
    Nothing,
}

/// Brings a partner's folder up to date: with what has been released since, and without what was taken out of
/// circulation. Tells what became of the periods that were neither there nor removed before.
///
/// # Errors
///
/// [`Error::Refused`] if a release has noise, the partner gets something else, or the partner's folder has
/// something else in it; otherwise as [`Folder::publish`] and [`Folder::remove`].
pub fn export(
    mut source: Folder,
    mut target: Folder,
    restriction: &Restriction,
) -> Result<Vec<(Period, Exported)>> {
    source.ledger().permits_export(restriction)?;
    target.check_exports(&source, restriction.partner())?;
    let mut outcomes = Vec::new();
    let periods: Vec<Period> = source.ledger().periods().collect();
    for period in periods {
        let removal = source.ledger().removal(period);
        if let Some(removal) = removal.filter(|_| target.has(period)) {
            target = target.remove(&[period], removal)?;
            outcomes.push((period, Exported::Removed));
        } else if source.has(period) && !target.ledger().contains(period) {
            let outcome = match restricted(&source, period, restriction)? {
                None => Exported::Nothing,
                Some(export) => {
                    source = source.record(restriction, &export)?;
                    target = target.publish(&export, None)?;
                    Exported::Added
                }
            };
            outcomes.push((period, outcome));
        }
    }
    target.draw()?;
    Ok(outcomes)
}

/// What the partner gets of a period.
fn restricted(
    source: &Folder,
    period: Period,
    restriction: &Restriction,
) -> Result<Option<Release>> {
    let released = source.released(period)?;
    let terms = &released.terms;
    let Promise::Threshold(k) = terms.promise else {
        return Err(Error::Refused(format!(
            "{period} was released with noise, which rows of it say nothing about: give its tables as they are"
        )));
    };
    restriction.release(&Origin {
        period,
        site: source.site(),
        tz: &terms.tz,
        complete: terms.complete,
        policy: &terms.policy,
        k,
        tables: &released.tables,
    })
}
