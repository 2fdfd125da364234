//! Seeded random numbers and draws from tables, with the same results on every platform.

/// `SplitMix64` (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
#[derive(Clone, Default)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// The stream of numbers that belongs to `name` under `seed`.
    pub(crate) fn stream(seed: u64, name: u64) -> Self {
        let mut random = Self {
            state: seed ^ name.wrapping_mul(0xD1B5_4A32_D192_ED03),
        };
        random.state = random.next();
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `limit` - 1.
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        (((self.next() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True this many times in a thousand.
    pub(crate) fn per_mille(&mut self, share: u32) -> bool {
        self.below(1000) < share
    }

    /// An even choice.
    pub(crate) fn pick<'t, T>(&mut self, table: &'t [T]) -> &'t T {
        &table[self.below(table.len() as u32) as usize]
    }

    /// A value of a distribution that is given by evenly spaced quantiles.
    pub(crate) fn quantile(&mut self, quantiles: &[u32]) -> u32 {
        let steps = quantiles.len() as u32 - 1;
        let position = self.below(steps * 1024);
        let (step, fraction) = ((position / 1024) as usize, position % 1024);
        quantiles[step] + (quantiles[step + 1] - quantiles[step]) * fraction / 1024
    }

    /// `expected` on average: the whole part always, one more as often as the fraction says.
    pub(crate) fn count(&mut self, expected: f64) -> u32 {
        let whole = expected as u32;
        let fraction = ((expected - f64::from(whole)) * 1_000_000.0) as u32;
        whole + u32::from(self.below(1_000_000) < fraction)
    }
}

/// A table of weights to draw positions from.
pub(crate) struct Weighted {
    cumulative: Vec<u32>,
}

impl Weighted {
    pub(crate) fn new(weights: impl IntoIterator<Item = u32>) -> Self {
        let mut sum = 0;
        let running = |weight| {
            sum += weight;
            sum
        };
        Self {
            cumulative: weights.into_iter().map(running).collect(),
        }
    }

    /// Zipf's law, its head a little flattened (Mandelbrot): weights 1/(rank + 2).
    pub(crate) fn zipf(length: usize) -> Self {
        Self::new((0..length as u32).map(|rank| 1_000_000 / (rank + 2)))
    }

    pub(crate) fn draw(&self, random: &mut Random) -> usize {
        let total = self.cumulative.last().copied().unwrap_or(0);
        let drawn = random.below(total);
        self.cumulative.partition_point(|&sum| sum <= drawn)
    }
}
