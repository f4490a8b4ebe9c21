//! Why a model cannot be handed on in a form, or what was handed on cannot be used.

use std::path::PathBuf;

use crate::error::Place;

/// What keeps a model from being handed on.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{} was changed after it was made: its {part} is not what was sealed", file.display())]
    ScorerChanged { file: PathBuf, part: &'static str },
    #[error("{} was made by a newer version of Regulars (scorer {version})", file.display())]
    ScorerNewer { file: PathBuf, version: u64 },
    #[error("{} does not give the scores of the day it was made: {rows} rows differ, by up to {most}", file.display())]
    SelfTest { file: PathBuf, rows: usize, most: f64 },
    #[error("a model of the kind “{model}” cannot be said in the formulas of a sheet")]
    WorkbookModel { model: &'static str },
    #[error("the cleaning step “{step}” cannot be said in the formulas of a sheet")]
    WorkbookStep { step: &'static str },
    #[error("how column “{column}” is read ({how}) cannot be said in the formulas of a sheet")]
    WorkbookColumn { column: String, how: &'static str },
    #[error("the model's columns are made of orders, which a sheet cannot do")]
    WorkbookOrders,
    #[error("the model is too large for a sheet: {what}")]
    WorkbookLarge { what: String },
}

impl ExportError {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::ScorerChanged { .. } => "scorer_changed",
            Self::ScorerNewer { .. } => "scorer_newer",
            Self::SelfTest { .. } => "self_test",
            Self::WorkbookModel { .. } => "workbook_model",
            Self::WorkbookStep { .. } => "workbook_step",
            Self::WorkbookColumn { .. } => "workbook_column",
            Self::WorkbookOrders => "workbook_orders",
            Self::WorkbookLarge { .. } => "workbook_large",
        }
    }

    pub(super) fn place(&self) -> Place {
        match self {
            Self::ScorerChanged { file, .. }
            | Self::ScorerNewer { file, .. }
            | Self::SelfTest { file, .. } => Place { file: Some(file.clone()), ..Place::default() },
            Self::WorkbookColumn { column, .. } => Place { column: Some(column.clone()), ..Place::default() },
            Self::WorkbookModel { .. }
            | Self::WorkbookStep { .. }
            | Self::WorkbookOrders
            | Self::WorkbookLarge { .. } => Place::default(),
        }
    }
}
