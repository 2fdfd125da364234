//! Goes through the networks of a database in the order of their addresses.

use std::{borrow::Cow, net::IpAddr};

use maxminddb::{MaxMindDbError, Reader};

use super::{
    database::Record,
    network::{IPV4_DEPTH, Network},
};

/// IPv6 ranges that stand for IPv4: mapped addresses, NAT64, Teredo, 6to4. Databases have IPv4 there once
/// more, or nothing that is of use.
const ALIASES: [(u128, u8); 4] = [
    (0xffff << 32, 96),
    (0x64_ff9b << 96, 96),
    (0x2001 << 112, 32),
    (0x2002 << 112, 16),
];

/// The networks of a database, with data or without, each found by looking its first address up.
///
/// However damaged a tree is, a lookup ends; so whoever takes a bounded number of networks ends too.
pub(super) struct Walk<'d> {
    reader: &'d Reader<Cow<'static, [u8]>>,
    /// The first address not yet seen.
    next: Option<u128>,
}

impl<'d> Walk<'d> {
    /// From an address on, in the one space in which IPv4 is `::/96`.
    pub(super) const fn new(reader: &'d Reader<Cow<'static, [u8]>>, first: u128) -> Self {
        Self {
            reader,
            next: Some(first),
        }
    }

    fn step(&mut self, first: u128) -> Result<(Network, Record<'d>), MaxMindDbError> {
        let record = self.reader.lookup(address(first))?;
        let found = record.network()?;
        let network = Network::new(found.ip(), found.prefix());
        self.next = network.last().checked_add(1).filter(|&next| next > first);
        Ok((network, record))
    }
}

impl<'d> Iterator for Walk<'d> {
    type Item = Result<(Network, Record<'d>), MaxMindDbError>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = after_aliases(self.next.take()?)?;
        if first >> 32 != 0 && self.reader.metadata().ip_version != 6 {
            return None;
        }
        Some(self.step(first))
    }
}

fn address(bits: u128) -> IpAddr {
    match u32::try_from(bits) {
        Ok(bits) => IpAddr::V4(bits.into()),
        Err(_) => IpAddr::V6(bits.into()),
    }
}

/// The first address from the given one on that is outside of aliases.
fn after_aliases(mut first: u128) -> Option<u128> {
    for (bits, length) in ALIASES {
        let alias = Network { bits, length };
        if (alias.bits..=alias.last()).contains(&first) {
            first = alias.last().checked_add(1)?;
        }
    }
    Some(first)
}

/// The first address of what is assigned of IPv6 (RFC 4291, section 2.4).
pub(super) const IPV6_START: u128 = 0x2000 << 112;

/// The first address after IPv4.
pub(super) const IPV4_END: u128 = 1 << (128 - IPV4_DEPTH);
