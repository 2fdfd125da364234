//! Address ranges in the one address space of a database: IPv4 is `::/96` of IPv6.

use std::net::IpAddr;

/// A range of addresses that share their first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    /// The first address.
    pub(super) bits: u128,
    /// How many bits are shared, of 128.
    pub(super) length: u8,
}

/// Bits before an IPv4 address.
pub(super) const IPV4_DEPTH: u8 = 96;

/// The smallest IPv4 network that is told apart, /24.
const IPV4_FLOOR: u8 = IPV4_DEPTH + 24;

/// The smallest IPv6 network that is told apart, /48.
const IPV6_FLOOR: u8 = 48;

impl Network {
    /// A network by its first address and the bits shared of that family's.
    pub(super) fn new(first: IpAddr, length: u8) -> Self {
        match first {
            IpAddr::V4(first) => Self {
                bits: u128::from(first.to_bits()),
                length: IPV4_DEPTH + length,
            },
            IpAddr::V6(first) => Self {
                bits: first.to_bits(),
                length,
            },
        }
    }

    /// Whether it lies within IPv4.
    pub(super) const fn is_ipv4(self) -> bool {
        self.length >= IPV4_DEPTH && self.bits >> 32 == 0
    }

    /// The last address.
    pub(super) const fn last(self) -> u128 {
        match self.length {
            0 => u128::MAX,
            length => self.bits | ((1 << (128 - length)) - 1),
        }
    }

    /// Number of addresses; all of IPv6 counts one too few.
    pub(super) const fn size(self) -> u128 {
        match self.length {
            0 => u128::MAX,
            length => 1 << (128 - length),
        }
    }

    /// The network that is told apart and has this one in it: this one, unless it is below the floor.
    pub(super) const fn at_floor(self) -> Self {
        let floor = if self.is_ipv4() {
            IPV4_FLOOR
        } else {
            IPV6_FLOOR
        };
        if self.length <= floor {
            return self;
        }
        let below = 128 - floor;
        Self {
            bits: self.bits >> below << below,
            length: floor,
        }
    }

    /// The bit of its addresses at a depth of the tree.
    pub(super) const fn bit(self, depth: u8) -> usize {
        (self.bits >> (127 - depth) & 1) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        let (address, length) = text.split_once('/').unwrap();
        Network::new(address.parse().unwrap(), length.parse().unwrap())
    }

    #[test]
    fn networks_end_at_the_floor_of_their_family() {
        let cases = [
            ("192.0.2.77/32", "192.0.2.0/24"),
            ("192.0.2.64/26", "192.0.2.0/24"),
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("192.0.0.0/16", "192.0.0.0/16"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8:1:2::/64", "2001:db8:1::/48"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::/0", "::/0"),
        ];
        for (given, expected) in cases {
            assert_eq!(network(given).at_floor(), network(expected), "{given}");
        }
    }

    #[test]
    fn networks_of_ipv4_lie_within_it() {
        let cases = [
            ("0.0.0.0/0", true),
            ("192.0.2.0/24", true),
            ("::/64", false),
            ("2001:db8::/120", false),
        ];
        for (text, expected) in cases {
            assert_eq!(network(text).is_ipv4(), expected, "{text}");
        }
    }

    #[test]
    fn sizes_are_numbers_of_addresses() {
        assert_eq!(network("192.0.2.0/24").size(), 256);
        assert_eq!(network("0.0.0.0/0").size(), 1 << 32);
        assert_eq!(network("2001:db8::/48").size(), 1 << 80);
        assert_eq!(network("::/0").size(), u128::MAX);
    }
}
