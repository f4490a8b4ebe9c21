//! What a network looks like: its body, its head, what it is fed.

use serde::{Deserialize, Serialize};

use super::NetError;
use crate::train::Activation;

/// The recurrent cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// Cho et al. 2014, with the reset gate after the product as in cuDNN and PyTorch.
    #[default]
    Gru,
    /// Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000.
    Lstm,
}

/// How a Transformer learns where in the sequence a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Positions {
    /// Sines and cosines of falling frequency (Vaswani et al. 2017, section 3.5).
    #[default]
    Sinusoidal,
    /// One learned vector for each position up to `max_len`.
    Learned,
}

/// What turns a sequence into a vector. The head's dense layers ([`NetSpec::hidden`]) follow it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Body {
    /// Dense layers; a sequence enters as the mean of its steps, so its order is not seen.
    Mlp {
        /// Units of each layer.
        hidden: Vec<usize>,
        /// Adds a layer's input to its output where both have the same width (He et al. 2016).
        residual: bool,
    },
    /// Convolutions of several widths side by side, each pooled to its greatest answer (Kim 2014).
    Cnn {
        /// Steps that a filter sees at once, one entry for each width.
        kernels: Vec<usize>,
        /// Filters of each width.
        filters: usize,
    },
    /// A recurrent cell; the state after the last real step goes on.
    Rnn { cell: Cell, units: usize, bidirectional: bool },
    /// A convolution whose answers are read by a GRU.
    CnnRnn { kernel: usize, filters: usize, units: usize },
    /// An encoder of self-attention (Vaswani et al. 2017; normalised before each part as in Xiong et
    /// al. 2020), pooled to the mean over the real steps.
    Transformer { layers: usize, heads: usize, model: usize, feed_forward: usize, positions: Positions },
}

impl Default for Body {
    fn default() -> Self {
        Self::Mlp { hidden: vec![64, 32], residual: false }
    }
}

impl Body {
    /// The name used in JSON and in the catalogue.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mlp { .. } => "mlp",
            Self::Cnn { .. } => "cnn",
            Self::Rnn { .. } => "rnn",
            Self::CnnRnn { .. } => "hybrid",
            Self::Transformer { .. } => "transformer",
        }
    }
}

/// What the network answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Head {
    /// One probability.
    #[default]
    Binary,
    /// One of `classes`.
    MultiClass { classes: usize },
    /// Any of `labels`, each with a probability of its own.
    MultiLabel { labels: usize },
    /// A number.
    Regression,
}

impl Head {
    /// Numbers that the last layer puts out.
    pub fn outputs(self) -> usize {
        match self {
            Self::Binary | Self::Regression => 1,
            Self::MultiClass { classes } => classes,
            Self::MultiLabel { labels } => labels,
        }
    }

    /// The figure watched beside the loss, a key of the catalogue.
    pub fn metric(self) -> &'static str {
        match self {
            Self::Binary => "roc_auc",
            Self::MultiClass { .. } => "accuracy",
            Self::MultiLabel { .. } => "f1",
            Self::Regression => "mean_absolute_error",
        }
    }
}

/// What training makes small.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Loss {
    /// What suits the head: binary cross-entropy, cross-entropy, or Huber with δ = 1.
    #[default]
    Auto,
    /// Binary cross-entropy of log-odds.
    Bce,
    /// Cross-entropy times (1 − p)^γ, p the probability of the truth (Lin et al. 2017).
    Focal { gamma: f64 },
    /// Cross-entropy; `smoothing` of the truth is spread over all classes (Szegedy et al. 2016).
    CrossEntropy { smoothing: f64 },
    /// Quadratic up to `delta` standard deviations of the target, then linear (Huber 1964).
    Huber { delta: f64 },
}

/// Settings of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetSpec {
    pub body: Body,
    pub head: Head,
    pub loss: Loss,
    /// Units of each dense layer between the joined vectors and the output, for bodies that read
    /// sequences; the MLP has its own.
    pub hidden: Vec<usize>,
    /// The CNN also tells the mean of each filter's answers, beside the greatest: how often, not only
    /// whether. Helps with long texts.
    pub mean_pool: bool,
    pub activation: Activation,
    /// Share of the joined vector, and of each dense layer, that is left out at each step.
    pub dropout: f64,
    /// Share of the numbers of each step's embedding that is left out at each step.
    pub embedding_dropout: f64,
    /// Numbers that stand for a token.
    pub token_size: usize,
    /// Places among which pairs of neighbouring tokens are spread by a hash; each has `token_size` numbers that
    /// are added to the first token's, and their mean over the text goes past the body (Joulin et al. 2017). 0
    /// knows no pairs.
    #[serde(skip_serializing_if = "is_none")]
    pub pairs: usize,
    /// Numbers that stand for a category; 0 takes half the levels, at most 50.
    pub category_size: usize,
    /// Steps of a sequence that are read; what follows is cut off, with a note.
    pub max_len: usize,
    /// Weighs each class by its rarity.
    pub class_weight: bool,
    /// Draws batches in which the classes are even.
    pub balanced: bool,
}

impl Default for NetSpec {
    fn default() -> Self {
        Self {
            body: Body::default(),
            head: Head::default(),
            loss: Loss::default(),
            hidden: Vec::new(),
            mean_pool: false,
            activation: Activation::default(),
            dropout: 0.5,
            embedding_dropout: 0.0,
            token_size: 64,
            pairs: 0,
            category_size: 0,
            max_len: 512,
            class_weight: false,
            balanced: false,
        }
    }
}

/// More pairs are not told apart.
pub(crate) const MOST_PAIRS: usize = 1 << 20;

fn is_none(count: &usize) -> bool {
    *count == 0
}

/// No layer is wider: more is a slip of the pen, and would take all memory.
const WIDEST: usize = 1 << 16;

impl NetSpec {
    /// The loss that is meant, or why it cannot be.
    ///
    /// # Errors
    /// The loss does not suit the head.
    pub fn loss(&self) -> Result<Loss, NetError> {
        let meant = match (self.loss, self.head) {
            (Loss::Auto, Head::Binary | Head::MultiLabel { .. }) => Loss::Bce,
            (Loss::Auto, Head::MultiClass { .. }) => Loss::CrossEntropy { smoothing: 0.0 },
            (Loss::Auto, Head::Regression) => Loss::Huber { delta: 1.0 },
            (loss, _) => loss,
        };
        let suits = match meant {
            Loss::Auto => false,
            Loss::Bce => matches!(self.head, Head::Binary | Head::MultiLabel { .. }),
            Loss::Focal { gamma } => self.head != Head::Regression && (0.0..=10.0).contains(&gamma),
            Loss::CrossEntropy { smoothing } => {
                matches!(self.head, Head::MultiClass { .. }) && (0.0..1.0).contains(&smoothing)
            }
            Loss::Huber { delta } => self.head == Head::Regression && delta.is_finite() && delta > 0.0,
        };
        if suits { Ok(meant) } else { Err(NetError::Settings { what: "loss" }) }
    }

    /// Checks every number of the settings.
    ///
    /// # Errors
    /// A setting lies outside what can be built; it is named.
    pub fn check(&self) -> Result<(), NetError> {
        let wide = |n: usize| (1..=WIDEST).contains(&n);
        let wides = |all: &[usize]| all.len() <= 64 && all.iter().all(|n| wide(*n));
        let share = |x: f64| (0.0..1.0).contains(&x);
        let body = match &self.body {
            Body::Mlp { hidden, .. } => wides(hidden),
            Body::Cnn { kernels, filters } => {
                wides(kernels) && !kernels.is_empty() && kernels.iter().all(|k| *k <= 64) && wide(*filters)
            }
            Body::Rnn { units, .. } => wide(*units),
            Body::CnnRnn { kernel, filters, units } => {
                wide(*kernel) && *kernel <= 64 && wide(*filters) && wide(*units)
            }
            Body::Transformer { layers, heads, model, feed_forward, .. } => {
                (1..=64).contains(layers)
                    && wide(*heads)
                    && wide(*model)
                    && model % heads == 0
                    && wide(*feed_forward)
            }
        };
        let checks = [
            ("body", body),
            ("head", wide(self.head.outputs()) && self.head != Head::MultiClass { classes: 1 }),
            ("hidden", wides(&self.hidden)),
            ("dropout", share(self.dropout)),
            ("embedding_dropout", share(self.embedding_dropout)),
            ("token_size", wide(self.token_size)),
            ("pairs", self.pairs <= MOST_PAIRS),
            ("category_size", self.category_size <= WIDEST),
            ("max_len", wide(self.max_len)),
        ];
        match checks.iter().find(|(_, fine)| !fine) {
            Some((what, _)) => Err(NetError::Settings { what }),
            None => self.loss().map(|_| ()),
        }
    }

    /// About how many numbers the widest part of a step holds for `rows` sequences of `steps` steps: what
    /// grows out of hand with long sequences, not all there is.
    pub(crate) fn working_numbers(&self, inputs: &Inputs, rows: usize, steps: usize) -> f64 {
        let (rows, steps) = (rows as f64, steps as f64);
        let width = (if inputs.vocabulary > 0 { self.token_size } else { 0 } + inputs.channels) as f64;
        let a_step = match &self.body {
            Body::Mlp { .. } => width,
            Body::Cnn { kernels, filters } => {
                kernels.iter().map(|k| *k as f64 * width + 3.0 * *filters as f64).sum()
            }
            Body::Rnn { units, bidirectional, .. } => {
                12.0 * *units as f64 * if *bidirectional { 2.0 } else { 1.0 }
            }
            Body::CnnRnn { kernel, filters, units } => {
                *kernel as f64 * width + 3.0 * *filters as f64 + 12.0 * *units as f64
            }
            Body::Transformer { layers, heads, model, feed_forward, .. } => {
                // Every step attends to every other, in every head.
                let attention = 4.0 * *heads as f64 * steps;
                *layers as f64 * (attention + 12.0 * *model as f64 + 3.0 * *feed_forward as f64)
            }
        };
        rows * steps * (a_step + 3.0 * width)
    }

    /// Numbers of a text that go past the body: the mean of its tokens and pairs.
    pub(crate) fn past_the_body(&self) -> usize {
        match self.body {
            Body::Mlp { .. } => 0,
            _ if self.pairs == 0 => 0,
            _ => self.token_size,
        }
    }

    /// Numbers that stand for one of `levels` categories.
    pub(super) fn category_size(&self, levels: usize) -> usize {
        if self.category_size > 0 { self.category_size } else { levels.div_ceil(2).clamp(1, 50) }
    }
}

/// What a network is fed, apart from the number of rows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Inputs {
    /// Table features of each row.
    pub table: usize,
    /// Levels of each categorical input, with the unknown one at 0.
    pub categories: Vec<usize>,
    /// Tokens that are told apart, with the unknown one at 0; 0 where there is no text.
    pub vocabulary: usize,
    /// Numbers of each event; 0 where there are no events.
    pub channels: usize,
}
