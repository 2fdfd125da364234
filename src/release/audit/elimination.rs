//! Gaussian elimination modulo a prime of 61 bits, for questions of linear dependence.
//!
//! Vectors that depend on each other over the rationals do so modulo the prime, unless it divides a
//! denominator; the other way round it takes a determinant that the prime divides by chance.

/// 2⁶¹ − 1, a Mersenne prime.
const PRIME: u64 = (1 << 61) - 1;

/// Where residues are read as polynomials; any number that has nothing to do with visits.
const POINT: u64 = 0x0123_4567_89ab_cdef;

/// The span of the vectors inserted so far, as a basis in reduced echelon form: a vector of the basis is
/// 1 at its own pivot and 0 at the pivots of all others.
#[derive(Clone)]
pub(super) struct Span {
    /// By coordinate, the vector of the basis whose pivot it is.
    basis: Vec<Option<Vec<u64>>>,
    /// The coordinates that are no pivots.
    free: Vec<usize>,
}

impl Span {
    /// The span of nothing in so many dimensions.
    pub(super) fn new(dimensions: usize) -> Self {
        Self {
            basis: vec![None; dimensions],
            free: (0..dimensions).collect(),
        }
    }

    /// Of the vectors.
    pub(super) const fn dimensions(&self) -> usize {
        self.basis.len()
    }

    /// Adds a vector, given by its entries, to what spans; the answer is its pivot, the first coordinate
    /// where it differs from all in the span so far, if there is one.
    pub(super) fn insert(&mut self, entries: impl Iterator<Item = (usize, u64)>) -> Option<usize> {
        let mut vector = self.residue(entries);
        let first = self.free.iter().position(|&at| vector[at] != 0)?;
        let pivot = self.free.remove(first);
        let scale = inverse(std::mem::take(&mut vector[pivot]));
        for &at in &self.free {
            vector[at] = product(vector[at], scale);
        }
        for other in self.basis.iter_mut().flatten() {
            let factor = std::mem::take(&mut other[pivot]);
            if factor != 0 {
                for &at in &self.free {
                    other[at] = difference(other[at], product(factor, vector[at]));
                }
            }
        }
        self.basis[pivot] = Some(vector);
        Some(pivot)
    }

    /// Whether a vector is in the span.
    pub(super) fn holds(&self, entries: impl Iterator<Item = (usize, u64)>) -> bool {
        let residue = self.residue(entries);
        self.free.iter().all(|&at| residue[at] == 0)
    }

    /// A linear function that is 0 on the span, by its values on the unit vectors. It is 0 on hardly any
    /// other vector: one whose residue, read as a polynomial, has a root at a point fixed beforehand.
    pub(super) fn annihilator(&self) -> Annihilator {
        let mut at_free = vec![0; self.basis.len()];
        let mut power = 1;
        for &at in &self.free {
            power = product(power, POINT);
            at_free[at] = power;
        }
        let value = |(at, vector): (usize, &Option<Vec<u64>>)| match vector {
            Some(vector) => self.free.iter().fold(0, |value, &free| {
                difference(value, product(vector[free], at_free[free]))
            }),
            None => at_free[at],
        };
        Annihilator(self.basis.iter().enumerate().map(value).collect())
    }

    /// What is left of a vector at the coordinates that are no pivots, the same for all vectors that
    /// differ by one of the span; 0 at pivots.
    pub(super) fn residue(&self, entries: impl Iterator<Item = (usize, u64)>) -> Vec<u64> {
        let mut residue = vec![0; self.basis.len()];
        for (coordinate, number) in entries {
            match &self.basis[coordinate] {
                Some(vector) => self.free.iter().for_each(|&at| {
                    residue[at] = difference(residue[at], product(number, vector[at]));
                }),
                None => residue[coordinate] = (residue[coordinate] + number) % PRIME,
            }
        }
        residue
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
    fn only_what_is_independent_gets_a_pivot() {
        let mut span = Span::new(3);
        let pivots = [[0, 5, 1], [0, 10, 2], [3, 0, 0], [7, 5, 1], [1, 1, 1]]
            .map(|vector: [u64; 3]| span.insert(entries(&vector)));
        assert_eq!(pivots, [Some(1), None, Some(0), None, Some(2)]);
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

    proptest! {
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
