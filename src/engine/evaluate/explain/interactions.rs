//! Interactions of two columns: Friedman's H (Friedman and Popescu 2008), on log-odds, where a model that
//! only adds up its columns has none.

use rayon::prelude::*;
use serde::Serialize;

use super::Ground;
use super::ground::thinned;
use crate::job::Reporter;

/// Columns whose pairs are looked at, and rows that are crossed with each other.
const COLUMNS: usize = 8;
const ROWS: usize = 50;
/// Pairs that are told.
const TOLD: usize = 8;
/// Probabilities are kept this far from 0 and 1.
const EDGE: f64 = 1e-6;
/// Effects below this many log-odds are numbers' dust.
const DUST: f64 = 1e-4;

/// How much two columns do together beyond what each does alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    pub a: String,
    pub b: String,
    /// The standard deviation of what they only do together, in log-odds.
    pub strength: f64,
    /// H²: its share in the variance of all that the two do, 0 to 1.
    pub share: f64,
}

/// The strongest interactions.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Interactions {
    /// The strongest first.
    pub pairs: Vec<Pair>,
    /// Columns whose pairs were looked at.
    pub columns: Vec<String>,
    /// Rows of the sample.
    pub rows: usize,
}

/// Looks at the pairs of the first of `columns` on a sample of rows.
///
/// # Errors
/// The device cannot be used, or the person cancelled.
pub(super) fn interactions(
    ground: &Ground<'_>,
    columns: &[String],
    report: &Reporter,
) -> crate::Result<Interactions> {
    let of = if ground.fresh.is_empty() { &ground.known } else { &ground.fresh };
    let rows = thinned(of, ROWS);
    let places: Vec<usize> =
        columns.iter().filter_map(|column| ground.position(column)).take(COLUMNS).collect();
    if rows.len() < 2 || places.len() < 2 {
        return Ok(Interactions::default());
    }
    let pairs: Vec<(usize, usize)> =
        (0..places.len()).flat_map(|a| (a + 1..places.len()).map(move |b| (a, b))).collect();
    let steps = (places.len() + pairs.len()) as f64;
    let mut alone = Vec::with_capacity(places.len());
    for &place in &places {
        alone.push(effect(ground, &rows, &[place], report)?);
        report.progress(alone.len() as f64 / steps);
    }
    let names = ground.columns();
    let name = |at: usize| places.get(at).and_then(|at| names.get(*at)).map_or("", |name| *name).to_owned();
    let mut found = Vec::with_capacity(pairs.len());
    for (a, b) in pairs {
        let (Some(own), Some(other)) = (places.get(a), places.get(b)) else { continue };
        let both = effect(ground, &rows, &[*own, *other], report)?;
        let (Some(one), Some(two)) = (alone.get(a), alone.get(b)) else { continue };
        let n = rows.len() as f64;
        let beyond = both.iter().zip(one.iter().zip(two)).map(|(both, (a, b))| (both - a - b).powi(2));
        let beyond = beyond.sum::<f64>() / n;
        let all = both.iter().map(|v| v * v).sum::<f64>() / n;
        let share = if all.sqrt() > DUST { (beyond / all).min(1.0) } else { 0.0 };
        found.push(Pair { a: name(a), b: name(b), strength: beyond.sqrt(), share });
        report.progress((places.len() + found.len()) as f64 / steps);
    }
    found.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    found.truncate(TOLD);
    let columns = (0..places.len()).map(name).collect();
    Ok(Interactions { pairs: found, columns, rows: rows.len() })
}

/// The partial dependence of log-odds on `columns`, at each row's own values, less its mean.
fn effect(
    ground: &Ground<'_>,
    rows: &[usize],
    columns: &[usize],
    report: &Reporter,
) -> crate::Result<Vec<f64>> {
    let p = ground.predict_crossed(rows, rows, columns, report)?;
    let log_odds = |p: &f64| {
        let p = p.clamp(EDGE, 1.0 - EDGE);
        (p / (1.0 - p)).ln()
    };
    let mut means: Vec<f64> = p
        .par_chunks(rows.len().max(1))
        .map(|p| p.iter().map(log_odds).sum::<f64>() / p.len().max(1) as f64)
        .collect();
    let mean = means.iter().sum::<f64>() / means.len().max(1) as f64;
    means.iter_mut().for_each(|value| *value -= mean);
    Ok(means)
}
