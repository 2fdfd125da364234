//! Lines that each hold the digest of the one before, so that it shows when one is altered or removed.

use super::ledger::digest;

/// Lines of JSON objects; each has a member with the SHA-256 of the line before it, without its newline.
#[derive(Clone, Debug)]
pub struct Chain {
    bytes: Vec<u8>,
    last: String,
}

/// What the first line has in place of the digest of a line before it.
pub(super) const NO_LINE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

impl Default for Chain {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            last: NO_LINE.to_owned(),
        }
    }
}

impl Chain {
    /// The digest that the next line has to hold: that of the last line.
    #[must_use]
    pub fn last(&self) -> &str {
        &self.last
    }

    /// All lines.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text of a line, which a newline ends.
    ///
    /// # Errors
    /// In words, if it is torn.
    pub fn text(line: &[u8]) -> Result<&[u8], String> {
        line.strip_suffix(b"\n")
            .ok_or_else(|| "it is torn: its end is missing".to_owned())
    }

    /// Whether a line that holds this digest comes next.
    ///
    /// # Errors
    /// In words, if it does not.
    pub fn check(&self, prev: &str) -> Result<(), String> {
        if prev == self.last {
            return Ok(());
        }
        Err("the chain is broken: a line before it was altered or removed".to_owned())
    }

    /// Adds a line, given without its newline.
    pub fn add(&mut self, text: &[u8]) {
        self.last = digest(text);
        self.bytes.extend_from_slice(text);
        self.bytes.push(b'\n');
    }
}
