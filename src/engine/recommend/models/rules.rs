//! Association rules A → b (Agrawal, Imieliński, Swami 1993) of the frequent sets, one product behind the
//! arrow. Of N baskets: support = n(A,b)/N, confidence = n(A,b)/n(A), lift = confidence / (n(b)/N).

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::fp_growth::fp_growth;
use super::{Reason, Recommender, recent};
use crate::job::{Cancelled, Reporter};
use crate::recommend::Histories;

/// Products in a rule, both sides of the arrow together.
const LONGEST: usize = 3;
/// Frequent sets from which the support is raised.
const MOST_SETS: usize = 200_000;
/// Below so many different products a basket, baskets say nothing and whole histories are taken.
const FEW: f64 = 1.2;

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Products that were taken, in rising order.
    pub from: Vec<u32>,
    /// The product that comes with them.
    pub to: u32,
    /// Baskets that hold all of them.
    pub count: u32,
    pub support: f64,
    pub confidence: f64,
    pub lift: f64,
}

/// The rules, the highest lift first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    pub rules: Vec<Rule>,
    /// Baskets.
    pub baskets: usize,
    /// True where all of a customer's products count as one basket, for baskets of one product say nothing.
    pub of_customers: bool,
    /// Least baskets of a set, raised where there were too many sets.
    pub least: u32,
    pub last: usize,
    /// Products, in rules or not.
    n_items: usize,
    /// The rules of each first product of the left side.
    by_first: HashMap<u32, Vec<u32>>,
}

/// The baskets of histories, and whether they are whole customers.
pub(crate) fn baskets(histories: &Histories) -> (Vec<Vec<u32>>, bool) {
    let (mut out, mut whole): (Vec<Vec<u32>>, Vec<Vec<u32>>) = (Vec::new(), Vec::new());
    let distinct = |mut list: Vec<u32>| {
        list.sort_unstable();
        list.dedup();
        list
    };
    for customer in 0..histories.customers() {
        let mut together: HashMap<u32, usize> = HashMap::new();
        let from = out.len();
        for (item, basket) in histories.of(customer).iter().zip(histories.baskets(customer)) {
            let at = *together.entry(*basket).or_insert_with(|| {
                out.push(Vec::new());
                out.len() - 1
            });
            if let Some(list) = out.get_mut(at) {
                list.push(*item);
            }
        }
        for list in out.iter_mut().skip(from) {
            *list = distinct(std::mem::take(list));
        }
        if !histories.of(customer).is_empty() {
            whole.push(distinct(histories.of(customer).to_vec()));
        }
    }
    let sizes: usize = out.iter().map(Vec::len).sum();
    match (sizes as f64) < FEW * out.len() as f64 {
        true => (whole, true),
        false => (out, false),
    }
}

impl Rules {
    /// Finds the rules of histories. `min_support` is a share of the baskets, but never less than two.
    ///
    /// # Errors
    /// The person cancels.
    pub fn fit(
        histories: &Histories,
        min_support: f64,
        min_confidence: f64,
        last: usize,
        report: &Reporter,
    ) -> Result<Self, Cancelled> {
        let (baskets, of_customers) = baskets(histories);
        let n = baskets.len();
        let mut least = ((min_support * n as f64).ceil() as u32).max(2);
        let sets = loop {
            let (sets, all) = fp_growth(&baskets, least, LONGEST, MOST_SETS, report)?;
            if all {
                break sets;
            }
            least = least.saturating_mul(2);
        };
        let counts: HashMap<&[u32], u32> = sets.iter().map(|set| (set.items.as_slice(), set.count)).collect();
        let mut rules = Vec::new();
        for set in sets.iter().filter(|set| set.items.len() > 1) {
            for (at, to) in set.items.iter().enumerate() {
                let mut from = set.items.clone();
                from.remove(at);
                let (Some(before), Some(after)) =
                    (counts.get(from.as_slice()), counts.get(std::slice::from_ref(to)))
                else {
                    continue;
                };
                let confidence = f64::from(set.count) / f64::from(*before);
                if confidence >= min_confidence {
                    rules.push(Rule {
                        from,
                        to: *to,
                        count: set.count,
                        support: f64::from(set.count) / n as f64,
                        confidence,
                        lift: confidence * n as f64 / f64::from(*after),
                    });
                }
            }
        }
        rules.sort_by(|a, b| b.lift.total_cmp(&a.lift).then(b.count.cmp(&a.count)).then(a.from.cmp(&b.from)));
        let mut out = Self {
            rules,
            baskets: n,
            of_customers,
            least,
            last,
            n_items: histories.n_items,
            ..Self::default()
        };
        out.index();
        Ok(out)
    }

    fn index(&mut self) {
        self.by_first.clear();
        for (at, rule) in (0u32..).zip(&self.rules) {
            if let Some(first) = rule.from.first() {
                self.by_first.entry(*first).or_default().push(at);
            }
        }
    }

    /// The rules whose left side a history holds.
    fn met<'a>(&'a self, own: &'a HashSet<u32>) -> impl Iterator<Item = &'a Rule> + 'a {
        let places = own.iter().filter_map(|item| self.by_first.get(item)).flatten();
        let rules = places.filter_map(|at| self.rules.get(*at as usize));
        rules.filter(|rule| rule.from.iter().all(|item| own.contains(item)))
    }

    /// The rule that speaks most for a product after a history: the highest confidence.
    pub fn rule_for(&self, history: &[u32], item: u32) -> Option<&Rule> {
        let own: HashSet<u32> = recent(history, self.last, self.n_items).into_iter().collect();
        // Collected before the borrow of `own` ends: only the place of the best is kept.
        let mut best: Option<&Rule> = None;
        for first in &own {
            for at in self.by_first.get(first).into_iter().flatten() {
                let Some(rule) = self.rules.get(*at as usize) else { continue };
                let applies = rule.to == item && rule.from.iter().all(|one| own.contains(one));
                if applies
                    && best
                        .is_none_or(|other| (rule.confidence, &rule.from) > (other.confidence, &other.from))
                {
                    best = Some(rule);
                }
            }
        }
        best
    }

    pub(super) fn is_sound(&self) -> bool {
        let within = |item: &u32| (*item as usize) < self.n_items;
        let sound = |rule: &Rule| {
            within(&rule.to)
                && rule.from.iter().all(within)
                && [rule.support, rule.confidence, rule.lift].iter().all(|value| value.is_finite())
        };
        self.rules.iter().all(sound)
            && self.by_first.values().flatten().all(|at| (*at as usize) < self.rules.len())
    }
}

impl Recommender for Rules {
    /// The highest confidence of the rules that a history meets.
    fn score(&self, history: &[u32], out: &mut [f32]) {
        out.fill(0.0);
        let own: HashSet<u32> = recent(history, self.last, self.n_items).into_iter().collect();
        for rule in self.met(&own) {
            if let Some(score) = out.get_mut(rule.to as usize) {
                *score = score.max(rule.confidence as f32);
            }
        }
    }

    fn because(&self, history: &[u32], item: u32) -> Vec<Reason> {
        let rule = self.rule_for(history, item);
        let of = |rule: &Rule| {
            let weight = rule.confidence as f32;
            rule.from.iter().map(|item| Reason { item: *item, weight }).collect()
        };
        rule.map(of).unwrap_or_default()
    }

    fn items(&self) -> usize {
        self.n_items
    }
}
