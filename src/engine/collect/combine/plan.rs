//! The plan: what a project saves of how tables become one. Tables are named by their place and
//! name, columns by their name.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{CombineError, names};
use crate::note::Note;
use crate::table::{Dataset, Link, Table};

/// What a person has said about combining; all else is proposed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// Name of the table of customers.
    pub customers: Option<String>,
    /// Its column that identifies them.
    pub key: Option<String>,
    /// Links that are not to be followed.
    pub dropped: Vec<Dropped>,
    /// Names of planned columns that are not wanted.
    pub off: Vec<String>,
    /// Names of planned columns that are wanted although the proposal leaves them out.
    pub on: Vec<String>,
    /// The last day that counts: rows dated after it are ignored.
    #[serde(with = "day")]
    pub as_of: Option<NaiveDate>,
}

/// A link by the names of its ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dropped {
    pub from: String,
    pub from_column: String,
    pub to: String,
    pub to_column: String,
}

impl Dropped {
    /// The names of `link`'s ends; `None` if it is not of this dataset.
    pub fn of(data: &Dataset, link: &Link) -> Option<Self> {
        Some(Self {
            from: data.tables.get(link.from)?.name.clone(),
            from_column: link.from_column.clone(),
            to: data.tables.get(link.to)?.name.clone(),
            to_column: link.to_column.clone(),
        })
    }
}

/// A table of the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRef {
    /// Place among the dataset's tables when the plan was made.
    pub at: usize,
    pub name: String,
}

impl TableRef {
    pub(super) fn of(data: &Dataset, at: usize) -> Self {
        Self { at, name: data.tables.get(at).map(|table| table.name.clone()).unwrap_or_default() }
    }

    /// Where the table is now: at its old place, or elsewhere under its name.
    pub(super) fn find(&self, data: &Dataset) -> Result<usize, CombineError> {
        if data.tables.get(self.at).is_some_and(|table| table.name == self.name) {
            return Ok(self.at);
        }
        let found = data.tables.iter().position(|table| table.name == self.name);
        found.ok_or_else(|| CombineError::NoTable { table: self.name.clone() })
    }
}

/// From a row to the one row of another table that its key names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    pub from_column: String,
    pub to: TableRef,
    pub to_column: String,
}

/// A table whose rows are gathered per customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    pub table: TableRef,
    /// From its rows up to the customer; empty for the table that itself names the customers.
    pub up: Vec<Hop>,
}

/// The column that dates the rows of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dated {
    pub table: TableRef,
    pub column: String,
}

/// What is made of a customer's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// Rows.
    Count,
    /// Different values.
    Distinct,
    Sum,
    Mean,
    Min,
    Max,
    /// The earliest date.
    First,
    /// The latest date.
    Last,
    /// The most frequent value; among equals the first in the alphabet.
    MostFrequent,
    /// Share of the most frequent value among the filled cells, 0 to 1.
    Share,
    /// Filled cells.
    Filled,
    /// The text of the row with the latest date, among equals the last in the file.
    Latest,
    /// The value of the one row that belongs to the customer.
    Joined,
}

/// A column of the combined table that comes from another table than the customers'.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedColumn {
    /// Its name in the combined table.
    pub name: String,
    /// The table whose rows are gathered; for [`Function::Joined`] the customers.
    pub table: TableRef,
    /// From its rows to the table that holds the column; empty where that is `table` itself.
    pub via: Vec<Hop>,
    /// `None` for [`Function::Count`].
    pub column: Option<String>,
    pub function: Function,
    pub on: bool,
}

impl PlannedColumn {
    /// What the column says, for a face to word.
    pub fn what(&self) -> Note {
        names::what(self)
    }
}

/// A table that no column comes of, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Apart {
    /// Nothing links it to the customers.
    Unlinked { table: String },
    /// Its rows belong to things that many customers share.
    Shared { table: String, of: String },
    /// Many rows belong to many: joining would multiply them.
    ManyToMany { table: String, other: String, rows: u64, other_rows: u64, joined: u64, example: String },
}

impl Apart {
    /// The table.
    pub fn table(&self) -> &str {
        match self {
            Self::Unlinked { table } | Self::Shared { table, .. } | Self::ManyToMany { table, .. } => table,
        }
    }

    /// The reason, for a face to word.
    pub fn why(&self) -> Note {
        match self {
            Self::Unlinked { table } => Note::new("apart_unlinked").with("table", table),
            Self::Shared { table, of } => Note::new("apart_shared").with("table", table).with("of", of),
            Self::ManyToMany { table, other, rows, other_rows, joined, example } => {
                Note::new("apart_many_to_many")
                    .with("table", table)
                    .with("other", other)
                    .with("rows", rows)
                    .with("other_rows", other_rows)
                    .with("joined", joined)
                    .with("example", example)
            }
        }
    }
}

/// How linked tables become one row per customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The table of customers, or the one that names them again and again.
    pub customers: TableRef,
    pub key: String,
    /// True where no table lists the customers: each different key of `customers` is one.
    pub per_key: bool,
    pub sources: Vec<Source>,
    pub dates: Vec<Dated>,
    pub columns: Vec<PlannedColumn>,
    pub apart: Vec<Apart>,
    /// The last day that counts.
    #[serde(default, with = "day")]
    pub as_of: Option<NaiveDate>,
}

/// The column of a table by its exact name.
pub(crate) fn column<'a>(table: &'a Table, name: &str) -> Result<&'a crate::table::Column, CombineError> {
    table
        .columns
        .iter()
        .find(|column| column.name == name)
        .ok_or_else(|| CombineError::NoColumn { table: table.name.clone(), column: name.to_owned() })
}

/// A day as `2024-03-05`.
mod day {
    use chrono::NaiveDate;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(day: &Option<NaiveDate>, to: S) -> Result<S::Ok, S::Error> {
        day.map(|day| day.to_string()).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}
