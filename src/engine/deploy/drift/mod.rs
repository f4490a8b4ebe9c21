//! Is what comes in still what the model learnt from? Inputs and scores against the profile that the
//! bundle keeps, alert rules, and how good the model is once the outcomes are known.

mod fine;
mod gather;
mod performance;
mod rules;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use fine::Fine;
pub use gather::Gather;
pub use performance::{Performance, performance};
pub use rules::{Alert, AlertKind, Rules};

/// What a column is, for its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    Number,
    Date,
    Category,
    /// The probability that the model gives.
    Score,
}

/// One column of a batch against the training rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnDrift {
    /// Empty for the score.
    pub column: String,
    pub kind: ColumnKind,
    /// Rows with a value, then and now.
    pub values: (usize, usize),
    /// Population stability index Σ (now − then)·ln(now / then) over ten bins, or over the levels
    /// (Siddiqi 2006). Neighbouring bins with few expected values are taken together.
    pub psi: f64,
    /// What it is on average where nothing changed: (bins − 1)·(1/n + 1/m) (Yurdakul 2018).
    pub psi_expected: f64,
    /// What chance alone hardly passes, at the level of the [`Rules`].
    pub psi_by_chance: f64,
    /// Largest distance of the two distribution functions at the profile's cuts (Kolmogorov 1933, Smirnov
    /// 1948); `None` for categories and for bundles that keep no cuts. At cuts it is never larger than
    /// over all values.
    pub ks: Option<f64>,
    /// √(−ln(α/2)/2 · (n + m)/(n·m)) (Smirnov 1948).
    pub ks_by_chance: Option<f64>,
    /// Share of rows without a value, then and now.
    pub missing: (f64, f64),
    /// Rows with a category that the training rows never had, and the most frequent of these.
    pub unseen: usize,
    pub unseen_levels: Vec<(String, usize)>,
    /// Rows outside the range of the training rows, and the share that is so where nothing changed.
    pub outside: Option<(usize, f64)>,
    /// The bins' names and shares, then and now.
    pub bins: Vec<(String, f64, f64)>,
}

/// A batch against the training rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DriftReport {
    pub rows: usize,
    /// The model's inputs, the most drifted first.
    pub columns: Vec<ColumnDrift>,
    /// `None` for bundles that keep no profile of their scores.
    pub score: Option<ColumnDrift>,
    /// Mean probability.
    pub mean_score: f64,
    /// Inputs that the batch lacks.
    pub lacking: Vec<String>,
    /// Fewer rows than the rules want: nothing is told of spreads.
    pub too_few: bool,
    pub alerts: Vec<Alert>,
}
