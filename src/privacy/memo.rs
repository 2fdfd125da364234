//! A bounded memory of what each distinct logged value reduces to, so that rules run once per value.

use ahash::RandomState;
use hashbrown::HashTable;

/// Values remembered by the logged bytes they came from, and a tag that says how these are to be read.
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
    /// The key's length in the upper 24 bits and the tag in the lower 8: entries are kept small, since
    /// there can be a million.
    length_and_tag: u32,
    /// The key's first bytes, so that short keys are compared without a look at `keys`.
    head: [u8; HEAD],
    value: V,
}

/// Long enough for an IPv4 address.
const HEAD: usize = 16;

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

    /// The value remembered for the key, or the one that `reduce` makes of it. The same bytes mean
    /// another thing where they are escaped in another way.
    #[inline]
    pub(super) fn get_or(&mut self, tag: u8, key: &[u8], reduce: impl FnOnce() -> V) -> &mut V {
        let hash = self.seeds.hash_one(key);
        let (head, length_and_tag) = (head(key), length_and_tag(key, tag));
        let found = self.entries.find_bucket_index(hash, |entry| {
            entry.hash == hash
                && entry.head == head
                && entry.length_and_tag == length_and_tag
                && (key.len() <= HEAD || self.keys[entry.range()] == *key)
        });
        let bucket = found.unwrap_or_else(|| self.remember(hash, tag, key, reduce()));
        let entry = self.entries.get_bucket_mut(bucket);
        &mut entry.expect("found or just inserted").value
    }

    #[cold]
    fn remember(&mut self, hash: u64, tag: u8, key: &[u8], value: V) -> usize {
        if self.entries.len() >= MOST_ENTRIES || self.keys.len() + key.len() > MOST_BYTES {
            self.entries.clear();
            self.keys.clear();
        }
        let number =
            |length: usize| u32::try_from(length).expect("keys are lines of a few kilobytes");
        let entry = Entry {
            hash,
            start: number(self.keys.len()),
            length_and_tag: length_and_tag(key, tag),
            head: head(key),
            value,
        };
        self.keys.extend_from_slice(key);
        let inserted = self.entries.insert_unique(hash, entry, |entry| entry.hash);
        inserted.bucket_index()
    }
}

impl<V> Entry<V> {
    const fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + (self.length_and_tag >> 8) as usize
    }
}

/// Keys are parts of lines, and these are far shorter than 2^24 bytes.
fn length_and_tag(key: &[u8], tag: u8) -> u32 {
    (key.len() as u32) << 8 | u32::from(tag)
}

/// The first bytes of a key, filled up with zero bytes.
fn head(key: &[u8]) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    let length = key.len().min(HEAD);
    head[..length].copy_from_slice(&key[..length]);
    head
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
        assert_eq!(*memo.get_or(0, b"a", || 1), 1);
        assert_eq!(*memo.get_or(0, b"a", || panic!("reduced twice")), 1);
        assert_eq!(*memo.get_or(0, b"b", || 2), 2);
        assert_eq!(*memo.get_or(1, b"a", || 3), 3);
    }

    #[test]
    fn keys_that_begin_alike_are_told_apart() {
        let mut memo = memo();
        let keys: [&[u8]; 5] = [
            b"",
            b"\0",
            b"0123456789abcdef",
            b"0123456789abcdefg",
            b"0123456789abcdefh",
        ];
        for (value, key) in (0..).zip(keys) {
            memo.get_or(0, key, || value);
        }
        for (value, key) in (0..).zip(keys) {
            assert_eq!(*memo.get_or(0, key, || panic!("forgotten")), value);
        }
    }

    #[test]
    fn it_forgets_rather_than_grow_without_bound() {
        let mut memo = memo();
        let mut key = vec![0; MOST_BYTES / 8];
        for round in 0..10_u8 {
            key[0] = round;
            memo.get_or(0, &key, || u32::from(round));
            assert!(memo.keys.len() <= MOST_BYTES);
        }
        assert_eq!(*memo.get_or(0, &key, || panic!("forgotten at once")), 9);
    }
}
