//! What is written in the place of an address: something in the shape of an address all the same.

use std::{
    fmt,
    io::Write,
    net::{IpAddr, Ipv6Addr},
};

use super::days::Keyed;
use crate::privacy::{
    address::Client,
    geo::{Lookup, Region},
    pseudonym::Digest,
};

/// What is written in the place of addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressRule {
    /// The visitor's pseudonym of the day: another one for another user agent.
    #[default]
    Visitor,
    /// The pseudonym of the address of the day, whatever the user agent.
    Stable,
    /// The network: /24 of IPv4, /48 of IPv6.
    Truncate,
    /// The region.
    Region,
    /// The unspecified address (RFC 4291, section 2.5.2).
    Drop,
}

/// The subnets of what is written, of the unique local addresses (RFC 4193) whose global id spells `hushl`.
/// They are of no network: nobody routes them.
const VISITORS: u128 = 0xfd68_7573_686c_0000 << 64;
const ADDRESSES: u128 = 0xfd68_7573_686c_0001 << 64;
const REGIONS: u128 = 0xfd68_7573_686c_0002 << 64;

/// Bits above those of a subnet's interfaces, without the subnet's own: all of the above share them.
const PREFIX: u128 = u128::MAX << 80;

/// The most characters of an address.
const LONGEST: usize = 39;

/// An address as it is written; empty for none.
#[derive(Clone, Copy)]
pub(super) struct Address {
    text: [u8; LONGEST],
    length: u8,
}

impl AddressRule {
    /// What is written in the place of a client, by the keys of a day.
    pub(super) fn written(
        self,
        client: &Client,
        agent: &Digest,
        day: &Keyed,
        regions: &mut Lookup<'_>,
    ) -> Address {
        let interface =
            |subnet: u128, interface: u64| IpAddr::V6((subnet | u128::from(interface)).into());
        if *client == Client::Absent {
            return Address::NONE;
        }
        Address::of(match self {
            Self::Visitor => interface(VISITORS, day.visitors.of(&[&unit(client), agent.bytes()])),
            Self::Stable => interface(ADDRESSES, day.addresses.of(&[&unit(client)])),
            Self::Truncate => client
                .network_address()
                .unwrap_or(Ipv6Addr::UNSPECIFIED.into()),
            Self::Region => {
                let region = client.unit_address().map(|address| regions.region(address));
                interface(REGIONS, code(region.unwrap_or_default()))
            }
            Self::Drop => Ipv6Addr::UNSPECIFIED.into(),
        })
    }
}

/// What a visitor is known by beside the agent. What is a pseudonym already is one as a whole, though all
/// of them are of one network.
fn unit(client: &Client) -> Vec<u8> {
    match client.address() {
        Some(IpAddr::V6(address)) if address.to_bits() & PREFIX == VISITORS & PREFIX => {
            address.octets().to_vec()
        }
        _ => client.unit(),
    }
}

/// The eight letters of a region, as numbers: `US-CA` and zeros, or `US` and zeros.
fn code(region: Region) -> u64 {
    let mut code = [0; 8];
    let text = region.region().or(region.country().map(str::to_owned));
    for (byte, letter) in code.iter_mut().zip(text.unwrap_or_default().bytes()) {
        *byte = letter;
    }
    u64::from_be_bytes(code)
}

impl Address {
    /// None.
    pub(super) const NONE: Self = Self {
        text: [0; LONGEST],
        length: 0,
    };

    fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V6(address) => {
                Self::without_zeros(address).unwrap_or_else(|| Self::any(address.into()))
            }
            IpAddr::V4(_) => Self::any(address),
        }
    }

    /// The same as of any address, but faster: that of one in which no two groups of zeros are neighbours
    /// (RFC 5952, section 4.2.2).
    fn without_zeros(address: Ipv6Addr) -> Option<Self> {
        let groups = address.segments();
        if groups.windows(2).any(|pair| pair == [0, 0]) {
            return None;
        }
        let (mut text, mut length) = ([0; LONGEST], 0);
        for (place, group) in groups.into_iter().enumerate() {
            if place > 0 {
                text[length] = b':';
                length += 1;
            }
            for digit in (0..4 - group.max(1).leading_zeros() / 4).rev() {
                let digit = group >> (4 * digit) & 0xf;
                text[length] = b"0123456789abcdef"[usize::from(digit)];
                length += 1;
            }
        }
        Some(Self {
            text,
            length: length as u8,
        })
    }

    fn any(address: IpAddr) -> Self {
        let mut text = [0; LONGEST];
        let mut rest = &mut text[..];
        // There is room for any address.
        let _ = write!(rest, "{address}");
        let length = LONGEST - rest.len();
        Self {
            text,
            length: u8::try_from(length).unwrap_or(0),
        }
    }

    /// Its text; none of none.
    pub(super) fn text(&self) -> Option<&[u8]> {
        let text = &self.text[..usize::from(self.length)];
        (!text.is_empty()).then_some(text)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Address(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pseudonyms_are_told_apart_as_a_whole_and_addresses_by_their_network() {
        let unit = |field: &str| unit(&Client::read(field.as_bytes()));
        assert!(unit("2001:db8:1:2::1") == unit("2001:db8:1:2::2"));
        assert!(unit("fd68:7573:686c::1") != unit("fd68:7573:686c::2"));
    }

    #[test]
    fn what_is_written_is_not_printed() {
        let address = Address::of([192, 0, 2, 7].into());
        assert_eq!(address.text(), Some(&b"192.0.2.7"[..]));
        assert_eq!(format!("{address:?}"), "Address(redacted)");
    }

    proptest! {
        #[test]
        fn addresses_are_written_as_everywhere(groups in prop::collection::vec(prop_oneof![Just(0), any::<u16>(), 0..300_u16], 8)) {
            let groups: [u16; 8] = groups.try_into().unwrap();
            let address = IpAddr::V6(groups.into());
            let (written, expected) = (Address::of(address), address.to_string());
            prop_assert_eq!(written.text(), Some(expected.as_bytes()));
        }
    }
}
