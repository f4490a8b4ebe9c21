//! How good the model is now that the outcomes are known, beside how good it was at training.

use serde::{Deserialize, Serialize};

use super::{Alert, AlertKind};
use crate::deploy::Card;
use crate::evaluate::{CalibrationBin, Evaluation};
use crate::metrics::{Estimate, proportion};

/// Bins of the calibration curve.
const BINS: usize = 10;
/// The standard normal quantile of a two-sided 95% interval.
const Z: f64 = 1.959_963_984_540_054;

/// The model on customers whose outcome is known by now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    pub labelled: usize,
    pub positives: u64,
    /// With 95% intervals (DeLong et al. 1988); `None` where only one outcome is there.
    pub roc_auc: Option<Estimate>,
    /// On the test rows at training.
    pub roc_auc_then: Option<Estimate>,
    /// Mean probability, and the share that came true with Wilson's interval.
    pub predicted: f64,
    pub observed: Estimate,
    pub calibration: Vec<CalibrationBin>,
    pub calibration_then: Vec<CalibrationBin>,
    pub alerts: Vec<Alert>,
}

/// Measures probabilities against what happened; both slices belong to the same customers. `None` without
/// customers.
pub fn performance(probabilities: &[f64], labels: &[bool], card: Option<&Card>) -> Option<Performance> {
    let labelled = probabilities.len().min(labels.len());
    if labelled == 0 {
        return None;
    }
    let found = Evaluation::new(probabilities, labels);
    let positives = found.positives();
    let observed = proportion(positives, labelled as u64);
    let predicted = probabilities.iter().take(labelled).sum::<f64>() / labelled as f64;
    let (now, then) = (found.fixed("roc_auc"), card.and_then(|card| card.metrics.get("roc_auc").copied()));
    let mut alerts = Vec::new();
    if let (Some(now), Some(then)) = (now, then) {
        // Two groups of customers that have nothing to do with each other: their errors add up squared.
        let error = |estimate: Estimate| (estimate.high - estimate.low) / (2.0 * Z);
        let limit = then.value - Z * error(now).hypot(error(then));
        if now.value < limit {
            alerts.push(Alert { kind: AlertKind::Worse, column: String::new(), value: now.value, limit });
        }
    }
    if !(observed.low..=observed.high).contains(&predicted) {
        let limit = if predicted > observed.high { observed.high } else { observed.low };
        alerts.push(Alert { kind: AlertKind::Calibration, column: String::new(), value: predicted, limit });
    }
    Some(Performance {
        labelled,
        positives,
        roc_auc: now,
        roc_auc_then: then,
        predicted,
        observed,
        calibration: found.calibration(BINS),
        calibration_then: card.map(|card| card.calibration.clone()).unwrap_or_default(),
        alerts,
    })
}
