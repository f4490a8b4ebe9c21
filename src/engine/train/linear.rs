//! Logistic regression (linfa, L-BFGS with L2).

use linfa::prelude::*;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use super::TrainError;
use crate::features::Matrix;

/// Coefficients of the log-odds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinearModel {
    pub coefficients: Vec<f64>,
    pub intercept: f64,
}

/// Features with larger values are scaled before fitting.
const LARGE: f64 = 1e3;

pub(super) fn records(matrix: &Matrix) -> Array2<f64> {
    let data = matrix.data.iter().map(|v| f64::from(*v)).collect();
    Array2::from_shape_vec((matrix.height, matrix.width()), data)
        .unwrap_or_else(|_| Array2::zeros((matrix.height, matrix.width())))
}

pub(super) fn fit(matrix: &Matrix, labels: &[bool]) -> Result<LinearModel, TrainError> {
    let mut x = records(matrix);
    // L-BFGS's line search never ends on numbers of very different size. Scaled features stay as they
    // are; what the person left unscaled is brought near 1, and the coefficients back.
    let mut scales = Vec::with_capacity(matrix.width());
    for mut column in x.columns_mut() {
        let most = column.iter().fold(0.0f64, |most, v| most.max(v.abs()));
        let scale = if most > LARGE { 1.0 / most } else { 1.0 };
        column.mapv_inplace(|v| v * scale);
        scales.push(scale);
    }
    let dataset = Dataset::new(x, Array1::from_vec(labels.to_vec()));
    let fitted = LogisticRegression::default()
        .max_iterations(500)
        .fit(&dataset)
        .map_err(|cause| TrainError::Fit { model: "logistic regression", cause: cause.to_string() })?;
    // linfa chooses itself which of the two labels is its positive class.
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    let coefficients = fitted.params().iter().zip(scales).map(|(c, scale)| sign * c * scale).collect();
    Ok(LinearModel { coefficients, intercept: sign * fitted.intercept() })
}

impl LinearModel {
    /// The linear function of each row.
    pub(super) fn log_odds(&self, matrix: &Matrix) -> Vec<f64> {
        let mut out = Vec::with_capacity(matrix.height);
        let mut at = 0;
        // A sum waits for the one before it: those of four rows do so side by side, each in its order.
        while at + 4 <= matrix.height {
            let [a, b, c, d] = [0, 1, 2, 3].map(|more| matrix.row(at + more));
            let mut sums = [-0.0f64; 4];
            for ((((a, b), c), d), by) in a.iter().zip(b).zip(c).zip(d).zip(&self.coefficients) {
                for (sum, x) in sums.iter_mut().zip([a, b, c, d]) {
                    *sum += f64::from(*x) * by;
                }
            }
            out.extend(sums.map(|sum| self.intercept + sum));
            at += 4;
        }
        out.extend((at..matrix.height).map(|at| {
            let row = matrix.row(at).iter().zip(&self.coefficients);
            self.intercept + row.map(|(x, c)| f64::from(*x) * c).sum::<f64>()
        }));
        out
    }

    pub(super) fn predict(&self, matrix: &Matrix) -> Vec<f64> {
        self.log_odds(matrix).into_iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect()
    }
}
