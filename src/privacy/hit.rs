//! One request after gate 1: fixed size, pseudonymous, its strings replaced by dictionary numbers.

use std::cmp::Ordering;

use super::{
    lexicon::{Lexicon, Renumbering},
    method::Method,
    probe::Probe,
    shard::shard,
};
use crate::time::Timestamp;

/// A request as everything after gate 1 sees it.
///
/// Fields and constructor are private to `privacy`: no other module can make one.
#[derive(Clone, Copy)]
pub struct Hit {
    visitor: u64,
    time: Timestamp,
    /// Bytes sent in the upper 48 bits, status in the lower 16.
    bytes_and_status: u64,
    identity: u32,
    target: u32,
    origin: u32,
    host: u16,
    method: Method,
    /// Whether it is a pageview in the highest bit, the number of its probe in the others.
    kind: u8,
}

/// Everything a hit is made of.
pub(super) struct Parts {
    pub(super) visitor: u64,
    pub(super) time: Timestamp,
    pub(super) bytes: u64,
    pub(super) status: u16,
    pub(super) identity: u32,
    pub(super) target: u32,
    pub(super) origin: u32,
    pub(super) host: u16,
    pub(super) method: Method,
    pub(super) pageview: bool,
    pub(super) probe: Option<Probe>,
}

/// What a pageview has beside the number of its probe.
const PAGEVIEW: u8 = 1 << 7;

/// Stands for the host of a log without hosts.
pub(super) const NO_HOST: u16 = u16::MAX;

/// The largest byte count a hit holds, 256 TiB less one; larger ones count as this.
const MOST_BYTES: u64 = (1 << 48) - 1;

impl Hit {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            visitor: parts.visitor,
            time: parts.time,
            bytes_and_status: parts.bytes.min(MOST_BYTES) << 16 | u64::from(parts.status),
            identity: parts.identity,
            target: parts.target,
            origin: parts.origin,
            host: parts.host,
            method: parts.method,
            kind: u8::from(parts.pageview) * PAGEVIEW + parts.probe.map_or(0, Probe::number),
        }
    }

    /// What it is made of.
    pub(super) fn parts(&self) -> Parts {
        Parts {
            visitor: self.visitor,
            time: self.time,
            bytes: self.bytes(),
            status: self.status(),
            identity: self.identity,
            target: self.target,
            origin: self.origin,
            host: self.host,
            method: self.method,
            pageview: self.is_pageview(),
            probe: self.probe(),
        }
    }

    /// The visitor's pseudonym of the day.
    #[must_use]
    pub const fn visitor(&self) -> u64 {
        self.visitor
    }

    /// When the request was received.
    #[must_use]
    pub const fn time(&self) -> Timestamp {
        self.time
    }

    /// Bytes sent.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes_and_status >> 16
    }

    /// The status; 0 where the log has none or no valid one.
    #[must_use]
    pub const fn status(&self) -> u16 {
        (self.bytes_and_status & 0xffff) as u16
    }

    /// The number of the sender's identity in [`Lexicon::identity`].
    #[must_use]
    pub const fn identity(&self) -> u32 {
        self.identity
    }

    /// The number of what was asked for in [`Lexicon::page_of`] and [`Lexicon::goals_of`].
    #[must_use]
    pub const fn target(&self) -> u32 {
        self.target
    }

    /// The number of where the request came from in [`Lexicon::origin`]; meaningful for pageviews only.
    #[must_use]
    pub const fn origin(&self) -> u32 {
        self.origin
    }

    /// The number of the virtual host in [`Lexicon::hosts`]; `None` where the log has no hosts.
    #[must_use]
    pub const fn host(&self) -> Option<u16> {
        if self.host == NO_HOST {
            None
        } else {
            Some(self.host)
        }
    }

    /// Whether it is a pageview: GET, status 2xx or 304, no static asset. Crawlers are told apart later.
    #[must_use]
    pub const fn is_pageview(&self) -> bool {
        self.kind & PAGEVIEW != 0
    }

    /// What weakness it looks for by its target.
    #[must_use]
    #[inline]
    pub fn probe(&self) -> Option<Probe> {
        Probe::from_number(self.kind & !PAGEVIEW)
    }

    /// The order in which numbers are defined: visitor, time, and for ties page, referrer, channel,
    /// campaign, host, method, status and bytes. Dictionary numbers of a lexicon are ranks, so that
    /// comparing numbers compares the strings.
    pub(crate) fn order(&self, other: &Self, lexicon: &Lexicon) -> Ordering {
        // As one number, since which of them decides cannot be foreseen.
        self.visitor_and_time()
            .cmp(&other.visitor_and_time())
            .then_with(|| {
                lexicon
                    .page_of(self.target)
                    .cmp(&lexicon.page_of(other.target))
            })
            .then_with(|| self.tie_breakers().cmp(&other.tie_breakers()))
    }

    /// A number in whose order hits are by visitor, then time.
    const fn visitor_and_time(&self) -> u128 {
        (self.visitor as u128) << 64 | (self.time.0 as u64 ^ 1 << 63) as u128
    }

    const fn tie_breakers(&self) -> (u32, u16, Method, u16, u64) {
        (
            self.origin,
            self.host,
            self.method,
            self.status(),
            self.bytes(),
        )
    }

    /// The hit with its numbers turned from a worker's dictionary to the lexicon of the run.
    pub(super) fn renumbered(&self, renumbering: &Renumbering) -> Self {
        let first_identity = renumbering.first_identities[usize::from(shard(self.visitor))];
        // A worker that saw no pageview has no origins.
        let origin = if self.is_pageview() {
            renumbering.origins[self.origin as usize]
        } else {
            self.origin
        };
        Self {
            identity: self.identity + first_identity,
            target: renumbering.targets[self.target as usize],
            origin,
            ..*self
        }
    }
}
