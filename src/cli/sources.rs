//! The sources that a user means.

use std::{
    io::{IsTerminal, stdin},
    path::PathBuf,
};

use hushlog::{
    error::{Error, Result},
    input::{Selection, Source},
};

use super::messages;

/// The sources that are named, or standard input if none is. Lines typed at a terminal are only waited for
/// if that `may_be_typed_in`.
pub(super) fn named(inputs: &[PathBuf], may_be_typed_in: bool) -> Result<Vec<Source>> {
    let Selection {
        mut sources,
        repeated,
        ..
    } = Selection::new(inputs)?;
    messages::named_twice(&repeated);
    if sources.is_empty() {
        if stdin().is_terminal() && !may_be_typed_in {
            return Err(Error::Setting(
                "no input: name log files, or pipe a log in".to_owned(),
            ));
        }
        sources.push(Source::Stdin);
    }
    Ok(sources)
}
