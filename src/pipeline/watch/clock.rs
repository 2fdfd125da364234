//! Whether the wall clock is believed. Nothing that is lost by closing a period comes back, so that a clock
//! which is set ahead has to keep to it before a period is closed by it.

use crate::time::Timestamp;

/// What two clocks show at one time.
#[derive(Clone, Copy, Debug)]
pub struct Clocks {
    /// The time by the wall clock, which may be set.
    pub wall: Timestamp,
    /// Microseconds since a moment that stays the same, by a clock that nobody sets. It may stand still
    /// while the machine sleeps.
    pub steady: i64,
}

/// What is known of the wall clock.
#[derive(Default)]
pub(super) struct WallClock {
    latest: Option<Known>,
}

#[derive(Clone, Copy)]
struct Known {
    /// How far it is ahead of the steady clock.
    ahead: i64,
    /// How far it was when it was last believed.
    believed: i64,
    /// When it was last set, by the steady clock.
    set: i64,
}

/// How far a clock may move against the other one without having been set.
const TOLERANCE: i64 = Timestamp::MINUTE;

/// How long a clock has to go on by itself after it was set ahead.
const PATIENCE: i64 = 60 * Timestamp::MINUTE;

impl WallClock {
    /// The time that is shown, of which note is taken.
    pub(super) fn look(&mut self, clocks: Clocks) -> Timestamp {
        let was_doubted = self.is_doubted();
        self.note(clocks);
        if self.is_doubted() && !was_doubted {
            tracing::warn!(
                "the clock was set ahead: nothing is released before it has gone on so for an hour"
            );
        }
        clocks.wall
    }

    fn note(&mut self, clocks: Clocks) {
        let ahead = clocks.wall.0.saturating_sub(clocks.steady);
        let mut known = self.latest.unwrap_or(Known {
            ahead,
            believed: ahead,
            set: clocks.steady,
        });
        if (ahead - known.ahead).abs() > TOLERANCE {
            known.set = clocks.steady;
        }
        known.ahead = ahead;
        if ahead - known.believed <= TOLERANCE || clocks.steady - known.set >= PATIENCE {
            known.believed = ahead;
        }
        self.latest = Some(known);
    }

    /// Whether it was set ahead too short a time ago.
    pub(super) fn is_doubted(&self) -> bool {
        self.latest
            .is_some_and(|known| known.ahead - known.believed > TOLERANCE)
    }
}
