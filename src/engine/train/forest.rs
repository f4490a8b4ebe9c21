//! A random forest (Breiman 2001): linfa-ensemble's bootstrap over linfa's trees. linfa predicts
//! labels only, so the trees are taken out and the leaves hold the training rows' rates; a row's
//! probability is the mean over the trees.

use linfa::dataset::DatasetBase;
use linfa::prelude::*;
use linfa_ensemble::EnsembleLearnerParams;
use linfa_trees::{DecisionTree, TreeNode};
use ndarray::{Array1, Array2};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::linear::records;
use super::trees::{FlatTree, bound, sums};
use crate::features::Matrix;
use crate::job::Reporter;

const TREES: usize = 150;
const DEPTH: usize = 10;
/// Training rows that a leaf must hold.
const LEAST_LEAF: f32 = 5.0;
/// Share of the features that a tree may use. linfa draws them once a tree, not anew at each split,
/// so that more than the usual square root are wanted.
const FEATURE_SHARE: f64 = 0.5;
/// Rows that a tree is grown from at most: linfa's trees slow down with the square of the rows. Each
/// tree draws its own, and leaf rates come from all training rows.
const ROWS: usize = 5_000;
/// Trees that are grown at a time, between two looks whether the person has cancelled.
const AT_A_TIME: usize = 8;

/// A forest: the mean of its trees' leaf rates is the probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForestModel {
    pub trees: Vec<FlatTree>,
}

/// What linfa's ensemble grows: a tree whose rows are weighted by their class. Equal weights of the
/// classes keep splits between rates on either side of the mean rate, which linfa would prune because
/// both leaves lean to the frequent class; and hardly ever do two classes weigh the same, a tie that
/// linfa breaks by chance.
struct Grower {
    /// Weight of a positive row against a negative one's 1.
    positive: f32,
}

impl Fit<Array2<f64>, Array1<bool>, linfa::Error> for Grower {
    type Object = DecisionTree<f64, bool>;

    fn fit(&self, rows: &DatasetBase<Array2<f64>, Array1<bool>>) -> Result<Self::Object, linfa::Error> {
        let labels = rows.targets();
        let weights = labels.mapv(|label| if label { self.positive } else { 1.0 });
        let rows = DatasetBase::new(rows.records().view(), labels.view()).with_weights(weights);
        DecisionTree::params()
            .max_depth(Some(DEPTH))
            .min_weight_leaf(LEAST_LEAF)
            .min_weight_split(2.0 * LEAST_LEAF)
            .fit(&rows)
    }
}

/// Grows the forest; `report` is asked every few trees.
pub(super) fn fit(
    matrix: &Matrix,
    labels: &[bool],
    seed: u64,
    report: &Reporter,
) -> crate::Result<ForestModel> {
    let fail = |cause: linfa::Error| TrainError::Fit { model: "random forest", cause: cause.to_string() };
    let rows = DatasetBase::new(records(matrix), Array1::from_vec(labels.to_vec()));
    let positive = labels.iter().filter(|label| **label).count() as f32;
    // The odd hair against ties, as for a single tree.
    let weight = (labels.len() as f32 - positive) / positive * 1.000_37;
    let share = (ROWS as f64 / labels.len().max(1) as f64).min(1.0);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let seeds: Vec<u64> = (0..TREES).map(|_| rng.next_u64()).collect();
    let mut trees = Vec::with_capacity(TREES);
    for seeds in seeds.chunks(AT_A_TIME) {
        report.check()?;
        let grown: Result<Vec<FlatTree>, TrainError> = seeds
            .par_iter()
            .map(|&seed| {
                let rng = ChaCha8Rng::seed_from_u64(seed);
                let fitted = EnsembleLearnerParams::new_fixed_rng(Grower { positive: weight }, rng)
                    .ensemble_size(1)
                    .bootstrap_proportion(share)
                    .feature_proportion(FEATURE_SHARE)
                    .fit(&rows)
                    .map_err(fail)?;
                let grown = fitted.models.iter().zip(&fitted.model_features);
                let mut tree = FlatTree::default();
                for (one, features) in grown {
                    copy(one.root_node(), features, &mut tree);
                }
                Ok(with_rates(tree, matrix, labels))
            })
            .collect();
        trees.extend(grown?);
        report.progress(trees.len() as f64 / TREES as f64);
    }
    Ok(ForestModel { trees })
}

/// Copies linfa's tree, whose features are positions in `features`.
fn copy(node: &TreeNode<f64, bool>, features: &[usize], out: &mut FlatTree) {
    let children: Vec<_> = node.children().into_iter().flatten().collect();
    let (feature, value, _) = node.split();
    match (node.is_leaf(), children.as_slice(), features.get(feature)) {
        (false, [below, above], Some(&feature)) => {
            let at = out.split(feature, bound(value));
            copy(below, features, out);
            out.turn(at);
            copy(above, features, out);
        }
        _ => {
            out.leaf(0.0);
        }
    }
}

/// Gives each leaf the share of positive ones among the training rows that reach it, drawn a little
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
