//! A bounded memory of what each distinct logged value reduces to, so that rules run once per value.

use ahash::RandomState;
use hashbrown::HashTable;

/// Values remembered by the logged bytes they came from.
///
/// The table's hash is keyed, since clients choose the bytes. When it holds as much as it may, it
/// forgets everything: results never depend on what is remembered.
pub(super) struct Memo<V> {
    entries: HashTable<Entry<V>>,
    /// The keys of all entries, one after another.
    keys: Vec<u8>,
    seeds: RandomState,
}

struct Entry<V> {
    hash: u64,
    start: u32,
    length: u32,
    value: V,
}

/// Most entries, and most bytes of keys, that a memo holds.
const MOST_ENTRIES: usize = 1 << 20;
const MOST_BYTES: usize = 64 << 20;

impl<V> Memo<V> {
    pub(super) fn new(seeds: &RandomState) -> Self {
        Self {
            entries: HashTable::new(),
            keys: Vec::new(),
            seeds: seeds.clone(),
        }
    }

    /// The value remembered for the key, or the one that `reduce` makes of it.
    #[inline]
    pub(super) fn get_or(&mut self, key: &[u8], reduce: impl FnOnce() -> V) -> &mut V {
        let hash = self.seeds.hash_one(key);
        let found = self.entries.find_bucket_index(hash, |entry| {
            entry.hash == hash && self.keys[entry.range()] == *key
        });
        let bucket = found.unwrap_or_else(|| self.remember(hash, key, reduce()));
        let entry = self.entries.get_bucket_mut(bucket);
        &mut entry.expect("found or just inserted").value
    }

    #[cold]
    fn remember(&mut self, hash: u64, key: &[u8], value: V) -> usize {
        if self.entries.len() >= MOST_ENTRIES || self.keys.len() + key.len() > MOST_BYTES {
            self.entries.clear();
            self.keys.clear();
        }
        let number =
            |length: usize| u32::try_from(length).expect("keys are lines of a few kilobytes");
        let entry = Entry {
            hash,
            start: number(self.keys.len()),
            length: number(key.len()),
            value,
        };
        self.keys.extend_from_slice(key);
        let inserted = self.entries.insert_unique(hash, entry, |entry| entry.hash);
        inserted.bucket_index()
    }
}

impl<V> Entry<V> {
    const fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.length as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memo() -> Memo<u32> {
        Memo::new(&RandomState::with_seeds(1, 2, 3, 4))
    }

    #[test]
    fn a_value_is_reduced_once() {
        let mut memo = memo();
        assert_eq!(*memo.get_or(b"a", || 1), 1);
        assert_eq!(*memo.get_or(b"a", || panic!("reduced twice")), 1);
        assert_eq!(*memo.get_or(b"b", || 2), 2);
    }

    #[test]
    fn it_forgets_rather_than_grow_without_bound() {
        let mut memo = memo();
        let mut key = vec![0; MOST_BYTES / 4];
        for round in 0..10_u8 {
            key[0] = round;
            memo.get_or(&key, || u32::from(round));
            assert!(memo.keys.len() <= MOST_BYTES);
        }
        assert_eq!(*memo.get_or(&key, || panic!("forgotten at once")), 9);
    }
}
