//! Accounts for every line: each line of input ends in exactly one of them. How far a long operation has come.

use std::{
    fmt,
    ops::AddAssign,
    sync::atomic::{AtomicU64, Ordering},
};

/// What became of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// Of a period that the ledger already has.
    AlreadyReleased,
    /// Set aside by a filter.
    Excluded,
    /// Blank, a `#` directive, or another program's line in a mixed stream.
    Ignored,
    /// Not of the format; the rule says how.
    Malformed(Rule),
    /// Of a period that is still open.
    NotYetOver,
    /// Its client asked not to be counted.
    OptedOut,
    /// Counted as a request.
    Parsed,
}

/// The rule of the format that a malformed line broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The byte count is neither a number nor `-`.
    Bytes,
    /// There are more or fewer columns than the `#Fields` directive names.
    Columns,
    /// A delimiter of the format is missing.
    Delimiter,
    /// The line ends before its last field.
    Incomplete,
    /// The line is not valid JSON.
    Json,
    /// The line is longer than the cap.
    Length,
    /// A member that a request needs is missing in a JSON object.
    Member,
    /// A quoted field has no closing quote.
    Quote,
    /// The status is neither three digits nor `-`.
    Status,
    /// The time is not of the format's syntax, or no such instant exists.
    Time,
    /// Something follows the last field.
    Trailing,
    /// No `#Fields` directive has said what the columns are, or it names no client or no time.
    Undeclared,
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Bytes => "the byte count is not a number",
            Self::Columns => "the columns are not those of the #Fields directive",
            Self::Delimiter => "a delimiter of the format is missing",
            Self::Incomplete => "the line ends before its last field",
            Self::Json => "the line is not valid JSON",
            Self::Length => "the line is too long",
            Self::Member => "a JSON member that a request needs is missing",
            Self::Quote => "a quoted field is not closed",
            Self::Status => "the status is not a number",
            Self::Time => "the time cannot be read",
            Self::Trailing => "something follows the last field",
            Self::Undeclared => "no #Fields directive says what the columns are",
        })
    }
}

/// How far an operation has come, for whoever watches.
#[derive(Debug, Default)]
pub struct Progress {
    /// Bytes of the sources as stored.
    pub bytes: AtomicU64,
    /// Lines; rows of sources that have rows.
    pub lines: AtomicU64,
}

impl Progress {
    /// Goes on by so much.
    pub fn add(&self, bytes: u64, lines: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.lines.fetch_add(lines, Ordering::Relaxed);
    }
}

/// A malformed line: where it is and the rule it broke, never what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MalformedLine {
    /// The source as the user named it.
    pub source: String,
    /// The line's number in it, from 1.
    pub number: u64,
    /// The rule it broke.
    pub rule: Rule,
}

/// Lines by account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Lines of periods that the ledger already has.
    pub already_released: u64,
    /// Lines set aside by a filter.
    pub excluded: u64,
    /// Blank lines, directives, other programs' lines.
    pub ignored: u64,
    /// Lines not of the format.
    pub malformed: u64,
    /// Lines of periods that are still open.
    pub not_yet_over: u64,
    /// Lines whose client asked not to be counted.
    pub opted_out: u64,
    /// Lines counted as requests.
    pub parsed: u64,
}

impl Accounts {
    /// Enters one line.
    pub fn enter(&mut self, account: Account) {
        *match account {
            Account::AlreadyReleased => &mut self.already_released,
            Account::Excluded => &mut self.excluded,
            Account::Ignored => &mut self.ignored,
            Account::Malformed(_) => &mut self.malformed,
            Account::NotYetOver => &mut self.not_yet_over,
            Account::OptedOut => &mut self.opted_out,
            Account::Parsed => &mut self.parsed,
        } += 1;
    }

    /// Lines read: the sum of all accounts.
    #[must_use]
    pub const fn read(&self) -> u64 {
        self.already_released
            + self.excluded
            + self.ignored
            + self.malformed
            + self.not_yet_over
            + self.opted_out
            + self.parsed
    }
}

impl AddAssign for Accounts {
    fn add_assign(&mut self, other: Self) {
        self.already_released += other.already_released;
        self.excluded += other.excluded;
        self.ignored += other.ignored;
        self.malformed += other.malformed;
        self.not_yet_over += other.not_yet_over;
        self.opted_out += other.opted_out;
        self.parsed += other.parsed;
    }
}
