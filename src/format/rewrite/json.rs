//! Writes objects of JSON: the members that the format names, and no others.

use super::{Style, Values, Writer};
use crate::{
    format::{
        json::{Content, Member, Members, Values as Logged, element, scalar},
        object::Reader,
        plan::Field,
    },
    record::Escape,
    stats::Rule,
};

/// Within the quotes of a string.
const STRING: Style<'_> = Style {
    escape: Escape::Json,
    absent: b"",
    is_word: false,
};

/// A number.
const NUMBER: Style<'_> = Style {
    absent: b"null",
    ..STRING
};

impl Members {
    /// Appends a line with other values, its members in the order in which the format names them.
    pub(super) fn rewrite<V: Values>(
        &self,
        line: &[u8],
        writer: &mut Writer<'_, V>,
    ) -> Result<(), Rule> {
        let mut logged = Logged::default();
        let mut json = Reader::of(element(line))?;
        self.values_of(&mut json, &mut logged)?;
        self.rewrite_object(self.tree(), &logged, writer);
        Ok(())
    }

    fn rewrite_object<V: Values>(
        &self,
        members: &[Member],
        logged: &Logged<'_>,
        writer: &mut Writer<'_, V>,
    ) {
        writer.literal(b"{");
        let mut is_first = true;
        for member in members
            .iter()
            .filter(|member| self.is_there(member, logged))
        {
            writer.literal(if is_first { b"\"" } else { b",\"" });
            is_first = false;
            writer.literal(&member.name);
            writer.literal(b"\":");
            match &member.content {
                Content::Object(within) => self.rewrite_object(within, logged, writer),
                Content::Value(number) => self.rewrite_value(*number, logged, writer),
            }
        }
        writer.literal(b"}");
    }

    /// Whether anything is written of a member.
    fn is_there(&self, member: &Member, logged: &Logged<'_>) -> bool {
        match &member.content {
            Content::Object(within) => within.iter().any(|member| self.is_there(member, logged)),
            Content::Value(number) => {
                logged[*number].is_some() && !self.is_outdone(*number, logged)
            }
        }
    }

    /// Whether a record has the value of another member that says the same.
    fn is_outdone(&self, number: usize, logged: &Logged<'_>) -> bool {
        let is_used = |value: &Option<&[u8]>| {
            let text = value.and_then(scalar);
            text.is_some_and(|text| !text.raw.is_empty())
        };
        let fields = self.entries();
        let later = fields.iter().zip(logged).skip(number + 1);
        later
            .filter(|(field, _)| **field == fields[number] && field.is_used())
            .any(|(_, value)| is_used(value))
    }

    fn rewrite_value<V: Values>(
        &self,
        number: usize,
        logged: &Logged<'_>,
        writer: &mut Writer<'_, V>,
    ) {
        let raw = logged[number].unwrap_or_default();
        let text = scalar(raw).map_or(&b""[..], |text| text.raw);
        let (open, close): (&[u8], &[u8]) = match raw.first() {
            Some(b'"') => (b"\"", b"\""),
            Some(b'[') => (b"[\"", b"\"]"),
            _ => (b"", b""),
        };
        let field = &*self.entries()[number];
        let is_number = matches!(field, Field::Bytes | Field::Status | Field::Moment);
        if let Some(start) = self.start_of(number) {
            writer.literal(b"\"");
            writer.literal(start);
            writer.literal(b"\"");
        } else if open.is_empty() && (text.is_empty() || !is_number) {
            writer.literal(b"null");
        } else {
            writer.literal(open);
            writer.value(field, text, if open.is_empty() { NUMBER } else { STRING });
            writer.literal(close);
        }
    }
}
