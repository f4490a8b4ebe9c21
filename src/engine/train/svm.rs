//! A linear support vector machine (linfa's sequential minimal optimisation) with Platt's scaling to
//! probabilities.
//!
//! Linear, for two reasons. A machine with a curved kernel is made of its support vectors, which are
//! real customers' rows: they would travel in every saved project and bundle. And linfa keeps the
//! whole kernel matrix and has no cache, so that time and memory grow with the square of the rows. For
//! the same reason at most [`ROWS`] training rows are learnt from, drawn by chance within each class;
//! [`SvmModel::rows`] says how many, and the model's note says so.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use linfa::ParamGuard;
use linfa::composing::platt_scaling::{PlattParams, platt_newton_method};
use linfa::prelude::*;
use linfa_svm::Svm;
use ndarray::{Array1, Array2, ArrayView1};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::linear::{self, LinearModel, records};
use super::{Samples, TrainError};
use crate::features::Matrix;
use crate::job::Reporter;

/// Training rows that are learnt from at most.
const ROWS: usize = 2_500;
/// Price of a row on the wrong side of the margin, features scaled to unit variance; of 0.001, 0.01 and
/// 0.05 the best on three public files.
const C: f64 = 0.01;
/// Violation of the optimality conditions at which the solver stops (LIBSVM's default).
const TOLERANCE: f64 = 1e-3;
/// Validation rows of each class from which the scaling is fitted on them, and not on training rows.
const LEAST_CALIBRATION: usize = 20;
/// How often a caller that waits looks for a cancel.
const LOOK: Duration = Duration::from_millis(20);

/// Distance from the separating plane, scaled to log-odds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SvmModel {
    /// Platt's sigmoid of a linear function is a linear function of log-odds.
    pub line: LinearModel,
    /// Training rows that were learnt from, and that there were.
    pub rows: usize,
    pub of: usize,
}

pub(super) fn fit(samples: &Samples, seed: u64, report: &Reporter) -> crate::Result<SvmModel> {
    let of = samples.train.height;
    let places = sample(&samples.train_labels, seed);
    let x = samples.train.select(&places);
    let y: Vec<bool> = places.iter().filter_map(|&at| samples.train_labels.get(at).copied()).collect();
    // Features of one spread, whatever the recipe's scaling: the price of an error is then the same.
    let (x, scales) = standardised(&x);
    let (coefficients, intercept) = solve(x, y, report)?;
    let mut line = LinearModel { coefficients, intercept };
    for (c, (mean, spread)) in line.coefficients.iter_mut().zip(&scales) {
        *c = if *spread > 0.0 { *c / spread } else { 0.0 };
        line.intercept -= *c * mean;
    }
    calibrate(&mut line, samples)?;
    Ok(SvmModel { line, rows: places.len(), of })
}

/// Places of at most [`ROWS`] rows, each class with its share, ascending.
fn sample(labels: &[bool], seed: u64) -> Vec<usize> {
    let n = labels.len();
    if n <= ROWS {
        return (0..n).collect();
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut out = Vec::with_capacity(ROWS);
    for class in [true, false] {
        let mut members: Vec<usize> = (0..n).filter(|&at| labels.get(at) == Some(&class)).collect();
        let wanted = (members.len() * ROWS).div_ceil(n).max(super::LEAST_PER_CLASS).min(members.len());
        let (drawn, _) = members.partial_shuffle(&mut rng, wanted);
        out.extend_from_slice(drawn);
    }
    out.sort_unstable();
    out
}

/// The rows with every feature at mean 0 and variance 1, and each feature's mean and deviation;
/// constant features are 0.
fn standardised(matrix: &Matrix) -> (Array2<f64>, Vec<(f64, f64)>) {
    let mut x = records(matrix);
    let n = matrix.height.max(1) as f64;
    let mut scales = Vec::with_capacity(matrix.width());
    for mut column in x.columns_mut() {
        let mean = column.sum() / n;
        let spread = (column.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
        let spread = if spread > 1e-9 * mean.abs().max(1e-9) { spread } else { 0.0 };
        column.mapv_inplace(|v| if spread > 0.0 { (v - mean) / spread } else { 0.0 });
        scales.push((mean, spread));
    }
    (x, scales)
}

/// The separating plane. linfa's solver cannot be asked to stop: it works on a thread of its own, and
/// a caller who has cancelled leaves it behind to end by itself.
fn solve(x: Array2<f64>, y: Vec<bool>, report: &Reporter) -> crate::Result<(Vec<f64>, f64)> {
    let (sender, result) = channel();
    std::thread::Builder::new()
        .name("regulars-svm".into())
        .spawn(move || {
            // Both classes weigh the same: where one is rare, the plane would else rather give it up
            // than rank it. Platt's scaling brings the rare class's share back.
            let (n, positive) = (y.len() as f64, y.iter().filter(|label| **label).count() as f64);
            let dataset = Dataset::new(x, Array1::from_vec(y));
            let fitted = Svm::<f64, bool>::params()
                .pos_neg_weights(C * n / (2.0 * positive), C * n / (2.0 * (n - positive)))
                .eps(TOLERANCE)
                .linear_kernel()
                .fit(&dataset)
                .map(|svm| {
                    // f(x) = Σ αᵢ·xᵢ·x − ρ, the signs of the classes already in α.
                    let alpha = ArrayView1::from(&svm.alpha);
                    (alpha.dot(dataset.records()).to_vec(), -svm.rho)
                });
            let _ = sender.send(fitted.map_err(|e| e.to_string()));
        })
        .map_err(|e| fail(e.to_string()))?;
    loop {
        match result.recv_timeout(LOOK) {
            Ok(solved) => return Ok(solved.map_err(fail)?),
            Err(RecvTimeoutError::Timeout) => report.check()?,
            Err(RecvTimeoutError::Disconnected) => return Err(fail("the solver died".into()).into()),
        }
    }
}

fn fail(cause: String) -> TrainError {
    TrainError::Fit { model: "support vector machine", cause }
}

/// Platt's scaling (Platt 1999; Lin, Lin and Weng 2007), on the validation rows where they are enough:
/// the training rows' own distances are too good.
fn calibrate(line: &mut LinearModel, samples: &Samples) -> Result<(), TrainError> {
    let positive = samples.valid_labels.iter().filter(|label| **label).count();
    let least = positive.min(samples.valid_labels.len() - positive);
    let (x, y) = match least >= LEAST_CALIBRATION {
        true => (&samples.valid, &samples.valid_labels),
        false => (&samples.train, &samples.train_labels),
    };
    let distances = Array1::from_vec(line.log_odds(x));
    let params: PlattParams<f64, ()> = PlattParams::default();
    let params = params.check_ref().map_err(|e| fail(e.to_string()))?;
    let labels = Array1::from_vec(y.clone());
    let (a, b) = match platt_newton_method(distances.view(), labels.view(), params) {
        Ok(found) => found,
        // Its line search gives up where there is next to nothing left to gain; the same sigmoid with a
        // small penalty is found by the logistic regression.
        Err(_) => {
            let column = vec!["distance".to_owned()];
            let data = distances.iter().map(|d| *d as f32).collect();
            let one = Matrix { names: column.clone(), sources: column, height: y.len(), data };
            let sigmoid = linear::fit(&one, y)?;
            (-sigmoid.coefficients.first().copied().unwrap_or(0.0), -sigmoid.intercept)
        }
    };
    // The probability is 1 / (1 + e^(a·f + b)).
    line.coefficients.iter_mut().for_each(|c| *c *= -a);
    line.intercept = -(a * line.intercept + b);
    let finite = line.intercept.is_finite() && line.coefficients.iter().all(|c| c.is_finite());
    if finite { Ok(()) } else { Err(fail("its numbers are not finite".into())) }
}
