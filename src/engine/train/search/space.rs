//! What may be tried: settings with their ranges, as one value that a person can change and save.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::SearchKind;
use crate::train::{Activation, BoostedSpec, MlpSpec, Optimizer, Schedule, Specs};

/// A setting that may be searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// Hidden layers.
    Layers,
    /// Units of the first hidden layer; each further one has half of those before it.
    Units,
    Activation,
    Dropout,
    BatchNorm,
    Optimizer,
    /// Of AdamW.
    WeightDecay,
    LearningRate,
    Schedule,
    BatchSize,
    /// Splits from a tree's root to its leaves.
    Depth,
    /// What each tree's numbers are multiplied with.
    TreeRate,
    L2,
    LeastLeaf,
    RowShare,
    FeatureShare,
}

impl Setting {
    /// The settings of a kind, in their order.
    pub fn of(kind: SearchKind) -> &'static [Setting] {
        match kind {
            SearchKind::Mlp => &[
                Self::Layers,
                Self::Units,
                Self::Activation,
                Self::Dropout,
                Self::BatchNorm,
                Self::Optimizer,
                Self::WeightDecay,
                Self::LearningRate,
                Self::Schedule,
                Self::BatchSize,
            ],
            SearchKind::Boosted => {
                &[Self::Depth, Self::TreeRate, Self::L2, Self::LeastLeaf, Self::RowShare, Self::FeatureShare]
            }
        }
    }

    /// The name used on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Layers => "layers",
            Self::Units => "units",
            Self::Activation => "activation",
            Self::Dropout => "dropout",
            Self::BatchNorm => "batch_norm",
            Self::Optimizer => "optimizer",
            Self::WeightDecay => "weight_decay",
            Self::LearningRate => "learning_rate",
            Self::Schedule => "schedule",
            Self::BatchSize => "batch_size",
            Self::Depth => "depth",
            Self::TreeRate => "tree_rate",
            Self::L2 => "l2",
            Self::LeastLeaf => "least_leaf",
            Self::RowShare => "row_share",
            Self::FeatureShare => "feature_share",
        }
    }

    /// The setting's usual range.
    fn range(self) -> Range {
        let names = |names: &[&str]| Range::Choice { of: names.iter().map(|n| (*n).to_owned()).collect() };
        match self {
            Self::Layers => Range::Whole { low: 1, high: 3, log: false },
            Self::Units => Range::Whole { low: 8, high: 256, log: true },
            Self::Activation => names(&Activation::ALL.map(Activation::name)),
            Self::Dropout => Range::Real { low: 0.0, high: 0.7, log: false },
            Self::BatchNorm => names(&["no", "yes"]),
            Self::Optimizer => names(&Optimizer::ALL.map(Optimizer::name)),
            Self::WeightDecay => Range::Real { low: 1e-4, high: 0.3, log: true },
            Self::LearningRate => Range::Real { low: 1e-4, high: 0.03, log: true },
            Self::Schedule => names(&Schedule::ALL.map(Schedule::name)),
            Self::BatchSize => Range::Whole { low: 16, high: 256, log: true },
            Self::Depth => Range::Whole { low: 2, high: 8, log: false },
            Self::TreeRate => Range::Real { low: 0.02, high: 0.3, log: true },
            Self::L2 => Range::Real { low: 0.1, high: 30.0, log: true },
            Self::LeastLeaf => Range::Real { low: 0.5, high: 20.0, log: true },
            Self::RowShare | Self::FeatureShare => Range::Real { low: 0.3, high: 1.0, log: false },
        }
    }
}

/// What a setting may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Range {
    /// From `low` to `high`; with `log` each factor is as likely as any other.
    Real {
        low: f64,
        high: f64,
        log: bool,
    },
    Whole {
        low: usize,
        high: usize,
        log: bool,
    },
    /// One of some names.
    Choice {
        of: Vec<String>,
    },
}

/// A range as the sampler sees it: a line from 0 to 1, or the place of a choice.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Axis {
    Line,
    Choice(usize),
}

impl Range {
    pub(crate) fn axis(&self) -> Axis {
        match self {
            Self::Choice { of } => Axis::Choice(of.len()),
            _ => Axis::Line,
        }
    }

    pub(super) fn is_sound(&self) -> bool {
        match self {
            Self::Real { low, high, log } => {
                low.is_finite() && high.is_finite() && low < high && (!log || *low > 0.0)
            }
            Self::Whole { low, high, .. } => low < high && *low > 0,
            Self::Choice { of } => of.len() > 1,
        }
    }

    /// The ends on the line that is sampled evenly; whole numbers reach half a step beyond theirs, so that
    /// each is as likely as the others.
    fn ends(&self) -> (f64, f64, bool) {
        let (low, high, log) = match self {
            Self::Real { low, high, log } => (*low, *high, *log),
            Self::Whole { low, high, log } => (*low as f64 - 0.5, *high as f64 + 0.5, *log),
            Self::Choice { of } => (0.0, of.len() as f64, false),
        };
        if log { (low.ln(), high.ln(), true) } else { (low, high, false) }
    }

    /// The value at a place, 0 to 1; numbers rounded to three digits that count.
    fn number(&self, at: f64) -> f64 {
        let (low, high, log) = self.ends();
        let value = low + (high - low) * at.clamp(0.0, 1.0);
        let value = if log { value.exp() } else { value };
        match self {
            Self::Real { low, high, .. } => significant(value).clamp(*low, *high),
            Self::Whole { low, high, .. } => value.round().clamp(*low as f64, *high as f64),
            Self::Choice { .. } => value,
        }
    }

    /// The place of a value, 0 to 1; what lies outside is at the end.
    fn place(&self, value: f64) -> f64 {
        let (low, high, log) = self.ends();
        let value = if log { value.max(f64::MIN_POSITIVE).ln() } else { value };
        ((value - low) / (high - low)).clamp(0.0, 1.0)
    }
}

fn significant(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap_or(value)
}

/// One setting of the space; a pinned one keeps its present value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dimension {
    pub setting: Setting,
    pub range: Range,
    #[serde(default)]
    pub pinned: bool,
}

impl Dimension {
    /// The usual space of a kind, nothing pinned.
    pub fn usual(kind: SearchKind) -> Vec<Self> {
        let all = Setting::of(kind).iter();
        all.map(|&setting| Self { setting, range: setting.range(), pinned: false }).collect()
    }
}

/// `start` with the settings that stand at `point`, a place for each of `dimensions`.
pub(super) fn at(start: &Specs, dimensions: &[&Dimension], point: &[f64]) -> Specs {
    let mut specs = start.clone();
    let (mut layers, mut units) = (start.mlp.hidden.len(), start.mlp.hidden.first().copied().unwrap_or(64));
    let mut shaped = false;
    for (dimension, place) in dimensions.iter().zip(point) {
        let number = dimension.range.number(*place);
        let whole = number as usize;
        let name = match &dimension.range {
            Range::Choice { of } => of.get(*place as usize).map_or("", String::as_str),
            _ => "",
        };
        let Specs { mlp, boosted, .. } = &mut specs;
        match dimension.setting {
            Setting::Layers => (layers, shaped) = (whole, true),
            Setting::Units => (units, shaped) = (whole, true),
            Setting::Activation => {
                mlp.activation = named(&Activation::ALL, name, Activation::name, mlp.activation);
            }
            Setting::Dropout => mlp.dropout = number,
            Setting::BatchNorm => mlp.batch_norm = name == "yes",
            Setting::Optimizer => {
                // The same kind keeps its own numbers.
                if mlp.optimizer.name() != name {
                    mlp.optimizer = named(&Optimizer::ALL, name, Optimizer::name, mlp.optimizer);
                }
            }
            Setting::WeightDecay => {
                if let Optimizer::AdamW { weight_decay } = &mut mlp.optimizer {
                    *weight_decay = number as f32;
                }
            }
            Setting::LearningRate => mlp.learning_rate = number,
            Setting::Schedule => mlp.schedule = named(&Schedule::ALL, name, Schedule::name, mlp.schedule),
            Setting::BatchSize => mlp.batch_size = whole,
            Setting::Depth => boosted.depth = whole,
            Setting::TreeRate => boosted.learning_rate = number,
            Setting::L2 => boosted.l2 = number,
            Setting::LeastLeaf => boosted.least_leaf = number,
            Setting::RowShare => boosted.row_share = number,
            Setting::FeatureShare => boosted.feature_share = number,
        }
    }
    if shaped {
        specs.mlp.hidden = (0..layers.max(1)).map(|at| (units >> at.min(63)).max(4)).collect();
    }
    specs
}

fn named<T: Copy>(all: &[T], name: &str, of: fn(T) -> &'static str, or: T) -> T {
    all.iter().copied().find(|one| of(*one) == name).unwrap_or(or)
}

/// The place of `specs` in the space: where the sampler sees the present settings.
pub(super) fn place(specs: &Specs, dimensions: &[&Dimension]) -> Vec<f64> {
    let Specs { mlp, boosted, .. } = specs;
    let one = |dimension: &&Dimension| {
        let choice = |name: &str| match &dimension.range {
            Range::Choice { of } => of.iter().position(|one| one == name).unwrap_or(0) as f64,
            _ => 0.0,
        };
        let line = |value: f64| dimension.range.place(value);
        match dimension.setting {
            Setting::Layers => line(mlp.hidden.len() as f64),
            Setting::Units => line(mlp.hidden.first().copied().unwrap_or(64) as f64),
            Setting::Activation => choice(mlp.activation.name()),
            Setting::Dropout => line(mlp.dropout),
            Setting::BatchNorm => choice(if mlp.batch_norm { "yes" } else { "no" }),
            Setting::Optimizer => choice(mlp.optimizer.name()),
            Setting::WeightDecay => match mlp.optimizer {
                Optimizer::AdamW { weight_decay } => line(f64::from(weight_decay)),
                _ => 0.5,
            },
            Setting::LearningRate => line(mlp.learning_rate),
            Setting::Schedule => choice(mlp.schedule.name()),
            Setting::BatchSize => line(mlp.batch_size as f64),
            Setting::Depth => line(boosted.depth as f64),
            Setting::TreeRate => line(boosted.learning_rate),
            Setting::L2 => line(boosted.l2),
            Setting::LeastLeaf => line(boosted.least_leaf),
            Setting::RowShare => line(boosted.row_share),
            Setting::FeatureShare => line(boosted.feature_share),
        }
    };
    dimensions.iter().map(one).collect()
}

/// What `now` has otherwise than `start`: the setting and its value, a number, a name, a truth, or for the
/// layers their units with `-` between.
pub(super) fn changes(kind: SearchKind, start: &Specs, now: &Specs) -> Vec<(Setting, Value)> {
    let values = |specs: &Specs| match kind {
        SearchKind::Mlp => of_mlp(&specs.mlp),
        SearchKind::Boosted => of_boosted(&specs.boosted),
    };
    let before = values(start);
    values(now).into_iter().filter(|one| !before.contains(one)).collect()
}

fn of_mlp(mlp: &MlpSpec) -> Vec<(Setting, Value)> {
    let units: Vec<String> = mlp.hidden.iter().map(usize::to_string).collect();
    let mut out = vec![
        (Setting::Layers, json!(units.join("-"))),
        (Setting::Activation, json!(mlp.activation.name())),
        (Setting::Dropout, json!(mlp.dropout)),
        (Setting::BatchNorm, json!(mlp.batch_norm)),
        (Setting::Optimizer, json!(mlp.optimizer.name())),
        (Setting::LearningRate, json!(mlp.learning_rate)),
        (Setting::Schedule, json!(mlp.schedule.name())),
        (Setting::BatchSize, json!(mlp.batch_size)),
    ];
    if let Optimizer::AdamW { weight_decay } = mlp.optimizer {
        // As it was said, without what 32 bits add.
        let text = weight_decay.to_string();
        out.insert(5, (Setting::WeightDecay, json!(text.parse::<f64>().unwrap_or(0.0))));
    }
    out
}

fn of_boosted(boosted: &BoostedSpec) -> Vec<(Setting, Value)> {
    vec![
        (Setting::Depth, json!(boosted.depth)),
        (Setting::TreeRate, json!(boosted.learning_rate)),
        (Setting::L2, json!(boosted.l2)),
        (Setting::LeastLeaf, json!(boosted.least_leaf)),
        (Setting::RowShare, json!(boosted.row_share)),
        (Setting::FeatureShare, json!(boosted.feature_share)),
    ]
}
