//! Cohorts: customers by the month of their first purchase, and who of them buys again in each month
//! after it.

use chrono::Datelike as _;
use serde::Serialize;

use super::flows::month_ends;
use super::rfm::purchases;
use crate::features::behaviour::{Books, Day, to_date};
use crate::job::Reporter;
use crate::metrics::{Estimate, proportion};

/// Cohorts that are shown at most: the last ones.
const MOST: usize = 60;
/// Customers between two looks at whether the person has cancelled.
const BLOCK: usize = 4096;

/// A calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Month {
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
}

impl Month {
    /// The month of a day.
    pub fn of(day: Day) -> Self {
        let date = to_date(day);
        Self { year: date.year(), month: date.month() }
    }

    /// Months since the year 0.
    fn number(self) -> i32 {
        self.year.saturating_mul(12).saturating_add(self.month as i32 - 1)
    }

    fn after(self, months: usize) -> Self {
        let number = self.number().saturating_add(i32::try_from(months).unwrap_or(i32::MAX / 2));
        Self { year: number.div_euclid(12), month: number.rem_euclid(12) as u32 + 1 }
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// Customers of one first month.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cohort {
    pub month: Month,
    pub size: usize,
    /// Customers who bought in the first month, the one after it, …: as far as the data go.
    pub active: Vec<usize>,
    /// What they spent then; empty where no money is known.
    pub money: Vec<f64>,
}

/// All cohorts, oldest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cohorts {
    pub cohorts: Vec<Cohort>,
    /// The data end within a month: the last cell of each cohort is not whole.
    pub last_is_partial: bool,
    /// The data begin here: whoever bought before it seems new in the first cohort.
    pub first_day: Day,
    pub last_day: Day,
}

/// Cohorts of the customers of the books, month by month.
///
/// # Errors
/// The person cancelled.
pub fn cohorts(books: &Books, report: &Reporter) -> crate::Result<Cohorts> {
    let last_day = books.last_day();
    let first_day = books.first_day().unwrap_or(last_day);
    let (ends, last_is_partial) = month_ends(first_day, last_day);
    let months = ends.len();
    let month_of = |day: Day| ends.partition_point(|end| *end < day);
    let has_money = books.sales.amount.is_some();
    let begin = Month::of(first_day);
    let mut all: Vec<Cohort> = (0..months)
        .map(|at| Cohort {
            month: begin.after(at),
            size: 0,
            active: vec![0; months - at],
            money: if has_money { vec![0.0; months - at] } else { Vec::new() },
        })
        .collect();
    for customer in 0..books.customers {
        if customer % BLOCK == 0 {
            report.check()?;
            report.progress(customer as f64 / books.customers.max(1) as f64);
        }
        let mut first = None;
        let mut seen = None;
        for bought in purchases(books, customer) {
            let month = month_of(bought.day);
            let began = *first.get_or_insert(month);
            let Some(cohort) = all.get_mut(began) else { continue };
            let since = month.saturating_sub(began);
            cohort.size += usize::from(seen.is_none());
            if seen != Some(month)
                && let Some(active) = cohort.active.get_mut(since)
            {
                *active += 1;
            }
            seen = Some(month);
            if let Some(money) = cohort.money.get_mut(since).filter(|_| !bought.amount.is_nan()) {
                *money += bought.amount;
            }
        }
    }
    all.drain(..all.len().saturating_sub(MOST));
    report.progress(1.0);
    Ok(Cohorts { cohorts: all, last_is_partial, first_day, last_day })
}

impl Cohorts {
    /// Share of a cohort that bought so many months after its first, with Wilson's interval; `None` for
    /// an empty cohort and for months that have not come.
    pub fn kept(&self, cohort: usize, since: usize) -> Option<Estimate> {
        let of = self.cohorts.get(cohort).filter(|of| of.size > 0)?;
        Some(proportion(*of.active.get(since)? as u64, of.size as u64))
    }

    /// True where the month of a cell is not whole.
    pub fn is_partial(&self, cohort: usize, since: usize) -> bool {
        let is_last = self.cohorts.get(cohort).is_some_and(|of| since + 1 == of.active.len());
        self.last_is_partial && is_last
    }

    /// Share of all cohorts together that bought so many months after their first, of whole months only.
    pub fn kept_by_all(&self, since: usize) -> Option<Estimate> {
        let (mut active, mut all) = (0, 0);
        for (at, cohort) in self.cohorts.iter().enumerate() {
            if let Some(count) = cohort.active.get(since).filter(|_| !self.is_partial(at, since)) {
                active += count;
                all += cohort.size;
            }
        }
        (all > 0).then(|| proportion(active as u64, all as u64))
    }
}

#[cfg(test)]
mod tests;
