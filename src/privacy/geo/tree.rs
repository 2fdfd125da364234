//! The search tree of a database: networks go in, and it comes out as small as it gets.

use std::mem;

use hashbrown::HashMap;

use super::network::{IPV4_DEPTH, Network};
use crate::error::{Error, Result};

/// Half of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Slot {
    /// Nothing is known.
    Empty,
    /// The number of a record.
    Record(u32),
    /// The position of a node.
    Node(u32),
}

impl Slot {
    /// The node that it leads to, if it does.
    const fn node(&self) -> Option<u32> {
        match self {
            Self::Node(position) => Some(*position),
            Self::Empty | Self::Record(_) => None,
        }
    }
}

/// What a bit of 0 and a bit of 1 lead to.
pub(super) type Node = [Slot; 2];

const NEW: Node = [Slot::Empty; 2];

/// A binary tree over the bits of IPv6 addresses.
pub(super) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    pub(super) fn new() -> Self {
        Self { nodes: vec![NEW] }
    }

    /// Gives a network a record, as far as its addresses have none yet.
    ///
    /// # Errors
    /// [`Error::Setting`] if the tree is full.
    pub(super) fn insert(&mut self, network: Network, record: u32) -> Result<()> {
        let mut node = 0;
        let Some(last) = network.length.checked_sub(1) else {
            self.fill(node, 0, record);
            self.fill(node, 1, record);
            return Ok(());
        };
        for depth in 0..last {
            let bit = network.bit(depth);
            node = match self.nodes[node][bit] {
                Slot::Node(next) => next as usize,
                Slot::Record(_) => return Ok(()),
                Slot::Empty => {
                    let next = number(self.nodes.len())?;
                    self.nodes.push(NEW);
                    self.nodes[node][bit] = Slot::Node(next);
                    next as usize
                }
            };
        }
        self.fill(node, network.bit(last), record);
        Ok(())
    }

    /// Puts a record wherever nothing is known below a slot.
    fn fill(&mut self, node: usize, bit: usize, record: u32) {
        match self.nodes[node][bit] {
            Slot::Empty => self.nodes[node][bit] = Slot::Record(record),
            Slot::Record(_) => {}
            Slot::Node(next) => {
                self.fill(next as usize, 0, record);
                self.fill(next as usize, 1, record);
            }
        }
    }

    /// The nodes of the smallest tree that gives the same answers, the root first: halves that agree are
    /// one, and equal subtrees exist once.
    pub(super) fn compact(self) -> Vec<Node> {
        let mut compaction = Compaction {
            tree: self,
            nodes: Vec::new(),
            known: HashMap::new(),
        };
        match compaction.compact(0, 0, true) {
            Slot::Node(root) => laid_out(&compaction.nodes, root),
            root => vec![[root; 2]],
        }
    }
}

struct Compaction {
    tree: Tree,
    nodes: Vec<Node>,
    known: HashMap<Node, u32>,
}

impl Compaction {
    /// What a node amounts to. At most 128 calls deep, as the tree is.
    fn compact(&mut self, node: usize, depth: u8, zeros: bool) -> Slot {
        let [left, right] = self.tree.nodes[node];
        let node = [
            self.settle(left, depth + 1, zeros),
            self.settle(right, depth + 1, false),
        ];
        if node[0] == node[1] && !matches!(node[0], Slot::Node(_)) {
            return node[0];
        }
        // Readers take every way to the root of IPv4 for an alias of IPv4: nothing else may be there.
        if zeros && depth == IPV4_DEPTH {
            return Slot::Node(self.add(node));
        }
        let known = self.known.get(&node).copied();
        Slot::Node(known.unwrap_or_else(|| {
            let position = self.add(node);
            self.known.insert(node, position);
            position
        }))
    }

    fn settle(&mut self, slot: Slot, depth: u8, zeros: bool) -> Slot {
        match slot {
            Slot::Node(node) => self.compact(node as usize, depth, zeros),
            other => other,
        }
    }

    fn add(&mut self, node: Node) -> u32 {
        self.nodes.push(node);
        position(self.nodes.len() - 1)
    }
}

/// The levels of a block.
const BLOCK: usize = 4;

/// The nodes in an order that makes lookups fast, the root first: a node, the levels below it that make
/// up a block with it, then what is below the block, its first subtree before its second. So most of
/// the nodes on the way to a record are in a few cache lines.
fn laid_out(nodes: &[Node], root: u32) -> Vec<Node> {
    let mut positions = vec![None; nodes.len()];
    let mut order = Vec::with_capacity(nodes.len());
    let mut roots = vec![root];
    let (mut level, mut below) = (Vec::new(), Vec::new());
    while let Some(root) = roots.pop() {
        level.push(root);
        for _ in 0..BLOCK {
            for node in level.drain(..) {
                let place = &mut positions[node as usize];
                if place.is_none() {
                    *place = Some(position(order.len()));
                    order.push(node);
                    below.extend(nodes[node as usize].iter().filter_map(Slot::node));
                }
            }
            mem::swap(&mut level, &mut below);
        }
        roots.extend(level.drain(..).rev());
    }
    let moved = |slot: Slot| match slot.node() {
        Some(old) => positions[old as usize].map_or(slot, Slot::Node),
        None => slot,
    };
    order
        .iter()
        .map(|&old| nodes[old as usize].map(moved))
        .collect()
}

/// A position among nodes that are fewer than those of the tree they come from.
fn position(index: usize) -> u32 {
    u32::try_from(index).expect("the tree's own positions fit")
}

fn number(position: usize) -> Result<u32> {
    u32::try_from(position)
        .map_err(|_| Error::Setting("too many networks for one region database".to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn network(bits: u128, length: u8) -> Network {
        let bits = if length == 0 {
            0
        } else {
            bits >> (128 - length) << (128 - length)
        };
        Network { bits, length }
    }

    fn find(nodes: &[Node], address: u128) -> Option<u32> {
        let mut slot = Slot::Node(0);
        let address = network(address, 128);
        for depth in 0..128 {
            match slot {
                Slot::Node(node) => slot = nodes[node as usize][address.bit(depth)],
                Slot::Empty => return None,
                Slot::Record(record) => return Some(record),
            }
        }
        match slot {
            Slot::Record(record) => Some(record),
            _ => None,
        }
    }

    fn tree(networks: &[(Network, u32)]) -> Vec<Node> {
        let mut tree = Tree::new();
        for &(network, record) in networks {
            tree.insert(network, record).unwrap();
        }
        tree.compact()
    }

    #[test]
    fn halves_that_agree_are_one() {
        let halves = [(network(0, 2), 7), (network(1 << 126, 2), 7)];
        assert_eq!(tree(&halves), tree(&[(network(0, 1), 7)]));
        assert_eq!(tree(&[(network(0, 0), 7)]), [[Slot::Record(7); 2]]);
        assert_eq!(tree(&[]), [[Slot::Empty; 2]]);
    }

    /// Readers would take another way to it for an alias of IPv4.
    #[test]
    fn only_one_way_leads_to_ipv4() {
        let like_ipv4 = [
            (network(1 << 24, 104), 1),
            (network(1 << 127 | 1 << 32 | 1 << 24, 104), 1),
        ];
        let nodes = tree(&like_ipv4);
        let root_of_ipv4 = (0..IPV4_DEPTH).fold(Slot::Node(0), |slot, _| match slot {
            Slot::Node(node) => nodes[node as usize][0],
            other => other,
        });
        assert!(matches!(root_of_ipv4, Slot::Node(_)));
        let ways = nodes.iter().flatten().filter(|slot| **slot == root_of_ipv4);
        assert_eq!(ways.count(), 1);
    }

    #[test]
    fn equal_subtrees_exist_once() {
        let twice = [(network(1 << 120, 8), 1), (network(0x81 << 120, 8), 1)];
        assert_eq!(tree(&twice).len(), tree(&twice[..1]).len());
    }

    proptest! {
        #[test]
        fn the_first_network_that_has_an_address_decides(
            networks in prop::collection::vec((any::<u128>(), 0_u8..=128, 0_u32..3), 0..40),
            addresses in prop::collection::vec(any::<u128>(), 20),
        ) {
            let networks: Vec<_> = networks
                .into_iter()
                .map(|(bits, length, record)| (network(bits, length.min(12)), record))
                .collect();
            let nodes = tree(&networks);
            for address in addresses {
                let first = networks
                    .iter()
                    .find(|(it, _)| network(address, it.length) == *it)
                    .map(|&(_, record)| record);
                prop_assert_eq!(find(&nodes, address), first);
            }
        }
    }
}
