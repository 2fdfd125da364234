//! User agents: from a raw string to closed vocabularies of browsers, systems, devices and crawlers.

mod crawler;
mod vocabulary;

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

pub use self::{
    crawler::{Category, Crawler},
    vocabulary::{Browser, Device, System},
};
use self::crawler::{Pattern, WORDS, word_holds};

/// How much of an agent is looked at, in bytes. Browsers send up to about 300, apps 600; a longer
/// one costs no more than this.
const EXAMINED: usize = 1024;

/// What is kept of a user agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Agent {
    /// The browser family.
    pub browser: Browser,
    /// The operating system family.
    pub system: System,
    /// The device class.
    pub device: Device,
    /// The crawler, if it says that it is one.
    pub crawler: Option<Crawler>,
}

/// Classifies user agents.
///
/// Every name comes from tables in the program: no agent can bring in one of its own.
#[derive(Default)]
pub struct AgentRules {
    scanner: OnceLock<Scanner>,
}

impl AgentRules {
    /// Rules that are made ready at their first use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Classifies an agent, any bytes, by its first kilobyte. An empty one or `-` is unknown in every
    /// respect and no crawler.
    #[must_use]
    pub fn classify(&self, agent: &[u8]) -> Agent {
        let agent = &agent[..agent.len().min(EXAMINED)];
        self.scanner.get_or_init(Scanner::new).scan(agent)
    }
}

/// Finds every token of the vocabularies and the crawler list in one pass.
struct Scanner {
    tokens: AhoCorasick,
    /// What the tokens mean, by their number in the automaton.
    meanings: Vec<Meaning>,
}

/// What a token in an agent says.
enum Meaning {
    Browser(Browser),
    System(System),
    Device(Device),
    Crawler(Pattern, Crawler),
    /// A word that betrays a crawler.
    Word,
}

impl Scanner {
    fn new() -> Self {
        let (tokens, meanings): (Vec<_>, Vec<_>) = all_tokens().unzip();
        let tokens = AhoCorasick::new(tokens).expect("the tables are far below the automaton's limits");
        Self { tokens, meanings }
    }

    fn scan(&self, agent: &[u8]) -> Agent {
        let mut found =
            Agent { browser: Browser::UNKNOWN, system: System::UNKNOWN, device: Device::UNKNOWN, crawler: None };
        for token in self.tokens.find_overlapping_iter(agent) {
            match &self.meanings[token.pattern()] {
                Meaning::Browser(browser) => found.browser = found.browser.min(*browser),
                Meaning::System(system) => found.system = found.system.min(*system),
                Meaning::Device(device) => found.device = found.device.min(*device),
                Meaning::Crawler(pattern, crawler) if pattern.holds(agent, token.start()) => {
                    found.crawler = Some(found.crawler.map_or(*crawler, |earlier| earlier.min(*crawler)));
                }
                Meaning::Word if word_holds(agent, token.start(), token.end()) => {
                    found.crawler = found.crawler.or(Some(Crawler::UNKNOWN));
                }
                Meaning::Crawler(..) | Meaning::Word => {}
            }
        }
        Agent { browser: found.browser.canonical(), device: found.device.canonical(), ..found }
    }
}

fn all_tokens() -> impl Iterator<Item = (&'static str, Meaning)> {
    let browsers = Browser::tokens().map(|(token, browser)| (token, Meaning::Browser(browser)));
    let systems = System::tokens().map(|(token, system)| (token, Meaning::System(system)));
    let devices = Device::tokens().map(|(token, device)| (token, Meaning::Device(device)));
    let crawlers =
        Crawler::patterns().map(|(pattern, crawler)| (pattern.literal, Meaning::Crawler(pattern, crawler)));
    let words = WORDS.into_iter().map(|word| (word, Meaning::Word));
    browsers.chain(systems).chain(devices).chain(crawlers).chain(words)
}
