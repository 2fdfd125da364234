//! What happens at which second: a ring of seconds, so that a log of any length needs little memory.

/// How many seconds ahead an event may lie.
pub(crate) const HORIZON: u32 = 4096;

/// Events by second; those of one second keep the order in which they were scheduled.
pub(crate) struct Schedule<Event> {
    ring: Vec<Vec<Event>>,
    now: usize,
    taken: usize,
}

impl<Event: Copy> Schedule<Event> {
    pub(crate) fn new() -> Self {
        Self {
            ring: (0..HORIZON).map(|_| Vec::new()).collect(),
            now: 0,
            taken: 0,
        }
    }

    /// Schedules an event; what lies beyond the horizon happens at the horizon.
    pub(crate) fn after(&mut self, seconds: u32, event: Event) {
        let second = self.now + seconds.min(HORIZON - 1) as usize;
        self.ring[second % HORIZON as usize].push(event);
    }

    /// The next event of the current second.
    pub(crate) fn take(&mut self) -> Option<Event> {
        let event = self.ring[self.now].get(self.taken).copied();
        self.taken += usize::from(event.is_some());
        event
    }

    /// Goes on to the next second.
    pub(crate) fn advance(&mut self) {
        self.ring[self.now].clear();
        self.now = (self.now + 1) % HORIZON as usize;
        self.taken = 0;
    }
}
