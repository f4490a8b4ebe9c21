//! The models. Each turns a history of products into a score of every product.

pub mod als;
pub mod cooccurrence;
pub mod dense;
pub mod ease;
mod exact;
pub mod fp_growth;
pub mod markov;
pub mod matrix;
pub mod popularity;
pub mod rules;

use serde::{Deserialize, Serialize};

/// A product of the history and what it adds to the score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reason {
    pub item: u32,
    /// In the model's own units; of one offer they compare with each other.
    pub weight: f32,
}

/// Scores every product for any history: that of a customer, or a basket that somebody puts together.
pub trait Recommender: Send + Sync {
    /// Writes a score for each product into `out` (as long as there are products). `history` holds
    /// products, oldest first, repeats and all; unknown numbers are passed over.
    fn score(&self, history: &[u32], out: &mut [f32]);

    /// The products of the history that speak for `item`, the heaviest first; nothing where the model
    /// does not look at the history's products.
    fn because(&self, history: &[u32], item: u32) -> Vec<Reason>;

    /// [`Self::because`] for each of `wanted`: cheaper together where a model looks at the history anew.
    fn because_each(&self, history: &[u32], wanted: &[u32]) -> Vec<Vec<Reason>> {
        wanted.iter().map(|item| self.because(history, *item)).collect()
    }

    /// Products that it was fitted on.
    fn items(&self) -> usize;
}

/// A fitted model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fitted {
    Popularity(popularity::Popularity),
    Cooccurrence(cooccurrence::Cooccurrence),
    Markov(markov::Markov),
    Rules(rules::Rules),
    Als(als::Als),
    Ease(ease::Ease),
    Sequence(Box<crate::recommend::sequence::SequenceNet>),
}

impl Fitted {
    /// The model behind it.
    pub fn model(&self) -> &dyn Recommender {
        match self {
            Self::Popularity(one) => one,
            Self::Cooccurrence(one) => one,
            Self::Markov(one) => one,
            Self::Rules(one) => one,
            Self::Als(one) => one,
            Self::Ease(one) => one,
            Self::Sequence(one) => &**one,
        }
    }

    /// True if its lists fit together and its numbers are numbers: nothing in a file is trusted.
    pub fn is_sound(&self, items: usize) -> bool {
        self.model().items() == items
            && match self {
                Self::Popularity(one) => one.is_sound(),
                Self::Cooccurrence(one) => one.is_sound(),
                Self::Markov(one) => one.is_sound(),
                Self::Rules(one) => one.is_sound(),
                Self::Als(one) => one.is_sound(),
                Self::Ease(one) => one.is_sound(),
                Self::Sequence(one) => one.is_sound(),
            }
    }
}

/// The last `last` different products of a history, oldest first; 0 for all.
pub(crate) fn recent(history: &[u32], last: usize, items: usize) -> Vec<u32> {
    let most = if last == 0 { usize::MAX } else { last };
    let mut seen = std::collections::HashSet::with_capacity(history.len().min(most));
    let known = history.iter().rev().copied().filter(|item| (*item as usize) < items);
    let mut out: Vec<u32> = known.filter(|item| seen.insert(*item)).take(most).collect();
    out.reverse();
    out
}

/// Reasons in falling order, only those that speak for the product.
pub(crate) fn heaviest(reasons: impl Iterator<Item = Reason>) -> Vec<Reason> {
    let mut out: Vec<Reason> = reasons.filter(|reason| reason.weight > 0.0).collect();
    out.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.item.cmp(&b.item)));
    out
}

/// Lists of neighbours with weights, one a product, end to end.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Neighbours {
    pub(crate) starts: Vec<usize>,
    pub(crate) items: Vec<u32>,
    pub(crate) weights: Vec<f32>,
}

impl Neighbours {
    pub(crate) fn of_lists(lists: Vec<Vec<(u32, f32)>>) -> Self {
        let mut out = Self { starts: vec![0], ..Self::default() };
        for list in lists {
            for (item, weight) in list {
                out.items.push(item);
                out.weights.push(weight);
            }
            out.starts.push(out.items.len());
        }
        out
    }

    /// The neighbours of a product with their weights.
    pub fn of(&self, item: u32) -> impl Iterator<Item = (u32, f32)> + '_ {
        let at = item as usize;
        let range = match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(from), Some(to)) => *from..*to,
            _ => 0..0,
        };
        let items = self.items.get(range.clone()).unwrap_or_default();
        items.iter().copied().zip(self.weights.get(range).unwrap_or_default().iter().copied())
    }

    /// The weight of one neighbour; 0 where it is none.
    pub(crate) fn weight(&self, from: u32, to: u32) -> f32 {
        self.of(from).find(|(item, _)| *item == to).map_or(0.0, |(_, weight)| weight)
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    pub(crate) fn is_sound(&self) -> bool {
        let n = self.len();
        self.starts.first() == Some(&0)
            && self.starts.last() == Some(&self.items.len())
            && self.starts.is_sorted()
            && self.items.len() == self.weights.len()
            && self.items.iter().all(|item| (*item as usize) < n)
            && self.weights.iter().all(|weight| weight.is_finite())
    }
}
