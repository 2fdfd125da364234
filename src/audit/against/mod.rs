//! The audit beside the log: its identifiers are searched for, and its rows counted again.

mod log;
mod network;
mod rules;

use std::path::PathBuf;

use serde_json::Value;

use crate::{
    error::{Error, Result},
    format::Format,
    input::{NamedHosts, Source},
    time::TimeZone,
};

/// The log that releases were made from, and those of their settings that manifests do not tell.
#[derive(Clone, Debug)]
pub struct AgainstLog {
    /// The sources.
    pub sources: Vec<Source>,
    /// Their format; found out for each source by itself where not given.
    pub format: Option<Format>,
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
        let site_hosts = if host.is_some() { 1 } else { self.site_hosts.len() };
        for (setting, name, given) in [
            ("site_hosts", "--site-host", site_hosts),
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
        if policy["regions"] == "own" && self.geo_db.is_empty() {
            return Err(Error::Setting(
                "the release was made with --geo-db: name the same database".to_owned(),
            ));
        }
        Ok(())
    }
}
