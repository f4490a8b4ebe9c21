//! What to offer next: from what a customer took up to a day, every product ranked by how likely it is
//! taken after it. Simple models that a person can follow (popularity, co-occurrence, order, rules) beside
//! two of the literature (implicit ALS, EASE^R), measured over all products, without sampled negatives.
//! See `docs/recommend.md` for formulas and sources.

mod affinity;
mod choose;
mod evaluate;
mod figures;
pub mod fresh;
mod house;
mod interactions;
mod models;
mod rank;
mod rhythm;
mod saved;
pub mod sequence;
mod spec;
mod split;
#[cfg(test)]
mod tests;

pub use affinity::{Affinities, Edge, Node, affinities};
pub use choose::{Candidate, Choice, Wanted, choose, choose_with, fit};
pub use evaluate::{Measured, evaluate, evaluate_with};
pub(crate) use figures::by_chance;
pub use figures::{CUTS, Figures, Group};
pub use fresh::{NewMeasured, NewProduct, NewProducts};
pub use house::{HouseRules, RuleCost, Sides};
pub use interactions::{Event, Interactions, Row};
pub use models::als::{Als, AlsSpec};
pub use models::cooccurrence::Cooccurrence;
pub use models::ease::{Ease, MOST_ITEMS};
pub use models::fp_growth::{Itemset, fp_growth};
pub use models::markov::Markov;
pub use models::matrix::Matrix;
pub use models::popularity::Popularity;
pub use models::rules::{Rule, Rules};
pub use models::{Fitted, Reason, Recommender};
pub use rank::{Offer, middle_rank, top};
pub use rhythm::{Gap, Habit, Hours, Rhythm};
pub use saved::Model;
pub use sequence::{NetworkSettings, SequenceEpoch, SequenceNet};
pub use spec::{Kind, Params, Protocol, RecommendSpec, Seen, most, usual_cut};
pub use split::{Case, Histories, Task};

use crate::error::Place;

/// Why nothing can be recommended.
#[derive(Debug, thiserror::Error)]
pub enum RecommendError {
    #[error("no table names customers and products together: {tables}")]
    NoLines { tables: String },
    #[error("there is no column “{column}”")]
    NoColumn { column: String },
    #[error("only one product was ever taken, “{product}”: there is nothing to choose from")]
    OneProduct { product: String },
    #[error("only one customer is in the data: nothing can be learnt from others")]
    OneCustomer,
    #[error("after the cut-off day {day} no known customer took anything that could be told")]
    Nobody { day: String },
    #[error("no customer took two things: no last one can be held out")]
    NoSecond,
    #[error("{kind} takes at most {most} products, and there are {items}")]
    TooMany { kind: &'static str, items: usize, most: usize },
    #[error("the cut-off day {day} must lie between {first} and {last}")]
    CutOff { day: String, first: String, last: String },
    #[error("the settings of the sequence network lie outside what can be built")]
    Network,
    #[error("“{name}” is no product of the data")]
    NoProduct { name: String },
    #[error("the saved recommendations cannot be used: {cause}")]
    Saved { cause: &'static str },
}

impl RecommendError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NoLines { .. } => "recommend_no_lines",
            Self::NoColumn { .. } => "recommend_no_column",
            Self::OneProduct { .. } => "recommend_one_product",
            Self::OneCustomer => "recommend_one_customer",
            Self::Nobody { .. } => "recommend_nobody",
            Self::NoSecond => "recommend_no_second",
            Self::TooMany { .. } => "recommend_too_many",
            Self::CutOff { .. } => "recommend_cut_off",
            Self::Network => "recommend_network",
            Self::NoProduct { .. } => "recommend_no_product",
            Self::Saved { .. } => "recommend_saved",
        }
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::NoColumn { column } => Place { column: Some(column.clone()), ..Place::default() },
            _ => Place::default(),
        }
    }
}
