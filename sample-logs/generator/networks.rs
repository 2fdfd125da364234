//! Where visitors come from: blocks of access providers, spread over countries as a European site
//! sees them. The blocks are ranges that providers of these countries use; every address in them
//! is drawn at random and stands for nobody.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::random::{Random, Weighted};

/// How many networks (/24 or /48) of each block have visitors.
const NETWORKS: u32 = 256;

/// First address, prefix length, weight.
type Block4 = ([u8; 4], u32, u32);

/// First two groups, prefix length (at most 32), weight.
type Block6 = ([u16; 2], u32, u32);

const BLOCKS4: [Block4; 78] = [
    // Germany
    ([79, 192, 0, 0], 10, 60),
    ([87, 128, 0, 0], 10, 40),
    ([93, 192, 0, 0], 10, 50),
    ([217, 224, 0, 0], 11, 20),
    ([91, 0, 0, 0], 10, 40),
    ([188, 96, 0, 0], 12, 20),
    ([95, 112, 0, 0], 13, 15),
    ([178, 0, 0, 0], 13, 12),
    // Austria, Switzerland
    ([62, 46, 0, 0], 15, 10),
    ([80, 108, 0, 0], 15, 8),
    ([178, 192, 0, 0], 12, 12),
    ([85, 0, 0, 0], 13, 10),
    // United Kingdom, Ireland
    ([86, 128, 0, 0], 10, 40),
    ([90, 192, 0, 0], 11, 25),
    ([82, 0, 0, 0], 11, 25),
    ([92, 16, 0, 0], 12, 10),
    ([86, 40, 0, 0], 13, 8),
    // France
    ([86, 192, 0, 0], 10, 30),
    ([90, 0, 0, 0], 10, 25),
    ([82, 224, 0, 0], 11, 20),
    ([176, 128, 0, 0], 10, 12),
    // Netherlands, Belgium
    ([77, 160, 0, 0], 11, 20),
    ([84, 80, 0, 0], 12, 15),
    ([81, 240, 0, 0], 12, 10),
    ([78, 20, 0, 0], 14, 8),
    // Poland, Czechia
    ([83, 0, 0, 0], 11, 18),
    ([79, 184, 0, 0], 13, 10),
    ([88, 100, 0, 0], 14, 8),
    // Italy
    ([79, 0, 0, 0], 10, 15),
    ([87, 0, 0, 0], 10, 15),
    ([151, 32, 0, 0], 11, 10),
    // Spain, Portugal
    ([88, 0, 0, 0], 11, 14),
    ([80, 24, 0, 0], 13, 10),
    ([85, 240, 0, 0], 13, 6),
    // Northern Europe
    ([90, 224, 0, 0], 12, 10),
    ([84, 208, 0, 0], 13, 8),
    ([80, 160, 0, 0], 13, 6),
    ([88, 112, 0, 0], 13, 6),
    // Further Europe
    ([178, 120, 0, 0], 13, 6),
    ([95, 24, 0, 0], 13, 8),
    ([78, 160, 0, 0], 11, 8),
    ([94, 64, 0, 0], 13, 5),
    // United States
    ([73, 0, 0, 0], 8, 50),
    ([98, 192, 0, 0], 10, 25),
    ([71, 192, 0, 0], 10, 20),
    ([67, 160, 0, 0], 11, 15),
    ([24, 0, 0, 0], 12, 15),
    ([99, 0, 0, 0], 10, 20),
    ([108, 64, 0, 0], 10, 18),
    ([71, 160, 0, 0], 11, 12),
    ([96, 224, 0, 0], 11, 10),
    ([172, 32, 0, 0], 11, 25),
    ([68, 32, 0, 0], 11, 12),
    ([174, 192, 0, 0], 10, 15),
    // Canada, Mexico
    ([70, 48, 0, 0], 13, 10),
    ([99, 224, 0, 0], 11, 10),
    ([174, 88, 0, 0], 13, 6),
    ([187, 128, 0, 0], 10, 8),
    // South America
    ([177, 0, 0, 0], 9, 15),
    ([189, 0, 0, 0], 9, 12),
    ([181, 0, 0, 0], 10, 6),
    ([190, 0, 0, 0], 10, 6),
    // India
    ([49, 32, 0, 0], 11, 25),
    ([122, 160, 0, 0], 11, 12),
    ([117, 192, 0, 0], 10, 12),
    // East and South-East Asia
    ([126, 0, 0, 0], 8, 15),
    ([219, 0, 0, 0], 10, 8),
    ([121, 128, 0, 0], 10, 8),
    ([114, 32, 0, 0], 12, 5),
    ([36, 64, 0, 0], 11, 6),
    ([113, 160, 0, 0], 11, 6),
    ([119, 92, 0, 0], 14, 4),
    // Australia, New Zealand
    ([1, 120, 0, 0], 13, 10),
    ([58, 160, 0, 0], 12, 8),
    ([121, 72, 0, 0], 13, 4),
    // Africa and the Middle East
    ([41, 0, 0, 0], 11, 5),
    ([105, 96, 0, 0], 11, 5),
    ([84, 228, 0, 0], 14, 4),
];

const BLOCKS6: [Block6; 20] = [
    ([0x2003, 0x00c0], 27, 60), // Germany
    ([0x2a02, 0x8100], 24, 30), // Germany
    ([0x2a02, 0x0908], 32, 15), // Germany
    ([0x2a01, 0x0598], 29, 12), // Germany
    ([0x2a02, 0xaa10], 28, 8),  // Switzerland, Austria
    ([0x2a00, 0x23c0], 26, 30), // United Kingdom
    ([0x2a02, 0x0c78], 29, 12), // United Kingdom
    ([0x2a01, 0xcb00], 26, 20), // France
    ([0x2a01, 0x0e00], 26, 20), // France
    ([0x2a02, 0xa440], 26, 10), // Netherlands
    ([0x2a02, 0xa310], 28, 8),  // Poland
    ([0x2600, 0x1700], 28, 20), // United States
    ([0x2601, 0x0040], 26, 30), // United States
    ([0x2607, 0xfb90], 28, 30), // United States
    ([0x2605, 0xa600], 24, 8),  // United States
    ([0x2607, 0xfea8], 32, 6),  // Canada
    ([0x2804, 0x0014], 31, 8),  // Brazil
    ([0x2409, 0x4040], 26, 20), // India
    ([0x2400, 0x4050], 28, 10), // Japan
    ([0x2001, 0x8003], 32, 6),  // Australia
];

/// Visitors with IPv6, in a thousand.
const SHARE6: u32 = 180;

/// Draws clients' addresses.
pub(crate) struct Networks {
    blocks4: Weighted,
    blocks6: Weighted,
}

impl Networks {
    pub(crate) fn new() -> Self {
        Self {
            blocks4: Weighted::new(BLOCKS4.iter().map(|block| block.2)),
            blocks6: Weighted::new(BLOCKS6.iter().map(|block| block.2)),
        }
    }

    /// A visitor's address. `visitor` is the visitor's own stream, so that the network stays;
    /// `visit` that of the visit: within an IPv6 /64 the address changes, as temporary ones do.
    pub(crate) fn address(&self, visitor: &mut Random, visit: &mut Random) -> String {
        if visitor.per_mille(SHARE6) {
            let (first, length, _) = BLOCKS6[self.blocks6.draw(visitor)];
            address6(first, length, visitor, visit).to_string()
        } else {
            let (first, length, _) = BLOCKS4[self.blocks4.draw(visitor)];
            address4(first.into(), length, visitor).to_string()
        }
    }
}

/// An address within `length` leading bits of `first`.
pub(crate) fn address4(first: Ipv4Addr, length: u32, random: &mut Random) -> Ipv4Addr {
    let space = 1_u32 << 24_u32.saturating_sub(length);
    // The odd step scatters the networks over the block, and so over its regions.
    let network = busy(space.min(NETWORKS), random).wrapping_mul(0x9E37_79B1) & (space - 1);
    Ipv4Addr::from(u32::from(first) + (network << 8) + random.between(1, 254))
}

fn address6(first: [u16; 2], length: u32, visitor: &mut Random, visit: &mut Random) -> Ipv6Addr {
    let space = 1_u32 << (32 - length);
    let network = busy(NETWORKS, visitor).wrapping_mul(0x9E37_79B1);
    let second = first[1] + (network & (space - 1)) as u16;
    let third = (network >> 12) as u16 | 1;
    let fourth = visitor.between(1, 0xFFFF) as u16;
    let host = visit.next().to_be_bytes();
    let group = |at: usize| u16::from_be_bytes([host[at], host[at + 1]]) | 0x10;
    Ipv6Addr::new(
        first[0],
        second,
        third,
        fourth,
        group(0),
        group(2),
        group(4),
        group(6),
    )
}

/// One of so many networks, the first ones more often.
fn busy(networks: u32, random: &mut Random) -> u32 {
    let limit = random.between(1, networks);
    random.below(limit)
}
