//! Principal components (Pearson 1901; Hotelling 1933): the directions in which customers differ most.

use linfa_linalg::eigh::{EigSort, Eigh};
use ndarray::Array2;

use crate::segment::cluster::Points;

/// Directions, the widest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    pub mean: Vec<f64>,
    /// One direction of length 1 a row; its largest part is positive, so that maps do not flip.
    pub axes: Points,
    /// Variance along each (divided by n).
    pub variances: Vec<f64>,
}

impl Pca {
    /// The directions of points; none where their covariance has no eigenvectors (it always has, but for
    /// numbers that are none).
    pub fn of(points: &Points) -> Self {
        let d = points.width();
        let none = || Self { mean: points.mean(), axes: Points::new(d, Vec::new()), variances: Vec::new() };
        let Ok(covariance) = Array2::from_shape_vec((d, d), points.covariance()) else { return none() };
        if d == 0 || covariance.iter().any(|value| !value.is_finite()) {
            return none();
        }
        let Ok(found) = covariance.eigh() else { return none() };
        let (values, vectors) = found.sort_eig_desc();
        let mut axes = Vec::with_capacity(d * d);
        for column in vectors.columns() {
            let most =
                column.iter().copied().fold(0.0f64, |most, x| if x.abs() > most.abs() { x } else { most });
            let sign = if most < 0.0 { -1.0 } else { 1.0 };
            axes.extend(column.iter().map(|x| sign * x));
        }
        let variances = values.iter().map(|value| value.max(0.0)).collect();
        Self { mean: points.mean(), axes: Points::new(d, axes), variances }
    }

    /// The share of all variance along the first directions, one each.
    pub fn explained(&self, first: usize) -> Vec<f64> {
        let all: f64 = self.variances.iter().sum();
        self.variances.iter().take(first).map(|v| if all > 0.0 { v / all } else { 0.0 }).collect()
    }

    /// Points along the first `keep` directions.
    pub fn scores(&self, points: &Points, keep: usize) -> Points {
        let keep = keep.min(self.axes.len());
        let mut out = Vec::with_capacity(points.len() * keep);
        let mut centred = vec![0.0; points.width()];
        for row in points.rows() {
            centred.iter_mut().zip(row.iter().zip(&self.mean)).for_each(|(c, (x, m))| *c = x - m);
            out.extend(
                self.axes
                    .rows()
                    .take(keep)
                    .map(|axis| axis.iter().zip(&centred).map(|(a, c)| a * c).sum::<f64>()),
            );
        }
        Points::new(keep, out)
    }

    /// Points that have these scores along the first directions.
    pub fn back(&self, scores: &Points) -> Points {
        let mut out = Vec::with_capacity(scores.len() * self.mean.len());
        for score in scores.rows() {
            let mut row = self.mean.clone();
            for (s, axis) in score.iter().zip(self.axes.rows()) {
                row.iter_mut().zip(axis).for_each(|(x, a)| *x += s * a);
            }
            out.extend(row);
        }
        Points::new(self.mean.len(), out)
    }
}
