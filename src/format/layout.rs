//! The layouts of lines: a closed set of ways to read a record from a line.

use std::sync::Arc;

use super::{
    cookies::OptOutCookie, haproxy::Captures, json::Members, plan::Plan, row::Row, w3c::Directives,
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
    Mixed(Arc<[Self]>),
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
            Self::Mixed(layouts) => read_any(layouts, line, clock),
            Self::Plan(plan) => plan.read(line, clock),
            Self::Row(row) => row.read(line, clock),
            Self::W3c(directives) => directives.read(line, clock),
        }
    }

    /// Whether a line that is of the layout has an address for the client, as far as its beginning tells;
    /// false also where it cannot be of the layout.
    #[inline]
    fn has_address(&self, line: &[u8]) -> Option<bool> {
        match self {
            Self::Json(_) if !Members::may_begin(line) => Some(false),
            Self::Plan(plan) => plan.has_address(line),
            _ => None,
        }
    }

    /// The same layout where those cookies are heeded.
    pub(super) fn heeding(&self, cookies: &[OptOutCookie]) -> Self {
        match self {
            Self::HaProxy(captures) => Self::HaProxy(Arc::new(captures.heeding(cookies))),
            Self::Json(members) => Self::Json(Arc::new(members.heeding(cookies))),
            Self::Mixed(layouts) => {
                Self::Mixed(layouts.iter().map(|it| it.heeding(cookies)).collect())
            }
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
            Self::Mixed(layouts) => layouts.iter().map(Self::fields).max().unwrap_or(0),
            Self::Plan(plan) => plan.fields(),
            Self::Row(row) => row.fields(),
            Self::W3c(directives) => directives.fields(),
        }
    }
}

/// The record by the first layout that takes an address for the client, else by the first that fits.
///
/// What other lines were is not considered: then the result would depend on where chunks begin.
fn read_any<'a>(
    layouts: &[Layout],
    line: &'a [u8],
    clock: &mut Clock,
) -> Result<Option<Record<'a>>, Rule> {
    for layout in layouts {
        let has_address = layout.has_address(line);
        if has_address != Some(false)
            && let Ok(Some(record)) = layout.read(line, clock)
            && (has_address == Some(true) || is_address(record.client))
        {
            return Ok(Some(record));
        }
    }
    read_without_address(layouts, line, clock)
}

/// The record of a line that no layout takes an address from: by the first layout that fits.
#[cold]
fn read_without_address<'a>(
    layouts: &[Layout],
    line: &'a [u8],
    clock: &mut Clock,
) -> Result<Option<Record<'a>>, Rule> {
    let (mut is_ignored, mut first_broken) = (false, None);
    for layout in layouts {
        match layout.read(line, clock) {
            Ok(Some(record)) => return Ok(Some(record)),
            Ok(None) => is_ignored = true,
            Err(rule) => first_broken = first_broken.or(Some(rule)),
        }
    }
    match first_broken {
        Some(rule) if !is_ignored => Err(rule),
        _ => Ok(None),
    }
}

/// Whether a client is an address, or a list with one that counts.
pub(super) fn is_address(field: &[u8]) -> bool {
    record::address(record::client(field)).is_some()
}
