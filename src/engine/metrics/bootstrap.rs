//! The bootstrap (Efron 1979), fast: rows stay where they are and only how often each was drawn changes, so
//! that a measure that knows the sorted order never sorts again. Every replicate has a ChaCha stream of its
//! own: the same seed gives the same figures on any number of threads.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{Estimate, Z};

/// Draws `replicates` times as many rows from each stratum as it has, with replacement, and measures each
/// draw: `measure` gets how often every one of the `rows` rows was drawn. Strata hold places of rows.
/// Nothing more is drawn once `goes_on` says no; what was measured is returned.
pub fn resample<const K: usize>(
    strata: &[Vec<u32>],
    rows: usize,
    (replicates, seed): (usize, u64),
    goes_on: &(dyn Fn() -> bool + Sync),
    measure: impl Fn(&[u32]) -> [f64; K] + Sync,
) -> Vec<[f64; K]> {
    let one = |drawn: &mut Vec<u32>, replicate: usize| {
        if !goes_on() {
            return None;
        }
        drawn.fill(0);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(replicate as u64);
        for stratum in strata {
            let size = stratum.len() as u64;
            for _ in 0..size {
                // The high half of a product is even over the stratum to one part in 2³² / size.
                let at = (u64::from(rng.next_u32()) * size) >> 32;
                if let Some(times) = stratum.get(at as usize).and_then(|row| drawn.get_mut(*row as usize)) {
                    *times += 1;
                }
            }
        }
        Some(measure(drawn))
    };
    (0..replicates).into_par_iter().map_init(|| vec![0; rows], one).flatten().collect()
}

/// The 95% interval of a figure from its replicates: their percentiles; the normal interval of their spread
/// where there are fewer than 200. For figures without a scale of their own on which replicates are normal.
pub fn interval(value: f64, replicates: impl Iterator<Item = f64>) -> Estimate {
    let mut all: Vec<f64> = replicates.filter(|one| one.is_finite()).collect();
    all.sort_unstable_by(f64::total_cmp);
    let none = Estimate { value, low: value, high: value };
    if all.len() < 2 {
        return none;
    }
    if all.len() < FEW {
        // Too few for quantiles: the normal interval of their spread.
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let variance = all.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (all.len() as f64 - 1.0);
        let half = Z * variance.sqrt();
        return Estimate { value, low: value - half, high: value + half };
    }
    Estimate { value, low: quantile(&all, 0.025), high: quantile(&all, 0.975) }
}

/// Replicates from which quantiles are taken.
const FEW: usize = 200;

/// A quantile of sorted values, between two of them in proportion.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share.clamp(0.0, 1.0) * (sorted.len().max(1) - 1) as f64;
    let (low, part) = (place.floor(), place.fract());
    let at = |place: f64| sorted.get(place as usize).copied();
    match (at(low), at(low + 1.0)) {
        (Some(a), Some(b)) => a + part * (b - a),
        (Some(a), None) => a,
        _ => f64::NAN,
    }
}
