//! The list in force as a book of calls: in the order of risk, with prefix sums, so that any threshold
//! is answered without a look at the customers.

use chrono::NaiveDate;

use super::MoneySpec;
use crate::deploy::{Customer, FollowUps};

/// Days for which a customer who was called is left in peace.
pub const REST_DAYS: i64 = 30;

/// Those who can be called, the most likely to leave first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Book {
    /// Places in the list.
    places: Vec<usize>,
    /// Their probabilities, descending.
    probabilities: Vec<f64>,
    /// Sums of the first n probabilities.
    sums: Vec<f64>,
    /// Left out: must not be contacted, or were a short while ago.
    pub refuse: usize,
    pub resting: usize,
}

/// A number of calls and what they should come to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Called {
    pub calls: usize,
    /// Customers at or above the threshold; more than `calls` where a limit cuts.
    pub wanted: usize,
    pub cost: f64,
    /// Customers among them who would leave, by their probabilities.
    pub leavers: f64,
    /// Customers who stay because of the call.
    pub kept: f64,
    /// What those are worth.
    pub worth: f64,
    /// `worth` less `cost`.
    pub profit: f64,
}

impl Book {
    /// The book of a list that stands in the order of risk. Those who are known to have left are not in
    /// it, nor those who must not be contacted, or were within [`REST_DAYS`] days before `today`
    /// (`2026-11-25`).
    pub fn new(list: &[Customer], follow_ups: &FollowUps, today: &str) -> Self {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        let today = day(today);
        let mut book = Self { sums: vec![0.0], ..Self::default() };
        let mut sum = 0.0;
        for (place, customer) in list.iter().enumerate() {
            if customer.actual == Some(true) || customer.probability.is_nan() {
                continue;
            }
            let record = (customer.named && !follow_ups.is_empty()).then(|| follow_ups.get(&customer.id));
            if let Some(record) = record.flatten() {
                if record.do_not_contact {
                    book.refuse += 1;
                    continue;
                }
                let since = record.contacted.as_deref().and_then(day).zip(today);
                if since.is_some_and(|(then, now)| (0..REST_DAYS).contains(&(now - then).num_days())) {
                    book.resting += 1;
                    continue;
                }
            }
            sum += customer.probability;
            book.places.push(place);
            book.probabilities.push(customer.probability);
            book.sums.push(sum);
        }
        book
    }

    /// Customers that could be called.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True if there is nobody to call.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Places in the list of the first `calls` customers.
    pub fn first(&self, calls: usize) -> &[usize] {
        self.places.get(..calls.min(self.len())).unwrap_or_default()
    }

    /// The probability of the customer at a place of the book.
    pub fn probability(&self, at: usize) -> Option<f64> {
        self.probabilities.get(at).copied()
    }

    /// What calling everyone at or above a threshold comes to, within the limit.
    pub fn called(&self, spec: &MoneySpec, threshold: f64) -> Called {
        let wanted = self.probabilities.partition_point(|p| *p >= threshold);
        let calls = wanted.min(spec.most_calls().unwrap_or(usize::MAX));
        Called { wanted, ..self.of(spec, calls) }
    }

    /// What calling the first `calls` customers comes to.
    pub fn of(&self, spec: &MoneySpec, calls: usize) -> Called {
        let calls = calls.min(self.len());
        let leavers = self.sums.get(calls).copied().unwrap_or(0.0);
        let cost = spec.cost * calls as f64;
        let kept = spec.accept * leavers;
        let worth = spec.value * kept;
        Called { calls, wanted: calls, cost, leavers, kept, worth, profit: worth - cost }
    }

    /// The numbers of calls that a threshold can ask for, ascending: equal customers are called together,
    /// but where `most` cuts.
    pub(super) fn ends(&self, most: usize) -> Vec<usize> {
        let most = most.min(self.len());
        let differ =
            |&end: &usize| end == most || self.probabilities.get(end) != self.probabilities.get(end - 1);
        (1..=most).filter(differ).collect()
    }

    /// The threshold of the plan that should bring most: everyone whose call should bring more than it
    /// costs, as far as the limit allows. Where the limit would cut among equal customers they are left
    /// out, unless nobody else is there. `None` where no call pays.
    pub fn best(&self, spec: &MoneySpec) -> Option<f64> {
        let paying = self.probabilities.partition_point(|p| spec.profit(*p, 1.0) > 0.0);
        let last = self.probability(paying.checked_sub(1)?)?;
        let within = self.within(spec, last);
        if self.called(spec, within).calls > 0 {
            return Some(within);
        }
        (self.called(spec, last).calls > 0).then_some(last)
    }

    /// The lowest threshold, not below `best`, at which the list is no longer than the limit; `best`
    /// where there is none. Above 1 where the riskiest customers are equal and more than the limit.
    pub fn within(&self, spec: &MoneySpec, best: f64) -> f64 {
        let Some(most) = spec.most_calls().filter(|most| *most < self.len()) else { return best };
        // The first who is left out; those who are equal to them are left out as well.
        let out = self.probabilities.get(most).copied().unwrap_or(f64::INFINITY);
        let kept = self.probabilities.partition_point(|p| *p > out);
        match kept.checked_sub(1).and_then(|last| self.probabilities.get(last)) {
            Some(last) => best.max(*last),
            None => best.max(out.next_up()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::deploy::FollowUp;
    use crate::evaluate::money::Limit;

    pub(in super::super) fn customers(probabilities: &[f64]) -> Vec<Customer> {
        let one = |(at, p): (usize, &f64)| Customer {
            row: at as u32,
            id: format!("C{at}"),
            named: true,
            probability: *p,
            side: None,
            actual: None,
            segment: None,
            place: at,
            rank: at + 1,
        };
        probabilities.iter().enumerate().map(one).collect()
    }

    #[test]
    fn sums_are_those_of_the_customers_at_every_threshold() {
        let p: Vec<f64> = (0..500).map(|at| 1.0 - (at / 3) as f64 / 170.0).collect();
        let mut list = customers(&p);
        list[4].actual = Some(true);
        let mut follow_ups = FollowUps::new();
        let contacted = |day: &str| FollowUp { contacted: Some(day.into()), ..FollowUp::default() };
        follow_ups.insert("C7".into(), FollowUp { do_not_contact: true, ..FollowUp::default() });
        follow_ups.insert("C8".into(), contacted("2026-11-20"));
        follow_ups.insert("C9".into(), contacted("2026-10-01"));
        follow_ups.insert("C10".into(), contacted("next week"));
        let book = Book::new(&list, &follow_ups, "2026-11-28");
        assert_eq!((book.len(), book.refuse, book.resting), (497, 1, 1));
        let spec = MoneySpec { value: 80.0, cost: 3.0, accept: 0.4, ..MoneySpec::default() };
        for threshold in [0.0, 0.2, 0.5, 0.501, 0.97, 1.0, 1.1] {
            let named: Vec<&Customer> = list
                .iter()
                .filter(|c| c.probability >= threshold && c.actual.is_none())
                .filter(|c| !["C7", "C8"].contains(&c.id.as_str()))
                .collect();
            let called = book.called(&spec, threshold);
            let leavers: f64 = named.iter().map(|c| c.probability).sum();
            assert_eq!((called.calls, called.wanted), (named.len(), named.len()));
            assert!((called.leavers - leavers).abs() < 1e-9);
            let profit = 0.4 * 80.0 * leavers - 3.0 * named.len() as f64;
            assert!((called.profit - profit).abs() < 1e-9 && called.cost == 3.0 * named.len() as f64);
            let ids: Vec<usize> = named.iter().map(|c| c.place).collect();
            assert_eq!(book.first(called.calls), ids);
        }
    }

    #[test]
    fn the_limit_is_kept_and_ties_do_not_break_it() {
        let book = Book::new(&customers(&[0.9, 0.8, 0.8, 0.8, 0.5, 0.1]), &FollowUps::new(), "2026-11-28");
        let limit = |limit| MoneySpec { cost: 2.0, limit, ..MoneySpec::default() };
        for (spec, threshold) in [
            (limit(Limit::None), 0.3),
            (limit(Limit::Calls(5)), 0.5),
            (limit(Limit::Calls(4)), 0.8),
            (limit(Limit::Calls(3)), 0.9),
            (limit(Limit::Budget(3.9)), 0.9),
            (limit(Limit::Calls(99)), 0.3),
        ] {
            assert_eq!(book.within(&spec, 0.3), threshold, "{spec:?}");
            let called = book.called(&spec, threshold);
            assert_eq!(called.calls, called.wanted, "the threshold alone keeps the limit");
        }
        assert!(book.within(&limit(Limit::Calls(0)), 0.3) > 0.9);
        // Dragged below, the limit still cuts.
        let called = book.called(&limit(Limit::Calls(2)), 0.0);
        assert_eq!((called.calls, called.wanted, called.cost), (2, 6, 4.0));
        let none = Book::new(&[], &FollowUps::new(), "");
        assert_eq!(none.called(&limit(Limit::None), 0.0), Called::default());
    }

    #[test]
    fn the_best_plan_calls_whoever_pays_within_the_limit() {
        let book = Book::new(&customers(&[0.9, 0.8, 0.8, 0.4, 0.2, 0.1]), &FollowUps::new(), "2026-11-28");
        // A call pays from 10 / (0.25 · 100) = 0.4, where it brings just what it costs.
        let spec = |limit| MoneySpec { cost: 10.0, limit, ..MoneySpec::default() };
        assert_eq!(book.best(&spec(Limit::None)), Some(0.8));
        assert_eq!(book.called(&spec(Limit::None), 0.8).calls, 3);
        assert_eq!(book.best(&spec(Limit::Calls(2))), Some(0.9));
        assert_eq!(book.best(&spec(Limit::Budget(29.0))), Some(0.9));
        assert_eq!(book.best(&spec(Limit::Calls(0))), None);
        assert_eq!(book.best(&MoneySpec { cost: 30.0, ..spec(Limit::None) }), None);
        // Equal customers: the limit cuts among them, for there is nobody else.
        let equal = Book::new(&customers(&[0.5; 6]), &FollowUps::new(), "2026-11-28");
        let best = equal.best(&spec(Limit::Calls(4))).unwrap();
        assert_eq!(equal.called(&spec(Limit::Calls(4)), best).calls, 4);
        assert_eq!(book.ends(9), [1, 3, 4, 5, 6]);
        assert_eq!(book.ends(2), [1, 2]);
        assert_eq!(Book::default().ends(9), [0usize; 0]);
    }
}
