//! Smuggling: personal words in disguise, each sent by enough networks that the threshold lets it pass.
//! What is published in their place is told case by case.

use super::{K, Released, Request, readers};
use crate::traces::{base64, percent};

/// What is published of a page that k networks ask for by each of the targets.
#[track_caller]
fn check_pages(cases: &[(&str, &str)]) {
    for (target, expected) in cases {
        let log = readers(
            0..K,
            &Request {
                target,
                ..Request::default()
            },
        );
        let pages = Released::of(&log, &[]).cells("pages", 1);
        assert_eq!(pages, [*expected], "{target}");
    }
}

/// What is published of a referrer that k networks have.
#[track_caller]
fn check_referrers(cases: &[(&str, &str)]) {
    for (referrer, expected) in cases {
        let log = readers(
            0..K,
            &Request {
                referrer,
                ..Request::default()
            },
        );
        let sources = Released::of(&log, &[]).rows("referrers");
        assert_eq!(sources.len(), 1, "{referrer}");
        assert_eq!(sources[0][1], *expected, "{referrer}");
    }
}

/// A link that a mail sends to many, or that a scanner of mails opens from many networks.
#[test]
fn a_token_that_many_networks_have_seen() {
    check_pages(&[
        ("/reset/kTqWvZ", "/reset/{val}"),
        ("/RESET/kTqWvZ", "/RESET/{val}"),
        ("/confirm/kTqWvZ/done", "/confirm/{val}/done"),
        ("/de/unsubscribe/kTqWvZ", "/de/unsubscribe/{val}"),
        ("/d/9f8e7d6c5b4a3f2e1d0c", "/d/{token}"),
        ("/d/123e4567-e89b-12d3-a456-426614174000", "/d/{token}"),
        ("/d/eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.abc", "/d/{token}"),
        ("/reset?token=kTqWvZ", "/reset"),
        ("/reset;token=kTqWvZ", "/reset"),
        ("/reset#kTqWvZ", "/reset"),
    ]);
}

/// The word that gives a value away is made hard to see.
#[test]
fn a_user_behind_a_word_in_disguise() {
    check_pages(&[
        ("/user/alice", "/user/{val}"),
        ("/user//alice", "/user//{val}"),
        ("/user/./alice", "/user/{val}/{val}"),
        ("/user/%2e/alice", "/user/{val}/{val}"),
        ("/user%2Falice", "/user/{val}"),
        ("/user%252Falice", "/user/{val}"),
        ("/%75ser/alice", "/user/{val}"),
        ("/\u{ff55}\u{ff53}\u{ff45}\u{ff52}/alice", "/user/{val}"),
        ("/user\\\\alice", "/{val}"),
        ("/~alice", "/{user}"),
        ("/%7Ealice/home", "/{user}/home"),
        ("/\u{ff5e}alice", "/{user}"),
        ("//alice:secret@www.example.com/a", "//{email}/a"),
        ("http://alice:secret@www.example.com/a", "/a"),
    ]);
}

#[test]
fn a_mail_address_in_many_coats() {
    let mail = "alice@example.org";
    let once = percent(mail.as_bytes());
    let twice = percent(once.as_bytes());
    let often = (0..5).fold(mail.to_owned(), |text, _| percent(text.as_bytes()));
    let encoded = base64(mail.as_bytes());
    let bare = encoded.trim_end_matches('=');
    let wide: String = mail.chars().map(full_width).collect();
    for (target, expected) in [
        (format!("/m/{mail}"), "/m/{email}"),
        (format!("/m/{once}"), "/m/{email}"),
        (format!("/m/{twice}"), "/m/{email}"),
        (format!("/m/{often}"), "(opaque)"),
        (format!("/m/{wide}"), "/m/{email}"),
        (format!("/m/{}", percent(wide.as_bytes())), "/m/{email}"),
        (format!("/m/{bare}"), "/m/{token}"),
        (format!("/m/{encoded}"), "/m/{token}"),
        ("/m/alice%E2%80%8B%40example.org".to_owned(), "/m/{email}"),
        ("/m/alice%EF%B9%ABexample.org".to_owned(), "/m/{email}"),
        ("/m/alice(at)example.org".to_owned(), "/m/{val}"),
        ("/m/mailto:alice%40example.org".to_owned(), "/m/{email}"),
    ] {
        check_pages(&[(&target, expected)]);
    }
}

/// The form of an ASCII character that is as wide as an ideograph.
fn full_width(character: char) -> char {
    char::from_u32(u32::from(character) + 0xfee0).expect("a character of ASCII")
}

#[test]
fn an_address_in_a_host_name_or_a_path() {
    check_pages(&[
        ("/from/203.0.113.9", "/from/{ip}"),
        ("/from/203-0-113-9.dsl.example", "/from/{ip}"),
        ("/from/ec2-203-0-113-9.compute-1", "/from/{ip}"),
        ("/from/9.113.0.203.in-addr.arpa", "/from/{ip}"),
        ("/from/%32%30%33.0.113.9", "/from/{ip}"),
        ("/from/\u{ff12}\u{ff10}\u{ff13}.0.113.9", "/from/{ip}"),
        ("/from/[2001:db8::9]", "/from/{ip}"),
        ("/from/2001:db8:0:0:0:0:0:9", "/from/{ip}"),
    ]);
    check_referrers(&[
        ("https://203.0.113.9/", "(ip)"),
        ("https://3405803785/", "(ip)"),
        ("https://0xcb.0x00.0x71.0x09/", "(ip)"),
        ("https://[2001:db8::9]:8443/", "(ip)"),
        ("https://203-0-113-9.dsl.example.com/", "example.com"),
        (
            "https://ec2-203-0-113-9.compute-1.amazonaws.com/",
            "amazonaws.com",
        ),
    ]);
}

#[test]
fn a_machine_or_a_person_named_by_a_referrer() {
    check_referrers(&[
        ("http://hr-wiki/alice", "(intranet)"),
        ("http://alice-laptop.local/", "(intranet)"),
        ("http://alice.corp/", "(intranet)"),
        ("https://alice.github.io/", "github.io"),
        ("https://alice.blogspot.co.uk/", "blogspot.co.uk"),
        ("https://alice.s3.eu-west-1.amazonaws.com/", "amazonaws.com"),
        ("https://alice:secret@example.org/", "example.org"),
        ("https://alice@example.org@example.net/", "example.net"),
        ("android-app://org.example.alice/", "(app)"),
        ("file:///home/alice/links.html", "(app)"),
        ("alice@example.org", "(unknown)"),
        ("https://xn--alice-@/", "(unknown)"),
    ]);
}

/// Where operators name campaigns, mailers put their readers.
#[test]
fn a_reader_named_by_a_campaign() {
    for source in [
        "alice%40example.org",
        "alice%2540example.org",
        "alice+b@example.org",
        "-alice",
        "alice%00",
    ] {
        let target = &format!("/?utm_source={source}&utm_medium=mail&utm_campaign=june");
        let log = readers(
            0..K,
            &Request {
                target,
                ..Request::default()
            },
        );
        let released = Released::of(&log, &[]);
        assert!(released.rows("campaigns").is_empty(), "{source}");
        assert_eq!(released.cells("pages", 1), ["/"], "{source}");
    }
}
