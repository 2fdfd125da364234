//! Log formats: recognised from a log's first lines or given as a format string, and compiled once to
//! a field plan by which a parser reads lines into records.

mod compile;
mod configuration;
mod detect;
mod outline;
mod parser;
mod piece;
mod plan;
mod predefined;
mod spec;
mod trial;

use std::sync::Arc;

use self::piece::{Piece, Template};
use crate::{error::Result, time::TimeZone};

pub use detect::Detected;
pub use outline::{Meaning, Part};
pub use parser::{Parsed, Parser};
pub use spec::{DateFormats, Dialect};
pub use trial::{Broken, Trial};

/// A log format, ready to parse lines; copies share their plan.
#[derive(Clone, Debug)]
pub struct Format {
    name: Option<&'static str>,
    plan: Arc<plan::Plan>,
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
        Ok(Self {
            name: None,
            plan: Arc::new(compile::compile(template)?),
        })
    }

    /// A parser of this format, for one worker; times without a zone are of `log_tz`.
    #[must_use]
    pub fn parser(&self, log_tz: TimeZone) -> Parser {
        Parser::new(Arc::clone(&self.plan), log_tz)
    }
}

#[cfg(test)]
mod dialect_tests;
#[cfg(test)]
mod tests;
