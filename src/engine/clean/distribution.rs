//! How the values of a column are spread: what charts before and after a step are drawn from.

use crate::detect::{missing, number};
use crate::table::{Frame, show_number};

/// Counts per bin or level.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Distribution {
    pub labels: Vec<String>,
    pub counts: Vec<f64>,
    pub missing: u64,
}

/// The distribution of a column: equal bins for numbers and dates, the most frequent values for
/// text.
pub fn distribution(frame: &Frame, column: &str, bins: usize) -> Distribution {
    if let Some(values) = frame.numbers(column).or_else(|| text_as_numbers(frame, column)) {
        let present: Vec<f64> = values.iter().flatten().copied().filter(|v| v.is_finite()).collect();
        let missing = (values.len() - present.len()) as u64;
        let low = present.iter().copied().fold(f64::INFINITY, f64::min);
        let high = present.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if present.is_empty() {
            return Distribution { missing, ..Distribution::default() };
        }
        let width = if high > low { (high - low) / bins as f64 } else { 1.0 };
        let mut counts = vec![0.0; bins];
        for value in &present {
            let at = (((value - low) / width) as usize).min(bins - 1);
            counts[at] += 1.0;
        }
        let round = |v: f64| if width >= 1.0 { v.round() } else { (v * 100.0).round() / 100.0 };
        let labels = (0..bins).map(|at| show_number(round(low + width * (at as f64 + 0.5)))).collect();
        return Distribution { labels, counts, missing };
    }
    let Some(text) = frame.text(column) else { return Distribution::default() };
    let mut counts: std::collections::HashMap<&str, u64> = std::collections::HashMap::new();
    let present = || text.iter().flatten().filter(|value| !missing::is_missing(value));
    present().for_each(|value| *counts.entry(value).or_default() += 1);
    let mut list: Vec<(&str, u64)> = counts.into_iter().collect();
    list.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    list.truncate(bins.min(12));
    Distribution {
        labels: list.iter().map(|(value, _)| value.chars().take(14).collect()).collect(),
        counts: list.iter().map(|(_, count)| *count as f64).collect(),
        missing: (text.len() - present().count()) as u64,
    }
}

/// Text that mostly reads as numbers, as before a step that repairs types.
fn text_as_numbers(frame: &Frame, column: &str) -> Option<Vec<Option<f64>>> {
    let text = frame.text(column)?;
    let values: Vec<Option<f64>> =
        text.iter().map(|value| number::parse(value?, number::Decimal::Point)).collect();
    let present = text.iter().flatten().filter(|value| !missing::is_missing(value)).count();
    let read = values.iter().flatten().count();
    (read > 0 && read * 10 >= present * 8).then_some(values)
}
