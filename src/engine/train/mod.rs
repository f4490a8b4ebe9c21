//! Models that learn who leaves: a network, and the baselines that it must beat on the same split.

#[cfg(test)]
mod battery;
mod boosted;
mod course;
pub mod device;
pub mod elsewhere;
mod embed;
#[cfg(test)]
mod fault;
pub mod federated;
pub mod fit;
mod forest;
pub mod glass;
mod inside;
mod linear;
mod memory;
mod mlp;
pub mod net;
mod network;
mod one_rule;
mod optimizer;
pub mod private;
pub mod race;
mod regression_tree;
pub mod search;
pub mod sequence;
mod share;
mod shelf;
mod slope;
pub mod small;
mod sparse_linear;
mod svm;
mod tree;
mod trees;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::features::Matrix;
use crate::job::Reporter;
use crate::note::Note;

pub use boosted::{BoostedModel, BoostedSpec};
pub use device::{DeviceChoice, DeviceKind};
pub use embed::embed;
pub use forest::ForestModel;
pub use inside::{StillLook, Watching, look_at};
pub use linear::LinearModel;
pub use memory::Memory;
pub use mlp::{Epoch, MlpSpec, samples_per_second};
pub use network::{Activation, Layer, Network, Norm};
pub use one_rule::{Bins, OneRuleModel};
pub use optimizer::{Optimizer, Schedule};
pub use private::{Price, PrivateSpec, Promise};
pub use sequence::{NetSettings, SequenceNet};
pub use shelf::{KeptEpoch, Shelf};
pub use sparse_linear::{ClassWeights, SparseLinear, SparseLinearSpec};
pub use tree::{TreeModel, TreeNode};
pub use trees::FlatTree;

pub(crate) use trees::bound;

pub(crate) use mlp::dropout_mask;
pub(crate) use network::read;
pub(crate) use regression_tree::regression_tree;
pub(crate) use slope::Slope;

/// Why training failed.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error(
        "training needs at least {needed} customers of each class among the training rows, and there are {found}"
    )]
    TooFew { found: usize, needed: usize },
    #[error("the graphics device cannot be used: {cause}")]
    Device { cause: String },
    #[error("the loss became infinite at epoch {epoch}; a lower learning rate helps")]
    Diverged {
        /// Counted from 1.
        epoch: usize,
        /// The best epoch before, as a finished training.
        kept: Option<Box<Trained>>,
    },
    #[error("the device failed while the network was trained: {cause}")]
    Broken {
        cause: String,
        /// The best epoch before, as a finished training.
        kept: Option<Box<Trained>>,
    },
    #[error(
        "training this network needs about {} MB of memory and {} MB are free",
        needed / 1_000_000, available / 1_000_000
    )]
    Memory { needed: u64, available: u64 },
    #[error("{model} could not be fitted: {cause}")]
    Fit { model: &'static str, cause: String },
    #[error(transparent)]
    Net(#[from] net::NetError),
    #[error(transparent)]
    Glass(#[from] glass::GlassError),
    #[error(transparent)]
    Search(#[from] search::SearchError),
    #[error(transparent)]
    Federated(#[from] federated::FederatedError),
    #[error(transparent)]
    Elsewhere(#[from] elsewhere::ElsewhereError),
    #[error(transparent)]
    Private(#[from] private::PrivateError),
    #[error(transparent)]
    Small(#[from] small::SmallError),
}

impl TrainError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::TooFew { .. } => "too_few_rows",
            Self::Device { .. } => "device",
            Self::Diverged { .. } => "diverged",
            Self::Broken { .. } => "device_broke",
            Self::Memory { .. } => "net_memory",
            Self::Fit { .. } => "fit_failed",
            Self::Net(cause) => cause.kind(),
            Self::Glass(cause) => cause.kind(),
            Self::Search(cause) => cause.kind(),
            Self::Federated(cause) => cause.kind(),
            Self::Elsewhere(cause) => cause.kind(),
            Self::Private(cause) => cause.kind(),
            Self::Small(cause) => cause.kind(),
        }
    }

    /// What is left of a training that failed: its best epoch, as a finished training.
    pub fn kept(&self) -> Option<&Trained> {
        match self {
            Self::Diverged { kept, .. } | Self::Broken { kept, .. } => kept.as_deref(),
            _ => None,
        }
    }
}

/// The kinds of model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    #[default]
    Mlp,
    /// Convolutions over words and purchases.
    Cnn,
    /// A recurrent cell that reads them one by one.
    Rnn,
    /// A convolution whose answers a recurrent cell reads.
    Hybrid,
    /// Every word or purchase looks at every other.
    Transformer,
    Logistic,
    /// A linear support vector machine.
    Svm,
    Tree,
    /// A random forest.
    Forest,
    /// Gradient boosted trees.
    Boosted,
    /// The best single column.
    OneRule,
    Majority,
}

impl ModelKind {
    /// The networks that read words or purchases in their order, and cannot be trained without.
    pub const SEQUENCE: [ModelKind; 4] =
        [ModelKind::Cnn, ModelKind::Rnn, ModelKind::Hybrid, ModelKind::Transformer];

    /// Every kind, those of [`ALL`](Self::ALL) first.
    pub fn every() -> impl Iterator<Item = ModelKind> {
        Self::ALL.into_iter().chain(Self::SEQUENCE)
    }

    /// Every kind that learns from the table alone, the network first, the simplest last.
    pub const ALL: [ModelKind; 8] = [
        ModelKind::Mlp,
        ModelKind::Boosted,
        ModelKind::Forest,
        ModelKind::Svm,
        ModelKind::Logistic,
        ModelKind::Tree,
        ModelKind::OneRule,
        ModelKind::Majority,
    ];

    /// The name used on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mlp => "mlp",
            Self::Cnn => "cnn",
            Self::Rnn => "rnn",
            Self::Hybrid => "hybrid",
            Self::Transformer => "transformer",
            Self::Logistic => "logistic",
            Self::Svm => "svm",
            Self::Tree => "tree",
            Self::Forest => "forest",
            Self::Boosted => "boosted",
            Self::OneRule => "one_rule",
            Self::Majority => "majority",
        }
    }

    /// True for networks: what must beat all others to boast.
    pub fn is_network(self) -> bool {
        self == Self::Mlp || self.reads_sequences()
    }

    /// True for networks that read words or purchases in their order.
    pub fn reads_sequences(self) -> bool {
        Self::SEQUENCE.contains(&self)
    }
}

/// A fitted model; holds all it needs to predict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Model {
    Mlp(Network),
    Logistic(LinearModel),
    Svm(LinearModel),
    Tree(TreeModel),
    Forest(ForestModel),
    Boosted(BoostedModel),
    OneRule(OneRuleModel),
    Majority {
        rate: f64,
    },
    /// A network that reads words or purchases in their order.
    Net(Box<SequenceNet>),
}

impl Model {
    /// Its kind.
    pub fn kind(&self) -> ModelKind {
        match self {
            Self::Mlp(_) => ModelKind::Mlp,
            Self::Logistic(_) => ModelKind::Logistic,
            Self::Svm(_) => ModelKind::Svm,
            Self::Tree(_) => ModelKind::Tree,
            Self::Forest(_) => ModelKind::Forest,
            Self::Boosted(_) => ModelKind::Boosted,
            Self::OneRule(_) => ModelKind::OneRule,
            Self::Majority { .. } => ModelKind::Majority,
            Self::Net(model) => model.kind(),
        }
    }

    /// True if the model reads this column of the cleaned rows in order, beside the features.
    pub fn reads(&self, column: &str) -> bool {
        matches!(self, Self::Net(model) if model.reading.columns().any(|name| name == column))
    }

    /// True if the model fits this many features; asked of every opened file.
    pub fn fits(&self, width: usize) -> bool {
        width > 0
            && match self {
                Self::Mlp(network) => network.is_sound(width),
                Self::Logistic(model) | Self::Svm(model) => model.coefficients.len() == width,

                Self::Tree(model) => model.is_sound(width),
                Self::Forest(model) => model.is_sound(width),
                Self::Boosted(model) => model.is_sound(width),
                Self::OneRule(model) => model.is_sound(width),
                Self::Majority { .. } => true,
                Self::Net(model) => model.is_sound(width),
            }
    }

    /// Probability of the positive class for each row of the matrix.
    ///
    /// # Errors
    /// The device cannot be used.
    pub fn predict(&self, matrix: &Matrix, device: DeviceKind) -> Result<Vec<f64>, TrainError> {
        match self {
            Self::Net(model) => match model.predict(matrix, device, &Reporter::silent()) {
                Ok(p) => Ok(p),
                Err(crate::Error::Train(why)) => Err(why),
                // Nobody can cancel this reporter.
                Err(_) => Ok(Vec::new()),
            },
            Self::Mlp(network) => network.predict(matrix, &device::open(device)?),
            Self::Logistic(model) | Self::Svm(model) => Ok(model.predict(matrix)),
            Self::Tree(model) => Ok(model.predict(matrix)),
            Self::Forest(model) => Ok(model.predict(matrix)),
            Self::Boosted(model) => Ok(model.predict(matrix)),
            Self::OneRule(model) => Ok(model.predict(matrix)),
            Self::Majority { rate } => Ok(vec![*rate; matrix.height]),
        }
    }

    /// [`predict`](Self::predict) of many rows, which the person can cancel: networks that read sequences
    /// take their time.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), or the person cancelled.
    pub fn predict_reporting(
        &self,
        matrix: &Matrix,
        device: DeviceKind,
        report: &Reporter,
    ) -> crate::Result<Vec<f64>> {
        match self {
            Self::Net(model) => model.predict(matrix, device, report),
            _ => Ok(self.predict(matrix, device)?),
        }
    }

    /// What a person should know of how this model came to be.
    pub fn note(&self) -> Option<Note> {
        if let Some(small) = self.small() {
            return Some(small::note(small));
        }
        match self {
            Self::OneRule(model) => Some(Note::new("one_rule_column").with("column", &model.column)),
            Self::Net(model) => model.note(),
            _ => None,
        }
    }
}

/// A model and how it came to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    pub model: Model,
    pub device: DeviceChoice,
    pub history: Vec<Epoch>,
    pub epochs_run: usize,
    /// The epoch whose weights were kept, counted from 1; for boosted trees the trees that were kept; 0
    /// for models without epochs.
    pub best_epoch: usize,
    pub seconds: f64,
    /// What was promised to the training rows, where it was trained with differential privacy.
    pub promise: Option<Box<Promise>>,
}

/// Rows for learning and rows for watching the learning.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    pub train: Matrix,
    pub train_labels: Vec<bool>,
    pub valid: Matrix,
    pub valid_labels: Vec<bool>,
}

/// Customers of each class that must be among the training rows.
pub const LEAST_PER_CLASS: usize = 5;

/// Settings of the kinds of model that have any.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Specs {
    pub mlp: MlpSpec,
    pub boosted: BoostedSpec,
    /// Of the networks that read sequences.
    pub net: NetSettings,
    /// Where a network's training keeps its standing; what is there already is gone on with.
    #[serde(skip)]
    pub checkpoint: Option<PathBuf>,
    /// The machine on which networks are trained; none is this one.
    #[serde(skip)]
    pub elsewhere: Option<elsewhere::Elsewhere>,
    /// Differential privacy, where it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private: Option<PrivateSpec>,
}

/// [`train_with`], boosted trees and the networks that read sequences with their usual settings.
///
/// # Errors
/// As [`train_with`].
pub fn train(
    kind: ModelKind,
    spec: &MlpSpec,
    samples: &Samples,
    device: DeviceKind,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Trained> {
    let specs = Specs { mlp: spec.clone(), ..Specs::default() };
    train_with(kind, &specs, samples, device, seed, report)
}

/// Tries rising learning rates on new weights of the network: see [`fit::RateFinder`].
///
/// # Errors
/// As [`train`]; a loss that bursts is no error, but the curve's end.
pub fn find_rate(
    finder: &fit::RateFinder,
    spec: &MlpSpec,
    samples: &Samples,
    device: DeviceKind,
    seed: u64,
    report: &Reporter,
) -> crate::Result<fit::RateCurve> {
    enough(&samples.train_labels)?;
    mlp::find_rate(finder, spec, samples, device, seed, report)
}

/// The positive rows of a training set that is large enough.
fn enough(labels: &[bool]) -> Result<usize, TrainError> {
    let positive = labels.iter().filter(|label| **label).count();
    let found = positive.min(labels.len() - positive);
    if found < LEAST_PER_CLASS {
        return Err(TrainError::TooFew { found, needed: LEAST_PER_CLASS });
    }
    Ok(positive)
}

/// Trains one kind of model.
///
/// # Errors
/// Too few rows of a class; a forced device that is not there; a loss that diverges; a checkpoint that is damaged
/// or of another training.
pub fn train_with(
    kind: ModelKind,
    specs: &Specs,
    samples: &Samples,
    device: DeviceKind,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Trained> {
    let positive = enough(&samples.train_labels)?;
    let started = std::time::Instant::now();
    let (x, y) = (&samples.train, &samples.train_labels);
    if let Some(private) = &specs.private {
        if specs.checkpoint.is_some() {
            return Err(TrainError::from(private::PrivateError::Checkpoint).into());
        }
        return private::train(kind, (private, &specs.mlp), samples, seed, report);
    }
    let (mut history, mut best_epoch) = (Vec::new(), 0);
    let model = match kind {
        ModelKind::Mlp => {
            let checkpoint = specs.checkpoint.as_deref();
            if let Some(at) = &specs.elsewhere {
                return elsewhere::train_mlp(at, &specs.mlp, samples, (device, seed), checkpoint, report);
            }
            return mlp::train(&specs.mlp, samples, (device, seed), checkpoint, report);
        }
        ModelKind::Cnn | ModelKind::Rnn | ModelKind::Hybrid | ModelKind::Transformer => {
            return sequence::train(kind, specs, samples, (device, seed), report);
        }
        ModelKind::Logistic => Model::Logistic(linear::fit(x, y)?),
        ModelKind::Svm => Model::Svm(svm::fit(samples, seed, report)?),
        ModelKind::Tree => Model::Tree(tree::fit(x, y)?),
        ModelKind::Forest => Model::Forest(forest::fit(x, y, seed, report)?),
        ModelKind::Boosted => {
            let boosting = boosted::fit(&specs.boosted, samples, seed, report)?;
            (history, best_epoch) = (boosting.history, boosting.best);
            Model::Boosted(boosting.model)
        }
        ModelKind::OneRule => {
            let cause = || TrainError::Fit { model: "one rule", cause: "there is no feature".to_owned() };
            Model::OneRule(one_rule::fit(x, y).ok_or_else(cause)?)
        }
        ModelKind::Majority => Model::Majority { rate: positive as f64 / y.len() as f64 },
    };
    report.check()?;
    Ok(Trained {
        model,
        device: DeviceChoice::plain(DeviceKind::Flex),
        epochs_run: history.len(),
        history,
        best_epoch,
        seconds: started.elapsed().as_secs_f64(),
        promise: None,
    })
}
