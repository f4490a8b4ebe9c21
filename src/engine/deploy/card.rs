//! The model card: what was learnt from what, how good it is, and where its limits are. It needs no
//! data, so a bundle carries it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::CardCells;
use crate::collect::Sampled;
use crate::evaluate::{Calibrated, CalibrationBin, OperatingPoint, Refit, is_judged, judges_order};
use crate::metrics::{Confusion, Estimate, Figure};
use crate::table::Role;
use crate::train::small::Shrunk;
use crate::train::{DeviceKind, Epoch, MlpSpec, ModelKind, NetSettings, Promise};

/// Points of a curve that are kept.
pub(crate) const POINTS: usize = 200;

/// All that a report says of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The day it was made, as `2026-11-25`.
    pub made: String,
    pub engine: String,
    /// Name and blake3 of the data file.
    pub file: String,
    pub hash: String,
    pub target: String,
    pub positive: String,
    pub model: ModelKind,
    pub device: DeviceKind,
    pub seed: u64,
    pub threshold: f64,
    /// Rows of the file, and of each side after cleaning.
    pub rows: usize,
    pub train_rows: usize,
    pub valid_rows: usize,
    pub test_rows: usize,
    pub test_positives: u64,
    /// Columns that the model learns from, and those left out with their roles.
    pub columns: Vec<String>,
    pub left_out: Vec<(String, Role)>,
    /// Step, cells changed, rows dropped.
    pub steps: Vec<(String, u64, u64)>,
    /// The network's settings, where it is one.
    pub network: Option<MlpSpec>,
    /// How the network was made smaller, and at what price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub small: Option<Shrunk>,
    /// The settings of a network that reads sequences; its kind is [`Card::model`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net: Option<NetSettings>,
    pub epochs_run: usize,
    pub best_epoch: usize,
    pub seconds: f64,
    pub history: Vec<Epoch>,
    /// On the test rows.
    pub metrics: BTreeMap<String, Estimate>,
    pub confusion: Confusion,
    pub curve: Curve,
    pub calibration: Vec<CalibrationBin>,
    /// Mean size of each column's share in the probability, over test rows; largest first.
    pub importance: Vec<(String, f64)>,
    /// Columns that did no better than chance on the validation rows.
    #[serde(default)]
    pub unproven: Vec<String>,
    /// ROC AUC of every kind of model on the same test rows.
    pub beside: Vec<(ModelKind, Estimate)>,
    /// Columns that give the target away almost alone.
    pub leaks: Vec<String>,
    /// What the data were read from, as [`crate::table::Provenance::format`] has it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source_kind: String,
    /// Where only a sample of the customers was learnt from: of how many, and how it was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampled: Option<Sampled>,
    /// The time that the data speak of, one entry a column of dates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub periods: Vec<Period>,
    /// Where a question over time was asked: how many days ahead. The sides then follow each other in
    /// time; otherwise they were drawn by chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizon_days: Option<u32>,
    /// How good the model is on parts of the test rows, where that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slices: Option<Vec<CardSlice>>,
    /// What an experiment said of the probabilities, which go through it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refit: Option<Refit>,
    /// True where the figures are of the time before that; the curve's thresholds and the mean
    /// probabilities have gone through it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub measured_before_refit: bool,
    /// What was promised to the training rows, where it was trained with differential privacy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<Box<Promise>>,
    /// Where branches learnt together without pooling rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub federated: Option<FederatedCard>,
    /// How small groups were kept out of it, where it was made to be handed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cells: Option<CardCells>,
    /// Versions of the crates that the numbers depend on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub versions: BTreeMap<String, String>,
    /// blake3 of all the rest, see [`Card::sealed`]; blank on cards from before there was one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub signature: String,
}

impl Card {
    /// False where there are fewer test rows of a class than a verdict needs, see [`is_judged`]; also of
    /// cards from before there was such a rule.
    pub fn is_judged(&self) -> bool {
        let positives = usize::try_from(self.test_positives).unwrap_or(usize::MAX);
        is_judged(positives.min(self.test_rows.saturating_sub(positives)))
    }

    /// Whether its probabilities come true, as far as the card's bins tell.
    pub fn calibrated(&self) -> Calibrated {
        Calibrated::of(&self.calibration, self.is_judged())
    }

    /// The figures that so many test rows allow to tell.
    pub fn told(&self) -> impl Iterator<Item = (&String, &Estimate)> {
        let declined = !self.is_judged();
        let order = |name: &str| Figure::ALL.into_iter().any(|f| judges_order(f) && f.name() == name);
        self.metrics.iter().filter(move |(name, _)| !(declined && order(name)))
    }
}

/// How branches learnt a model together. The card's rows and figures are those of one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FederatedCard {
    /// As the server told it; `None` where it did not.
    pub branches: Option<u64>,
    pub rounds: Option<u64>,
    pub strategy: Option<String>,
}

/// The first and the last day in a column of dates, as `2026-11-25`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    pub column: String,
    pub from: String,
    pub to: String,
}

/// A figure on a part of the test rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardSlice {
    /// The part in words of the data: `city = Hillview`.
    pub part: String,
    pub rows: u64,
    /// Stable name of the metric.
    pub metric: String,
    pub estimate: Estimate,
}

/// Operating points from the highest threshold to the lowest, at most [`POINTS`] of them.
pub type Curve = Vec<OperatingPoint>;
