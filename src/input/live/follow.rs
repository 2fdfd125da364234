//! Follows files through rotation of every kind, so that each line is handed out once.
//!
//! Files are looked at again and again instead of being watched by inotify: that is the same on every file
//! system, those of networks and containers among them, there is no queue of notices that overflows,
//! and lines that wait for some hundred milliseconds are no loss to statistics of days. A look at an idle
//! file is one system call.

use std::{
    collections::{HashMap, HashSet},
    io, mem,
    path::{Path, PathBuf},
};

use super::{
    Batch, Event, LiveSettings,
    file::{FollowedFile, Modified, Opened, Progress, modified},
    identity::{FileNumber, Mark},
    search::{Found, Target},
};
use crate::error::{Error, Result};

/// All followed files of a service.
pub(super) struct Follower {
    pub(super) targets: Vec<Target>,
    pub(super) settings: LiveSettings,
    pub(super) open: Vec<Open>,
    /// The files that have been read and are not open.
    pub(super) known: HashMap<FileNumber, Mark>,
    /// Files that sources stand for and that need not be open, in the state in which that was found.
    resting: HashMap<FileNumber, (u64, Modified)>,
    /// Names that could not be read, each told once.
    failing: HashSet<PathBuf>,
    /// Sources that have more files than may be open, each told once.
    crowded: HashSet<usize>,
    /// The files that have a name of a source now.
    pub(super) current: HashSet<FileNumber>,
    /// Files that appeared under a name after others, whose predecessors may not all be known.
    pub(super) successors: Vec<Found>,
    /// The files of the last run have been looked for.
    pub(super) is_settled: bool,
    /// Which open file is read next.
    turn: usize,
    /// In this round there was something to read.
    is_busy: bool,
    buffer: Vec<u8>,
}

/// An open file and how it stands to its source.
pub(super) struct Open {
    pub(super) file: FollowedFile,
    /// The source has it under this name no longer.
    pub(super) is_rotated: bool,
    /// Rounds in which it has not grown.
    quiet: u32,
}

impl Follower {
    /// Follows what is named from the marks on.
    ///
    /// # Errors
    /// [`Error::Setting`] for a pattern that is not one.
    pub(super) fn new(
        targets: Vec<Target>,
        settings: LiveSettings,
        marks: Vec<Mark>,
    ) -> Result<Self> {
        for target in &targets {
            target.paths()?;
        }
        let known = marks.into_iter().map(|mark| (mark.file.number, mark));
        Ok(Self {
            targets,
            settings,
            open: Vec::new(),
            known: known.collect(),
            resting: HashMap::new(),
            failing: HashSet::new(),
            crowded: HashSet::new(),
            current: HashSet::new(),
            successors: Vec::new(),
            is_settled: false,
            turn: 0,
            is_busy: false,
            buffer: Vec::new(),
        })
    }

    /// Reads on in the next file that has grown; `false` when all have been read to their ends, which is
    /// when to wait for a while.
    pub(super) fn step(&mut self, events: &mut Vec<Event>) -> bool {
        if self.turn == 0 {
            self.look_around(events);
        }
        while self.turn < self.open.len() {
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
        }
        was_busy
    }

    /// Finds what the sources stand for now.
    fn look_around(&mut self, events: &mut Vec<Event>) {
        let found = self.find(events);
        self.current = found.iter().map(|file| file.number).collect();
        self.notice_rotated(&found);
        for file in &found {
            if !self.is_followed(file.number) {
                self.meet(file, events);
            }
        }
        self.resting
            .retain(|number, _| self.current.contains(number));
        if !self.successors.is_empty() || !self.is_settled {
            self.settle(events);
        }
    }

    fn find(&mut self, events: &mut Vec<Event>) -> Vec<Found> {
        let mut all = Vec::new();
        for target in &self.targets {
            let (found, failed) = target.find();
            for file in &found {
                self.failing.remove(&file.path);
            }
            for (path, error) in failed {
                events.extend(failure(&mut self.failing, target.source, &path, error));
            }
            all.extend(found);
        }
        all
    }

    fn notice_rotated(&mut self, found: &[Found]) {
        let names: HashSet<_> = found
            .iter()
            .map(|file| (file.number, file.path.as_path()))
            .collect();
        for open in &mut self.open {
            let is_rotated = !names.contains(&(open.file.number, open.file.path.as_path()));
            if is_rotated && !open.is_rotated {
                open.quiet = 0;
            }
            open.is_rotated = is_rotated;
        }
    }

    pub(super) fn is_followed(&self, number: FileNumber) -> bool {
        self.open.iter().any(|open| open.file.number == number)
    }

    /// Opens a file that a source stands for, where there is something to be read or room for it.
    fn meet(&mut self, found: &Found, events: &mut Vec<Event>) {
        if self.resting.get(&found.number) == Some(&(found.size, found.modified)) {
            return;
        }
        match Opened::new(&found.path) {
            Ok(opened) if self.may_rest(&opened) => {
                let state = (found.size, found.modified);
                self.resting.insert(found.number, state);
            }
            Ok(opened) if self.make_room(found.source, events) => {
                self.follow(found, opened, events);
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                let event = failure(&mut self.failing, found.source, &found.path, error);
                events.extend(event);
            }
            _ => {}
        }
    }

    /// Whether a file need not be open until it changes: it is compressed, or has been read.
    fn may_rest(&self, opened: &Opened) -> bool {
        let key = &self.settings.fingerprint_key;
        let is_read = |mark: &Mark| {
            let is_left = mark.ended || !self.has_room();
            is_left && mark.offset == opened.size && opened.continues(mark, key)
        };
        opened.is_compressed() || self.known.get(&opened.number).is_some_and(is_read)
    }

    fn follow(&mut self, found: &Found, opened: Opened, events: &mut Vec<Event>) {
        let key = self.settings.fingerprint_key;
        // A rotated file that a pattern fits under its new name as well is one that will end.
        let place = self.in_place_of(found);
        match self.known.remove(&opened.number) {
            Some(mark) if opened.continues(&mark, &key) => {
                self.open(opened, mark.offset, &place, events);
                return;
            }
            // Of a file that was empty only the number is known, which may be another's by now.
            Some(mark) if mark.file.covered == 0 => {}
            Some(mark) => {
                self.seek(&mark, events);
            }
            None if self.is_copy(found.source, &opened.head) => return,
            None => {}
        }
        self.open(opened, 0, &place, events);
        self.successors.push(place);
    }

    /// Reads a file from an offset on, and says so in a mark before the first of its lines: after a restart
    /// it is known, even if no line has come.
    pub(super) fn open(
        &mut self,
        opened: Opened,
        offset: u64,
        found: &Found,
        events: &mut Vec<Event>,
    ) {
        let (source, path) = (found.source, found.path.clone());
        self.known.remove(&opened.number);
        events.push(Event::Opened {
            source,
            file: opened.number,
            path: path.clone(),
        });
        match opened.from(offset, source, path, self.settings.line_limit) {
            Ok(file) => {
                self.open.push(Open {
                    file,
                    is_rotated: false,
                    quiet: 0,
                });
                self.tell_mark(self.open.len() - 1, events);
            }
            Err(error) => events.extend(failure(&mut self.failing, source, &found.path, error)),
        }
    }

    /// Whether a new file begins like one that is read already: copytruncate is at work, and what is not
    /// read yet will be looked for in it when the original is emptied. A file that is named itself is no
    /// copy.
    fn is_copy(&self, source: usize, head: &[u8]) -> bool {
        let mut targets = self.targets.iter();
        targets.any(|target| target.source == source && target.is_open()) && self.is_read(head)
    }

    pub(super) fn is_read(&self, head: &[u8]) -> bool {
        let key = &self.settings.fingerprint_key;
        let is_open = |open: &Open| open.file.may_be_copied_to(head);
        self.open.iter().any(is_open) || self.known.values().any(|mark| mark.file.fits(head, key))
    }

    fn has_room(&self) -> bool {
        self.open.len() < self.settings.most_files
    }

    /// Closes the file that has been quiet longest if there are too many; whether one more may be open.
    fn make_room(&mut self, source: usize, events: &mut Vec<Event>) -> bool {
        if self.has_room() {
            self.crowded.remove(&source);
            return true;
        }
        let idle = (0..self.open.len()).filter(|&index| {
            let open = &self.open[index];
            !open.is_rotated && open.quiet >= self.patience() && open.file.lines.held() == 0
        });
        let Some(longest) = idle.max_by_key(|&index| self.open[index].quiet) else {
            if self.crowded.insert(source) {
                events.push(Event::Crowded { source });
            }
            return false;
        };
        let mark = self
            .open
            .remove(longest)
            .file
            .mark(&self.settings.fingerprint_key);
        self.known.insert(mark.file.number, mark);
        true
    }

    /// Reads on in one file; whether there was something to read.
    fn read(&mut self, index: usize, events: &mut Vec<Event>) -> bool {
        let open = &mut self.open[index];
        let was_blank = open.file.is_blank();
        match open.file.read_on(&mut self.buffer) {
            Ok(Progress::Nothing) => false,
            Ok(Progress::Grown) => {
                open.quiet = 0;
                self.deliver(index, events);
                if was_blank {
                    self.tell_mark(index, events);
                }
                true
            }
            Ok(Progress::Replaced) => {
                self.replaced(index, events);
                true
            }
            Err(error) => {
                let (source, path) = (open.file.source, open.file.path.clone());
                events.extend(failure(&mut self.failing, source, &path, error));
                false
            }
        }
    }

    /// Hands out the whole lines of a file.
    fn deliver(&mut self, index: usize, events: &mut Vec<Event>) {
        let file = &mut self.open[index].file;
        let source = file.source;
        let (bytes, cut) = file.lines.take();
        if !bytes.is_empty() {
            let mark = Some(file.mark(&self.settings.fingerprint_key));
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

    /// Hands out a mark alone: where a file is, before a line of it has come.
    fn tell_mark(&self, index: usize, events: &mut Vec<Event>) {
        let file = &self.open[index].file;
        let mark = file.mark(&self.settings.fingerprint_key);
        events.push(mark_only(file.source, mark));
    }

    /// A file has been emptied or written anew: reads what was not read of it in its copy, if there is one,
    /// and the file itself from its beginning.
    fn replaced(&mut self, index: usize, events: &mut Vec<Event>) {
        let file = &self.open[index].file;
        let mark = file.mark(&self.settings.fingerprint_key);
        if !self.seek(&mark, events) {
            self.open[index].file.lines.finish();
            self.deliver(index, events);
        }
        self.open[index].file.begin_again();
        self.tell_mark(index, events);
        let open = &mut self.open[index];
        open.quiet = 0;
        if let Some(metadata) = open.file.metadata() {
            self.successors.push(Found {
                source: open.file.source,
                path: open.file.path.clone(),
                number: open.file.number,
                size: 0,
                modified: modified(&metadata),
            });
        }
        // Its new beginning tells whether other files are copies of it.
        if matches!(open.file.read_on(&mut self.buffer), Ok(Progress::Grown)) {
            self.deliver(index, events);
            self.tell_mark(index, events);
        }
    }

    /// Rounds after which a file that does not grow is given up.
    fn patience(&self) -> u32 {
        let poll = self.settings.poll.as_nanos().max(1);
        u32::try_from(self.settings.grace.as_nanos() / poll).unwrap_or(u32::MAX)
    }

    /// Closes the files that have been rotated away, once they have been quiet for long enough. As long
    /// as no other file has the name, the writer has not gone on to one.
    fn leave_ended(&mut self, events: &mut Vec<Event>) {
        for index in (0..self.open.len()).rev() {
            self.open[index].quiet = self.open[index].quiet.saturating_add(1);
            let Open {
                file,
                is_rotated,
                quiet,
            } = &self.open[index];
            let is_over = *is_rotated && *quiet > self.patience() && self.is_succeeded(file);
            if file.is_compressed() || is_over {
                self.leave(index, events);
            }
        }
    }

    fn leave(&mut self, index: usize, events: &mut Vec<Event>) {
        self.open[index].file.lines.finish();
        self.deliver(index, events);
        let file = self.open.remove(index).file;
        let mark = Mark {
            ended: true,
            ..file.mark(&self.settings.fingerprint_key)
        };
        events.push(mark_only(file.source, mark.clone()));
        self.known.insert(mark.file.number, mark);
    }

    /// Whether another file has its name, or it has none.
    fn is_succeeded(&self, file: &FollowedFile) -> bool {
        use std::os::unix::fs::MetadataExt;
        let is_deleted = file.metadata().is_none_or(|own| own.nlink() == 0);
        let at_name = file.path.metadata().ok();
        is_deleted || at_name.is_some_and(|other| FileNumber::of(&other) != file.number)
    }
}

/// A batch without lines.
const fn mark_only(source: usize, mark: Mark) -> Event {
    Event::Batch(Batch {
        source,
        bytes: Vec::new(),
        mark: Some(mark),
    })
}

/// That a name cannot be read, if it has not been told yet.
fn failure(
    failing: &mut HashSet<PathBuf>,
    source: usize,
    path: &Path,
    error: io::Error,
) -> Option<Event> {
    failing.insert(path.to_owned()).then(|| Event::Failed {
        source,
        error: Error::unreadable(path, error),
    })
}
