//! Quantiles over bins of about five per cent, withheld where too few stand behind them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::tables::Value;

/// The `tenths`/10 quantile: the lower edge of the bin that holds the value of that rank.
pub(crate) fn quantile(values: &[Value], tenths: usize, least_networks: usize) -> Option<u64> {
    let networks: BTreeSet<&str> = values.iter().map(|value| value.network.as_str()).collect();
    let mut by_visitor: BTreeMap<usize, usize> = BTreeMap::new();
    for value in values {
        *by_visitor.entry(value.visitor).or_default() += 1;
    }
    let most = by_visitor.values().max()?;
    if networks.len() < least_networks || most * 5 > values.len() {
        return None;
    }
    let mut sorted: Vec<u64> = values.iter().map(|value| value.seconds).collect();
    sorted.sort_unstable();
    let rank = (tenths * sorted.len()).div_ceil(10);
    let value = sorted[rank - 1];
    edges().iter().rev().copied().find(|edge| *edge <= value)
}

/// Every lower edge up to a day and an hour: 0 to 19, then ⌈20·(105/100)^i⌉ for i = 0, 1, 2, …
fn edges() -> &'static [u64] {
    static EDGES: OnceLock<Vec<u64>> = OnceLock::new();
    EDGES.get_or_init(|| {
        let mut edges: Vec<u64> = (0..20).collect();
        // 105/100 is 21/20; the powers of both are kept as exact decimal digits.
        let (mut numerator, mut denominator) = (Digits::from(20), Digits::from(1));
        let mut edge = 20;
        while edge <= 90_000 {
            if edges.last() != Some(&edge) {
                edges.push(edge);
            }
            numerator = numerator.times(21);
            denominator = denominator.times(20);
            while denominator.times(edge) < numerator {
                edge += 1;
            }
        }
        edges
    })
}

/// A natural number in decimal, most significant digit first, without leading zeros.
#[derive(PartialEq, Eq)]
struct Digits(Vec<u64>);

impl Digits {
    fn from(number: u64) -> Self {
        Self(vec![1]).times(number)
    }

    fn times(&self, factor: u64) -> Self {
        let mut digits = Vec::new();
        let mut carry = 0;
        for digit in self.0.iter().rev() {
            carry += digit * factor;
            digits.push(carry % 10);
            carry /= 10;
        }
        while carry > 0 {
            digits.push(carry % 10);
            carry /= 10;
        }
        digits.reverse();
        Self(digits)
    }
}

impl PartialOrd for Digits {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        (self.0.len(), &self.0).partial_cmp(&(other.0.len(), &other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_grow_by_five_per_cent() {
        // 20·1.05 = 21; 22.05, 23.1525, 24.31, 25.53, 26.80, 28.14, each rounded up.
        assert_eq!(edges()[18..28], [18, 19, 20, 21, 23, 24, 25, 26, 27, 29]);
        // 20·1.05^100 = 2630.03 (by double precision, far from an integer).
        assert!(edges().contains(&2631));
    }

    fn value(seconds: u64, visitor: usize, network: usize) -> Value {
        Value {
            seconds,
            visitor,
            network: network.to_string(),
        }
    }

    #[test]
    fn ranks_are_rounded_up() {
        let values: Vec<Value> = (0..10).map(|n| value(n as u64, n, n)).collect();
        assert_eq!(quantile(&values, 5, 10), Some(4));
        assert_eq!(quantile(&values, 9, 10), Some(8));
        assert_eq!(quantile(&values[..9], 5, 9), Some(4));
        assert_eq!(quantile(&values[..9], 9, 9), Some(8));
        assert_eq!(quantile(&values, 5, 11), None);
        assert_eq!(quantile(&[], 5, 0), None);
    }

    #[test]
    fn values_come_out_as_the_lower_edge_of_their_bin() {
        let values: Vec<Value> = (0..5).map(|n| value(22, n, n)).collect();
        assert_eq!(quantile(&values, 5, 5), Some(21));
    }

    #[test]
    fn one_visitor_may_have_a_fifth_of_the_values_but_no_more() {
        let mut values: Vec<Value> = (0..8).map(|n| value(1, n, n)).collect();
        values.extend([value(1, 0, 0), value(1, 8, 8)]);
        assert_eq!(quantile(&values, 5, 5), Some(1));
        values.push(value(1, 0, 0));
        assert_eq!(quantile(&values, 5, 5), None);
    }
}
