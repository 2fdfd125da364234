//! The settings of gate 1: which lines count, and what becomes of their fields.

use std::net::IpAddr;

use globset::{Glob, GlobSet, GlobSetBuilder};
use hashbrown::HashSet;
use ipnet::IpNet;

use super::{
    address::Client, agent::AgentRules, geo::Regions, referrer::ReferrerRules, url::UrlRules,
};
use crate::error::{Error, Result};

/// Most goals of one run: hits carry them as bits of a word.
const MOST_GOALS: usize = 64;

/// The name of every host that is not configured.
const OTHER_HOST: &str = "(other host)";

/// What gate 1 does with each field.
pub struct Policy {
    /// Paths, queries and static assets.
    pub urls: UrlRules,
    /// Referrers and channels.
    pub referrers: ReferrerRules,
    /// Browsers, systems, devices and crawlers.
    pub agents: AgentRules,
    /// Country and region of addresses.
    pub regions: Regions,
    /// Lines set aside.
    pub filters: Filters,
    /// What counts as reaching a goal.
    pub goals: Goals,
    /// Virtual hosts that may be named.
    pub hosts: Hosts,
}

/// Lines set aside before anything is counted.
#[derive(Debug, Default)]
pub struct Filters {
    networks: Vec<IpNet>,
    excluded_paths: GlobSet,
    included_paths: Option<GlobSet>,
    statuses: HashSet<u16>,
}

impl Filters {
    /// Filters by client network, by globs on the raw path, and by status (`404`, `4xx`).
    ///
    /// # Errors
    /// [`Error::Setting`] names the value that is not a network, a glob or a status.
    pub fn new(
        networks: &[String],
        excluded_paths: &[String],
        included_paths: &[String],
        statuses: &[String],
    ) -> Result<Self> {
        Ok(Self {
            networks: networks
                .iter()
                .map(|text| network(text))
                .collect::<Result<_>>()?,
            excluded_paths: globs(excluded_paths)?,
            included_paths: (!included_paths.is_empty())
                .then(|| globs(included_paths))
                .transpose()?,
            statuses: matching_statuses(statuses)?,
        })
    }

    pub(super) fn excludes_client(&self, client: &Client) -> bool {
        client.address().is_some_and(|address| {
            self.networks
                .iter()
                .any(|network| network.contains(&address))
        })
    }

    pub(super) fn excludes_path(&self, raw_path: &[u8]) -> bool {
        let path = as_path(raw_path);
        self.excluded_paths.is_match(&*path)
            || self
                .included_paths
                .as_ref()
                .is_some_and(|included| !included.is_match(&*path))
    }

    pub(super) fn excludes_status(&self, status: u16) -> bool {
        self.statuses.contains(&status)
    }
}

/// Named path patterns whose requests complete a goal.
#[derive(Debug, Default)]
pub struct Goals {
    names: Vec<String>,
    patterns: GlobSet,
}

impl Goals {
    /// Goals from `NAME=GLOB` settings; `*` in a glob matches any characters, `/` too.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting of another shape, a repeated or unprintable name, or more than
    /// 64 goals.
    pub fn new(settings: &[String]) -> Result<Self> {
        let mut names = Vec::new();
        let mut patterns = Vec::new();
        for setting in settings {
            let (name, pattern) = setting
                .split_once('=')
                .ok_or_else(|| Error::Setting(format!("goal {setting:?}: expected NAME=GLOB")))?;
            if !is_plain_name(name) || names.iter().any(|other| other == name) {
                return Err(Error::Setting(format!(
                    "goal {name:?}: a name is unique and made of letters, digits, '_', '-', '.' or spaces, \
                     the first a letter or digit"
                )));
            }
            names.push(name.to_owned());
            patterns.push(pattern.to_owned());
        }
        if names.len() > MOST_GOALS {
            return Err(Error::Setting(format!("at most {MOST_GOALS} goals")));
        }
        Ok(Self {
            names,
            patterns: globs(&patterns)?,
        })
    }

    /// Their names, in the order given.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A bit for every goal whose pattern matches the raw path.
    pub(super) fn reached(&self, raw_path: &[u8]) -> u64 {
        if self.names.is_empty() {
            return 0;
        }
        let matching = self.patterns.matches(&*as_path(raw_path));
        matching.into_iter().fold(0, |bits, goal| bits | 1 << goal)
    }
}

/// The virtual hosts that may be named; every other one is `(other host)`.
#[derive(Debug, Default)]
pub struct Hosts {
    names: Vec<String>,
}

impl Hosts {
    /// Hosts by name, any case.
    ///
    /// # Errors
    /// [`Error::Setting`] for a name that is not made of ASCII letters, digits, hyphens, underscores and
    /// dots, or does not begin with a letter or digit.
    pub fn new(names: &[String]) -> Result<Self> {
        let mut names: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        for name in &names {
            let plain = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
            if !plain || !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
                return Err(Error::Setting(format!(
                    "site host {name:?}: not a host name"
                )));
            }
        }
        names.push(OTHER_HOST.to_owned());
        names.sort_unstable();
        names.dedup();
        Ok(Self { names })
    }

    /// Their names in bytewise order, `(other host)` among them.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The number of a logged host.
    pub(super) fn number(&self, host: &[u8]) -> u16 {
        let host = host.to_ascii_lowercase();
        let position = |name: &[u8]| self.names.iter().position(|known| known.as_bytes() == name);
        position(&host)
            .or_else(|| position(OTHER_HOST.as_bytes()))
            .and_then(|position| u16::try_from(position).ok())
            .unwrap_or_default()
    }
}

fn network(text: &str) -> Result<IpNet> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| Error::Setting(format!("{text:?}: not an address or network (CIDR)")))
}

fn globs(patterns: &[String]) -> Result<GlobSet> {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        let glob =
            Glob::new(pattern).map_err(|error| Error::Setting(format!("path pattern: {error}")))?;
        builder.add(glob);
    }
    builder
        .build()
        .map_err(|error| Error::Setting(format!("path patterns: {error}")))
}

/// A path's bytes as a glob set reads them; bytes that are not UTF-8 match only wildcards.
fn as_path(raw: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(raw)
}

/// All statuses that one of the patterns, such as `404` or `4xx`, stands for.
fn matching_statuses(patterns: &[String]) -> Result<HashSet<u16>> {
    let mut statuses = HashSet::new();
    for pattern in patterns {
        let matching: Vec<u16> = (100..600)
            .filter(|&status| matches_status(pattern, status))
            .collect();
        if matching.is_empty() {
            let message = format!("{pattern:?}: not a status such as 404 or 4xx");
            return Err(Error::Setting(message));
        }
        statuses.extend(matching);
    }
    Ok(statuses)
}

fn matches_status(pattern: &str, status: u16) -> bool {
    let digits = status.to_string();
    let matches = |(wanted, digit): (u8, u8)| matches!(wanted, b'x' | b'X') || wanted == digit;
    pattern.len() == digits.len() && pattern.bytes().zip(digits.bytes()).all(matches)
}

fn is_plain_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.len() <= 64
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn filters_set_aside_by_network_path_and_status() {
        let filters = Filters::new(
            &strings(&["192.0.2.0/24", "2001:db8::1"]),
            &strings(&["/admin/*"]),
            &strings(&[]),
            &strings(&["404", "5xx"]),
        )
        .unwrap();
        assert!(filters.excludes_client(&Client::read(b"::ffff:192.0.2.9")));
        assert!(filters.excludes_client(&Client::read(b"2001:db8::1")));
        assert!(!filters.excludes_client(&Client::read(b"2001:db8::2")));
        assert!(filters.excludes_path(b"/admin/users/1"));
        assert!(!filters.excludes_path(b"/administration"));
        assert!(filters.excludes_status(404) && filters.excludes_status(503));
        assert!(!filters.excludes_status(403) && !filters.excludes_status(0));
    }

    #[test]
    fn an_inclusion_sets_everything_else_aside() {
        let filters = Filters::new(&[], &[], &strings(&["/shop/*"]), &[]).unwrap();
        assert!(filters.excludes_path(b"/blog/x"));
        assert!(!filters.excludes_path(b"/shop/x"));
    }

    #[test]
    fn settings_of_another_shape_are_refused() {
        assert!(Filters::new(&strings(&["192.0.2.0/33"]), &[], &[], &[]).is_err());
        assert!(Filters::new(&[], &strings(&["/a[b"]), &[], &[]).is_err());
        assert!(Filters::new(&[], &[], &[], &strings(&["600"])).is_err());
        for goals in [&["noglob"][..], &["=x"], &["a=/x", "a=/y"], &["=cmd=/x"]] {
            assert!(Goals::new(&strings(goals)).is_err(), "{goals:?}");
        }
        assert!(Hosts::new(&strings(&["a b"])).is_err());
    }

    #[test]
    fn goals_are_bits_in_the_order_given() {
        let goals = Goals::new(&strings(&["order=/thanks*", "any=/*"])).unwrap();
        assert_eq!(goals.reached(b"/thanks/1"), 0b11);
        assert_eq!(goals.reached(b"/x"), 0b10);
        assert_eq!(goals.reached(b"x"), 0);
    }

    #[test]
    fn hosts_not_configured_are_not_named() {
        let hosts = Hosts::new(&strings(&["Shop.example", "blog.example"])).unwrap();
        assert_eq!(
            hosts.names(),
            ["(other host)", "blog.example", "shop.example"]
        );
        assert_eq!(hosts.number(b"SHOP.example"), 2);
        assert_eq!(hosts.number(b"evil.example"), 0);
    }
}
