//! Scores and their 95% intervals. A leaf: slices in, numbers out.

mod binary;
mod bootstrap;
mod classes;
#[cfg(test)]
mod coverage;
mod estimates;
mod figure;
mod folds;
#[cfg(test)]
mod golden;
mod paired;
mod regression;
mod stability;

use serde::{Deserialize, Serialize};

pub use binary::{BINS, Sorted};
pub use bootstrap::{interval, resample};
pub use classes::{Averages, ClassFigures, Classes};
pub(crate) use estimates::SEED;
pub use estimates::{
    Measured, Method, REPLICATES, average_precision_estimate, estimates, mean_of_positive, replicates,
};
pub use figure::{Figure, Values};
pub use folds::fold_mean;
pub use paired::{
    LEVEL, Paired, Placements, bonferroni, corrected_t, mcnemar, paired_accuracy, paired_auc, simultaneous_z,
};
pub use regression::{Errors, Numbers};
pub use stability::{psi, psi_by_chance};

/// The standard normal quantile of a two-sided 95% interval.
const Z: f64 = 1.959_963_984_540_054;

/// An estimate with its 95% interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

impl Estimate {
    /// The same with an interval that goes no further than the figure can, and that holds the value.
    pub fn within(self, least: f64, most: f64) -> Self {
        let (low, high) = (self.low.max(least).min(self.value), self.high.min(most).max(self.value));
        Self { low, high, ..self }
    }
}

/// Counts at one threshold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    pub true_positive: u64,
    pub false_positive: u64,
    pub false_negative: u64,
    pub true_negative: u64,
}

/// Wilson's score interval of a proportion (Wilson 1927); 0 to 1 for no trials.
pub fn proportion(hits: u64, trials: u64) -> Estimate {
    proportion_at(hits, trials, Z)
}

/// [`proportion`] at another level: `z` is the two-sided standard normal quantile.
pub fn proportion_at(hits: u64, trials: u64, z: f64) -> Estimate {
    if trials == 0 {
        return Estimate { value: 0.0, low: 0.0, high: 1.0 };
    }
    let (n, p) = (trials as f64, hits as f64 / trials as f64);
    let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    // At the ends the bound is the share itself, but for the rounding of a sum.
    Estimate { value: p, low: (centre - half).max(0.0).min(p), high: (centre + half).min(1.0).max(p) }
}

/// The mean of `values` with its normal interval.
pub fn mean(values: &[f64]) -> Estimate {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    let half = Z * (variance / n).sqrt();
    Estimate { value: mean, low: mean - half, high: mean + half }
}

impl Confusion {
    /// All rows.
    pub fn total(&self) -> u64 {
        self.true_positive + self.false_positive + self.false_negative + self.true_negative
    }

    /// Share of the rows that are told rightly.
    pub fn accuracy(&self) -> Estimate {
        proportion(self.true_positive + self.true_negative, self.total())
    }

    /// Share of the flagged rows that are positive.
    pub fn precision(&self) -> Estimate {
        proportion(self.true_positive, self.true_positive + self.false_positive)
    }

    /// Share of the positive rows that are flagged.
    pub fn recall(&self) -> Estimate {
        proportion(self.true_positive, self.true_positive + self.false_negative)
    }

    /// Share of the negative rows that are not flagged.
    pub fn specificity(&self) -> Estimate {
        proportion(self.true_negative, self.true_negative + self.false_positive)
    }

    /// The mean of recall and specificity, of that of the two which is there where one class is not. The
    /// interval squares and adds the two sides of Wilson's (Newcombe 1998).
    pub fn balanced_accuracy(&self) -> Estimate {
        let (a, b) = (self.recall(), self.specificity());
        match (self.true_positive + self.false_negative, self.true_negative + self.false_positive) {
            (0, _) => return b,
            (_, 0) => return a,
            _ => {}
        }
        let value = (a.value + b.value) / 2.0;
        let low = (a.value - a.low).hypot(b.value - b.low) / 2.0;
        let high = (a.high - a.value).hypot(b.high - b.value) / 2.0;
        Estimate { value, low: (value - low).max(0.0), high: (value + high).min(1.0) }
    }

    /// The harmonic mean of precision and recall, F1 = 2TP / (2TP + FP + FN). With
    /// q = TP / (TP + FP + FN), F1 = 2q / (1 + q) grows with q, so Wilson's interval of q carries
    /// over.
    pub fn f1(&self) -> Estimate {
        let q =
            proportion(self.true_positive, self.true_positive + self.false_positive + self.false_negative);
        let f = |q: f64| 2.0 * q / (1.0 + q);
        Estimate { value: f(q.value), low: f(q.low), high: f(q.high) }
    }
}

/// Area under the ROC curve: the chance that a positive row scores above a negative one, ties
/// counted half (Mann and Whitney). `None` unless both classes are there.
pub fn roc_auc(scores: &[f64], labels: &[bool]) -> Option<f64> {
    let (positive, negative) = ranks(scores, labels)?;
    let (m, n) = (positive.len() as f64, negative.len() as f64);
    let sum: f64 = positive.iter().map(|(overall, _)| overall).sum();
    Some((sum - m * (m + 1.0) / 2.0) / (m * n))
}

/// Rows of the smaller class below which DeLong's variance is not trusted.
const FEW: f64 = 30.0;

/// Area under the ROC curve with DeLong's interval (DeLong et al. 1988; fast form of Sun and Xu 2014) on the
/// logit scale, where it covers better near 1. With fewer than 30 rows in the smaller class, and where the
/// classes are told apart entirely, Newcombe's interval: DeLong's would be too narrow, or none at all.
pub fn roc_auc_estimate(scores: &[f64], labels: &[bool]) -> Option<Estimate> {
    let value = roc_auc(scores, labels)?;
    let (positive, negative) = ranks(scores, labels)?;
    let (m, n) = (positive.len() as f64, negative.len() as f64);
    let variance = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0).max(1.0)
    };
    let v10: Vec<f64> = positive.iter().map(|(overall, own)| (overall - own) / n).collect();
    let v01: Vec<f64> = negative.iter().map(|(overall, own)| 1.0 - (overall - own) / m).collect();
    let error = (variance(&v10) / m + variance(&v01) / n).sqrt();
    let slope = value * (1.0 - value);
    if m.min(n) < FEW || slope <= 0.0 {
        return Some(newcombe(value, m, n));
    }
    let centre = (value / (1.0 - value)).ln();
    let at = |z: f64| 1.0 / (1.0 + (-(centre + z * error / slope)).exp());
    Some(Estimate { value, low: at(-Z), high: at(Z) })
}

/// The interval of an area from its value alone, `m` and `n` rows of either class: the areas θ with
/// |value − θ| ≤ z·√V(θ), V(θ) = θ(1−θ)·[2N−1 − (3N−3)/((2−θ)(1+θ))]/(mn), N = (m+n)/2 (Newcombe 2006,
/// method 5).
fn newcombe(value: f64, m: f64, n: f64) -> Estimate {
    let half = (m + n) / 2.0;
    let beyond = |at: f64| {
        let shape = 2.0 * half - 1.0 - (3.0 * half - 3.0) / ((2.0 - at) * (1.0 + at));
        (value - at).abs() > Z * (at * (1.0 - at) * shape / (m * n)).max(0.0).sqrt()
    };
    let bound = |mut outside: f64| {
        let mut inside = value;
        for _ in 0..60 {
            let middle = (inside + outside) / 2.0;
            if beyond(middle) { outside = middle } else { inside = middle }
        }
        inside
    };
    Estimate { value, low: bound(0.0), high: bound(1.0) }
}

type Ranks = Vec<(f64, f64)>;

/// For each positive and each negative row its mid-rank among all rows and among its own class.
fn ranks(scores: &[f64], labels: &[bool]) -> Option<(Ranks, Ranks)> {
    let mut order: Vec<usize> = (0..scores.len().min(labels.len())).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let (mut positive, mut negative) = (Vec::new(), Vec::new());
    let (mut start, mut seen) = (0, [0usize; 2]);
    while start < order.len() {
        // At least one row at a time: a score that is no number equals not even itself.
        let mut end = start + 1;
        let mut of = [0usize; 2];
        of[usize::from(labels[order[start]])] += 1;
        while end < order.len() && scores[order[end]] == scores[order[start]] {
            of[usize::from(labels[order[end]])] += 1;
            end += 1;
        }
        let mid = |before: usize, count: usize| before as f64 + (count as f64 + 1.0) / 2.0;
        let overall = mid(start, end - start);
        for class in [0, 1] {
            let own = mid(seen[class], of[class]);
            let list = if class == 1 { &mut positive } else { &mut negative };
            list.extend(std::iter::repeat_n((overall, own), of[class]));
            seen[class] += of[class];
        }
        start = end;
    }
    (!positive.is_empty() && !negative.is_empty()).then_some((positive, negative))
}

/// Area under the precision–recall curve as average precision, Σ (Rₙ − Rₙ₋₁) Pₙ.
pub fn average_precision(scores: &[f64], labels: &[bool]) -> Option<f64> {
    let total = labels.iter().filter(|label| **label).count() as f64;
    if total == 0.0 {
        return None;
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let (mut hits, mut area, mut start) = (0.0, 0.0, 0);
    while start < order.len() {
        let mut end = start + 1;
        let before = hits;
        hits += f64::from(u8::from(labels[order[start]]));
        while end < order.len() && scores[order[end]] == scores[order[start]] {
            hits += f64::from(u8::from(labels[order[end]]));
            end += 1;
        }
        area += (hits - before) / total * hits / end as f64;
        start = end;
    }
    Some(area)
}

/// Squared error of each probability.
pub fn brier_terms(probabilities: &[f64], labels: &[bool]) -> Vec<f64> {
    probabilities.iter().zip(labels).map(|(p, y)| (p - f64::from(u8::from(*y))).powi(2)).collect()
}

/// Negative log-likelihood of each label, probabilities kept as far from 0 and 1 as scikit-learn keeps them
/// (`f64::EPSILON`).
pub fn log_loss_terms(probabilities: &[f64], labels: &[bool]) -> Vec<f64> {
    probabilities
        .iter()
        .zip(labels)
        .map(|(p, y)| {
            let p = p.clamp(f64::EPSILON, 1.0 - f64::EPSILON);
            if *y { -p.ln() } else { -(1.0 - p).ln() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auc_by_hand() {
        let scores = [0.1, 0.4, 0.35, 0.8];
        let labels = [false, false, true, true];
        assert_eq!(roc_auc(&scores, &labels), Some(0.75));
        assert_eq!(roc_auc(&[0.5; 4], &labels), Some(0.5));
        assert_eq!(roc_auc(&scores, &[true; 4]), None);
        // scikit-learn's average_precision_score gives 0.8333 for this example.
        assert!((average_precision(&scores, &labels).unwrap() - 0.833_333).abs() < 1e-5);
    }

    #[test]
    fn scores_that_are_no_numbers_end() {
        let scores = [f64::NAN, 0.5, f64::NAN, 0.1];
        let labels = [true, false, false, true];
        assert!(roc_auc(&scores, &labels).is_some() && average_precision(&scores, &labels).is_some());
    }

    #[test]
    fn wilson_by_hand() {
        // 8 of 10: 0.490 to 0.943 (Wilson without continuity correction).
        let e = proportion(8, 10);
        assert!((e.low - 0.4902).abs() < 1e-3 && (e.high - 0.9433).abs() < 1e-3, "{e:?}");
        assert_eq!(proportion(0, 0).high, 1.0);
    }

    #[test]
    fn f1_by_hand() {
        let c = Confusion { true_positive: 3, false_positive: 1, false_negative: 2, true_negative: 4 };
        assert!((c.f1().value - 2.0 * 3.0 / 9.0).abs() < 1e-12);
        assert!(c.f1().low < c.f1().value && c.f1().value < c.f1().high);
    }

    #[test]
    fn the_interval_of_the_area_covers_it() {
        let scores: Vec<f64> = (0..200).map(|i| f64::from((i * 37) % 101)).collect();
        let labels: Vec<bool> = (0..200).map(|i| (i * 37) % 101 + (i % 7) * 9 > 80).collect();
        let e = roc_auc_estimate(&scores, &labels).unwrap();
        assert!(e.low < e.value && e.value < e.high && e.high - e.low < 0.2, "{e:?}");
    }
}
