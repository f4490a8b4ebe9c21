//! The Qini curve (Radcliffe 2007): called in the order of their uplift, how many more wanted answers do
//! the first customers bring than without the offer?

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::job::Reporter;
use crate::metrics::Estimate;

/// Points of a curve that is kept.
const POINTS: usize = 201;

/// The curve and its area.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Qini {
    /// Share of the customers that are called, the most promising first, and wanted answers gained for
    /// each customer that could be called. Ends at the gain of calling all.
    pub curve: Vec<(f64, f64)>,
    /// Area between the curve and the straight line of calling at random, with its 95% bootstrap
    /// interval over test rows.
    pub coefficient: Estimate,
    /// Wanted answers gained for each customer when all are called.
    pub all: f64,
    /// Share of the customers at which the curve is highest.
    pub best: f64,
}

/// One test row in the order of the scores; rows of equal score have one `tie`.
struct Row {
    tie: u32,
    treated: bool,
    wanted: bool,
}

/// The corners of the curve: customers so far, gain so far, in weighted rows.
fn corners(rows: &[Row], weight: impl Fn(usize) -> f64, mut corner: impl FnMut(f64, f64)) -> (f64, f64) {
    let (mut n1, mut n0, mut y1, mut y0) = (0.0, 0.0, 0.0, 0.0);
    corner(0.0, 0.0);
    for (at, row) in rows.iter().enumerate() {
        let weight = weight(at);
        let yes = if row.wanted { weight } else { 0.0 };
        if row.treated {
            n1 += weight;
            y1 += yes;
        } else {
            n0 += weight;
            y0 += yes;
        }
        if rows.get(at + 1).is_none_or(|next| next.tie != row.tie) {
            let gain = y1 - if n0 > 0.0 { y0 * n1 / n0 } else { 0.0 };
            corner(n1 + n0, gain);
        }
    }
    (n1 + n0, n1)
}

/// The area between the curve and the straight line, both axes as shares.
fn area(rows: &[Row], weight: impl Fn(usize) -> f64) -> f64 {
    let (mut sum, mut last) = (0.0, (0.0, 0.0));
    let (all, treated) = corners(rows, weight, |x, y| {
        sum += (x - last.0) * (y + last.1) / 2.0;
        last = (x, y);
    });
    if all <= 0.0 || treated <= 0.0 { 0.0 } else { (sum - all * last.1 / 2.0) / (all * treated) }
}

/// The Qini curve and coefficient of `scores`, one a row beside its answer and whether it got the offer;
/// `samples` bootstrap samples within the groups give the interval.
///
/// # Errors
/// The person cancelled.
pub fn qini(
    scores: &[f64],
    wanted: &[bool],
    treated: &[bool],
    samples: usize,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Qini> {
    let mut order: Vec<usize> = (0..scores.len().min(wanted.len()).min(treated.len())).collect();
    let score = |at: usize| scores.get(at).copied().unwrap_or(f64::NEG_INFINITY);
    order.sort_by(|&a, &b| score(b).total_cmp(&score(a)));
    let (mut tie, mut before) = (0, None);
    let rows: Vec<Row> = order
        .iter()
        .map(|&at| {
            if before.is_some_and(|before: f64| before.total_cmp(&score(at)).is_ne()) {
                tie += 1;
            }
            before = Some(score(at));
            let is = |list: &[bool]| list.get(at).copied().unwrap_or(false);
            Row { tie, treated: is(treated), wanted: is(wanted) }
        })
        .collect();
    let mut whole = Vec::new();
    let (all, called) = corners(&rows, |_| 1.0, |x, y| whole.push((x, y)));
    let share = |(x, y): &(f64, f64)| (x / all.max(1.0), y / called.max(1.0));
    let curve: Vec<(f64, f64)> = whole.iter().map(share).collect();
    let best = curve.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0.0, |(x, _)| *x);
    let total = curve.last().map_or(0.0, |(_, y)| *y);
    let value = area(&rows, |_| 1.0);

    let groups: [Vec<usize>; 2] = [true, false].map(|group| {
        (0..rows.len()).filter(|at| rows.get(*at).is_some_and(|r| r.treated == group)).collect()
    });
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x0919_1B00);
    let mut areas = Vec::with_capacity(samples);
    for at in 0..samples {
        report.check()?;
        report.progress(at as f64 / samples as f64);
        let mut counts = vec![0u32; rows.len()];
        for group in groups.iter().filter(|group| !group.is_empty()) {
            for _ in 0..group.len() {
                let place = group.get(rng.gen_range(0..group.len()));
                if let Some(count) = place.and_then(|place| counts.get_mut(*place)) {
                    *count += 1;
                }
            }
        }
        areas.push(area(&rows, |at| f64::from(counts.get(at).copied().unwrap_or(0))));
    }
    areas.sort_by(f64::total_cmp);
    let quantile = |q: f64| {
        let place = (q * (areas.len().max(1) - 1) as f64).round() as usize;
        areas.get(place).copied().unwrap_or(value)
    };
    let coefficient = Estimate { value, low: quantile(0.025), high: quantile(0.975) };
    Ok(Qini { curve: thinned(curve), coefficient, all: total, best })
}

/// Few enough corners to draw, the first and the last among them.
fn thinned(curve: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    if curve.len() <= POINTS {
        return curve;
    }
    let last = curve.len() - 1;
    (0..POINTS).filter_map(|at| curve.get(at * last / (POINTS - 1)).copied()).collect()
}
