//! A number for each cell of a table, quickly found.

use hashbrown::HashMap;

use crate::aggregate::Key;

/// Numbers by the keys of cells.
pub(super) enum CellNumbers {
    /// Keys are small.
    Dense(Vec<u32>),
    Sparse(HashMap<Key, u32>),
}

impl CellNumbers {
    /// The numbers of some cells.
    pub(super) fn new(cells: impl Iterator<Item = (Key, u32)> + Clone) -> Self {
        let (count, last) = cells
            .clone()
            .fold((0, 0), |(count, last), (key, _)| (count + 1, last.max(key)));
        if last as usize <= 16 * count + 1024 {
            let mut numbers = vec![0; last as usize + 1];
            cells.for_each(|(key, number)| numbers[key as usize] = number);
            Self::Dense(numbers)
        } else {
            Self::Sparse(cells.collect())
        }
    }

    /// The number of a cell; 0 for one that is not among them.
    pub(super) fn of(&self, key: Key) -> u32 {
        let number = match self {
            Self::Dense(numbers) => numbers.get(key as usize),
            Self::Sparse(numbers) => numbers.get(&key),
        };
        number.copied().unwrap_or(0)
    }
}
