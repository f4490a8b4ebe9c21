//! PostgreSQL, through `COPY … TO STDOUT` in text form: every value as the server writes it, NULL
//! apart from empty text.

use std::error::Error as _;
use std::io::BufRead;
use std::time::Duration;

use postgres::config::SslMode;
use postgres::error::{ErrorPosition, SqlState};
use postgres::types::{Kind as TypeKind, Type};
use postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::rows::{Halt, Rows};
use super::sql::Dialect;
use super::{Connection, DatabaseError, GREET, Kind, Login, Plan, Server, TableInfo, TableName, Tls, tls};

struct Postgres {
    client: Client,
    login: Login,
}

/// Opens a read-only transaction.
pub(super) fn open(login: &Login, server: &Server) -> Result<Box<dyn Connection>, DatabaseError> {
    let mut client = connect(login, server)?;
    // Only for the transaction: a pooler may hand the session to someone else.
    let milliseconds = login.limits.seconds.saturating_mul(1000).min(i32::MAX as u64);
    client
        .batch_execute(&format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
             SET LOCAL statement_timeout = {milliseconds}; SET LOCAL TIME ZONE 'UTC'; \
             SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL extra_float_digits = 3; \
             SET LOCAL standard_conforming_strings = on"
        ))
        .map_err(|e| fault(login, &e))?;
    Ok(Box::new(Postgres { client, login: login.clone() }))
}

/// Finds and greets the server.
pub(super) fn connect(login: &Login, server: &Server) -> Result<Client, DatabaseError> {
    let mut config = Config::new();
    match server.is_socket() {
        true => config.host_path(&server.host),
        false => config.host(&server.host),
    };
    config
        .port(server.port)
        .user(&server.user)
        .application_name("regulars")
        .connect_timeout(Duration::from_secs(GREET))
        .ssl_mode(match server.tls {
            Tls::Off => SslMode::Disable,
            Tls::Prefer => SslMode::Prefer,
            Tls::Require => SslMode::Require,
        });
    if !server.database.is_empty() {
        config.dbname(&server.database);
    }
    if let Some(secret) = &login.secret {
        config.password(secret.reveal());
    }
    let connector = tls::config(server.tls)
        .map(MakeRustlsConnect::new)
        .map_err(|e| DatabaseError::Tls { address: login.address.clone(), cause: e.to_string() })?;
    let client = config.connect(connector.clone()).map_err(|e| fault(login, &e))?;
    let token = client.cancel_token();
    login.stop.set(move || {
        let _ = token.cancel_query(connector);
    });
    Ok(client)
}

pub(super) fn fault(login: &Login, error: &Error) -> DatabaseError {
    let address = login.address.clone();
    let seconds = login.limits.seconds;
    if let Some(told) = error.as_db_error() {
        let cause = match told.detail().or(told.hint()) {
            Some(more) => format!("{} ({more})", told.message()),
            None => told.message().to_owned(),
        };
        return match told.code() {
            &SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
                DatabaseError::WrongPassword { address, cause }
            }
            &SqlState::INVALID_CATALOG_NAME => DatabaseError::NoDatabase { address, cause },
            &SqlState::UNDEFINED_TABLE | &SqlState::INVALID_SCHEMA_NAME => {
                DatabaseError::NoTable { address, cause, present: String::new() }
            }
            &SqlState::QUERY_CANCELED => DatabaseError::Timeout { address, seconds },
            _ => {
                let position = match told.position() {
                    Some(ErrorPosition::Original(at)) => Some(*at),
                    _ => None,
                };
                DatabaseError::Sql { address, cause, position }
            }
        };
    }
    let told = error.to_string();
    let cause = match error.source() {
        Some(source) => format!("{told}: {source}"),
        None => told.clone(),
    };
    if let Some(io) = error.source().and_then(|source| source.downcast_ref::<std::io::Error>())
        && !told.contains("TLS")
    {
        return DatabaseError::from_io(&address, io.kind(), cause, GREET);
    }
    // The driver keeps its kinds to itself; its first words tell them.
    match () {
        () if told.contains("TLS") => DatabaseError::Tls { address, cause },
        () if told.contains("authentication") || cause.contains("password") => {
            DatabaseError::WrongPassword { address, cause }
        }
        () if told.contains("timeout") => DatabaseError::Timeout { address, seconds: GREET },
        () => DatabaseError::Lost { address, cause },
    }
}

/// The type beneath domains.
fn base(of: &Type) -> &Type {
    match of.kind() {
        TypeKind::Domain(inner) => base(inner),
        _ => of,
    }
}

fn kind(of: &Type) -> Kind {
    match base(of) {
        &Type::INT2 | &Type::INT4 | &Type::INT8 | &Type::FLOAT4 | &Type::FLOAT8 | &Type::NUMERIC => {
            Kind::Number
        }
        &Type::DATE | &Type::TIMESTAMP | &Type::TIMESTAMPTZ => Kind::Date,
        _ => Kind::Text,
    }
}

impl Postgres {
    fn fault(&self, error: &Error) -> DatabaseError {
        fault(&self.login, error)
    }
}

impl Connection for Postgres {
    fn tables(&mut self) -> Result<Vec<TableInfo>, DatabaseError> {
        // Parts of a partitioned table show as their whole.
        let sql = "SELECT n.nspname::text, c.relname::text, c.reltuples::bigint, c.relkind IN ('v', 'm') \
                   FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                   WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition \
                   AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%' \
                   AND has_table_privilege(c.oid, 'SELECT') ORDER BY n.nspname COLLATE \"C\", c.relname COLLATE \"C\"";
        let rows = self.client.query(sql, &[]).map_err(|e| self.fault(&e))?;
        rows.iter()
            .map(|row| {
                let (schema, name, tuples, is_view): (String, String, i64, bool) =
                    (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
                Ok(TableInfo {
                    table: TableName { schema: Some(schema), name },
                    // Never counted yet reads −1; a view has nothing to count.
                    rows_estimate: u64::try_from(tuples).ok().filter(|_| !is_view),
                    is_view,
                })
            })
            .collect::<Result<_, Error>>()
            .map_err(|e| self.fault(&e))
    }

    fn plan(&mut self, table: &TableName) -> Result<Plan, DatabaseError> {
        let quoted = table.quoted(Dialect::Postgresql);
        let id = format!("{}::regclass", Dialect::Postgresql.literal(&quoted));
        let estimate = format!("SELECT reltuples::bigint FROM pg_catalog.pg_class WHERE oid = {id}");
        let row = self.client.query_opt(&estimate, &[]).map_err(|e| self.fault(&e))?;
        let rows =
            row.and_then(|row| row.try_get::<_, i64>(0).ok()).and_then(|rows| u64::try_from(rows).ok());
        let key = format!(
            "SELECT a.attname::text FROM pg_catalog.pg_index i \
             JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) \
             WHERE i.indrelid = {id} AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)"
        );
        let key = self.client.query(&key, &[]).map_err(|e| self.fault(&e))?;
        let key: Vec<String> = key
            .iter()
            .filter_map(|row| row.try_get::<_, String>(0).ok())
            .map(|name| Dialect::Postgresql.quote(&name))
            .collect();
        let order = if key.is_empty() { String::new() } else { format!(" ORDER BY {}", key.join(", ")) };
        Ok(Plan { sql: format!("SELECT * FROM {quoted}{order}"), rows })
    }

    fn columns(&mut self, table: &TableName, _: &[&str]) -> Result<Vec<(String, Kind)>, DatabaseError> {
        let sql = format!("SELECT * FROM {}", table.quoted(Dialect::Postgresql));
        let statement = self.client.prepare(&sql).map_err(|e| self.fault(&e))?;
        Ok(statement.columns().iter().map(|c| (c.name().to_owned(), kind(c.type_()))).collect())
    }

    fn read(&mut self, sql: &str, rows: &mut Rows) -> Result<(), Halt> {
        // Prepared by itself first: the server refuses here what is not one statement, and tells
        // places in the person's own text.
        let statement = self.client.prepare(sql).map_err(|e| self.fault(&e))?;
        rows.columns(statement.columns().iter().map(|column| column.name()));
        let types: Vec<Type> =
            statement.columns().iter().map(|column| base(column.type_()).clone()).collect();
        let login = self.login.clone();
        let mut answer =
            self.client.copy_out(&format!("COPY ({sql}\n) TO STDOUT")).map_err(|e| fault(&login, &e))?;
        let (mut line, mut value) = (Vec::new(), Vec::new());
        loop {
            line.clear();
            if answer.read_until(b'\n', &mut line).map_err(|e| copy_fault(&login, e))? == 0 {
                return Ok(());
            }
            let body = line.strip_suffix(b"\n").unwrap_or(&line);
            for (field, of) in body.split(|&byte| byte == b'\t').zip(&types) {
                match (field, of) {
                    (b"\\N", _) => rows.cell(None),
                    (_, &Type::BYTEA) => rows.binary(),
                    (b"t", &Type::BOOL) => rows.cell(Some(b"true")),
                    (b"f", &Type::BOOL) => rows.cell(Some(b"false")),
                    _ if field.contains(&b'\\') => {
                        unescape(field, &mut value);
                        rows.cell(Some(&value));
                    }
                    _ => rows.cell(Some(field)),
                }
            }
            rows.end()?;
        }
    }
}

fn copy_fault(login: &Login, error: std::io::Error) -> DatabaseError {
    let (kind, cause) = (error.kind(), error.to_string());
    match error.into_inner().map(|inner| inner.downcast::<Error>()) {
        Some(Ok(inner)) => fault(login, &inner),
        _ => DatabaseError::from_io(&login.address, kind, cause, login.limits.seconds),
    }
}

/// Takes the escapes of COPY's text form away.
fn unescape(field: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut bytes = field.iter().copied();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next() {
                Some(b'b') => 8,
                Some(b'f') => 12,
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(b'v') => 11,
                Some(other) => other,
                None => b'\\',
            },
            _ => byte,
        });
    }
}
