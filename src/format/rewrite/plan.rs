//! Writes a line along its format's field plan.

use super::{Marks, Style, Value, Values, Writer, is_number};
use crate::{
    format::{
        outline::Meaning,
        plan::{End, Field, Plan, Step},
    },
    record::Escape,
    stats::Rule,
    time::Precision,
};

impl Plan {
    /// Appends a line with other values. What follows the last field of an open plan is left out.
    ///
    /// Most of a line stays: what lies between two values that change is copied as one piece.
    pub(super) fn rewrite<V: Values>(
        &self,
        line: &[u8],
        marks: &Marks,
        writer: &mut Writer<'_, V>,
    ) -> Result<(), Rule> {
        let mut before: &[u8] = &self.lead;
        let (mut start, mut kept) = (before.len(), 0);
        for (step, end) in self.steps.iter().zip(marks.ends()) {
            let raw = line.get(start..end).ok_or(Rule::Incomplete)?;
            let absent = self.absent(before);
            if !writer.keeps(&step.field, raw, absent) {
                writer.piece(line, kept, start);
                writer.step(step, raw, self.style(step, absent))?;
                kept = end;
            }
            before = &step.literal;
            start = end + before.len();
        }
        writer.piece(line, kept, start);
        Ok(())
    }

    /// What stands behind a literal if there is no value.
    #[inline]
    fn absent(&self, before: &[u8]) -> &'static [u8] {
        match self.escape {
            Escape::Json if before.ends_with(b"\"") => b"",
            Escape::Json => b"null",
            _ => b"-",
        }
    }

    /// How the value of a step stands in its place.
    fn style(&self, step: &Step, absent: &'static [u8]) -> Style<'static> {
        Style {
            escape: self.escape,
            absent,
            is_word: step.field.is_word() || step.end == End::Word || *step.literal == *b" ",
        }
    }
}

impl<V: Values> Writer<'_, V> {
    /// Appends a date.
    fn time(&mut self, field: &Field, text: &[u8]) -> Result<(), Rule> {
        let precision = self.values.precision();
        match field {
            Field::TimeClf => precision.moment(text, self.line),
            Field::Time(pattern) | Field::OtherTime(pattern) => {
                let rest = precision.pattern(pattern, text, self.line);
                rest.ok_or(Rule::Time)?;
            }
            _ => return Err(Rule::Time),
        }
        Ok(())
    }

    /// Whether what takes the place of a value is that value.
    #[inline]
    fn keeps(&self, field: &Field, raw: &[u8], absent: &[u8]) -> bool {
        match field {
            _ if raw.is_empty() => true,
            Field::Bytes | Field::Status => {
                let is_kept = matches!(self.values.value(Meaning::of(field)), Value::Number);
                is_kept && (raw == absent || is_number(raw))
            }
            Field::Moment | Field::TimeClf => self.values.precision() == Precision::Exact,
            Field::Text | Field::Word | Field::List | Field::Port | Field::Protocol => {
                raw == absent
            }
            _ => false,
        }
    }

    /// Appends a piece of the line as it stands.
    #[inline(always)]
    fn piece(&mut self, line: &[u8], start: usize, end: usize) {
        /// Bytes copied at once, more than nearly all pieces have.
        const SHORT: usize = 64;
        match line[start..].first_chunk::<SHORT>() {
            Some(chunk) if end - start <= SHORT => {
                let end = self.line.len() + (end - start);
                self.line.extend_from_slice(chunk);
                self.line.truncate(end);
            }
            _ => self.line.extend_from_slice(&line[start..end]),
        }
    }

    /// Appends what takes the place of the value of a step: nothing that the step would end within.
    fn step(&mut self, step: &Step, raw: &[u8], style: Style<'_>) -> Result<(), Rule> {
        if step.end == End::Syntax {
            return self.time(&step.field, raw);
        }
        let may_be_within = !(style.is_word && *step.literal == *b" ");
        let is_searched = matches!(step.end, End::Literal | End::List | End::Date) && may_be_within;
        if is_searched
            && let Value::Text(text) = self.values.value(Meaning::of(&step.field))
            && step.literal.find(text).is_some()
        {
            self.literal(style.absent);
        } else {
            self.value(&step.field, raw, style);
        }
        Ok(())
    }
}
