//! Adding up where the data is: one row per customer comes back instead of every order. Standard
//! SQL with window functions (SQLite 3.25, PostgreSQL 9, MySQL 8, MariaDB 10.2 and later).

use serde::{Deserialize, Serialize};

use super::sql::Dialect;
use super::{Address, DatabaseError, Kind, TableName};
use crate::note::Note;
use crate::table::Table;

/// What becomes of a column's values within one key. NULLs take part in none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// Values present.
    Count,
    Sum,
    Mean,
    Min,
    Max,
    /// The value at the least `order`; among equals the least value.
    First,
    /// The value at the greatest `order`; among equals the greatest value.
    Last,
    /// Different values; texts are compared byte by byte.
    Distinct,
}

impl Function {
    /// The name used in column names, on the command line and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::First => "first",
            Self::Last => "last",
            Self::Distinct => "distinct",
        }
    }
}

/// One row per key of a table; rows without a key make up a row of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregate {
    pub table: TableName,
    pub key: String,
    /// How many rows each key has, too.
    #[serde(default)]
    pub rows: bool,
    pub columns: Vec<(String, Function)>,
    /// What first and last go by, as a rule a date; without it, by the value itself.
    #[serde(default)]
    pub order: Option<String>,
}

impl Aggregate {
    /// Names of the answer's columns: the key's, then `<table>_count` where rows are counted, then
    /// `<column>_<function>`.
    pub fn names(&self) -> Vec<String> {
        let derived = self.columns.iter().map(|(column, function)| format!("{column}_{}", function.name()));
        let rows = self.rows.then(|| format!("{}_count", self.table.name));
        std::iter::once(self.key.clone()).chain(rows).chain(derived).collect()
    }

    /// Tells of the row that no customer stands behind.
    pub(super) fn warn(&self, table: &mut Table) {
        let column = table.raw.columns().first();
        if column.is_some_and(|keys| keys.null_count() > 0) {
            table.warnings.push(Note::new("database_no_key").with("column", &self.key));
        }
    }

    /// Columns that must hold numbers.
    pub(super) fn summed(&self) -> Vec<&str> {
        let summed = self.columns.iter().filter(|(_, f)| matches!(f, Function::Sum | Function::Mean));
        summed.map(|(column, _)| column.as_str()).collect()
    }

    /// The query in a dialect, given the table's columns.
    ///
    /// # Errors
    /// Absent columns; sums and means of text.
    pub(super) fn sql(
        &self,
        dialect: Dialect,
        present: &[(String, Kind)],
        address: &Address,
    ) -> Result<String, DatabaseError> {
        let table = self.table.to_string();
        let find = |column: &str| {
            present.iter().find(|(name, _)| name == column).map(|(_, kind)| *kind).ok_or_else(|| {
                let names: Vec<&str> = present.iter().map(|(name, _)| name.as_str()).collect();
                DatabaseError::NoColumn {
                    address: address.clone(),
                    table: table.clone(),
                    column: column.to_owned(),
                    present: names.join(", "),
                }
            })
        };
        let key_kind = find(&self.key)?;
        let key = comparable(dialect, &self.key, key_kind);
        let order = match &self.order {
            Some(order) => Some(comparable(dialect, order, find(order)?)),
            None => None,
        };
        let mut inner = vec![format!("{key} AS k")];
        let mut outer = vec![shown(dialect, "k", key_kind)];
        if self.rows {
            outer.push("COUNT(*) AS n".to_owned());
        }
        for (at, (column, function)) in self.columns.iter().enumerate() {
            let kind = find(column)?;
            if kind != Kind::Number && matches!(function, Function::Sum | Function::Mean) {
                let (table, column) = (table.clone(), column.clone());
                return Err(DatabaseError::NotNumeric { address: address.clone(), table, column });
            }
            let value = comparable(dialect, column, kind);
            let c = binary(dialect, &format!("c{at}"));
            let expression = match function {
                Function::Count => format!("COUNT(c{at})"),
                Function::Distinct => format!("COUNT(DISTINCT {c})"),
                Function::Sum => format!("SUM(c{at})"),
                // Whole numbers and decimals have means of their own precision in each dialect.
                Function::Mean => match dialect {
                    Dialect::Postgresql => format!("AVG(c{at}::double precision)"),
                    Dialect::Mysql => format!("AVG(c{at} + 0e0)"),
                    Dialect::Sqlite => format!("AVG(c{at})"),
                },
                Function::Min => shown(dialect, &format!("MIN({c})"), kind),
                Function::Max => shown(dialect, &format!("MAX({c})"), kind),
                Function::First | Function::Last => {
                    let down = if *function == Function::Last { " DESC" } else { "" };
                    let order = order.as_ref().unwrap_or(&value);
                    inner.push(format!(
                        "ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY \
                         CASE WHEN {value} IS NULL OR {order} IS NULL THEN 1 ELSE 0 END, \
                         {order}{down}, {value}{down}) AS r{at}"
                    ));
                    inner.push(format!("CASE WHEN {order} IS NULL THEN 1 ELSE 0 END AS o{at}"));
                    shown(dialect, &format!("MAX(CASE WHEN r{at} = 1 AND o{at} = 0 THEN c{at} END)"), kind)
                }
            };
            inner.push(format!("{value} AS c{at}"));
            outer.push(format!("{expression} AS a{at}"));
        }
        Ok(format!(
            "SELECT {} FROM (SELECT {} FROM {}) AS q GROUP BY {k} ORDER BY {k}",
            outer.join(", "),
            inner.join(", "),
            self.table.quoted(dialect),
            k = binary(dialect, "k"),
        ))
    }
}

/// A column as something that compares alike everywhere: numbers and dates as such, all else as
/// the bytes of its UTF-8 text, whatever the collation of the column.
fn comparable(dialect: Dialect, column: &str, kind: Kind) -> String {
    let name = dialect.quote(column);
    match (dialect, kind) {
        (Dialect::Sqlite, _) => format!("{name} COLLATE BINARY"),
        (_, Kind::Number | Kind::Date) => name,
        (Dialect::Postgresql, Kind::Text) => format!("{name}::text COLLATE \"C\""),
        (Dialect::Mysql, Kind::Text) => format!("CAST(CONVERT({name} USING utf8mb4) AS BINARY)"),
    }
}

/// SQLite's collation does not surely come through a subquery.
fn binary(dialect: Dialect, alias: &str) -> String {
    match dialect {
        Dialect::Sqlite => format!("{alias} COLLATE BINARY"),
        _ => alias.to_owned(),
    }
}

/// A comparable expression as text again.
fn shown(dialect: Dialect, expression: &str, kind: Kind) -> String {
    match (dialect, kind) {
        (Dialect::Mysql, Kind::Text) => format!("CONVERT({expression} USING utf8mb4)"),
        _ => expression.to_owned(),
    }
}
