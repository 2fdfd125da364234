//! What a watch tells of periods, in structured messages without any content.

use hushlog::{
    aggregate::Table,
    database::Loaded,
    error::Result,
    pipeline::{Report, watch::Closing},
};

/// Tells what became of a period, with the threshold in force.
pub(super) fn closing(closing: Closing, k: usize) {
    match closing {
        Closing::Reported(reports) => self::reports(&reports, k),
        Closing::Partial(period) => tracing::warn!(
            %period,
            "not released: lines of it were lost, or came before this process began, which keeps nothing \
             between runs (--allow-partial releases such periods)"
        ),
        Closing::TooLarge(period, bytes) => tracing::error!(
            %period,
            bytes,
            "held back, and with it later periods: its release would take more than --memory; begin again \
             with more"
        ),
    }
}

/// Tells what was loaded into a database.
pub(super) fn loading(loading: Result<Loaded>) {
    match loading {
        Ok(Loaded { added, removed, .. }) => {
            tracing::info!(added, removed, "loaded into the database");
        }
        Err(error) => tracing::error!("not loaded into the database: {error}"),
    }
}

fn reports(reports: &[Report], k: usize) {
    for report in reports {
        let site = report.site.as_ref().map(tracing::field::display);
        for release in &report.releases {
            tracing::info!(period = %release.period(), site, "released");
        }
        for (periods, why) in [
            (&report.changed, "it was released before from other lines"),
            (
                &report.again,
                "it was released before, and noise is drawn once",
            ),
            (
                &report.over_budget,
                "the privacy budget of 30 days is spent",
            ),
            (
                &report.unknown,
                "it was released before from lines no longer known",
            ),
            (
                &report.entangled,
                "another site was released from other lines",
            ),
            (&report.shredded, "its key is shredded"),
            (&report.waiting, "an earlier period is held back"),
        ] {
            for period in periods {
                tracing::warn!(%period, site, "not released: {why}");
            }
        }
        for period in &report.below {
            tracing::warn!(%period, site, k, "not released: its requests come from fewer than k networks");
        }
        for held in &report.held {
            let (period, date, hour) = (held.period, held.first.date, held.first.hour);
            tracing::warn!(%period, site, %date, hour, "not released: its first line comes late, so that \
                 its beginning is probably missing (--allow-partial releases such periods)");
        }
        for (period, unsettled) in &report.refused {
            let (table, with) = (unsettled.table.name(), unsettled.with.map(Table::name));
            tracing::warn!(%period, site, table, with, "not released: sums of its tables would tell of \
                 fewer than k networks");
        }
    }
}
