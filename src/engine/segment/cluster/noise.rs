//! Customers without groups, for comparison: points with the spread of the real ones, in which there is
//! nothing to find. Shuffled columns would not do: where groups differ in one column, they come along.

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, StandardNormal};

use super::points::Points;
use crate::segment::map::Pca;

/// Values up to which a column counts as a scale of steps.
const STEPS: usize = 60;

/// How such points are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noise {
    /// One Gaussian of the same mean and covariances (Liu and others 2008).
    Gaussian,
    /// Even over the box along the principal components (Tibshirani, Walther and Hastie 2001).
    Box,
    /// As far from the middle as the real ones, in any direction: shells and rings too.
    Shell,
    /// Columns of the same mean, variance and skewness (Pearson's third kind), on the same steps.
    Skewed,
    /// The same along the principal components.
    SkewedComponents,
    /// Each column's own values, shuffled: for categories, whose groups are what goes together.
    Shuffled,
}

impl Noise {
    /// Kinds for points of numbers, or of numbers and categories.
    pub(super) fn of(mixed: bool) -> &'static [Noise] {
        match mixed {
            true => &[Self::Shuffled],
            false => &[Self::Gaussian, Self::Box, Self::Shell, Self::Skewed, Self::SkewedComponents],
        }
    }

    /// As many points as `like`.
    pub(super) fn draw(self, like: &Points, pca: &Pca, blocks: &[usize], rng: &mut ChaCha8Rng) -> Points {
        let (n, width) = (like.len(), like.width());
        let columns = |points: &Points| -> Vec<Vec<f64>> {
            (0..points.width()).map(|at| points.column(at).collect()).collect()
        };
        match self {
            Self::Shuffled => shuffled(like, blocks, rng),
            Self::Skewed => {
                let mut all = columns(like);
                for column in &mut all {
                    let steps = Steps::of(column);
                    skewed(column, rng);
                    column.iter_mut().for_each(|x| *x = steps.nearest(*x));
                }
                rows(&all, n, width)
            }
            _ => {
                let scores = pca.scores(like, pca.axes.len());
                let mut all = columns(&scores);
                match self {
                    Self::Box => all.iter_mut().for_each(|column| even(column, rng)),
                    Self::SkewedComponents => all.iter_mut().for_each(|column| skewed(column, rng)),
                    Self::Shell => shell(&mut all, pca, rng),
                    _ => {
                        for (column, variance) in all.iter_mut().zip(&pca.variances) {
                            column.iter_mut().for_each(|x| *x = normal(rng) * variance.sqrt());
                        }
                    }
                }
                pca.back(&rows(&all, n, scores.width()))
            }
        }
    }
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn rows(columns: &[Vec<f64>], n: usize, width: usize) -> Points {
    let mut values = Vec::with_capacity(n * width);
    for row in 0..n {
        values.extend(columns.iter().filter_map(|column| column.get(row)));
    }
    Points::new(width, values)
}

fn even(column: &mut [f64], rng: &mut ChaCha8Rng) {
    let low = column.iter().copied().fold(f64::INFINITY, f64::min);
    let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    column.iter_mut().for_each(|x| *x = low + rng.gen_range(0.0..1.0) * (high - low));
}

/// The same mean, variance and skewness, with one hump.
fn skewed(column: &mut [f64], rng: &mut ChaCha8Rng) {
    let n = column.len().max(1) as f64;
    let mean = column.iter().sum::<f64>() / n;
    let moment = |power: i32| column.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n;
    let deviation = moment(2).sqrt();
    if deviation <= 0.0 {
        return;
    }
    let skewness = moment(3) / (deviation * deviation * deviation);
    let shape = 4.0 / (skewness * skewness);
    let gamma = if shape < 1e4 { Gamma::new(shape, 1.0).ok() } else { None };
    for x in column.iter_mut() {
        let z = match &gamma {
            Some(gamma) => skewness.signum() * (gamma.sample(rng) - shape) / shape.sqrt(),
            None => normal(rng),
        };
        *x = mean + deviation * z;
    }
}

/// Each point's distance from the middle, in deviations along every component, in a new direction.
fn shell(scores: &mut [Vec<f64>], pca: &Pca, rng: &mut ChaCha8Rng) {
    let deviations: Vec<f64> = pca.variances.iter().map(|v| v.sqrt()).collect();
    let most = deviations.first().copied().unwrap_or(0.0);
    let used = deviations.iter().take_while(|d| **d > 1e-6 * most).count();
    let n = scores.first().map_or(0, Vec::len);
    for row in 0..n {
        let at = |column: usize, scores: &[Vec<f64>]| scores.get(column).and_then(|c| c.get(row)).copied();
        let far: f64 =
            (0..used).map(|c| (at(c, scores).unwrap_or(0.0) / deviations[c]).powi(2)).sum::<f64>().sqrt();
        let way: Vec<f64> = (0..used).map(|_| normal(rng)).collect();
        let long = way.iter().map(|z| z * z).sum::<f64>().sqrt().max(1e-12);
        for ((column, z), deviation) in scores.iter_mut().zip(&way).zip(&deviations) {
            if let Some(x) = column.get_mut(row) {
                *x = far * z / long * deviation;
            }
        }
    }
}

/// The steps of a column's values, where they are few: counts, marks.
struct Steps {
    from: f64,
    by: f64,
}

impl Steps {
    fn of(column: &[f64]) -> Self {
        let mut values = column.to_vec();
        values.sort_by(f64::total_cmp);
        values.dedup();
        let gaps = values.windows(2).filter_map(|two| Some(two.get(1)? - two.first()?));
        let by = if values.len() <= STEPS { gaps.fold(f64::INFINITY, f64::min) } else { 0.0 };
        Self { from: values.first().copied().unwrap_or(0.0), by: if by.is_finite() { by } else { 0.0 } }
    }

    fn nearest(&self, x: f64) -> f64 {
        if self.by > 0.0 { self.from + ((x - self.from) / self.by).round() * self.by } else { x }
    }
}

fn shuffled(like: &Points, blocks: &[usize], rng: &mut ChaCha8Rng) -> Points {
    let mut out = like.clone();
    for block in 0..blocks.last().map_or(0, |last| last + 1) {
        let mut from: Vec<usize> = (0..like.len()).collect();
        from.shuffle(rng);
        for (row, from) in out.values_mut().chunks_exact_mut(like.width().max(1)).zip(from) {
            for ((x, y), of) in row.iter_mut().zip(like.row(from)).zip(blocks) {
                if *of == block {
                    *x = *y;
                }
            }
        }
    }
    out
}
