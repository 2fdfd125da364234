//! Static assets: files that belong to a page and are no page themselves.

use super::path::DecodedPath;
use crate::error::{Error, Result};

/// The static assets of the usual site: extensions, and one whole file name.
const DEFAULT: &str = "css js mjs map png jpg jpeg gif svg webp avif ico bmp woff woff2 ttf otf eot \
    mp3 mp4 webm ogg wav m4a robots.txt";

/// Which last segments are static assets, compared without regard to ASCII case.
#[derive(Clone, Debug)]
pub(super) struct Assets {
    extensions: Vec<String>,
    names: Vec<String>,
}

impl Assets {
    /// The entries of a setting: one without a dot is an extension, one with a dot a whole file name.
    pub(super) fn new(entries: &[String]) -> Result<Self> {
        if let Some(entry) = entries.iter().find(|entry| !is_usable(entry)) {
            return Err(Error::Setting(format!(
                "static asset {entry:?}: must be an extension such as css or a file name such as robots.txt"
            )));
        }
        let (names, extensions) = entries
            .iter()
            .cloned()
            .partition(|entry| entry.contains('.'));
        Ok(Self { extensions, names })
    }

    /// Whether the path's last segment is that of a static asset.
    pub(super) fn contain(&self, path: &DecodedPath<'_>) -> bool {
        let name = path.segments().last().unwrap_or_default();
        let extension = memchr::memrchr(b'.', name).map(|dot| &name[dot + 1..]);
        let any = |list: &[String], text: &[u8]| {
            list.iter()
                .any(|entry| text.eq_ignore_ascii_case(entry.as_bytes()))
        };
        extension
            .is_some_and(|extension| any(&self.extensions, extension) || any(&self.names, name))
    }
}

/// The default of the setting.
pub(super) fn default_entries() -> Vec<String> {
    DEFAULT.split_whitespace().map(str::to_owned).collect()
}

fn is_usable(entry: &str) -> bool {
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !entry.is_empty() && !entry.starts_with('.') && entry.bytes().all(is_name_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expected: bool, paths: &[&str]) {
        let assets = Assets::new(&default_entries()).unwrap();
        for path in paths {
            let decoded = DecodedPath::of(path.as_bytes()).unwrap();
            assert_eq!(assets.contain(&decoded), expected, "{path}");
        }
    }

    #[test]
    fn assets_are_told_by_the_last_segment() {
        check(
            true,
            &[
                "/style.css",
                "/a/b/STYLE.CSS",
                "/a.min.js",
                "/a.%63ss",
                "/a%2Ecss",
                "/a%252ecss",
                "/a.css?v=1",
                "/a.css;v=1",
                "/.css",
                "/font.woff2",
                "/robots.txt",
                "/sub/Robots.txt",
                "/a/b.m4a",
                "/caf%E9.png",
            ],
        );
        check(
            false,
            &[
                "/",
                "/css",
                "/a.css/",
                "/a.css/b",
                "/a.html",
                "/a.txt",
                "/robots.txt/",
                "/xrobots.txt",
                "/a.css.html",
                "/a.cssx",
                "/a.",
                "/a?b.css",
                "/a;b.css",
                "/robotstxt",
            ],
        );
    }

    #[test]
    fn all_of_the_usual_extensions_count() {
        assert_eq!(default_entries().len(), 25);
    }

    #[test]
    fn the_list_is_a_setting() {
        let assets = Assets::new(&["pdf".to_owned(), "feed.xml".to_owned()]).unwrap();
        for (path, expected) in [
            ("/a.pdf", true),
            ("/feed.xml", true),
            ("/a.xml", false),
            ("/a.css", false),
        ] {
            assert_eq!(
                assets.contain(&DecodedPath::of(path.as_bytes()).unwrap()),
                expected
            );
        }
        for entry in ["", ".css", "a/b", "*", "a b"] {
            assert!(Assets::new(&[entry.to_owned()]).is_err(), "{entry:?}");
        }
    }
}
