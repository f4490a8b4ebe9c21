//! One customer, closely: the shares with how they were found, how sure they are, and a second opinion
//! where there is one.

use serde::Serialize;

use super::exact::Exact;
use super::gradients::{self, Gradients};
use super::{Explainer, Explanation};
use crate::features::Matrix;
use crate::job::Reporter;
use crate::train::{DeviceKind, Model};

/// How shares were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Over all orders of the columns, in probability.
    Exact,
    /// Over all orders in log-odds, handed out as points.
    ExactLogOdds,
    /// Over drawn orders.
    Sampled,
}

impl Method {
    /// How [`Explainer::explain`] finds the shares of a model on so many features.
    pub fn of(explainer: &Explainer, model: &Model, width: usize) -> Self {
        match Exact::of(explainer, model, width) {
            Some(exact) if exact.in_probability() => Self::Exact,
            Some(_) => Self::ExactLogOdds,
            // One rule looks at one column, and the majority at none: whatever the order, the steps are one.
            None if matches!(model, Model::OneRule(_) | Model::Majority { .. }) => Self::Exact,
            None => Self::Sampled,
        }
    }

    /// The name in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::ExactLogOdds => "exact_log_odds",
            Self::Sampled => "sampled",
        }
    }
}

/// Shares of a model that adds up log-odds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogOdds {
    /// The customer's log-odds.
    pub value: f64,
    /// The ordinary customers' mean log-odds: with it the shares add up to `value`.
    pub base: f64,
    /// In the order of [`Explainer::columns`].
    pub shares: Vec<f64>,
}

/// One customer's probability, taken apart and looked at closely.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Closely {
    pub explanation: Explanation,
    pub base: f64,
    pub method: Method,
    /// Standard error of each share over the drawn orders and ordinary customers; 0 where exact.
    pub errors: Vec<f64>,
    pub log_odds: Option<LogOdds>,
    /// Of networks.
    pub gradients: Option<Gradients>,
}

impl Closely {
    /// By how much base and shares miss the probability.
    pub fn gap(&self) -> f64 {
        (self.base + self.explanation.shares.iter().sum::<f64>() - self.explanation.probability).abs()
    }
}

impl Explainer {
    /// Looks at the row at `place` of `matrix` closely.
    ///
    /// # Errors
    /// The device cannot be used, or the person cancelled.
    pub fn closely(
        &self,
        model: &Model,
        matrix: &Matrix,
        place: usize,
        report: &Reporter,
    ) -> crate::Result<Closely> {
        let method = Method::of(self, model, matrix.width());
        let nobody = || Explanation { probability: 0.0, shares: Vec::new() };
        if let Some(exact) = Exact::of(self, model, matrix.width()) {
            let p = model.predict(&matrix.select(&[place]), DeviceKind::Flex)?;
            let shares = exact.shares(matrix, &[place], report)?.into_iter().next();
            let (points, log_odds) = shares.map(|s| (s.points, s.log_odds)).unwrap_or_default();
            let errors = vec![0.0; points.len()];
            let probability = p.first().copied().unwrap_or(0.0);
            let explanation = Explanation { probability, shares: points };
            return Ok(Closely { explanation, base: self.base, method, errors, log_odds, gradients: None });
        }
        let found = self.sampled(model, matrix, &[place], &report.part(0.0, 0.6))?.into_iter().next();
        let (explanation, mut errors) = found.unwrap_or_else(|| (nobody(), Vec::new()));
        if method == Method::Exact {
            errors.iter_mut().for_each(|error| *error = 0.0);
        }
        let gradients = gradients::gradients(self, model, matrix, place, &report.part(0.6, 0.4))?;
        Ok(Closely { explanation, base: self.base, method, errors, log_odds: None, gradients })
    }
}
