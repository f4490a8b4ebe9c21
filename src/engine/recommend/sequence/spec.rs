//! What a sequence network is built from, and how it is trained.

use serde::{Deserialize, Serialize};

use crate::recommend::RecommendError;
use crate::train::DeviceKind;

/// What reads the order of a customer's products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A gated recurrent layer (Hidasi et al. 2016, GRU4Rec).
    Gru,
    /// Residual causal convolutions that reach twice as far from layer to layer (Yuan et al. 2019,
    /// NextItNet).
    Cnn,
    /// One causal convolution, then a gated recurrent layer.
    Hybrid,
    /// Self-attention that looks back only, with learned places (Kang and McAuley 2018, SASRec).
    Attention,
}

impl Body {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Gru, Self::Cnn, Self::Hybrid, Self::Attention];
}

/// Settings of a sequence network; each body uses its own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkSettings {
    /// Numbers of a product's embedding; the same one is read and is answered with.
    pub size: usize,
    /// Numbers of the recurrent state.
    pub units: usize,
    /// Layers of the attention, or of the convolutions.
    pub layers: usize,
    /// Heads of the attention; they divide `size`.
    pub heads: usize,
    /// Products that a convolution sees at once.
    pub kernel: usize,
    /// The last products that are read.
    pub max_len: usize,
    /// Share of numbers that are dropped while training.
    pub dropout: f64,
    /// Pieces of histories in a step.
    pub batch: usize,
    /// Learning rate (Adam).
    pub rate: f64,
    /// Epochs at most where validation customers end the training, else exactly.
    pub epochs: usize,
    /// Epochs without a better NDCG at 10 after which training ends.
    pub patience: usize,
    pub device: DeviceKind,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            size: 64,
            units: 128,
            layers: 2,
            heads: 2,
            kernel: 3,
            max_len: 50,
            dropout: 0.3,
            batch: 64,
            rate: 2e-3,
            epochs: 60,
            patience: 8,
            device: DeviceKind::Auto,
        }
    }
}

impl NetworkSettings {
    /// True for settings that nobody changed.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// True where they can be built; asked of every opened file before anything is laid out.
    pub fn is_buildable(&self) -> bool {
        let sizes = [self.size, self.units];
        let few = [self.layers, self.heads];
        sizes.iter().all(|n| (1..=4_096).contains(n))
            && few.iter().all(|n| (1..=16).contains(n))
            && (1..=16).contains(&self.kernel)
            && self.size.is_multiple_of(self.heads)
            && (1..=1_000).contains(&self.max_len)
            && (0.0..1.0).contains(&self.dropout)
            && (1..=65_536).contains(&self.batch)
            && self.rate.is_finite()
            && self.rate > 0.0
            && self.epochs <= 100_000
    }

    pub(super) fn check(&self) -> Result<(), RecommendError> {
        if self.is_buildable() { Ok(()) } else { Err(RecommendError::Network) }
    }
}
