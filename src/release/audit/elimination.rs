//! Gaussian elimination modulo a prime of 61 bits, for questions of linear dependence.
//!
//! Vectors that depend on each other over the rationals do so modulo the prime, unless it divides a
//! denominator; the other way round it takes a determinant that the prime divides by chance.

/// 2⁶¹ − 1, a Mersenne prime.
pub(super) const PRIME: u64 = (1 << 61) - 1;

/// Where residues are read as polynomials; any number that has nothing to do with visits.
const POINT: u64 = 0x0123_4567_89ab_cdef;

/// Coordinates and the numbers there, none of them 0, in ascending order.
type Sparse = Vec<(u32, u64)>;

/// The span of the vectors inserted so far, as a basis in reduced echelon form: a vector of the basis is
/// 1 at its own pivot and 0 at the pivots of all others.
#[derive(Clone)]
pub(super) struct Span {
    /// By coordinate, the vector of the basis whose pivot it is, but for the pivot.
    basis: Vec<Option<Sparse>>,
    /// By coordinate, the pivots of vectors that are not 0 there, and of some that were not.
    holders: Vec<Vec<u32>>,
}

impl Span {
    /// The span of nothing in so many dimensions.
    pub(super) fn new(dimensions: usize) -> Self {
        Self {
            basis: vec![None; dimensions],
            holders: vec![Vec::new(); dimensions],
        }
    }

    /// Adds a vector, given by its entries, to what spans.
    pub(super) fn insert(&mut self, entries: impl Iterator<Item = (usize, u64)>) {
        let mut vector = self.residue(entries);
        // The pivot that changes fewest vectors.
        let places = 0..vector.len();
        let Some(place) = places.min_by_key(|&it| self.holders[vector[it].0 as usize].len()) else {
            return;
        };
        let (pivot, number) = vector.remove(place);
        let scale = inverse(number);
        for (coordinate, number) in &mut vector {
            *number = product(*number, scale);
            self.holders[*coordinate as usize].push(pivot);
        }
        for holder in std::mem::take(&mut self.holders[pivot as usize]) {
            self.clear(holder, pivot, &vector);
        }
        self.basis[pivot as usize] = Some(vector);
    }

    /// Makes a vector of the basis 0 at a new pivot by subtracting the vector of that.
    fn clear(&mut self, holder: u32, pivot: u32, vector: &Sparse) {
        let Some(held) = &mut self.basis[holder as usize] else {
            return;
        };
        let Ok(place) = held.binary_search_by_key(&pivot, |entry| entry.0) else {
            return;
        };
        let (_, factor) = held.remove(place);
        let mut rest = std::mem::take(held).into_iter().peekable();
        let mut left = Sparse::with_capacity(rest.len() + vector.len());
        for &(coordinate, number) in vector {
            left.extend(std::iter::from_fn(|| rest.next_if(|it| it.0 < coordinate)));
            let known = rest.next_if(|it| it.0 == coordinate);
            if known.is_none() {
                self.holders[coordinate as usize].push(holder);
            }
            let known = known.map_or(0, |it| it.1);
            let number = difference(known, product(factor, number));
            left.extend((number != 0).then_some((coordinate, number)));
        }
        left.extend(rest);
        self.basis[holder as usize] = Some(left);
    }

    /// Whether a vector is in the span.
    pub(super) fn holds(&self, entries: impl Iterator<Item = (usize, u64)>) -> bool {
        self.residue(entries).is_empty()
    }

    /// What is left of a vector at the coordinates that are no pivots, the same for all vectors that
    /// differ by one of the span.
    fn residue(&self, entries: impl Iterator<Item = (usize, u64)>) -> Sparse {
        let mut residue = vec![0; self.basis.len()];
        let mut touched = Vec::new();
        for (coordinate, number) in entries {
            match &self.basis[coordinate] {
                Some(vector) => {
                    for &(at, other) in vector {
                        let at = at as usize;
                        residue[at] = difference(residue[at], product(number, other));
                        touched.push(at);
                    }
                }
                None => {
                    residue[coordinate] = (residue[coordinate] + number) % PRIME;
                    touched.push(coordinate);
                }
            }
        }
        touched.sort_unstable();
        touched.dedup();
        let entries = touched.into_iter().map(|at| (at as u32, residue[at]));
        entries.filter(|(_, number)| *number != 0).collect()
    }

    /// A linear function that is 0 on the span, by its values on the unit vectors. It is 0 on hardly any
    /// other vector: one whose residue, read as a polynomial, has a root at a point fixed beforehand.
    pub(super) fn annihilator(&self) -> Annihilator {
        let mut values = vec![0; self.basis.len()];
        let mut power = 1;
        for (value, vector) in values.iter_mut().zip(&self.basis) {
            if vector.is_none() {
                power = product(power, POINT);
                *value = power;
            }
        }
        for (pivot, vector) in self.basis.iter().enumerate() {
            if let Some(vector) = vector {
                let terms = vector.iter();
                let terms = terms.map(|&(at, number)| product(number, values[at as usize]));
                values[pivot] = terms.fold(0, difference);
            }
        }
        Annihilator(values)
    }
}

/// See [`Span::annihilator`].
pub(super) struct Annihilator(Vec<u64>);

impl Annihilator {
    /// Whether it is 0 on a vector.
    pub(super) fn is_zero_on(&self, entries: impl Iterator<Item = (usize, u64)>) -> bool {
        let value = |(at, number): (usize, u64)| product(number, self.0[at]);
        entries.map(value).fold(0, |sum, it| (sum + it) % PRIME) == 0
    }
}

fn difference(left: u64, right: u64) -> u64 {
    if left >= right {
        left - right
    } else {
        left + PRIME - right
    }
}

fn product(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    // 2⁶¹ is 1 modulo the prime: the upper bits count as they are.
    let sum = (product & u128::from(PRIME)) as u64 + (product >> 61) as u64;
    if sum >= PRIME { sum - PRIME } else { sum }
}

/// By Fermat's little theorem.
fn inverse(number: u64) -> u64 {
    let (mut power, mut exponent, mut result) = (number, PRIME - 2, 1);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = product(result, power);
        }
        power = product(power, power);
        exponent >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entries(vector: &[u64]) -> impl Iterator<Item = (usize, u64)> {
        vector.iter().copied().enumerate()
    }

    fn span(vectors: &[&[u64]]) -> Span {
        let mut span = Span::new(vectors[0].len());
        for vector in vectors {
            span.insert(entries(vector));
        }
        span
    }

    #[test]
    fn a_span_holds_sums_and_differences() {
        let span = span(&[&[1, 1, 0, 0], &[0, 1, 1, 0]]);
        for (vector, expected) in [
            ([1, 2, 1, 0], true),
            ([1, 0, PRIME - 1, 0], true),
            ([0, 0, 0, 0], true),
            ([1, 0, 1, 0], false),
            ([0, 0, 0, 1], false),
        ] {
            assert_eq!(span.holds(entries(&vector)), expected, "{vector:?}");
        }
    }

    #[test]
    fn an_annihilator_is_zero_on_the_span_alone() {
        let annihilator = span(&[&[1, 1, 0, 0], &[0, 1, 1, 0]]).annihilator();
        for (vector, expected) in [
            ([1, 2, 1, 0], true),
            ([0, 0, 0, 0], true),
            ([1, 0, 1, 0], false),
            ([0, 0, 0, 1], false),
            ([1, 1, 0, 1], false),
        ] {
            assert_eq!(
                annihilator.is_zero_on(entries(&vector)),
                expected,
                "{vector:?}"
            );
        }
    }

    /// How many of some vectors do not depend on the others, by elimination column by column.
    fn rank(mut vectors: Vec<Vec<u64>>) -> usize {
        let mut rank = 0;
        for column in 0..vectors.first().map_or(0, Vec::len) {
            let Some(pivot) = (rank..vectors.len()).find(|&row| vectors[row][column] != 0) else {
                continue;
            };
            vectors.swap(rank, pivot);
            let pivot = vectors[rank].clone();
            for vector in &mut vectors[rank + 1..] {
                let factor = product(vector[column], inverse(pivot[column]));
                for (number, other) in vector.iter_mut().zip(&pivot) {
                    *number = difference(*number, product(factor, *other));
                }
            }
            rank += 1;
        }
        rank
    }

    proptest! {
        #[test]
        fn a_span_holds_what_does_not_raise_the_rank(
            vectors in proptest::collection::vec(proptest::collection::vec(0_u64..3, 6), 2..7),
        ) {
            let (last, others) = vectors.split_last().unwrap();
            let slices: Vec<&[u64]> = others.iter().map(Vec::as_slice).collect();
            let depends = rank(vectors.clone()) == rank(others.to_vec());
            prop_assert_eq!(span(&slices).holds(entries(last)), depends);
        }

        /// A vector of the basis is 0 at the pivots of all others, and names no coordinate twice.
        #[test]
        fn a_basis_is_in_reduced_echelon_form(
            vectors in proptest::collection::vec(proptest::collection::vec(0_u64..3, 6), 1..7),
        ) {
            let slices: Vec<&[u64]> = vectors.iter().map(Vec::as_slice).collect();
            let span = span(&slices);
            for vector in span.basis.iter().flatten() {
                prop_assert!(vector.is_sorted_by(|one, next| one.0 < next.0), "{vector:?}");
                let is_clear = |&(at, number): &(u32, u64)| {
                    number != 0 && span.basis[at as usize].is_none()
                };
                prop_assert!(vector.iter().all(is_clear), "{vector:?}");
            }
        }

        #[test]
        fn numbers_have_inverses(number in 1..PRIME) {
            prop_assert_eq!(product(number, inverse(number)), 1);
        }

        /// The residue does not tell a vector from itself plus one of the span.
        #[test]
        fn residues_are_those_of_classes(
            vectors in proptest::collection::vec(proptest::collection::vec(0_u64..3, 5), 1..6),
            vector in proptest::collection::vec(0_u64..3, 5),
            chosen in 0_usize..6,
        ) {
            let vectors: Vec<&[u64]> = vectors.iter().map(Vec::as_slice).collect();
            let span = span(&vectors);
            let added = vectors[chosen % vectors.len()].iter().zip(&vector);
            let moved: Vec<u64> = added.map(|(one, other)| one + other).collect();
            prop_assert_eq!(span.residue(entries(&vector)), span.residue(entries(&moved)));
        }
    }
}
