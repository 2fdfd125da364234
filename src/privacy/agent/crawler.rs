//! Crawlers: the list of known ones, their categories, and the words that betray unknown ones.

use memchr::memmem;

/// What a crawler is for; the key column of the `crawlers` table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// Collects for language models, or reads for an assistant.
    Ai,
    /// Checks landing pages and placements of advertisements.
    Advertising,
    /// A visitor found by behaviour, whatever its agent says.
    Automated,
    /// Reads feeds.
    FeedReader,
    /// A library or tool that any program may use.
    HttpLibrary,
    /// Watches whether sites work.
    Monitoring,
    /// Looks for weaknesses, archives, measures, or does not say what it does.
    Scanner,
    /// Indexes for a search engine.
    SearchEngine,
    /// Indexes for search engine optimisation, brands or prices.
    Seo,
    /// Fetches the title and picture of a shared link.
    SocialPreview,
}

impl Category {
    /// Every category, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Ai,
        Self::Advertising,
        Self::Automated,
        Self::FeedReader,
        Self::HttpLibrary,
        Self::Monitoring,
        Self::Scanner,
        Self::SearchEngine,
        Self::Seo,
        Self::SocialPreview,
    ];

    /// Whether its crawlers are machines by a closed list, so that rows describe no people.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        !matches!(self, Self::Automated | Self::FeedReader | Self::HttpLibrary | Self::Scanner)
    }

    /// The name in the `category` column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ai => "ai",
            Self::Advertising => "advertising",
            Self::Automated => "automated",
            Self::FeedReader => "feed-reader",
            Self::HttpLibrary => "http-library",
            Self::Monitoring => "monitoring",
            Self::Scanner => "scanner",
            Self::SearchEngine => "search-engine",
            Self::Seo => "seo",
            Self::SocialPreview => "social-preview",
        }
    }
}

/// A crawler of the list, or one that only its words betray.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Crawler(u16);

/// Category, name and patterns of the crawlers, the first to match decides. A pattern is a
/// case-sensitive literal; `^` and `$` hold it at an end of the agent, and what stands before `*` has
/// to come before the rest.
const CRAWLERS: &[(Category, &str, &[&str])] = &include!("../../../data/crawlers.rs");

impl Crawler {
    /// Not on the list.
    pub const UNKNOWN: Self = Self(CRAWLERS.len() as u16);

    /// Its number in the list.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The crawler of a number; of one beyond the list, the one that is not on it.
    #[must_use]
    pub const fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// The published name, `(unknown)` for one that is not on the list.
    #[must_use]
    pub fn name(self) -> &'static str {
        CRAWLERS.get(usize::from(self.0)).map_or("(unknown)", |row| row.1)
    }

    /// What it is for.
    #[must_use]
    pub fn category(self) -> Category {
        CRAWLERS.get(usize::from(self.0)).map_or(Category::Scanner, |row| row.0)
    }

    /// The patterns of the list with their crawlers, the first crawlers first.
    pub(super) fn patterns() -> impl Iterator<Item = (Pattern, Self)> {
        let rows = CRAWLERS.iter().zip(0..);
        rows.flat_map(|(row, index)| row.2.iter().map(move |text| (Pattern::parse(text), Self(index))))
    }
}

/// A literal and where it has to stand.
pub(super) struct Pattern {
    pub(super) literal: &'static str,
    at_start: bool,
    at_end: bool,
    after: Option<&'static str>,
}

impl Pattern {
    fn parse(text: &'static str) -> Self {
        let (after, rest) = text.split_once('*').map_or((None, text), |(after, rest)| (Some(after), rest));
        let from_start = rest.strip_prefix('^').unwrap_or(rest);
        let literal = from_start.strip_suffix('$').unwrap_or(from_start);
        Self { literal, at_start: from_start != rest, at_end: literal != from_start, after }
    }

    /// Whether the literal, found in the agent from `start` on, stands where it has to.
    pub(super) fn holds(&self, agent: &[u8], start: usize) -> bool {
        (!self.at_start || start == 0)
            && (!self.at_end || start + self.literal.len() == agent.len())
            && self.after.is_none_or(|after| memmem::find(&agent[..start], after.as_bytes()).is_some())
    }
}

/// Words by which crawlers name themselves, and the `+` before an address for complaints.
pub(super) const WORDS: [&str; 13] = [
    "bot", "Bot", "BOT", "crawl", "Crawl", "CRAWL", "spider", "Spider", "SPIDER", "scrape", "Scrape", "+http:",
    "+https:",
];

/// Whether a word of [`WORDS`] at this place betrays a crawler: `bot` only where a word ends, and not
/// in the name of the telephone maker Cubot.
pub(super) fn word_holds(agent: &[u8], start: usize, end: usize) -> bool {
    if !agent[start..end].eq_ignore_ascii_case(b"bot") {
        return true;
    }
    let ends_word = agent.get(end).is_none_or(|byte| !byte.is_ascii_alphabetic());
    let is_cubot = agent[..start].last_chunk::<2>().is_some_and(|before| before.eq_ignore_ascii_case(b"cu"));
    ends_word && !is_cubot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_stand_in_any_table() {
        for (_, name, patterns) in CRAWLERS {
            let printable = name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            assert!(printable && name.starts_with(|first: char| first.is_ascii_alphanumeric()), "{name}");
            assert!(!patterns.is_empty());
        }
        assert!(CRAWLERS.len() < usize::from(u16::MAX));
    }

    #[test]
    fn patterns_hold_where_they_have_to() {
        let cases = [
            ("plain", "a plain agent", true),
            ("^start", "start here", true),
            ("^start", "not start", false),
            ("end$", "the end", true),
            ("end$", "the end.", false),
            ("first*second", "first and second", true),
            ("first*second", "second and first", false),
        ];
        for (pattern, agent, expected) in cases {
            let pattern = Pattern::parse(pattern);
            let found = agent.find(pattern.literal).is_some_and(|start| pattern.holds(agent.as_bytes(), start));
            assert_eq!(found, expected, "{agent}");
        }
    }
}
