//! Log formats: recognised from a log's first lines or given by name, format string or map, and compiled
//! once to a layout by which a parser reads lines into records.

mod columns;
mod compile;
mod configuration;
mod cookies;
mod detect;
mod draft;
mod haproxy;
mod json;
mod layout;
mod literal;
mod mixed;
mod number;
mod object;
mod outline;
mod parser;
mod piece;
mod plan;
mod predefined;
mod rewrite;
mod row;
mod search;
mod setting;
mod spec;
mod trial;
mod w3c;
mod walk;
mod wrapper;

use std::sync::Arc;

use self::{
    layout::Layout,
    piece::{Piece, Template},
    wrapper::Wrapper,
};
use crate::{error::Result, time::TimeZone};

pub use cookies::OptOutCookie;
pub use detect::Detected;
pub use outline::{Meaning, Part};
pub use parser::{Parsed, Parser};
pub use rewrite::{Marks, Value, Values};
pub use spec::{DateFormats, Dialect};
pub use trial::{Broken, Trial};

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

    /// The name that `GoAccess` has for the known format of that name, where it has one.
    #[must_use]
    pub fn goaccess_name(name: &str) -> Option<String> {
        predefined::FORMATS
            .iter()
            .find(|format| format.is_named(name))
            .and_then(predefined::Predefined::goaccess_name)
    }

    /// The known format of that name, in any case, or of the name that `GoAccess` has for it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        predefined::FORMATS
            .iter()
            .find(|format| format.is_named(name))
            .map(predefined::Predefined::format)
    }

    /// The format that a format string describes: Apache's `%h %l %u %t "%r" %>s %b`, nginx's
    /// `$remote_addr [$time_local] "$request" $status`, or `GoAccess`'s `%h %^[%d:%t %^] "%r" %s %b`.
    /// [`Dialect::of`] tells them apart.
    ///
    /// Quotes may be escaped by a backslash, as they are in configurations.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::error::Error::Setting) where the string is not one, or lines of it
    /// would tell no client or no time.
    pub fn from_spec(spec: &str) -> Result<Self> {
        Self::from_dated_spec(spec, &DateFormats::default())
    }

    /// The same, where the dates of a string for `GoAccess` are of the formats given.
    ///
    /// # Errors
    ///
    /// As [`from_spec`](Self::from_spec).
    pub fn from_dated_spec(spec: &str, dates: &DateFormats) -> Result<Self> {
        let template = spec::template(spec, dates)?;
        let is_field = |piece: &Piece| matches!(piece, Piece::Field { .. });
        if !template.pieces.iter().any(is_field) {
            let names = Self::names().collect::<Vec<_>>().join(", ");
            let reason = format!("it has no directives, and the known names are {names}");
            return Err(compile::refused(&reason));
        }
        Self::compiled(&template)
    }

    /// The format that a configuration of nginx or Apache declares under a name, or that of the first
    /// log which it has written.
    ///
    /// Without any such log it is the only format declared. `file` is the configuration's name, for
    /// messages; files that it includes are not read.
    ///
    /// # Errors
    ///
    /// [`Error::Setting`](crate::error::Error::Setting) with file and line where there is no such
    /// format, or it cannot be used.
    pub fn from_configuration(file: &str, text: &str, wanted: Option<&str>) -> Result<Self> {
        configuration::format(file, text, wanted)
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

    fn compiled(template: &Template) -> Result<Self> {
        let plan = compile::compile(template)?;
        Ok(Self::of(Layout::Plan(Arc::new(plan))))
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
            directives.pass(chunk);
        }
    }

    /// Whether directives among the lines say how those after them are read.
    #[must_use]
    pub const fn has_directives(&self) -> bool {
        matches!(self.layout, Layout::W3c(_))
    }

    /// The same format where clients with one of the cookies are taken to ask not to be counted, as far as
    /// its lines tell of cookies.
    #[must_use]
    pub fn heeding(self, cookies: &[OptOutCookie]) -> Self {
        if cookies.is_empty() {
            return self;
        }
        let layout = self.layout.heeding(cookies);
        Self { layout, ..self }
    }

    /// The same format within a wrapper or none. None for one with directives in a wrapper: they hold
    /// for the lines after them, which may be those of another container.
    fn wrapped(self, wrapper: Option<Wrapper>) -> Option<Self> {
        (wrapper.is_none() || !self.has_directives()).then_some(Self { wrapper, ..self })
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
mod dialect_tests;
#[cfg(test)]
mod server_tests;
#[cfg(test)]
mod tests;
