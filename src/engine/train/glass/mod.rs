//! The glass network: a small multilayer perceptron in plain Rust on the host, whose every number can
//! be looked at. Same rules as the network of `train::mlp`, which a test holds against it; made for
//! steps that are stopped, copied, taken back and drawn.

pub mod bench;
mod forward;
mod pass;
mod step;
#[cfg(test)]
mod tests;
pub mod toys;

use std::sync::Arc;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Activation, Layer, Network, Optimizer};

pub use forward::answer;
pub use pass::{Pass, PassLayer, Stepped, Term, Terms, WeightStep};

/// Settings of a glass network and its training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GlassSpec {
    /// Units of each hidden layer; none at all is logistic regression.
    pub hidden: Vec<usize>,
    pub activation: Activation,
    pub optimizer: Optimizer,
    pub learning_rate: f64,
    /// Rows of a step.
    pub batch_size: usize,
    /// λ of the penalty ½ λ Σ w² over the weights, not the biases; its gradient λ w is added to the
    /// loss's.
    pub l2: f64,
    /// Share of the hidden units that is left out at each step.
    pub dropout: f64,
    /// Weighs each class by its rarity.
    pub class_weight: bool,
}

impl Default for GlassSpec {
    fn default() -> Self {
        Self {
            hidden: vec![4, 2],
            activation: Activation::Tanh,
            optimizer: Optimizer::Adam,
            learning_rate: 0.03,
            batch_size: 10,
            l2: 0.0,
            dropout: 0.0,
            class_weight: false,
        }
    }
}

/// Rows to learn from: `x` is `rows × width`, row by row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GlassData {
    pub width: usize,
    pub x: Vec<f32>,
    pub y: Vec<bool>,
}

impl GlassData {
    /// Rows.
    pub fn rows(&self) -> usize {
        self.y.len()
    }

    /// The features of a row; nothing for a row that is not there.
    pub fn row(&self, at: usize) -> &[f32] {
        let from = at.saturating_mul(self.width);
        self.x.get(from..from.saturating_add(self.width)).unwrap_or(&[])
    }
}

/// Why a glass network cannot be made or cannot go on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GlassError {
    #[error("the settings cannot be used: {cause}")]
    Spec { cause: &'static str },
    #[error("the rows hold {found} numbers each, and the network takes {needed}")]
    Width { found: usize, needed: usize },
    #[error("there is no row to learn from")]
    NoRows,
    #[error(
        "the loss left the finite numbers at step {step} with a learning rate of {rate}; a lower one helps"
    )]
    Exploded { step: u64, rate: f64 },
}

impl GlassError {
    /// A stable name of the cause, the key of its words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Spec { .. } => "glass_spec",
            Self::Width { .. } => "glass_width",
            Self::NoRows => "glass_no_rows",
            Self::Exploded { .. } => "glass_exploded",
        }
    }
}

/// What one step did.
#[derive(Debug, Clone, PartialEq)]
pub struct GlassStep {
    /// Mean loss of the batch before the step, classes weighed, dropout on, without the penalty.
    pub loss: f64,
    pub rate: f64,
    /// The epoch that the step belongs to, counted from 1.
    pub epoch: usize,
    /// Steps done since the start, this one counted.
    pub step: u64,
    pub ends_epoch: bool,
    /// Euclidean length of each layer's gradient, weights and biases together, with the penalty's.
    pub gradient_norms: Vec<f64>,
}

/// Most units of a layer, and most layers, that are taken.
const MOST_UNITS: usize = 4096;
const MOST_LAYERS: usize = 64;

/// A network, its optimiser's memory, its random stream and its place in the epoch. A clone is a
/// checkpoint: going on from it equals never having stopped.
#[derive(Debug, Clone)]
pub struct Glass {
    spec: GlassSpec,
    width: usize,
    rate: f64,
    layers: Vec<Layer>,
    /// Of each layer, weights then biases: momentum, or means of gradients and of their squares.
    first: Vec<Vec<f32>>,
    second: Vec<Vec<f32>>,
    rng: ChaCha8Rng,
    /// Rows in the order of the epoch; shared with clones.
    order: Arc<Vec<usize>>,
    /// Rows of the epoch that are done, and batches.
    place: usize,
    batch: usize,
    /// Epochs done.
    epoch: usize,
    steps: u64,
}

impl Glass {
    /// A network with new weights (Glorot and Bengio 2010) for rows of `width` features.
    ///
    /// # Errors
    /// [`GlassError::Spec`] where the settings make no network.
    pub fn new(spec: GlassSpec, width: usize, seed: u64) -> Result<Self, GlassError> {
        let bad = |cause| Err(GlassError::Spec { cause });
        if width == 0 {
            return bad("there is no feature");
        }
        if spec.hidden.len() > MOST_LAYERS || spec.hidden.iter().any(|n| *n == 0 || *n > MOST_UNITS) {
            return bad("a layer needs between 1 and 4096 units, and there may be 64 layers");
        }
        if !spec.learning_rate.is_finite() || spec.learning_rate < 0.0 {
            return bad("the learning rate is no positive number");
        }
        if !(0.0..1.0).contains(&spec.dropout) {
            return bad("dropout is a share below 1");
        }
        if !spec.l2.is_finite() || spec.l2 < 0.0 {
            return bad("the penalty is no positive number");
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let layers = Network::init(width, &spec.hidden, spec.activation, false, &mut rng).layers;
        let zeros: Vec<Vec<f32>> =
            layers.iter().map(|layer| vec![0.0; layer.weights.len() + layer.bias.len()]).collect();
        let rate = spec.learning_rate;
        Ok(Self {
            spec,
            width,
            rate,
            layers,
            first: zeros.clone(),
            second: zeros,
            rng,
            order: Arc::default(),
            place: 0,
            batch: 0,
            epoch: 0,
            steps: 0,
        })
    }

    /// The settings that it was made with.
    pub fn spec(&self) -> &GlassSpec {
        &self.spec
    }

    /// Features of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The learning rate in force.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Another learning rate from the next step on; the optimiser's memory stays.
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Epochs done.
    pub fn epoch(&self) -> usize {
        self.epoch
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Batches done of the epoch that is under way.
    pub fn batch_in_epoch(&self) -> usize {
        self.batch
    }

    /// Trainable numbers.
    pub fn parameters(&self) -> usize {
        self.first.iter().map(Vec::len).sum()
    }

    /// Steps to the end of the epoch; the mean of their losses over the rows.
    ///
    /// # Errors
    /// As [`step`](Self::step).
    pub fn run_epoch(&mut self, data: &GlassData) -> Result<f64, GlassError> {
        let (mut sum, mut rows) = (0.0, 0);
        loop {
            let before = self.place;
            let step = self.step(data)?;
            let done = if step.ends_epoch { data.rows() } else { self.place };
            sum += step.loss * (done - before) as f64;
            rows += done - before;
            if step.ends_epoch {
                return Ok(sum / rows.max(1) as f64);
            }
        }
    }

    /// The same numbers as a model like any other.
    pub fn network(&self) -> Network {
        Network { activation: self.spec.activation, layers: self.layers.clone(), small: None }
    }

    /// The forward and backward pass of one row of class `y`.
    pub fn pass(&self, x: &[f32], y: bool) -> Pass {
        Pass::of(&self.network(), x, y)
    }
}
