//! Races that teach something.

use super::super::glass::GlassSpec;
use super::super::{Activation, Optimizer};
use super::LaneSpec;

/// A lane of a preset; `name` is a word of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub name: &'static str,
    pub spec: LaneSpec,
}

/// A prepared race.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preset {
    /// The same network at a rate that is too low, right and too high.
    #[default]
    Rates,
    /// Few, some and many units.
    Sizes,
    /// Without and with dropout.
    Dropout,
    /// Plain descent, momentum, Adam.
    Optimizers,
    /// Small, usual and large batches.
    Batches,
    /// Nothing differs but the seed: how much is chance.
    Seeds,
    /// Six networks that differ in everything.
    Six,
}

const SGD: Optimizer = Optimizer::Sgd { momentum: 0.0 };
const MOMENTUM: Optimizer = Optimizer::Sgd { momentum: 0.9 };

impl Preset {
    pub const ALL: [Preset; 7] = [
        Preset::Rates,
        Preset::Sizes,
        Preset::Dropout,
        Preset::Optimizers,
        Preset::Batches,
        Preset::Seeds,
        Preset::Six,
    ];

    /// The name used in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rates => "rates",
            Self::Sizes => "sizes",
            Self::Dropout => "dropout",
            Self::Optimizers => "optimizers",
            Self::Batches => "batches",
            Self::Seeds => "seeds",
            Self::Six => "six",
        }
    }

    /// Its lanes; all start from `seed` but where the seed is what differs.
    pub fn lanes(self, seed: u64) -> Vec<Entry> {
        let base = GlassSpec {
            hidden: vec![16],
            activation: Activation::Relu,
            optimizer: Optimizer::Adam,
            learning_rate: 0.003,
            batch_size: 32,
            l2: 0.0,
            dropout: 0.0,
            class_weight: false,
        };
        let entry = |name, glass| Entry { name, spec: LaneSpec { glass, seed } };
        let by = |optimizer, learning_rate| GlassSpec { optimizer, learning_rate, ..base.clone() };
        let sized = |hidden: &[usize]| GlassSpec { hidden: hidden.to_vec(), ..base.clone() };
        match self {
            Self::Rates => vec![
                entry("rate_low", by(SGD, 0.0005)),
                entry("rate_right", by(SGD, 0.05)),
                entry("rate_high", by(SGD, 10.0)),
            ],
            Self::Sizes => vec![
                entry("small", sized(&[2])),
                entry("medium", sized(&[16])),
                entry("large", sized(&[128, 64])),
            ],
            Self::Dropout => {
                let large = sized(&[64, 32]);
                vec![
                    entry("no_dropout", large.clone()),
                    entry("dropout", GlassSpec { dropout: 0.5, ..large }),
                ]
            }
            Self::Optimizers => vec![
                entry("sgd", by(SGD, 0.01)),
                entry("momentum", by(MOMENTUM, 0.01)),
                entry("adam", by(Optimizer::Adam, 0.01)),
            ],
            Self::Batches => [("batch_small", 8), ("batch_medium", 32), ("batch_large", 256)]
                .map(|(name, batch_size)| entry(name, GlassSpec { batch_size, ..base.clone() }))
                .to_vec(),
            Self::Seeds => ["first_seed", "second_seed", "third_seed", "fourth_seed"]
                .into_iter()
                .zip(seed..)
                .map(|(name, seed)| Entry { name, spec: LaneSpec { glass: base.clone(), seed } })
                .collect(),
            Self::Six => vec![
                entry("small", sized(&[2])),
                entry("sgd", by(SGD, 0.05)),
                entry("momentum", by(MOMENTUM, 0.01)),
                entry("adam", base.clone()),
                entry("dropout", GlassSpec { dropout: 0.3, ..sized(&[64, 32]) }),
                entry("rate_high", by(SGD, 10.0)),
            ],
        }
    }
}
