//! Cleaned columns → a design matrix: numbers as they are or in stretches, categories one feature a level
//! or in a way that the person chooses, dates as parts and recency, free text as its most telling terms
//! where the person wants that. Identifiers and contacts are left out. Features that tell nothing can be
//! left out again.

mod anchors;
pub mod behaviour;
mod encode;
mod fitted;
mod history;
mod leak;
pub mod leak_trap;
mod matrix;
pub mod select;
mod sequences;
mod sheet;
mod spec;
#[cfg(test)]
mod tests;
pub mod text;

use crate::error::Place;

pub use anchors::Anchors;
pub use encode::{Encoder, FOLDS, TargetRates, TrainRows};
pub use fitted::{FittedFeatures, Fitting, fit};
pub use history::FittedHistory;
pub use leak::{Leak, find_leaks};
pub use matrix::Matrix;
pub use select::{LeftOut, Selection, Why};
pub use sequences::{NOTHING, Sequences, sequence_columns};
pub use sheet::{Detail, Histogram, Sheet, SheetRow, detail, sheet};
pub use spec::{BIN_COUNT, BinEdges, ColumnEncoding, DateMonth, FeatureSpec, HASH_BITS, SMOOTHING};
pub use text::{TermColumns, TextFeatures, TextUse};

/// Why no features could be made.
#[derive(Debug, thiserror::Error)]
pub enum FeatureError {
    #[error("no column is left to learn from: all are identifiers, contacts, free text or constant")]
    NoFeatures,
    #[error("no feature is left: selection put out all {made} that were made")]
    AllLeftOut { made: usize },
    #[error("the leak trap cannot be set: “{column}” is there already")]
    Trap { column: String },
}

impl FeatureError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NoFeatures => "no_features",
            Self::AllLeftOut { .. } => "all_left_out",
            Self::Trap { .. } => "leak_trap_taken",
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::NoFeatures | Self::AllLeftOut { .. } => Place::default(),
            Self::Trap { column } => Place { column: Some(column.clone()), ..Place::default() },
        }
    }
}
