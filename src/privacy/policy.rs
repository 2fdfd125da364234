//! The settings of gate 1: which lines count, and what becomes of their fields.

#[cfg(test)]
use super::url::UrlSettings;
use super::{
    agent::AgentRules, filters::Filters, geo::Regions, hit::NO_HOST, opt_out::OptOuts,
    pattern::Patterns, referrer::ReferrerRules, senders::Senders, sites::SiteName, url::UrlRules,
};
use crate::error::{Error, Result};

/// Most goals of one run: hits carry them as bits of a word.
const MOST_GOALS: usize = 64;

/// The name of every host that is not configured.
const OTHER_HOST: &str = "(other host)";

/// What gate 1 does with each field.
pub struct Policy {
    /// Whom requests are told apart by.
    pub senders: Senders,
    /// Paths, queries and static assets.
    pub urls: UrlRules,
    /// Referrers and channels.
    pub referrers: ReferrerRules,
    /// Browsers, systems, devices and crawlers.
    pub agents: AgentRules,
    /// Country and region of addresses.
    pub regions: Regions,
    /// Whose requests are never counted.
    pub opt_outs: OptOuts,
    /// Lines set aside.
    pub filters: Filters,
    /// What counts as reaching a goal.
    pub goals: Goals,
    /// Virtual hosts that may be named.
    pub hosts: Hosts,
}

/// Named path patterns whose requests complete a goal.
#[derive(Debug, Default)]
pub struct Goals {
    names: Vec<String>,
    patterns: Patterns,
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
            patterns: Patterns::new("path", &patterns)?,
        })
    }

    /// Their names, in the order given.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A bit for every goal whose pattern matches the raw path.
    pub(crate) fn reached(&self, raw_path: &[u8]) -> u64 {
        if self.names.is_empty() {
            return 0;
        }
        self.patterns.matching(raw_path)
    }
}

/// The virtual hosts that may be named; every other one is `(other host)`. The default is not to tell
/// hosts at all, as if the log had none.
#[derive(Debug, Default)]
pub struct Hosts {
    names: Vec<String>,
}

impl Hosts {
    /// Hosts by name, any case.
    ///
    /// # Errors
    /// [`Error::Setting`] for a name that is not a [`SiteName`].
    pub fn new(names: &[String]) -> Result<Self> {
        let plain = |name: &String| SiteName::new(name).map(|name| name.to_string());
        let mut names: Vec<String> = names.iter().map(plain).collect::<Result<_>>()?;
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
            .unwrap_or(NO_HOST)
    }
}

fn is_plain_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.len() <= 64
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' '))
}

#[cfg(test)]
impl Policy {
    /// A policy without settings but the site's hosts and its goals, as `name=pattern`.
    pub(crate) fn example(hosts: &[&str], goals: &[&str]) -> Self {
        let owned =
            |names: &[&str]| -> Vec<String> { names.iter().map(|it| (*it).to_owned()).collect() };
        Self {
            senders: Senders::Visitors,
            urls: UrlRules::new(&UrlSettings::default()).expect("rules"),
            referrers: ReferrerRules::new(&[]),
            agents: AgentRules::new(),
            regions: Regions::none(),
            opt_outs: OptOuts::default(),
            filters: Filters::default(),
            goals: Goals::new(&owned(goals)).expect("goals"),
            hosts: Hosts::new(&owned(hosts)).expect("hosts"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn settings_of_another_shape_are_refused() {
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
        assert_eq!(Hosts::default().number(b"shop.example"), NO_HOST);
    }
}
