//! User agents: from a raw string to closed vocabularies of browsers, systems, devices and crawlers.

mod crawler;
mod vocabulary;

use std::{ops::Range, sync::OnceLock};

use aho_corasick::AhoCorasick;
use memchr::memmem;

use self::crawler::Pattern;
pub use self::{
    crawler::{Category, Crawler},
    vocabulary::{Browser, Device, System},
};

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
}

impl Scanner {
    fn new() -> Self {
        let (tokens, meanings): (Vec<_>, Vec<_>) = all_tokens().unzip();
        let tokens =
            AhoCorasick::new(tokens).expect("the tables are far below the automaton's limits");
        Self { tokens, meanings }
    }

    fn scan(&self, agent: &[u8]) -> Agent {
        let mut found = Agent {
            browser: Browser::UNKNOWN,
            system: System::UNKNOWN,
            device: Device::UNKNOWN,
            crawler: None,
        };
        let model = model_part(agent);
        for token in self.tokens.find_overlapping_iter(agent) {
            let is_model = || model.contains(&token.start()) && !is_product(agent, token.end());
            match &self.meanings[token.pattern()] {
                Meaning::Browser(browser) => found.browser = found.browser.min(*browser),
                Meaning::System(system) => found.system = found.system.min(*system),
                Meaning::Device(device) => found.device = found.device.min(*device),
                Meaning::Crawler(pattern, crawler) => {
                    if pattern.holds(agent, token.start()) && !is_model() {
                        found.crawler = Some(found.crawler.unwrap_or(*crawler).min(*crawler));
                    }
                }
            }
        }
        Agent {
            browser: found.browser.canonical(),
            system: found.system.canonical(),
            device: found.device.canonical(),
            ..found
        }
    }
}

/// Where an Android agent names its model, which may be called `Butterfly` or `M bot 60`: the first
/// brackets, if Android is in them.
fn model_part(agent: &[u8]) -> Range<usize> {
    let open = memchr::memchr(b'(', agent).unwrap_or(agent.len());
    let close = memchr::memchr(b')', &agent[open..]).map_or(agent.len(), |length| open + length);
    if memmem::find(&agent[open..close], b"Android").is_some() {
        open..close
    } else {
        0..0
    }
}

/// Whether what ends here is followed by a version, or ends with the slash before it.
fn is_product(agent: &[u8], end: usize) -> bool {
    agent.get(end) == Some(&b'/') || agent[..end].ends_with(b"/")
}

fn all_tokens() -> impl Iterator<Item = (&'static str, Meaning)> {
    let browsers = Browser::tokens().map(|(token, browser)| (token, Meaning::Browser(browser)));
    let systems = System::tokens().map(|(token, system)| (token, Meaning::System(system)));
    let devices = Device::tokens().map(|(token, device)| (token, Meaning::Device(device)));
    let crawlers = Crawler::patterns()
        .map(|(pattern, crawler)| (pattern.literal, Meaning::Crawler(pattern, crawler)));
    browsers.chain(systems).chain(devices).chain(crawlers)
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;

    static RULES: LazyLock<AgentRules> = LazyLock::new(AgentRules::new);

    fn described(agent: &[u8]) -> (&'static str, &'static str, &'static str) {
        let agent = RULES.classify(agent);
        assert_eq!(agent.crawler, None);
        (
            agent.browser.name(),
            agent.system.name(),
            agent.device.name(),
        )
    }

    #[test]
    fn people_are_told_by_browser_system_and_device() {
        let cases: &[(&str, (&str, &str, &str))] = &include!("cases/browsers.rs");
        for (agent, expected) in cases {
            assert_eq!(described(agent.as_bytes()), *expected, "{agent}");
        }
    }

    /// They are one cell of a table, not two of the same name.
    #[test]
    fn a_browser_that_is_listed_twice_is_one() {
        let webview = |agent: &str| RULES.classify(agent.as_bytes()).browser;
        let with_chrome = webview("Mozilla/5.0 (Linux; Android 9; wv) Chrome/80.0");
        let bare = webview("Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko)");
        assert_eq!((with_chrome.name(), bare.name()), ("WebView", "WebView"));
        assert!(with_chrome == bare);
    }

    #[test]
    fn crawlers_are_told_by_category_and_name() {
        let cases: &[(&str, (&str, &str))] = &include!("cases/crawlers.rs");
        for (agent, expected) in cases {
            let crawler = RULES.classify(agent.as_bytes()).crawler.expect(agent);
            assert_eq!(
                (crawler.category().name(), crawler.name()),
                *expected,
                "{agent}"
            );
        }
    }

    #[test]
    fn models_named_like_crawlers_are_no_crawlers() {
        let models = [
            "CUBOT_NOTE_S",
            "CUBOT X18 Build/NRD90M",
            "M bot 60",
            "Spider 8",
            "HTC_Butterfly Build/JSS15J",
            "Expanse",
            "ViewSonic-ViewPad7e build/ERE27",
        ];
        for model in models {
            let agent = format!(
                "Mozilla/5.0 (Linux; Android 9; {model}) AppleWebKit/537.36 Chrome/80.0 Mobile Safari/537.36"
            );
            assert_eq!(
                described(agent.as_bytes()),
                ("Chrome", "Android", "mobile"),
                "{agent}"
            );
        }
        let store = b"Mozilla/5.0 (Linux; Android 8.0; Pixel 2 Build/OPD3; Storebot-Google/1.0) AppleWebKit/537.36";
        assert_eq!(
            RULES.classify(store).crawler.map(Crawler::name),
            Some("Storebot-Google")
        );
    }

    #[test]
    fn no_agent_is_unknown() {
        for agent in [&b""[..], b"-", b"\xff\xfe", b"alice"] {
            assert_eq!(described(agent), ("(unknown)", "(unknown)", "(unknown)"));
        }
    }

    #[test]
    fn only_the_first_kilobyte_is_looked_at() {
        let late = [&[b'x'; EXAMINED][..], b" Googlebot/2.1"].concat();
        assert_eq!(described(&late), ("(unknown)", "(unknown)", "(unknown)"));
    }

    proptest! {
        #[test]
        fn what_an_agent_adds_never_shows(secret in "[a-z0-9]{8,40}", raw in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut agent = format!("Mozilla/5.0 (X11; Linux) {secret}/1.0 Chrome/99 ").into_bytes();
            agent.extend(raw);
            let agent = RULES.classify(&agent);
            let crawler = agent.crawler.map_or("", Crawler::name);
            for name in [agent.browser.name(), agent.system.name(), agent.device.name(), crawler] {
                prop_assert!(!name.contains(&secret));
            }
        }
    }
}
