//! Why cleaning failed.

use super::expr;
use crate::error::Place;

/// Why cleaning failed.
#[derive(Debug, thiserror::Error)]
pub enum CleanError {
    #[error("column “{column}” is missing; the file must have it")]
    NoColumn { column: String },
    #[error("“{value}” is not a {} that can be used", kind.trim_start_matches("unknown_").trim_start_matches("bad_"))]
    Setting { kind: &'static str, column: Option<String>, value: String },
    #[error("row {row} of the rates, column “{column}”: “{value}” cannot be used")]
    Rate { row: u64, column: String, value: String },
    #[error("a column is to be called “{column}”, and another one is called so already")]
    NameTaken { column: String },
    #[error("a new column has no name")]
    NameEmpty,
    #[error("the formula “{formula}” cannot be used: {cause}")]
    Formula { formula: String, cause: expr::FormulaError },
    #[error("cleaning failed in the table engine: {0}")]
    Table(#[from] polars::error::PolarsError),
}

impl CleanError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NoColumn { .. } => "no_column",
            Self::Setting { kind, .. } => kind,
            Self::Rate { .. } => "bad_rate_row",
            Self::NameTaken { .. } => "name_taken",
            Self::NameEmpty => "name_empty",
            Self::Formula { cause: expr::FormulaError::UnknownColumn { .. }, .. } => "formula_column",
            Self::Formula { .. } => "formula",
            Self::Table(_) => "table_engine",
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::NoColumn { column }
            | Self::NameTaken { column }
            | Self::Formula { cause: expr::FormulaError::UnknownColumn { name: column, .. }, .. } => {
                Place { column: Some(column.clone()), ..Place::default() }
            }
            Self::Setting { column, .. } => Place { column: column.clone(), ..Place::default() },
            Self::Rate { row, column, .. } => {
                Place { row: Some(*row), column: Some(column.clone()), ..Place::default() }
            }
            Self::NameEmpty | Self::Formula { .. } | Self::Table(_) => Place::default(),
        }
    }

    pub(super) fn formula(formula: &str, cause: expr::FormulaError) -> Self {
        Self::Formula { formula: formula.to_owned(), cause }
    }
}

/// A setting that cannot be used; `kind` names the error and its words.
pub(super) fn setting(column: &str, kind: &'static str, value: &str) -> CleanError {
    let column = (!column.is_empty()).then(|| column.to_owned());
    CleanError::Setting { kind, column, value: value.to_owned() }
}
