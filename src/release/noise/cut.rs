//! From which noisy count on a row is published.

/// Standard deviations of noise above which a row of a large known set is published: of a thousand rows
/// that no request has, one in thirty sets shows one. It costs no privacy, as every row has its noise.
const DEVIATIONS: u64 = 4;

/// The count that a row of a large known set has to exceed, at the given variance.
pub(super) fn above_noise(variance: u64) -> i64 {
    signed(variance.saturating_mul(DEVIATIONS * DEVIATIONS).isqrt())
}

/// The count of units that a name of the log has to exceed to be published: `hidden` units, plus the
/// least whole number that the noise exceeds with a probability of at most `delta`.
///
/// A name behind which no more than `hidden` units are then appears with at most that probability.
/// *Exceeds* is meant strictly: published from the number itself on, the probability would be higher, by
/// that of the noise being just that number.
pub(super) fn of_units(variance: u64, hidden: u64, delta: f64) -> i64 {
    signed(hidden.saturating_add(tail(variance, delta)))
}

/// The least whole number that discrete Gaussian noise exceeds with a probability of at most `delta`.
fn tail(variance: u64, delta: f64) -> u64 {
    let weight = |x: u64| (-((x * x) as f64) / (2.0 * variance as f64)).exp();
    // Beyond 20 standard deviations there is less than 10^-86 of all.
    let edge = 20 * (variance.isqrt() + 1);
    let one_side: f64 = (1..=edge).rev().map(weight).sum();
    // Sums of floating point numbers err by far less than this.
    let least = delta * (1.0 + 2.0 * one_side) * (1.0 - 1e-9);
    let mut beyond = 0.0;
    for x in (1..=edge).rev() {
        beyond += weight(x);
        if beyond > least {
            return x;
        }
    }
    0
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The probability that the noise exceeds a number, added up term by term.
    fn exceeds(variance: u64, number: i64) -> f64 {
        let weight = |x: i64| (-((x * x) as f64) / (2.0 * variance as f64)).exp();
        let edge = 20 * (variance.isqrt() as i64 + 1);
        let all: f64 = (-edge..=edge).map(weight).sum();
        (number + 1..=edge).rev().map(weight).sum::<f64>() / all
    }

    #[test]
    fn a_name_of_few_units_appears_with_at_most_delta() {
        for variance in (1..40).chain([250, 40_000]) {
            for delta in [1e-2, 1e-3, 1e-9, 7e-11] {
                for hidden in [1, 9, 31] {
                    let cut = of_units(variance, hidden, delta);
                    let count = hidden as i64;
                    assert!(exceeds(variance, cut - count) <= delta);
                    // One less would not do, nor would `>=`.
                    assert!(exceeds(variance, cut - 1 - count) > delta);
                }
            }
        }
    }

    #[test]
    fn large_sets_are_cut_at_four_standard_deviations() {
        assert_eq!(above_noise(100), 40);
        assert_eq!(above_noise(2), 5);
    }
}
