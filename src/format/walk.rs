//! Reads a line along its format's field plan.

use super::{
    draft::Draft,
    plan::{End, Field, Plan},
};
use crate::{
    record::{Record, Text},
    stats::Rule,
    time::{Clock, Fields},
};

impl Plan {
    /// The record of a line.
    pub(super) fn read<'a>(
        &self,
        line: &'a [u8],
        clock: &mut Clock,
    ) -> Result<Option<Record<'a>>, Rule> {
        let mut draft = Draft::default();
        self.fill(&mut draft, line, clock, |_| {})?;
        draft.finished(clock)
    }

    /// Puts the record of a line behind others; `mark` is told where each value ends.
    #[inline]
    pub(super) fn read_marking<'a>(
        &self,
        line: &'a [u8],
        clock: &mut Clock,
        mark: impl FnMut(usize),
        records: &mut Vec<Record<'a>>,
    ) -> Result<(), Rule> {
        let mut draft = Draft::default();
        self.fill(&mut draft, line, clock, mark)?;
        let time = draft.instant(clock)?;
        // In its place: a record is too large to be moved for every line.
        draft.write(time, records.push_mut(Record::default()));
        Ok(())
    }

    /// Enters the values of a line into a draft, in its place: it is large.
    #[inline(always)]
    fn fill<'a>(
        &self,
        draft: &mut Draft<'a>,
        line: &'a [u8],
        clock: &mut Clock,
        mut mark: impl FnMut(usize),
    ) -> Result<(), Rule> {
        let mut rest = self.lead.strip(line)?;
        for step in &self.steps {
            rest = if step.end == End::Syntax {
                let rest = read_time(&step.field, rest, draft, clock).ok_or(Rule::Time)?;
                step.literal.strip(rest)?
            } else {
                let (raw, rest) = step.split(rest)?;
                let escape = self.escape;
                draft.enter(&step.field, Text { raw, escape }, clock)?;
                rest
            };
            mark(line.len() - rest.len() - step.literal.len());
        }
        if rest.is_empty() || self.is_open {
            Ok(())
        } else {
            Err(Rule::Trailing)
        }
    }
}

/// Reads a date, and returns what follows it.
#[inline]
fn read_time<'a>(
    field: &Field,
    text: &'a [u8],
    draft: &mut Draft<'_>,
    clock: &mut Clock,
) -> Option<&'a [u8]> {
    match field {
        Field::TimeClf => {
            let (time, rest) = text.split_first_chunk()?;
            draft.time = Some(clock.clf(time)?);
            Some(rest)
        }
        Field::Time(pattern) => pattern.read(text, &mut draft.date),
        Field::OtherTime(pattern) => pattern.read(text, &mut Fields::default()),
        _ => None,
    }
}
