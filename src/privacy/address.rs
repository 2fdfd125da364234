//! Client addresses: one canonical form, and the coarser units that visitors and networks are made of.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::domain::registrable_domain;

/// A client address in canonical form: IPv4-mapped IPv6 is IPv4; zone, brackets and port are gone.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Client {
    /// An address.
    Address(IpAddr),
    /// A host name in the address's place, in lower case.
    Name(Vec<u8>),
    /// No client at all: empty, `-` or a `unix:` socket.
    Absent,
}

impl Client {
    /// Reads the client field of a log line.
    pub(crate) fn read(field: &[u8]) -> Self {
        if field.is_empty() || field == b"-" || field.starts_with(b"unix:") {
            return Self::Absent;
        }
        address(field).map_or_else(
            || Self::Name(field.to_ascii_lowercase()),
            |address| Self::Address(address.to_canonical()),
        )
    }

    /// The address, where there is one.
    pub(super) const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Name(_) | Self::Absent => None,
        }
    }

    /// The address that a visitor is known by beside the user agent, and whose region is the visitor's:
    /// IPv6 is cut to /64, except where a /64 is shared by all clients of a translator or tunnel, whose
    /// IPv4 address stands in its lower half.
    pub(crate) fn unit_address(&self) -> Option<IpAddr> {
        self.address().map(|address| match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => match translated_ipv4(address) {
                Some(embedded) => IpAddr::V4(embedded),
                None => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
            },
        })
    }

    /// What a visitor is known by beside the user agent.
    pub(crate) fn unit(&self) -> Vec<u8> {
        match (self.unit_address(), self) {
            (Some(IpAddr::V4(address)), _) => tagged(b'4', &address.octets()),
            (Some(IpAddr::V6(address)), _) => tagged(b'6', &address.octets()),
            (None, Self::Name(name)) => tagged(b'n', name),
            (None, _) => tagged(b'-', &[]),
        }
    }

    /// The network, the unit of the threshold: /24 of IPv4, /48 of IPv6, the registrable domain of a
    /// host name, else the whole name.
    pub(super) fn network(&self) -> Vec<u8> {
        match self {
            Self::Address(IpAddr::V4(address)) => ipv4_network(*address),
            Self::Address(IpAddr::V6(address)) => embedded_ipv4(*address)
                .map_or_else(|| tagged(b'6', &address.octets()[..6]), ipv4_network),
            Self::Name(name) => registrable_domain(name).map_or_else(
                || tagged(b'n', name),
                |domain| tagged(b'n', domain.as_bytes()),
            ),
            Self::Absent => tagged(b'-', &[]),
        }
    }
}

fn ipv4_network(address: Ipv4Addr) -> Vec<u8> {
    tagged(b'4', &address.octets()[..3])
}

fn tagged(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut tagged = Vec::with_capacity(1 + bytes.len());
    tagged.push(tag);
    tagged.extend_from_slice(bytes);
    tagged
}

/// An address in any of the forms servers log: bare, bracketed, with a zone, with a port.
fn address(field: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(field).ok()?;
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, _port) = rest.split_once(']')?;
        return ipv6(inside);
    }
    match text.bytes().filter(|&byte| byte == b':').count() {
        0 => text.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        1 => text
            .split_once(':')?
            .0
            .parse::<Ipv4Addr>()
            .ok()
            .map(IpAddr::V4),
        _ => ipv6(text),
    }
}

fn ipv6(text: &str) -> Option<IpAddr> {
    let without_zone = text.split('%').next()?;
    without_zone.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

/// The IPv4 client inside a transition address: 6to4 (RFC 3056), or one of [`translated_ipv4`].
fn embedded_ipv4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0x2002, high, low, ..] => Some((u32::from(high) << 16 | u32::from(low)).into()),
        _ => translated_ipv4(address),
    }
}

/// The IPv4 client in the last 32 bits: Teredo (RFC 4380, section 4: inverted) and NAT64's well-known
/// prefix (RFC 6052).
fn translated_ipv4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let last = address.to_bits() as u32;
    match address.segments() {
        [0x2001, 0, ..] => Some((!last).into()),
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(last.into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_has_one_canonical_form() {
        let forms: [(&[u8], &str); 9] = [
            (b"192.0.2.7", "192.0.2.7"),
            (b"192.0.2.7:51234", "192.0.2.7"),
            (b"::ffff:192.0.2.7", "192.0.2.7"),
            (b"[::ffff:192.0.2.7]:443", "192.0.2.7"),
            (b"2001:db8::1", "2001:db8::1"),
            (b"2001:DB8:0::1", "2001:db8::1"),
            (b"[2001:db8::1]", "2001:db8::1"),
            (b"[2001:db8::1]:8080", "2001:db8::1"),
            (b"fe80::1%eth0", "fe80::1"),
        ];
        for (field, expected) in forms {
            let address = Client::read(field)
                .address()
                .map(|address| address.to_string());
            assert_eq!(address.as_deref(), Some(expected));
        }
    }

    #[test]
    fn what_is_no_address_is_a_name_or_absent() {
        for field in [&b""[..], b"-", b"unix:", b"unix:/run/x.sock"] {
            assert!(Client::read(field) == Client::Absent);
        }
        for field in [
            &b"Host.Example.COM"[..],
            b"1.2.3",
            b"1.2.3.4.5",
            b"\xff\xfe",
            b"[::1",
            b"a:b",
        ] {
            assert!(Client::read(field) == Client::Name(field.to_ascii_lowercase()));
        }
    }

    #[test]
    fn networks_join_what_one_holder_controls() {
        let same: [(&str, &str); 7] = [
            ("192.0.2.1", "192.0.2.254"),
            ("2001:db8:1:2::1", "2001:db8:1:ffff::9"),
            ("2002:c000:0201::1", "192.0.2.99"),
            ("2001:0:1:2:3:4:3fff:fdfe", "192.0.2.1"),
            ("64:ff9b::192.0.2.1", "192.0.2.1"),
            ("a.dsl.example.com", "b.example.com"),
            ("-", "unix:"),
        ];
        for (left, right) in same {
            let network = |field: &str| Client::read(field.as_bytes()).network();
            assert_eq!(network(left), network(right), "{left} {right}");
        }
        let network = |field: &str| Client::read(field.as_bytes()).network();
        assert_ne!(network("192.0.2.1"), network("192.0.3.1"));
        assert_ne!(network("2001:db8:1::1"), network("2001:db8:2::1"));
    }

    #[test]
    fn ipv6_visitors_share_their_64() {
        let unit = |field: &str| Client::read(field.as_bytes()).unit();
        assert_eq!(unit("2001:db8::1"), unit("2001:db8::2"));
        assert_ne!(unit("2001:db8::1"), unit("2001:db8:0:1::1"));
        assert_ne!(unit("192.0.2.1"), unit("192.0.2.2"));
        // Clients behind a translator share a /64 without being one visitor.
        assert_ne!(unit("64:ff9b::192.0.2.1"), unit("64:ff9b::198.51.100.1"));
    }
}
