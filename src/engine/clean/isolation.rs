//! Isolation forest: rows that random cuts set apart quickly are outliers.
//!
//! F. T. Liu, K. M. Ting, Z.-H. Zhou: "Isolation Forest", ICDM 2008. 100 trees, each over a sample
//! of ψ = 256 rows, to height ⌈log₂ ψ⌉; the score of a row is 2^(−E(h) / c(ψ)), near 1 for
//! outliers and below 0.5 for ordinary rows.

use rand::SeedableRng;
use rand::seq::index;
use rand::{Rng, RngCore};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::job::{Cancelled, Reporter};

const TREES: u64 = 100;
const SAMPLE: usize = 256;
/// Rows that are scored between two questions whether to stop.
const BLOCK: usize = 4_096;

/// A place in a tree, in the order of a walk that goes left first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Node {
    /// Goes to the next node where the value of this column is below the cut, else to `right`.
    #[serde(rename = "s")]
    Split(u32, f64, u32),
    /// So many rows of the sample ended here.
    #[serde(rename = "l")]
    Leaf(u32),
}

/// The trees, each a list of its places.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Forest {
    /// Rows of each tree's sample.
    sample: usize,
    trees: Vec<Vec<Node>>,
}

/// The mean depth at which a search in a binary tree of `n` keys fails: what a leaf of `n` rows
/// stands for.
pub(super) fn mean_depth(n: usize) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    match n {
        0 | 1 => 0.0,
        2 => 1.0,
        n => {
            let m = (n - 1) as f64;
            2.0 * (m.ln() + EULER) - 2.0 * m / n as f64
        }
    }
}

impl Forest {
    /// Learns from rows of equal width; every value is finite.
    pub(super) fn fit(rows: &[Vec<f64>], seed: u64, report: &Reporter) -> Result<Self, Cancelled> {
        let sample = SAMPLE.min(rows.len());
        let height = (sample.max(2) as f64).log2().ceil() as usize;
        let mut trees = Vec::new();
        for tree in 0..TREES {
            report.check()?;
            // A stream of its own for each tree.
            let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x1501_A7E0);
            rng.set_stream(tree);
            let chosen: Vec<&[f64]> = index::sample(&mut rng, rows.len(), sample)
                .into_iter()
                .filter_map(|at| rows.get(at).map(Vec::as_slice))
                .collect();
            let mut nodes = Vec::new();
            grow(chosen, height, &mut rng, &mut nodes);
            trees.push(nodes);
        }
        Ok(Self { sample, trees })
    }

    /// The score of each row, 0 to 1.
    pub(super) fn scores(&self, rows: &[Vec<f64>], report: &Reporter) -> Result<Vec<f64>, Cancelled> {
        let mut out = Vec::with_capacity(rows.len());
        for block in rows.chunks(BLOCK) {
            report.check()?;
            out.par_extend(block.par_iter().map(|row| self.score(row)));
        }
        Ok(out)
    }

    fn score(&self, row: &[f64]) -> f64 {
        let depths = self.trees.iter().map(|tree| depth(tree, row)).sum::<f64>();
        let usual = mean_depth(self.sample);
        // A sample of one row knows no outliers.
        if usual <= 0.0 {
            return 0.0;
        }
        2f64.powf(-depths / self.trees.len().max(1) as f64 / usual)
    }
}

/// Adds the tree over these rows to `nodes`.
fn grow(rows: Vec<&[f64]>, height: usize, rng: &mut ChaCha8Rng, nodes: &mut Vec<Node>) {
    let leaf = Node::Leaf(rows.len() as u32);
    let width = rows.first().map_or(0, |row| row.len());
    let spread = |column: usize| {
        let values = rows.iter().filter_map(|row| row.get(column).copied());
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
    };
    let varied: Vec<usize> = (0..width).filter(|&column| spread(column).0 < spread(column).1).collect();
    if height == 0 || rows.len() < 2 || varied.is_empty() {
        nodes.push(leaf);
        return;
    }
    let column = varied.get(rng.gen_range(0..varied.len())).copied().unwrap_or(0);
    let (low, high) = spread(column);
    // In (low, high], so that neither side is empty; halves first: the range may overflow.
    let share = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let cut = high - 2.0 * (high / 2.0 - low / 2.0) * share;
    let cut = if cut > low && cut <= high { cut } else { high };
    let (left, right): (Vec<&[f64]>, Vec<&[f64]>) =
        rows.into_iter().partition(|row| row.get(column).is_some_and(|value| *value < cut));
    let place = nodes.len();
    nodes.push(leaf);
    grow(left, height - 1, rng, nodes);
    let after = nodes.len() as u32;
    if let Some(node) = nodes.get_mut(place) {
        *node = Node::Split(column as u32, cut, after);
    }
    grow(right, height - 1, rng, nodes);
}

/// How deep a row goes in a tree, with what its leaf stands for.
fn depth(tree: &[Node], row: &[f64]) -> f64 {
    let mut at = 0;
    // A saved tree is not trusted to end: no path is longer than the tree.
    for deep in 0..tree.len() {
        match tree.get(at) {
            Some(Node::Split(column, cut, right)) => {
                let below = row.get(*column as usize).is_some_and(|value| value < cut);
                at = if below { at + 1 } else { *right as usize };
            }
            Some(Node::Leaf(rows)) => return deep as f64 + mean_depth(*rows as usize),
            None => break,
        }
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_depth_as_scikit_learn_has_it() {
        for (n, wanted) in [(1, 0.0), (2, 1.0), (3, 1.207_392_36), (10, 3.748_880_48), (256, 10.244_770_92)] {
            assert!((mean_depth(n) - wanted).abs() < 1e-8, "{n}");
        }
    }

    fn cloud() -> Vec<Vec<f64>> {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut rows: Vec<Vec<f64>> =
            (0..500).map(|_| vec![rng.gen_range(-1.0..1.0), rng.gen_range(-1.0..1.0)]).collect();
        rows.push(vec![9.0, -9.0]);
        rows
    }

    #[test]
    fn the_row_far_off_scores_highest() {
        let (rows, report) = (cloud(), Reporter::silent());
        let forest = Forest::fit(&rows, 1, &report).unwrap();
        let scores = forest.scores(&rows, &report).unwrap();
        let last = scores[500];
        assert!(last > 0.7 && scores[..500].iter().all(|score| *score < last), "{last}");
        assert!(scores.iter().sum::<f64>() / (scores.len() as f64) < 0.5);
        assert_eq!(Forest::fit(&rows, 1, &report).unwrap(), forest);
        assert_ne!(Forest::fit(&rows, 2, &report).unwrap(), forest);
    }

    #[test]
    fn rows_without_spread_are_no_outliers() {
        let report = Reporter::silent();
        for rows in [vec![], vec![vec![1.0]], vec![vec![1.0, 2.0]; 300], vec![vec![]; 5]] {
            let forest = Forest::fit(&rows, 1, &report).unwrap();
            assert!(forest.scores(&rows, &report).unwrap().iter().all(|score| *score < 0.5 + 1e-9));
        }
        let huge = vec![vec![-f64::MAX], vec![f64::MAX], vec![0.0]];
        let forest = Forest::fit(&huge, 1, &report).unwrap();
        assert!(forest.scores(&huge, &report).unwrap().iter().all(|score| score.is_finite()));
    }
}
