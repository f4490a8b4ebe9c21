//! A decision tree (linfa), with the class frequencies of its leaves: linfa itself predicts
//! labels only.

use linfa::prelude::*;
use linfa_trees::DecisionTree;
use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::TrainError;
use super::linear::records;
use crate::features::Matrix;

/// Depth that keeps a tree readable and steady.
const DEPTH: usize = 6;
/// Training rows that a leaf must hold.
const LEAST_LEAF: f32 = 20.0;

/// Weight of a positive row against a negative one's 1.
const POSITIVE_WEIGHT: f32 = 1.000_3;

/// A node; children are positions in [`TreeModel::nodes`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeNode {
    /// The split: rows with `feature < value` go to the first child. `None` for a leaf.
    pub split: Option<(usize, f64, usize, usize)>,
    /// Training rows that reach the node, and the positive ones among them.
    pub rows: u64,
    pub positive: u64,
}

/// A tree as a list, the root first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TreeModel {
    pub nodes: Vec<TreeNode>,
}

pub(super) fn fit(matrix: &Matrix, labels: &[bool]) -> Result<TreeModel, TrainError> {
    // linfa breaks a tie between the two classes of a leaf by chance; a hair more weight for the
    // positive rows leaves no tie, so that equal rows give equal trees.
    let weights = labels.iter().map(|label| if *label { POSITIVE_WEIGHT } else { 1.0 }).collect();
    let dataset = Dataset::new(records(matrix), Array1::from_vec(labels.to_vec()))
        .with_weights(Array1::from_vec(weights));
    let least = LEAST_LEAF.min(labels.len() as f32 / 10.0).max(1.0);
    let fitted = DecisionTree::params()
        .max_depth(Some(DEPTH))
        .min_weight_leaf(least)
        .min_weight_split(2.0 * least)
        .fit(&dataset)
        .map_err(|cause| TrainError::Fit { model: "decision tree", cause: cause.to_string() })?;
    let mut model = TreeModel { nodes: Vec::new() };
    model.copy(fitted.root_node());
    for (at, label) in labels.iter().enumerate() {
        let row = matrix.row(at);
        let mut node = 0;
        while let Some(here) = model.nodes.get_mut(node) {
            here.rows += 1;
            here.positive += u64::from(*label);
            match here.child(row) {
                Some(next) => node = next,
                None => break,
            }
        }
    }
    Ok(model)
}

impl TreeNode {
    fn child(&self, row: &[f32]) -> Option<usize> {
        let (feature, value, below, above) = self.split?;
        Some(if f64::from(*row.get(feature)?) < value { below } else { above })
    }

    /// Share of positive rows, drawn a little towards a half where there are few (Laplace).
    pub fn rate(&self) -> f64 {
        (self.positive as f64 + 1.0) / (self.rows as f64 + 2.0)
    }
}

impl TreeModel {
    /// True if every split asks for one of `width` features and has both children after it; asked of
    /// every opened file.
    pub(super) fn is_sound(&self, width: usize) -> bool {
        let n = self.nodes.len();
        n > 0
            && self.nodes.iter().enumerate().all(|(at, node)| {
                let within = |child: usize| child > at && child < n;
                node.positive <= node.rows
                    && node.split.is_none_or(|(feature, value, below, above)| {
                        feature < width && value.is_finite() && within(below) && within(above)
                    })
            })
    }

    fn copy(&mut self, node: &linfa_trees::TreeNode<f64, bool>) -> usize {
        let at = self.nodes.len();
        self.nodes.push(TreeNode { split: None, rows: 0, positive: 0 });
        let children: Vec<_> = node.children().into_iter().flatten().collect();
        if let (false, [below, above]) = (node.is_leaf(), children.as_slice()) {
            let (feature, value, _) = node.split();
            let (below, above) = (self.copy(below), self.copy(above));
            self.nodes[at].split = Some((feature, value, below, above));
        }
        at
    }

    pub(super) fn predict(&self, matrix: &Matrix) -> Vec<f64> {
        (0..matrix.height)
            .map(|at| {
                let row = matrix.row(at);
                let mut node = 0;
                // A child always stands after its parent: the walk ends.
                while let Some(next) = self.nodes.get(node).and_then(|n| n.child(row)) {
                    if next <= node {
                        break;
                    }
                    node = next;
                }
                self.nodes.get(node).map_or(0.5, TreeNode::rate)
            })
            .collect()
    }
}
