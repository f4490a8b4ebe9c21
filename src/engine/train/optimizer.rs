//! How weights follow their gradients: the optimiser, and the learning rate over time.

#[cfg(test)]
use burn::optim::momentum::MomentumConfig;
#[cfg(test)]
use burn::optim::{AdamConfig, AdamWConfig, ModuleOptimizer, RmsPropConfig, SgdConfig};
use serde::{Deserialize, Serialize};

use super::fit::{RateSchedule, Rule, Updater};

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
    /// Tieleman and Hinton 2012: gradients over the root of their running mean square (0.99 of it is kept).
    RmsProp,
}

impl Optimizer {
    /// Every kind, with its usual setting.
    pub const ALL: [Optimizer; 4] = [
        Optimizer::Adam,
        Optimizer::AdamW { weight_decay: 0.01 },
        Optimizer::Sgd { momentum: 0.9 },
        Optimizer::RmsProp,
    ];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Adam => "adam",
            Self::AdamW { .. } => "adam_w",
            Self::Sgd { .. } => "sgd",
            Self::RmsProp => "rms_prop",
        }
    }

    /// Its memory, empty.
    pub(super) fn updater(self, clip_norm: f64) -> Updater {
        match self {
            Self::Adam => Updater::of(Rule::Adam, 0.0, clip_norm),
            Self::AdamW { weight_decay } => Updater::of(Rule::AdamW, f64::from(weight_decay), clip_norm),
            Self::Sgd { momentum } => Updater::of(Rule::Sgd { momentum: momentum.max(0.0) }, 0.0, clip_norm),
            Self::RmsProp => Updater::of(Rule::RmsProp, 0.0, clip_norm),
        }
    }

    /// burn's own, to compare with.
    #[cfg(test)]
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
            Self::RmsProp => RmsPropConfig::new().with_momentum(0.0).with_epsilon(1e-8).init(),
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
    /// Rises from a 25th over the first 30%, then falls to next to nothing (Smith and Topin 2018).
    OneCycle,
    /// Halves whenever the validation loss has not fallen for three epochs.
    Plateau,
}

impl Schedule {
    pub const ALL: [Schedule; 6] = [
        Schedule::Constant,
        Schedule::Cosine,
        Schedule::WarmupCosine,
        Schedule::Halving,
        Schedule::OneCycle,
        Schedule::Plateau,
    ];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Cosine => "cosine",
            Self::WarmupCosine => "warmup_cosine",
            Self::Halving => "halving",
            Self::OneCycle => "one_cycle",
            Self::Plateau => "plateau",
        }
    }

    /// What the learning rate is multiplied with, `done` of the planned steps (0 to 1) in, in
    /// `epoch`, counted from 1. What a plateau does to it is told by [`Plateau`].
    pub fn factor(self, done: f64, epoch: usize) -> f64 {
        const WARM: f64 = 0.05;
        let cosine = |share: f64| 0.5 * (1.0 + (std::f64::consts::PI * share).cos());
        match self {
            Self::Constant | Self::Plateau => 1.0,
            Self::OneCycle => RateSchedule::OneCycle.factor(done, epoch, 1.0),
            Self::Cosine => cosine(done),
            // Never nothing at all: the first step counts.
            Self::WarmupCosine if done < WARM => ((done + 1e-3) / WARM).min(1.0),
            Self::WarmupCosine => cosine((done - WARM) / (1.0 - WARM)),
            Self::Halving => 0.5f64.powi(((epoch.max(1) - 1) / 10) as i32),
        }
    }
}

/// What [`Schedule::Plateau`] has come to; 1 under every other schedule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Plateau {
    pub factor: f64,
    /// The lowest loss; none before the first epoch.
    best: Option<f64>,
    waited: usize,
}

impl Plateau {
    const PATIENCE: usize = 3;

    pub fn new() -> Self {
        Self { factor: 1.0, best: None, waited: 0 }
    }

    /// Takes in the validation loss of an epoch.
    pub fn look(&mut self, schedule: Schedule, loss: f64) {
        if schedule != Schedule::Plateau {
            return;
        }
        if self.best.is_none_or(|best| loss < best) {
            (self.best, self.waited) = (Some(loss), 0);
            return;
        }
        self.waited += 1;
        if self.waited >= Self::PATIENCE {
            (self.waited, self.factor) = (0, 0.5 * self.factor);
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
        assert!((Schedule::OneCycle.factor(0.0, 1) - 0.04).abs() < 1e-12);
        assert!((Schedule::OneCycle.factor(0.3, 18) - 1.0).abs() < 1e-12);
        assert!(Schedule::OneCycle.factor(1.0, 60) < 1e-5);
    }

    #[test]
    fn a_plateau_halves_the_rate_after_three_epochs() {
        let mut plateau = Plateau::new();
        let mut looked = |schedule, loss| {
            plateau.look(schedule, loss);
            plateau.factor
        };
        assert_eq!([0.5, 0.5, 0.6].map(|loss| looked(Schedule::Plateau, loss)), [1.0; 3]);
        assert_eq!(looked(Schedule::Plateau, 0.5), 0.5);
        assert_eq!([0.4, 0.4, 0.4].map(|loss| looked(Schedule::Plateau, loss)), [0.5; 3]);
        assert_eq!(looked(Schedule::Plateau, 0.4), 0.25);
        assert_eq!([9.0; 9].map(|loss| looked(Schedule::Constant, loss)), [0.25; 9], "no plateau, no change");
    }
}
