//! Rules of the house: what is never offered, however likely, and what each rule costs in hits.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::evaluate::mask;
use super::fresh::Facts;
use super::rank::{Offer, top};
use super::{Case, Histories, Recommender};
use crate::job::{Cancelled, Reporter};

/// The list whose hits a rule may cost.
const LIST: usize = 10;
/// Customers by whom the cost is told.
const MOST: usize = 5_000;

/// What is known beside the events. Lists have one entry a product, or a customer; empty where nothing is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sides {
    /// The category of a product.
    pub category: Vec<Option<u32>>,
    pub categories: Vec<String>,
    /// Pieces in stock.
    pub stock: Vec<Option<f64>>,
    /// Price less cost as a share of the price.
    pub margin: Vec<Option<f64>>,
    /// Whether a customer may be written to.
    pub consent: Vec<Option<bool>>,
    /// What the list of products tells of each, those among them that nobody took.
    pub facts: Facts,
}

/// The rules; all off at first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HouseRules {
    /// Nothing that is out of stock.
    pub in_stock: bool,
    /// Nothing below this margin, a share of the price.
    pub min_margin: Option<f64>,
    /// Nothing that the customer has already.
    pub not_owned: bool,
    /// Nobody who did not agree; unknown counts as no.
    pub consent: bool,
    /// At most so many products of a category in a list.
    pub per_category: Option<usize>,
}

/// What a rule costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RuleCost {
    /// `in_stock`, `min_margin`, `not_owned`, `consent`, `per_category`, or `all` together.
    pub rule: &'static str,
    /// Customers asked.
    pub customers: usize,
    /// Of these, hits in the first ten without the rule, and with it.
    pub hits_before: usize,
    pub hits_after: usize,
}

impl HouseRules {
    /// True where no rule is on.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Each rule that is on, alone, with its name.
    pub fn single(&self) -> Vec<(&'static str, Self)> {
        let off = Self::default();
        let all = [
            ("in_stock", self.in_stock, Self { in_stock: true, ..off }),
            ("min_margin", self.min_margin.is_some(), Self { min_margin: self.min_margin, ..off }),
            ("not_owned", self.not_owned, Self { not_owned: true, ..off }),
            ("consent", self.consent, Self { consent: true, ..off }),
            ("per_category", self.per_category.is_some(), Self { per_category: self.per_category, ..off }),
        ];
        all.into_iter().filter(|(_, is_on, _)| *is_on).map(|(name, _, rules)| (name, rules)).collect()
    }

    /// True if the customer may be offered anything.
    pub fn may_ask(&self, sides: &Sides, customer: Option<usize>) -> bool {
        let agreed = |customer: usize| sides.consent.get(customer).copied().flatten() == Some(true);
        !self.consent || customer.is_none_or(agreed)
    }

    /// True if the product may be offered to anyone. What is not known of a product forbids nothing.
    pub fn may_offer(&self, sides: &Sides, item: usize) -> bool {
        let of = |list: &[Option<f64>]| list.get(item).copied().flatten();
        let in_stock = !self.in_stock || of(&sides.stock).is_none_or(|pieces| pieces > 0.0);
        let earns = |least: f64| of(&sides.margin).is_none_or(|margin| margin >= least);
        in_stock && self.min_margin.is_none_or(earns)
    }

    /// The first `n` offers that keep the rules. `scores` are those of the model, with `NEG_INFINITY` for
    /// what is not offered anyway; they are changed.
    pub fn list(
        &self,
        sides: &Sides,
        (customer, history): (Option<usize>, &[u32]),
        (scores, second): (&mut [f32], &[f32]),
        n: usize,
    ) -> Vec<Offer> {
        if !self.may_ask(sides, customer) {
            return Vec::new();
        }
        if self.not_owned {
            mask(history, scores);
        }
        if self.in_stock || self.min_margin.is_some() {
            for (item, score) in scores.iter_mut().enumerate() {
                if !self.may_offer(sides, item) {
                    *score = f32::NEG_INFINITY;
                }
            }
        }
        let Some(most) = self.per_category else { return top(scores, second, n) };
        let mut counts: HashMap<u32, usize> = HashMap::new();
        let mut room = |offer: &Offer| match sides.category.get(offer.item as usize).copied().flatten() {
            None => true,
            Some(category) => {
                let count = counts.entry(category).or_default();
                *count += 1;
                *count <= most
            }
        };
        let all = top(scores, second, scores.len());
        all.into_iter().filter(|offer| room(offer)).take(n).collect()
    }

    /// What each rule costs in hits among the first ten, alone, and all together.
    ///
    /// # Errors
    /// The person cancels.
    pub fn costs(
        &self,
        model: &dyn Recommender,
        (train, cases): (&Histories, &[Case]),
        (seen_in, second, sides): (bool, &[f32], &Sides),
        report: &Reporter,
    ) -> Result<Vec<RuleCost>, Cancelled> {
        use rayon::prelude::*;
        let mut rules = vec![("none", Self::default())];
        rules.extend(self.single());
        if rules.len() > 2 {
            rules.push(("all", *self));
        }
        if rules.len() == 1 {
            return Ok(Vec::new());
        }
        let most = (400_000_000 / train.n_items.max(1)).clamp(50, MOST);
        let every = cases.len().div_ceil(most).max(1);
        let some: Vec<&Case> = cases.iter().step_by(every).collect();
        let hits: Vec<Vec<bool>> = some
            .par_iter()
            .map(|case| {
                report.check()?;
                let history = train.of(case.customer as usize);
                let mut scores = vec![0.0; train.n_items];
                model.score(history, &mut scores);
                if !seen_in {
                    mask(history, &mut scores);
                }
                let who = (Some(case.customer as usize), history);
                let hit = |(_, rule): &(&str, Self)| {
                    let list = rule.list(sides, who, (&mut scores.clone(), second), LIST);
                    list.iter().any(|offer| case.wanted.contains(&offer.item))
                };
                Ok(rules.iter().map(hit).collect())
            })
            .collect::<Result<_, Cancelled>>()?;
        let count = |at: usize| hits.iter().filter(|one| one.get(at) == Some(&true)).count();
        let before = count(0);
        let of = |(at, (rule, _)): (usize, &(&'static str, Self))| RuleCost {
            rule,
            customers: some.len(),
            hits_before: before,
            hits_after: count(at),
        };
        Ok(rules.iter().enumerate().skip(1).map(of).collect())
    }
}
