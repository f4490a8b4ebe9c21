//! Columns that give the target away: known too well to be known in time.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::metrics::roc_auc;
use crate::table::{ColumnSpec, Frame, Role};

/// Area under the ROC curve of one column alone from which it is suspect.
const SUSPECT: f64 = 0.97;

/// A column that predicts the target almost alone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leak {
    pub column: String,
    /// Area under the ROC curve of this column alone, on the training rows.
    pub roc_auc: f64,
}

/// Measures every column that a model may learn from, alone, on the training rows. Categories
/// are ranked by their rate among the other half of the rows, so that many levels are no proof.
pub fn find_leaks(schema: &[ColumnSpec], train: &Frame, labels: &[bool]) -> Vec<Leak> {
    let mut out = Vec::new();
    for spec in schema.iter().filter(|spec| spec.role.is_feature()) {
        let scores: Vec<f64> = if spec.role == Role::Category {
            let Some(text) = train.text(&spec.name) else { continue };
            rates_of_other_half(&text.iter().collect::<Vec<_>>(), labels)
        } else {
            let Some(values) = train.numbers(&spec.name) else { continue };
            values.into_iter().map(|value| value.unwrap_or(f64::MIN)).collect()
        };
        let Some(auc) = roc_auc(&scores, labels) else { continue };
        let auc = auc.max(1.0 - auc);
        if auc >= SUSPECT {
            out.push(Leak { column: spec.name.clone(), roc_auc: auc });
        }
    }
    out
}

fn rates_of_other_half(values: &[Option<&str>], labels: &[bool]) -> Vec<f64> {
    let mut counts: BTreeMap<(Option<&str>, usize), (f64, f64)> = BTreeMap::new();
    for (at, (value, label)) in values.iter().zip(labels).enumerate() {
        let entry = counts.entry((*value, at % 2)).or_default();
        entry.0 += f64::from(u8::from(*label));
        entry.1 += 1.0;
    }
    let base = labels.iter().filter(|l| **l).count() as f64 / labels.len().max(1) as f64;
    values
        .iter()
        .enumerate()
        .map(|(at, value)| counts.get(&(*value, 1 - at % 2)).map_or(base, |(yes, n)| yes / n))
        .collect()
}
