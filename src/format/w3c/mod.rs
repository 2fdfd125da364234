//! The W3C extended log format, in which directives among the lines say what the columns are: IIS,
//! Amazon `CloudFront` and others.
//!
//! Rules: W3C working draft WD-logfile-960323; Microsoft KB 194699 (IIS writes UTC).

use std::{collections::BTreeSet, sync::Arc};

use memchr::{memchr, memchr_iter, memchr2};

use super::{
    compile::refused,
    cookies::OptOutCookie,
    draft::{Draft, Entry},
    outline::Meaning,
    parser::{BYTE_ORDER_MARK, content},
    plan::Field,
    row::closing_quote,
    search::position,
};
use crate::{
    error::Result,
    record::{Escape, LINE_CAP, Record, Text},
    stats::Rule,
    time::{Clock, Fields, date, time_of_day},
};

/// What the directives read so far say. It changes along a log, so that lines can only be read by what
/// stood before them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Directives {
    /// What `#Fields` says.
    columns: Option<Arc<Columns>>,
    /// The day that `#Date` says, for lines with a time of day only.
    date: Fields,
    /// The cookies that are heeded.
    cookies: Arc<[OptOutCookie]>,
}

/// What a `#Fields` directive says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Columns {
    /// Their names in lower case.
    names: Box<[String]>,
    columns: Box<[Column]>,
    /// Seconds east of Greenwich of all times; none for those of the server's clock.
    zone: Option<i32>,
}

/// What a column says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// The day.
    Date,
    /// The time of day.
    TimeOfDay,
    /// Something else.
    Value(Entry, Escape),
}

impl Directives {
    /// The state of a log without directives whose columns are known.
    ///
    /// # Errors
    ///
    /// A setting's error where the columns tell no client or no time.
    pub(super) fn of_columns(names: &str) -> Result<Self> {
        let columns = Columns::named(names.as_bytes()).ok_or_else(|| {
            refused("the fields of a W3C log need `c-ip`, `time`, and `date` where there are no directives")
        })?;
        Ok(Self {
            columns: Some(Arc::new(columns)),
            ..Self::default()
        })
    }

    /// The same state where those cookies are heeded, also in columns that are declared later.
    pub(super) fn heeding(&self, cookies: &[OptOutCookie]) -> Self {
        let columns = self.columns.as_ref();
        Self {
            columns: columns.map(|columns| Arc::new(columns.heeding(cookies))),
            date: self.date,
            cookies: cookies.into(),
        }
    }

    /// Whether the columns are known.
    pub(super) const fn are_complete(&self) -> bool {
        self.columns.is_some()
    }

    /// How many fields of a record the columns fill.
    pub(super) fn fields(&self) -> usize {
        let is_used = |column: &&Column| match column {
            Column::Value(field, _) => field.is_used(),
            Column::Date | Column::TimeOfDay => true,
        };
        self.columns
            .as_ref()
            .map_or(0, |columns| columns.columns.iter().filter(is_used).count())
    }

    /// Whether all times say of which zone they are: they do unless the columns are of the server's
    /// clock.
    pub(super) fn have_zone(&self) -> bool {
        let columns = self.columns.as_ref();
        columns.is_none_or(|columns| columns.zone.is_some())
    }

    /// The columns by their names; none before they are known.
    pub(super) fn outline(&self) -> Vec<(String, Meaning)> {
        let meaning = |column: &Column| match column {
            Column::Date | Column::TimeOfDay => Meaning::Time,
            Column::Value(field, _) => Meaning::of(field),
        };
        self.columns.as_ref().map_or_else(Vec::new, |known| {
            let meanings = known.columns.iter().map(meaning);
            known.names.iter().cloned().zip(meanings).collect()
        })
    }

    /// Takes note of the directives among the lines of a chunk, which begins with a whole line.
    pub(super) fn pass(&mut self, chunk: &[u8]) {
        for mark in memchr_iter(b'#', chunk) {
            let before = &chunk[..mark];
            let start = mark
                - if before.ends_with(BYTE_ORDER_MARK) {
                    BYTE_ORDER_MARK.len()
                } else {
                    0
                };
            if start > 0 && chunk[start - 1] != b'\n' {
                continue;
            }
            let line = &chunk[start..];
            let line = &line[..memchr(b'\n', line).unwrap_or(line.len())];
            if line.len() <= LINE_CAP {
                self.direct(content(line));
            }
        }
    }

    /// What the columns are, once they are known.
    pub(super) fn columns(&self) -> Option<&[Column]> {
        self.columns.as_deref().map(|known| &*known.columns)
    }

    /// The name and the value of a line that may be a directive.
    pub(super) fn parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
        let line = line.strip_prefix(b"#")?;
        let colon = memchr(b':', line)?;
        Some((line[..colon].trim_ascii(), line[colon + 1..].trim_ascii()))
    }

    /// Takes note of a line that may be a directive.
    pub(super) fn direct(&mut self, line: &[u8]) {
        let Some((name, value)) = Self::parts(line) else {
            return;
        };
        if name.eq_ignore_ascii_case(b"Fields") {
            let columns = Columns::named(value);
            self.columns = columns.map(|columns| Arc::new(columns.heeding(&self.cookies)));
        } else if name.eq_ignore_ascii_case(b"Date") {
            let mut day = Fields::default();
            if date(value, &mut day).is_some() {
                self.date = day;
            }
        }
    }

    /// The record of a line that is no directive.
    pub(super) fn read<'a>(
        &self,
        line: &'a [u8],
        clock: &mut Clock,
    ) -> std::result::Result<Option<Record<'a>>, Rule> {
        let Columns { columns, zone, .. } = self.columns.as_deref().ok_or(Rule::Undeclared)?;
        let mut draft = Draft::default();
        draft.date = Fields {
            zone: *zone,
            ..self.date
        };
        let mut cells = Cells::of(line);
        for column in columns {
            let raw = cells.next().ok_or(Rule::Columns)?;
            match column {
                Column::Date => whole(date(raw, &mut draft.date))?,
                Column::TimeOfDay => whole(time_of_day(raw, &mut draft.date))?,
                Column::Value(field, escape) if field.is_used() && raw != b"-" => {
                    let escape = *escape;
                    draft.enter(field, Text { raw, escape }, clock)?;
                }
                Column::Value(..) => {}
            }
        }
        if cells.next().is_some() {
            return Err(Rule::Columns);
        }
        draft.finished(clock)
    }
}

fn whole(rest: Option<&[u8]>) -> std::result::Result<(), Rule> {
    rest.is_some_and(<[u8]>::is_empty)
        .then_some(())
        .ok_or(Rule::Time)
}

impl Columns {
    /// The columns of these names, which spaces or tabs separate; none where they tell no client or no
    /// time of day.
    fn named(names: &[u8]) -> Option<Self> {
        let names: Vec<String> = names
            .split(u8::is_ascii_whitespace)
            .filter(|name| !name.is_empty())
            .map(|name| String::from_utf8_lossy(name).to_ascii_lowercase())
            .collect();
        let known: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let has = |name: &str| known.contains(name);
        let is_local = !has("time");
        let agent = if has("x-edge-location") {
            Escape::Percent
        } else {
            Escape::Plus
        };
        let columns: Vec<_> = names
            .iter()
            .map(|name| column(name, is_local, agent, &has))
            .collect();
        let says = |wanted: &[Field]| {
            columns.iter().any(
                |column| matches!(column, Column::Value(field, _) if wanted.contains(&**field)),
            )
        };
        let is_usable =
            columns.contains(&Column::TimeOfDay) && says(&[Field::Client, Field::ForwardedFor]);
        is_usable.then(|| Self {
            names: names.into(),
            columns: columns.into(),
            zone: (!is_local).then_some(0),
        })
    }

    /// The same columns where those cookies are heeded.
    fn heeding(&self, cookies: &[OptOutCookie]) -> Self {
        let mut heeding = self.clone();
        for column in &mut heeding.columns {
            if let Column::Value(entry, _) = column {
                *entry = entry.heeding(cookies).into();
            }
        }
        heeding
    }
}

/// What the column of that name says, next to others. Of several for the same thing the one is used that
/// is nearest to what the visitor sees: `CloudFront` has the site in `x-host-header`, its own name for it
/// in `cs(Host)`.
fn column(name: &str, is_local: bool, agent: Escape, has: &impl Fn(&str) -> bool) -> Column {
    let field = match name {
        "date" if !is_local => return Column::Date,
        "time" => return Column::TimeOfDay,
        "date-local" if is_local => return Column::Date,
        "time-local" if is_local => return Column::TimeOfDay,
        "c-ip" => Field::Client,
        "x-forwarded-for" if !has("c-ip") => Field::ForwardedFor,
        "cs-method" => Field::Method,
        "cs-uri" => Field::Url,
        "cs-uri-stem" if !has("cs-uri") => Field::Path,
        "cs-uri-query" if !has("cs-uri") => Field::Query,
        "sc-status" => Field::Status,
        "sc-bytes" => Field::Bytes,
        "cs(referer)" | "cs(referrer)" if agent == Escape::Percent => {
            return Column::Value(Field::Referrer.into(), agent);
        }
        "cs(referer)" | "cs(referrer)" => Field::Referrer,
        "cs(user-agent)" => return Column::Value(Field::UserAgent.into(), agent),
        "x-host-header" => Field::Host,
        "cs-host" | "cs(host)" if !has("x-host-header") => Field::Host,
        "cs(cookie)" => return Column::Value(Field::cookies().into(), agent),
        "cs(dnt)" | "cs(sec-gpc)" => Field::OptOut,
        _ => Field::Text,
    };
    Column::Value(field.into(), Escape::Literal)
}

/// The cells of a line: between tabs where the first of them ends in one, else between spaces.
pub(super) struct Cells<'a> {
    rest: Option<&'a [u8]>,
    separator: u8,
}

impl<'a> Cells<'a> {
    pub(super) fn of(line: &'a [u8]) -> Self {
        let separator = memchr2(b' ', b'\t', line).map_or(b' ', |at| line[at]);
        let rest = Some(if separator == b' ' {
            line.trim_ascii_end()
        } else {
            line
        });
        Self { rest, separator }
    }

    /// What stands between two cells.
    pub(super) const fn separator(&self) -> u8 {
        self.separator
    }

    /// Whether the next cell is in quotes.
    pub(super) fn is_quoted(&self) -> bool {
        let rest = self.rest.unwrap_or_default();
        let cell = rest.trim_ascii_start().strip_prefix(b"\"");
        self.separator == b' ' && cell.is_some_and(|cell| closing_quote(cell).is_some())
    }

    #[inline]
    pub(super) fn next(&mut self) -> Option<&'a [u8]> {
        let mut rest = self.rest?;
        if self.separator == b' ' {
            while let Some(fewer) = rest.strip_prefix(b" ") {
                rest = fewer;
            }
        }
        if let Some(quoted) = rest.strip_prefix(b"\"").filter(|_| self.separator == b' ')
            && let Some(end) = closing_quote(quoted)
        {
            self.rest = quoted.get(end + 2..);
            return Some(&quoted[..end]);
        }
        let end = position(rest, self.separator);
        self.rest = end.map(|end| &rest[end + 1..]);
        Some(&rest[..end.unwrap_or(rest.len())])
    }
}

#[cfg(test)]
mod tests;
