//! The strongest reasons behind a customer's probability, ready to be put into words.

use serde::Serialize;

use super::Profile;
use crate::evaluate::{Explainer, Explanation};
use crate::features::behaviour::HISTORY;
use crate::table::Frame;

/// One column's part in a customer's probability.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reason {
    pub column: String,
    /// The customer's value as people read it; `None` where it is missing.
    pub value: Option<String>,
    /// The median, or most frequent value, of the training rows.
    pub usual: String,
    /// Share in the probability, between −1 and 1; positive drives away.
    pub share: f64,
}

/// Longest value that is told whole, in characters, and steps of a history that are.
const TOLD: usize = 80;
const STEPS: usize = 4;

/// A value that fits a line: the beginning of a long text, the newest steps of a history.
fn short(column: &str, value: String) -> String {
    if column == HISTORY {
        let steps: Vec<&str> = value.split("; ").collect();
        let from = steps.len().saturating_sub(STEPS);
        let newest = steps.get(from..).unwrap_or_default().join("; ");
        return if from > 0 { format!("… {newest}") } else { newest };
    }
    match value.char_indices().nth(TOLD) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value,
    }
}

/// Shares below half a point are no reason.
const LEAST: f64 = 0.005;

/// The `most` columns with the largest shares, either way, the largest first; of those that have
/// proved themselves only.
pub fn strongest(
    explainer: &Explainer,
    explanation: &Explanation,
    profiles: &[Profile],
    readable: &Frame,
    place: usize,
    most: usize,
) -> Vec<Reason> {
    let all = explainer.columns().zip(explanation.shares.iter().copied()).zip(explainer.proven());
    let mut list: Vec<(&str, f64)> =
        all.filter(|((_, share), proven)| **proven && share.abs() >= LEAST).map(|(named, _)| named).collect();
    list.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    list.into_iter()
        .take(most)
        .map(|(column, share)| Reason {
            column: column.to_owned(),
            value: readable.show(column, place).map(|value| short(column, value)),
            usual: profiles.iter().find(|p| p.column == column).map_or_else(String::new, |p| p.usual.clone()),
            share,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fit_a_line() {
        assert_eq!(short(HISTORY, "9 a; 8 b; 7 c; 6 d; 5 e".into()), "… 8 b; 7 c; 6 d; 5 e");
        assert_eq!(short(HISTORY, "9 a; 8 b".into()), "9 a; 8 b");
        assert_eq!(short("comment", "好".repeat(81)), "好".repeat(80) + "…");
        assert_eq!(short("comment", "好".repeat(80)), "好".repeat(80));
    }
}
