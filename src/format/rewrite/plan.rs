//! Writes a line along its format's field plan.

use std::iter;

use super::{Marks, Style, Value, Values, Writer};
use crate::{
    format::{
        outline::Meaning,
        plan::{End, Field, Plan, Step},
    },
    record::Escape,
    stats::Rule,
    time::Precision,
};

/// How the value of a step is written, settled once for a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::format) struct Manner {
    way: Way,
    meaning: Meaning,
    style: Style<'static>,
    /// How many bytes of the format's own follow the value.
    gap: usize,
}

/// What takes the place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// An address, with a port where one was logged.
    Address,
    /// What stands for none.
    Nothing,
    /// The number that was logged.
    Number,
    /// A text.
    Text,
    /// The time that was logged, where times are exact.
    Time,
    /// What is found line by line.
    Other,
}

impl Manner {
    /// The manners of the steps behind a lead.
    pub(in crate::format) fn of_steps(lead: &[u8], steps: &[Step], escape: Escape) -> Box<[Self]> {
        let literals = steps.iter().map(|step| &*step.literal);
        let before = iter::once(lead).chain(literals);
        let manner = |(step, before)| Self::of(step, before, escape);
        steps.iter().zip(before).map(manner).collect()
    }

    /// The manner of a step behind a literal.
    fn of(step: &Step, before: &[u8], escape: Escape) -> Self {
        let absent: &[u8] = match escape {
            Escape::Json if before.ends_with(b"\"") => b"",
            Escape::Json => b"null",
            _ => b"-",
        };
        let is_word = step.field.is_word() || step.end == End::Word || *step.literal == *b" ";
        Self {
            way: Way::of(step),
            meaning: Meaning::of(&step.field),
            style: Style {
                escape,
                absent,
                is_word,
            },
            gap: step.literal.len(),
        }
    }
}

impl Way {
    fn of(step: &Step) -> Self {
        match &*step.field {
            Field::Bytes | Field::Status => Self::Number,
            Field::Moment | Field::TimeClf => Self::Time,
            Field::List | Field::Port | Field::Protocol | Field::Text | Field::Word => {
                Self::Nothing
            }
            _ if step.is_searched() => Self::Other,
            Field::Client | Field::ForwardedFor => Self::Address,
            Field::Method
            | Field::Path
            | Field::Query
            | Field::Referrer
            | Field::Request
            | Field::Url
            | Field::UserAgent => Self::Text,
            _ => Self::Other,
        }
    }
}

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
        let (mut start, mut kept) = (self.lead.len(), 0);
        for (place, (manner, &end)) in self.manners.iter().zip(&marks.0).enumerate() {
            let end = end as usize;
            let raw = line.get(start..end).ok_or(Rule::Incomplete)?;
            if !writer.keeps(manner, raw) {
                writer.piece(line, kept, start);
                writer.replaced(manner, raw, &self.steps[place])?;
                kept = end;
            }
            start = end + manner.gap;
        }
        writer.piece(line, kept, start);
        Ok(())
    }
}

impl<V: Values> Writer<'_, V> {
    /// Whether what takes the place of a value is that value.
    #[inline(always)]
    fn keeps(&self, manner: &Manner, raw: &[u8]) -> bool {
        if raw.is_empty() {
            return true;
        }
        match manner.way {
            Way::Nothing => match (raw, manner.style.absent) {
                // One byte is compared without a call.
                ([byte], [absent]) => byte == absent,
                (raw, absent) => raw == absent,
            },
            // No line was parsed in which it is anything else than a number, or what stands for none.
            Way::Number => matches!(self.values.value(manner.meaning), Value::Number),
            Way::Time => self.values.precision() == Precision::Exact,
            Way::Address | Way::Text | Way::Other => false,
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

    /// Appends what takes the place of the value of a step.
    #[inline(always)]
    fn replaced(&mut self, manner: &Manner, raw: &[u8], step: &Step) -> Result<(), Rule> {
        match manner.way {
            Way::Address => self.address(manner.meaning, raw, manner.style),
            Way::Text => self.replace(manner.meaning, raw, manner.style),
            _ => return self.found(manner, raw, step),
        }
        Ok(())
    }

    /// The same by what the field is: nothing that the step would end within.
    #[inline(never)]
    fn found(&mut self, manner: &Manner, raw: &[u8], step: &Step) -> Result<(), Rule> {
        let Manner { meaning, style, .. } = *manner;
        if step.end == End::Syntax {
            return self.time(&step.field, raw);
        }
        if step.is_searched()
            && let Value::Text(text) = self.values.value(meaning)
            && step.literal.find(text).is_some()
        {
            self.literal(style.absent);
        } else {
            self.value(&step.field, raw, style);
        }
        Ok(())
    }

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
}

impl Step {
    /// Whether what is written may have in it what ends the field. A space is in nothing that one would end.
    fn is_searched(&self) -> bool {
        matches!(self.end, End::Literal | End::List | End::Date) && *self.literal != *b" "
    }
}
