//! SQLite files, opened for reading only.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::ffi::ErrorCode;
use rusqlite::types::ValueRef;
use rusqlite::{Connection as Handle, OpenFlags};

use super::rows::{Halt, Rows};
use super::sql::Dialect;
use super::{Connection, DatabaseError, Kind, Login, Plan, TableInfo, TableName};

/// What every SQLite file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// How long to wait for a program that is writing.
const BUSY: Duration = Duration::from_secs(5);
/// Rows counted one by one for the list of tables.
const COUNTED: u32 = 100_000;

struct Sqlite {
    handle: Handle,
    login: Login,
}

/// Opens a file that another program may be using.
pub(super) fn open(login: &Login, path: &Path) -> Result<Box<dyn Connection>, DatabaseError> {
    let file = path.to_owned();
    let mut head = [0; MAGIC.len()];
    match std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut head)) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(DatabaseError::NoFile { file }),
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            return Err(DatabaseError::NotADatabase { file });
        }
        Err(e) => return Err(DatabaseError::CannotOpen { file, cause: e.to_string() }),
        Ok(()) if head != MAGIC => return Err(DatabaseError::NotADatabase { file }),
        Ok(()) => {}
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let fail = |e: rusqlite::Error| fault(login, &e);
    let handle = Handle::open_with_flags(path, flags).map_err(fail)?;
    handle.busy_timeout(BUSY).map_err(fail)?;
    // The file may come from a stranger: its views must not reach outside it.
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        // A slip in a name is an error, not a text.
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
    ] {
        handle.set_db_config(setting, on).map_err(fail)?;
    }
    let interrupt = handle.get_interrupt_handle();
    login.stop.set(move || interrupt.interrupt());
    // Reads the schema: what is locked or broken shows here.
    handle.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(())).map_err(fail)?;
    Ok(Box::new(Sqlite { handle, login: login.clone() }))
}

pub(super) fn fault(login: &Login, error: &rusqlite::Error) -> DatabaseError {
    let (address, file) = (login.address.clone(), login.address.file());
    let (code, cause, position) = match error {
        rusqlite::Error::SqliteFailure(e, text) => {
            (Some(e.code), text.clone().unwrap_or_else(|| e.to_string()), None)
        }
        rusqlite::Error::SqlInputError { error, msg, offset, sql } => {
            let head = usize::try_from(*offset).ok().and_then(|bytes| sql.get(..bytes));
            let position = head.and_then(|head| u32::try_from(head.chars().count() + 1).ok());
            (Some(error.code), msg.clone(), position)
        }
        other => (None, other.to_string(), None),
    };
    match code {
        Some(ErrorCode::NotADatabase) => DatabaseError::NotADatabase { file },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DatabaseError::Locked { file },
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::DatabaseCorrupt) => {
            DatabaseError::CannotOpen { file, cause }
        }
        Some(ErrorCode::OperationInterrupted) => {
            DatabaseError::Timeout { address, seconds: login.limits.seconds }
        }
        _ if cause.starts_with("no such table") => {
            DatabaseError::NoTable { address, cause, present: String::new() }
        }
        _ => DatabaseError::Sql { address, cause, position },
    }
}

impl Sqlite {
    fn fault(&self, error: rusqlite::Error) -> DatabaseError {
        fault(&self.login, &error)
    }

    fn estimate(&self, table: &TableName) -> Option<u64> {
        let table = table.quoted(Dialect::Sqlite);
        let one = |sql: &str| self.handle.query_row(sql, [], |row| row.get::<_, i64>(0)).ok();
        let counted = one(&format!("SELECT COUNT(*) FROM (SELECT 1 FROM {table} LIMIT {})", COUNTED + 1))?;
        let rows = if counted <= i64::from(COUNTED) {
            counted
        } else {
            // The last number is found without reading the table; tables without one stay open.
            one(&format!("SELECT MAX(rowid) FROM {table}"))?.max(counted)
        };
        u64::try_from(rows).ok()
    }
}

impl Connection for Sqlite {
    fn tables(&mut self) -> Result<Vec<TableInfo>, DatabaseError> {
        let sql = "SELECT name, type = 'view' FROM sqlite_schema WHERE type IN ('table', 'view') \
                   AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
        let list = || {
            let mut statement = self.handle.prepare(sql)?;
            let rows =
                statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let list = list().map_err(|e| self.fault(e))?;
        Ok(list
            .into_iter()
            .map(|(name, is_view)| {
                let table = TableName { schema: None, name };
                let rows_estimate = if is_view { None } else { self.estimate(&table) };
                TableInfo { table, rows_estimate, is_view }
            })
            .collect())
    }

    fn plan(&mut self, table: &TableName) -> Result<Plan, DatabaseError> {
        let sql = format!("SELECT * FROM {}", table.quoted(Dialect::Sqlite));
        Ok(Plan { sql, rows: None })
    }

    fn columns(&mut self, table: &TableName, summed: &[&str]) -> Result<Vec<(String, Kind)>, DatabaseError> {
        let quoted = table.quoted(Dialect::Sqlite);
        let names: Vec<String> = {
            let statement =
                self.handle.prepare(&format!("SELECT * FROM {quoted}")).map_err(|e| self.fault(e))?;
            statement.column_names().map(str::to_owned).collect()
        };
        // Any cell may hold any type: a column is of numbers if no cell is a text.
        let mut out = Vec::with_capacity(names.len());
        for name in names {
            let mut kind = Kind::Text;
            if summed.contains(&name.as_str()) {
                let column = Dialect::Sqlite.quote(&name);
                let sql = format!(
                    "SELECT EXISTS (SELECT 1 FROM {quoted} WHERE typeof({column}) IN ('text', 'blob'))"
                );
                let text: bool =
                    self.handle.query_row(&sql, [], |row| row.get(0)).map_err(|e| self.fault(e))?;
                kind = if text { Kind::Text } else { Kind::Number };
            }
            out.push((name, kind));
        }
        Ok(out)
    }

    fn read(&mut self, sql: &str, rows: &mut Rows) -> Result<(), Halt> {
        let mut statement = self.handle.prepare(sql).map_err(|e| self.fault(e))?;
        if !statement.readonly() {
            return Err(DatabaseError::NotReading { why: super::NotReading::Changes }.into());
        }
        rows.columns(statement.column_names());
        let width = statement.column_count();
        let mut answer = statement.query([]).map_err(|e| self.fault(e))?;
        while let Some(row) = answer.next().map_err(|e| self.fault(e))? {
            for at in 0..width {
                match row.get_ref(at).map_err(|e| self.fault(e))? {
                    ValueRef::Null => rows.cell(None),
                    ValueRef::Integer(value) => rows.cell(Some(value.to_string().as_bytes())),
                    // The shortest text that reads as the same number, as SQLite writes it: 5.0.
                    ValueRef::Real(value) => rows.cell(Some(format!("{value:?}").as_bytes())),
                    ValueRef::Text(text) => rows.cell(Some(text)),
                    ValueRef::Blob(_) => rows.binary(),
                }
            }
            rows.end()?;
        }
        Ok(())
    }
}
