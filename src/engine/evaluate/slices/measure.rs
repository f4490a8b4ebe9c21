//! What is measured of a slice, and whether it differs from the other rows.

use statrs::function::erf::erfc;

use crate::metrics::{self, Estimate};

/// What slices are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Measure {
    /// The area under the ROC curve: are those who leave ranked above those who stay?
    #[default]
    Auc,
    Recall,
    Precision,
    /// Mean probability less the share that left.
    CalibrationGap,
}

impl Measure {
    pub const ALL: [Measure; 4] =
        [Measure::Auc, Measure::Recall, Measure::Precision, Measure::CalibrationGap];

    /// The name used in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auc => "roc_auc",
            Self::Recall => "recall",
            Self::Precision => "precision",
            Self::CalibrationGap => "calibration_gap",
        }
    }

    /// How bad a value is: larger is worse.
    pub fn badness(self, value: f64) -> f64 {
        match self {
            Self::CalibrationGap => value.abs(),
            _ => -value,
        }
    }
}

/// Measured rows in descending order of probability.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    pub probabilities: Vec<f64>,
    pub labels: Vec<bool>,
}

/// Sums over some of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sums {
    pub rows: usize,
    pub positives: usize,
    /// Rows at or above the threshold, and the positive ones among them.
    pub flagged: usize,
    pub hits: usize,
    /// Of probability less label, and of its square.
    gap: f64,
    square: f64,
    /// Pairs of a positive and a negative row that stand rightly, ties half.
    pairs: f64,
}

impl Rows {
    /// Sorts rows; gives their order as well.
    pub fn sorted(probabilities: &[f64], labels: &[bool]) -> (Self, Vec<usize>) {
        let mut order: Vec<usize> = (0..probabilities.len().min(labels.len())).collect();
        let p = |at: usize| probabilities.get(at).copied().unwrap_or(f64::NAN);
        order.sort_by(|&a, &b| p(b).total_cmp(&p(a)));
        let rows = Self {
            probabilities: order.iter().map(|&at| p(at)).collect(),
            labels: order.iter().map(|&at| labels.get(at) == Some(&true)).collect(),
        };
        (rows, order)
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Sums over the rows that `is_in` wants, in one pass.
    pub(super) fn sums(&self, threshold: f64, is_in: impl Fn(usize) -> bool) -> Sums {
        let mut sums = Sums::default();
        // Positive rows above the present probability, and rows of each class that share it.
        let (mut above, mut ties, mut last) = (0usize, [0usize; 2], f64::NAN);
        for (at, (p, label)) in self.probabilities.iter().zip(&self.labels).enumerate() {
            if !is_in(at) {
                continue;
            }
            if *p != last {
                above += ties[1];
                (ties, last) = ([0, 0], *p);
            }
            if *label {
                // The negative rows before at this probability are tied.
                sums.pairs += 0.5 * ties[0] as f64;
                ties[1] += 1;
            } else {
                sums.pairs += above as f64 + 0.5 * ties[1] as f64;
                ties[0] += 1;
            }
            let y = f64::from(u8::from(*label));
            sums.rows += 1;
            sums.positives += usize::from(*label);
            if *p >= threshold {
                sums.flagged += 1;
                sums.hits += usize::from(*label);
            }
            sums.gap += p - y;
            sums.square += (p - y).powi(2);
        }
        sums
    }

    /// The figure of the rows that `is_in` wants, with its 95% interval: DeLong's of the area, Wilson's of
    /// shares, a normal one of the calibration gap.
    pub(super) fn estimate(
        &self,
        measure: Measure,
        threshold: f64,
        is_in: impl Fn(usize) -> bool,
    ) -> Option<Estimate> {
        let sums = self.sums(threshold, &is_in);
        match measure {
            Measure::Auc => {
                let (p, y): (Vec<f64>, Vec<bool>) = (0..self.len())
                    .filter(|&at| is_in(at))
                    .filter_map(|at| self.probabilities.get(at).copied().zip(self.labels.get(at).copied()))
                    .unzip();
                metrics::roc_auc_estimate(&p, &y)
            }
            Measure::Recall => {
                (sums.positives > 0).then(|| metrics::proportion(sums.hits as u64, sums.positives as u64))
            }
            Measure::Precision => {
                (sums.flagged > 0).then(|| metrics::proportion(sums.hits as u64, sums.flagged as u64))
            }
            Measure::CalibrationGap => {
                let value = sums.value(measure)?;
                let half = 1.959_963_984_540_054 * sums.gap_variance()?.sqrt();
                Some(Estimate { value, low: value - half, high: value + half })
            }
        }
    }
}

impl Sums {
    /// The rows of these that are not among `part`'s; the pairs are not theirs and are left out.
    fn negatives(&self) -> usize {
        self.rows - self.positives
    }

    /// The figure; `None` where there is nothing to measure it on.
    pub(super) fn value(&self, measure: Measure) -> Option<f64> {
        let of = |hits: f64, all: f64| (all > 0.0).then(|| hits / all);
        match measure {
            Measure::Auc => of(self.pairs, self.positives as f64 * self.negatives() as f64),
            Measure::Recall => of(self.hits as f64, self.positives as f64),
            Measure::Precision => of(self.hits as f64, self.flagged as f64),
            Measure::CalibrationGap => of(self.gap, self.rows as f64),
        }
    }

    fn gap_variance(&self) -> Option<f64> {
        let n = self.rows as f64;
        (self.rows > 1).then(|| ((self.square - self.gap * self.gap / n) / (n - 1.0)).max(0.0) / n)
    }

    /// True if there are rows enough of what the measure looks at.
    pub(super) fn is_enough(&self, measure: Measure, least: usize) -> bool {
        let least_of_class = least.div_ceil(3);
        self.rows >= least
            && match measure {
                Measure::Auc => self.positives.min(self.negatives()) >= least_of_class,
                Measure::Recall => self.positives >= least_of_class,
                Measure::Precision => self.flagged >= least_of_class,
                Measure::CalibrationGap => true,
            }
    }

    /// The chance of a difference as large as that between these rows and `rest`, of which none is in
    /// both, if there were none: one-sided (these are worse), two-sided for the calibration gap. `None`
    /// where it cannot be told.
    pub(super) fn worse_than(&self, rest: &Sums, measure: Measure) -> Option<f64> {
        let (value, other) = (self.value(measure)?, rest.value(measure)?);
        let z = match measure {
            Measure::Auc => {
                let all = |of: &Sums| of.positives as f64 * of.negatives() as f64;
                let common = (self.pairs + rest.pairs) / (all(self) + all(rest));
                (other - value) / (hanley(common, self) + hanley(common, rest)).sqrt()
            }
            Measure::Recall => shares((self.hits, self.positives), (rest.hits, rest.positives)),
            Measure::Precision => shares((self.hits, self.flagged), (rest.hits, rest.flagged)),
            Measure::CalibrationGap => {
                let z = (value - other) / (self.gap_variance()? + rest.gap_variance()?).sqrt();
                // Only a gap that is larger than that of the others is bad.
                if value.abs() > other.abs() { z.abs() } else { 0.0 }
            }
        };
        let tail = 0.5 * erfc(z / std::f64::consts::SQRT_2);
        let p = if measure == Measure::CalibrationGap { (2.0 * tail).min(1.0) } else { tail };
        (!p.is_nan()).then_some(p)
    }
}

/// Variance of an area under the ROC curve if the true one is `area` (Hanley and McNeil 1982).
fn hanley(area: f64, of: &Sums) -> f64 {
    let area = area.clamp(0.05, 0.95);
    let (m, n) = (of.positives as f64, of.negatives() as f64);
    let (q1, q2) = (area / (2.0 - area), 2.0 * area * area / (1.0 + area));
    let square = area * area;
    (area * (1.0 - area) + (m - 1.0) * (q1 - square) + (n - 1.0) * (q2 - square)) / (m * n)
}

/// How many standard errors the first share lies below the second, by the pooled share, with Yates'
/// correction.
fn shares((hits, of): (usize, usize), (other_hits, other_of): (usize, usize)) -> f64 {
    let (n, m) = (of as f64, other_of as f64);
    let (a, b) = (hits as f64 / n, other_hits as f64 / m);
    let common = (hits + other_hits) as f64 / (n + m);
    let error = (common * (1.0 - common) * (1.0 / n + 1.0 / m)).sqrt();
    let correction = 0.5 * (1.0 / n + 1.0 / m);
    let way = (b - a).abs() - correction;
    if error > 0.0 { way.max(0.0).copysign(b - a) / error } else { 0.0 }
}
