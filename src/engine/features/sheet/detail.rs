//! One feature looked at closely: how it is spread among either class, and what it goes with.

use rayon::prelude::*;

use crate::features::Matrix;
use crate::features::select::{Columns, pearson};
use crate::job::Reporter;
use crate::metrics::{self, Estimate};
use crate::table::show_number;

/// Different values up to which each has a bar of its own.
const VALUES: usize = 12;
/// Bars of any other feature.
const BARS: usize = 20;
/// Share of the rows at either end that lies in the outermost bars.
const TAIL: f64 = 0.005;
/// Features that one goes with most.
const CORRELATES: usize = 5;
/// Rows by which features are compared with each other.
const COMPARED: usize = 5_000;

/// Shares of the rows of a class by stretch or value.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram {
    /// The value, or the middle of the stretch.
    pub labels: Vec<String>,
    /// Of the negative and of the positive rows; each adds up to 1 where the class has rows.
    pub shares: [Vec<f64>; 2],
}

/// A feature's spread among the training rows, by class.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// Its place in the matrix.
    pub place: usize,
    /// Values are as people read the column, not as the model does.
    pub readable: bool,
    pub histogram: Histogram,
    /// The 5, 25, 50, 75 and 95% points of the negative and of the positive rows; `None` where a class
    /// has no row.
    pub quantiles: [Option<[f64; 5]>; 2],
    /// Negative and positive rows.
    pub rows: [usize; 2],
    /// Area under the ROC curve of this feature alone.
    pub roc_auc: Option<Estimate>,
    /// The features that it goes with most, by |r|, strongest first.
    pub correlates: Vec<(String, f64)>,
}

/// Looks at the feature at `place` of the training rows' matrix; `labels` are their classes. `readable` holds
/// its values as people read them, where the feature is a scaled column. `None` where there is no such
/// feature.
///
/// # Errors
/// The person cancelled.
pub fn detail(
    train: &Matrix,
    labels: &[bool],
    place: usize,
    readable: Option<Vec<f64>>,
    report: &Reporter,
) -> crate::Result<Option<Detail>> {
    if place >= train.width() || labels.len() != train.height {
        return Ok(None);
    }
    let own: Vec<f64> = train.column(place).into_iter().map(f64::from).collect();
    let is_readable = readable.is_some();
    let values = readable.filter(|values| values.len() == own.len()).unwrap_or_else(|| own.clone());
    let of_class = |class: bool| -> Vec<f64> {
        let rows = values.iter().zip(labels).filter(|(value, label)| **label == class && value.is_finite());
        let mut out: Vec<f64> = rows.map(|(value, _)| *value).collect();
        out.sort_unstable_by(f64::total_cmp);
        out
    };
    let classes = [of_class(false), of_class(true)];
    report.check()?;
    let columns = Columns::of(train, COMPARED * train.width(), COMPARED);
    let mut correlates: Vec<(usize, f64)> = (0..train.width())
        .into_par_iter()
        .filter(|&other| other != place)
        .map(|other| {
            report.check()?;
            Ok((other, pearson(columns.column(place), columns.column(other)).unwrap_or(0.0)))
        })
        .collect::<crate::Result<_>>()?;
    correlates.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
    let named = correlates.into_iter().take(CORRELATES).filter(|(_, r)| *r != 0.0);
    Ok(Some(Detail {
        place,
        readable: is_readable,
        histogram: histogram(&classes),
        quantiles: [points(&classes[0]), points(&classes[1])],
        rows: [classes[0].len(), classes[1].len()],
        roc_auc: metrics::roc_auc_estimate(&own, labels),
        correlates: named.filter_map(|(at, r)| Some((train.names.get(at)?.clone(), r))).collect(),
    }))
}

/// The value that a share of sorted values lies below, between two by the line through them.
fn point(sorted: &[f64], share: f64) -> f64 {
    let at = share * sorted.len().saturating_sub(1) as f64;
    let (low, part) = (at.floor() as usize, at.fract());
    let value = |at: usize| sorted.get(at).or(sorted.last()).copied().unwrap_or_default();
    value(low) + part * (value(low + 1) - value(low))
}

fn points(sorted: &[f64]) -> Option<[f64; 5]> {
    (!sorted.is_empty()).then(|| [0.05, 0.25, 0.5, 0.75, 0.95].map(|share| point(sorted, share)))
}

fn histogram(classes: &[Vec<f64>; 2]) -> Histogram {
    let mut all = classes.concat();
    all.sort_unstable_by(f64::total_cmp);
    let mut different = all.clone();
    different.dedup();
    let round = |value: f64, step: f64| {
        let digits = if step >= 5.0 {
            1.0
        } else if step >= 0.05 {
            100.0
        } else {
            1e4
        };
        show_number((value * digits).round() / digits)
    };
    let (labels, bar): (Vec<String>, Box<dyn Fn(f64) -> usize>) = if different.len() <= VALUES {
        let labels = different.iter().map(|value| round(*value, 0.1)).collect();
        (labels, Box::new(move |value| different.partition_point(|one| *one < value)))
    } else {
        let (low, high) = (point(&all, TAIL), point(&all, 1.0 - TAIL));
        // Nearly all rows have one value: the ends tell how far the others reach.
        let (low, high) = if high > low { (low, high) } else { (all[0], all[all.len() - 1]) };
        let step = (high - low) / BARS as f64;
        let labels = (0..BARS).map(|at| round(low + step * (at as f64 + 0.5), step)).collect();
        let bar = move |value: f64| (((value - low) / step).max(0.0) as usize).min(BARS - 1);
        (labels, Box::new(bar))
    };
    let shares = |class: &Vec<f64>| {
        let mut counts = vec![0.0; labels.len()];
        for value in class {
            counts.iter_mut().skip(bar(*value)).take(1).for_each(|n| *n += 1.0 / class.len() as f64);
        }
        counts
    };
    let shares = [shares(&classes[0]), shares(&classes[1])];
    Histogram { labels, shares }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_told_apart() {
        // 200 rows; the feature is the row's number, positive from 100 on; its twin is its negative.
        let data: Vec<f32> = (0..200).flat_map(|at| [at as f32, (at % 3) as f32, -(at as f32)]).collect();
        let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        let matrix = Matrix::new(names.clone(), names, 200, data);
        let labels: Vec<bool> = (0..200).map(|at| at >= 100).collect();
        let report = Reporter::silent();
        let told = detail(&matrix, &labels, 0, None, &report).unwrap().unwrap();
        assert_eq!(told.rows, [100, 100]);
        assert_eq!(told.roc_auc.map(|auc| auc.value), Some(1.0));
        assert_eq!(told.quantiles[0].map(|q| q[2]), Some(49.5));
        assert_eq!(told.quantiles[1].map(|q| q[2]), Some(149.5));
        assert_eq!(told.histogram.labels.len(), BARS);
        let half: f64 = told.histogram.shares[0].iter().take(BARS / 2).sum();
        assert!((half - 1.0).abs() < 1e-9, "{half}");
        assert!(told.histogram.shares.iter().all(|s| (s.iter().sum::<f64>() - 1.0).abs() < 1e-9));
        assert_eq!(told.correlates[0].0, "c");
        assert!((told.correlates[0].1 + 1.0).abs() < 1e-9);
        // Few values have a bar each.
        let told = detail(&matrix, &labels, 1, None, &report).unwrap().unwrap();
        assert_eq!(told.histogram.labels, ["0", "1", "2"]);
        // As people read it.
        let years: Vec<f64> = (0..200).map(|at| 1900.0 + f64::from(at)).collect();
        let told = detail(&matrix, &labels, 0, Some(years), &report).unwrap().unwrap();
        assert!(told.readable && told.quantiles[1].is_some_and(|q| q[2] == 2049.5));
        assert_eq!(detail(&matrix, &labels, 3, None, &report).unwrap(), None);
        assert_eq!(detail(&matrix, &[], 0, None, &report).unwrap(), None);
    }

    #[test]
    fn odd_features_are_no_crash() {
        let of = |data: Vec<f32>, labels: &[bool]| {
            let matrix = Matrix::new(vec!["a".into()], vec!["a".into()], data.len(), data);
            detail(&matrix, labels, 0, None, &Reporter::silent()).unwrap().unwrap()
        };
        assert_eq!(of(vec![2.0; 3], &[true, false, true]).histogram.shares[1], [1.0]);
        assert!(of(vec![f32::NAN; 3], &[true, false, true]).histogram.labels.is_empty());
        assert_eq!(of(vec![1.0], &[true]).quantiles[0], None);
        assert!(of(Vec::new(), &[]).histogram.labels.is_empty());
        // One value but for a few far away.
        let mut data = vec![0.0; 5000];
        data.iter_mut().take(13).enumerate().for_each(|(at, v)| *v = 10.0 * (at + 1) as f32);
        let labels: Vec<bool> = (0..5000).map(|at| at % 2 == 0).collect();
        assert_eq!(of(data, &labels).histogram.labels.len(), BARS);
    }
}
