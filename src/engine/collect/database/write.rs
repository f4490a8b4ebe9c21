//! Scores → a table of a database: by identifier, in one transaction, or only told what would change.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use mysql::prelude::Queryable as _;
use postgres::SimpleQueryMessage;
use rusqlite::OpenFlags;
use serde::Serialize;

use super::sql::Dialect;
use super::{
    Address, Database, DatabaseError, Engine, Login, Secret, TableName, into, mysql as my, postgres as pg,
    sqlite,
};
use crate::job::Reporter;

/// Rows of one statement.
const BLOCK: usize = 500;
/// How long to wait for a program that is writing.
const BUSY: Duration = Duration::from_secs(5);
/// Characters of an identifier; longer ones do not fit a key of MySQL.
const LONGEST: usize = 190;

/// A customer's score, as the list has it.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRow {
    pub id: String,
    pub probability: f64,
    pub at_risk: bool,
}

/// What was written, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Written {
    pub inserted: usize,
    pub changed: usize,
    /// Rows that stand there as they are already.
    pub same: usize,
    /// The table is not there yet.
    pub makes_table: bool,
    /// Nothing was written.
    pub dry_run: bool,
}

/// A connection that may write.
enum Writer {
    Sqlite(rusqlite::Connection),
    Postgres(Box<::postgres::Client>),
    Mysql(Box<::mysql::Conn>),
}

/// Writes scores into `table`, whose columns are `id` (the key), `probability` (six decimals, as in the
/// list), `at_risk` (0 or 1) and `scored_at`; it is made where it is not there. Of rows with one identifier
/// the last counts. All of it is one transaction: a failure leaves the table as it was. With `dry_run`
/// nothing is written.
///
/// # Errors
/// The database cannot be reached or refuses; an identifier is longer than 190 characters.
pub fn write_scores(
    address: &Address,
    secret: Option<&Secret>,
    (table, rows): (&TableName, &[ScoreRow]),
    dry_run: bool,
    report: &Reporter,
) -> crate::Result<Written> {
    let database =
        Database { address: address.clone(), secret: secret.cloned(), limits: super::Limits::default() };
    let (table, dialect) = (table.clone(), database.dialect());
    let rows: BTreeMap<String, (f64, bool)> =
        rows.iter().map(|row| (row.id.clone(), (row.probability, row.at_risk))).collect();
    if let Some(id) = rows.keys().find(|id| id.chars().count() > LONGEST) {
        let cause = format!("an identifier has {} characters; {LONGEST} fit", id.chars().count());
        return Err(into(DatabaseError::Sql { address: address.clone(), cause, position: None }));
    }
    if let Address::Sqlite { path } = address
        && dry_run
        && !path.exists()
    {
        // Looking must not make the file.
        return Ok(Written { inserted: rows.len(), makes_table: true, dry_run, ..Written::default() });
    }
    database.act(report, database.limits.seconds, move |login| {
        let mut writer = Writer::open(login).map_err(into)?;
        upsert(&mut writer, login, dialect, (&table, &rows), dry_run).map_err(into)
    })
}

fn upsert(
    writer: &mut Writer,
    login: &Login,
    dialect: Dialect,
    (table, rows): (&TableName, &BTreeMap<String, (f64, bool)>),
    dry_run: bool,
) -> Result<Written, DatabaseError> {
    let name = table.quoted(dialect);
    let known = writer.known(login, table, dialect)?;
    let mut written = Written { makes_table: !known, dry_run, ..Written::default() };
    if !known && !dry_run {
        // Before the transaction: MySQL ends one at every change of a table.
        writer.run(login, &make(dialect, &name))?;
    }
    writer.run(login, if dialect == Dialect::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" })?;
    let now = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let all: Vec<(&String, &(f64, bool))> = rows.iter().collect();
    for block in all.chunks(BLOCK) {
        let there = if known { writer.there(login, dialect, &name, block)? } else { BTreeMap::new() };
        let mut values = Vec::new();
        for (id, (probability, at_risk)) in block {
            let text = format!("{probability:.6}");
            match there.get(id.as_str()) {
                Some((old, old_risk)) if format!("{old:.6}") == text && old_risk == at_risk => {
                    written.same += 1;
                    continue;
                }
                Some(_) => written.changed += 1,
                None => written.inserted += 1,
            }
            let (id, now) = (dialect.literal(id), dialect.literal(&now));
            values.push(format!("({id}, {text}, {}, {now})", u8::from(*at_risk)));
        }
        if !values.is_empty() && !dry_run {
            writer.run(login, &put(dialect, &name, &values.join(", ")))?;
        }
    }
    writer.run(login, if dry_run { "ROLLBACK" } else { "COMMIT" })?;
    Ok(written)
}

fn make(dialect: Dialect, name: &str) -> String {
    let (id, when) = match dialect {
        Dialect::Mysql => ("VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "VARCHAR(20)"),
        Dialect::Sqlite | Dialect::Postgresql => ("TEXT", "TEXT"),
    };
    format!(
        "CREATE TABLE IF NOT EXISTS {name} (id {id} PRIMARY KEY, probability DOUBLE PRECISION NOT NULL, \
         at_risk SMALLINT NOT NULL, scored_at {when} NOT NULL)"
    )
}

fn put(dialect: Dialect, name: &str, values: &str) -> String {
    let columns = ["probability", "at_risk", "scored_at"];
    let (clash, set) = match dialect {
        Dialect::Mysql => {
            ("ON DUPLICATE KEY UPDATE", columns.map(|column| format!("{column} = VALUES({column})")))
        }
        Dialect::Sqlite | Dialect::Postgresql => {
            ("ON CONFLICT (id) DO UPDATE SET", columns.map(|column| format!("{column} = excluded.{column}")))
        }
    };
    format!(
        "INSERT INTO {name} (id, probability, at_risk, scored_at) VALUES {values} {clash} {}",
        set.join(", ")
    )
}

impl Writer {
    fn open(login: &Login) -> Result<Self, DatabaseError> {
        match &login.address {
            Address::Sqlite { path } => Self::sqlite(login, path),
            Address::Server(server) => match server.engine {
                Engine::Postgresql => {
                    let mut client = pg::connect(login, server)?;
                    client
                        .batch_execute("SET standard_conforming_strings = on")
                        .map_err(|e| pg::fault(login, &e))?;
                    Ok(Self::Postgres(Box::new(client)))
                }
                Engine::Mysql => {
                    let mut conn = my::connect(login, server)?;
                    conn.query_drop("SET NAMES utf8mb4").map_err(|e| my::fault(login, &e))?;
                    Ok(Self::Mysql(Box::new(conn)))
                }
            },
        }
    }

    fn sqlite(login: &Login, path: &Path) -> Result<Self, DatabaseError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let fail = |e: rusqlite::Error| sqlite::fault(login, &e);
        let handle = rusqlite::Connection::open_with_flags(path, flags).map_err(fail)?;
        handle.busy_timeout(BUSY).map_err(fail)?;
        let interrupt = handle.get_interrupt_handle();
        login.stop.set(move || interrupt.interrupt());
        Ok(Self::Sqlite(handle))
    }

    fn run(&mut self, login: &Login, sql: &str) -> Result<(), DatabaseError> {
        match self {
            Self::Sqlite(handle) => handle.execute_batch(sql).map_err(|e| sqlite::fault(login, &e)),
            Self::Postgres(client) => client.batch_execute(sql).map_err(|e| pg::fault(login, &e)),
            Self::Mysql(conn) => conn.query_drop(sql).map_err(|e| my::fault(login, &e)),
        }
    }

    /// True where the table is there.
    fn known(&mut self, login: &Login, table: &TableName, dialect: Dialect) -> Result<bool, DatabaseError> {
        let (plain, quoted) = (dialect.literal(&table.name), dialect.literal(&table.quoted(dialect)));
        let schema = table.schema.as_ref().map_or("DATABASE()".to_owned(), |schema| dialect.literal(schema));
        let sql = match dialect {
            Dialect::Sqlite => format!("SELECT '', COUNT(*), 0 FROM sqlite_schema WHERE name = {plain}"),
            Dialect::Postgresql => format!("SELECT '', (to_regclass({quoted}) IS NOT NULL)::int, 0"),
            Dialect::Mysql => format!(
                "SELECT '', COUNT(*), 0 FROM information_schema.tables \
                 WHERE table_schema = {schema} AND table_name = {plain}"
            ),
        };
        Ok(self.rows(login, &sql)?.first().is_some_and(|(_, count, _)| *count > 0.0))
    }

    /// What stands there of some customers.
    fn there(
        &mut self,
        login: &Login,
        dialect: Dialect,
        name: &str,
        block: &[(&String, &(f64, bool))],
    ) -> Result<BTreeMap<String, (f64, bool)>, DatabaseError> {
        let ids: Vec<String> = block.iter().map(|(id, _)| dialect.literal(id)).collect();
        let sql = format!("SELECT id, probability, at_risk FROM {name} WHERE id IN ({})", ids.join(", "));
        Ok(self.rows(login, &sql)?.into_iter().map(|(id, p, risk)| (id, (p, risk != 0))).collect())
    }

    /// A text, a number and a whole number of each row.
    fn rows(&mut self, login: &Login, sql: &str) -> Result<Vec<(String, f64, i64)>, DatabaseError> {
        match self {
            Self::Sqlite(handle) => {
                let fail = |e: rusqlite::Error| sqlite::fault(login, &e);
                let mut statement = handle.prepare(sql).map_err(fail)?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
                rows.map_err(fail)?.collect::<Result<_, _>>().map_err(fail)
            }
            Self::Postgres(client) => {
                let answer = client.simple_query(sql).map_err(|e| pg::fault(login, &e))?;
                let rows = answer.iter().filter_map(|message| match message {
                    SimpleQueryMessage::Row(row) => {
                        Some((row.get(0)?.to_owned(), row.get(1)?.parse().ok()?, row.get(2)?.parse().ok()?))
                    }
                    _ => None,
                });
                Ok(rows.collect())
            }
            Self::Mysql(conn) => conn.query(sql).map_err(|e| my::fault(login, &e)),
        }
    }
}
