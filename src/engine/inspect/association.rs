//! How strongly columns hang together, two by two, each pair measured as its kinds allow.

use rayon::prelude::*;

use super::{Values, stride, values};
use crate::job::Reporter;
use crate::metrics::roc_auc;
use crate::table::{ColumnSpec, Frame, Role};

/// How a pair was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Two numbers: linear, −1 to 1.
    #[default]
    Pearson,
    /// Two numbers: by rank, −1 to 1 (Spearman 1904).
    Spearman,
    /// Two categories: 0 to 1, corrected for chance (Bergsma 2013).
    CramersV,
    /// A number and a category: 0 to 1, the square root of the share of the number's variance that
    /// lies between the levels (Fisher's correlation ratio).
    CorrelationRatio,
}

/// The columns that were compared and the strength of each pair.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Association {
    pub columns: Vec<String>,
    /// Square; `None` where fewer than 10 rows have both, or one of the columns never changes.
    pub strength: Vec<Vec<Option<(f64, Measure)>>>,
    /// Rows looked at, of all.
    pub rows: (usize, usize),
}

/// Columns compared at most: a picture of more can not be read.
const MOST_COLUMNS: usize = 60;
/// Rows with both values below which nothing is said.
const FEWEST: usize = 10;

/// Compares every pair of columns; numbers by `numbers` ([`Measure::Pearson`] or
/// [`Measure::Spearman`]). Looks at 50,000 rows at most, evenly spread.
///
/// # Errors
/// The person cancelled.
pub fn associations(
    frame: &Frame,
    schema: &[ColumnSpec],
    numbers: Measure,
    report: &Reporter,
) -> crate::Result<Association> {
    let step = stride(frame.height());
    let mut columns = Vec::new();
    let mut all = Vec::new();
    for spec in schema {
        report.check()?;
        if columns.len() < MOST_COLUMNS
            && let Some(found) = values(frame, spec, step)
        {
            columns.push(spec.name.clone());
            all.push(found);
        }
    }
    let strength = (0..all.len())
        .into_par_iter()
        .map(|a| {
            report.check()?;
            Ok((0..all.len())
                .map(|b| if b < a { None } else { pair(all.get(a)?, all.get(b)?, numbers) })
                .collect::<Vec<_>>())
        })
        .collect::<crate::Result<Vec<_>>>()?;
    let mut whole = strength.clone();
    for (a, row) in strength.iter().enumerate() {
        for (b, value) in row.iter().enumerate().skip(a + 1) {
            if let Some(cell) = whole.get_mut(b).and_then(|row| row.get_mut(a)) {
                *cell = *value;
            }
        }
    }
    Ok(Association { columns, strength: whole, rows: (frame.height().div_ceil(step), frame.height()) })
}

fn pair(a: &Values, b: &Values, numbers: Measure) -> Option<(f64, Measure)> {
    match (a, b) {
        (Values::Numbers(a), Values::Numbers(b)) => {
            let (mut x, mut y): (Vec<f64>, Vec<f64>) =
                a.iter().zip(b).filter_map(|(a, b)| (*a).zip(*b)).unzip();
            if numbers == Measure::Spearman {
                (x, y) = (ranks(&x), ranks(&y));
            }
            Some((pearson(&x, &y)?, numbers))
        }
        (Values::Levels(a, n), Values::Levels(b, m)) => Some((cramers_v(a, *n, b, *m)?, Measure::CramersV)),
        (Values::Numbers(x), Values::Levels(g, n)) | (Values::Levels(g, n), Values::Numbers(x)) => {
            Some((correlation_ratio(x, g, *n)?, Measure::CorrelationRatio))
        }
    }
}

fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len() as f64;
    if x.len() < FEWEST {
        return None;
    }
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        xy += (a - mx) * (b - my);
        xx += (a - mx) * (a - mx);
        yy += (b - my) * (b - my);
    }
    let spread = (xx * yy).sqrt();
    (spread > 0.0 && spread.is_finite()).then(|| (xy / spread).clamp(-1.0, 1.0))
}

/// Ranks from 1, ties sharing their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut out = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let mut to = from;
        while to + 1 < order.len() && values[order[to + 1]] == values[order[from]] {
            to += 1;
        }
        for &at in &order[from..=to] {
            out[at] = (from + to) as f64 / 2.0 + 1.0;
        }
        from = to + 1;
    }
    out
}

/// Bias-corrected Cramér's V (Bergsma 2013, J. Korean Statistical Society 42).
fn cramers_v(a: &[Option<usize>], rows: usize, b: &[Option<usize>], columns: usize) -> Option<f64> {
    let mut counts = vec![0.0; rows * columns];
    let (mut of_a, mut of_b, mut total) = (vec![0.0; rows], vec![0.0; columns], 0.0);
    for (a, b) in a.iter().zip(b).filter_map(|(a, b)| (*a).zip(*b)) {
        counts[a * columns + b] += 1.0;
        of_a[a] += 1.0;
        of_b[b] += 1.0;
        total += 1.0;
    }
    let used = |list: &[f64]| list.iter().filter(|n| **n > 0.0).count() as f64;
    let (r, k) = (used(&of_a), used(&of_b));
    if total < FEWEST as f64 || r < 2.0 || k < 2.0 {
        return None;
    }
    let mut chi = 0.0;
    for (i, row) in of_a.iter().enumerate() {
        for (j, column) in of_b.iter().enumerate() {
            let expected = row * column / total;
            if expected > 0.0 {
                chi += (counts[i * columns + j] - expected).powi(2) / expected;
            }
        }
    }
    let phi = (chi / total - (r - 1.0) * (k - 1.0) / (total - 1.0)).max(0.0);
    let (r, k) = (r - (r - 1.0).powi(2) / (total - 1.0), k - (k - 1.0).powi(2) / (total - 1.0));
    let most = (r - 1.0).min(k - 1.0);
    (most > 0.0).then(|| (phi / most).sqrt().min(1.0))
}

fn correlation_ratio(values: &[Option<f64>], groups: &[Option<usize>], count: usize) -> Option<f64> {
    let (mut sum, mut n) = (vec![0.0; count], vec![0.0; count]);
    let both: Vec<(f64, usize)> = values.iter().zip(groups).filter_map(|(v, g)| (*v).zip(*g)).collect();
    for (value, group) in &both {
        sum[*group] += value;
        n[*group] += 1.0;
    }
    let total = both.len() as f64;
    if both.len() < FEWEST || n.iter().filter(|n| **n > 0.0).count() < 2 {
        return None;
    }
    let mean = both.iter().map(|(v, _)| v).sum::<f64>() / total;
    let all: f64 = both.iter().map(|(v, _)| (v - mean).powi(2)).sum();
    let between: f64 =
        sum.iter().zip(&n).filter(|(_, n)| **n > 0.0).map(|(s, n)| n * (s / n - mean).powi(2)).sum();
    (all > 0.0 && all.is_finite()).then(|| (between / all).clamp(0.0, 1.0).sqrt())
}

/// How much one column alone tells of the target.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub column: String,
    /// Area under the ROC curve of this column alone, 0.5 for nothing; above, whichever way it points.
    pub roc_auc: f64,
    /// Rate of the positive class by level or by fifth of the numbers: label, rows, rate.
    pub rates: Vec<(String, u64, f64)>,
}

/// Each column beside the target, the strongest first. Call with training rows only: what is seen
/// here steers choices.
pub fn with_target(train: &Frame, schema: &[ColumnSpec], labels: &[bool]) -> Vec<Target> {
    let mut out: Vec<Target> = schema
        .par_iter()
        .filter(|spec| spec.role.is_feature())
        .filter_map(|spec| {
            let groups = grouped(train, spec)?;
            let mut counts: std::collections::BTreeMap<(usize, &str), (u64, u64)> = Default::default();
            for (group, label) in groups.of_row.iter().zip(labels) {
                let Some(group) = group else { continue };
                let name = groups.names.get(*group).map_or("", String::as_str);
                let entry = counts.entry((*group, name)).or_default();
                entry.0 += 1;
                entry.1 += u64::from(*label);
            }
            let scores: Vec<f64> = groups
                .of_row
                .iter()
                .map(|group| {
                    let group = group.unwrap_or(usize::MAX);
                    let name = groups.names.get(group).map_or("", String::as_str);
                    counts.get(&(group, name)).map_or(0.0, |(n, yes)| *yes as f64 / *n as f64)
                })
                .collect();
            let auc = match &groups.numbers {
                Some(numbers) => roc_auc(numbers, labels).map(|auc| auc.max(1.0 - auc)),
                None => roc_auc(&scores, labels),
            }?;
            let rates = counts
                .into_iter()
                .map(|((_, name), (n, yes))| (name.to_owned(), n, yes as f64 / n as f64))
                .collect();
            Some(Target { column: spec.name.clone(), roc_auc: auc, rates })
        })
        .collect();
    out.sort_by(|a, b| b.roc_auc.total_cmp(&a.roc_auc).then_with(|| a.column.cmp(&b.column)));
    out
}

struct Grouped {
    of_row: Vec<Option<usize>>,
    names: Vec<String>,
    /// The numbers themselves, missing ones at the median so that they say nothing.
    numbers: Option<Vec<f64>>,
}

/// Levels shown, most frequent first; the rest is one group.
const SHOWN_LEVELS: usize = 8;

fn grouped(frame: &Frame, spec: &ColumnSpec) -> Option<Grouped> {
    if spec.role == Role::Category {
        let text = frame.text(&spec.name)?;
        let mut counts: std::collections::BTreeMap<&str, usize> = Default::default();
        text.iter().flatten().for_each(|value| *counts.entry(value).or_default() += 1);
        let mut by_count: Vec<(&str, usize)> = counts.into_iter().collect();
        by_count.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let mut names: Vec<String> =
            by_count.iter().take(SHOWN_LEVELS).map(|(name, _)| (*name).to_owned()).collect();
        let places: std::collections::HashMap<&str, usize> =
            by_count.iter().enumerate().map(|(at, (name, _))| (*name, at.min(SHOWN_LEVELS))).collect();
        if by_count.len() > SHOWN_LEVELS {
            names.push("…".into());
        }
        let of_row = text.iter().map(|value| value.and_then(|value| places.get(value).copied())).collect();
        return Some(Grouped { of_row, names, numbers: None });
    }
    let numbers = frame.numbers(&spec.name)?;
    let mut sorted: Vec<f64> = numbers.iter().flatten().copied().filter(|v| v.is_finite()).collect();
    if sorted.len() < FEWEST {
        return None;
    }
    sorted.sort_unstable_by(f64::total_cmp);
    let cut = |fifth: usize| sorted[(sorted.len() * fifth / 5).min(sorted.len() - 1)];
    let mut cuts: Vec<f64> = (1..5).map(cut).collect();
    cuts.dedup();
    let show = |value: f64| match spec.role {
        Role::Date => crate::detect::date::format((value * 86_400_000.0) as i64),
        _ => crate::table::show_number(value),
    };
    let mut names: Vec<String> = vec![format!("< {}", show(cuts[0]))];
    names.extend(cuts.windows(2).map(|pair| format!("{} … {}", show(pair[0]), show(pair[1]))));
    names.push(format!("≥ {}", show(cuts[cuts.len() - 1])));
    let of_row = numbers.iter().map(|v| v.map(|v| cuts.iter().filter(|cut| v >= **cut).count())).collect();
    let middle = sorted[sorted.len() / 2];
    let whole = numbers.into_iter().map(|v| v.filter(|v| v.is_finite()).unwrap_or(middle)).collect();
    Some(Grouped { of_row, names, numbers: Some(whole) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_share_ties() {
        assert_eq!(ranks(&[10.0, 20.0, 10.0, 5.0]), [2.5, 4.0, 2.5, 1.0]);
    }

    #[test]
    fn pearson_and_spearman_by_hand() {
        let x: Vec<f64> = (0..12).map(f64::from).collect();
        let cube: Vec<f64> = x.iter().map(|v| v.powi(3)).collect();
        // By rank a cube is a line; scipy.stats.pearsonr gives 0.9087 for 0..11 and their cubes.
        assert!((pearson(&ranks(&x), &ranks(&cube)).unwrap() - 1.0).abs() < 1e-12);
        assert!((pearson(&x, &cube).unwrap() - 0.9087).abs() < 5e-3);
        assert_eq!(pearson(&x, &[1.0; 12]), None);
    }

    #[test]
    fn cramers_v_knows_all_and_nothing() {
        let same: Vec<Option<usize>> = (0..100).map(|i| Some(i % 4)).collect();
        assert!((cramers_v(&same, 4, &same, 4).unwrap() - 1.0).abs() < 1e-9);
        // Every combination equally often: nothing beyond chance.
        let other: Vec<Option<usize>> = (0..100).map(|i| Some(i / 4 % 5)).collect();
        assert_eq!(cramers_v(&same, 4, &other, 5), Some(0.0));
        assert_eq!(cramers_v(&same, 4, &[Some(0); 100], 1), None);
    }

    #[test]
    fn correlation_ratio_by_hand() {
        // Two groups of six, means 0 and 2, each value ±1 about its mean: between 12, within 12.
        let values: Vec<Option<f64>> =
            (0..12).map(|i| Some(f64::from(i % 2) * 2.0 + if i % 4 < 2 { 1.0 } else { -1.0 })).collect();
        let groups: Vec<Option<usize>> = (0..12).map(|i| Some(i % 2)).collect();
        assert!((correlation_ratio(&values, &groups, 2).unwrap() - 0.5f64.sqrt()).abs() < 1e-12);
    }
}
