//! EASE^R (Steck 2019, "Embarrassingly shallow autoencoders for sparse data"): each product is told from
//! the others by ridge regression, all at once. With G = XᵀX + λI and P = G⁻¹: B(i,j) = −P(i,j)/P(j,j),
//! B(j,j) = 0; a score is the sum of the rows of B of what was taken.

use ndarray::{Array2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::dense::invert;
use super::matrix::Matrix;
use super::{Reason, Recommender, heaviest, recent};
use crate::job::Reporter;
use crate::recommend::RecommendError;

/// Products above which the dense matrix (4 bytes a pair) is too large.
pub const MOST_ITEMS: usize = 20_000;

/// The weights of every product for every other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ease {
    pub last: usize,
    n: usize,
    /// Row i: what product i adds to the score of each product.
    weights: Vec<f32>,
}

impl Ease {
    /// Fits it. `last` different products of a history count later on; 0 for all.
    ///
    /// # Errors
    /// More than [`MOST_ITEMS`] products; the person cancels.
    pub fn fit(matrix: &Matrix, lambda: f32, last: usize, report: &Reporter) -> crate::Result<Self> {
        let n = matrix.columns();
        if n > MOST_ITEMS {
            return Err(RecommendError::TooMany { kind: "EASE", items: n, most: MOST_ITEMS }.into());
        }
        let mut gram = Array2::<f32>::zeros((n, n));
        let lambda = lambda.max(1e-3);
        gram.axis_iter_mut(Axis(0)).into_par_iter().enumerate().try_for_each(|(item, mut row)| {
            report.check()?;
            for customer in matrix.column(item) {
                for other in matrix.row(*customer as usize) {
                    if let Some(cell) = row.get_mut(*other as usize) {
                        *cell += 1.0;
                    }
                }
            }
            if let Some(cell) = row.get_mut(item) {
                *cell += lambda;
            }
            Ok::<(), crate::job::Cancelled>(())
        })?;
        if !invert(&mut gram, report)? {
            return Err(
                RecommendError::Saved { cause: "the matrix of products is not positive definite" }.into()
            );
        }
        let diagonal: Vec<f32> = gram.diag().to_vec();
        gram.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(item, mut row)| {
            for (cell, own) in row.iter_mut().zip(&diagonal) {
                *cell = -*cell / own;
            }
            if let Some(cell) = row.get_mut(item) {
                *cell = 0.0;
            }
        });
        Ok(Self { last, n, weights: gram.into_raw_vec_and_offset().0 })
    }

    /// What each product gets from one that was taken.
    pub fn row(&self, item: u32) -> &[f32] {
        let from = (item as usize).saturating_mul(self.n);
        self.weights.get(from..from.saturating_add(self.n)).unwrap_or_default()
    }

    pub(super) fn is_sound(&self) -> bool {
        self.n.checked_mul(self.n) == Some(self.weights.len())
            && self.weights.iter().all(|weight| weight.is_finite())
    }
}

impl Recommender for Ease {
    fn score(&self, history: &[u32], out: &mut [f32]) {
        out.fill(0.0);
        for item in recent(history, self.last, self.n) {
            for (score, weight) in out.iter_mut().zip(self.row(item)) {
                *score += weight;
            }
        }
    }

    fn because(&self, history: &[u32], item: u32) -> Vec<Reason> {
        let own = recent(history, self.last, self.n);
        heaviest(own.into_iter().map(|one| {
            let weight = self.row(one).get(item as usize).copied().unwrap_or_default();
            Reason { item: one, weight }
        }))
    }

    fn items(&self) -> usize {
        self.n
    }
}
