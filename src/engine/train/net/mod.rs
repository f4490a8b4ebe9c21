//! Networks for sequences and tables together: one specification, four kinds of input, five bodies,
//! four heads. Weights live on the host (serializable, seeded); training and prediction put them on
//! a device.

pub(crate) mod batch;
mod data;
mod encoder;
pub(crate) mod graph;
pub(crate) mod loss;
mod predict;
mod recurrent;
mod spec;
mod weights;

#[cfg(test)]
mod reference;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use data::{Categories, NetData, Ragged, Target};
pub use predict::Prediction;
pub(crate) use predict::{
    answers as predict_answers, joined as predict_joined, logits as predict_logits,
    vectors as predict_vectors,
};
pub(crate) use recurrent::unbind;
pub(crate) use spec::MOST_PAIRS;
pub use spec::{Body, Cell, Head, Inputs, Loss, NetSpec, Positions};
pub use weights::{Net, Weight};

pub use super::fit::{
    EpochFigures, FitSpec, NetSamples, NetTrained, RateFinder, RateSchedule, Rule, Run, Watch, train_net,
};

/// Why a network cannot be built, fed, trained or gone on with.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    #[error("the setting `{what}` lies outside what can be built")]
    Settings { what: &'static str },
    #[error("the part `{what}` of the data does not fit the network or the other parts")]
    Shape { what: &'static str },
    #[error("the data holds a number that is not finite")]
    NotFinite,
    #[error("the weight {name} is missing or has another shape")]
    Weight { name: String },
    #[error("there are no rows to learn from")]
    NoRows,
    #[error(
        "the network `{model}` reads words or purchases in their order, and the data have neither: no column \
         of free text is used, and no question is asked over time"
    )]
    NoSequence { model: &'static str },
    /// The loss left the finite numbers, or grew past all bounds.
    #[error("the loss became infinite at epoch {epoch} with the learning rate {rate}; {mend}")]
    Exploded {
        /// Counted from 1.
        epoch: usize,
        rate: f64,
        mend: &'static str,
        /// The network at the end of the last epoch whose losses were finite.
        kept: Option<Box<Net>>,
    },
    #[error("the checkpoint cannot be used: {cause}")]
    Checkpoint { cause: String },
}

impl NetError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Settings { .. } => "net_settings",
            Self::Shape { .. } | Self::NotFinite | Self::Weight { .. } => "net_data",
            Self::NoRows => "too_few_rows",
            Self::NoSequence { .. } => "net_no_sequence",
            Self::Exploded { .. } => "diverged",
            Self::Checkpoint { .. } => "net_checkpoint",
        }
    }
}
