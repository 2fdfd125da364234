//! Decides whether a file is the one that a mark is of, or its copy, or its compressed form.

use super::{file::Opened, identity::Mark, search::Found};

/// A file that is not known.
pub(super) struct Unknown {
    pub(super) found: Found,
    /// Its first bytes, decompressed.
    pub(super) head: Vec<u8>,
    pub(super) is_compressed: bool,
}

impl Unknown {
    pub(super) fn new(found: &Found, opened: Opened) -> Self {
        Self {
            found: found.clone(),
            is_compressed: opened.is_compressed(),
            head: opened.head,
        }
    }

    /// Whether it is what a mark stands in, of which the file is gone or has other content: its copy, or its
    /// compressed form.
    pub(super) fn continues(&self, mark: &Mark, key: &[u8; 32]) -> bool {
        if mark.file.covered == 0 {
            // Any may have come of a file that was empty when it was last looked at.
            let is_it = mark.file.number == self.found.number;
            let is_new = is_it || !mark.ended && self.found.original.is_some();
            return is_new && !self.head.is_empty();
        }
        if !mark.file.fits(&self.head, key) {
            return false;
        }
        // Whoever renamed a file once does not copy it later.
        let is_copy = self.found.original.is_some() && (!mark.ended || mark.file.is_sure());
        let is_moved = self.found.size >= mark.offset
            && (mark.file.is_sure()
                || mark.file.number.born.is_some()
                    && mark.file.number.born == self.found.number.born);
        self.is_compressed || is_copy || is_moved
    }

    /// Whether it is the compressed form of an empty file, and the mark is of one that was empty.
    pub(super) fn may_be_empty_form(&self, mark: &Mark) -> bool {
        let is_of_rotated = self.is_compressed && self.found.original.is_some();
        let was_empty = mark.file.covered == 0 && !mark.ended;
        was_empty && is_of_rotated && self.head.is_empty()
    }
}

/// Whether a file with a mark's number still is the mark's.
pub(super) fn is_same(mark: &Mark, opened: &Opened, key: &[u8; 32]) -> bool {
    let is_long_enough = opened.is_compressed() || opened.size >= mark.offset;
    let begins_so = if mark.file.covered == 0 {
        opened.head.is_empty()
    } else {
        mark.file.fits(&opened.head, key)
    };
    mark.file.number == opened.number && is_long_enough && begins_so
}

pub(super) fn has_grown(mark: &Mark, opened: &Opened) -> bool {
    if opened.is_compressed() {
        return !mark.ended;
    }
    opened.size > mark.offset
}

/// Whether another mark is of the same content, read as far.
pub(super) fn is_further(other: &Mark, mark: &Mark) -> bool {
    other.offset >= mark.offset && other.file.begins_like(&mark.file)
}
