//! Small symmetric systems: Cholesky's factor, inverse, draws.

use rand::Rng;
use rand_distr::StandardNormal;

/// The lower factor of a symmetric matrix; `None` where it is not positive definite.
pub(super) fn cholesky(of: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let n = of.len();
    let mut lower = vec![vec![0.0; n]; n];
    for row in 0..n {
        for column in 0..=row {
            let (above, left) = (lower.get(row)?, lower.get(column)?);
            let known: f64 = above.iter().zip(left).take(column).map(|(a, b)| a * b).sum();
            let rest = of.get(row)?.get(column)? - known;
            let value = if row == column {
                // Far below the diagonal itself it is rounding.
                let least = 1e-13 * of.get(row)?.get(row)?.abs();
                if rest.is_nan() || least.is_nan() || rest <= least {
                    return None;
                }
                rest.sqrt()
            } else {
                rest / left.get(column)?
            };
            if !value.is_finite() {
                return None;
            }
            *lower.get_mut(row)?.get_mut(column)? = value;
        }
    }
    Some(lower)
}

/// Solves L Lᵀ x = b.
pub(super) fn solve(lower: &[Vec<f64>], b: &[f64]) -> Vec<f64> {
    let n = lower.len();
    let at = |row: usize, column: usize| lower.get(row).and_then(|r| r.get(column)).copied().unwrap_or(1.0);
    let mut x = b.to_vec();
    for row in 0..n {
        let known: f64 = (0..row).map(|c| at(row, c) * x.get(c).copied().unwrap_or(0.0)).sum();
        if let Some(value) = x.get_mut(row) {
            *value = (*value - known) / at(row, row);
        }
    }
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|c| at(c, row) * x.get(c).copied().unwrap_or(0.0)).sum();
        if let Some(value) = x.get_mut(row) {
            *value = (*value - known) / at(row, row);
        }
    }
    x
}

/// The inverse of a symmetric positive definite matrix.
pub(super) fn inverse(of: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let lower = cholesky(of)?;
    let unit = |at: usize| (0..of.len()).map(|n| f64::from(u8::from(n == at))).collect::<Vec<f64>>();
    Some((0..of.len()).map(|at| solve(&lower, &unit(at))).collect())
}

/// A draw from the normal distribution with this mean and covariance factor.
pub(super) fn draw(mean: &[f64], lower: &[Vec<f64>], rng: &mut impl Rng) -> Vec<f64> {
    let noise: Vec<f64> = mean.iter().map(|_| rng.sample(StandardNormal)).collect();
    let moved = |row: &Vec<f64>| row.iter().zip(&noise).map(|(a, b)| a * b).sum::<f64>();
    mean.iter().zip(lower).map(|(mean, row)| mean + moved(row)).collect()
}
