//! What sets some customers apart from the others: differences with their intervals, and what they buy.
//!
//! Numbers: Cohen's d with the pooled deviation; its interval has the standard error
//! √((n₁+n₂)/(n₁n₂) + d²/(2(n₁+n₂))) (Hedges and Olkin 1985), its p-value Student's t. Levels of categories:
//! the difference of two shares with Newcombe's interval (1998, method 10), its p-value the pooled z; the
//! column as a whole has Cramér's V. What many looks find by chance is held back: Benjamini and Hochberg
//! (1995) at 5%.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;
use statrs::distribution::{ContinuousCDF as _, Normal, StudentsT};

use crate::features::behaviour::Books;
use crate::job::Reporter;
use crate::metrics::{Estimate, proportion};
use crate::table::{ColumnSpec, Frame, Role};

/// Share of what is told that may be chance.
const FALSE_SHARE: f64 = 0.05;
/// Levels of a category that are looked at: the most frequent.
const LEVELS: usize = 30;
/// Customers who must have bought a product before it is called a favourite.
const BUYERS: usize = 5;
/// The standard normal quantile of a two-sided 95% interval.
const Z: f64 = 1.959_963_984_540_054;

/// One difference between the chosen customers and the rest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    pub column: String,
    /// A category's value; `None` for a number.
    pub level: Option<String>,
    /// Cohen's d, or the difference of two shares.
    pub effect: Estimate,
    /// The mean, or the share, of the chosen.
    pub here: f64,
    /// The same of the rest.
    pub rest: f64,
    /// Cramér's V of the category's column; `None` for a number.
    pub cramers_v: Option<f64>,
    /// The chance of a difference as large where there is none.
    pub p: f64,
}

impl Difference {
    /// How telling it is: a share of one half more is as telling as a whole deviation more.
    pub fn weight(&self) -> f64 {
        self.effect.value.abs() * if self.level.is_some() { 2.0 } else { 1.0 }
    }
}

/// What is bought more often by the chosen customers than by the rest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Favourite {
    pub product: String,
    /// Share of the chosen who bought it, over the share of the rest who did; Katz's interval (1978).
    pub lift: Estimate,
    pub here: f64,
    pub rest: f64,
    pub buyers: usize,
    pub p: f64,
}

/// What was looked at, and what stands out among it, the most telling first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found<T> {
    pub looked_at: usize,
    pub told: Vec<T>,
}

/// The 5% rule of Benjamini and Hochberg: which of the p-values are told.
pub fn stands_out(p: &[f64]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    let of = |at: &usize| p.get(*at).copied().unwrap_or(1.0);
    order.sort_by(|a, b| of(a).total_cmp(&of(b)));
    let n = p.len().max(1) as f64;
    let passes = |(rank, at): (usize, &usize)| of(at) <= FALSE_SHARE * (rank + 1) as f64 / n;
    let last = order.iter().enumerate().filter(|one| passes(*one)).map(|(rank, _)| rank + 1).max();
    let mut out = vec![false; p.len()];
    for at in order.into_iter().take(last.unwrap_or(0)) {
        if let Some(slot) = out.get_mut(at) {
            *slot = true;
        }
    }
    out
}

fn keep<T>(all: Vec<T>, p: impl Fn(&T) -> f64, weight: impl Fn(&T) -> f64, most: usize) -> Found<T> {
    let looked_at = all.len();
    let flags = stands_out(&all.iter().map(p).collect::<Vec<_>>());
    let mut told: Vec<T> = all.into_iter().zip(flags).filter_map(|(one, told)| told.then_some(one)).collect();
    told.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    told.truncate(most);
    Found { looked_at, told }
}

/// How the rows in `chosen` differ from the other rows of `frame`, at most `most` differences. Columns of
/// `schema` that are numbers or categories are looked at.
///
/// # Errors
/// The person cancelled.
pub fn differences(
    schema: &[ColumnSpec],
    frame: &Frame,
    chosen: &[bool],
    most: usize,
    report: &Reporter,
) -> crate::Result<Found<Difference>> {
    let parts: Vec<Vec<Difference>> = schema
        .par_iter()
        .map(|spec| {
            report.check()?;
            Ok(match spec.role {
                role if role.is_numeric() => number(&spec.name, frame, chosen).into_iter().collect(),
                Role::Category => levels(&spec.name, frame, chosen),
                _ => Vec::new(),
            })
        })
        .collect::<crate::Result<_>>()?;
    let all: Vec<Difference> = parts.into_iter().flatten().collect();
    Ok(keep(all, |one| one.p, Difference::weight, most))
}

/// Count, mean and sum of squared deviations.
fn moments(values: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    values.fold((0.0, 0.0, 0.0), |(n, mean, squares), value| {
        let (n, off) = (n + 1.0, value - mean);
        let next = mean + off / n;
        (n, next, squares + off * (value - next))
    })
}

fn number(column: &str, frame: &Frame, chosen: &[bool]) -> Option<Difference> {
    let values = frame.numbers(column)?;
    let of = |wanted: bool| {
        let rows = values.iter().zip(chosen).filter(move |(_, is)| **is == wanted);
        moments(rows.filter_map(|(value, _)| *value).filter(|v| v.is_finite()))
    };
    let (effect, p) = cohens_d(of(true), of(false))?;
    let (here, rest) = (of(true).1, of(false).1);
    Some(Difference { column: column.to_owned(), level: None, effect, here, rest, cramers_v: None, p })
}

/// Cohen's d of two groups, each as count, mean and sum of squared deviations, and the p-value of
/// Student's t; `None` where a group has fewer than two values or nothing varies.
pub fn cohens_d(a: (f64, f64, f64), b: (f64, f64, f64)) -> Option<(Estimate, f64)> {
    let ((n, m), freedom) = ((a.0, b.0), a.0 + b.0 - 2.0);
    let deviation = ((a.2 + b.2) / freedom).sqrt();
    if n < 2.0 || m < 2.0 || !deviation.is_finite() || deviation < 1e-12 {
        return None;
    }
    let d = (a.1 - b.1) / deviation;
    let half = Z * ((n + m) / (n * m) + d * d / (2.0 * (n + m))).sqrt();
    let t = d / (1.0 / n + 1.0 / m).sqrt();
    let p = 2.0 * StudentsT::new(0.0, 1.0, freedom).ok()?.sf(t.abs());
    Some((Estimate { value: d, low: d - half, high: d + half }, p))
}

fn levels(column: &str, frame: &Frame, chosen: &[bool]) -> Vec<Difference> {
    let Some(text) = frame.text(column) else { return Vec::new() };
    let mut counts: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    let mut all = [0u64; 2];
    for (cell, is) in text.iter().zip(chosen) {
        let Some(cell) = cell else { continue };
        let side = usize::from(!*is);
        if let (Some(count), Some(sum)) = (counts.entry(cell).or_default().get_mut(side), all.get_mut(side)) {
            *count += 1;
            *sum += 1;
        }
    }
    let [here, rest] = all;
    if here == 0 || rest == 0 || counts.len() < 2 {
        return Vec::new();
    }
    let v = cramers_v(counts.values().copied(), all);
    let mut list: Vec<(&str, [u64; 2])> = counts.into_iter().collect();
    list.sort_by_key(|(_, [a, b])| std::cmp::Reverse(a + b));
    list.truncate(LEVELS);
    list.into_iter()
        .map(|(level, [a, b])| {
            let (effect, p) = share_difference((a, here), (b, rest));
            Difference {
                column: column.to_owned(),
                level: Some(level.to_owned()),
                effect,
                here: a as f64 / here as f64,
                rest: b as f64 / rest as f64,
                cramers_v: Some(v),
                p,
            }
        })
        .collect()
}

/// Cramér's V of a table of two columns whose sums are `all`.
fn cramers_v(rows: impl Iterator<Item = [u64; 2]>, all: [u64; 2]) -> f64 {
    let n = (all[0] + all[1]) as f64;
    let mut chi = 0.0;
    for row in rows {
        let sum = (row[0] + row[1]) as f64;
        for (count, column) in row.into_iter().zip(all) {
            let expected = sum * column as f64 / n;
            if expected > 0.0 {
                chi += (count as f64 - expected).powi(2) / expected;
            }
        }
    }
    // The smaller side of the table has two columns: V = √(χ²/n).
    (chi / n).sqrt()
}

/// The difference of two shares, each as hits and trials, with Newcombe's hybrid score interval, and the
/// p-value of the pooled z.
pub fn share_difference(a: (u64, u64), b: (u64, u64)) -> (Estimate, f64) {
    let (first, second) = (proportion(a.0, a.1), proportion(b.0, b.1));
    let value = first.value - second.value;
    let low = value - (first.value - first.low).hypot(second.high - second.value);
    let high = value + (first.high - first.value).hypot(second.value - second.low);
    let pooled = (a.0 + b.0) as f64 / (a.1 + b.1).max(1) as f64;
    let spread = (pooled * (1.0 - pooled) * (1.0 / a.1.max(1) as f64 + 1.0 / b.1.max(1) as f64)).sqrt();
    (Estimate { value, low, high }, two_sided(value / spread))
}

/// The two-sided p-value of a standard normal figure.
fn two_sided(z: f64) -> f64 {
    match Normal::new(0.0, 1.0) {
        Ok(normal) if z.is_finite() => 2.0 * normal.sf(z.abs()),
        _ => 1.0,
    }
}

/// What the chosen customers of the books buy more often than the rest, by product, or by category where
/// no product is known; at most `most`. `chosen` has one entry a customer, `None` for those who do not
/// count.
///
/// # Errors
/// The person cancelled.
pub fn favourites(
    books: &Books,
    chosen: &[Option<bool>],
    most: usize,
    report: &Reporter,
) -> crate::Result<Found<Favourite>> {
    let stream = books.basket();
    let Some(levels) = stream.product.as_ref().or(stream.category.as_ref()) else {
        return Ok(Found { looked_at: 0, told: Vec::new() });
    };
    let mut buyers = vec![[0u64; 2]; levels.texts.len()];
    let mut all = [0u64; 2];
    let mut bought: Vec<u32> = Vec::new();
    for (customer, is) in chosen.iter().enumerate() {
        if customer % 1024 == 0 {
            report.check()?;
        }
        let Some(is) = is else { continue };
        let side = usize::from(!is);
        bought.clear();
        let rows = stream.of(customer).filter(|row| stream.is_purchase(*row));
        bought.extend(rows.filter_map(|row| levels.of.get(row)));
        if bought.is_empty() {
            continue;
        }
        bought.sort_unstable();
        bought.dedup();
        if let Some(sum) = all.get_mut(side) {
            *sum += 1;
        }
        for product in &bought {
            if let Some(count) = buyers.get_mut(*product as usize).and_then(|pair| pair.get_mut(side)) {
                *count += 1;
            }
        }
    }
    let [here, rest] = all;
    if here == 0 || rest == 0 {
        return Ok(Found { looked_at: 0, told: Vec::new() });
    }
    let list: Vec<Favourite> = levels
        .texts
        .iter()
        .zip(&buyers)
        .filter(|(_, [a, b])| *a as usize >= BUYERS && *b > 0)
        .map(|(product, [a, b])| Favourite {
            product: product.clone(),
            lift: lift((*a, here), (*b, rest)),
            here: *a as f64 / here as f64,
            rest: *b as f64 / rest as f64,
            buyers: *a as usize,
            p: share_difference((*a, here), (*b, rest)).1,
        })
        .collect();
    let mut found = keep(list, |one| one.p, |one| one.lift.low, usize::MAX);
    found.told.retain(|one| one.lift.low > 1.0);
    found.told.truncate(most);
    Ok(found)
}

/// The ratio of two shares, each as hits and trials, with Katz's interval on the logarithm.
pub fn lift(a: (u64, u64), b: (u64, u64)) -> Estimate {
    let share = |(hits, trials): (u64, u64)| hits as f64 / trials.max(1) as f64;
    let value = share(a) / share(b);
    let part = |(hits, trials): (u64, u64)| 1.0 / hits.max(1) as f64 - 1.0 / trials.max(1) as f64;
    let spread = (part(a) + part(b)).max(0.0).sqrt();
    let by = (Z * spread).exp();
    Estimate { value, low: value / by, high: value * by }
}

#[cfg(test)]
mod tests;
