//! Writes lines and directives of the W3C extended log format.

use super::{Style, Values, Writer};
use crate::{
    format::w3c::{Cells, Column, Directives},
    record::Escape,
    stats::Rule,
    time::{Fields, date, time_of_day},
};

/// Longest name of a column; those of servers have up to 40 bytes.
const LONGEST_NAME: usize = 64;

impl Directives {
    /// Appends a line with other values.
    pub(super) fn rewrite<V: Values>(
        &self,
        line: &[u8],
        writer: &mut Writer<'_, V>,
    ) -> Result<(), Rule> {
        let columns = self.columns().ok_or(Rule::Undeclared)?;
        let mut cells = Cells::of(line);
        for (place, column) in columns.iter().enumerate() {
            if place > 0 {
                writer.literal(&[cells.separator()]);
            }
            let is_quoted = cells.is_quoted();
            let quote: &[u8] = if is_quoted { b"\"" } else { b"" };
            let raw = cells.next().ok_or(Rule::Columns)?;
            writer.literal(quote);
            let precision = writer.values.precision();
            match column {
                Column::Date => writer.literal(raw),
                Column::TimeOfDay => precision.clock_at(0, raw, writer.line),
                Column::Value(..) if raw == b"-" => writer.literal(raw),
                Column::Value(field, escape) => {
                    let style = Style {
                        escape: *escape,
                        absent: b"-",
                        is_word: !is_quoted && *escape == Escape::Literal,
                    };
                    writer.value(field, raw, style);
                }
            }
            writer.literal(quote);
        }
        Ok(())
    }
}

/// Appends a directive that says what the columns are, what day it is, or of which version the log is;
/// false for any other.
pub(super) fn rewrite_directive(line: &[u8], rewritten: &mut Vec<u8>) -> bool {
    let Some((name, value)) = Directives::parts(line) else {
        return false;
    };
    if name.eq_ignore_ascii_case(b"Fields") {
        write_fields(value, rewritten)
    } else if name.eq_ignore_ascii_case(b"Date") {
        write_date(value, rewritten)
    } else if name.eq_ignore_ascii_case(b"Version") && matches!(value, b"1.0" | b"2.0") {
        rewritten.extend_from_slice(b"#Version: ");
        rewritten.extend_from_slice(value);
        true
    } else {
        false
    }
}

fn write_fields(names: &[u8], rewritten: &mut Vec<u8>) -> bool {
    let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_()".contains(byte);
    let is_name = |name: &&[u8]| name.len() <= LONGEST_NAME && name.iter().all(is_of_name);
    rewritten.extend_from_slice(b"#Fields:");
    for name in names.split(u8::is_ascii_whitespace) {
        if !name.is_empty() {
            rewritten.push(b' ');
            rewritten.extend_from_slice(Some(name).filter(is_name).unwrap_or(b"x-unknown"));
        }
    }
    true
}

fn write_date(value: &[u8], rewritten: &mut Vec<u8>) -> bool {
    let mut fields = Fields::default();
    let Some(rest) = date(value, &mut fields) else {
        return false;
    };
    rewritten.extend_from_slice(b"#Date: ");
    rewritten.extend_from_slice(&value[..value.len() - rest.len()]);
    let clock = rest.strip_prefix(b" ").unwrap_or_default();
    if time_of_day(clock, &mut fields).is_some_and(<[u8]>::is_empty) {
        rewritten.extend_from_slice(b" 00:00:00");
    }
    true
}
