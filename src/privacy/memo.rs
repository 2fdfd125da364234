//! A bounded memory of what each distinct logged value reduces to, so that rules run once per value.

use std::{
    mem,
    ops::{Index, IndexMut, Range},
};

use ahash::RandomState;
use hashbrown::HashTable;

/// Values remembered by the logged bytes they came from, and a tag that says how these are to be read.
///
/// The table's hash is keyed, since clients choose the bytes. When it holds as much as it may, it
/// forgets everything before the next look: results never depend on what is remembered.
pub(super) struct Memo<V> {
    slots: HashTable<Slot>,
    entries: Vec<Entry<V>>,
    /// The keys of all entries, one after another.
    keys: Vec<u8>,
    /// Entries forgotten so far: the number of the first one remembered.
    forgotten: u32,
    seeds: RandomState,
    /// Buffer: the hashes of the keys looked at.
    hashes: Vec<u64>,
}

/// A value's number in a memo: never that of another value of the run, forgotten ones included.
pub(super) type Number = u32;

/// The bytes that a value is remembered by.
#[derive(Clone, Copy)]
pub(super) struct Key<'k> {
    /// How the bytes are to be read: the same ones mean another thing where they are escaped in another
    /// way.
    pub(super) tag: u8,
    pub(super) bytes: &'k [u8],
}

/// Where an entry is, with a part of its hash, so that few others are looked at in vain.
struct Slot {
    hash: u32,
    position: u32,
}

/// What is remembered of a key, in as few cache lines as it fits in.
#[repr(align(64))]
struct Entry<V> {
    hash: u64,
    start: u32,
    /// The key's length in the upper 24 bits and the tag in the lower 8: entries are kept small, since
    /// there can be a million.
    length_and_tag: u32,
    /// The key's first bytes, so that short keys are compared without a look at `keys`.
    head: [u64; 2],
    value: V,
}

/// Long enough for an IPv4 address.
const HEAD: usize = 16;

/// Entries, and bytes of keys, with which a memo is full.
const MOST_ENTRIES: usize = 1 << 20;
const MOST_BYTES: usize = 64 << 20;

/// The position of an entry that there is not.
const NOWHERE: u32 = u32::MAX;

impl<V> Memo<V> {
    pub(super) fn new(seeds: &RandomState) -> Self {
        Self {
            slots: HashTable::new(),
            entries: Vec::new(),
            keys: Vec::new(),
            forgotten: 0,
            seeds: seeds.clone(),
            hashes: Vec::new(),
        }
    }

    /// The numbers of what a few items reduce to, in order, into `numbers`; `reduce` is asked where an
    /// item's key is not remembered. The numbers are good until the next call.
    ///
    /// Most of the time goes by in waiting for memory. So each step is done for all items before the
    /// next one: the processor then waits for many at once.
    pub(super) fn number<'k, T>(
        &mut self,
        items: impl Iterator<Item = T> + Clone,
        key: impl Fn(&T) -> Key<'k>,
        numbers: &mut Vec<Number>,
        mut reduce: impl FnMut(T) -> V,
    ) {
        self.forget_if_full();
        let mut hashes = mem::take(&mut self.hashes);
        hashes.clear();
        let hash = |item| self.seeds.hash_one(key(&item).bytes);
        hashes.extend(items.clone().map(hash));
        numbers.clear();
        numbers.extend(hashes.iter().map(|&hash| self.likely(hash)));
        for ((item, &hash), number) in items.zip(&hashes).zip(numbers) {
            let key = key(&item);
            let likely = self.entries.get(*number as usize);
            if !likely.is_some_and(|entry| self.is_of(entry, hash, key)) {
                let found = self.find(hash, key);
                *number = found.unwrap_or_else(|| self.remember(hash, key, reduce(item)));
            }
            *number += self.forgotten;
        }
        self.hashes = hashes;
    }

    /// The position of the only entry that is likely to have the hash; its key is still to be compared.
    fn likely(&self, hash: u64) -> u32 {
        let found = self.slots.find(hash, |slot| slot.hash == part(hash));
        found.map_or(NOWHERE, |slot| slot.position)
    }

    fn find(&self, hash: u64, key: Key<'_>) -> Option<u32> {
        let is_found = |slot: &Slot| {
            slot.hash == part(hash) && self.is_of(&self.entries[slot.position as usize], hash, key)
        };
        Some(self.slots.find(hash, is_found)?.position)
    }

    #[inline]
    fn is_of(&self, entry: &Entry<V>, hash: u64, key: Key<'_>) -> bool {
        entry.hash == hash
            && entry.head == head(key.bytes)
            && entry.length_and_tag == length_and_tag(key)
            && (key.bytes.len() <= HEAD || self.keys[entry.range()] == *key.bytes)
    }

    #[cold]
    fn remember(&mut self, hash: u64, key: Key<'_>, value: V) -> u32 {
        let position = index(self.entries.len());
        let slot = Slot {
            hash: part(hash),
            position,
        };
        self.entries.push(Entry {
            hash,
            start: index(self.keys.len()),
            length_and_tag: length_and_tag(key),
            head: head(key.bytes),
            value,
        });
        self.keys.extend_from_slice(key.bytes);
        let entries = &self.entries;
        let hash_of = |slot: &Slot| entries[slot.position as usize].hash;
        self.slots.insert_unique(hash, slot, hash_of);
        position
    }

    fn forget_if_full(&mut self) {
        if self.entries.len() >= MOST_ENTRIES || self.keys.len() >= MOST_BYTES {
            self.forgotten += index(self.entries.len());
            self.slots.clear();
            self.entries.clear();
            self.keys.clear();
        }
    }
}

impl<V> Index<Number> for Memo<V> {
    type Output = V;

    fn index(&self, number: Number) -> &V {
        &self.entries[(number - self.forgotten) as usize].value
    }
}

impl<V> IndexMut<Number> for Memo<V> {
    fn index_mut(&mut self, number: Number) -> &mut V {
        &mut self.entries[(number - self.forgotten) as usize].value
    }
}

impl<V> Entry<V> {
    const fn range(&self) -> Range<usize> {
        self.start as usize..self.start as usize + (self.length_and_tag >> 8) as usize
    }
}

/// A part of a hash that neither the place in the table nor its control bytes are made of.
const fn part(hash: u64) -> u32 {
    (hash >> 24) as u32
}

/// Keys are parts of lines, and these are far shorter than 2^24 bytes.
fn length_and_tag(key: Key<'_>) -> u32 {
    (key.bytes.len() as u32) << 8 | u32::from(key.tag)
}

/// A position in entries or keys, of which a memo holds far fewer than 2^32.
fn index(position: usize) -> u32 {
    u32::try_from(position).expect("a memo forgets before it holds as much")
}

/// The first bytes of a key, which of one no longer than [`HEAD`] are all. Those of short keys are read
/// twice where that saves counting them: keys are told apart by their length before.
fn head(key: &[u8]) -> [u64; 2] {
    if let Some(bytes) = key.first_chunk::<HEAD>() {
        let (words, _) = bytes.as_chunks();
        [words[0], words[1]].map(u64::from_ne_bytes)
    } else if let (Some(first), Some(last)) = (key.first_chunk(), key.last_chunk()) {
        [*first, *last].map(u64::from_ne_bytes)
    } else if let (Some(first), Some(last)) = (key.first_chunk(), key.last_chunk()) {
        [*first, *last].map(|bytes| u32::from_ne_bytes(bytes).into())
    } else {
        let append = |head, byte: &u8| head << 8 | u64::from(*byte);
        [key.iter().fold(0, append), 0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memo<V>() -> Memo<V> {
        Memo::new(&RandomState::with_seeds(1, 2, 3, 4))
    }

    /// The values of keys; one not remembered is made of its position.
    fn values(memo: &mut Memo<usize>, keys: &[(u8, &[u8])]) -> Vec<usize> {
        let mut numbers = Vec::new();
        let items = keys.iter().enumerate();
        let key = |&(_, &(tag, bytes)): &(usize, &(u8, _))| Key { tag, bytes };
        memo.number(items, key, &mut numbers, |(position, _)| position);
        numbers.iter().map(|&number| memo[number]).collect()
    }

    #[test]
    fn a_value_is_reduced_once() {
        let mut memo = memo();
        let keys: [(u8, &[u8]); 4] = [(0, b"a"), (0, b"a"), (0, b"b"), (1, b"a")];
        assert_eq!(values(&mut memo, &keys), [0, 0, 2, 3]);
        assert_eq!(values(&mut memo, &keys[2..]), [2, 3]);
    }

    #[test]
    fn keys_that_begin_alike_are_told_apart() {
        let mut memo = memo();
        let keys: [(u8, &[u8]); 5] = [
            (0, b""),
            (0, b"\0"),
            (0, b"0123456789abcdef"),
            (0, b"0123456789abcdefg"),
            (0, b"0123456789abcdefh"),
        ];
        for _ in 0..2 {
            assert_eq!(values(&mut memo, &keys), [0, 1, 2, 3, 4]);
        }
    }

    #[test]
    fn it_forgets_rather_than_grow_without_bound() {
        let mut memo = memo();
        let mut key = vec![0; MOST_BYTES / 8];
        let mut numbers = Vec::new();
        for round in 0..10_u8 {
            key[0] = round;
            let keys = [Key {
                tag: 0,
                bytes: &key,
            }];
            memo.number(keys.into_iter(), |key| *key, &mut numbers, |_| round);
            assert!(memo.keys.len() <= MOST_BYTES);
            assert_eq!(numbers, [u32::from(round)], "numbers are not used again");
            assert_eq!(memo[numbers[0]], round);
        }
        assert_eq!(memo.entries.len(), 2);
    }
}
