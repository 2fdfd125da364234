//! Finds files again that were rotated away, copied or compressed while nobody looked.

use std::{
    collections::{HashMap, HashSet},
    io, mem,
    path::{Path, PathBuf},
};

use super::{
    Event,
    file::{FollowedFile, Modified, Opened, modified},
    follow::Follower,
    identity::Mark,
    search::{Found, is_generation, neighbours},
};

impl Follower {
    /// Looks for the files that were read before and have another name by now, and for those that came
    /// and were rotated away between two looks.
    pub(super) fn settle(&mut self, events: &mut Vec<Event>) {
        // A folder that cannot be read now says nothing about what is gone.
        let Ok(all) = self.all_neighbours() else {
            return;
        };
        let here: HashMap<_, _> = all.iter().map(|found| (found.number, found)).collect();
        let known: Vec<Mark> = self.known.values().cloned().collect();
        let (blank, marks): (Vec<_>, Vec<_>) =
            known.into_iter().partition(|mark| mark.file.covered == 0);
        for mark in blank.iter().chain(&marks) {
            match here.get(&mark.file.number) {
                Some(found) => self.resume(found, mark, events),
                None => self.give_up(mark, events),
            }
        }
        self.is_settled = true;
        self.notice_successors();
        let successors = mem::take(&mut self.successors);
        for successor in &successors {
            if let Some(last) = self.last_before(successor, &successors) {
                self.read_between(successor, last, events);
            }
        }
    }

    /// All files beside those of the sources.
    fn all_neighbours(&self) -> io::Result<Vec<Found>> {
        let mut all = Vec::new();
        let mut folders = HashSet::new();
        for target in &self.targets {
            for path in target.paths().unwrap_or_default() {
                if folders.insert(path.parent().map(Path::to_owned)) || path.is_symlink() {
                    all.extend(neighbours(target.source, &path)?);
                }
            }
        }
        let mut numbers = HashSet::new();
        all.retain(|found: &Found| numbers.insert(found.number));
        Ok(all)
    }

    /// Goes on in a file that no source has under its name any more, where it was not left at its end.
    fn resume(&mut self, found: &Found, mark: &Mark, events: &mut Vec<Event>) {
        let Ok(opened) = Opened::new(&found.path) else {
            return;
        };
        // Of a file that was empty only the number is known, which may be another's by now.
        let is_it = if mark.file.covered == 0 {
            !opened.is_compressed() && !self.is_read(&opened.head)
        } else {
            opened.continues(mark, &self.settings.fingerprint_key)
        };
        if !is_it {
            self.give_up(mark, events);
            self.begin_anew(found, opened, events);
        } else if !mark.ended && !self.current.contains(&found.number) {
            let place = self.in_place_of(found);
            self.open(opened, mark.offset, &place, events);
            if mark.file.covered == 0 {
                self.successors.push(place);
            }
        }
    }

    /// Reads a rotated file from its beginning that has the number of one that was read: it was emptied, or
    /// it came later.
    fn begin_anew(&mut self, found: &Found, opened: Opened, events: &mut Vec<Event>) {
        let place = self.in_place_of(found);
        let is_generation = place.path != found.path && !self.is_followed(found.number);
        if is_generation && !opened.is_compressed() && !self.is_read(&opened.head) {
            self.open(opened, 0, &place, events);
        }
    }

    /// The file of a mark is not there, or another has its number.
    fn give_up(&mut self, mark: &Mark, events: &mut Vec<Event>) {
        self.known.remove(&mark.file.number);
        self.seek(mark, events);
        events.push(Event::Forget {
            file: mark.file.number,
        });
    }

    /// Files that were found under names which rotation gave them, and whose own name another file has got
    /// by now, are those that will end.
    fn notice_successors(&mut self) {
        let names = self.names();
        for open in self.open.iter_mut().filter(|open| !open.is_rotated) {
            if let Some((_, name)) = original(&names, &open.file.path) {
                open.file.path.clone_from(name);
                open.is_rotated = true;
            }
        }
    }

    /// The file under the name that it had before it was rotated.
    pub(super) fn in_place_of(&self, found: &Found) -> Found {
        let mut place = found.clone();
        if let Some((source, path)) = original(&self.names(), &found.path) {
            (place.source, place.path) = (*source, path.clone());
        }
        place
    }

    /// The names that the sources stand for now, and those under which open files were found.
    fn names(&self) -> Vec<(usize, PathBuf)> {
        let targets = self.targets.iter();
        let named = targets.map(|target| (target.source, target.paths().unwrap_or_default()));
        let named =
            named.flat_map(|(source, paths)| paths.into_iter().map(move |path| (source, path)));
        let open = self.open.iter().map(|open| &open.file);
        let open = open.map(|file| (file.source, file.path.clone()));
        named.chain(open).collect()
    }

    /// Looks for the rest of what a mark stands in where its file has gone or has other content: in a
    /// copy, or in a compressed one. Tells it as vanished, and `false`, if it is nowhere.
    pub(super) fn seek(&mut self, mark: &Mark, events: &mut Vec<Event>) -> bool {
        if mark.ended {
            return false;
        }
        let key = self.settings.fingerprint_key;
        for (found, opened) in self.candidates(|found| found.number != mark.file.number) {
            if opened.continues(mark, &key) {
                if !self.is_at_hand(&opened) {
                    let found = self.in_place_of(&found);
                    self.adopt(opened, mark.offset, &found, events);
                }
                return true;
            }
        }
        events.push(Event::Vanished {
            file: mark.file.number,
        });
        false
    }

    /// Files beside those of the sources, opened: plain ones first, in the order in which they were last
    /// modified.
    fn candidates(&self, fits: impl Fn(&Found) -> bool) -> Vec<(Found, Opened)> {
        let mut found = self.all_neighbours().unwrap_or_default();
        found.retain(fits);
        let opened = found.into_iter().filter_map(|found| {
            let opened = Opened::new(&found.path).ok()?;
            Some((found, opened))
        });
        let mut opened: Vec<_> = opened.collect();
        opened.sort_by_key(|(found, opened)| (opened.is_compressed(), found.modified));
        opened
    }

    /// Whether a file is being read, or has been.
    fn is_at_hand(&self, opened: &Opened) -> bool {
        let key = &self.settings.fingerprint_key;
        let known = self.known.get(&opened.number);
        self.is_followed(opened.number) || known.is_some_and(|mark| opened.continues(mark, key))
    }

    /// Reads a file that was found beside those of the sources.
    fn adopt(&mut self, opened: Opened, offset: u64, found: &Found, events: &mut Vec<Event>) {
        let before = self.open.len();
        self.open(opened, offset, found, events);
        if let Some(open) = self.open.get_mut(before) {
            open.is_rotated = true;
        }
    }

    /// Reads the generations between the last one known and its successor: those that were last modified
    /// after the last that is known.
    fn read_between(&mut self, successor: &Found, last: Modified, events: &mut Vec<Event>) {
        let is_between = |found: &Found| {
            is_generation(&successor.path, &found.path)
                && found.modified > last
                && !self.is_followed(found.number)
        };
        for (found, opened) in self.candidates(is_between) {
            if !self.is_read(&opened.head) {
                let found = Found {
                    source: successor.source,
                    path: successor.path.clone(),
                    ..found
                };
                self.adopt(opened, 0, &found, events);
            }
        }
    }

    /// When the files that had the successor's name before it, and were known before anything new was
    /// found, were last modified.
    fn last_before(&self, successor: &Found, new: &[Found]) -> Option<Modified> {
        let is_new = |number| new.iter().any(|found| found.number == number);
        let all = self.all_neighbours().unwrap_or_default();
        let is_known = |number| self.is_followed(number) || self.known.contains_key(&number);
        let generations = all.iter().filter(|found| {
            is_generation(&successor.path, &found.path)
                && !is_new(found.number)
                && is_known(found.number)
        });
        let generations = generations.map(|found| found.modified);
        let open = self.open.iter().map(|open| &open.file);
        let held = open.filter(|file| file.path == successor.path && !is_new(file.number));
        let held = held.filter_map(FollowedFile::metadata);
        generations.chain(held.map(|data| modified(&data))).max()
    }
}

/// The name of which rotation made a path.
fn original<'n>(names: &'n [(usize, PathBuf)], path: &Path) -> Option<&'n (usize, PathBuf)> {
    names.iter().find(|(_, name)| is_generation(name, path))
}
