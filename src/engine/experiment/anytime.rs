//! An interval that may be looked at after every customer: the asymptotic confidence sequence of
//! Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas 2021 (theorem 2.2: a normal mixture), of the
//! difference of two means, which is asymptotically linear. However often one peeks, and whatever makes
//! one stop, it leaves out the truth in at most `alpha` of the experiments (in the limit of many
//! customers).

use super::compare::{Difference, Moments};

/// Customers of the smaller group before anything is said: below that the limit is no guide.
const LEAST: f64 = 20.0;

/// The sequence, fed one customer at a time.
#[derive(Debug, Clone)]
pub struct Sequence {
    alpha: f64,
    /// ρ², tuned so that the interval is tightest at the planned number of customers.
    tuning: f64,
    called: Moments,
    left: Moments,
    /// The smallest p so far.
    p: f64,
}

impl Sequence {
    /// A sequence at 1 − `alpha`, tightest at `planned` customers in all.
    pub fn new(alpha: f64, planned: f64) -> Self {
        let log = -2.0 * alpha.ln();
        let tuning = (log + log.ln() + 1.0) / planned.max(1.0);
        Self { alpha, tuning, called: Moments::default(), left: Moments::default(), p: 1.0 }
    }

    /// One customer more.
    pub fn push(&mut self, called: bool, outcome: f64) {
        if called { self.called.push(outcome) } else { self.left.push(outcome) }
    }

    /// Customers so far.
    pub fn customers(&self) -> u64 {
        (self.called.n + self.left.n) as u64
    }

    /// A look: the difference now. Its p is the smallest of all looks, which is as safe. `None` before
    /// there are 20 customers in each group, or while all outcomes of a group are equal.
    pub fn look(&mut self) -> Option<Difference> {
        let (a, b) = (&self.called, &self.left);
        if a.n.min(b.n) < LEAST {
            return None;
        }
        let n = a.n + b.n;
        let variance = n * (a.variance() / a.n + b.variance() / b.n);
        if variance <= 0.0 || a.variance().min(b.variance()) <= 0.0 {
            return None;
        }
        let value = a.mean - b.mean;
        let grown = n * self.tuning + 1.0;
        let half = (variance * 2.0 * grown / (n * n * self.tuning) * (grown.sqrt() / self.alpha).ln()).sqrt();
        // The level at which the interval would just leave out 0.
        let evidence = value * value * n * n * self.tuning / (2.0 * variance * grown) - grown.ln() / 2.0;
        self.p = self.p.min((-evidence).exp());
        Some(Difference { value, low: value - half, high: value + half, p: self.p })
    }
}
