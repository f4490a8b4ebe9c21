//! What a person sets of the networks that read sequences. Every kind keeps its own settings, so that
//! going from one to another and back loses nothing.

use serde::{Deserialize, Serialize};

use crate::features::behaviour::LONGEST_HISTORY;
use crate::features::text::{TokenSpec, TokenUnit};
use crate::train::net::{Body, Cell, FitSpec, Loss, MOST_PAIRS, NetSpec, Positions, RateSchedule, Rule};
use crate::train::{Activation, ModelKind};

/// Filters of several widths side by side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CnnSettings {
    /// Steps that a filter sees at once, one entry for each width.
    pub kernels: Vec<usize>,
    /// Filters of each width.
    pub filters: usize,
    /// Also the mean of each filter's answers: how often, not only whether.
    pub mean_pool: bool,
}

impl Default for CnnSettings {
    fn default() -> Self {
        Self { kernels: vec![2, 3, 4], filters: 32, mean_pool: true }
    }
}

/// A cell that reads step by step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RnnSettings {
    pub cell: Cell,
    /// Numbers of its memory.
    pub units: usize,
    /// A second cell reads from the end.
    pub bidirectional: bool,
}

impl Default for RnnSettings {
    fn default() -> Self {
        Self { cell: Cell::Gru, units: 32, bidirectional: false }
    }
}

/// A convolution whose answers a GRU reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HybridSettings {
    pub kernel: usize,
    pub filters: usize,
    pub units: usize,
}

impl Default for HybridSettings {
    fn default() -> Self {
        Self { kernel: 3, filters: 32, units: 32 }
    }
}

/// Every step looks at every other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TransformerSettings {
    pub layers: usize,
    pub heads: usize,
    /// Numbers of a step within the network: made a multiple of `heads`.
    pub model: usize,
    pub feed_forward: usize,
    pub positions: Positions,
}

impl Default for TransformerSettings {
    fn default() -> Self {
        Self { layers: 1, heads: 4, model: 32, feed_forward: 64, positions: Positions::Sinusoidal }
    }
}

/// Settings of the networks that read sequences, and which network is trained beside the simple models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetSettings {
    /// The network that a training trains; the MLP has settings of its own.
    pub kind: ModelKind,
    pub cnn: CnnSettings,
    pub rnn: RnnSettings,
    pub hybrid: HybridSettings,
    pub transformer: TransformerSettings,
    /// Units of each dense layer behind the joined vectors.
    pub hidden: Vec<usize>,
    pub activation: Activation,
    /// Share of the joined vector, and of each dense layer, that is left out at each step.
    pub dropout: f64,
    /// Share of each token's numbers that is left out at each step.
    pub embedding_dropout: f64,
    /// What a token of free text is.
    pub unit: TokenUnit,
    /// Tokens that are told apart, most frequent first.
    pub vocabulary: usize,
    /// Training rows that a token must stand in.
    pub min_rows: usize,
    /// Numbers that stand for a token.
    pub token_size: usize,
    /// Places for pairs of neighbouring tokens; 0 knows no pairs.
    #[serde(skip_serializing_if = "is_none")]
    pub pairs: usize,
    /// First tokens of a text, and newest steps of a history, that are read.
    pub max_len: usize,
    pub loss: Loss,
    pub class_weight: bool,
    /// Draws batches in which the classes are even.
    pub balanced: bool,
    pub fit: FitSpec,
}

impl Default for NetSettings {
    fn default() -> Self {
        Self {
            kind: ModelKind::Mlp,
            cnn: CnnSettings::default(),
            rnn: RnnSettings::default(),
            hybrid: HybridSettings::default(),
            transformer: TransformerSettings::default(),
            hidden: vec![32],
            activation: Activation::Relu,
            dropout: 0.3,
            embedding_dropout: 0.1,
            unit: TokenUnit::Words,
            vocabulary: 5_000,
            min_rows: 3,
            token_size: 32,
            pairs: 0,
            max_len: LONGEST_HISTORY,
            loss: Loss::Auto,
            class_weight: false,
            balanced: false,
            fit: FitSpec {
                learning_rate: 0.002,
                clip_norm: 1.0,
                epochs: 30,
                patience: 6,
                ..FitSpec::default()
            },
        }
    }
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// Longest sequence, most tokens.
const LONGEST: usize = 10_000;
const MOST_TOKENS: usize = 100_000;

impl NetSettings {
    /// Places for pairs where pairs are known.
    pub const USUAL_PAIRS: usize = 1 << 15;

    /// True if nothing was set: such settings are not written, so that old keys stay what they were.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The body of a kind; `None` for kinds that read no sequences.
    pub fn body(&self, kind: ModelKind) -> Option<Body> {
        Some(match kind {
            ModelKind::Cnn => Body::Cnn { kernels: self.cnn.kernels.clone(), filters: self.cnn.filters },
            ModelKind::Rnn => Body::Rnn {
                cell: self.rnn.cell,
                units: self.rnn.units,
                bidirectional: self.rnn.bidirectional,
            },
            ModelKind::Hybrid => Body::CnnRnn {
                kernel: self.hybrid.kernel,
                filters: self.hybrid.filters,
                units: self.hybrid.units,
            },
            ModelKind::Transformer => {
                let set = &self.transformer;
                Body::Transformer {
                    layers: set.layers,
                    heads: set.heads,
                    model: set.model.next_multiple_of(set.heads.max(1)),
                    feed_forward: set.feed_forward,
                    positions: set.positions,
                }
            }
            _ => return None,
        })
    }

    /// The network of a kind; `None` for kinds that read no sequences.
    pub fn spec(&self, kind: ModelKind) -> Option<NetSpec> {
        Some(NetSpec {
            body: self.body(kind)?,
            hidden: self.hidden.clone(),
            mean_pool: kind == ModelKind::Cnn && self.cnn.mean_pool,
            activation: self.activation,
            dropout: self.dropout,
            embedding_dropout: self.embedding_dropout,
            token_size: self.token_size,
            pairs: self.pairs,
            max_len: self.max_len,
            loss: self.loss,
            class_weight: self.class_weight,
            balanced: self.balanced,
            ..NetSpec::default()
        })
    }

    /// How texts become tokens.
    pub fn tokens(&self) -> TokenSpec {
        TokenSpec {
            unit: self.unit,
            max_len: self.max_len,
            max_vocab: self.vocabulary,
            min_df: self.min_rows,
            ..TokenSpec::default()
        }
    }

    /// The same settings within the bounds that the window keeps; nothing in a file is trusted.
    pub fn sane(mut self) -> Self {
        let default = Self::default();
        let within = |x: &mut f64, low: f64, high: f64, or: f64| {
            *x = if x.is_finite() { x.clamp(low, high) } else { or };
        };
        let size = |n: &mut usize, most: usize| *n = (*n).clamp(1, most);
        if !self.kind.is_network() {
            self.kind = ModelKind::Mlp;
        }
        self.cnn.kernels.truncate(8);
        if self.cnn.kernels.is_empty() {
            self.cnn.kernels = default.cnn.kernels;
        }
        self.cnn.kernels.iter_mut().for_each(|width| size(width, 16));
        size(&mut self.hybrid.kernel, 16);
        for n in [
            &mut self.cnn.filters,
            &mut self.rnn.units,
            &mut self.hybrid.filters,
            &mut self.hybrid.units,
            &mut self.transformer.model,
            &mut self.transformer.feed_forward,
            &mut self.token_size,
        ] {
            size(n, 1024);
        }
        size(&mut self.transformer.layers, 12);
        size(&mut self.transformer.heads, 32);
        self.hidden.truncate(8);
        self.hidden.iter_mut().for_each(|units| size(units, 4096));
        within(&mut self.dropout, 0.0, 0.95, default.dropout);
        within(&mut self.embedding_dropout, 0.0, 0.95, default.embedding_dropout);
        size(&mut self.vocabulary, MOST_TOKENS);
        self.pairs = self.pairs.min(MOST_PAIRS);
        size(&mut self.min_rows, 10_000);
        size(&mut self.max_len, LONGEST);
        if self.spec(ModelKind::Cnn).is_some_and(|spec| spec.loss().is_err()) {
            self.loss = Loss::Auto;
        }
        let fit = &mut self.fit;
        within(&mut fit.learning_rate, 1e-8, 10.0, default.fit.learning_rate);
        within(&mut fit.weight_decay, 0.0, 10.0, 0.0);
        within(&mut fit.clip_norm, 0.0, 1e6, default.fit.clip_norm);
        size(&mut fit.batch_size, 65_536);
        size(&mut fit.epochs, 1_000_000);
        fit.warmup_steps = fit.warmup_steps.min(1_000_000);
        // Nobody watches a training that a file describes.
        (fit.tell_every, fit.look_every) = (0, 0);
        if let Rule::Sgd { momentum } = &mut fit.rule {
            within(momentum, 0.0, 0.999, 0.9);
        }
        match &mut fit.schedule {
            RateSchedule::Step { epochs, factor } => {
                size(epochs, 1_000_000);
                within(factor, 1e-6, 10.0, 0.5);
            }
            RateSchedule::Plateau { patience, factor } => {
                size(patience, 1_000_000);
                within(factor, 1e-6, 0.999, 0.5);
            }
            RateSchedule::Constant | RateSchedule::Cosine | RateSchedule::OneCycle => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wild_settings_come_within_what_can_be_built() {
        let wild = r#"{"kind":"majority","cnn":{"kernels":[0,99999],"filters":0},"rnn":{"units":9999999},
            "hybrid":{"kernel":0},"transformer":{"layers":0,"heads":7,"model":30},"hidden":[0,1,2],
            "dropout":7.5,"vocabulary":0,"max_len":0,"loss":{"kind":"huber","delta":1.0},"token_size":0,
            "fit":{"learning_rate":-1.0,"batch_size":0,"epochs":0,"rule":{"kind":"sgd","momentum":5.0},
            "schedule":{"kind":"plateau","patience":0,"factor":9.0}}}"#;
        let sane = serde_json::from_str::<NetSettings>(wild).unwrap().sane();
        assert_eq!(sane.kind, ModelKind::Mlp);
        sane.fit.check().unwrap();
        for kind in ModelKind::SEQUENCE {
            sane.spec(kind).unwrap().check().unwrap_or_else(|why| panic!("{kind:?}: {why}"));
        }
        assert!(sane.spec(ModelKind::Logistic).is_none());
        assert_eq!(sane.clone().sane(), sane);
        let text = serde_json::to_string(&sane).unwrap();
        assert_eq!(serde_json::from_str::<NetSettings>(&text).unwrap(), sane);
        assert_eq!(serde_json::from_str::<NetSettings>("{}").unwrap(), NetSettings::default());
        assert_eq!(NetSettings::default().sane(), NetSettings::default());
    }
}
