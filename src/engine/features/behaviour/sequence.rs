//! A customer's purchases, returns and events up to a day as one cell of text, oldest first, so that
//! networks can read what came after what: `97 order 20.5; 40 order 12 d; 12 page_view; 3 return -12`.
//! Each step tells how many days it lies before the end of the day, what it was, the money where it is
//! known (`-` where not) and `d` where it was sold at a discount.

use std::fmt::Write as _;

use super::books::{Books, NO_LEVEL, Stream};
use super::question::Day;

/// The column that holds it.
pub const HISTORY: &str = "purchases and events";

/// Steps that are kept of a customer, the newest.
pub const LONGEST_HISTORY: usize = 64;

/// What a purchase, what was taken back, and an event of no known kind are called.
const ORDER: &str = "order";
const RETURN: &str = "return";
const EVENT: &str = "event";

/// One step of a history.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistoryStep<'a> {
    /// Days before the end of the cut-off day; 1 is that day.
    pub days_before: f64,
    pub kind: &'a str,
    /// Money; `None` where it is not known, and for events.
    pub amount: Option<f64>,
    pub discounted: bool,
}

impl HistoryStep<'_> {
    /// True for what was taken back.
    pub fn is_return(&self) -> bool {
        self.kind == RETURN
    }
}

/// Reads a history; what is no step is passed over, since nothing in a file is trusted.
pub fn read_history(cell: &str) -> impl DoubleEndedIterator<Item = HistoryStep<'_>> {
    cell.split(';').filter_map(|step| {
        let mut parts = step.trim_start().split(' ');
        let days_before: f64 = parts.next()?.parse().ok()?;
        let kind = parts.next().filter(|kind| !kind.is_empty())?;
        let amount = parts.next().and_then(|text| text.parse().ok()).filter(|x: &f64| x.is_finite());
        let is_fine = days_before.is_finite() && days_before >= 0.0;
        is_fine.then(|| HistoryStep { days_before, kind, amount, discounted: parts.next() == Some("d") })
    })
}

/// A step before it is written.
struct Step<'a> {
    time: (Day, i64),
    kind: &'a str,
    amount: Option<f64>,
    discounted: bool,
}

/// What a customer did up to the end of `day`; empty for one who did nothing.
pub(super) fn history(books: &Books, customer: usize, day: Day) -> String {
    let mut steps = Vec::new();
    sales(&books.sales, customer, day, &mut steps);
    if let Some(stream) = &books.events {
        for row in stream.until(customer, day).rev().take(LONGEST_HISTORY) {
            let kind = stream.kind.as_ref().and_then(|levels| {
                let level = levels.of.get(row).filter(|level| **level != NO_LEVEL)?;
                levels.texts.get(*level as usize).map(String::as_str)
            });
            let time = time(stream, row);
            steps.push(Step { time, kind: kind.unwrap_or(EVENT), amount: None, discounted: false });
        }
    }
    steps.sort_by_key(|step| step.time);
    let newest = steps.len().saturating_sub(LONGEST_HISTORY);
    let mut out = String::new();
    for step in steps.iter().skip(newest) {
        write_step(step, day, &mut out);
    }
    out
}

fn time(stream: &Stream, row: usize) -> (Day, i64) {
    let day = stream.day.get(row).copied().unwrap_or_default();
    (day, stream.time.get(row).copied().unwrap_or_default())
}

/// Purchases and returns; the lines of one order are one step.
fn sales<'a>(stream: &Stream, customer: usize, day: Day, steps: &mut Vec<Step<'a>>) {
    let mut last = None;
    for row in stream.until(customer, day) {
        let is_return = stream.is_return.get(row) == Some(&true);
        let time = time(stream, row);
        let amount = stream.amount.as_ref().and_then(|list| list.get(row)).copied().filter(|x| x.is_finite());
        let discounted = stream.discounted.as_ref().and_then(|list| list.get(row)) == Some(&true);
        let order = (time.0, stream.order.get(row).copied(), is_return);
        match steps.last_mut().filter(|_| last == Some(order)) {
            Some(step) => {
                step.amount = match (step.amount, amount) {
                    (Some(sum), Some(more)) => Some(sum + more),
                    (known, more) => known.or(more),
                };
                step.discounted |= discounted;
            }
            None => {
                let kind = if is_return { RETURN } else { ORDER };
                steps.push(Step { time, kind, amount, discounted });
            }
        }
        last = Some(order);
    }
}

fn write_step(step: &Step, until: Day, out: &mut String) {
    if !out.is_empty() {
        out.push_str("; ");
    }
    let ago = i64::from(until) - i64::from(step.time.0) + 1;
    // Writing to a text cannot fail.
    let _ = write!(out, "{ago} ");
    let word = |c: char| if c.is_whitespace() || c == ';' { '_' } else { c };
    out.extend(step.kind.trim().chars().take(40).map(word));
    match step.amount {
        Some(amount) => {
            let _ = write!(out, " {}", (amount * 100.0).round() / 100.0);
        }
        None if step.discounted => out.push_str(" -"),
        None => {}
    }
    if step.discounted {
        out.push_str(" d");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_step_is_passed_over() {
        let text = "97 order 20.5; 40 order - d; 12 page_view;; x y; nan order 1; -3 order; 5; 3 return -12";
        let steps: Vec<HistoryStep> = read_history(text).collect();
        let step =
            |days_before, kind, amount, discounted| HistoryStep { days_before, kind, amount, discounted };
        assert_eq!(
            steps,
            [
                step(97.0, "order", Some(20.5), false),
                step(40.0, "order", None, true),
                step(12.0, "page_view", None, false),
                step(3.0, "return", Some(-12.0), false),
            ]
        );
        assert!(steps.iter().filter(|step| step.is_return()).count() == 1);
        assert_eq!(read_history("").count(), 0);
    }
}
