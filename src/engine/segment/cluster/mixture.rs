//! A Gaussian mixture with full covariances, fitted by linfa's EM from a start by k-means; how likely a
//! row is under it, and Bayes' information criterion (Schwarz 1978).

use linfa::DatasetBase;
use linfa::traits::Fit as _;
use linfa_clustering::GaussianMixtureModel;
use ndarray::Array2;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::points::Points;
use crate::job::Reporter;
use crate::segment::{SegmentError, apart::apart};

/// The mixture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mixture {
    /// The share of each part.
    pub weights: Vec<f64>,
    pub means: Points,
    /// Lower triangular L of each covariance L·Lᵀ, `width × width` row by row.
    factors: Vec<Vec<f64>>,
}

/// The lower triangular L with L·Lᵀ = `matrix`; `None` where it is not positive definite.
fn cholesky(matrix: &[f64], d: usize) -> Option<Vec<f64>> {
    let mut l = vec![0.0; d * d];
    for i in 0..d {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| l[i * d + k] * l[j * d + k]).sum();
            let rest = matrix[i * d + j] - sum;
            if i == j {
                if rest.is_nan() || rest <= 0.0 {
                    return None;
                }
                l[i * d + i] = rest.sqrt();
            } else {
                l[i * d + j] = rest / l[j * d + j];
            }
        }
    }
    Some(l)
}

impl Mixture {
    /// A mixture of given parts; `covariances` row by row each. `None` where one has no inverse.
    pub fn new(weights: Vec<f64>, means: Points, covariances: &[Vec<f64>]) -> Option<Self> {
        let d = means.width();
        let factors = covariances.iter().map(|c| cholesky(c, d)).collect::<Option<Vec<_>>>()?;
        Some(Self { weights, means, factors })
    }

    /// Fits `k` parts.
    ///
    /// # Errors
    /// The data hold fewer kinds of rows than parts; the person cancelled.
    pub fn fit(points: &Points, k: usize, seed: u64, report: &Reporter) -> crate::Result<Self> {
        let shape = (points.len(), points.width());
        let mut cause = String::new();
        // What does not settle with little added to the variances does so with more.
        for added in [1e-6, 1e-3, 1e-1] {
            let values = points.values().to_vec();
            let fit = move || {
                let records = Array2::from_shape_vec(shape, values).map_err(|e| e.to_string())?;
                GaussianMixtureModel::params_with_rng(k, ChaCha8Rng::seed_from_u64(seed))
                    .n_runs(1)
                    .max_n_iterations(200)
                    .tolerance(1e-3)
                    .reg_covariance(added)
                    .fit(&DatasetBase::from(records))
                    .map_err(|e| e.to_string())
            };
            match apart(report, fit)? {
                Some(Ok(found)) => {
                    let d = points.width();
                    let means = Points::new(d, found.means().iter().copied().collect());
                    let covariances = found.covariances();
                    let covariances: Vec<Vec<f64>> =
                        covariances.outer_iter().map(|c| c.iter().copied().collect()).collect();
                    if let Some(mixture) = Self::new(found.weights().to_vec(), means, &covariances) {
                        return Ok(mixture);
                    }
                    cause = "a covariance has no inverse".to_owned();
                }
                Some(Err(error)) => cause = error,
                None => cause = "the library stopped".to_owned(),
            }
        }
        Err(SegmentError::Fit { method: "gaussian_mixture", cause }.into())
    }

    /// Parts.
    pub fn k(&self) -> usize {
        self.weights.len()
    }

    /// For each part the logarithm of its share times its density at `row`, and the distance to it in its
    /// own deviations (Mahalanobis).
    pub fn at(&self, row: &[f64]) -> Vec<(f64, f64)> {
        let d = self.means.width();
        let mut solved = vec![0.0; d];
        let mut one = |(at, factor): (usize, &Vec<f64>)| {
            let mean = self.means.row(at);
            let (mut far, mut volume) = (0.0, 0.0);
            for i in 0..d {
                let line = &factor[i * d..i * d + i];
                let sum: f64 = line.iter().zip(&solved).map(|(l, z)| l * z).sum();
                let z = (row[i] - mean[i] - sum) / factor[i * d + i];
                solved[i] = z;
                far += z * z;
                volume += factor[i * d + i].ln();
            }
            let weight = self.weights.get(at).copied().unwrap_or(0.0).ln();
            let flat = d as f64 * (2.0 * std::f64::consts::PI).ln();
            (weight - 0.5 * (flat + far) - volume, far.sqrt())
        };
        self.factors.iter().enumerate().map(&mut one).collect()
    }

    /// The most likely part, and the distance to it.
    pub fn part(&self, row: &[f64]) -> (u32, f64) {
        let all = self.at(row);
        let best = all.iter().enumerate().max_by(|a, b| a.1.0.total_cmp(&b.1.0));
        best.map_or((0, f64::INFINITY), |(at, (_, far))| (at as u32, *far))
    }

    /// The logarithm of the likelihood of all rows together.
    pub fn log_likelihood(&self, points: &Points) -> f64 {
        let one = |row: &[f64]| {
            let all = self.at(row);
            let most = all.iter().map(|(log, _)| *log).fold(f64::NEG_INFINITY, f64::max);
            most + all.iter().map(|(log, _)| (log - most).exp()).sum::<f64>().ln()
        };
        let logs: Vec<f64> = points.values().par_chunks_exact(points.width().max(1)).map(one).collect();
        logs.iter().sum()
    }

    /// −2·log likelihood + parameters·ln(rows): smaller is better.
    pub fn bic(&self, points: &Points) -> f64 {
        let (k, d) = (self.k() as f64, self.means.width() as f64);
        let parameters = k * d + k * d * (d + 1.0) / 2.0 + k - 1.0;
        parameters * (points.len() as f64).ln() - 2.0 * self.log_likelihood(points)
    }
}

impl Mixture {
    /// The same parts in another order.
    pub(super) fn in_order(&self, order: &[usize]) -> Self {
        Self {
            weights: order.iter().filter_map(|at| self.weights.get(*at).copied()).collect(),
            means: self.means.select(order),
            factors: order.iter().filter_map(|at| self.factors.get(*at).cloned()).collect(),
        }
    }

    /// True if all numbers are there: nothing in a file is trusted.
    pub(super) fn is_sound(&self) -> bool {
        let d = self.means.width();
        self.means.len() == self.weights.len()
            && self.factors.len() == self.weights.len()
            && self.factors.iter().all(|f| f.len() == d * d && (0..d).all(|i| f[i * d + i] > 0.0))
    }
}
