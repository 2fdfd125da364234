//! Writes the columns of a row.

use super::{Style, Values, Writer};
use crate::{
    format::{
        plan::Field,
        row::{Cells, Row},
    },
    stats::Rule,
};

impl Row {
    /// Appends a line with other values, one space between the columns. Columns that are not known are
    /// written without a value.
    pub(super) fn rewrite<V: Values>(
        &self,
        line: &[u8],
        writer: &mut Writer<'_, V>,
    ) -> Result<(), Rule> {
        let mut cells = Cells { rest: line };
        let unknown = std::iter::repeat(&Field::Word);
        let fields = self.columns.iter().map(|entry| &**entry).chain(unknown);
        for (place, field) in fields.enumerate() {
            let may_be_bracketed = matches!(field, Field::Moment);
            cells.skip_spaces();
            let opening = cells.rest.first().copied();
            let raw = match cells.next(may_be_bracketed) {
                Ok(Some(raw)) => raw,
                Err(rule) if place < self.columns.len() => return Err(rule),
                // What cannot be read of columns that are not known was not read before either.
                _ => break,
            };
            let (open, close): (&[u8], &[u8]) = match opening {
                Some(b'"') => (b"\"", b"\""),
                Some(b'[') if may_be_bracketed => (b"[", b"]"),
                _ => (b"", b""),
            };
            writer.literal(if place > 0 { b" " } else { b"" });
            writer.literal(open);
            let style = Style {
                escape: self.escape,
                absent: b"-",
                is_word: open.is_empty(),
            };
            writer.value(field, raw, style);
            writer.literal(close);
        }
        Ok(())
    }
}
