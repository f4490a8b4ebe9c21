//! How a column of numbers was spread, closely enough to watch over it, and without a customer's row.

use serde::{Deserialize, Serialize};

/// Cuts that are kept at most.
const MOST: usize = 100;
/// Rows behind a cut, at least: with fewer, a cut would nearly be a customer's own value.
const BEHIND: usize = 20;
/// The range ends at the value of this rank from either end, so that no single customer sets it.
const FROM_THE_END: usize = 5;
/// Fewer rows have no range.
const RANGE_ROWS: usize = 50;

/// Quantiles of a column's values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fine {
    /// Ascending, in the column's unit; dates in days before the file's last one.
    pub cuts: Vec<f64>,
    /// Share of the values up to each cut.
    pub reached: Vec<f64>,
    /// The fifth smallest and the fifth largest value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
}

impl Fine {
    /// Of values that are sorted; `None` where there are hardly any.
    pub fn of(sorted: &[f64]) -> Option<Self> {
        let n = sorted.len();
        let wanted = (n / BEHIND).clamp(10, MOST);
        if n < wanted {
            return None;
        }
        let mut cuts: Vec<f64> = (1..wanted).filter_map(|k| sorted.get(k * n / wanted).copied()).collect();
        cuts.dedup();
        let reached = cuts.iter().map(|cut| sorted.partition_point(|v| v <= cut) as f64 / n as f64).collect();
        let ends = (sorted.get(FROM_THE_END - 1), sorted.get(n.saturating_sub(FROM_THE_END)));
        let range = match ends {
            (Some(low), Some(high)) if n >= RANGE_ROWS => Some((*low, *high)),
            _ => None,
        };
        Some(Self { cuts, reached, range })
    }

    /// Share of rows that lies outside the range where nothing changed: ranks are spread evenly, so that
    /// each end is passed with (rank)/(n + 1).
    pub fn outside_expected(rows: usize) -> f64 {
        2.0 * FROM_THE_END as f64 / (rows + 1) as f64
    }

    pub(in crate::deploy) fn is_sound(&self) -> bool {
        self.cuts.len() == self.reached.len()
            && self.cuts.is_sorted()
            && self.reached.iter().all(|share| (0.0..=1.0).contains(share))
    }
}
