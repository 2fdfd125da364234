//! The linear audit of all tables of visits at once: no sum and difference of rows is the count of a
//! group of fewer than k networks. Rows are eliminated as vectors over visits, and every group is tried.

use std::collections::{BTreeMap, BTreeSet};

use super::tables::Counted;

/// A prime other than the program's, small enough for products of 64 bits.
const PRIME: u64 = (1 << 31) - 1;

type Vector = Vec<u64>;

/// The first of the tables that has a group of fewer than k networks which the rows tell of; rows are
/// those of each table that has some, as the number of each visit's row.
pub(crate) fn first_told(
    visits: &[Counted],
    names: &[&'static str],
    rows: &[Vec<usize>],
    k: usize,
) -> Option<&'static str> {
    let basis = echelon(rows.iter().flat_map(|rows| indicators(rows)));
    names.iter().copied().find(|name| {
        let groups = small_groups(visits, name, k).into_iter();
        groups
            .map(|group| indicator(visits.len(), &group))
            .any(|group| reduced(&basis, group).is_none())
    })
}

/// The visits of each group of fewer than k networks: those that share leading key columns.
fn small_groups(visits: &[Counted], name: &str, k: usize) -> Vec<BTreeSet<usize>> {
    let mut groups: BTreeMap<&[String], BTreeSet<usize>> = BTreeMap::new();
    for (number, visit) in visits.iter().enumerate() {
        if let Some(key) = visit.cells.get(name) {
            for columns in 1..=key.len() {
                groups.entry(&key[..columns]).or_default().insert(number);
            }
        }
    }
    let networks = |group: &BTreeSet<usize>| {
        let networks: BTreeSet<&str> = group
            .iter()
            .map(|it| visits[*it].network.as_str())
            .collect();
        networks.len()
    };
    groups
        .into_values()
        .filter(|group| networks(group) < k)
        .collect()
}

/// Each row as the visits in it.
fn indicators(rows: &[usize]) -> Vec<Vector> {
    let numbers: BTreeSet<usize> = rows.iter().copied().collect();
    let of = |number: usize| rows.iter().map(|row| u64::from(*row == number)).collect();
    numbers.into_iter().map(of).collect()
}

fn indicator(length: usize, members: &BTreeSet<usize>) -> Vector {
    (0..length)
        .map(|it| u64::from(members.contains(&it)))
        .collect()
}

/// Vectors that span the same, each 1 at a place of its own where later ones are 0.
fn echelon(vectors: impl Iterator<Item = Vector>) -> Vec<(usize, Vector)> {
    let mut basis = Vec::new();
    for vector in vectors {
        basis.extend(reduced(&basis, vector));
    }
    basis
}

/// What is left of a vector, 1 at its first place; `None` if the basis spans it.
fn reduced(basis: &[(usize, Vector)], mut vector: Vector) -> Option<(usize, Vector)> {
    for (place, other) in basis {
        let factor = PRIME - vector[*place];
        for (number, other) in vector.iter_mut().zip(other) {
            *number = (*number + factor * other) % PRIME;
        }
    }
    let place = vector.iter().position(|number| *number != 0)?;
    let scale = inverse(vector[place]);
    vector
        .iter_mut()
        .for_each(|number| *number = *number * scale % PRIME);
    Some((place, vector))
}

/// By Euclid's algorithm.
fn inverse(number: u64) -> u64 {
    let (mut rest, mut other) = ((PRIME as i64, 0), (number as i64, 1));
    while other.0 != 0 {
        let quotient = rest.0 / other.0;
        (rest, other) = (
            other,
            (rest.0 - quotient * other.0, rest.1 - quotient * other.1),
        );
    }
    rest.1.rem_euclid(PRIME as i64) as u64
}
