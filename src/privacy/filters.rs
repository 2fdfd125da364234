//! Which lines are set aside before anything is counted.

use hashbrown::HashSet;
use ipnet::IpNet;

use super::{
    address::{Client, network},
    method::Method,
    pattern::Patterns,
};
use crate::{
    error::{Error, Result},
    time::Date,
};

/// What the user asks to be left out. Nothing is by default.
#[derive(Clone, Debug, Default)]
pub struct FilterSettings {
    /// Days before this one.
    pub since: Option<Date>,
    /// Days after this one.
    pub until: Option<Date>,
    /// Clients of these addresses or networks (CIDR).
    pub exclude_ip: Vec<String>,
    /// Requests whose raw path matches one of these globs.
    pub exclude_path: Vec<String>,
    /// Requests whose raw path matches none of these globs, if there are any.
    pub include_path: Vec<String>,
    /// Requests of these statuses (`404`, `4xx`).
    pub exclude_status: Vec<String>,
    /// Requests to virtual hosts that match one of these globs, in any case.
    pub exclude_host: Vec<String>,
    /// Requests to virtual hosts that match none of these globs, if there are any; so are lines of logs
    /// that do not tell the host.
    pub include_host: Vec<String>,
    /// Requests of these methods, in any case.
    pub exclude_method: Vec<String>,
}

/// Lines set aside before anything is counted.
#[derive(Debug, Default)]
pub struct Filters {
    since: Option<Date>,
    until: Option<Date>,
    networks: Vec<IpNet>,
    excluded_paths: Option<Patterns>,
    included_paths: Option<Patterns>,
    statuses: HashSet<u16>,
    excluded_hosts: Option<Patterns>,
    included_hosts: Option<Patterns>,
    methods: Vec<Method>,
}

impl Filters {
    /// Filters as the settings say.
    ///
    /// # Errors
    /// [`Error::Setting`] names the value that is not a network, a glob, a status or a method, or the
    /// days that leave nothing.
    pub fn new(settings: &FilterSettings) -> Result<Self> {
        if let (Some(since), Some(until)) = (settings.since, settings.until)
            && since > until
        {
            return Err(Error::Setting(format!(
                "no day is both since {since} and until {until}"
            )));
        }
        Ok(Self {
            since: settings.since,
            until: settings.until,
            networks: all(&settings.exclude_ip, network)?,
            excluded_paths: Patterns::some("path", &settings.exclude_path)?,
            included_paths: Patterns::some("path", &settings.include_path)?,
            statuses: matching_statuses(&settings.exclude_status)?,
            excluded_hosts: Patterns::some("host", &lower_case(&settings.exclude_host))?,
            included_hosts: Patterns::some("host", &lower_case(&settings.include_host))?,
            methods: all(&settings.exclude_method, method)?,
        })
    }

    pub(crate) fn excludes_date(&self, date: Date) -> bool {
        self.since.is_some_and(|since| date < since) || self.until.is_some_and(|until| until < date)
    }

    pub(crate) fn excludes_client(&self, client: &Client) -> bool {
        client.address().is_some_and(|address| {
            self.networks
                .iter()
                .any(|network| network.contains(&address))
        })
    }

    pub(crate) fn excludes_path(&self, raw_path: &[u8]) -> bool {
        excludes(&self.excluded_paths, &self.included_paths, raw_path)
    }

    pub(crate) fn excludes_status(&self, status: u16) -> bool {
        self.statuses.contains(&status)
    }

    pub(crate) fn excludes_host(&self, host: &[u8]) -> bool {
        let lower = host.to_ascii_lowercase();
        excludes(&self.excluded_hosts, &self.included_hosts, &lower)
    }

    pub(crate) fn excludes_method(&self, method: Method) -> bool {
        self.methods.contains(&method)
    }
}

fn excludes(excluded: &Option<Patterns>, included: &Option<Patterns>, bytes: &[u8]) -> bool {
    let is_match = |patterns: &Patterns| patterns.is_match(bytes);
    excluded.as_ref().is_some_and(is_match) || !included.as_ref().is_none_or(is_match)
}

fn all<T>(texts: &[String], read: fn(&str) -> Result<T>) -> Result<Vec<T>> {
    texts.iter().map(|text| read(text)).collect()
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

fn method(text: &str) -> Result<Method> {
    match Method::of(text.to_ascii_uppercase().as_bytes()) {
        Method::Invalid => Err(Error::Setting(format!(
            "{text:?}: not a method such as HEAD"
        ))),
        method => Ok(method),
    }
}

fn lower_case(patterns: &[String]) -> Vec<String> {
    patterns
        .iter()
        .map(|pattern| pattern.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    fn filters(set: impl FnOnce(&mut FilterSettings)) -> Result<Filters> {
        let mut settings = FilterSettings::default();
        set(&mut settings);
        Filters::new(&settings)
    }

    fn day(date: &str) -> Date {
        date.parse().unwrap()
    }

    #[test]
    fn nothing_is_set_aside_by_default() {
        let filters = filters(|_| {}).unwrap();
        assert!(!filters.excludes_date(day("1970-01-01")));
        assert!(!filters.excludes_client(&Client::read(b"192.0.2.9")));
        assert!(!filters.excludes_path(b"") && !filters.excludes_host(b""));
        assert!(!filters.excludes_status(0) && !filters.excludes_method(Method::Invalid));
    }

    #[test]
    fn filters_set_aside_by_network_path_and_status() {
        let filters = filters(|settings| {
            settings.exclude_ip =
                strings(&["192.0.2.0/24", "2001:db8::1", "::ffff:198.51.100.0/120"]);
            settings.exclude_path = strings(&["/admin/*"]);
            settings.exclude_status = strings(&["404", "5xx"]);
        })
        .unwrap();
        assert!(filters.excludes_client(&Client::read(b"::ffff:192.0.2.9")));
        assert!(filters.excludes_client(&Client::read(b"2001:db8::1")));
        assert!(filters.excludes_client(&Client::read(b"198.51.100.7")));
        assert!(!filters.excludes_client(&Client::read(b"2001:db8::2")));
        assert!(filters.excludes_path(b"/admin/users/1"));
        assert!(!filters.excludes_path(b"/administration"));
        assert!(filters.excludes_status(404) && filters.excludes_status(503));
        assert!(!filters.excludes_status(403) && !filters.excludes_status(0));
    }

    #[test]
    fn days_from_since_to_until_are_kept() {
        let both = filters(|settings| {
            settings.since = Some(day("2026-11-20"));
            settings.until = Some(day("2026-11-21"));
        })
        .unwrap();
        for (date, expected) in [
            ("2026-11-19", true),
            ("2026-11-20", false),
            ("2026-11-21", false),
            ("2026-11-22", true),
        ] {
            assert_eq!(both.excludes_date(day(date)), expected, "{date}");
        }
        let since = filters(|settings| settings.since = Some(day("2026-11-20"))).unwrap();
        assert!(since.excludes_date(day("2026-11-19")) && !since.excludes_date(day("2031-01-01")));
    }

    #[test]
    fn hosts_are_compared_in_any_case() {
        let excluded = filters(|settings| {
            settings.exclude_host = strings(&["status.example.com", "*.TEST"]);
        })
        .unwrap();
        let included =
            filters(|settings| settings.include_host = strings(&["*example.com"])).unwrap();
        for (host, is_excluded, is_included) in [
            (&b"Status.Example.com"[..], true, true),
            (b"shop.test", true, false),
            (b"www.example.com", false, true),
            (b"\xff.test", true, false),
            (b"", false, false),
        ] {
            assert_eq!(excluded.excludes_host(host), is_excluded, "{host:?}");
            assert_eq!(!included.excludes_host(host), is_included, "{host:?}");
        }
    }

    #[test]
    fn methods_are_named_in_any_case() {
        let filters =
            filters(|settings| settings.exclude_method = strings(&["head", "OPTIONS"])).unwrap();
        assert!(filters.excludes_method(Method::Head) && filters.excludes_method(Method::Options));
        assert!(!filters.excludes_method(Method::Get) && !filters.excludes_method(Method::Invalid));
    }

    #[test]
    fn an_inclusion_sets_everything_else_aside() {
        let filters = filters(|settings| settings.include_path = strings(&["/shop/*"])).unwrap();
        assert!(filters.excludes_path(b"/blog/x"));
        assert!(!filters.excludes_path(b"/shop/x"));
    }

    #[test]
    fn settings_of_another_shape_are_refused() {
        let refused: [fn(&mut FilterSettings); 7] = [
            |settings| settings.exclude_ip = strings(&["192.0.2.0/33"]),
            |settings| settings.exclude_path = strings(&["/a[b"]),
            |settings| settings.include_host = strings(&["a[b"]),
            |settings| settings.exclude_status = strings(&["600"]),
            |settings| settings.exclude_method = strings(&["FETCH"]),
            |settings| settings.exclude_method = strings(&["(invalid)"]),
            |settings| {
                settings.since = Some(day("2026-11-21"));
                settings.until = Some(day("2026-11-20"));
            },
        ];
        for (number, set) in refused.into_iter().enumerate() {
            assert!(matches!(filters(set), Err(Error::Setting(_))), "{number}");
        }
    }
}
