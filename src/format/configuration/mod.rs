//! Formats as the configuration of a web server declares them.

mod apache;
pub(super) mod nginx;
#[cfg(test)]
mod tests;

use std::fmt::Display;

use super::{Format, piece::Template};
use crate::error::{Error, Result};

/// What a configuration says about logs, in its order.
#[derive(Debug, Default)]
struct Declarations {
    formats: Vec<Declaration>,
    logs: Vec<Log>,
}

/// A declared format.
#[derive(Debug)]
struct Declaration {
    line: usize,
    name: String,
    template: Result<Template>,
}

/// A log that is written, and the name of its format.
#[derive(Debug)]
struct Log {
    line: usize,
    format: String,
}

/// A place in a configuration that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    line: usize,
    reason: &'static str,
}

/// See [`Format::from_configuration`].
pub(super) fn format(file: &str, text: &str, wanted: Option<&str>) -> Result<Format> {
    let declarations = if apache::is_of_server(text) {
        apache::declarations(text)
    } else {
        nginx::declarations(text)
    };
    let declarations =
        declarations.map_err(|Unreadable { line, reason }| at(file, line, &reason))?;
    match wanted {
        Some(name) => declarations.named(file, name),
        None => declarations.first_used(file),
    }
}

/// The error of a place in a configuration.
fn at(file: &str, line: usize, reason: &dyn Display) -> Error {
    Error::Setting(format!("{file}:{line}: {reason}"))
}

impl Declarations {
    /// The format of that name.
    fn named(mut self, file: &str, name: &str) -> Result<Format> {
        self.take(name).map_or_else(
            || {
                let names = self.names();
                Err(Error::Setting(format!(
                    "{file} declares no log format {name:?}{names}; files that it includes are not \
                     read"
                )))
            },
            |declaration| declaration.format(file),
        )
    }

    /// The format of the first log; without a log the only one that is declared.
    fn first_used(mut self, file: &str) -> Result<Format> {
        if !self.logs.is_empty() {
            let Log { line, format } = self.logs.swap_remove(0);
            return self.of_log(file, line, &format);
        }
        match self.formats.pop() {
            Some(only) if self.formats.is_empty() => only.format(file),
            Some(last) => {
                self.formats.push(last);
                Err(Error::Setting(format!(
                    "{file} says of none of its log formats that it is used: choose one by \
                     @{file}:NAME{}",
                    self.names()
                )))
            }
            None => Err(Error::Setting(format!(
                "{file} says nothing about access logs; files that it includes are not read"
            ))),
        }
    }

    /// The format of a log: one that is declared, or that the server knows.
    fn of_log(mut self, file: &str, line: usize, name: &str) -> Result<Format> {
        if let Some(declaration) = self.take(name) {
            return declaration.format(file);
        }
        Format::named(name).ok_or_else(|| {
            let names = self.names();
            let reason = format!(
                "the log has the format {name:?}, which this file does not declare{names}; files \
                 that it includes are not read"
            );
            at(file, line, &reason)
        })
    }

    /// Takes out the format of that name, the last of several.
    fn take(&mut self, name: &str) -> Option<Declaration> {
        let place = self
            .formats
            .iter()
            .rposition(|format| format.name == name)?;
        Some(self.formats.remove(place))
    }

    /// The names, for an error's message.
    fn names(&self) -> String {
        let names = self.formats.iter().map(|format| &*format.name);
        let names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
        if names.is_empty() {
            String::new()
        } else {
            format!(" (it declares {})", names.join(", "))
        }
    }
}

impl Declaration {
    fn format(self, file: &str) -> Result<Format> {
        self.template
            .and_then(|template| Format::compiled(&template))
            .map_err(|error| at(file, self.line, &error))
    }
}
