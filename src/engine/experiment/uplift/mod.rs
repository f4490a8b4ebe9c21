//! Uplift: not who leaves, but whom the offer turns. Learnt where some got it and some did not, and
//! measured on rows that no model saw.

mod qini;

use rand::SeedableRng as _;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::ExperimentError;
use crate::features::Matrix;
use crate::job::Reporter;
use crate::split::Side;
use crate::train::{self, DeviceKind, Model, ModelKind, Samples, Specs};

pub use qini::{Qini, qini};

/// Customers of each answer in each group that learning and measuring need.
pub const LEAST: usize = 10;
/// Bootstrap samples of the Qini coefficient.
const SAMPLES: usize = 500;

/// How uplift is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// One model of those who got the offer and one of those who did not; the difference of what they
    /// say.
    #[default]
    TwoModels,
    /// One model of “got it and did, or got it not and did not” (Jaskowski and Jaroszewicz 2012): its
    /// probability p gives the uplift 2p − 1. The groups are thinned by chance to one size, as the
    /// method asks.
    ClassTransformed,
}

impl Method {
    pub const ALL: [Method; 2] = [Method::TwoModels, Method::ClassTransformed];

    /// The name used on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::TwoModels => "two_models",
            Self::ClassTransformed => "class_transformed",
        }
    }
}

/// Kinds of model that uplift is learnt with.
pub const KINDS: [ModelKind; 5] =
    [ModelKind::Logistic, ModelKind::Boosted, ModelKind::Forest, ModelKind::Tree, ModelKind::Svm];

/// How it is learnt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UpliftSpec {
    pub method: Method,
    pub kind: ModelKind,
    pub seed: u64,
}

impl Default for UpliftSpec {
    fn default() -> Self {
        Self { method: Method::TwoModels, kind: ModelKind::Logistic, seed: 1 }
    }
}

/// Rows to learn uplift from, all of one order.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    pub matrix: &'a Matrix,
    /// The wanted answer; `None` where it is not known.
    pub wanted: &'a [Option<bool>],
    /// Who got the offer; `None` where that is not known.
    pub treated: &'a [Option<bool>],
    pub sides: &'a [Side],
}

/// What was learnt.
#[derive(Debug, Clone, PartialEq)]
pub struct Uplift {
    pub spec: UpliftSpec,
    /// By how much the offer raises each row's chance of the wanted answer, −1 to 1.
    pub of_row: Vec<f64>,
    /// On test rows.
    pub qini: Qini,
    /// Test rows of the two groups: got it, did not.
    pub measured: (usize, usize),
    /// Training rows of the two groups that were learnt from.
    pub learnt: (usize, usize),
}

impl Rows<'_> {
    /// Places of one side with a known answer, of those who got the offer or of those who did not.
    fn of(&self, side: Side, treated: bool) -> Vec<usize> {
        let known = |at: &usize| {
            self.sides.get(*at) == Some(&side)
                && self.treated.get(*at).copied().flatten() == Some(treated)
                && self.wanted.get(*at).copied().flatten().is_some()
        };
        (0..self.matrix.height).filter(known).collect()
    }

    fn answer(&self, at: usize) -> bool {
        self.wanted.get(at).copied().flatten().unwrap_or(false)
    }

    fn enough(&self, side: Side, name: &'static str) -> Result<(), ExperimentError> {
        let (called, left) = (self.of(side, true), self.of(side, false));
        let least = |places: &[usize]| {
            let yes = places.iter().filter(|at| self.answer(**at)).count();
            yes.min(places.len() - yes)
        };
        match least(&called).min(least(&left)) < LEAST {
            true => Err(ExperimentError::TooFewTreated {
                side: name,
                called: called.len(),
                left: left.len(),
                needed: LEAST,
            }),
            false => Ok(()),
        }
    }

    fn samples(&self, places: [&[usize]; 2], label: impl Fn(usize) -> bool) -> Samples {
        let [train, valid] = places;
        let labels = |of: &[usize]| of.iter().map(|at| label(*at)).collect();
        Samples {
            train: self.matrix.select(train),
            train_labels: labels(train),
            valid: self.matrix.select(valid),
            valid_labels: labels(valid),
        }
    }
}

/// Learns on training rows and measures on test rows.
///
/// # Errors
/// Too few rows of an answer in a group, a model that cannot be fitted, or the person cancelled.
pub fn learn(rows: &Rows<'_>, spec: &UpliftSpec, specs: &Specs, report: &Reporter) -> crate::Result<Uplift> {
    rows.enough(Side::Train, "training")?;
    rows.enough(Side::Test, "test")?;
    let learnt;
    let of_row: Vec<f64> = match spec.method {
        Method::TwoModels => {
            let mut said = Vec::with_capacity(2);
            let mut counts = [0; 2];
            for (at, treated) in [true, false].into_iter().enumerate() {
                let (train, valid) = (rows.of(Side::Train, treated), rows.of(Side::Valid, treated));
                if let Some(count) = counts.get_mut(at) {
                    *count = train.len();
                }
                let samples = rows.samples([&train, &valid], |place| rows.answer(place));
                let part = report.part(0.4 * at as f64, 0.4);
                said.push(predict(&fit(&samples, spec, specs, &part)?, rows.matrix, report)?);
            }
            learnt = (counts[0], counts[1]);
            let pairs = said.first().into_iter().flatten().zip(said.get(1).into_iter().flatten());
            pairs.map(|(with, without)| with - without).collect()
        }
        Method::ClassTransformed => {
            let mut rng = ChaCha8Rng::seed_from_u64(spec.seed ^ 0x0901_17FF);
            let mut even = |side: Side| -> [Vec<usize>; 2] {
                let mut groups = [rows.of(side, true), rows.of(side, false)];
                let size = groups.iter().map(Vec::len).min().unwrap_or(0);
                for group in &mut groups {
                    group.shuffle(&mut rng);
                    group.truncate(size);
                    group.sort_unstable();
                }
                groups
            };
            let (train, valid) = (even(Side::Train), even(Side::Valid));
            learnt = (train[0].len(), train[1].len());
            let is_treated = |at: usize| rows.treated.get(at).copied().flatten().unwrap_or(false);
            let label = |at: usize| rows.answer(at) == is_treated(at);
            let samples = rows.samples([&train.concat(), &valid.concat()], label);
            let said = predict(&fit(&samples, spec, specs, &report.part(0.0, 0.8))?, rows.matrix, report)?;
            said.into_iter().map(|p| 2.0 * p - 1.0).collect()
        }
    };
    let (got, not) = (rows.of(Side::Test, true), rows.of(Side::Test, false));
    let test: Vec<usize> = [got.as_slice(), not.as_slice()].concat();
    let scores: Vec<f64> = test.iter().map(|at| of_row.get(*at).copied().unwrap_or(0.0)).collect();
    let answers: Vec<bool> = test.iter().map(|at| rows.answer(*at)).collect();
    let treated: Vec<bool> = (0..test.len()).map(|at| at < got.len()).collect();
    let qini = qini(&scores, &answers, &treated, SAMPLES, spec.seed, &report.part(0.8, 0.2))?;
    Ok(Uplift { spec: spec.clone(), of_row, qini, measured: (got.len(), not.len()), learnt })
}

fn fit(samples: &Samples, spec: &UpliftSpec, specs: &Specs, report: &Reporter) -> crate::Result<Model> {
    Ok(train::train_with(spec.kind, specs, samples, DeviceKind::Flex, spec.seed, report)?.model)
}

fn predict(model: &Model, matrix: &Matrix, report: &Reporter) -> crate::Result<Vec<f64>> {
    model.predict_reporting(matrix, DeviceKind::Flex, report)
}
