//! Customers as points: a dense matrix, row by row, and the distance between two of its rows.

use serde::{Deserialize, Serialize};

/// Rows of numbers, all of one width.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Points {
    width: usize,
    values: Vec<f64>,
}

impl Points {
    /// Points of `width` numbers each, `values` row by row; what is over a whole number of rows is cut.
    pub fn new(width: usize, mut values: Vec<f64>) -> Self {
        let whole = values.len().checked_div(width).unwrap_or(0) * width;
        values.truncate(whole);
        Self { width, values }
    }

    /// Points.
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Numbers of a point.
    pub fn width(&self) -> usize {
        self.width
    }

    /// A point; nothing where there is no such one.
    pub fn row(&self, at: usize) -> &[f64] {
        self.values.get(at * self.width..(at + 1) * self.width).unwrap_or_default()
    }

    /// Every point.
    pub fn rows(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.width.max(1))
    }

    /// All numbers, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// All numbers, to be changed in place.
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// The points at `places`, in that order.
    pub fn select(&self, places: &[usize]) -> Self {
        let mut values = Vec::with_capacity(places.len() * self.width);
        places.iter().for_each(|&at| values.extend_from_slice(self.row(at)));
        Self { width: self.width, values }
    }

    /// One number of every point.
    pub fn column(&self, at: usize) -> impl Iterator<Item = f64> + '_ {
        self.rows().filter_map(move |row| row.get(at).copied())
    }

    /// The mean point; zeros where there is none.
    pub fn mean(&self) -> Vec<f64> {
        let mut mean = vec![0.0; self.width];
        for row in self.rows() {
            mean.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        let n = self.len().max(1) as f64;
        mean.iter_mut().for_each(|sum| *sum /= n);
        mean
    }

    /// Covariances (divided by n), `width × width` row by row.
    pub fn covariance(&self) -> Vec<f64> {
        let (d, mean) = (self.width, self.mean());
        let mut sums = vec![0.0; d * d];
        let mut centred = vec![0.0; d];
        for row in self.rows() {
            centred.iter_mut().zip(row.iter().zip(&mean)).for_each(|(c, (x, m))| *c = x - m);
            for (line, a) in sums.chunks_exact_mut(d.max(1)).zip(&centred) {
                line.iter_mut().zip(&centred).for_each(|(sum, b)| *sum += a * b);
            }
        }
        let n = self.len().max(1) as f64;
        sums.iter_mut().for_each(|sum| *sum /= n);
        sums
    }
}

/// How far apart two points are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Along the straight line.
    #[default]
    Euclidean,
    /// Along the axes. On columns scaled to their range, and levels as halves, this is Gower's distance
    /// (1971) times the number of columns.
    Gower,
}

impl Metric {
    /// The distance of two points.
    pub fn distance(self, a: &[f64], b: &[f64]) -> f64 {
        match self {
            Self::Euclidean => squared(a, b).sqrt(),
            Self::Gower => a.iter().zip(b).map(|(x, y)| (x - y).abs()).sum(),
        }
    }
}

/// The squared straight distance of two points.
#[inline]
pub fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

/// At most `most` different places below `n`, in ascending order, drawn by `rng`; all of them where they
/// are not more.
pub fn sample(n: usize, most: usize, rng: &mut impl rand::Rng) -> Vec<usize> {
    if n <= most {
        return (0..n).collect();
    }
    let mut places = rand::seq::index::sample(rng, n, most).into_vec();
    places.sort_unstable();
    places
}
