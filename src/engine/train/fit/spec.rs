//! Settings of the training loop.

use serde::{Deserialize, Serialize};

use crate::train::net::NetError;

/// The rule by which weights follow their gradients.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Rule {
    /// Stochastic gradient descent with momentum: v ← μ v + g, w ← w − η v.
    Sgd { momentum: f64 },
    /// Kingma and Ba 2015, β = (0.9, 0.999), ε = 1e-8.
    #[default]
    Adam,
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    AdamW,
    /// Tieleman and Hinton 2012: gradients over the root of their running mean square, `alpha` = 0.99.
    RmsProp,
}

impl Rule {
    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sgd { .. } => "sgd",
            Self::Adam => "adam",
            Self::AdamW => "adam_w",
            Self::RmsProp => "rms_prop",
        }
    }
}

/// The learning rate over time, as a factor of [`FitSpec::learning_rate`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum RateSchedule {
    #[default]
    Constant,
    /// Multiplied by `factor` every `epochs` epochs.
    Step { epochs: usize, factor: f64 },
    /// Falls to zero along half a cosine (Loshchilov and Hutter 2017).
    Cosine,
    /// Rises from a 25th over the first 30 %, then falls to a 250,000th, both along half a cosine
    /// (Smith and Topin 2018, with PyTorch's numbers).
    OneCycle,
    /// Multiplied by `factor` whenever the validation loss has not fallen for `patience` epochs.
    Plateau { patience: usize, factor: f64 },
}

impl RateSchedule {
    /// The factor after `done` (0 to 1) of the planned steps, in `epoch`, counted from 1; `plateau` is
    /// what [`RateSchedule::Plateau`] has come to.
    pub fn factor(self, done: f64, epoch: usize, plateau: f64) -> f64 {
        let cosine = |from: f64, to: f64, share: f64| {
            to + (from - to) * 0.5 * (1.0 + (std::f64::consts::PI * share.clamp(0.0, 1.0)).cos())
        };
        const RISE: f64 = 0.3;
        match self {
            Self::Constant => 1.0,
            Self::Step { epochs, factor } => {
                factor.powi(i32::try_from((epoch.max(1) - 1) / epochs.max(1)).unwrap_or(i32::MAX))
            }
            Self::Cosine => cosine(1.0, 0.0, done),
            Self::OneCycle if done < RISE => cosine(1.0 / 25.0, 1.0, done / RISE),
            Self::OneCycle => cosine(1.0, 1.0 / 250_000.0, (done - RISE) / (1.0 - RISE)),
            Self::Plateau { .. } => plateau,
        }
    }
}

/// How a network is trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FitSpec {
    pub rule: Rule,
    pub schedule: RateSchedule,
    /// Steps over which the rate rises from nothing; the schedule's factor applies on top.
    pub warmup_steps: usize,
    pub learning_rate: f64,
    /// AdamW: share of each weight taken away a step, times the rate; else: added to the gradient, times
    /// the weight (an L2 penalty of half of it).
    pub weight_decay: f64,
    /// Longest gradient, all weights taken together; a longer one is shortened to it. 0 leaves all.
    pub clip_norm: f64,
    pub batch_size: usize,
    pub epochs: usize,
    /// Epochs without a better validation loss after which training ends; 0 never ends early.
    pub patience: usize,
    /// Puts rows of like length together (within 32 batches), so that little is padding.
    pub bucket: bool,
    /// Losses are told every so many steps, in one reading; 0 tells them only by epoch.
    pub tell_every: usize,
    /// Gradients, weights, activations and times are looked at every so many steps; 0 never.
    pub look_every: usize,
}

impl Default for FitSpec {
    fn default() -> Self {
        Self {
            rule: Rule::default(),
            schedule: RateSchedule::default(),
            warmup_steps: 0,
            learning_rate: 0.001,
            weight_decay: 0.0,
            clip_norm: 0.0,
            batch_size: 64,
            epochs: 20,
            patience: 5,
            bucket: true,
            tell_every: 0,
            look_every: 0,
        }
    }
}

impl FitSpec {
    /// Checks every number of the settings.
    ///
    /// # Errors
    /// The setting that cannot be used is named.
    pub fn check(&self) -> Result<(), NetError> {
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let natural = |x: f64| x.is_finite() && x >= 0.0;
        let share = |x: f64| (0.0..1.0).contains(&x);
        let rule = match self.rule {
            Rule::Sgd { momentum } => share(momentum),
            Rule::Adam | Rule::AdamW | Rule::RmsProp => true,
        };
        let schedule = match self.schedule {
            RateSchedule::Step { epochs, factor } => epochs > 0 && positive(factor),
            RateSchedule::Plateau { patience, factor } => patience > 0 && positive(factor) && factor < 1.0,
            _ => true,
        };
        let checks = [
            ("rule", rule),
            ("schedule", schedule),
            ("learning_rate", positive(self.learning_rate)),
            ("weight_decay", natural(self.weight_decay)),
            ("clip_norm", natural(self.clip_norm)),
            ("batch_size", self.batch_size > 0),
            ("epochs", self.epochs > 0),
        ];
        match checks.iter().find(|(_, fine)| !fine) {
            Some((what, _)) => Err(NetError::Settings { what }),
            None => Ok(()),
        }
    }

    /// The learning rate of a step: `step` counts from 0 over the whole training.
    pub fn rate(&self, step: u64, done: f64, epoch: usize, plateau: f64) -> f64 {
        let warm = match self.warmup_steps {
            0 => 1.0,
            warmup => ((step + 1) as f64 / warmup as f64).min(1.0),
        };
        self.learning_rate * warm * self.schedule.factor(done, epoch, plateau)
    }
}
