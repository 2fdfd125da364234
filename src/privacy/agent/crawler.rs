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
        !matches!(
            self,
            Self::Automated | Self::FeedReader | Self::HttpLibrary | Self::Scanner
        )
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
/// case-sensitive literal; one of these may go with it: `^` holds it at the agent's start, `$` at its
/// end, and what stands before `*` has to come before the rest.
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
        CRAWLERS
            .get(usize::from(self.0))
            .map_or("(unknown)", |row| row.1)
    }

    /// The crawler of that name on the list, or the one that is not on it.
    pub(in crate::privacy) fn named(name: &str) -> Option<Self> {
        let listed = CRAWLERS.iter().zip(0..);
        let found = listed
            .filter(|(row, _)| row.1 == name)
            .map(|(_, number)| number);
        let unknown = || (Self::UNKNOWN.name() == name).then_some(Self::UNKNOWN);
        found.map(Self).next().or_else(unknown)
    }

    /// The crawler of that category and name; some names are in two categories.
    pub(crate) fn of(category: &str, name: &str) -> Option<Self> {
        let known = (0..=Self::UNKNOWN.0).map(Self);
        known
            .filter(|it| it.name() == name)
            .find(|it| it.category().name() == category)
    }

    /// What it is for.
    #[must_use]
    pub fn category(self) -> Category {
        CRAWLERS
            .get(usize::from(self.0))
            .map_or(Category::Scanner, |row| row.0)
    }

    /// All patterns with their crawlers. Those of the list are less than the unknown one.
    pub(in crate::privacy) fn patterns() -> impl Iterator<Item = (Pattern, Self)> {
        let listed = CRAWLERS.iter().zip(0..).flat_map(|(row, index)| {
            row.2
                .iter()
                .map(move |text| (Pattern::parse(text), Self(index)))
        });
        listed.chain(WORDS.map(|word| (Pattern::word(word), Self::UNKNOWN)))
    }
}

/// Words by which crawlers name themselves, and the `+` before an address for complaints.
const WORDS: [&str; 13] = [
    "bot", "Bot", "BOT", "crawl", "Crawl", "CRAWL", "spider", "Spider", "SPIDER", "scrape",
    "Scrape", "+http:", "+https:",
];

/// A literal and where it has to stand.
pub(in crate::privacy) struct Pattern {
    pub(in crate::privacy) literal: &'static str,
    place: Place,
}

enum Place {
    Anywhere,
    Start,
    End,
    /// Somewhere after this.
    After(&'static str),
    /// At the end of a word other than the telephone maker's name Cubot.
    WordEnd,
}

impl Pattern {
    fn parse(text: &'static str) -> Self {
        let (literal, place) = if let Some(literal) = text.strip_prefix('^') {
            (literal, Place::Start)
        } else if let Some(literal) = text.strip_suffix('$') {
            (literal, Place::End)
        } else if let Some((before, literal)) = text.split_once('*') {
            (literal, Place::After(before))
        } else {
            (text, Place::Anywhere)
        };
        Self { literal, place }
    }

    fn word(literal: &'static str) -> Self {
        let is_bot = literal.eq_ignore_ascii_case("bot");
        let place = if is_bot {
            Place::WordEnd
        } else {
            Place::Anywhere
        };
        Self { literal, place }
    }

    /// Whether the literal, found in the agent from `start` on, stands where it has to.
    pub(super) fn holds(&self, agent: &[u8], start: usize) -> bool {
        let (before, after) = (&agent[..start], &agent[start + self.literal.len()..]);
        match self.place {
            Place::Anywhere => true,
            Place::Start => before.is_empty(),
            Place::End => after.is_empty(),
            Place::After(first) => memmem::find(before, first.as_bytes()).is_some(),
            Place::WordEnd => {
                let is_cubot = before
                    .last_chunk::<2>()
                    .is_some_and(|two| two.eq_ignore_ascii_case(b"cu"));
                !after.first().is_some_and(u8::is_ascii_alphabetic) && !is_cubot
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_stand_in_any_table() {
        for (_, name, patterns) in CRAWLERS {
            let printable = name.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            assert!(
                printable && name.starts_with(|first: char| first.is_ascii_alphanumeric()),
                "{name}"
            );
            assert!(!patterns.is_empty());
        }
        assert!(CRAWLERS.len() < usize::from(u16::MAX));
    }

    #[test]
    fn the_word_bot_ends_a_word() {
        for (agent, expected) in [
            ("newbot/1", true),
            ("bot", true),
            ("Cubot X18", false),
            ("bottle", false),
        ] {
            let found = agent
                .find("bot")
                .is_some_and(|at| Pattern::word("bot").holds(agent.as_bytes(), at));
            assert_eq!(found, expected, "{agent}");
        }
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
            let found = agent
                .find(pattern.literal)
                .is_some_and(|start| pattern.holds(agent.as_bytes(), start));
            assert_eq!(found, expected, "{agent}");
        }
    }
}
