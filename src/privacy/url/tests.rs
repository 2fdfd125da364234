use proptest::{prelude::*, sample::select};

use super::*;
use crate::record::{Escape, Text};

fn rules() -> UrlRules {
    UrlRules::new(&UrlSettings::default()).unwrap()
}

fn scrubbed(path: impl AsRef<[u8]>) -> String {
    rules().scrub_path(path.as_ref())
}

fn reduced(rules: &UrlRules, line: &[u8]) -> Reduced {
    let escape = Escape::Backslash;
    rules.reduce(&Request::Line(Text { raw: line, escape }))
}

#[test]
fn paths_keep_their_shape() {
    for path in [
        "/",
        "//",
        "/about",
        "/About/Us/",
        "/a//b///c",
        "/index.html",
        "/a/./../b",
        "/1/2/3/4/5/6/7/8",
        "/1/2/3/4/5/6/7/8/{…}",
        "/user/{num}/{val}",
        "/новости/日本/",
    ] {
        assert_eq!(scrubbed(path), path);
    }
}

#[test]
fn paths_are_cut_decoded_and_scrubbed() {
    for (path, expected) in [
        ("/a?b=alice@example.org", "/a"),
        ("/a#b", "/a"),
        ("/a;jsessionid=0123456789abcdef/b", "/a"),
        ("/?", "/"),
        ("/a%2fb", "/a/b"),
        ("/%61%62out", "/about"),
        ("/a%3Fb/c", "/{val}/c"),
        ("/a%3Bb/c", "/{val}/c"),
        ("/caf%C3%A9", "/café"),
        ("/cafe%CC%81", "/café"),
        ("/100%/x", "/{val}/x"),
        ("/alice%40example.org/x", "/{email}/x"),
        ("/alice%2540example.org", "/{email}"),
        ("/alice%25252540example.org", "/{email}"),
        ("/user%2Falice", "/user/{val}"),
        ("/~alice/photos", "/{user}/photos"),
        ("/orders/1234567/edit", "/orders/{num}/edit"),
        ("/%7Bnum%7D", "/{num}"),
        ("http://alice:secret@example.org/a?b", "/a"),
        ("https://alice@example.org", "/"),
        ("//alice@example.org/a", "//{email}/a"),
        ("/1/2/3/4/5/6/7/8/9", "/1/2/3/4/5/6/7/8/{…}"),
        ("/1/2/3/4/5/6/7/8/", "/1/2/3/4/5/6/7/8/{…}"),
        (
            "/1/2/3/4/5/6/7/8/alice@example.org/10",
            "/1/2/3/4/5/6/7/8/{…}",
        ),
        ("/1/2/3/4//6/7/8/9", "/1/2/3/4//6/7/8/{…}"),
    ] {
        assert_eq!(scrubbed(path), expected, "{path}");
    }
}

#[test]
fn a_value_follows_a_path_word() {
    for (path, expected) in [
        ("/user/alice", "/user/{val}"),
        ("/USER/alice/b", "/USER/{val}/b"),
        ("/users", "/users"),
        ("/users/", "/users/"),
        ("/user//alice", "/user//{val}"),
        ("/user///alice/b", "/user///{val}/b"),
        ("/user/./alice/b", "/user/{val}/{val}/b"),
        ("/ｕｓｅｒ/alice", "/user/{val}"),
        ("/username/alice", "/username/alice"),
        ("/x/q/cats/s/dogs", "/x/q/{val}/s/{val}"),
        // The words stand as they were sent, though each is itself the value of the one before.
        ("/user/order/tag/x/y", "/user/{val}/{val}/{val}/y"),
    ] {
        assert_eq!(scrubbed(path), expected, "{path}");
    }
    let path_words = vec!["kunde".to_owned()];
    let rules = UrlRules::new(&UrlSettings {
        path_words,
        ..UrlSettings::default()
    })
    .unwrap();
    assert_eq!(
        rules.scrub_path(b"/Kunde/alice/user/bob"),
        "/Kunde/{val}/user/{val}"
    );
}

#[test]
fn what_cannot_be_read_is_opaque() {
    for path in [
        &b""[..],
        b"*",
        b"a",
        b"example.org:443",
        b"mailto:alice@example.org",
        b"(opaque)",
        b"%2Fa",
        b"/a\0",
        b"/a%00b",
        b"/a%2500b",
        b"/\x7f",
        b"/\x1b[0m",
        b"/caf\xe9",
        b"/caf%E9",
        b"/%c0%af",
        b"/%ed%a0%80",
        b"/1/2/3/4/5/6/7/8/9/%00",
        b"/a%252525252fb",
    ] {
        assert_eq!(scrubbed(path), OPAQUE, "{}", path.escape_ascii());
    }
    assert_eq!(scrubbed("/a?%00"), "/a");
}

#[test]
fn a_request_is_reduced_to_its_parts() {
    let line = br"GET /b/alice%40example.org?utm_source=News&utm_medium=mail&x=1#f HTTP/1.1";
    let found = reduced(&rules(), line);
    assert_eq!(found.method, Method::Get);
    assert_eq!(found.raw_path, b"/b/alice%40example.org");
    assert_eq!(found.page, "/b/{email}");
    assert!(!found.asset);
    let campaign = found.campaign.unwrap();
    assert_eq!(campaign.source, "news");
    assert_eq!(campaign.medium.as_deref(), Some("mail"));
    assert_eq!(campaign.campaign, None);
}

#[test]
fn lines_that_are_no_requests_are_invalid_and_opaque() {
    for line in [&b"-"[..], b"", b"GET /a b HTTP/1.1", br"\x16\x03\x01"] {
        let found = reduced(&rules(), line);
        assert!(found == Reduced::malformed());
        assert_eq!(found.page, OPAQUE);
        assert_eq!(found.method, Method::Invalid);
    }
    for (line, method) in [
        (&b"OPTIONS * HTTP/1.1"[..], Method::Options),
        (b"CONNECT example.org:443 HTTP/1.1", Method::Connect),
        (b"FOO bar.css", Method::Invalid),
    ] {
        let found = reduced(&rules(), line);
        assert_eq!((found.method, found.page.as_str()), (method, OPAQUE));
        assert!(!found.asset);
    }
}

#[test]
fn assets_are_told_from_pages() {
    for (line, asset) in [
        (&b"GET /a/style.CSS?v=1 HTTP/1.1"[..], true),
        (b"GET http://example.org/robots.txt HTTP/1.1", true),
        (b"GET /a.css/ HTTP/1.1", false),
        (b"GET /?a.css HTTP/1.1", false),
    ] {
        assert_eq!(reduced(&rules(), line).asset, asset);
    }
}

#[test]
fn routes_and_kept_keys_make_the_page() {
    let rules = UrlRules::new(&UrlSettings {
        routes: ["/blog/:slug", "/blog/*", "/:lang/blog/:slug"]
            .map(str::to_owned)
            .to_vec(),
        keep_query: ["p", "lang"].map(str::to_owned).to_vec(),
        ..UrlSettings::default()
    })
    .unwrap();
    for (line, page) in [
        (
            &b"GET /blog/top-10-tips-of-alice@example.org HTTP/1.1"[..],
            "/blog/:slug",
        ),
        (
            b"GET /blog/caf%E9?lang=De&x=1&p=2 HTTP/1.1",
            "/blog/:slug?p=2&lang=de",
        ),
        (b"GET /blog/2026/11?p=a@b HTTP/1.1", "/blog/*"),
        (b"GET /de/blog/x?p=1 HTTP/1.1", "/:lang/blog/:slug?p=1"),
        (b"GET /user/alice?p=1 HTTP/1.1", "/user/{val}?p=1"),
        (b"GET /%00?p=1 HTTP/1.1", OPAQUE),
        (b"GET *?p=1 HTTP/1.1", OPAQUE),
    ] {
        assert_eq!(reduced(&rules, line).page, page);
    }
}

#[test]
fn nothing_personal_can_be_shown() {
    let found = reduced(&rules(), b"GET /alice?utm_source=alice HTTP/1.1");
    assert_eq!(
        format!("{found:?} {:?}", found.campaign),
        "Reduced(redacted) Some(Campaign(redacted))"
    );
}

#[test]
fn unusable_settings_are_refused() {
    let bad = || vec!["a b".to_owned()];
    for settings in [
        UrlSettings {
            path_words: bad(),
            ..UrlSettings::default()
        },
        UrlSettings {
            routes: bad(),
            ..UrlSettings::default()
        },
        UrlSettings {
            keep_query: bad(),
            ..UrlSettings::default()
        },
        UrlSettings {
            assets: bad(),
            ..UrlSettings::default()
        },
    ] {
        assert!(UrlRules::new(&settings).is_err());
    }
}

/// Whether every segment of a scrubbed path is a placeholder, empty, or of the plain characters.
fn is_publishable(path: &str) -> bool {
    path == OPAQUE
        || path.strip_prefix('/').is_some_and(|path| {
            let mut segments = path.split('/').enumerate();
            segments.all(|(at, segment)| match segment {
                "{email}" | "{user}" | "{ip}" | "{token}" | "{num}" | "{val}" | "{long}" => at < 8,
                "{…}" => at <= 8,
                _ => at < 8 && segment.chars().count() <= 48 && character::is_plain(segment),
            })
        })
}

fn is_unshowable(character: char) -> bool {
    matches!(
        character,
        '@' | '＠' | '%' | '?' | '#' | ';' | ' ' | '"' | ','
    ) || character.is_control()
        || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

fn check_scrubbed(path: &[u8]) -> String {
    let once = scrubbed(path);
    assert_eq!(
        scrubbed(&once),
        once,
        "not idempotent: {}",
        path.escape_ascii()
    );
    assert!(is_publishable(&once), "{once:?}");
    assert!(!once.contains(is_unshowable), "{once:?}");
    assert!(!token::holds_number(&once), "{once:?}");
    once
}

/// Pieces that between them reach every rule, and characters that normalisation changes.
fn nasty_pieces() -> impl Strategy<Value = Vec<u8>> {
    let pieces = select(
        &[
            "/",
            "/",
            "/",
            "//",
            ".",
            "-",
            "_",
            "~",
            "@",
            "＠",
            "%",
            "%2",
            "%25",
            "%2f",
            "%40",
            "%00",
            ";",
            "?",
            "#",
            "a",
            "eyJ",
            "db8",
            "2001",
            "::",
            ":",
            "--",
            "203.0.113.9",
            "1",
            "12",
            "255",
            "123456",
            "user",
            "Q",
            "ｕser",
            "token",
            "{val}",
            "{…}",
            "{",
            "num}",
            "é",
            "e\u{301}",
            "\u{301}",
            "ﬁ",
            "／",
            "％",
            "；",
            "⁄",
            "…",
            "²",
            "①",
            "１",
            "٣",
            "К",
            "K",
            "ſ",
            "漢",
            "か",
            "ｶﾞ",
            "ー",
            "한",
            "\u{200D}",
            "\u{34F}",
            "\u{202E}",
            "\u{2028}",
            "\u{85}",
            "\u{3164}",
            "\u{FE0F}",
            "ℵ",
            "ʰ",
            "ͅ",
            "deadbeef",
            "cafe-",
            "ABC",
            "abcdefghijklmnopqrstuvwxyz",
            "http://",
            "\u{1D400}",
            "\u{1F1E6}",
            "ﷺ",
            "\u{FFFD}",
        ][..],
    )
    .prop_map(|piece| piece.as_bytes().to_vec());
    let byte = any::<u8>().prop_map(|byte| vec![byte]);
    let character = any::<char>().prop_map(|character| character.to_string().into_bytes());
    prop_oneof![30 => pieces, 1 => byte, 3 => character]
}

fn nasty_path() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::collection::vec(nasty_pieces(), 0..24);
    pieces.prop_map(|pieces| [b"/".to_vec(), pieces.concat()].concat())
}

/// What identifies a person or a device, as it might stand in a path.
fn identifier() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}(\\.[a-z]{1,8})?@[a-z]{1,8}\\.(org|com)",
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        "eyJ[A-Za-z0-9_-]{10,40}\\.eyJ[A-Za-z0-9_-]{10,40}\\.[A-Za-z0-9_-]{20,43}",
        any::<[u8; 4]>().prop_map(|address| std::net::Ipv4Addr::from(address).to_string()),
        any::<[u8; 4]>().prop_map(|address| std::net::Ipv4Addr::from(address)
            .to_string()
            .replace('.', "-")),
        any::<[u8; 16]>().prop_map(|address| std::net::Ipv6Addr::from(address).to_string()),
        any::<[u16; 2]>().prop_map(|[a, b]| format!("2001:db8::{a:x}:{b:x}")),
        any::<[u16; 2]>().prop_map(|[a, b]| format!("2001-db8--{a:x}-{b:x}")),
        "4[0-9]{15}",
        "[0-9]{6,20}",
        "[0-9a-f]{15}[0-9][0-9a-f]{0,32}",
        "~[a-z]{2,10}",
    ]
}

/// The text with all or some of its bytes percent-encoded, that many times over.
fn encoded(text: &str, rounds: usize, everything: bool) -> String {
    (0..rounds).fold(text.to_owned(), |text, _| {
        let encode = |byte: u8| match byte {
            byte if everything || !byte.is_ascii_alphanumeric() => format!("%{byte:02x}"),
            byte => char::from(byte).to_string(),
        };
        text.bytes().map(encode).collect()
    })
}

proptest! {
    #[test]
    fn any_bytes_become_a_publishable_path(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        check_scrubbed(&bytes);
        check_scrubbed(&[b"/", &bytes[..]].concat());
    }

    #[test]
    fn any_characters_become_a_publishable_path(text in "/\\PC{0,12}(/[\\p{L}\\p{M}]{0,6}){0,3}") {
        check_scrubbed(text.as_bytes());
    }

    #[test]
    fn nasty_paths_become_publishable(path in nasty_path()) {
        check_scrubbed(&path);
    }

    #[test]
    fn any_request_is_reduced(line in prop::collection::vec(any::<u8>(), 0..80), path in nasty_path()) {
        for line in [line, [b"GET ", &path[..]].concat()] {
            let found = reduced(&rules(), &line);
            prop_assert!(is_publishable(&found.page));
        }
    }

    #[test]
    fn no_identifier_survives(
        identifier in identifier(),
        (before, after) in (select(&["", "x-", "a.", "user_"][..]), select(&["", ".html", "-x", "_y"][..])),
        (head, tail) in (select(&["/", "/a/", "/user//", "//"][..]), select(&["", "/", "/b", "?c", ";d"][..])),
        (rounds, everything) in (0..6_usize, any::<bool>()),
    ) {
        // A tilde names a user only where a segment begins.
        let before = if identifier.starts_with('~') { "" } else { before };
        let planted = encoded(&format!("{before}{identifier}{after}"), rounds, everything);
        let found = check_scrubbed(format!("{head}{planted}{tail}").as_bytes());
        prop_assert!(!found.contains(&identifier), "{} in {}", identifier, found);
        prop_assert!(rounds > 4 || found.contains('{'), "{}", found);
    }
}
