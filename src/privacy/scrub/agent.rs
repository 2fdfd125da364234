//! User agents as they may stand in a scrubbed log: made of the closed vocabularies alone, and yet such
//! that analysers tell the same browser, system, device and crawler from them.

use hashbrown::HashMap;

use crate::privacy::agent::{Agent, AgentRules, Browser, Crawler, System};

/// The agents written so far, each once. There are no more than the vocabularies have.
#[derive(Default)]
pub(super) struct AgentTexts {
    numbers: HashMap<Agent, usize>,
    texts: Vec<Option<Box<[u8]>>>,
}

/// How systems are written in agents (user agents of current browsers).
const SYSTEMS: [(&str, &str); 13] = [
    ("Windows", "Windows NT 10.0; Win64; x64"),
    ("macOS", "Macintosh; Intel Mac OS X 10_15_7"),
    ("Linux", "X11; Linux x86_64"),
    ("ChromeOS", "X11; CrOS x86_64 14541.0.0"),
    ("Android", "Linux; Android 10; K"),
    ("iOS", "iPhone; CPU iPhone OS 18_0 like Mac OS X"),
    ("iPadOS", "iPad; CPU OS 18_0 like Mac OS X"),
    ("Windows Phone", "Windows Phone 10.0"),
    ("Xbox", "Windows NT 10.0; Win64; x64; Xbox; Xbox One"),
    ("BSD", "X11; FreeBSD amd64"),
    ("PlayStation", "PlayStation; PlayStation 5/2.26"),
    ("Tizen", "Linux; Tizen 8.0"),
    ("(unknown)", "compatible"),
];

/// What systems and browsers put beside each other, by which devices are told.
const DEVICES: [&str; 4] = ["", "; Mobile", "; Tablet", "; Smart TV"];

/// The form of a browser's agents.
#[derive(Clone, Copy)]
enum Form {
    /// As Chrome and those made of it.
    Blink,
    /// As Safari and those made of it.
    WebKit,
    /// As Firefox.
    Gecko,
    /// As Internet Explorer 11.
    Trident,
    /// System and name alone.
    Plain,
    /// The name before the system.
    NameFirst,
}

use Form::{Blink, Gecko, NameFirst, Plain, Trident, WebKit};

impl AgentTexts {
    /// The number of the text for an agent as it was logged, any bytes.
    pub(super) fn number(&mut self, rules: &AgentRules, logged: &[u8]) -> usize {
        let Self { numbers, texts } = self;
        let agent = rules.classify(logged);
        *numbers.entry(agent).or_insert_with(|| {
            texts.push(text(rules, agent).map(|text| text.into_bytes().into()));
            texts.len() - 1
        })
    }

    /// The text of a number; none where nothing is known of the agent.
    pub(super) fn get(&self, number: usize) -> Option<&[u8]> {
        self.texts[number].as_deref()
    }
}

/// The text of which an agent is told; none where nothing is known of it. Where no text tells all of it,
/// one that tells browser and system.
fn text(rules: &AgentRules, agent: Agent) -> Option<String> {
    if let Some(crawler) = agent.crawler {
        return crawler_text(rules, crawler);
    }
    let found = |text: &String| rules.classify(text.as_bytes());
    let texts = candidates(agent.browser, agent.system);
    let exact = texts.iter().find(|text| found(text) == agent);
    let near = |text: &String| {
        let found = found(text);
        (found.browser, found.system) == (agent.browser, agent.system)
    };
    // The first that is near may be told as another one whose own text comes earlier.
    let chosen = exact.or_else(|| {
        let near = texts.iter().find(|text| near(text)).map(found)?;
        texts.iter().find(|text| found(text) == near)
    });
    let is_known = agent.browser != Browser::UNKNOWN || agent.system != System::UNKNOWN;
    chosen.filter(|_| is_known).cloned()
}

/// Texts of a browser on a system, the most usual first.
fn candidates(browser: Browser, system: System) -> Vec<String> {
    let mut texts = Vec::new();
    let own = system_text(system);
    let is_apple = matches!(system.name(), "iOS" | "iPadOS");
    for form in forms(browser, is_apple) {
        for device in DEVICES {
            for name in names(browser, is_apple) {
                for mobile in mobiles(is_apple) {
                    texts.push(form.written(&format!("{own}{device}"), &name, mobile));
                }
            }
        }
    }
    texts
}

/// How a system is written: by the table, else by what tells it.
fn system_text(system: System) -> &'static str {
    let known = SYSTEMS.iter().find(|(name, _)| *name == system.name());
    let token = || System::tokens().find(|(_, told)| *told == system);
    known
        .map(|(_, text)| *text)
        .or_else(|| token().map(|(token, _)| token.trim()))
        .unwrap_or("compatible")
}

/// The names of a browser, with a version where one has to follow.
fn names(browser: Browser, is_apple: bool) -> Vec<String> {
    let tokens = Browser::tokens().filter(|(_, told)| told.name() == browser.name());
    let mut tokens: Vec<_> = tokens.map(|(token, _)| token.trim()).collect();
    tokens.sort_by_key(|token| token.ends_with("iOS/") != is_apple);
    let version = |token: &str| match token {
        _ if token.ends_with('/') => format!("{token}120.0"),
        _ => token.to_owned(),
    };
    let mut names: Vec<_> = tokens.into_iter().map(version).collect();
    if names.is_empty() {
        names.push(String::new());
    }
    names
}

fn forms(browser: Browser, is_apple: bool) -> [Form; 6] {
    match browser.name() {
        "Firefox" | "SeaMonkey" | "Pale Moon" | "Waterfox" if !is_apple => {
            [Gecko, Plain, Blink, WebKit, NameFirst, Trident]
        }
        "Internet Explorer" => [Trident, Plain, NameFirst, Gecko, Blink, WebKit],
        "Lynx" | "w3m" | "Links" | "NetSurf" | "Android app" | "Opera Mini" | "(unknown)" => {
            [NameFirst, Plain, Trident, Gecko, WebKit, Blink]
        }
        "Safari" | "GNOME Web" | "WebView" | "Android Browser" => {
            [WebKit, Plain, Blink, Gecko, NameFirst, Trident]
        }
        _ if is_apple => [WebKit, Plain, Blink, Gecko, NameFirst, Trident],
        _ => [Blink, WebKit, Plain, Gecko, NameFirst, Trident],
    }
}

/// What stands before `Safari` on telephones.
const fn mobiles(is_apple: bool) -> [&'static str; 2] {
    if is_apple {
        [" Mobile/15E148", ""]
    } else {
        ["", " Mobile"]
    }
}

impl Form {
    fn written(self, system: &str, name: &str, mobile: &str) -> String {
        let is_own = |own: &str| name.is_empty() || name.starts_with(own);
        match self {
            Blink => {
                let more = if is_own("Chrome/") { "" } else { name };
                let engine = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0";
                joined(
                    &format!("Mozilla/5.0 ({system}) {engine}{mobile} Safari/537.36"),
                    more,
                )
            }
            WebKit => {
                let engine = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
                let (version, more) = match name {
                    _ if is_own("Safari/") => ("Version/17.0", ""),
                    _ if name.ends_with("iOS/120.0") => (name, ""),
                    _ => ("Version/17.0", name),
                };
                let safari = if name == "AppleWebKit/120.0" {
                    ""
                } else {
                    " Safari/605.1.15"
                };
                let more = if safari.is_empty() { "" } else { more };
                joined(
                    &format!("Mozilla/5.0 ({system}) {engine} {version}{mobile}{safari}"),
                    more,
                )
            }
            Gecko => joined(
                &format!("Mozilla/5.0 ({system}; rv:120.0) Gecko/20100101"),
                name,
            ),
            Trident => format!("Mozilla/5.0 ({system}; {name}; rv:11.0) like Gecko"),
            Plain => joined(&format!("Mozilla/5.0 ({system}){mobile}"), name),
            NameFirst if name.is_empty() => format!("Mozilla/5.0 ({system})"),
            NameFirst => format!("{name} ({system}){mobile}"),
        }
    }
}

fn joined(text: &str, more: &str) -> String {
    if more.is_empty() {
        text.to_owned()
    } else {
        format!("{text} {more}")
    }
}

/// The text of a crawler, or of an unknown one for the few that are told by more than a name.
fn crawler_text(rules: &AgentRules, crawler: Crawler) -> Option<String> {
    own_crawler_text(rules, crawler).or_else(|| own_crawler_text(rules, Crawler::UNKNOWN))
}

/// The text of which a crawler is told: its name, else what tells it.
fn own_crawler_text(rules: &AgentRules, crawler: Crawler) -> Option<String> {
    let names: Vec<&str> = if crawler == Crawler::UNKNOWN {
        vec!["bot"]
    } else {
        let told = Crawler::patterns().filter(|(_, told)| *told == crawler);
        std::iter::once(crawler.name())
            .chain(told.map(|(pattern, _)| pattern.literal.trim_matches(['/', ' ', ';', '('])))
            .collect()
    };
    let texts = names.iter().flat_map(|name| {
        [
            // Many analysers take what names a page for a crawler. The domain is reserved (RFC 6761, section 6.4).
            format!("Mozilla/5.0 (compatible; {name}/1.0; +https://crawler.invalid/)"),
            format!("Mozilla/5.0 (compatible; {name}/1.0)"),
            format!("{name}/1.0"),
            (*name).to_owned(),
            format!("{name} (compatible)"),
            format!("Mozilla/5.0 (compatible; {name})"),
        ]
    });
    let is_plain = |text: &String| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" ._/();:,-'!+".contains(&byte))
    };
    texts
        .filter(is_plain)
        .find(|text| rules.classify(text.as_bytes()).crawler == Some(crawler))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// As browsers write themselves, as far as that tells what was told.
    #[test]
    fn usual_agents_have_usual_texts() {
        let cases = [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
                Some(
                    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
                ),
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
                Some(
                    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
                ),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0",
                Some(
                    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0",
                ),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
                Some(
                    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15",
                ),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                Some(
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/605.1.15",
                ),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/138.0.0.0 Mobile/15E148 Safari/604.1",
                Some(
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/120.0 Mobile/15E148 Safari/605.1.15",
                ),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/140.0 Mobile/15E148 Safari/605.1.15",
                Some(
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/120.0 Mobile/15E148 Safari/605.1.15",
                ),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
                Some(
                    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/605.1.15 ; wv)",
                ),
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) EdgiOS/138.0 Version/18.0 Safari/604.1",
                Some(
                    "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) EdgiOS/120.0 Mobile/15E148 Safari/605.1.15",
                ),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0",
                Some("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"),
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
                Some(
                    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Trident/120.0; rv:11.0) like Gecko",
                ),
            ),
            (
                "Opera/9.80 (Android; Opera Mini/36.2/119.132; U; en) Presto/2.12.423 Version/12.16",
                Some("Opera Mini (Linux; Android 10; K)"),
            ),
            (
                "Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/AP1A)",
                Some("Dalvik/120.0 (Linux; Android 10; K)"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/138.0.0.0 Mobile Safari/537.36",
                Some(
                    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile Safari/605.1.15 ; wv)",
                ),
            ),
            (
                "Mozilla/5.0 (Linux; U; Android 4.0.3; en-us) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30",
                Some(
                    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile Safari/605.1.15 Android",
                ),
            ),
            ("Lynx/2.9.0 libwww-FM/2.14", Some("Lynx/120.0 (compatible)")),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15 Epiphany/605.1.15",
                Some(
                    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15 Epiphany/120.0",
                ),
            ),
            (
                "alice (Windows NT 10.0)",
                Some("Mozilla/5.0 (Windows NT 10.0; Win64; x64)"),
            ),
            ("alice/1.0", None),
        ];
        let rules = AgentRules::new();
        let mut texts = AgentTexts::default();
        for (logged, expected) in cases {
            let number = texts.number(&rules, logged.as_bytes());
            assert_eq!(texts.get(number), expected.map(str::as_bytes), "{logged}");
        }
    }

    #[test]
    fn the_text_of_an_agent_tells_the_same_agent() {
        let rules = AgentRules::new();
        let cases: &[(&str, (&str, &str, &str))] = &include!("../agent/cases/browsers.rs");
        for (logged, expected) in cases {
            let agent = rules.classify(logged.as_bytes());
            let text = text(&rules, agent).unwrap_or_default();
            let found = rules.classify(text.as_bytes());
            let names = (
                found.browser.name(),
                found.system.name(),
                found.device.name(),
            );
            assert_eq!(names, *expected, "{logged}\n{text}");
        }
    }

    #[test]
    fn the_text_of_a_crawler_tells_the_same_crawler() {
        let rules = AgentRules::new();
        let all: BTreeSet<Crawler> = Crawler::patterns().map(|(_, crawler)| crawler).collect();
        let (mut told, mut others) = (0, 0);
        for crawler in all {
            let text = crawler_text(&rules, crawler).unwrap();
            match rules.classify(text.as_bytes()).crawler {
                Some(found) if found == crawler => told += 1,
                Some(Crawler::UNKNOWN) => others += 1,
                found => panic!("{found:?}: {text}"),
            }
        }
        assert!(told > 50 * others, "{told} and {others}");
    }

    #[test]
    fn texts_are_written_again_as_they_are() {
        let rules = AgentRules::new();
        let mut texts = AgentTexts::default();
        let browsers: BTreeSet<_> = Browser::tokens().map(|(_, browser)| browser).collect();
        let systems: BTreeSet<_> = System::tokens().map(|(_, system)| system).collect();
        for browser in browsers {
            for system in &systems {
                for candidate in candidates(browser, *system) {
                    let number = texts.number(&rules, candidate.as_bytes());
                    let Some(text) = texts.get(number).map(<[u8]>::to_vec) else {
                        continue;
                    };
                    let again = texts.number(&rules, &text);
                    assert_eq!(texts.get(again), Some(&text[..]), "{candidate}");
                }
            }
        }
    }
}
