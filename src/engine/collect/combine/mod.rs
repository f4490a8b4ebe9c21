//! Linked tables → one row per customer. A plan says which columns come of which tables and can be
//! changed by a person; running it gives an ordinary table, which the rest of the product uses like
//! any file. No row of a customer is lost and none is multiplied.

mod aggregate;
mod columns;
mod names;
mod plan;
mod propose;
mod rows;
mod run;
mod trace;

use crate::error::Place;

pub(crate) use columns::currency;
pub(crate) use plan::column;
pub use plan::{Apart, Choice, Dated, Dropped, Function, Hop, Plan, PlannedColumn, Source, TableRef};
pub(crate) use propose::event_date;
pub use propose::plan;
pub(crate) use run::provenance;
pub use run::run;
pub(crate) use trace::{NOBODY, Trace};

/// Why tables could not be combined.
#[derive(Debug, thiserror::Error)]
pub enum CombineError {
    #[error("there is no table to combine")]
    NoTables,
    #[error("there is no table “{table}”")]
    NoTable { table: String },
    #[error("none of the tables names customers: {tables}")]
    NoCustomers { tables: String },
    #[error("“{table}” has no column that identifies customers")]
    NoKey { table: String },
    #[error("“{table}” has no column “{column}”")]
    NoColumn { table: String, column: String },
    #[error("“{table}” has more rows than can be combined")]
    TooLong { table: String },
    #[error("combining failed in the table engine: {0}")]
    Table(#[from] polars::error::PolarsError),
}

impl CombineError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NoTables => "combine_no_tables",
            Self::NoTable { .. } => "combine_no_table",
            Self::NoCustomers { .. } => "combine_no_customers",
            Self::NoKey { .. } => "combine_no_key",
            Self::NoColumn { .. } => "combine_no_column",
            Self::TooLong { .. } => "combine_too_long",
            Self::Table(_) => "table_engine",
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::NoColumn { column, .. } => Place { column: Some(column.clone()), ..Place::default() },
            _ => Place::default(),
        }
    }
}

#[cfg(test)]
mod tests;
