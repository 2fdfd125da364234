//! Reads a line along its format's field plan.

use super::{
    draft::Draft,
    plan::{Field, Plan},
};
use crate::{
    record::{Record, Text},
    stats::Rule,
    time::{Clock, Fields},
};

impl Plan {
    /// The record of a line.
    pub(super) fn read<'a>(&self, line: &'a [u8], clock: &mut Clock) -> Result<Record<'a>, Rule> {
        let mut draft = Draft::default();
        let mut rest = self.strip_lead(line)?;
        for step in &self.steps {
            rest = match &step.field {
                Field::TimeClf => step.strip_literal(read_clf(clock, rest, &mut draft)?)?,
                Field::Time(pattern) => {
                    step.strip_literal(pattern.read(rest, &mut draft.date).ok_or(Rule::Time)?)?
                }
                Field::OtherTime(pattern) => step.strip_literal(
                    pattern
                        .read(rest, &mut Fields::default())
                        .ok_or(Rule::Time)?,
                )?,
                field => {
                    let (raw, rest) = step.split(rest)?;
                    let escape = self.escape;
                    draft.enter(field, Text { raw, escape }, clock)?;
                    rest
                }
            };
        }
        if rest.is_empty() || self.is_open {
            draft.finished(clock)
        } else {
            Err(Rule::Trailing)
        }
    }
}

/// Reads a time of the Common Log Format; returns what follows it.
#[inline]
fn read_clf<'a>(
    clock: &mut Clock,
    text: &'a [u8],
    draft: &mut Draft<'_>,
) -> Result<&'a [u8], Rule> {
    let (time, rest) = text.split_first_chunk().ok_or(Rule::Time)?;
    draft.time = Some(clock.clf(time).ok_or(Rule::Time)?);
    Ok(rest)
}
