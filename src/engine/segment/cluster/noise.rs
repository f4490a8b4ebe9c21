//! Customers without groups, for comparison: points with the spread of the real ones, in which there is
//! nothing to find.

use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::points::Points;
use crate::segment::map::Pca;

/// How such points are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noise {
    /// One Gaussian of the same mean and covariances (Liu and others 2008).
    Gaussian,
    /// Even over the box along the principal components (Tibshirani, Walther and Hastie 2001).
    Box,
    /// Each column's own values, shuffled: the columns have nothing to do with each other.
    Columns,
    /// The same along the principal components: what goes together goes on doing so.
    Components,
}

impl Noise {
    pub(super) const ALL: [Noise; 4] = [Self::Gaussian, Self::Box, Self::Columns, Self::Components];

    /// Kinds that make sense: where columns are levels and numbers, only their own values do.
    pub(super) fn of(mixed: bool) -> &'static [Noise] {
        if mixed { &[Noise::Columns] } else { &Self::ALL }
    }

    /// As many points as `like`.
    pub(super) fn draw(self, like: &Points, pca: &Pca, blocks: &[usize], rng: &mut ChaCha8Rng) -> Points {
        let n = like.len();
        match self {
            Self::Columns => {
                let mut out = like.clone();
                let width = like.width();
                let last = blocks.last().map_or(0, |last| last + 1);
                for block in 0..last {
                    let mut from: Vec<usize> = (0..n).collect();
                    from.shuffle(rng);
                    for (row, from) in out.values_mut().chunks_exact_mut(width.max(1)).zip(from) {
                        let source = like.row(from);
                        for ((x, y), of) in row.iter_mut().zip(source).zip(blocks) {
                            if *of == block {
                                *x = *y;
                            }
                        }
                    }
                }
                out
            }
            Self::Gaussian => {
                let keep = pca.axes.len();
                let one = |at: usize, rng: &mut ChaCha8Rng| {
                    let z: f64 = StandardNormal.sample(rng);
                    z * pca.variances.get(at).copied().unwrap_or(0.0).sqrt()
                };
                let scores = (0..n * keep).map(|at| one(at % keep.max(1), rng)).collect();
                pca.back(&Points::new(keep, scores))
            }
            Self::Box | Self::Components => {
                let scores = pca.scores(like, pca.axes.len());
                let keep = scores.width();
                let mut columns: Vec<Vec<f64>> = (0..keep).map(|at| scores.column(at).collect()).collect();
                for column in &mut columns {
                    if self == Self::Components {
                        column.shuffle(rng);
                        continue;
                    }
                    let low = column.iter().copied().fold(f64::INFINITY, f64::min);
                    let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    column.iter_mut().for_each(|x| *x = low + rng.gen_range(0.0..1.0) * (high - low));
                }
                let mut values = Vec::with_capacity(n * keep);
                for row in 0..n {
                    values.extend(columns.iter().filter_map(|column| column.get(row)));
                }
                pca.back(&Points::new(keep, values))
            }
        }
    }
}
