//! Networks that read what a customer took in its order, and rank what comes next. They are trained on a
//! device with burn, every product asked from the ones before it; a fitted one answers on the host.
//! See `docs/recommend-sequence.md`.

mod answer;
mod fit;
mod graph;
mod loss;
mod pieces;
mod spec;
#[cfg(test)]
mod tests;
mod weights;

use serde::{Deserialize, Serialize};

use super::models::recent;
use super::{Reason, Recommender};
use crate::train::net::Weight;
pub use fit::{SequenceEpoch, Validation, fit, samples_per_second};
pub use spec::{Body, NetworkSettings};

/// The last different products that reasons are looked for among.
const REASONS: usize = 10;

/// A fitted sequence network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SequenceNet {
    pub body: Body,
    pub settings: NetworkSettings,
    /// How often each product was taken: the answer where nothing is known of a customer.
    popularity: Vec<f32>,
    weights: Vec<Weight>,
}

impl SequenceNet {
    /// Trainable numbers.
    pub fn parameters(&self) -> usize {
        self.weights.iter().map(|weight| weight.values.len()).sum()
    }

    pub(super) fn is_sound(&self) -> bool {
        self.popularity.iter().all(|count| count.is_finite())
            && weights::fit_together(self.body, &self.settings, self.popularity.len(), &self.weights)
    }

    /// The known products of a history that are read, oldest first.
    fn read(&self, history: &[u32]) -> Vec<usize> {
        let known = history.iter().rev().map(|item| *item as usize).filter(|item| *item < self.items());
        let mut out: Vec<usize> = known.take(self.settings.max_len).collect();
        out.reverse();
        out
    }

    fn vector(&self, tokens: &[usize]) -> Option<ndarray::Array1<f32>> {
        answer::vector(self.body, &self.settings, &answer::Named(&self.weights), tokens)
    }

    /// The score of each of `wanted`, for what was read.
    fn scores_of(&self, tokens: &[usize], wanted: &[u32]) -> Option<Vec<f32>> {
        let named = answer::Named(&self.weights);
        let vector = self.vector(tokens)?;
        let (items, bias) = (named.matrix("items")?, named.vector("items.bias")?);
        let score = |item: &u32| {
            let at = *item as usize;
            let bias = bias.get(at)?;
            Some(items.row(at).dot(&vector) + bias)
        };
        wanted.iter().map(score).collect()
    }
}

impl Recommender for SequenceNet {
    fn score(&self, history: &[u32], out: &mut [f32]) {
        let named = answer::Named(&self.weights);
        let vector = self.vector(&self.read(history));
        match (vector, named.matrix("items"), named.vector("items.bias")) {
            (Some(vector), Some(items), Some(bias)) if items.nrows() == out.len() => {
                let scores = items.dot(&vector) + bias;
                out.iter_mut().zip(scores).for_each(|(out, score)| *out = score);
            }
            // Nothing is known of the customer: what everybody takes.
            _ => {
                out.fill(0.0);
                out.iter_mut().zip(&self.popularity).for_each(|(out, count)| *out = *count);
            }
        }
    }

    /// How much lower the score is without a product of the history, among the last ten different ones.
    fn because(&self, history: &[u32], item: u32) -> Vec<Reason> {
        self.because_each(history, &[item]).pop().unwrap_or_default()
    }

    fn because_each(&self, history: &[u32], wanted: &[u32]) -> Vec<Vec<Reason>> {
        let none = || vec![Vec::new(); wanted.len()];
        let tokens = self.read(history);
        let Some(whole) = self.scores_of(&tokens, wanted) else { return none() };
        let mut out = none();
        for item in recent(history, REASONS, self.items()) {
            let rest: Vec<usize> = tokens.iter().copied().filter(|token| *token != item as usize).collect();
            // Without any product left there is nothing to compare with.
            let Some(without) = self.scores_of(&rest, wanted) else { continue };
            for ((reasons, whole), without) in out.iter_mut().zip(&whole).zip(without) {
                reasons.push(Reason { item, weight: whole - without });
            }
        }
        out.into_iter().map(|reasons| super::models::heaviest(reasons.into_iter())).collect()
    }

    fn items(&self) -> usize {
        self.popularity.len()
    }
}
