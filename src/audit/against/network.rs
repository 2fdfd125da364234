//! The network of a client, by the words of the definition: /24 of IPv4, /48 of IPv6, the IPv4 network
//! within 6to4, Teredo and NAT64, the registrable domain of a name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::privacy::{Client, registrable_domain};

/// The unit of the threshold.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Network {
    V4([u8; 3]),
    V6([u16; 3]),
    Name(Vec<u8>),
    Absent,
}

impl Network {
    /// The network of a client as logged.
    pub(super) fn of(field: &[u8]) -> Self {
        match Client::read(field) {
            Client::Address(IpAddr::V4(address)) => Self::v4(address),
            Client::Address(IpAddr::V6(address)) => Self::v6(address),
            Client::Name(name) => Self::Name(
                registrable_domain(name.as_bytes())
                    .unwrap_or(name)
                    .into_bytes(),
            ),
            Client::Absent => Self::Absent,
        }
    }

    fn v4(address: Ipv4Addr) -> Self {
        let [a, b, c, _] = address.octets();
        Self::V4([a, b, c])
    }

    fn v6(address: Ipv6Addr) -> Self {
        let octets = address.octets();
        match address.segments() {
            [0x2002, ..] => Self::V4([octets[2], octets[3], octets[4]]),
            [0x2001, 0, ..] => Self::V4([!octets[12], !octets[13], !octets[14]]),
            [0x64, 0xff9b, 0, 0, 0, 0, ..] => Self::V4([octets[12], octets[13], octets[14]]),
            [a, b, c, ..] => Self::V6([a, b, c]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_is_one_network() {
        for (client, expected) in [
            ("192.0.2.1", Network::V4([192, 0, 2])),
            ("192.0.2.1:8080", Network::V4([192, 0, 2])),
            ("::ffff:192.0.2.1", Network::V4([192, 0, 2])),
            ("2002:c000:0201::1", Network::V4([192, 0, 2])),
            ("2001:0:1:2:3:4:3fff:fdfe", Network::V4([192, 0, 2])),
            ("64:ff9b::192.0.2.1", Network::V4([192, 0, 2])),
            ("2001:db8:7:1::1", Network::V6([0x2001, 0xdb8, 7])),
            ("a.b.example.com", Network::Name(b"example.com".to_vec())),
            ("intranet", Network::Name(b"intranet".to_vec())),
            ("-", Network::Absent),
        ] {
            assert_eq!(Network::of(client.as_bytes()), expected, "{client}");
        }
    }
}
