//! Sybil attacks: one attacker who wants to pass for k networks, so that a page only he knows of is
//! published, or to hide in a crowd that he made up himself.

use super::{K, Released, Request, readers};

/// A page that is published as soon as k networks ask for it.
const BAIT: &str = "/bait";

/// Identities to wear, more than enough of them if they counted.
const MASKS: usize = 30;

fn check_with(attack: &str, arguments: &[&str], head: &str, line: impl Fn(usize) -> String) {
    let crowd = |target: &str, networks| {
        let request = Request {
            target,
            ..Request::default()
        };
        let lines = readers(networks, &request);
        lines
            .lines()
            .map(|line| format!("{head}{line}\n"))
            .collect::<String>()
    };
    let log: String =
        crowd("/", 0..40) + &crowd("/more", 40..80) + &(0..MASKS).map(line).collect::<String>();
    let pages = Released::of(&log, arguments).cells("pages", 1);
    assert!(pages.contains(&"/".to_owned()), "{attack}: {pages:?}");
    assert!(!pages.contains(&BAIT.to_owned()), "{attack}: {pages:?}");
    let honest = log + &crowd(BAIT, 80..80 + K);
    let pages = Released::of(&honest, arguments).cells("pages", 1);
    assert!(pages.contains(&BAIT.to_owned()), "{attack}: {pages:?}");
}

/// The attacker as so many clients.
fn check(attack: &str, client: impl Fn(usize) -> String) {
    check_with(attack, &["--automated-pageviews=10000"], "", |mask| {
        let (client, second) = (&client(mask), 40_000 + 20 * mask);
        Request {
            client,
            second,
            target: BAIT,
            ..Request::default()
        }
        .line()
    });
}

#[test]
fn as_many_browsers() {
    check_with("user agents", &[], "", |mask| {
        let agent = &format!(
            "Mozilla/5.0 (X11; Linux x86_64; rv:{mask}.0) Gecko/20100101 Firefox/{mask}.0"
        );
        let (second, target) = (40_000 + mask, BAIT);
        Request {
            second,
            target,
            agent,
            ..Request::default()
        }
        .line()
    });
}

#[test]
fn by_asking_again_and_again() {
    check("one address", |_| "93.184.216.34".to_owned());
}

#[test]
fn as_many_addresses_of_one_connection() {
    check("a /24", |mask| format!("93.184.216.{mask}"));
    check("/64 networks of a /48", |mask| {
        format!("2a02:1f0a:77c:{mask:x}::1")
    });
    check("addresses of a /64", |mask| {
        format!("2a02:1f0a:77c:1::{mask:x}")
    });
}

#[test]
fn as_many_tunnels_of_one_address() {
    // The same IPv4 network as RFC 3056, RFC 4380, RFC 6052 and RFC 4291 write it, from the IPv6 side.
    check("6to4", |mask| format!("2002:5db8:d8{mask:02x}:{mask:x}::1"));
    check("Teredo", |mask| {
        format!(
            "2001:0:{:x}:{mask:x}:8000:{mask:x}:a247:27{:02x}",
            0x4136 + mask,
            0xff - mask
        )
    });
    check("NAT64", |mask| format!("64:ff9b::5db8:d8{mask:02x}"));
    check("mapped", |mask| format!("::ffff:93.184.216.{mask}"));
    check("all of them at once", |mask| match mask % 4 {
        0 => format!("2002:5db8:d8{mask:02x}::1"),
        1 => format!("64:ff9b::5db8:d8{mask:02x}"),
        2 => format!("::ffff:93.184.216.{mask}"),
        _ => format!("93.184.216.{mask}"),
    });
}

#[test]
fn as_many_spellings_of_one_address() {
    check("ports", |mask| format!("93.184.216.34:{}", 1024 + mask));
    check("brackets and ports", |mask| {
        format!("[2a02:1f0a:77c::1]:{}", 1024 + mask)
    });
    check("zones", |mask| format!("fe80::1%eth{mask}"));
    check("zeros", |mask| {
        format!("2a02:1f0a:77c:{:0width$x}::1", 1, width = 1 + mask % 4)
    });
    check("letter case", |mask| {
        let address = format!("2a02:1f0a:77c:abcd::{mask:x}");
        if mask % 2 == 0 {
            address.to_uppercase()
        } else {
            address
        }
    });
}

#[test]
fn as_many_host_names_of_one_zone() {
    check("a zone", |mask| format!("h{mask}.attacker.com"));
    check("deep names", |mask| {
        format!("a.b{mask}.c{mask}.attacker.co.uk")
    });
    check("a provider of names", |mask| {
        format!("attacker{mask}.github.io")
    });
    check("letter case and dots", |mask| {
        let name = format!("h{mask}.Attacker.COM");
        if mask % 2 == 0 {
            name + "."
        } else {
            name.to_lowercase()
        }
    });
}

#[test]
fn as_nobody() {
    check("no client", |_| "-".to_owned());
    check("sockets", |mask| format!("unix:/run/{mask}.sock"));
    check("broken addresses", |mask| format!("300.1.2.{mask}"));
    check("broken IPv6", |mask| format!("2a02:::{mask:x}"));
    check("obfuscated names of RFC 7239", |mask| format!("_{mask}"));
}

/// Behind `%h` the header says nothing; where it alone is logged, its last public address counts, which
/// the nearest proxy wrote.
#[test]
fn by_headers_that_name_other_clients() {
    let beside = r#"%{X-Forwarded-For}i %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i""#;
    let alone = r#""%{X-Forwarded-For}i" %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i""#;
    let request = |mask: usize| Request {
        second: 40_000 + mask,
        target: BAIT,
        ..Request::default()
    };
    check_with("beside the address", &["-f", beside], "- ", |mask| {
        format!("82.7.{mask}.9 {}", request(mask).line())
    });
    let quoted = |line: String| {
        let (client, rest) = line.split_once(' ').expect("a client");
        format!("\"{client}\" {rest}")
    };
    for chain in [
        "82.7.{}.9, 93.184.216.34",
        "82.7.{}.9,93.184.216.34, 10.0.0.1, 127.0.0.1",
    ] {
        let log = |networks: std::ops::Range<usize>, target: &str| -> String {
            let request = Request {
                target,
                ..Request::default()
            };
            readers(networks, &request)
                .lines()
                .map(|line| quoted(format!("{line}\n")))
                .collect()
        };
        let forged = |mask: usize| {
            let client = &chain.replace("{}", &mask.to_string());
            let time = request(mask).time();
            format!("\"{client}\" - - [{time}] \"GET {BAIT} HTTP/1.1\" 200 100 \"-\" \"x\"\n")
        };
        let log =
            log(0..40, "/") + &log(40..80, "/more") + &(0..MASKS).map(forged).collect::<String>();
        let pages = Released::of(&log, &["-f", alone]).cells("pages", 1);
        assert!(pages.contains(&"/".to_owned()), "{pages:?}");
        assert!(!pages.contains(&BAIT.to_owned()), "{chain}: {pages:?}");
    }
}
