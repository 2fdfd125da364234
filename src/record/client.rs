//! The client's place in a line: addresses in every spelling of servers, and lists of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What stands in the place of a client where there is none.
const NONE: &[u8] = b"-";

/// The client that a field tells: the field itself, or the one that counts of a list with commas, which
/// is what a proxy was sent and what it saw, and holds no names.
pub(crate) fn client(field: &[u8]) -> &[u8] {
    if field.contains(&b',') {
        forwarded_client(field)
    } else {
        field
    }
}

/// The client in a list of forwarded addresses: the last one that is not of a private network, where
/// one's own proxies are; or else the nearest of these.
///
/// What stands before it, and before whatever is no address, may have been sent by the client itself.
pub(crate) fn forwarded_client(list: &[u8]) -> &[u8] {
    let mut nearest = None;
    let entries = list.rsplit(|byte| *byte == b',').map(without_space);
    for entry in entries.filter(|entry| !entry.is_empty()) {
        match address(entry) {
            Some(address) if is_private(address) => nearest = nearest.or(Some(entry)),
            Some(_) => return entry,
            None => break,
        }
    }
    nearest.unwrap_or(NONE)
}

/// An address in any of the forms that servers log, IPv4-mapped IPv6 as IPv4: bare, in brackets, with a
/// zone, with a port.
pub(crate) fn address(field: &[u8]) -> Option<IpAddr> {
    // Nothing else can begin one.
    if !matches!(
        field,
        [b'[' | b':' | b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F', ..]
    ) {
        return None;
    }
    let text = str::from_utf8(field).ok()?;
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, port) = rest.split_once(']')?;
        return ipv6(inside).filter(|_| port.is_empty() || is_port(port));
    }
    let Some(colon) = field.iter().position(|&byte| byte == b':') else {
        return ipv4(text);
    };
    let (before, port) = text.split_at(colon);
    if is_port(port) {
        ipv4(before)
    } else {
        ipv6(text)
    }
}

fn ipv4(text: &str) -> Option<IpAddr> {
    text.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

fn ipv6(text: &str) -> Option<IpAddr> {
    let without_zone = text.split('%').next()?;
    let address = without_zone.parse::<Ipv6Addr>().ok()?;
    Some(IpAddr::V6(address).to_canonical())
}

/// Whether it is a colon and digits.
fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':');
    digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// An entry of a list without the spaces around it, which W3C logs have as `+` or `%20`.
fn without_space(entry: &[u8]) -> &[u8] {
    let entry = entry.trim_ascii();
    let bare = entry.strip_prefix(b"+").or(entry.strip_prefix(b"%20"));
    bare.unwrap_or(entry)
}

/// Whether only a private network has the address (RFC 1918, RFC 4193) or the machine itself.
const fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            address.is_private() || address.is_loopback() || address.is_link_local()
        }
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_in_every_spelling_of_servers() {
        let check = |field: &str, expected: Option<&str>| {
            let found = address(field.as_bytes()).map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected, "{field}");
        };
        for (field, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:51234", "192.0.2.7"),
            ("192.0.2.7:", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("[::ffff:192.0.2.7]:443", "192.0.2.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("2001:DB8:0::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:8080", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
        ] {
            check(field, Some(expected));
        }
        for field in [
            "",
            "-",
            "host",
            "192.0.2",
            "192.0.2.7.1",
            "192.0.2.07",
            "192.0.2.7:http",
            "192.0.2.7 ",
            "[192.0.2.7]",
            "[2001:db8::1",
            "[2001:db8::1]x",
            "2001:db8::g",
        ] {
            check(field, None);
        }
    }

    #[test]
    fn the_client_of_a_list_is_the_last_address_that_is_not_private() {
        let check = |list: &str, expected: &str| {
            let found = forwarded_client(list.as_bytes());
            assert_eq!(found, expected.as_bytes(), "{list}");
        };
        check("203.0.113.9", "203.0.113.9");
        check("203.0.113.9, 198.51.100.7,10.0.0.1", "198.51.100.7");
        check("203.0.113.9,+198.51.100.7,+10.0.0.1", "198.51.100.7");
        check("203.0.113.9,%20198.51.100.7,%20::1", "198.51.100.7");
        check("203.0.113.9:4711, 10.0.0.1:80", "203.0.113.9:4711");
        check("2001:db8::7, [fd00::1]:80", "2001:db8::7");
        check("203.0.113.9,", "203.0.113.9");
        check("10.0.0.2, 10.0.0.1", "10.0.0.1");
        check("-", "-");
        check("", "-");
        check(", ,", "-");
    }

    #[test]
    fn what_is_no_address_counts_for_none_and_hides_what_stands_before_it() {
        let check = |list: &str, expected: &str| {
            let found = forwarded_client(list.as_bytes());
            assert_eq!(found, expected.as_bytes(), "{list}");
        };
        check("unknown", "-");
        check("forged.example.com", "-");
        check("203.0.113.9, unknown", "-");
        check("203.0.113.9, forged.example.com, 10.0.0.1", "10.0.0.1");
        check("forged.example.com, 203.0.113.9", "203.0.113.9");
        check("203.0.113.9 198.51.100.7", "-");
    }

    #[test]
    fn a_field_without_a_comma_is_the_client_itself() {
        for (field, expected) in [
            ("10.0.0.2", "10.0.0.2"),
            ("host.example.com", "host.example.com"),
            ("", ""),
            ("10.0.0.2,", "10.0.0.2"),
            ("10.0.0.2, 203.0.113.9", "203.0.113.9"),
            ("host.example.com,", "-"),
        ] {
            assert_eq!(client(field.as_bytes()), expected.as_bytes(), "{field}");
        }
    }
}
