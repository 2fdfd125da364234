//! Site routes: patterns such as `/blog/:slug` that name the pages they match.

use super::{character::is_plain, path::DecodedPath};
use crate::error::{Error, Result};

/// A route. The page of a path that it matches is the pattern itself.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pattern: String,
    segments: Vec<Matcher>,
}

/// What one segment of a pattern matches.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Matcher {
    /// The segment itself.
    Literal(String),
    /// `:name`, any segment that is not empty.
    Placeholder,
    /// `*`, whatever is left, be it empty.
    Rest,
}

impl Route {
    /// Reads a pattern: literal segments, `:name` for any one segment, and `*` in last place for the
    /// rest of the path; so many levels at most, without the rest.
    pub(super) fn new(pattern: &str, levels: usize) -> Result<Self> {
        let refused = |why: &str| Error::Setting(format!("page pattern {pattern:?}: {why}"));
        let Some(segments) = pattern.strip_prefix('/') else {
            return Err(refused("must start with /"));
        };
        let segments: Option<Vec<_>> = segments.split('/').map(Matcher::of).collect();
        let segments = segments.ok_or_else(|| {
            refused("a segment must be :name, a last *, or letters of one script, digits and -_.~")
        })?;
        let last = segments.len() - 1;
        if segments[..last].contains(&Matcher::Rest) {
            return Err(refused("* must be the last segment"));
        }
        if segments.iter().filter(|it| **it != Matcher::Rest).count() > levels {
            return Err(Error::Refused(format!(
                "page pattern {pattern:?}: pages show {levels} levels at most"
            )));
        }
        let pattern = pattern.to_owned();
        Ok(Self { pattern, segments })
    }

    /// The name of the pages that the route matches.
    pub(super) fn page(&self) -> &str {
        &self.pattern
    }

    /// Whether the route matches the path, segment by segment.
    pub(super) fn matches(&self, path: &DecodedPath<'_>) -> bool {
        let mut segments = path.segments();
        let all_match = self.segments.iter().all(|matcher| match matcher {
            Matcher::Literal(literal) => segments.next() == Some(literal.as_bytes()),
            Matcher::Placeholder => segments.next().is_some_and(|segment| !segment.is_empty()),
            Matcher::Rest => segments.by_ref().count() > 0,
        });
        all_match && segments.next().is_none()
    }
}

impl Matcher {
    fn of(segment: &str) -> Option<Self> {
        let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        match segment.strip_prefix(':') {
            Some(name) => {
                (!name.is_empty() && name.bytes().all(is_name_byte)).then_some(Self::Placeholder)
            }
            None if segment == "*" => Some(Self::Rest),
            None => is_plain(segment).then(|| Self::Literal(segment.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expected: bool, paths: &[&str]) {
        let route = Route::new(pattern, 8).unwrap();
        assert_eq!(route.page(), pattern);
        for path in paths {
            let decoded = DecodedPath::of(path.as_bytes()).unwrap();
            assert_eq!(route.matches(&decoded), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn literal_segments_match_themselves() {
        check("/", true, &["/", "/?a", "/;a"]);
        check("/", false, &["//", "/a"]);
        check(
            "/about/us",
            true,
            &["/about/us", "/%61bout/us", "/about%2Fus", "/about/us;a=b"],
        );
        check(
            "/about/us",
            false,
            &[
                "/about",
                "/about/us/",
                "/About/us",
                "/about//us",
                "/about/us/x",
            ],
        );
        check("/über", true, &["/über", "/%C3%BCber", "/%25C3%25BCber"]);
    }

    #[test]
    fn placeholders_match_one_segment() {
        check(
            "/blog/:slug",
            true,
            &[
                "/blog/a",
                "/blog/alice@example.org",
                "/blog/caf%E9",
                "/blog/:slug",
                "/blog/*",
            ],
        );
        check(
            "/blog/:slug",
            false,
            &[
                "/blog",
                "/blog/",
                "/blog//",
                "/blog/a/",
                "/blog/a/b",
                "/blog/a%2Fb",
                "/x/a",
            ],
        );
        check("/:year/:month_or-day/", true, &["/2026/11/"]);
        check("/:year/:month/", true, &["/2026/11/"]);
        check("/:year/:month/", false, &["/2026/11", "/2026//"]);
    }

    #[test]
    fn a_last_star_matches_the_rest() {
        check(
            "/docs/*",
            true,
            &[
                "/docs/",
                "/docs/a",
                "/docs/a/b/",
                "/docs//",
                "/docs/1/2/3/4/5/6/7/8/9",
            ],
        );
        check("/docs/*", false, &["/docs", "/doc/a", "/"]);
        check("/*", true, &["/", "/a", "/a/b"]);
        check("/:user/files/*", true, &["/alice/files/x/y"]);
    }

    #[test]
    fn unusable_patterns_are_refused() {
        for pattern in [
            "",
            "blog",
            ":slug",
            "*",
            "/a b",
            "/a\n",
            "/a?b",
            "/a#b",
            "/a;b",
            "/%41",
            "/:",
            "/:a.b",
            "/:é",
            "/a/*/b",
            "/a*",
            "/a:b",
            "/@a",
            "/{id}",
            "/раypal",
            "/a\u{200B}",
            "/=1",
            "http://example.org/a",
        ] {
            assert!(Route::new(pattern, 8).is_err(), "{pattern:?}");
        }
    }

    #[test]
    fn patterns_show_no_more_levels_than_pages() {
        for (pattern, levels) in [
            ("/", 1),
            ("/*", 0),
            ("/blog/:slug", 2),
            ("/blog/:year/*", 2),
            ("/blog/:year/", 3),
            ("/a/b/c", 3),
        ] {
            assert!(Route::new(pattern, levels).is_ok(), "{pattern}");
            let refused = levels
                .checked_sub(1)
                .map(|fewer| Route::new(pattern, fewer).map(drop));
            assert!(!matches!(refused, Some(Ok(()))), "{pattern}");
        }
    }
}
