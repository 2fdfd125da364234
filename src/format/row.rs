//! Rows: formats whose fields stand in columns between spaces, bare, quoted or in brackets, and whose
//! servers append new columns at the end.

use super::{
    draft::{Draft, Entry},
    outline::Meaning,
    plan::Field,
    search::{is_escaped, position},
};
use crate::{
    record::{Escape, Record, Text},
    stats::Rule,
    time::Clock,
};

/// What the columns of a row say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The columns in the order of the line.
    pub(super) columns: Box<[Entry]>,
    /// How many columns every line has; older servers write fewer than newer ones.
    pub(super) least: usize,
    /// Whether columns that are not known may follow.
    pub(super) is_open: bool,
    /// How the values are escaped.
    pub(super) escape: Escape,
}

impl Row {
    /// How many fields of a record the columns fill.
    pub(super) fn fields(&self) -> usize {
        self.columns.iter().filter(|field| field.is_used()).count()
    }

    /// The columns in the order of the line, by their numbers.
    pub(super) fn outline(&self) -> impl Iterator<Item = (String, Meaning)> {
        let numbered = (1..).zip(&self.columns);
        numbered.map(|(number, field)| (format!("column {number}"), Meaning::of(field)))
    }

    /// The record of a line.
    pub(super) fn read<'a>(
        &self,
        line: &'a [u8],
        clock: &mut Clock,
    ) -> Result<Option<Record<'a>>, Rule> {
        let mut draft = Draft::default();
        let mut cells = Cells { rest: line };
        for (place, field) in self.columns.iter().enumerate() {
            let Some(raw) = cells.next(matches!(**field, Field::Moment))? else {
                if place < self.least {
                    return Err(Rule::Incomplete);
                }
                break;
            };
            let escape = self.escape;
            draft.enter(field, Text { raw, escape }, clock)?;
        }
        if self.is_open || cells.is_empty() {
            draft.finished(clock)
        } else {
            Err(Rule::Trailing)
        }
    }
}

/// The cells of a line, from left to right.
pub(super) struct Cells<'a> {
    /// What has not been read.
    pub(super) rest: &'a [u8],
}

impl<'a> Cells<'a> {
    /// The next cell without its quotes or brackets; `None` at the end of the line. Brackets enclose a
    /// value only where that is asked for, since addresses begin with them too.
    #[inline(always)]
    pub(super) fn next(&mut self, in_brackets: bool) -> Result<Option<&'a [u8]>, Rule> {
        self.skip_spaces();
        Ok(Some(match self.rest.first() {
            None => return Ok(None),
            Some(b'"') => self.enclosed(closing_quote(&self.rest[1..]).ok_or(Rule::Quote)?),
            Some(b'[') if in_brackets => {
                self.enclosed(position(self.rest, b']').ok_or(Rule::Delimiter)? - 1)
            }
            Some(_) => self.bare(),
        }))
    }

    /// The next cell where none is in quotes or brackets.
    #[inline]
    pub(super) fn next_bare(&mut self) -> Option<&'a [u8]> {
        self.skip_spaces();
        (!self.rest.is_empty()).then(|| self.bare())
    }

    /// Whether nothing but spaces is left.
    pub(super) fn is_empty(&mut self) -> bool {
        self.skip_spaces();
        self.rest.is_empty()
    }

    /// Everything up to the next space.
    #[inline]
    fn bare(&mut self) -> &'a [u8] {
        let end = position(self.rest, b' ').unwrap_or(self.rest.len());
        let (cell, rest) = self.rest.split_at(end);
        self.rest = rest;
        cell
    }

    /// So many bytes between two delimiters of one byte each.
    fn enclosed(&mut self, length: usize) -> &'a [u8] {
        let cell = &self.rest[1..=length];
        self.rest = &self.rest[length + 2..];
        cell
    }

    #[inline]
    pub(super) fn skip_spaces(&mut self) {
        while let Some(rest) = self.rest.strip_prefix(b" ") {
            self.rest = rest;
        }
    }
}

/// Where the first quote stands that no backslash escapes and that ends its cell. Some servers write
/// quotes that were sent as they are; only one before a space cannot be told from the closing one.
#[inline]
pub(super) fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + position(&text[from..], b'"')?;
        if matches!(text.get(at + 1), None | Some(b' ')) && !is_escaped(&text[..at]) {
            return Some(at);
        }
        from = at + 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(line: &str) -> Result<Vec<&str>, Rule> {
        let mut cells = Cells {
            rest: line.as_bytes(),
        };
        let mut found = Vec::new();
        while let Some(cell) = cells.next(found.is_empty())? {
            found.push(str::from_utf8(cell).unwrap());
        }
        Ok(found)
    }

    #[test]
    fn cells_are_bare_quoted_or_in_brackets() {
        let check = |line: &str, expected: &[&str]| {
            assert_eq!(cells(line).as_deref(), Ok(expected), "{line}");
        };
        check("", &[]);
        check("   ", &[]);
        check("a", &["a"]);
        check("  a   b ", &["a", "b"]);
        check(r#""a b" - "" "-""#, &["a b", "-", "", "-"]);
        check(r#""a "b" c" d"#, &["a \"b", "c\"", "d"]);
        check(r#""a"b"c" d"#, &[r#"a"b"c"#, "d"]);
        check(r#""a \"b\" c" d"#, &[r#"a \"b\" c"#, "d"]);
        check(r#""a\\" d"#, &[r"a\\", "d"]);
        check(
            "[10/Oct/2000:13:55:36 -0700] [::1]:80",
            &["10/Oct/2000:13:55:36 -0700", "[::1]:80"],
        );
        check("[] a", &["", "a"]);
    }

    #[test]
    fn what_is_not_closed_is_malformed() {
        assert_eq!(cells("\"a b"), Err(Rule::Quote));
        assert_eq!(cells("\"a\\\""), Err(Rule::Quote));
        assert_eq!(cells("\""), Err(Rule::Quote));
        assert_eq!(cells("[a b"), Err(Rule::Delimiter));
    }

    proptest! {
        #[test]
        fn no_line_makes_cells_panic(line in "[ \"\\\\\\[\\]a]{0,20}") {
            let _ = cells(&line);
        }
    }
}
