//! The rules that reduce request targets, referrers and user agents, and regions of addresses.
//!
//! The first byte of the input chooses the rule, the rest is the value.

#![no_main]

use std::{net::IpAddr, sync::LazyLock};

use hushlog::{
    privacy::{AgentRules, ReferrerRules, Regions, UrlRules, UrlSettings},
    record::{Escape, Request, Text},
};
use libfuzzer_sys::{Corpus, fuzz_target};

static URLS: LazyLock<UrlRules> =
    LazyLock::new(|| UrlRules::new(&UrlSettings::default()).expect("default settings"));

static SITE_URLS: LazyLock<UrlRules> = LazyLock::new(|| {
    let list = |texts: &[&str]| texts.iter().copied().map(str::to_owned).collect();
    let settings = UrlSettings {
        path_words: list(&["kunde"]),
        routes: list(&["/blog/:slug", "/docs/*", "/:a/x/:b"]),
        keep_query: list(&["page", "Lang"]),
        ..UrlSettings::default()
    };
    UrlRules::new(&settings).expect("settings that can be used")
});

static REFERRERS: LazyLock<ReferrerRules> =
    LazyLock::new(|| ReferrerRules::new(&["www.example.com".into(), "[2001:db8::1]:80".into()]));

static AGENTS: LazyLock<AgentRules> = LazyLock::new(AgentRules::new);

static REGIONS: LazyLock<Regions> =
    LazyLock::new(|| Regions::embedded().expect("the region database of the program"));

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((rule, value)) = input.split_first() else {
        return Corpus::Reject;
    };
    match rule {
        b'p' => check_path(value),
        b't' => check_target(value),
        b'r' => check_referrer(value),
        b'a' => check_agent(value),
        b'e' => check_escapes(value),
        b'i' => check_region(value),
        _ => return Corpus::Reject,
    }
    Corpus::Keep
});

/// A path is scrubbed at once, and what is left has nothing in it that the rules take away.
fn check_path(value: &[u8]) {
    let page = URLS.scrub_path(value);
    assert_eq!(
        URLS.scrub_path(page.as_bytes()),
        page,
        "scrubbing again changes it"
    );
    check_page(&page);
}

fn check_page(page: &str) {
    assert!(
        page == "(opaque)" || page.starts_with('/'),
        "neither a path nor opaque"
    );
    let mut digits = 0;
    for letter in page.chars() {
        let is_plain =
            letter.is_alphanumeric() || "/-_.~{}…".contains(letter) || page == "(opaque)";
        // Marks are letters' companions; the rest of what is not alphanumeric must not come out.
        assert!(
            is_plain || !letter.is_ascii(),
            "a sign that is not to come out"
        );
        digits = if letter.is_ascii_digit() {
            digits + 1
        } else {
            0
        };
        assert!(digits < 6, "a long number");
    }
    for segment in page.split('/') {
        assert!(segment.chars().count() <= 48, "a long segment");
        let braces = segment.matches(['{', '}']).count();
        assert!(braces == 0 || segment.starts_with('{') && segment.ends_with('}'));
    }
    assert!(page.split('/').count() <= 10, "too many segments");
}

/// A request, as a line and in parts, by rules with and without routes.
fn check_target(value: &[u8]) {
    let text = |raw| Text {
        raw,
        escape: Escape::Backslash,
    };
    let half = value.len() / 2;
    let requests = [
        Request::Line(text(value)),
        Request::Parts {
            method: text(b"GET"),
            path: text(value),
            query: text(b""),
        },
        Request::Parts {
            method: text(&value[..half.min(8)]),
            path: text(&value[..half]),
            query: text(&value[half..]),
        },
    ];
    for request in requests {
        check_page(&URLS.reduce(&request).page);
        let reduced = SITE_URLS.reduce(&request);
        let (path, query) = reduced.page.split_once('?').unwrap_or((&reduced.page, ""));
        assert!(path == "(opaque)" || path.starts_with('/'));
        for kept in query.split('&').filter(|kept| !kept.is_empty()) {
            let (key, value) = kept.split_once('=').expect("a key and a value");
            assert!(["page", "Lang"].contains(&key));
            check_shape(value);
        }
        if let Some(campaign) = &reduced.campaign {
            let names = [
                Some(&campaign.source),
                campaign.medium.as_ref(),
                campaign.campaign.as_ref(),
            ];
            names
                .into_iter()
                .flatten()
                .for_each(|name| check_shape(name));
        }
        assert!(reduced.raw_path.len() <= value.len());
    }
}

fn check_shape(value: &str) {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let mut bytes = value.bytes();
    assert!(bytes.next().is_some_and(is_plain) && value.len() <= 32);
    assert!(bytes.all(|byte| is_plain(byte) || b"_.-".contains(&byte)));
}

fn check_referrer(value: &[u8]) {
    let referrer = REFERRERS.reduce(value);
    let own_host = &value[..value.len() / 2];
    let (seen, _) = referrer.seen_from(own_host);
    for source in [&referrer.source, seen] {
        let words = [
            "direct",
            "(internal)",
            "(ip)",
            "(intranet)",
            "(app)",
            "(unknown)",
        ];
        if words.contains(&source) {
            continue;
        }
        assert!(source.contains('.') && source.len() <= 253, "not a domain");
        assert!(source.parse::<IpAddr>().is_err(), "an address");
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
        assert!(source.bytes().all(is_plain), "not a domain");
    }
}

/// Agents beyond their first kilobyte are classified by that.
fn check_agent(value: &[u8]) {
    let agent = AGENTS.classify(value);
    assert!(agent == AGENTS.classify(&value[..value.len().min(1024)]));
}

/// No text is longer unescaped than it was.
fn check_escapes(value: &[u8]) {
    let escapes = [
        Escape::Literal,
        Escape::Backslash,
        Escape::Hash,
        Escape::Json,
        Escape::Percent,
        Escape::Plus,
        Escape::Quote,
    ];
    let mut buffer = Vec::new();
    for escape in escapes {
        let text = Text { raw: value, escape };
        assert!(text.decode(&mut buffer).len() <= value.len());
    }
}

fn check_region(value: &[u8]) {
    let bits = value
        .iter()
        .take(16)
        .fold(0_u128, |bits, &byte| bits << 8 | u128::from(byte));
    let address = match u32::try_from(bits) {
        Ok(bits) => IpAddr::V4(bits.into()),
        Err(_) => IpAddr::V6(bits.into()),
    };
    let region = REGIONS.region(address);
    assert!(region.country().is_some() || region.subdivision().is_none());
}
