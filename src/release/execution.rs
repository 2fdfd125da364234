//! How parts of a computation that do not depend on each other are computed.

/// Computes parts in turn or side by side: whoever has threads brings them. What comes out is the same.
pub trait Execution: Sync {
    /// The results of so many parts, in the order of their numbers.
    fn map<T: Send>(&self, parts: usize, part: impl Fn(usize) -> T + Sync) -> Vec<T>;
}

/// One part after the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct InTurn;

impl Execution for InTurn {
    fn map<T: Send>(&self, parts: usize, part: impl Fn(usize) -> T + Sync) -> Vec<T> {
        (0..parts).map(part).collect()
    }
}
