//! What each customer is worth from here on. Shops whose customers order when they like: BG/NBD, MBG/NBD or
//! Pareto/NBD for how often and whether still, Gamma-Gamma for how much. Contracts, where the day of
//! leaving is known: Kaplan-Meier, log-rank and Cox. See `docs/value.md` for formulas and sources.

mod beta_geometric;
mod check;
mod cohorts;
pub mod contract;
mod fit;
mod forecast;
mod gamma_gamma;
mod history;
mod lasting;
mod leaving;
mod linear;
mod matrix;
mod pareto;
mod shop;
mod spec;
mod special;
mod story;
mod tested;
#[cfg(test)]
mod tests;

pub use check::{Bucket, Check, Week};
pub use cohorts::Cohort;
pub use forecast::{Ahead, Reach, Total, Worth};
pub use history::{Counted, History, histories};
pub use lasting::Lasting;
pub use leaving::Leaving;
pub use matrix::Matrix;
pub use shop::{Fitted, Money, NextBest, Shop, shop};
pub use spec::{LifetimeModel, ValueSpec};
pub use story::{Story, fit_and_predict};

use crate::error::Place;

/// Why there is no value.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    #[error(
        "there are neither dated orders of customers nor a column of months or days under contract \
         beside a target"
    )]
    Nothing,
    #[error("the calibration must end between {first} and {last}, not on {day}")]
    Calibration { day: chrono::NaiveDate, first: chrono::NaiveDate, last: chrono::NaiveDate },
    #[error("no model of lifetime value could be fitted: {cause}")]
    Fit { cause: &'static str },
    #[error("“{column}” holds no time under contract: {cause}")]
    Tenure { column: String, cause: &'static str },
}

impl ValueError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Nothing => "value_nothing",
            Self::Calibration { .. } => "value_calibration",
            Self::Fit { .. } => "value_fit",
            Self::Tenure { .. } => "value_tenure",
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Tenure { column, .. } => Place { column: Some(column.clone()), ..Place::default() },
            _ => Place::default(),
        }
    }
}
