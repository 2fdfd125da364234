//! Hosts that the names of log files tell, where the lines in them do not.

use std::{os::unix::ffi::OsStrExt, path::Path};

use globset::{GlobBuilder, GlobMatcher};

use super::Source;
use crate::error::{Error, Result};

/// The hosts that names of sources tell; none by default.
#[derive(Clone, Debug, Default)]
pub struct NamedHosts {
    patterns: Vec<NamePattern>,
}

/// A pattern for the end of a path, such as `{host}/access.log*`: its last parts, one of which holds the
/// host.
#[derive(Clone, Debug)]
struct NamePattern {
    parts: Vec<Part>,
}

/// A part of a path between slashes.
#[derive(Clone, Debug)]
enum Part {
    Plain(GlobMatcher),
    /// What stands before and after the host.
    WithHost(GlobMatcher, GlobMatcher),
}

/// Where the host stands in a pattern.
const HOST: &str = "{host}";

impl NamedHosts {
    /// Hosts by the first pattern that a name fits; none without patterns.
    ///
    /// A pattern has `{host}` once. Beside it stands what a shell understands, and it is compared with as
    /// many last parts of a path as it has itself. Of several hosts that would fit, the one that begins
    /// first is taken, and of these the longest.
    ///
    /// # Errors
    /// [`Error::Setting`] for a pattern of another shape.
    pub fn new(patterns: &[String]) -> Result<Self> {
        let patterns = patterns.iter().map(|text| NamePattern::new(text));
        let patterns = patterns.collect::<Result<_>>()?;
        Ok(Self { patterns })
    }

    /// Makes sure that each of these sources tells its host, if any is to.
    ///
    /// # Errors
    /// [`Error::Setting`] for a source that fits no pattern.
    pub fn check(&self, sources: &[Source]) -> Result<()> {
        if self.patterns.is_empty() {
            return Ok(());
        }
        match sources.iter().find(|source| self.of(source).is_empty()) {
            Some(source) => Err(Error::Setting(format!(
                "{}: no host is found in this name by --host-from-file",
                source.name()
            ))),
            None => Ok(()),
        }
    }

    /// The host that a source's name tells; empty if none is taken from it.
    #[must_use]
    pub fn of<'s>(&self, source: &'s Source) -> &'s [u8] {
        match source {
            Source::File(path) => self.of_path(path),
            Source::Stdin => &[],
        }
    }

    /// The host that a path tells; empty if none is taken from it.
    #[must_use]
    pub fn of_path<'p>(&self, path: &'p Path) -> &'p [u8] {
        let mut patterns = self.patterns.iter();
        patterns
            .find_map(|pattern| pattern.host(path))
            .unwrap_or_default()
    }
}

impl NamePattern {
    fn new(text: &str) -> Result<Self> {
        let unusable = |why: &str| Error::Setting(format!("--host-from-file {text:?}: {why}"));
        if text.matches(HOST).count() != 1 {
            return Err(unusable("a pattern has {host} once"));
        }
        if text.contains("*{host}") || text.contains("{host}*") {
            return Err(unusable(
                "where the host begins and ends cannot be told with * beside it",
            ));
        }
        let glob = |glob: &str| {
            let built = GlobBuilder::new(glob).literal_separator(true).build();
            built.map(|glob| glob.compile_matcher())
        };
        let part = |part: &str| match part.split_once(HOST) {
            Some((before, after)) => Ok(Part::WithHost(glob(before)?, glob(after)?)),
            None => glob(part).map(Part::Plain),
        };
        let parts: std::result::Result<_, globset::Error> = text.split('/').map(part).collect();
        parts
            .map(|parts| Self { parts })
            .map_err(|error| unusable(&error.to_string()))
    }

    /// The host in the end of a path.
    fn host<'p>(&self, path: &'p Path) -> Option<&'p [u8]> {
        let mut host = None;
        let mut components = path.components().rev();
        for part in self.parts.iter().rev() {
            let name = components.next()?.as_os_str().as_bytes();
            match part {
                Part::Plain(glob) => fits(glob, name).then_some(())?,
                Part::WithHost(before, after) => host = Some(inside(name, before, after)?),
            }
        }
        host
    }
}

/// The host between what fits before and after it.
fn inside<'n>(name: &'n [u8], before: &GlobMatcher, after: &GlobMatcher) -> Option<&'n [u8]> {
    let starts = (0..name.len()).filter(|&start| name[start].is_ascii_alphanumeric());
    let mut starts = starts.filter(|&start| fits(before, &name[..start]));
    starts.find_map(|start| {
        let length = name[start..].iter().take_while(|byte| is_of_host(byte));
        let ends = (start + 1..=start + length.count()).rev();
        let end = ends.into_iter().find(|&end| fits(after, &name[end..]))?;
        Some(&name[start..end])
    })
}

fn fits(glob: &GlobMatcher, name: &[u8]) -> bool {
    glob.is_match(Path::new(std::ffi::OsStr::from_bytes(name)))
}

const fn is_of_host(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> Source {
        Source::File(path.into())
    }

    fn hosts(patterns: &[&str], sources: &[Source]) -> Result<NamedHosts> {
        let patterns: Vec<String> = patterns.iter().map(|&text| text.to_owned()).collect();
        let hosts = NamedHosts::new(&patterns)?;
        hosts.check(sources).map(|()| hosts)
    }

    #[test]
    fn the_host_stands_where_the_pattern_says() {
        for (pattern, path, expected) in [
            (
                "access-{host}.log*",
                "access-shop.example.log",
                Some("shop.example"),
            ),
            (
                "access-{host}.log*",
                "/logs/access-shop.example.log.2.gz",
                Some("shop.example"),
            ),
            (
                "{host}.access.log*",
                "logs/shop.example.access.log.2.gz",
                Some("shop.example"),
            ),
            (
                "{host}-access.log*",
                "my-shop.example-access.log",
                Some("my-shop.example"),
            ),
            (
                "{host}-access.log*",
                "Shop.example-access.log",
                Some("Shop.example"),
            ),
            ("{host}", "shop.example", Some("shop.example")),
            (
                "{host}/access.log*",
                "/www/shop.example/access.log.1",
                Some("shop.example"),
            ),
            (
                "{host}/logs/access.log",
                "/www/shop.example/logs/access.log",
                Some("shop.example"),
            ),
            (
                "vhost_{host}/*.log",
                "./vhost_a.example/today.log",
                Some("a.example"),
            ),
            (
                "{http,https}-{host}.log",
                "https-a.example.log",
                Some("a.example"),
            ),
            ("access-{host}.log", "access-shop.example.log.1", None),
            ("access-{host}.log*", "error-shop.example.log", None),
            ("access-{host}.log*", "access-.log", None),
            ("access-{host}.log*", "access-a b.log", None),
            ("access-{host}.log*", "access-shop.example.log/part", None),
            ("{host}/access.log", "access.log", None),
            ("{host}/access.log", "../access.log", None),
            ("{host}/access.log", "/access.log", None),
        ] {
            let source = file(path);
            let found = hosts(&[pattern], std::slice::from_ref(&source));
            let found = found.ok().map(|hosts| hosts.of(&source).to_vec());
            let expected = expected.map(|host: &str| host.as_bytes().to_vec());
            assert_eq!(found, expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn the_first_pattern_that_fits_decides_and_none_takes_none() {
        let sources = [file("ssl-a.example.log"), file("b.example.log")];
        let found = hosts(&["ssl-{host}.log", "{host}.log"], &sources).unwrap();
        assert_eq!(found.of(&sources[0]), b"a.example");
        assert_eq!(found.of(&sources[1]), b"b.example");
        assert_eq!(found.of(&file("other")), b"");
        let none = hosts(&[], &[Source::Stdin, sources[0].clone()]).unwrap();
        assert_eq!(none.of(&sources[0]), b"");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let complaint =
            |patterns: &[&str], source| hosts(patterns, &[source]).unwrap_err().to_string();
        let expected = "b.log: no host is found in this name by --host-from-file";
        assert_eq!(complaint(&["a-{host}.log"], file("b.log")), expected);
        assert!(complaint(&["{host}.log"], Source::Stdin).starts_with("standard input: "));
        for pattern in [
            "access.log",
            "{host}{host}",
            "{host}*",
            "*{host}.log",
            "[{host}",
        ] {
            let said = complaint(&[pattern], file("a.log"));
            assert!(said.starts_with("--host-from-file "), "{pattern}: {said}");
        }
    }
}
