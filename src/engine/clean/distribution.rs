//! How the values of a column are spread: what charts before and after a step are drawn from.

use std::collections::BTreeMap;

use crate::detect::{missing, number};
use crate::table::{Frame, show_number};

/// Counts per bin or level.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Distribution {
    pub labels: Vec<String>,
    pub counts: Vec<f64>,
    pub missing: u64,
}

/// A distribution with the bin of each row; `None` for rows without a value.
pub(super) struct Binned {
    pub distribution: Distribution,
    pub of_row: Vec<Option<usize>>,
}

/// The distribution of a column: equal bins for numbers and dates, the most frequent values for
/// text.
pub fn distribution(frame: &Frame, column: &str, bins: usize) -> Distribution {
    binned(frame, column, bins).distribution
}

pub(super) fn binned(frame: &Frame, column: &str, bins: usize) -> Binned {
    match frame.numbers(column).or_else(|| text_as_numbers(frame, column)) {
        Some(values) => numbers(&values, bins),
        None => texts(frame, column, bins),
    }
}

fn numbers(values: &[Option<f64>], bins: usize) -> Binned {
    let present = || values.iter().flatten().copied().filter(|v| v.is_finite());
    let (low, high) = present().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let missing = (values.len() - present().count()) as u64;
    if low > high {
        return Binned {
            distribution: Distribution { missing, ..Distribution::default() },
            of_row: vec![None; values.len()],
        };
    }
    let width = if high > low { (high - low) / bins as f64 } else { 1.0 };
    let place = |value: f64| (((value - low) / width) as usize).min(bins - 1);
    let of_row: Vec<Option<usize>> = values.iter().map(|v| v.filter(|v| v.is_finite()).map(place)).collect();
    let round = |v: f64| if width >= 1.0 { v.round() } else { (v * 100.0).round() / 100.0 };
    let labels = (0..bins).map(|at| show_number(round(low + width * (at as f64 + 0.5)))).collect();
    counted(labels, of_row, missing)
}

fn texts(frame: &Frame, column: &str, bins: usize) -> Binned {
    let Some(text) = frame.text(column) else {
        return Binned { distribution: Distribution::default(), of_row: vec![None; frame.height()] };
    };
    let present = |value: Option<&str>| value.filter(|value| !missing::is_missing(value)).map(str::to_owned);
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    text.iter().filter_map(present).for_each(|value| *counts.entry(value).or_default() += 1);
    let mut by_count: Vec<(String, usize)> = counts.into_iter().collect();
    by_count.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let labels: Vec<String> = by_count.into_iter().take(bins.min(12)).map(|(value, _)| value).collect();
    let places: BTreeMap<&str, usize> = labels.iter().enumerate().map(|(at, l)| (l.as_str(), at)).collect();
    let of_row: Vec<Option<usize>> =
        text.iter().map(|value| value.and_then(|value| places.get(value).copied())).collect();
    let missing = text.iter().filter(|value| present(*value).is_none()).count() as u64;
    let short = labels.iter().map(|label| label.chars().take(14).collect()).collect();
    counted(short, of_row, missing)
}

fn counted(labels: Vec<String>, of_row: Vec<Option<usize>>, missing: u64) -> Binned {
    let mut counts = vec![0.0; labels.len()];
    of_row.iter().flatten().for_each(|&at| counts[at] += 1.0);
    Binned { distribution: Distribution { labels, counts, missing }, of_row }
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
