//! Glob patterns over logged bytes.

use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::error::{Error, Result};

/// A set of glob patterns; `*` matches any characters, `/` and `.` too.
///
/// Bytes that are not UTF-8 match only wildcards.
#[derive(Debug, Default)]
pub(super) struct Patterns(GlobSet);

impl Patterns {
    /// Patterns of what `subject` names, for messages.
    ///
    /// # Errors
    /// [`Error::Setting`] for a text that is no pattern.
    pub(super) fn new(subject: &str, patterns: &[String]) -> Result<Self> {
        let refused = |error| Error::Setting(format!("{subject} pattern: {error}"));
        let mut builder = GlobSetBuilder::new();
        for pattern in patterns {
            builder.add(Glob::new(pattern).map_err(refused)?);
        }
        builder.build().map(Self).map_err(refused)
    }

    /// The same, or nothing where there are no patterns.
    ///
    /// # Errors
    /// Those of [`Patterns::new`].
    pub(super) fn some(subject: &str, patterns: &[String]) -> Result<Option<Self>> {
        (!patterns.is_empty())
            .then(|| Self::new(subject, patterns))
            .transpose()
    }

    pub(super) fn is_match(&self, bytes: &[u8]) -> bool {
        self.0.is_match(&*String::from_utf8_lossy(bytes))
    }

    /// A bit for every pattern that matches, in the order given.
    pub(super) fn matching(&self, bytes: &[u8]) -> u64 {
        let matching = self.0.matches(&*String::from_utf8_lossy(bytes));
        matching
            .into_iter()
            .fold(0, |bits, index| bits | 1 << index)
    }
}
