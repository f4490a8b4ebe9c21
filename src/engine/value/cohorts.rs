//! Customers by the month of their first order: what they brought, and what they are expected to bring.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::forecast::Worth;
use crate::features::behaviour::to_date;

/// Customers who first ordered in the same month.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cohort {
    /// The first day of the month.
    pub month: NaiveDate,
    pub customers: usize,
    pub repeating: usize,
    /// Customers expected to be still there; `None` where the orders do not tell.
    pub alive: Option<f64>,
    /// Orders so far, the first one too.
    pub orders: u64,
    /// Money so far.
    pub spent: f64,
    /// Orders expected within the horizon.
    pub expected_orders: f64,
    /// Money expected within the horizon.
    pub expected: f64,
}

/// The cohorts, oldest first.
pub(super) fn cohorts(all: &[Worth]) -> Vec<Cohort> {
    let mut by: BTreeMap<NaiveDate, Cohort> = BTreeMap::new();
    for worth in all {
        let first = to_date(worth.history.first);
        let month = first.with_day(1).unwrap_or(first);
        let cohort = by.entry(month).or_insert(Cohort {
            month,
            customers: 0,
            repeating: 0,
            alive: None,
            orders: 0,
            spent: 0.0,
            expected_orders: 0.0,
            expected: 0.0,
        });
        cohort.customers += 1;
        cohort.repeating += usize::from(worth.history.x > 0);
        if let Some(alive) = worth.alive {
            *cohort.alive.get_or_insert(0.0) += alive;
        }
        cohort.orders += u64::from(worth.history.x) + 1;
        cohort.spent += worth.history.spent;
        cohort.expected_orders += worth.orders.value;
        cohort.expected += worth.money.map_or(0.0, |money| money.value);
    }
    by.into_values().collect()
}
