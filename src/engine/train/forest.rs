//! A random forest (Breiman 2001): deep trees, each grown from its own share of rows and features; a
//! row's probability is the mean of their leaves' rates.
//!
//! linfa-ensemble's forest over linfa's trees was tried first: 150 trees took 4 to 28 times as long on
//! three public files for about the same ranking. linfa looks at every row in every node, and prunes
//! splits between two leaves that lean to the same class, though their rates differ. So forust's
//! histograms grow the trees: with the gradient of the squared error a split's gain is the fall of the
//! labels' variance, which is half of Gini's impurity.

use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::boosted::{Binned, draw};
use super::trees::{FlatTree, sums};
use crate::features::Matrix;
use crate::job::Reporter;

const TREES: usize = 200;
const DEPTH: usize = 10;
/// Rows that a leaf must hold.
const LEAST_LEAF: f32 = 5.0;
/// Share of the rows that a tree is grown from, without repetition: what a bootstrap holds on average
/// of different rows.
const ROW_SHARE: f64 = 0.632;
/// Rows that a tree is grown from at most. Leaf rates come from all training rows.
const ROWS: f64 = 50_000.0;
/// Share of the features that a tree may use. They are drawn once a tree, not anew at each split, so
/// that more than the usual square root are wanted.
const FEATURE_SHARE: f64 = 0.4;
/// Trees that are grown at a time, between two looks whether the person has cancelled.
const AT_A_TIME: usize = 8;

/// A forest: the mean of its trees' leaf rates is the probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForestModel {
    pub trees: Vec<FlatTree>,
}

/// Grows the forest; `report` is asked every few trees.
pub(super) fn fit(
    matrix: &Matrix,
    labels: &[bool],
    seed: u64,
    report: &Reporter,
) -> crate::Result<ForestModel> {
    let rows = matrix.height;
    let fail = |cause: String| TrainError::Fit { model: "random forest", cause };
    let binned = Binned::new(matrix).map_err(fail)?;
    // The squared error of a constant c is Σ (c − y)² / 2: at 0 its slope is −y, its curvature 1.
    let gradient: Vec<f32> = labels.iter().map(|label| -f32::from(u8::from(*label))).collect();
    let curvature = vec![1.0f32; rows];
    let share = ROW_SHARE.min(ROWS / rows.max(1) as f64);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let seeds: Vec<u64> = (0..TREES).map(|_| rng.next_u64()).collect();
    let mut trees = Vec::with_capacity(TREES);
    for seeds in seeds.chunks(AT_A_TIME) {
        report.check()?;
        let grown: Result<Vec<FlatTree>, TrainError> = seeds
            .par_iter()
            .map(|&seed| {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                let index = draw(&mut rng, rows, share);
                let features = draw(&mut rng, matrix.width(), FEATURE_SHARE);
                let tree = binned.grow(
                    (index, &features),
                    (&gradient, &curvature),
                    &Binned::rule(0.0, LEAST_LEAF, 1.0),
                    DEPTH,
                );
                Ok(with_rates(tree.ok_or_else(|| fail("a tree is not a tree".to_owned()))?, matrix, labels))
            })
            .collect();
        trees.extend(grown?);
        report.progress(trees.len() as f64 / TREES as f64);
    }
    Ok(ForestModel { trees })
}

/// Gives each leaf the share of positive ones among all training rows that reach it, drawn a little
/// towards a half where there are few (Laplace).
fn with_rates(mut tree: FlatTree, matrix: &Matrix, labels: &[bool]) -> FlatTree {
    let mut counts = vec![(0u32, 0u32); tree.features.len()];
    for (at, label) in labels.iter().enumerate() {
        if let Some((all, positive)) = counts.get_mut(tree.leaf_of(matrix.row(at))) {
            *all += 1;
            *positive += u32::from(*label);
        }
    }
    for ((feature, value), (all, positive)) in tree.features.iter().zip(&mut tree.values).zip(counts) {
        if *feature < 0 {
            *value = (positive as f32 + 1.0) / (all as f32 + 2.0);
        }
    }
    tree
}

impl ForestModel {
    pub(super) fn is_sound(&self, width: usize) -> bool {
        // Leaves hold probabilities.
        let leaves = |tree: &FlatTree| {
            tree.features.iter().zip(&tree.values).all(|(f, v)| *f >= 0 || (0.0..=1.0).contains(v))
        };
        !self.trees.is_empty() && self.trees.iter().all(|tree| tree.is_sound(width) && leaves(tree))
    }

    pub(super) fn predict(&self, matrix: &Matrix) -> Vec<f64> {
        let mut out = sums(&self.trees, matrix);
        let count = self.trees.len().max(1) as f64;
        out.iter_mut().for_each(|sum| *sum /= count);
        out
    }
}
