//! The files that are open: how many may be, which have been rotated away, and which have ended.

use std::path::Path;

use super::{
    LiveSettings,
    file::{FollowedFile, Modified},
    identity::FileNumber,
    search::Listing,
};

/// All open files, in the order in which they take turns.
pub(super) struct OpenFiles {
    pub(super) files: Vec<Open>,
    most: usize,
    /// Rounds after which a rotated file that does not grow is left.
    patience: u32,
}

/// An open file and how it stands to its source.
pub(super) struct Open {
    pub(super) file: FollowedFile,
    /// Its size and time when it was found.
    pub(super) state: (u64, Modified),
    /// It is called as rotation calls files, or has no name that a source knows.
    is_rotated: bool,
    /// Rounds in which it has not grown.
    pub(super) quiet: u32,
}

impl OpenFiles {
    pub(super) fn new(settings: &LiveSettings) -> Self {
        let poll = settings.poll.as_nanos().max(1);
        Self {
            files: Vec::new(),
            most: settings.most_files.max(1),
            patience: u32::try_from(settings.grace.as_nanos() / poll).unwrap_or(u32::MAX),
        }
    }

    pub(super) fn add(&mut self, file: FollowedFile, state: (u64, Modified), is_rotated: bool) {
        self.files.push(Open {
            file,
            state,
            is_rotated,
            quiet: 0,
        });
    }

    pub(super) fn has(&self, number: FileNumber) -> bool {
        self.files.iter().any(|open| open.file.number == number)
    }

    pub(super) const fn has_room(&self) -> bool {
        self.files.len() < self.most
    }

    /// Takes out the file that has not grown for longest, if there is one.
    pub(super) fn take_idle(&mut self) -> Option<Open> {
        let idle = (0..self.files.len()).filter(|&index| self.files[index].quiet > 0);
        let longest = idle.max_by_key(|&index| self.files[index].quiet)?;
        Some(self.files.remove(longest))
    }

    /// Notes what the files are called now.
    pub(super) fn note_names(&mut self, listing: &Listing) {
        for open in &mut self.files {
            let found = listing
                .files
                .iter()
                .find(|found| found.number == open.file.number);
            let is_rotated = found.is_none_or(|found| !found.is_named || found.original.is_some());
            if let Some(found) = found.filter(|found| found.is_named || found.original.is_some()) {
                open.file.place = found.place().to_owned();
            }
            if is_rotated && !open.is_rotated {
                open.quiet = 0;
            }
            open.is_rotated = is_rotated;
        }
    }

    /// Ends a round in which nothing was to be read: the files that have ended, the last first. As long as
    /// no other file has the name of a rotated one, its writer has not gone on to one.
    pub(super) fn ended(&mut self) -> Vec<usize> {
        let mut ended = Vec::new();
        for (index, open) in self.files.iter_mut().enumerate() {
            open.quiet = open.quiet.saturating_add(1);
            let is_silent = open.is_rotated && open.quiet > self.patience;
            if open.file.is_compressed() || is_silent && is_succeeded(&open.file) {
                ended.push(index);
            }
        }
        ended.reverse();
        ended
    }
}

/// Whether another file has its name, or it has none.
fn is_succeeded(file: &FollowedFile) -> bool {
    let number_of = |path: &Path| path.metadata().ok().map(|other| FileNumber::of(&other));
    file.is_deleted() || number_of(&file.place).is_some_and(|number| number != file.number)
}
