//! Several statements in one read-only view of a database: what one tells still holds for the next.

use polars::prelude::{Column, DataFrame, StringChunked};

use super::rows::Rows;
use super::sql::Dialect;
use super::{Address, Connection, Database, DatabaseError, Engine, Login, Server, TableName};
use crate::job::Reporter;

/// How a column of a server holds its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Whole numbers.
    Whole,
    Number,
    /// Numbers of single precision, meant as they are written.
    Single,
    /// Yes or no.
    Truth,
    /// Days without a time.
    Day,
    /// Moments as they were written.
    Moment,
    /// Moments with a zone, read in UTC.
    ZonedMoment,
    /// Anything else, read as its text.
    Text,
}

/// A column of a server's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    pub name: String,
    pub form: Form,
    /// It alone is the table's primary key.
    pub is_key: bool,
}

/// The answer of a statement, row by row.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    pub rows: Vec<Vec<Option<String>>>,
}

/// An open read-only transaction: every statement sees the same state of the data.
pub struct Session<'a> {
    connection: Box<dyn Connection>,
    login: &'a Login,
    report: Reporter,
    /// Rows that came so far.
    pub rows: u64,
    /// Bytes of their cells.
    pub bytes: u64,
}

impl Database {
    /// True for a server in which features of behaviour can be worked out.
    pub fn works_out_features(&self) -> bool {
        matches!(&self.address, Address::Server(Server { engine: Engine::Postgresql, .. }))
    }

    /// Does `work` in one read-only transaction. A cancel ends the statement that runs.
    ///
    /// # Errors
    /// The connection fails, the work does, the person cancels.
    pub fn session<T: Send + 'static>(
        &self,
        report: &Reporter,
        work: impl FnOnce(&mut Session) -> crate::Result<T> + Send + 'static,
    ) -> crate::Result<T> {
        let given = report.clone();
        self.act(report, self.limits.seconds, move |login| {
            let connection = login.open()?;
            work(&mut Session { connection, login, report: given, rows: 0, bytes: 0 })
        })
    }
}

impl Session<'_> {
    /// The columns of a table, in their order.
    ///
    /// # Errors
    /// A table that is not there; the connection fails.
    pub fn columns(&mut self, table: &TableName) -> crate::Result<Vec<Typed>> {
        let id = Dialect::Postgresql.literal(&table.quoted(Dialect::Postgresql));
        // A domain holds what the type beneath it does; an index of one column names it in indkey.
        let sql = format!(
            "SELECT a.attname::text, COALESCE(b.typname, t.typname)::text, \
             EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary \
             AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) \
             FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
             LEFT JOIN pg_catalog.pg_type b ON t.typtype = 'd' AND b.oid = t.typbasetype \
             WHERE a.attrelid = {id}::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
        );
        let answer = self.read(&sql)?;
        let column = |row: &Vec<Option<String>>| {
            let [Some(name), Some(of), Some(key)] = row.as_slice() else { return None };
            Some(Typed { name: name.clone(), form: form(of), is_key: key == "true" })
        };
        Ok(answer.rows.iter().filter_map(column).collect())
    }

    /// The answer of one statement, which a guard has not seen: the transaction is read-only. For answers of few
    /// rows; [`frame`](Self::frame) is for many.
    ///
    /// # Errors
    /// As [`frame`](Self::frame).
    pub fn read(&mut self, sql: &str) -> crate::Result<Answer> {
        let frame = self.frame(sql)?;
        let mut rows = vec![Vec::with_capacity(frame.width()); frame.height()];
        for column in frame.columns() {
            let text = self.text(column)?;
            for (row, cell) in rows.iter_mut().zip(text.iter()) {
                row.push(cell.map(str::to_owned));
            }
        }
        Ok(Answer { rows })
    }

    /// A column of an answer, as text.
    ///
    /// # Errors
    /// None that an answer gives.
    pub fn text<'f>(&self, column: &'f Column) -> crate::Result<&'f StringChunked> {
        let lost = |cause: String| DatabaseError::Lost { address: self.login.address.clone(), cause };
        Ok(column.str().map_err(|e| lost(e.to_string()))?)
    }

    /// The answer of one statement as columns of text; without columns where it has no rows.
    ///
    /// # Errors
    /// The server does not understand it; the connection fails; the answer is too large; the person cancels.
    pub fn frame(&mut self, sql: &str) -> crate::Result<DataFrame> {
        self.report.check()?;
        let mut rows =
            Rows::new(self.login.address.clone(), self.report.clone(), self.login.limits.bytes, u64::MAX);
        super::read_rows(self.connection.as_mut(), sql, &mut rows, self.login)?;
        let table = match rows.table("answer".into(), String::new()) {
            Ok(table) => table,
            Err(e) if e.kind() == "database_no_rows" => return Ok(DataFrame::empty()),
            Err(e) => return Err(e),
        };
        self.rows += table.records;
        self.bytes += table.source.bytes;
        Ok(table.raw)
    }
}

fn form(of: &str) -> Form {
    match of {
        "int2" | "int4" | "int8" => Form::Whole,
        "float8" | "numeric" => Form::Number,
        "float4" => Form::Single,
        "bool" => Form::Truth,
        "date" => Form::Day,
        "timestamp" => Form::Moment,
        "timestamptz" => Form::ZonedMoment,
        _ => Form::Text,
    }
}
