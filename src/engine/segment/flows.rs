//! How customers move between classes from one month's end to the next, over the orders. The same cuts
//! judge every month, so that a move is the customer's and not the yardstick's.

use chrono::{Datelike as _, NaiveDate};
use rayon::prelude::*;
use serde::Serialize;

use super::rfm::{FittedRfm, purchases};
use crate::features::behaviour::{Books, Day, to_date, to_day};
use crate::job::Reporter;
use crate::metrics::{psi, psi_by_chance};

/// Months that are looked at, at most: the last ones.
const MOST_MONTHS: usize = 60;
/// Customers between two looks at whether the person has cancelled.
const BLOCK: usize = 1024;
/// The mark of whoever had not bought yet.
const NOT_YET: u8 = u8::MAX;
/// The mark of whoever is in no class of the table.
const NO_CLASS: u8 = u8::MAX - 1;

/// Where a customer stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stood {
    /// Had not bought yet.
    NotYet,
    /// In the class at this place of the table.
    In(usize),
    /// In no class.
    Nowhere,
}

/// Customers who were in one class and then in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Move {
    pub from: Stood,
    pub to: Stood,
    pub customers: usize,
}

/// Everyone's class at the end of every month.
#[derive(Debug, Clone, PartialEq)]
pub struct Flows {
    /// The days at whose end customers were judged: the last of each month, and the last of the data.
    pub days: Vec<NaiveDate>,
    /// The last day ends no month.
    pub last_is_partial: bool,
    /// Classes, in the order of their table.
    pub names: Vec<String>,
    /// Customers of each class at each of the days.
    pub counts: Vec<Vec<usize>>,
    pub customers: usize,
    /// One entry a customer and day, those of a customer together.
    of: Vec<u8>,
}

/// The last days of the months from `first` to `last`, and `last` itself; whether that ends no month.
pub fn month_ends(first: Day, last: Day) -> (Vec<Day>, bool) {
    let mut days = Vec::new();
    let date = to_date(first);
    let (mut year, mut month) = (date.year(), date.month());
    while days.len() < 12_000 {
        (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        let Some(next) = NaiveDate::from_ymd_opt(year, month, 1) else { break };
        let end = to_day(next).saturating_sub(1);
        if end >= last {
            days.push(last);
            return (days, end > last);
        }
        days.push(end);
    }
    (days, false)
}

/// Judges every customer of the books at the end of every month, by cuts that were fitted before.
///
/// # Errors
/// The person cancelled.
pub fn flows(books: &Books, fitted: &FittedRfm, report: &Reporter) -> crate::Result<Flows> {
    let last = books.last_day();
    let (mut days, last_is_partial) = month_ends(books.first_day().unwrap_or(last), last);
    days.drain(..days.len().saturating_sub(MOST_MONTHS));
    let months = days.len().max(1);
    let classes = fitted.classes.len();
    let mut of = vec![NOT_YET; books.customers * months];
    of.par_chunks_mut(months * BLOCK).enumerate().try_for_each(|(block, rows)| {
        report.check()?;
        for (at, row) in rows.chunks_mut(months).enumerate() {
            judge(books, block * BLOCK + at, &days, fitted, row);
        }
        Ok::<(), crate::Error>(())
    })?;
    let mut counts = vec![vec![0usize; classes]; months];
    for row in of.chunks(months) {
        for (mark, counts) in row.iter().zip(&mut counts) {
            if let Some(count) = counts.get_mut(usize::from(*mark)) {
                *count += 1;
            }
        }
    }
    report.progress(1.0);
    Ok(Flows {
        days: days.into_iter().map(to_date).collect(),
        last_is_partial,
        names: fitted.classes.iter().map(|class| class.name.clone()).collect(),
        counts,
        customers: books.customers,
        of,
    })
}

/// One customer's class on each of the days: every purchase is looked at once.
fn judge(books: &Books, customer: usize, days: &[Day], fitted: &FittedRfm, out: &mut [u8]) {
    let mut bought = purchases(books, customer).peekable();
    let (mut last, mut orders, mut money, mut known) = (None, 0.0, 0.0, false);
    for (day, mark) in days.iter().zip(out) {
        while let Some(one) = bought.next_if(|one| one.day <= *day) {
            last = Some(one.day);
            orders += f64::from(u8::from(one.begins));
            if !one.amount.is_nan() {
                money += one.amount;
                known = true;
            }
        }
        let Some(last) = last else { continue };
        let recency = f64::from(day.saturating_sub(last)) + 1.0;
        let scores = fitted.score(recency, orders, if known { money } else { f64::NAN });
        let class = scores.and_then(|scores| fitted.class(scores));
        *mark = class.and_then(|at| u8::try_from(at).ok()).filter(|at| *at < NO_CLASS).unwrap_or(NO_CLASS);
    }
}

impl Flows {
    /// Where a customer of the books stood at the end of the month at `place`.
    pub fn stood(&self, customer: usize, place: usize) -> Stood {
        let months = self.days.len();
        match self.of.get(customer * months + place).filter(|_| place < months) {
            None | Some(&NOT_YET) => Stood::NotYet,
            Some(&NO_CLASS) => Stood::Nowhere,
            Some(class) => Stood::In(usize::from(*class)),
        }
    }

    /// The moves between the ends of two months, by where they begin, then where they end; those who had
    /// bought by neither are in none.
    pub fn between(&self, from: usize, to: usize) -> Vec<Move> {
        let wide = self.names.len() + 2;
        let months = self.days.len().max(1);
        let place = |mark: Option<&u8>| match mark {
            None | Some(&NOT_YET) => 0,
            Some(&NO_CLASS) => wide - 1,
            Some(class) => 1 + usize::from(*class),
        };
        let count = |rows: &[u8]| {
            let mut counts = vec![0usize; wide * wide];
            for row in rows.chunks(months) {
                let at = place(row.get(from)) * wide + place(row.get(to));
                if let Some(count) = counts.get_mut(at) {
                    *count += 1;
                }
            }
            counts
        };
        let sum = |a: Vec<usize>, b: Vec<usize>| a.iter().zip(&b).map(|(a, b)| a + b).collect();
        let nothing = || vec![0usize; wide * wide];
        let counts = self.of.par_chunks(months * BLOCK).map(count).reduce(nothing, sum);
        let stood = |place: usize| match place {
            0 => Stood::NotYet,
            at if at + 1 == wide => Stood::Nowhere,
            at => Stood::In(at - 1),
        };
        let all = counts.into_iter().enumerate().filter(|(at, customers)| *at > 0 && *customers > 0);
        all.map(|(at, customers)| Move { from: stood(at / wide), to: stood(at % wide), customers }).collect()
    }

    /// Numbers of the customers who made a move.
    pub fn members(&self, (from, to): (usize, usize), wanted: (Stood, Stood)) -> Vec<usize> {
        let made = |customer: &usize| (self.stood(*customer, from), self.stood(*customer, to)) == wanted;
        (0..self.customers).filter(made).collect()
    }

    /// The largest move between two months' ends from a class to one of lower standing, and the largest
    /// the other way; `standing` tells how good a class is.
    pub fn told(
        &self,
        (from, to): (usize, usize),
        standing: impl Fn(usize) -> f64,
    ) -> (Option<Move>, Option<Move>) {
        let moves = self.between(from, to);
        let turned = |one: &Move| match (one.from, one.to) {
            (Stood::In(a), Stood::In(b)) => standing(b) - standing(a),
            _ => 0.0,
        };
        let largest = |test: &dyn Fn(f64) -> bool| {
            moves.iter().filter(|one| test(turned(one))).max_by_key(|one| one.customers).copied()
        };
        (largest(&|by| by < 0.0), largest(&|by| by > 0.0))
    }

    /// How far the shares of the classes moved between two months' ends: the population stability index,
    /// and what chance alone brings at most, 99 times in 100.
    pub fn drift(&self, from: usize, to: usize) -> Option<(f64, f64)> {
        let (then, now) = (self.counts.get(from)?, self.counts.get(to)?);
        let rows = (then.iter().sum::<usize>(), now.iter().sum::<usize>());
        let shares = |counts: &[usize], all: usize| -> Vec<f64> {
            counts.iter().map(|count| *count as f64 / all.max(1) as f64).collect()
        };
        let value = psi(&shares(then, rows.0), &shares(now, rows.1), rows);
        (rows.0 > 0 && rows.1 > 0).then(|| (value, psi_by_chance(then.len(), rows)))
    }
}

#[cfg(test)]
mod tests;
