//! Searches everything that was released for everything that the log holds, in one pass.
//!
//! A log has millions of spellings of identifiers and a release is small, so the release is indexed
//! first: a spelling whose bytes cannot all be in it is let go at once, and what is left is searched
//! for together.

use aho_corasick::AhoCorasick;

use super::spelling::Spelling;
use crate::{
    audit::{finding::Place, folder::Site, patterns::Known, table::Rows, views::views},
    error::{Error, Result},
};

/// Bytes of a piece of text that the index knows.
const PIECE: usize = 6;

/// The columns whose keys come from the log; all others are of closed lists.
const OPEN: [&str; 8] = [
    "page",
    "from_page",
    "to_page",
    "referrer",
    "source",
    "medium",
    "campaign",
    "host",
];

/// Everything that was released, as one text, with where each part of it stands.
pub(super) struct Haystack {
    text: Vec<u8>,
    lower: Vec<u8>,
    parts: Vec<Part>,
    pieces: Pieces,
}

struct Part {
    start: usize,
    place: Place,
    /// A key of a column whose keys come from the log.
    is_open: bool,
}

/// Something to search for.
pub(super) struct Needle {
    pub(super) spelling: Spelling,
    /// What it is, in words.
    pub(super) kind: &'static str,
    /// It might be an ordinary word: search it only where words come from the log.
    pub(super) is_word: bool,
    /// The identifier, to be explained.
    pub(super) text: Vec<u8>,
}

impl Haystack {
    /// The files of a site; of tables that were read, the keys.
    pub(super) fn of<'t>(site: &Site, tables: impl Iterator<Item = &'t Rows>) -> Self {
        let mut haystack = Self {
            text: Vec::new(),
            lower: Vec::new(),
            parts: Vec::new(),
            pieces: Pieces::new(),
        };
        let mut read = Vec::new();
        for rows in tables {
            read.push(rows.file.as_str());
            for row in &rows.rows {
                for (name, key) in rows.keys.iter().zip(&row.keys) {
                    let place = rows.place(row).column(name);
                    haystack.push(key, &place, OPEN.contains(name));
                }
            }
        }
        let known = Known::of(site);
        let others = site
            .artefacts()
            .filter(|it| !read.contains(&it.name.as_str()));
        for artefact in others {
            for (line, text) in artefact.texts() {
                let place = Place::line(&artefact.name, line);
                haystack.push(&known.removed_from(&text), &place, false);
            }
        }
        haystack.lower = haystack.text.to_ascii_lowercase();
        haystack.pieces.fill(&haystack.lower);
        haystack
    }

    fn push(&mut self, text: &str, place: &Place, is_open: bool) {
        for view in views(text) {
            self.parts.push(Part {
                start: self.text.len(),
                place: place.clone(),
                is_open,
            });
            self.text.extend_from_slice(view.as_bytes());
            self.text.push(b'\n');
        }
    }

    /// Whether a spelling, in lower case, could be in it.
    pub(super) fn may_hold(&self, bytes: &[u8]) -> bool {
        self.pieces.may_hold(bytes)
    }

    /// Where each needle is found, by its number.
    ///
    /// # Errors
    /// [`Error::Setting`] if there are too many to be searched for together.
    pub(super) fn find(&self, needles: &[Needle]) -> Result<Vec<(usize, Place)>> {
        let lower = needles
            .iter()
            .map(|it| it.spelling.bytes.to_ascii_lowercase());
        let search = AhoCorasick::new(lower).map_err(|error| {
            Error::Setting(format!("the identifiers cannot be searched for: {error}"))
        })?;
        let mut found = Vec::new();
        for hit in search.find_overlapping_iter(&self.lower) {
            let number = hit.pattern().as_usize();
            let needle = &needles[number];
            let part = self.parts.partition_point(|part| part.start <= hit.start()) - 1;
            let part = &self.parts[part];
            if self.counts(needle, hit.start(), hit.end()) && (part.is_open || !needle.is_word) {
                found.push((number, part.place.clone()));
            }
        }
        found.dedup();
        Ok(found)
    }

    fn counts(&self, needle: &Needle, start: usize, end: usize) -> bool {
        let goes_on = |at: Option<usize>| {
            let byte = at.and_then(|at| self.text.get(at));
            byte.is_some_and(u8::is_ascii_alphanumeric)
        };
        let spelling = &needle.spelling;
        let is_whole = !goes_on(start.checked_sub(1)) && !goes_on(Some(end));
        (!spelling.is_bounded || is_whole)
            && (!spelling.is_exact || self.text[start..end] == spelling.bytes[..])
    }
}

/// Which pieces of text there are, as bits by a hash: what is not there for certain is told.
struct Pieces {
    bits: Vec<u64>,
}

impl Pieces {
    fn new() -> Self {
        Self {
            bits: vec![0; 1 << 20],
        }
    }

    fn fill(&mut self, text: &[u8]) {
        for piece in text.windows(PIECE) {
            let place = self.place(piece);
            self.bits[place / 64] |= 1 << (place % 64);
        }
    }

    fn may_hold(&self, bytes: &[u8]) -> bool {
        bytes.len() >= PIECE
            && bytes.windows(PIECE).all(|piece| {
                let place = self.place(piece);
                self.bits[place / 64] >> (place % 64) & 1 == 1
            })
    }

    /// Multiplicative hashing (Knuth, The Art of Computer Programming, 6.4).
    fn place(&self, piece: &[u8]) -> usize {
        let number = piece
            .iter()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let bits = (self.bits.len() * 64).trailing_zeros();
        (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - bits)) as usize
    }
}
