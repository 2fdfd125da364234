//! A bounded memory of what each distinct logged value reduces to, so that rules run once per value.

use std::{
    mem,
    ops::{Index, IndexMut},
};

use xxhash_rust::xxh3::xxh3_128_with_secret;

use super::{
    places::{Hash, NOWHERE, Places},
    pseudonym::TableSecret,
};

/// Values remembered by 96 bits of a keyed hash (XXH3) of the logged bytes that they came from. The bytes
/// themselves are not kept: by accident two of a million share these bits once in 10^17 runs, and on
/// purpose only for whoever knows the secret, which is the run's own.
///
/// When the memory holds as much as it may, it forgets everything before the next look: results never
/// depend on what is remembered.
pub(super) struct Memo<'r, V> {
    places: Places,
    values: Vec<V>,
    /// Values with which it is full.
    most: usize,
    /// Values forgotten so far: the number of the first one remembered.
    forgotten: u32,
    secret: &'r TableSecret,
    /// Buffer: the hashes of the keys looked at.
    hashes: Vec<Hash>,
}

/// A value's number in a memo: never that of another value of the run, forgotten ones included.
pub(super) type Number = u32;

/// What a value is remembered by.
#[derive(Clone, Copy)]
pub(super) struct Key<'k> {
    /// How the bytes are to be read: the same ones mean another thing where they are escaped in another
    /// way.
    pub(super) tag: u8,
    pub(super) bytes: &'k [u8],
}

/// Values with which a memo is full if nothing else is asked for.
const MOST_VALUES: usize = 1 << 20;

impl<'r, V> Memo<'r, V> {
    pub(super) fn new(secret: &'r TableSecret) -> Self {
        Self::of_at_most(MOST_VALUES, secret)
    }

    /// A memory that is full with so many values.
    pub(super) fn of_at_most(most: usize, secret: &'r TableSecret) -> Self {
        Self {
            places: Places::default(),
            values: Vec::new(),
            most,
            forgotten: 0,
            secret,
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
        hashes.extend(items.clone().map(|item| self.hash(key(&item))));
        numbers.clear();
        numbers.extend(hashes.iter().map(|&hash| self.places.likely(hash)));
        for ((item, &hash), number) in items.zip(&hashes).zip(numbers) {
            if *number == NOWHERE {
                let found = self.places.find(hash);
                *number = found.unwrap_or_else(|| self.remember(hash, reduce(item)));
            }
            *number += self.forgotten;
        }
        self.hashes = hashes;
    }

    /// What one key reduces to; `reduce` is asked where it is not remembered.
    pub(super) fn value(&mut self, key: Key<'_>, reduce: impl FnOnce() -> V) -> &mut V {
        self.forget_if_full();
        let hash = self.hash(key);
        let found = self.places.find(hash);
        let position = found.unwrap_or_else(|| self.remember(hash, reduce()));
        &mut self.values[position as usize]
    }

    fn hash(&self, key: Key<'_>) -> Hash {
        let hash = match key.bytes {
            // A whole column may be empty.
            [] => u128::from(key.tag),
            bytes => xxh3_128_with_secret(bytes, self.secret) ^ u128::from(key.tag),
        };
        Hash {
            place: (hash >> 64) as u64,
            check: hash as u32,
        }
    }

    #[cold]
    fn remember(&mut self, hash: Hash, value: V) -> u32 {
        let position = index(self.values.len());
        self.values.push(value);
        self.places.insert(hash, position);
        position
    }

    /// How many bytes of memory it takes, those aside that values point to.
    pub(super) const fn memory(&self) -> usize {
        self.places.memory() + self.values.capacity() * size_of::<V>()
    }

    /// The same if each value points to so many more bytes.
    pub(super) fn memory_with(&self, more: usize) -> usize {
        self.memory() + self.values.len() * more
    }

    /// Whether everything is forgotten before the next look.
    pub(super) fn is_full(&self) -> bool {
        self.values.len() >= self.most
    }

    fn forget_if_full(&mut self) {
        if self.is_full() {
            self.forgotten += index(self.values.len());
            self.places.clear();
            self.values.clear();
        }
    }
}

impl<V> Index<Number> for Memo<'_, V> {
    type Output = V;

    fn index(&self, number: Number) -> &V {
        &self.values[(number - self.forgotten) as usize]
    }
}

impl<V> IndexMut<Number> for Memo<'_, V> {
    fn index_mut(&mut self, number: Number) -> &mut V {
        &mut self.values[(number - self.forgotten) as usize]
    }
}

/// A position among values, of which a memo holds far fewer than 2^32.
fn index(position: usize) -> u32 {
    u32::try_from(position).expect("a memo forgets before it holds as much")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: TableSecret = [7; size_of::<TableSecret>()];

    /// The values of keys; one not remembered is made of its position.
    fn values(memo: &mut Memo<'_, usize>, keys: &[(u8, &[u8])]) -> Vec<usize> {
        let mut numbers = Vec::new();
        let items = keys.iter().enumerate();
        let key = |&(_, &(tag, bytes)): &(usize, &(u8, _))| Key { tag, bytes };
        memo.number(items, key, &mut numbers, |(position, _)| position);
        numbers.iter().map(|&number| memo[number]).collect()
    }

    #[test]
    fn a_value_is_reduced_once() {
        let mut memo = Memo::new(&SECRET);
        let keys: [(u8, &[u8]); 4] = [(0, b"a"), (0, b"a"), (0, b"b"), (1, b"a")];
        assert_eq!(values(&mut memo, &keys), [0, 0, 2, 3]);
        assert_eq!(values(&mut memo, &keys[2..]), [2, 3]);
    }

    #[test]
    fn the_same_bytes_under_another_tag_are_another_key() {
        let mut memo = Memo::new(&SECRET);
        let keys: Vec<(u8, &[u8])> = (0..=u8::MAX).map(|tag| (tag, &b"a"[..])).collect();
        let positions: Vec<usize> = (0..keys.len()).collect();
        assert_eq!(values(&mut memo, &keys), positions);
    }

    #[test]
    fn it_forgets_rather_than_grow_without_bound() {
        let mut memo = Memo::new(&SECRET);
        let mut numbers = Vec::new();
        let mut expected = 0..;
        for round in 0..3 * MOST_VALUES / 1000 {
            let keys = (0..1000).map(|key| (round, key));
            let names: Vec<_> = keys.map(|(round, key)| format!("{round} {key}")).collect();
            let items = names.iter().map(|name| Key {
                tag: 0,
                bytes: name.as_bytes(),
            });
            memo.number(items, |key| *key, &mut numbers, |key| key.bytes.to_vec());
            assert!(memo.values.len() <= MOST_VALUES + 1000);
            for (number, name) in numbers.iter().zip(&names) {
                assert_eq!(Some(*number), expected.next(), "numbers are not used again");
                assert_eq!(memo[*number], name.as_bytes());
                memo[*number].push(b'.');
                assert_eq!(memo[*number].len(), name.len() + 1);
            }
        }
    }
}
