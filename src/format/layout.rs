//! The layouts of lines: a closed set of ways to read a record from a line.

use std::sync::Arc;

use super::{
    cookies::OptOutCookie, haproxy::Captures, json::Members, mixed::Mixed, plan::Plan,
    rewrite::Marks, row::Row, w3c::Directives,
};
use crate::{
    record::{self, Record},
    stats::Rule,
    time::Clock,
};

/// How the lines of a format are read; copies share what they were compiled to.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    /// As `HAProxy` writes them.
    HaProxy(Arc<Captures>),
    /// As objects of JSON.
    Json(Arc<Members>),
    /// Each as the layout that fits it, from the most specific to the least.
    Mixed(Arc<Mixed>),
    /// As a format string says.
    Plan(Arc<Plan>),
    /// In columns.
    Row(Arc<Row>),
    /// In columns that directives among the lines say.
    W3c(Box<Directives>),
}

impl Layout {
    /// The record of a line; none for another program's.
    #[inline]
    pub(super) fn read<'a>(
        &self,
        line: &'a [u8],
        clock: &mut Clock,
    ) -> Result<Option<Record<'a>>, Rule> {
        match self {
            Self::HaProxy(captures) => captures.read(line, clock),
            Self::Json(members) => members.read(line, clock),
            Self::Mixed(mixed) => mixed.read(line, clock),
            Self::Plan(plan) => plan.read(line, clock),
            Self::Row(row) => row.read(line, clock),
            Self::W3c(directives) => directives.read(line, clock),
        }
    }

    /// Puts the record of a line behind others; none of another program's.
    #[inline]
    pub(super) fn read_behind<'a>(
        &self,
        line: &'a [u8],
        clock: &mut Clock,
        records: &mut Vec<Record<'a>>,
    ) -> Result<Option<()>, Rule> {
        if let Self::Plan(plan) = self {
            return plan.read_marking(line, clock, |_| {}, records).map(Some);
        }
        let record = self.read(line, clock)?;
        Ok(record.map(|record| records.push(record)))
    }

    /// Puts the record of a line behind others; none of another program's. `marks` is told where the
    /// values end, if the layout writes lines by that.
    #[inline]
    pub(super) fn read_marking<'a>(
        &self,
        line: &'a [u8],
        clock: &mut Clock,
        marks: &mut Marks,
        records: &mut Vec<Record<'a>>,
    ) -> Result<Option<()>, Rule> {
        let layout = match self {
            Self::Mixed(mixed) => match mixed.layout_of(line, clock)? {
                Some((layout, _)) => layout,
                None => return Ok(None),
            },
            _ => self,
        };
        if let Self::Plan(plan) = layout {
            let mark = |end| marks.push(end);
            return plan.read_marking(line, clock, mark, records).map(Some);
        }
        layout.read_behind(line, clock, records)
    }

    /// The same layout where those cookies are heeded.
    pub(super) fn heeding(&self, cookies: &[OptOutCookie]) -> Self {
        match self {
            Self::HaProxy(captures) => Self::HaProxy(Arc::new(captures.heeding(cookies))),
            Self::Json(members) => Self::Json(Arc::new(members.heeding(cookies))),
            Self::Mixed(mixed) => Self::Mixed(Arc::new(mixed.heeding(cookies))),
            Self::Plan(plan) => Self::Plan(Arc::new(plan.heeding(cookies))),
            // No known row tells of cookies.
            Self::Row(row) => Self::Row(Arc::clone(row)),
            Self::W3c(directives) => Self::W3c(Box::new(directives.heeding(cookies))),
        }
    }

    /// How many fields of a record a line fills at most.
    pub(super) fn fields(&self) -> usize {
        match self {
            Self::HaProxy(captures) => captures.fields(),
            Self::Json(members) => members.fields(),
            Self::Mixed(mixed) => mixed.fields(),
            Self::Plan(plan) => plan.fields(),
            Self::Row(row) => row.fields(),
            Self::W3c(directives) => directives.fields(),
        }
    }
}

/// Whether a client is an address, or a list with one that counts.
pub(super) fn is_address(field: &[u8]) -> bool {
    record::address(record::client(field)).is_some()
}
