//! What customers who were left alone in an experiment say of a model's probabilities, kept with the
//! model: a curve over its log-odds.

use serde::{Deserialize, Serialize};

/// Probabilities are kept this far from 0 and 1, as where the curve was fitted.
pub(crate) const EDGE: f64 = 1e-6;

/// p ↦ σ(slope · ln(p / (1 − p)) + offset), slope > 0 (Platt 1999), fitted on those whom an experiment
/// left alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refit {
    pub slope: f64,
    pub offset: f64,
    /// Customers left alone of whom it was read what became.
    pub customers: u64,
    /// The experiment's name and the day of its draw, as `2026-11-28`.
    pub experiment: String,
    pub drawn: String,
    /// The model whose probabilities go through it, where others may be shown beside it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub model: String,
}

impl Refit {
    /// The probability set right.
    pub fn apply(&self, p: f64) -> f64 {
        let p = p.clamp(EDGE, 1.0 - EDGE);
        1.0 / (1.0 + (-(self.slope * (p / (1.0 - p)).ln() + self.offset)).exp())
    }

    /// The same in one, where `self` was fitted on probabilities that had gone through `first`.
    #[must_use]
    pub fn after(mut self, first: &Self) -> Self {
        self.offset += self.slope * first.offset;
        self.slope *= first.slope;
        self
    }

    /// True if it can be applied and keeps the order of customers.
    pub fn is_sound(&self) -> bool {
        self.slope.is_finite() && self.slope > 0.0 && self.offset.is_finite()
    }
}
