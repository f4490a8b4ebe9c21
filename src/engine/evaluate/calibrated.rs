//! Are 30% really 30%? The answer that the calibration curve gives.

use serde::Serialize;

use super::{CalibrationBin, Evaluation};
use crate::metrics::{Estimate, proportion_at, simultaneous_z};

/// Whether what happened differs from the probabilities beyond chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "finding")]
pub enum Calibrated {
    /// Fewer measured rows than a verdict needs.
    TooFew,
    /// In no bin beyond chance.
    Holds { bins: usize },
    /// The bin that is furthest off, among those where the difference is more than chance.
    Off {
        /// Mean probability in the bin.
        predicted: f64,
        /// Share that was positive, with the interval that holds for all bins together.
        observed: Estimate,
        rows: u64,
        /// Bins that are off, of `bins`.
        off: usize,
        bins: usize,
    },
}

impl Evaluation {
    /// Judges the calibration curve in `bins` bins of equal size.
    pub fn calibrated(&self, bins: usize) -> Calibrated {
        Calibrated::of(&self.calibration(bins), self.is_judged())
    }
}

impl Calibrated {
    /// Judges the bins of a calibration curve: the share that was positive in each, with Wilson's interval at
    /// the level that holds for all bins together (Bonferroni), beside the mean probability.
    pub fn of(all: &[CalibrationBin], is_judged: bool) -> Self {
        if !is_judged || all.is_empty() {
            return Self::TooFew;
        }
        let z = simultaneous_z(all.len());
        let off: Vec<_> = all
            .iter()
            .map(|bin| {
                let hits = (bin.observed.value * bin.rows as f64).round() as u64;
                (bin.predicted, proportion_at(hits, bin.rows, z), bin.rows)
            })
            .filter(|(predicted, observed, _)| *predicted < observed.low || *predicted > observed.high)
            .collect();
        let far = |(predicted, observed, _): &(f64, Estimate, u64)| (predicted - observed.value).abs();
        match off.iter().max_by(|a, b| far(a).total_cmp(&far(b))) {
            None => Self::Holds { bins: all.len() },
            Some((predicted, observed, rows)) => Self::Off {
                predicted: *predicted,
                observed: *observed,
                rows: *rows,
                off: off.len(),
                bins: all.len(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `n` rows in two halves: those said to be at 20%, of whom `low` in 100 are positive, and those at 80%.
    fn of(n: usize, low: usize, high: usize) -> Evaluation {
        let said: Vec<f64> = (0..n).map(|at| if at < n / 2 { 0.2 } else { 0.8 }).collect();
        let was = |at: usize| (at * 37) % 100 < if at < n / 2 { low } else { high };
        Evaluation::new(&said, &(0..n).map(was).collect::<Vec<_>>())
    }

    #[test]
    fn the_curve_is_answered() {
        assert_eq!(of(1000, 20, 80).calibrated(2), Calibrated::Holds { bins: 2 });
        let Calibrated::Off { predicted, observed, rows, off, bins } = of(1000, 35, 80).calibrated(2) else {
            panic!("35% of those at 20% were positive")
        };
        assert!((predicted - 0.2).abs() < 1e-9 && (observed.value - 0.35).abs() < 1e-9, "{observed:?}");
        assert_eq!((rows, off, bins), (500, 1, 2));
        // About as many of ten rows could be chance, and on eight are not judged.
        assert_eq!(of(20, 35, 80).calibrated(2), Calibrated::Holds { bins: 2 });
        assert_eq!(Evaluation::new(&[0.1; 8], &[true; 8]).calibrated(2), Calibrated::TooFew);
    }
}
