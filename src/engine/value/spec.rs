//! What a person can set.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Which story of ordering and leaving is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifetimeModel {
    /// BG/NBD, unless another one's log-likelihood is clearly higher.
    #[default]
    Auto,
    BgNbd,
    MbgNbd,
    ParetoNbd,
}

impl LifetimeModel {
    pub const ALL: [Self; 4] = [Self::Auto, Self::BgNbd, Self::MbgNbd, Self::ParetoNbd];

    /// The name used on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::BgNbd => "bg_nbd",
            Self::MbgNbd => "mbg_nbd",
            Self::ParetoNbd => "pareto_nbd",
        }
    }

    /// Names of the four parameters.
    pub fn parameters(self) -> [&'static str; 4] {
        match self {
            Self::ParetoNbd => ["r", "alpha", "s", "beta"],
            _ => ["r", "alpha", "a", "b"],
        }
    }
}

/// Settings of lifetime value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ValueSpec {
    /// Days that are looked ahead.
    pub horizon_days: u32,
    /// What money loses in a year, as a share: 0.1 makes 110 in a year worth 100 today.
    pub discount: f64,
    /// The last day that is learnt from; what follows tests. `None` learns from all and tests a model
    /// that was learnt from the first two thirds.
    pub calibration_end: Option<NaiveDate>,
    pub model: LifetimeModel,
    /// Columns that orders are read by, where guessing goes wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The column of the time under contract, where guessing goes wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenure: Option<String>,
    /// The column of the money per month (or other unit of tenure), where guessing goes wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charge: Option<String>,
}

impl Default for ValueSpec {
    fn default() -> Self {
        Self {
            horizon_days: 365,
            discount: 0.1,
            calibration_end: None,
            model: LifetimeModel::Auto,
            customer: None,
            tenure: None,
            charge: None,
        }
    }
}

impl ValueSpec {
    /// The same within bounds; nothing in a file is trusted.
    pub fn sane(mut self) -> Self {
        self.horizon_days = self.horizon_days.clamp(1, 3650);
        self.discount = if self.discount.is_finite() { self.discount.clamp(0.0, 2.0) } else { 0.1 };
        self
    }

    /// True for what projects had before there were these settings.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// What a unit of money in so many days is worth today.
    pub fn factor(&self, days: f64) -> f64 {
        (1.0 + self.discount).powf(-days / 365.25)
    }
}
