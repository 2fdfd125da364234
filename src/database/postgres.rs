//! A `PostgreSQL` server, in which the tables are in a schema of their own.

use std::error::Error as _;

use postgres::{
    Client, Config, NoTls,
    config::Host,
    types::{self, IsNull, ToSql, Type, private::BytesMut},
};

use super::{
    encryption::Encryption,
    engine::{Engine, Value, failed, signed},
};
use crate::error::{Error, Result};

/// The schema that the tables are in.
const SCHEMA: &str = "hushlog";

/// Any number, so long as nobody else's: two loads at once are one after the other.
const LOCK: i64 = 0x6875_7368_6c6f_6700;

pub(super) struct Server {
    name: String,
    client: Client,
}

impl Server {
    pub(super) fn connect(url: &str) -> Result<Self> {
        let (url, encryption) = Encryption::of_url(url)?;
        let mut config: Config = url.parse().map_err(|_| {
            Error::Setting("this is not the URL of a PostgreSQL database".to_owned())
        })?;
        let name = name(&config);
        let client = match encryption.apply(&mut config)? {
            Some(connector) => config.connect(connector),
            None => config.connect(NoTls),
        };
        let client = client.map_err(|error| told(&name, &error))?;
        let mut server = Self { name, client };
        server.run(&format!(
            "SET client_min_messages = warning; CREATE SCHEMA IF NOT EXISTS {SCHEMA}; SET search_path = {SCHEMA}"
        ))?;
        Ok(server)
    }

    fn run(&mut self, statements: &str) -> Result<()> {
        let done = self.client.batch_execute(statements);
        done.map_err(|error| told(&self.name, &error))
    }
}

impl Engine for Server {
    fn name(&self) -> &str {
        &self.name
    }

    fn begin(&mut self) -> Result<()> {
        self.run(&format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK})"))
    }

    fn execute(&mut self, statement: &str, values: &[Value]) -> Result<u64> {
        let changed = self.client.execute(statement, &parameters(values));
        changed.map_err(|error| told(&self.name, &error))
    }

    fn query(&mut self, statement: &str, values: &[Value]) -> Result<Vec<String>> {
        let rows = self.client.query(statement, &parameters(values));
        let rows = rows.map_err(|error| told(&self.name, &error))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    fn columns(&mut self, table: &str) -> Result<Vec<String>> {
        let table = [SCHEMA, table].map(|name| Value::Text(name.to_owned()));
        self.query(
            "SELECT column_name::text FROM information_schema.columns \
             WHERE table_schema = $1 AND table_name = $2",
            &table,
        )
    }
}

/// A server and its database, without user and password.
fn name(config: &Config) -> String {
    let host = config.get_hosts().first().map(|host| match host {
        Host::Tcp(host) => host.clone(),
        Host::Unix(path) => path.display().to_string(),
    });
    let database = config
        .get_dbname()
        .or(config.get_user())
        .unwrap_or_default();
    format!("postgres {} {database}", host.unwrap_or_default())
}

/// What the server says of an error, or else why it could not be asked.
fn told(name: &str, error: &postgres::Error) -> Error {
    if let Some(error) = error.as_db_error() {
        return failed(name, error.message());
    }
    match error.source() {
        Some(source) => failed(name, source),
        None => failed(name, error),
    }
}

fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as _).collect()
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Text(text) if *kind == Type::DATE => {
                let date: jiff::civil::Date = text.parse()?;
                date.to_sql(kind, out)
            }
            Self::Text(text) => text.to_sql(kind, out),
            Self::Number(number) => number.map(signed).to_sql(kind, out),
            Self::Real(number) => number.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [
            Type::TEXT,
            Type::VARCHAR,
            Type::NAME,
            Type::INT8,
            Type::FLOAT8,
            Type::DATE,
        ]
        .contains(kind)
    }

    types::to_sql_checked!();
}
