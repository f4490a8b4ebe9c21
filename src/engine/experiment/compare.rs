//! Two groups: how far they are apart, the interval of that, and how likely chance makes it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::tails::{normal_above, normal_quantile, t_above, t_quantile};

/// Called less left alone, with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    /// How often chance alone would set the groups so far apart; two-sided.
    pub p: f64,
}

impl Difference {
    /// True where the interval leaves out nothing-at-all.
    pub fn is_sure(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }

    /// All of it times `factor`.
    pub fn times(self, factor: f64) -> Self {
        let (a, b) = (self.low * factor, self.high * factor);
        Self { value: self.value * factor, low: a.min(b), high: a.max(b), p: self.p }
    }
}

/// Yes among all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub yes: u64,
    pub all: u64,
}

impl Count {
    /// Share of yes; 0 of nobody.
    pub fn share(self) -> f64 {
        self.yes as f64 / self.all.max(1) as f64
    }
}

/// Wilson's score interval of a share at `z` standard normal deviations (Wilson 1927).
fn wilson(count: Count, z: f64) -> (f64, f64) {
    let (n, p) = (count.all as f64, count.share());
    if count.all == 0 {
        return (0.0, 1.0);
    }
    let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

/// The difference of two shares: Newcombe's hybrid score interval (Newcombe 1998, method 10) at
/// 1 − `alpha`, the p of the pooled z test. `None` where a group is empty.
pub fn shares(called: Count, left: Count, alpha: f64) -> Option<Difference> {
    if called.all == 0 || left.all == 0 {
        return None;
    }
    let z = normal_quantile(1.0 - alpha / 2.0);
    let ((l1, u1), (l0, u0)) = (wilson(called, z), wilson(left, z));
    let (p1, p0) = (called.share(), left.share());
    let value = p1 - p0;
    let pooled = (called.yes + left.yes) as f64 / (called.all + left.all) as f64;
    let spread = (pooled * (1.0 - pooled) * (1.0 / called.all as f64 + 1.0 / left.all as f64)).sqrt();
    let p = if spread > 0.0 { 2.0 * normal_above(value.abs() / spread) } else { 1.0 };
    Some(Difference {
        value,
        low: value - (p1 - l1).hypot(u0 - p0),
        high: value + (u1 - p1).hypot(p0 - l0),
        p,
    })
}

/// Number, mean and variance (n − 1) of some values.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Moments {
    pub(super) n: f64,
    pub(super) mean: f64,
    squares: f64,
}

impl Moments {
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut out = Self::default();
        values.into_iter().for_each(|value| out.push(value));
        out
    }

    /// One value more (Welford 1962).
    pub(super) fn push(&mut self, value: f64) {
        self.n += 1.0;
        let off = value - self.mean;
        self.mean += off / self.n;
        self.squares += off * (value - self.mean);
    }

    pub(super) fn variance(&self) -> f64 {
        self.squares / (self.n - 1.0).max(1.0)
    }
}

/// The difference of two means (Welch 1947) at 1 − `alpha`. `None` with fewer than two values in a group,
/// or where all values of each group are equal.
pub fn means(called: &[f64], left: &[f64], alpha: f64) -> Option<Difference> {
    let (a, b) = (Moments::of(called.iter().copied()), Moments::of(left.iter().copied()));
    parts(&[(1.0, a, b)], alpha)
}

/// The sum of weighted differences of means, with Satterthwaite's degrees of freedom.
fn parts(all: &[(f64, Moments, Moments)], alpha: f64) -> Option<Difference> {
    if all.is_empty() || all.iter().any(|(_, a, b)| a.n < 2.0 || b.n < 2.0) {
        return None;
    }
    let (mut value, mut variance, mut inner) = (0.0, 0.0, 0.0);
    for (weight, a, b) in all {
        value += weight * (a.mean - b.mean);
        for group in [a, b] {
            let part = weight * weight * group.variance() / group.n;
            variance += part;
            inner += part * part / (group.n - 1.0);
        }
    }
    if variance <= 0.0 {
        // Nobody differs from anybody of the own group: nothing is known of chance.
        return None;
    }
    let freedom = variance * variance / inner;
    let error = variance.sqrt();
    let half = t_quantile(1.0 - alpha / 2.0, freedom) * error;
    let p = 2.0 * t_above((value / error).abs(), freedom);
    Some(Difference { value, low: value - half, high: value + half, p })
}

/// One customer of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    pub called: bool,
    pub outcome: f64,
    pub stratum: u32,
}

/// The difference of means within strata, weighted by their size (post-stratification, Imbens and Rubin
/// 2015, ch. 9). Strata with fewer than two customers of a group are put together; `None` where that
/// does not help.
pub fn stratified(units: &[Unit], alpha: f64) -> Option<Difference> {
    let mut of: BTreeMap<u32, (Moments, Moments)> = BTreeMap::new();
    let count = |of: &(Moments, Moments)| of.0.n.min(of.1.n);
    let add = |of: &mut (Moments, Moments), unit: &Unit| {
        if unit.called { of.0.push(unit.outcome) } else { of.1.push(unit.outcome) }
    };
    units.iter().for_each(|unit| add(of.entry(unit.stratum).or_default(), unit));
    let mut home: BTreeSet<u32> =
        of.iter().filter(|(_, group)| count(group) < 2.0).map(|(key, _)| *key).collect();
    if !home.is_empty() {
        let together = |home: &BTreeSet<u32>| {
            let mut rest = (Moments::default(), Moments::default());
            units.iter().filter(|unit| home.contains(&unit.stratum)).for_each(|unit| add(&mut rest, unit));
            rest
        };
        let mut rest = together(&home);
        if count(&rest) < 2.0 {
            // Too few even together: they join the largest of the others.
            let others = of.iter().filter(|(key, _)| !home.contains(key));
            let largest = others.max_by(|a, b| (a.1.0.n + a.1.1.n).total_cmp(&(b.1.0.n + b.1.1.n)));
            home.insert(*largest?.0);
            rest = together(&home);
        }
        of.retain(|key, _| !home.contains(key));
        of.insert(u32::MAX, rest);
    }
    let all = units.len() as f64;
    let weighted: Vec<(f64, Moments, Moments)> =
        of.into_values().map(|(a, b)| ((a.n + b.n) / all, a, b)).collect();
    parts(&weighted, alpha)
}
