//! How good a grouping is by its own figures, as scikit-learn defines them: silhouette (Rousseeuw
//! 1987), Calinski and Harabasz (1974), Davies and Bouldin (1979); and how alike two groupings are
//! (Rand's index adjusted for chance, Hubert and Arabie 1985).

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::points::{Metric, Points, squared};
use crate::job::{Cancelled, Reporter};

/// Places of each group's points, by label; only groups that have points.
fn groups(labels: &[u32]) -> Vec<Vec<usize>> {
    let mut of: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    labels.iter().enumerate().for_each(|(at, label)| of.entry(*label).or_default().push(at));
    of.into_values().collect()
}

/// The mean silhouette over all points: (b − a) / max(a, b) with a the mean distance to the others of the
/// own group and b that to the nearest other group; 0 for a point alone. Every pair is looked at. `None` with
/// fewer than two groups.
///
/// # Errors
/// The person cancelled.
pub fn silhouette(
    points: &Points,
    labels: &[u32],
    metric: Metric,
    report: &Reporter,
) -> Result<Option<f64>, Cancelled> {
    Ok(silhouettes(points, labels, metric, report)?.map(|all| all.iter().sum::<f64>() / all.len() as f64))
}

/// The silhouette of each point.
///
/// # Errors
/// The person cancelled.
pub fn silhouettes(
    points: &Points,
    labels: &[u32],
    metric: Metric,
    report: &Reporter,
) -> Result<Option<Vec<f64>>, Cancelled> {
    let groups = groups(labels);
    let n = points.len();
    if groups.len() < 2 || n != labels.len() {
        return Ok(None);
    }
    let mut place = vec![0usize; n];
    for (group, of) in groups.iter().enumerate() {
        of.iter().for_each(|&at| place[at] = group);
    }
    let sizes: Vec<f64> = groups.iter().map(|of| of.len() as f64).collect();
    let one = |at: usize| {
        let mut sums = vec![0.0; groups.len()];
        let row = points.row(at);
        for (other, group) in points.rows().zip(&place) {
            sums[*group] += metric.distance(row, other);
        }
        let own = place[at];
        if sizes[own] < 2.0 {
            return 0.0;
        }
        let a = sums[own] / (sizes[own] - 1.0);
        let others = sums.iter().zip(&sizes).enumerate().filter(|(group, _)| *group != own);
        let b = others.map(|(_, (sum, size))| sum / size).fold(f64::INFINITY, f64::min);
        if a.max(b) > 0.0 { (b - a) / a.max(b) } else { 0.0 }
    };
    let all: Vec<Result<f64, Cancelled>> =
        (0..n).into_par_iter().with_min_len(16).map(|at| report.check().map(|()| one(at))).collect();
    all.into_iter().collect::<Result<Vec<f64>, Cancelled>>().map(Some)
}

/// The mean of each group.
fn centres(points: &Points, groups: &[Vec<usize>]) -> Vec<Vec<f64>> {
    groups.iter().map(|of| points.select(of).mean()).collect()
}

/// Spread between the groups over spread within them, each by its degrees of freedom; larger is better.
/// `None` where one of them is not there; 1 where all points of each group are equal.
pub fn calinski_harabasz(points: &Points, labels: &[u32]) -> Option<f64> {
    let groups = groups(labels);
    let (n, k) = (points.len() as f64, groups.len() as f64);
    if groups.len() < 2 || groups.len() >= points.len() {
        return None;
    }
    let (centres, mean) = (centres(points, &groups), points.mean());
    let between: f64 = groups.iter().zip(&centres).map(|(of, c)| of.len() as f64 * squared(c, &mean)).sum();
    let within = within(points, &groups, &centres);
    Some(if within == 0.0 { 1.0 } else { between * (n - k) / (within * (k - 1.0)) })
}

fn within(points: &Points, groups: &[Vec<usize>], centres: &[Vec<f64>]) -> f64 {
    let of = |(of, c): (&Vec<usize>, &Vec<f64>)| of.iter().map(|&at| squared(points.row(at), c)).sum::<f64>();
    groups.iter().zip(centres).map(of).sum()
}

/// Squared distances of the points to the mean of their group, summed up.
pub fn within_groups(points: &Points, labels: &[u32]) -> f64 {
    let groups = groups(labels);
    within(points, &groups, &centres(points, &groups))
}

/// The mean, over groups, of the worst ratio of two groups' spreads to the way between them; smaller is
/// better. `None` with fewer than two groups.
pub fn davies_bouldin(points: &Points, labels: &[u32]) -> Option<f64> {
    let groups = groups(labels);
    if groups.len() < 2 || groups.len() >= points.len() {
        return None;
    }
    let centres = centres(points, &groups);
    let spread = |(of, c): (&Vec<usize>, &Vec<f64>)| {
        of.iter().map(|&at| squared(points.row(at), c).sqrt()).sum::<f64>() / of.len() as f64
    };
    let spreads: Vec<f64> = groups.iter().zip(&centres).map(spread).collect();
    let close = |value: f64| value.abs() <= 1e-8;
    let mut gaps = Vec::new();
    let mut sum = 0.0;
    for (a, centre) in centres.iter().enumerate() {
        let mut worst: f64 = 0.0;
        for (b, other) in centres.iter().enumerate().filter(|(b, _)| *b != a) {
            let gap = squared(centre, other).sqrt();
            gaps.push(gap);
            // As scikit-learn: centres that lie on each other count as infinitely far.
            let ratio = if gap == 0.0 { 0.0 } else { (spreads[a] + spreads[b]) / gap };
            worst = worst.max(ratio);
        }
        sum += worst;
    }
    if spreads.iter().all(|s| close(*s)) || gaps.iter().all(|gap| close(*gap)) {
        return Some(0.0);
    }
    Some(sum / groups.len() as f64)
}

/// How alike two groupings of the same points are: 1 for the same, about 0 for chance.
pub fn adjusted_rand(a: &[u32], b: &[u32]) -> f64 {
    let mut both: BTreeMap<(u32, u32), f64> = BTreeMap::new();
    let (mut left, mut right): (BTreeMap<u32, f64>, BTreeMap<u32, f64>) = Default::default();
    for (x, y) in a.iter().zip(b) {
        *both.entry((*x, *y)).or_default() += 1.0;
        *left.entry(*x).or_default() += 1.0;
        *right.entry(*y).or_default() += 1.0;
    }
    let pairs = |n: f64| n * (n - 1.0) / 2.0;
    let n: f64 = left.values().sum();
    let same: f64 = both.values().map(|n| pairs(*n)).sum();
    let (rows, columns): (f64, f64) =
        (left.values().map(|n| pairs(*n)).sum(), right.values().map(|n| pairs(*n)).sum());
    let all = pairs(n);
    if all <= 0.0 {
        return 1.0;
    }
    let (expected, most) = (rows * columns / all, (rows + columns) / 2.0);
    if (most - expected).abs() < 1e-12 { 1.0 } else { (same - expected) / (most - expected) }
}
