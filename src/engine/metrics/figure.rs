//! The figures of a model that tells two classes apart, by their stable names.

/// A figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    Accuracy,
    BalancedAccuracy,
    Precision,
    Recall,
    F1,
    Matthews,
    RocAuc,
    PrAuc,
    LogLoss,
    Brier,
    /// Expected calibration error in ten bins of equal width.
    Ece,
    /// Expected calibration error in ten bins of about equal weight.
    EceMass,
}

/// Every figure in the order of [`Figure::ALL`]; no number where it is not defined.
pub type Values = [f64; Figure::COUNT];

impl Figure {
    /// How many there are.
    pub const COUNT: usize = 12;

    /// All, in their order.
    pub const ALL: [Figure; Self::COUNT] = [
        Figure::Accuracy,
        Figure::BalancedAccuracy,
        Figure::Precision,
        Figure::Recall,
        Figure::F1,
        Figure::Matthews,
        Figure::RocAuc,
        Figure::PrAuc,
        Figure::LogLoss,
        Figure::Brier,
        Figure::Ece,
        Figure::EceMass,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::BalancedAccuracy => "balanced_accuracy",
            Self::Precision => "precision",
            Self::Recall => "recall",
            Self::F1 => "f1",
            Self::Matthews => "matthews",
            Self::RocAuc => "roc_auc",
            Self::PrAuc => "pr_auc",
            Self::LogLoss => "log_loss",
            Self::Brier => "brier",
            Self::Ece => "ece",
            Self::EceMass => "ece_mass",
        }
    }

    /// The least and the most that it can be.
    pub fn range(self) -> (f64, f64) {
        match self {
            Self::Matthews => (-1.0, 1.0),
            Self::LogLoss => (0.0, f64::INFINITY),
            _ => (0.0, 1.0),
        }
    }

    /// True where less is better.
    pub fn is_loss(self) -> bool {
        matches!(self, Self::LogLoss | Self::Brier | Self::Ece | Self::EceMass)
    }

    /// Its value among all.
    pub fn of(self, values: &Values) -> Option<f64> {
        values.get(self as usize).copied().filter(|value| !value.is_nan())
    }
}
