//! Follows files: looks at what there is, reads on in what has grown, and leaves what has ended.
//!
//! Files are looked at again and again instead of being watched by inotify: that is the same on every file
//! system, those of networks and containers among them, there is no queue of notices that overflows,
//! and lines that wait for some hundred milliseconds are no loss to statistics of days.

use std::{
    collections::{HashMap, HashSet},
    io, mem,
    path::{Path, PathBuf},
};

use super::{
    Batch, Event, LiveSettings,
    file::{Modified, Progress},
    identity::{FileNumber, Mark},
    open::{Open, OpenFiles},
    search::{Found, Listing, Target},
};
use crate::error::Error;

/// Most rounds between two looks while there is something to read: a look at a folder of many files takes
/// longer than reading a batch.
const ROUNDS: u32 = 16;

/// All followed files of a service.
pub(super) struct Follower {
    pub(super) targets: Vec<Target>,
    pub(super) settings: LiveSettings,
    pub(super) open: OpenFiles,
    /// How far the files have been read that are not open, and which sources have been begun.
    pub(super) known: HashMap<FileNumber, Mark>,
    /// The sizes and times of files in which there was nothing more to be read.
    pub(super) at_rest: HashMap<FileNumber, (u64, Modified)>,
    /// Files that have been read and have a name by now that no source knows.
    pub(super) aside: HashMap<FileNumber, Found>,
    /// The originals of files that were found to be copies.
    pub(super) copies: HashMap<FileNumber, FileNumber>,
    /// What was found at the last look.
    names: Vec<(PathBuf, FileNumber)>,
    /// Rounds since then.
    rounds: u32,
    /// The next round begins with a look, though there have been few since the last one.
    pub(super) is_look_due: bool,
    told: Told,
    /// Which open file is read next.
    turn: usize,
    /// In this round there was something to read.
    pub(super) is_busy: bool,
    buffer: Vec<u8>,
}

/// What has been told and is not to be told again.
#[derive(Default)]
struct Told {
    /// Names that could not be read.
    failing: HashSet<PathBuf>,
    /// Sources that have more files than may be open.
    crowded: HashSet<usize>,
    /// Files that are gone and may come back.
    vanished: HashSet<FileNumber>,
}

impl Follower {
    /// Follows what is named from the marks on.
    pub(super) fn new(targets: Vec<Target>, settings: LiveSettings, marks: Vec<Mark>) -> Self {
        let known = marks.into_iter().map(|mark| (mark.file.number, mark));
        Self {
            targets,
            open: OpenFiles::new(&settings),
            settings,
            known: known.collect(),
            at_rest: HashMap::new(),
            aside: HashMap::new(),
            copies: HashMap::new(),
            names: Vec::new(),
            rounds: 0,
            is_look_due: true,
            told: Told::default(),
            turn: 0,
            is_busy: false,
            buffer: Vec::new(),
        }
    }

    /// Reads on in the next file that has grown; `false` when all have been read to their ends, which is
    /// when to wait for a while.
    pub(super) fn step(&mut self, events: &mut Vec<Event>) -> bool {
        if self.turn == 0 {
            self.rounds += 1;
            if self.is_look_due || self.rounds > ROUNDS {
                self.look(events);
            }
        }
        while self.turn < self.open.files.len() {
            self.turn += 1;
            self.is_busy |= self.read(self.turn - 1, events);
            if !events.is_empty() {
                return true;
            }
        }
        self.turn = 0;
        let was_busy = mem::take(&mut self.is_busy);
        if !was_busy {
            self.leave_ended(events);
            self.is_look_due = true;
        }
        was_busy
    }

    /// Finds what the sources stand for now, and what has become of the files that have been read.
    fn look(&mut self, events: &mut Vec<Event>) {
        self.rounds = 0;
        self.is_look_due = false;
        let mut listing = Listing::new(&self.targets);
        self.tell_failures(&mut listing, events);
        self.add_aside(&mut listing);
        let names = listing.files.iter();
        let names: Vec<_> = names.map(|file| (file.path.clone(), file.number)).collect();
        // A file that is renamed while a folder is listed may be missed, or found twice. What is gone or
        // new is decided on when two looks have come to the same.
        if names != self.names {
            self.names = names;
            (self.is_busy, self.is_look_due) = (true, true);
            return;
        }
        self.open.note_names(&listing);
        self.at_rest
            .retain(|number, _| listing.files.iter().any(|file| file.number == *number));
        self.begin_sources(&listing, events);
        self.settle(&listing, events);
    }

    /// Lets the next step begin with a look that takes nothing for settled.
    pub(super) fn look_again(&mut self) {
        self.names.clear();
        (self.is_busy, self.is_look_due) = (true, true);
    }

    fn tell_failures(&mut self, listing: &mut Listing, events: &mut Vec<Event>) {
        for (source, path, error) in mem::take(&mut listing.failed) {
            self.fail(source, &path, error, events);
        }
    }

    /// Files that no source names are looked for where they were found last.
    fn add_aside(&mut self, listing: &mut Listing) {
        self.aside.retain(|number, found| {
            let is_named = listing.files.iter().any(|file| file.number == *number);
            match Found::at(found.source, found.path.clone()) {
                Ok(Some(now)) if now.number == *number && !is_named => {
                    listing.files.push(now);
                    true
                }
                _ => false,
            }
        });
    }

    /// Tells that a name cannot be read, if it has not been told yet.
    pub(super) fn fail(
        &mut self,
        source: usize,
        path: &Path,
        error: io::Error,
        events: &mut Vec<Event>,
    ) {
        if self.told.failing.insert(path.to_owned()) {
            let error = Error::unreadable(path, error);
            events.push(Event::Failed { source, error });
        }
    }

    /// Notes that a name can be read.
    pub(super) fn succeed(&mut self, path: &Path) {
        self.told.failing.remove(path);
    }

    /// Tells that a file is gone, if it has not been told yet.
    pub(super) fn miss(&mut self, file: FileNumber, events: &mut Vec<Event>) {
        if self.told.vanished.insert(file) {
            events.push(Event::Vanished { file });
        }
    }

    /// Gives up a mark.
    pub(super) fn forget(&mut self, file: FileNumber, events: &mut Vec<Event>) {
        self.known.remove(&file);
        self.told.vanished.remove(&file);
        events.push(Event::Forget { file });
    }

    /// Notes how far a file has been read that is not open, and hands that out.
    pub(super) fn remember(&mut self, source: usize, mark: Mark, events: &mut Vec<Event>) {
        events.push(Event::Batch(Batch {
            source,
            bytes: Vec::new(),
            mark: Some(mark.clone()),
        }));
        self.known.insert(mark.file.number, mark);
    }

    /// Closes a file that is idle if there are too many; whether one more may be open.
    pub(super) fn make_room(&mut self, source: usize, events: &mut Vec<Event>) -> bool {
        if self.open.has_room() {
            self.told.crowded.remove(&source);
            return true;
        }
        if let Some(idle) = self.open.take_idle() {
            self.put_away(idle, false);
            return true;
        }
        if self.told.crowded.insert(source) {
            events.push(Event::Crowded { source });
        }
        false
    }

    /// Keeps the mark of a file that is not open any more, and does not open it before it has changed.
    fn put_away(&mut self, open: Open, ended: bool) {
        let mark = open.file.mark(&self.settings.fingerprint_key);
        self.at_rest
            .extend(open.file.seen().map(|seen| (open.file.number, seen)));
        self.known.insert(mark.file.number, Mark { ended, ..mark });
    }

    /// Reads on in one file; whether there was something to read.
    fn read(&mut self, index: usize, events: &mut Vec<Event>) -> bool {
        let open = &mut self.open.files[index];
        match open.file.read_on(&mut self.buffer) {
            Ok(Progress::Nothing) => false,
            Ok(Progress::Grown) => {
                open.quiet = 0;
                self.deliver(index, false, events);
                true
            }
            Ok(Progress::Replaced) => {
                self.give_back(index);
                true
            }
            Err(error) => {
                let (source, place) = (open.file.source, open.file.place.clone());
                if open.file.is_compressed() {
                    self.leave_damaged(index);
                }
                self.fail(source, &place, error, events);
                false
            }
        }
    }

    /// Closes a file that has other content than was read: the next look finds that elsewhere, or gone.
    pub(super) fn give_back(&mut self, index: usize) {
        let file = self.open.files.remove(index).file;
        let mark = file.mark(&self.settings.fingerprint_key);
        self.known.insert(mark.file.number, mark);
        (self.is_busy, self.is_look_due) = (true, true);
    }

    /// Closes a compressed file that cannot be read on; it is tried again when it has changed.
    fn leave_damaged(&mut self, index: usize) {
        let open = self.open.files.remove(index);
        self.at_rest.insert(open.file.number, open.state);
        self.put_away(open, false);
    }

    /// Hands out the whole lines of a file.
    fn deliver(&mut self, index: usize, ended: bool, events: &mut Vec<Event>) {
        let file = &mut self.open.files[index].file;
        let source = file.source;
        let (bytes, cut) = file.lines.take();
        if !bytes.is_empty() || ended {
            let mark = Mark {
                ended,
                ..file.mark(&self.settings.fingerprint_key)
            };
            let mark = Some(mark);
            events.push(Event::Batch(Batch {
                source,
                bytes,
                mark,
            }));
        }
        if cut > 0 {
            events.push(Event::Cut { source, bytes: cut });
        }
    }

    /// Closes the files that have been rotated away, once they have been quiet for long enough.
    fn leave_ended(&mut self, events: &mut Vec<Event>) {
        for index in self.open.ended() {
            self.open.files[index].file.lines.finish();
            self.deliver(index, true, events);
            let open = self.open.files.remove(index);
            self.put_away(open, true);
        }
    }
}
