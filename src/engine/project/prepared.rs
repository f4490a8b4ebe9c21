//! What the journey hands on: rows that are ready to learn from, and a trained model with its figures.

use std::sync::Arc;

use super::Labels;
use crate::clean::{Cleaning, FittedRecipe};
use crate::deploy::Profile;
use crate::evaluate::{Evaluation, Explainer, Repair};
use crate::features::{FittedFeatures, Leak, Matrix};
use crate::job::Reporter;
use crate::split::Side;
use crate::table::ColumnSpec;
use crate::train::{ModelKind, Samples, Trained};

/// Rows ready to learn from.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The columns after the recipe.
    pub schema: Vec<ColumnSpec>,
    /// Labels and sides of the cleaned rows, in their order.
    pub labels: Labels,
    pub sides: Vec<Side>,
    pub cleaning: Arc<Cleaning>,
    pub recipe: FittedRecipe,
    pub features: FittedFeatures,
    pub matrix: Matrix,
    pub leaks: Vec<Leak>,
    /// How the training rows' columns are spread, before holes are filled.
    pub profiles: Vec<Profile>,
    /// The name of each cleaned row's customer.
    /// `None` where the file has no identifier or the cell is blank.
    pub ids: Vec<Option<String>>,
    /// Where a question was asked over time: the rows of the latest day, the one to answer now.
    pub to_answer: Option<Vec<bool>>,
}

/// A trained model with its figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub kind: ModelKind,
    pub trained: Trained,
    /// Probability of every cleaned row.
    pub probabilities: Vec<f64>,
    pub valid: Evaluation,
    pub test: Evaluation,
    pub explainer: Explainer,
    /// What the probabilities went through after the model; they are the model's own without.
    pub repair: Option<Repair>,
}

impl Outcome {
    /// The same model with these probabilities, which went through `repair`, and measured by them.
    pub(super) fn mapped(&self, prepared: &Prepared, probabilities: Vec<f64>, repair: Repair) -> Self {
        Self {
            kind: self.kind,
            trained: self.trained.clone(),
            valid: prepared.evaluation(&probabilities, Side::Valid),
            test: prepared.evaluation(&probabilities, Side::Test),
            probabilities,
            explainer: self.explainer.clone(),
            repair: Some(repair),
        }
    }
}

impl Prepared {
    /// The training and validation rows.
    pub fn samples(&self) -> Samples {
        let (train, train_labels) = pick(&self.labels.of_row, &self.sides, Side::Train);
        let (valid, valid_labels) = pick(&self.labels.of_row, &self.sides, Side::Valid);
        Samples {
            train: self.matrix.select(&train),
            train_labels,
            valid: self.matrix.select(&valid),
            valid_labels,
        }
    }

    /// Rows of a side.
    pub fn count(&self, side: Side) -> usize {
        self.sides.iter().filter(|s| **s == side).count()
    }

    pub(super) fn evaluation(&self, probabilities: &[f64], side: Side) -> Evaluation {
        let (places, labels) = pick(&self.labels.of_row, &self.sides, side);
        let p: Vec<f64> = places.iter().map(|&at| probabilities[at]).collect();
        Evaluation::new(&p, &labels)
    }

    /// Predicts every row and measures on the validation and test rows.
    ///
    /// # Errors
    /// The device cannot be used.
    pub fn outcome(&self, trained: Trained) -> crate::Result<Outcome> {
        self.outcome_reporting(trained, &Reporter::silent())
    }

    /// [`outcome`](Self::outcome), which the person can cancel.
    ///
    /// # Errors
    /// As [`outcome`](Self::outcome), or the person cancelled.
    pub fn outcome_reporting(&self, trained: Trained, report: &Reporter) -> crate::Result<Outcome> {
        let probabilities = trained.model.predict_reporting(&self.matrix, trained.device.ran, report)?;
        let side = |side| pick(&self.labels.of_row, &self.sides, side);
        let (train, (valid, labels)) = (side(Side::Train).0, side(Side::Valid));
        Ok(Outcome {
            explainer: Explainer::new(&self.matrix, &train, &valid, &labels, &trained.model)?,
            kind: trained.model.kind(),
            valid: self.evaluation(&probabilities, Side::Valid),
            test: self.evaluation(&probabilities, Side::Test),
            probabilities,
            trained,
            repair: None,
        })
    }
}

/// Positions in `all` of the ids in `kept`; both ascend.
pub(super) fn places(all: &[u32], kept: &[u32]) -> Vec<usize> {
    let mut at = 0;
    kept.iter()
        .filter_map(|row| {
            while at < all.len() && all[at] != *row {
                at += 1;
            }
            (at < all.len()).then_some(at)
        })
        .collect()
}

/// Places and labels of the rows of one side.
pub(super) fn pick(labels: &[Option<bool>], sides: &[Side], side: Side) -> (Vec<usize>, Vec<bool>) {
    (0..sides.len())
        .filter(|&at| sides[at] == side)
        .filter_map(|at| labels[at].map(|label| (at, label)))
        .unzip()
}
