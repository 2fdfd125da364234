//! Sets of network pseudonyms, exact up to the size that thresholds ask about.

/// A set of networks that stops growing once it holds `limit` of them.
///
/// Thresholds only ask whether a set, or a union of sets, has at least so many members; a full set
/// answers that for good, whatever its members.
#[derive(Clone, Default)]
pub struct NetworkSet {
    members: Vec<u64>,
    full: bool,
}

impl NetworkSet {
    /// Adds a network.
    pub fn insert(&mut self, network: u64, limit: usize) {
        if self.full || self.members.contains(&network) {
            return;
        }
        self.members.push(network);
        if self.members.len() >= limit {
            self.full = true;
            self.members = Vec::new();
        }
    }

    /// Adds all networks of another set of the same limit.
    pub fn absorb(&mut self, other: &Self, limit: usize) {
        if other.full {
            self.full = true;
            self.members = Vec::new();
        }
        for &network in &other.members {
            self.insert(network, limit);
        }
    }

    /// A set of so many networks that it no longer grew.
    #[must_use]
    pub const fn full() -> Self {
        Self {
            members: Vec::new(),
            full: true,
        }
    }

    /// A set of these members, all different and fewer than the limit.
    #[must_use]
    pub const fn of(members: Vec<u64>) -> Self {
        Self {
            members,
            full: false,
        }
    }

    /// The members; `None` once there were so many that they matter no more.
    #[must_use]
    pub fn members(&self) -> Option<&[u64]> {
        (!self.full).then_some(&self.members)
    }

    /// Whether there are at least `least` members, of a `least` not above the limit.
    #[must_use]
    pub const fn has(&self, least: usize) -> bool {
        self.full || self.members.len() >= least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(members: impl IntoIterator<Item = u64>) -> NetworkSet {
        let mut set = NetworkSet::default();
        members
            .into_iter()
            .for_each(|member| set.insert(member, 10));
        set
    }

    #[test]
    fn members_count_once() {
        assert!(set([1, 2, 2, 1]).has(2));
        assert!(!set([1, 2, 2, 1]).has(3));
    }

    #[test]
    fn a_union_counts_shared_members_once() {
        let mut union = set(0..6);
        union.absorb(&set(3..8), 10);
        assert!(union.has(8) && !union.has(9));
    }

    #[test]
    fn a_full_set_fills_every_union_in_any_order() {
        let mut left = set(0..10);
        left.absorb(&set([1]), 10);
        let mut right = set([1]);
        right.absorb(&set(0..10), 10);
        assert!(left.has(10) && right.has(10));
    }
}
