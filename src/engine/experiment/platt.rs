//! The model's scores against what became of those who were left alone: how to set them right (Platt
//! 1999, refitted on the hold-out: a logistic regression of the outcome on the score's logit).

use serde::{Deserialize, Serialize};

use super::tails::normal_quantile;
use crate::metrics::Estimate;

/// A corrected score is 1 / (1 + exp(−(`slope` × logit(score) + `intercept`))).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Platt {
    /// 1 where the scores are as far apart as they should be; below 1 they are too bold.
    pub slope: Estimate,
    /// 0 where the scores are as high as they should be.
    pub intercept: Estimate,
    pub customers: usize,
    /// The mean score, and the share to whom it happened.
    pub said: f64,
    pub happened: f64,
}

/// Scores are kept this far from 0 and 1.
const EDGE: f64 = 1e-6;
/// Customers of each outcome below which nothing is fitted.
const LEAST: usize = 10;

fn logit(score: f64) -> f64 {
    let p = score.clamp(EDGE, 1.0 - EDGE);
    (p / (1.0 - p)).ln()
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

impl Platt {
    /// A score set right.
    pub fn apply(&self, score: f64) -> f64 {
        logistic(self.slope.value * logit(score) + self.intercept.value)
    }

    /// True where both numbers are what they should be, as far as can be told.
    pub fn is_fine(&self) -> bool {
        let within = |e: Estimate, at: f64| e.low <= at && at <= e.high;
        within(self.slope, 1.0) && within(self.intercept, 0.0)
    }
}

/// Refits by Newton's method, with intervals at 1 − `alpha`. `None` with fewer than 10 customers of an
/// outcome, where all scores are equal, or where scores and outcomes part without a miss.
pub fn refit(scores: &[f64], happened: &[bool], alpha: f64) -> Option<Platt> {
    let n = scores.len().min(happened.len());
    let yes = happened.iter().take(n).filter(|yes| **yes).count();
    if yes < LEAST || n - yes < LEAST {
        return None;
    }
    let x: Vec<f64> = scores.iter().take(n).map(|score| logit(*score)).collect();
    let (mut slope, mut intercept) = (1.0, 0.0);
    let mut information = [0.0; 3];
    let mut done = false;
    for _ in 0..100 {
        let (mut g0, mut g1) = (0.0, 0.0);
        information = [0.0; 3];
        for (x, yes) in x.iter().zip(happened) {
            let p = logistic(slope * x + intercept);
            let (off, weight) = (f64::from(u8::from(*yes)) - p, p * (1.0 - p));
            g0 += off;
            g1 += off * x;
            information[0] += weight;
            information[1] += weight * x;
            information[2] += weight * x * x;
        }
        let [a, b, c] = information;
        let whole = a * c - b * b;
        if whole.is_nan() || whole <= 1e-12 * a * c {
            return None;
        }
        let (d0, d1) = ((c * g0 - b * g1) / whole, (a * g1 - b * g0) / whole);
        // A step that leaps is halved: far off the curve is flat.
        let leap = (d0.abs().max(d1.abs()) / 4.0).max(1.0);
        intercept += d0 / leap;
        slope += d1 / leap;
        if slope.abs() > 50.0 {
            return None;
        }
        if d0.abs().max(d1.abs()) < 1e-10 {
            done = true;
            break;
        }
    }
    let [a, b, c] = information;
    let whole = a * c - b * b;
    if !done || whole <= 0.0 {
        return None;
    }
    let z = normal_quantile(1.0 - alpha / 2.0);
    let estimate =
        |value: f64, error: f64| Estimate { value, low: value - z * error, high: value + z * error };
    Some(Platt {
        slope: estimate(slope, (a / whole).sqrt()),
        intercept: estimate(intercept, (c / whole).sqrt()),
        customers: n,
        said: scores.iter().take(n).sum::<f64>() / n as f64,
        happened: yes as f64 / n as f64,
    })
}
