//! Client addresses: one canonical form, and the coarser units that visitors and networks are made of.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

use super::domain::{normal_name, registrable_domain};
use crate::{
    error::{Error, Result},
    record,
};

/// How many bits of an IPv4 address are its network's.
pub const IPV4_NETWORK_BITS: u8 = 24;

/// How many bits of an IPv6 address are its network's.
pub const IPV6_NETWORK_BITS: u8 = 48;

/// How many bits of an IPv6 address are its visitor's.
pub const IPV6_VISITOR_BITS: u8 = 64;

/// A client address in canonical form: IPv4-mapped IPv6 is IPv4; zone, brackets and port are gone.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Client {
    /// An address.
    Address(IpAddr),
    /// A host name in the address's place, in lower case.
    Name(String),
    /// None that can be told: empty, `-`, a `unix:` socket, or what is neither address nor host name.
    Absent,
}

impl Client {
    /// Reads the client field of a log line.
    ///
    /// What is neither an address nor a host name is absent: spellings are as many as one likes, and
    /// each of them would count as a network if they were names.
    pub(crate) fn read(field: &[u8]) -> Self {
        let client = record::client(field);
        match record::address(client) {
            Some(address) => Self::Address(address),
            None if client.starts_with(b"unix:") => Self::Absent,
            None => host_name(client).map_or(Self::Absent, Self::Name),
        }
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
                None => IpAddr::V6(cut(address, IPV6_VISITOR_BITS)),
            },
        })
    }

    /// What a visitor is known by beside the user agent.
    pub(crate) fn unit(&self) -> Vec<u8> {
        match (self.unit_address(), self) {
            (Some(IpAddr::V4(address)), _) => tagged(b'4', &address.octets()),
            (Some(IpAddr::V6(address)), _) => tagged(b'6', &address.octets()),
            (None, Self::Name(name)) => tagged(b'n', name.as_bytes()),
            (None, _) => tagged(b'-', &[]),
        }
    }

    /// The network's address: what is left of an address without the bits that its network has not.
    pub(super) fn network_address(&self) -> Option<IpAddr> {
        let of_ipv4 = |address: Ipv4Addr| IpAddr::V4((address.to_bits() >> 8 << 8).into());
        self.address().map(|address| match address {
            IpAddr::V4(address) => of_ipv4(address),
            IpAddr::V6(address) => embedded_ipv4(address).map_or_else(
                || IpAddr::V6((address.to_bits() >> 80 << 80).into()),
                of_ipv4,
            ),
        })
    }

    /// The network, the unit of the threshold: /24 of IPv4, /48 of IPv6, the registrable domain of a
    /// host name, else the whole name.
    pub(super) fn network(&self) -> Vec<u8> {
        match self {
            Self::Address(IpAddr::V4(address)) => ipv4_network(*address),
            Self::Address(IpAddr::V6(address)) => {
                embedded_ipv4(*address).map_or_else(|| ipv6_network(*address), ipv4_network)
            }
            Self::Name(name) => {
                let domain = registrable_domain(name.as_bytes());
                tagged(b'n', domain.as_ref().unwrap_or(name).as_bytes())
            }
            Self::Absent => tagged(b'-', &[]),
        }
    }
}

/// What is the same in all addresses of the network that an address as such is in.
pub(super) fn network_octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => ipv4_network(address),
        IpAddr::V6(address) => ipv6_network(address),
    }
}

fn ipv6_network(address: Ipv6Addr) -> Vec<u8> {
    tagged(b'6', leading(&address.octets(), IPV6_NETWORK_BITS))
}

fn ipv4_network(address: Ipv4Addr) -> Vec<u8> {
    tagged(b'4', leading(&address.octets(), IPV4_NETWORK_BITS))
}

/// So many whole bytes of an address.
fn leading(octets: &[u8], bits: u8) -> &[u8] {
    &octets[..usize::from(bits / 8)]
}

/// An address with no more than so many bits.
fn cut(address: Ipv6Addr, bits: u8) -> Ipv6Addr {
    let rest = 128 - u32::from(bits);
    (address.to_bits() >> rest << rest).into()
}

fn tagged(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut tagged = Vec::with_capacity(1 + bytes.len());
    tagged.push(tag);
    tagged.extend_from_slice(bytes);
    tagged
}

/// The host name that a field is, in lower case, without the root's dot and without a port.
///
/// One without a public suffix ends in a label that begins with a letter (RFC 1123, section 2.1) and has
/// a letter that hexadecimal digits do not: what has the characters of an address and is none is a
/// broken address, and no name.
fn host_name(field: &[u8]) -> Option<String> {
    let name = normal_name(without_port(field))?;
    let is_public = registrable_domain(name.as_bytes()).is_some();
    (is_public || is_local_name(&name)).then_some(name)
}

fn is_local_name(name: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    let last = name.rsplit('.').next().unwrap_or_default();
    name.split('.').all(is_label)
        && last.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.contains(|letter| matches!(letter, 'g'..='z'))
}

fn without_port(field: &[u8]) -> &[u8] {
    let digits = field.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let before = &field[..field.len() - digits.count()];
    before.strip_suffix(b":").unwrap_or(field)
}

/// An address or network (CIDR) in the form in which clients are compared with it: IPv4-mapped IPv6 is IPv4.
///
/// # Errors
/// [`Error::Setting`] for a text that is neither.
pub(super) fn network(text: &str) -> Result<IpNet> {
    let network = text.parse::<IpNet>();
    let network = network.or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let network = network
        .map_err(|_| Error::Setting(format!("{text:?}: not an address or network (CIDR)")))?;
    let IpNet::V6(ipv6) = network else {
        return Ok(network);
    };
    let mapped = ipv6.addr().to_ipv4_mapped();
    let length = ipv6.prefix_len().checked_sub(96);
    let ipv4 = mapped.zip(length);
    let ipv4 = ipv4.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    Ok(ipv4.map_or(network, IpNet::V4))
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
    use proptest::prelude::*;

    use super::*;

    /// The shared network of clients that cannot be told.
    fn shared() -> Vec<u8> {
        Client::Absent.network()
    }

    fn network(field: &str) -> Vec<u8> {
        Client::read(field.as_bytes()).network()
    }

    #[test]
    fn a_client_is_an_address_a_host_name_or_absent() {
        let address = |address: &str| Client::Address(address.parse().unwrap());
        let name = |name: &str| Client::Name(name.into());
        let check = |field: &str, expected: Client| {
            assert!(Client::read(field.as_bytes()) == expected, "{field}");
        };
        check("192.0.2.7:51234", address("192.0.2.7"));
        check("[::ffff:192.0.2.7]:443", address("192.0.2.7"));
        check("10.0.0.2, 203.0.113.9", address("203.0.113.9"));
        check("10.0.0.2,", address("10.0.0.2"));
        check("Host.Example.COM.", name("host.example.com"));
        check("host.example.com:8080", name("host.example.com"));
        check("Web_01", name("web_01"));
        check("nas.local", name("nas.local"));
        check("ac.de", name("ac.de"));
        for absent in [
            "",
            "-",
            "unix:",
            "unix:1",
            "unix:/run/x.sock",
            "host.example.com,",
        ] {
            check(absent, Client::Absent);
        }
    }

    #[test]
    fn a_visitor_has_64_bits_of_an_address() {
        let unit = |field: &str| Client::read(field.as_bytes()).unit();
        let own = unit("2001:db8:1:2::1");
        assert!(own == unit("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert!(own != unit("2001:db8:1:3::1"));
        assert!(unit("192.0.2.7") != unit("192.0.2.8"));
    }

    #[test]
    fn no_spelling_of_an_address_is_a_network_of_its_own() {
        for field in [
            "1.2.3",
            "1.2.3.4.5",
            "192.0.2.07",
            "0xc0000207",
            "3221225991",
            "0300.0.2.7",
            "192.0.2.7;",
            "192.0.2.7/32",
            "\"192.0.2.7\"",
            "192-0-2-7",
            "192_0_2_7",
            "192.0.2.7x",
            "192.0.2.7 198.51.100.1",
            "192.0.2.7:80:80",
            "[::1",
            "::1]",
            "2001-db8--7",
            "c0.a8.bad",
            "2001:db8:::7",
            "2001:db8::7.example.com",
            "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3",
            "a:b",
            "-host",
            "host-",
            "host..local",
            "b\u{fc}ro",
            "host name",
        ] {
            assert_eq!(network(field), shared(), "{field}");
        }
    }

    #[test]
    fn names_in_a_list_are_no_networks() {
        for forged in [
            "a1.com, x",
            "a2.com,",
            ",a3",
            "192.0.2.1, nas",
            "unknown, _x",
        ] {
            assert_eq!(network(forged), shared(), "{forged}");
        }
        assert_eq!(network("a1.com, 192.0.2.1"), network("192.0.2.9"));
    }

    proptest! {
        #[test]
        fn what_has_only_characters_of_addresses_is_an_address_or_shared(
            field in "[0-9a-fA-F.:,;%/\\[\\] \"'()<>=_|-]{0,24}",
        ) {
            let is_one = match Client::read(field.as_bytes()) {
                Client::Address(_) | Client::Absent => true,
                Client::Name(name) => registrable_domain(name.as_bytes()).is_some(),
            };
            prop_assert!(is_one);
        }

        #[test]
        fn a_broken_address_is_no_network(address in any::<IpAddr>(), at in any::<prop::sample::Index>(), sign in "[.:,;%/\\[\\] \"'()<>=_|-]") {
            let mut field = address.to_string();
            field.insert_str(at.index(field.len() + 1), &sign);
            let is_name = matches!(Client::read(field.as_bytes()), Client::Name(_));
            prop_assert!(!is_name, "{}", field);
        }
    }

    #[test]
    fn networks_join_what_one_holder_controls() {
        let same: [(&str, &str); 8] = [
            ("192.0.2.1", "192.0.2.254"),
            ("2001:db8:1:2::1", "2001:db8:1:ffff::9"),
            ("2002:c000:0201::1", "192.0.2.99"),
            ("2001:0:1:2:3:4:3fff:fdfe", "192.0.2.1"),
            ("64:ff9b::192.0.2.1", "192.0.2.1"),
            ("a.dsl.example.com", "b.example.com"),
            ("-", "unix:"),
            ("host.example.com:1", "host.example.com:2"),
        ];
        for (left, right) in same {
            assert_eq!(network(left), network(right), "{left} {right}");
        }
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
