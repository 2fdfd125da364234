//! The sites of a run: all of a log is one, or each configured host is one of its own.

use std::fmt;

use crate::error::{Error, Result};

/// The host name of a site: plain and in lower case, so that it can name a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SiteName(String);

/// How a run divides its log. The default is not to: it is all of one site, which has no name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sites {
    /// In bytewise order; none where the log is not divided.
    names: Vec<SiteName>,
}

impl SiteName {
    /// The name of a host, in any case.
    ///
    /// # Errors
    /// [`Error::Setting`] for a name that is not made of ASCII letters, digits, hyphens, underscores and
    /// dots, or does not begin with a letter or digit.
    pub fn new(name: &str) -> Result<Self> {
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
        if !plain || !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            return Err(Error::Setting(format!(
                "site host {name:?}: not a host name (it goes without scheme, port and path)"
            )));
        }
        Ok(Self(name.to_ascii_lowercase()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SiteName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Sites {
    /// A site for each of the hosts.
    ///
    /// # Errors
    /// [`Error::Setting`] if there is none, or one is not a [`SiteName`].
    pub fn by_host(hosts: &[String]) -> Result<Self> {
        if hosts.is_empty() {
            return Err(Error::Setting(
                "--by-host: name the hosts that are sites of their own, each with --site-host HOST; \
                 a host that only a client has named is never one"
                    .to_owned(),
            ));
        }
        let names: Result<Vec<_>> = hosts.iter().map(|host| SiteName::new(host)).collect();
        let mut names = names?;
        names.sort_unstable();
        names.dedup();
        Ok(Self { names })
    }

    /// Their names in bytewise order; none where the log is not divided.
    #[must_use]
    pub fn names(&self) -> &[SiteName] {
        &self.names
    }

    /// How many sites there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        if self.names.is_empty() {
            1
        } else {
            self.names.len()
        }
    }

    /// The number of the site that a request to a logged host is of; `None` if that host is not
    /// configured.
    pub(super) fn number(&self, host: &[u8]) -> Option<usize> {
        if self.names.is_empty() {
            return Some(0);
        }
        let host = || host.iter().map(u8::to_ascii_lowercase);
        let found = self
            .names
            .binary_search_by(|name| name.0.bytes().cmp(host()));
        found.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn a_name_is_plain_and_cannot_leave_a_folder() {
        for (name, expected) in [
            ("shop.example", Some("shop.example")),
            ("Shop.EXAMPLE", Some("shop.example")),
            ("a_b-c.example", Some("a_b-c.example")),
            ("a..b", Some("a..b")),
            ("", None),
            (".", None),
            ("..", None),
            ("../x", None),
            ("a/b", None),
            ("a\\b", None),
            ("a b", None),
            ("a\0", None),
            ("-o", None),
            ("shop.example:8080", None),
            ("[::1]", None),
            ("bücher.example", None),
        ] {
            let found = SiteName::new(name).ok();
            assert_eq!(found.as_ref().map(SiteName::as_str), expected, "{name:?}");
        }
    }

    #[test]
    fn only_configured_hosts_are_sites() {
        let sites = Sites::by_host(&strings(&["shop.example", "Blog.example", "SHOP.example"]));
        let sites = sites.unwrap();
        let names: Vec<&str> = sites.names().iter().map(SiteName::as_str).collect();
        assert_eq!(names, ["blog.example", "shop.example"]);
        assert_eq!(sites.count(), 2);
        for (host, expected) in [
            (&b"blog.example"[..], Some(0)),
            (b"SHOP.example", Some(1)),
            (b"shop.example.evil.test", None),
            (b"shop", None),
            (b"", None),
            (b"\xff", None),
        ] {
            assert_eq!(sites.number(host), expected, "{host:?}");
        }
        assert!(Sites::by_host(&[]).is_err());
    }

    #[test]
    fn a_log_that_is_not_divided_is_one_site() {
        let whole = Sites::default();
        assert_eq!((whole.count(), whole.number(b"any.example")), (1, Some(0)));
    }
}
