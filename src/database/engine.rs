//! What the loader needs of a database.

use crate::error::{Error, Result};

/// A value of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(Option<u64>),
    Real(Option<f64>),
}

/// A database that takes statements, in which `$1` and so on stand for values.
pub(super) trait Engine {
    /// Where it is, without any password.
    fn name(&self) -> &str;
    /// Begins a transaction that no other one runs beside.
    fn begin(&mut self) -> Result<()>;
    /// Runs a statement; how many rows it changed.
    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64>;
    /// The first column of each row of an answer, as text.
    fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<String>>;
    /// The names of a table's columns; none if it is not there.
    fn columns(&mut self, table: &str) -> Result<Vec<String>>;
}

/// The error of a database.
pub(super) fn failed(name: &str, message: impl ToString) -> Error {
    Error::Database {
        name: name.to_owned(),
        message: message.to_string(),
    }
}

/// A number as databases have it.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
