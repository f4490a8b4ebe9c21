//! Experiments: whether an offer works, shown by those who did not get it. A plan says how many
//! customers are needed, a draw by chance leaves some alone, and what became of both is read back.

mod anytime;
mod compare;
mod cuped;
mod draw;
mod file;
mod plan;
mod platt;
mod ratio;
mod read;
mod results;
mod tails;
#[cfg(test)]
mod tests;
pub mod uplift;

use std::path::PathBuf;

use crate::error::Place;

pub use anytime::Sequence;
pub use compare::{Count, Difference, Unit, means, shares, stratified};
pub use cuped::{Cuped, adjusted};
pub use draw::{Arm, Candidate, DrawSpec, Drawn, Member, Stratum, draw};
pub use file::{Drawing, Experiment, Files};
pub use plan::{Measured, Plan, Planned, Size, With};
pub use platt::{Platt, refit};
pub use ratio::{Ratio, STOPS, against_drawn, against_share};
pub use read::{Finding, Group, Look, Order, Reading, Verdict, read};
pub use results::{Observed, Results, ResultsSpec, guess};

/// Why an experiment cannot be planned, drawn or read.
#[derive(Debug, thiserror::Error)]
pub enum ExperimentError {
    #[error("no number of customers fulfils this plan: look at “{what}”")]
    BadPlan { what: &'static str },
    #[error(
        "an experiment needs at least {needed} customers with an identifier in each group, and there are {found} in all"
    )]
    TooFew { found: usize, needed: usize },
    #[error("{} is there already; an experiment that was drawn is never written over", file.display())]
    Exists { file: PathBuf },
    #[error("{} is not an experiment of Regulars: {cause}", file.display())]
    NotOne { file: PathBuf, cause: String },
    #[error("{} was changed since the draw: its lists are not those that were drawn", file.display())]
    Changed { file: PathBuf },
    #[error("{} has no column of identifiers that the experiment knows", file.display())]
    NoId { file: PathBuf },
    #[error("{} has no column “{column}”", file.display())]
    NoColumn { file: PathBuf, column: String },
    #[error("{} says neither who did it (yes or no) nor how much money came in", file.display())]
    NoOutcome { file: PathBuf },
    #[error("none of the customers of the experiment is in {}", file.display())]
    Nobody { file: PathBuf },
    #[error(
        "the scores of the draw are not those of this model (of those found, {:.0}% have the same): it would be set right by another model's scores",
        100.0 * share
    )]
    OtherModel { share: f64 },
    #[error("among those left alone more left where the model said fewer would (slope {slope:.2})")]
    Falls { slope: f64 },
    #[error("the column “{column}” does not part the customers into two groups: it has {count} values")]
    NoTreatment { column: String, count: usize },
    #[error(
        "the two groups have {called} and {left} customers with a known answer among the {side} rows; uplift needs at least {needed} of each answer in each"
    )]
    TooFewTreated { side: &'static str, called: usize, left: usize, needed: usize },
}

impl ExperimentError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::BadPlan { .. } => "exp_plan",
            Self::TooFew { .. } => "exp_too_few",
            Self::Exists { .. } => "exp_exists",
            Self::NotOne { .. } => "exp_not_one",
            Self::Changed { .. } => "exp_changed",
            Self::NoId { .. } => "exp_no_id",
            Self::NoColumn { .. } => "exp_no_column",
            Self::NoOutcome { .. } => "exp_no_outcome",
            Self::Nobody { .. } => "exp_nobody",
            Self::OtherModel { .. } => "exp_other_model",
            Self::Falls { .. } => "exp_falls",
            Self::NoTreatment { .. } => "exp_no_treatment",
            Self::TooFewTreated { .. } => "exp_too_few_treated",
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::BadPlan { .. }
            | Self::TooFew { .. }
            | Self::TooFewTreated { .. }
            | Self::OtherModel { .. }
            | Self::Falls { .. } => Place::default(),
            Self::Exists { file }
            | Self::NotOne { file, .. }
            | Self::Changed { file }
            | Self::NoId { file }
            | Self::NoOutcome { file }
            | Self::Nobody { file } => Place { file: Some(file.clone()), ..Place::default() },
            Self::NoColumn { file, column } => {
                Place { file: Some(file.clone()), column: Some(column.clone()), row: None }
            }
            Self::NoTreatment { column, .. } => Place { column: Some(column.clone()), ..Place::default() },
        }
    }
}
