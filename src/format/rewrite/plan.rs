//! Writes a line along its format's field plan.

use super::{Style, Value, Values, Writer};
use crate::{
    format::{
        outline::Meaning,
        plan::{End, Field, Plan, Step},
    },
    record::Escape,
    stats::Rule,
    time::Clock,
};

impl Plan {
    /// Appends a line with other values. What follows the last field of an open plan is left out.
    pub(super) fn rewrite<V: Values>(
        &self,
        line: &[u8],
        writer: &mut Writer<'_, V>,
    ) -> Result<(), Rule> {
        let mut rest = self.lead.strip(line)?;
        let mut before: &[u8] = &self.lead;
        self.lead.append_to(writer.line);
        for step in &self.steps {
            rest = if step.end == End::Syntax {
                step.literal.strip(writer.time(&step.field, rest)?)?
            } else {
                let (raw, rest) = step.split(rest)?;
                writer.step(step, raw, self.style(step, before));
                rest
            };
            before = &step.literal;
            step.literal.append_to(writer.line);
        }
        Ok(())
    }

    /// How the value of a step stands behind a literal.
    fn style(&self, step: &Step, before: &[u8]) -> Style<'static> {
        let absent: &[u8] = match self.escape {
            Escape::Json if before.ends_with(b"\"") => b"",
            Escape::Json => b"null",
            _ => b"-",
        };
        Style {
            escape: self.escape,
            absent,
            is_word: step.field.is_word() || step.end == End::Word || *step.literal == *b" ",
        }
    }
}

impl<V: Values> Writer<'_, V> {
    /// Appends the date at the start of `text`; returns what follows it.
    fn time<'a>(&mut self, field: &Field, text: &'a [u8]) -> Result<&'a [u8], Rule> {
        let precision = self.values.precision();
        match field {
            Field::TimeClf => {
                let (time, rest) = text.split_at_checked(Clock::CLF_LENGTH).ok_or(Rule::Time)?;
                precision.moment(time, self.line);
                Ok(rest)
            }
            Field::Time(pattern) | Field::OtherTime(pattern) => precision
                .pattern(pattern, text, self.line)
                .ok_or(Rule::Time),
            _ => Err(Rule::Time),
        }
    }

    /// Appends what takes the place of the value of a step: nothing that the step would end within.
    fn step(&mut self, step: &Step, raw: &[u8], style: Style<'_>) {
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
    }
}
