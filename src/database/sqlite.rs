//! An `SQLite` database in a file.

use rusqlite::{
    Connection, params_from_iter,
    types::{ToSqlOutput, Value as Stored},
};

use super::engine::{Engine, Value, failed, signed};
use crate::error::Result;

pub(super) struct File {
    name: String,
    connection: Connection,
}

impl File {
    /// Opens a file, which is made if it is not there.
    pub(super) fn open(file: &str) -> Result<Self> {
        let path = file.strip_prefix("//").unwrap_or(file);
        let connection = Connection::open(path).map_err(|error| failed(path, error))?;
        Ok(Self {
            name: path.to_owned(),
            connection,
        })
    }
}

impl Engine for File {
    fn name(&self) -> &str {
        &self.name
    }

    fn begin(&mut self) -> Result<()> {
        self.execute("BEGIN IMMEDIATE", &[]).map(drop)
    }

    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64> {
        let prepared = self.connection.prepare_cached(statement);
        let changed = prepared.and_then(|mut it| it.execute(params_from_iter(values)));
        changed
            .map(|rows| rows as u64)
            .map_err(|error| failed(&self.name, error))
    }

    fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<String>> {
        let mut prepared = self
            .connection
            .prepare_cached(statement)
            .map_err(|error| failed(&self.name, error))?;
        let rows = prepared.query_map(params_from_iter(values), |row| row.get(0));
        rows.and_then(Iterator::collect)
            .map_err(|error| failed(&self.name, error))
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>> {
        let table = Value::Text(table.to_owned());
        self.query("SELECT name FROM pragma_table_info($1)", &[table])
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Text(text) => ToSqlOutput::from(text.as_str()),
            Self::Number(number) => {
                let number = number.map(signed);
                ToSqlOutput::Owned(number.map_or(Stored::Null, Stored::Integer))
            }
            Self::Real(number) => ToSqlOutput::Owned(number.map_or(Stored::Null, Stored::Real)),
        })
    }
}
