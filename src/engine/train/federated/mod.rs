//! Federated learning: branches train together without pooling rows. What leaves a branch is
//! [`Statistics`] once, then weights each round.
//!
//! [`agree`] is the schema and the scaler that all branches share; [`average`] the server's rule;
//! [`local`] a branch's steps; [`simulate`] all of it in one process, round by round in [`stage`], with
//! [`noise`] and [`mask`]s where they are wanted; [`flower`] a branch as a client of
//! Flower's server.

pub mod agree;
mod average;
pub mod flower;
mod local;
mod mask;
mod noise;
mod passing;
pub mod simulate;
mod stage;

#[cfg(test)]
mod stage_tests;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use agree::{Agreement, Branch, Statistics, Values};
pub use average::{Rule, join};
pub use local::Learner;
pub use noise::{Epsilon, Privacy, epsilon};
pub use simulate::{BranchRound, Mischief, Part, RoundFigures, Sent, Simulated, Simulation};
pub use stage::{Ground, Stage};

/// Why branches cannot learn together.
#[derive(Debug, thiserror::Error)]
pub enum FederatedError {
    #[error("a branch needs at least {needed} customers whose outcome is known, and this one has {found}")]
    FewRows { found: usize, needed: usize },
    #[error("the branches do not agree on column “{column}”: {cause}")]
    Column { column: String, cause: &'static str },
    #[error("the branches share no column to learn from")]
    NoColumn,
    #[error("the weights that came in do not fit the network: {cause}")]
    Weights { cause: String },
    #[error("the server at {address} cannot be used: {cause}")]
    Server { address: String, cause: String },
    #[error("the server sent what is not Flower's protocol: {cause}")]
    Protocol { cause: String },
    #[error("the branch's key cannot be used: {cause}")]
    Key { cause: String },
}

impl FederatedError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::FewRows { .. } => "fed_few_rows",
            Self::Column { .. } => "fed_column",
            Self::NoColumn => "fed_no_column",
            Self::Weights { .. } => "fed_weights",
            Self::Server { .. } => "fed_server",
            Self::Protocol { .. } => "fed_protocol",
            Self::Key { .. } => "fed_key",
        }
    }
}

/// How the shared network looks, and how a branch learns between two rounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FederatedSpec {
    /// Units of each hidden layer; none is logistic regression.
    pub hidden: Vec<usize>,
    /// Times that a branch goes through its rows in a round.
    pub local_epochs: usize,
    /// Rows of one step.
    pub batch_size: usize,
    /// Rate of the plain gradient steps.
    pub learning_rate: f64,
    /// μ of FedProx (Li et al. 2020): the loss gains μ/2 · ‖w − w_round‖², so that branches that differ do
    /// not walk apart. 0 is FedAvg (McMahan et al. 2017).
    pub proximal: f64,
    pub rounds: usize,
    pub rule: Rule,
}

impl Default for FederatedSpec {
    fn default() -> Self {
        Self {
            hidden: Vec::new(),
            local_epochs: 1,
            batch_size: 32,
            learning_rate: 0.05,
            proximal: 0.0,
            rounds: 20,
            rule: Rule::Mean,
        }
    }
}

impl From<FederatedError> for crate::Error {
    fn from(why: FederatedError) -> Self {
        crate::train::TrainError::Federated(why).into()
    }
}
