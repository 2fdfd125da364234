//! Draws noise exactly: no floating point, only integers and fair random bits.
//!
//! The algorithms are those of Canonne, Kamath and Steinke, *The Discrete Gaussian for Differential
//! Privacy* (2020, arXiv 2004.00010), section 5. A sampler that rounds gives outputs that only one
//! of two inputs can have (Mironov, *On Significance of the Least Significant Bits for Differential
//! Privacy*, CCS 2012); these have exactly the distribution that the proof is about, provided that the
//! bits are fair.

use chacha20::rand_core::Rng;

/// The largest variance, so that all numbers here fit.
pub(super) const LARGEST_VARIANCE: u64 = 1 << 48;

/// A proposal further out than so many scales is refused without a draw. It would be accepted with a
/// probability below e^-8,000,000, which is less than that of a wrong machine.
const FURTHEST: u64 = 4096;

/// A discrete Gaussian of mean 0: the integer x has a probability in proportion to exp(-x²/2σ²), with
/// the given σ² from 1 to [`LARGEST_VARIANCE`] (algorithm 3).
pub(super) fn gaussian(variance: u64, random: &mut impl Rng) -> i64 {
    debug_assert!((1..=LARGEST_VARIANCE).contains(&variance));
    let scale = variance.isqrt() + 1;
    let variance = u128::from(variance);
    loop {
        let proposal = laplace(scale, random);
        let distance = proposal.unsigned_abs();
        if distance / scale >= FURTHEST {
            continue;
        }
        // exp(-(|y| - σ²/t)² / 2σ²), as a fraction of integers.
        let excess = (u128::from(distance) * u128::from(scale)).abs_diff(variance);
        let scale = u128::from(scale);
        if bernoulli_exp(excess * excess, 2 * variance * scale * scale, random) {
            return proposal;
        }
    }
}

/// A discrete Laplace variable of mean 0: the integer x has a probability in proportion to
/// exp(-|x|/scale) (algorithm 2).
pub(super) fn laplace(scale: u64, random: &mut impl Rng) -> i64 {
    loop {
        let remainder = below(u128::from(scale), random);
        if !bernoulli_exp(remainder, u128::from(scale), random) {
            continue;
        }
        let mut quotient = 0_u64;
        while bernoulli_exp(1, 1, random) {
            quotient += 1;
        }
        let remainder = u64::try_from(remainder).unwrap_or(u64::MAX);
        let distance = quotient.saturating_mul(scale).saturating_add(remainder);
        let distance = i64::try_from(distance).unwrap_or(i64::MAX);
        let is_negative = below(2, random) == 1;
        if !(is_negative && distance == 0) {
            return if is_negative { -distance } else { distance };
        }
    }
}

/// True with probability exp(-numerator/denominator) (algorithm 1).
fn bernoulli_exp(numerator: u128, denominator: u128, random: &mut impl Rng) -> bool {
    let wholes = numerator / denominator;
    (0..wholes).all(|_| bernoulli_exp_fraction(1, 1, random))
        && bernoulli_exp_fraction(numerator % denominator, denominator, random)
}

/// The same for a fraction of at most 1.
fn bernoulli_exp_fraction(numerator: u128, denominator: u128, random: &mut impl Rng) -> bool {
    let mut round = 1;
    while below(denominator * round, random) < numerator {
        round += 1;
    }
    round % 2 == 1
}

/// A number below the limit, all equally likely.
fn below(limit: u128, random: &mut impl Rng) -> u128 {
    let unused = (limit - 1).leading_zeros();
    loop {
        let mut bytes = [0; 16];
        let needed = (128 - unused).div_ceil(8) as usize;
        random.fill_bytes(&mut bytes[..needed]);
        let number = u128::from_le_bytes(bytes) & u128::MAX.checked_shr(unused).unwrap_or(0);
        if number < limit {
            return number;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chacha20::{ChaCha20Rng, rand_core::SeedableRng};
    use dashu::{integer::IBig, rational::RBig};
    use opendp::traits::samplers::{sample_discrete_gaussian, sample_discrete_laplace};

    use super::*;

    /// Pearson's statistic of draws against exact probabilities of the integers up to `edge` on both
    /// sides, the rest pooled; the number of classes.
    fn chi_square(draws: &[i64], edge: i64, weight: impl Fn(i64) -> f64) -> (f64, usize) {
        let total: f64 = (-60 * edge..=60 * edge).map(&weight).sum();
        let count = draws.len() as f64;
        let (mut statistic, mut rest, mut rest_expected) = (0.0, count, count);
        for value in -edge..=edge {
            let found = draws.iter().filter(|draw| **draw == value).count() as f64;
            let expected = count * weight(value) / total;
            statistic += (found - expected).powi(2) / expected;
            rest -= found;
            rest_expected -= expected;
        }
        statistic += (rest - rest_expected).powi(2) / rest_expected;
        (statistic, 2 * edge as usize + 2)
    }

    /// The statistic has as many degrees of freedom as classes less one; five standard deviations above
    /// its mean is what one in a million fair samplers exceeds.
    #[track_caller]
    fn check(draws: &[i64], edge: i64, weight: impl Fn(i64) -> f64) {
        let (statistic, classes) = chi_square(draws, edge, weight);
        let freedom = classes as f64 - 1.0;
        let limit = freedom + 5.0 * (2.0 * freedom).sqrt();
        assert!(statistic < limit, "{statistic} of {freedom}");
    }

    const DRAWS: usize = 60_000;

    #[test]
    fn gaussians_have_their_exact_distribution() {
        for (seed, variance, edge) in [(1, 1, 3), (2, 7, 7), (3, 64, 20), (4, 1000, 80)] {
            let mut random = ChaCha20Rng::seed_from_u64(seed);
            let draws: Vec<i64> = (0..DRAWS)
                .map(|_| gaussian(variance, &mut random))
                .collect();
            let double = 2.0 * variance as f64;
            check(&draws, edge, |x| (-((x * x) as f64) / double).exp());
        }
    }

    #[test]
    fn laplace_variables_have_their_exact_distribution() {
        for (seed, scale, edge) in [(1, 1, 5), (2, 3, 12), (3, 40, 100)] {
            let mut random = ChaCha20Rng::seed_from_u64(seed);
            let draws: Vec<i64> = (0..DRAWS).map(|_| laplace(scale, &mut random)).collect();
            check(&draws, edge, |x| (-(x.abs() as f64) / scale as f64).exp());
        }
    }

    /// As many draws of another implementation are no further from them than chance explains.
    #[track_caller]
    fn check_against(draws: &[i64], others: &[i64], edge: i64) {
        let class = |draw: &i64| (*draw).clamp(-edge - 1, edge + 1);
        let counts = |draws: &[i64]| {
            let mut counts = BTreeMap::<i64, f64>::new();
            draws
                .iter()
                .for_each(|draw| *counts.entry(class(draw)).or_default() += 1.0);
            counts
        };
        let (found, expected) = (counts(draws), counts(others));
        let classes = (-edge - 1..=edge + 1).collect::<Vec<_>>();
        let count = |counts: &BTreeMap<i64, f64>, it| counts.get(it).copied().unwrap_or(0.0);
        let pairs = classes
            .iter()
            .map(|it| (count(&found, it), count(&expected, it)));
        let pairs: Vec<(f64, f64)> = pairs.filter(|(one, other)| one + other > 0.0).collect();
        let statistic: f64 = pairs
            .iter()
            .map(|(one, other)| (one - other).powi(2) / (one + other))
            .sum();
        let freedom = pairs.len() as f64 - 1.0;
        assert!(
            statistic < freedom + 5.0 * (2.0 * freedom).sqrt(),
            "{statistic} of {freedom}"
        );
    }

    #[test]
    fn draws_are_those_of_opendp() {
        let number = |drawn: IBig| i64::try_from(drawn).expect("a number near 0");
        for (seed, scale, edge) in [(8, 1_u64, 3), (9, 8, 20), (10, 30, 80)] {
            let mut random = ChaCha20Rng::seed_from_u64(seed);
            let rational = || RBig::from(scale);
            let own = (0..DRAWS / 3)
                .map(|_| gaussian(scale * scale, &mut random))
                .collect::<Vec<_>>();
            let others =
                (0..DRAWS / 3).map(|_| number(sample_discrete_gaussian(rational()).unwrap()));
            check_against(&own, &others.collect::<Vec<_>>(), edge);
            let own = (0..DRAWS / 3)
                .map(|_| laplace(scale, &mut random))
                .collect::<Vec<_>>();
            let others =
                (0..DRAWS / 3).map(|_| number(sample_discrete_laplace(rational()).unwrap()));
            check_against(&own, &others.collect::<Vec<_>>(), 2 * edge);
        }
        // And such a comparison notices what is slightly off.
        let mut random = ChaCha20Rng::seed_from_u64(11);
        let own = (0..DRAWS)
            .map(|_| gaussian(64, &mut random))
            .collect::<Vec<_>>();
        let others = (0..DRAWS)
            .map(|_| gaussian(70, &mut random))
            .collect::<Vec<_>>();
        let found = std::panic::catch_unwind(|| check_against(&own, &others, 20));
        assert!(found.is_err());
    }

    /// The test of the samplers notices a distribution that is slightly off.
    #[test]
    fn another_distribution_is_noticed() {
        let mut random = ChaCha20Rng::seed_from_u64(2);
        let draws: Vec<i64> = (0..DRAWS).map(|_| gaussian(7, &mut random)).collect();
        let (statistic, classes) = chi_square(&draws, 7, |x| (-((x * x) as f64) / 15.0).exp());
        assert!(statistic > 2.0 * classes as f64, "{statistic}");
    }

    #[test]
    fn coins_fall_as_exponentials() {
        let mut random = ChaCha20Rng::seed_from_u64(5);
        for (numerator, denominator) in
            [(0, 1), (1, 3), (1, 1), (7, 2), (u128::pow(2, 90), 1 << 89)]
        {
            let tries = 40_000;
            let heads = (0..tries)
                .filter(|_| bernoulli_exp(numerator, denominator, &mut random))
                .count() as f64;
            let expected = (-(numerator as f64) / denominator as f64).exp();
            let deviation = (expected * (1.0 - expected) * f64::from(tries)).sqrt();
            let found = (heads - expected * f64::from(tries)).abs();
            assert!(
                found <= 5.0 * deviation,
                "{numerator}/{denominator}: {heads}"
            );
        }
    }

    #[test]
    fn the_largest_variance_is_drawn_from() {
        let mut random = ChaCha20Rng::seed_from_u64(6);
        let draws: Vec<f64> = (0..2000)
            .map(|_| gaussian(LARGEST_VARIANCE, &mut random) as f64)
            .collect();
        let mean_square = draws.iter().map(|it| it * it).sum::<f64>() / 2000.0;
        let ratio = mean_square / LARGEST_VARIANCE as f64;
        // The variance of a sample of 2000: five standard deviations are 16 %.
        assert!((0.84..1.16).contains(&ratio), "{ratio}");
    }

    #[test]
    fn numbers_below_a_limit_are_equally_likely() {
        let mut random = ChaCha20Rng::seed_from_u64(7);
        for limit in [1_u128, 2, 3, 10, 256, 257] {
            let mut counts = vec![0_f64; limit as usize];
            let draws = 200 * limit;
            (0..draws).for_each(|_| counts[below(limit, &mut random) as usize] += 1.0);
            let statistic: f64 = counts.iter().map(|it| (it - 200.0).powi(2) / 200.0).sum();
            let freedom = limit as f64 - 1.0;
            let most = freedom + 5.0 * (2.0 * freedom).sqrt() + 1.0;
            assert!(statistic < most, "{limit}: {statistic}");
        }
        assert!(below(u128::MAX, &mut random) < u128::MAX);
    }
}
