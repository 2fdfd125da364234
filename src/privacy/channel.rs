//! How visits were led to a site, and the lists of hosts that say so.

use std::collections::HashMap;

use super::domain::icann_suffix;

/// How a visit was led to the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// An assistant or answer engine.
    Ai,
    /// A link tagged with a campaign.
    Campaign,
    /// No referrer.
    Direct,
    /// Mail read in a browser or a mail app.
    Email,
    /// A page of the same site.
    Internal,
    /// Any other page.
    Referral,
    /// A search engine.
    Search,
    /// A social network, forum or messenger.
    Social,
}

impl Channel {
    /// The name in the `channel` column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ai => "ai",
            Self::Campaign => "campaign",
            Self::Direct => "direct",
            Self::Email => "email",
            Self::Internal => "internal",
            Self::Referral => "referral",
            Self::Search => "search",
            Self::Social => "social",
        }
    }
}

impl Channel {
    /// Every channel.
    const ALL: [Self; 8] = [
        Self::Ai,
        Self::Campaign,
        Self::Direct,
        Self::Email,
        Self::Internal,
        Self::Referral,
        Self::Search,
        Self::Social,
    ];

    /// The channel of a number below eight.
    pub(super) const fn from_number(number: u32) -> Self {
        Self::ALL[number as usize % Self::ALL.len()]
    }

    /// The channel of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

/// The lists, in the order in which they are asked: of two that hold the same entry the first wins.
const LISTS: [(Channel, &str); 5] = [
    (Channel::Ai, include_str!("../../data/channels/ai.txt")),
    (
        Channel::Search,
        include_str!("../../data/channels/search.txt"),
    ),
    (
        Channel::Social,
        include_str!("../../data/channels/social.txt"),
    ),
    (
        Channel::Email,
        include_str!("../../data/channels/email.txt"),
    ),
    (
        Channel::Referral,
        include_str!("../../data/channels/referral.txt"),
    ),
];

const APP_SCHEME: &str = "android-app://";

/// Hosts and apps whose channel is known.
///
/// An entry `host` stands for the host and everything below it, `host/path` for the part of it whose
/// path begins so, `name.*` for the name under any public suffix, `android-app://id` for an app. The
/// most specific entry decides.
pub(super) struct ChannelList {
    /// By host or app: paths and their channel, the longest path first, the empty one for all.
    entries: HashMap<&'static str, Vec<(&'static str, Channel)>>,
}

impl ChannelList {
    pub(super) fn new() -> Self {
        let mut entries: HashMap<_, Vec<_>> = HashMap::new();
        for (channel, list) in LISTS {
            for line in list.lines().filter(|line| !line.starts_with('#')) {
                let path_from = if line.starts_with(APP_SCHEME) {
                    None
                } else {
                    line.find('/')
                };
                let (host, path) = line.split_at(path_from.unwrap_or(line.len()));
                entries.entry(host).or_default().push((path, channel));
            }
        }
        for paths in entries.values_mut() {
            paths.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        }
        Self { entries }
    }

    /// The channel of a page on a lower-case host name.
    pub(super) fn of_page(&self, host: &str, path: &[u8]) -> Option<Channel> {
        let names_end = host.len() - icann_suffix(host)?.len();
        let starts =
            std::iter::once(0).chain(host[..names_end].match_indices('.').map(|(dot, _)| dot + 1));
        starts.filter(|&start| start < names_end).find_map(|start| {
            let under_any_suffix = || format!("{}*", &host[start..names_end]);
            let exact = self.of_key(&host[start..], path);
            exact.or_else(|| self.of_key(&under_any_suffix(), path))
        })
    }

    /// The channel of an Android app by its lower-case package name.
    pub(super) fn of_app(&self, id: &str) -> Option<Channel> {
        self.of_key(&format!("{APP_SCHEME}{id}"), b"")
    }

    fn of_key(&self, key: &str, path: &[u8]) -> Option<Channel> {
        let paths = self.entries.get(key)?;
        paths
            .iter()
            .find(|(prefix, _)| is_below(path, prefix.as_bytes()))
            .map(|&(_, channel)| channel)
    }
}

/// Whether the path begins with the prefix and a segment of it ends there.
fn is_below(path: &[u8], prefix: &[u8]) -> bool {
    prefix.is_empty()
        || path
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.first().is_none_or(|byte| b"/?#".contains(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_entry_decides() {
        let list = ChannelList::new();
        let cases = [
            ("www.google.com", "/", Some(Channel::Search)),
            ("google.co.uk", "/", Some(Channel::Search)),
            ("news.google.de", "/", Some(Channel::Search)),
            ("mail.google.com", "/mail/u/0", Some(Channel::Email)),
            ("gemini.google.com", "/app", Some(Channel::Ai)),
            ("docs.google.com", "/document/d/x", Some(Channel::Referral)),
            ("accounts.google.fr", "/", Some(Channel::Referral)),
            ("x.com", "/alice/status/1", Some(Channel::Social)),
            ("x.com", "/i/grok?conversation=1", Some(Channel::Ai)),
            ("x.com", "/i/groknot", Some(Channel::Social)),
            ("de.search.yahoo.com", "/", Some(Channel::Search)),
            ("mail.yahoo.com", "/", Some(Channel::Email)),
            ("yahoo.com", "/", None),
            ("old.reddit.com", "/r/rust", Some(Channel::Social)),
            ("news.ycombinator.com", "/item", Some(Channel::Social)),
            ("ycombinator.com", "/", None),
            ("notgoogle.com", "/", None),
            ("google.example.com", "/", None),
            ("mail.yandex.com.tr", "/", Some(Channel::Email)),
            ("yandex.com.tr", "/search/", Some(Channel::Search)),
            ("intranet", "/", None),
        ];
        for (host, path, expected) in cases {
            assert_eq!(
                list.of_page(host, path.as_bytes()),
                expected,
                "{host}{path}"
            );
        }
    }

    #[test]
    fn apps_have_channels() {
        let list = ChannelList::new();
        assert_eq!(list.of_app("com.google.android.gm"), Some(Channel::Email));
        assert_eq!(
            list.of_app("com.google.android.googlequicksearchbox"),
            Some(Channel::Search)
        );
        assert_eq!(list.of_app("com.example.alice"), None);
    }

    #[test]
    fn every_entry_is_in_normal_form() {
        for (channel, list) in LISTS {
            for line in list.lines().filter(|line| !line.starts_with('#')) {
                assert!(
                    !line.is_empty()
                        && !line.contains(|c: char| c.is_whitespace() || c.is_ascii_uppercase())
                );
                let host = line.split('/').next().unwrap().replace(".*", ".com");
                let known = line.starts_with(APP_SCHEME) || icann_suffix(&host).is_some();
                assert!(known, "{}: {line}", channel.name());
            }
        }
    }
}
