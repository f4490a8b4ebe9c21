//! What was found, asked by other rules of the house than those it was found with; and what is told of
//! baskets and of when customers order.

use super::{Lists, Offered, Recommended, everything};
use crate::job::Reporter;
use crate::metrics::{Estimate, proportion};
use crate::note::Note;
use crate::recommend::{self, HouseRules, Params, RecommendSpec, RuleCost, Rules};

impl Recommended {
    /// What to offer a customer by these rules of the house, with reasons.
    pub fn offers_by(&self, house: &HouseRules, customer: usize, n: usize) -> Vec<Offered> {
        self.explained(house, (Some(customer), &self.history(customer)), n)
    }

    /// The same for a basket that somebody puts together.
    pub fn what_if_by(&self, house: &HouseRules, basket: &[u32], n: usize) -> Vec<Offered> {
        self.explained(house, (None, basket), n)
    }

    /// The share of the test's customers whom a list of `cut` products drawn by chance would hit.
    pub fn hit_by_chance(&self, cut: usize) -> f64 {
        let cases = self.task.cases.iter().filter_map(|case| {
            let mut had = self.task.train.of(case.customer as usize).to_vec();
            had.sort_unstable();
            had.dedup();
            let is_open = |item: &&u32| self.seen_in || had.binary_search(item).is_err();
            let wanted = case.wanted.iter().filter(is_open).count();
            let open = if self.seen_in { self.all.items.len() } else { self.all.items.len() - had.len() };
            let [hits, _] = recommend::by_chance(open, wanted, cut);
            (wanted > 0).then_some(hits)
        });
        let (sum, count) = cases.fold((0.0, 0usize), |(sum, count), hit| (sum + hit, count + 1));
        sum / count.max(1) as f64
    }

    /// Says where ten products are more than a third of what there is: then lists are right by chance.
    pub(super) fn tell_small(&mut self) {
        let products = self.all.items.len();
        if recommend::most(products) < 10 {
            let note = Note::new("recommend_small_shop").with("products", products);
            let share = format!("{:.0}%", 100.0 * self.hit_by_chance(10));
            self.notes
                .push(note.with("share", share).with("most", RecommendSpec::default().length(products)));
        }
    }

    /// What each of the `tried` rules costs in hits, alone, and what those of `on` cost together; by the
    /// model that was fitted on the training part.
    ///
    /// # Errors
    /// The person cancels.
    pub fn rule_costs(
        &self,
        tried: &HouseRules,
        on: &HouseRules,
        report: &Reporter,
    ) -> crate::Result<Vec<RuleCost>> {
        let Some(taken) = self.taken() else { return Ok(Vec::new()) };
        let second = super::popularity(&self.task.train);
        let ask = (self.seen_in, second.as_slice(), &self.sides);
        let of = (&self.task.train, self.task.cases.as_slice());
        let mut out = tried.costs(taken.fitted.model(), of, ask, &report.part(0.0, 0.6))?;
        out.retain(|cost| cost.rule != "all");
        if on.single().len() > 1 {
            let together = on.costs(taken.fitted.model(), of, ask, &report.part(0.6, 0.4))?;
            out.extend(together.into_iter().filter(|cost| cost.rule == "all"));
        }
        Ok(out)
    }

    /// The rules that can be asked for: what they need is known of a product or a customer.
    pub fn possible_rules(&self) -> HouseRules {
        let sides = &self.sides;
        HouseRules {
            in_stock: sides.stock.iter().any(Option::is_some),
            min_margin: sides.margin.iter().any(Option::is_some).then_some(0.0),
            not_owned: self.seen_in,
            consent: sides.consent.iter().any(Option::is_some),
            per_category: sides.category.iter().any(Option::is_some).then_some(1),
        }
    }

    /// How many take a product by themselves: of the test's customers in whose first `n` it was, the share
    /// that took it afterwards, and how many they are. `None` where it was in nobody's list.
    ///
    /// # Errors
    /// The person cancels.
    pub fn uptake(&self, item: u32, n: usize, report: &Reporter) -> crate::Result<Option<(Estimate, usize)>> {
        use rayon::prelude::*;
        let Some(taken) = self.taken() else { return Ok(None) };
        let second = super::popularity(&self.task.train);
        let of = |case: &crate::recommend::Case| -> crate::Result<Option<bool>> {
            report.check()?;
            let history = self.task.train.of(case.customer as usize);
            let mut scores = vec![0.0; self.all.items.len()];
            taken.fitted.model().score(history, &mut scores);
            let house = HouseRules { not_owned: !self.seen_in, ..HouseRules::default() };
            let list = house.list(&self.sides, (None, history), (&mut scores, &second), n);
            let is_offered = list.iter().any(|offer| offer.item == item);
            Ok(is_offered.then(|| case.wanted.contains(&item)))
        };
        let asked: Vec<Option<bool>> =
            self.task.cases.par_iter().map(of).collect::<crate::Result<Vec<_>>>()?;
        let offered = asked.iter().flatten().count();
        let took = asked.iter().flatten().filter(|took| **took).count();
        Ok((offered > 0).then(|| (proportion(took as u64, offered as u64), offered)))
    }

    /// Association rules of the baskets of all events, whichever model answers.
    ///
    /// # Errors
    /// The person cancels.
    pub fn associations(&self, report: &Reporter) -> crate::Result<Rules> {
        let params = Params::default();
        let all = everything(&self.all);
        Ok(Rules::fit(&all, params.min_support, params.min_confidence, 0, report)?)
    }

    /// In how many customers' lists each product is.
    pub fn wanted_by(&self, lists: &Lists) -> Vec<usize> {
        let mut out = vec![0usize; self.all.items.len()];
        for offer in lists.iter().flat_map(|(_, list)| list) {
            if let Some(count) = out.get_mut(offer.item as usize) {
                *count += 1;
            }
        }
        out
    }
}
