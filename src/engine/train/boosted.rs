//! Gradient boosted trees (Friedman 2001; the second-order form of Chen and Guestrin 2016). forust
//! grows each tree from gradients; the loop round it is ours, so that it can be watched, stopped and
//! cut where the validation rows say.

use forust_ml::Matrix as Columns;
use forust_ml::binning::{BinnedData, bin_matrix};
use forust_ml::constraints::ConstraintMap;
use forust_ml::gradientbooster::GrowPolicy;
use forust_ml::sampler::SampleMethod;
use forust_ml::splitter::MissingImputerSplitter;
use forust_ml::tree::Tree;
use rand::SeedableRng;
use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::trees::{FlatTree, bound, sums};
use super::{Epoch, Samples, TrainError};
use crate::features::Matrix;
use crate::job::Reporter;
use crate::metrics;

/// Trees at most.
pub(super) const ROUNDS: usize = 600;
/// Rounds without a better validation loss after which boosting ends.
const PATIENCE: usize = 30;
/// Rounds where there are no validation rows to say when to end.
const ROUNDS_UNWATCHED: usize = 100;
/// Bins of a feature.
const BINS: u16 = 256;
/// Cells from which trees are grown by several threads.
const PARALLEL_CELLS: usize = 200_000;

/// Settings of the boosted trees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BoostedSpec {
    /// Splits from a tree's root to its leaves.
    pub depth: usize,
    /// What each tree's numbers are multiplied with.
    pub learning_rate: f64,
    /// Ridge penalty on the leaves' numbers (λ of Chen and Guestrin).
    pub l2: f64,
    /// Second derivatives that a leaf must hold.
    pub least_leaf: f64,
    /// Share of the rows that each tree sees (stochastic boosting, Friedman 2002).
    pub row_share: f64,
    /// Share of the features that each tree sees.
    pub feature_share: f64,
}

impl Default for BoostedSpec {
    fn default() -> Self {
        Self { depth: 4, learning_rate: 0.1, l2: 1.0, least_leaf: 2.0, row_share: 0.8, feature_share: 0.6 }
    }
}

impl BoostedSpec {
    /// The same settings within bounds; nothing in a file is trusted.
    pub fn sane(mut self) -> Self {
        let within = |value: f64, low: f64, high: f64, or: f64| {
            if value.is_finite() { value.clamp(low, high) } else { or }
        };
        self.depth = self.depth.clamp(1, 12);
        self.learning_rate = within(self.learning_rate, 1e-4, 1.0, 0.1);
        self.l2 = within(self.l2, 0.0, 1e4, 1.0);
        self.least_leaf = within(self.least_leaf, 0.0, 1e6, 2.0);
        self.row_share = within(self.row_share, 0.05, 1.0, 0.8);
        self.feature_share = within(self.feature_share, 0.05, 1.0, 0.6);
        self
    }
}

/// Boosted trees: their sum is the log-odds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoostedModel {
    /// Log-odds of the training rows' share of positive ones.
    pub base: f64,
    pub trees: Vec<FlatTree>,
}

/// How boosting went.
pub(super) struct Boosting {
    pub model: BoostedModel,
    pub history: Vec<Epoch>,
    /// Trees that were kept.
    pub best: usize,
}

impl BoostedModel {
    pub(super) fn is_sound(&self, width: usize) -> bool {
        self.base.is_finite() && self.trees.iter().all(|tree| tree.is_sound(width))
    }

    pub(super) fn predict(&self, matrix: &Matrix) -> Vec<f64> {
        let mut out = sums(&self.trees, matrix);
        out.iter_mut().for_each(|sum| *sum = logistic(self.base + *sum));
        out
    }
}

fn logistic(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

/// Boosts on the training rows and keeps as many trees as were best on the validation rows.
pub(super) fn fit(
    spec: &BoostedSpec,
    samples: &Samples,
    seed: u64,
    report: &Reporter,
) -> crate::Result<Boosting> {
    let (x, y) = (&samples.train, &samples.train_labels);
    let started = std::time::Instant::now();
    let (rows, width) = (x.height, x.width());
    let fail = |cause: String| TrainError::Fit { model: "boosted trees", cause };
    let binned = Binned::new(x).map_err(fail)?;
    let rate = spec.learning_rate as f32;
    let rule = Binned::rule(spec.l2 as f32, spec.least_leaf as f32, rate);

    let positive = y.iter().filter(|label| **label).count() as f64;
    let base = (positive / (rows as f64 - positive)).ln();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut model = BoostedModel { base, trees: Vec::new() };
    let mut history: Vec<Epoch> = Vec::new();
    let mut log_odds = vec![base; rows];
    let mut watched = vec![base; samples.valid_labels.len()];
    let (mut best, mut best_loss) = (0, f64::INFINITY);
    let (mut gradient, mut curvature) = (vec![0.0f32; rows], vec![0.0f32; rows]);
    let planned = if watched.is_empty() { ROUNDS_UNWATCHED } else { ROUNDS };
    for round in 1..=planned {
        report.check()?;
        // The loss ln(1 + e^z) − y·z has the derivatives p − y and p(1 − p).
        for (at, (z, label)) in log_odds.iter().zip(y).enumerate() {
            let p = logistic(*z);
            gradient[at] = (p - f64::from(u8::from(*label))) as f32;
            curvature[at] = (p * (1.0 - p)) as f32;
        }
        let (index, features) =
            (draw(&mut rng, rows, spec.row_share), draw(&mut rng, width, spec.feature_share));
        let tree = binned
            .grow((index, &features), (&gradient, &curvature), &rule, spec.depth)
            .ok_or_else(|| fail("a tree is not a tree".to_owned()))?;
        add(&tree, x, &mut log_odds);
        add(&tree, &samples.valid, &mut watched);
        model.trees.push(tree);
        let figures = look(&log_odds, &watched, samples, round, planned, started.elapsed().as_secs_f64());
        let figures = Epoch { learning_rate: f64::from(rate), ..figures };
        if !figures.valid_loss.is_finite() {
            return Err(TrainError::Diverged { epoch: round, kept: None }.into());
        }
        if watched.is_empty() || figures.valid_loss < best_loss {
            (best, best_loss) = (round, figures.valid_loss);
        }
        history.push(figures);
        report.progress(round as f64 / planned as f64);
        // No look at `wants_finish`: in the window that is said to the network, which learns before.
        if !report.goes_on(&figures) || round - best >= PATIENCE {
            break;
        }
    }
    model.trees.truncate(best);
    Ok(Boosting { model, history, best })
}

/// Positions of a share of `of` things without repetition, ascending; at least one.
pub(super) fn draw(rng: &mut ChaCha8Rng, of: usize, share: f64) -> Vec<usize> {
    let amount = ((of as f64 * share).round() as usize).clamp(1.min(of), of);
    let mut places = index::sample(rng, of, amount).into_vec();
    places.sort_unstable();
    places
}

/// Adds a tree's numbers to the rows' log-odds.
fn add(tree: &FlatTree, matrix: &Matrix, log_odds: &mut [f64]) {
    log_odds
        .par_iter_mut()
        .with_min_len(2048)
        .enumerate()
        .for_each(|(at, z)| *z += tree.value(matrix.row(at)));
}

/// The round's figures on training and validation rows.
fn look(
    log_odds: &[f64],
    watched: &[f64],
    samples: &Samples,
    round: usize,
    planned: usize,
    seconds: f64,
) -> Epoch {
    let mean_loss = |z: &[f64], y: &[bool]| {
        let p: Vec<f64> = z.iter().copied().map(logistic).collect();
        let terms = metrics::log_loss_terms(&p, y);
        (terms.iter().sum::<f64>() / terms.len().max(1) as f64, p)
    };
    let (train_loss, p_train) = mean_loss(log_odds, &samples.train_labels);
    let (valid_loss, p) = match watched.is_empty() {
        true => (train_loss, p_train),
        false => mean_loss(watched, &samples.valid_labels),
    };
    let labels = if watched.is_empty() { &samples.train_labels } else { &samples.valid_labels };
    Epoch {
        epoch: round,
        train_loss,
        valid_loss,
        valid_auc: metrics::roc_auc(&p, labels),
        seconds,
        planned,
        learning_rate: 0.0,
    }
}

/// Training rows with each feature cut into bins, from which trees are grown.
pub(super) struct Binned {
    rows: usize,
    width: usize,
    bins: BinnedData<f64>,
    parallel: bool,
}

impl Binned {
    pub(super) fn new(matrix: &Matrix) -> Result<Self, String> {
        let (rows, width) = (matrix.height, matrix.width());
        let parallel = rows.saturating_mul(width) > PARALLEL_CELLS;
        let mut columns = Vec::with_capacity(rows * width);
        for feature in 0..width {
            let column = (0..rows).map(|at| matrix.row(at).get(feature).copied().map_or(0.0, f64::from));
            columns.extend(column);
        }
        let columns = Columns::new(&columns, rows, width);
        let bins = bin_matrix(&columns, &vec![1.0; rows], BINS, f64::NAN, parallel);
        Ok(Self { rows, width, bins: bins.map_err(|e| e.to_string())?, parallel })
    }

    /// How splits are chosen: the ridge penalty, the second derivatives that a leaf must hold, and
    /// what leaves' numbers are multiplied with.
    pub(super) fn rule(l2: f32, least_leaf: f32, rate: f32) -> MissingImputerSplitter {
        MissingImputerSplitter::new(0.0, l2, 0.0, 0.0, least_leaf, rate, false, ConstraintMap::new())
    }

    /// Grows a tree on some rows and features, both ascending, from the loss's first and second
    /// derivatives of every row. `None` if the nodes do not hang together.
    pub(super) fn grow(
        &self,
        (rows, features): (Vec<usize>, &[usize]),
        (gradient, curvature): (&[f32], &[f32]),
        rule: &MissingImputerSplitter,
        depth: usize,
    ) -> Option<FlatTree> {
        let bins = Columns::new(&self.bins.binned_data, self.rows, self.width);
        let mut tree = Tree::new();
        tree.fit(
            &bins,
            rows,
            features,
            &self.bins.cuts,
            gradient,
            curvature,
            rule,
            usize::MAX,
            depth,
            self.parallel,
            &SampleMethod::Random,
            &GrowPolicy::DepthWise,
        );
        flatten(&tree)
    }
}

/// forust's tree in our form; `None` if its nodes do not hang together.
fn flatten(tree: &Tree) -> Option<FlatTree> {
    fn copy(tree: &Tree, at: usize, out: &mut FlatTree) -> Option<()> {
        let node = tree.nodes.get(at)?;
        if node.is_leaf {
            out.leaf(node.weight_value);
            return Some(());
        }
        // forust numbers children after their parents.
        if node.left_child <= at || node.right_child <= at {
            return None;
        }
        let here = out.split(node.split_feature, bound(node.split_value));
        copy(tree, node.left_child, out)?;
        out.turn(here);
        copy(tree, node.right_child, out)
    }
    let mut out = FlatTree::default();
    copy(tree, 0, &mut out)?;
    Some(out)
}
