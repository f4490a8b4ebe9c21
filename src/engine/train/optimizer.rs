//! How weights follow their gradients: the optimiser, and the learning rate over time.

use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, AdamWConfig, ModuleOptimizer, SgdConfig};
use serde::{Deserialize, Serialize};

/// The rule by which weights are moved.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Kingma and Ba 2015.
    #[default]
    Adam,
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    AdamW {
        /// Share of each weight taken away a step, times the learning rate.
        weight_decay: f32,
    },
    /// Stochastic gradient descent with momentum.
    Sgd { momentum: f64 },
}

impl Optimizer {
    /// Every kind, with its usual setting.
    pub const ALL: [Optimizer; 3] =
        [Optimizer::Adam, Optimizer::AdamW { weight_decay: 0.01 }, Optimizer::Sgd { momentum: 0.9 }];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Adam => "adam",
            Self::AdamW { .. } => "adam_w",
            Self::Sgd { .. } => "sgd",
        }
    }

    pub(super) fn init(self) -> ModuleOptimizer {
        match self {
            Self::Adam => AdamConfig::new().with_epsilon(1e-8).init(),
            Self::AdamW { weight_decay } => {
                AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(weight_decay).init()
            }
            Self::Sgd { momentum } if momentum > 0.0 => {
                let momentum = MomentumConfig { momentum, dampening: 0.0, nesterov: false };
                SgdConfig::new().with_momentum(Some(momentum)).init()
            }
            Self::Sgd { .. } => SgdConfig::new().init(),
        }
    }
}

/// The learning rate over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    #[default]
    Constant,
    /// Falls to zero along half a cosine (Loshchilov and Hutter 2017).
    Cosine,
    /// Rises over the first twentieth, then as `Cosine`.
    WarmupCosine,
    /// Halves every ten epochs.
    Halving,
}

impl Schedule {
    pub const ALL: [Schedule; 4] =
        [Schedule::Constant, Schedule::Cosine, Schedule::WarmupCosine, Schedule::Halving];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Cosine => "cosine",
            Self::WarmupCosine => "warmup_cosine",
            Self::Halving => "halving",
        }
    }

    /// What the learning rate is multiplied with, `done` of the planned steps (0 to 1) in, in
    /// `epoch`, counted from 1.
    pub fn factor(self, done: f64, epoch: usize) -> f64 {
        const WARM: f64 = 0.05;
        let cosine = |share: f64| 0.5 * (1.0 + (std::f64::consts::PI * share).cos());
        match self {
            Self::Constant => 1.0,
            Self::Cosine => cosine(done),
            // Never nothing at all: the first step counts.
            Self::WarmupCosine if done < WARM => ((done + 1e-3) / WARM).min(1.0),
            Self::WarmupCosine => cosine((done - WARM) / (1.0 - WARM)),
            Self::Halving => 0.5f64.powi(((epoch.max(1) - 1) / 10) as i32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_start_high_and_end_low() {
        assert_eq!(Schedule::Constant.factor(0.7, 9), 1.0);
        assert_eq!(Schedule::Cosine.factor(0.0, 1), 1.0);
        assert!(Schedule::Cosine.factor(1.0, 60) < 1e-9);
        assert!(Schedule::WarmupCosine.factor(0.0, 1) < 0.1);
        assert!(Schedule::WarmupCosine.factor(0.05, 3) > 0.99);
        assert_eq!(Schedule::Halving.factor(0.5, 10), 1.0);
        assert_eq!(Schedule::Halving.factor(0.5, 21), 0.25);
    }
}
