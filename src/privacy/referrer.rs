//! Referrers: from a `Referer` header to a registrable domain or a fixed word, and its channel.

use std::{borrow::Cow, collections::HashSet, fmt, net::Ipv6Addr};

use super::{
    channel::{Channel, ChannelList},
    domain::{normal_name, registrable_domain},
};

/// Reduces `Referer` headers.
pub struct ReferrerRules {
    own_hosts: HashSet<String>,
    channels: ChannelList,
}

/// What is kept of a `Referer` header.
pub struct Referrer {
    /// The `referrer` column: a registrable domain, `direct`, `(internal)`, `(ip)`, `(intranet)`,
    /// `(app)` or `(unknown)`.
    pub source: Cow<'static, str>,
    /// Its channel, campaigns aside.
    pub channel: Channel,
    /// The full host in lower case, only ever compared with; empty where there is none.
    host: String,
}

impl ReferrerRules {
    /// Rules for a site that is reached under these host names, ports and case disregarded.
    #[must_use]
    pub fn new(site_hosts: &[String]) -> Self {
        let own_hosts = site_hosts
            .iter()
            .filter_map(|host| Host::parse(host.as_bytes()));
        Self {
            own_hosts: own_hosts.map(|host| host.name).collect(),
            channels: ChannelList::new(),
        }
    }

    /// Reduces the value of a `Referer` header, any bytes.
    ///
    /// Whatever is not the registrable domain of a web page's host becomes a fixed word: `direct`
    /// (empty or `-`), `(internal)` (a host of the site), `(ip)` (an address, in any of the spellings
    /// that browsers take for one), `(intranet)` (no known public suffix), `(app)` (a scheme other
    /// than http and https), `(unknown)` (no URL).
    #[must_use]
    pub fn reduce(&self, value: &[u8]) -> Referrer {
        match Origin::parse(value) {
            Origin::Absent => Referrer::word("direct", Channel::Direct),
            Origin::Invalid => Referrer::word("(unknown)", Channel::Referral),
            Origin::App(id) => {
                let channel = str::from_utf8(id)
                    .ok()
                    .and_then(|id| self.channels.of_app(&id.to_ascii_lowercase()));
                Referrer::word("(app)", channel.unwrap_or(Channel::Referral))
            }
            Origin::Page(host, path) => self.reduce_page(host, path),
        }
    }

    fn reduce_page(&self, host: Host, path: &[u8]) -> Referrer {
        let (source, channel) = if self.own_hosts.contains(&host.name) {
            (Cow::Borrowed("(internal)"), Channel::Internal)
        } else if host.is_address {
            (Cow::Borrowed("(ip)"), Channel::Referral)
        } else if let Some(domain) = registrable_domain(host.name.as_bytes()) {
            let channel = self.channels.of_page(&host.name, path);
            (Cow::Owned(domain), channel.unwrap_or(Channel::Referral))
        } else {
            (Cow::Borrowed("(intranet)"), Channel::Referral)
        };
        Referrer {
            source,
            channel,
            host: host.name,
        }
    }
}

impl Referrer {
    fn word(word: &'static str, channel: Channel) -> Self {
        Self {
            source: Cow::Borrowed(word),
            channel,
            host: String::new(),
        }
    }

    /// Source and channel as seen by a request to `own_host`, the virtual host as logged (empty
    /// where it is not): a referrer on the same host is `(internal)`.
    #[must_use]
    pub fn seen_from(&self, own_host: &[u8]) -> (&str, Channel) {
        let own_host = own_host.strip_suffix(b".").unwrap_or(own_host);
        let bare = own_host
            .strip_prefix(b"[")
            .and_then(|rest| rest.strip_suffix(b"]"));
        let same = bare
            .unwrap_or(own_host)
            .eq_ignore_ascii_case(self.host.as_bytes());
        if same && !self.host.is_empty() {
            ("(internal)", Channel::Internal)
        } else {
            (&self.source, self.channel)
        }
    }
}

impl Referrer {
    /// The host of a page of the site itself, which is one of those configured.
    pub(super) fn own_host(&self) -> Option<&str> {
        (self.channel == Channel::Internal).then_some(&self.host)
    }
}

impl fmt::Debug for Referrer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Referrer(redacted)")
    }
}

/// Where a header says that the visitor came from.
enum Origin<'a> {
    Absent,
    Invalid,
    /// An Android app's package name; empty for any other scheme that is not the web's.
    App(&'a [u8]),
    /// Host, and path with query.
    Page(Host, &'a [u8]),
}

impl<'a> Origin<'a> {
    /// Takes a URL apart as browsers do (WHATWG URL, 4.4): schemes in any case, backslashes as
    /// slashes, any number of them before the host.
    fn parse(value: &'a [u8]) -> Self {
        let value = value.trim_ascii();
        if value.is_empty() || value == b"-" {
            return Self::Absent;
        }
        if value.iter().any(u8::is_ascii_control) {
            return Self::Invalid;
        }
        let Some((scheme, rest)) = split_scheme(value) else {
            return Self::Invalid;
        };
        if scheme.eq_ignore_ascii_case(b"http") || scheme.eq_ignore_ascii_case(b"https") {
            return Self::parse_page(rest);
        }
        let is_android = scheme.eq_ignore_ascii_case(b"android-app");
        let id = rest
            .strip_prefix(b"//")
            .filter(|_| is_android)
            .unwrap_or_default();
        Self::App(
            id.split(|byte| b"/?#".contains(byte))
                .next()
                .unwrap_or_default(),
        )
    }

    fn parse_page(rest: &'a [u8]) -> Self {
        let slashes = rest.iter().take_while(|byte| b"/\\".contains(byte)).count();
        let rest = &rest[slashes..];
        let end = rest
            .iter()
            .position(|byte| b"/\\?#".contains(byte))
            .unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let user_end = authority
            .iter()
            .rposition(|&byte| byte == b'@')
            .map_or(0, |at| at + 1);
        Host::parse(&authority[user_end..]).map_or(Self::Invalid, |host| Self::Page(host, path))
    }
}

/// A host as browsers understand it.
struct Host {
    /// In lower case, without port, brackets and trailing dot.
    name: String,
    is_address: bool,
}

impl Host {
    /// Parses `host` or `host:port`.
    fn parse(text: &[u8]) -> Option<Self> {
        if let Some(inside) = text.strip_prefix(b"[") {
            let close = inside.iter().position(|&byte| byte == b']')?;
            return Self::parse_v6(&inside[..close]).filter(|_| is_port(&inside[close + 1..]));
        }
        let name_end = text
            .iter()
            .position(|&byte| byte == b':')
            .unwrap_or(text.len());
        let name = normal_name(&text[..name_end]).filter(|_| is_port(&text[name_end..]))?;
        let is_address = ends_in_number(&name);
        Some(Self { name, is_address })
    }

    fn parse_v6(text: &[u8]) -> Option<Self> {
        let text = str::from_utf8(text).ok()?;
        let address = text
            .split_once('%')
            .map_or(text, |(address, _zone)| address);
        address.parse::<Ipv6Addr>().ok()?;
        Some(Self {
            name: address.to_ascii_lowercase(),
            is_address: true,
        })
    }
}

/// Whether browsers take the host for an IPv4 address: its last label is a decimal, octal or
/// hexadecimal number (WHATWG URL, 3.5, "ends in a number").
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let hex = last
        .strip_prefix("0x")
        .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hex || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the text is nothing, or a colon and at most a port.
fn is_port(text: &[u8]) -> bool {
    let Some(digits) = text.strip_prefix(b":") else {
        return text.is_empty();
    };
    digits.iter().all(u8::is_ascii_digit) && digits.len() <= 5
}

/// Scheme (RFC 3986, 3.1) and what follows its colon.
fn split_scheme(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = value.iter().position(|&byte| byte == b':')?;
    let (scheme, rest) = (&value[..colon], &value[colon + 1..]);
    let valid = scheme.first()?.is_ascii_alphabetic()
        && scheme
            .iter()
            .all(|&byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    valid.then_some((scheme, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules() -> ReferrerRules {
        ReferrerRules::new(&[
            "www.Own.example:8080".to_owned(),
            "192.0.2.1".to_owned(),
            "own.test".to_owned(),
        ])
    }

    #[test]
    fn headers_are_reduced_to_a_domain_or_a_word() {
        let cases = [
            ("", "direct", Channel::Direct),
            ("-", "direct", Channel::Direct),
            ("  ", "direct", Channel::Direct),
            (
                "https://www.google.com/search?q=alice",
                "google.com",
                Channel::Search,
            ),
            ("https://www.google.co.uk/", "google.co.uk", Channel::Search),
            (
                "https://mail.google.com/mail/u/0/",
                "google.com",
                Channel::Email,
            ),
            ("https://gemini.google.com/", "google.com", Channel::Ai),
            ("https://chatgpt.com/", "chatgpt.com", Channel::Ai),
            ("https://t.co/abc", "t.co", Channel::Social),
            (
                "HTTPS://Alice:Secret@Blog.Example.ORG:8443/~alice?token=1#x",
                "example.org",
                Channel::Referral,
            ),
            ("http://example.org.", "example.org", Channel::Referral),
            ("http:\\\\example.org\\x", "example.org", Channel::Referral),
            (
                "http://a@b@example.org\\@evil.example",
                "example.org",
                Channel::Referral,
            ),
            ("https://alice.github.io/", "github.io", Channel::Referral),
            (
                "http://ec2-203-0-113-9.compute-1.amazonaws.com/",
                "amazonaws.com",
                Channel::Referral,
            ),
            (
                "http://203-0-113-9.isp.example.net/",
                "example.net",
                Channel::Referral,
            ),
            ("https://OWN.test/a", "(internal)", Channel::Internal),
            ("http://www.own.example/", "(internal)", Channel::Internal),
            ("http://192.0.2.1:81/", "(internal)", Channel::Internal),
            ("http://203.0.113.9/", "(ip)", Channel::Referral),
            ("http://203.0.113.9.:80/", "(ip)", Channel::Referral),
            ("http://3405803777/", "(ip)", Channel::Referral),
            ("http://0x7f.1/", "(ip)", Channel::Referral),
            ("http://0313.0.0161.011/", "(ip)", Channel::Referral),
            ("http://1.2.3.4.5/", "(ip)", Channel::Referral),
            ("http://[2001:DB8::1]:80/", "(ip)", Channel::Referral),
            ("http://[fe80::1%25eth0]/", "(ip)", Channel::Referral),
            ("http://[::ffff:203.0.113.9]/", "(ip)", Channel::Referral),
            ("http://wiki/", "(intranet)", Channel::Referral),
            (
                "http://alice-laptop.local/",
                "(intranet)",
                Channel::Referral,
            ),
            ("http://com/", "(intranet)", Channel::Referral),
            (
                "android-app://com.google.android.gm/",
                "(app)",
                Channel::Email,
            ),
            (
                "android-app://com.google.android.googlequicksearchbox/https/www.google.com",
                "(app)",
                Channel::Search,
            ),
            (
                "android-app://com.example.alice",
                "(app)",
                Channel::Referral,
            ),
            (
                "ios-app://123/com.google.android.gm",
                "(app)",
                Channel::Referral,
            ),
            ("file:///home/alice/x.html", "(app)", Channel::Referral),
            ("about:blank", "(app)", Channel::Referral),
            ("example.org/page", "(unknown)", Channel::Referral),
            ("/relative", "(unknown)", Channel::Referral),
            ("1http://example.org/", "(unknown)", Channel::Referral),
            ("h_ttp://example.org/", "(unknown)", Channel::Referral),
            ("http://", "(unknown)", Channel::Referral),
            ("http://exa mple.org/", "(unknown)", Channel::Referral),
            ("http://%65xample.org/", "(unknown)", Channel::Referral),
            ("http://b\u{fc}cher.de/", "(unknown)", Channel::Referral),
            ("http://example.org:port/", "(unknown)", Channel::Referral),
            ("http://[::1/", "(unknown)", Channel::Referral),
            ("http://[alice]/", "(unknown)", Channel::Referral),
            ("http://example.org/\u{7}", "(unknown)", Channel::Referral),
            ("=cmd|x", "(unknown)", Channel::Referral),
        ];
        let rules = rules();
        for (header, source, channel) in cases {
            let referrer = rules.reduce(header.as_bytes());
            assert_eq!(
                (&*referrer.source, referrer.channel),
                (source, channel),
                "{header}"
            );
        }
    }

    #[test]
    fn a_referrer_on_the_requests_own_host_is_internal() {
        let rules = rules();
        let internal = ("(internal)", Channel::Internal);
        let cases = [
            ("https://Shop.Example.org/a", "shop.example.ORG.", internal),
            (
                "https://shop.example.org/a",
                "example.org",
                ("example.org", Channel::Referral),
            ),
            (
                "https://shop.example.org/a",
                "",
                ("example.org", Channel::Referral),
            ),
            ("http://[::1]/", "[::1]", internal),
            ("http://wiki/", "wiki", internal),
            ("", "", ("direct", Channel::Direct)),
        ];
        for (header, own_host, expected) in cases {
            assert_eq!(
                rules
                    .reduce(header.as_bytes())
                    .seen_from(own_host.as_bytes()),
                expected,
                "{header}"
            );
        }
    }

    proptest! {
        #[test]
        fn only_domains_and_fixed_words_come_out(
            prefix in "(https?:|HTTP:|android-app:|x:|)[/\\\\]{0,3}",
            rest in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let header = [prefix.as_bytes(), &rest].concat();
            let source = rules().reduce(&header).source;
            let words = ["direct", "(internal)", "(ip)", "(intranet)", "(app)", "(unknown)"];
            let is_domain = registrable_domain(source.as_bytes()).as_deref() == Some(&*source);
            prop_assert!(is_domain || words.contains(&&*source));
        }
    }
}
