//! Of features that say nearly the same one is kept.

use rayon::prelude::*;

use super::Columns;
use crate::job::Reporter;

/// Products of pairs of values that screening may take; beyond, it looks at an even part of the rows.
const PRODUCTS: usize = 4_000_000_000;
const FEWEST: usize = 500;
/// How far below the threshold r of a part of the rows may lie for all rows to be asked.
const MARGIN: f64 = 0.1;

/// Pearson's r of two columns; `None` where one never changes.
pub(in crate::features) fn pearson(a: &[f32], b: &[f32]) -> Option<f64> {
    let n = a.len().min(b.len()) as f64;
    let mean = |values: &[f32]| values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
    let (ma, mb) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (f64::from(*a) - ma, f64::from(*b) - mb);
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    let spread = (aa * bb).sqrt();
    (spread > 0.0 && spread.is_finite()).then(|| (ab / spread).clamp(-1.0, 1.0))
}

/// Every `step`-th value, moved to mean 0 and length 1; all 0 for a constant.
fn unit(values: &[f32], step: usize) -> Vec<f32> {
    let some: Vec<f64> = values.iter().step_by(step).map(|v| f64::from(*v)).collect();
    let mean = some.iter().sum::<f64>() / some.len().max(1) as f64;
    let length = some.iter().map(|v| (v - mean).powi(2)).sum::<f64>().sqrt();
    let scale = if length > 0.0 && length.is_finite() { 1.0 / length } else { 0.0 };
    some.into_iter().map(|v| ((v - mean) * scale) as f32).collect()
}

/// Goes through features in `order`, most telling first, and keeps each that has |r| below `threshold` with
/// all that were kept. Returns the others: the feature, the first kept one that it goes with, and r.
pub(super) fn prune(
    columns: &Columns,
    order: &[usize],
    threshold: f64,
    report: &Reporter,
) -> crate::Result<Vec<(usize, usize, f64)>> {
    let pairs = (order.len() * order.len() / 2).max(1);
    let step = columns.rows().div_ceil((PRODUCTS / pairs).max(FEWEST)).max(1);
    let screened = if step > 1 { threshold - MARGIN } else { threshold - 1e-4 };
    let units: Vec<Vec<f32>> = order.par_iter().map(|&at| unit(columns.column(at), step)).collect();
    let mut kept: Vec<usize> = Vec::new();
    let mut out = Vec::new();
    for (at, (feature, own)) in order.iter().zip(&units).enumerate() {
        report.check()?;
        let twin = kept.par_iter().find_map_first(|&other| {
            let r: f32 = units.get(other)?.iter().zip(own).map(|(a, b)| a * b).sum();
            if f64::from(r.abs()) < screened {
                return None;
            }
            let with = *order.get(other)?;
            let r = pearson(columns.column(*feature), columns.column(with))?;
            (r.abs() >= threshold).then_some((*feature, with, r))
        });
        match twin {
            Some(found) => out.push(found),
            None => kept.push(at),
        }
    }
    Ok(out)
}
