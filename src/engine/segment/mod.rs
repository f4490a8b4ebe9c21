//! Groups of customers that are alike: k-means on the design matrix's numbers, k by sampled
//! silhouette, each group told by what sets it apart.

pub mod classes;
pub mod cohort;
pub mod flows;
pub mod profile;
pub mod rfm;
#[cfg(test)]
pub(crate) mod testing;

use linfa::DatasetBase;
use linfa::metrics::SilhouetteScore;
use linfa::traits::{Fit, Predict};
use linfa_clustering::KMeans;
use ndarray::Array2;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::job::Reporter;
use crate::table::{ColumnSpec, Frame, Role};

/// Customers whose pairwise distances the silhouette looks at.
const SILHOUETTE_ROWS: usize = 1500;
/// Groups that are tried.
const TRIED: std::ops::RangeInclusive<usize> = 2..=8;

/// Why there are no segments.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    #[error("segments need at least 20 customers and one column of numbers or categories")]
    TooLittle,
    #[error("k-means failed: {cause}")]
    Fit { cause: String },
    #[error(transparent)]
    Rfm(#[from] rfm::RfmError),
}

impl SegmentError {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::TooLittle => "segments_too_little",
            Self::Fit { .. } => "fit_failed",
            Self::Rfm(e) => e.kind(),
        }
    }
}

/// What sets a group apart in one column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trait {
    pub column: String,
    /// A category's value; `None` for a number.
    pub level: Option<String>,
    /// Numbers: the group's mean less the mean of all, in standard deviations of all.
    /// Categories: the group's share less the share of all.
    pub difference: f64,
    /// The group's mean, or share.
    pub here: f64,
    /// The mean, or share, of all.
    pub overall: f64,
}

/// One group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segment {
    pub size: usize,
    pub share: f64,
    /// Share of positive labels among the labelled customers of the group.
    pub target_rate: Option<f64>,
    /// Most telling first.
    pub traits: Vec<Trait>,
}

/// All groups, largest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segmentation {
    pub k: usize,
    pub silhouette: f64,
    /// Silhouette of every k that was tried, on a sample of this many customers.
    pub tried: Vec<(usize, f64)>,
    pub sampled: usize,
    pub columns: Vec<String>,
    pub segments: Vec<Segment>,
    /// The group of each row of the frame.
    #[serde(skip)]
    pub of_row: Vec<usize>,
}

/// Groups the rows of `scaled`; `readable` holds the same rows before scaling, for the traits.
/// `k` of `None` chooses the silhouette's best among three to eight: two groups nearly always win
/// and are of little use.
///
/// # Errors
/// Too few customers or columns.
pub fn segment(
    schema: &[ColumnSpec],
    scaled: &Frame,
    readable: &Frame,
    labels: &[Option<bool>],
    k: Option<usize>,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Segmentation> {
    let columns = columns(schema, scaled);
    let n = scaled.height();
    if n < 20 || columns.is_empty() {
        return Err(SegmentError::TooLittle.into());
    }
    let records = matrix(&columns, scaled);
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x5E6);
    let mut sample: Vec<usize> = (0..n).collect();
    sample.shuffle(&mut rng);
    sample.truncate(SILHOUETTE_ROWS);
    let sampled = records.select(ndarray::Axis(0), &sample);

    let range = match k {
        Some(k) => k.clamp(2, (n / 2).min(20))..=k.clamp(2, (n / 2).min(20)),
        None => *TRIED.start()..=*TRIED.end().min(&(n / 5).max(2)),
    };
    let (mut tried, mut fits) = (Vec::new(), Vec::new());
    let last = *range.end();
    for k in range {
        report.check()?;
        report.progress((k - 1) as f64 / last as f64);
        let dataset = DatasetBase::from(records.clone());
        let fitted = KMeans::params_with_rng(k, ChaCha8Rng::seed_from_u64(seed))
            .n_runs(5)
            .max_n_iterations(200)
            .tolerance(1e-4)
            .fit(&dataset)
            .map_err(|cause| SegmentError::Fit { cause: cause.to_string() })?;
        let groups = fitted.predict(&sampled);
        let score = DatasetBase::new(sampled.clone(), groups).silhouette_score().unwrap_or(0.0);
        let score = if score.is_finite() { score } else { 0.0 };
        tried.push((k, score));
        fits.push(fitted);
    }
    let best = (0..tried.len())
        .filter(|&at| tried.len() == 1 || tried[at].0 > 2)
        .max_by(|&a, &b| tried[a].1.total_cmp(&tried[b].1))
        .unwrap_or(0);
    let groups: Vec<usize> = fits[best].predict(&records).to_vec();
    let (k, silhouette) = tried[best];

    let mut sizes = vec![0usize; k];
    groups.iter().for_each(|&group| sizes[group] += 1);
    let mut order: Vec<usize> = (0..k).filter(|&group| sizes[group] > 0).collect();
    order.sort_by_key(|&group| std::cmp::Reverse(sizes[group]));
    let of_row: Vec<usize> =
        groups.iter().map(|group| order.iter().position(|g| g == group).unwrap_or(0)).collect();
    let segments = (0..order.len()).map(|s| describe(s, schema, readable, labels, &of_row)).collect();
    Ok(Segmentation { k: order.len(), silhouette, tried, sampled: sample.len(), columns, segments, of_row })
}

/// Columns to group by: all numbers; where there are fewer than two, categories as well.
fn columns(schema: &[ColumnSpec], frame: &Frame) -> Vec<String> {
    let of = |wanted: fn(Role) -> bool| {
        schema.iter().filter(move |spec| wanted(spec.role)).map(|spec| spec.name.clone()).collect::<Vec<_>>()
    };
    let mut columns = of(Role::is_numeric);
    columns.retain(|name| frame.numbers(name).is_some());
    if columns.len() < 2 {
        columns.extend(of(|role| role == Role::Category));
    }
    columns
}

fn matrix(columns: &[String], frame: &Frame) -> Array2<f64> {
    let mut list: Vec<Vec<f64>> = Vec::new();
    for name in columns {
        if let Some(values) = frame.numbers(name) {
            // Values far out would make groups of their own: held within four deviations.
            list.push(values.into_iter().map(|v| v.unwrap_or(0.0).clamp(-4.0, 4.0)).collect());
        } else if let Some(text) = frame.text(name) {
            let mut levels: Vec<&str> = text.iter().flatten().collect();
            levels.sort_unstable();
            levels.dedup();
            for level in levels.into_iter().take(20) {
                list.push(text.iter().map(|v| f64::from(u8::from(v == Some(level)))).collect());
            }
        }
    }
    Array2::from_shape_fn((frame.height(), list.len()), |(row, column)| list[column][row])
}

fn describe(
    segment: usize,
    schema: &[ColumnSpec],
    frame: &Frame,
    labels: &[Option<bool>],
    of_row: &[usize],
) -> Segment {
    let inside = |row: usize| of_row[row] == segment;
    let size = of_row.iter().filter(|s| **s == segment).count();
    let mut traits = Vec::new();
    for spec in schema {
        if let (true, Some(values)) = (spec.role.is_numeric(), frame.numbers(&spec.name)) {
            let (mut sum, mut squares, mut here, mut n, mut m) = (0.0, 0.0, 0.0, 0.0f64, 0.0f64);
            for (row, value) in values.iter().enumerate() {
                let Some(value) = value else { continue };
                sum += value;
                squares += value * value;
                n += 1.0;
                if inside(row) {
                    here += value;
                    m += 1.0;
                }
            }
            let (overall, here) = (sum / n.max(1.0), here / m.max(1.0));
            let deviation = (squares / n.max(1.0) - overall * overall).max(0.0).sqrt();
            if deviation > 1e-12 {
                let difference = (here - overall) / deviation;
                traits.push(Trait { column: spec.name.clone(), level: None, difference, here, overall });
            }
        } else if let (Role::Category, Some(text)) = (spec.role, frame.text(&spec.name)) {
            let mut counts: std::collections::BTreeMap<&str, (f64, f64)> = Default::default();
            for (row, value) in text.iter().enumerate() {
                let Some(value) = value else { continue };
                let entry = counts.entry(value).or_default();
                entry.0 += 1.0;
                entry.1 += f64::from(u8::from(inside(row)));
            }
            for (level, (all, own)) in counts {
                let (overall, here) = (all / of_row.len() as f64, own / size.max(1) as f64);
                traits.push(Trait {
                    column: spec.name.clone(),
                    level: Some(level.to_owned()),
                    difference: here - overall,
                    here,
                    overall,
                });
            }
        }
    }
    // A share of one half more is as telling as a whole deviation more.
    let weight = |t: &Trait| if t.level.is_some() { 2.0 * t.difference } else { t.difference };
    traits.retain(|t| if t.level.is_some() { t.difference > 0.15 } else { t.difference.abs() > 0.3 });
    traits.sort_by(|a, b| weight(b).abs().total_cmp(&weight(a).abs()));
    traits.truncate(6);
    let labelled: Vec<bool> =
        labels.iter().enumerate().filter(|(row, _)| inside(*row)).filter_map(|(_, l)| *l).collect();
    let target_rate = (!labelled.is_empty())
        .then(|| labelled.iter().filter(|l| **l).count() as f64 / labelled.len() as f64);
    Segment { size, share: size as f64 / of_row.len().max(1) as f64, target_rate, traits }
}
