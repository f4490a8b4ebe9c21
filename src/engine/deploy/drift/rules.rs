//! When a person is told: the thresholds, and the guard against chance.

use std::path::Path;

use serde::{Deserialize, Serialize};
use statrs::distribution::{Binomial, DiscreteCDF};
use statrs::function::erf::erfc;

use super::{ColumnDrift, DriftReport};
use crate::deploy::{DeployError, read_json};

/// Rows with unseen categories from which there is a word, whatever their share.
const UNSEEN_ROWS: usize = 3;

/// The alert rules: a small JSON file. An alert wants a figure above its threshold, and one that chance
/// alone hardly gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Population stability index; below 0.1 no change, from 0.25 a large one (Siddiqi 2006).
    pub psi: f64,
    /// Kolmogorov–Smirnov distance, 0 to 1.
    pub ks: f64,
    /// Share of rows that have a hole more than before.
    pub missing: f64,
    /// Share of rows with a category that was never seen.
    pub unseen: f64,
    /// Share of rows outside the training rows' range, more than is expected.
    pub outside: f64,
    /// Of a batch without drift, how often there may be any alert; shared by all tests (Bonferroni).
    pub false_alarms: f64,
    /// Fewer rows say nothing of a spread.
    pub least_rows: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            psi: 0.1,
            ks: 0.1,
            missing: 0.05,
            unseen: 0.01,
            outside: 0.02,
            false_alarms: 0.01,
            least_rows: 50,
        }
    }
}

/// Which rule was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    Psi,
    Ks,
    Missing,
    Unseen,
    Outside,
    /// The score is spread otherwise.
    Score,
    /// A column that the model learnt from is gone.
    Lacking,
    /// With labels: ROC AUC is worse than at training beyond both intervals.
    Worse,
    /// With labels: the mean probability lies outside the interval of the share that came true.
    Calibration,
}

impl AlertKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Psi,
        Self::Ks,
        Self::Missing,
        Self::Unseen,
        Self::Outside,
        Self::Score,
        Self::Lacking,
        Self::Worse,
        Self::Calibration,
    ];

    /// The name in JSON, and of its words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Psi => "psi",
            Self::Ks => "ks",
            Self::Missing => "missing",
            Self::Unseen => "unseen",
            Self::Outside => "outside",
            Self::Score => "score",
            Self::Lacking => "lacking",
            Self::Worse => "worse",
            Self::Calibration => "calibration",
        }
    }
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    pub kind: AlertKind,
    /// Empty for the score and for the model as a whole.
    pub column: String,
    /// The figure, and what it should not pass.
    pub value: f64,
    pub limit: f64,
}

impl Rules {
    /// Reads a file of rules; what it leaves out is as by default.
    ///
    /// # Errors
    /// The file is absent, no JSON, names a rule that there is not, or a figure that is none.
    pub fn open(path: &Path) -> Result<Self, DeployError> {
        let rules: Self = read_json(path)?;
        let bad = |cause: String| DeployError::BadSettings { file: path.to_owned(), cause };
        let shares = [rules.psi, rules.ks, rules.missing, rules.unseen, rules.outside];
        let is_sane = shares.iter().all(|value| value.is_finite() && *value >= 0.0)
            && rules.false_alarms > 0.0
            && rules.false_alarms < 1.0;
        if is_sane {
            Ok(rules)
        } else {
            Err(bad("a threshold is below 0, or false_alarms not within 0 to 1".into()))
        }
    }

    /// The alerts of a report; `level` is what each test may be wrong by.
    pub(super) fn judge(&self, report: &DriftReport, level: f64) -> Vec<Alert> {
        let mut out: Vec<Alert> = report
            .lacking
            .iter()
            .map(|column| Alert { kind: AlertKind::Lacking, column: column.clone(), value: 1.0, limit: 0.0 })
            .collect();
        for column in &report.columns {
            if !report.too_few {
                self.judge_column(column, level, &mut out);
            }
            let share = column.unseen as f64 / column.values.1.max(1) as f64;
            if column.unseen >= UNSEEN_ROWS && share > self.unseen {
                out.push(alert(AlertKind::Unseen, column, share, self.unseen));
            }
        }
        if let Some(score) = report.score.as_ref().filter(|_| !report.too_few) {
            let (psi, ks) = (self.psi_limit(score), self.ks_limit(score));
            if score.psi > psi {
                out.push(alert(AlertKind::Score, score, score.psi, psi));
            } else if let (Some(value), Some(limit)) = (score.ks, ks)
                && value > limit
            {
                out.push(alert(AlertKind::Score, score, value, limit));
            }
        }
        out
    }

    fn judge_column(&self, column: &ColumnDrift, level: f64, out: &mut Vec<Alert>) {
        let limit = self.psi_limit(column);
        if column.psi > limit {
            out.push(alert(AlertKind::Psi, column, column.psi, limit));
        } else if let (Some(value), Some(limit)) = (column.ks, self.ks_limit(column))
            && value > limit
        {
            // One column, one word: the distance speaks where the index is silent.
            out.push(alert(AlertKind::Ks, column, value, limit));
        }
        let (then, now) = column.missing;
        if now - then > self.missing && is_beyond_chance(column, level) {
            out.push(alert(AlertKind::Missing, column, now, then + self.missing));
        }
        if let Some((rows, expected)) = column.outside {
            let share = rows as f64 / column.values.1.max(1) as f64;
            let limit = expected + self.outside;
            let hardly = Binomial::new(expected.min(1.0), column.values.1 as u64)
                .is_ok_and(|chance| rows > 0 && chance.sf(rows as u64 - 1) < level);
            if share > limit && hardly {
                out.push(alert(AlertKind::Outside, column, share, limit));
            }
        }
    }

    fn psi_limit(&self, column: &ColumnDrift) -> f64 {
        self.psi.max(column.psi_by_chance)
    }

    fn ks_limit(&self, column: &ColumnDrift) -> Option<f64> {
        column.ks_by_chance.map(|chance| self.ks.max(chance))
    }
}

/// True where chance alone would hardly give so many holes: the two-proportion z-test, one-sided.
fn is_beyond_chance(column: &ColumnDrift, level: f64) -> bool {
    let rows = |values: usize, missing: f64| values as f64 / (1.0 - missing).max(1e-9);
    let (m, n) = (rows(column.values.0, column.missing.0), rows(column.values.1, column.missing.1));
    if column.values.1 == 0 {
        return true;
    }
    let pooled = (column.missing.0 * m + column.missing.1 * n) / (m + n);
    let error = (pooled * (1.0 - pooled) * (1.0 / m + 1.0 / n)).sqrt();
    let z = (column.missing.1 - column.missing.0) / error.max(1e-12);
    erfc(z / std::f64::consts::SQRT_2) / 2.0 < level
}

fn alert(kind: AlertKind, column: &ColumnDrift, value: f64, limit: f64) -> Alert {
    Alert { kind, column: column.column.clone(), value, limit }
}
