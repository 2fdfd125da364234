//! Log formats: recognised from a log's first lines or given by name, format string or map, and compiled
//! once to a layout by which a parser reads lines into records.

mod columns;
mod compile;
mod detect;
mod draft;
mod haproxy;
mod json;
mod layout;
mod parser;
mod piece;
mod plan;
mod predefined;
mod row;
mod setting;
mod spec;
mod w3c;
mod walk;
mod wrapper;

use std::sync::Arc;

use self::{layout::Layout, piece::Piece, wrapper::Wrapper};
use crate::{error::Result, time::TimeZone};

pub use detect::Detected;
pub use parser::{Parsed, Parser};

/// A log format, ready to parse lines; copies share what it was compiled to.
///
/// The W3C extended format has a state: what its directives say of the lines after them. A format is
/// then that state at one place of a log, and [`pass`](Self::pass) moves it on.
#[derive(Clone, Debug)]
pub struct Format {
    name: Option<&'static str>,
    layout: Layout,
    wrapper: Option<Wrapper>,
}

impl Format {
    /// The names of the known formats.
    pub fn names() -> impl Iterator<Item = &'static str> {
        predefined::FORMATS.iter().map(|format| format.name)
    }

    /// The known format of that name, in any case, or of the name that `GoAccess` has for it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        predefined::FORMATS
            .iter()
            .find(|format| format.is_named(name))
            .map(predefined::Predefined::format)
    }

    /// The format that an Apache `LogFormat` string describes, such as `%h %l %u %t "%r" %>s %b`.
    ///
    /// Quotes may be escaped by a backslash, as they are in Apache's configuration.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::error::Error::Setting) where the string is not one, or lines of it
    /// would tell no client or no time.
    pub fn from_spec(spec: &str) -> Result<Self> {
        let pieces = spec::pieces(spec)?;
        if !pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Field { .. }))
        {
            let names = Self::names().collect::<Vec<_>>().join(", ");
            let reason = format!("it has no directives, and the known names are {names}");
            return Err(compile::refused(&reason));
        }
        let plan = compile::compile(&pieces)?;
        Ok(Self::of(Layout::Plan(Arc::new(plan))))
    }

    /// The known format that fits the first lines of a source: up to 1,000 lines or 1 MiB of them.
    ///
    /// `name` is the source as the user named it, for the error's message.
    ///
    /// # Errors
    ///
    /// [`Error::Format`](crate::error::Error::Format) where fewer than half of the lines that are
    /// not blank are of any known format.
    pub fn detect(name: &str, sample: &[u8]) -> Result<Detected> {
        detect::detect(name, sample)
    }

    /// The name, where it is a known format.
    #[must_use]
    pub const fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// A parser of this format, for one worker; times without a zone are of `log_tz`.
    #[must_use]
    pub fn parser(&self, log_tz: TimeZone) -> Parser {
        Parser::new(self.layout.clone(), log_tz)
    }

    /// What is to be parsed of a line: what its wrapper encloses, where the format has one and the line
    /// is wrapped so, else the line itself. `buffer` is room for it.
    #[inline]
    pub fn unwrapped<'a>(&self, line: &'a [u8], buffer: &'a mut Vec<u8>) -> &'a [u8] {
        match self.wrapper {
            None => line,
            Some(wrapper) => wrapper.inner(line, buffer).unwrap_or(line),
        }
    }

    /// Moves the format on to its state after a chunk, which begins with a whole line.
    ///
    /// Chunks of one log that are parsed side by side are each parsed from the state in which they
    /// begin. This takes no more than a search for lines that begin with `#`, and nothing at all for
    /// formats without directives.
    pub fn pass(&mut self, chunk: &[u8]) {
        if let Layout::W3c(directives) = &mut self.layout {
            directives.pass(chunk, Parser::LINE_CAP);
        }
    }

    /// The same format within a wrapper or none. None for one with directives in a wrapper: they hold
    /// for the lines after them, which may be those of another container.
    fn wrapped(self, wrapper: Option<Wrapper>) -> Option<Self> {
        let has_directives = matches!(self.layout, Layout::W3c(_));
        (wrapper.is_none() || !has_directives).then_some(Self { wrapper, ..self })
    }

    /// A format without a name.
    const fn of(layout: Layout) -> Self {
        Self {
            name: None,
            layout,
            wrapper: None,
        }
    }
}

#[cfg(test)]
mod server_tests;
#[cfg(test)]
mod tests;
