//! Logistic regression on sparse rows: for bags of words, whose columns are too many for a dense matrix.

mod newton;

use serde::{Deserialize, Serialize};

use super::TrainError;
use crate::features::text::{FittedText, SparseRows};
use crate::job::Reporter;

/// Settings of the sparse logistic regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SparseLinearSpec {
    /// What a training row's loss weighs against the weights' size; scikit-learn's `C`. Greater fits
    /// closer.
    pub c: f64,
    /// Newton steps at most.
    pub max_iterations: usize,
    /// Ends where the gradient is this small a part of what it was at first.
    pub tolerance: f64,
}

impl Default for SparseLinearSpec {
    fn default() -> Self {
        Self { c: 10.0, max_iterations: 100, tolerance: 1e-6 }
    }
}

/// A fitted sparse logistic regression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct SparseLinear {
    classes: usize,
    width: usize,
    /// One for two classes, for the second of them; else one a class, that class against all others.
    per_class: Vec<ClassWeights>,
}

/// Log-odds of one class: `intercept + Σ weight × value`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassWeights {
    pub weights: Vec<f64>,
    pub intercept: f64,
    /// Newton steps that were taken.
    pub iterations: usize,
    /// False where the steps ended before the tolerance was met.
    pub converged: bool,
}

#[derive(Clone, Serialize, Deserialize)]
struct Saved {
    classes: usize,
    width: usize,
    per_class: Vec<ClassWeights>,
}

impl From<SparseLinear> for Saved {
    fn from(SparseLinear { classes, width, per_class }: SparseLinear) -> Self {
        Self { classes, width, per_class }
    }
}

impl TryFrom<Saved> for SparseLinear {
    type Error = &'static str;

    fn try_from(Saved { classes, width, per_class }: Saved) -> Result<Self, Self::Error> {
        let count = if classes == 2 { 1 } else { classes };
        let sound = classes >= 2
            && per_class.len() == count
            && per_class.iter().all(|side| side.weights.len() == width && side.intercept.is_finite())
            && per_class.iter().all(|side| side.weights.iter().all(|weight| weight.is_finite()));
        if sound { Ok(Self { classes, width, per_class }) } else { Err("the weights do not fit the classes") }
    }
}

impl SparseLinear {
    /// Fits `½ ‖w‖² + C Σ ln(1 + exp(−y (w·x + b)))`, the intercept `b` without a penalty, by a truncated
    /// Newton method: scikit-learn's `LogisticRegression(C)` for two classes, its
    /// `OneVsRestClassifier` around that for more. Equal input gives equal weights, whatever the
    /// number of threads.
    ///
    /// `labels` are the class of each row, from 0 to `classes` − 1.
    ///
    /// # Errors
    /// Fewer than two classes, or fewer than five rows of one; labels that do not fit the rows; a value
    /// that is not finite; the person cancelled.
    pub fn fit(
        spec: &SparseLinearSpec,
        rows: &SparseRows,
        labels: &[usize],
        classes: usize,
        report: &Reporter,
    ) -> crate::Result<Self> {
        let refused =
            |cause: &str| TrainError::Fit { model: "logistic regression", cause: cause.to_owned() }.into();
        if classes < 2 {
            return Err(refused("there is one class"));
        }
        if labels.len() != rows.height() || labels.iter().any(|label| *label >= classes) {
            return Err(refused("the labels do not fit the rows"));
        }
        if !rows.is_finite() {
            return Err(refused("a value is not finite"));
        }
        if !(spec.c.is_finite() && spec.c > 0.0) {
            return Err(refused("C must be a number above 0"));
        }
        let of = |class: usize| labels.iter().filter(|label| **label == class).count();
        let needed = super::LEAST_PER_CLASS;
        if let Some(found) = (0..classes).map(of).min().filter(|found| *found < needed) {
            return Err(TrainError::TooFew { found, needed }.into());
        }
        let columns = rows.transposed();
        let positives = if classes == 2 { 1..2 } else { 0..classes };
        let mut per_class = Vec::new();
        for (done, class) in positives.clone().enumerate() {
            let part = report.part(done as f64 / positives.len() as f64, 1.0 / positives.len() as f64);
            let signs: Vec<f64> = labels.iter().map(|l| if *l == class { 1.0 } else { -1.0 }).collect();
            per_class.push(newton::minimise(spec, rows, &columns, &signs, &part)?);
        }
        Ok(Self { classes, width: rows.width(), per_class })
    }

    /// Classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Columns of the rows that it reads.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Log-odds, one for two classes (of the second), else one a class.
    pub fn per_class(&self) -> &[ClassWeights] {
        &self.per_class
    }

    /// True if every class met the tolerance.
    pub fn converged(&self) -> bool {
        self.per_class.iter().all(|side| side.converged)
    }

    /// Probabilities, row by row, `height × classes`; those of a row sum to 1. With more than two
    /// classes they are each class's own against the others, divided by their sum.
    pub fn predict(&self, rows: &SparseRows) -> Vec<f64> {
        let mut out = Vec::with_capacity(rows.height() * self.classes);
        for at in 0..rows.height() {
            let mut own = self.per_class.iter().map(|side| {
                let weigh = |(column, value): (usize, f32)| {
                    side.weights.get(column).map_or(0.0, |weight| weight * f64::from(value))
                };
                newton::sigmoid(side.intercept + rows.cells(at).map(weigh).sum::<f64>())
            });
            if self.classes == 2 {
                let p = own.next().unwrap_or(0.5);
                out.extend([1.0 - p, p]);
                continue;
            }
            let own: Vec<f64> = own.collect();
            let sum: f64 = own.iter().sum();
            // Sums of zero need log-odds below −700 everywhere.
            let even = 1.0 / self.classes as f64;
            out.extend(own.iter().map(|p| if sum > 0.0 { p / sum } else { even }));
        }
        out
    }

    /// The most probable class of each row.
    pub fn classify(&self, rows: &SparseRows) -> Vec<usize> {
        let best = |row: &[f64]| {
            let better = |best: (usize, f64), (class, p): (usize, &f64)| {
                if *p > best.1 { (class, *p) } else { best }
            };
            row.iter().enumerate().fold((0, f64::MIN), better).0
        };
        self.predict(rows).chunks_exact(self.classes).map(best).collect()
    }

    /// The `count` columns that speak most for a class and their weights in its log-odds, strongest
    /// first, ties in the order of the columns. Columns that speak against it are not among them.
    pub fn telling(&self, class: usize, count: usize) -> Vec<(usize, f64)> {
        let (side, sign) = match (self.classes, class) {
            (2, 0) => (self.per_class.first(), -1.0),
            (2, 1) => (self.per_class.first(), 1.0),
            _ => (self.per_class.get(class), 1.0),
        };
        let weights = side.map(|side| side.weights.as_slice()).unwrap_or_default();
        let mut out: Vec<(usize, f64)> =
            weights.iter().map(|weight| sign * weight).enumerate().filter(|(_, w)| *w > 0.0).collect();
        out.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        out.truncate(count);
        out
    }

    /// [`telling`](Self::telling) as words of the vocabulary that the rows were made with; none where
    /// terms are hashed.
    pub fn telling_words<'t>(&self, text: &'t FittedText, class: usize, count: usize) -> Vec<(&'t str, f64)> {
        let told = self.telling(class, count).into_iter();
        told.filter_map(|(at, weight)| Some((text.terms().get(at)?.as_str(), weight))).collect()
    }
}

#[cfg(test)]
mod tests;
