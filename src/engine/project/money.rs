//! A trained model and what the person says of money → whom to call, and what that brings.

use super::{Outcome, Prepared};
use crate::deploy::{Customer, FollowUps, today};
use crate::evaluate::money::{Book, MoneySpec, ProfitCurve};
use crate::job::Reporter;
use crate::split::Side;
use crate::table::Role;

/// What calling the list in force gains.
#[derive(Debug, Clone, PartialEq)]
pub struct Gains {
    /// Of the list, with a band from the test rows.
    pub curve: ProfitCurve,
    /// The threshold of the plan that should bring most within the limit; `None` where no call pays.
    pub best: Option<f64>,
}

/// Measures what calling those of `book` gains.
///
/// # Errors
/// The person cancelled.
pub fn gains(
    spec: &MoneySpec,
    outcome: &Outcome,
    book: &Book,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Gains> {
    let curve = ProfitCurve::new(&outcome.test, spec, book, seed, report)?;
    Ok(Gains { curve, best: book.best(spec) })
}

/// Those of a list who can be called today.
pub fn call_book(list: &[Customer], follow_ups: &FollowUps) -> Book {
    Book::new(list, follow_ups, &today())
}

/// Columns of money with the mean of their training rows: what a customer may be worth.
pub fn worths(prepared: &Prepared) -> Vec<(String, f64)> {
    let frame = prepared.cleaning.before_filling();
    let money = prepared.schema.iter().filter(|spec| spec.role == Role::Money);
    let mean = |name: &str| {
        let values = frame.numbers(name)?;
        let train = values.iter().zip(&prepared.sides).filter(|(_, side)| **side == Side::Train);
        let known: Vec<f64> =
            train.filter_map(|(value, _)| *value).filter(|value| value.is_finite()).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    };
    money.filter_map(|spec| Some((spec.name.clone(), mean(&spec.name)?))).collect()
}
