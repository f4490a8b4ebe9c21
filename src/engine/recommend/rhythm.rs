//! When to write to a customer: the customer's own rhythm, where there is one.

use serde::Serialize;
use statrs::distribution::{Binomial, DiscreteCDF as _};

use super::{Event, Interactions};
use crate::features::behaviour::{Day, day_of};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
/// Chance below which a habit is told.
const LEVEL: f64 = 0.05;

/// Days between two orders of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Gap {
    /// Quartiles, in days.
    pub low: f64,
    pub median: f64,
    pub high: f64,
    /// Gaps that they are of; at least two.
    pub gaps: usize,
}

/// A weekday (0 for Monday) or an hour (0 to 23) with more orders than chance explains.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Habit {
    pub at: usize,
    /// Orders then, and all of them.
    pub orders: usize,
    pub of: usize,
}

/// What is known of when a customer orders.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rhythm {
    /// Days with an order.
    pub days: usize,
    /// Days since 1970.
    pub last: Day,
    pub gap: Option<Gap>,
    /// The last day and the median gap: when the next order is due.
    pub due: Option<Day>,
    pub weekday: Option<Habit>,
    pub hour: Option<Habit>,
}

/// What is known of when the whole shop's customers order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Hours {
    /// Times of day are told, not days alone.
    pub are_known: bool,
    pub weekday: Option<Habit>,
    pub hour: Option<Habit>,
}

impl Rhythm {
    /// True where the next order is due before `today`.
    pub fn is_overdue(&self, today: Option<Day>) -> bool {
        self.due.zip(today).is_some_and(|(due, today)| due < today)
    }
}

/// The moments of a customer's orders: events of one basket are one.
fn moments(events: &[Event]) -> Vec<i64> {
    let mut out: Vec<(i64, u32)> = events.iter().map(|event| (event.time, event.basket)).collect();
    out.dedup();
    let mut seen = std::collections::HashSet::new();
    out.retain(|(_, basket)| seen.insert(*basket));
    out.into_iter().map(|(time, _)| time).collect()
}

/// Monday is 0; 1 January 1970 was a Thursday.
fn weekday(time: i64) -> usize {
    (i64::from(day_of(time)) + 3).rem_euclid(7) as usize
}

fn hour(time: i64) -> usize {
    (time.rem_euclid(DAY_MS) / HOUR_MS) as usize
}

/// The fullest of `N` equal boxes, if it is fuller than chance explains: the binomial tail of the fullest,
/// times the number of boxes (Bonferroni), below one in twenty.
fn habit<const N: usize>(values: impl Iterator<Item = usize>) -> Option<Habit> {
    let mut counts = [0usize; N];
    values.filter_map(|at| Some(at).filter(|at| *at < N)).for_each(|at| counts[at] += 1);
    let of: usize = counts.iter().sum();
    // The first of the fullest.
    let (at, orders) = counts.iter().copied().enumerate().rev().max_by_key(|(_, count)| *count)?;
    let tail = Binomial::new(1.0 / N as f64, of as u64).ok()?.sf((orders as u64).checked_sub(1)?);
    (tail * (N as f64) < LEVEL).then_some(Habit { at, orders, of })
}

/// Linear between the sorted values.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * sorted.len().saturating_sub(1) as f64;
    let of = |at: f64| sorted.get(at as usize).copied().unwrap_or_default();
    of(at.floor()) + (of(at.ceil()) - of(at.floor())) * at.fract()
}

impl Hours {
    /// The last day of the data: it stands for today.
    pub fn today(all: &Interactions) -> Option<Day> {
        all.span().map(|(_, last)| day_of(last))
    }

    /// The habits of everybody together; `None` without dates.
    pub fn of_all(all: &Interactions) -> Option<Self> {
        if !all.dated {
            return None;
        }
        let timed = all.events().iter().filter(|event| event.time.rem_euclid(DAY_MS) != 0).count();
        let are_known = 2 * timed > all.events().len();
        let every: Vec<i64> = (0..all.customers.len()).flat_map(|who| moments(all.of(who))).collect();
        Some(Self {
            are_known,
            weekday: habit::<7>(every.iter().map(|time| weekday(*time))),
            hour: habit::<24>(every.iter().map(|time| hour(*time))).filter(|_| are_known),
        })
    }

    /// A customer's own rhythm; `None` for one who never ordered.
    pub fn of(&self, all: &Interactions, customer: usize) -> Option<Rhythm> {
        let moments = moments(all.of(customer));
        let mut days: Vec<Day> = moments.iter().map(|time| day_of(*time)).collect();
        days.dedup();
        let last = *days.last()?;
        let next = days.iter().skip(1);
        let mut gaps: Vec<f64> = days.iter().zip(next).map(|(a, b)| f64::from(b - a)).collect();
        gaps.sort_by(f64::total_cmp);
        let gap = (gaps.len() > 1).then(|| Gap {
            low: quantile(&gaps, 0.25),
            median: quantile(&gaps, 0.5),
            high: quantile(&gaps, 0.75),
            gaps: gaps.len(),
        });
        Some(Rhythm {
            days: days.len(),
            last,
            gap,
            due: gap.map(|gap| last.saturating_add(gap.median.round() as i32)),
            weekday: habit::<7>(moments.iter().map(|time| weekday(*time))),
            hour: habit::<24>(moments.iter().map(|time| hour(*time))).filter(|_| self.are_known),
        })
    }
}
