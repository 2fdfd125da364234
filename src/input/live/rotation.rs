//! Finds out what has become of files that have been read, and which files are new.
//!
//! Each file of a source is known by its number and by how it begins. What is not known is new and read from
//! its beginning, unless it is a copy that is being made of a file that is still there. What was known and
//! is not there any more is looked for among what is not known: there its copy is, or its compressed form.

use std::io::{self, ErrorKind};

use super::{
    Event,
    copies::original_of_copy,
    file::Opened,
    follow::Follower,
    identity::Mark,
    recognition::{Unknown, has_grown, is_further, is_same},
    search::{Found, Listing, neighbours},
};

/// What does not go together.
#[derive(Default)]
struct Puzzle {
    unknown: Vec<Unknown>,
    /// Marks of what is not where it was.
    missing: Vec<Mark>,
    /// Files are there that cannot be looked into: any may be what is missing.
    has_unreadable: bool,
    /// Files have been renamed since they were listed.
    is_outdated: bool,
}

/// What looking into a file came to.
pub(super) enum Look {
    Opened(Opened),
    /// It is being written by a compressor.
    Unfinished,
    /// It is not there any more.
    Moved,
    /// It cannot be read.
    Failed,
}

impl Follower {
    pub(super) fn look_into(&mut self, found: &Found, events: &mut Vec<Event>) -> Look {
        match Opened::new(&found.path) {
            Ok(opened) if opened.number != found.number => Look::Moved,
            Ok(opened) if found.is_called_compressed() && !opened.is_compressed() => {
                if opened.size > 0 && !found.is_beside_original {
                    let error = io::Error::other("this is not compressed, as its name says it is");
                    self.fail(found.source, &found.path, error, events);
                }
                Look::Unfinished
            }
            Ok(opened) => {
                self.succeed(&found.path);
                Look::Opened(opened)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Look::Moved,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && found.is_beside_original => {
                Look::Unfinished
            }
            Err(error) => {
                self.fail(found.source, &found.path, error, events);
                Look::Failed
            }
        }
    }

    /// Reads on in what is known, finds again what is missing, and reads what is new.
    pub(super) fn settle(&mut self, listing: &Listing, events: &mut Vec<Event>) {
        let mut puzzle = self.meet(listing, events);
        self.collect_missing(listing, &mut puzzle);
        if !self.solve(listing, &mut puzzle, events) {
            // What has not been decided on stays as it was.
            let missing = puzzle.missing.into_iter();
            self.known
                .extend(missing.map(|mark| (mark.file.number, mark)));
        }
    }

    /// Puts together what is missing and what is not known; `false` if that has to wait.
    fn solve(&mut self, listing: &Listing, puzzle: &mut Puzzle, events: &mut Vec<Event>) -> bool {
        if puzzle.is_outdated {
            self.look_again();
            return false;
        }
        self.set_copies_aside(listing, puzzle);
        // What is known best is looked for first, that it is not taken for another.
        puzzle.missing.sort_by_key(|mark| mark.file.covered);
        puzzle.unknown.sort_by_key(|unknown| unknown.found.modified);
        while let Some(mark) = puzzle.missing.pop() {
            if !self.find_again(&mark, listing, puzzle, events) {
                puzzle.missing.push(mark);
                return false;
            }
        }
        let mut unknown = puzzle.unknown.iter();
        unknown.all(|unknown| self.begin(unknown, listing, events))
    }

    /// Nothing is read in copies of files that are still there: they may not be whole.
    fn set_copies_aside(&mut self, listing: &Listing, puzzle: &mut Puzzle) {
        let is_here = |number| listing.files.iter().any(|found| found.number == number);
        self.copies.retain(|copy, _| is_here(*copy));
        puzzle.unknown.retain(|unknown| {
            let original = original_of_copy(unknown, listing, &self.open);
            self.copies
                .extend(original.map(|original| (unknown.found.number, original)));
            original.is_none()
        });
    }

    /// Looks at all files that are not open: goes on in those that are known, and collects the others.
    fn meet(&mut self, listing: &Listing, events: &mut Vec<Event>) -> Puzzle {
        let mut puzzle = Puzzle {
            has_unreadable: listing.is_incomplete,
            ..Puzzle::default()
        };
        for found in &listing.files {
            let is_at_rest = self.at_rest.get(&found.number) == Some(&found.state());
            if is_at_rest || self.open.has(found.number) || self.is_passed_over(found) {
                continue;
            }
            match self.look_into(found, events) {
                Look::Opened(opened) => self.recognise(found, opened, &mut puzzle, events),
                Look::Unfinished => {}
                Look::Moved => puzzle.is_outdated = true,
                Look::Failed => puzzle.has_unreadable = true,
            }
        }
        puzzle
    }

    /// Whether nothing but its number was known when its source was begun.
    fn is_passed_over(&self, found: &Found) -> bool {
        self.known
            .get(&found.number)
            .is_some_and(|mark| mark.offset == u64::MAX && mark.file.covered == 0)
    }

    fn recognise(
        &mut self,
        found: &Found,
        opened: Opened,
        puzzle: &mut Puzzle,
        events: &mut Vec<Event>,
    ) {
        let key = self.settings.fingerprint_key;
        let Some(mark) = self.known.get(&found.number) else {
            puzzle.unknown.push(Unknown::new(found, opened));
            return;
        };
        if !is_same(mark, &opened, &key) {
            puzzle.missing.extend(self.known.remove(&found.number));
            puzzle.unknown.push(Unknown::new(found, opened));
        } else if mark.offset == u64::MAX || mark.ended && !has_grown(mark, &opened) {
            self.at_rest.insert(found.number, found.state());
        } else if self.open.has_room() || has_grown(mark, &opened) {
            let offset = mark.offset;
            if self.make_room(found.source, events) {
                self.known.remove(&found.number);
                self.open(found, opened, offset, events);
            }
        }
    }

    fn collect_missing(&mut self, listing: &Listing, puzzle: &mut Puzzle) {
        let is_here = |mark: &Mark| {
            let number = mark.file.number;
            mark.is_of_source() || listing.files.iter().any(|found| found.number == number)
        };
        let gone = self.known.extract_if(|_, mark| !is_here(mark));
        puzzle.missing.extend(gone.map(|(_, mark)| mark));
        if puzzle.missing.is_empty() {
            return;
        }
        // Under a name that no source knows it is the same file.
        let mut neighbours = neighbours(&self.targets, listing);
        puzzle.missing.retain(|mark| {
            let Some(found) = neighbours.remove(&mark.file.number) else {
                return true;
            };
            let is_it = listing.files.iter().all(|file| file.number != found.number)
                && Opened::new(&found.path)
                    .is_ok_and(|opened| is_same(mark, &opened, &self.settings.fingerprint_key));
            if is_it {
                self.known.insert(found.number, mark.clone());
                self.aside.insert(found.number, found);
                (self.is_busy, self.is_look_due) = (true, true);
            }
            !is_it
        });
    }

    /// Looks for what a mark stands in; `false` if it cannot be read on yet.
    fn find_again(
        &mut self,
        mark: &Mark,
        listing: &Listing,
        puzzle: &mut Puzzle,
        events: &mut Vec<Event>,
    ) -> bool {
        let key = self.settings.fingerprint_key;
        let number = mark.file.number;
        let mut unknown = puzzle.unknown.iter();
        let is_it = |unknown: &Unknown| {
            unknown.continues(mark, &key) || self.copies.get(&unknown.found.number) == Some(&number)
        };
        let index = unknown.position(is_it).or_else(|| {
            let mut unknown = puzzle.unknown.iter();
            unknown.position(|unknown| unknown.may_be_empty_form(mark))
        });
        if let Some(index) = index {
            let is_found = self.go_on(mark, &puzzle.unknown[index], events);
            puzzle.unknown.remove(index);
            return is_found;
        }
        let is_further = |other| is_further(other, mark);
        let mut open = self.open.files.iter();
        let is_over = mark.ended
            || self.known.values().any(is_further)
            || open.any(|open| open.file.is_further(mark, &key));
        let is_replaced = listing.files.iter().any(|found| found.number == number);
        let may_come_back = puzzle.has_unreadable || !listing.devices.contains(&number.device);
        if !is_over {
            self.miss(number, events);
        }
        if may_come_back && !is_replaced {
            self.known.insert(number, mark.clone());
        } else {
            self.forget(number, events);
        }
        true
    }

    /// Goes on in the copy or the compressed form of a file; `false` if it cannot be opened now.
    fn go_on(&mut self, mark: &Mark, unknown: &Unknown, events: &mut Vec<Event>) -> bool {
        let found = &unknown.found;
        let room = self.make_room(found.source, events);
        let Look::Opened(opened) = self.look_into(found, events) else {
            self.look_again();
            return false;
        };
        let new = self.mark_in(mark, &opened);
        if !new.ended && !room {
            return false;
        }
        // The new mark comes before the old one goes, so that one is there whenever this is interrupted.
        self.remember(found.source, new.clone(), events);
        if mark.file.number != found.number {
            self.forget(mark.file.number, events);
        }
        if !new.ended {
            self.known.remove(&found.number);
            self.open(found, opened, new.offset, events);
        }
        true
    }

    /// Where a mark stands in a copy. What was written to the original between copying and emptying it may
    /// have been read, and is not in the copy.
    fn mark_in(&self, mark: &Mark, copy: &Opened) -> Mark {
        let mut file = copy.identity(&self.settings.fingerprint_key);
        if mark.file.covered > 0 {
            file.covered = mark.file.covered;
            file.fingerprint = mark.file.fingerprint;
        }
        let is_shorter = !copy.is_compressed() && copy.size < mark.offset;
        match mark.offset {
            u64::MAX => Mark::of_all(file),
            _ if is_shorter => Mark {
                offset: copy.size,
                ..Mark::of_all(file)
            },
            offset => Mark {
                file,
                offset,
                ended: false,
            },
        }
    }

    /// Reads a file that is new; `false` if that has to wait.
    fn begin(&mut self, unknown: &Unknown, listing: &Listing, events: &mut Vec<Event>) -> bool {
        let found = &unknown.found;
        // Of a rotated file that is empty nothing has to be known.
        if found.size == 0 && found.original.is_some() {
            return true;
        }
        if self.is_original_emptied(found, listing) {
            return false;
        }
        if !self.make_room(found.source, events) {
            return false;
        }
        let Look::Opened(opened) = self.look_into(found, events) else {
            self.look_again();
            return false;
        };
        let identity = opened.identity(&self.settings.fingerprint_key);
        if self.has_been_read(found, &opened) {
            self.remember(found.source, Mark::of_all(identity), events);
            return true;
        }
        if opened.head.is_empty() {
            let mark = Mark {
                file: identity,
                offset: 0,
                ended: false,
            };
            self.remember(found.source, mark, events);
            self.known.remove(&found.number);
        }
        self.open(found, opened, 0, events);
        true
    }

    /// Whether a rotated file's original has been emptied or replaced since it was listed or read: then the
    /// rotated one may be its copy. This is asked after the two have been found to differ.
    fn is_original_emptied(&mut self, found: &Found, listing: &Listing) -> bool {
        let original = found.original.as_deref().and_then(|path| listing.at(path));
        let Some(original) = original else {
            return false;
        };
        let mut open = self.open.files.iter();
        if let Some(index) = open.position(|open| open.file.number == original.number) {
            let is_intact = self.open.files[index].file.is_intact();
            if !is_intact {
                self.give_back(index);
            }
            return !is_intact;
        }
        let now = Found::at(original.source, original.path.clone());
        let is_changed = now
            .ok()
            .flatten()
            .is_none_or(|now| now.state() != original.state());
        if is_changed {
            self.look_again();
        }
        is_changed
    }

    /// Whether a rotated file is one more copy of one that has been read to its end.
    fn has_been_read(&self, found: &Found, opened: &Opened) -> bool {
        let key = &self.settings.fingerprint_key;
        let mut ended = self.known.values().filter(|mark| mark.ended);
        (found.original.is_some() || opened.is_compressed())
            && ended.any(|mark| mark.file.is_sure() && mark.file.fits(&opened.head, key))
    }

    fn open(&mut self, found: &Found, opened: Opened, offset: u64, events: &mut Vec<Event>) {
        events.push(Event::Opened {
            source: found.source,
            file: found.number,
            path: found.place().to_owned(),
        });
        let limit = self.settings.line_limit;
        let is_rotated = !found.is_named || found.original.is_some();
        let file = opened.from(offset, found.source, found.place().to_owned(), limit);
        self.at_rest.remove(&found.number);
        self.open.add(file, found.state(), is_rotated);
    }
}
