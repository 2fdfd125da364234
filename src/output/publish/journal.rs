//! The journal: says that a publication is decided, and where it goes, until it is finished.

use serde::{Deserialize, Serialize};

use super::{contents::read, layout::Layout};
use crate::error::{Error, Result};

/// A decided publication.
#[derive(Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Journal {
    /// The period.
    pub(super) date: String,
    state: String,
    ledger: String,
}

impl Journal {
    /// The journal of a period's publication.
    pub(super) fn of(layout: &Layout, period: &str) -> Self {
        Self {
            date: period.to_owned(),
            state: layout.journal_name(&layout.state()),
            ledger: layout.journal_name(layout.ledger()),
        }
    }

    /// The journal of an interrupted publication, if there is one.
    pub(super) fn read(layout: &Layout) -> Result<Option<Self>> {
        let path = layout.journal();
        let Some(bytes) = read(&path)? else {
            return Ok(None);
        };
        let journal: Self = serde_json::from_slice(&bytes).map_err(|_| Error::Ledger {
            path: path.clone(),
            message: "this is not a journal".to_owned(),
        })?;
        if journal != Self::of(layout, &journal.date) {
            return Err(Error::Setting(format!(
                "{}: a run with the ledger {} and the state {} was interrupted while publishing; \
                 run it again with those first",
                layout.dir().display(),
                journal.ledger,
                journal.state
            )));
        }
        Ok(Some(journal))
    }
}
