//! How a watch is doing, for whoever asks: numbers of its own, nothing of any line.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::followed::Gap;
use crate::{stats::Accounts, time::Timestamp};

/// The latest numbers, shared by the watch and whoever asks.
#[derive(Debug, Default)]
pub struct Status(Mutex<Numbers>);

/// Numbers of one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers {
    /// All lines since the start, by account.
    pub accounts: Accounts,
    /// Bytes of these lines.
    pub bytes: u64,
    /// Lines that sources lost on their way.
    pub lost: u64,
    /// Files that were gone before they were known to be read to their end.
    pub vanished: u64,
    /// Hits of periods that are not released yet.
    pub open_hits: u64,
    /// When the latest line was logged.
    pub latest: Option<Timestamp>,
    /// When a checkpoint was last made.
    pub checkpoint: Option<Timestamp>,
    /// When a period was last released, and how many were.
    pub released: Option<Timestamp>,
    /// Periods released since the start.
    pub releases: u64,
    /// Periods closed without a release since the start.
    pub withheld: u64,
    /// Whether sources are being read.
    pub ready: bool,
    /// Whether a period is being released, which may take a while.
    pub releasing: bool,
    /// When the watch last did something.
    pub heard: Option<Timestamp>,
}

impl Numbers {
    pub(super) const fn count_gap(&mut self, gap: Gap) {
        match gap {
            Gap::Lines(count) => self.lost += count,
            Gap::File => self.vanished += 1,
        }
    }
}

impl Status {
    /// The numbers now.
    #[must_use]
    pub fn numbers(&self) -> Numbers {
        *self.lock()
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Numbers)) {
        change(&mut self.lock());
    }

    fn lock(&self) -> MutexGuard<'_, Numbers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
