//! What follows what: a first-order Markov chain over each customer's events in their order
//! (Rendle et al. 2010 name it as the plain form of theirs).

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Neighbours, Reason, Recommender};
use crate::recommend::Histories;

/// For each product, how often each other came right after it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Markov {
    /// Counts of successors.
    next: Neighbours,
}

impl Markov {
    /// Counts successors.
    pub fn fit(histories: &Histories) -> Self {
        let mut counts: Vec<HashMap<u32, u32>> = vec![HashMap::new(); histories.n_items];
        for customer in 0..histories.customers() {
            for pair in histories.of(customer).windows(2) {
                if let [from, to] = pair
                    && let Some(list) = counts.get_mut(*from as usize)
                {
                    *list.entry(*to).or_default() += 1;
                }
            }
        }
        let lists = counts.into_iter().map(|list| {
            let mut list: Vec<(u32, f32)> = list.into_iter().map(|(to, n)| (to, n as f32)).collect();
            list.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            list
        });
        Self { next: Neighbours::of_lists(lists.collect()) }
    }

    pub(super) fn is_sound(&self) -> bool {
        self.next.is_sound()
    }
}

impl Recommender for Markov {
    fn score(&self, history: &[u32], out: &mut [f32]) {
        out.fill(0.0);
        let Some(last) = history.last() else { return };
        for (item, count) in self.next.of(*last) {
            if let Some(score) = out.get_mut(item as usize) {
                *score = count;
            }
        }
    }

    fn because(&self, history: &[u32], item: u32) -> Vec<Reason> {
        let last = history.last().map(|last| Reason { item: *last, weight: self.next.weight(*last, item) });
        last.into_iter().filter(|reason| reason.weight > 0.0).collect()
    }

    fn items(&self) -> usize {
        self.next.len()
    }
}
