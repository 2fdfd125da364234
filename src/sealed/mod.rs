//! Original lines, encrypted as a log is scrubbed, to keys that this host does not have.
//!
//! A segment is a file of the format age-encryption.org/v1 with lines of one day, byte for byte. Segments of a
//! day are numbered: opened in that order they are the day's lines in the order in which they came. Their
//! folder has nothing else but a lock and the [`Register`] of who opened which, and what expired.

mod folder;
mod name;
mod opening;
mod recipients;
mod register;
mod sealer;
#[cfg(test)]
mod tests;

pub use folder::SealedFolder;
pub use name::SegmentName;
pub use opening::{Identities, Opening, Selected};
pub use recipients::Recipients;
pub use register::{Entry, Register};
pub use sealer::{DatedLines, Sealer, SealerSettings};
