//! A watch: takes lines as they come, day after day, and releases each period by itself once it is over.
//!
//! It works in *turns*. In each, lines pass gate 1 into one worker, for some seconds; then what passed is
//! added to what is kept of open periods, and a checkpoint is made of that and of how far the sources are
//! read. Then periods that are over and whose lines have all come are released, by the same
//! [`report`](super::report()) that releases a log which is read at once, and closed: their keys are given
//! up, and what was kept of them with these.
//!
//! Nothing here waits or reads a clock: what happens, and when, is told by [`Message`]s. `service` is what
//! tells it.

mod checkpoint;
mod clock;
mod closing;
mod disk;
mod followed;
mod service;
mod status;
mod stream;
#[cfg(test)]
mod tests;

use std::{path::PathBuf, sync::Arc};

use rayon::ThreadPool;
use zeroize::Zeroizing;

use self::{
    checkpoint::{Checkpoint, Resumed},
    clock::WallClock,
    closing::Keeping,
    followed::Followed,
};
pub use self::{
    clock::Clocks,
    closing::Closing,
    followed::Reading as LineReading,
    service::serve,
    status::{Numbers, Status},
};
use super::{
    admission, random,
    report::ReportSettings,
    worker::{Taken, Worker},
};
use crate::{
    error::Result,
    input::live::{Event, LiveSource, Mark},
    output::Folder,
    privacy::{
        Admission, Due, GateSettings, GatesSettings, KeyChain, Keys, Nonce, Policy, Regions, Sites,
    },
    release::NoiseSettings,
    stats::Accounts,
    time::{Date, Period, Retention, Timestamp},
};

/// What a watch is run by.
pub struct WatchSettings {
    /// What releases are made by.
    pub report: ReportSettings,
    /// The noise of releases, where it protects and not the threshold.
    pub noise: Option<NoiseSettings>,
    /// How the log is divided.
    pub sites: Sites,
    /// How lines are read.
    pub reading: LineReading,
    /// How long releases are kept, if not for ever.
    pub retain: Option<Retention>,
    /// Time in microseconds after a period's end before it is released.
    pub grace: i64,
    /// Time in microseconds after which a source that tells nothing is taken to have nothing to tell.
    pub silence: i64,
    /// Time in microseconds from one checkpoint to the next.
    pub interval: i64,
    /// About how many bytes what is open, or a release, may take.
    pub memory: u64,
    /// Most different strings that are held between checkpoints.
    pub strings: usize,
    /// The folder of checkpoints; what is open is in memory only where there is none.
    pub checkpoints: Option<PathBuf>,
    /// All settings as a text: a checkpoint made under others is not gone on with.
    pub identity: String,
}

/// Something that happened.
pub enum Message {
    /// At a source.
    Event(Event),
    /// Time went by.
    Tick,
    /// There are new region databases.
    Regions(Box<Regions>),
    /// No source has anything more to tell.
    End,
    /// The watch is to stop.
    Stop,
}

impl Message {
    /// Whether it comes after all files that were found at once: it brings lines, or tells that there are
    /// none.
    const fn ends_finding(&self) -> bool {
        match self {
            Self::Event(Event::Batch(batch)) => !batch.bytes.is_empty(),
            Self::Event(Event::CaughtUp) => true,
            _ => false,
        }
    }
}

/// A watch.
pub struct Watch {
    settings: WatchSettings,
    policy: Policy,
    pool: ThreadPool,
    keeping: Keeping,
    root: Zeroizing<[u8; 32]>,
    checkpoint: Checkpoint,
    followed: Followed,
    status: Arc<Status>,
    /// Lines before this were lost where periods began before it.
    unseen_before: Option<Timestamp>,
    /// What was heard in one turn and is left for the next.
    waiting: Option<Message>,
    /// Whether it was kept from its sources since the latest message.
    was_occupied: bool,
    clock: WallClock,
    /// When it began.
    began: Timestamp,
    /// The first period that a release would take too much memory for.
    too_large: Option<Period>,
}

/// How a turn ended.
enum End {
    Checkpoint,
    Regions(Box<Regions>),
    /// All sources have ended.
    Sources,
    Stop,
}

/// Most hits of a turn: what is in memory at any time where checkpoints are on disk.
const MOST_HITS: u64 = 1 << 20;

/// With so many hits a checkpoint is made when all files are read to their ends: the fewer there are, the
/// sooner lines that come meanwhile are read.
const ENOUGH_HITS: u64 = 1 << 17;

/// How far servers' clocks may be ahead.
const AHEAD: i64 = 60 * Timestamp::MINUTE;

impl Watch {
    /// A watch that goes on where its last checkpoint was.
    ///
    /// # Errors
    ///
    /// [`Ledger`](crate::error::Error::Ledger) if there is a checkpoint that cannot be gone on with;
    /// [`Setting`](crate::error::Error::Setting) if the system has no random numbers;
    /// [`Read`](crate::error::Error::Read) and [`Write`](crate::error::Error::Write) if the folder of
    /// checkpoints cannot be used.
    pub fn open(
        settings: WatchSettings,
        policy: Policy,
        pool: ThreadPool,
        folders: Vec<Folder>,
        mut chain: KeyChain,
        sources: &[LiveSource],
        now: Timestamp,
    ) -> Result<Self> {
        let length = settings.report.calendar.length();
        let (checkpoint, resumed) = match &settings.checkpoints {
            Some(folder) => {
                let begun_by = settings.identity.clone();
                Checkpoint::open(folder, length, begun_by, &chain, *random()?)?
            }
            None => (
                Checkpoint::in_memory(length, *random()?),
                Resumed::default(),
            ),
        };
        chain.turn_to(settings.report.calendar.day(now).date);
        if let Some(day) = resumed.closed {
            chain.advance(day)?;
        }
        let begun = folders.iter().any(|it| it.ledger().latest().is_some());
        let forgetful = settings.checkpoints.is_none() && begun;
        let reading = settings.reading.clone();
        Ok(Self {
            followed: Followed::new(sources, reading, resumed.streams, now),
            settings,
            policy,
            pool,
            keeping: Keeping { folders, chain },
            root: random()?,
            checkpoint,
            status: Arc::default(),
            unseen_before: forgetful.then_some(now),
            waiting: None,
            was_occupied: false,
            clock: WallClock::default(),
            began: now,
            too_large: None,
        })
    }

    /// How far each file was read, so that it can be read on from there.
    #[must_use]
    pub fn marks(&self) -> Vec<Mark> {
        self.followed.marks()
    }

    /// The key of the fingerprints in these marks.
    #[must_use]
    pub const fn fingerprint_key(&self) -> [u8; 32] {
        self.checkpoint.fingerprint_key()
    }

    /// How it is doing.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        Arc::clone(&self.status)
    }

    /// Takes message after message, each with what the clocks show, until it is to stop, and tells what
    /// becomes of periods.
    ///
    /// # Errors
    ///
    /// Those of [`report`](super::report()), and of checkpoints that cannot be made; what is kept by the
    /// last checkpoint stays.
    pub fn run(
        mut self,
        mut next: impl FnMut() -> (Message, Clocks),
        mut tell: impl FnMut(Closing),
    ) -> Result<()> {
        self.drop_released()?;
        // The last process may have ended before it had drawn what it released.
        self.keeping.folders.iter().try_for_each(Folder::draw)?;
        self.status.update(|it| it.ready = true);
        let mut now = self.began;
        let (mut keys, mut keyed) = (self.keys(now)?, self.keyed(now));
        loop {
            if keyed != self.keyed(now) {
                (keys, keyed) = (self.keys(now)?, self.keyed(now));
            }
            let (taken, end, later) = self.turn(&keys, now, &mut next)?;
            now = later;
            if let End::Sources = end {
                self.followed.close(None);
            }
            self.keep(taken, now)?;
            if !matches!(end, End::Stop) {
                self = self.close_due(&keys, now, &mut tell)?;
            }
            match end {
                End::Checkpoint => {}
                End::Regions(regions) => {
                    self.policy.regions = *regions;
                    tracing::info!("region databases are read anew");
                }
                End::Sources | End::Stop => return Ok(()),
            }
        }
    }

    /// Takes lines until it is time for a checkpoint or for something else.
    fn turn(
        &mut self,
        keys: &[Keys],
        began: Timestamp,
        next: &mut impl FnMut() -> (Message, Clocks),
    ) -> Result<(Taken, End, Timestamp)> {
        let admissions = self.admissions(began);
        let gate = |(admission, keys)| GateSettings {
            policy: &self.policy,
            calendar: &self.settings.report.calendar,
            admission,
            keys,
        };
        let gates: Vec<GateSettings<'_>> = admissions.iter().zip(keys).map(gate).collect();
        let mut worker = Worker::new(GatesSettings {
            sites: &self.settings.sites,
            gates: &gates,
        });
        let before = self.status.numbers();
        let mut bytes = 0;
        loop {
            let (message, now) = match self.waiting.take() {
                Some(message) => (message, began),
                None => {
                    let (message, clocks) = next();
                    (message, self.clock.look(clocks))
                }
            };
            if std::mem::take(&mut self.was_occupied) {
                self.followed.attend(now);
            }
            // Keys and what may be let in are those of when the turn began.
            let is_over = (now.0 - began.0).abs() >= self.settings.interval;
            if is_over || self.followed.has_found() && message.ends_finding() {
                self.waiting = Some(message);
                return Ok((worker.finish(), End::Checkpoint, now));
            }
            let is_idle = matches!(message, Message::Event(Event::CaughtUp));
            let end = match message {
                Message::Tick => None,
                Message::Event(event) => {
                    let heard = self.followed.hear(event, &mut worker, now);
                    bytes += heard.bytes;
                    if let Some(gap) = heard.gap {
                        let before = self.period(Timestamp(now.0 - Timestamp::MINUTE));
                        self.checkpoint.mark_gap(gap, self.period(now), before);
                        self.status.update(|it| it.count_gap(gap));
                    }
                    None
                }
                Message::Regions(regions) => Some(End::Regions(regions)),
                Message::End => Some(End::Sources),
                Message::Stop => Some(End::Stop),
            };
            if end.is_some() {
                self.followed.finish(&mut worker);
            } else {
                self.followed.settle(&mut worker, now);
            }
            let accounts = *worker.accounts();
            self.tell(&before, accounts, bytes, now);
            let most = if is_idle { ENOUGH_HITS } else { MOST_HITS };
            let is_full = accounts.parsed >= most || worker.strings() >= self.settings.strings;
            let is_time = is_full || self.next_due(now).is_some();
            if let Some(end) = end.or(is_time.then_some(End::Checkpoint)) {
                return Ok((worker.finish(), end, now));
            }
        }
    }

    fn tell(&self, before: &Numbers, taken: Accounts, bytes: u64, now: Timestamp) {
        let open = self.checkpoint.hits();
        self.status.update(|numbers| {
            numbers.accounts = before.accounts;
            numbers.accounts += taken;
            numbers.bytes = before.bytes + bytes;
            numbers.open_hits = open + taken.parsed;
            numbers.latest = self.followed.latest();
            numbers.heard = Some(now);
        });
    }

    /// Adds what passed the gate to what is open, and makes a checkpoint.
    fn keep(&mut self, taken: Taken, now: Timestamp) -> Result<()> {
        self.followed.complain(&taken.chunks);
        let is_changed = self.checkpoint.is_unsaved() || self.followed.has_found();
        if taken.accounts.read() == 0 && !is_changed {
            return Ok(());
        }
        if self.checkpoint.memory_taken() > self.settings.memory {
            tracing::error!("what is open takes more than --memory: lines are dropped");
            self.checkpoint.leave_out(taken.intakes);
        } else {
            let chain = &self.keeping.chain;
            self.checkpoint.add(taken.intakes, chain, nonce)?;
        }
        self.commit(now)?;
        self.status.update(|it| it.checkpoint = Some(now));
        Ok(())
    }

    fn commit(&mut self, now: Timestamp) -> Result<()> {
        let (streams, chain) = (self.followed.stored(), &self.keeping.chain);
        self.checkpoint
            .commit(streams, chain, self.day(now), &nonce()?)?;
        self.followed.keep_found();
        Ok(())
    }

    /// The days that there have to be keys of: until tomorrow, since servers' clocks may be ahead.
    fn keyed(&self, now: Timestamp) -> (Date, Date) {
        let last = self.day(Timestamp(now.0 + AHEAD));
        (self.keeping.chain.first_day(), last)
    }

    /// The keys of these days.
    fn keys(&self, now: Timestamp) -> Result<Vec<Keys>> {
        let (_, last) = self.keyed(now);
        let root = Keys::with_day_keys(self.root.clone(), self.keeping.chain.day_keys(last));
        let root = match self.settings.noise {
            Some(_) => root.telling_units(),
            None => root,
        };
        Ok(root.by_site(&self.settings.sites))
    }

    /// What may be let in of each site: all that has begun.
    fn admissions(&self, now: Timestamp) -> Vec<Admission> {
        let due = Due::BegunBy(Timestamp(now.0 + AHEAD));
        let folders = self.keeping.folders.iter();
        let admissions = folders.map(|folder| admission(due, folder.ledger(), folder.state()));
        admissions.collect()
    }

    fn period(&self, time: Timestamp) -> Period {
        let calendar = &self.settings.report.calendar;
        calendar.period(calendar.day(time).date)
    }

    fn day(&self, time: Timestamp) -> Date {
        self.settings.report.calendar.day(time).date
    }
}

fn nonce() -> Result<Nonce> {
    random().map(|nonce| *nonce)
}
