//! How good a model is on rows it never saw: scores sorted once, so that a threshold moves every
//! figure at once and exactly.

mod around;
mod calibrated;
mod cross;
pub mod explain;
mod figures;
mod floor;
mod importance;
mod learning;
pub mod money;
mod nearest;
mod refit;
mod repair;
mod similar;
pub mod slices;
mod standing;
mod what_if;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::metrics::{self, Confusion, Estimate, Sorted};

pub use around::Such;
pub use calibrated::Calibrated;
pub use cross::{Compared, Comparison, FoldScores, Folded, Measured, Verdict, fold_scores};
pub use explain::{Explainer, Explanation};
pub use figures::{FigureRow, FigureTable, Finding, Footing, Guess, GuessKind, Pair, Trust, careful, pairs};
pub use floor::{is_judged, judges_order};
pub use importance::importance;
pub use learning::{LearningCurve, LearningPoint, MoreData, PowerLaw};
pub use nearest::{Goal, Move, Nearest, Turn, nearest};
pub(crate) use refit::EDGE as REFIT_EDGE;
pub use refit::Refit;
pub use repair::{LEAST_PER_CLASS, Repair, RepairKind};
pub use similar::{Like, alike};
pub use standing::Standing;
pub use what_if::{Asked, Cell, Choice, Ground, Values, can_be_changed, choices};

/// A model's probabilities on labelled rows, sorted once.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Descending.
    probabilities: Vec<f64>,
    labels: Vec<bool>,
    /// Positive rows among the first n.
    hits: Vec<u64>,
    /// Figures that do not depend on the threshold.
    fixed: BTreeMap<&'static str, Estimate>,
}

/// What flagging the riskiest rows down to a threshold does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct OperatingPoint {
    pub threshold: f64,
    /// Share of all rows that are flagged.
    pub flagged: f64,
    /// Share of the positive rows that are flagged (gain).
    pub recall: f64,
    pub false_positive_rate: f64,
    pub precision: f64,
    /// Precision over the share of positive rows.
    pub lift: f64,
}

/// One bin of the calibration curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Mean probability that the model gave.
    pub predicted: f64,
    /// Share that was positive, with its interval.
    pub observed: Estimate,
    pub rows: u64,
}

impl Evaluation {
    /// Sorts and measures. Both slices belong to the same rows.
    pub fn new(probabilities: &[f64], labels: &[bool]) -> Self {
        let mut order: Vec<usize> = (0..probabilities.len().min(labels.len())).collect();
        order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
        let p: Vec<f64> = order.iter().map(|&at| probabilities[at]).collect();
        let y: Vec<bool> = order.iter().map(|&at| labels[at]).collect();
        let mut hits = Vec::with_capacity(y.len() + 1);
        hits.push(0);
        for label in &y {
            hits.push(hits.last().copied().unwrap_or(0) + u64::from(*label));
        }
        let mut fixed = BTreeMap::new();
        if let Some(auc) = metrics::roc_auc_estimate(&p, &y) {
            fixed.insert("roc_auc", auc);
        }
        let sorted = Sorted::new(&p, &y, None);
        fixed.extend(sorted.and_then(|s| Some(("pr_auc", metrics::average_precision_estimate(&s)?))));
        if !y.is_empty() {
            fixed.insert("brier", metrics::mean_of_positive(&metrics::brier_terms(&p, &y)));
            fixed.insert("log_loss", metrics::mean_of_positive(&metrics::log_loss_terms(&p, &y)));
        }
        Self { probabilities: p, labels: y, hits, fixed }
    }

    /// Rows.
    pub fn rows(&self) -> usize {
        self.labels.len()
    }

    /// Positive rows.
    pub fn positives(&self) -> u64 {
        self.hits.last().copied().unwrap_or(0)
    }

    /// Counts when rows with probability ≥ `threshold` are flagged.
    pub fn confusion(&self, threshold: f64) -> Confusion {
        let flagged = self.probabilities.partition_point(|p| *p >= threshold);
        let (n, hits, positives) = (self.rows() as u64, self.hits[flagged], self.positives());
        Confusion {
            true_positive: hits,
            false_positive: flagged as u64 - hits,
            false_negative: positives - hits,
            true_negative: n - flagged as u64 - (positives - hits),
        }
    }

    /// Places after the last row of each different probability, ascending: every cut that a threshold
    /// can make, but for the one before all rows.
    fn ends(&self) -> Vec<usize> {
        let differ = |&end: &usize| self.probabilities.get(end) != self.probabilities.get(end - 1);
        (1..=self.rows()).filter(differ).collect()
    }

    /// Positive rows among the first `end`.
    fn hits_of(&self, end: usize) -> u64 {
        self.hits.get(end).copied().unwrap_or(0)
    }

    /// The threshold that flags the first `end` rows.
    fn threshold_of(&self, end: usize) -> f64 {
        let last = end.checked_sub(1).and_then(|last| self.probabilities.get(last));
        last.copied().unwrap_or(1.0 + f64::EPSILON)
    }

    /// How the probabilities of those who left and of those who stayed are spread: counts in `bins`
    /// equal parts of 0 to 1, `[left, stayed]`.
    pub fn spread(&self, bins: usize) -> Vec<[u64; 2]> {
        let mut out = vec![[0, 0]; bins.max(1)];
        for (p, label) in self.probabilities.iter().zip(&self.labels) {
            let at = ((p * bins as f64) as usize).min(bins.saturating_sub(1));
            if let Some(bin) = out.get_mut(at) {
                bin[usize::from(!label)] += 1;
            }
        }
        out
    }

    /// Every figure with its interval, at a threshold, under its stable name.
    pub fn metrics(&self, threshold: f64) -> BTreeMap<&'static str, Estimate> {
        let counts = self.confusion(threshold);
        let mut all = self.fixed.clone();
        all.insert("accuracy", counts.accuracy());
        all.insert("balanced_accuracy", counts.balanced_accuracy());
        all.insert("precision", counts.precision());
        all.insert("recall", counts.recall());
        all.insert("f1", counts.f1());
        all
    }

    /// A figure that does not depend on the threshold.
    pub fn fixed(&self, name: &str) -> Option<Estimate> {
        self.fixed.get(name).copied()
    }

    /// What flagging every row with probability ≥ `threshold` does.
    pub fn operating_point(&self, threshold: f64) -> OperatingPoint {
        self.point(self.probabilities.partition_point(|p| *p >= threshold), threshold)
    }

    fn point(&self, flagged: usize, threshold: f64) -> OperatingPoint {
        let (rows, positives) = (self.rows() as f64, self.positives() as f64);
        let hits = self.hits[flagged] as f64;
        let flagged = flagged as f64;
        // Nobody flagged: nobody flagged wrongly.
        let precision = if flagged > 0.0 { hits / flagged } else { 1.0 };
        let lift = if flagged > 0.0 && positives > 0.0 { precision * rows / positives } else { 1.0 };
        OperatingPoint {
            threshold,
            flagged: flagged / rows.max(1.0),
            recall: hits / positives.max(1.0),
            false_positive_rate: (flagged - hits) / (rows - positives).max(1.0),
            precision,
            lift,
        }
    }

    /// One point for each different probability, from nobody flagged to everybody: ROC,
    /// precision–recall, gain and lift curves are drawn from them. At most `most` points, evenly.
    pub fn operating_points(&self, most: usize) -> Vec<OperatingPoint> {
        let ends: Vec<usize> = (1..=self.rows())
            .filter(|&end| end == self.rows() || self.probabilities[end] != self.probabilities[end - 1])
            .collect();
        let every = ends.len().div_ceil(most.max(2)).max(1);
        let last = ends.len().saturating_sub(1);
        let kept = ends.iter().enumerate().filter(|(at, _)| at % every == 0 || *at == last);
        let mut points = vec![self.point(0, 1.0 + f64::EPSILON)];
        points.extend(kept.map(|(_, &end)| self.point(end, self.probabilities[end - 1])));
        points
    }

    /// The calibration curve in `bins` bins of equal size.
    pub fn calibration(&self, bins: usize) -> Vec<CalibrationBin> {
        let n = self.rows();
        let bins = bins.min(n);
        (0..bins)
            .map(|bin| {
                let (from, to) = (bin * n / bins, (bin + 1) * n / bins);
                let rows = (to - from) as u64;
                CalibrationBin {
                    predicted: self.probabilities[from..to].iter().sum::<f64>() / rows.max(1) as f64,
                    observed: metrics::proportion(self.hits[to] - self.hits[from], rows),
                    rows,
                }
            })
            .rev()
            .collect()
    }

    /// The threshold with the highest F1 on these rows; to be asked of validation rows only.
    pub fn best_f1_threshold(&self) -> f64 {
        let mut best = (0.5, 0.0);
        for end in 1..=self.rows() {
            if end == self.rows() || self.probabilities[end] != self.probabilities[end - 1] {
                let threshold = self.probabilities[end - 1];
                let f1 = self.confusion(threshold).f1().value;
                if f1 > best.1 {
                    best = (threshold, f1);
                }
            }
        }
        best.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_threshold_moves_every_count() {
        let e = Evaluation::new(&[0.9, 0.2, 0.6, 0.4, 0.6], &[true, false, true, true, false]);
        let c = e.confusion(0.5);
        assert_eq!((c.true_positive, c.false_positive, c.false_negative, c.true_negative), (2, 1, 1, 1));
        assert_eq!(e.confusion(0.0).true_positive, 3);
        assert_eq!(e.confusion(1.1).total(), 5);
        let points = e.operating_points(100);
        let ends = points.first().zip(points.last()).unwrap();
        assert_eq!((ends.0.recall, ends.0.false_positive_rate), (0.0, 0.0));
        assert_eq!((ends.1.recall, ends.1.false_positive_rate), (1.0, 1.0));
        // One of five rows flagged, and it is one of the three positive ones.
        let one = e.operating_point(0.9);
        assert_eq!((one.flagged, one.precision), (0.2, 1.0));
        assert!((one.lift - 5.0 / 3.0).abs() < 1e-12 && (one.recall - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(e.operating_points(2).len(), 4, "the first, the last and one between");
        assert_eq!(e.calibration(2).iter().map(|bin| bin.rows).sum::<u64>(), 5);
        assert_eq!(e.best_f1_threshold(), 0.4);
    }

    #[test]
    fn no_rows_are_no_crash() {
        let e = Evaluation::new(&[], &[]);
        assert_eq!(e.confusion(0.5).total(), 0);
        assert!(e.metrics(0.5).contains_key("accuracy") && e.calibration(10).is_empty());
    }
}
