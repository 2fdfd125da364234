//! Pseudonyms: an address is one of few, so that any hash of it without a secret is undone by trying
//! them all; and a pseudonym that lasts is a name.

use std::collections::{BTreeMap, HashMap};

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use xxhash_rust::xxh3::xxh3_64;

use super::{K, Released, Request, Site, readers};
use crate::{
    program::{Tree, assert_same, program, published, run_for},
    traces::{base64, hex},
};

/// First eight bytes of digests, and what they are of.
type Dictionary = HashMap<u64, String>;

const AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0";

/// Every address of the ranges for documentation (RFC 5737), and some of RFC 3849.
fn addresses() -> Vec<String> {
    let ipv4 = ["192.0.2", "198.51.100", "203.0.113"];
    let ipv4 = ipv4
        .iter()
        .flat_map(|network| (0..256).map(move |host| format!("{network}.{host}")));
    let ipv6 = (0..256).map(|network| format!("2001:db8:{network:x}::1"));
    ipv4.chain(ipv6).collect()
}

/// What programs hash of a client: the text, with the agent, with the day, the network, the bytes.
fn inputs(address: &str) -> Vec<Vec<u8>> {
    let network = address
        .rsplit_once(['.', ':'])
        .map_or(address, |(network, _)| network);
    let network = network.trim_end_matches(':');
    let texts = [
        address.to_owned(),
        network.to_owned(),
        format!("{network}.0"),
        format!("{network}.0/24"),
        format!("{network}::/48"),
        format!("{address}{AGENT}"),
        format!("{address} {AGENT}"),
        format!("{address}|{AGENT}"),
        format!("{address}-2025-06-02"),
        format!("2025-06-02{address}"),
    ];
    let octets = match address.parse().expect("an address") {
        std::net::IpAddr::V4(address) => address.octets().to_vec(),
        std::net::IpAddr::V6(address) => address.octets().to_vec(),
    };
    // As this program has it: with the kind of address, and the lengths of parts.
    let tag = if octets.len() == 4 { b'4' } else { b'6' };
    let unit_octets = [
        &octets[..octets.len().min(8)],
        &vec![0; octets.len() - octets.len().min(8)],
    ]
    .concat();
    let unit = [&[tag][..], &unit_octets].concat();
    let parts = |parts: &[&[u8]]| {
        let prefixed = parts
            .iter()
            .map(|part| [&(part.len() as u64).to_le_bytes()[..], part].concat());
        prefixed.collect::<Vec<_>>().concat()
    };
    let own = [parts(&[&unit, AGENT.as_bytes()]), parts(&[&unit])];
    let bytes = [octets[..octets.len() - 1].to_vec(), octets, unit];
    texts
        .map(String::into_bytes)
        .into_iter()
        .chain(bytes)
        .chain(own)
        .collect()
}

/// Hashes without a secret.
fn digests(input: &[u8]) -> Vec<Vec<u8>> {
    let keyed = |key: &[u8]| {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("any length");
        mac.update(input);
        mac.finalize().into_bytes().to_vec()
    };
    let fnv = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    vec![
        Md5::digest(input).to_vec(),
        Sha1::digest(input).to_vec(),
        Sha256::digest(input).to_vec(),
        Sha256::digest(Sha256::digest(input)).to_vec(),
        Sha512::digest(input).to_vec(),
        keyed(&[]),
        keyed(&[0; 64]),
        keyed(b"secret"),
        xxh3_64(input).to_be_bytes().to_vec(),
        fnv.to_be_bytes().to_vec(),
    ]
}

fn start(digest: &[u8]) -> u64 {
    u64::from_be_bytes(*digest.first_chunk().expect("eight bytes"))
}

fn dictionary() -> Dictionary {
    let mut dictionary = Dictionary::new();
    for address in addresses() {
        for digest in inputs(&address).iter().flat_map(|input| digests(input)) {
            let digest = start(&digest);
            for digest in [digest, digest.swap_bytes()] {
                dictionary.insert(digest, address.clone());
            }
        }
    }
    dictionary
}

/// The address of which a hash, or the beginning of one, stands somewhere: as it is, in hexadecimal, in
/// base64, or as a number.
fn found<'d>(dictionary: &'d Dictionary, bytes: &[u8]) -> Option<&'d str> {
    let raw = bytes.windows(8).map(start);
    let text = |length: usize| {
        bytes
            .windows(length)
            .filter_map(|window| str::from_utf8(window).ok())
    };
    let hex = text(16).filter_map(|digits| u64::from_str_radix(digits, 16).ok());
    let numbers = bytes.split(|byte| !byte.is_ascii_digit());
    let numbers = numbers.filter_map(|digits| str::from_utf8(digits).ok()?.parse().ok());
    let base64 = bytes.windows(11).filter_map(from_base64);
    let candidates = raw.chain(hex).chain(numbers).chain(base64);
    candidates
        .filter_map(|start| dictionary.get(&start))
        .map(String::as_str)
        .next()
}

/// The eight bytes that eleven digits begin with.
fn from_base64(digits: &[u8]) -> Option<u64> {
    let value = |digit: &u8| match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let bits = digits.iter().try_fold(0_u128, |bits, digit| {
        Some(bits << 6 | u128::from(value(digit)?))
    });
    bits.map(|bits| (bits >> 2) as u64)
}

/// A visit from each address on each of two days.
fn log() -> String {
    let addresses = addresses();
    let line = |(number, client): (usize, &String), day| {
        Request {
            client,
            day,
            second: 60 * number,
            agent: AGENT,
            ..Request::default()
        }
        .line()
    };
    let days = [2, 3].map(|day| {
        let lines = addresses.iter().enumerate();
        lines
            .map(|numbered| line(numbered, day))
            .collect::<String>()
    });
    days.concat()
}

#[test]
fn a_dictionary_of_all_addresses_undoes_nothing() {
    let site = Site::new(log());
    let keys = site.path("keys");
    std::fs::create_dir(&keys).expect("a folder");
    run_for(
        program()
            .args(["key", "new", "--from=2025-06-02"])
            .arg(keys.join("key")),
        0,
    );
    let mut command = site.report();
    let output = run_for(command.arg("-v").arg("--key-file").arg(keys.join("key")), 0);
    let dictionary = dictionary();
    let everything = site.everything(&output);
    for name in [
        "keys/key",
        "out/.state/state.json",
        "out/date=2025-06-03/pages.csv",
    ] {
        assert!(everything.contains_key(name), "{name} was not looked at");
    }
    for (name, bytes) in &everything {
        assert_eq!(found(&dictionary, bytes), None, "in {name}");
        assert_eq!(
            found(&dictionary, name.as_bytes()),
            None,
            "in the name {name}"
        );
    }
}

#[test]
fn the_dictionary_finds_what_is_hashed_in_common_ways() {
    let dictionary = dictionary();
    for address in ["192.0.2.1", "203.0.113.255", "2001:db8:ff::1"] {
        for digest in inputs(address).iter().flat_map(|input| digests(input)) {
            let number = start(&digest);
            for written in [
                digest.clone(),
                hex(&digest).into_bytes(),
                hex(&digest).to_uppercase().into_bytes(),
                hex(&digest[..8]).into_bytes(),
                base64(&digest).into_bytes(),
                number.to_string().into_bytes(),
                number.swap_bytes().to_string().into_bytes(),
            ] {
                let hidden = [b"date,id\r\n2025-06-02,", &written[..], b",1\r\n"].concat();
                assert_eq!(
                    found(&dictionary, &hidden).map(|_| ()),
                    Some(()),
                    "{address}"
                );
            }
        }
    }
}

/// Who guesses the lines of a day must not have the guess confirmed by a digest.
#[test]
fn no_digest_of_lines_is_the_same_twice() {
    let log = log();
    let mut seen = BTreeMap::new();
    for run in 0..2 {
        let site = Site::new(&log);
        run_for(&mut site.report(), 0);
        let state = std::fs::read(site.out().join(".state/state.json")).expect("a state");
        let state: serde_json::Value = serde_json::from_slice(&state).expect("JSON");
        let periods = state["periods"].as_object().expect("periods");
        assert_eq!(periods.len(), 2);
        for (day, entry) in periods {
            for part in ["key", "digest"] {
                let text = entry[part].as_str().expect("text").to_owned();
                let earlier = seen.insert(text, (run, day.clone()));
                assert_eq!(earlier, None, "{part} of {day}");
            }
        }
    }
}

/// Two visitors of each network, whose ways through the site differ, on two days; `swapped` has them
/// change places on the second.
fn two_days(swapped: bool) -> String {
    let mut log = String::new();
    for (day, network, host) in (2..4)
        .flat_map(|day| (0..3 * K).flat_map(move |network| [(day, network, 1), (day, network, 2)]))
    {
        let role = if swapped && day == 3 { 3 - host } else { host };
        let client = &format!("81.2.{network}.{host}");
        let pages: &[&str] = if role == 1 {
            &["/", "/jobs", "/news"]
        } else {
            &["/shop", "/jobs"]
        };
        // The first is there around midnight.
        let start = if role == 1 && day == 2 { 86_340 } else { 5 };
        for (step, target) in pages.iter().enumerate() {
            log += &Request {
                client,
                day,
                second: start + 15 * step + network % 10,
                target,
                ..Request::default()
            }
            .line();
        }
    }
    log
}

/// Nothing that is published, of single days or their sum, tells who came again.
#[test]
fn the_visitors_of_two_days_cannot_be_linked() {
    for arguments in [&[][..], &["--period=week"], &["--period=month"]] {
        let [same, others] =
            [false, true].map(|swapped| Released::of(&two_days(swapped), arguments).0);
        assert!(
            same.keys().any(|name| name.ends_with("transitions.csv")),
            "{arguments:?}: {:?}",
            same.keys().collect::<Vec<_>>()
        );
        assert_same(&others, &same, &format!("{arguments:?}"));
    }
}

/// Nor does private state: what is kept of a day has no value in common with another day.
#[test]
fn private_state_has_no_token_of_two_days() {
    let day = |day: u32| {
        let request = Request {
            day,
            second: 0,
            agent: AGENT,
            ..Request::default()
        };
        readers(0..20, &request)
    };
    let site = Site::new(day(2));
    run_for(&mut site.report(), 0);
    let first = tokens(&site, "2025-06-02");
    site.write("access.log", day(2) + &day(3));
    run_for(&mut site.report(), 0);
    assert!(!published(&site.out()).is_empty());
    let second = tokens(&site, "2025-06-03");
    assert!(!first.is_empty() && !second.is_empty());
    assert!(
        first.iter().all(|token| !second.contains(token)),
        "{first:?} {second:?}"
    );
}

/// The words of 8 or more letters and digits in the part of the state that is about a day.
fn tokens(site: &Site, day: &str) -> Vec<String> {
    let state: Tree = crate::program::tree(&site.out().join(".state"));
    let state: serde_json::Value = serde_json::from_slice(&state["state.json"]).expect("JSON");
    let text = state["periods"][day].to_string();
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    words
        .filter(|word| word.len() >= 8)
        .map(str::to_owned)
        .collect()
}
