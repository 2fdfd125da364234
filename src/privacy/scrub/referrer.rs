//! Referrers as they may stand in a scrubbed log: URLs without anything but a host.

use crate::privacy::referrer::ReferrerRules;

/// What stands for referrers that have no registrable domain, by what reports call them. The top-level
/// domain is reserved for names that are none (RFC 6761, section 6.4).
const WORDS: [(&str, &str); 4] = [
    ("(ip)", "https://ip.invalid/"),
    ("(intranet)", "https://intranet.invalid/"),
    ("(app)", "https://app.invalid/"),
    ("(unknown)", "https://unknown.invalid/"),
];

/// What is written in the place of a `Referer` header; none where there is none. Writing the result again
/// changes nothing.
pub(super) fn written(rules: &ReferrerRules, value: &[u8]) -> Option<Box<[u8]>> {
    if let Some((_, own)) = WORDS.iter().find(|(_, own)| own.as_bytes() == value) {
        return Some(own.as_bytes().into());
    }
    let referrer = rules.reduce(value);
    if referrer.source == "direct" {
        return None;
    }
    let word = WORDS.iter().find(|(word, _)| *word == referrer.source);
    let host = referrer.own_host().unwrap_or(&referrer.source);
    let url = match word {
        Some((_, url)) => (*url).to_owned(),
        None if host.contains(':') => format!("https://[{host}]/"),
        None => format!("https://{host}/"),
    };
    Some(url.into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_hosts_stay_and_others_are_their_domain() {
        let own = ["www.own.example", "192.0.2.1", "[2001:db8::7]"].map(str::to_owned);
        let rules = ReferrerRules::new(&own);
        let cases = [
            ("-", None),
            (
                "https://www.own.example/a",
                Some("https://www.own.example/"),
            ),
            ("http://192.0.2.1/a?b", Some("https://192.0.2.1/")),
            ("http://[2001:DB8::7]:80/a", Some("https://[2001:db8::7]/")),
            ("https://alice.example.org/x", Some("https://example.org/")),
            ("http://[2001:db8::8]/", Some("https://ip.invalid/")),
        ];
        for (value, expected) in cases {
            let found = written(&rules, value.as_bytes());
            assert_eq!(found.as_deref(), expected.map(str::as_bytes), "{value}");
        }
    }
}
