//! Kaplan and Meier's curve (1958) with Greenwood's interval on the log-log scale, and the log-rank test
//! (Mantel 1966).

use serde::Serialize;
use statrs::function::gamma::gamma_ur;

const Z: f64 = 1.959_963_984_540_054;

/// How long somebody was under contract, and whether the end was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spell {
    pub time: f64,
    pub left: bool,
}

/// The curve at a time at which somebody left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Step {
    pub time: f64,
    /// Customers under contract until just before.
    pub at_risk: usize,
    pub left: usize,
    /// Share that is still there after it, and its 95% interval.
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

/// The steps of the curve, by time.
pub fn kaplan_meier(spells: &[Spell]) -> Vec<Step> {
    let mut sorted: Vec<&Spell> = spells.iter().collect();
    sorted.sort_by(|a, b| a.time.total_cmp(&b.time));
    let (mut share, mut sum) = (1.0, 0.0);
    let (mut steps, mut gone) = (Vec::new(), 0);
    for tied in sorted.chunk_by(|a, b| a.time == b.time) {
        let (at_risk, left) = (spells.len() - gone, tied.iter().filter(|spell| spell.left).count());
        gone += tied.len();
        let (n, d) = (at_risk as f64, left as f64);
        let Some(time) = tied.first().map(|spell| spell.time).filter(|_| left > 0) else { continue };
        share *= 1.0 - d / n;
        sum += if left < at_risk { d / (n * (n - d)) } else { 0.0 };
        let (low, high) = match share {
            // The log-log scale has no place for nobody.
            0.0 => (0.0, 0.0),
            share => {
                let width = Z * f64::sqrt(sum) / f64::ln(share);
                (f64::powf(share, (-width).exp()), f64::powf(share, width.exp()))
            }
        };
        steps.push(Step { time, at_risk, left, share, low, high });
    }
    steps
}

/// Whole times from 0 to `end` at which numbers at risk are told: at most eight.
pub(super) fn marks(end: f64) -> Vec<f64> {
    const STEPS: [f64; 10] = [1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 60.0, 120.0, 240.0, 600.0];
    let end = if end.is_finite() { end.max(0.0) } else { 0.0 };
    let step = STEPS.into_iter().find(|step| end / step < 8.0).unwrap_or((end / 7.0).ceil());
    (0..8).map(|at| f64::from(at) * step).take_while(|time| *time <= end).collect()
}

/// The step in force at `time`: the last one that is not after it; `None` before the first.
pub fn step_at(steps: &[Step], time: f64) -> Option<&Step> {
    let after = steps.partition_point(|step| step.time <= time);
    after.checked_sub(1).and_then(|at| steps.get(at))
}

/// The share that is still there after `time`.
pub fn share_at(steps: &[Step], time: f64) -> f64 {
    step_at(steps, time).map_or(1.0, |step| step.share)
}

/// The time at which half have left; `None` where fewer did.
pub fn median(steps: &[Step]) -> Option<f64> {
    steps.iter().find(|step| step.share <= 0.5).map(|step| step.time)
}

/// The log-rank test of the groups being alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LogRank {
    pub chi_square: f64,
    pub degrees: usize,
    pub p: f64,
}

/// Upper tail of the chi-square distribution.
pub(super) fn chi_square_tail(value: f64, degrees: usize) -> f64 {
    if value > 0.0 && degrees > 0 { gamma_ur(degrees as f64 / 2.0, value / 2.0) } else { 1.0 }
}

/// Tests whether groups leave alike; `None` for fewer than two groups or nobody who left.
pub fn log_rank(spells: &[Spell], group: &[usize], groups: usize) -> Option<LogRank> {
    if groups < 2 {
        return None;
    }
    let mut order: Vec<(&Spell, usize)> = spells.iter().zip(group.iter().copied()).collect();
    order.sort_by(|a, b| a.0.time.total_cmp(&b.0.time));
    let mut at_risk = vec![0.0; groups];
    order.iter().for_each(|(_, group)| at_risk.iter_mut().skip(*group).take(1).for_each(|n| *n += 1.0));
    // The last group follows from the others.
    let free = groups - 1;
    let (mut excess, mut variance) = (vec![0.0; free], vec![vec![0.0; free]; free]);
    for tied in order.chunk_by(|a, b| a.0.time == b.0.time) {
        let n: f64 = at_risk.iter().sum();
        let left = |of: Option<usize>| {
            tied.iter().filter(|(spell, group)| spell.left && of.is_none_or(|of| of == *group)).count() as f64
        };
        let d = left(None);
        if d > 0.0 {
            let spread = if n > 1.0 { d * (n - d) / (n - 1.0) } else { 0.0 };
            for (i, row) in variance.iter_mut().enumerate() {
                let share = at_risk.get(i).map_or(0.0, |at| at / n);
                if let Some(excess) = excess.get_mut(i) {
                    *excess += left(Some(i)) - d * share;
                }
                for (j, cell) in row.iter_mut().enumerate() {
                    let other = at_risk.get(j).map_or(0.0, |at| at / n);
                    *cell += spread * share * (f64::from(u8::from(i == j)) - other);
                }
            }
        }
        tied.iter().for_each(|(_, group)| at_risk.iter_mut().skip(*group).take(1).for_each(|n| *n -= 1.0));
    }
    let lower = super::super::linear::cholesky(&variance)?;
    let solved = super::super::linear::solve(&lower, &excess);
    let chi_square: f64 = solved.iter().zip(&excess).map(|(a, b)| a * b).sum();
    Some(LogRank { chi_square, degrees: free, p: chi_square_tail(chi_square, free) })
}
