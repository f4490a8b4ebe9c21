//! What is learnt from, and what is asked.

use std::collections::HashSet;

use super::{Interactions, Protocol, RecommendError};
use crate::features::behaviour::{Date, day_of, to_date, to_day};

/// Share of the events up to the proposed cut-off day.
const LEARNT: f64 = 0.8;
const DAY_MS: i64 = 86_400_000;

/// Events that are learnt from: each customer's together, oldest first. Lists have one entry an event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Histories {
    starts: Vec<usize>,
    items: Vec<u32>,
    times: Vec<i64>,
    baskets: Vec<u32>,
    /// Products, taken or not.
    pub n_items: usize,
}

impl Histories {
    /// An empty list of customers over so many products.
    pub fn over(n_items: usize) -> Self {
        Self { starts: vec![0], n_items, ..Self::default() }
    }

    /// Adds a customer with its events (item, milliseconds, basket), oldest first.
    pub fn push(&mut self, events: impl IntoIterator<Item = (u32, i64, u32)>) {
        for (item, time, basket) in events {
            self.items.push(item);
            self.times.push(time);
            self.baskets.push(basket);
        }
        self.starts.push(self.items.len());
    }

    /// Customers, with events or without.
    pub fn customers(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    fn range(&self, customer: usize) -> std::ops::Range<usize> {
        match (self.starts.get(customer), self.starts.get(customer + 1)) {
            (Some(from), Some(to)) => *from..*to,
            _ => 0..0,
        }
    }

    /// A customer's products, oldest first, repeats and all.
    pub fn of(&self, customer: usize) -> &[u32] {
        self.items.get(self.range(customer)).unwrap_or_default()
    }

    /// The times of the same events.
    pub fn times(&self, customer: usize) -> &[i64] {
        self.times.get(self.range(customer)).unwrap_or_default()
    }

    /// The baskets of the same events.
    pub fn baskets(&self, customer: usize) -> &[u32] {
        self.baskets.get(self.range(customer)).unwrap_or_default()
    }

    /// Events.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True without events.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The latest time, in milliseconds since 1970; 0 without events.
    pub fn last_time(&self) -> i64 {
        self.times.iter().copied().max().unwrap_or_default()
    }

    /// The same customers without the events of the products that are `gone`.
    pub fn without_items(&self, gone: &[bool]) -> Self {
        let mut out = Self::over(self.n_items);
        for customer in 0..self.customers() {
            let all = self.of(customer).iter().zip(self.times(customer)).zip(self.baskets(customer));
            let kept = all.filter(|((item, _), _)| gone.get(**item as usize) != Some(&true));
            out.push(kept.map(|((item, time), basket)| (*item, *time, *basket)));
        }
        out
    }

    /// The same customers without the last event of each that has two or more, and those events as cases.
    pub fn without_last(&self) -> (Self, Vec<Case>) {
        let (mut rest, mut cases) = (Self::over(self.n_items), Vec::new());
        for customer in 0..self.customers() {
            let (items, times, baskets) = (self.of(customer), self.times(customer), self.baskets(customer));
            let keep = if items.len() > 1 { items.len() - 1 } else { items.len() };
            if let (Some(last), true) = (items.get(keep), items.len() > 1) {
                cases.push(Case { customer: customer as u32, wanted: vec![*last] });
            }
            let all =
                items.iter().zip(times).zip(baskets).map(|((item, time), basket)| (*item, *time, *basket));
            rest.push(all.take(keep));
        }
        (rest, cases)
    }
}

/// A customer of whom is asked, and the different products that the customer took, first ones first.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub customer: u32,
    pub wanted: Vec<u32>,
}

/// A question with its answers.
#[derive(Debug, Clone)]
pub struct Task {
    pub protocol: Protocol,
    pub train: Histories,
    pub cases: Vec<Case>,
    /// The last day that is learnt from, of a split by time.
    pub cut_off: Option<Date>,
    /// Customers who took something only after that day: nothing is known of them.
    pub unknown: usize,
}

impl Task {
    /// Holds out what `protocol` says. `cut_off` is the last day that is learnt from.
    ///
    /// # Errors
    /// One customer, one product, a day outside the data, nobody to ask about.
    pub fn new(
        all: &Interactions,
        protocol: Protocol,
        cut_off: Option<Date>,
    ) -> Result<Self, RecommendError> {
        let taken: HashSet<u32> = all.events().iter().map(|event| event.item).collect();
        if taken.len() < 2 {
            let name = taken.iter().next().and_then(|item| all.items.get(*item as usize));
            return Err(RecommendError::OneProduct { product: name.cloned().unwrap_or_default() });
        }
        if all.active() < 2 {
            return Err(RecommendError::OneCustomer);
        }
        match protocol {
            Protocol::LeaveLastOut => {
                let (train, cases) = histories(all, i64::MAX).without_last();
                match cases.is_empty() {
                    true => Err(RecommendError::NoSecond),
                    false => Ok(Self { protocol, train, cases, cut_off: None, unknown: 0 }),
                }
            }
            Protocol::TimeSplit => Self::by_time(all, cut_off),
        }
    }

    fn by_time(all: &Interactions, cut_off: Option<Date>) -> Result<Self, RecommendError> {
        let (first, last) = all.span().ok_or(RecommendError::OneCustomer)?;
        let (first, last) = (day_of(first), day_of(last));
        let day = cut_off.map_or_else(|| proposed(all), to_day);
        if day < first || day >= last {
            return Err(RecommendError::CutOff {
                day: to_date(day).to_string(),
                first: to_date(first).to_string(),
                last: to_date(last - 1).to_string(),
            });
        }
        let end = (i64::from(day) + 1).saturating_mul(DAY_MS) - 1;
        let train = histories(all, end);
        let (mut cases, mut unknown) = (Vec::new(), 0);
        for customer in 0..all.customers.len() {
            let mut seen = HashSet::new();
            let later = all.of(customer).iter().filter(|event| event.time > end);
            let wanted: Vec<u32> = later.map(|event| event.item).filter(|item| seen.insert(*item)).collect();
            match (wanted.is_empty(), train.of(customer).is_empty()) {
                (true, _) => {}
                (false, true) => unknown += 1,
                (false, false) => cases.push(Case { customer: customer as u32, wanted }),
            }
        }
        match cases.is_empty() {
            true => Err(RecommendError::Nobody { day: to_date(day).to_string() }),
            false => {
                Ok(Self { protocol: Protocol::TimeSplit, train, cases, cut_off: Some(to_date(day)), unknown })
            }
        }
    }

    /// The last time that is learnt from, in milliseconds since 1970.
    pub fn until(&self) -> i64 {
        self.train.last_time()
    }
}

/// All events up to a time.
pub(crate) fn histories(all: &Interactions, until: i64) -> Histories {
    let mut out = Histories::over(all.items.len());
    for customer in 0..all.customers.len() {
        let known = all.of(customer).iter().take_while(|event| event.time <= until);
        out.push(known.map(|event| (event.item, event.time, event.basket)));
    }
    out
}

/// The day up to which so many of the events lie, but never the last one.
fn proposed(all: &Interactions) -> i32 {
    let mut times: Vec<i64> = all.events().iter().map(|event| event.time).collect();
    times.sort_unstable();
    let at = ((times.len() as f64 * LEARNT) as usize).min(times.len().saturating_sub(1));
    let last = times.last().map_or(0, |time| day_of(*time));
    times.get(at).map_or(last - 1, |time| day_of(*time).min(last - 1))
}
