//! Exit statuses.

use std::process::ExitCode;

use hushlog::error::Error;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done.
    Done,
    /// 1: could not run.
    CouldNotRun,
    /// 2: ran, but something was not read.
    NotAllRead,
    /// 3: refused by a privacy rule.
    Refused,
}

impl Exit {
    /// The status of a run that an error ended.
    pub(crate) const fn of(error: &Error) -> Self {
        match error {
            Error::Refused(_) => Self::Refused,
            _ => Self::CouldNotRun,
        }
    }
}

impl Exit {
    /// The status of two runs: that of the one that needs more attention, the first where both do.
    pub(super) fn worse(self, other: Self) -> Self {
        if self == Self::Done { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::CouldNotRun => 1,
            Exit::NotAllRead => 2,
            Exit::Refused => 3,
        })
    }
}
