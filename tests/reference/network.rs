//! Who a client is: the address that a visitor is told by, and the network that the threshold counts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A client under its two identities.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Client {
    /// IPv4 whole, IPv6 cut to /64, host names whole.
    pub(crate) address: String,
    /// IPv4 cut to /24, IPv6 to /48, host names to their registrable domain.
    pub(crate) network: String,
}

/// Reads a logged client.
pub(crate) fn client(text: &str) -> Client {
    let address = match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => return ipv4(address),
        Ok(IpAddr::V6(address)) => address,
        Err(_) if text == "-" => {
            return Client {
                address: "-".to_owned(),
                network: "absent".to_owned(),
            };
        }
        Err(_) => {
            return Client {
                address: text.to_owned(),
                network: last_two_labels(text),
            };
        }
    };
    match address.to_ipv4_mapped() {
        Some(mapped) => ipv4(mapped),
        None => ipv6(address),
    }
}

fn ipv4(address: Ipv4Addr) -> Client {
    Client {
        address: address.to_string(),
        network: ipv4_network(address),
    }
}

fn ipv4_network(address: Ipv4Addr) -> String {
    let [a, b, c, _] = address.octets();
    format!("{a}.{b}.{c}.0/24")
}

fn ipv6(address: Ipv6Addr) -> Client {
    let [a, b, c, d, ..] = address.segments();
    let network = match embedded_ipv4(address) {
        Some(embedded) => ipv4_network(embedded),
        None => format!("{a:x}:{b:x}:{c:x}::/48"),
    };
    Client {
        address: format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"),
        network,
    }
}

/// 6to4 (RFC 3056), Teredo (RFC 4380, client address inverted), NAT64 (RFC 6052, well-known prefix).
fn embedded_ipv4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let octets = address.octets();
    let from =
        |at: usize| Ipv4Addr::new(octets[at], octets[at + 1], octets[at + 2], octets[at + 3]);
    match address.segments() {
        [0x2002, ..] => Some(from(2)),
        [0x2001, 0, ..] => Some(Ipv4Addr::from(!u32::from(from(12)))),
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => Some(from(12)),
        _ => None,
    }
}

/// The registrable domain, for the one-label suffixes that the tests use.
fn last_two_labels(host: &str) -> String {
    let labels: Vec<&str> = host.split('.').collect();
    labels[labels.len().saturating_sub(2)..].join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_and_their_networks() {
        for (text, address, network) in [
            ("81.2.3.4", "81.2.3.4", "81.2.3.0/24"),
            ("::ffff:81.2.3.4", "81.2.3.4", "81.2.3.0/24"),
            ("2a02:8:1:2:3::4", "2a02:8:1:2::/64", "2a02:8:1::/48"),
            ("2002:5102:304::9", "2002:5102:304:0::/64", "81.2.3.0/24"),
            ("2001:0:1:2:3:4:aefd:fcfb", "2001:0:1:2::/64", "81.2.3.0/24"),
            ("64:ff9b::5102:304", "64:ff9b:0:0::/64", "81.2.3.0/24"),
            ("pc.dial.example.net", "pc.dial.example.net", "example.net"),
            ("-", "-", "absent"),
        ] {
            let expected = Client {
                address: address.to_owned(),
                network: network.to_owned(),
            };
            assert_eq!(client(text), expected);
        }
    }
}
