//! Records on their way to the gate, a few at a time, in room that serves the next ones again.

use super::gate::Logged;
use crate::record::Record;

/// Records that pass the gate together.
#[derive(Default)]
pub struct Batch<'l> {
    /// The records.
    pub records: Vec<Record<'l>>,
    /// The line that each of them was parsed from.
    pub lines: Vec<&'l [u8]>,
}

impl Batch<'_> {
    /// Each record with its line, in the room given.
    pub(super) fn logged(&self, room: Vec<Logged<'_>>) -> Vec<Logged<'_>> {
        let mut logged = emptied(room);
        let lines = self.records.iter().zip(&self.lines);
        logged.extend(lines.map(|(record, &line)| Logged { record, line }));
        logged
    }

    /// The room, for records of other lines.
    #[must_use]
    pub fn emptied<'n>(self) -> Batch<'n> {
        Batch {
            records: emptied(self.records),
            lines: emptied(self.lines),
        }
    }
}

/// The room of a vector, for items of another lifetime.
pub(super) fn emptied<T, U>(items: Vec<T>) -> Vec<U> {
    // Collected where they lie, since nothing is left of them.
    items.into_iter().filter_map(|_| None).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_of_a_batch_serves_the_next_one() {
        let mut batch = Batch::default();
        for _ in 0..64 {
            batch.records.push(Record::default());
            batch.lines.push(b"line");
        }
        let places = (batch.records.as_ptr().addr(), batch.lines.as_ptr().addr());
        let next = batch.emptied();
        assert!(next.records.is_empty() && next.lines.is_empty());
        assert!(next.records.capacity() >= 64 && next.lines.capacity() >= 64);
        let same = (next.records.as_ptr().addr(), next.lines.as_ptr().addr());
        assert_eq!(same, places, "nothing is allocated anew");
    }
}
