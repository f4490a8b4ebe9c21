//! Who is asked about on a day, and what happened to them after it.

use super::books::Books;
use super::orders::{gaps_of, median};
use super::question::{Churn, Day, Question, SHORTEST_RHYTHM};

/// True for a customer of whom the question is asked on `day`: the first purchase lies at least
/// `min_history_days` back, the latest one within the last `look_back_days` days. Looks at nothing after `day`.
pub fn is_asked(books: &Books, question: &Question, customer: usize, day: Day) -> bool {
    let days = known(books, customer, day);
    let old_enough = |first: &Day| day.saturating_sub(*first) >= question.min_history();
    let alive = |last: &Day| day.saturating_sub(*last) < question.look_back();
    days.first().is_some_and(old_enough) && days.last().is_some_and(alive)
}

/// Days after `day` in which the customer is given to buy.
pub fn window(books: &Books, question: &Question, customer: usize, day: Day) -> Day {
    let horizon = question.horizon();
    let Churn::OwnRhythm { factor } = question.churn else { return horizon };
    let mut gaps = Vec::new();
    gaps_of(known(books, customer, day), &mut gaps);
    if gaps.len() < 2 {
        return horizon;
    }
    let wait = (factor * median(&mut gaps)).ceil().clamp(1.0, f64::from(horizon));
    // The bounds of a day hold a whole number within them.
    (wait as Day).max(SHORTEST_RHYTHM).min(horizon)
}

/// Whether the customer bought nothing in the days after `day` that the question speaks of; `None`
/// where the books end too early to tell. A purchase on `day` itself is history.
pub fn label(books: &Books, question: &Question, customer: usize, day: Day) -> Option<bool> {
    let until = day.saturating_add(window(books, question, customer, day));
    if until > books.last_day() {
        return None;
    }
    Some(next_purchase(books, customer, day).is_none_or(|next| next > until))
}

/// The first purchase day after `day`, as far as the books go.
pub fn next_purchase(books: &Books, customer: usize, day: Day) -> Option<Day> {
    let days = books.purchase_days(customer);
    days.get(days.partition_point(|d| *d <= day)).copied()
}

fn known(books: &Books, customer: usize, day: Day) -> &[Day] {
    let days = books.purchase_days(customer);
    days.get(..days.partition_point(|d| *d <= day)).unwrap_or_default()
}
