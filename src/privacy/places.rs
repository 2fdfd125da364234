//! A hash table that tells where a value is by 96 bits of a keyed hash, in one cache line a look.

use std::mem;

/// Positions by hash: open addressing over buckets of a cache line each.
///
/// A look takes one access to memory that is not in a cache, if any, and no branch that depends on what is
/// found there, so the processor can have many looks under way.
pub(super) struct Places {
    /// A power of two of them.
    buckets: Vec<Bucket>,
    taken: usize,
}

/// The parts of a key's hash that are kept of it.
#[derive(Clone, Copy)]
pub(super) struct Hash {
    /// Decides on the bucket.
    pub(super) place: u64,
    pub(super) check: u32,
}

/// The position of a value that there is not.
pub(super) const NOWHERE: u32 = u32::MAX;

/// Positions of a bucket.
const LANES: usize = 4;

/// Buckets of the smallest table.
const LEAST: usize = 64;

/// Hashes with the positions of their values, filled from the first lane on.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Bucket {
    places: [u64; LANES],
    checks: [u32; LANES],
    /// [`NOWHERE`] in lanes that are free.
    positions: [u32; LANES],
}

impl Places {
    /// The position of a hash, if it is in the bucket where it is likely to be, else [`NOWHERE`].
    #[inline]
    pub(super) fn likely(&self, hash: Hash) -> u32 {
        self.buckets[self.bucket_of(hash)].position(hash)
    }

    /// The position of a hash.
    pub(super) fn find(&self, hash: Hash) -> Option<u32> {
        let mut number = self.bucket_of(hash);
        loop {
            let bucket = &self.buckets[number];
            let position = bucket.position(hash);
            if position != NOWHERE {
                return Some(position);
            }
            bucket.free_lane().is_none().then_some(())?;
            number = self.after(number);
        }
    }

    /// Puts the position of a hash in that has none yet.
    pub(super) fn insert(&mut self, hash: Hash, position: u32) {
        // At most two thirds are taken: nearly all hashes are in the bucket that they belong to.
        if self.taken * 3 >= self.buckets.len() * LANES * 2 {
            self.grow();
        }
        self.put(hash, position);
        self.taken += 1;
    }

    /// How many bytes of memory they take.
    pub(super) const fn memory(&self) -> usize {
        self.buckets.capacity() * size_of::<Bucket>()
    }

    /// Forgets all positions.
    pub(super) fn clear(&mut self) {
        self.buckets.fill(Bucket::FREE);
        self.taken = 0;
    }

    fn grow(&mut self) {
        let grown = vec![Bucket::FREE; self.buckets.len() * 2];
        for bucket in mem::replace(&mut self.buckets, grown) {
            for lane in 0..bucket.free_lane().unwrap_or(LANES) {
                let hash = Hash {
                    place: bucket.places[lane],
                    check: bucket.checks[lane],
                };
                self.put(hash, bucket.positions[lane]);
            }
        }
    }

    fn put(&mut self, hash: Hash, position: u32) {
        let mut number = self.bucket_of(hash);
        loop {
            let bucket = &mut self.buckets[number];
            if let Some(lane) = bucket.free_lane() {
                bucket.places[lane] = hash.place;
                bucket.checks[lane] = hash.check;
                bucket.positions[lane] = position;
                return;
            }
            number = self.after(number);
        }
    }

    #[inline]
    fn bucket_of(&self, hash: Hash) -> usize {
        hash.place as usize & (self.buckets.len() - 1)
    }

    fn after(&self, number: usize) -> usize {
        (number + 1) & (self.buckets.len() - 1)
    }
}

impl Default for Places {
    fn default() -> Self {
        Self {
            buckets: vec![Bucket::FREE; LEAST],
            taken: 0,
        }
    }
}

impl Bucket {
    const FREE: Self = Self {
        places: [0; LANES],
        checks: [0; LANES],
        positions: [NOWHERE; LANES],
    };

    /// The position of a hash, or [`NOWHERE`]: what a free lane has in any case.
    #[inline]
    fn position(&self, hash: Hash) -> u32 {
        let mut found = NOWHERE;
        for lane in 0..LANES {
            let is_it = (self.places[lane] == hash.place) & (self.checks[lane] == hash.check);
            // Without a branch.
            found &= self.positions[lane] | u32::from(is_it).wrapping_sub(1);
        }
        found
    }

    fn free_lane(&self) -> Option<usize> {
        self.positions
            .iter()
            .position(|&position| position == NOWHERE)
    }
}

#[cfg(test)]
mod tests {
    use xxhash_rust::xxh3::xxh3_64;

    use super::*;

    /// Hashes of which many belong in the same bucket, among them that of a free lane.
    fn hashes() -> impl Iterator<Item = Hash> {
        let hash = |number: u64| Hash {
            place: number / 3 * 16,
            check: (number % 3) as u32,
        };
        (0..5000).map(hash)
    }

    #[test]
    fn a_hash_is_found_where_it_was_put_however_the_table_grew() {
        let mut places = Places::default();
        for (hash, position) in hashes().zip(0..) {
            assert_eq!(places.find(hash), None);
            places.insert(hash, position);
            assert_eq!(places.find(hash), Some(position));
        }
        for (hash, position) in hashes().zip(0..) {
            assert_eq!(places.find(hash), Some(position));
            assert!([position, NOWHERE].contains(&places.likely(hash)));
        }
        places.clear();
        assert!(hashes().all(|hash| places.find(hash).is_none()));
    }

    #[test]
    fn nearly_all_hashes_are_where_they_are_likely_to_be() {
        let mut places = Places::default();
        let spread = |number: u64| Hash {
            place: xxh3_64(&number.to_le_bytes()),
            check: 0,
        };
        (0..100_000).for_each(|number| places.insert(spread(number.into()), number));
        let is_likely = |number: &u32| places.likely(spread((*number).into())) == *number;
        assert!((0..100_000).filter(is_likely).count() > 90_000);
    }
}
