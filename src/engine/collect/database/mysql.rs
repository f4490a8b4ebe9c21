//! MySQL and MariaDB, through the text protocol: every value as the server writes it.

use std::error::Error as _;
use std::time::Duration;

use mysql::consts::{ColumnFlags, ColumnType};
use mysql::prelude::Queryable;
use mysql::{Conn, DriverError, Error, Opts, OptsBuilder, SslOpts, Value};

use super::rows::{Halt, Rows};
use super::sql::Dialect;
use super::{Connection, DatabaseError, GREET, Kind, Login, Plan, Server, TableInfo, TableName, Tls};

/// The character set of columns that hold bytes.
const BINARY: u16 = 63;

struct Mysql {
    conn: Conn,
    login: Login,
}

/// Opens a read-only transaction.
pub(super) fn open(login: &Login, server: &Server) -> Result<Box<dyn Connection>, DatabaseError> {
    let mut conn = connect(login, server)?;
    for sql in ["SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION READ ONLY"] {
        conn.query_drop(sql).map_err(|e| fault(login, &e))?;
    }
    Ok(Box::new(Mysql { conn, login: login.clone() }))
}

/// Finds and greets the server; the session has a known mode.
pub(super) fn connect(login: &Login, server: &Server) -> Result<Conn, DatabaseError> {
    let encrypted = (server.tls != Tls::Off && !server.is_socket())
        .then(|| SslOpts::default().with_danger_accept_invalid_certs(server.tls == Tls::Prefer));
    let mut opts = options(login, server, encrypted);
    let conn = match Conn::new(opts.clone()) {
        Err(Error::DriverError(DriverError::TlsNotSupported)) if server.tls == Tls::Prefer => {
            opts = options(login, server, None);
            Conn::new(opts.clone())
        }
        other => other,
    };
    let mut conn = conn.map_err(|e| fault(login, &e))?;
    let id = conn.connection_id();
    login.stop.set(move || {
        if let Ok(mut other) = Conn::new(opts) {
            let _ = other.query_drop(format!("KILL QUERY {id}"));
        }
    });
    let version: Option<String> = conn.query_first("SELECT VERSION()").map_err(|e| fault(login, &e))?;
    let seconds = login.limits.seconds.min(u64::from(u32::MAX) / 1000);
    let timeout = match version.unwrap_or_default().contains("MariaDB") {
        true => format!("SET SESSION max_statement_time = {seconds}"),
        false => format!("SET SESSION max_execution_time = {}", seconds * 1000),
    };
    // Servers too old to know a limit still have ours.
    let _ = conn.query_drop(timeout);
    // A known mode, so that quotes and backslashes mean what the check of queries takes them for.
    for sql in ["SET SESSION sql_mode = ''", "SET SESSION time_zone = '+00:00'"] {
        conn.query_drop(sql).map_err(|e| fault(login, &e))?;
    }
    Ok(conn)
}

fn options(login: &Login, server: &Server, encrypted: Option<SslOpts>) -> Opts {
    let mut builder = OptsBuilder::new()
        .tcp_port(server.port)
        .user(Some(server.user.clone()))
        .pass(login.secret.as_ref().map(|secret| secret.reveal().to_owned()))
        .prefer_socket(false)
        .tcp_connect_timeout(Some(Duration::from_secs(GREET)))
        .read_timeout(Some(Duration::from_secs(login.limits.seconds.max(1))))
        .ssl_opts(encrypted);
    builder = match server.is_socket() {
        true => builder.socket(Some(server.host.clone())),
        false if server.host.contains(':') => builder.ip_or_hostname(Some(format!("[{}]", server.host))),
        false => builder.ip_or_hostname(Some(server.host.clone())),
    };
    if !server.database.is_empty() {
        builder = builder.db_name(Some(server.database.clone()));
    }
    builder.into()
}

pub(super) fn fault(login: &Login, error: &Error) -> DatabaseError {
    let address = login.address.clone();
    let seconds = login.limits.seconds;
    let io = match error {
        Error::IoError(io) => Some(io),
        // Packets are read through a layer of their own.
        Error::CodecError(e) => e.source().and_then(|source| source.downcast_ref()),
        _ => None,
    };
    if let Some(io) = io {
        // A bad certificate comes wrapped into an error of reading.
        return match io.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
            true => DatabaseError::Tls { address, cause: io.to_string() },
            false => DatabaseError::from_io(&address, io.kind(), io.to_string(), seconds),
        };
    }
    match error {
        Error::MySqlError(told) => {
            let cause = told.message.clone();
            match told.code {
                1044 | 1045 | 1130 | 1251 | 1698 => DatabaseError::WrongPassword { address, cause },
                1049 => DatabaseError::NoDatabase { address, cause },
                1146 => DatabaseError::NoTable { address, cause, present: String::new() },
                1317 | 1969 | 3024 => DatabaseError::Timeout { address, seconds },
                _ => DatabaseError::Sql { address, cause, position: None },
            }
        }
        Error::DriverError(DriverError::CouldNotConnect(Some((_, cause, kind)))) => {
            DatabaseError::from_io(&address, *kind, cause.clone(), GREET)
        }
        Error::DriverError(DriverError::CouldNotConnect(None)) => DatabaseError::Refused { address },
        Error::DriverError(DriverError::ConnectTimeout) => DatabaseError::Timeout { address, seconds: GREET },
        Error::DriverError(DriverError::TlsNotSupported) => {
            DatabaseError::Tls { address, cause: "the server does not encrypt".into() }
        }
        Error::TlsError(e) => DatabaseError::Tls { address, cause: e.to_string() },
        other => DatabaseError::Lost { address, cause: other.to_string() },
    }
}

/// How the text of a value is to be taken.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Plain,
    Date,
    Bits,
    Binary,
}

fn form(column: &mysql::Column) -> Form {
    use ColumnType as T;
    match column.column_type() {
        T::MYSQL_TYPE_BIT => Form::Bits,
        T::MYSQL_TYPE_DATE | T::MYSQL_TYPE_NEWDATE | T::MYSQL_TYPE_DATETIME | T::MYSQL_TYPE_TIMESTAMP => {
            Form::Date
        }
        T::MYSQL_TYPE_GEOMETRY => Form::Binary,
        T::MYSQL_TYPE_JSON => Form::Plain,
        T::MYSQL_TYPE_TINY_BLOB
        | T::MYSQL_TYPE_MEDIUM_BLOB
        | T::MYSQL_TYPE_LONG_BLOB
        | T::MYSQL_TYPE_BLOB
        | T::MYSQL_TYPE_STRING
        | T::MYSQL_TYPE_VAR_STRING
        | T::MYSQL_TYPE_VARCHAR
            if column.character_set() == BINARY && column.flags().contains(ColumnFlags::BINARY_FLAG) =>
        {
            Form::Binary
        }
        _ => Form::Plain,
    }
}

fn kind(column: &mysql::Column) -> Kind {
    match form(column) {
        Form::Date => Kind::Date,
        Form::Plain if column.column_type().is_numeric_type() => Kind::Number,
        _ => Kind::Text,
    }
}

impl Mysql {
    fn fault(&self, error: &Error) -> DatabaseError {
        fault(&self.login, error)
    }

    /// The schema of a table as a literal, or the present database.
    fn schema(table: &TableName) -> String {
        table.schema.as_ref().map_or_else(|| "DATABASE()".into(), |schema| Dialect::Mysql.literal(schema))
    }
}

impl Connection for Mysql {
    fn tables(&mut self) -> Result<Vec<TableInfo>, DatabaseError> {
        let sql = "SELECT CONVERT(table_schema USING utf8mb4), CONVERT(table_name USING utf8mb4), table_rows, \
                   table_type LIKE '%VIEW%' FROM information_schema.tables \
                   WHERE table_schema = DATABASE() OR (DATABASE() IS NULL AND table_schema NOT IN \
                   ('mysql', 'sys', 'information_schema', 'performance_schema')) \
                   ORDER BY CAST(table_schema AS BINARY), CAST(table_name AS BINARY)";
        let rows: Vec<(String, String, Option<u64>, bool)> =
            self.conn.query(sql).map_err(|e| self.fault(&e))?;
        let info = |(schema, name, rows_estimate, is_view): (String, String, Option<u64>, bool)| TableInfo {
            table: TableName { schema: Some(schema), name },
            rows_estimate: rows_estimate.filter(|_| !is_view),
            is_view,
        };
        Ok(rows.into_iter().map(info).collect())
    }

    fn plan(&mut self, table: &TableName) -> Result<Plan, DatabaseError> {
        let place = format!(
            "table_schema = {} AND table_name = {}",
            Self::schema(table),
            Dialect::Mysql.literal(&table.name)
        );
        let rows: Option<Option<u64>> = self
            .conn
            .query_first(format!("SELECT table_rows FROM information_schema.tables WHERE {place}"))
            .map_err(|e| self.fault(&e))?;
        let key: Vec<String> = self
            .conn
            .query(format!(
                "SELECT CONVERT(column_name USING utf8mb4) FROM information_schema.key_column_usage \
                 WHERE {place} AND constraint_name = 'PRIMARY' ORDER BY ordinal_position"
            ))
            .map_err(|e| self.fault(&e))?;
        let key: Vec<String> = key.iter().map(|name| Dialect::Mysql.quote(name)).collect();
        let order = if key.is_empty() { String::new() } else { format!(" ORDER BY {}", key.join(", ")) };
        Ok(Plan {
            sql: format!("SELECT * FROM {}{order}", table.quoted(Dialect::Mysql)),
            rows: rows.flatten(),
        })
    }

    fn columns(&mut self, table: &TableName, _: &[&str]) -> Result<Vec<(String, Kind)>, DatabaseError> {
        let sql = format!("SELECT * FROM {} LIMIT 0", table.quoted(Dialect::Mysql));
        let answer = self.conn.query_iter(sql).map_err(|e| fault(&self.login, &e))?;
        Ok(answer.columns().as_ref().iter().map(|c| (c.name_str().into_owned(), kind(c))).collect())
    }

    fn read(&mut self, sql: &str, rows: &mut Rows) -> Result<(), Halt> {
        // The protocol of prepared statements takes one statement only.
        let statement = self.conn.prep(sql).map_err(|e| self.fault(&e))?;
        self.conn.close(statement).map_err(|e| self.fault(&e))?;
        let login = self.login.clone();
        let mut answer = self.conn.query_iter(sql).map_err(|e| fault(&login, &e))?;
        let columns = answer.columns();
        let names: Vec<String> = columns.as_ref().iter().map(|c| c.name_str().into_owned()).collect();
        let forms: Vec<Form> = columns.as_ref().iter().map(form).collect();
        rows.columns(names.iter().map(String::as_str));
        let Some(mut set) = answer.iter() else { return Ok(()) };
        let halt = loop {
            let row = match set.next() {
                None => return Ok(()),
                Some(Err(e)) => break fault(&login, &e).into(),
                Some(Ok(row)) => row,
            };
            for (value, form) in row.unwrap_raw().into_iter().zip(&forms) {
                cell(value, *form, rows);
            }
            if let Err(halt) = rows.end() {
                break halt;
            }
        };
        // The driver reads an answer to its end before it lets go: the server must end it first.
        login.stop.now();
        Err(halt)
    }
}

fn cell(value: Option<Value>, form: Form, rows: &mut Rows) {
    match value {
        Some(Value::Bytes(_)) if form == Form::Binary => rows.binary(),
        Some(Value::Bytes(bytes)) if form == Form::Bits => {
            let number = bytes.iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
            rows.cell(Some(number.to_string().as_bytes()));
        }
        Some(Value::Bytes(bytes)) if form == Form::Date && bytes.starts_with(b"0000-00-00") => {
            rows.zero_date()
        }
        Some(Value::Bytes(bytes)) => rows.cell(Some(&bytes)),
        Some(Value::NULL) | None => rows.cell(None),
        // Answers of the text protocol are bytes; anything else would be the driver's own reading.
        Some(other) => rows.cell(Some(other.as_sql(true).as_bytes())),
    }
}
