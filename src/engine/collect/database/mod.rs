//! Databases → tables: SQLite files, PostgreSQL, MySQL and MariaDB servers. Reading is in read-only
//! sessions, with a check of a person's own query before it is sent. Each act has a connection of
//! its own, so that nothing is held open at a shop's server and a lost network spoils one act only.

mod address;
mod error;
mod file;
mod mysql;
mod offer;
mod postgres;
mod pushdown;
mod rows;
mod session;
mod sql;
mod sqlite;
mod tls;
mod write;

#[cfg(test)]
pub(crate) mod servers;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_servers;
#[cfg(test)]
mod tests_write;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ReadOptions;
use super::away::{self, Away, Stop};
use crate::job::{Event, Reporter};
use crate::table::Table;

pub use address::{Address, Engine, Secret, Server, Tls};
pub use error::{DatabaseError, NotReading};
pub(super) use file::{list_file, read_file};
pub use offer::Offer;
pub use pushdown::{Aggregate, Function};
pub use session::{Answer, Form, Session, Typed};
pub use write::{ScoreRow, Written, write_scores};

use rows::{Halt, Rows};
use sql::Dialect;

/// Seconds to find and greet a server.
const GREET: u64 = 15;
/// Tables that are read at most where nobody chose.
pub const MANY: usize = 20;
/// Tables whose names are told when one is not found.
const NAMES_TOLD: usize = 30;

/// A table's name, with its schema where the database has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableName {
    pub schema: Option<String>,
    pub name: String,
}

impl TableName {
    fn quoted(&self, dialect: Dialect) -> String {
        let name = dialect.quote(&self.name);
        match &self.schema {
            Some(schema) => format!("{}.{name}", dialect.quote(schema)),
            None => name,
        }
    }
}

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// A table or view that a database offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableInfo {
    pub table: TableName,
    /// Rows as the database remembers them; not exact, `None` where it does not know.
    pub rows_estimate: Option<u64>,
    pub is_view: bool,
}

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Table(TableName),
    /// One SELECT (or WITH … SELECT) statement in the database's own dialect.
    Query(String),
    /// A table of many rows a customer, added up by the database to one row each.
    PerCustomer(Aggregate),
}

/// What a single act may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of memory for the rows.
    pub bytes: u64,
    /// Seconds for the whole act.
    pub seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 2 << 30, seconds: 900 }
    }
}

/// How a column's values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Date,
    /// Byte by byte, as its UTF-8 text.
    Text,
}

/// How to read a table whole.
struct Plan {
    sql: String,
    rows: Option<u64>,
}

/// An open connection.
trait Connection {
    fn tables(&mut self) -> Result<Vec<TableInfo>, DatabaseError>;
    /// The query that reads a table whole, in the order of its key.
    fn plan(&mut self, table: &TableName) -> Result<Plan, DatabaseError>;
    /// Columns of a table and how they compare; whether there are numbers in all rows must be known
    /// of `summed`.
    fn columns(&mut self, table: &TableName, summed: &[&str]) -> Result<Vec<(String, Kind)>, DatabaseError>;
    fn read(&mut self, sql: &str, rows: &mut Rows) -> Result<(), Halt>;
}

/// What a driver needs to open a connection.
#[derive(Clone)]
struct Login {
    address: Address,
    secret: Option<Secret>,
    limits: Limits,
    stop: Stop,
}

impl Login {
    fn open(&self) -> Result<Box<dyn Connection>, DatabaseError> {
        let server = match &self.address {
            Address::Sqlite { path } => return sqlite::open(self, path),
            Address::Server(server) => server,
        };
        if !server.is_socket()
            && std::net::ToSocketAddrs::to_socket_addrs(&(server.host.as_str(), server.port)).is_err()
        {
            return Err(DatabaseError::HostUnknown { address: self.address.clone() });
        }
        match server.engine {
            Engine::Postgresql => postgres::open(self, server),
            Engine::Mysql => mysql::open(self, server),
        }
    }
}

/// A database that has answered once.
#[derive(Debug, Clone)]
pub struct Database {
    address: Address,
    secret: Option<Secret>,
    pub limits: Limits,
}

impl Database {
    /// Finds and greets the database.
    ///
    /// # Errors
    /// Absent files and servers, refused logins, unsafe connections: each a kind of its own.
    pub fn connect(address: &Address, secret: Option<&Secret>, report: &Reporter) -> crate::Result<Self> {
        let database = Self { address: address.clone(), secret: secret.cloned(), limits: Limits::default() };
        database.act(report, 2 * GREET, |login| login.open().map(|_| ()).map_err(into))?;
        Ok(database)
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Its tables and views, by name.
    ///
    /// # Errors
    /// The connection fails.
    pub fn tables(&self, report: &Reporter) -> crate::Result<Vec<TableInfo>> {
        self.act(report, self.limits.seconds, |login| login.open()?.tables().map_err(into))
    }

    /// The first rows of a table or query, profiled.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn preview(&self, source: &Source, rows: u32, report: &Reporter) -> crate::Result<Table> {
        self.read_at_most(source, u64::from(rows), &ReadOptions::default(), report)
    }

    /// The tables that stand for the whole database: those that hold rows, at most [`MANY`], the
    /// largest first where there are more; views repeat what tables hold.
    ///
    /// # Errors
    /// The connection fails.
    pub fn main_tables(&self, report: &Reporter) -> crate::Result<Vec<TableInfo>> {
        Ok(main_tables(self.tables(report)?))
    }

    /// Reads a table, the answer of a query or the sums per customer, whole: NULL stays apart from empty text, numbers keep
    /// their digits, moments are in UTC, bytes that are no text read `(binary)`.
    ///
    /// # Errors
    /// [`DatabaseError`], all of them; queries that do more than read never reach the database; sums
    /// per customer want columns that are there, and no text where something is added up.
    pub fn read(&self, source: &Source, options: &ReadOptions, report: &Reporter) -> crate::Result<Table> {
        self.read_at_most(source, u64::MAX, options, report)
    }

    fn read_at_most(
        &self,
        source: &Source,
        most: u64,
        options: &ReadOptions,
        report: &Reporter,
    ) -> crate::Result<Table> {
        report.emit(Event::Phase("read"));
        super::finish(self.read_raw(source, most, report)?, options, report)
    }

    /// The rows, not yet profiled.
    fn read_raw(&self, source: &Source, most: u64, report: &Reporter) -> crate::Result<Table> {
        let (source, dialect) = (source.clone(), self.dialect());
        if let Source::Query(sql) = &source {
            sql::reading(sql, dialect)?;
        }
        let given = report.clone();
        self.act(report, self.limits.seconds, move |login| {
            let mut rows = Rows::new(login.address.clone(), given, login.limits.bytes, most);
            let mut connection = login.open()?;
            let limit = if most == u64::MAX { String::new() } else { format!(" LIMIT {most}") };
            let (sql, name, part) = match &source {
                Source::Query(sql) => (sql::reading(sql, dialect)?.to_owned(), "query".into(), sql.clone()),
                Source::Table(table) => {
                    let plan = connection.plan(table).map_err(|e| listing(e, login))?;
                    rows.expected = plan.rows.map(|rows| rows.min(most));
                    (plan.sql + &limit, table.name.clone(), table.to_string())
                }
                Source::PerCustomer(wanted) => {
                    let columns =
                        connection.columns(&wanted.table, &wanted.summed()).map_err(|e| listing(e, login))?;
                    let sql = wanted.sql(dialect, &columns, &login.address)?;
                    rows.names = Some(wanted.names());
                    let part = format!("{} / {}", wanted.table, wanted.key);
                    (sql + &limit, wanted.table.name.clone(), part)
                }
            };
            read_rows(connection.as_mut(), &sql, &mut rows, login)?;
            let mut table = rows.table(name, part)?;
            if let Source::PerCustomer(wanted) = &source {
                wanted.warn(&mut table);
            }
            Ok(table)
        })
    }

    fn dialect(&self) -> Dialect {
        match &self.address {
            Address::Sqlite { .. } => Dialect::Sqlite,
            Address::Server(Server { engine: Engine::Postgresql, .. }) => Dialect::Postgresql,
            Address::Server(Server { engine: Engine::Mysql, .. }) => Dialect::Mysql,
        }
    }

    /// Does something with the database, away from this thread.
    fn act<T: Send + 'static>(
        &self,
        report: &Reporter,
        seconds: u64,
        work: impl FnOnce(&Login) -> crate::Result<T> + Send + 'static,
    ) -> crate::Result<T> {
        report.check()?;
        let stop = Stop::default();
        let login = Login {
            address: self.address.clone(),
            secret: self.secret.clone(),
            limits: self.limits,
            stop: stop.clone(),
        };
        let address = self.address.clone();
        match away::run(report, Duration::from_secs(seconds), &stop, move || work(&login)) {
            Ok(result) => result,
            Err(Away::Cancelled) => Err(crate::Error::Cancelled),
            Err(Away::TimedOut) => Err(into(DatabaseError::Timeout { address, seconds })),
            Err(Away::Lost) => {
                Err(into(DatabaseError::Lost { address, cause: "the reader ended without an answer".into() }))
            }
        }
    }
}

/// [`Database::main_tables`], of all that there are.
fn main_tables(all: Vec<TableInfo>) -> Vec<TableInfo> {
    let holds_rows = |info: &TableInfo| info.rows_estimate != Some(0);
    let (mut tables, views): (Vec<_>, Vec<_>) =
        all.into_iter().filter(holds_rows).partition(|info| !info.is_view);
    if tables.is_empty() {
        tables = views;
    }
    if tables.len() > MANY {
        tables.sort_by_key(|info| std::cmp::Reverse(info.rows_estimate));
        tables.truncate(MANY);
    }
    tables
}

fn read_rows(
    connection: &mut dyn Connection,
    sql: &str,
    rows: &mut Rows,
    login: &Login,
) -> crate::Result<()> {
    match connection.read(sql, rows) {
        Ok(()) | Err(Halt::Enough) => Ok(()),
        Err(Halt::Error(crate::Error::Collect(super::CollectError::Database(error)))) => {
            Err(into(listing(error, login)))
        }
        Err(Halt::Error(error)) => Err(error),
    }
}

/// Adds to "no such table" what tables there are. A new connection: after an error the old one may
/// answer nothing more.
fn listing(error: DatabaseError, login: &Login) -> DatabaseError {
    match error {
        DatabaseError::NoTable { address, cause, .. } => {
            let tables = login.open().and_then(|mut connection| connection.tables()).unwrap_or_default();
            let names: Vec<String> = tables.iter().take(NAMES_TOLD).map(|t| t.table.to_string()).collect();
            DatabaseError::NoTable { address, cause, present: names.join(", ") }
        }
        other => other,
    }
}

fn into(error: DatabaseError) -> crate::Error {
    super::CollectError::from(error).into()
}

impl From<DatabaseError> for crate::Error {
    fn from(error: DatabaseError) -> Self {
        into(error)
    }
}
