//! Truncated Newton method (Nocedal and Wright 2006, algorithm 7.1): each step solves the Newton
//! equation by conjugate gradients as far as it pays, then is halved until the loss falls enough. What
//! LIBLINEAR does with a trust region (Lin, Weng and Keerthi 2008), but with an intercept without penalty.

use rayon::prelude::*;

use super::{ClassWeights, SparseLinearSpec};
use crate::features::text::SparseRows;
use crate::job::{Cancelled, Reporter};

/// Rows or columns that a thread takes at a time.
const PIECE: usize = 1024;
/// Conjugate-gradient steps within one Newton step, at most.
const INNER: usize = 250;

/// `1 / (1 + exp(−z))`.
pub(super) fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// `ln(1 + exp(−m))` without overflow.
fn log_loss(margin: f64) -> f64 {
    if margin > 0.0 { (-margin).exp().ln_1p() } else { margin.exp().ln_1p() - margin }
}

/// The weights that the penalised loss is least for, signs +1 and −1. `columns` is `rows` transposed: so
/// every sum over rows is made by one thread in one order, and threads do not show in the result.
pub(super) fn minimise(
    spec: &SparseLinearSpec,
    rows: &SparseRows,
    columns: &SparseRows,
    signs: &[f64],
    report: &Reporter,
) -> Result<ClassWeights, Cancelled> {
    let problem = Problem { rows, columns, signs, c: spec.c };
    // The last place is the intercept's.
    let mut w = vec![0.0; rows.width() + 1];
    let mut z = vec![0.0; rows.height()];
    let mut gradient = problem.gradient(&w, &z);
    let first = norm(&gradient);
    let (mut iterations, mut converged) = (0, first == 0.0);
    while iterations < spec.max_iterations && !converged {
        report.check()?;
        let step = problem.newton_step(&z, &gradient, first, report)?;
        let along = problem.scores(&step);
        let Some(length) = problem.step_length(&w, &z, &step, &along, dot(&gradient, &step)) else { break };
        add(&mut w, length, &step);
        add(&mut z, length, &along);
        gradient = problem.gradient(&w, &z);
        let left = norm(&gradient) / first;
        converged = left <= spec.tolerance;
        iterations += 1;
        // The gradient falls about evenly on a logarithmic scale.
        report.progress(left.max(f64::MIN_POSITIVE).ln() / spec.tolerance.clamp(1e-300, 0.5).ln());
    }
    let intercept = w.pop().unwrap_or_default();
    Ok(ClassWeights { weights: w, intercept, iterations, converged })
}

struct Problem<'a> {
    rows: &'a SparseRows,
    columns: &'a SparseRows,
    signs: &'a [f64],
    c: f64,
}

impl Problem<'_> {
    /// `X w + b` of every row.
    fn scores(&self, w: &[f64]) -> Vec<f64> {
        let (weights, intercept) = halves(w);
        (0..self.rows.height())
            .into_par_iter()
            .with_min_len(PIECE)
            .map(|at| intercept + weigh(self.rows, at, weights))
            .collect()
    }

    /// `Xᵀ u` and, last, the sum of `u`.
    fn gather(&self, u: &[f64]) -> Vec<f64> {
        let width = self.columns.height();
        let mut out: Vec<f64> = (0..width)
            .into_par_iter()
            .with_min_len(PIECE)
            .map(|column| weigh(self.columns, column, u))
            .collect();
        out.push(u.iter().sum());
        out
    }

    fn gradient(&self, w: &[f64], z: &[f64]) -> Vec<f64> {
        let slope = |(z, sign): (&f64, &f64)| self.c * sign * (sigmoid(z * sign) - 1.0);
        let u: Vec<f64> = z.iter().zip(self.signs).map(slope).collect();
        let mut out = self.gather(&u);
        let (weights, _) = halves(w);
        out.iter_mut().zip(weights).for_each(|(out, w)| *out += w);
        out
    }

    /// Solves `H s = −g` by conjugate gradients, from 0, until the residual is a part of the gradient that
    /// shrinks as the gradient does (superlinear convergence).
    fn newton_step(
        &self,
        z: &[f64],
        gradient: &[f64],
        first: f64,
        report: &Reporter,
    ) -> Result<Vec<f64>, Cancelled> {
        let bend: Vec<f64> = z
            .iter()
            .map(|z| {
                let p = sigmoid(*z);
                self.c * p * (1.0 - p)
            })
            .collect();
        let size = norm(gradient);
        let enough = size * (size / first).sqrt().min(0.1);
        let mut step = vec![0.0; gradient.len()];
        let mut residual: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut direction = residual.clone();
        let mut square = dot(&residual, &residual);
        for _ in 0..INNER {
            if square.sqrt() <= enough {
                break;
            }
            report.check()?;
            let scores = self.scores(&direction);
            let u: Vec<f64> = scores.iter().zip(&bend).map(|(score, bend)| score * bend).collect();
            let mut bent = self.gather(&u);
            let (weights, _) = halves(&direction);
            bent.iter_mut().zip(weights).for_each(|(out, w)| *out += w);
            let curvature = dot(&direction, &bent);
            // The loss is convex: only rounding gets here.
            if curvature <= 0.0 {
                break;
            }
            let length = square / curvature;
            add(&mut step, length, &direction);
            add(&mut residual, -length, &bent);
            let before = square;
            square = dot(&residual, &residual);
            let keep = square / before;
            direction.iter_mut().zip(&residual).for_each(|(d, r)| *d = r + keep * *d);
        }
        Ok(step)
    }

    /// The first of 1, ½, ¼ … at which the loss falls by a ten-thousandth of what the slope promises
    /// (Armijo); `None` where no step helps any more.
    fn step_length(&self, w: &[f64], z: &[f64], step: &[f64], along: &[f64], slope: f64) -> Option<f64> {
        let loss = |length: f64| {
            let (weights, _) = halves(w);
            let size: f64 = weights.iter().zip(step).map(|(w, s)| (w + length * s).powi(2)).sum();
            let rows = z.iter().zip(along).zip(self.signs);
            0.5 * size + self.c * rows.map(|((z, a), y)| log_loss((z + length * a) * y)).sum::<f64>()
        };
        let now = loss(0.0);
        // Near the end the loss falls by less than its last digit.
        let rounding = now.abs() * 1e-14;
        (0..40)
            .map(|halvings| 0.5f64.powi(halvings))
            .find(|length| loss(*length) <= now + 1e-4 * length * slope + rounding)
    }
}

/// Weights and the intercept behind them.
fn halves(w: &[f64]) -> (&[f64], f64) {
    match w.split_last() {
        Some((intercept, weights)) => (weights, *intercept),
        None => (&[], 0.0),
    }
}

fn weigh(rows: &SparseRows, at: usize, by: &[f64]) -> f64 {
    let cells = rows.cells(at);
    cells.map(|(column, value)| by.get(column).map_or(0.0, |by| by * f64::from(value))).sum()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn add(to: &mut [f64], times: f64, what: &[f64]) {
    to.iter_mut().zip(what).for_each(|(to, what)| *to += times * what);
}
