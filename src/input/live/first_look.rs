//! Begins sources: what was rotated before the first look at a source has not to be read.
//!
//! Of each such file a mark is kept, as of those that have been read; and one of the source itself. So what
//! has no mark later is new, however it is called and whenever it was modified.

use super::{
    Event,
    copies::original_of_copy,
    follow::Follower,
    identity::{FileIdentity, Mark},
    recognition::Unknown,
    rotation::Look,
    search::{Found, Listing},
};

impl Follower {
    /// On the first look at a source, what was rotated before is nothing that has to be read.
    pub(super) fn begin_sources(&mut self, listing: &Listing, events: &mut Vec<Event>) {
        let key = self.settings.fingerprint_key;
        for index in 0..self.targets.len() {
            let source = self.targets[index].source;
            let mark = Mark::of_source(
                self.targets[index].name.as_os_str().as_encoded_bytes(),
                &key,
            );
            if self.known.contains_key(&mark.file.number) || listing.unlisted.contains(&source) {
                continue;
            }
            let of_source = listing.files.iter().filter(|found| found.source == source);
            for found in of_source {
                if !self.known.contains_key(&found.number) && !self.open.has(found.number) {
                    self.pass_over(found, listing, events);
                }
            }
            self.remember(source, mark, events);
        }
        self.forget_sources(events);
    }

    /// Forgets sources that are named no longer.
    fn forget_sources(&mut self, events: &mut Vec<Event>) {
        let key = self.settings.fingerprint_key;
        let names = self.targets.iter().map(|target| target.name.as_os_str());
        let own: Vec<_> = names
            .map(|name| Mark::of_source(name.as_encoded_bytes(), &key).file.number)
            .collect();
        self.known.retain(|number, mark| {
            let is_kept = !mark.is_of_source() || own.contains(number);
            if !is_kept {
                events.push(Event::Forget { file: *number });
            }
            is_kept
        });
    }

    /// Marks a file as read that was rotated, or compressed, before its source was begun.
    fn pass_over(&mut self, found: &Found, listing: &Listing, events: &mut Vec<Event>) {
        let key = self.settings.fingerprint_key;
        match self.look_into(found, &mut Vec::new()) {
            Look::Opened(opened) => {
                let identity = opened.identity(&key);
                let mut mark = Mark::of_all(identity);
                if !opened.is_compressed() {
                    mark.offset = opened.size;
                }
                let is_old = !found.is_named || opened.is_compressed();
                let unknown = Unknown::new(found, opened);
                if is_old && original_of_copy(&unknown, listing, &self.open).is_none() {
                    self.remember(found.source, mark, events);
                }
            }
            Look::Failed if !found.is_named => {
                let head = [];
                let identity = FileIdentity::new(found.number, &head, &key);
                self.remember(found.source, Mark::of_all(identity), events);
            }
            Look::Unfinished | Look::Moved | Look::Failed => {}
        }
    }
}
