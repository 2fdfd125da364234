//! Reduces a request to what may count about it: method, page, asset or not, campaign.

mod address;
mod asset;
mod character;
mod path;
mod percent;
mod query;
mod route;
mod scrubbed;
mod segment;
mod target;
mod token;
mod words;

use std::fmt;

pub use self::query::Campaign;
pub(super) use self::{address::holds_address, percent::decode_fully, scrubbed::Scrubbed};
use self::{
    asset::Assets,
    path::DecodedPath,
    query::KeptKeys,
    route::Route,
    scrubbed::protocol,
    target::{Asked, Buffers, Target},
    words::PathWords,
};
use super::{
    method::Method,
    probe::{Probe, ProbeRules},
};
use crate::{error::Result, record::Request};

/// What stands for a path that cannot be read.
const OPAQUE: &str = "(opaque)";

/// How requests are reduced, as configured.
#[derive(Clone, Debug)]
pub struct UrlSettings {
    /// Path words besides the built-in ones: the segment after one is never published.
    pub path_words: Vec<String>,
    /// Segments of a path that pages show at most, from 1 to 8; a page that has more ends in `/{…}`.
    pub path_levels: usize,
    /// Patterns that name pages: literal segments, `:name` for any one segment, a last `*` for the
    /// rest. The first that matches wins.
    pub routes: Vec<String>,
    /// Query keys kept in pages, in the order in which they are written.
    pub keep_query: Vec<String>,
    /// Static assets: file name extensions, and whole file names (those with a dot).
    pub assets: Vec<String>,
}

impl Default for UrlSettings {
    fn default() -> Self {
        Self {
            path_words: Vec::new(),
            path_levels: path::SEGMENTS,
            routes: Vec::new(),
            keep_query: Vec::new(),
            assets: asset::default_entries(),
        }
    }
}

/// The rules for request targets, from settings found usable.
#[derive(Clone, Debug)]
pub struct UrlRules {
    words: PathWords,
    levels: usize,
    routes: Vec<Route>,
    kept: KeptKeys,
    assets: Assets,
    probes: ProbeRules,
}

/// What is left of a request.
///
/// Page and campaign are scrubbed, the raw path is personal and must not leave gate 1: there is no
/// `Display`, and `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Reduced {
    /// The method.
    pub method: Method,
    /// The path as it was sent, neither decoded nor scrubbed, for the patterns of goals and filters
    /// only. Empty for a malformed request line.
    pub raw_path: Vec<u8>,
    /// The scrubbed path or the route's pattern, with the kept query keys.
    pub page: String,
    /// The path is that of a static asset.
    pub asset: bool,
    /// The campaign that brought the request.
    pub campaign: Option<Campaign>,
    /// What weakness it looks for.
    pub probe: Option<Probe>,
}

impl UrlRules {
    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::error::Error::Setting) for a path word, pattern, key or asset that
    /// cannot be used, [`Error::Refused`](crate::error::Error::Refused) for a pattern that shows more
    /// levels than pages may.
    pub fn new(settings: &UrlSettings) -> Result<Self> {
        let levels = settings.path_levels.clamp(1, path::SEGMENTS);
        Ok(Self {
            words: PathWords::new(&settings.path_words)?,
            levels,
            routes: settings
                .routes
                .iter()
                .map(|route| Route::new(route, levels))
                .collect::<Result<_>>()?,
            kept: KeptKeys::new(&settings.keep_query)?,
            assets: Assets::new(&settings.assets)?,
            probes: ProbeRules::new(),
        })
    }

    /// The query keys that are kept in pages.
    #[must_use]
    pub fn kept_keys(&self) -> &[String] {
        self.kept.names()
    }

    /// Segments of a path that pages show at most.
    #[must_use]
    pub const fn levels(&self) -> usize {
        self.levels
    }

    /// What is left of a request. Meant to be asked once per distinct value: it allocates.
    #[must_use]
    pub fn reduce(&self, request: &Request<'_>) -> Reduced {
        let mut buffers = Buffers::default();
        Asked::of(request, &mut buffers)
            .map_or_else(Reduced::malformed, |asked| self.reduce_asked(asked))
    }

    /// The path of a request target as it may be published, whatever the bytes are; `(opaque)` if it
    /// is no path or cannot be read. Routes and query are left out. Scrubbing the result again
    /// changes nothing.
    #[must_use]
    pub fn scrub_path(&self, target: &[u8]) -> String {
        DecodedPath::of(Target::of(target).path)
            .and_then(|path| path::scrub(&path, &self.words, self.levels))
            .unwrap_or_else(|| OPAQUE.to_owned())
    }

    /// Appends a request as it may stand in a scrubbed log, method, target and protocol, to the lines of
    /// others; none of a request line that is none, or has a method that nobody knows.
    pub(super) fn scrub(&self, request: &Request<'_>, lines: &mut Vec<u8>) -> Option<Scrubbed> {
        let mut buffers = Buffers::default();
        let asked = Asked::of(request, &mut buffers)?;
        let has_query = asked.target.has_query;
        let protocol = protocol(asked.version);
        let reduced = self.reduce_asked(asked);
        Some(Scrubbed::append(&reduced, has_query, protocol, lines))
    }

    fn reduce_asked(&self, asked: Asked<'_>) -> Reduced {
        let Target { path, query, .. } = asked.target;
        let decoded = DecodedPath::of(path);
        let page = decoded.as_ref().and_then(|path| self.page(path, query));
        Reduced {
            method: asked.method,
            raw_path: path.to_vec(),
            page: page.unwrap_or_else(|| OPAQUE.to_owned()),
            asset: decoded.is_some_and(|path| self.assets.contain(&path)),
            campaign: Campaign::of(query),
            probe: self.probes.class(path, query),
        }
    }

    fn page(&self, path: &DecodedPath<'_>, query: &[u8]) -> Option<String> {
        let route = self.routes.iter().find(|route| route.matches(path));
        let mut page = match route {
            Some(route) => route.page().to_owned(),
            None => path::scrub(path, &self.words, self.levels)?,
        };
        self.kept.append(query, &mut page);
        Some(page)
    }
}

impl Reduced {
    /// A request line that is none.
    fn malformed() -> Self {
        Self {
            method: Method::Invalid,
            raw_path: Vec::new(),
            page: OPAQUE.to_owned(),
            asset: false,
            campaign: None,
            probe: None,
        }
    }
}

impl fmt::Debug for Reduced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Reduced(redacted)")
    }
}

#[cfg(test)]
mod tests;
