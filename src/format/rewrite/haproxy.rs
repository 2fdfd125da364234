//! Writes lines of `HAProxy`'s HTTP log format.

use super::{Style, Values, Writer};
use crate::{
    format::{
        haproxy::{
            BYTES, CLIENT, Captures, REQUEST, STATUS, WORDS_BEFORE_CAPTURES, captured, request,
            without_port, word,
        },
        plan::Field,
        row::Cells,
    },
    record::Escape,
    stats::Rule,
};

const WORD: Style<'_> = Style {
    escape: Escape::Hash,
    absent: b"-",
    is_word: true,
};

const TEXT: Style<'_> = Style {
    is_word: false,
    ..WORD
};

impl Captures {
    /// Appends a line with other values, without what may follow the request.
    pub(super) fn rewrite<V: Values>(
        &self,
        line: &[u8],
        writer: &mut Writer<'_, V>,
    ) -> Result<(), Rule> {
        let mut cells = Cells { rest: line };
        writer.value(&CLIENT, without_port(word(&mut cells)?)?, WORD);
        writer.literal(b":0 [");
        let date = cells.next(true)?.ok_or(Rule::Incomplete)?;
        let precision = writer.values.precision();
        precision.clock_at("06/Feb/2009:".len(), date, writer.line);
        writer.literal(b"] - - - ");
        for _frontend_backend_timers in 0..3 {
            word(&mut cells)?;
        }
        writer.value(&STATUS, word(&mut cells)?, WORD);
        writer.literal(b" ");
        let bytes = word(&mut cells)?;
        writer.value(&BYTES, bytes.strip_prefix(b"+").unwrap_or(bytes), WORD);
        writer.literal(b" ");
        for _ in 0..WORDS_BEFORE_CAPTURES {
            word(&mut cells)?;
            writer.literal(b"- ");
        }
        if let Some(headers) = captured(&mut cells)? {
            self.rewrite_headers(headers, writer);
            if captured(&mut cells)?.is_some() {
                writer.literal(b"{} ");
            }
        }
        writer.literal(b"\"");
        writer.value(&REQUEST, request(&mut cells)?, TEXT);
        writer.literal(b"\"");
        Ok(())
    }

    fn rewrite_headers<V: Values>(&self, headers: &[u8], writer: &mut Writer<'_, V>) {
        let none = std::iter::repeat(&Field::Text);
        let fields = self.headers.iter().map(|entry| &**entry).chain(none);
        for (place, (field, raw)) in fields.zip(headers.split(|&byte| byte == b'|')).enumerate() {
            writer.literal(if place > 0 { b"|" } else { b"{" });
            writer.value(field, raw, TEXT);
        }
        writer.literal(b"} ");
    }
}
