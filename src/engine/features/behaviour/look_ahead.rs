//! The check that no feature looks ahead: computed from books of which everything after the day is
//! removed, and again from books of which it is made up, each must come out to the last bit as it did.

use super::BehaviourError;
use super::books::Books;
use super::build::values;
use super::fitted::{Feature, FittedBehaviour};
use super::label::is_asked;
use super::question::Day;
use crate::job::Reporter;

/// Customers whose rows are computed three times.
const SAMPLE: usize = 500;

/// Recomputes every feature of up to 500 customers, spread over the shop, on each of `days`: with all
/// later rows removed, and with all later rows made up.
///
/// # Errors
/// [`BehaviourError::LooksAhead`] with the names of the features that changed; the person cancels.
pub fn check(books: &Books, fitted: &FittedBehaviour, days: &[Day], report: &Reporter) -> crate::Result<()> {
    let sample = books.sample(SAMPLE);
    let compute = |books: &Books, customers: &[u32], day: Day| {
        values(books, fitted, customers, &vec![day; customers.len()], report)
    };
    let asked = |day: Day| {
        let all = (0..sample.customers).filter(|c| is_asked(&sample, &fitted.question, *c, day));
        all.filter_map(|customer| u32::try_from(customer).ok()).collect::<Vec<u32>>()
    };
    compare(&sample, days, &fitted.features(), asked, compute)
}

/// [`check`] for any way to compute features: `compute` gives one row per customer.
pub(super) fn compare(
    books: &Books,
    days: &[Day],
    features: &[Feature],
    asked: impl Fn(Day) -> Vec<u32>,
    compute: impl Fn(&Books, &[u32], Day) -> crate::Result<Vec<f64>>,
) -> crate::Result<()> {
    let mut changed = vec![false; features.len()];
    let width = features.len().max(1);
    for day in days {
        let customers = asked(*day);
        let full = compute(books, &customers, *day)?;
        for other in [books.cut(*day), books.scrambled(*day)] {
            let again = compute(&other, &customers, *day)?;
            let pairs = full.chunks_exact(width).zip(again.chunks_exact(width));
            for (a, b) in pairs {
                for ((flag, a), b) in changed.iter_mut().zip(a).zip(b) {
                    *flag |= a.to_bits() != b.to_bits() && !(a.is_nan() && b.is_nan());
                }
            }
        }
    }
    let names: Vec<&str> = features
        .iter()
        .zip(&changed)
        .filter(|(_, changed)| **changed)
        .map(|(f, _)| f.name.as_str())
        .collect();
    match names.is_empty() {
        true => Ok(()),
        false => Err(BehaviourError::LooksAhead { features: names.join(", ") }.into()),
    }
}
