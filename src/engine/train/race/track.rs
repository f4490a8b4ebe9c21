//! The rows that a race is run on.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::super::glass::GlassData;
use super::super::{LEAST_PER_CLASS, Samples};
use super::RaceError;
use crate::features::Matrix;

/// Rows of a side that the curves are measured on at most, evenly spread over the side.
pub const WATCHED: usize = 2000;

/// Validation customers whose scores are followed.
pub const FOLLOWED: usize = 5;

/// A validation customer whose score is followed in every lane.
#[derive(Debug, Clone, PartialEq)]
pub struct Followed {
    /// Place among the validation rows.
    pub place: usize,
    /// The features.
    pub x: Vec<f32>,
    /// Whether the customer has the predicted value of the target.
    pub is_positive: bool,
}

/// Training rows to learn from, validation rows to watch; no test rows.
#[derive(Debug, Clone)]
pub struct Track {
    /// The features.
    pub names: Vec<String>,
    pub train: GlassData,
    /// The training rows that the curves are measured on.
    pub seen: GlassData,
    /// The validation rows that the curves are measured on.
    pub valid: GlassData,
    /// Validation rows that there are.
    pub valid_rows: usize,
    pub followed: Vec<Followed>,
    /// Mean of each feature over the training rows: where a surface holds those it does not show.
    pub centre: Vec<f32>,
    /// 2nd and 98th percentile of each feature over the training rows, one apart at the least.
    pub ranges: Vec<[f32; 2]>,
    /// Two features with many values, of different columns, that go most with the target.
    pub axes: (usize, usize),
}

fn glass(matrix: &Matrix, labels: &[bool]) -> GlassData {
    GlassData { width: matrix.width(), x: matrix.data.clone(), y: labels.to_vec() }
}

/// At most [`WATCHED`] rows, evenly spread.
fn watched(matrix: &Matrix, labels: &[bool]) -> GlassData {
    let (rows, most) = (labels.len(), labels.len().min(WATCHED));
    let places: Vec<usize> = (0..most).map(|at| at * rows / most).collect();
    let y: Vec<bool> = places.iter().filter_map(|&at| labels.get(at)).copied().collect();
    glass(&matrix.select(&places), &y)
}

impl Track {
    /// The rows of a race; `seed` chooses the customers that are followed, of both classes where both
    /// are there.
    ///
    /// # Errors
    /// Fewer than [`LEAST_PER_CLASS`] training rows of a class; no validation row.
    pub fn new(samples: &Samples, seed: u64) -> Result<Self, RaceError> {
        let labels = &samples.train_labels;
        let positive = labels.iter().filter(|label| **label).count();
        let found = positive.min(labels.len() - positive);
        if found < LEAST_PER_CLASS {
            return Err(RaceError::TooFew { found, needed: LEAST_PER_CLASS });
        }
        if samples.valid_labels.is_empty() {
            return Err(RaceError::NoValidation);
        }
        let columns: Vec<Column> =
            (0..samples.train.width()).map(|at| Column::of(&samples.train, labels, at)).collect();
        Ok(Self {
            names: samples.train.names.clone(),
            train: glass(&samples.train, labels),
            seen: watched(&samples.train, labels),
            valid: watched(&samples.valid, &samples.valid_labels),
            valid_rows: samples.valid_labels.len(),
            followed: follow(samples, seed),
            centre: columns.iter().map(|column| column.mean).collect(),
            ranges: columns.iter().map(|column| column.range).collect(),
            axes: axes(&columns, &samples.train.sources),
        })
    }
}

/// Two of the positive class and three of the other, or as near to that as there are.
fn follow(samples: &Samples, seed: u64) -> Vec<Followed> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut of = [Vec::new(), Vec::new()];
    for (place, label) in samples.valid_labels.iter().enumerate() {
        of[usize::from(*label)].push(place);
    }
    of.iter_mut().for_each(|places| places.shuffle(&mut rng));
    let [stayed, left] = of;
    let wanted = left.len().min((FOLLOWED - 3).max(FOLLOWED.saturating_sub(stayed.len())));
    let chosen = left.iter().take(wanted).chain(stayed.iter().take(FOLLOWED - wanted));
    chosen
        .filter_map(|&place| {
            let is_positive = *samples.valid_labels.get(place)?;
            Some(Followed { place, x: samples.valid.row(place).to_vec(), is_positive })
        })
        .collect()
}

/// What is known of one feature of the training rows.
struct Column {
    mean: f32,
    range: [f32; 2],
    /// Absolute point-biserial correlation with the target.
    link: f64,
    /// More than a handful of values.
    is_wide: bool,
}

impl Column {
    fn of(matrix: &Matrix, labels: &[bool], at: usize) -> Self {
        let values: Vec<f32> =
            (0..matrix.height).filter_map(|row| matrix.row(row).get(at)).copied().collect();
        let n = values.len().max(1) as f64;
        let mean = values.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let share = labels.iter().filter(|label| **label).count() as f64 / n;
        let (mut spread, mut with) = (0.0, 0.0);
        for (value, label) in values.iter().zip(labels) {
            let off = f64::from(*value) - mean;
            spread += off * off;
            with += off * (f64::from(u8::from(*label)) - share);
        }
        let link = (with / (spread * n * share * (1.0 - share)).sqrt().max(1e-12)).abs();
        let mut sorted = values;
        sorted.sort_by(f32::total_cmp);
        let last = sorted.len().saturating_sub(1);
        let quantile = |share: f64| sorted.get((share * last as f64).round() as usize).copied();
        let (mut low, mut high) = (quantile(0.02).unwrap_or(0.0), quantile(0.98).unwrap_or(0.0));
        if high - low < 1.0 {
            let middle = (low + high) / 2.0;
            (low, high) = (middle - 0.5, middle + 0.5);
        }
        sorted.dedup();
        Self { mean: mean as f32, range: [low, high], link, is_wide: sorted.len() > 6 }
    }
}

fn axes(columns: &[Column], sources: &[String]) -> (usize, usize) {
    let mut order: Vec<usize> = (0..columns.len()).collect();
    let weight = |at: &usize| columns.get(*at).map_or((false, 0.0), |c| (c.is_wide, c.link));
    order.sort_by(|a, b| {
        let (a, b) = (weight(a), weight(b));
        b.0.cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    let first = order.first().copied().unwrap_or(0);
    let other = order.iter().skip(1).find(|at| sources.get(**at) != sources.get(first));
    (first, other.or(order.get(1)).copied().unwrap_or(first))
}
