//! Passes the lines of chunks on in the order of the chunks: sealed first, where originals are kept, then written.

use std::sync::{
    Condvar, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use super::{Destinations, lock};
use crate::{error::Result, input::Chunk, sealed::DatedLines, time::Timestamp};

/// What became of a chunk.
pub(super) struct Done<'c> {
    pub(super) chunk: &'c Chunk,
    /// The days of its lines, where originals are kept.
    pub(super) days: &'c [DatedLines],
    /// Its lines as they are written.
    pub(super) lines: &'c [u8],
}

/// Passes chunks on, each when those before it have been.
pub(super) struct Order<'o> {
    writing: Mutex<Writing<'o>>,
    written: Condvar,
    /// Nothing more can be passed on.
    ended: AtomicBool,
}

struct Writing<'o> {
    destinations: Destinations<'o>,
    next: u64,
    failure: Result<()>,
}

impl<'o> Order<'o> {
    pub(super) const fn new(destinations: Destinations<'o>) -> Self {
        Self {
            writing: Mutex::new(Writing {
                destinations,
                next: 0,
                failure: Ok(()),
            }),
            written: Condvar::new(),
            ended: AtomicBool::new(false),
        }
    }

    /// Passes a chunk on once all chunks before it are.
    pub(super) fn pass(&self, sequence: u64, done: &Done<'_>) {
        let mut writing = lock(&self.writing);
        while writing.next != sequence {
            let waited = self.written.wait(writing);
            writing = waited.unwrap_or_else(PoisonError::into_inner);
        }
        if !self.has_ended() {
            let passed = writing.destinations.take(done);
            self.note(&mut writing, passed);
        }
        writing.next += 1;
        drop(writing);
        self.written.notify_all();
    }

    /// Sees to it that what is sealed is kept in time, also while no lines come.
    pub(super) fn keep_up(&self) {
        let mut writing = lock(&self.writing);
        if let Some(originals) = &mut writing.destinations.originals
            && !self.has_ended()
        {
            let kept_up = originals.keep_up(now()).map(|()| true);
            self.note(&mut writing, kept_up);
        }
    }

    /// Ends everything unless more can be passed on.
    fn note(&self, writing: &mut Writing<'_>, passed: Result<bool>) {
        if !matches!(passed, Ok(true)) {
            self.ended.store(true, Ordering::Relaxed);
        }
        if let Err(failure) = passed {
            writing.failure = Err(failure);
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Finishes what is sealed, and tells what failed first.
    pub(super) fn finish(self) -> Result<()> {
        let writing = self.writing.into_inner();
        let writing = writing.unwrap_or_else(PoisonError::into_inner);
        let originals = writing.destinations.originals;
        let finished = originals.map_or(Ok(()), |originals| originals.finish(now()));
        writing.failure.and(finished)
    }
}

impl Destinations<'_> {
    /// Takes a chunk; false if nobody reads its lines any more.
    fn take(&mut self, done: &Done<'_>) -> Result<bool> {
        if let Some(originals) = &mut self.originals {
            originals.seal(done.chunk, done.days, now())?;
        }
        self.scrubbed.write(done.lines)
    }
}

/// The wall clock.
pub(super) fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_microsecond())
}
