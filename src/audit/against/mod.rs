//! The audit beside the log: its identifiers are searched for, and its rows counted again.

mod compare;
mod count;
mod identifiers;
mod log;
mod network;
mod request;
mod rules;
mod search;
mod spelling;
mod tally;

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::Value;

use self::{count::Rest, log::Log, rules::Reduced, search::Haystack, tally::Tally};
use super::{Release, differencing, finding::Findings, folder::Site};
use crate::{
    error::{Error, Result},
    format::{Format, OptOutCookie},
    input::{NamedHosts, Source},
    privacy::OptOuts,
    stats::Progress,
    time::{Date, Day, TimeZone, Timestamp},
};

/// The log that releases were made from, and those of their settings that manifests do not tell.
#[derive(Clone, Debug)]
pub struct AgainstLog {
    /// The sources.
    pub sources: Vec<Source>,
    /// Their format; found out for each source by itself where not given.
    pub format: Option<Format>,
    /// Cookies by which clients asked not to be counted.
    pub opt_out_cookies: Vec<OptOutCookie>,
    /// Whether clients could ask once, be it that none has.
    pub with_opt_out_addresses: bool,
    /// Clients who asked once.
    pub opt_outs: OptOuts,
    /// The time zone of logs that have none of their own.
    pub log_tz: TimeZone,
    /// The hosts of sources whose lines tell none.
    pub hosts: NamedHosts,
    /// The site's own host names.
    pub site_hosts: Vec<String>,
    /// Clients that were left out.
    pub exclude_ip: Vec<String>,
    /// Paths that were left out.
    pub exclude_path: Vec<String>,
    /// Virtual hosts that were left out.
    pub exclude_host: Vec<String>,
    /// Virtual hosts without which requests were left out.
    pub include_host: Vec<String>,
    /// Region databases; those of the manifest where none is given.
    pub geo_db: Vec<PathBuf>,
}

impl AgainstLog {
    /// Manifests tell how many of these settings there were, lest they tell hosts and addresses: as many
    /// must be given.
    fn check(&self, policy: &Value, host: Option<&str>) -> Result<()> {
        let site_hosts = if host.is_some() {
            1
        } else {
            self.site_hosts.len()
        };
        for (setting, name, given) in [
            ("site_hosts", "--site-host", site_hosts),
            (
                "opt_out_cookies",
                "--opt-out-cookie",
                self.opt_out_cookies.len(),
            ),
            ("exclude_ip", "--exclude-ip", self.exclude_ip.len()),
            ("exclude_path", "--exclude-path", self.exclude_path.len()),
            ("exclude_host", "--exclude-host", self.exclude_host.len()),
            ("include_host", "--include-host", self.include_host.len()),
        ] {
            let released = policy[setting].as_u64().unwrap_or(0);
            if released != given as u64 {
                return Err(Error::Setting(format!(
                    "the release was made with {released} {name}, here are {given}: its numbers can \
                     only be counted again under the same settings"
                )));
            }
        }
        if policy["opt_out_addresses"] == true && !self.with_opt_out_addresses {
            return Err(Error::Setting(
                "the release was made with --opt-out-ip or --opt-out-list: name the same addresses"
                    .to_owned(),
            ));
        }
        if policy["regions"] == "own" && self.geo_db.is_empty() {
            return Err(Error::Setting(
                "the release was made with --geo-db: name the same database".to_owned(),
            ));
        }
        Ok(())
    }
}

/// A log that has been read.
pub(super) struct Against<'s> {
    settings: &'s AgainstLog,
    log: Log,
}

impl<'s> Against<'s> {
    /// Reads the log.
    pub(super) fn read(settings: &'s AgainstLog, progress: &Progress) -> Result<Self> {
        let log = Log::read(settings, progress)?;
        Ok(Self { settings, log })
    }

    /// Searches the files of a site for what the log holds, and counts its releases again.
    pub(super) fn check(
        &self,
        site: &Site,
        releases: &[Release],
        others: &[&Release],
        findings: &mut Findings,
    ) -> Result<()> {
        let Some(first) = releases.first() else {
            return Ok(());
        };
        let host = site.host.as_deref();
        let mut reduced = Reduced::new(&self.log, &first.manifest, host, self.settings)?;
        let haystack = Haystack::of(site, releases.iter().flat_map(|it| &it.tables));
        let k = releases.iter().map(|release| release.manifest.k).min();
        let k = usize::try_from(k.unwrap_or(0)).unwrap_or(usize::MAX);
        let own_hosts = &self.settings.site_hosts;
        identifiers::check(&reduced, &haystack, own_hosts, k, findings)?;
        let mut days = days(&reduced);
        for release in releases {
            let manifest = &release.manifest;
            if manifest.is_noisy() {
                findings.leave("numbers that have noise, and how much: only its source could tell");
                continue;
            }
            if manifest.value["policy"] != first.manifest.value["policy"] {
                findings.leave("the numbers of periods that were released under other settings");
                continue;
            }
            let k = usize::try_from(manifest.k).unwrap_or(usize::MAX);
            let period = manifest.period;
            let days = days.range_mut(period.start..period.end());
            let rests = rests(release, others);
            let count = count::count(&release.tables, &mut reduced, period, days, rests, k);
            compare::check(&release.tables, &count, k, findings);
        }
        if self.log.malformed > 0 {
            findings.leave(format!(
                "{} lines of the log that are not of its format",
                self.log.malformed
            ));
        }
        Ok(())
    }
}

/// What is left of a release's rows where other releases have them too.
fn rests(release: &Release, others: &[&Release]) -> Vec<Rest> {
    let mut firsts = vec![0];
    for rows in &release.tables {
        firsts.push(firsts[firsts.len() - 1] + rows.rows.len());
    }
    let overlaps = differencing::overlaps(release, others).into_iter();
    let rests = overlaps.map(|overlap| Rest {
        row: firsts[overlap.table] + overlap.row,
        covered: overlap.parts.iter().map(|(period, ..)| *period).collect(),
        tally: Tally::default(),
    });
    rests.collect()
}

/// The requests that count, by day.
fn days(reduced: &Reduced<'_>) -> BTreeMap<Date, Vec<u32>> {
    let mut days: BTreeMap<Date, Vec<u32>> = BTreeMap::new();
    let mut latest: Option<Day> = None;
    for (number, logged) in (0..).zip(&reduced.log.logged) {
        let is_excluded = !reduced.counts[logged.host as usize]
            || reduced.clients[logged.client as usize].is_excluded
            || reduced.requests[logged.request as usize].is_excluded
            || reduced.filters.excludes_status(logged.status);
        if is_excluded {
            continue;
        }
        let time = Timestamp(logged.time);
        let known = latest.filter(|day| day.contains(time));
        let day = known.unwrap_or_else(|| reduced.calendar.day(time));
        latest = Some(day);
        if !reduced.filters.excludes_date(day.date) {
            days.entry(day.date).or_default().push(number);
        }
    }
    days
}
