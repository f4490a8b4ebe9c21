//! What sells, for everyone alike: all time, lately, or among customers who buy as much.

use serde::{Deserialize, Serialize};

use super::{Reason, Recommender};
use crate::recommend::Histories;

const DAY_MS: f64 = 86_400_000.0;
/// Groups by how much a customer took.
const GROUPS: usize = 3;

/// Scores of products for each group of customers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Popularity {
    /// The events of a history from which the next group begins; empty for one group.
    bounds: Vec<usize>,
    /// For each group the score of every product.
    scores: Vec<Vec<f32>>,
}

impl Popularity {
    /// How often each product was taken.
    pub fn overall(histories: &Histories) -> Self {
        Self::weighted(histories, |_| 1.0)
    }

    /// The same, an event losing half its weight every `half_life` days before the last one.
    pub fn recent(histories: &Histories, half_life: f64) -> Self {
        let (last, half_life) = (histories.last_time(), half_life.max(1e-3));
        Self::weighted(histories, |time| 0.5f64.powf(last.saturating_sub(time) as f64 / DAY_MS / half_life))
    }

    fn weighted(histories: &Histories, weight: impl Fn(i64) -> f64) -> Self {
        let mut scores = vec![0.0f64; histories.n_items];
        for customer in 0..histories.customers() {
            for (item, time) in histories.of(customer).iter().zip(histories.times(customer)) {
                if let Some(score) = scores.get_mut(*item as usize) {
                    *score += weight(*time);
                }
            }
        }
        Self { bounds: Vec::new(), scores: vec![scores.into_iter().map(|score| score as f32).collect()] }
    }

    /// How often each product was taken in each third of the customers by number of events.
    pub fn grouped(histories: &Histories) -> Self {
        let mut lengths: Vec<usize> = (0..histories.customers())
            .map(|customer| histories.of(customer).len())
            .filter(|length| *length > 0)
            .collect();
        lengths.sort_unstable();
        let mut bounds: Vec<usize> =
            (1..GROUPS).filter_map(|n| lengths.get(lengths.len() * n / GROUPS).copied()).collect();
        bounds.dedup();
        let mut out = Self { scores: vec![vec![0.0; histories.n_items]; bounds.len() + 1], bounds };
        for customer in 0..histories.customers() {
            let items = histories.of(customer);
            let group = out.group(items.len());
            for item in items {
                if let Some(score) = out.scores.get_mut(group).and_then(|list| list.get_mut(*item as usize)) {
                    *score += 1.0;
                }
            }
        }
        out
    }

    fn group(&self, length: usize) -> usize {
        self.bounds.partition_point(|bound| *bound <= length)
    }

    /// The scores of the first group: of all customers where there is one group.
    pub fn scores(&self) -> &[f32] {
        self.scores.first().map_or(&[], Vec::as_slice)
    }

    pub(super) fn is_sound(&self) -> bool {
        self.scores.len() == self.bounds.len() + 1
            && self.scores.iter().all(|list| list.len() == self.items())
            && self.scores.iter().flatten().all(|score| score.is_finite())
    }
}

impl Recommender for Popularity {
    fn score(&self, history: &[u32], out: &mut [f32]) {
        out.fill(0.0);
        if let Some(scores) = self.scores.get(self.group(history.len())) {
            out.iter_mut().zip(scores).for_each(|(to, from)| *to = *from);
        }
    }

    fn because(&self, _: &[u32], _: u32) -> Vec<Reason> {
        Vec::new()
    }

    fn items(&self) -> usize {
        self.scores().len()
    }
}
