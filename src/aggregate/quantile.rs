//! Histograms of seconds in fixed bins, from which quantiles are read; they merge exactly.

/// Lower edges of the bins: 0 to 19 one second each, then ⌈20·1.05ⁱ⌉ with repeats left out, up to
/// the longest day (25 hours).
const EDGES: [u32; BINS] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 23, 24, 25, 26,
    27, 29, 30, 32, 33, 35, 36, 38, 40, 42, 44, 46, 49, 51, 54, 56, 59, 62, 65, 68, 72, 75, 79, 83,
    87, 91, 96, 101, 106, 111, 116, 122, 128, 135, 141, 148, 156, 163, 172, 180, 189, 199, 209,
    219, 230, 241, 253, 266, 279, 293, 308, 323, 339, 356, 374, 393, 412, 433, 455, 477, 501, 526,
    552, 580, 609, 639, 671, 705, 740, 777, 816, 857, 900, 945, 992, 1041, 1093, 1148, 1205, 1266,
    1329, 1395, 1465, 1538, 1615, 1696, 1781, 1870, 1963, 2061, 2164, 2272, 2386, 2505, 2631, 2762,
    2900, 3045, 3197, 3357, 3525, 3701, 3886, 4081, 4285, 4499, 4724, 4960, 5208, 5468, 5742, 6029,
    6330, 6646, 6979, 7328, 7694, 8079, 8483, 8907, 9352, 9820, 10_311, 10_826, 11_367, 11_936,
    12_532, 13_159, 13_817, 14_508, 15_233, 15_995, 16_794, 17_634, 18_516, 19_442, 20_414, 21_434,
    22_506, 23_631, 24_813, 26_053, 27_356, 28_724, 30_160, 31_668, 33_251, 34_914, 36_660, 38_493,
    40_417, 42_438, 44_560, 46_788, 49_127, 51_584, 54_163, 56_871, 59_714, 62_700, 65_835, 69_127,
    72_583, 76_212, 80_023, 84_024, 88_225,
];

const BINS: usize = 193;

/// The bins of times that nearly all values are below: no step of a visit is longer than its timeout.
const NEAR_BINS: [u8; 2048] = {
    let mut bins = [0; 2048];
    let (mut second, mut bin) = (0, 0);
    while second < bins.len() {
        if EDGES[bin + 1] as usize == second {
            bin += 1;
        }
        bins[second] = bin as u8;
        second += 1;
    }
    bins
};

/// Counts of values by bin.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    counts: Vec<u32>,
    total: u64,
}

impl Histogram {
    /// Adds one value in seconds.
    pub fn add(&mut self, seconds: u64) {
        let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        let bin = match NEAR_BINS.get(seconds as usize) {
            Some(&bin) => usize::from(bin),
            None => EDGES.partition_point(|&edge| edge <= seconds) - 1,
        };
        if bin >= self.counts.len() {
            self.counts.resize(bin + 1, 0);
        }
        self.counts[bin] += 1;
        self.total += 1;
    }

    /// Adds all values of another histogram.
    pub fn absorb(&mut self, other: &Self) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
    }

    /// The counts of the bins, up to the last that is not empty.
    #[must_use]
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// A histogram of known counts; `None` if there are more than bins.
    #[must_use]
    pub fn of_counts(counts: Vec<u32>) -> Option<Self> {
        let total = counts.iter().map(|&count| u64::from(count)).sum();
        (counts.len() <= BINS).then_some(Self { counts, total })
    }

    /// How many values there are.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The lower edge of the bin that holds the ⌈percent/100·n⌉-th value; `None` without values.
    #[must_use]
    pub fn quantile(&self, percent: u64) -> Option<u64> {
        let rank = (self.total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        self.counts.iter().zip(EDGES).find_map(|(&count, edge)| {
            seen += u64::from(count);
            (seen >= rank).then_some(u64::from(edge))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: impl IntoIterator<Item = u64>) -> Histogram {
        let mut histogram = Histogram::default();
        values.into_iter().for_each(|value| histogram.add(value));
        histogram
    }

    /// The product of a number, least significant limb first, and a small factor.
    fn times(number: &[u32], factor: u32) -> Vec<u32> {
        let mut carry = 0;
        let mut product: Vec<u32> = number
            .iter()
            .map(|&limb| {
                let sum = u64::from(limb) * u64::from(factor) + carry;
                carry = sum >> 32;
                sum as u32
            })
            .collect();
        product.push(carry as u32);
        product
    }

    fn is_at_most(left: &[u32], right: &[u32]) -> bool {
        left.iter().rev().le(right.iter().rev())
    }

    #[test]
    fn edges_are_the_ceilings_of_exact_powers() {
        let mut expected: Vec<u32> = (0..20).collect();
        // 20·21ⁱ and 20ⁱ, exactly, for as long as the edge is within the longest day.
        let (mut numerator, mut denominator) = (vec![20], vec![1]);
        while *expected.last().unwrap() <= 90_000 {
            let padded = |number: &[u32]| [number, &vec![0; 40 - number.len()]].concat();
            let mut edge = *expected.last().unwrap();
            while !is_at_most(&padded(&numerator), &padded(&times(&denominator, edge))) {
                edge += 1;
            }
            expected.push(edge);
            numerator = times(&numerator, 21);
            denominator = times(&denominator, 20);
            (numerator, denominator) = (trimmed(numerator), trimmed(denominator));
        }
        expected.dedup();
        expected.retain(|&edge| edge <= 90_000);
        assert_eq!(EDGES.as_slice(), expected);
    }

    fn trimmed(mut number: Vec<u32>) -> Vec<u32> {
        while number.last() == Some(&0) {
            number.pop();
        }
        number
    }

    #[test]
    fn a_quantile_is_the_lower_edge_of_its_bin() {
        assert_eq!(histogram([]).quantile(50), None);
        assert_eq!(histogram([7]).quantile(50), Some(7));
        assert_eq!(histogram(0..20).quantile(50), Some(9));
        assert_eq!(
            histogram([1, 1, 1, 1000]).quantile(90),
            Some(
                EDGES
                    .into_iter()
                    .map(u64::from)
                    .rfind(|&edge| edge <= 1000)
                    .unwrap()
            )
        );
        assert_eq!(
            histogram([90_000, 90_000]).quantile(50),
            Some(u64::from(EDGES[BINS - 1]))
        );
    }

    #[test]
    fn histograms_merge_exactly() {
        let mut left = histogram(0..100);
        left.absorb(&histogram(50..5000));
        let whole = histogram((0..100).chain(50..5000));
        assert_eq!(left.total(), whole.total());
        assert!((1..=100).all(|percent| left.quantile(percent) == whole.quantile(percent)));
    }
}
