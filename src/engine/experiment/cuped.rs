//! What was known of customers before the experiment explains part of how they differ: taken off, the
//! same customers say more (CUPED; Deng, Xu, Kohavi and Walker 2013).

use serde::Serialize;

use super::compare::{Difference, Moments, means};

/// A comparison with the past taken off.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cuped {
    pub difference: Difference,
    /// What each covariate is multiplied with before it is taken off.
    pub theta: Vec<f64>,
    /// Share of the outcome's variance that is gone, 0 to 1.
    pub reduction: f64,
}

/// A covariate that moves with the others to this share tells nothing new.
const SAME: f64 = 1.0 - 1e-9;

fn covariance(a: &[f64], b: &[f64]) -> f64 {
    let (ma, mb) = (Moments::of(a.iter().copied()).mean, Moments::of(b.iter().copied()).mean);
    let sum: f64 = a.iter().zip(b).map(|(x, y)| (x - ma) * (y - mb)).sum();
    sum / (a.len() as f64 - 1.0).max(1.0)
}

/// θ of one or two covariates, by least squares over both groups.
fn thetas(outcome: &[f64], past: &[&[f64]]) -> Option<Vec<f64>> {
    let own: Vec<f64> = past.iter().map(|x| covariance(x, x)).collect();
    let with: Vec<f64> = past.iter().map(|x| covariance(x, outcome)).collect();
    match (own.as_slice(), with.as_slice()) {
        ([a], [u]) => (*a > 0.0).then(|| vec![u / a]),
        ([a, b], [u, v]) => {
            let c = covariance(past.first()?, past.get(1)?);
            match (*a > 0.0, *b > 0.0) {
                (true, true) if c * c < SAME * a * b => {
                    let whole = a * b - c * c;
                    Some(vec![(u * b - v * c) / whole, (v * a - u * c) / whole])
                }
                (true, _) => Some(vec![u / a, 0.0]),
                (false, true) => Some(vec![0.0, v / b]),
                (false, false) => None,
            }
        }
        _ => None,
    }
}

/// The difference of means with one or two covariates taken off; `past` holds each covariate's values,
/// in the order of `outcome`. `None` where a covariate does not vary, a group is too small or lengths
/// differ.
pub fn adjusted(outcome: &[f64], called: &[bool], past: &[&[f64]], alpha: f64) -> Option<Cuped> {
    if called.len() != outcome.len() || past.iter().any(|x| x.len() != outcome.len()) {
        return None;
    }
    let theta = thetas(outcome, past)?;
    let centre: Vec<f64> = past.iter().map(|x| Moments::of(x.iter().copied()).mean).collect();
    let off = |at: usize| -> f64 {
        let parts = past.iter().zip(&centre).zip(&theta);
        parts.map(|((x, centre), theta)| theta * (x.get(at).copied().unwrap_or(*centre) - centre)).sum()
    };
    let rest: Vec<f64> = outcome.iter().enumerate().map(|(at, y)| y - off(at)).collect();
    let group = |wanted: bool| -> Vec<f64> {
        rest.iter().zip(called).filter(|(_, is)| **is == wanted).map(|(y, _)| *y).collect()
    };
    let difference = means(&group(true), &group(false), alpha)?;
    let (before, after) = (Moments::of(outcome.iter().copied()), Moments::of(rest.iter().copied()));
    let reduction = if before.variance() > 0.0 { 1.0 - after.variance() / before.variance() } else { 0.0 };
    Some(Cuped { difference, theta, reduction })
}
