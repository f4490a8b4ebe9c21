//! What a probability meant on test rows: of those whom the model gave about as much, how many it came
//! true for.

use serde::Serialize;

use super::OperatingPoint;
use crate::metrics::{self, Estimate};

/// Test rows that are taken together at least, and their least share of all.
const LEAST: f64 = 40.0;
const SHARE: f64 = 0.05;

/// Test rows whom the model gave about as much.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Such {
    /// Their probabilities lie between these.
    pub from: f64,
    pub to: f64,
    /// Share that it came true for, with Wilson's 95% interval.
    pub observed: Estimate,
    pub rows: u64,
}

impl Such {
    /// The rows around `probability`, from the operating points of `rows` rows of which `positives` came
    /// true: whole steps of the curve, the nearest first, until they are 40 rows and a twentieth of all.
    /// `None` where there are no rows, or the probability is no number.
    pub fn around(curve: &[OperatingPoint], rows: u64, positives: u64, probability: f64) -> Option<Self> {
        if rows == 0 || curve.len() < 2 || !probability.is_finite() {
            return None;
        }
        let passed = |at: usize| curve.get(at).map_or(0.0, |point| (point.flagged * rows as f64).round());
        let hits = |at: usize| curve.get(at).map_or(0.0, |point| (point.recall * positives as f64).round());
        let threshold = |at: usize| curve.get(at).map_or(0.0, |point| point.threshold);
        let last = curve.len() - 1;
        // The step that the probability falls into ends at the first threshold that it reaches.
        let mut end =
            curve.iter().skip(1).position(|point| probability >= point.threshold).map_or(last, |at| at + 1);
        let mut start = end - 1;
        let wanted = (SHARE * rows as f64).max(LEAST);
        while passed(end) - passed(start) < wanted && (start > 0 || end < last) {
            let up = (start > 0).then(|| (threshold(start) - probability).abs());
            let down = (end < last).then(|| (probability - threshold(end)).abs());
            match (up, down) {
                (Some(up), Some(down)) if up <= down => start -= 1,
                (Some(_), None) => start -= 1,
                _ => end += 1,
            }
        }
        let count = |from: f64, to: f64| (to - from).max(0.0) as u64;
        let (taken, came_true) = (count(passed(start), passed(end)), count(hits(start), hits(end)));
        Some(Self {
            from: threshold(end).clamp(0.0, 1.0),
            to: threshold(start).clamp(0.0, 1.0),
            observed: metrics::proportion(came_true.min(taken), taken),
            rows: taken,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Evaluation;

    #[test]
    fn the_rows_around_a_probability_are_counted() {
        // Row n of 1000 has probability n / 1000, and comes true where the last digit says so: one in
        // ten below a half, nine in ten above.
        let p: Vec<f64> = (0..1000).map(|n| f64::from(n) / 1000.0).collect();
        let y: Vec<bool> = (0..1000).map(|n| if n < 500 { n % 10 == 0 } else { n % 10 != 0 }).collect();
        let test = Evaluation::new(&p, &y);
        let curve = test.operating_points(200);
        let of = |probability: f64| Such::around(&curve, 1000, test.positives(), probability);
        for (probability, observed) in
            [(0.2, 0.1), (0.9, 0.9), (0.0, 0.1), (1.0, 0.9), (-1.0, 0.1), (7.0, 0.9)]
        {
            let such = of(probability).unwrap();
            assert!((such.observed.value - observed).abs() < 0.03, "{probability}: {such:?}");
            assert!((50..=60).contains(&such.rows), "{such:?}");
            let inside = probability.clamp(0.0, 0.999);
            assert!(such.from <= inside && inside <= such.to, "{such:?}");
            // Counted again, row by row.
            let here = |p: &&(f64, bool)| p.0 >= such.from && p.0 < such.to;
            let pairs: Vec<(f64, bool)> = p.iter().copied().zip(y.iter().copied()).collect();
            assert_eq!(pairs.iter().filter(here).count() as u64, such.rows);
            let hits = pairs.iter().filter(here).filter(|one| one.1).count() as f64;
            assert!((such.observed.value - hits / such.rows as f64).abs() < 1e-12);
        }
        assert!(of(f64::NAN).is_none() && Such::around(&[], 0, 0, 0.5).is_none());
        // A model that says the same of everyone: everyone is such a customer.
        let same = Evaluation::new(&[0.3; 50], &[true; 50]);
        let such = Such::around(&same.operating_points(200), 50, 50, 0.3).unwrap();
        assert_eq!((such.rows, such.observed.value), (50, 1.0));
    }
}
