//! Log formats: recognised from a log's first lines or given as a format string, and compiled once to
//! a field plan by which a parser reads lines into records.

mod compile;
mod detect;
mod parser;
mod piece;
mod plan;
mod predefined;
mod spec;

use std::sync::Arc;

use self::piece::Piece;
use crate::{error::Result, time::TimeZone};

pub use detect::Detected;
pub use parser::{Parsed, Parser};

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
        Ok(Self {
            name: None,
            plan: Arc::new(plan),
        })
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
        Parser::new(Arc::clone(&self.plan), log_tz)
    }
}

#[cfg(test)]
mod tests;
